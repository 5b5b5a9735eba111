from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from compliance import schemas
from compliance.gate import Status
from compliance.record import Severity
from compliance.report import bundle
from compliance.report.figures.model import CoverageFigure, LoadFigure, RollbackFigure, SeverityFigure, TestsFigure
from compliance.report.json import check_document
from compliance.report.model import ReportModel
from tests.report import scenario
from tests.report.scenario import Release


@pytest.fixture(scope="module")
def model(release: Release) -> ReportModel:
    return release.bundle()[0]


def made(folder: Path, drafts: list[Any], **tables: Any) -> ReportModel:
    with scenario.release(folder, drafts, **tables) as release:
        return release.bundle()[0]


def test_the_model_survives_its_file(model: ReportModel) -> None:
    written = json.loads(bundle.model_json(model))
    assert written["schema"] == "compliance/report/v1"
    assert ReportModel.model_validate(written) == model
    jsonschema.Draft202012Validator(schemas.read("report-v1")).validate(written)


def test_nothing_unknown_enters_the_model(model: ReportModel) -> None:
    written = {**model.model_dump(mode="json"), "more": 1}
    with pytest.raises(ValidationError):
        ReportModel.model_validate(written)


def test_page_1_says_what_was_decided_and_why(model: ReportModel) -> None:
    decision = model.decision
    assert (decision.outcome, decision.word) == ("no-go", "NO-GO")
    assert [gate.id for gate in decision.red] == ["T-SF-1", "T-PF-5", "T-RL-2", "T-RL-9"]
    assert decision.red_total == 4
    assert decision.red[1].observed == "failed 3"
    assert decision.red[2].threshold == "P95 at most 250\u00a0ms, P99 at most 1,000\u00a0ms, error rate at most 1\u00a0%"
    assert decision.red_rest == ""


def test_the_matrix_counts_every_gate_once(model: ReportModel) -> None:
    counts = model.decision.total.counts
    assert counts.total == len(model.assessment.gates) == 6
    verdicts = [gate.verdict for gate in model.assessment.gates]
    assert (counts.passed, counts.failed, counts.not_assessed) == tuple(
        verdicts.count(status) for status in (Status.PASS, Status.FAIL, Status.NOT_ASSESSED)
    )


def test_a_gate_that_nobody_could_judge_still_shows_its_threshold(tmp_path: Path) -> None:
    model = made(tmp_path, [scenario.scan(1)])
    gates = {gate.id: gate for framework in model.frameworks for principle in framework.principles for gate in principle.gates}
    assert gates["T-PF-6"].verdict is Status.NOT_ASSESSED
    assert gates["T-PF-6"].threshold == "lines at least 80\u00a0%, branches at least 70\u00a0%"


def notices(model: ReportModel) -> Mapping[str, str]:
    return {notice.kind: f"{notice.label}: {notice.text}" for notice in model.decision.notices}


def test_the_strip_names_what_a_reader_must_not_miss(tmp_path: Path) -> None:
    tables = {
        "gates": {
            "T-PF-6": {"lines-percent": 50.0, "reason": "legacy", "by": "B. Lead"},
            "T-RL-9": {"applicable": False, "reason": "no plan", "by": "C. Owner"},
        },
        "project": {"profile-by": None},
        "report": {"title": "Reconstructed example"},
    }
    model = made(tmp_path, [scenario.scan(1)], **tables)
    shown = notices(model)
    assert set(shown) == {"example", "trial-key", "profile", "switched-off", "loosened"}
    assert "T-PF-6" in shown["loosened"]
    assert "50\u00a0% instead of 80\u00a0%" in shown["loosened"]
    assert "B. Lead" in shown["loosened"]
    assert "C. Owner" in shown["switched-off"]
    assert [setting.gate for setting in model.settings if setting.loosened] == ["T-PF-6", "T-RL-9"]


def test_the_strip_is_short_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    looser = {"reason": "r", "by": "b"}
    gates = {
        "T-SF-1": {"critical": 9, "high": 9, **looser},
        "T-PF-6": {"lines-percent": 1.0, "branches-percent": 1.0, **looser},
        "T-RL-2": {"p95-ms": 9000.0, "p99-ms": 9000.0, "error-rate": 1.0, **looser},
    }
    model = made(tmp_path, [scenario.scan(1)], gates=gates)
    assert len(model.decision.notices) == model.limits.notices == 5
    assert model.decision.notices_more == 3
    assert len(model.settings) == 7


def test_a_judgement_in_hindsight_says_so(own_release: Release) -> None:
    later = own_release.assessment.model_copy(update={"judged_at": own_release.assessment.as_of + timedelta(days=400)})
    model, _ = replace(own_release, assessment=later).bundle()
    assert "2027-12-26" in notices(model)["hindsight"]


def test_figures_answer_their_question_in_a_sentence(model: ReportModel) -> None:
    severity, tests, coverage, load, drill = model.figures
    assert isinstance(severity, SeverityFigure)
    assert severity.caption == "1\u00a0scan of this commit: 17 critical, 17 high and 66\u00a0other open findings."
    assert isinstance(tests, TestsFigure)
    assert tests.caption == "160 of 164\u00a0tests passed (97.6\u00a0%); 3 failed, 1 skipped."
    assert isinstance(coverage, CoverageFigure)
    assert (coverage.lines_limit, coverage.branches_limit) == (0.8, 0.7)
    assert "88.4\u00a0% of lines (threshold 80\u00a0%)" in coverage.caption
    assert "1\u00a0package lies below" in coverage.caption
    assert isinstance(load, LoadFigure)
    assert "P99 of 1,891 ms breaks the limit of 1,000 ms" in load.caption
    assert "114 of 242\u00a0requests failed (47.1\u00a0% against a limit of 1\u00a0%)" in load.caption
    assert load.note == "Percentiles are over successful requests only; 5\u00a0users for 30.4\u00a0s against staging."
    assert isinstance(drill, RollbackFigure)
    assert drill.caption == "Recovery in staging took 3\u00a0min 10\u00a0s, within the limit of 5\u00a0min."
    for figure in model.figures:
        assert figure.alt.startswith(figure.caption)
        assert figure.evidence


def test_there_is_no_figure_without_evidence(tmp_path: Path) -> None:
    model = made(tmp_path, [scenario.others()[1]])
    assert [figure.kind for figure in model.figures] == ["coverage"]
    assert model.findings.open == 0


def test_what_does_not_say_of_which_commit_it_is_makes_no_figure(tmp_path: Path) -> None:
    coverage = scenario.others()[1]
    unbound = {**coverage.body["subject"], "commit": None, "commit_basis": None}
    model = made(tmp_path, [replace(coverage, body={**coverage.body, "subject": unbound})])
    assert [figure.kind for figure in model.figures] == []
    assert [(row.subject, row.counts) for row in model.evidence.rows] == [("no commit, staging", False)]


def test_a_simulated_rollback_is_no_drill(tmp_path: Path) -> None:
    draft = scenario.others()[3]
    paper = replace(draft, payload=draft.payload.model_copy(update={"mode": "simulated", "recovery_s": None}))
    assert made(tmp_path, [paper]).figures[0].caption == "The rollback was only simulated in staging: that is no drill."


def test_findings_are_grouped_worst_first_and_cut_at_the_printed_limit(model: ReportModel) -> None:
    found = model.findings
    assert found.open == 103
    assert found.by_severity[Severity.HIGH] == 20
    assert len(found.groups) == model.limits.groups == 24
    assert found.groups_total == 43
    ranks = [group.severity for group in found.groups]
    assert ranks == sorted(ranks, key=[*("critical", "high", "unknown", "medium", "low", "info")].index)
    assert found.findings_listed == sum(group.count for group in found.groups)


def test_suppressed_findings_are_counted_apart(tmp_path: Path) -> None:
    rows = [scenario.finding(n, state="suppressed" if n else "open") for n in range(4)]
    model = made(tmp_path, [scenario.scan(0, findings=rows)])
    assert (model.findings.open, model.findings.suppressed) == (1, 3)
    assert [group.count for group in model.findings.groups] == [1]


def test_the_register_shows_what_each_scan_looked_at(model: ReportModel) -> None:
    row = model.evidence.rows[0]
    assert (row.number, row.kind, row.tool, row.tool_version) == (1, "Scans", "scanner", "2.1")
    assert row.scope == "412\u00a0files and 2\u00a0skipped"
    assert row.subject == "commit 3f2a9c1d7e55, staging"
    assert row.counts
    assert model.evidence.total == len(model.evidence.rows) == 5


def foreign() -> Any:
    draft = scenario.scan(5, tool="other")
    subject = {**draft.body["subject"], "commit": "f" * 40}
    return replace(draft, body={**draft.body, "subject": subject})


def test_evidence_of_another_commit_is_registered_but_its_findings_are_not(tmp_path: Path) -> None:
    model = made(tmp_path, [foreign(), scenario.scan(2)])
    assert [row.counts for row in model.evidence.rows] == [False, True]
    assert model.findings.open == 2


def test_the_trail_is_of_this_release_and_cut_at_its_latest_entries(tmp_path: Path) -> None:
    drafts = [foreign()] + [scenario.scan(0, f"tool{n}") for n in range(50)]
    model = made(tmp_path, drafts)
    numbers = [entry.number for entry in model.trail.entries]
    assert model.trail.total == 52
    assert len(numbers) == model.limits.trail == 40
    assert numbers == list(range(13, 53))
    assert model.trail.entries[-1].type == "assessment"
    assert 1 not in [entry.number for entry in made(tmp_path / "b", drafts[:3]).trail.entries]


def test_the_id_names_the_entry_and_the_root(model: ReportModel) -> None:
    assert model.id == f"R{model.proof.assessment_entry}-{model.proof.checkpoint.root[:8]}"


def test_the_check_document_has_the_contract_s_keys(release: Release) -> None:
    document = check_document(release.assessment)
    contract = [
        "schema", "subject", "point", "profile", "scope", "as_of", "judged_at", "hindsight", "evidence_outcome", "outcome",
        "score", "gates", "left_out", "loosened", "store", "policy_digest",
    ]  # fmt: skip
    assert [name for name in document if name in contract] == contract
    assert set(document["gates"][0]) == {
        "id", "framework", "principle", "title", "required", "verdict", "reason", "message", "observed", "threshold", "evidence", "waivers",
        "claims", "fix",
    }  # fmt: skip
    assert set(document["subject"]) == {"project", "version", "commit", "environment"}
    jsonschema.Draft202012Validator(schemas.read("check-v1")).validate(json.loads(json.dumps(document)))
