from __future__ import annotations

from typing import Any

import pytest

from compliance.gate import Item, Place, Reason
from compliance.record import Finding

from .helpers import AS_OF, about, ago, assert_fails, assert_open, assert_passes, item, judge


def _with(*more: Item) -> list[Item]:
    return [item("sast"), item("sca", entry=2), *more]


def test_sf1_scans_without_critical_or_high_pass() -> None:
    verdict = about("ALPHA-SF-1", "sca", {"suppressed": 3})
    assert_passes(verdict)
    assert "0 critical, 0 high, 0 of unknown severity in 2 scans, 3 findings suppressed" in verdict.message


@pytest.mark.parametrize("severity", ["critical", "high", "unknown"])
@pytest.mark.parametrize("category", ["sast", "sca", "dast", "container"])
def test_sf1_an_open_finding_of_any_scan_fails(severity: str, category: str) -> None:
    bad = item("sast", {"category": category, f"by_severity.{severity}": 1}, entry=3)
    assert_fails(judge("ALPHA-SF-1", *_with(bad)), f"1 {'of unknown severity' if severity == 'unknown' else severity}")


@pytest.mark.parametrize("category", ["secrets", "iac", "licence"])
def test_sf1_other_categories_do_not_decide(category: str) -> None:
    assert_passes(judge("ALPHA-SF-1", *_with(item("sast", {"category": category, "by_severity.high": 5}, entry=3))))


@pytest.mark.parametrize("severity", ["critical", "high", "unknown"])
def test_sf1_limits_hold_at_their_boundary(severity: str) -> None:
    bad = item("sast", {f"by_severity.{severity}": 2}, entry=3)
    two: dict[str, Any] = {severity: 2}
    one: dict[str, Any] = {severity: 1}
    assert_passes(judge("ALPHA-SF-1", *_with(bad), **two))
    assert_fails(judge("ALPHA-SF-1", *_with(bad), **one))


def test_sf1_bad_news_counts_even_if_a_scan_is_missing() -> None:
    verdict = judge("ALPHA-SF-1", item("sast", {"by_severity.high": 1}))
    assert_fails(verdict, "1 high")
    assert "supply the scan that is missing" in (verdict.fix or "")


@pytest.mark.parametrize(("kind", "words"), [("sast", "no dependency scan"), ("sca", "no SAST scan"), ("secrets", "no SAST scan and no")])
def test_sf1_both_scans_are_needed(kind: str, words: str) -> None:
    assert_open(judge("ALPHA-SF-1", item(kind)), Reason.MISSING, words)


@pytest.mark.parametrize(("hours", "passes"), [(168, True), (168.1, False)])
def test_sf1_a_dependency_scan_is_at_most_seven_days_old(hours: float, passes: bool) -> None:
    verdict = judge("ALPHA-SF-1", item("sast"), item("sca", observed_at=ago(hours=hours)))
    assert_passes(verdict) if passes else assert_open(verdict, Reason.STALE, "no dependency scan of the last 7 days")


@pytest.mark.parametrize(("days", "passes"), [(7, True), (7.1, False)])
def test_sf1_a_scan_is_as_old_as_the_advisories_that_it_knew(days: float, passes: bool) -> None:
    verdict = judge("ALPHA-SF-1", item("sast"), item("sca", {"database_at": ago(hours=24 * days)}, entry=2))
    assert_passes(verdict) if passes else assert_open(verdict, Reason.STALE, "no dependency scan of the last 7 days")


def test_sf1_a_dependency_scan_without_a_time_is_as_good_as_old() -> None:
    assert_open(judge("ALPHA-SF-1", item("sast"), item("sca", observed_at=None)), Reason.STALE, "says when it was made")


def test_sf1_an_old_code_scan_of_this_commit_still_counts() -> None:
    assert_passes(judge("ALPHA-SF-1", item("sast", observed_at=ago(days=60)), item("sca")))


def test_sf1_stale_findings_never_decide() -> None:
    old = item("sca", {"category": "container", "by_severity.critical": 9}, entry=3, observed_at=ago(days=8))
    assert_passes(judge("ALPHA-SF-1", *_with(old)))


@pytest.mark.parametrize("kind", ["sast", "sca"])
def test_sf1_a_scan_of_nothing_is_not_clean(kind: str) -> None:
    other = "sca" if kind == "sast" else "sast"
    words = "looked at 0"
    assert_open(judge("ALPHA-SF-1", item(kind, {"scanned": 0, "total": 0}), item(other)), Reason.INCOMPLETE, words)


def test_sf1_one_file_is_something() -> None:
    assert_passes(about("ALPHA-SF-1", "sast", {"scanned": 1}))


def test_sf1_no_packages_are_right_when_none_are_declared() -> None:
    nothing = {"scanned": 0, "total": 0}
    assert_passes(judge("ALPHA-SF-1", item("sast"), item("sca", nothing, scope={"declared": 0})))
    assert_open(judge("ALPHA-SF-1", item("sast"), item("sca", nothing, scope={"declared": 4})), Reason.INCOMPLETE)
    assert_open(judge("ALPHA-SF-1", item("sast", nothing, scope={"declared": 0}), item("sca")), Reason.INCOMPLETE)


def test_sf1_a_scan_that_does_not_say_what_it_covered_must_have_found_something() -> None:
    found: dict[str, Any] = {"scanned": None}
    assert_passes(judge("ALPHA-SF-1", item("sast", found), item("sca")))
    assert_passes(judge("ALPHA-SF-1", item("sast", {**found, "total": 0, "suppressed": 2}), item("sca")))
    assert_open(judge("ALPHA-SF-1", item("sast", {**found, "total": 0}), item("sca")), Reason.INCOMPLETE, "does not say how much")


def test_sf1_places_come_from_the_worst_scan_first() -> None:
    code = Finding(rule="B602", severity="high", fingerprint="a", path="src/run.py", line=9, message="shell=True")
    library = Finding(rule="CVE-1", severity="critical", fingerprint="b", package="left-pad", package_version="1.0")
    sast = item("sast", {"by_severity.high": 1}, findings=[code])
    sca = item("sca", {"by_severity.critical": 1}, entry=2, findings=[library])
    verdict = judge("ALPHA-SF-1", sast, sca)
    assert verdict.places == (Place("left-pad 1.0", "CVE-1"), Place("src/run.py:9", "shell=True"))


def test_sf1_places_are_those_that_break_the_limit() -> None:
    many = [Finding(rule=name, severity=name, fingerprint=name, path=f"{name}.py") for name in ("high", "unknown", "medium", "low")]
    verdict = judge("ALPHA-SF-1", item("sast", {"by_severity.high": 1, "by_severity.unknown": 1}, findings=many), item("sca"), unknown=1)
    assert verdict.places == (Place("high.py", "high"),)


def test_sf1_a_redacted_finding_is_placed_by_what_is_public() -> None:
    library = Finding(rule="CVE-1", severity="high", fingerprint="a", package="left-pad")
    code = Finding(rule="B602", severity="high", fingerprint="b")
    verdict = judge("ALPHA-SF-1", item("sast", {"by_severity.high": 2}, findings=[library, code]), item("sca"))
    assert verdict.places == (Place("left-pad", "CVE-1"), Place("B602", "B602"))


def test_sf1_at_most_ten_places_are_shown() -> None:
    many = [Finding(rule=f"R{n}", severity="high", fingerprint=str(n), path="a.py", line=n) for n in range(30)]
    bad = {"by_severity.high": 30}
    assert len(judge("ALPHA-SF-1", item("sast", bad, findings=many), item("sca", bad, findings=many)).places) == 10


def test_sf3_all_four_classes_pass() -> None:
    assert_passes(about("ALPHA-SF-3", "audit-log"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("authentication", "no authentication event"),
        ("authorisation", "no authorisation event"),
        ("administration", "no administration event"),
        ("data_access", "no data access event"),
    ],
)
def test_sf3_a_class_that_does_not_occur_fails(name: str, words: str) -> None:
    assert_fails(about("ALPHA-SF-3", "audit-log", {f"classes.{name}": 0}), words)


def test_sf3_several_logs_hold_the_classes_together() -> None:
    one = {"classes.authentication": 0}
    two = {"classes.data_access": 0, "classes.administration": 0}
    assert_passes(judge("ALPHA-SF-3", item("audit-log", one), item("audit-log", two, entry=2)))


@pytest.mark.parametrize(("hours", "passes"), [(24, True), (24.1, False)])
def test_sf3_the_window_ends_at_most_a_day_ago(hours: float, passes: bool) -> None:
    verdict = about("ALPHA-SF-3", "audit-log", {"last": ago(hours=hours), "first": ago(hours=48)})
    assert_passes(verdict) if passes else assert_open(verdict, Reason.STALE, "no log ends within the last 24 hours")


def test_sf3_an_old_log_does_not_help_and_does_not_hurt() -> None:
    old = item("audit-log", {"last": ago(days=3), "first": ago(days=4), "classes.authentication": 0}, entry=2)
    assert_passes(judge("ALPHA-SF-3", item("audit-log"), old))
    assert_open(judge("ALPHA-SF-3", old), Reason.STALE)


def test_sf3_a_log_from_the_future_is_not_fresh() -> None:
    assert_open(about("ALPHA-SF-3", "audit-log", {"last": ago(minutes=-5.1)}), Reason.STALE)
    assert_passes(about("ALPHA-SF-3", "audit-log", {"last": ago(minutes=-5)}))


def test_sf3_a_log_without_times_or_events_is_open() -> None:
    assert_open(about("ALPHA-SF-3", "audit-log", {"first": None, "last": None}), Reason.INCOMPLETE, "when its events were")
    empty = {f"classes.{name}": 0 for name in ("authentication", "authorisation", "administration", "data_access", "other")}
    assert_open(about("ALPHA-SF-3", "audit-log", {"events": 0, "last": AS_OF, **empty}), Reason.INCOMPLETE, "no event")


def test_sf5_a_clean_tree_passes() -> None:
    verdict = about("ALPHA-SF-5", "secrets")
    assert_passes(verdict)
    assert verdict.threshold == {"secrets": 0}


def test_sf5_a_scan_that_does_not_say_how_much_it_looked_at_proves_nothing() -> None:
    assert about("ALPHA-SF-5", "secrets", {"scanned": None}).reason is Reason.INCOMPLETE


@pytest.mark.parametrize("scanned", [40, 0, None])
def test_sf5_one_possible_secret_fails_whatever_its_severity(scanned: int | None) -> None:
    secret = Finding(rule="aws-key", severity="unknown", fingerprint="s", path="deploy/env", line=2)
    verdict = judge("ALPHA-SF-5", item("secrets", {"total": 1, "by_severity.unknown": 1, "scanned": scanned}, findings=[secret]))
    assert_fails(verdict, "1 possible secret found by gitleaks")
    assert verdict.places == (Place("deploy/env:2", "aws-key"),)


def test_sf5_any_scanner_may_find_it() -> None:
    other = item("secrets", {"tool": "detect-secrets", "total": 2}, entry=2)
    assert_fails(judge("ALPHA-SF-5", item("secrets"), other), "2 possible secrets found by detect-secrets")


def test_sf5_other_scans_do_not_stand_in() -> None:
    assert_open(judge("ALPHA-SF-5", item("sast"), item("sca", entry=2)), Reason.MISSING, "no secret scan")


def test_sf5_a_scan_of_nothing_is_open() -> None:
    assert_open(about("ALPHA-SF-5", "secrets", {"scanned": 0}), Reason.INCOMPLETE)
    assert_open(judge("ALPHA-SF-5", item("secrets"), item("secrets", {"scanned": 0}, entry=2)), Reason.INCOMPLETE)
