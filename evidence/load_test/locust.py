"""Statistics of Locust (``--csv``: the file ``_stats.csv``; ``locust/stats.py``).

One row per endpoint and one for all of them: the last one, with an empty type (or ``None``) and the name ``Aggregated``, before 0.13
``Total``. Times are milliseconds, of all requests, rounded to two digits. The header names the columns: ``Request Count`` since 1.0,
``# requests`` before. Before 0.11, which is one of the versions that call the first column ``Method``, ``# requests`` left failed requests
out; such a file with failures does not say whether it does, so that its error rate is not known.

Failed are the requests that Locust counts as failures. The total is that of the last row; where the rows of the endpoints do not add up to
it, the file was written while the run went on, and the evidence is incomplete. The duration is requests / rate of the last row since 1.0:
Locust computes that rate over the time from the first to the last request. Users are not said. The other files of a run
(``_stats_history.csv``, ``_failures.csv``, ``_exceptions.csv``, and ``_distribution.csv`` of old versions) are recognised and refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed, Tool, shorten
from compliance.source import Source

from . import Endpoint, LoadTest
from ._check import error_rate, in_order
from ._csv import pieces, read_row, rows

_SIZE_LIMIT: Final = 64 << 20
_ENDPOINTS: Final = 1000
_ROUNDED: Final = 0.06
"""Relative error of a percentile, which is rounded to two digits, against a time that is not."""
_ROUNDED_MS: Final = 0.5
_NUMBER: Final = re.compile(r"\d{1,15}(\.\d{1,20})?(e[-+]?\d{1,2})?")
_COLUMNS: Final = {
    "requests": ("Request Count", "# requests"),
    "failed": ("Failure Count", "# failures"),
    "median": ("Median Response Time", "Median response time"),
    "mean": ("Average Response Time", "Average response time"),
    "most": ("Max Response Time", "Max response time"),
    "rate": ("Requests/s",),
    "p50": ("50%",),
    "p95": ("95%",),
    "p99": ("99%",),
}
_KINDS: Final = ("Type", "Method")
_OTHERS: Final = {
    "_stats_history.csv, which counts on from second to second": {"Timestamp", "Name", "Requests/s"},
    "_failures.csv, which lists messages": {"Name", "Error", "Occurrences"},
    "_exceptions.csv, which lists exceptions": {"Count", "Message", "Traceback", "Nodes"},
    "_distribution.csv, which holds no failures": {"Name", "# requests", "50%", "100%"},
}
"""Other files of a run, each with columns that only it has."""


@dataclass(frozen=True)
class _Row:
    """One row, by the names of `_COLUMNS`; None for a column that is not there and for ``N/A``."""

    kind: str
    name: str
    values: Mapping[str, float | None]
    line: int

    @property
    def is_total(self) -> bool:
        return self.kind in ("", "None") and self.name in ("Aggregated", "Total")

    def count(self, column: str) -> int:
        value = self.values[column]
        if value is None or not value.is_integer():
            raise InputError(f"{_COLUMNS[column][0]} {value}", expected="a whole number", where=f"line {self.line}")
        return int(value)


def _parse(source: Source) -> Parsed:
    if source.size > _SIZE_LIMIT:
        raise InputError(f"{source.size} bytes", expected=f"statistics of at most {_SIZE_LIMIT} bytes")
    header = _header(source)
    other = _other(header)
    if other is not None:
        raise InputError(f"this is Locust's {other}", expected="the file _stats.csv of the same run", where="line 1")
    if not _is_stats(header):
        raise InputError("no header of Locust", expected="columns such as Type, Name and Request Count", where="line 1")
    found = list(_read(source, header))
    totals = sum(row.is_total for row in found)
    if totals != 1 or not found[-1].is_total:
        said = f"{totals or 'no'} row{'' if totals == 1 else 's'} for the total"
        raise InputError(said, expected="one, as the last row of a whole file", where=f"line {found[-1].line if found else 1}")
    return Parsed(payload=_payload(found, header), tool=Tool("Locust"))


def _payload(found: Sequence[_Row], header: Sequence[str]) -> LoadTest:
    *endpoints, total = found
    failed, old = total.count("failed"), header[0] == "Method"
    apart = old and failed > total.count("requests")
    unclear = old and failed > 0 and not apart
    requests = _requests(total, apart=apart)
    times, rate = _times(total) if total.count("requests") else {}, total.values["rate"]
    seconds = requests / rate if rate and "Request Count" in header else None
    return LoadTest(
        requests=requests,
        failed=failed,
        error_rate=None if unclear else error_rate(requests, failed),
        **times,
        percentiles_over=None if unclear or not times else "successful" if apart else "all",
        rps=rate,
        duration_s=seconds if seconds is not None and seconds > 1 else None,  # Locust takes 1 s for anything shorter
        endpoints=_endpoints(endpoints, apart=apart),
        incomplete=_incomplete(endpoints, total, requests, unclear=unclear),
    )


def _requests(row: _Row, *, apart: bool) -> int:
    """Returns the requests of a row, to which failures have to be added where they are counted apart."""
    requests, failed = row.count("requests"), row.count("failed")
    if failed > requests and not apart:
        raise InputError(f"{failed} failures of {requests} requests", expected="at most all of them", where=f"line {row.line}")
    return requests + failed if apart else requests


def _incomplete(endpoints: Sequence[_Row], total: _Row, requests: int, *, unclear: bool) -> str | None:
    if not requests:
        return "no request was made"
    for column, what in (("requests", "requests"), ("failed", "failures")):
        listed = sum(row.count(column) for row in endpoints)
        if listed != total.count(column):
            return f"the total is {total.count(column)} {what}, but that of the endpoints {listed}"
    return (
        "versions of Locust before 0.11 left failed requests out of '# requests', and the file does not say its version"
        if unclear
        else None
    )


def _times(row: _Row) -> dict[str, Any]:
    p50, p95, p99, median, most, mean = (row.values[column] for column in ("p50", "p95", "p99", "median", "most", "mean"))
    p50 = median if p50 is None else p50
    in_order([("50%", p50), ("95%", p95), ("99%", p99)], f"line {row.line}")
    for name, percentile in (("99%", p99), ("95%", p95), ("50%", p50)):  # a file may lack any of them
        in_order([(name, percentile), ("maximum", most)], f"line {row.line}", slack=_ROUNDED, slack_ms=_ROUNDED_MS)
    in_order([("average", mean), ("maximum", most)], f"line {row.line}")
    return {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "max_ms": most, "mean_ms": mean}


def _endpoints(found: Sequence[_Row], *, apart: bool) -> tuple[Endpoint, ...]:
    order = sorted(found, key=lambda row: (not row.count("failed"), -row.count("requests"), row.name, row.kind))
    return tuple(
        Endpoint(
            name=shorten(f"{row.kind} {row.name}".strip(), 500),
            requests=_requests(row, apart=apart),
            failed=row.count("failed"),
            p95_ms=row.values["p95"],
            p99_ms=row.values["p99"],
        )
        for row in order[:_ENDPOINTS]
    )


def _read(source: Source, header: Sequence[str]) -> Iterator[_Row]:
    places = {column: next((header.index(name) for name in names if name in header), None) for column, names in _COLUMNS.items()}
    first = True
    for piece in pieces(source):
        for line, row in rows(piece.text, ",", piece.line):
            if first:
                first = False
                continue
            if len(row) != len(header):
                raise InputError(f"{len(row)} fields", expected=f"{len(header)} fields, as in the first line", where=f"line {line}")
            values = {column: None if place is None else _value(row[place], header[place], line) for column, place in places.items()}
            yield _Row(row[0], row[header.index("Name")], values, line)


def _value(text: str, name: str, line: int) -> float | None:
    if text in ("N/A", ""):
        return None
    if not _NUMBER.fullmatch(text):
        raise InputError(f"{name} {shorten(repr(text), 40)}", expected="a number from 0", where=f"line {line}")
    return float(text)


def _header(source: Source) -> list[str]:
    head = source.head.decode("utf-8", "replace").lstrip("\r\n")
    try:
        return read_row(head.partition("\n")[0].rstrip("\r"), 0, ",", 1)[0]
    except InputError:
        return []


def _other(header: Sequence[str]) -> str | None:
    """Returns which other file of a run this is, None if it is none."""
    return None if _is_stats(header) else next((what for what, names in _OTHERS.items() if names <= set(header)), None)


def _is_stats(header: Sequence[str]) -> bool:
    names = set(header)
    needed = [set(_COLUMNS[column]) for column in ("requests", "failed", "mean", "most", "rate")]
    return bool(header) and header[0] in _KINDS and "Name" in names and "Timestamp" not in names and all(map(names.intersection, needed))


def _recognise(source: Source) -> bool:
    header = source.once(_header)
    return _is_stats(header) or _other(header) is not None


locust_csv = Format(
    name="locust-csv",
    title="Load test by Locust (--csv, the file _stats.csv)",
    parser=2,
    recognise=_recognise,
    parse=_parse,
    marks=("Name", "Requests/s", "Average Response Time", "Max Response Time"),
)
