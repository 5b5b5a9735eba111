"""The catalogue of gates, written down by hand from its specification."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from pydantic import ValidationError

from compliance.catalog import shipped
from compliance.gate import VIEWS, AtLeast, AtMost, Below, Params, Reason, Status
from compliance.point import Point
from compliance.record import Assurance, canonical
from tests.documents import field_docs

from .helpers import READS, gate, judge, passing


class Row(NamedTuple):
    """What the specification says of a gate. Flags: a advisory, s service only, p not at staging, r at rollback, t stated is enough."""

    framework: str
    principle: str
    area: str
    flags: str
    reads: str


PF, SF, PE, ID = "Production-first", "Security foundation", "Parallelised execution", "Insight-driven"
DR, OE = "Disaster recovery", "Operational excellence"

EXPECTED = {
    "ALPHA-PF-1": Row("alpha", PF, "operations", "", "source"),
    "ALPHA-PF-2": Row("alpha", PF, "operations", "sp", "health"),
    "ALPHA-PF-3": Row("alpha", PF, "security", "", "source"),
    "ALPHA-PF-4": Row("alpha", PF, "security", "", "pipeline"),
    "ALPHA-PF-5": Row("alpha", PF, "operations", "", "test-results"),
    "ALPHA-PF-6": Row("alpha", PF, "operations", "", "coverage"),
    "ALPHA-PF-7": Row("alpha", PF, "operations", "as", "deployment"),
    "ALPHA-SF-1": Row("alpha", SF, "security", "", "scan"),
    "ALPHA-SF-2": Row("alpha", SF, "security", "s", "access-policy"),
    "ALPHA-SF-3": Row("alpha", SF, "security", "s", "audit-log"),
    "ALPHA-SF-4": Row("alpha", SF, "security", "st", "secret-rotation"),
    "ALPHA-SF-5": Row("alpha", SF, "security", "", "scan"),
    "ALPHA-SF-6": Row("alpha", SF, "security", "a", "sbom"),
    "ALPHA-SF-7": Row("alpha", SF, "security", "s", "access-policy"),
    "ALPHA-PE-1": Row("alpha", PE, "operations", "at", "plan"),
    "ALPHA-PE-2": Row("alpha", PE, "operations", "at", "plan"),
    "ALPHA-ID-1": Row("alpha", ID, "operations", "s", "audit-log"),
    "ALPHA-ID-2": Row("alpha", ID, "operations", "s", "metrics"),
    "ALPHA-ID-3": Row("alpha", ID, "operations", "as", "alert-rules"),
    "AEI21-PR-1": Row("aei21", "Privacy", "data", "st", "privacy"),
    "AEI21-PR-2": Row("aei21", "Privacy", "data", "st", "privacy"),
    "AEI21-PR-3": Row("aei21", "Privacy", "data", "s", "audit-log"),
    "AEI21-AT-1": Row("aei21", "Audit trails", "data", "s", "audit-log"),
    "AEI21-AT-2": Row("aei21", "Audit trails", "data", "s", "audit-log"),
    "AEI21-DR-1": Row("aei21", DR, "recovery", "s", "rollback-drill"),
    "AEI21-DR-2": Row("aei21", DR, "recovery", "sr", "checkpoint"),
    "AEI21-DR-3": Row("aei21", DR, "recovery", "spr", "load-test health metrics"),
    "AEI21-OE-1": Row("aei21", OE, "operations", "s", "runbook"),
    "AEI21-OE-2": Row("aei21", OE, "operations", "a", "document"),
    "REL-1": Row("release", "Deployment", "operations", "sp", "deployment"),
    "REL-2": Row("release", "Performance", "performance", "sp", "load-test"),
    "REL-3": Row("release", "Performance", "performance", "sp", "load-test"),
    "REL-4": Row("release", "Performance", "operations", "sp", "health metrics"),
    "REL-5": Row("release", "People", "operations", "t", "risk-register"),
    "REL-6": Row("release", "People", "operations", "", "sign-off"),
    "REL-7": Row("release", "People", "operations", "", "condition"),
    "REL-8": Row("release", "Truth", "operations", "", "document verdict"),
    "REL-9": Row("release", "Deployment", "operations", "s", "pipeline"),
}

AT_CHANGE = {
    *("ALPHA-PF-1", "ALPHA-PF-3", "ALPHA-PF-4", "ALPHA-PF-5", "ALPHA-PF-6"),
    *("ALPHA-SF-1", "ALPHA-SF-2", "ALPHA-SF-5", "ALPHA-SF-6", "ALPHA-SF-7"),
    *("AEI21-OE-1", "AEI21-OE-2", "REL-9"),
}
"""Gates that read only kinds which bind to the commit."""

KNOWN = {
    "NIST SSDF": r"PO\.(1\.[1-3]|2\.[1-3]|3\.[1-3]|4\.[12]|5\.[12])|PS\.(1\.1|2\.1|3\.[12])|"
    r"PW\.(1\.[1-3]|2\.1|4\.[124]|5\.1|6\.[12]|7\.[12]|8\.[12]|9\.[12])|RV\.(1\.[1-3]|2\.[12]|3\.[1-4])",
    "SOC 2": r"CC(1\.[1-5]|2\.[1-3]|3\.[1-4]|4\.[12]|5\.[1-3]|6\.[1-8]|7\.[1-5]|8\.1|9\.[12])|A1\.[1-3]",
    "ISO/IEC 27001:2022": r"A\.(5\.([1-9]|[12]\d|3[0-7])|6\.[1-8]|7\.([1-9]|1[0-4])|8\.([1-9]|[12]\d|3[0-4]))",
    "GDPR": r"art\. ([1-9]|[1-9]\d)(\(\d\))?(\([a-f]\))?",
    "CCPA": r"Cal\. Civ\. Code 1798\.\d{3}",
}
"""Identifiers that the standards have (SP 800-218 v1.1, TSC 2017, Annex A of 2022)."""


def test_every_gate_of_the_catalogue_exists_and_no_other() -> None:
    assert set(shipped().gates) == set(EXPECTED)


@pytest.mark.parametrize(("gate_id", "row"), EXPECTED.items())
def test_metadata_is_that_of_the_catalogue(gate_id: str, row: Row) -> None:
    found = gate(gate_id)
    assert (found.id, found.framework, found.principle, found.area.value) == (gate_id, row.framework, row.principle, row.area)
    assert found.reads == tuple(row.reads.split())
    assert found.required is ("a" not in row.flags)
    assert found.service_only is ("s" in row.flags)
    assert found.min_assurance is (Assurance.STATED if "t" in row.flags else Assurance.IMPORTED)
    assert found.after_all is (gate_id == "REL-6")
    assert (found.judge is not None) is (gate_id in READS or set(found.reads) <= set(VIEWS))


@pytest.mark.parametrize("gate_id", EXPECTED)
def test_decision_points_are_those_of_the_catalogue(gate_id: str) -> None:
    flags, kinds = EXPECTED[gate_id].flags, shipped().kinds
    expected = {
        "change": gate_id in AT_CHANGE,
        "staging": "p" not in flags,
        "production": True,
        "rollback": "r" in flags,
    }
    assert {name: Point(name, name).asks(gate(gate_id), kinds) for name in expected} == expected


def test_ages_are_those_of_the_catalogue() -> None:
    ages = {gate_id: found.max_age for gate_id, found in shipped().gates.items() if found.max_age is not None}
    assert ages == {"ALPHA-PF-2": timedelta(hours=1), "AEI21-DR-1": timedelta(days=90), "REL-2": timedelta(days=14)}


def test_defaults_are_the_thresholds_of_the_catalogue() -> None:
    defaults = {gate_id: found.params().model_dump(mode="json") for gate_id, found in shipped().gates.items()}
    assert {gate_id: values for gate_id, values in defaults.items() if values} == {
        "ALPHA-PF-1": {"markers": 0, "unimplemented": 0, "skipped_files": 0},
        "ALPHA-PF-2": {"endpoints": ["/api/health", "/api/metrics", "/api/about"], "probes": 3, "status": 200},
        "ALPHA-PF-5": {"failed": 0, "errors": 0, "passed": 1},
        "ALPHA-PF-6": {"lines_percent": 80.0, "branches_percent": 70.0},
        "ALPHA-SF-1": {"critical": 0, "high": 0, "unknown": 0, "dependency_scan_max_age_days": 7.0},
        "ALPHA-SF-2": {"public": {}},
        "ALPHA-SF-3": {"window_max_age_hours": 24.0},
        "ALPHA-SF-7": {"public": {}},
        "ALPHA-SF-6": {"without_name": 0, "without_version": 0, "without_licence": 0, "denied_licences": []},
        "ALPHA-ID-1": {"structured_percent": 99.0},
        "ALPHA-PE-2": {"overrun": 1.5},
        "ALPHA-SF-4": {"rotated_within_days": 90.0},
        "AEI21-PR-1": {"review_max_age_days": 180.0},
        "AEI21-PR-2": {"limit_days": 30.0, "ccpa_limit_days": 45.0},
        "REL-5": {"high_residual": 0},
        "ALPHA-ID-2": {"window_max_age_hours": 24.0},
        "ALPHA-ID-3": {
            "for_s": 1.0,
            "route_labels": ["severity", "team", "owner", "service", "receiver", "route", "channel", "page"],
        },
        "AEI21-PR-3": {"declared_fields": []},
        "AEI21-AT-2": {"gaps": 0, "skew_s": 1.0, "heartbeat_s": 3600.0, "window_hours": 24.0, "window_max_age_hours": 24.0},
        "AEI21-DR-1": {"recovery_s": 300.0},
        "AEI21-DR-2": {"restore_test_max_age_days": 90.0},
        "AEI21-DR-3": {"error_rate": 0.05, "p95_ms": 500.0, "failed_probes": 0, "critical_alerts": 0},
        "AEI21-OE-1": {"review_max_age_days": 180.0},
        "REL-1": {"critical_errors": 0},
        "REL-2": {"p95_ms": 250.0, "p99_ms": 1000.0, "users": 10, "duration_s": 60.0},
        "REL-3": {"error_rate": 0.01},
        "REL-4": {"availability": 0.999, "window_hours": 24.0, "samples": 1000},
    }


UNORDERED = {
    *(("Probes", "endpoints"), ("Probes", "status"), ("PersonalData", "declared_fields"), ("Alerting", "route_labels")),
    *(("PublicRules", "public"), ("PublicEndpoints", "public")),
}
"""Parameters of which none is looser than another."""
LISTS = {
    *(("ALPHA-PF-2", "endpoints"), ("AEI21-PR-3", "declared_fields"), ("ALPHA-ID-3", "route_labels")),
    *(("ALPHA-SF-2", "public"), ("ALPHA-SF-7", "public")),
}


def thresholds() -> list[tuple[type[Params], str]]:
    return [(found.params, name) for found in shipped().gates.values() for name in found.params.model_fields]


@pytest.mark.parametrize(("model", "name"), thresholds())
def test_every_number_says_which_way_loosens_it(model: type[Params], name: str) -> None:
    info = model.model_fields[name]
    marks = [mark for mark in info.metadata if isinstance(mark, (AtLeast, AtMost))]
    assert len(marks) == (0 if (model.__name__, name) in UNORDERED else 1)
    below = any(isinstance(mark, Below) for mark in marks)
    assert ("less than" in field_docs(model)[name]) == below, "the pages of a report write the word of the mark"


COUNTS = {
    *(("ALPHA-PF-1", name) for name in ("markers", "unimplemented", "skipped_files")),
    *(("ALPHA-PF-5", name) for name in ("failed", "errors")),
    *(("ALPHA-SF-1", name) for name in ("critical", "high", "unknown")),
    *(("ALPHA-SF-6", name) for name in ("without_name", "without_version", "without_licence")),
    *(("AEI21-AT-2", name) for name in ("gaps", "skew_s")),
    *(("AEI21-DR-3", name) for name in ("failed_probes", "critical_alerts")),
    ("REL-1", "critical_errors"),
    ("ALPHA-ID-3", "for_s"),
    ("REL-5", "high_residual"),
}
SHARES = {
    ("ALPHA-PF-6", "lines_percent"): 100,
    ("ALPHA-PF-6", "branches_percent"): 100,
    ("ALPHA-ID-1", "structured_percent"): 100,
    ("AEI21-DR-3", "error_rate"): 1,
    ("REL-4", "availability"): 1,
}
POSITIVE = {
    *(("ALPHA-SF-4", "rotated_within_days"), ("AEI21-PR-1", "review_max_age_days")),
    *(("AEI21-PR-2", name) for name in ("limit_days", "ccpa_limit_days")),
    *(("ALPHA-PF-2", "probes"), ("ALPHA-PF-5", "passed"), ("ALPHA-SF-1", "dependency_scan_max_age_days")),
    *(("ALPHA-SF-3", "window_max_age_hours"), ("ALPHA-ID-2", "window_max_age_hours"), ("AEI21-OE-1", "review_max_age_days")),
    *(("AEI21-AT-2", name) for name in ("heartbeat_s", "window_hours", "window_max_age_hours")),
    *(("AEI21-DR-1", "recovery_s"), ("AEI21-DR-2", "restore_test_max_age_days"), ("AEI21-DR-3", "p95_ms")),
    *(("REL-2", name) for name in ("p95_ms", "p99_ms", "users", "duration_s")),
    *(("REL-3", "error_rate"), ("REL-4", "window_hours"), ("REL-4", "samples")),
}
LEAST_AND_MOST: dict[tuple[str, str], tuple[float, float, float]] = {
    ("ALPHA-PE-2", "overrun"): (1, 10, 0.9),
    **dict.fromkeys(COUNTS, (0, 1000, -1)),
    **{key: (0, most, -0.001) for key, most in SHARES.items()},
    **dict.fromkeys(POSITIVE, (1, 1, 0)),
    ("ALPHA-PF-2", "status"): (100, 599, 99),
}


@pytest.mark.parametrize(("key", "bounds"), LEAST_AND_MOST.items())
def test_a_threshold_that_makes_no_sense_is_refused(key: tuple[str, str], bounds: tuple[float, float, float]) -> None:
    (gate_id, name), (least, most, wrong) = key, bounds
    model = gate(gate_id).params
    model.model_validate({name: least})
    model.model_validate({name: most})
    too_much = {**SHARES, ("REL-3", "error_rate"): 1, ("ALPHA-PF-2", "status"): 599}.get(key)
    for value in [wrong] + ([] if too_much is None else [too_much + 0.5, too_much + 1]):
        with pytest.raises(ValidationError):
            model.model_validate({name: value})


def test_no_threshold_was_forgotten_above() -> None:
    numbers = {(gate_id, name) for gate_id, found in shipped().gates.items() for name in found.params.model_fields}
    assert set(LEAST_AND_MOST) == numbers - LISTS - {("ALPHA-SF-6", "denied_licences")}


@pytest.mark.parametrize("gate_id", EXPECTED)
def test_every_gate_is_documented(gate_id: str) -> None:
    doc = gate(gate_id).doc
    for text in (doc.asks, doc.why, doc.evidence, doc.fix):
        assert 20 < len(text) < 700
        assert text.endswith(".")
    assert "`" in doc.evidence, "names no kind and no command"


@pytest.mark.parametrize("gate_id", EXPECTED)
def test_the_crosswalk_names_what_the_standards_have(gate_id: str) -> None:
    entries = gate(gate_id).doc.maps_to.removesuffix(".").split("; ")
    for entry in entries:
        standard = next(name for name in KNOWN if entry.startswith(name))
        for number in entry.removeprefix(f"{standard} ").split(", "):
            assert re.fullmatch(KNOWN[standard], number), entry
    assert len(entries) == len(set(entries)) > 0


@pytest.mark.parametrize("framework", ["alpha", "aei21", "release"])
def test_every_framework_has_a_title_and_says_what_it_is_for(framework: str) -> None:
    found = shipped().frameworks[framework]
    assert found.title
    assert found.doc.strip()


@pytest.mark.parametrize("gate_id", READS)
def test_nothing_passes_by_absence(gate_id: str) -> None:
    verdict = judge(gate_id)
    assert verdict.status is Status.NOT_ASSESSED
    assert verdict.reason in (Reason.MISSING, Reason.INCOMPLETE)


@pytest.mark.parametrize("gate_id", READS)
def test_what_a_verdict_observed_has_a_canonical_form(gate_id: str) -> None:
    verdict = judge(gate_id, *passing(gate_id))
    assert verdict.status is Status.PASS
    values: list[Any] = [verdict.observed, verdict.threshold]
    assert len(canonical(values)) < 2000
