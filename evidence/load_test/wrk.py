"""What wrk and wrk2 print (``wrk.c``).

Every value has a unit of its own: ``us``, ``ms``, ``s``, ``m`` or ``h``. A value that is too long for its column loses its unit: refused.
Requests are those that were answered (``N requests in T``). Failed are answers with a status from 400 (``Non-2xx or 3xx responses``) and
socket errors (connect, read, write, timeout), which wrk counts apart from the requests; there can be more of them than requests. A line of
errors that is not there stands for none. Percentiles are there with ``--latency`` only: 50 and 99 %; 95 % from wrk2's detailed spectrum.
They are over the answers, so over all requests only without socket errors. wrk2's latency is counted from when a request should have been
sent; its uncorrected latency is passed over. Users are the connections. Without any request, or with too few of them for wrk2 to begin
measuring, zeros and ``nan`` are printed: no times.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed, Tool, shorten
from compliance.source import Source

from . import LoadTest, Over
from ._check import error_rate, in_order
from ._prose import is_document

_SIZE_LIMIT: Final = 1 << 20
"""Bytes of the longest output: the spectrum of wrk2 has a few hundred lines."""
_ROUNDED: Final = 0.006
"""Relative error of two rounded values against each other: wrk prints 0.85m for 51 s."""
_LINE_END: Final = "\n"
_START: Final = re.compile(r"^[ \t]*(?:Running (\S+) test @ (\S*)|Making \d+ requests to (\S*))[ \t]*$", re.MULTILINE)
_LOAD: Final = re.compile(r"^[ \t]*(\d+) threads? and (\d+) connections?[ \t]*$", re.MULTILINE)
_LATENCY: Final = re.compile(r"^[ \t]*Latency[ \t]+(\S+)[ \t]+(\S+)[ \t]+(\S+)[ \t]+\S+[ \t]*$", re.MULTILINE)
_TOTAL: Final = re.compile(r"^[ \t]*(\d+) requests in (\S+), \S+ read[ \t]*$", re.MULTILINE)
_SOCKET: Final = re.compile(r"^[ \t]*Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)[ \t]*$", re.MULTILINE)
_STATUS: Final = re.compile(r"^[ \t]*Non-2xx or 3xx responses: (\d+)[ \t]*$", re.MULTILINE)
_RATE: Final = re.compile(r"^[ \t]*Requests/sec:[ \t]*(\d+(?:\.\d+)?)[ \t]*$", re.MULTILINE)
_DISTRIBUTION: Final = re.compile(r"^[ \t]*Latency Distribution(?: \(HdrHistogram - Recorded Latency\))?[ \t]*$", re.MULTILINE)
_UNCORRECTED: Final = re.compile(r"^[ \t]*Latency Distribution \(HdrHistogram - Uncorrected", re.MULTILINE)
_PERCENT: Final = re.compile(r"^[ \t]*(\d+(?:\.\d+)?)%[ \t]+(\S+)[ \t]*$", re.MULTILINE)
_SPECTRUM_95: Final = re.compile(r"^[ \t]*(\d+\.\d+)[ \t]+0\.950000(?:0*)[ \t]+\d+[ \t]+\d+\.\d+[ \t]*$", re.MULTILINE)
_TIME: Final = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)")
_UNITS_MS: Final = {"us": Decimal("0.001"), "ms": Decimal(1), "s": Decimal(1000), "m": Decimal(60_000), "h": Decimal(3_600_000)}


def _parse(source: Source) -> Parsed:
    text = _text(source)
    connections = _one(_LOAD, text, "threads and connections")
    total = _one(_TOTAL, text, "N requests in T")
    requests, duration_s = int(total[1]), _milliseconds(total[2], "requests in") / 1000
    rate = _one(_RATE, text, "Requests/sec:")
    sockets = sum(map(int, groups)) if (groups := _optional(_SOCKET, text)) else 0
    statuses = int(found[0]) if (found := _optional(_STATUS, text)) else 0
    if statuses > requests:
        raise InputError(f"{statuses} responses with an error status of {requests} requests", expected="at most all of them")
    start, times = _one(_START, text, "one run"), _times(text) if requests else {}
    payload = LoadTest(
        requests=requests,
        failed=statuses + sockets,
        error_rate=error_rate(requests, statuses + sockets),
        **times,
        percentiles_over=_over(statuses, sockets) if times else None,
        rps=float(rate[1]),
        duration_s=duration_s,
        users=int(connections[2]),
        target=shorten(start[2] or start[3] or "", 2000) or None,
        incomplete=None if times else "wrk measured no latency" if requests else "no request was answered",
    )
    return Parsed(payload=payload, tool=Tool("wrk2" if "HdrHistogram" in text else "wrk"))


def _text(source: Source) -> str:
    if source.size > _SIZE_LIMIT:
        raise InputError(f"{source.size} bytes", expected=f"output of at most {_SIZE_LIMIT} bytes")
    return source.text.replace("\r\n", "\n")


def _one(pattern: re.Pattern[str], text: str, what: str) -> re.Match[str]:
    found = list(pattern.finditer(text))
    if len(found) != 1:
        at = found[1].start() if found else len(text)
        said = f"{len(found)} lines with {what}" if found else f"no line with {what}"
        raise InputError(said, expected="the output of one whole run", where=f"line {text.count(_LINE_END, 0, at) + 1}")
    return found[0]


def _optional(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = list(pattern.finditer(text))
    if len(found) > 1:
        raise InputError(f"{len(found)} lines of one sort of errors", expected="the output of one run")
    return found[0].groups() if found else ()


def _over(statuses: int, sockets: int) -> Over | None:
    """Times are over all answers, those with an error status included."""
    if not sockets:
        return "all"
    return None if statuses else "successful"


def _times(text: str) -> dict[str, Any]:
    latency = _one(_LATENCY, text, "Latency")
    if "nan" in latency[1]:
        return {}
    mean, most = (_milliseconds(latency[place], "Latency") for place in (1, 3))
    percentiles = _percentiles(text)
    times = {f"p{percent}_ms": percentiles.get(Decimal(percent)) for percent in (50, 95, 99)}
    in_order([*((name.removesuffix("_ms"), ms) for name, ms in times.items()), ("Max", most)], "Latency Distribution", slack=_ROUNDED)
    in_order([("Avg", mean), ("Max", most)], "Latency", slack=_ROUNDED)
    return {**times, "max_ms": most, "mean_ms": mean}


def _percentiles(text: str) -> dict[Decimal, float]:
    """Reads the distribution and, where wrk2 printed it, the 95th percentile of the spectrum."""
    start = _DISTRIBUTION.search(text)
    if start is None:
        return {}
    ends = [end.start() for pattern in (_UNCORRECTED, _TOTAL) if (end := pattern.search(text, start.end()))]  # a script may go on
    part = text[start.end() : min(ends, default=len(text))]
    spectrum = part.find("Detailed Percentile spectrum")
    listed = part if spectrum < 0 else part[:spectrum]
    found = {Decimal(line[1]): _milliseconds(line[2], "Latency Distribution") for line in _PERCENT.finditer(listed)}
    if spectrum >= 0 and (fine := _SPECTRUM_95.search(part, spectrum)):
        found[Decimal(95)] = float(fine[1])
    return found


def _milliseconds(text: str, where: str) -> float:
    found = _TIME.fullmatch(text)
    if found is None:
        raise InputError(shorten(repr(text), 40), expected="a time with its unit: us, ms, s, m or h", where=where)
    return float(Decimal(found[1]) * _UNITS_MS[found[2]])


def _recognise(source: Source) -> bool:
    head = source.head
    if b"requests in " not in head and b"Requests/sec:" not in head and b"Thread Stats" not in head:
        return False
    text = head.decode("utf-8", "replace").replace("\r\n", "\n")
    return not is_document(text) and _START.search(text) is not None and (_LOAD.search(text) is not None or "Thread Stats" in text)


wrk_text = Format(
    name="wrk-text",
    title="Load test by wrk or wrk2 (its output)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("Thread Stats", "requests in", "Requests/sec:"),
)
