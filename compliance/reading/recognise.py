"""Which formats claim a file, by its content; and, where none does, which one it is nearest to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Final

import msgspec

from ..configuration import near
from ..errors import ComplianceError, InputError, UnrecognisedError
from ..kind import Format, Kind, Unread
from ..source import MEMORY_LIMIT, Source
from . import jsontext

_BARE: Final = (b"null", b"[]", b"{}")
"""What several tools write when they found nothing, or did not look."""
_OWN: Final = re.compile(rb'"driver"\s*:\s*\{\s*"name"\s*:\s*"compliance-toolkit"|<testsuites name="compliance check"')
"""How the results of ``compliance check`` look as SARIF and JUnit XML: verdicts are drawn from evidence, and are none themselves."""
_BEGINS: Final = re.compile(rb"^[\[{]", re.MULTILINE)
_TRIES: Final = 20
"""Lines that may begin a JSON document with text around it, at most."""
_PLACE: Final = re.compile(r"line (\d+) column (\d+)")
_NEAR: Final = 0.5
"""Part of a format's marks that a file must have to be called near to it."""
_MEMBER: Final = re.compile(r"[@$\w]+(?:\.[@$\w]+)*")
"""A mark that names a member, or a member of a member, where the file is a JSON object."""


def recognise(source: Source, kinds: Mapping[str, Kind], wanted: str | None = None) -> Sequence[tuple[Kind, Format]]:
    """Returns the format that claims a file: once for each kind of evidence that reads it.

    Args:
        source: The file.
        kinds: The kinds that are installed.
        wanted: Id of the only kind that may claim it.

    Raises:
        UnrecognisedError: None does.
        InputError: The file is empty, or formats of different names claim it.
    """
    if not source.size:
        raise InputError("empty file")
    if _OWN.search(source.head):
        raise UnrecognisedError("a result of `compliance check`", expected="evidence: verdicts prove nothing about the code")
    if wanted is not None and wanted not in kinds:
        raise InputError(f"no kind {wanted!r}{near(wanted, kinds)}")
    formats = [(kind, form) for kind in kinds.values() if wanted in (None, kind.id) for form in kind.formats]
    claims = [(kind, form) for kind, form in formats if _recognises(form, source, by_kind=wanted is not None)]
    if not claims:
        known = [one for kind in kinds.values() for one in kind.unread if all(_has(source, mark) for mark in one.marks)]
        raise _unread(known[0]) if known else _unrecognised(source, [form for _, form in formats], wanted)
    if len({form.name for _, form in claims}) > 1 or len({kind.id for kind, _ in claims}) < len(claims):
        names = ", ".join(f"{form.name} ({kind.id})" for kind, form in claims)
        raise InputError(f"claimed by several formats: {names}", expected="one", hint="say which with --kind")
    return claims


def _recognises(form: Format, source: Source, *, by_kind: bool) -> bool:
    look = form.accepts if by_kind and form.accepts is not None else form.recognise
    with guarded(form):
        try:
            return look(source)
        except InputError:
            return False


def _unread(known: Unread) -> UnrecognisedError:
    return UnrecognisedError(f"not read: this looks like {known.title}", expected=known.instead)


def _unrecognised(source: Source, formats: Sequence[Format], wanted: str | None) -> UnrecognisedError:
    """Says what keeps a file from being recognised, where that can be said: JSON that was cut off is no unknown format."""
    nearest = _nearest(source, formats)
    expected = f"a file of kind {wanted}" if wanted else "a file of a known format (docs/formats.md)"
    if nearest:
        expected += f"; nearest is {nearest}"
    if source.head.strip() in _BARE:
        text = source.head.strip().decode()
        return UnrecognisedError(
            f"not recognised: {text} alone does not say which tool wrote it",
            expected="a report that names what it is, such as the tool's SARIF report",
        )
    if source.xml_root is not None:
        return UnrecognisedError(f"not recognised: XML with the root <{source.xml_root}>", expected=expected)
    try:
        if source.size <= MEMORY_LIMIT:
            is_json = source.text.lstrip().startswith(("{", "["))
            if (around := _printed_around(source.document)) is not None:
                return around
            _ = source.json if is_json else None
    except InputError as error:
        if "trailing" not in error.found:  # several documents, one per line
            return UnrecognisedError(f"not recognised: {error.found}", expected=error.expected, where=error.where)
    return UnrecognisedError("not recognised", expected=expected)


def _printed_around(data: bytes) -> UnrecognisedError | None:
    """Says where text stands before or behind a JSON document, as shells leave it that redirect all that is printed (``2>&1``)."""
    for match in islice(_BEGINS.finditer(data), _TRIES):
        line = data.count(b"\n", 0, match.start()) + 1
        try:
            jsontext.loads(data[match.start() :])
        except InputError as error:
            place = _PLACE.search(error.where or "") if "trailing" in error.found else None
            if place is None:
                continue
            behind = data[match.start() :].split(b"\n", int(place[1]))[int(place[1]) - 1][int(place[2]) - 1 :]
            lines = behind.strip()[:1] in (b"{", b"[")  # of JSON, one document each
            return None if lines else _printed("behind the JSON document", line + int(place[1]) - 1)
        return _printed("before the JSON document that begins here", line) if data[: match.start()].strip() else None
    return None


def _printed(place: str, line: int) -> UnrecognisedError:
    expected = "what the tool wrote alone, without what else was printed"
    return UnrecognisedError(f"not recognised: text {place}", expected=expected, where=f"line {line}")


def _nearest(source: Source, formats: Sequence[Format]) -> str | None:
    """Returns the format of whose marks the file has the largest part, and the most of them, and which of them it lacks."""
    best: tuple[float, int, str] | None = None
    for form in formats:
        lacking = [mark for mark in form.marks if not _has(source, mark)]
        there = len(form.marks) - len(lacking)
        part = there / len(form.marks) if form.marks else 0.0
        if part >= _NEAR and (best is None or (part, there) > best[:2]):
            best = part, there, f"{form.name}, but it has no {' and no '.join(lacking)}" if lacking else f"{form.name}, but it is not one"
    return best[2] if best else None


def _has(source: Source, mark: str) -> bool:
    """Tells whether a file has a mark: the member of its JSON object, else the words."""
    if not source.json_members or not _MEMBER.fullmatch(mark):
        return mark.encode() in source.head
    found: Mapping[str, msgspec.Raw] = source.json_members
    for name in mark.split("."):
        if name not in found:
            return False
        text = found[name]
        try:
            found = jsontext.members(text)
        except InputError:
            found = {}
    return True


@contextmanager
def guarded(form: Format) -> Iterator[None]:
    """Makes a refusal of what a format must not raise: a defect of its reader costs this one file, not those that come after it."""
    try:
        yield
    except ComplianceError:
        raise
    except MemoryError as error:
        raise InputError("needs more memory than there is", expected="a smaller file") from error
    except Exception as error:
        raise InputError(f"the reader of {form.name} failed, a defect of the toolkit ({type(error).__name__}: {error})") from error
