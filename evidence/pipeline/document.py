"""A workflow file as jobs and steps, each with its lines.

Source of the format: GitHub Docs, "Workflow syntax for GitHub Actions". The text is validated by `compliance.yamltext` first (unique
keys, safe tags, bounded aliases); positions come from PyYAML's nodes of the same text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import yaml

from compliance.errors import InputError
from compliance.source import Source

STEPS_LIMIT: Final = 2000
"""Steps of all jobs of a file."""
JOBS_LIMIT: Final = 500
NEEDS_LIMIT: Final = 10_000
"""Entries of all ``needs`` of a file; the largest of 320 public files has 24."""


@dataclass(frozen=True)
class Text:
    """A scalar and where its characters stand in the file."""

    value: str
    line: int
    starts: tuple[tuple[int, int], ...] = ()
    """(offset in the value, line in the file), rising; empty when all of it stands on ``line``."""

    def line_at(self, offset: int) -> int:
        """Returns the line of the file on which a character of the value stands."""
        place = bisect_right(self.starts, (offset, 1 << 60)) - 1
        return self.starts[place][1] if place >= 0 else self.line


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


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.breaks = [match.end() for match in re.finditer("\n", text)]

    def line(self, mark: Any) -> int:
        """Line of a mark; PyYAML's own count also takes NEL and U+2028 for line breaks, which no editor does."""
        return bisect_right(self.breaks, mark.index) + 1

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

    def members(self, node: Any, what: str) -> dict[str, tuple[Any, Any]]:
        if not isinstance(node, yaml.MappingNode):
            raise InputError(f"{what} is no mapping", expected="a mapping", where=f"line {self.line(node.start_mark)}")
        return {self.word(key): (key, value) for key, value in node.value}

    def word(self, node: Any) -> str:
        if not isinstance(node, yaml.ScalarNode):
            kind = "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
            raise InputError(kind, expected="text", where=f"line {self.line(node.start_mark)}")
        value = str(node.value)
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise InputError("lone surrogate", expected="text", where=f"line {self.line(node.start_mark)}")
        return value

    def words(self, node: Any) -> tuple[str, ...]:
        """Reads one word or a list of words; null is none."""
        if isinstance(node, yaml.SequenceNode):
            return tuple(self.word(item) for item in node.value)
        value = self.word(node)
        return () if node.tag == "tag:yaml.org,2002:null" else (value,)

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

    def optional(self, parts: dict[str, tuple[Any, Any]], key: str) -> str | None:
        text = self.scalar(parts, key)
        return text.value if text and text.value else None

    def scalar(self, parts: dict[str, tuple[Any, Any]], key: str) -> Text | None:
        """Reads a scalar; its line is that of its key, so that a report points at ``continue-on-error:`` and the like."""
        if key not in parts:
            return None
        key_node, node = parts[key]
        return Text(self.word(node), self.line(key_node.start_mark), tuple(self.starts(node)))

    def slice(self, node: Any) -> str:
        return self.text[node.start_mark.index : node.end_mark.index]

    def starts(self, node: Any) -> list[tuple[int, int]]:
        """Says on which line each part of a scalar stands; block, folded, plain and quoted scalars alike."""
        first, raw = self.line(node.start_mark), self.slice(node)
        if "\n" not in raw and node.style not in ("|", ">"):
            return [(0, first)]
        if node.style in ("|", ">"):
            raw = raw.partition("\n")[2]
            first += 1
        if node.style == "|" and not re.search("[\x85\u2028\u2029]", raw):
            offsets = [0, *(match.end() for match in re.finditer("\n", node.value))]
            return [(offset, first + row) for row, offset in enumerate(offsets)]
        return _aligned(node.value, raw, first)

    def scalar_lines(self, root: Any) -> set[int]:
        """Lines that belong to scalars of several lines, except the first line of each."""
        found: set[int] = set()
        seen: set[int] = set()
        stack = [root]
        while stack:
            node = stack.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, yaml.ScalarNode):
                found.update(self.inside(node))
            elif isinstance(node, yaml.MappingNode):
                stack.extend(part for pair in node.value for part in pair)
            else:
                stack.extend(node.value)
        return found

    def inside(self, node: Any) -> range:
        """Lines of a scalar after its first; those of a block scalar end with its last line that is not blank."""
        first = self.line(node.start_mark)
        return range(first + 1, first + 1 + self.slice(node).rstrip().count("\n"))


def _aligned(value: str, raw: str, line: int) -> list[tuple[int, int]]:
    """Finds the lines of a folded scalar: its visible characters come in the same order in the file, escapes apart."""
    starts: list[tuple[int, int]] = []
    place = 0
    for offset, letter in enumerate(value):
        if letter.isspace():
            continue
        while place < len(raw) and raw[place] != letter:
            line += raw[place] == "\n"
            place += 1
        if not starts or starts[-1][1] != line:
            starts.append((offset, line))
        place += 1
    return starts or [(0, line)]
