"""Format ``markdown-document``: a release document in Markdown: a status report, a checklist, a completion report.

Met while walking a folder, only what is surely one is taken for a document. Where the kind is named (``--kind document``,
``[collect.document] files``), any Markdown file is; whether its claims count is still decided by what it is.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed
from compliance.source import Source

from .._markdown import front_matter, reading
from . import Document, Log, claims, moments, units
from .contradictions import Content, contradictions
from .genre import NEEDED, SURE, score
from .references import attend, count, unresolved

_HEADING: Final = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$|^(?=\S)(.+)\n(?:=+|-{3,})[ \t]*$", re.MULTILINE)
_FENCED: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_BOX: Final = re.compile(r"(?m)^[ \t]*(?:[-*+]|\d+[.)])[ \t]+\[[ xX]\][ \t]")
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NOT_MARKDOWN: Final = re.compile(r"#!|\s*(?:<\?xml|<!DOCTYPE|<html|[{\[]|%PDF)", re.IGNORECASE)
_YAML: Final = re.compile(r"(?:[^\S\n]*(?:#[^\n]*)?\n|---[^\n]*\n)*(?!---)[\"']?[\w.-]+[\"']?:(?:\s|$)")
_MARKDOWN: Final = re.compile(r"(?m)^ {0,3}#{1,6}[ \t]|^[ \t]*[-*+][ \t]|\]\(|^(?:=+|-{3,})[ \t]*$")
_RUNBOOK_FIELDS: Final = ("type", "kind", "category", "layout", "doc_type", "doctype", "document_type")
_RUNBOOK_TITLE: Final = re.compile(
    r"\b(?:run[ -]?books?|play[ -]?books?|on[ -]?call|standard operating procedures?|sop"
    r"|operat(?:ions?|ional|or'?s?) (?:manual|guide|handbook|procedures?))\b",
    re.IGNORECASE,
)


def _recognise(source: Source) -> bool:
    split = _split(source)
    return split is not None and _YAML.match(split.body) is None and _score(split) >= SURE


def _accepts(source: Source) -> bool:
    """Any text that has a heading, a list or a link of Markdown and is not of another language."""
    split = _split(source)
    return split is not None and _MARKDOWN.search(split.body) is not None


def _split(source: Source) -> front_matter.Split | None:
    """Returns the beginning of the text; None for what is no Markdown, or a runbook by its front matter."""
    text = source.head.decode("utf-8", "ignore")
    if "\0" in text or _NOT_MARKDOWN.match(text):
        return None
    try:
        split = front_matter.split(text)
    except InputError:
        return None
    runbook = any(str(split.fields.get(name, "")).strip().lower() in ("runbook", "playbook") for name in _RUNBOOK_FIELDS)
    return None if runbook else split


def _score(split: front_matter.Split) -> int:
    bare = _FENCED.sub("", _COMMENT.sub("", split.body))
    headings = [match.group(1) or match.group(2) or "" for match in _HEADING.finditer(bare)]
    title = front_matter.text_field(split.fields, "title") or (headings[0] if headings else "")
    return 0 if _RUNBOOK_TITLE.search(title) else score(title, headings, bare, len(_BOX.findall(bare)))


def _parse(source: Source) -> Parsed:
    split = front_matter.split(source.text)
    document = reading.read(split.body)
    words = len(split.body.split())
    if not words:
        raise InputError("no text", expected="a document in Markdown")
    walker = units.read(split.body, split.offset)
    of_release = _score(split) >= NEEDED
    content = _content(walker) if of_release else Content()
    return Parsed(
        payload=Document(
            incomplete="it is too long: only its beginning was read for claims" if content.reading.is_cut else None,
            title=front_matter.text_field(split.fields, "title") or _title(document),
            release_document=of_release,
            words=words,
            boxes=len(walker.boxes),
            boxes_ticked=sum(walker.boxes),
            references=count(document),
            unresolved=unresolved(document, source.facts),
            references_checked="links" in source.facts,
            claims=tuple(one.claim for one in content.reading.found),
            contradictions=contradictions(content),
            log=_log(content),
            not_understood=tuple(content.reading.not_understood),
            not_understood_total=content.reading.not_understood_total,
        )
    )


def _content(walker: units.Walker) -> Content:
    stated = tuple(moments.moments(walker.units))
    log = moments.log(walker.units, walker.tables, stated)
    return Content(walker.units, walker.tables, claims.read(walker.units), stated, log)


def _log(content: Content) -> Log | None:
    times = [entry.at.astimezone(UTC) for entry in content.log]
    return Log(line=content.log[0].line, entries=len(times), first_at=min(times), last_at=max(times)) if times else None


def _title(document: reading.Document) -> str | None:
    first = next((heading for heading in document.headings if heading.level == 1), None) or next(iter(document.headings), None)
    return (first.text.strip() or None) if first else None


MARKDOWN_DOCUMENT = Format(
    name="markdown-document",
    title="Release document in Markdown: status report, checklist",
    parser=1,
    recognise=_recognise,
    accepts=_accepts,
    parse=_parse,
    attend=attend,
    of_tree=True,
)
