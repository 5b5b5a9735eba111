"""The releases before the one that is judged: what was measured of each, as the ledger's frozen prefix holds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..assessment import Assessment
from ..errors import StoreError
from ..judging import recorded_assessment
from ..record import Severity
from ..store import Store
from .gates import evidence_used
from .words import cut

Counts = dict[Severity, int]


@dataclass(frozen=True)
class Measured:
    """A release and what the evidence that its last assessment rests on says of it; None where there is no such evidence."""

    name: str
    judged_at: datetime
    readiness: float | None
    """0 to 1."""
    red: int
    """Required gates that stood in the way."""
    scans: dict[tuple[str, str], Counts]
    """Open findings by tool and category."""
    tests_passed: float | None
    """Share of the tests, 0 to 1."""
    lines_covered: float | None
    """0 to 1."""
    p99_ms: float | None

    @property
    def worst(self) -> int | None:
        """Open critical and high findings of all scans."""
        return sum(one[Severity.CRITICAL] + one[Severity.HIGH] for one in self.scans.values()) if self.scans else None


def earlier(store: Store, assessment: Assessment, most: int) -> list[Measured]:
    """Returns the latest releases before this one, oldest first: of each other commit or version the newest assessment at this point.

    Args:
        store: The store.
        assessment: The judgement; only what its ledger prefix holds is seen.
        most: Most releases.
    """
    subject, newest = assessment.subject, dict[tuple[Any, Any], int]()
    for entry in store.entries(types=["assessment"], upto=assessment.store.size):
        about = entry.body["subject"]
        release = (about["version"], about["commit"])
        if about["project"] == subject.project and entry.body["point"] == assessment.point and release != (subject.version, subject.commit):
            newest[release] = entry.number
    numbers = sorted(newest.values())[-most:] if most else []
    return [one for number in numbers if (one := _recorded(store, number)) is not None]


def _recorded(store: Store, number: int) -> Measured | None:
    try:
        return measured(store, recorded_assessment(store, number))
    except StoreError:
        return None  # what it said was erased


def measured(store: Store, assessment: Assessment) -> Measured:
    """Returns what was measured of the release that an assessment judged."""
    subject = assessment.subject
    payloads = list(_payloads(store, assessment))
    scans: dict[tuple[str, str], Counts] = {}
    for kind, tool, payload in payloads:
        if kind == "scan":
            total = scans.setdefault((tool, payload["category"]), dict.fromkeys(Severity, 0))
            for severity in Severity:
                total[severity] += int(payload["by_severity"][severity.value])
    tests = [payload for kind, _, payload in payloads if kind == "test-results"]
    coverage = next((payload for kind, _, payload in payloads if kind == "coverage"), {})
    load = next((payload for kind, _, payload in payloads if kind == "load-test"), {})
    return Measured(
        name=cut(subject.version or (subject.commit or "no commit")[:7], 20),
        judged_at=assessment.as_of,
        readiness=assessment.score.readiness,
        red=sum(one.red for one in assessment.gates),
        scans=scans,
        tests_passed=_share(sum(one["passed"] for one in tests), sum(one["tests"] for one in tests)),
        lines_covered=_share(coverage.get("lines_covered"), coverage.get("lines_total")),
        p99_ms=load.get("p99_ms"),
    )


def _payloads(store: Store, assessment: Assessment) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yields kind, tool and payload of the evidence of the release's own commit, the newest first."""
    for number in sorted(evidence_used(assessment), reverse=True):
        stored = store.evidence_of(number)
        body = stored.entry.body
        if body["kind"] in ("scan", "test-results", "coverage", "load-test") and body["subject"]["commit"] in (
            None,
            assessment.subject.commit,
        ):
            yield body["kind"], cut(body["source"]["tool"] or body["format"], 90), stored.payload


def _share(part: int | None, whole: int | None) -> float | None:
    return min(1.0, part / whole) if part is not None and whole else None
