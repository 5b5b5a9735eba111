"""What hey prints: its summary, and the rows of ``-o csv`` (``requester/print.go``, ``report.go``).

All times are seconds. Requests are the answers (``Status code distribution``) and the errors (``Error distribution``: no answer). Only the
errors count as failed; answers with a status from 400 do not, but make the evidence incomplete. Times are over the answers. With few
answers, hey prints ``0% in 0.0000 secs`` for percentiles that it lacks, and ``NaN`` without any: no times. It keeps one million answers and
divides the sum of all times by that: beyond, no times, and the number of requests only where it is the one that the rate gives. Users are
not said.

``-o csv`` lists answers only, so that neither the failed requests nor all requests are known: ``requests`` are the rows, and the evidence
is incomplete. Its percentiles are computed here, by the nearest rank.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from typing import Any, Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed, Tool, shorten
from compliance.source import Source

from . import LoadTest
from ._check import error_rate, in_order, nearest_rank, over
from ._csv import Row, pieces, rows
from ._prose import is_document
from ._tally import TIMES_LIMIT

_SIZE_LIMIT: Final = 4 << 20
"""Bytes of the longest summary; each different error is a line."""
_KEPT: Final = 1_000_000
"""Answers whose times hey keeps (``maxRes``)."""
_HTTP_ERROR: Final = 400
_ROUNDED_S: Final = 1e-4
"""Seconds by which the printed duration may be off, twice over."""
_LINE_END: Final = "\n"
_HEADER: Final = ("response-time", "DNS+dialup", "DNS", "Request-write", "Response-delay", "Response-read")
_SUMMARY: Final = re.compile(r"^[ \t]*Summary:[ \t]*\n[ \t]*Total:[ \t]", re.MULTILINE)
_ERRORS_ONLY: Final = re.compile(r"\s*Error distribution:[ \t]*\n[ \t]*\[\d+\][ \t]")
_FIELD: Final = r"^[ \t]*{}:[ \t]*(\S+)(?:[ \t]+secs\.?)?[ \t]*$"
_FIELDS: Final = {
    name: re.compile(_FIELD.format(name), re.MULTILINE) for name in ("Total", "Slowest", "Fastest", "Average", "Requests/sec")
}
_PERCENT: Final = re.compile(r"^[ \t]*(\d+)%%?[ \t]+in[ \t]+(\S+)[ \t]+secs\.?[ \t]*$", re.MULTILINE)
_STATUS: Final = re.compile(r"^[ \t]*\[(\d{1,4})\][ \t]+(\d+) responses[ \t]*$", re.MULTILINE)
_ERROR: Final = re.compile(r"^[ \t]+\[(\d+)\][ \t]+\S", re.MULTILINE)
_NUMBER: Final = re.compile(r"\d{1,15}(\.\d{1,12})?")
_OFFSET: Final = "offset"
_ROW_TIME: Final = re.compile(r"\d{1,9}\.\d{4}")
_PER_S: Final = 10_000
_PER_MS: Final = 10


def _parse(source: Source) -> Parsed:
    payload = _rows(source) if _is_rows(source) else _summary(source)
    return Parsed(payload=payload, tool=Tool("hey"))


def _summary(source: Source) -> LoadTest:
    text = _text(source)
    answers, failed = _distributions(text)
    answered = sum(answers.values())
    if _SUMMARY.search(text) is None:
        return LoadTest(requests=failed, failed=failed, error_rate=error_rate(failed, failed), incomplete="no request was answered")
    duration_s, rate = _number(_field("Total", text), "Total"), _number(_field("Requests/sec", text), "Requests/sec")
    requests = _requests(answered, failed, float(rate), float(duration_s))
    times = _times(text) if answered and requests is not None and answered <= _KEPT else {}
    return LoadTest(
        requests=requests,
        failed=failed,
        error_rate=error_rate(requests, failed),
        **times,
        percentiles_over=over(answered, requests, failed) if times else None,
        rps=float(rate),
        duration_s=float(duration_s),
        incomplete=_incomplete(answers, answered, requests),
    )


def _incomplete(answers: dict[int, int], answered: int, requests: int | None) -> str | None:
    if requests is None or answered > _KEPT:
        return f"hey keeps the times of {_KEPT} answers only"
    if not answered:
        return "no request was answered" if requests else "no request was made"
    wrong = sum(count for status, count in answers.items() if status >= _HTTP_ERROR)
    return f"{wrong} of {answered} answers are HTTP errors (400 and above), which hey does not count as failed" if wrong else None


def _text(source: Source) -> str:
    if source.size > _SIZE_LIMIT:
        raise InputError(f"{source.size} bytes", expected=f"output of at most {_SIZE_LIMIT} bytes")
    text = source.text.replace("\r\n", "\n")
    if len(_SUMMARY.findall(text)) > 1:
        raise InputError("several summaries", expected="the output of one run")
    return text


def _field(name: str, text: str) -> str:
    found = _FIELDS[name].search(text)
    if found is None:
        raise _cut_off(f"no line with {name}:", text)
    return found[1]


def _cut_off(found: str, text: str) -> InputError:
    return InputError(found, expected="the whole summary", where=f"line {1 + text.count(_LINE_END)}")


def _number(text: str, where: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise InputError(shorten(repr(text), 40), expected="a number", where=where)
    return Decimal(text)


def _distributions(text: str) -> tuple[dict[int, int], int]:
    """Returns how many answers there were of each status, and how many errors."""
    statuses, mark, rest = text.partition("Status code distribution:")
    answers, _, errors = (rest if mark else statuses).partition("Error distribution:")
    if not mark and "Error distribution:" not in text:
        raise _cut_off("no Status code distribution", text)
    found: Counter[int] = Counter()
    for line in _STATUS.finditer(answers if mark else ""):
        found[int(line[1])] += int(line[2])
    return dict(found), sum(int(line[1]) for line in _ERROR.finditer(errors))


def _requests(answered: int, failed: int, rate: float, duration_s: float) -> int | None:
    """Returns how many requests there were.

    Raises:
        InputError: The listed answers and errors are not as many as the rate over the duration gives (older versions: the answers only).
    """
    listed = answered + failed
    if any(abs(rate * duration_s - count) <= 1 + _ROUNDED_S * rate for count in (listed, answered)):
        return listed
    if answered >= _KEPT:
        return listed if answered > _KEPT else None
    raise InputError(f"{listed} answers and errors, but {rate * duration_s:.0f} by the rate", expected="the whole summary of one run")


def _times(text: str) -> dict[str, Any]:
    most, least, mean = (_milliseconds(_field(name, text), name) for name in ("Slowest", "Fastest", "Average"))
    listed = {int(line[1]): _milliseconds(line[2], "Latency distribution") for line in _PERCENT.finditer(text)}
    found = {f"p{percent}_ms": listed.get(percent) for percent in (50, 95, 99)}
    values = [("Fastest", least), *((name.removesuffix("_ms"), ms) for name, ms in found.items()), ("Slowest", most)]
    in_order(values, "Latency distribution")
    in_order([("Fastest", least), ("Average", mean), ("Slowest", most)], "Summary")
    return {**found, "max_ms": most, "mean_ms": mean}


def _milliseconds(text: str, where: str) -> float:
    return float(_number(text, where) * 1000)


def _rows(source: Source) -> LoadTest:
    times: Counter[int] = Counter()
    first, last = True, 0
    width, ends = len(_HEADER), False
    for piece in pieces(source):
        for line, row in rows(piece.text, ",", piece.line):
            if first:
                first, width, ends = False, len(row), row[-1] == _OFFSET
                continue
            time, offset = _row(row, width, ends, line)
            times[time] += 1
            last = max(last, time + offset)
        if len(times) > TIMES_LIMIT:
            raise InputError(f"more than {TIMES_LIMIT} different times", expected="seconds with four digits")
    return _of_rows(times, last / _PER_S if ends else None)


def _of_rows(times: Counter[int], duration_s: float | None) -> LoadTest:
    answered = times.total()
    p50, p95, p99 = (None if time is None else time / _PER_MS for time in nearest_rank(times, (50, 95, 99)))
    kept = answered < _KEPT
    return LoadTest(
        requests=answered if kept else None,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        max_ms=max(times) / _PER_MS if times else None,
        mean_ms=sum(time * count for time, count in times.items()) / answered / _PER_MS if times else None,
        rps=answered / duration_s if duration_s and kept else None,
        duration_s=duration_s,
        incomplete="hey's rows are the requests that were answered; they do not say how many failed"
        if times
        else "no request was answered",
    )


def _row(row: Row, width: int, ends: bool, line: int) -> tuple[int, int]:
    """Returns the time and the start of a row in ten thousandths of a second, as hey rounds them."""
    if len(row) != width:
        raise InputError(f"{len(row)} fields", expected=f"{width} fields, as in the first line", where=f"line {line}")
    for text in (row[0], row[-1] if ends else row[0]):
        if not _ROW_TIME.fullmatch(text):
            raise InputError(shorten(repr(text), 40), expected="seconds with four digits", where=f"line {line}")
    return int(row[0].replace(".", "")), int(row[-1].replace(".", "")) if ends else 0


def _is_rows(source: Source) -> bool:
    first = source.head.lstrip(b"\r\n").partition(b"\n")[0].strip().decode("utf-8", "replace")
    return first.split(",")[: len(_HEADER)] == list(_HEADER)


def _recognise(source: Source) -> bool:
    if _is_rows(source):
        return True
    if not (b"Summary:" in source.head or b"Error distribution:" in source.head):
        return False
    text = source.head.decode("utf-8", "replace").replace("\r\n", "\n")
    summary = _SUMMARY.search(text) is not None and "Requests/sec:" in text and not is_document(text)
    return summary or _ERRORS_ONLY.match(text) is not None


hey_text = Format(
    name="hey-text",
    title="Load test by hey (its output)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("Summary:", "Requests/sec:", "Latency distribution:"),
)
