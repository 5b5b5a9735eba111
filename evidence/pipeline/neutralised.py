"""Finds the steps and jobs of a workflow that look like a gate and cannot fail (ALPHA-PF-4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from compliance.errors import InputError

from . import expressions, gates, shell, swallowed, tools, words
from .decides import Later
from .document import Job, Step, Workflow
from .gates import Gate
from .listing import listed
from .nodes import Text

_CLAIMS = re.compile(
    r"pass(?:ed|es|ing)?\b|succe(?:ss|eded)|\bok\b|✅|✓|✔|🎉|complete[d]?\b|verified|validated|satisfied|compliant|\bclean\b|all good|"
    r"no (?:vulnerabilit|issue|secret|error|problem|finding)|\b0 (?:vulnerabilit|issue|error|critical)",
    re.IGNORECASE,
)
"""What a check says when it found nothing."""
_SETS_NOTHING = listed("echo printf true : exit set sleep date pwd write-host write-output")


@dataclass(frozen=True)
class Hit:
    """A gate that cannot fail."""

    line: int
    what: str
    job: str
    step: str | None
    pattern: str


@dataclass(frozen=True)
class StepGates:
    """What a step tests, and what of it is lost."""

    step: Step
    gates: tuple[Gate, ...]
    """Gates by command, action or name."""
    lost: tuple[swallowed.Swallowed, ...]
    only_says: Text | None
    """The script, when it only prints."""


def survey(workflow: Workflow, job: Job) -> list[StepGates]:
    """Looks at each step of a job once."""
    later = Later.of(tuple(step.source for step in job.steps), workflow.text)
    return [_survey(job, step, later[place]) for place, step in enumerate(job.steps)]


def _survey(job: Job, step: Step, later: Later) -> StepGates:
    named = _by_name(job, step)
    if step.uses is not None:
        gate = gates.of_action(step.uses.value) or (named if _may_be_gate(step.uses.value) else None)
        return StepGates(step, (gate,) if gate else (), (), None)
    if step.run is None:
        return StepGates(step, (), (), None)
    mode = shell.mode(step.shell or job.shell, job.runs_on)
    around = swallowed.Surroundings(mode, named, later)
    try:
        run = tuple(swallowed.gates_of(step.run.value, around))
        lost = tuple(swallowed.find(step.run.value, around))
        says = _only_says(step.run) if mode.readable else False
    except InputError as error:
        raise InputError(error.found, expected=error.expected, where=f"line {step.run.line}") from error
    if not run and named is not None and not says:
        run = (named,)
    return StepGates(step, run, lost, step.run if says else None)


def _by_name(job: Job, step: Step) -> Gate | None:
    name = step.name or (step.id if step.uses is None else None)
    if name is None and sum(item.run is not None for item in job.steps) == 1 and step.uses is None:
        name = job.name or job.id
    return Gate(name, words.category(name)) if name and words.is_gate(name) else None


def _may_be_gate(uses: str) -> bool:
    """Known actions of GitHub and Docker do other things, whatever the step is called; so do those named after an upload or a setup."""
    name = uses.split("@")[0].lower()
    return not name.startswith(("actions/", "github/", "docker/")) and not set(words.split(name.split("/", 1)[-1])) & words.OTHER


def _only_says(run: Text) -> bool:
    script = shell.parse(run.value)
    says = False
    for item in shell.walk(script.root, values=True):
        if item.type == "command":
            argv = shell.words_of(script, item)
            name = argv[0].lower() if argv else ""
            if name not in _SETS_NOTHING or (name == "exit" and argv[1:] not in ((), ("0",))):
                return False
            says = says or name not in ("true", ":", "exit", "set")
        elif item.type in ("if_statement", "while_statement", "test_command", "case_statement", "ERROR") or (
            item.type == "file_redirect" and not re.search(r"/dev/|>&|STEP_SUMMARY", script.words(item))
        ):
            return False
    return says


def find(workflow: Workflow, surveys: dict[str, list[StepGates]]) -> list[Hit]:
    """Returns what is neutralised, in the order of the file."""
    hits = [hit for job in workflow.jobs.values() for hit in _whole_job(job, surveys[job.id])]
    hits.extend(in_scripts(workflow, surveys))
    return sorted(dict.fromkeys(hits), key=lambda hit: hit.line)


def in_scripts(workflow: Workflow, surveys: dict[str, list[StepGates]]) -> Iterator[Hit]:
    """Yields what the steps of all jobs lose or only pretend."""
    for job in workflow.jobs.values():
        for item in surveys[job.id]:
            yield from _in_step(job, item, surveys[job.id])
            yield from _self_praise(workflow, surveys, job, item)


def shown(steps: list[StepGates]) -> str:
    """Names the gates of a job, at most three; empty when it has none."""
    labels = list(dict.fromkeys(gate.label for item in steps for gate in item.gates))
    return ", ".join(labels[:3]) + (", …" if len(labels) > 3 else "")


def _whole_job(job: Job, steps: list[StepGates]) -> Iterator[Hit]:
    named = shown(steps)
    if not named and job.uses is not None:
        called = re.split(r"[/@]", job.uses.value.split("@")[0])[-1].rsplit(".", 1)[0]
        named = next((name for name in (called, job.name or job.id) if words.is_gate(name)), "")
    if not named:
        return
    if job.continue_on_error and _always(job.continue_on_error):
        yield Hit(job.continue_on_error.line, f"job may fail: {named}", job.id, None, "continue-on-error")
    if job.condition and expressions.never(job.condition.value):
        yield Hit(job.condition.line, f"job never runs: {named}", job.id, None, "if: false")


def _always(text: Text) -> bool:
    return expressions.constant(text.value) is True


def _in_step(job: Job, item: StepGates, steps: list[StepGates]) -> Iterator[Hit]:
    step = item.step
    title = step.title
    if item.gates:
        label = item.gates[0].label
        if step.continue_on_error and _always(step.continue_on_error) and not _outcome_judged(step, steps):
            yield Hit(step.continue_on_error.line, f"{label}: the step may fail", job.id, title, "continue-on-error")
        if step.condition and expressions.never(step.condition.value):
            yield Hit(step.condition.line, f"{label}: the step never runs", job.id, title, "if: false")
    for lost in item.lost:
        line = step.run.line_at(lost.offset) if step.run else step.line
        yield Hit(line, f"{lost.gate.label}: failure is lost ({lost.pattern})", job.id, title, lost.pattern)
    for key, text in step.inputs.items():
        soft = text.value.strip().lower() in tools.SOFT_INPUTS.get(key.lower(), ())
        if soft and step.uses and (item.gates or key == "fail_ci_if_error") and not _strict_twin(step, key, steps):
            name = step.uses.value.split("@")[0]
            yield Hit(
                text.line, f"{name}: only reports ({key}: {text.value.strip()})", job.id, title, f"{key}: {text.value.strip().lower()}"
            )


def _strict_twin(step: Step, key: str, steps: list[StepGates]) -> bool:
    """The same action also runs with a value that can fail: one makes the report, the other decides."""
    name = step.uses.value.split("@")[0] if step.uses else ""
    for other in (item.step for item in steps if item.step is not step and item.step.uses):
        value = other.inputs.get(key)
        if (
            other.uses
            and other.uses.value.split("@")[0] == name
            and value
            and value.value.strip().lower() not in tools.SOFT_INPUTS[key.lower()]
        ):
            return True
    return False


def _outcome_judged(step: Step, steps: list[StepGates]) -> bool:
    """A later step fails on the outcome of this one: ``if: steps.ID.outcome == 'failure'`` and ``exit 1``."""
    if step.id is None:
        return False
    wanted = re.compile(rf"steps\.{re.escape(step.id)}\.outcome\b|steps\[['\"]{re.escape(step.id)}['\"]\]\.outcome\b")
    failing = re.compile(r"\bexit\s+[\"']?[1-9$]|setFailed|core\.error|sys\.exit\(|process\.exit\(|\bfalse\b")
    return any(wanted.search(item.step.source) and (failing.search(item.step.source)) for item in steps if item.step.line > step.line)


def _self_praise(workflow: Workflow, surveys: dict[str, list[StepGates]], job: Job, item: StepGates) -> Iterator[Hit]:
    """A check that only says that it passed, while nothing before it has checked that."""
    run, named = item.only_says, _by_name(job, item.step)
    if run is None or named is None or (match := _claim(run.value)) is None:
        return
    if _backed(named.label, _before(workflow, surveys, job, item)):
        return
    yield Hit(run.line_at(match), f"{named.label}: only says that it passed", job.id, item.step.title, "echo only")


def _claim(text: str) -> int | None:
    script = shell.parse(text)
    for command in shell.commands(script, script.root):
        if command.name in _SETS_NOTHING and _CLAIMS.search(" ".join(command.argv[1:])):
            return script.offset(command.node)
    return None


def _before(workflow: Workflow, surveys: dict[str, list[StepGates]], job: Job, item: StepGates) -> list[StepGates]:
    """Steps that must have passed: the earlier ones of the job, and those of the jobs that it needs."""
    found = [other for other in surveys[job.id] if other.step.line < item.step.line]
    seen = {job.id}
    stack = list(job.needs)
    while stack:
        name = stack.pop()
        if name in workflow.jobs and name not in seen:
            seen.add(name)
            found.extend(surveys[name])
            stack.extend(workflow.jobs[name].needs)
    return found


def _backed(name: str, before: list[StepGates]) -> bool:
    done = [(gate, item.step.name or "") for item in before for gate in item.gates]
    particular = words.specific(name)
    if not particular:
        return bool(done)
    groups = {words.category(word) for word in particular} - {"check", "test"}
    said = {word for gate, title in done for word in (*words.split(gate.label), *words.split(title))}
    return bool(groups & {"lint" if gate.category == "types" else gate.category for gate, _ in done}) or bool(particular & said)
