from __future__ import annotations

from typing import Any

import pytest

from compliance.gate import Place, Reason

from .helpers import about, ago, assert_fails, assert_open, assert_passes, item, judge


def test_rel1_a_clean_staging_deployment_passes() -> None:
    verdict = about("REL-1", "deployment")
    assert_passes(verdict)
    assert verdict.message == "deployed to staging with 0 critical errors; the smoke test passed"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outcome": "attempted"}, "was attempted and did not reach the environment"),
        ({"outcome": "failed"}, "the deployment failed"),
        ({"critical_errors": 1}, "1 critical error in the log window; at most 0 allowed"),
        ({"smoke_test": "failed"}, "the smoke test failed"),
    ],
)
def test_rel1_what_went_wrong_fails_in_any_environment(changes: dict[str, Any], words: str) -> None:
    assert_fails(about("REL-1", "deployment", changes), words)
    assert_fails(about("REL-1", "deployment", {**changes, "environment": "production"}), words)


def test_rel1_the_limit_holds_at_its_boundary() -> None:
    assert_passes(about("REL-1", "deployment", {"critical_errors": 2}, critical_errors=2))
    assert_fails(about("REL-1", "deployment", {"critical_errors": 3}, critical_errors=2))


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"critical_errors": None}, "no log window was searched"), ({"smoke_test": None}, "there was no smoke test")],
)
def test_rel1_a_record_that_says_too_little_is_open(changes: dict[str, Any], words: str) -> None:
    assert_open(about("REL-1", "deployment", changes), Reason.INCOMPLETE, words)


def test_rel1_another_environment_does_not_stand_in_for_staging() -> None:
    production = item("deployment", {"environment": "production"}, environment="production")
    assert_open(judge("REL-1", production), Reason.MISSING, "no deployment to staging; found one to production")
    assert_passes(judge("REL-1", item("deployment", {"environment": "qa"}), project={"environments": ["qa", "live"]}))
    assert_passes(judge("REL-1", item("deployment", {"environment": None}, environment="staging")))
    unnamed = judge("REL-1", item("deployment", {"environment": None}, environment=None))
    assert_open(unnamed, Reason.MISSING, "an environment that is not named")


def test_rel1_the_newest_deployment_answers_the_attempts_before() -> None:
    attempt = item("deployment", {"outcome": "attempted", "started_at": ago(hours=5)}, entry=2)
    assert_passes(judge("REL-1", attempt, item("deployment")))
    later = item("deployment", {"outcome": "failed", "started_at": ago(hours=1)}, entry=2)
    assert_fails(judge("REL-1", item("deployment"), later))


def test_rel1_a_record_without_a_time_cannot_be_answered() -> None:
    assert_fails(judge("REL-1", item("deployment"), item("deployment", {"outcome": "failed", "started_at": None}, entry=2)))


def test_rel9_a_gated_path_passes() -> None:
    verdict = about("REL-9", "pipeline")
    assert_passes(verdict)
    assert verdict.message == "every path to production needs a decision (environment production)"


def test_rel9_a_push_that_deploys_fails_with_its_job() -> None:
    verdict = about("REL-9", "pipeline", {"deploys.0.gate": None})
    assert_fails(verdict, "a push to the main branch deploys without an approval (1 job)")
    assert verdict.places == (Place(".github/workflows/deploy.yml:31", "job deploy: gcloud run deploy"),)


@pytest.mark.parametrize("environment", [None, "production", "live", "${{ inputs.target }}"])
def test_rel9_whatever_the_environment_is_called(environment: str | None) -> None:
    assert_fails(about("REL-9", "pipeline", {"deploys.0.gate": None, "deploys.0.environment": environment}))


def test_rel9_a_gate_is_enough_however_the_deployment_starts() -> None:
    changes = {"deploys.0.gate": "workflow_dispatch only", "deploys.0.on_push_to_main": False}
    verdict = about("REL-9", "pipeline", changes)
    assert_passes(verdict)
    assert verdict.threshold == {"on_push_without_approval": 0, "otherwise_without_approval": 0}


def test_rel9_any_workflow_file_can_break_it() -> None:
    assert_fails(judge("REL-9", item("pipeline"), item("pipeline", {"deploys.0.gate": None}, entry=2)))


def test_rel9_another_environment_of_the_project_is_not_production() -> None:
    staging = item("pipeline", {"deploys.0.gate": None, "deploys.0.environment": "staging"}, entry=2)
    assert_passes(judge("REL-9", item("pipeline"), staging))
    assert_open(judge("REL-9", staging), Reason.INCOMPLETE, "nothing in the pipeline shows how production is deployed")


def test_rel9_no_deployment_at_all_is_open() -> None:
    assert_open(about("REL-9", "pipeline", {"deploys": ()}), Reason.INCOMPLETE, "nothing in the pipeline shows")


def test_rel9_a_path_without_push_and_without_approval_is_open() -> None:
    changes = {"deploys.0.gate": None, "deploys.0.on_push_to_main": False, "deploys.0.triggers": ("schedule",)}
    verdict = about("REL-9", "pipeline", changes)
    assert_open(verdict, Reason.INCOMPLETE, "started by schedule")
    assert verdict.places
