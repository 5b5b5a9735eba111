"""SARIF, the format of many analysers (OASIS Static Analysis Results Interchange Format 2.1.0).

- One result is one finding, whatever number of locations it has. ``kind`` pass and notApplicable, and ``baselineState`` absent (gone since
  the baseline), are no findings.
- Severity: the ``security-severity`` of the result, else of its rule; else the effective level. A score of 0.0 gives way to a level that
  stands in the file, and is unknown where Trivy tags its rule so.
- Suppressed is a result with at least one suppression, all of them accepted. Old versions of Grype ("Anchore Container Vulnerability
  Report") write one into every result: there they mean nothing.
- A run whose ``results`` are absent or null computed none: incomplete, where an empty list is a clean run.
- Several runs are one statement: counts are summed, names of different tools joined. Runs that look for different things (code and
  secrets, say) cannot be one statement, so the file is then filed under code and incomplete: what it found counts, what not proves nothing.
- What a tool looks for comes from a table of known tools; for Trivy on a folder, from the names of its rules. A tool that is not in it is
  judged by its rules; if none of them is about security (a linter's), the scan is incomplete.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from compliance.errors import InputError
from compliance.kind import Format, Mask
from compliance.reading import jsontext
from compliance.record import Parsed, Tool, shorten
from compliance.source import Source

from . import Category, Scan
from .rows import Rows, reasons
from .sarif_cut import document_of, runs_of
from .sarif_redact import redacted
from .sarif_run import EXTERNAL, Run, read_run

_BROKEN = re.compile(rb'\s*\{\s*("version"\s*:\s*"2\.1\.0"\s*,\s*)?"\$schema"\s*:\s*"[^"]*sarif', re.IGNORECASE)
"""How a SARIF file begins, for those that are cut off: better refused by name than not recognised."""


def _recognise(source: Source) -> bool:
    if source.head.lstrip()[:1] != b"{":
        return False
    found = source.json_members
    if not found:
        return _BROKEN.match(source.head) is not None
    if "runs" not in found or bytes(memoryview(found["runs"])[:1]) != b"[":
        return False
    return "version" in found or ("$schema" in found and b"sarif" in bytes(found["$schema"]).lower())


def _redact(source: Source, mask: Mask) -> bytes | None:
    """Looks for secrets only where a run may show some: reading the results tells, and is not done again when none does."""
    return redacted(source, mask) if any(run.secrets for run in source.once(_read).runs) else None


class _Log(NamedTuple):
    """What a log holds."""

    others: Mapping[str, Any]
    """Its members besides the runs."""
    runs: list[Run]
    rows: Rows


def _read(source: Source) -> _Log:
    document = document_of(source)
    version = jsontext.loads(bytes(document["version"])) if "version" in document else None
    if version != "2.1.0":
        raise InputError(f"version {version!r}", expected='SARIF with version "2.1.0"', where="/version")
    if "runs" not in document:
        raise InputError("no runs", expected="SARIF with a list of runs")
    others = {name: jsontext.loads(bytes(document[name])) for name in document.keys() - {"runs"}}
    rows = Rows()
    return _Log(others, [read_run(run, f"/runs/{number}", rows) for number, run in enumerate(source.once(runs_of))], rows)


def _parse(source: Source) -> Parsed:
    others, runs, rows = source.once(_read)
    tool = _tool(runs)
    payload = Scan(
        tool=tool.name,
        tool_version=tool.version,
        category=_category(runs),
        total=rows.total,
        by_severity=rows.by_severity,
        suppressed=rows.suppressed,
        scanned=_sum([run.scanned for run in runs]),
        scanned_what=None if _sum([run.scanned for run in runs]) is None else "files",
        errors=_sum([run.errors for run in runs]),
        skipped=None,
        rules=_sum([run.rules for run in runs]),
        lines=None,
        incomplete=_incomplete(runs, _kept_elsewhere(others)),
    )
    return Parsed(
        payload=payload,
        findings=rows.findings,
        tool=tool if runs else None,
        observed_at=None if any(run.ended is None for run in runs) else min((run.ended for run in runs if run.ended), default=None),
        commit=_only([run.commit for run in runs]),
    )


def _tool(runs: list[Run]) -> Tool:
    """Joins the names of different tools; the version is known when there is one tool in one version."""
    names = list(dict.fromkeys(run.tool for run in runs))
    return Tool(shorten(", ".join(names), 500) or "unknown", _only([run.version for run in runs]) if len(names) == 1 else None)


def _category(runs: list[Run]) -> Category:
    found = {run.category or "sast" for run in runs}
    return found.pop() if len(found) == 1 else "sast"


def _incomplete(runs: list[Run], elsewhere: bool) -> str | None:
    categories = sorted({run.category for run in runs if run.category})
    return reasons(
        None if runs else "the file holds no run",
        f"runs for different things ({', '.join(categories)}) in one file: record each tool's own file" if len(categories) > 1 else None,
        "results are kept in inlineExternalProperties, which is not read" if elsewhere else None,
        *dict.fromkeys(run.incomplete for run in runs),
    )


def _kept_elsewhere(others: Mapping[str, Any]) -> bool:
    """Whether parts of runs that change what they found stand beside the runs (section 3.13.5)."""
    inline = others.get("inlineExternalProperties")
    return any(isinstance(item, dict) and any(item.get(name) for name in EXTERNAL) for item in (inline if isinstance(inline, list) else ()))


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None


def _only(values: list[str | None]) -> str | None:
    """Returns the value that all have, None when they differ."""
    return values[0] if len(set(values)) == 1 else None


SARIF = Format(
    name="sarif",
    title="SARIF 2.1.0 log",
    parser=5,
    recognise=_recognise,
    parse=_parse,
    marks=("$schema", "version", "runs"),
    redact=_redact,
)
