"""A workflow file as jobs and steps, each with its lines.

Source of the format: GitHub Docs, "Workflow syntax for GitHub Actions". The text is checked by `compliance.reading.yamltext` first (unique
keys, safe tags, bounded aliases); positions come from PyYAML's nodes of the same text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import yaml

from compliance.errors import InputError
from compliance.source import Source

from .nodes import NodeReader, Text

STEPS_LIMIT: Final = 2000
"""Steps of all jobs of a file."""
JOBS_LIMIT: Final = 500
NEEDS_LIMIT: Final = 10_000
"""Entries of all ``needs`` of a file; the largest of 320 public files has 24."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a job."""

    line: int
    name: str | None
    id: str | None
    run: Text | None
    uses: Text | None
    inputs: dict[str, Text]
    condition: Text | None
    continue_on_error: Text | None
    shell: str | None
    source: str
    """The step as it is written."""

    @property
    def title(self) -> str | None:
        """What to call the step."""
        return self.name or self.id or (self.uses.value if self.uses else None)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job."""

    id: str
    line: int
    last_line: int
    name: str | None
    needs: tuple[str, ...]
    uses: Text | None
    condition: Text | None
    continue_on_error: Text | None
    environment: Text | None
    runs_on: str
    shell: str | None
    steps: tuple[Step, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """A workflow file."""

    text: str
    triggers: dict[str, dict[str, tuple[str, ...]]]
    """Events in the order of the file, each with those of its filters that are lists of words."""
    jobs: dict[str, Job]
    jobs_line: int
    scalar_lines: frozenset[int]
    """Lines that are the inside of a scalar, so that a ``#`` on them begins no YAML comment."""

    @cached_property
    def lines(self) -> list[str]:
        """The file's lines without their ends."""
        return [line.rstrip("\r") for line in self.text.split("\n")]


def read(source: Source) -> Workflow:
    """Reads a workflow.

    Raises:
        InputError: Not YAML, or not a workflow.
    """
    if not isinstance(source.yaml, dict):  # also refuses what yamltext refuses
        raise InputError("not a mapping", expected="a GitHub workflow with `on` and `jobs`", where="line 1")
    try:
        root = yaml.compose(source.text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError("not YAML", expected="a GitHub workflow") from error
    return _Reader(source.text).workflow(root)


class _Reader(NodeReader):
    def workflow(self, root: Any) -> Workflow:
        top = self.members(root, "the file")
        for key in ("on", "jobs"):
            if key not in top:
                raise InputError(f"no key `{key}`", expected="a GitHub workflow with `on` and `jobs`", where="line 1")
        jobs_key, jobs_node = top["jobs"]
        shell = self.default_shell(top)
        jobs = {name: self.job(name, *pair, shell) for name, pair in self.members(jobs_node, "`jobs`").items()}
        steps = sum(len(job.steps) for job in jobs.values())
        if len(jobs) > JOBS_LIMIT or steps > STEPS_LIMIT:
            raise InputError(f"{len(jobs)} jobs, {steps} steps", expected=f"at most {JOBS_LIMIT} jobs and {STEPS_LIMIT} steps")
        needs = sum(len(job.needs) for job in jobs.values())
        if needs > NEEDS_LIMIT:
            raise InputError(f"{needs} entries of needs", expected=f"at most {NEEDS_LIMIT}")
        if not jobs:
            raise InputError("no job", expected="at least one job", where=f"line {self.line(jobs_key.start_mark)}")
        return Workflow(
            text=self.text,
            triggers=self.triggers(top["on"][1]),
            jobs=jobs,
            jobs_line=self.line(jobs_key.start_mark),
            scalar_lines=frozenset(self.scalar_lines(root)),
        )

    def triggers(self, node: Any) -> dict[str, dict[str, tuple[str, ...]]]:
        if not isinstance(node, yaml.MappingNode):
            return {event: {} for event in self.words(node)}
        found = {}
        for event, (_, value) in self.members(node, "`on`").items():
            filters = self.members(value, f"`on.{event}`") if isinstance(value, yaml.MappingNode) else {}
            wanted = ("branches", "branches-ignore", "tags", "tags-ignore", "types")
            found[event] = {key: self.words(filters[key][1]) for key in wanted if key in filters}
        return found

    def default_shell(self, parent: dict[str, tuple[Any, Any]]) -> str | None:
        node = parent["defaults"][1] if "defaults" in parent else None
        for key in ("run", "shell"):
            if not isinstance(node, yaml.MappingNode):
                return None
            node = self.members(node, "`defaults`").get(key, (None, None))[1]
        return self.word(node) if node is not None else None

    def job(self, name: str, key: Any, node: Any, shell: str | None) -> Job:
        parts = self.members(node, f"job `{name}`")
        line = self.line(key.start_mark)
        if not parts.keys() & {"steps", "uses", "runs-on"}:
            raise InputError(f"job `{name}` has neither steps nor uses", expected="a job of a workflow", where=f"line {line}")
        return Job(
            id=name,
            line=line,
            last_line=self.line(node.end_mark),
            name=self.optional(parts, "name"),
            needs=tuple(dict.fromkeys(self.words(parts["needs"][1]))) if "needs" in parts else (),
            uses=self.scalar(parts, "uses"),
            condition=self.scalar(parts, "if"),
            continue_on_error=self.scalar(parts, "continue-on-error"),
            environment=self.environment(parts),
            runs_on=self.slice(parts["runs-on"][1]) if "runs-on" in parts else "",
            shell=self.default_shell(parts) or shell,
            steps=self.steps(name, parts),
            source=self.slice(node),
        )

    def environment(self, parts: dict[str, tuple[Any, Any]]) -> Text | None:
        if "environment" in parts and isinstance(parts["environment"][1], yaml.MappingNode):
            return self.scalar(self.members(parts["environment"][1], "`environment`"), "name")
        return self.scalar(parts, "environment")

    def steps(self, job: str, parts: dict[str, tuple[Any, Any]]) -> tuple[Step, ...]:
        if "steps" not in parts or parts["steps"][1].tag == "tag:yaml.org,2002:null":
            return ()
        node = parts["steps"][1]
        if not isinstance(node, yaml.SequenceNode):
            raise InputError(f"steps of job `{job}` are no list", expected="a list", where=f"line {self.line(node.start_mark)}")
        return tuple(self.step(item) for item in node.value)

    def step(self, node: Any) -> Step:
        parts = self.members(node, "step")
        inputs = parts["with"][1] if "with" in parts else None
        given = self.members(inputs, "`with`") if isinstance(inputs, yaml.MappingNode) else {}
        return Step(
            line=self.line(node.start_mark),
            name=self.optional(parts, "name"),
            id=self.optional(parts, "id"),
            run=self.scalar(parts, "run"),
            uses=self.scalar(parts, "uses"),
            inputs={key: text for key in given if (text := self.scalar(given, key))},
            condition=self.scalar(parts, "if"),
            continue_on_error=self.scalar(parts, "continue-on-error"),
            shell=self.optional(parts, "shell"),
            source=self.slice(node),
        )
