"""The worked example: read as what it is, with the figures of the founding document, and judged no-go for the right reasons."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from compliance.assessment import Assessment
from compliance.catalog import shipped
from compliance.collecting.collect import collect
from compliance.configuration import Document, ProjectTable
from compliance.gate import Status
from compliance.judgement.judging import Judged, judge
from compliance.project import Project
from compliance.record import sha256_hex
from compliance.report import attestation, audit, signing
from compliance.report.build import build
from compliance.sign.checks import Check
from compliance.sign.keys import SigningKey, create_trial_key
from compliance.sign.trust import TrustStore
from compliance.source import Source
from compliance.store import Store
from compliance.verification.verify import verify_path

EXAMPLE = Path(__file__).parents[2] / "examples" / "drivemind-phase3"
CLOCK = datetime(2025, 9, 20, 15, tzinfo=UTC)
"""The clock of `scripts/demo`: a quarter of an hour after the release was declared complete."""
COMMIT = "e000000000000000000000000000000020250920"
FILES = {
    ".github/workflows/alpha-delivery.yml": ("pipeline", "github-workflow"),
    "README.md": None,
    "compliance.toml": None,
    "docs/RUNBOOK.md": ("runbook", "markdown-runbook"),
    "docs/STATUS.md": ("document", "markdown-document"),
    "evidence/audit-trail.jsonl": ("audit-log", "jsonl-log"),
    "evidence/checkpoint.yaml": ("checkpoint", "record-yaml"),
    "evidence/deployment-staging.yaml": ("deployment", "record-yaml"),
    "evidence/junit.xml": ("test-results", "junit-xml"),
    "evidence/load-test.json": ("load-test", "load-summary-json"),
    "evidence/osv-scanner.sarif": ("scan", "sarif"),
    "evidence/risk-register.yaml": ("risk-register", "record-yaml"),
    "evidence/rollback-drill.yaml": ("rollback-drill", "record-yaml"),
    "evidence/semgrep.sarif": ("scan", "sarif"),
    "evidence/source.json": ("source", "source-json"),
    "firestore.rules": ("access-policy", "firestore-rules"),
    "make_evidence.py": None,
    "waivers.yaml": None,
}
"""What each file is recognised as; None: no format of this version claims it."""

VERDICTS = {
    "ALPHA-ID-1": ("fail", "foreign"),
    "ALPHA-PE-1": ("fail", None),
    "ALPHA-PF-1": ("not-assessed", "incomplete"),
    "ALPHA-PF-2": ("not-assessed", "missing"),
    "ALPHA-PF-3": ("fail", None),
    "ALPHA-PF-4": ("fail", None),
    "ALPHA-PF-5": ("fail", None),
    "ALPHA-PF-6": ("not-assessed", "missing"),
    "ALPHA-SF-1": ("pass", None),
    "ALPHA-SF-2": ("not-assessed", "missing"),
    "ALPHA-SF-5": ("not-assessed", "missing"),
    "ALPHA-SF-7": ("not-assessed", "missing"),
    "AEI21-AT-1": ("fail", "foreign"),
    "AEI21-DR-1": ("not-assessed", "missing"),
    "AEI21-DR-2": ("not-assessed", "missing"),
    "AEI21-DR-3": ("fail", "foreign"),
    "AEI21-OE-1": ("fail", None),
    "AEI21-OE-2": ("fail", None),
    "REL-1": ("fail", "weak"),
    "REL-2": ("fail", "foreign"),
    "REL-3": ("fail", "foreign"),
    "REL-5": ("fail", None),
    "REL-8": ("fail", None),
    "REL-9": ("fail", None),
}

CONTRADICTED = [
    ("Status: COMPLETE ✅", "4 of 5 under 'Aims' are open"),
    ("Status: COMPLETE ✅", "7 of 7 under 'How success is measured' are open"),
    ("Status: COMPLETE ✅", "4 of 4 under 'ALPHA-CODENAME v1.8' are open"),
    ("Status: COMPLETE ✅", "4 of 4 under 'AEI21' are open"),
    ("ended 2025-09-20 14:45 UTC", "the list of what was done ends at 10:45 UTC"),
    ("Test coverage: 92.1 % (152 of 165 tests pass)", "the share of tests that pass, not of code that they cover"),
    ("P99 1891 ms ⚠", "its own limit stands in line 27: P99 below 1 s"),
    ("No blocking issues identified", "In the way: SSH authentication"),
    ("✅ The release runs in staging", "deployment to staging: attempted"),
    ("P95 221 ms ✅", "measured in production; the release is judged in staging"),
    ("P95 221 ms ✅", "leaves out that 47.11 % of the requests of the load test failed (114 of 242)"),
]
CONFIRMED = [
    *("39 changed files", "33 new ones", "39 changed files are not under version control", "152 of 165 tests pass"),
    *("0 critical or high vulnerabilities", "P99 1891 ms ⚠", "load test against production is over"),
]


def files() -> list[str]:
    found = (path for path in EXAMPLE.rglob("*") if path.is_file() and not {".compliance", "out"} & set(path.parts))
    return sorted(str(path.relative_to(EXAMPLE)) for path in found if "cache" not in str(path))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Assessment:
    folder = tmp_path_factory.mktemp("example") / "drivemind-phase3"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".compliance", "out", "*cache*"))
    project = Project.load(folder)
    with Store.create(folder / "evidence.db") as store:
        runs = list(collect(project, store))
        assert {run.kind: run.reason for run in runs if run.outcome != "ran"} == {}
        return judge(project, store, "production", clock=CLOCK).assessment


def test_every_file_is_known() -> None:
    assert files() == sorted(FILES)


@pytest.mark.parametrize("name", sorted(FILES))
def test_each_file_is_recognised_as_what_it_is(name: str) -> None:
    source = Source.from_path(EXAMPLE / name)
    claims = [(kind.id, item.name) for kind in shipped().kinds.values() for item in kind.formats if item.recognise(source)]
    expected = FILES[name]
    others = [("plan", "markdown-document")] if name == "docs/STATUS.md" else []
    assert claims == ([] if expected is None else [expected, *others])


def payload(name: str) -> Any:
    expected = FILES[name]
    assert expected is not None
    formats = {item.name: item for item in shipped().kinds[expected[0]].formats}
    return formats[expected[1]].read(Source.from_path(EXAMPLE / name))[0].payload


def test_the_figures_are_those_of_the_document() -> None:
    tests = payload("evidence/junit.xml")
    assert (tests.tests, tests.passed, tests.failed, tests.errors, tests.skipped) == (165, 152, 12, 0, 1)
    load = payload("evidence/load-test.json")
    assert (load.requests, load.failed, load.users, load.duration_s, load.environment) == (242, 114, 5, 30.354, "production")
    assert (load.p50_ms, load.p95_ms, load.p99_ms, load.max_ms, load.percentiles_over) == (97, 221, 1891, 3864, "successful")
    assert {one.name: (one.requests, one.failed) for one in load.endpoints} == {
        "/api/health": (80, 0),
        "/api/metrics": (48, 0),
        "/api/auth/status": (114, 114),
    }
    source = payload("evidence/source.json")
    assert (source.modified, source.untracked, source.branch, source.tags, source.commit) == (39, 33, "main", (), COMMIT)
    for name in ("evidence/semgrep.sarif", "evidence/osv-scanner.sarif"):
        found = payload(name).by_severity
        assert (found.critical, found.high, found.unknown) == (0, 0, 0)


def test_the_generator_writes_the_committed_bytes(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_evidence", EXAMPLE / "make_evidence.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "evidence").mkdir()
    vars(module)["HERE"] = tmp_path
    module.main()
    for made in (tmp_path / "evidence").iterdir():
        assert made.read_bytes() == (EXAMPLE / "evidence" / made.name).read_bytes()


def test_records_cite_the_audit_trail() -> None:
    digest = sha256_hex((EXAMPLE / "evidence/audit-trail.jsonl").read_bytes())
    for name in ("rollback-drill", "checkpoint"):
        assert f"artifact: sha256:{digest}\n" in (EXAMPLE / "evidence" / f"{name}.yaml").read_text()


def test_the_release_is_no_go(judged: Assessment) -> None:
    assert (judged.evidence_outcome, judged.outcome) == ("no-go", "no-go")
    assert judged.profile_by is not None
    assert judged.changed == ()
    assert judged.hindsight


@pytest.mark.parametrize("gate", sorted(VERDICTS))
def test_each_gate_says_what_the_readme_says(gate: str, judged: Assessment) -> None:
    result = next(result for result in judged.gates if result.id == gate)
    assert (result.verdict.value, result.reason.value if result.reason else None) == VERDICTS[gate], result.message
    words = {"fail": "fails", "pass": "passes", "not-assessed": "is not assessed"}[result.verdict.value]
    assert f"{gate} {words}" in (EXAMPLE / "README.md").read_text(encoding="utf-8")


def test_what_nobody_recorded_is_missing_and_not_left_out(judged: Assessment) -> None:
    for gate in ("ALPHA-SF-4", "ALPHA-SF-6", "AEI21-PR-1", "REL-6"):
        result = next(result for result in judged.gates if result.id == gate)
        assert (result.verdict.value, result.reason.value if result.reason else None) == ("not-assessed", "missing"), gate


def test_the_claims_of_the_status_document_are_checked_and_nothing_else_is_called_a_contradiction(judged: Assessment) -> None:
    claims = next(result for result in judged.gates if result.id == "REL-8").claims
    contradicted = [(one.text, one.found) for one in claims if one.standing == "contradicted"]
    assert len(contradicted) == len(CONTRADICTED)
    for (text, found), (claim, words) in zip(contradicted, CONTRADICTED, strict=True):
        assert (text, words in found) == (claim, True), found
    assert [one.text for one in claims if one.standing == "confirmed"] == CONFIRMED
    assert [one.text for one in claims if one.standing == "unsupported"] == ["Test coverage: 92.1 %"]


@dataclass(frozen=True)
class Case:
    """A project, its store, and who signs its reports."""

    project: Project
    store: Store
    key: SigningKey

    def judged(self) -> Judged:
        return judge(self.project, self.store, "production", clock=CLOCK)

    def verified(self, path: Path) -> dict[str, Check]:
        """Verifies a report somewhere else, where nothing but the toolkit is at hand."""
        elsewhere = Project(Path("/"), Document(project=ProjectTable(name="elsewhere")), shipped(), None)
        found = verify_path(path, TrustStore([self.key.certificate]), store=None, project=elsewhere, replay=False)
        return {check.name: check for check in found.checks}


@contextmanager
def release(root: Path, name: str) -> Iterator[Case]:
    """Records the example in a store of its own, with keys of its own."""
    folder = root / "drivemind-phase3"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".compliance", "out", "*cache*"))
    project = Project.load(folder)
    with Store.create(folder / "evidence.db") as store:
        list(collect(project, store))
        yield Case(project, store, create_trial_key(folder / "keys", name, now=CLOCK))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with release(tmp_path_factory.mktemp("recorded"), "Release engineering") as made:
        yield made


def test_its_report_is_judged_again_without_store_and_project(recorded: Case, tmp_path: Path) -> None:
    made = audit.make(recorded.judged(), signing.Signing(recorded.key, CLOCK))
    (tmp_path / "report.pdf").write_bytes(made.pdf)
    found = recorded.verified(tmp_path / "report.pdf")["assessment-derived"]
    assert (found.status, "gives the same 38 verdicts and outcome; all 17 ledger entries" in found.detail) == ("proven", True), found


@pytest.mark.parametrize("foreign", [False, True], ids=["same-keys", "foreign-keys"])
def test_a_better_verdict_is_refuted_by_the_evidence_whoever_signs_it(recorded: Case, tmp_path: Path, *, foreign: bool) -> None:
    """With every key of the store, or in a log of the forger's own: ledger, model and pages all say that the tests pass."""
    with release(tmp_path, "Forger") if foreign else nullcontext(recorded) as case:
        judged = case.judged()
        better = {"verdict": Status.PASS, "message": "165 of 165 tests pass", "places": (), "observed": {"failed": 0, "tests": 165}}
        gates = tuple(one.model_copy(update=better) if one.id == "ALPHA-PF-5" else one for one in judged.assessment.gates)
        forged = judged.assessment.model_copy(update={"gates": gates})
        model, files = build(signing.basis(replace(judged, assessment=forged), signing.Signing(case.key, CLOCK)))
    content = {one.name: one.content for one in files}
    folder = tmp_path / "bundle"
    folder.mkdir()
    for name, data in (*content.items(), (attestation.SEAL, attestation.seal(case.key, model.id, content))):
        (folder / name).write_bytes(data)
    checks = case.verified(folder)
    assert [name for name, check in checks.items() if check.status == "refuted"] == ["assessment-derived"]
    assert "gate ALPHA-PF-5 (pass instead of fail) is not what" in checks["assessment-derived"].detail
