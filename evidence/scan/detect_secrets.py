"""detect-secrets (Yelp): its baseline, which is what ``detect-secrets scan`` prints.

Format: ``results`` by file, each with the type of the secret, its line and its SHA-1; ``plugins_used`` are its rules. A result that was
audited as no secret (``"is_secret": false``) is suppressed; one that was not audited is open. There is no severity. A baseline does not
say which files were looked at; the collector knows, and keeps it with the evidence.
"""

from __future__ import annotations

import msgspec

from compliance.kind import Format
from compliance.record import Finding, Parsed, Severity, Tool, shorten
from compliance.source import Source, parse_time

from .rows import Rows, clean_path, count_of, line_of, reasons, shaped, statement

_MEMBERS = {"results", "plugins_used", "version"}


class _Plugin(msgspec.Struct):
    name: str


class _Result(msgspec.Struct):
    type: str
    hashed_secret: str
    line_number: int | None = None
    is_secret: bool | None = None
    is_verified: bool | None = None


class _Baseline(msgspec.Struct):
    version: str
    plugins_used: list[_Plugin]
    results: dict[str, list[_Result]]
    generated_at: str | None = None


def _recognise(source: Source) -> bool:
    found = source.json_members
    if not found.keys() >= _MEMBERS:
        return False
    return bytes(found["results"])[:1] == b"{" and bytes(found["plugins_used"])[:1] == b"["


def _parse(source: Source) -> Parsed:
    baseline = shaped(source.json, _Baseline)
    rows = Rows()
    for path, results in baseline.results.items():
        for result in results:
            rows.add(_finding(result, clean_path(path), rows))
    files, skipped, failed = (_fact(source, name) for name in ("files", "skipped", "failed"))
    return statement(
        rows,
        Tool("detect-secrets", shorten(baseline.version, 100)),
        "secrets",
        scanned=files,
        scanned_what="files",
        errors=failed,
        skipped=skipped,
        rules=len(baseline.plugins_used),
        observed_at=parse_time(baseline.generated_at or ""),
        incomplete=reasons(
            "no file was scanned" if files == 0 else None,
            None if baseline.plugins_used else "no plugin was used",
            f"{count_of(failed, 'file', 'files')} could not be scanned" if failed else None,
        ),
    )


def _finding(result: _Result, path: str, rows: Rows) -> Finding:
    return Finding(
        rule=shorten(result.type, 200),
        severity=Severity.UNKNOWN.value,
        confidence="verified" if result.is_verified else "confirmed" if result.is_secret else None,
        state="suppressed" if result.is_secret is False else "open",
        fingerprint=rows.unique(result.type, path, result.hashed_secret),
        path=path,
        line=line_of(result.line_number),
    )


def _fact(source: Source, name: str) -> int | None:
    value = source.facts.get(name)
    return value if isinstance(value, int) else None


DETECT_SECRETS_JSON = Format(
    name="detect-secrets-json",
    title="detect-secrets baseline (detect-secrets scan)",
    parser=1,
    marks=("version", "plugins_used", "results"),
    recognise=_recognise,
    parse=_parse,
)
