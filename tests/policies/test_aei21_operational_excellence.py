from __future__ import annotations

from typing import Any

import pytest

from compliance.gate import Place, Reason

from .helpers import about, ago, assert_fails, assert_open, assert_passes, item, judge

SECTIONS = ("overview", "health_checks", "alert_response", "deployment", "rollback", "recovery", "contacts")


def test_oe1_a_complete_runbook_passes() -> None:
    verdict = about("AEI21-OE-1", "runbook")
    assert_passes(verdict)
    assert verdict.message == "all seven sections in 1 runbook, last reviewed 30 d ago"


@pytest.mark.parametrize("section", SECTIONS)
def test_oe1_an_absent_or_empty_section_fails(section: str) -> None:
    words = f"no section with content on {section.replace('_', ' ')}"
    assert_fails(about("AEI21-OE-1", "runbook", {f"sections.{section}": False}), words)
    assert_fails(about("AEI21-OE-1", "runbook", {"empty_sections": (section,)}), words)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("broken_links", "1 broken link"),
        ("missing_scripts", "1 missing script"),
        ("invalid_commands", "1 invalid shell block"),
    ],
)
def test_oe1_a_defect_fails_with_its_place_but_no_path_in_the_message(field: str, words: str) -> None:
    verdict = about("AEI21-OE-1", "runbook", {field: ("docs/secret-name.md",)})
    assert_fails(verdict, words)
    assert verdict.places == (Place("docs/secret-name.md", words.removeprefix("1 ")),)
    assert "secret-name" not in verdict.message


def test_oe1_sections_are_spread_over_runbooks_and_defects_add_up() -> None:
    one: dict[str, Any] = {"sections.recovery": False, "broken_links": ("a.md",)}
    two: dict[str, Any] = {f"sections.{name}": name == "recovery" for name in SECTIONS}
    assert_passes(judge("AEI21-OE-1", item("runbook", {"sections.recovery": False}), item("runbook", two, entry=2)))
    verdict = judge("AEI21-OE-1", item("runbook", one), item("runbook", {**two, "broken_links": ("b.md",)}, entry=2))
    assert_fails(verdict, "2 broken links")
    assert "section" not in verdict.message


@pytest.mark.parametrize(("days", "passes"), [(180, True), (180.1, False)])
def test_oe1_each_runbook_was_reviewed_within_half_a_year(days: float, passes: bool) -> None:
    verdict = judge("AEI21-OE-1", item("runbook"), item("runbook", {"reviewed_at": ago(days=days)}, entry=2))
    assert verdict.observed["oldest_review_days"] == days
    assert_passes(verdict) if passes else assert_fails(verdict, "last reviewed 180.1 d ago; expected at most 180 d")


def test_oe1_an_unknown_review_is_open_unless_something_is_wrong() -> None:
    unknown = {"reviewed_at": None, "reviewed_basis": None}
    assert_open(about("AEI21-OE-1", "runbook", unknown), Reason.INCOMPLETE, "does not say when it was last reviewed")
    assert_fails(about("AEI21-OE-1", "runbook", {**unknown, "sections.rollback": False}))


def test_oe1_links_that_nobody_looked_up_prove_nothing() -> None:
    unchecked = item("runbook", {"links_checked": False}, entry=2)
    assert_open(judge("AEI21-OE-1", item("runbook"), unchecked), Reason.INCOMPLETE, "links and scripts exist was not looked up")
    assert_fails(judge("AEI21-OE-1", item("runbook", {"sections.contacts": False, "links_checked": False})))


def test_oe1_a_review_that_lies_ahead_is_none() -> None:
    assert_open(about("AEI21-OE-1", "runbook", {"reviewed_at": ago(days=-30)}), Reason.INCOMPLETE)
    assert_passes(about("AEI21-OE-1", "runbook", {"reviewed_at": ago(hours=-24)}))
    assert_open(about("AEI21-OE-1", "runbook", {"reviewed_at": ago(hours=-24.1)}), Reason.INCOMPLETE)


def test_oe2_references_that_resolve_pass() -> None:
    verdict = about("AEI21-OE-2", "document")
    assert_passes(verdict)
    assert verdict.message == "2 references in 1 document, all there"


def test_oe2_a_reference_that_leads_nowhere_fails_with_its_place() -> None:
    verdict = judge("AEI21-OE-2", item("document", {"unresolved": ("./DEPLOYMENT_LOG.md",)}, name="docs/STATUS.md"))
    assert_fails(verdict, "1 reference of 2 leads nowhere")
    assert verdict.places == (Place("./DEPLOYMENT_LOG.md", "named in docs/STATUS.md"),)
    assert "DEPLOYMENT_LOG" not in verdict.message


def test_oe2_without_references_or_without_a_look_it_is_open() -> None:
    assert_open(about("AEI21-OE-2", "document", {"references": 0}), Reason.INCOMPLETE, "the documents refer to nothing")
    assert_open(about("AEI21-OE-2", "document", {"references_checked": False}), Reason.INCOMPLETE, "was not looked up")


def test_oe2_documents_are_read_together() -> None:
    verdict = judge("AEI21-OE-2", item("document"), item("document", {"unresolved": ("a.md", "#b")}, entry=2))
    assert_fails(verdict, "2 references of 4 lead nowhere")
