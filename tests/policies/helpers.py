"""Evidence in memory: for each kind a payload that its gates pass, and copies of it with one thing changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from compliance.assessment import GateResult
from compliance.catalog import shipped
from compliance.gate import VERDICT, Gate, Inputs, Item, Reason, Status, Verdict
from compliance.record import Assurance, Finding, Json
from compliance.subject import Subject

AS_OF: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)
COMMIT: Final = "5f3a" * 10
DIGEST: Final = "ab" * 32


def ago(**span: float) -> datetime:
    """Returns a time before the judgement."""
    return AS_OF - timedelta(**span)


JUST_NOW: Final = ago(minutes=30)


def _scan(category: str, tool: str, what: str) -> dict[str, Json]:
    return {
        "tool": tool,
        "tool_version": "1.0",
        "category": category,
        "total": 3,
        "by_severity": {"critical": 0, "high": 0, "medium": 1, "low": 2, "info": 0, "unknown": 0},
        "suppressed": 0,
        "scanned": 40,
        "scanned_what": what,
        "errors": 0,
        "skipped": 0,
        "rules": None,
        "lines": None,
        "database_at": None,
    }


def _probed(path: str) -> dict[str, Json]:
    return {
        "path": path,
        "probes": 3,
        "failed": 0,
        "p95_ms": 12.5,
        "max_ms": 14.0,
        "statuses": {"200": 3},
        "shape_ok": True,
        "expected_status": 200,
    }


def claim(about: str, value: float | None = None, **more: Any) -> dict[str, Json]:
    """A claim of a release document; whole numbers are written without decimals."""
    fields = {"line": 1, "text": about, "about": about, "stance": "claim", "ticked": None, "value": value, "total": None}
    return {**fields, "within": None if value is None else 1.0, "bound": "is", "environment": None, "scope": None, "headline": True, **more}


def _rule(where: str, access: str, **more: Any) -> dict[str, Json]:
    rule = {"where": where, "line": 7, "operations": ("read", "write"), "access": access, "until": None, "catch_all": False}
    return {**rule, "user_data": False, **more}


def _backup(what: str) -> dict[str, Json]:
    return {"what": what, "taken_at": ago(hours=3), "sha256": DIGEST, "location": "bucket/1", "restore_tested_at": ago(days=10)}


def _alert(name: str, mode: str) -> dict[str, Json]:
    return {
        "group": "api",
        "name": name,
        "for_s": 300.0,
        "keep_firing_for_s": None,
        "severity": "critical",
        "labels": ("severity",),
        "annotated": True,
        "runbook_url": True,
        "modes": (mode,),
    }


def _step(name: str, start: float, end: float) -> dict[str, Json]:
    return {"name": name, "started_at": ago(days=5, seconds=-start), "ended_at": ago(days=5, seconds=-end), "artifact": DIGEST}


def _task(name: str, start: float, end: float, *needs: str) -> dict[str, Json]:
    return {
        "id": name,
        "title": None,
        "owner": "ops",
        "owned": True,
        "estimate_s": end - start,
        "needs": needs,
        "resource": None,
        "start_s": start,
        "started_at": ago(days=1, seconds=-start),
        "finished_at": ago(days=1, seconds=-end),
    }


def _secret(name: str, **changes: Any) -> dict[str, Json]:
    set_at = ago(days=30)
    return {"name": name, "owned": True, "owner": "ops", "set_at": set_at, "set_by": set_at, "expires_at": ago(days=-60), **changes}


def _risk(name: str, residual: str) -> dict[str, Json]:
    return {
        "id": name,
        "title": f"What {name} is about",
        "likelihood": "medium",
        "impact": "high",
        "owned": True,
        "owner": "ops",
        "mitigated": True,
        "mitigation": "a second region",
        "status": "mitigated",
        "residual": residual,
        "fingerprint": f"{name:0<32}".lower(),
        "waived": False,
    }


def _right(name: str) -> dict[str, Json]:
    return {"right": name, "written": True, "procedure": f"docs/{name}.md", "limit_days": 30, "tested_at": ago(days=40), "took_days": 2.0}


_SECTIONS: Final = ("overview", "health_checks", "alert_response", "deployment", "rollback", "recovery", "contacts")

GOOD: Final[dict[str, dict[str, Any]]] = {
    "source": {
        "commit": COMMIT,
        "branch": "main",
        "branches": ("main",),
        "committed_at": ago(hours=6),
        "modified": 0,
        "untracked": 0,
        "dirty_files": (),
        "tags": ({"name": "v1.8.0", "annotated": True, "signed": False},),
        "commit_signed": False,
        "shallow": False,
        "files": 40,
        "languages": {"python": 40},
        "markers": 0,
        "unimplemented": 0,
        "baselined": 0,
        "skipped_files": 0,
    },
    "health": {
        "endpoints": tuple(_probed(path) for path in ("/api/health", "/api/metrics", "/api/about")),
        "samples": 9,
        "failed": 0,
        "first": ago(minutes=31),
        "last": ago(minutes=30),
        "environment": "staging",
        "target": "https://staging.example.org",
    },
    "pipeline": {
        "jobs": 3,
        "edges": 2,
        "triggers": ("push", "workflow_dispatch"),
        "job_ids": ("test", "build", "deploy"),
        "edge_list": (("test", "build"), ("build", "deploy")),
        "neutralised": (),
        "deploys": (
            {
                "file": ".github/workflows/deploy.yml",
                "line": 31,
                "job": "deploy",
                "what": "gcloud run deploy",
                "environment": "production",
                "triggers": ("push",),
                "on_push_to_main": True,
                "gate": "environment production",
            },
        ),
        "unknown_needs": 0,
        "cycle": False,
    },
    "test-results": {
        "tests": 10,
        "passed": 9,
        "failed": 0,
        "errors": 0,
        "skipped": 1,
        "flaky": 0,
        "declared": {"tests": 10, "failures": 0, "errors": 0, "skipped": 1},
        "comparable": None,
        "duration_s": 1.5,
        "suites": (),
    },
    "coverage": {
        "lines_covered": 90,
        "lines_total": 100,
        "branches_covered": 15,
        "branches_total": 20,
        "files": 2,
        "packages": (
            {"name": "src/api", "lines_covered": 60, "lines_total": 60, "branches_covered": 10, "branches_total": 10},
            {"name": "src/jobs", "lines_covered": 30, "lines_total": 40, "branches_covered": 5, "branches_total": 10},
        ),
    },
    "deployment": {
        "environment": "staging",
        "version": "1.8.0",
        "outcome": "succeeded",
        "started_at": ago(hours=2),
        "finished_at": ago(hours=1),
        "critical_errors": 0,
        "log_first": ago(hours=1),
        "log_last": ago(minutes=5),
        "smoke_test": "passed",
        "smoke_probes": 12,
        "limits": {"cpu": "1", "memory": "512Mi", "termination": True, "rate_limit": "100/min"},
        "steps": (_step("roll out", 0, 60),),
        "operator": None,
    },
    "sast": _scan("sast", "bandit", "files"),
    "sca": _scan("sca", "pip-audit", "packages"),
    "secrets": {
        **_scan("secrets", "gitleaks", "files"),
        "total": 0,
        "by_severity": {"critical": 0, "high": 0, "medium": 0, "low": 0, "info": 0, "unknown": 0},
    },
    "sbom": {
        "format_version": "1.6",
        "tool": "cdxgen",
        "tool_version": "11.0.0",
        "components": 3,
        "without_name": 0,
        "without_version": 0,
        "without_licence": 0,
        "no_assertion": 0,
        "none": 0,
        "licences": (
            {"expression": "MIT", "components": 2, "first": "left-pad", "alternatives": (("MIT",),)},
            {"expression": "MIT OR GPL-3.0-only", "components": 1, "first": "right-pad", "alternatives": (("MIT",), ("GPL-3.0-only",))},
        ),
        "licences_not_listed": 0,
        "lacking": (),
        "describes": "drivemind",
        "describes_version": "v1.8.0",
    },
    "audit-log": {
        "lines": 1000,
        "events": 1000,
        "unparsed": 0,
        "first": ago(hours=24.5),
        "last": ago(minutes=10),
        "out_of_order": 0,
        "largest_step_back_s": 0.0,
        "keeps_order": True,
        "gaps": 0,
        "sequenced": True,
        "longest_silence_s": 300.0,
        "with_timestamp": 1000,
        "with_level": 1000,
        "has_levels": True,
        "with_event": 1000,
        "with_trace": 1000,
        "classes": {"authentication": 10, "authorisation": 20, "administration": 5, "data_access": 100, "other": 865},
        "chain": "verified",
        "chain_broken_at": None,
        "claims_immutable": 0,
        "retention_locked": False,
        "personal_data": 0,
        "personal_data_of_actors": 0,
        "personal_fields": {},
        "personal_samples": (),
    },
    "load-test": {
        "requests": 5000,
        "failed": 0,
        "error_rate": 0.0,
        "p50_ms": 97.0,
        "p95_ms": 221.0,
        "p99_ms": 900.0,
        "max_ms": 2500.0,
        "mean_ms": 110.0,
        "percentiles_over": "all",
        "rps": 50.0,
        "duration_s": 100.0,
        "users": 20,
        "environment": "staging",
        "target": "https://staging.example.org",
        "endpoints": (
            {"name": "GET /api/health", "requests": 3000, "failed": 0, "p95_ms": 150.0, "p99_ms": 400.0},
            {"name": "GET /api/files", "requests": 2000, "failed": 0, "p95_ms": 240.0, "p99_ms": 950.0},
        ),
        "thresholds": (),
    },
    "rollback-drill": {
        "environment": "staging",
        "mode": "executed",
        "release_line": "1.8",
        "from_version": "1.8.0",
        "to_version": "1.7.3",
        "steps": (_step("error rate raised", 0, 0), _step("previous revision", 75, 170), _step("probe /api/health", 175, 190)),
        "started_at": ago(days=5),
        "recovered_at": ago(days=5, seconds=-190),
        "recovery_s": 190.0,
        "restored_verified": True,
        "verified_by_artifact": DIGEST,
        "operator": None,
    },
    "checkpoint": {
        "environment": "staging",
        "items": tuple(_backup(what) for what in ("data", "configuration", "version")),
        "deployed_at": ago(hours=2),
        "operator": None,
    },
    "runbook": {
        "sections": dict.fromkeys(_SECTIONS, True),
        "empty_sections": (),
        "broken_links": (),
        "missing_scripts": (),
        "invalid_commands": (),
        "links_checked": True,
        "reviewed_at": ago(days=30),
        "reviewed_basis": "front-matter",
        "shell_blocks": 4,
        "words": 900,
        "title": "Operations",
    },
    "metrics": {
        "dialect": "openmetrics",
        "families": 4,
        "by_type": {"counter": 2, "gauge": 1, "histogram": 1},
        "samples": 40,
        "timestamped": 40,
        "first": ago(hours=1),
        "last": ago(minutes=30),
        "latency": ("http_request_duration_seconds",),
        "errors": ("http_errors",),
        "availability": ("up",),
        "throughput": ("http_requests",),
        "up": None,
        "critical_alerts": 0,
    },
    "secret-rotation": {"origin": "record", "secrets": (_secret("admin-key"), _secret("oauth")), "left_out": 0},
    "risk-register": {"version": "1.8.0", "risks": (_risk("R1", "low"), _risk("R2", "medium"))},
    "privacy": {
        "laws": ("gdpr",),
        "reviewed_at": ago(days=60),
        "reviewed_by": "dpo",
        "activities": ({"id": "accounts", "lacks": (), "lawful_basis": "contract", "retention_days": 730, "transfers": 1},),
        "rights": tuple(_right(name) for name in ("access", "rectification", "erasure", "portability", "objection")),
    },
    "plan": {
        "title": "Release 1.8",
        "version": "1.8.0",
        "tasks": (_task("build", 0, 600), _task("deploy", 600, 1800, "build"), _task("docs", 0, 900)),
        "edges": 1,
        "cycle": (),
        "unknown_needs": (),
        "critical_path": ("build", "deploy"),
        "makespan_s": 1800.0,
        "scheduled_s": None,
        "work_s": 2700.0,
        "parallelism": 1.5,
        "actual_s": 1800.0,
        "actual_work_s": 2700.0,
        "actual_parallelism": 1.5,
    },
    "alert-rules": {
        "groups": 1,
        "recording": 0,
        "alerts": (
            _alert("ApiDown", "health"),
            _alert("ApiErrorRate", "errors"),
            _alert("ApiLatency", "latency"),
            _alert("LoginsDenied", "security"),
        ),
    },
    "document": {
        "title": "Status report",
        "release_document": True,
        "words": 400,
        "boxes": 3,
        "boxes_ticked": 3,
        "references": 2,
        "unresolved": (),
        "references_checked": True,
        "claims": (claim("p95_ms", 221.0, line=12, text="P95 221 ms"),),
        "contradictions": (),
        "log": None,
        "not_understood": (),
        "not_understood_total": 0,
    },
    "access-policy": {
        "services": ("cloud.firestore",),
        "rules_version": "2",
        "default": "deny",
        "roles": ("admin",),
        "rules": (
            _rule("/users/{uid}", "owner", user_data=True),
            _rule("/{document=**}", "role", roles=("admin",), catch_all=True),
        ),
        "endpoints": (
            {"where": "GET /api/health", "access": "public", "reason": "probed by the load balancer"},
            {"where": "GET /api/files", "access": "authenticated"},
        ),
        "user_data": "scoped",
    },
}
"""Fields by kind (a scan by its category); only what a project must show, nothing better."""

READS: Final[dict[str, tuple[str, ...]]] = {
    "ALPHA-PF-1": ("source",),
    "ALPHA-PF-2": ("health",),
    "ALPHA-PF-3": ("source",),
    "ALPHA-PF-4": ("pipeline",),
    "ALPHA-PF-5": ("test-results",),
    "ALPHA-PF-6": ("coverage",),
    "ALPHA-PF-7": ("deployment",),
    "ALPHA-SF-1": ("sast", "sca"),
    "ALPHA-SF-2": ("access-policy",),
    "ALPHA-SF-3": ("audit-log",),
    "ALPHA-SF-4": ("secret-rotation",),
    "ALPHA-SF-5": ("secrets",),
    "ALPHA-SF-7": ("access-policy",),
    "ALPHA-PE-1": ("plan",),
    "ALPHA-PE-2": ("plan",),
    "ALPHA-SF-6": ("sbom",),
    "ALPHA-ID-1": ("audit-log",),
    "ALPHA-ID-2": ("metrics",),
    "ALPHA-ID-3": ("alert-rules",),
    "AEI21-PR-1": ("privacy",),
    "AEI21-PR-2": ("privacy",),
    "AEI21-PR-3": ("audit-log",),
    "AEI21-AT-1": ("audit-log",),
    "AEI21-AT-2": ("audit-log",),
    "AEI21-DR-1": ("rollback-drill",),
    "AEI21-DR-2": ("checkpoint",),
    "AEI21-DR-3": ("load-test", "health", "metrics"),
    "AEI21-OE-1": ("runbook",),
    "AEI21-OE-2": ("document",),
    "REL-1": ("deployment",),
    "REL-2": ("load-test",),
    "REL-3": ("load-test",),
    "REL-4": ("health",),
    "REL-5": ("risk-register",),
    "REL-8": ("document", "load-test"),
    "REL-9": ("pipeline",),
}
"""The gates that are built, and the smallest evidence that they pass."""

_DAY_OF_PROBES: Final = {"samples": 1440, "failed": 1, "first": ago(hours=24.5), "last": ago(minutes=30)}


def item(
    kind: str,
    changes: Mapping[str, Any] | None = None,
    *,
    entry: int = 1,
    observed_at: datetime | None = JUST_NOW,
    environment: str | None = "staging",
    scope: Mapping[str, Json] | None = None,
    findings: Sequence[Finding] = (),
    name: str = "",
) -> Item:
    """Builds one piece of evidence.

    Args:
        kind: Key of `GOOD`.
        changes: New values by path into the payload: ``{"endpoints.0.failed": 1}``.
        entry: Its number.
        observed_at: When the tool looked.
        environment: Environment of its subject.
        scope: What a collector asked for.
        findings: What ``worst`` gives.
        name: What the artifact is called.
    """
    fields = deepcopy(GOOD[kind])
    for path, value in (changes or {}).items():
        _set(fields, path.split("."), value)
    kind_id = "scan" if kind in ("sast", "sca", "secrets") else kind
    return Item(
        entry=entry,
        kind=kind_id,
        format="test",
        subject=Subject(project="drivemind", commit=COMMIT, environment=environment),
        payload=_payload(kind_id, fields),
        assurance=Assurance.IMPORTED,
        observed_at=observed_at,
        collected_at=ago(minutes=20),
        recorded_at=ago(minutes=20),
        scope=scope or {},
        name=name,
        worst=lambda limit: findings[:limit],
    )


def _set(target: Any, path: Sequence[str], value: Any) -> None:
    head, *rest = path
    if not rest:
        if head not in target and head != "incomplete":
            raise KeyError(f"got {head!r}, expected one of {', '.join(target)}")
        target[head] = value
        return
    if isinstance(target[head], tuple):
        target[head] = list(target[head])
    if rest and isinstance(target[head], list):
        index = int(rest[0])
        if len(rest) == 1:
            target[head][index] = value
        else:
            _set(target[head][index], rest[1:], value)
        target[head] = tuple(target[head])
        return
    _set(target[head], rest, value)


def _payload(kind_id: str, fields: Mapping[str, Any]) -> Any:
    """Makes a payload with the kind's own model, so that a wrong field name is caught."""
    return shipped().kinds[kind_id].payload.model_validate(dict(fields))


def passing(gate_id: str, changes: Mapping[str, Mapping[str, Any]] | None = None) -> list[Item]:
    """Returns evidence that a gate passes, with changes by key of `GOOD`."""
    items = []
    for number, kind in enumerate(READS[gate_id], 1):
        own = dict((changes or {}).get(kind, {}))
        items.append(item(kind, {**(_DAY_OF_PROBES if gate_id == "REL-4" else {}), **own}, entry=number))
    return items


def gate(gate_id: str) -> Gate:
    """Returns a shipped gate."""
    return shipped().gates[gate_id]


def judge(
    gate_id: str,
    *items: Item,
    point: str = "production",
    version: str | None = "1.8.0",
    project: Mapping[str, Json] | None = None,
    as_of: datetime = AS_OF,
    verdicts: Mapping[str, GateResult] | None = None,
    **params: Any,
) -> Verdict:
    """Asks a gate about some evidence; ``params`` are its thresholds. A gate that judges last sees the other kinds beside its own."""
    asked = gate(gate_id)
    assert asked.judge is not None
    is_last = VERDICT in asked.reads
    by_kind: dict[str, tuple[Item, ...]] = {}
    for one in items:
        by_kind[one.kind] = (*by_kind.get(one.kind, ()), one)
    inputs = Inputs(
        subject=Subject(project="drivemind", version=version, commit=COMMIT, environment="staging"),
        point=point,
        as_of=as_of,
        items={kind: many for kind, many in by_kind.items() if not is_last or kind in asked.reads},
        verdicts=verdicts or {},
        beside={kind: many for kind, many in by_kind.items() if is_last and kind not in asked.reads},
        project={"release_branch": "main", "environments": ["staging", "production"], **(project or {})},
    )
    verdict = asked.judge(inputs, asked.params(**params))
    assert verdict.message.strip() == verdict.message != ""
    assert len(verdict.places) <= 10
    return verdict


def about(gate_id: str, kind: str, changes: Mapping[str, Any] | None = None, **rest: Any) -> Verdict:
    """Asks a gate about its passing evidence with one kind changed."""
    assert kind in READS[gate_id]
    return judge(gate_id, *passing(gate_id, {kind: changes or {}}), **rest)


def assert_passes(verdict: Verdict, *words: str) -> None:
    """Checks for a pass whose message holds the words, and that it says what was observed against what."""
    assert (verdict.status, verdict.reason) == (Status.PASS, None), verdict.message
    assert verdict.observed is not None
    assert verdict.threshold is not None
    for word in words:
        assert word in verdict.message, verdict.message


def assert_fails(verdict: Verdict, *words: str) -> None:
    """Checks for a failure whose message holds the words."""
    assert (verdict.status, verdict.reason) == (Status.FAIL, None), verdict.message
    assert verdict.observed is not None
    assert verdict.threshold is not None
    for word in words:
        assert word in verdict.message, verdict.message


def assert_open(verdict: Verdict, reason: Reason, *words: str) -> None:
    """Checks for a verdict of not assessed."""
    assert (verdict.status, verdict.reason) == (Status.NOT_ASSESSED, reason), verdict.message
    for word in words:
        assert word in verdict.message, verdict.message


class Watched:
    """Stands before a payload and notes which of its fields are read."""

    def __init__(self, value: Any, path: str, seen: set[str]) -> None:
        self._value, self._path, self._seen = value, path, seen

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._value, name)
        return _watched(value, f"{self._path}.{name}", self._seen)


def _watched(value: Any, path: str, seen: set[str]) -> Any:
    if hasattr(value, "__dict__") and not isinstance(value, datetime):
        return Watched(value, path, seen)
    seen.add(path)
    return tuple(_watched(one, path, seen) for one in value) if isinstance(value, tuple) else value


def fields_read(gate_id: str, items: Sequence[Item]) -> set[str]:
    """Returns the payload fields that a gate looks at, as ``kind.field.field`` with positions left out."""
    seen: set[str] = set()
    watched = [_with_payload(one, Watched(one.payload, one.kind, seen)) for one in items]
    judge(gate_id, *watched)
    return set(_leaves(seen))


def _leaves(paths: set[str]) -> Iterator[str]:
    for path in paths:
        if not any(other.startswith(f"{path}.") for other in paths):
            yield path


def _with_payload(one: Item, payload: Any) -> Item:
    from dataclasses import replace

    return replace(one, payload=payload)
