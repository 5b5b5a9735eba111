"""What release documents claim: figures with units, ticks, statements, and how each is said."""

from __future__ import annotations

from typing import Any

import pytest

from compliance.record import split_private

from .helpers import read

HEAD = "# Release status report\n\nStatus: in progress\n\n## Acceptance criteria\n\n"
"""Enough for a document to be about a release, and nothing to contradict."""


def document(body: str, head: str = HEAD) -> Any:
    return read("document", "markdown-document", (head + body).encode()).payload


def claims(body: str, heading: str = "## Results") -> list[Any]:
    return list(document(f"\n{heading}\n\n{body}").claims)


def one(body: str, heading: str = "## Results") -> Any:
    found = claims(body, heading)
    assert len(found) == 1, found
    return found[0]


FIGURES = {
    "P95: 221 ms": ("p95_ms", 221.0, 1.0),
    "P95=221ms": ("p95_ms", 221.0, 1.0),
    "p95 latency is 0.221 s": ("p95_ms", 221.0, 1.0),
    "95th percentile: 221 ms": ("p95_ms", 221.0, 1.0),
    "Latency (P99): 1,891 ms": ("p99_ms", 1891.0, 1.0),
    "P99.9: 2.5 s": ("p99.9_ms", 2500.0, 100.0),
    "Median response time 97.5 ms": ("p50_ms", 97.5, 0.1),
    "Average latency: 110 ms": ("mean_ms", 110.0, 1.0),
    "Max response time: 3864 ms": ("max_ms", 3864.0, 1.0),
    "Error rate: 0.42 %": ("error_rate", 0.0042, 0.0001),
    "47.11% error rate": ("error_rate", 0.4711, 0.0001),
    "Test coverage: 92.1 %": ("coverage", 0.921, 0.001),
    "92% line coverage": ("coverage.lines", 0.92, 0.01),
    "Branch coverage: 75.0%": ("coverage.branches", 0.75, 0.001),
    "Coverage of lines: 90 %": ("coverage.lines", 0.9, 0.01),
    "Pass rate: 99 %": ("pass_rate", 0.99, 0.01),
    "93 % of the tests pass": ("pass_rate", 0.93, 0.01),
    "152/165 tests passing": ("tests_passed", 152.0, 1.0),
    "152 of 165 tests pass": ("tests_passed", 152.0, 1.0),
    "All 165 tests passed": ("tests_passed", 165.0, 1.0),
    "Tests: 152/165 passed": ("tests_passed", 152.0, 1.0),
    "1,234 tests": ("tests", 1234.0, 1.0),
    "Total tests: 165": ("tests", 165.0, 1.0),
    "12 tests failed": ("tests_failed", 12.0, 1.0),
    "No failing tests": ("tests_failed", 0.0, 1.0),
    "3 tests skipped": ("tests_skipped", 3.0, 1.0),
    "0 critical/high vulnerabilities": ("vulnerabilities", 0.0, 1.0),
    "No known vulnerabilities": ("vulnerabilities", 0.0, 1.0),
    "Critical vulnerabilities: 0": ("vulnerabilities", 0.0, 1.0),
    "No secrets in the repository": ("secrets", 0.0, 1.0),
    "0 critical errors": ("critical_errors", 0.0, 1.0),
    "No TODOs in production code": ("markers", 0.0, 1.0),
    "Availability: 99.95 %": ("availability", 0.9995, 0.0001),
    "20 concurrent users": ("users", 20.0, 1.0),
    "Load test: 242 requests": ("requests", 242.0, 1.0),
    "114 of 242 requests failed": ("failed_requests", 114.0, 1.0),
    "Throughput: 50.5 req/s": ("rps", 50.5, 0.1),
    "Uncommitted changes: 39 modified files": ("modified", 39.0, 1.0),
    "Uncommitted changes: 33 new files": ("untracked", 33.0, 1.0),
    "Recovery time: 3 minutes": ("recovery_s", 180.0, 60.0),
    "Deployment readiness: 94 %": ("readiness", 0.94, 0.01),
    "Security score: 100 %": ("score", 100.0, 1.0),
    "Progress: 100% complete": ("progress", 1.0, 0.01),
}


@pytest.mark.parametrize("text", FIGURES)
def test_a_figure_is_read_with_its_unit_and_its_precision(text: str) -> None:
    for written in (f"- {text}", f"- **{text.replace(': ', '**: ', 1)}" if ": " in text else f"- **{text}**", text, f"{text}."):
        found = one(written)
        assert (found.about, found.value, found.within, found.stance) == (*FIGURES[text], "claim"), written


@pytest.mark.parametrize(
    "text",
    [
        "P95 went from 300 ms to 221 ms",
        "P95 221 ms better than before",
        "Coverage 92,1 %",
        "Coverage of the parser: 92 % in the new module",
        "Error rate spiked to 5 % twice",
        "Improved throughput by 20 %",
        "10x faster, 50 % less memory",
        "12 failed",
        "5 users signed up",
        "242 requests",
        "Version 95.1 of the API",
        "0 errors",
        "3 new features",
    ],
)
def test_what_is_not_wholly_understood_is_no_claim(text: str) -> None:
    assert claims(f"- {text}", "## Changes made") == []


def test_figures_that_were_not_understood_are_listed_once_with_their_line() -> None:
    found = document("## Parts\n\n- Database layer: 95 %\n- Fast, 3 x faster, 20 % smaller\n- Phase: 3\n- Version: 2.0\n- Nothing here\n")
    assert [(one.line, one.text) for one in found.not_understood] == [(9, "Database layer: 95 %"), (10, "Fast, 3 x faster, 20 % smaller")]
    assert found.not_understood_total == 2


@pytest.mark.parametrize(
    ("text", "bound", "value"),
    [
        ("P95 below 250 ms", "below", 250.0),
        ("P95 < 250 ms", "below", 250.0),
        ("P95 ≤ 250 ms", "below", 250.0),
        ("P95 at most 0.25 s", "below", 250.0),
        ("Availability above 99.9 %", "above", 0.999),
        ("Line coverage ≥ 80 %", "above", 0.8),
    ],
)
def test_a_limit_is_a_target_unless_it_stands_at_a_tick_or_is_said_to_be_kept(text: str, bound: str, value: float) -> None:
    assert (one(f"- {text}").bound, one(f"- {text}").value, one(f"- {text}").stance) == (bound, value, "target")
    assert (one(f"- [x] {text}").stance, one(f"- [x] {text}").ticked) == ("claim", True)
    assert (one(f"- [ ] {text}").stance, one(f"- [ ] {text}").ticked) == ("open", False)
    assert (one(f"- ✅ {text}").stance, one(f"- {text} ✅").stance) == ("claim", "claim")


def test_a_limit_that_was_kept_is_a_claim() -> None:
    found = one("- P95 stayed below 250 ms")
    assert (found.bound, found.stance) == ("below", "claim")


STANCES = {
    "- Target: P95 below 250 ms": "target",
    "- We will reach an error rate of 0.1 %": None,
    "- Planned coverage: 90 %": None,
    "- Previous release: 93 % of the tests pass": "past",
    "- Go back when: error rate above 5 %": "plan",
    "- Coverage: about 90 %": "approximate",
    "- Coverage: ~90 %": "approximate",
    "- ⏳ Load test": "open",
    "- ❌ Rollback tested": "open",
}


@pytest.mark.parametrize("text", STANCES)
def test_how_a_thing_is_said(text: str) -> None:
    found = claims(text)
    assert [claim.stance for claim in found] == ([STANCES[text]] if STANCES[text] else [])


@pytest.mark.parametrize(
    ("heading", "stance"),
    [
        ("## Success criteria", "target"),
        ("## Goals", "target"),
        ("## Next steps", "plan"),
        ("## Roadmap", "plan"),
        ("## Previous release", "past"),
        ("## Final results", "claim"),
        ("## Anything", "claim"),
    ],
)
def test_the_nearest_heading_that_says_something_decides(heading: str, stance: str) -> None:
    assert one("- Error rate: 0.4 %", heading).stance == stance


STATEMENTS = {
    "All tests pass": "tests-pass",
    "Tests passing": "tests-pass",
    "Deployed to staging": "deployed-staging",
    "Staging deployment: successful": "deployed-staging",
    "The release runs in staging": "deployed-staging",
    "Rollback tested": "rollback-tested",
    "Rollback: tested and verified": "rollback-tested",
    "Tested rollback procedures": "rollback-tested",
    "Load testing completed": "load-tested",
    "All health endpoints are responsive": "health-answers",
    "Operational runbook complete": "runbook-complete",
    "Documented runbooks": "runbook-written",
    "Immutable audit trail": "audit-immutable",
    "No blocking issues identified": "no-blockers",
    "Blocking issues: none": "no-blockers",
    "Current status: COMPLETE": "complete",
    "Final status: APPROVED WITH CONDITIONS": "approved",
    "Ready for production": "ready",
    "Risk level: LOW": "risk-level",
    "ALPHA v1.8 gates passed": "gates-passed",
}


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_is_read(text: str) -> None:
    assert (one(f"- {text}").about, one(f"- {text}").stance) == (STATEMENTS[text], "claim")


@pytest.mark.parametrize(
    "text", ["Rollback procedure tests", "Structured logging", "RBAC", "Secret rotation", "Audit logs", "GDPR/CCPA alignment"]
)
def test_a_short_form_means_something_only_at_a_tick(text: str) -> None:
    assert claims(f"- {text}") == []
    assert one(f"- [x] {text}").ticked is True


@pytest.mark.parametrize(
    "text",
    [
        "Tests pass on my machine only",
        "Not deployed to staging",
        "Deployed to staging twice, failed once",
        "Rollback was not tested",
        "No blocking issues except one",
        "The status page is complete nonsense",
    ],
)
def test_a_statement_with_a_word_too_many_is_none(text: str) -> None:
    assert claims(f"- {text}") == []


def test_one_line_may_claim_several_things() -> None:
    found = claims("- [x] Deployed to staging with 0 critical errors\n- Speed: P95 221 ms ✅, P99 1891 ms ⚠️ (5 concurrent users)\n")
    assert [(claim.about, claim.ticked) for claim in found] == [
        ("deployed-staging", True),
        ("critical_errors", True),
        ("p95_ms", True),
        ("p99_ms", None),
        ("users", None),
    ]
    assert {claim.line for claim in found[2:]} == {11}


TABLE = """\
| Metric | Target | Actual | Status |
|---|---|---|---|
| P95 latency | < 250 ms | 221 ms | ✅ Pass |
| P99 latency | < 1000 ms | 1891 ms | ❌ |
| Line coverage | 80 % | 79.5 % | not met |
"""


def test_a_table_of_targets_and_results() -> None:
    found = claims(TABLE)
    assert [(claim.about, claim.stance, claim.ticked, claim.value) for claim in found] == [
        ("p95_ms", "target", True, 250.0),
        ("p95_ms", "claim", True, 221.0),
        ("p99_ms", "target", False, 1000.0),
        ("p99_ms", "claim", None, 1891.0),
        ("coverage.lines", "target", None, 0.8),
        ("coverage.lines", "claim", None, 0.795),
    ]
    assert found[1].text == "P95 latency: 221 ms"
    assert found[1].line == 12


def test_a_table_of_parts_narrows_each_figure() -> None:
    rows = "| Endpoint | P95 | Error rate |\n|---|---|---|\n| GET /api/files | 240 ms | 0 % |\n| Overall | 221 ms | 0 % |\n"
    assert [(claim.about, claim.scope) for claim in claims(rows)] == [
        ("p95_ms", "get /api/files"),
        ("error_rate", "get /api/files"),
        ("p95_ms", None),
        ("error_rate", None),
    ]


@pytest.mark.parametrize(
    ("text", "heading", "scope"),
    [
        ("- Unit tests: 12 passed", "## Results", "unit tests"),
        ("- 12 unit tests passed", "## Results", "unit"),
        ("- Coverage: 90 %", "## Frontend", "frontend"),
        ("- Coverage: 90 %", "### GET /api/files", "/api/files"),
        ("- Performance baseline: P95 221 ms", "## Results", None),
        ("- Payments: error rate 0.2 %", "## Results", "payments"),
    ],
)
def test_what_a_figure_is_limited_to(text: str, heading: str, scope: str | None) -> None:
    assert one(text, heading).scope == scope


@pytest.mark.parametrize(
    ("heading", "headline"),
    [("## Final metrics", True), ("## Executive summary", True), ("## Scenario 2", False), ("## Before the fix", False)],
)
def test_whether_a_heading_speaks_of_the_whole(heading: str, headline: bool) -> None:
    assert one("- Coverage: 90 %", heading).headline is headline


def test_an_environment_is_read() -> None:
    assert one("- P95 221 ms in production").environment == "production"
    assert one("- Load test against staging completed").about == "load-tested"


def test_code_blocks_pictures_comments_and_struck_out_text_say_nothing() -> None:
    body = "```\nP95: 1 ms\n```\n\n    P95: 2 ms\n\n![P95: 3 ms](a.png)\n\n<!-- P95: 4 ms -->\n\n~~P95: 5 ms~~\n"
    body += "\n- ~~P95: 6 ms~~ `P95: 7 ms`\n"
    assert [claim.value for claim in claims(body)] == [7.0]


def test_severities_are_kept_with_the_number() -> None:
    assert one("- 0 high/critical vulnerabilities").words == ("high", "critical")
    assert one("- 2 moderate severity issues").words == ("medium",)
    assert one("- Security scan: 0 critical or high").words == ("critical", "high")


def test_boxes_are_counted() -> None:
    found = document("- [x] a\n- [X] b\n- [ ] c\n  - [ ] d\n1. [x] e\n- [y] f\n- [x]g\n")
    assert (found.boxes, found.boxes_ticked) == (5, 3)


def test_a_document_that_is_not_about_a_release_claims_nothing() -> None:
    found = document("## Results\n\n- P95: 221 ms\n- [x] All tests pass\n", head="# Parser for things\n\n## Installation\n\n")
    assert (found.release_document, found.claims, found.contradictions, found.not_understood) == (False, (), (), ())


def test_words_are_private_and_numbers_are_not() -> None:
    public, private = split_private(document("- Payments of Jane: error rate 0.2 %\n"))
    assert "Jane" not in str(public)
    assert "jane" not in str(public)
    assert "Payments of Jane: error rate 0.2 %" in private["code"].values() or "error rate 0.2 %" in private["code"].values()
    assert public["claims"][0]["value"] == 0.002
