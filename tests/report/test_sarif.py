"""The SARIF form of a check."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from compliance.assessment import Assessment, Spot
from compliance.catalog import shipped
from compliance.errors import UnrecognisedError
from compliance.gate import Status
from compliance.reading.recognise import recognise
from compliance.report import sarif
from compliance.source import Source
from tests.report.checks import assessment, checked, hostile

LOG = import_module("pydantic_sarif.model").StaticAnalysisResultsFormatSarifVersion210JsonSchema
"""Made from the schema of the standard; unknown members are refused. The package carries no types."""


def log(root: Path, found: Assessment | None = None) -> Any:
    return json.loads(json.dumps(sarif.document(checked(root, found))))


def run(root: Path, found: Assessment | None = None) -> Any:
    return log(root, found)["runs"][0]


@pytest.mark.parametrize("make", [assessment, lambda: hostile(assessment(), 3)])
def test_the_log_is_sarif(tmp_path: Path, make: Callable[[], Assessment]) -> None:
    document = log(tmp_path, make())
    LOG.model_validate(document)
    for result in document["runs"][0]["results"]:
        assert result["level"] != "none" or result["kind"] != "fail"


def test_red_gates_are_results_at_the_file_and_line_that_matter(tmp_path: Path) -> None:
    results = {result["ruleId"]: result for result in run(tmp_path)["results"]}
    assert [(name, one["level"]) for name, one in results.items()] == [("T-1", "error"), ("T-2", "error"), ("T-4", "note")]
    physical = {"artifactLocation": {"uri": "src/app.py"}, "region": {"startLine": 7}}
    assert results["T-1"]["locations"] == [{"physicalLocation": physical, "message": {"text": "eval"}}]
    (other,) = results["T-1"]["relatedLocations"]  # an endpoint and a test are no files
    assert other["physicalLocation"]["artifactLocation"]["uri"] == "src/other.py"
    assert results["T-2"]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "compliance.toml"
    assert "not assessed (missing): no scan of this commit" in results["T-2"]["message"]["text"]
    assert "/api/health 503" in results["T-1"]["message"]["text"]


def test_every_gate_is_a_rule_and_results_name_theirs(tmp_path: Path) -> None:
    found = run(tmp_path)
    rules = found["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["T-1", "T-2", "T-3", "T-4", "T-5", "T-6"]
    for result in found["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_gate_stays_one_alert_while_its_places_and_numbers_move(tmp_path: Path) -> None:
    before = assessment()
    red = before.gates[0]
    moved = red.model_copy(update={"places": (Spot(where="src/other.py:99", what="x"),), "message": "7 findings are open"})
    after = before.model_copy(update={"gates": (moved, *before.gates[1:])})
    prints = [[one["partialFingerprints"] for one in run(tmp_path, found)["results"]] for found in (before, after)]
    assert prints[0] == prints[1]
    assert len({one["primaryLocationLineHash"] for one in prints[0]}) == 3


def test_a_waived_gate_is_a_suppressed_result(tmp_path: Path) -> None:
    found = assessment()
    waived = found.gates[0].model_copy(update={"verdict": Status.WAIVED, "waivers": ("W7",)})
    (result, *_) = run(tmp_path, found.model_copy(update={"gates": (waived, *found.gates[1:])}))["results"]
    assert (result["level"], result["suppressions"]) == (
        "warning",
        [{"kind": "external", "status": "accepted", "justification": "W7"}],
    )


def test_paths_are_those_of_the_checkout_and_never_lead_out_of_it(tmp_path: Path) -> None:
    root = tmp_path / "services" / "a b"
    root.mkdir(parents=True)
    check = checked(root)
    (tmp_path / "secret.txt").write_text("x")
    outside = check.assessment.gates[0].model_copy(update={"places": (Spot(where="../../secret.txt:1"), Spot(where="src/app.py"))})
    found = check.assessment.model_copy(update={"gates": (outside,)})
    nested = type(check)(assessment=found, root=root, top=tmp_path / "services", configuration=check.configuration)
    (result,) = sarif.document(nested)["runs"][0]["results"]
    assert [place["physicalLocation"] for place in result["locations"]] == [{"artifactLocation": {"uri": "a%20b/src/app.py"}}]
    assert "relatedLocations" not in result


def test_untrusted_text_makes_no_links(tmp_path: Path) -> None:
    (result,) = run(tmp_path, hostile(assessment()))["results"]
    assert "\\[x\\](javascript:y)" in result["message"]["text"]
    assert "\x1b" not in json.dumps(result, ensure_ascii=False)


def test_our_own_reader_counts_the_same_and_takes_it_for_no_scan(tmp_path: Path) -> None:
    text = json.dumps(sarif.document(checked(tmp_path)), indent=2).encode()
    _, form = shipped().formats["sarif"]
    (statement,) = form.read(Source("check.sarif", text))
    payload: Any = statement.payload
    assert (payload.tool, payload.total, payload.by_severity.high, payload.by_severity.low) == ("compliance-toolkit", 3, 2, 1)
    assert "no known scanner" in str(payload.incomplete)
    with pytest.raises(UnrecognisedError, match="a result of `compliance check`"):
        recognise(Source("check.sarif", text), shipped().kinds)
