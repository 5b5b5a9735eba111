"""The way of bytes into the store: subjects, clocks, assurance, redaction, duplicates."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from compliance.errors import ConfigError, StoreError
from compliance.intake import Intake, Outcome, Overrides
from compliance.project import Project
from compliance.record import sha256_hex
from compliance.sign.ssh import NAMESPACE
from compliance.store import Store
from compliance.store.ledger import Entry
from tests.robust.samples import sample

JUNIT = b'<testsuite name="s" timestamp="%b"><testcase name="a"/></testsuite>'
COMMIT = "c" * 40


class Place:
    """A project in a folder, with a store."""

    def __init__(self, root: Path, config: str = "") -> None:
        self.root = root
        (root / "compliance.toml").write_text(f'[project]\nname = "p"\n{config}')
        self.project = Project.load(root)
        self.store = Store.create(root / ".compliance" / "evidence.db")

    def write(self, name: str, data: bytes) -> Path:
        path = self.root / name
        path.write_bytes(data)
        return path

    def ingest(self, *paths: Path, overrides: Overrides | None = None) -> list[Outcome]:
        return list(Intake(self.project, self.store, overrides or Overrides()).paths(paths))

    def entry(self, outcome: Outcome) -> Entry:
        assert outcome.evidence is not None, outcome
        return self.store.entry(outcome.evidence)

    def git(self, *words: str, at: str = "2026-01-01T00:00:00Z") -> str:
        env = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at, "HOME": str(self.root), "PATH": "/usr/bin:/bin:/usr/local/bin"}
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
        done = subprocess.run(["git", *identity, *words], cwd=self.root, env=env, capture_output=True, text=True, check=True)
        return done.stdout.strip()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def checkout(place: Place) -> Place:
    place.write(".gitignore", b".compliance/\n*.xml\n")
    place.git("init", "-q")
    place.git("add", ".")
    place.git("commit", "-q", "-m", "first")
    return place


def junit(at: str = "2026-02-01T00:00:00Z") -> bytes:
    return JUNIT % at.encode()


def test_evidence_made_after_the_commit_of_a_clean_tree_is_assumed_to_be_of_it(checkout: Place) -> None:
    subject = checkout.entry(checkout.ingest(checkout.write("j.xml", junit()))[0]).body["subject"]
    assert (subject["commit"], subject["commit_basis"]) == (checkout.git("rev-parse", "HEAD"), "assumed")


@pytest.mark.parametrize("at", ["2025-12-31T00:00:00Z", "2026-02-01T00:00:00", "nonsense"])
def test_evidence_made_earlier_or_at_an_unknown_time_is_of_no_commit(checkout: Place, at: str) -> None:
    subject = checkout.entry(checkout.ingest(checkout.write("j.xml", junit(at)))[0]).body["subject"]
    assert (subject["commit"], subject["commit_basis"]) == (None, None)


def test_a_dirty_tree_assumes_nothing(checkout: Place) -> None:
    checkout.write(".gitignore", b"*.xml\n.compliance/\n# changed\n")
    assert checkout.entry(checkout.ingest(checkout.write("j.xml", junit()))[0]).body["subject"]["commit"] is None


RUNBOOK = b"# Runbook\n\n## Rollback\n\nRevert.\n"


def of_runbook(place: Place) -> tuple[str | None, str | None, bool | None]:
    subject = place.entry(place.ingest(place.root / "docs.md")[0]).body["subject"]
    return subject["commit"], subject["commit_basis"], subject["dirty"]


def test_a_document_that_the_commit_holds_is_of_that_commit(checkout: Place) -> None:
    checkout.write("docs.md", RUNBOOK)
    assert of_runbook(checkout) == (None, None, None)
    checkout.git("add", "docs.md")
    checkout.git("commit", "-q", "-m", "second")
    assert of_runbook(checkout) == (checkout.git("rev-parse", "HEAD"), "tree", False)
    checkout.write("docs.md", RUNBOOK + b"More.\n")
    assert of_runbook(checkout) == (None, None, None)


def test_a_document_of_the_commit_in_a_changed_tree_says_so(checkout: Place) -> None:
    checkout.write("docs.md", RUNBOOK)
    checkout.git("add", "docs.md")
    checkout.git("commit", "-q", "-m", "second")
    checkout.write(".gitignore", b"*.xml\n.compliance/\n# changed\n")
    assert of_runbook(checkout) == (checkout.git("rev-parse", "HEAD"), "tree", True)


def test_a_result_that_the_commit_holds_is_not_of_that_commit(checkout: Place) -> None:
    path = checkout.write("kept.xml", junit("2025-12-31T00:00:00Z"))
    checkout.git("add", "-f", "kept.xml")
    checkout.git("commit", "-q", "-m", "second")
    assert checkout.entry(checkout.ingest(path)[0]).body["subject"]["commit"] is None


def test_an_option_goes_before_what_is_assumed(checkout: Place) -> None:
    when = datetime(2026, 3, 1, tzinfo=UTC)
    overrides = Overrides(commit=COMMIT, environment="canary", observed_at=when)
    body = checkout.entry(checkout.ingest(checkout.write("j.xml", junit()), overrides=overrides)[0]).body
    assert (body["subject"]["commit"], body["subject"]["commit_basis"]) == (COMMIT, "option")
    assert body["subject"]["environment"] == "canary"
    assert (body["observed_at"], body["observed_basis"]) == ("2026-03-01T00:00:00Z", "option")


def test_a_configured_commit_serves_where_there_is_no_git(tmp_path: Path) -> None:
    place = Place(tmp_path, f'commit = "{COMMIT}"\nversion = "3"\n')
    subject = place.entry(place.ingest(place.write("j.xml", junit()))[0]).body["subject"]
    assert (subject["commit"], subject["commit_basis"]) == (COMMIT, "configured")


def test_the_version_of_evidence_is_the_one_that_it_names(tmp_path: Path) -> None:
    place = Place(tmp_path, f'commit = "{COMMIT}"\nversion = "3"\n')
    record = sample("deployment record-yaml", 7)
    subjects = [place.entry(one).body["subject"] for one in place.ingest(place.write("j.xml", junit()), place.write("d.yaml", record))]
    assert [subject["version"] for subject in subjects] == [None, "1.7"]


def test_a_configured_commit_beside_git_is_refused(checkout: Place) -> None:
    (checkout.root / "compliance.toml").write_text(f'[project]\nname = "p"\ncommit = "{COMMIT}"\n')
    project = Project.load(checkout.root)
    with pytest.raises(ConfigError, match="expected no commit where there is git"):
        list(Intake(project, checkout.store).paths([checkout.write("j.xml", junit())]))


def test_the_same_failure_after_a_pass_is_news(place: Place) -> None:
    undated = [b'<testsuite><testcase name="a">%b</testcase></testsuite>' % part for part in (b"<failure/>", b"")]
    statuses = [place.ingest(place.write("j.xml", undated[number]))[0].status for number in (0, 0, 1, 0)]
    assert statuses == ["recorded", "duplicate", "recorded", "recorded"]


def test_a_file_can_be_dated_later(place: Place) -> None:
    path = place.write("j.xml", b'<testsuite><testcase name="a"/></testsuite>')
    place.ingest(path)
    dated = place.ingest(path, overrides=Overrides(observed_at=datetime(2026, 3, 1, tzinfo=UTC)))[0]
    assert dated.status == "recorded"


def test_three_clocks(place: Place) -> None:
    body = place.entry(place.ingest(place.write("j.xml", junit()))[0]).body
    assert body["observed_at"] == "2026-02-01T00:00:00Z"
    assert body["observed_at"] < body["collected_at"] <= body["at"]


def test_the_same_bytes_are_one_artifact_and_one_evidence_per_subject(place: Place) -> None:
    path = place.write("j.xml", junit())
    first = place.ingest(path)[0]
    copy = place.ingest(place.write("copy.xml", junit()))[0]
    assert (copy.status, copy.evidence) == ("duplicate", first.evidence)
    other = place.ingest(path, overrides=Overrides(commit=COMMIT))[0]
    assert other.status == "recorded"
    assert other.sha256 == first.sha256 == sha256_hex(junit())


def test_the_artifact_is_kept_byte_for_byte(place: Place) -> None:
    data = b"\xef\xbb\xbf" + junit() + b"\r\n"
    outcome = place.ingest(place.write("j.xml", data))[0]
    assert outcome.sha256 is not None
    assert b"".join(place.store.artifact(outcome.sha256)) == data
    with pytest.raises(StoreError, match="no artifact"):
        list(place.store.artifact("0" * 64))


BANDIT = b"""{
  "errors": [], "generated_at": "2026-02-01T00:00:00Z",
  "metrics": {"_totals": {"SEVERITY.LOW": 1, "loc": 2}, "a.py": {"loc": 2}},
  "results": [{
    "code": "1 password = 'hunter2'\\n", "col_offset": 0, "filename": "a.py", "issue_confidence": "MEDIUM", "issue_severity": "LOW",
    "issue_text": "Possible hardcoded password: 'hunter2'", "line_number": 1, "line_range": [1], "test_id": "B105", "test_name": "x"
  }]
}"""


def test_secrets_are_redacted_before_anything_is_stored_or_addressed(place: Place) -> None:
    outcome = place.ingest(place.write("bandit.json", BANDIT))[0]
    entry = place.entry(outcome)
    assert outcome.summary["total"] == 1
    assert entry.body["artifact"]["redacted"] is True
    assert outcome.sha256 != sha256_hex(BANDIT)
    assert outcome.sha256 is not None
    kept = b"".join(place.store.artifact(outcome.sha256))
    assert b"hunter2" not in kept
    assert b"REDACTED:" in kept
    assert all("hunter2" not in (finding.message or "") for finding in place.store.findings(entry.number))
    everything = (place.root / ".compliance" / "evidence.db").read_bytes()
    assert b"hunter2" not in everything
    assert place.ingest(place.root / "bandit.json")[0].status == "duplicate"


def drill(place: Place, cite: str = "") -> Path:
    """A drill of three minutes; each step cites the same artifact, or none."""
    steps = [("trigger", "00:00", "00:30"), ("restore", "01:00", "02:00"), ("verify", "02:00", "03:00")]
    lines = [
        "schema: compliance/rollback-drill/v1",
        "environment: staging",
        "mode: executed",
        'from-version: "2"',
        'to-version: "1"',
        "steps:",
    ]
    for kind, start, end in steps:
        lines.append(f"  - kind: {kind}")
        lines.append(f"    name: {kind} it")
        lines.append(f"    started-at: 2026-02-01T00:{start}Z")
        lines.append(f"    ended-at: 2026-02-01T00:{end}Z")
        lines += ["    result: passed"] if kind == "verify" else []
        lines += [f"    artifact: {cite}"] if cite else []
    return place.write("drill.yaml", "\n".join(lines).encode())


def test_a_record_is_worth_what_its_steps_cite(place: Place) -> None:
    stated = place.ingest(drill(place))[0]
    assert place.entry(stated).body["assurance"] == "stated"
    probe = place.ingest(place.write("j.xml", junit("2026-02-01T00:02:30Z")))[0]
    cited = place.ingest(drill(place, f"sha256:{probe.sha256}"))[0]
    assert place.entry(cited).body["assurance"] == "imported"


def test_a_citation_whose_time_does_not_agree_does_not_hold(place: Place) -> None:
    probe = place.ingest(place.write("j.xml", junit("2026-02-01T09:00:00Z")))[0]
    assert place.entry(place.ingest(drill(place, f"sha256:{probe.sha256}"))[0]).body["assurance"] == "stated"


def test_a_citation_of_nothing_kept_does_not_hold(place: Place) -> None:
    assert place.entry(place.ingest(drill(place, f"sha256:{'0' * 64}"))[0]).body["assurance"] == "stated"


def test_records_come_after_what_they_cite_in_one_call(place: Place) -> None:
    data = junit("2026-02-01T00:02:30Z")
    path = drill(place, f"sha256:{sha256_hex(data)}")
    outcomes = place.ingest(path, place.write("zzz.xml", data))
    assert [outcome.kind for outcome in outcomes] == ["test-results", "rollback-drill"]
    assert place.entry(outcomes[1]).body["assurance"] == "imported"


def sign(place: Place, path: Path, key: str = "signer") -> None:
    key_path = place.root / key
    if not key_path.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key_path)], check=True, stdin=subprocess.DEVNULL)
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", str(key_path), str(path)], check=True, capture_output=True)


@pytest.fixture
def trusting(tmp_path: Path) -> Place:
    return Place(tmp_path, '[sign]\ntrust = ["allowed_signers"]\n')


def trust(place: Place, key: str = "signer") -> None:
    public = (place.root / f"{key}.pub").read_text().split()
    place.write("allowed_signers", f"ada@example.org {public[0]} {public[1]}\n".encode())


def test_a_signature_of_a_trusted_key_verifies_a_record(trusting: Place) -> None:
    path = drill(trusting)
    sign(trusting, path)
    trust(trusting)
    entry = trusting.entry(trusting.ingest(path)[0])
    assert entry.body["assurance"] == "verified"
    assert entry.body["signature"]["key"].startswith("SHA256:")
    assert "ada@example.org" not in entry.data.decode()
    assert trusting.store.private(entry.number)["people"]["signer"] == "ada@example.org"


def test_a_bad_signature_refuses_the_file(trusting: Place) -> None:
    path = drill(trusting)
    sign(trusting, path)
    trust(trusting)
    path.write_bytes(path.read_bytes() + b"\n# changed\n")
    outcome = trusting.ingest(path)[0]
    assert outcome.status == "refused"
    assert "signature" in (outcome.reason or "")


def test_a_signature_of_an_unknown_key_proves_nothing(trusting: Place) -> None:
    path = drill(trusting)
    sign(trusting, path)
    sign(trusting, trusting.write("x", b"x"), "other")
    trust(trusting, "other")
    outcome = trusting.ingest(path)[0]
    assert outcome.status == "recorded"
    assert "not verified" in (outcome.reason or "")
    assert trusting.entry(outcome).body["assurance"] == "stated"


def test_paths_and_people_are_not_in_the_leaf(place: Place) -> None:
    data = place.entry(place.ingest(place.write("secret-project-name.xml", junit()))[0]).data
    assert b"secret-project-name" not in data


def test_a_file_that_two_formats_claim_is_refused_by_name(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from compliance.reading import recognise

    monkeypatch.setattr(recognise, "_recognises", lambda form, source, *, by_kind: form.name in ("junit-xml", "sarif"))  # noqa: ARG005
    outcome = place.ingest(place.write("j.xml", junit()))[0]
    assert outcome.status == "refused"
    assert "sarif (scan)" in (outcome.reason or "")
    assert "junit-xml (test-results)" in (outcome.reason or "")
    assert replace(outcome).named


def test_the_time_tolerance_of_citations_is_what_the_documentation_says() -> None:
    from compliance.intake import CITATION_TOLERANCE

    assert timedelta(minutes=15) == CITATION_TOLERANCE
