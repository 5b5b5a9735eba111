"""``source-json``: what the collector ``git`` writes; it can be ingested again.

An entry is open, unless the baseline covered it on the day of the look. Entries beyond the most that are listed make it incomplete.
"""

from __future__ import annotations

from datetime import UTC, date

from compliance.kind import Format
from compliance.reading.jsonmodel import read, recogniser
from compliance.record import Finding, Parsed, Severity, fingerprint
from compliance.source import Source

from .document import Found, SourceDocument
from .payload import SourceState, Tag


def _parse(source: Source) -> Parsed:
    document = read(source, SourceDocument)
    today = document.observed_at.astimezone(UTC).date()
    covered = [_covered(item, today) for item in document.found]
    open_rules = [item.rule for item, is_covered in zip(document.found, covered, strict=True) if not is_covered]
    git = document.git
    payload = SourceState(
        incomplete=f"{document.not_listed} further markers are not listed" if document.not_listed else None,
        commit=git.commit if git else None,
        branch=git.branch if git else None,
        branches=git.branches if git else (),
        committed_at=git.committed_at if git else None,
        modified=git.modified if git else 0,
        untracked=git.untracked if git else 0,
        dirty_files=git.dirty_files if git else (),
        tags=tuple(Tag(name=tag.name, annotated=tag.annotated, signed=tag.signed) for tag in git.tags) if git else (),
        commit_signed=git.commit_signed if git else False,
        shallow=git.shallow if git else False,
        files=document.files,
        languages=document.languages,
        markers=len(open_rules) - open_rules.count("not-implemented") + document.not_listed,
        unimplemented=open_rules.count("not-implemented"),
        baselined=sum(covered),
        skipped_files=sum(document.skipped.values()),
    )
    findings = [_finding(item, is_covered) for item, is_covered in zip(document.found, covered, strict=True)]
    return Parsed(payload=payload, findings=findings, observed_at=document.observed_at, commit=payload.commit)


def _covered(item: Found, today: date) -> bool:
    return item.baseline is not None and date.fromisoformat(item.baseline.expires) >= today


def fingerprint_of(rule: str, path: str, text: str) -> str:
    """Returns the fingerprint of unfinished work, the same after lines have moved."""
    return fingerprint(rule, path, " ".join(text.split()))


def _finding(item: Found, covered: bool) -> Finding:
    return Finding(
        rule=item.rule,
        severity=Severity.MEDIUM.value,
        state="suppressed" if covered else "open",
        path=item.path,
        line=item.line,
        message=item.text,
        fingerprint=fingerprint_of(item.rule, item.path, item.text),
    )


SOURCE_JSON = Format(
    name="source-json",
    title="Source tree, as collected",
    parser=1,
    recognise=recogniser("source"),
    parse=_parse,
    marks=('"compliance/source/v', "observed_at", "git", "found"),
)
