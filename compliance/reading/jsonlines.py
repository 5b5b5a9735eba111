"""JSON texts of one writer, such as the lines of a log: read as strictly as `jsontext.loads` reads them, and several times as fast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from ..errors import InputError
from .jsontext import DEPTH, loads

_PATIENCE: Final = 16
"""Texts, or lots of them, that may fail the comparison before `LineReader` gives it up."""
_QUOTE: Final = rb"\u0022"
"""An escape for a quote."""
_NOT_OPENING: Final = bytes(byte for byte in range(256) if byte not in b"{[\n")
_DICT: Final = {dict}
_ANY: Final = msgspec.json.Decoder()
_ENCODER: Final = msgspec.json.Encoder()


class LineReader:
    """Reads JSON texts of one writer, such as the lines of a log, as strictly as `loads`.

    What msgspec writes from what it read is the text itself, compact or with a space after commas and colons: then no key came twice, as
    in `jsontext.read_each`. A writer of another style is read by `loads` after a few lines.
    """

    def __init__(self) -> None:
        self._patience = self._patience_of_many = _PATIENCE

    def object(self, text: bytes) -> dict[str, Any] | None:
        """Returns the object that a text is; None when it is none, or when `loads` refuses it."""
        if self._patience and (len(text) <= 2 * DEPTH or text.count(b"{") + text.count(b"[") <= DEPTH):
            try:
                value = _ANY.decode(text)
                if value.__class__ is dict:
                    written = _ENCODER.encode(value)
                    if written == text or msgspec.json.format(written, indent=0) == text:
                        self._patience = _PATIENCE
                        return value
            except (msgspec.MsgspecError, UnicodeError, RecursionError):
                pass
            self._patience -= 1
        return _object(text)

    def objects(self, data: bytes, texts: Sequence[bytes]) -> list[dict[str, Any]] | None:
        """Returns what `object` returns of each text, in half of its time; None when it has to be asked text by text.

        Args:
            data: The texts, each on a line of its own.
            texts: Each of them.
        """
        if not self._patience_of_many:
            return None
        found = read_together(_ANY.decode, data, texts)
        if found is not None and set(map(type, found)) != _DICT:
            found = None
        self._patience_of_many = _PATIENCE if found is not None else self._patience_of_many - 1
        return found


def read_together(
    decode: Callable[[bytes], Any],
    data: bytes,
    texts: Sequence[bytes],
    quotes: Callable[[list[Any]], int] | None = None,
    *,
    is_shallow: bool = False,
) -> list[Any] | None:
    """Reads many JSON texts with a decoder of msgspec that leaves nothing out; None when one of them may be refused by `loads`.

    What msgspec writes from all that it read has as many quotes as the texts: had a key come twice, one of the two would be missing.

    Args:
        decode: Reads one text.
        data: The texts, each on a line of its own.
        texts: Each of them.
        quotes: Returns how many quotes that would be, without those that stand in texts, where it knows that in less time.
        is_shallow: The decoder refuses what is nested more deeply than `DEPTH`.
    """
    if not is_shallow and _may_be_deep(data, texts):
        return None
    try:
        values = list(map(decode, texts))
        if b"\\" in data and _QUOTE in data:  # one byte is looked for twenty times as fast as several
            return None
        found = data.count(b'"')
        if quotes is not None and quotes(values) == found:
            return values
        return values if _ENCODER.encode(values).count(b'"') == found else None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _may_be_deep(data: bytes, texts: Sequence[bytes]) -> bool:
    """Tells whether a text has so many brackets that it may be nested more deeply than `loads` reads."""
    if max(map(len, texts), default=0) <= 2 * DEPTH:
        return False
    return max(map(len, data.translate(None, _NOT_OPENING).split(b"\n"))) > DEPTH


def _object(text: bytes) -> dict[str, Any] | None:
    if text.lstrip()[:1] != b"{":
        return None
    try:
        value = loads(text)
    except InputError:
        return None
    return value if isinstance(value, dict) else None
