"""GitLab CI files (``gitlab-ci``).

Source of the format: GitLab Docs, "CI/CD YAML syntax reference". A job waits for what it ``needs``, else for the jobs of all earlier
stages; of those, an edge stands only for what no other edge implies. Files that are included are not read: they are named, and a file
whose jobs are made of what it does not hold says too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Finding, Json, Parsed, Severity, fingerprint, shorten
from compliance.source import Source

from . import gitlab_deploys, gitlab_document, gitlab_neutralised, graph, neutralised, place
from .document import NEEDS_LIMIT
from .gitlab_document import GLOBAL, JOB_KEYS
from .gitlab_model import GitlabFile
from .gitlab_pipelines import events, reach
from .listing import listed
from .neutralised import Hit
from .payload import Neutralised, Pipeline

SIZE_LIMIT: Final = 512 << 10
"""Bytes of the largest file; reading YAML with its places takes about 20 s for each MiB."""
NEUTRALISED_LIMIT: Final = 10_000
_SIGN: Final = re.compile(rb"(?:^|[\s{,])[\"']?(?:script|trigger|extends|include)[\"']?[ \t]*:", re.MULTILINE)
_GLOBAL: Final = re.compile(rb"^(?:stages|image|default|include|before_script|variables|workflow|services|cache)[ \t]*:", re.MULTILINE)
_SCRIPT: Final = re.compile(rb"^[ \t]+script[ \t]*:", re.MULTILINE)
_TELLING: Final = listed("stage only except rules needs artifacts tags before_script after_script allow_failure dependencies extends when")
"""Keys of jobs that other files with a ``script`` do not have."""
_OTHERS: Final = listed(
    "jobs pipelines language kind apiVersion steps pool trigger on version runs matrix os dist addons clone openapi groups swagger"
)
"""Keys at the top of other systems' files."""


def _recognise(source: Source) -> bool:
    """Top-level mappings whose keys are those of GitLab's jobs; one that is not even YAML needs a global key and a script."""
    if source.size > SIZE_LIMIT or not _SIGN.search(bytes(source.utf_8)) or source.head.lstrip()[:1] in (b"{", b"["):
        return False
    try:
        document = source.once(gitlab_document.loaded)
    except InputError:
        return bool(_GLOBAL.search(source.head) and _SCRIPT.search(bytes(source.utf_8)))
    return isinstance(document, dict) and _is_pipeline(document, gitlab_document.has_header(source))


def _is_pipeline(document: dict[Any, Any], header: bool) -> bool:
    if document.keys() & _OTHERS or not all(isinstance(name, (str, int, float)) for name in document):
        return False
    jobs = {str(name): value for name, value in document.items() if name not in GLOBAL}
    shown = [value for name, value in jobs.items() if not name.startswith(".") and value is not None]
    if not all(isinstance(value, dict) and value and value.keys() <= JOB_KEYS for value in shown):
        return False
    hidden = [value for name, value in jobs.items() if name.startswith(".")]
    if any(value.keys() & {"script", "trigger", "run"} for value in shown):
        return header or bool(document.keys() & GLOBAL) or any(map(_is_telling, shown))
    known = [value for value in hidden if isinstance(value, dict) and value and value.keys() <= JOB_KEYS]
    if any("extends" in value for value in shown) or any("script" in value for value in known):
        return bool(known) or "include" in document or "stages" in document
    return _only_includes(document)


def _is_telling(job: dict[Any, Any]) -> bool:
    """Whether a job has what only jobs of GitLab have."""
    lists = any(isinstance(job.get(name), list) for name in ("script", "run"))
    return lists or isinstance(job.get("trigger"), dict) or bool(job.keys() & _TELLING)


def _only_includes(document: dict[Any, Any]) -> bool:
    included = document.get("include")
    entries = included if isinstance(included, list) else [included]
    shapes = ("local", "file", "template", "remote", "component", "project")
    return (
        "include" in document
        and document.keys() <= GLOBAL
        and all(isinstance(one, str) or (isinstance(one, dict) and any(name in one for name in shapes)) for one in entries)
    )


def _parse(source: Source) -> Parsed:
    if source.size > SIZE_LIMIT:
        raise InputError(f"{source.size} bytes", expected=f"a GitLab CI file of at most {SIZE_LIMIT} bytes")
    file = gitlab_document.read(source)
    path = source.facts.get("file")
    path = path if isinstance(path, str) else ""
    seen = gitlab_neutralised.workflow(file)
    surveys = {job.id: neutralised.survey(seen, job) for job in seen.jobs.values()}
    started = events(file)
    hits = gitlab_neutralised.find(file, seen, surveys, started)
    if len(hits) > NEUTRALISED_LIMIT:
        raise InputError(f"{len(hits)} neutralised steps", expected=f"at most {NEUTRALISED_LIMIT}")
    here, elsewhere = gitlab_deploys.find(file, started, surveys, path)
    edges = tuple(graph.of_stages(gitlab_deploys.waiting(file), _stated(file)))
    if len(edges) > NEEDS_LIMIT:
        raise InputError(f"{len(edges)} edges between jobs", expected=f"at most {NEEDS_LIMIT}")
    reached = [event.source for event in started if any(reach(file, job, event).possible for job in file.jobs.values())]
    payload = Pipeline(
        incomplete=_incomplete(file),
        jobs=len(file.jobs),
        edges=len(edges),
        triggers=tuple(dict.fromkeys(reached)),
        job_ids=tuple(file.jobs),
        edge_list=edges,
        neutralised=tuple(_neutralised(hit, path) for hit in hits),
        deploys=tuple(here),
        elsewhere=tuple(elsewhere),
        unknown_needs=sum(job.unknown_needs for job in file.jobs.values()),
        cycle=graph.is_cyclic({job.id: job.needs or () for job in file.jobs.values()}),
        includes=tuple(shorten(one.value, 300) for one in file.includes),
    )
    told = [*gitlab_neutralised.maybe(file, surveys), *_not_read(file)]
    findings = [_finding(hit, path, Severity.HIGH) for hit in hits]
    return Parsed(payload=payload, findings=[*findings, *(_finding(hit, path, Severity.INFO) for hit in told)])


def _stated(file: GitlabFile) -> set[str]:
    """Jobs that say themselves what they need."""
    return {job.id for job in file.jobs.values() if job.needs is not None}


def _incomplete(file: GitlabFile) -> str | None:
    missing = next(((job.id, job.missing[0]) for job in file.jobs.values() if job.missing), None)
    if missing is not None:
        return f"job {missing[0]} is made of {missing[1]}, which the file does not hold"
    return None if file.jobs else "all its jobs are in files that it includes"


def _not_read(file: GitlabFile) -> Iterator[Hit]:
    for include in file.includes:
        yield Hit(include.line, f"included and not read: {shorten(include.value, 200)}", "", None, "include")


def _neutralised(hit: Hit, path: str) -> Neutralised:
    return Neutralised(file=path, line=hit.line, what=shorten(hit.what, 300), job=hit.job, step=hit.step, pattern=hit.pattern)


def _finding(hit: Hit, path: str, severity: Severity) -> Finding:
    return Finding(
        rule=hit.pattern,
        severity=severity.value,
        path=path or None,
        line=hit.line,
        message=shorten(f"{hit.job}: {hit.what}" if hit.job else hit.what),
        fingerprint=fingerprint(hit.pattern, path, hit.job, hit.step, hit.what),
    )


def _attend(_: Source, path: Path) -> dict[str, Json]:
    """Says where in the repository the file lies."""
    path = path.absolute()
    return {"file": path.relative_to(place.root(path)).as_posix()}


GITLAB_CI = Format(
    name="gitlab-ci",
    title="GitLab CI pipeline",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    attend=_attend,
    of_tree=True,
    marks=("stage:", "script:"),
)
