"""Finds markers of unfinished work in comments.

``TODO``, ``FIXME``, ``XXX`` and ``HACK`` count in capitals, as words of their own: ``TODO``, ``TODO:``, ``TODO(name)``; not ``todos``,
``TODO_LIST``, ``TODO.md`` or the mask ``XXX-XX-1234``. In small letters they count as tags (``@todo``, ``@fixme``) and at the beginning
of a comment before a colon (``# todo: ...``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from compliance.record import shorten

from . import languages

SIZE_LIMIT: Final = 2 << 20
"""Bytes of the largest file whose comments are read; a larger one that holds no marker at all is no loss."""
TEXT_LIMIT: Final = 200
"""Characters of a comment that are kept."""
_MAY_HOLD: Final = re.compile(rb"TODO|FIXME|XXX|HACK|(?i:todo\s*:|fixme\s*:|@todo|@fixme)")
_CANDIDATE: Final = re.compile(_MAY_HOLD.pattern.decode())
_MARKER: Final = re.compile(
    r"(?<![\w$-])(?P<word>TODO|FIXME|HACK)(?![\w$])(?!\.\w)|(?<![\w$.-])(?P<xxx>XXX)(?![\w$])(?![-.][\dX])"
    r"|@(?P<tag>[Tt]odo|TODO|[Ff]ixme|FIXME)\b|^\W*(?P<small>[Tt]odo|[Ff]ixme)(?=\s*:)"
)
_LEADERS: Final = re.compile(r"^[\s/*#;%!<>\"'(){}-]+|[\s*/>-]+$")


@dataclass(frozen=True)
class Marker:
    """Unfinished work at one place."""

    rule: str
    """todo, fixme, xxx, hack or not-implemented."""
    path: str
    line: int
    text: str
    """The comment's line, or the function's name."""


def may_hold_marker(data: bytes) -> bool:
    """Says, without reading comments, whether a file can hold a marker."""
    return _MAY_HOLD.search(data) is not None


def decode(data: bytes) -> str | None:
    """Decodes source text: UTF-8, UTF-16 with a mark, else any encoding that extends ASCII, where markers and comment signs stand.

    Returns:
        The text, or None for binary data.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            return None
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def markers(path: str, text: str) -> Iterator[Marker]:
    """Yields the markers in the comments of a source text, each rule at most once a line."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lexer = languages.lexer_of(path)
    last = _last_candidate(text, hash_only=lexer.name in languages.HASH_ONLY) if lexer is not None else 0
    if lexer is None or last == 0:
        return
    for line, comment in languages.comments(lexer, text, last):
        rules = dict.fromkeys(_rule(match) for match in _MARKER.finditer(comment))
        for rule in rules:
            yield Marker(rule, path, line, shorten(_LEADERS.sub("", comment), TEXT_LIMIT))


def _last_candidate(text: str, *, hash_only: bool) -> int:
    """Returns the last line that may hold a marker, 0 when there is none: reading tokens is slow (about 1 MB/s), searching is not."""
    last = None
    for match in _CANDIDATE.finditer(text):
        start = text.rfind("\n", 0, match.start()) + 1
        if not hash_only or "#" in text[start : match.start() + 1]:
            last = match.start()
    return 0 if last is None else text.count("\n", 0, last) + 1


def _rule(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group).lower()
