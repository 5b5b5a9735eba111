"""The section on claims: contradictions first, everything else by reason, nothing that the judgement does not say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from compliance.assessment import Assessment, ClaimResult
from compliance.gate import Standing
from compliance.report import bundle, bundle_check, gates, html
from compliance.report.claims import claims
from compliance.report.model import Limits, ReportModel
from tests.report import scenario
from tests.report.scenario import Release


def claim(standing: Standing, number: int = 1, found: str = "load test: 221 ms", text: str = "P95 221 ms") -> ClaimResult:
    return ClaimResult(text=text, where=f"docs/STATUS.md:{number}", standing=standing, found=found, evidence=(2, 3))


MANY = (
    claim(Standing.CONFIRMED, 4),
    claim(Standing.NOT_CHECKABLE, 5, "a plan or a condition, not a result"),
    claim(Standing.CONTRADICTED, 6, "load test: 1891 ms"),
    claim(Standing.UNSUPPORTED, 7, "no coverage says it"),
    *(claim(Standing.NOT_CHECKABLE, number, "not understood", "Database layer: 95 %") for number in range(10, 17)),
)


def with_claims(assessment: Assessment, found: Sequence[ClaimResult]) -> Assessment:
    first, *others = assessment.gates
    return assessment.model_copy(update={"gates": (first.model_copy(update={"claims": tuple(found)}), *others)})


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    with scenario.release(tmp_path_factory.mktemp("claims"), [scenario.scan(3), *scenario.others()]) as made:
        yield replace(made, assessment=with_claims(made.assessment, MANY))


@pytest.fixture(scope="module")
def made(checked: Release) -> tuple[ReportModel, dict[str, bytes]]:
    return checked.bundle()


def test_contradictions_come_first_and_what_cannot_be_checked_is_grouped_by_reason(checked: Release) -> None:
    section = claims(checked.assessment, Limits())
    assert section is not None
    assert [(row.standing.value, row.where) for row in section.rows] == [
        ("contradicted", "docs/STATUS.md:6"),
        ("unsupported", "docs/STATUS.md:7"),
        ("confirmed", "docs/STATUS.md:4"),
    ]
    assert {standing.value: count for standing, count in section.counts.items()} == {
        "contradicted": 1,
        "unsupported": 1,
        "confirmed": 1,
        "not-checkable": 8,
    }
    assert [(group.why, group.count, len(group.first)) for group in section.others] == [
        ("not understood", 7, 4),
        ("a plan or a condition, not a result", 1, 1),
    ]


def test_without_claims_there_is_no_section(release: Release) -> None:
    assert claims(release.assessment, Limits()) is None
    assert 'id="claims"' not in html.render(release.bundle()[0])


def test_the_listing_is_cut_at_its_printed_limit(checked: Release) -> None:
    section = claims(with_claims(checked.assessment, [claim(Standing.CONTRADICTED, number) for number in range(300)]), Limits())
    assert section is not None
    assert (len(section.rows), section.rows_total) == (40, 300)


def test_the_page_says_what_the_section_says(made: tuple[ReportModel, dict[str, bytes]]) -> None:
    page = html.render(made[0])
    for words in (
        "1\u00a0contradiction, 1\u00a0claim without evidence, 1 confirmed",
        "Contradicted",
        "No evidence",
        "not understood",
        "and 3\u00a0more",
        "load test: 1891",
    ):
        assert words in page
    assert page.index("Contradicted</span>") < page.index("No evidence</span>") < page.index("Confirmed</span>")


def test_hostile_words_are_shown_and_not_run(checked: Release) -> None:
    hostile = claim(Standing.CONTRADICTED, found="<script>alert(1)</script>", text="\x1b[31m</td><img src=x> \u202e" + "x" * 5000)
    changed = replace(checked, assessment=with_claims(checked.assessment, [hostile]))
    page = html.render(changed.bundle()[0])
    assert "<script>" not in page
    assert "<img src=x>" not in page
    assert "[U+001B]" in page
    assert "x" * 200 not in page


def test_a_whole_bundle_with_claims_is_proven(made: tuple[ReportModel, dict[str, bytes]]) -> None:
    assert [check for check in bundle_check.verify(made[1]) if check.status != "proven"] == []
    gate = json.loads(made[1]["assessment.json"])["gates"][0]
    assert [one["standing"] for one in gate["claims"]][:3] == ["confirmed", "not-checkable", "contradicted"]


def drop(section: dict[str, Any]) -> None:
    section["rows"].pop(0)


def soften(section: dict[str, Any]) -> None:
    section["rows"][0]["standing"] = "confirmed"


def reword(section: dict[str, Any]) -> None:
    section["rows"][0]["found"] = "the same"


def hide(section: dict[str, Any]) -> None:
    section["others"].pop(0)


@pytest.mark.parametrize("change", [drop, soften, reword, hide])
def test_a_changed_section_is_refuted(made: tuple[ReportModel, dict[str, bytes]], change: Any) -> None:
    model = json.loads(made[1][bundle.MODEL])
    change(model["claims"])
    files = {**made[1], bundle.MODEL: json.dumps(model).encode()}
    assert [check.name for check in bundle_check.verify(files) if check.status == "refuted"] == ["bundle-page"]
    model["claims"] = None
    files = {**made[1], bundle.MODEL: json.dumps(model).encode()}
    assert [check.name for check in bundle_check.verify(files) if check.status == "refuted"] == ["bundle-page"]


def test_evidence_that_a_claim_was_compared_with_is_listed_first(checked: Release) -> None:
    assert {2, 3} <= gates.evidence_used(checked.assessment)
