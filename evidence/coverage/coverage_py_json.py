"""JSON report of coverage.py (``coverage json``), all versions since 5.0.

Format: coverage.py documentation, "JSON reporting"; ``meta.format`` is absent up to 6.x, 2 and 3 since. ``totals`` and each
file's ``summary`` hold ``covered_lines`` of ``num_statements`` and, when branches were measured, ``covered_branches`` of
``num_branches``. ``functions`` and ``classes`` of a file are parts of the same lines and are not added. ``percent_covered``
mixes lines and branches, and ``executed_lines`` may list excluded lines, so neither is used. The time in ``meta`` has no zone,
so the file does not say when it was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading.jsontext import loads
from compliance.record import Json, Parsed, Tool, shorten
from compliance.source import Source, parse_time

from ._files import Counts, add_up, covered_of


def _parse(source: Source) -> Parsed:
    report = _object(source.json, "/")
    meta = _object(report.get("meta"), "/meta")
    version = meta.get("version")
    if not isinstance(version, str):
        raise InputError("no version", expected="the version of coverage.py", where="/meta/version")
    totals = _object(report.get("totals"), "/totals")
    branches = _branches_measured(meta, totals)
    return Parsed(
        payload=add_up(_files(report, branches), _counts(totals, branches, "/totals"), branches=branches),
        tool=Tool("coverage.py", shorten(version, 100)),
        observed_at=parse_time(meta["timestamp"]) if isinstance(meta.get("timestamp"), str) else None,
    )


def _branches_measured(meta: Mapping[str, Json], totals: Mapping[str, Json]) -> bool:
    stated, found = meta.get("branch_coverage", "num_branches" in totals), "num_branches" in totals
    if stated is not found:
        raise InputError(
            f"branch_coverage {shorten(repr(stated), 40)}",
            expected=f"what the totals say, which hold {'' if found else 'no '}branches",
            where="/meta/branch_coverage",
        )
    return bool(found)


def _files(report: Mapping[str, Json], branches: bool) -> Iterator[tuple[str, Counts]]:
    for path, file in _object(report.get("files"), "/files").items():
        where = f"/files/{shorten(path.replace('~', '~0').replace('/', '~1'), 200)}"
        summary = _object(_object(file, where).get("summary"), f"{where}/summary")
        yield path, _counts(summary, branches, f"{where}/summary")


def _counts(summary: Mapping[str, Json], branches: bool, where: str) -> Counts:
    lines = _covered(summary, "lines", "num_statements", where)
    if not branches:
        if "num_branches" in summary:
            raise InputError("branches", expected="none, as in the totals", where=where)
        return Counts(*lines)
    if "covered_branches" not in summary and "missing_branches" not in summary:
        return Counts(*lines, *_branches_from_percentage(summary, lines, where))
    return Counts(*lines, *_covered(summary, "branches", "num_branches", where))


def _branches_from_percentage(summary: Mapping[str, Json], lines: tuple[int, int], where: str) -> tuple[int, int]:
    """Computes the covered branches for coverage.py 5.0, which states only how many there are.

    ``percent_covered`` is 100 times the covered lines and branches by all lines and branches, in double precision: the count is exact.
    """
    total, percent = _count(summary, "num_branches", where), summary.get("percent_covered")
    if not isinstance(percent, (int, float)) or isinstance(percent, bool) or not 0 <= percent <= 100:
        raise InputError(shorten(repr(percent), 40), expected="a percentage", where=f"{where}/percent_covered")
    covered_of(0, total, "branches", where)
    both = percent / 100 * (lines[1] + total)
    covered = round(both) - lines[0] if lines[1] + total else 0
    if not 0 <= covered <= total or (lines[1] + total and abs(both - round(both)) > 1e-3):
        raise InputError(
            f"percent_covered {percent}", expected=f"one of {lines[0]} of {lines[1]} lines and of {total} branches", where=where
        )
    return covered, total


def _covered(summary: Mapping[str, Json], what: str, total_key: str, where: str) -> tuple[int, int]:
    covered, missing, total = (_count(summary, key, where) for key in (f"covered_{what}", f"missing_{what}", total_key))
    covered_of(covered, total, what, where)
    if covered + missing != total:
        raise InputError(f"{covered} covered and {missing} missing of {total} {what}", expected="that they add up", where=where)
    return covered, total


def _count(summary: Mapping[str, Json], key: str, where: str) -> int:
    value = summary.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InputError(shorten(repr(value), 40) if key in summary else "nothing", expected="a count", where=f"{where}/{key}")
    return value


def _object(value: Json, where: str) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise InputError("nothing" if value is None else type(value).__name__, expected="an object", where=where)
    return value


def _recognise(source: Source) -> bool:
    members = source.json_members
    if not {"meta", "files", "totals"} <= members.keys():
        return False
    try:
        meta, totals = loads(bytes(members["meta"])), loads(bytes(members["totals"]))
    except InputError:
        return False
    return isinstance(meta, dict) and "version" in meta and isinstance(totals, dict) and "covered_lines" in totals


coverage_py_json = Format(
    name="coverage-py-json",
    title="Coverage by coverage.py (JSON)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("meta", "files", "totals"),
)
