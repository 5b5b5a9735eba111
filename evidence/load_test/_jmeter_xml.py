"""A JTL in XML: each child of ``<testResults>`` is one sample.

Samples nested in it are parts of it (a redirect, an embedded file, a request of a transaction) and are not counted again. Its name is
``sample``, ``httpSample``, or, from a plug-in, its Java class. The attributes are those of JMeter since 2.1 (``t``, ``lb``, ``ts``, ``s``,
``na``), or the longer ones before (``time``, ``label``, ``timeStamp``, ``success``). Samples are counted as rows are (`_jmeter_samples`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from compliance.errors import InputError
from compliance.record import shorten
from compliance.source import Source

from ._csv import Row
from ._jmeter_layout import Layout
from ._jmeter_samples import FLAGS, Samples, count_rows, defect_of

ROOT: Final = "testResults"
_ROW: Final = Layout(delimiter="", width=7, header=None, stamp=0, elapsed=1, label=2, success=3, users=4, message=5, samples=6)
_BATCH: Final = 4096
"""Samples that are counted at a time."""
_CUT: Final = ("no element found", "unclosed token", "unclosed CDATA section", "partial character")


def read(source: Source) -> Samples:
    """Counts the samples of a file; bodies of answers are passed over.

    Raises:
        InputError: Not well-formed, cut off, or an attribute that is no value.
    """
    if source.xml_root != ROOT:
        raise InputError(f"root element <{shorten(source.xml_root or '', 60)}>", expected=f"<{ROOT}>", where="/")
    reader = _Reader()
    try:
        source.xml_tags(reader.start, reader.end)
    except InputError as error:
        if error.found not in _CUT:
            raise
        expected = f"</{ROOT}>, as a run writes that is not killed"
        raise InputError("cut off: the end is missing", expected=expected, where=error.where) from error
    return reader.finished()


class _Reader:
    """Turns the beginnings of samples into rows."""

    def __init__(self) -> None:
        self._samples = Samples()
        self._depth = 0
        self._rows: list[Row] = []
        self._counted = 0
        """Samples before the rows that are held."""

    def start(self, tag: str, attributes: dict[str, Any]) -> None:
        self._depth += 1
        if self._depth != 2:
            return
        get = attributes.get
        elapsed, flag = get("t", get("time")), get("s", get("success"))
        row = [get("ts", get("timeStamp", "")), elapsed, get("lb", get("label")), flag, get("na", ""), get("rm", ""), get("sc", "1")]
        if elapsed is None or flag is None:
            self._add_partial(tag, row)
            return
        self._rows.append(row)
        if len(self._rows) == _BATCH:
            self._count()

    def end(self, _tag: str) -> None:
        self._depth -= 1

    def finished(self) -> Samples:
        """Returns what was counted."""
        self._count()
        if not self._samples.tally.requests:
            self._samples.users = None
        return self._samples

    def _count(self) -> None:
        if self._rows and not count_rows(self._rows, _ROW, self._samples):
            for number, row in enumerate(self._rows, self._counted + 1):
                _check(row, number)
        self._counted += len(self._rows)
        self._rows.clear()

    def _add_partial(self, tag: str, row: Sequence[Any]) -> None:
        """Counts a sample without its time or its outcome."""
        self._count()
        self._counted += 1
        stamp, elapsed, label, flag, users, *_ = row
        if elapsed is None and flag is None:
            raise InputError(f"<{shorten(tag, 60)}>", expected="a sample, with t or s", where=f"child {self._counted} of <{ROOT}>")
        _check([stamp, "0" if elapsed is None else elapsed, label, "true" if flag is None else flag, users, *row[5:]], self._counted)
        self._samples.tally.add(label, None if elapsed is None else int(elapsed), FLAGS.get(flag))
        self._samples.unjudged += flag is None
        self._samples.span.add_text(stamp, int(elapsed or 0))
        self._samples.add_users([users])


def _check(row: Row, number: int) -> None:
    defect = defect_of(row, _ROW)
    if defect is not None:
        raise InputError(defect[0], expected=defect[1], where=f"sample {number}")
