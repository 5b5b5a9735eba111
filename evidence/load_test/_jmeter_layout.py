"""Which column of a JTL in separated values holds what: from the header, or from the shape of rows that have none.

JMeter always writes its columns in one order (``CSVSaveService.printableFieldNamesToString``); each can be switched off, and
``jmeter.save.saveservice.default_delimiter`` is any character. The header names them, by some tools in other cases; old versions wrote none
by default. Without header, a file is taken for a JTL only if its first columns are a time and milliseconds, and then, before the one column
that is always ``true`` or ``false``, all but at most one of label, response code, response message, thread name and data type, or fewer of
them with the response code in its place. Which column is missing cannot always be told, and then there is no label. The columns behind are
told by their number, where that is the number of JMeter's own settings. A URL stands in for a label that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from compliance.errors import InputError
from compliance.source import Source

from ._csv import Row, read_row, rows
from ._jmeter_time import stamp

NAMES: Final = (
    *("timeStamp", "elapsed", "label", "responseCode", "responseMessage", "threadName", "dataType", "success", "failureMessage", "bytes"),
    *("sentBytes", "grpThreads", "allThreads", "URL", "Filename", "Latency", "Encoding", "SampleCount", "ErrorCount", "Hostname"),
    *("IdleTime", "Connect"),
)
"""JMeter's columns, in their order. Variables of the test plan stand behind them, in quotes."""
_HEADER: Final = re.compile(r'"?\w+"?(\W)')
_DELIMITERS: Final = (",", "\t", ";", "|")
_KNOWN: Final = 3
"""Names of JMeter that a header has at least."""
_FEWEST: Final = 4
"""Delimiters in a row without header."""
_LOOKED_AT: Final = 20
"""Rows whose shape is looked at."""
_FLAGS: Final = frozenset({"true", "false"})
_DATA_TYPES: Final = frozenset({"text", "bin", ""})
_CODE: Final = re.compile(r"[1-5][0-9]{2}|Non HTTP response code: .*")
_WHOLE: Final = re.compile(r"[0-9]{1,15}")
_LEADING: Final = ("label", "responseCode", "responseMessage", "threadName", "dataType")
_BEHIND: Final = {
    7: ("failureMessage", "bytes", "grpThreads", "allThreads", "Latency", "IdleTime", "Connect"),
    8: ("failureMessage", "bytes", "sentBytes", "grpThreads", "allThreads", "Latency", "IdleTime", "Connect"),
    9: ("failureMessage", "bytes", "sentBytes", "grpThreads", "allThreads", "URL", "Latency", "IdleTime", "Connect"),
}
"""Columns behind ``success`` by JMeter's own settings since 3.0, 3.1 and 5.0."""
_NUMBERS: Final = frozenset({"bytes", "sentBytes", "grpThreads", "allThreads", "Latency", "IdleTime", "Connect"})


@dataclass(frozen=True)
class Layout:
    """Where things are in a row; None where they are not."""

    delimiter: str
    width: int
    """Fields of each row."""
    header: Row | None
    elapsed: int
    stamp: int | None = None
    label: int | None = None
    message: int | None = None
    success: int | None = None
    users: int | None = None
    samples: int | None = None
    """``SampleCount``."""


def layout(source: Source) -> Layout | None:
    """Returns the layout of a file, None when it is no such JTL; looks at the first 64 KiB."""
    head = source.head.decode("utf-8", "replace")
    whole = head if source.head_is_whole else head[: head.rfind("\n") + 1]
    for find in (_by_header, _by_shape):
        with suppress(InputError):  # what is no header need not be a row of the delimiter that it would have
            if found := find(whole):
                return found
    return None


def _by_header(text: str) -> Layout | None:
    start = len(text) - len(text.lstrip("\r\n"))
    mark = _HEADER.match(text, start)
    if mark is None or mark.group(1) in '"\r\n':
        return None
    names, _ = read_row(text, start, mark.group(1), 1)
    if "elapsed" not in names or len(set(names) & set(NAMES)) < _KNOWN:
        return None
    return _of_names(names, mark.group(1), names)


def _of_names(names: Sequence[str | None], delimiter: str, header: Row | None) -> Layout:
    spelled = [None if name is None else name.lower() for name in names]
    place = {name: spelled.index(name.lower()) for name in NAMES if name.lower() in spelled}
    return Layout(
        delimiter=delimiter,
        width=len(names),
        header=header,
        elapsed=place["elapsed"],
        stamp=place.get("timeStamp"),
        label=place.get("label", place.get("URL")),
        message=place.get("responseMessage"),
        success=place.get("success"),
        users=place.get("allThreads"),
        samples=place.get("SampleCount"),
    )


def _by_shape(text: str) -> Layout | None:
    for delimiter in _DELIMITERS:
        first = text[: text.find("\n") + 1] or text
        if first.count(delimiter) >= _FEWEST:
            found = _shape([row for (_, row), _ in zip(rows(text, delimiter), range(_LOOKED_AT), strict=False)], delimiter)
            if found is not None:
                return found
    return None


def _shape(sample: Sequence[Row], delimiter: str) -> Layout | None:
    width = len(sample[0])
    if any(len(row) != width for row in sample[:-1]):
        return None
    sample = [row for row in sample if len(row) == width]  # the last one may be cut off, at the end of what is looked at or of the file
    columns = list(zip(*sample, strict=True))
    if None in map(stamp, columns[0]) or not all(map(_WHOLE.fullmatch, columns[1])):
        return None
    flags = [place for place in range(3, min(len(_LEADING) + 3, width)) if _FLAGS.issuperset(columns[place])]
    if len(flags) != 1 or not any(all(map(_WHOLE.fullmatch, column)) for column in columns[flags[0] + 1 : flags[0] + 3]):
        return None
    leading = _leading(columns[2 : flags[0]])
    if leading is None:
        return None
    return _of_names(["timeStamp", "elapsed", *leading, "success", *_behind(columns[flags[0] + 1 :])], delimiter, None)


def _leading(columns: Sequence[Sequence[str]]) -> Sequence[str | None] | None:
    """Returns the names of the columns between ``elapsed`` and ``success``; None unless it is sure that the one before is ``elapsed``."""
    if len(columns) == len(_LEADING):
        return _LEADING
    if len(columns) == len(_LEADING) - 1 and not _DATA_TYPES.issuperset(columns[-1]):
        return _LEADING[:-1]
    codes = [place for place in (0, 1) if place < len(columns) and all(map(_CODE.fullmatch, columns[place]))]
    if codes == [1]:
        return ["label", "responseCode", *[None] * (len(columns) - 2)]
    return [None] * len(columns) if codes or len(columns) == len(_LEADING) - 1 else None


def _behind(columns: Sequence[Sequence[str]]) -> Sequence[str | None]:
    names = _BEHIND.get(len(columns), ())
    numbers = [column for name, column in zip(names, columns, strict=True) if name in _NUMBERS] if names else []
    fits = bool(names) and all(all(map(_WHOLE.fullmatch, column)) for column in numbers)
    return names if fits else [None] * len(columns)
