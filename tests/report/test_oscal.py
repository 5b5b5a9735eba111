"""OSCAL assessment results: valid by the schema, whole in their references, and no better than the report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from compliance.gate import Status
from compliance.record import PRIVACY_CLASSES
from compliance.report import oscal
from compliance.report.model import ReportModel
from tests.report.scenario import Release

SCHEMA = json.loads((Path(__file__).parent.parent / "assets" / "oscal-assessment-results-1.2.1.schema.json").read_text())


@pytest.fixture(scope="module")
def model(release: Release) -> ReportModel:
    return release.bundle()[0]


def results(model: ReportModel) -> Any:
    """The document as a program reads it."""
    return json.loads(json.dumps(oscal.document(model)))["assessment-results"]


def valid(document: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid({"assessment-results": document}))


def test_the_document_is_valid_and_the_schema_can_refuse(model: ReportModel, hostile_release: Release) -> None:
    jsonschema.validate({"assessment-results": results(model)}, SCHEMA, jsonschema.Draft202012Validator)
    assert valid(results(hostile_release.bundle()[0]))
    assert valid(results(hostile_release.bundle(frozenset(PRIVACY_CLASSES))[0]))
    broken = results(model)
    broken["results"][0]["findings"][0]["target"]["status"]["state"] = "perhaps"
    assert not valid(broken)
    broken = results(model)
    broken["results"][0]["title"] = "two\nlines"
    assert not valid(broken)


def uuids(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from [value["uuid"]] if "uuid" in value else []
        for one in value.values():
            yield from uuids(one)
    elif isinstance(value, list):
        for one in value:
            yield from uuids(one)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            if name == "observation-uuid":
                yield one
            elif name == "href" and one.startswith("#"):
                yield one[1:]
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_every_reference_leads_somewhere_and_no_identifier_is_used_twice(model: ReportModel) -> None:
    document = results(model)
    known = list(uuids(document))
    assert len(known) == len(set(known))
    assert set(references(document)) <= set(known)
    assert len(list(references(document))) > len(model.assessment.gates)


def test_the_findings_are_the_verdicts(model: ReportModel) -> None:
    (result,) = results(model)["results"]
    states = {one["target"]["target-id"]: one["target"]["status"] for one in result["findings"]}
    assert states.keys() == {one.id for one in model.assessment.gates}
    for gate in model.assessment.gates:
        state = states[gate.id]
        assert (state["state"] == "satisfied") == (gate.verdict is Status.PASS)
        assert state["remarks"].startswith(gate.verdict.value)
    values = {one["name"]: one["value"] for one in result["props"]}
    assert (values["outcome"], values["ledger-root"]) == (model.assessment.outcome, model.proof.checkpoint.root)
    assert result["start"] <= result["end"]


def test_a_waived_gate_is_not_satisfied_and_one_that_does_not_apply_is_no_finding(release: Release) -> None:
    changes: dict[str, dict[str, Any]] = {
        "T-SF-1": {"verdict": Status.WAIVED, "waivers": ("W3",)},
        "T-PF-5": {"verdict": Status.NOT_APPLICABLE},
    }
    gates = tuple(one.model_copy(update=changes.get(one.id, {})) for one in release.assessment.gates)
    changed = replace(release, assessment=release.assessment.model_copy(update={"gates": gates}))
    (result,) = results(changed.bundle()[0])["results"]
    states = {one["target"]["target-id"]: one["target"]["status"] for one in result["findings"]}
    assert states["T-SF-1"] == {"state": "not-satisfied", "reason": "other", "remarks": "waived, by W3"}
    assert "T-PF-5" not in states
    assert result["remarks"] == "Not applicable: T-PF-5."


def test_the_gate_of_a_module_that_cannot_be_loaded_has_an_id_that_oscal_accepts(release: Release) -> None:
    first, *others = release.assessment.gates
    gates = (first.model_copy(update={"id": "own/broken"}), *others)
    changed = replace(release, assessment=release.assessment.model_copy(update={"gates": gates}))
    document = results(changed.bundle()[0])
    assert valid(document)
    assert document["results"][0]["findings"][0]["target"]["target-id"] == "own_broken"


def test_the_same_report_gives_the_same_document(model: ReportModel) -> None:
    assert oscal.document(model) == oscal.document(ReportModel.model_validate_json(model.model_dump_json()))
