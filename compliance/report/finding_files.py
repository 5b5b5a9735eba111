"""``findings.json`` and ``findings.csv``: all findings of a report, row by row, as the ledger's row roots cover them.

Written and read without pydantic, which is 20 times slower: there may be hundreds of thousands of them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, Final

import msgspec

from ..record import PRIVACY_CLASSES, Finding, PrivacyClass
from ..store import Store
from ..store.ledger import RowHasher
from . import findings
from .bundle_model import FINDINGS_SCHEMA
from .redact import MARK

FINDINGS_CSV: Final = "findings.csv"
FINDINGS_JSON: Final = "findings.json"
PRIVATE_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "paths": ("fingerprint", "line", "path"),
    "people": ("person",),
    "code": ("message",),
}
"""What of a finding belongs to each privacy class."""
_FORMULA: Final = frozenset("=+-@\t\r\n")
_COLUMNS: Final = findings.COLUMNS


class FindingLine(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One finding in ``findings.json``; fields in the order of the store's columns, None left out."""

    evidence: int
    number: int
    confidence: str | None = None
    fixed_in: str | None = None
    package: str | None = None
    package_version: str | None = None
    rule: str = ""
    severity: str = ""
    state: str = ""
    fingerprint: str = ""
    line: int | None = None
    path: str | None = None
    message: str | None = None
    person: str | None = None
    commitments: dict[str, str] | None = None
    """In a redacted copy: the row's commitments to what is left out, in hexadecimal by class."""


class FindingsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document ``findings.json``."""

    schema: str
    findings: list[FindingLine]


_HEAD: Final = b'{"schema":"' + FINDINGS_SCHEMA.encode() + b'","findings":[\n'


def findings_files(chunks: Iterable[Sequence[Sequence[Any]]], hiding: Hiding | None = None) -> dict[str, bytes]:
    """Returns ``findings.json`` and ``findings.csv`` from rows in the order of `findings.COLUMNS`.

    Args:
        chunks: The rows.
        hiding: Leaves out what a redacted copy must not hold.
    """
    encoder = msgspec.json.Encoder()
    lines, table = bytearray(), _Table()
    for chunk in chunks:
        listed = [FindingLine(*row) for row in chunk]
        if hiding is not None:
            listed = [hiding.line(one) for one in listed]
        lines += encoder.encode_lines(listed).replace(b"\n", b",\n")
        table.write(chunk if hiding is None else map(_cells, listed))
    return {FINDINGS_JSON: _HEAD + bytes(lines).removesuffix(b",\n") + b"\n]}\n", FINDINGS_CSV: table.content()}


def findings_csv(lines: Iterable[FindingLine]) -> bytes:
    """Returns ``findings.csv`` for the findings of a ``findings.json``."""
    table = _Table()
    table.write(map(_cells, lines))
    return table.content()


class Hiding:
    """Replaces what a redacted copy leaves out of its findings by the commitments of their rows.

    Args:
        store: Holds the keys.
        classes: Privacy classes that are left out.
    """

    def __init__(self, store: Store, classes: Set[PrivacyClass]) -> None:
        self._store = store
        self._classes = [name for name in PRIVACY_CLASSES if name in classes]
        hidden = (column for name in self._classes for column in PRIVATE_COLUMNS[name])
        self._hidden: dict[str, str | None] = {column: "" if column == "fingerprint" else None for column in hidden}
        self._hashers: dict[int, RowHasher] = {}

    def line(self, line: FindingLine) -> FindingLine:
        """Returns a finding without what is left out."""
        if line.evidence not in self._hashers:
            self._hashers = {line.evidence: RowHasher(self._store.keys(line.evidence))}
        made = self._hashers[line.evidence].commitments(line.number, finding_of(line))
        given = {name: made[name].hex() for name in self._classes}
        return msgspec.structs.replace(line, **self._hidden, commitments=given)


def finding_of(line: FindingLine) -> Finding:
    """Returns the row that a line lists."""
    return Finding(**{name: getattr(line, name) for name in Finding.__struct_fields__})


def _cells(line: FindingLine) -> tuple[Any, ...]:
    """Returns the cells of a finding in the order of the columns, with a mark for each value that is left out."""
    *cells, commitments = msgspec.structs.astuple(line)
    for name, digest in (commitments or {}).items():
        if digest.strip("0"):
            for column in PRIVATE_COLUMNS[name]:
                cells[_COLUMNS.index(column)] = MARK
    return tuple(cells)


class _Table:
    """A CSV file (RFC 4180) that a spreadsheet can open without running anything."""

    def __init__(self) -> None:
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._writer.writerow(_COLUMNS)

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Writes rows; column by column, the guard costs a tenth of what it does cell by cell."""
        columns = [guarded(column) for column in zip(*rows, strict=True)]
        self._writer.writerows(zip(*columns, strict=True))

    def content(self) -> bytes:
        return self._text.getvalue().encode()


def guarded(column: Sequence[Any]) -> list[Any]:
    """Keeps a spreadsheet from taking cells for formulas (OWASP, CSV injection): puts an apostrophe before what could start one."""
    return [f"'{cell}" if cell.__class__ is str and cell[:1] in _FORMULA else cell for cell in column]
