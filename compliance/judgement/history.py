"""The releases of a project over time: how each was judged, and what its evidence measured. Data for charts, `log --releases` and programs.

A release is one version and commit; its newest recorded assessment at a decision point speaks for it. A figure comes only from evidence
that counted in it: of the release's own commit, version and environment, readable, and saying enough. It is None where there is none,
never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from ..assessment import Assessment
from ..gate import Item
from ..kind import Kind
from ..record import Json, Severity
from ..store import Store
from ..subject import Binding, Subject, other_version
from ..times import read_rfc3339
from .judging import assessment_draft
from .view import Unreadable, item_of, newest_per_slot

MOST: Final = 24
"""Releases that are looked at when nobody says otherwise."""
_GOOD: Final = ("pass", "waived", "not-applicable")

Counts = Mapping[Severity, int]
Unit = Literal["share", "count", "ms"]


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release, how it was judged, and what was measured of it; None where nothing that counts says so."""

    assessment: int | None
    """Ledger entry; None for a judgement that is not recorded."""
    version: str | None
    commit: str | None
    point: str
    judged_at: datetime
    """Clock of the judgement."""
    outcome: str
    evidence_outcome: str
    readiness: float | None = None
    """0 to 1; None as well where what the assessment said was erased, as for `red`."""
    verdicts: Mapping[str, str] = field(default_factory=dict)
    """Verdict by gate."""
    red: int | None = None
    """Required gates that stood in the way."""
    scans: Mapping[tuple[str, str], Counts] = field(default_factory=dict)
    """Open findings by tool and category."""
    tests: int | None = None
    tests_passed: float | None = None
    """Share of the tests, 0 to 1; skipped ones did not pass."""
    lines_covered: float | None = None
    """0 to 1, like the next one."""
    branches_covered: float | None = None
    error_rate: float | None = None
    """Share of the requests of the newest load test, 0 to 1."""
    p95_ms: float | None = None
    p99_ms: float | None = None
    percentiles_over: str | None = None
    """``all`` or ``successful`` requests: percentiles over different ones cannot be compared."""

    @property
    def name(self) -> str:
        """The version, else the first seven digits of the commit."""
        return self.version or (self.commit or "no commit")[:7]

    def found(self, *severities: Severity) -> int | None:
        """Returns the open findings of some severities over all scans."""
        return sum(counts[one] for counts in self.scans.values() for one in severities) if self.scans else None

    @property
    def worst(self) -> int | None:
        """Open critical and high findings."""
        return self.found(Severity.CRITICAL, Severity.HIGH)


@dataclass(frozen=True, kw_only=True)
class Series:
    """One measure over releases."""

    name: str
    """Never changes: `readiness`, `findings-critical`, `gate:ALPHA-PF-5`."""
    title: str
    unit: Unit
    """Shares are 0 to 1."""
    values: tuple[float | None, ...]
    """One per release, in their order; of a gate 1 when it was good, 0 when not, None when it was not asked."""


def releases(
    store: Store, kinds: Mapping[str, Kind], project: str, point: str, *, upto: int | None = None, most: int = MOST
) -> tuple[Release, ...]:
    """Returns the latest releases that were judged at a point, in the order in which they were first judged.

    Args:
        store: The store.
        kinds: The kinds that are installed.
        project: Name of the project.
        point: Decision point.
        upto: Number of ledger entries that are seen; all when None.
        most: Most releases.
    """
    newest: dict[tuple[Json, Json], int] = {}
    for entry in store.entries(types=["assessment"], upto=upto):
        subject = entry.body["subject"]
        if subject["project"] == project and entry.body["point"] == point:
            newest[subject["version"], subject["commit"]] = entry.number
    numbers = list(newest.values())[-most:] if most else []
    return tuple(_recorded(store, kinds, number) for number in numbers)


def up_to(store: Store, kinds: Mapping[str, Kind], assessment: Assessment, most: int = MOST) -> tuple[Release, ...]:
    """Returns the latest releases that an assessment's prefix of the ledger holds, and last the one that it judges.

    The one before that is the last release. The other arguments are those of `releases`.
    """
    subject = assessment.subject
    known = releases(store, kinds, subject.project, assessment.point, upto=assessment.store.size, most=most)
    others = [one for one in known if (one.version, one.commit) != (subject.version, subject.commit)]
    return (*others[1 - most :], of_assessment(store, kinds, assessment))


def of_assessment(store: Store, kinds: Mapping[str, Kind], assessment: Assessment) -> Release:
    """Returns the release that an assessment judges, which need not be recorded; arguments are those of `releases`."""
    draft = assessment_draft(assessment)
    return _release(store, kinds, None, draft.body, draft.private["paths"])


def _recorded(store: Store, kinds: Mapping[str, Kind], number: int) -> Release:
    return _release(store, kinds, number, store.entry(number).body, store.private(number).get("paths", {}))


def _release(store: Store, kinds: Mapping[str, Kind], number: int | None, body: Mapping[str, Json], said: Mapping[str, Json]) -> Release:
    """Makes a release of what is public of its assessment, and of what the assessment said where that is not erased."""
    subject = Subject.model_validate(body["subject"])
    stored = (store.evidence_of(entry) for entry in body["evidence"])
    known = [item_of(store, kinds[one.entry.body["kind"]], one) for one in stored if one.entry.body["kind"] in kinds]
    counted = newest_per_slot(one for one in known if _counts(one, kinds[one.kind], subject))
    gates = said.get("gates")
    return Release(
        assessment=number,
        version=subject.version,
        commit=subject.commit,
        point=body["point"],
        judged_at=read_rfc3339(body["as_of"]),
        outcome=body["outcome"],
        evidence_outcome=body["evidence_outcome"],
        readiness=said["score"]["readiness"] if "score" in said else None,
        verdicts={one["id"]: one["verdict"] for one in body["gates"]},
        red=None if gates is None else sum(one["required"] and one["verdict"] not in _GOOD for one in gates),
        **_measured(counted),
    )


def _counts(item: Item, kind: Kind, subject: Subject) -> bool:
    """Tells whether a piece of evidence measures the release itself, and says enough."""
    if isinstance(item.payload, Unreadable) or item.payload.incomplete:
        return False
    mine = item.subject
    if kind.binds_to is Binding.PROJECT:
        return True
    if mine.commit is None or mine.commit != subject.commit or other_version(mine.version, subject.version):
        return False
    if mine.dirty and not kind.judges_tree:
        return False
    return kind.binds_to is not Binding.ENVIRONMENT or mine.environment == subject.environment


def _measured(items: Sequence[Item]) -> dict[str, Any]:
    """Reads the figures off the summaries, whose keys CONTRACT.md names; of coverage and load tests the newest one speaks."""
    by_kind: dict[str, list[dict[str, Json]]] = {}
    for item in items:
        by_kind.setdefault(item.kind, []).append({**item.payload.summary(), "tool": item.tool or item.format})
    tests = by_kind.get("test-results", [])
    coverage = by_kind.get("coverage", [{}])[0]
    load = by_kind.get("load-test", [{}])[0]
    total = sum(one["tests"] for one in tests)
    return {
        "scans": _scans(by_kind.get("scan", [])),
        "tests": total if tests else None,
        "tests_passed": _share(sum(one["passed"] for one in tests), total),
        "lines_covered": _share(coverage.get("lines_covered"), coverage.get("lines_total")),
        "branches_covered": _share(coverage.get("branches_covered"), coverage.get("branches_total")),
        **{name: load.get(name) for name in ("error_rate", "p95_ms", "p99_ms", "percentiles_over")},
    }


def _scans(summaries: Iterable[Mapping[str, Json]]) -> dict[tuple[str, str], Counts]:
    found: dict[tuple[str, str], dict[Severity, int]] = {}
    for one in summaries:
        counts = found.setdefault((one["tool"], one["category"]), dict.fromkeys(Severity, 0))
        for severity in Severity:
            counts[severity] += one["by_severity"][severity.value]
    return dict(sorted(found.items()))


def _share(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None


_MEASURES: Final[tuple[tuple[str, str, Unit, Callable[[Release], float | None]], ...]] = (
    ("readiness", "Readiness score", "share", lambda one: one.readiness),
    ("red", "Required gates that stand in the way", "count", lambda one: one.red),
    *((f"findings-{s.value}", f"Open findings: {s.value}", "count", lambda one, s=s: one.found(s)) for s in Severity),
    ("tests", "Tests", "count", lambda one: one.tests),
    ("tests-passed", "Tests that passed", "share", lambda one: one.tests_passed),
    ("lines-covered", "Lines covered", "share", lambda one: one.lines_covered),
    ("branches-covered", "Branches covered", "share", lambda one: one.branches_covered),
    ("error-rate", "Requests that failed", "share", lambda one: one.error_rate),
    ("p95", "P95 of the load test", "ms", lambda one: one.p95_ms),
    ("p99", "P99 of the load test", "ms", lambda one: one.p99_ms),
)


def series(history: Sequence[Release]) -> tuple[Series, ...]:
    """Returns what was measured over releases: each measure that at least one of them has, then each gate that at least one was asked."""
    measured = (Series(name=n, title=t, unit=u, values=tuple(map(read, history))) for n, t, u, read in _MEASURES)
    return tuple(one for one in (*measured, *_gates(history)) if any(value is not None for value in one.values))


def _gates(history: Sequence[Release]) -> Iterator[Series]:
    for gate in sorted({gate for one in history for gate in one.verdicts}):
        stood = (one.verdicts.get(gate) for one in history)
        values = tuple(None if one in (None, "not-applicable") else float(one in ("pass", "waived")) for one in stood)
        yield Series(name=f"gate:{gate}", title=gate, unit="count", values=values)
