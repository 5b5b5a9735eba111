"""GitHub Actions workflow files (``github-workflow``).

Source of the format: GitHub Docs, "Workflow syntax for GitHub Actions". Only the file is read: the protection rules of environments and
branches are not in it, nor are the workflows that other repositories hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Finding, Json, Parsed, Severity, fingerprint, shorten
from compliance.source import Source

from . import comments, deploys, document, expressions, graph, neutralised, place
from .document import Workflow
from .neutralised import Hit, StepGates
from .payload import Neutralised, Pipeline

_FENCE: Final = re.compile(rb"^(?:```|~~~)", re.MULTILINE)
"""Markdown that shows a workflow; no line of YAML begins so."""
_ON: Final = re.compile(rb"^(?:on|\"on\"|'on')[ \t]*:", re.MULTILINE)
_JOBS: Final = re.compile(rb"^(?:jobs|\"jobs\"|'jobs')[ \t]*:[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)
_FLOW: Final = re.compile(
    rb"^(?:(?:jobs|\"jobs\"|'jobs')[ \t]*:[ \t]*\{|[ \t]+[\w\"'-]+[ \t]*:[ \t]*\{[^\n]*(?:runs-on|steps|uses)\b)", re.MULTILINE
)
_JOB: Final = re.compile(rb"^[ \t]+(?:-[ \t]+)?[\"']?(?:runs-on|steps|uses)[\"']?[ \t]*:", re.MULTILINE)
SIZE_LIMIT: Final = 1 << 20
"""Bytes of the largest workflow file; reading YAML with its places takes about 20 s for each MiB."""
NEUTRALISED_LIMIT: Final = 10_000
"""Neutralised steps listed of one file; with more, the file is refused."""
_CALL_DEPTH: Final = 3


def _recognise(source: Source) -> bool:
    """``on`` and ``jobs`` at the top, and a job's own keys below; a file that is broken further down is claimed and then refused."""
    if source.size > SIZE_LIMIT or not _ON.search(source.head) or _FENCE.search(source.head):
        return False
    whole = source.head if source.head_is_whole else bytes(source.utf_8)
    return bool(_JOBS.search(whole) and _JOB.search(whole)) or _flow(source, whole)


def _flow(source: Source, whole: bytes) -> bool:
    """``jobs: {...}`` or ``job: {...}`` in one line: rare enough to be read whole."""
    if source.size > 65536 or not _FLOW.search(whole):
        return False
    try:
        jobs = source.yaml.get("jobs") if isinstance(source.yaml, dict) else None
    except InputError:
        return False
    return (
        isinstance(jobs, dict)
        and bool(jobs)
        and all(isinstance(job, dict) and job.keys() & {"runs-on", "steps", "uses"} for job in jobs.values())
    )


def _parse(source: Source) -> Parsed:
    if source.size > SIZE_LIMIT:
        raise InputError(f"{source.size} bytes", expected=f"a workflow of at most {SIZE_LIMIT} bytes")
    workflow = document.read(source)
    file, calls = source.facts.get("file"), source.facts.get("calls")
    file = file if isinstance(file, str) else ""
    surveys = {job.id: neutralised.survey(workflow, job) for job in workflow.jobs.values()}
    hits = sorted([*neutralised.find(workflow, surveys), *comments.find(workflow, surveys)], key=lambda hit: hit.line)
    if len(hits) > NEUTRALISED_LIMIT:
        raise InputError(f"{len(hits)} neutralised steps", expected=f"at most {NEUTRALISED_LIMIT}")
    paths, elsewhere = deploys.find(workflow, file, calls if isinstance(calls, Mapping) else {})
    edges = graph.edges(workflow)
    payload = Pipeline(
        jobs=len(workflow.jobs),
        edges=len(edges),
        triggers=tuple(workflow.triggers),
        job_ids=tuple(workflow.jobs),
        edge_list=edges,
        neutralised=tuple(_neutralised(hit, file) for hit in hits),
        deploys=tuple(paths),
        elsewhere=tuple(elsewhere),
        unknown_needs=graph.unknown_needs(workflow),
        cycle=graph.has_cycle(workflow),
    )
    findings = [_finding(hit, file, Severity.HIGH) for hit in hits]
    return Parsed(payload=payload, findings=[*findings, *(_finding(hit, file, Severity.INFO) for hit in _maybe(workflow, surveys))])


def _neutralised(hit: Hit, file: str) -> Neutralised:
    return Neutralised(file=file, line=hit.line, what=shorten(hit.what, 300), job=hit.job, step=hit.step, pattern=hit.pattern)


def _finding(hit: Hit, file: str, severity: Severity) -> Finding:
    return Finding(
        rule=hit.pattern,
        severity=severity.value,
        path=file or None,
        line=hit.line,
        message=shorten(f"{hit.job}{f' / {hit.step}' if hit.step else ''}: {hit.what}"),
        fingerprint=fingerprint(hit.pattern, file, hit.job, hit.step, hit.what),
    )


def _maybe(workflow: Workflow, surveys: Mapping[str, list[StepGates]]) -> Iterator[Hit]:
    """Gates that may fail or not by an expression: told, not judged (a matrix with experimental versions is the usual case)."""
    for job in workflow.jobs.values():
        gated = [item for item in surveys[job.id] if item.gates]
        places = [(item.step.continue_on_error, item.step.title) for item in gated]
        if gated:
            places.append((job.continue_on_error, None))
        for text, title in places:
            if text is not None and expressions.constant(text.value) is None:
                yield Hit(text.line, f"may fail if {shorten(text.value, 200)}", job.id, title, "continue-on-error by expression")


def _attend(source: Source, path: Path) -> dict[str, Json]:
    """Says where in the repository the file lies, and what the reusable workflows that it calls deploy with."""
    path = path.absolute()
    root = place.root(path)
    facts: dict[str, Json] = {"file": path.relative_to(root).as_posix()}
    try:
        calls = _calls(document.read(source), root, _CALL_DEPTH)
    except InputError:
        return facts
    return {**facts, "calls": calls} if calls else facts


def _calls(workflow: Workflow, root: Path, depth: int) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for job in workflow.jobs.values():
        used = job.uses.value.split("@")[0] if job.uses else ""
        if not used.startswith("./") or used in found or ".." in used.split("/") or depth == 0:
            continue
        try:
            called = document.read(Source.from_path(root / used))
            inner = _calls(called, root, depth - 1)
            found[used] = [*deploys.labels(called), *(label for labels in inner.values() for label in labels)][:20]
        except InputError:
            continue
    return found


GITHUB_WORKFLOW = Format(
    name="github-workflow",
    title="GitHub Actions workflow",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("on:", "jobs:", "runs-on:", "steps:"),
    attend=_attend,
    of_tree=True,
)
