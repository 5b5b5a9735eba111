"""Text in PostgreSQL: the same as elsewhere, but for the character NUL, which its type ``text`` cannot hold.

NUL is written as U+FDD0 and ``0``, and U+FDD0, which Unicode gives to no character, as U+FDD0 and ``1``. Each text has one written form,
so that a form that was changed is never read as the text that was recorded.
"""

from __future__ import annotations

import re
from typing import Any, Final

from psycopg import Connection
from psycopg.types.string import StrBinaryDumper, StrDumper, TextBinaryLoader, TextLoader

from ...errors import TamperedError

MARK: Final = "\ufdd0"
_NUL: Final = "\0"
_WRITTEN: Final = re.compile(f"{MARK}(.?)", re.DOTALL)


def written(text: str) -> str:
    """Returns the form in which a text is stored."""
    if _NUL in text or MARK in text:
        return text.replace(MARK, f"{MARK}1").replace(_NUL, f"{MARK}0")
    return text


def read(form: str) -> str:
    """Returns the text that is stored in a form.

    Raises:
        TamperedError: It is the form of no text.
    """
    return _WRITTEN.sub(_character, form) if MARK in form else form


def _character(found: re.Match[str]) -> str:
    if found[1] not in ("0", "1"):
        raise TamperedError("a text in a form that the store does not write")
    return _NUL if found[1] == "0" else MARK


class _Dumper(StrDumper):
    def dump(self, obj: str) -> Any:
        return written(obj).encode()


class _BinaryDumper(StrBinaryDumper):
    def dump(self, obj: str) -> Any:
        return written(obj).encode()


class _Loader(TextLoader):
    def load(self, data: Any) -> Any:
        return read(str(data, "utf-8"))


class _BinaryLoader(TextBinaryLoader):
    def load(self, data: Any) -> Any:
        return read(str(data, "utf-8"))


def adapt(connection: Connection[Any]) -> None:
    """Makes a connection write and read texts so."""
    for dumper in (_BinaryDumper, _Dumper):
        connection.adapters.register_dumper(str, dumper)
    for loader in (_Loader, _BinaryLoader):
        connection.adapters.register_loader("text", loader)
