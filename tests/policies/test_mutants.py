"""Every field that a gate reads can turn it red: its passing evidence with that one field changed does not pass."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

import pytest

from compliance.gate import Status

from .helpers import AS_OF, READS, about, ago, fields_read, judge, passing

_NEUTRALISED: Final = ({"file": "ci.yml", "line": 7, "what": "npm audit || true", "job": "test", "step": None, "pattern": "|| true"},)

MUTANTS: Final[dict[str, dict[str, Any]]] = {
    "ALPHA-PF-1": {"source.markers": 1, "source.unimplemented": 1, "source.files": 0, "source.skipped_files": 1},
    "ALPHA-PF-2": {
        "health.endpoints": (),
        "health.endpoints.1.path": "/other",
        "health.endpoints.1.failed": 1,
        "health.endpoints.1.statuses": {"200": 2, "404": 1},
        "health.endpoints.1.shape_ok": False,
    },
    "ALPHA-PF-3": {
        "source.commit": None,
        "source.modified": 1,
        "source.untracked": 1,
        "source.tags": (),
        "source.tags.0.name": "latest",
        "source.tags.0.annotated": False,
    },
    "ALPHA-PF-4": {"pipeline.neutralised": _NEUTRALISED, "pipeline.jobs": 0},
    "ALPHA-PF-5": {
        "test-results.tests": 11,
        "test-results.passed": 0,
        "test-results.failed": 1,
        "test-results.errors": 1,
        "test-results.skipped": 2,
        "test-results.declared.tests": 11,
        "test-results.declared.failures": 1,
        "test-results.declared.errors": 1,
        "test-results.declared.skipped": 0,
        "test-results.comparable": {"tests": 11, "failures": 0, "errors": 0, "skipped": 1},
    },
    "ALPHA-PF-6": {
        "coverage.lines_covered": 79,
        "coverage.lines_total": 200,
        "coverage.branches_covered": 13,
        "coverage.branches_total": 30,
    },
    "ALPHA-PF-7": {
        "deployment.limits": None,
        "deployment.limits.cpu": None,
        "deployment.limits.memory": None,
        "deployment.limits.termination": False,
        "deployment.limits.rate_limit": None,
    },
    "ALPHA-SF-1": {
        f"{scan}.{field}": value
        for scan in ("sast", "sca")
        for field, value in {
            "category": "secrets",
            "by_severity.critical": 1,
            "by_severity.high": 1,
            "by_severity.unknown": 1,
            "scanned": 0,
        }.items()
    }
    | {"sca.database_at": ago(hours=24 * 8)},
    "ALPHA-SF-2": {
        "access-policy.roles": (),
        "access-policy.default": "allow",
        "access-policy.user_data": "unscoped",
        "access-policy.rules.0.access": "open",
        "access-policy.rules.1.access": "conditional",
    },
    "ALPHA-SF-3": {
        "audit-log.last": ago(hours=25),
        "audit-log.events": 0,
        "audit-log.classes.authentication": 0,
        "audit-log.classes.authorisation": 0,
        "audit-log.classes.administration": 0,
        "audit-log.classes.data_access": 0,
    },
    "ALPHA-SF-7": {
        "access-policy.endpoints": (),
        "access-policy.endpoints.0.reason": None,
        "access-policy.endpoints.1.access": "unknown",
    },
    "ALPHA-SF-4": {
        "secret-rotation.secrets": (),
        "secret-rotation.secrets.0.owned": False,
        "secret-rotation.secrets.0.set_at": None,
        "secret-rotation.secrets.1.set_by": ago(days=91),
        "secret-rotation.secrets.1.expires_at": ago(days=1),
    },
    "ALPHA-SF-5": {"secrets.category": "sast", "secrets.total": 1, "secrets.scanned": 0},
    "ALPHA-SF-6": {
        "sbom.components": 0,
        "sbom.without_name": 1,
        "sbom.without_version": 1,
        "sbom.without_licence": 1,
        "sbom.describes_version": "1.7.0",
    },
    "ALPHA-PE-1": {
        "plan.version": "1.7.0",
        "plan.tasks": (),
        "plan.tasks.0.owned": False,
        "plan.tasks.1.estimate_s": None,
        "plan.cycle": ("build", "deploy", "build"),
        "plan.unknown_needs": (("docs", "nothing"),),
    },
    "ALPHA-PE-2": {
        "plan.version": "1.7.0",
        "plan.tasks.1.started_at": ago(days=1, seconds=-599),
        "plan.tasks.0.started_at": None,
        "plan.tasks.2.finished_at": None,
        "plan.tasks.0.finished_at": ago(days=-1),
        "plan.tasks.2.estimate_s": 599.0,
        "plan.tasks.2.needs": ("deploy",),
    },
    "ALPHA-ID-1": {
        "audit-log.lines": 0,
        "audit-log.events": 2000,
        "audit-log.unparsed": 11,
        "audit-log.with_timestamp": 989,
        "audit-log.with_level": 989,
        "audit-log.with_event": 989,
        "audit-log.with_trace": 989,
    },
    "ALPHA-ID-2": {
        "metrics.samples": 0,
        "metrics.last": ago(hours=25),
        "metrics.latency": (),
        "metrics.errors": (),
        "metrics.availability": (),
        "metrics.throughput": (),
    },
    "ALPHA-ID-3": {
        "alert-rules.alerts": (),
        **{f"alert-rules.alerts.{number}.modes": () for number in range(4)},
        "alert-rules.alerts.1.for_s": None,
        "alert-rules.alerts.2.labels": ("cluster",),
    },
    "AEI21-PR-1": {
        "privacy.activities": (),
        "privacy.activities.0.lacks": ("retention",),
        "privacy.reviewed_at": ago(days=181),
    },
    "AEI21-PR-2": {
        "privacy.rights": (),
        "privacy.rights.0.right": "erasure",
        "privacy.rights.1.written": False,
        "privacy.rights.2.tested_at": None,
        "privacy.rights.3.limit_days": 31,
        "privacy.rights.4.took_days": 31.0,
    },
    "AEI21-PR-3": {"audit-log.events": 0, "audit-log.personal_data": 1, "audit-log.personal_fields": {"message": 1}},
    "AEI21-AT-1": {"audit-log.chain": "absent", "audit-log.events": 0},
    "AEI21-AT-2": {
        "audit-log.first": ago(hours=24),
        "audit-log.last": ago(hours=25),
        "audit-log.gaps": 1,
        "audit-log.out_of_order": 1,
        "audit-log.longest_silence_s": 3601.0,
    },
    "AEI21-DR-1": {
        "rollback-drill.mode": "simulated",
        "rollback-drill.release_line": "1.7",
        "rollback-drill.environment": None,
        "rollback-drill.steps": (),
        "rollback-drill.recovery_s": 300.0,
        "rollback-drill.restored_verified": False,
    },
    "AEI21-DR-2": {
        "checkpoint.items": (),
        "checkpoint.items.0.what": "version",
        "checkpoint.items.0.taken_at": ago(hours=1),
        "checkpoint.items.0.sha256": None,
        "checkpoint.items.0.location": None,
        "checkpoint.items.0.restore_tested_at": None,
        "checkpoint.items.1.restore_tested_at": ago(days=91),
        "checkpoint.items.2.sha256": None,
        "checkpoint.deployed_at": ago(hours=4),
    },
    "AEI21-DR-3": {
        "load-test.error_rate": 0.06,
        "load-test.failed": 251,
        "load-test.requests": 0,
        "load-test.p95_ms": 500.1,
        "health.failed": 1,
        "health.samples": 0,
        "metrics.critical_alerts": 1,
    },
    "AEI21-OE-1": {
        "runbook.sections.rollback": False,
        "runbook.empty_sections": ("recovery",),
        "runbook.broken_links": ("docs/gone.md",),
        "runbook.missing_scripts": ("bin/gone.sh",),
        "runbook.invalid_commands": ("line 40",),
        "runbook.reviewed_at": ago(days=181),
        "runbook.links_checked": False,
    },
    "AEI21-OE-2": {"document.references": 0, "document.unresolved": ("gone.md",), "document.references_checked": False},
    "REL-1": {
        "deployment.environment": "production",
        "deployment.outcome": "attempted",
        "deployment.critical_errors": 1,
        "deployment.smoke_test": "failed",
    },
    "REL-2": {
        "load-test.p95_ms": 250.0,
        "load-test.p99_ms": 1000.0,
        "load-test.users": 9,
        "load-test.duration_s": 59.9,
    },
    "REL-3": {
        "load-test.failed": 50,
        "load-test.requests": 0,
        "load-test.error_rate": 0.01,
        "load-test.endpoints.1.failed": 20,
    },
    "REL-4": {
        "health.samples": 999,
        "health.failed": 2,
        "health.first": ago(hours=24),
        "health.last": ago(hours=2),
    },
    "REL-5": {
        "risk-register.version": "1.7.0",
        "risk-register.risks": (),
        "risk-register.risks.0.likelihood": None,
        "risk-register.risks.0.impact": None,
        "risk-register.risks.0.owned": False,
        "risk-register.risks.0.mitigated": False,
        "risk-register.risks.0.status": None,
        "risk-register.risks.0.residual": "high",
    },
    "REL-8": {
        "document.release_document": False,
        "document.contradictions": ({"rule": "total", "line": 3, "text": "11 in total", "against": "the rows above give 10"},),
        "document.claims": (),
        "document.claims.0.about": "p99_ms",
        "document.claims.0.stance": "target",
        "document.claims.0.value": 219.9,
        "document.claims.0.within": 0.0,
        "document.claims.0.scope": "GET /api/files",
        "document.claims.0.environment": "production",
        "load-test.p95_ms": 222.0,
    },
    "REL-9": {
        "pipeline.deploys": (),
        "pipeline.deploys.0.gate": None,
        "pipeline.deploys.0.environment": "staging",
    },
}
"""By gate: path into the passing evidence, and a value that it must not pass with."""

OTHER_STARTS: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("AEI21-PR-2", "privacy.laws"): {"privacy.laws": ("gdpr", "ccpa"), "privacy.rights.0.limit_days": 45},
    ("ALPHA-PF-2", "health.endpoints.probes"): {"health.endpoints.0.statuses": {"200": 2}},
    ("ALPHA-PF-3", "source.tags.signed"): {"source.tags.0.annotated": False, "source.tags.0.signed": False},
    ("ALPHA-SF-1", "sast.total"): {"sast.total": 0, "sast.scanned": None},
    ("ALPHA-SF-2", "access-policy.rules.until"): {
        "access-policy.rules.0.access": "open",
        "access-policy.rules.0.until": AS_OF + timedelta(days=1),
    },
    ("ALPHA-SF-2", "access-policy.rules.catch_all"): {
        "access-policy.rules.1.access": "authenticated",
        "access-policy.rules.1.catch_all": True,
    },
    ("AEI21-AT-1", "audit-log.retention_locked"): {"audit-log.chain": "absent", "audit-log.retention_locked": False},
    ("AEI21-AT-2", "audit-log.largest_step_back_s"): {"audit-log.out_of_order": 1, "audit-log.largest_step_back_s": 1.1},
    ("AEI21-AT-2", "audit-log.keeps_order"): {"audit-log.out_of_order": 1, "audit-log.keeps_order": True},
    ("AEI21-AT-2", "audit-log.sequenced"): {"audit-log.chain": "absent", "audit-log.sequenced": False},
    ("AEI21-DR-1", "rollback-drill.from_version"): {"rollback-drill.release_line": None, "rollback-drill.from_version": "1.7.0"},
    ("AEI21-DR-3", "load-test.percentiles_over"): {"load-test.percentiles_over": "successful", "load-test.failed": 1},
    ("ALPHA-ID-1", "audit-log.has_levels"): {"audit-log.with_level": 0, "audit-log.has_levels": True},
    ("ALPHA-PF-3", "source.branch"): {"source.branch": "topic", "source.branches": ("topic",)},
    ("ALPHA-PF-3", "source.shallow"): {"source.shallow": True, "source.tags": ()},
    ("REL-2", "load-test.failed"): {"load-test.percentiles_over": None, "load-test.failed": None},
    ("REL-2", "load-test.percentiles_over"): {"load-test.percentiles_over": "successful", "load-test.failed": 1},
    ("REL-3", "load-test.endpoints"): {"load-test.endpoints": (), "load-test.failed": 10, "load-test.error_rate": 0.002},
    ("REL-3", "load-test.endpoints.requests"): {"load-test.endpoints.1.requests": 900, "load-test.endpoints.1.failed": 9},
    ("REL-8", "document.claims.bound"): {"document.claims.0.bound": "above", "document.claims.0.value": 222.0},
    ("REL-8", "document.claims.ticked"): {"document.claims.0.ticked": True, "load-test.environment": "production"},
    ("REL-9", "pipeline.deploys.on_push_to_main"): {"pipeline.deploys.0.gate": None, "pipeline.deploys.0.on_push_to_main": False},
}
"""Fields that decide only together with another one."""

_FIGURES: Final = ("makespan_s", "scheduled_s", "work_s", "parallelism", "actual_s", "actual_parallelism")
SHOWN: Final[dict[str, set[str]]] = {
    "ALPHA-PF-1": {"source.baselined"},
    "ALPHA-PF-2": {"health.endpoints.probes"},
    "ALPHA-SF-1": {"scan.suppressed", "scan.tool"},
    "ALPHA-SF-2": {"access-policy.rules.where"},
    "ALPHA-SF-5": {"scan.suppressed", "scan.tool"},
    "ALPHA-SF-6": {"sbom.licences.alternatives"},
    "ALPHA-SF-4": {"secret-rotation.secrets.name", "secret-rotation.origin"},
    "REL-5": {"risk-register.risks.waived"},
    "ALPHA-ID-3": {"alert-rules.alerts.name"},
    "ALPHA-SF-7": {"access-policy.endpoints.where"},
    "ALPHA-PE-1": {f"plan.{name}" for name in _FIGURES} | {"plan.critical_path", "plan.tasks.id", "plan.tasks.title"},
    "ALPHA-PE-2": {f"plan.{name}" for name in _FIGURES} | {"plan.tasks.id", "plan.tasks.title"},
    "AEI21-AT-1": {"audit-log.claims_immutable"},
    "AEI21-PR-3": {"audit-log.personal_data_of_actors"},
    "AEI21-DR-1": {"rollback-drill.started_at", "rollback-drill.steps.name"},
    "REL-1": {"deployment.smoke_probes", "deployment.started_at"},
    "REL-8": {*(f"document.claims.{name}" for name in ("line", "text", "headline")), "document.log", "document.not_understood"},
    "REL-2": {"load-test.requests"},
}
"""Fields that a gate prints, or orders its evidence by, without judging them."""


def _changed(changes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    by_kind: dict[str, dict[str, Any]] = {}
    for path, value in changes.items():
        kind, _, rest = path.partition(".")
        by_kind.setdefault(kind, {})[rest] = value
    return by_kind


def _all() -> list[tuple[str, dict[str, Any]]]:
    single = [(gate_id, {path: value}) for gate_id, paths in MUTANTS.items() for path, value in paths.items()]
    return single + [(gate_id, changes) for (gate_id, _), changes in OTHER_STARTS.items()]


@pytest.mark.parametrize(("gate_id", "changes"), _all(), ids=lambda value: value if isinstance(value, str) else ",".join(value))
def test_a_changed_field_turns_the_gate_red(gate_id: str, changes: dict[str, Any]) -> None:
    verdict = judge(gate_id, *passing(gate_id, _changed(changes)))
    assert verdict.status in (Status.FAIL, Status.NOT_ASSESSED), verdict.message


@pytest.mark.parametrize("gate_id", READS)
def test_every_field_that_a_gate_reads_has_a_mutant(gate_id: str) -> None:
    paths = set(MUTANTS[gate_id]) | {path for (one, _), changes in OTHER_STARTS.items() if one == gate_id for path in changes}
    changed = {re.sub(r"\.\d+", "", re.sub(r"^(sast|sca|secrets)\.", "scan.", path)) for path in paths}
    read = fields_read(gate_id, passing(gate_id))
    untouched = {path for path in read if not any(f"{path}.".startswith(f"{one}.") or one.startswith(f"{path}.") for one in changed)}
    assert untouched <= SHOWN.get(gate_id, set())


def test_a_gate_reads_the_clock_that_it_is_given() -> None:
    for gate_id, kind in (("ALPHA-SF-1", "sca"), ("ALPHA-SF-3", "audit-log"), ("AEI21-AT-2", "audit-log"), ("AEI21-OE-1", "runbook")):
        assert about(gate_id, kind, as_of=AS_OF).status is Status.PASS
        assert about(gate_id, kind, as_of=AS_OF + timedelta(days=400)).status is not Status.PASS
