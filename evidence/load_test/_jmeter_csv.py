"""A JTL in separated values: each row is one sample.

Rows are counted in pieces of 4 MB. A piece is first counted as a whole: by polars, where it is installed (see `_jmeter_polars`), else by
the functions of the standard library that are written in C. Whatever is unusual in it, such as a row of another length, makes that piece be
read again row by row, which finds the row and refuses the file, so that there is one place only that says what is wrong.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, NoReturn, Protocol

from compliance.errors import InputError
from compliance.reading.jsontext import collector_paused
from compliance.source import Source

from ._csv import Piece, Row, pieces, read_row, rows, whole_row
from ._jmeter_layout import NAMES, Layout
from ._jmeter_samples import Samples, count_rows, defect_of

FAST_FROM: Final = 4 << 20
"""Bytes of a file from which the faster way is taken: below, importing it takes longer."""


class Fast(Protocol):
    """A faster way to count rows that hold no quotes."""

    def count(self, plain: bytes, lines: int, samples: Samples) -> bool:
        """Counts rows, perhaps only at the end; False, and nothing is counted, when something about them is unusual.

        Args:
            plain: Rows without quotes, ended by line feeds.
            lines: How many lines they are.
            samples: What to add them to.
        """

    def finish(self, samples: Samples) -> None:
        """Adds what was counted."""


def read(source: Source, layout: Layout) -> Samples:
    """Counts the samples of a file.

    Raises:
        InputError: Not UTF-8, broken quotes, a row of another length, or a value that is none; with the line.
    """
    _check_header(layout)
    samples, fast = Samples(), _fast(layout) if source.size >= FAST_FROM else None
    before: _Counting | None = None
    with ThreadPoolExecutor(1) as pool, collector_paused():
        try:
            for piece in pieces(source):
                now = _Counting(_behind_header(piece, layout) if piece.line == 1 and layout.header is not None else piece, layout)
                done, before = before, None
                _finish(done, samples)
                now.begin(fast, samples, pool)
                before = now
        except InputError:
            _finish(before, samples)  # what is wrong there stands before this in the file
            raise
        _finish(before, samples)
    if fast is not None:
        fast.finish(samples)
    if layout.users is None or not samples.tally.requests:
        samples.users = None
    samples.span.unknown |= layout.stamp is None
    samples.unjudged = samples.tally.requests if layout.success is None else 0
    return samples


class _Counting:
    """A piece on its way: the faster way counts it while the next piece is read."""

    def __init__(self, piece: Piece, layout: Layout) -> None:
        self._piece, self._layout = piece, layout
        self._counted: Future[bool] | None = None
        try:
            self._plain, self._lines, self._quoted = _separated(piece, layout)
        except InputError:
            _refuse(piece, layout)

    def begin(self, fast: Fast | None, samples: Samples, pool: ThreadPoolExecutor) -> None:
        """Begins to count the rows without quotes."""
        if fast is not None and self._plain:
            self._counted = pool.submit(fast.count, self._plain, self._lines, samples)

    def finish(self, samples: Samples) -> None:
        """Counts the rest."""
        rest = self._quoted
        if self._counted is None or not self._counted.result():
            rest = [*(line.split(self._layout.delimiter) for line in self._plain.decode().split("\n") if line), *rest]
        if rest and not count_rows(rest, self._layout, samples):
            _refuse(self._piece, self._layout)


def _finish(counting: _Counting | None, samples: Samples) -> None:
    if counting is not None:
        counting.finish(samples)


def _fast(layout: Layout) -> Fast | None:
    try:
        from ._jmeter_polars import Counting

        return Counting(layout)
    except ImportError:
        return None


def _check_header(layout: Layout) -> None:
    twice = [name for name, times in Counter(layout.header).items() if times > 1 and name in NAMES]
    if twice:
        raise InputError(f"column {twice[0]} comes twice", expected="each column once", where="line 1")


def _behind_header(piece: Piece, layout: Layout) -> Piece:
    text = piece.text
    _, at = read_row(text, len(text) - len(text.lstrip("\r\n")), layout.delimiter, piece.line)
    lines = text.count("\n", 0, at)
    return Piece(piece.line + lines, piece.lines - lines, text[at:].encode())


def _separated(piece: Piece, layout: Layout) -> tuple[bytes, int, list[Row]]:
    """Returns the rows without quotes as they stand, ended by line feeds, how many lines they are, and the rows with quotes, read.

    Raises:
        InputError: Something is wrong; `_refuse` says what and where.
    """
    data, returns = piece.data, b"\r" in piece.data
    if not returns and b'"' not in data:
        return data, piece.lines, []
    plain, quoted, at, lines = [], [], 0, piece.lines
    while (quote := data.find(b'"', at)) >= 0:
        start = data.rfind(b"\n", at, quote) + 1 or at
        plain.append(data[at:start])
        at = _row_end(data, start, quote)
        text = data[start:at].decode()
        row = whole_row(text, layout.delimiter, layout.width)
        if row is None:
            row, end = read_row(text, 0, layout.delimiter, piece.line)
            if len(row) != layout.width or end != len(text):
                raise InputError(f"{len(row)} fields")
        quoted.append(row)
        lines -= text.count("\n") + (not text.endswith("\n"))
    plain.append(data[at:])
    rest = b"".join(plain)
    while returns and b"\r\n" in rest:
        rest = rest.replace(b"\r\n", b"\n")
    if returns and b"\r" in rest:
        raise InputError("a carriage return inside a field")
    return rest, lines, quoted


def _row_end(data: bytes, start: int, quote: int) -> int:
    """Returns where a row with quotes ends: behind a line break with an even number of quotes before it."""
    end, quotes = quote, 0
    while end < len(data):
        line_end = data.find(b"\n", end) + 1 or len(data)
        quotes += data.count(b'"', end, line_end)
        end = line_end
        if quotes % 2 == 0:
            break
    return max(end, start)


def _refuse(piece: Piece, layout: Layout) -> NoReturn:
    """Finds what is wrong in a piece, row by row."""
    for line, row in rows(piece.text, layout.delimiter, piece.line):
        defect = defect_of(row, layout)
        if defect is not None:
            raise InputError(defect[0], expected=defect[1], where=f"line {line}")
    raise RuntimeError("no row of a refused piece is wrong")
