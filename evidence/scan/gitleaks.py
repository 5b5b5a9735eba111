"""Gitleaks: its JSON report, in the keys of version 8 (``RuleID``) and in those before it (``rule``).

One entry of the list is one finding. Versions 2 and 3 write the ``severity`` that a rule of the configuration may have; no other does, so
that it is unknown. Gitleaks does not say what it looked at, and leaves out what is allowed (``.gitleaksignore``, ``gitleaks:allow``), so
that suppressed findings are not known.

A scan without findings is written as ``[]`` or, by old versions, as ``null``. Neither names a tool (pip-audit and Trivy wrote the
same), and neither says that anything was looked at: such a file is claimed by no format. Gitleaks' SARIF says more.
"""

from __future__ import annotations

from typing import Any

import msgspec

from compliance import severity
from compliance.errors import InputError
from compliance.kind import Format, Mask
from compliance.reading.jsontext import elements, members
from compliance.record import Finding, Parsed, Tool, shorten
from compliance.source import Source

from .rows import Rows, clean_path, dumps, line_of, shaped, statement

_OLD_RULE = ("rule", "reason")
_SECRET = ("Secret", "Match", "Context", "Line", "line", "offender")
"""Members that hold the secret, or the line or key file that it stands in."""
_PERSONAL = ("Author", "Email", "Message", "author", "email", "commitMessage", "commitMsg")
"""People and what they wrote; the commit, which is kept, leads there."""
_NAMES = ("RuleID", "rule", "reason", "File", "file", "Commit", "commit")
"""Members that say what was found where; they stay."""
_WORTH = 6
"""Characters of the shortest secret, or line of one, that is also looked for in other members, such as links."""
_LINES = 100
_DONE = "REDACTED"
"""What gitleaks writes itself with ``--redact``, and how our masks begin."""


class _Leak(msgspec.Struct):
    """A finding of version 8."""

    rule: str = msgspec.field(name="RuleID")
    file: str = msgspec.field(name="File")
    description: str | None = msgspec.field(name="Description", default=None)
    line: int | None = msgspec.field(name="StartLine", default=None)
    commit: str | None = msgspec.field(name="Commit", default=None)
    severity: str | None = None


class _OldLeak(msgspec.Struct):
    """A finding of version 1 to 7; version 1 calls the rule ``reason``."""

    file: str
    rule: str | None = None
    reason: str | None = None
    line: int | None = msgspec.field(name="lineNumber", default=None)
    commit: str | None = None
    severity: str | None = None


def _recognise(source: Source) -> bool:
    if source.head.lstrip()[:1] != b"[":
        return False
    try:
        entries = elements(source.document)
        found = members(entries[0]).keys() if entries else set()
    except InputError:
        return False
    new = {"RuleID", "File"} <= found and bool({"Secret", "Match", "Context"} & found)
    return new or ({"file", "offender"} <= found and bool(set(_OLD_RULE) & found))


def _parse(source: Source) -> Parsed:
    entries = source.json
    if not isinstance(entries, list) or not entries:
        raise InputError("no list of findings", expected="a gitleaks report with at least one finding")
    rows = Rows()
    for number, entry in enumerate(entries):
        rows.add(_finding(entry, f"/{number}", rows))
    return statement(rows, Tool("gitleaks"), "secrets")


def _finding(entry: Any, where: str, rows: Rows) -> Finding:
    leak = shaped(entry, _Leak, where) if isinstance(entry, dict) and "RuleID" in entry else _of_old(shaped(entry, _OldLeak, where))
    if not leak.rule:
        raise InputError("a finding without rule", expected="RuleID or rule", where=where)
    path = clean_path(leak.file) or None
    return Finding(
        rule=shorten(leak.rule, 200),
        severity=severity.from_word(leak.severity).value,
        fingerprint=rows.unique(leak.rule, path, leak.commit),
        path=path,
        line=line_of(leak.line),
        message=shorten(leak.description) if leak.description else None,
    )


def _of_old(leak: _OldLeak) -> _Leak:
    return _Leak(rule=leak.rule or leak.reason or "", file=leak.file, line=leak.line, commit=leak.commit, severity=leak.severity)


def _redact(source: Source, mask: Mask) -> bytes | None:
    """Masks secrets, the lines that they stand in, and what people wrote; a secret that is quoted elsewhere is masked there as well."""
    entries = source.json
    if not isinstance(entries, list):
        return None
    changed = False
    for entry in entries:
        if isinstance(entry, dict):
            changed |= _mask_entry(entry, mask)
    return dumps(entries) if changed else None


def _mask_entry(entry: dict[str, Any], mask: Mask) -> bool:
    found = [value for name in ("Secret", "offender") if isinstance(value := entry.get(name), str) and _is_open(value)]
    pieces = [line.strip() for secret in found for line in secret.splitlines() if len(line.strip()) >= _WORTH][:_LINES]
    before = dict(entry)
    for name, value in before.items():
        if name in (*_SECRET, *_PERSONAL) and _is_open(value):
            entry[name] = mask(value)
        elif name not in _NAMES and isinstance(value, str):
            for piece in pieces:
                value = value.replace(piece, mask(piece)) if piece in value else value
            entry[name] = value
    return entry != before


def _is_open(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not value.startswith(_DONE)


GITLEAKS_JSON = Format(
    name="gitleaks-json",
    title="Gitleaks report (gitleaks --report-format json)",
    parser=2,
    marks=("RuleID", "File", "Secret"),
    recognise=_recognise,
    parse=_parse,
    redact=_redact,
)
