"""What would turn a gate green: doing exactly what is said does, and doing less does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from compliance.assessment import GateResult, StoreState
from compliance.catalog import Catalog, shipped
from compliance.configuration import Document, ProjectTable
from compliance.gate import Item, Reason, Status
from compliance.judgement.assessing import Case, assess, judge_of
from compliance.judgement.judge import Judge, without_findings
from compliance.judgement.needs import Need, needs
from compliance.judgement.view import View
from compliance.project import GateSetting, Project
from compliance.record import Assurance, Finding, Severity
from compliance.subject import Subject
from compliance.testing import COMMIT, NOW, evidence, evidence_of_nothing

DAY = timedelta(days=1)
OTHER = "9" * 40


class Tried:
    """One shipped gate, judged on some evidence."""

    def __init__(self, gate: str, *items: Item, **settings: Any) -> None:
        table = ProjectTable(name="tested", profile_by="a test")
        gates = {gate: shipped().gates[gate]}
        project = Project(Path("/"), Document(project=table, gates={gate: settings}), Catalog(shipped().kinds, {}, gates), None)
        self.gate, self.items = gate, items
        at = project.point()
        subject = Subject(project="tested", commit=COMMIT, environment=at.environment)
        by_kind: dict[str, tuple[Item, ...]] = {"": (evidence_of_nothing(),)}
        for one in items:
            by_kind[one.kind] = (*by_kind.get(one.kind, ()), one)
        view = View(by_kind, {})
        self.settings = settings
        self.setting: GateSetting = project.gates[gate]
        case = Case(project, view, subject, at, StoreState(size=1, root="00"))
        self.result: GateResult = assess(case, NOW, only=[gate]).result(gate)
        self.judge: Judge = judge_of(case, NOW)
        self.needs = needs(self.judge, self.setting, self.result)

    def after(self, wanted: Sequence[Need], *supplied: Item) -> Status:
        """Does what is wanted, no more, and judges again."""
        made = [self._made(need, 50 + number) for number, need in enumerate(wanted) if need.action in ("repeat", "correct")]
        return Tried(self.gate, *self.items, *made, *supplied, **self.settings).result.verdict

    def _made(self, need: Need, entry: int) -> Item:
        old = next(one for one in self.items if one.entry == need.evidence)
        names = {one.fingerprint for one in need.findings}
        kind = self.judge.kinds[old.kind]
        item = without_findings(kind, old, [one for one in old.worst(1000) if one.fingerprint in names])
        subject = old.subject.model_copy(update={"dirty": False})
        if need.commit is not None:
            subject = subject.model_copy(update={"commit": need.commit, "environment": need.environment or subject.environment})
        payload = item.payload.model_copy(update={"incomplete": None})
        assurance = max(old.assurance, need.assurance or old.assurance, key=lambda one: one.rank)
        return replace(item, entry=entry, subject=subject, observed_at=NOW, assurance=assurance, payload=payload)


def coverage(entry: int = 1, lines: int = 90, **how: Any) -> Item:
    counts: dict[str, Any] = {"lines_covered": lines, "lines_total": 100, "branches_covered": None, "branches_total": None, "files": 3}
    return evidence("coverage", entry=entry, **counts, **how)


def load(entry: int = 1, p95: float = 100, **how: Any) -> Item:
    figures: dict[str, Any] = {
        "requests": 5000,
        "failed": 0,
        "error_rate": 0.0,
        "p95_ms": p95,
        "p99_ms": 2 * p95,
        "percentiles_over": "all",
    }
    return evidence("load-test", entry=entry, **figures, duration_s=600, users=50, **how)


def found(*severities: Severity) -> list[Finding]:
    return [Finding(rule=f"R{n}", severity=one.value, fingerprint=f"{n:032x}", path="a.py", line=n) for n, one in enumerate(severities)]


def scan(category: str, *severities: Severity, entry: int = 1, age: timedelta = timedelta(hours=1)) -> Item:
    rows = sorted(found(*severities), key=lambda one: list(Severity).index(Severity(one.severity)))
    payload = (
        shipped()
        .kinds["scan"]
        .payload.model_validate(
            {
                "tool": category,
                "tool_version": None,
                "category": category,
                "total": len(rows),
                "by_severity": {one.value: severities.count(one) for one in Severity},
                "suppressed": 0,
                "scanned": 9,
                "scanned_what": "packages" if category == "sca" else "files",
                "errors": 0,
                "skipped": 0,
                "rules": 9,
                "lines": None,
            }
        )
    )
    return replace(coverage(entry, age=age), kind="scan", tool=category, payload=payload, worst=lambda limit: rows[:limit])


def a_run(failed: int) -> Item:
    rows = [Finding(rule="failure", severity="high", fingerprint=f"{n:032x}", path=f"t{n}") for n in range(failed)]
    counts: dict[str, Any] = {"tests": 10, "passed": 10 - failed, "failed": failed, "errors": 0, "skipped": 0, "flaky": 0}
    return replace(evidence("test-results", declared=None, duration_s=1.0, **counts), worst=lambda limit: rows[:limit])


HOW = [
    ({"age": 20 * DAY}, Reason.STALE),
    ({"commit": OTHER}, Reason.FOREIGN),
    ({"environment": "production"}, Reason.FOREIGN),
    ({"assurance": Assurance.STATED}, Reason.WEAK),
    ({"incomplete": "half of it"}, Reason.INCOMPLETE),
]


@pytest.mark.parametrize(("how", "reason"), HOW, ids=[str(reason) + str(how) for how, reason in HOW])
def test_evidence_that_does_not_count_is_to_be_made_again(how: dict[str, Any], reason: Reason) -> None:
    case = Tried("REL-2", load(**how))
    (need,) = case.needs
    assert (need.action, need.reason, need.evidence, need.kinds) == ("repeat", reason, 1, ("load-test",))
    assert (need.commit, need.environment, need.max_age) == (COMMIT, "staging", "14 d")
    assert "staging" in need.text and "14 d" in need.text
    assert case.after(case.needs) is Status.PASS


def test_one_piece_is_enough_where_one_is() -> None:
    case = Tried("REL-2", load(1, age=20 * DAY), load(2, age=21 * DAY, environment="production"))
    assert [one.action for one in case.needs] == ["repeat"]
    assert case.after(case.needs) is Status.PASS


def test_what_has_to_come_names_the_thresholds_of_the_project() -> None:
    case = Tried("ALPHA-PF-6", **{"lines-percent": 85})
    (need,) = case.needs
    assert (need.action, need.evidence, need.reason) == ("supply", None, None)
    assert need.limits["lines-percent"] == {"at-least": 85}
    assert "lines percent at least 85" in need.text
    assert "lcov" in need.formats and "jacoco-xml" in need.formats
    limit = int(need.limits["lines-percent"]["at-least"])
    assert case.after((), coverage(7, limit, commit=need.commit)) is Status.PASS
    assert case.after((), coverage(7, limit - 1, commit=need.commit)) is Status.FAIL
    assert case.after((), coverage(7, limit, commit=OTHER)) is Status.NOT_ASSESSED


def test_what_breaks_a_limit_has_to_be_replaced_by_what_keeps_it() -> None:
    case = Tried("REL-2", load(p95=400))
    (need,) = case.needs
    assert (need.action, need.evidence) == ("supply", 1)
    assert need.limits["p95-ms"] == {"less-than": 250.0}
    assert case.after((), load(7, 249, age=timedelta())) is Status.PASS


def test_failed_tests_are_named_and_correcting_them_is_enough() -> None:
    case = Tried("ALPHA-PF-5", a_run(3))
    (need,) = case.needs
    assert need.action == "correct"
    assert len(need.findings) == 3
    assert case.after(case.needs) is Status.PASS
    fewer = need.model_copy(update={"findings": need.findings[:2]})
    assert case.after([fewer]) is Status.FAIL


def test_only_the_findings_that_stand_in_the_way_are_named() -> None:
    bad = scan("sast", Severity.MEDIUM, Severity.HIGH, Severity.LOW, Severity.CRITICAL, Severity.UNKNOWN)
    case = Tried("ALPHA-SF-1", bad, scan("sca", entry=2))
    (need,) = case.needs
    assert {one.severity for one in need.findings} == {"critical", "high", "unknown"}
    assert len(need.findings) == 3
    assert case.after(case.needs) is Status.PASS


def test_findings_of_several_scans_and_a_scan_that_is_too_old_are_named_together() -> None:
    case = Tried("ALPHA-SF-1", scan("sast", Severity.HIGH), scan("sca", Severity.CRITICAL, Severity.LOW, entry=2, age=9 * DAY))
    assert [one.action for one in case.needs] == ["correct", "correct"]
    assert {(one.evidence, one.severity) for need in case.needs for one in need.findings} == {(1, "high"), (2, "critical")}
    assert case.after(case.needs) is Status.PASS


def test_a_scan_that_counts_but_is_too_old_for_the_gate_is_repeated() -> None:
    case = Tried("ALPHA-SF-1", scan("sast"), scan("sca", entry=2, age=9 * DAY))
    (need,) = case.needs
    assert (need.action, need.evidence, need.findings) == ("repeat", 2, ())
    assert case.after(case.needs) is Status.PASS


def test_a_green_gate_needs_nothing_and_people_have_to_decide_what_people_decide() -> None:
    assert Tried("ALPHA-PF-6", coverage()).needs == ()
    assert [one.action for one in Tried("REL-6", coverage()).needs] == ["decide"]


def test_the_number_of_findings_to_correct_is_the_smallest() -> None:
    case = Tried("ALPHA-SF-1", scan("sast", *[Severity.HIGH] * 7), scan("sca", entry=2), high=5)
    (need,) = case.needs
    assert len(need.findings) == 2
    assert case.after(case.needs) is Status.PASS
