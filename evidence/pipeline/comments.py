"""Finds gates that were commented out: steps in YAML comments, commands in shell comments.

Prose is not a gate: a comment counts when it reads as a step (``- name: Secret detection``, ``uses: ...``, ``run: ...``) or as a
command with its arguments ("npm audit --audit-level=high", not "npm audit is too noisy here"). A step whose gate also runs uncommented
in the same job was moved or changed, not switched off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from . import gates, shell, words
from .document import Job, Workflow
from .gates import Gate
from .listing import listed
from .neutralised import Hit, StepGates

_STEP: Final = re.compile(r"(?P<dash>-\s+)?(?P<key>name|uses|run|id|if|with|env)\s*:(?:\s+(?P<value>.*)|\s*)$")
_PROSE: Final = listed(
    "is are was were be the a an to for in on and or with here will would should does do has have needs need of as by from "
    "because when if not that this these it fails fail runs also only instead but can cannot must may see use uses using we "
    "you so then than before after above below which while until at into our all any some every each too very since still "
    "already now later first next step steps job jobs currently takes take requires require works work since via doesn't "
    "don't isn't can't won't please"
)


def find(workflow: Workflow, surveys: dict[str, list[StepGates]]) -> list[Hit]:
    """Returns the gates that are commented out, in the order of the file."""
    hits: list[Hit] = []
    jobs = list(workflow.jobs.values())
    active = {name: {gate.label for item in steps for gate in item.gates} for name, steps in surveys.items()}
    for block in _yaml_blocks(workflow):
        job = next((item for item in reversed(jobs) if item.line <= block[0][0]), jobs[0])
        hits.extend(hit for hit, gate in _in_block(job, block) if gate.label not in active[job.id])
    for job in jobs:
        for item in surveys[job.id]:
            hits.extend(hit for hit, gate in in_shell(job, item) if gate.label not in active[job.id])
    return sorted(hits, key=lambda hit: hit.line)


def _yaml_blocks(workflow: Workflow) -> Iterator[list[tuple[int, str]]]:
    """Yields runs of comment lines after ``jobs:``, as (line, text behind the ``#``); a blank line does not end a run."""
    block: list[tuple[int, str]] = []
    for number, line in enumerate(workflow.lines, 1):
        text = line.strip()
        if number > workflow.jobs_line and text.startswith("#") and number not in workflow.scalar_lines:
            block.append((number, text[1:]))
        elif text and block:
            yield block
            block = []
    if block:
        yield block


def _in_block(job: Job, block: list[tuple[int, str]]) -> Iterator[tuple[Hit, Gate]]:
    """Cuts a run of comment lines into steps, and looks at each for a gate."""
    for step in _steps(block):
        gate = _gate(step)
        if gate is not None:
            line, name = step[0][0], next((value for _, key, value in step if key == "name"), None)
            yield Hit(line, f"{gate.label}: commented out", job.id, name, "commented out"), gate


def _steps(block: list[tuple[int, str]]) -> Iterator[list[tuple[int, str, str]]]:
    """Yields steps as lists of (line, key, value); lines of a ``run: |`` have the key ``run``."""
    step: list[tuple[int, str, str]] = []
    run_indent: int | None = None
    for line, text in block:
        indent = len(text) - len(text.lstrip())
        body = text.strip()
        if run_indent is not None and (indent > run_indent or not body):
            if body and not body.startswith("#"):
                step.append((line, "run", body))
            continue
        run_indent = None
        match = _STEP.match(body)
        if match is None:
            continue
        if match["dash"] and step:
            yield step
            step = []
        value = (match["value"] or "").strip().strip("'\"")
        if match["key"] == "run" and re.fullmatch(r"[|>][+-]?\d?", value):
            run_indent = indent + len(match["dash"] or "")
        elif match["key"] == "run" or value:
            step.append((line, match["key"], value))
        if match["key"] == "run" and run_indent is not None:
            step.append((line, "run", ""))
    if step:
        yield step


def _gate(step: list[tuple[int, str, str]]) -> Gate | None:
    keys = {key for _, key, _ in step}
    if not keys & {"run", "uses"}:
        return None
    for _, key, value in step:
        if key == "uses" and (gate := gates.of_action(value)):
            return gate
    text = "\n".join(value for _, key, value in step if key == "run")
    script = shell.parse(text)
    for command in shell.commands(script, script.root):
        if gate := gates.of_command(command.argv):
            return gate
    name = next((value for _, key, value in step if key == "name"), "")
    if "uses" in keys and not any(key == "uses" and not value.lower().startswith(("actions/", "docker/")) for _, key, value in step):
        return None
    return Gate(name, words.category(name)) if words.is_gate(name) else None


def in_shell(job: Job, item: StepGates) -> Iterator[tuple[Hit, Gate]]:
    """Yields the gates in comments of a step's script."""
    run = item.step.run
    if run is None or "#" not in run.value or not shell.mode(item.step.shell or job.shell, job.runs_on).readable:
        return
    script = shell.parse(run.value)
    for node in shell.walk(script.root, values=True):
        if node.type == "comment" and _whole_line(script, node):
            gate = of_comment(script.words(node).lstrip("#").strip())
            if gate is not None:
                line = run.line_at(script.offset(node))
                yield Hit(line, f"{gate.label}: commented out", job.id, item.step.title, "commented out"), gate


def _whole_line(script: shell.Script, node: object) -> bool:
    before = script.data[: getattr(node, "start_byte", 0)]
    return not before.rpartition(b"\n")[2].strip()


def of_comment(text: str) -> Gate | None:
    """Returns the gate that a shell comment would run if it were none."""
    if not text or text[-1] in ".?!:," or len(text) > 1000:
        return None
    script = shell.parse(text)
    first = next(shell.commands(script, script.root), None)
    if first is None or first.node.start_byte != 0 or script.root.has_error:
        return None
    gate = next((found for command in shell.commands(script, script.root) if (found := gates.of_command(command.argv))), None)
    return None if gate is None or _reads_as_prose(text) else gate


def _reads_as_prose(text: str) -> bool:
    tokens = text.split()
    if tokens[0][:1].isupper() or any(token.lower().strip("(),;") in _PROSE for token in tokens[1:]):
        return True
    plain = [token for token in tokens if re.fullmatch(r"[A-Za-z]+[,;]?", token)]
    return len(plain) > 4 or any(token.endswith(",") for token in plain)
