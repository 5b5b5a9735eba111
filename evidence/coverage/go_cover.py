"""Coverage profile of Go (``go test -coverprofile``), in the modes set, count and atomic; also what ``go tool covdata textfmt`` writes.

Format: the comments of ``cmd/cover`` and ``golang.org/x/tools/cover``: below ``mode: ...``, one block a line,
``file:line.column,line.column statements count``. What Go counts are statements, and they stand for the lines here: covered of all is
the total of ``go tool cover -func``. A block counts once for each file, however many test runs list it (``-coverpkg``, merged profiles),
and is covered when any of them ran it. Branches are not measured.
"""

from __future__ import annotations

import re
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed, Tool, shorten
from compliance.source import Source, decode

from ._files import COUNT_LIMIT, Counts, add_up

BLOCK_LIMIT: Final = 1 << 22
"""Different blocks of a believable profile."""
_MODE: Final = re.compile(rb"mode: (set|count|atomic)[ \t\r]*")
_BLOCK: Final = re.compile(rb"(.+):([0-9]{1,9}\.[0-9]{1,9},[0-9]{1,9}\.[0-9]{1,9}) ([0-9]{1,9}) ([0-9]{1,20})[ \t]*")
_BEGINS: Final = re.compile(_MODE.pattern + rb"(?:\n\s*(?:" + _MODE.pattern + rb"|" + _BLOCK.pattern + rb")?\r?(?:\n|\Z)|\Z)")


class _Reader:
    """The blocks of each file."""

    def __init__(self) -> None:
        self.files: dict[str, dict[bytes, tuple[int, bool]]] = {}
        self._mode: bytes | None = None
        self._blocks = 0

    def line(self, number: int, line: bytes) -> None:
        mode = _MODE.fullmatch(line)
        if self._mode is None or mode is not None:
            self._begins(line, mode[1] if mode else None)
        elif (match := _BLOCK.fullmatch(line)) is not None:
            self._block(decode(match[1], number), match[2], int(match[3]), bool(match[4].strip(b"0")))
        elif line.strip():
            raise InputError(shown(line), expected="file:line.column,line.column statements count")

    def _begins(self, line: bytes, mode: bytes | None) -> None:
        if mode is None or self._mode not in (None, mode):
            raise InputError(shown(line), expected="mode: set, count or atomic, one for the whole profile")
        self._mode = mode

    def _block(self, path: str, place: bytes, statements: int, covered: bool) -> None:
        blocks = self.files.setdefault(path, {})
        before = blocks.get(place)
        if before is None:
            self._blocks += 1
            if self._blocks > BLOCK_LIMIT:
                raise InputError(f"more than {BLOCK_LIMIT} blocks", expected="fewer")
            blocks[place] = statements, covered
        elif before[0] != statements:
            raise InputError(f"{statements} statements in a block", expected=f"{before[0]}, as stated before")
        elif covered and not before[1]:
            blocks[place] = statements, True


def shown(line: bytes) -> str:
    """Returns a line for a message."""
    return shorten(line.strip().decode("utf-8", "backslashreplace"), 60)


def _counts(blocks: dict[bytes, tuple[int, bool]], path: str) -> Counts:
    total = sum(statements for statements, _ in blocks.values())
    if total > COUNT_LIMIT:
        raise InputError(f"{total} statements", expected=f"at most {COUNT_LIMIT}", where=shorten(path, 200))
    return Counts(sum(statements for statements, covered in blocks.values() if covered), total)


def _parse(source: Source) -> Parsed:
    reader = _Reader()
    for number, line in source.lines():
        try:
            reader.line(number, line)
        except InputError as error:
            error.where = f"line {number}"
            raise
    if not source.size:
        raise InputError("empty file", expected="a coverage profile")
    files = ((path, _counts(blocks, path)) for path, blocks in reader.files.items())
    return Parsed(payload=add_up(files, None, branches=False), tool=Tool("go test"))


def _recognise(source: Source) -> bool:
    return _BEGINS.match(source.head) is not None


GO_COVER = Format(
    name="go-cover",
    title="coverage profile of Go (go test -coverprofile)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("mode: ", ".go:"),
)
