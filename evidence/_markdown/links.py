"""Links of a document: which of them can be checked, and which do not lead anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from compliance.record import Json

from .reading import Document

TARGET_LIMIT = 2000
"""Different targets of a document that are looked up."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_TEMPLATE = re.compile(r"\{\{|\{%|[<>$`]|%7B%7B|%3C", re.IGNORECASE)
_HEADING_ID = re.compile(r"\{#([\w.:-]+)\}\s*$")


def relative(document: Document) -> list[str]:
    """Returns the targets that name a file of the project, without fragment and query; at most `TARGET_LIMIT`.

    Links with a scheme (``https:``, ``mailto:``) are left alone: nothing is fetched. So are targets that a site generator fills in.
    """
    found = dict.fromkeys(file for file in map(file_of, document.links) if file)
    return list(found)[:TARGET_LIMIT]


def file_of(target: str) -> str:
    """Returns the path that a link names, empty when it names none that can be checked."""
    if _SCHEME.match(target) or _TEMPLATE.search(target):
        return ""
    return unquote(re.split(r"[#?]", target, maxsplit=1)[0]).strip()


def broken(document: Document, exists: Mapping[str, Json]) -> tuple[str, ...]:
    """Returns the targets that do not exist: files that were looked for and not found, anchors without a place in the text."""
    missing = [target for target in relative(document) if exists.get(target) is False]
    return (*missing, *_dead_anchors(document))


def _dead_anchors(document: Document) -> Iterator[str]:
    """Yields ``#name`` targets that no heading or named place answers.

    Site generators make the names of headings in slightly different ways (with or without the heading's number, say), so letters and
    digits alone are compared.
    """
    known = {_bare(name) for name in document.anchors}
    for heading in document.headings:
        given = _HEADING_ID.search(heading.text)
        bare = _bare(heading.text)
        known |= {bare, bare.lstrip("0123456789"), _bare(given.group(1)) if given else ""}
    for target in document.links:
        name = _bare(unquote(target[1:])) if target.startswith("#") else ""
        if name and name not in known and name.rstrip("0123456789") not in known and name != "top":
            yield target


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", _HEADING_ID.sub("", text).lower())
