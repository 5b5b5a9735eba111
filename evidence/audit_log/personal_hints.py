"""Cheap looks at bytes that tell where no rule of `personal_rules` can find anything: in most records of most logs."""

from __future__ import annotations

import re
from typing import Final

from .personal_rules import EMAIL, EVERYTHING, NUMBERS, TOKEN

_ESCAPE: Final = rb"\u"
"""What JSON may write any character with."""
_TOKENS: Final = (b"eyJ", b"earer", b"EARER", b"ya29.", b"xox", b"sk_live_", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_")
_MARKS: Final = (b"@", _ESCAPE, *_TOKENS)
_BREAKS: Final = re.compile(rb"\\[nrtbf]")
"""Escapes whose letter does not belong to the word after it."""
_SHAPE: Final = bytes(
    ord("0") if char in b"0123456789" else ord("A") if 65 <= char <= 90 else char if char in b".-+_" or 97 <= char <= 122 else ord(" ")
    for char in range(256)
)
_SHAPES: Final = (
    b" 00000000000000",
    b" 0000 0000",
    b" 0000-0000",
    b" 00000000A",
    b" 00000000-A",
    b" A0000000",
    b" AAAAAA00",
    b" 000.000.000-",
    b" 000000-000",
    b" 000000+000",
    b" 000000A000",
    b" 0 00 00 ",
)
"""How cards and national ids begin: 0 for digits, A for capitals, a space for all that may stand before them."""
_COARSE: Final = bytes(ord("p") if char in b"ousr" else char for char in _SHAPE)
"""The shape with one letter for those in which GitHub's tokens differ."""
_COARSE_TOKENS: Final = (b"eyA", b"eapep", b"ya00.", b"xpx", b"pk_live_", b"ghp_")
"""What stands for `_TOKENS` there, but ``EARER``."""
_COARSE_SHAPES: Final = (b" 000000", b" 0000 0000", b" 0000-0000", b" A0000000", b" AAAAAA00", b" 000.000.000-", b" 0 00 00 ")
"""What stands there for the beginning of each of `_SHAPES`."""


def _may_hold(block: bytes) -> bool:
    """Tells whether bytes may hold any mark or shape: half as many are looked for, and single bytes where they will do."""
    if b"@" in block or b"EARER" in block or (b"\\" in block and (_ESCAPE in block or _BREAKS.search(block))):
        return True
    coarse = b" " + block.translate(_COARSE)
    return any(mark in coarse for mark in (*_COARSE_SHAPES, *_COARSE_TOKENS))


def hints_in(block: bytes) -> tuple[bytes, ...]:
    """Returns which marks and shapes of personal data the bytes of many records hold; without any, no rule can find anything."""
    if not _may_hold(block):
        return ()
    shape = _shape_of(block)
    return tuple(mark for mark in _MARKS if mark in block) + tuple(begin for begin in _SHAPES if begin in shape)


def wanted_in(raw: bytes, hints: tuple[bytes, ...]) -> int:
    """Returns the rules that may find something in one record of a block with these hints."""
    if _ESCAPE in hints and _ESCAPE in raw:
        return EVERYTHING
    wanted = 0
    shape = b""
    for hint in hints:
        if hint in _MARKS:
            if hint in raw:
                wanted |= EMAIL if hint == b"@" else TOKEN
        else:
            shape = shape or _shape_of(raw)
            if hint in shape:
                return wanted | NUMBERS
    return wanted


def _shape_of(raw: bytes) -> bytes:
    if b"\\" in raw:
        raw = _BREAKS.sub(b" ", raw)
    return b" " + raw.translate(_SHAPE)
