from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from compliance.assessment import GateResult
from compliance.gate import Area, Item, Reason, Standing, Status

from .helpers import about, ago, assert_fails, assert_open, assert_passes, claim, item, judge


def document(*claims: dict[str, Any], name: str = "STATUS.md", entry: int = 1, **changes: Any) -> Item:
    return item("document", {"claims": claims, **changes}, name=name, entry=entry)


def result(gate_id: str, verdict: Status = Status.FAIL, framework: str = "alpha", **more: Any) -> GateResult:
    fields: dict[str, Any] = {"principle": "p", "title": "t", "area": Area.DATA, "required": True, "fix": "f", "message": "why"}
    return GateResult(id=gate_id, framework=framework, verdict=verdict, **{**fields, **more})


def standing(one: dict[str, Any], *evidence: Item, verdicts: dict[str, GateResult] | None = None) -> tuple[str, str]:
    """Where one claim stands beside some evidence, and what was found."""
    found = judge("REL-8", document(one), *evidence, verdicts=verdicts).claims[0]
    return found.standing.value, found.found


def test_rel8_a_confirmed_claim_passes_and_is_listed_with_its_evidence() -> None:
    verdict = about("REL-8", "document")
    assert_passes(verdict, "no contradiction in 1 release document; 1 claim confirmed, 0 without evidence")
    (one,) = verdict.claims
    assert (one.text, one.where, one.standing, one.found, one.evidence) == (
        "P95 221 ms",
        ":12",
        Standing.CONFIRMED,
        "load test: 221 ms",
        (2,),
    )


def test_rel8_a_contradicted_claim_fails_with_both_values_and_places() -> None:
    verdict = judge("REL-8", document(claim("p95_ms", 150.0, text="P95 150 ms", line=7)), item("load-test", entry=9))
    assert_fails(verdict, "1 contradiction in 1 release document")
    assert (verdict.places[0].where, verdict.places[0].what) == ("STATUS.md:7", "P95 150 ms: load test: 221 ms")
    assert verdict.claims[0].evidence == (9,)


def test_rel8_without_a_release_document_or_a_confirmed_claim_it_is_open() -> None:
    assert_open(judge("REL-8", document(claim("p95_ms", 221.0))), Reason.INCOMPLETE, "no claim could be compared")
    assert_open(judge("REL-8", document()), Reason.INCOMPLETE, "no claim could be compared")
    readme = document(claim("p95_ms", 150.0), release_document=False)
    silent = judge("REL-8", readme, item("load-test"))
    assert_open(silent, Reason.INCOMPLETE, "no document speaks of a release")
    assert "docs/claims.md" in (silent.fix or "")


def test_rel8_what_the_document_itself_contradicts_fails_whatever_the_evidence() -> None:
    inner = ({"rule": "total", "line": 3, "text": "11 in total", "against": "the rows above give 10"},)
    verdict = judge("REL-8", document(claim("p95_ms", 221.0), contradictions=inner), item("load-test"))
    assert_fails(verdict, "1 contradiction")
    assert [(one.where, one.standing.value, one.found) for one in verdict.claims] == [
        ("STATUS.md:3", "contradicted", "the rows above give 10"),
        ("STATUS.md:1", "confirmed", "load test: 221 ms"),
    ]


def test_rel8_what_was_not_understood_is_listed_and_changes_nothing() -> None:
    unread = ({"line": 4, "text": "Database layer: 95 %"},)
    verdict = judge("REL-8", document(claim("p95_ms", 221.0), not_understood=unread), item("load-test"))
    assert_passes(verdict)
    assert [one.found for one in verdict.claims] == ["load test: 221 ms", "not understood"]


@pytest.mark.parametrize("stance", ["open", "target", "plan", "past", "approximate", "general"])
def test_rel8_only_what_is_said_of_this_release_is_compared(stance: str) -> None:
    assert standing(claim("p95_ms", 1.0, stance=stance), item("load-test"))[0] == "not-checkable"


GOOD_RUN = {"lines_covered": 90, "lines_total": 100, "branches_covered": 15, "branches_total": 20}
CONFIRMED: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    (claim("p50_ms", 97.0), "load-test", {}),
    (claim("p99_ms", 0.9e3, within=100.0), "load-test", {"p99_ms": 960.0}),
    (claim("p99_ms", 1000.0, bound="below"), "load-test", {}),
    (claim("max_ms", 2500.0), "load-test", {}),
    (claim("mean_ms", 110.0), "load-test", {}),
    (claim("users", 20.0), "load-test", {}),
    (claim("requests", 5000.0), "load-test", {}),
    (claim("rps", 50.0), "load-test", {}),
    (claim("error_rate", 0.0, within=0.01), "load-test", {}),
    (claim("error_rate", 0.471, within=0.001), "load-test", {"requests": 242, "failed": 114, "error_rate": None}),
    (claim("failed_requests", 114.0, total=242.0), "load-test", {"requests": 242, "failed": 114}),
    (claim("coverage", 0.90, within=0.01), "coverage", {}),
    (claim("coverage", 0.875, within=0.001), "coverage", {}),
    (claim("coverage.lines", 0.9, within=0.001), "coverage", {}),
    (claim("coverage.branches", 0.75, within=0.01), "coverage", {}),
    (claim("tests", 10.0), "test-results", {}),
    (claim("tests_passed", 9.0, total=10.0), "test-results", {}),
    (claim("tests_passed", 9.0, total=9.0), "test-results", {}),
    (claim("tests_passed", 9.0), "test-results", {}),
    (claim("tests_failed", 0.0), "test-results", {}),
    (claim("tests_skipped", 1.0), "test-results", {}),
    (claim("pass_rate", 1.0, within=0.01), "test-results", {}),
    (claim("pass_rate", 0.9, within=0.01), "test-results", {}),
    (claim("tests-pass"), "test-results", {}),
    (claim("vulnerabilities", 0.0, words=("critical", "high")), "sast", {}),
    (claim("vulnerabilities", 3.0), "sca", {}),
    (claim("secrets", 0.0), "secrets", {}),
    (claim("modified", 0.0), "source", {}),
    (claim("untracked", 2.0), "source", {"untracked": 2}),
    (claim("markers", 0.0), "source", {}),
    (claim("critical_errors", 0.0), "deployment", {}),
    (claim("availability", 0.999, bound="above", within=0.001), "health", {}),
    (claim("recovery_s", 300.0, bound="below", within=60.0), "rollback-drill", {}),
    (claim("deployed-staging"), "deployment", {}),
    (claim("rollback-tested"), "rollback-drill", {}),
    (claim("load-tested", environment="staging"), "load-test", {}),
    (claim("health-answers"), "health", {}),
    (claim("runbook-written"), "runbook", {}),
    (claim("audit-logs"), "audit-log", {}),
]
CONTRADICTED: list[tuple[dict[str, Any], str, dict[str, Any], str]] = [
    (claim("p95_ms", 221.0), "load-test", {"p95_ms": 222.0}, "load test: 222 ms"),
    (claim("p95_ms", 200.0, bound="below"), "load-test", {}, "221 ms"),
    (claim("error_rate", 0.004, within=0.001), "load-test", {"failed": 250}, "5 %"),
    (claim("coverage", 0.921, within=0.001), "coverage", {}, "90 %, 75 %, 87.5 %"),
    (claim("coverage.branches", 0.9, within=0.01), "coverage", {}, "75 %"),
    (claim("tests_passed", 10.0, total=10.0), "test-results", {"passed": 8, "failed": 1}, "1 test failed"),
    (claim("tests_passed", 10.0, total=10.0, text="all"), "test-results", {"passed": 8, "skipped": 2}, "8 of 10 pass"),
    (claim("tests_failed", 0.0), "test-results", {"passed": 8, "failed": 1}, "1 failed"),
    (claim("pass_rate", 0.95, within=0.01), "test-results", {}, "90 %"),
    (claim("tests-pass"), "test-results", {"passed": 8, "errors": 1}, "1 test failed"),
    (claim("vulnerabilities", 0.0, words=("critical", "high")), "sca", {"by_severity.high": 2}, "1 scan: 2 critical/high"),
    (claim("vulnerabilities", 0.0), "sca", {}, "3 open findings"),
    (claim("secrets", 0.0), "secrets", {"total": 2}, "2 possible secrets found"),
    (claim("modified", 0.0), "source", {"modified": 39}, "39"),
    (claim("markers", 0.0), "source", {"markers": 4}, "4"),
    (claim("critical_errors", 0.0), "deployment", {"critical_errors": 2}, "2"),
    (claim("availability", 0.999, within=0.001), "health", {"failed": 3}, "66.667 %"),
    (claim("recovery_s", 120.0, bound="below", within=60.0), "rollback-drill", {}, "190 s"),
    (claim("deployed-staging", ticked=True), "deployment", {"outcome": "attempted"}, "deployment to staging: attempted"),
    (claim("rollback-tested"), "rollback-drill", {"mode": "simulated"}, "the only rollback drill was simulated"),
    (claim("health-answers"), "health", {"failed": 2}, "2 probes failed"),
]
UNSUPPORTED: list[tuple[dict[str, Any], str, dict[str, Any], str]] = [
    (claim("p95_ms", 1.0), "coverage", {}, "no load test says it"),
    (claim("p95_ms", 1.0), "load-test", {"p95_ms": None}, "no load test says it"),
    (claim("p95_ms", 1.0, environment="production"), "load-test", {}, "for production"),
    (claim("p95_ms", 1.0, scope="get /api/files"), "load-test", {}, "no evidence is of get /api/files alone"),
    (claim("p90_ms", 1.0), "load-test", {}, "no kind of evidence gives this figure"),
    (claim("tests", 200.0), "test-results", {}, "10 in all"),
    (claim("tests_passed", 150.0, total=150.0), "test-results", {}, "9 of 10 pass"),
    (claim("tests_passed", 150.0, total=165.0), "test-results", {"failed": 1, "passed": 8}, "8 of 10 pass"),
    (claim("tests_passed", 9.0, scope="unit"), "test-results", {}, "no evidence is of unit tests alone"),
    (claim("tests_failed", 3.0), "test-results", {}, "0 failed"),
    (claim("failed_requests", 3.0, total=100.0), "load-test", {}, "no load test has so many requests"),
    (claim("vulnerabilities", 5.0, words=("high",)), "sca", {}, "1 scan: 0 high"),
    (claim("vulnerabilities", 0.0, words=("high",)), "sca", {"by_severity.unknown": 1}, "1 of unknown severity"),
    (claim("vulnerabilities", 0.0, words=("high",)), "sca", {"incomplete": "2 skipped"}, "not all of them looked at everything"),
    (claim("vulnerabilities", 0.0), "sast", {}, "no scan"),
    (claim("deployed-staging"), "deployment", {"environment": "production"}, "no deployment to staging is recorded"),
    (claim("rollback-tested"), "rollback-drill", {"restored_verified": False}, "no drill verified it"),
    (claim("recovery_s", 300.0, bound="below"), "rollback-drill", {"mode": "simulated"}, "no rollback drill says it"),
    (claim("load-tested", environment="production"), "load-test", {}, "no load test is recorded"),
    (claim("health-answers"), "coverage", {}, "no probe is recorded"),
]


@pytest.mark.parametrize(
    ("one", "kind", "changes"), CONFIRMED, ids=lambda value: value["about"] if isinstance(value, dict) and "about" in value else ""
)
def test_rel8_evidence_that_says_the_same_confirms(one: dict[str, Any], kind: str, changes: dict[str, Any]) -> None:
    found, words = standing(one, item(kind, changes, entry=2))
    assert found == "confirmed", words


@pytest.mark.parametrize(("one", "kind", "changes", "words"), CONTRADICTED, ids=lambda value: value if isinstance(value, str) else "")
def test_rel8_evidence_of_the_same_thing_that_says_otherwise_contradicts(one: Any, kind: str, changes: Any, words: str) -> None:
    found, said = standing(one, item(kind, changes, entry=2))
    assert (found, words in said) == ("contradicted", True), said


@pytest.mark.parametrize(("one", "kind", "changes", "words"), UNSUPPORTED, ids=lambda value: value if isinstance(value, str) else "")
def test_rel8_evidence_that_may_be_of_something_else_decides_nothing(one: Any, kind: str, changes: Any, words: str) -> None:
    found, said = standing(one, item(kind, changes, entry=2))
    assert (found, words in said) == ("unsupported", True), said


@pytest.mark.parametrize(
    "about_", ["complete", "approved", "ready", "risk-level", "no-blockers", "blockers", "readiness", "score", "progress"]
)
def test_rel8_what_people_decide_is_not_checkable(about_: str) -> None:
    assert standing(claim(about_, 0.94 if about_ in ("readiness", "score", "progress") else None))[0] == "not-checkable"


def test_rel8_any_run_that_agrees_confirms_and_several_runs_add_up() -> None:
    runs = [item("test-results", entry=2), item("test-results", {"tests": 5, "passed": 5, "skipped": 0}, entry=3)]
    assert standing(claim("tests_passed", 14.0, total=15.0), *runs)[0] == "confirmed"
    assert standing(claim("tests_passed", 5.0, total=5.0), *runs)[0] == "confirmed"
    tests = [item("load-test", entry=2), item("load-test", {"p95_ms": 400.0}, entry=3)]
    assert standing(claim("p95_ms", 400.0), *tests)[0] == "confirmed"
    assert standing(claim("p95_ms", 250.0, bound="below"), *tests) == ("unsupported", "load test: 221 ms, 400 ms")
    assert standing(claim("p95_ms", 300.0), *tests)[0] == "contradicted"


def test_rel8_a_tick_on_a_figure_from_another_environment_is_contradicted() -> None:
    elsewhere = item("load-test", {"environment": "production"}, environment="production", entry=2)
    words = "load test: 221 ms, measured in production; the release is judged in staging"
    assert standing(claim("p95_ms", 221.0, ticked=True), elsewhere) == ("contradicted", words)
    assert standing(claim("p95_ms", 221.0), elsewhere)[0] == "confirmed"
    assert standing(claim("p95_ms", 221.0, ticked=True, environment="production"), elsewhere)[0] == "confirmed"
    assert standing(claim("p95_ms", 221.0, ticked=True), item("load-test", entry=2))[0] == "confirmed"


def test_rel8_response_times_without_the_error_rate_that_breaks_its_limit_leave_something_out() -> None:
    run = item("load-test", {"requests": 242, "failed": 114, "error_rate": 0.471074}, entry=5)
    red = {"REL-3": result("REL-3")}
    verdict = judge("REL-8", document(claim("p95_ms", 221.0)), run, verdicts=red)
    assert_fails(verdict, "1 contradiction")
    assert verdict.claims[0].found == "leaves out that 47.11 % of the requests of the load test failed (114 of 242)"
    assert verdict.claims[0].evidence == (5,)
    told = document(claim("p95_ms", 221.0), claim("error_rate", 0.471, within=0.001))
    assert_passes(judge("REL-8", told, run, verdicts=red))
    assert_passes(judge("REL-8", document(claim("p95_ms", 221.0)), run, verdicts={"REL-3": result("REL-3", Status.NOT_ASSESSED)}))
    assert_passes(judge("REL-8", document(claim("p95_ms", 221.0)), run))


@pytest.mark.parametrize(
    ("about_", "gate_id", "fails"),
    [
        ("audit-immutable", "AEI21-AT-1", "contradicted"),
        ("structured-logs", "ALPHA-ID-1", "unsupported"),
        ("roles", "ALPHA-SF-2", "unsupported"),
        ("secrets-rotated", "ALPHA-SF-4", "unsupported"),
        ("metrics", "ALPHA-ID-2", "unsupported"),
        ("task-graph", "ALPHA-PE-1", "unsupported"),
        ("privacy", "AEI21-PR-1", "unsupported"),
    ],
)
def test_rel8_a_statement_about_a_gate_stands_as_its_verdict(about_: str, gate_id: str, fails: str) -> None:
    expected = {Status.PASS: "confirmed", Status.FAIL: fails, Status.WAIVED: "unsupported", Status.NOT_ASSESSED: "unsupported"}
    for status, answer in expected.items():
        assert standing(claim(about_), verdicts={gate_id: result(gate_id, status)})[0] == answer
    assert standing(claim(about_)) == ("unsupported", f"{gate_id} is not asked")


def test_rel8_a_runbook_is_incomplete_for_a_gap_but_not_for_its_age() -> None:
    whole = {"sections": ["s"] * 7, "defects": 0}
    assert standing(claim("runbook-complete"), verdicts={"AEI21-OE-1": result("AEI21-OE-1", observed=whole)})[0] == "unsupported"
    for gap in ({**whole, "defects": 1}, {**whole, "sections": ["s"] * 6}):
        assert standing(claim("runbook-complete"), verdicts={"AEI21-OE-1": result("AEI21-OE-1", observed=gap)})[0] == "contradicted"


def test_rel8_the_gates_of_a_framework_have_passed_only_if_all_required_ones_have() -> None:
    said = claim("gates-passed", words=("alpha",))
    green = {"A": result("A", Status.PASS), "B": result("B", Status.FAIL, required=False), "C": result("C", Status.FAIL, "release")}
    assert standing(said, verdicts=green)[0] == "confirmed"
    assert standing(said, verdicts={**green, "D": result("D", Status.WAIVED)})[0] == "unsupported"
    assert standing(said, verdicts={**green, "D": result("D", Status.FAIL, evidence=(4,))}) == ("contradicted", "1 gate of alpha failed: D")
    assert standing(said)[0] == "unsupported"


def test_rel8_documents_contradict_each_other() -> None:
    one = document(claim("p95_ms", 221.0, text="P95 221 ms", line=4), claim("no-blockers", line=5, text="No blockers"))
    other = document(
        claim("p95_ms", 230.0, text="P95 230 ms", line=9), claim("blockers", text="Blockers: git", line=2), name="LOG.md", entry=2
    )
    runs = [item("load-test", entry=3), item("load-test", {"p95_ms": 230.0}, entry=4)]
    wrong = [(c.where, c.found) for c in judge("REL-8", one, other, *runs).claims if c.standing is Standing.CONTRADICTED]
    assert wrong == [("LOG.md:9", "STATUS.md:4 says: P95 221 ms"), ("STATUS.md:5", "LOG.md:2 says: Blockers: git")]
    harmless: dict[str, Any]
    for harmless in (
        {"headline": False},
        {"scope": "GET /api/files"},
        {"environment": "production"},
        {"stance": "past"},
        {"value": 221.4, "within": 0.1},
    ):
        fields: dict[str, Any] = {"value": 230.0, **harmless}
        second = document(claim("p95_ms", **fields), name="LOG.md", entry=2)
        found = judge("REL-8", document(claim("p95_ms", 221.0)), second, *runs).claims
        assert not [c for c in found if " says: " in c.found]


def test_rel8_times_that_lie_whole_hours_from_the_audit_log_are_local() -> None:
    log: dict[str, Any] = {"line": 30, "entries": 9, "first_at": ago(hours=5), "last_at": ago(hours=4, minutes=15)}
    audit = item("audit-log", {"first": ago(hours=1), "last": ago(minutes=15)}, entry=3)
    verdict = judge("REL-8", document(claim("p95_ms", 221.0), log=log), item("load-test", entry=2), audit)
    assert_fails(verdict, "1 contradiction")
    assert "4 h away: local times labelled UTC" in verdict.claims[0].found
    for near in (timedelta(), timedelta(minutes=7), timedelta(hours=20)):
        shifted = item("audit-log", {"first": log["first_at"] + near, "last": log["last_at"] + near}, entry=3)
        assert_passes(judge("REL-8", document(claim("p95_ms", 221.0), log=log), item("load-test", entry=2), shifted))


def test_rel8_the_list_of_claims_is_bounded_and_contradictions_come_first() -> None:
    many = [claim("p99_ms", float(number), line=number) for number in range(1000)]
    verdict = judge("REL-8", document(claim("p95_ms", 221.0), *many), item("load-test", entry=2))
    assert len(verdict.claims) == 400
    assert {one.standing for one in verdict.claims} == {Standing.CONTRADICTED}
    assert verdict.observed["contradicted"] == 999
