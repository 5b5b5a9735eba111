"""Report of vegeta (``vegeta report -type=json``; ``lib/metrics.go``).

All durations are nanoseconds. A request failed if its status code is not one of success: ``success`` is the ratio of the others. It must
agree with ``status_codes``, where code ``0`` stands for requests without an answer. ``errors`` holds each message once, so it does not
count. Times are over all requests, those without an answer included. The duration is that of sending (``duration``), the rate that of
sending (``rate``); users are not said. A program that uses the library and forgets ``Metrics.Close()`` writes a ratio, a mean and
percentiles of 0, which the status codes and the largest time give away: refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Json, Parsed, Tool, shorten
from compliance.source import Source, parse_time

from . import LoadTest
from ._check import error_rate, in_order
from ._json import mapping, number, whole

_KEYS = ("latencies", "requests", "success", "status_codes")
_SLACK = 1e-6
_NEVER = 1
"""Year of the time that Go writes for none."""


def _parse(source: Source) -> Parsed:
    document = mapping(source.json, "/")
    requests = whole(document.get("requests"), "/requests")
    failed = _failed(document, requests)
    times = _times(mapping(document.get("latencies"), "/latencies")) if requests else {}
    duration_s = _seconds(document, "duration")
    rate = document.get("rate")
    payload = LoadTest(
        requests=requests,
        failed=failed,
        error_rate=error_rate(requests, failed),
        **times,
        percentiles_over="all" if requests else None,
        rps=number(rate, "/rate") if rate is not None else requests / duration_s if duration_s else None,
        duration_s=duration_s,
        incomplete=None if requests else "no request was made",
    )
    return Parsed(payload=payload, tool=Tool("vegeta"), observed_at=_end(document))


def _failed(document: Mapping[str, Json], requests: int) -> int:
    success = number(document.get("success"), "/success")
    good = round(success * requests)
    if success > 1 or abs(success * requests - good) > _SLACK * max(requests, 1):
        raise InputError(f"success {success:g} of {requests} requests", expected="a ratio of whole requests", where="/success")
    codes = {_code(code): whole(count, f"/status_codes/{code}") for code, count in _codes(document).items()}
    total = sum(codes.values())
    if total != requests:
        raise InputError(f"{total} status codes of {requests} requests", expected="one of each request", where="/status_codes")
    answered = [sum(count for code, count in codes.items() if 200 <= code < end) for end in (300, 400)]
    if good not in answered:  # earlier versions took redirects for failures
        raise _unfinished(f"success {success:g}, but {answered[1]} of {requests} status codes are those of success", "/success")
    return requests - good


def _unfinished(found: str, where: str) -> InputError:
    hint = "a program that uses vegeta as a library has to call Metrics.Close() before it writes the metrics"
    return InputError(found, expected="metrics that agree, as after Metrics.Close()", where=where, hint=hint)


def _codes(document: Mapping[str, Json]) -> Mapping[str, Json]:
    return mapping(document.get("status_codes"), "/status_codes")


def _code(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 3:
        raise InputError(shorten(repr(text), 40), expected="a status code, or 0", where="/status_codes")
    return int(text)


def _times(latencies: Mapping[str, Json]) -> dict[str, Any]:
    names = {"min": "min", "p50_ms": "50th", "p95_ms": "95th", "p99_ms": "99th", "max_ms": "max", "mean_ms": "mean"}
    times = {name: _milliseconds(latencies, key) for name, key in names.items()}
    least = ("min", times.pop("min"))
    if times["mean_ms"] == 0 and times["max_ms"]:
        raise _unfinished(f"mean 0 with max {times['max_ms']:g} ms", "/latencies/mean")
    in_order([least, *((names[name], times[name]) for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms"))], "/latencies")
    in_order([least, ("mean", times["mean_ms"]), ("max", times["max_ms"])], "/latencies")
    return times


def _milliseconds(latencies: Mapping[str, Json], key: str) -> float | None:
    return whole(latencies[key], f"/latencies/{key}") / 1_000_000 if key in latencies else None


def _seconds(document: Mapping[str, Json], key: str) -> float | None:
    return whole(document[key], f"/{key}") / 1_000_000_000 if key in document else None


def _end(document: Mapping[str, Json]) -> datetime | None:
    text = document.get("end")
    end = parse_time(text) if isinstance(text, str) else None
    return None if end is None or end.year == _NEVER else end


def _recognise(source: Source) -> bool:
    return source.json_members.keys() >= set(_KEYS)


vegeta_json = Format(
    name="vegeta-json",
    title="Load test by vegeta (report -type=json)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=_KEYS,
)
