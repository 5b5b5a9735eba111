"""LCOV trace files, as lcov, grcov, llvm-cov, Istanbul, coverage.py, coverlet, Bazel and many others write them.

Format: the manual page geninfo(1) of LCOV 2, section "Tracefile format". A record begins with ``SF:`` and ends with
``end_of_record``; ``DA:line,count[,checksum]`` is a line, ``BRDA:line,block,branch,taken`` a branch, whose third field may hold
commas (coverage.py writes text there). ``taken`` is ``-`` where the block never ran: such a branch exists and is not covered.

A line counts once per file, however many records and tests list it, and is covered when any of them ran it; likewise a branch.
That is how ``lcov --summary`` counts. ``LF``, ``LH``, ``BRF`` and ``BRH`` are the file's own totals: they must be those of
what the record lists, doubles counted or not, else the report is incomplete; LLVM may count fewer branches than it lists, those
of one instantiation. They are counted only where a record lists nothing. A negative count, which old versions of gcov leave
behind, covers nothing, as in lcov.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed
from compliance.source import LINE_LIMIT, Source

from ._files import FILE_LIMIT, Counts, Sum, folder_of
from ._lcov_record import Record, shown

MERGED_LIMIT: Final = 128 << 20
"""Bytes of what is known of files that have several records."""
_BLOCK: Final = 1 << 20
_SOURCE_FILE: Final = re.compile(rb"^(?:\xef\xbb\xbf)?[ \t]*SF:(.*)$", re.MULTILINE)
_BLANK: Final = rb"(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t]*"
_FIRST: Final = re.compile(_BLANK + rb"(?:TN:|SF:)")
_RECORD: Final = re.compile(rb"^[ \t]*SF:[^\n]*\n" + _BLANK + rb"(?:[A-Z]{2,6}:|end_of_record)", re.MULTILINE)


class _Reader:
    """Adds up a trace file, holding one record, and the files that have more records to come."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.sum = Sum()
        self.negative = 0
        self.branches = False
        self.contradicting = 0
        """Records whose totals are not those of what they list."""
        self.stated = self.listed = Counts(0, 0, 0, 0)
        """Sums over those records."""
        self._to_come = _records(source)
        self._open: dict[bytes, Record] = {}
        self._held = 0
        """Bytes of `_open`."""

    def read(self) -> None:
        record: Record | None = None
        begins = 0
        for number, line in self.source.lines():
            try:
                if record is None:
                    record, begins = _outside(line), number
                elif line.startswith(b"DA:"):
                    record.line(line)
                elif not record.other(line.lstrip()):
                    self._finished(record)
                    record = None
            except InputError as error:
                error.where = f"line {number}"
                raise
        if record is not None:
            raise InputError("a record that does not end", expected="end_of_record, a file that is complete", where=f"line {begins}")
        for held in self._open.values():
            self._add(held)

    def _finished(self, record: Record) -> None:
        self.negative += record.negative
        self.branches = self.branches or record.branches_known
        if (stated := record.stated()) is not None:
            self.contradicting += 1
            self.stated += stated
            self.listed += record.counts()
        before = self._open.pop(record.path, None)
        if before is not None:
            self._held -= before.size()
            record.merge(before)
        self._to_come[record.path] -= 1
        if self._to_come[record.path] > 0:
            self._hold(record)
        else:
            self._add(record)

    def _add(self, record: Record) -> None:
        self.sum.add(folder_of(record.path.decode("utf-8", "replace")), record.counts())

    def _hold(self, record: Record) -> None:
        self._open[record.path] = record
        self._held += record.size()
        if self._held > MERGED_LIMIT:
            raise InputError("too many files with several records", expected="records of a file merged, as lcov -a does")


def _records(source: Source) -> Counter[bytes]:
    """Counts the records of each source file."""
    found: Counter[bytes] = Counter()
    stream = source.open_utf_8()
    while block := stream.read(_BLOCK):
        block += stream.readline(LINE_LIMIT)
        found.update(match[1].strip() for match in _SOURCE_FILE.finditer(block))
        if len(found) > FILE_LIMIT:
            raise InputError(f"more than {FILE_LIMIT} source files", expected="fewer")
    return found


def _outside(line: bytes) -> Record | None:
    text = line.strip()
    if text.startswith(b"SF:"):
        return Record(text[3:].strip())
    if text not in (b"", b"EOF") and not text.startswith((b"TN:", b"#")):
        raise InputError(shown(text), expected="TN: or SF:")
    return None


def _parse(source: Source) -> Parsed:
    if not source.size:
        raise InputError("empty file", expected="a trace file")
    reader = _Reader(source)
    reader.read()
    total = reader.sum.total if reader.branches else reader.sum.total.with_branches(None)
    return Parsed(payload=reader.sum.payload(total, _incomplete(reader)))


def _incomplete(reader: _Reader) -> str | None:
    if reader.contradicting:
        return f"the totals of {reader.contradicting} records state {reader.stated}, what they list adds up to {reader.listed}"
    return f"{reader.negative} lines and branches have a negative count" if reader.negative else None


def _recognise(source: Source) -> bool:
    return _FIRST.match(source.head) is not None and _RECORD.search(source.head) is not None


lcov = Format(
    name="lcov",
    title="Coverage by lcov and many others (LCOV trace file)",
    parser=3,
    recognise=_recognise,
    parse=_parse,
    marks=("SF:", "DA:", "end_of_record"),
)
