"""In-house reports through a table: units are converted, nothing is guessed, and what was read can be read again without the table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compliance.catalog import shipped
from compliance.errors import ConfigError
from compliance.intake import Outcome
from compliance.project import Project
from compliance.verification.verify import verify_store
from tests.test_intake import Place

LOAD = """
[mapping.house]
kind = "load-test"
match = { "/tool" = "loady" }
[mapping.house.fields]
requests = "/total"
failed = "/errors"
p95-ms = { at = "/latency/p95", unit = "s" }
p99-ms = { at = "/latency/p99", unit = "s", optional = true }
error-rate = { at = "/error_percent", unit = "percent" }
observed-at = "/finished"
tool = { value = "loady" }
"""
REPORT = {"tool": "loady", "total": 200, "errors": 5, "latency": {"p95": 0.25}, "error_percent": 2.5, "finished": "2026-01-31T12:00:00Z"}
SCAN = """
[mapping.house]
kind = "scan"
type = "csv"
delimiter = ";"
match = { Regel = true, Schwere = true }
[mapping.house.fields]
category = { value = "sast" }
tool = { value = "pruefer" }
[mapping.house.rows.fields]
rule = "Regel"
severity = "Schwere"
path = "Datei"
line = "Zeile"
"""
CSV = "Regel;Schwere;Datei;Zeile\nR1;high;a.py;3\nR1;high;a.py;9\nR2;HIGHEST;b.py;\n"


def ingest(tmp_path: Path, config: str, data: str, name: str = "report") -> tuple[Place, Outcome]:
    place = Place(tmp_path, config)
    (outcome,) = place.ingest(place.write(name, data.encode()))
    return place, outcome


def test_a_json_report_becomes_evidence_of_its_kind_with_its_units_converted(tmp_path: Path) -> None:
    place, outcome = ingest(tmp_path, LOAD, json.dumps(REPORT))
    assert (outcome.status, outcome.kind, outcome.format) == ("recorded", "load-test", "mapped")
    read = {name: outcome.summary[name] for name in ("requests", "failed", "p95_ms", "p99_ms", "error_rate")}
    assert read == {"requests": 200, "failed": 5, "p95_ms": 250.0, "p99_ms": None, "error_rate": 0.025}
    body = place.entry(outcome).body
    assert (body["observed_at"], body["source"]["tool"], body["assurance"]) == ("2026-01-31T12:00:00Z", "loady", "imported")
    assert len(body["mapping"]) == 64


def test_rows_of_a_csv_report_are_findings_and_are_counted(tmp_path: Path) -> None:
    place, outcome = ingest(tmp_path, SCAN, CSV)
    assert outcome.status == "recorded", outcome.reason
    assert (outcome.summary["total"], outcome.summary["by_severity"]["high"], outcome.summary["by_severity"]["unknown"]) == (3, 2, 1)
    findings = place.store.findings(outcome.evidence or 0)
    first = findings[0]
    assert (first.rule, first.severity, first.path, first.line) == ("R1", "high", "a.py", 3)
    assert len({one.fingerprint for one in findings}) == 3


def test_it_can_be_replayed_without_the_projects_configuration(tmp_path: Path) -> None:
    place, _ = ingest(tmp_path, LOAD, json.dumps(REPORT))
    place.store.close()
    checks = list(verify_store(tmp_path / ".compliance" / "evidence.db", shipped()))
    assert {check.status for check in checks} == {"proven"}


def test_two_tables_give_two_digests(tmp_path: Path) -> None:
    digests = []
    for number, unit in enumerate(("s", "ms")):
        (tmp_path / str(number)).mkdir()
        place, outcome = ingest(tmp_path / str(number), LOAD.replace('p95", unit = "s"', f'p95", unit = "{unit}"'), json.dumps(REPORT))
        digests.append(place.entry(outcome).body["mapping"])
    assert digests[0] != digests[1]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"total": None}, None),
        ({"total": "many"}, "requests: input should be a valid int"),
        ({"total": True}, "requests: "),
        ({"latency": {}}, "/latency/p95: nothing; expected p95_ms"),
        ({"latency": {"p95": "fast"}}, "'fast'; expected a number of s for p95_ms"),
        ({"error_percent": []}, "expected a number of percent"),
    ],
)
def test_what_a_report_does_not_say_is_refused_by_name(tmp_path: Path, change: dict[str, object], reason: str | None) -> None:
    _, outcome = ingest(tmp_path, LOAD, json.dumps({**REPORT, **change}))
    if reason is None:
        assert (outcome.status, outcome.summary["requests"]) == ("recorded", None)
    else:
        assert outcome.status == "refused"
        assert reason in (outcome.reason or "")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("Regel;Schwere;Datei;Zeile\nR1;high\n", "line 2: 2 cells; expected 4"),
        ("Regel;Schwere;Regel\n", "a column twice"),
        ("Regel;Schwere\nR1;high\n", "Datei: nothing; expected path"),
        ("Regel;Schwere;Datei;Zeile\nR1;high;a;x\n", "'x'; expected a line"),
    ],
)
def test_broken_rows_are_refused_with_their_place(tmp_path: Path, data: str, reason: str) -> None:
    _, outcome = ingest(tmp_path, SCAN, data)
    assert outcome.status == "refused"
    assert reason in (outcome.reason or "")


def test_a_file_that_does_not_match_is_not_claimed(tmp_path: Path) -> None:
    _, outcome = ingest(tmp_path, LOAD, json.dumps({**REPORT, "tool": "other"}))
    assert outcome.reason == "not recognised; expected a file of a known format (docs/formats.md)"


def test_numbers_of_csv_are_numbers(tmp_path: Path) -> None:
    table = (
        LOAD.replace('kind = "load-test"', 'kind = "load-test"\ntype = "csv"')
        .replace('"/tool" = "loady"', "total = true")
        .replace("/latency/", "")
    )
    data = "total,errors,p95,p99,error_percent,finished\n200,5,0.25,,2.5,2026-01-31T12:00:00Z\n"
    _, outcome = ingest(tmp_path, table.replace('"/', '"'), data)
    read = {name: outcome.summary[name] for name in ("requests", "failed", "p95_ms", "p99_ms", "error_rate")}
    assert read == {"requests": 200, "failed": 5, "p95_ms": 250.0, "p99_ms": None, "error_rate": 0.025}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "load-test"', 'kind = "load-tests"', "no kind 'load-tests'; did you mean 'load-test'"),
        ('requests = "/total"', 'reqests = "/total"', "no field 'reqests'; did you mean 'requests'"),
        ('{ at = "/latency/p95", unit = "s" }', '"/latency/p95"', "p95_ms: without unit"),
        ('unit = "percent"', 'unit = "s"', "error_rate: unit s; expected one of ratio, percent"),
        ('failed = "/errors"', 'failed = { at = "/errors", unit = "s" }', "failed: unit s, but the field has none"),
        ('failed = "/errors"', "failed = {}", "give at, or value"),
        ('match = { "/tool" = "loady" }', "match = {}", "at least 1 item"),
        ('kind = "load-test"', 'kind = "load-test"\nassurance = "verified"', "only a signature makes a file verified"),
    ],
)
def test_a_table_that_leaves_something_open_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in LOAD
    (tmp_path / "compliance.toml").write_text('[project]\nname = "p"\n' + LOAD.replace(old, new))
    with pytest.raises(ConfigError, match=message):
        Project.load(tmp_path)
