"""A release in a store of its own, without the shipped kinds and gates: what a report is made from, small and known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from compliance.assessment import StoreState
from compliance.catalog import Catalog
from compliance.configuration import Document
from compliance.gate import (
    Area,
    AtLeast,
    AtMost,
    Framework,
    Gate,
    Inputs,
    Params,
    Place,
    Reason,
    Verdict,
    failed,
    gate,
    not_assessed,
    passed,
)
from compliance.judgement import view
from compliance.judgement.assessing import Case, assess
from compliance.judgement.judging import Judged, record_assessment
from compliance.kind import Kind
from compliance.project import Project
from compliance.record import Finding, Model, Payload, PrivacyClass, Private, Severity
from compliance.report import attestation, audit, signing
from compliance.report.audit import MadeReport
from compliance.report.build import Basis, build
from compliance.report.model import ReportModel
from compliance.sign.keys import SigningKey, create_trial_key
from compliance.source import Source
from compliance.store import EvidenceDraft, Store
from compliance.subject import Binding, Subject
from compliance.times import rfc3339

COMMIT = "3f2a9c1d7e554b0f8a6c2d1e9b7f4a3c5d6e8f90"
OBSERVED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
WHEN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class BySeverity(Model):
    critical: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0
    info: int = 0
    unknown: int = 0


class Scan(Payload):
    category: str
    by_severity: BySeverity
    suppressed: int = 0
    scanned: int | None = None
    scanned_what: str | None = None
    errors: int | None = None
    skipped: int | None = None


class Suite(Model):
    name: str
    tests: int
    passed: int
    failed: int
    errors: int
    skipped: int


class Results(Payload):
    tests: int
    passed: int
    failed: int
    errors: int
    skipped: int
    suites: tuple[Suite, ...]


class PackageCoverage(Model):
    name: Annotated[str, Private("paths")]
    lines_covered: int
    lines_total: int
    branches_covered: int | None
    branches_total: int | None


class Coverage(Payload):
    lines_covered: int
    lines_total: int
    branches_covered: int | None
    branches_total: int | None
    packages: tuple[PackageCoverage, ...]


class Endpoint(Model):
    name: str
    requests: int
    failed: int


class Load(Payload):
    requests: int | None
    failed: int | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    percentiles_over: str | None
    duration_s: float | None
    users: int | None
    environment: str | None
    endpoints: tuple[Endpoint, ...]


class Step(Model):
    name: str
    started_at: datetime
    ended_at: datetime | None


class Drill(Payload):
    environment: str | None
    mode: str
    steps: tuple[Step, ...]
    started_at: datetime | None
    recovery_s: float | None


def _kind(name: str, title: str, binds_to: Binding, payload: type[Payload]) -> Kind:
    return Kind(id=name, title=title, binds_to=binds_to, payload=payload)


KINDS = {
    "scan": _kind("scan", "Scans", Binding.COMMIT, Scan),
    "test-results": _kind("test-results", "Test results", Binding.COMMIT, Results),
    "coverage": _kind("coverage", "Test coverage", Binding.COMMIT, Coverage),
    "load-test": _kind("load-test", "Load test", Binding.ENVIRONMENT, Load),
    "rollback-drill": _kind("rollback-drill", "Rollback drill", Binding.PROJECT, Drill),
}
DOC = "Asks: It holds.\n\nWhy: It must.\n\nEvidence: A file.\n\nFix: Correct the listed places with `tool --fix`.\n\nMaps to: SSDF PW.1"


class Limits(Params):
    critical: Annotated[int, AtMost()] = 0
    high: Annotated[int, AtMost()] = 0


class CoverageLimits(Params):
    lines_percent: Annotated[float, AtLeast()] = 80.0
    branches_percent: Annotated[float, AtLeast()] = 70.0


class LoadLimits(Params):
    p95_ms: Annotated[float, AtMost()] = 250.0
    p99_ms: Annotated[float, AtMost()] = 1000.0
    error_rate: Annotated[float, AtMost()] = 0.01


class DrillLimits(Params):
    recovery_s: Annotated[float, AtMost()] = 300.0


def no_worst(inputs: Inputs, params: Limits) -> Verdict:
    items = inputs.of("scan")
    found = {name: sum(getattr(item.payload.by_severity, name) for item in items) for name in ("critical", "high")}
    limits = params.model_dump()
    if found["critical"] > params.critical or found["high"] > params.high:
        places = [Place(str(one.path), one.message or "") for item in items for one in item.worst(10)]
        message = f"{found['critical']} critical and {found['high']} high findings are open"
        return failed(message, observed=found, threshold=limits, places=places)
    return passed("none is open", observed=found, threshold=limits)


def tests_pass(inputs: Inputs, _: Params) -> Verdict:
    results = inputs.of("test-results")[0].payload
    observed = {"failed": results.failed, "tests": results.tests}
    say = failed if results.failed else passed
    return say(f"{results.failed} of {results.tests} tests failed", observed=observed, threshold={"failed": 0})


def covered(inputs: Inputs, params: CoverageLimits) -> Verdict:
    report = inputs.of("coverage")[0].payload
    observed = {"lines_percent": 100 * report.lines_covered / report.lines_total}
    say = passed if observed["lines_percent"] >= params.lines_percent else failed
    return say("lines and branches", observed=observed, threshold=params.model_dump())


def fast(inputs: Inputs, params: LoadLimits) -> Verdict:
    load = inputs.of("load-test")[0].payload
    observed = {"p95_ms": load.p95_ms, "p99_ms": load.p99_ms, "error_rate": load.failed / load.requests}
    ok = load.p99_ms < params.p99_ms and observed["error_rate"] < params.error_rate
    return (passed if ok else failed)("latency and errors of the load test", observed=observed, threshold=params.model_dump())


def recovered(inputs: Inputs, params: DrillLimits) -> Verdict:
    drill = inputs.of("rollback-drill")[0].payload
    if drill.recovery_s is None:
        return not_assessed(Reason.INCOMPLETE, "no recovery time")
    say = passed if drill.recovery_s < params.recovery_s else failed
    return say(f"recovered in {drill.recovery_s:g} s", observed={"recovery_s": drill.recovery_s}, threshold=params.model_dump())


def unbuilt(_inputs: Inputs, _params: Params) -> Verdict:
    raise AssertionError("never asked")


_MADE: tuple[tuple[str, str, str, Area, str, Any, type[Params]], ...] = (
    ("T-SF-1", "No open critical or high vulnerability", "Security", Area.SECURITY, "scan", no_worst, Limits),
    ("T-PF-5", "Tests pass", "Production", Area.OPERATIONS, "test-results", tests_pass, Params),
    ("T-PF-6", "Tests cover the code", "Production", Area.OPERATIONS, "coverage", covered, CoverageLimits),
    ("T-RL-2", "Load test met its targets", "Release", Area.PERFORMANCE, "load-test", fast, LoadLimits),
    ("T-DR-1", "Rollback met the recovery time", "Recovery", Area.RECOVERY, "rollback-drill", recovered, DrillLimits),
    ("T-RL-9", "Nobody can judge this yet", "Release", Area.OPERATIONS, "plan", None, Params),
)


@cache
def catalog() -> Catalog:
    gates: dict[str, Gate] = {}
    for name, statement, principle, area, kind, judge, params in _MADE:
        function = judge or unbuilt
        function.__doc__ = DOC
        made = gate(id=name, statement=statement, principle=principle, area=area, reads=[kind], params=params)(function)
        gates[name] = replace(made, framework="test", judge=judge)
    return Catalog(KINDS, {"test": Framework("test", "Test framework")}, gates)


def project(root: Path, **tables: Any) -> Project:
    """The project; tables are those of compliance.toml."""
    base = {"project": {"name": "Orchard", "version": "1.8.0", "environments": ["staging", "production"], "profile-by": "A. Person"}}
    given = {name: {**base.get(name, {}), **table} for name, table in tables.items()}
    return Project(root, Document.model_validate({**base, **given}), catalog(), None)


def draft(
    kind: str, payload: Payload, findings: Sequence[Finding] = (), *, tool: str | None = None, name: str = "", **body: Any
) -> EvidenceDraft:
    """Evidence of the release, as an intake would record it."""
    subject = Subject(project="Orchard", version="1.8.0", commit=COMMIT, environment="staging")
    source: dict[str, Any] = {"how": "ingested", "collector": None, "tool": tool, "tool_version": "2.1", "exit_code": None, "scope": {}}
    members = {
        "kind": kind,
        "format": f"{kind}-json",
        "parser": 1,
        "subject": subject.model_dump(mode="json"),
        "source": source,
        "observed_at": rfc3339(OBSERVED),
        "collected_at": rfc3339(OBSERVED + timedelta(minutes=5)),
        "assurance": "imported",
        "artifact": {"redacted": False, "original": None},
    }
    name = name or f"evidence/{tool or kind}.json"
    private: Any = {"paths": {"name": name, "command": [], "facts": {}}, "people": {"host": "h", "user": "u"}}
    content = f"{kind} {tool} {len(findings)} {payload!r}".encode()
    return EvidenceDraft(body={**members, **body}, private=private, source=Source(name, content), payload=payload, findings=findings)


def finding(number: int, severity: Severity = Severity.HIGH, **given: Any) -> Finding:
    base: dict[str, Any] = {
        "rule": f"rule-{number % 7}",
        "severity": severity.value,
        "fingerprint": f"{number:032x}",
        "path": f"src/module{number % 50}/file{number}.py",
        "line": number + 1,
        "message": f"Finding {number}: a value reaches a place that it should not.",
        "package": f"package-{number % 3}",
    }
    return Finding(**{**base, **given})


def scan(count: int, tool: str = "scanner", findings: Sequence[Finding] | None = None) -> EvidenceDraft:
    severities = list(Severity)
    rows = [finding(n, severities[n % 6]) for n in range(count)] if findings is None else list(findings)
    by = {severity.value: sum(row.severity == severity.value and row.state == "open" for row in rows) for severity in Severity}
    payload = Scan(category="sast", by_severity=BySeverity(**by), scanned=412, scanned_what="files", suppressed=0, errors=0, skipped=2)
    return draft("scan", payload, rows, tool=tool)


def others() -> list[EvidenceDraft]:
    """One piece of evidence of each other kind."""
    suites = (("api", 40, 3, 1), ("web", 80, 0, 0), ("jobs", 44, 0, 0))
    made = tuple(Suite(name=n, tests=t, passed=t - f - s, failed=f, errors=0, skipped=s) for n, t, f, s in suites)
    results = Results(tests=164, passed=160, failed=3, errors=0, skipped=1, suites=made)
    packages = [("src/api", 300, 400, 50, 90), ("src/web", 900, 1000, 160, 200), ("src/jobs", 480, 500, 70, 80)]
    parts = tuple(
        PackageCoverage(name=n, lines_covered=a, lines_total=b, branches_covered=c, branches_total=d) for n, a, b, c, d in packages
    )
    coverage = Coverage(lines_covered=1680, lines_total=1900, branches_covered=280, branches_total=370, packages=parts)
    endpoints = (Endpoint(name="/api/health", requests=80, failed=0), Endpoint(name="/api/auth", requests=114, failed=114))
    load = Load(
        requests=242, failed=114, p50_ms=97, p95_ms=221, p99_ms=1891, max_ms=3864, percentiles_over="successful", duration_s=30.354,
        users=5, environment="staging", endpoints=endpoints,
    )  # fmt: skip
    names = (("error rate raised", 0, None), ("alert fired", 40, None), ("previous revision", 75, 170), ("probe", 175, 190))
    begin = OBSERVED - timedelta(days=3)
    steps = tuple(
        Step(name=n, started_at=begin + timedelta(seconds=a), ended_at=None if b is None else begin + timedelta(seconds=b))
        for n, a, b in names
    )
    drill = Drill(environment="staging", mode="executed", steps=steps, started_at=begin, recovery_s=190.0)
    return [
        draft("test-results", results, [finding(n, rule="failure", package=None) for n in range(3)], tool="pytest"),
        draft("coverage", coverage, tool="coverage.py"),
        draft("load-test", load, tool="k6"),
        draft("rollback-drill", drill),
    ]


@dataclass(frozen=True)
class Release(Judged):
    """A store with a judged release, and the key that signs for it."""

    key: SigningKey

    def basis(self, redact: frozenset[PrivacyClass] = frozenset()) -> Basis:
        """Records the assessment."""
        return Basis(
            judged=self,
            entry=record_assessment(self.store, self.assessment),
            made_at=WHEN,
            signer=signing.signer_of(self.key),
            renderer={"test": "1"},
            attest=attestation.inside(self.key, self.assessment, WHEN),
            redact=redact,
        )

    def bundle(self, redact: frozenset[PrivacyClass] = frozenset()) -> tuple[ReportModel, dict[str, bytes]]:
        """Records the assessment and builds model and attachments, without rendering."""
        model, files = build(self.basis(redact))
        return model, {one.name: one.content for one in files}

    def make(self, when: datetime = WHEN, redact: frozenset[PrivacyClass] = frozenset()) -> MadeReport:
        return audit.make(self, signing.Signing(self.key, when), redact=redact)


@contextmanager
def release(folder: Path, drafts: Sequence[EvidenceDraft], **tables: Any) -> Iterator[Release]:
    """Records evidence in a new store and judges it."""
    made = project(folder, **tables)
    with Store.create(folder / "evidence.db") as store:
        store.record(drafts)
        yield judged(store, made, create_trial_key(folder / "keys", "Release engineering", now=WHEN - timedelta(days=1)))


def judged(store: Store, made: Project, key: SigningKey) -> Release:
    """Judges what is in a store."""
    table = made.document.project
    subject = Subject(project=table.name, version=table.version, commit=COMMIT, environment=made.point().environment)
    seen = view.build(store, made.catalog.kinds, subject)
    state = StoreState(size=store.size, root=store.root_at(store.size).hex())
    return Release(store, made, assess(Case(made, seen, subject, made.point(), state), WHEN), seen, key)
