"""Format ``markdown-runbook``: a runbook in Markdown, with or without front matter.

Which Markdown is a runbook, in this order:

1. its front matter says so (``type``, ``kind``, ``category``, ``layout`` or ``doc_type`` is ``runbook`` or ``playbook``);
2. its title (front matter, or the first heading) speaks of a runbook, playbook, operations manual, on-call guide or standard operating
   procedure, and not of a report, a changelog or of runbooks in general;
3. it follows the convention of the Prometheus operator: three of the headings Meaning, Impact, Diagnosis, Mitigation; or it is headed by
   the name of an alert (one word of three or more, such as ``KubeAPIErrorBudgetBurn``) and has one of these headings, or the title of its
   front matter is that name in words;
4. at least four of the seven sections stand under their plain names, three of them health checks, alert response, rollback or recovery,
   and its title does not speak of a report, plan, phase or readme.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Json, Parsed
from compliance.source import Source, parse_time

from .._markdown import front_matter, links, reading
from .._markdown.reading import Document
from . import Runbook, commands, sections
from .surroundings import attend

Basis = Literal["front-matter", "git"]

_KIND_FIELDS = ("type", "kind", "category", "layout", "doc_type", "doctype", "document_type")
_RUNBOOK = re.compile(
    r"\b(?:run[ -]?books?|play[ -]?books?|(?:operations?|operational|operator'?s?) (?:manual|guide|handbook|procedures?)"
    r"|on[ -]?call (?:guide|manual|handbook|instructions)|standard operating procedures?|sop)\b",
    re.IGNORECASE,
)
_GENERAL = re.compile(
    r"\b(?:run|play)[ -]?books\b|\b(?:an?|the|adding|writing|contributing|how to) +(?:run|play)[ -]?books?\b", re.IGNORECASE
)
_OTHER = re.compile(
    r"\b(?:reports?|status|change ?log|release notes?|read ?me|minutes|retrospective|post[ -]?mortem|review|index|template|roadmap|adr)\b",
    re.IGNORECASE,
)
_NOT_OPERATIONS = re.compile(r"\b(?:plan|phase|proposal|design|specification|checklist|contributing|summary|tutorial)\b", re.IGNORECASE)
_HUMP = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*")
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*$", re.MULTILINE)
_UNDERLINED = re.compile(r"(?:(?<=\n)|^)[ \t]*\n {0,3}([^\s#>`~|*+-][^\n]*)\n {0,3}(=+|--+)[ \t]*$", re.MULTILINE)
"""The other form of headings (setext), behind an empty line."""
_FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_YAML_START = re.compile(r"""(?:[^\S\n]*(?:#[^\n]*)?\n|---[^\n]*\n)*(?!---)["']?[\w.-]+["']?:(?:\s|$)""")
_HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


def _recognise(source: Source) -> bool:
    try:
        text = source.head.decode("utf-8", "ignore")
        if "\0" in text or text.lstrip()[:1] in ("{", "[") or re.match(r"#!|\s*<(?!!--|details|h1|p|div|img|a\b)", text):
            return False
        split = front_matter.split(text)
    except InputError:
        return False
    if any(str(split.fields.get(name, "")).strip().lower() in ("runbook", "playbook") for name in _KIND_FIELDS):
        return True
    body = _UNDERLINED.sub(_marked, "\n" + _FENCED.sub("", _HTML_COMMENT.sub("", split.body)))
    found = [(len(match.group(1)), match.group(2)) for match in _HEADING.finditer(body)]
    stated = front_matter.text_field(split.fields, "title")
    headings = [text for _, text in found]
    named = bool(found) and found[0][0] == 1 and _is_of_alert(stated or "", headings)
    return (named or _claims(stated or next(iter(headings), ""), headings)) and not _is_yaml(source, split)


def _marked(heading: re.Match[str]) -> str:
    return f"\n{'#' if heading[2][0] == '=' else '##'} {heading[1].strip()}"


def _is_of_alert(title: str, headings: list[str]) -> bool:
    """Tells whether the first heading is the name of an alert, by what else speaks for that."""
    name = headings[0]
    if "".join(humps := _HUMP.findall(name)) != name or len(humps) < 3:
        return False
    return title.replace(" ", "").lower() == name.lower() or not sections.ALERT_CONVENTION.isdisjoint(map(sections.plain, headings))


def _claims(title: str, headings: list[str]) -> bool:
    if _OTHER.search(title):
        return False
    if len(headings) > 1 and _RUNBOOK.search(title) and not _GENERAL.search(title):
        return True
    if len(sections.ALERT_CONVENTION & {sections.plain(text) for text in headings}) >= 3:
        return True
    plain = frozenset[str]().union(*(sections.exactly(text) for text in headings))
    return len(plain) >= 4 and len(plain & sections.OPERATIONS) >= 3 and not _NOT_OPERATIONS.search(title)


def _is_yaml(source: Source, split: front_matter.Split) -> bool:
    """Tells a configuration file, whose comments look like headings, from Markdown: it is a YAML mapping that holds more than text."""
    first = _YAML_START.match(split.body)
    if split.fields or first is None:
        return False
    try:
        value = source.yaml
    except InputError:
        return False
    return isinstance(value, dict) and not all(isinstance(item, str) for item in value.values())


def _parse(source: Source) -> Parsed:
    split = front_matter.split(source.text)
    read = reading.read(split.body)
    words = len(split.body.split())
    if not read.headings:
        raise InputError("no heading" if words else "no text", expected="a runbook in Markdown with headings")
    found = _sections(read)
    reviewed, basis = _review(split.fields, source.facts)
    payload = Runbook(
        sections={name: found.get(name, False) for name in sections.NAMES},
        empty_sections=tuple(name for name in sections.NAMES if found.get(name) is False),
        broken_links=links.broken(read, _map(source.facts, "links")),
        missing_scripts=tuple(name for name in commands.scripts(read) if _map(source.facts, "scripts").get(name) is False),
        invalid_commands=tuple(f"line {split.offset + item.line}: {item.reason}: {item.text}" for item in commands.invalid(read)),
        links_checked=isinstance(source.facts.get("links"), Mapping),
        reviewed_at=reviewed,
        reviewed_basis=basis,
        shell_blocks=len(commands.shell_blocks(read)),
        words=words,
        title=front_matter.text_field(split.fields, "title") or _title(read),
    )
    return Parsed(payload=payload)


def _sections(read: Document) -> dict[str, bool]:
    """Returns the sections that have a heading, and whether one of their headings has content.

    The title counts only where it names nothing but a section ("Rollback runbook"): else all text would stand under it.
    """
    found: dict[str, bool] = {}
    single = sum(heading.level == 1 for heading in read.headings) == 1
    for number, heading in enumerate(read.headings):
        is_title = number == 0 and heading.level == 1 and single and len(read.headings) > 1
        for name in (sections.exactly if is_title else sections.of_heading)(heading.text):
            found[name] = found.get(name, False) or not heading.empty
    return found


def _title(read: Document) -> str | None:
    first = next((heading for heading in read.headings if heading.level == 1), read.headings[0])
    return first.text.strip() or None


def _map(facts: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    value = facts.get(name)
    return value if isinstance(value, Mapping) else {}


def _review(fields: Mapping[str, Json], facts: Mapping[str, Json]) -> tuple[datetime | None, Basis | None]:
    if stated := front_matter.reviewed_at(fields):
        return stated, "front-matter"
    committed = facts.get("reviewed")
    time = parse_time(committed) if isinstance(committed, str) else None
    return (time.astimezone(UTC), "git") if time else (None, None)


FORMAT = Format(
    name="markdown-runbook",
    title="Operations runbook in Markdown",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    attend=attend,
    of_tree=True,
)
