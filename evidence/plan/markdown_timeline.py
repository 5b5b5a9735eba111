"""Timelines in release documents (``markdown-document``): a list or table whose items begin with an offset from the start.

::

    1. **T+0:00** - Project state validation
    2. **T+0:30** - Staging environment creation (owner: ops)

    | when | what | owner |
    | --- | --- | --- |
    | T+1h | Deploy to staging | ops |

Offsets are ``T+hours:minutes``, ``T+30min``, ``T+1h``, ``T-15min``, ``T0``; each item is a task that begins there. How long it should take
is the time up to the next item that begins later; the last one has no estimate. What needs what is not said in such a list. An owner
stands in parentheses, or in a column of that name. Only a document with three such items under one heading is a plan; the longest list
counts. Runbooks have a format of their own, and are not claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Assurance, Parsed, shorten
from compliance.source import Source

from . import Task
from .analysis import analysed

SIZE_LIMIT: Final = 4 << 20
"""Bytes of the largest document."""
TASK_LIMIT: Final = 1000
LEAST: Final = 3
"""Items that make a timeline."""
_WHEN: Final = (
    r"T[ \t]?(?:(?P<sign>[+\-−])[ \t]?(?:(?P<hours>\d{1,3}):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d))?"
    r"|(?P<h>\d{1,3}) ?h(?: ?(?P<hm>\d{1,4}) ?(?:mins?|m))?|(?P<m>\d{1,4}) ?(?:mins?|m)|0)|0)(?!\w|:\d)"
)
_ITEM: Final = re.compile(
    rf"[ \t]{{0,12}}(?:[-*+]|\d{{1,4}}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?(?P<mark>\*\*|__|`|){_WHEN}"
    r"(?P=mark)(?:[ \t]*[-–—:|.)]+[ \t]*|[ \t]+)(?P<rest>(?:\*\*[ \t]*)?\S.*)"
)
_CELL: Final = re.compile(rf"(?:\*\*|__|`|){_WHEN}(?:\*\*|__|`|)")
_RULE: Final = re.compile(r"[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+(?:[ \t]*:?-+:?[ \t]*)?")
_FENCE: Final = re.compile(r" {0,3}(```|~~~)")
_HEADING: Final = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*$")
_OWNER: Final = re.compile(r"\(\s*owner\s*:\s*([^()]{1,100}?)\s*\)", re.IGNORECASE)
_OWNERS: Final = ("owner", "responsible", "who", "assignee", "lead")
_LINE_LIMIT: Final = 2000
_RUNBOOK: Final = re.compile(
    r"\b(?:run|play)[ -]?books?\b|\bon[ -]?call\b|\boperat(?:ions?|ional|or'?s?) (?:manual|guide|handbook|procedures?)|\bsop\b",
    re.IGNORECASE,
)
_OPERATIONS: Final = re.compile(
    r"health|alert|roll[ -]?back|recover|escalat|contacts?\b|meaning|impact|diagnosis|mitigation", re.IGNORECASE
)
_PLANNED: Final = re.compile(
    r"\b(?:plan|phase|status|report|release|launch|go[ -]live|timeline|schedule|cut[ -]?over|checklist)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class _Entry:
    offset_s: float
    text: str
    owner: str | None


def _recognise(source: Source) -> bool:
    if source.size > SIZE_LIMIT or not re.search(rb"\bT ?(?:[+-]|\xe2\x88\x92|0\b)", bytes(source.utf_8)):
        return False
    try:
        lines = source.text.splitlines()
    except InputError:
        return False
    return not _is_runbook(lines) and len(_timeline(lines)[1]) >= LEAST


def _is_runbook(lines: list[str]) -> bool:
    headings = [match[2] for line in lines if (match := _HEADING.match(line))]
    title = headings[0] if headings else ""
    kind = any(re.match(r"(?:type|kind|category|layout|doc_?type|document_type):\s*[\"']?(?:run|play)book\b", line) for line in lines[:40])
    operations = sum(_OPERATIONS.search(text) is not None for text in headings)
    return kind or _RUNBOOK.search(title) is not None or (operations >= LEAST and not _PLANNED.search(title))


def _timeline(lines: list[str]) -> tuple[str | None, list[_Entry]]:
    """Returns the longest list of the document, with the heading above it; of equal ones the first."""
    best: tuple[str | None, list[_Entry]] = (None, [])
    for heading, entries in _lists(lines):
        if len(entries) > len(best[1]):
            best = heading, entries
    return best


def _lists(lines: list[str]) -> Iterator[tuple[str | None, list[_Entry]]]:
    heading: str | None = None
    entries: list[_Entry] = []
    fence: str | None = None
    header: list[str] = []
    for number, line in enumerate(lines):
        opening = _FENCE.match(line)
        if opening and fence in (None, opening[1]):
            fence = None if fence else opening[1]
        if fence or len(line) > _LINE_LIMIT:
            continue
        if number and "|" in line and _RULE.fullmatch(line):
            header = [cell.lower() for cell in _cells(lines[number - 1])]
        elif entry := _item(line) or _row(line, header):
            entries.append(entry)
        elif match := _HEADING.match(line):
            yield heading, entries
            heading, entries = match[2], []
    yield heading, entries


def _item(line: str) -> _Entry | None:
    match = _ITEM.match(line)
    if match is None:
        return None
    owner = _OWNER.search(match["rest"])
    return _Entry(_seconds(match), _OWNER.sub("", match["rest"]).strip(" *_`\t"), owner[1] if owner else None)


def _row(line: str, header: list[str]) -> _Entry | None:
    """Reads a row of a table whose first cell is an offset."""
    cells = _cells(line) if line.lstrip().startswith("|") else []
    match = _CELL.fullmatch(cells[0]) if len(cells) > 1 else None
    if match is None:
        return None
    owners = [cell for name, cell in zip(header, cells, strict=False) if name in _OWNERS and re.search(r"\w", cell)]
    return _Entry(_seconds(match), cells[1].strip(" *_`"), owners[0] if owners else None)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _seconds(match: re.Match[str]) -> float:
    """Returns an offset in seconds."""
    hours, minutes = int(match["hours"] or match["h"] or 0), int(match["minutes"] or match["hm"] or match["m"] or 0)
    total = 3600.0 * hours + 60.0 * minutes + int(match["seconds"] or 0)
    return -total if match["sign"] in ("-", "−") and total else total


def _parse(source: Source) -> Parsed:
    if source.size > SIZE_LIMIT:
        raise InputError(f"{source.size} bytes", expected=f"a document of at most {SIZE_LIMIT} bytes")
    heading, entries = _timeline(source.text.splitlines())
    if not LEAST <= len(entries) <= TASK_LIMIT:
        raise InputError(f"{len(entries)} items of a timeline", expected=f"{LEAST} to {TASK_LIMIT} items that begin with T+hours:minutes")
    return Parsed(payload=analysed([_task(number, entries) for number in range(len(entries))], title=heading), assurance=Assurance.STATED)


def _task(number: int, entries: list[_Entry]) -> Task:
    entry = entries[number]
    later = [other.offset_s for other in entries if other.offset_s > entry.offset_s]
    begin = min(other.offset_s for other in entries)
    return Task(
        id=str(number + 1),
        title=shorten(entry.text, 300) or None,
        owner=entry.owner,
        owned=entry.owner is not None,
        estimate_s=min(later) - entry.offset_s if later else None,
        needs=(),
        resource=None,
        start_s=entry.offset_s - begin,
        started_at=None,
        finished_at=None,
    )


MARKDOWN_TIMELINE = Format(
    name="markdown-document",
    title="Release document in Markdown with a timeline (T+0:30)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
)
