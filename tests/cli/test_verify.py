"""Verification as an auditor runs it: reports, the files outside of them, envelopes; each attack through the command line."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from compliance.sign.trust import TrustStore
from compliance.verification.verify_files import verify_envelope, verify_folder
from tests.cli.run import Ran, compliance
from tests.cli.test_commands import CONFIG, JUNIT
from tests.report import scenario

WITHOUT_AUTHORITIES = {"signing-time", "revocation"}
"""What nobody vouches for where the signer's own clock and certificate are all there is."""


@dataclass(frozen=True)
class Made:
    """A project with a signed report, its bundle and its store."""

    root: Path

    @property
    def signer(self) -> Path:
        return self.root / "home" / "keys" / "trial.pem"

    @property
    def store(self) -> Path:
        return self.root / ".compliance" / "evidence.db"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    root = tmp_path_factory.mktemp("project")
    (root / "compliance.toml").write_text(CONFIG)
    (root / "junit.xml").write_text(JUNIT)
    for words in (["keys", "create"], ["ingest", "junit.xml"], ["report", "-o", "r.pdf", "--bundle", "bundle"]):
        ran = compliance(*words, cwd=root)
        assert ran.code == 0, ran.err
    return Made(root)


def verify(made: Made, *words: str | Path, trust: bool = True) -> tuple[int, dict[str, tuple[str, str]], Ran]:
    """Runs ``verify`` where no key is in the user's own trust folder."""
    given: list[str | Path] = ["--trust", made.signer] if trust else []
    home = {"COMPLIANCE_HOME": str(made.root / "nobody")}
    ran = compliance("verify", *words, *given, "--format", "json", cwd=made.root, env=home)
    document = ran.json if ran.out else {"checks": []}
    return ran.code, {one["name"]: (one["status"], one["detail"]) for one in document["checks"]}, ran


def refuted(checks: dict[str, tuple[str, str]]) -> dict[str, str]:
    return {name: detail for name, (status, detail) in checks.items() if status == "refuted"}


@pytest.fixture
def bundle(made: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made.root / "bundle", tmp_path / "bundle"))


def test_a_report_a_bundle_and_an_envelope_are_verified(made: Made, bundle: Path) -> None:
    for path in (made.root / "r.pdf", bundle, bundle / "vsa.dsse.json", bundle / "bundle.dsse.json"):
        code, checks, ran = verify(made, path)
        unproven = {name for name, (status, _) in checks.items() if status != "proven"}
        assert (code, unproven) == (0, WITHOUT_AUTHORITIES if path.suffix == ".pdf" else set()), (path.name, checks)
        assert ran.json["signer"]["status"] == "trial"
        assert verify(made, path, trust=False)[0] == 6
    _, checks, ran = verify(made, bundle, "--store", made.store)
    assert {checks[name][0] for name in ("store-consistency", "assessment-derived")} == {"proven"}
    assert ran.json["anchored_by"] == "report"


@pytest.mark.skipif(
    shutil.which("unshare") is None or subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode != 0,
    reason="no network namespaces here",
)
def test_everything_is_verified_where_there_is_no_network_at_all(made: Made) -> None:
    paths = [made.root / "r.pdf", made.root / "bundle", made.root / "bundle" / "vsa.dsse.json", made.store]
    words = [
        "unshare",
        "-rn",
        sys.executable,
        "-m",
        "compliance",
        "verify",
        *map(str, paths),
        "--trust",
        str(made.signer),
        "--format",
        "json",
    ]
    done = subprocess.run(words, cwd=made.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [one["ok"] for one in json.loads(done.stdout)["results"]] == [True] * 4


def test_the_bundle_is_what_the_report_carries(made: Made, bundle: Path) -> None:
    from compliance.sign.pdf_verify import inspect_pdf

    inside = dict(inspect_pdf((made.root / "r.pdf").read_bytes()).attachments)
    outside = {path.name: path.read_bytes() for path in bundle.iterdir()}
    assert outside.pop("bundle.dsse.json")
    assert outside == inside


def test_the_statement_is_a_verification_summary(bundle: Path) -> None:
    envelope = json.loads((bundle / "vsa.dsse.json").read_bytes())
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    said = json.loads(base64.b64decode(envelope["payload"]))
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://slsa.dev/verification_summary/v1"
    assert said["subject"] == [{"name": "demo", "uri": "pkg:generic/demo@1.0", "digest": {"gitCommit": "a" * 40}}]
    predicate = said["predicate"]
    assert (predicate["verificationResult"], predicate["verifiedLevels"]) == ("FAILED", ["FAILED"])
    judged = json.loads((bundle / "assessment.json").read_bytes())
    assert predicate["policy"]["digest"] == {"sha256": judged["policy_digest"]}
    assert {one["uri"] for one in predicate["inputAttestations"]} == {
        "assessment.json", "checkpoint.txt", "evidence.json", "findings.csv", "findings.json", "ledger.json", "proofs.json",
        "rules.json",
    }  # fmt: skip


def test_an_expired_certificate_is_said_plainly(made: Made, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compliance.times.now", lambda: datetime(2040, 1, 1, tzinfo=UTC))
    trust = TrustStore.load([made.signer])
    for found in (
        verify_folder(bundle, trust, store=None, project=scenario.project(bundle)),
        verify_envelope(bundle / "vsa.dsse.json", trust),
    ):
        assert (found.signer["status"], found.exit_code()) == ("expired", 6)


def edit(path: Path, change: Callable[[Any], None]) -> None:
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))


def test_any_changed_missing_or_added_file_of_a_bundle_is_refuted(made: Made, bundle: Path) -> None:
    trust = TrustStore.load([made.signer])
    for path in sorted(bundle.iterdir()):
        content = path.read_bytes()
        changed = bytearray(content)
        changed[len(content) // 2] ^= 1
        path.write_bytes(changed)
        assert verify_folder(bundle, trust, store=None, project=scenario.project(bundle)).exit_code() == 4, path.name
        path.write_bytes(content)
    assert verify_folder(bundle, trust, store=None, project=scenario.project(bundle)).exit_code() == 0
    (bundle / "more.txt").write_text("x")
    assert "more.txt" in refuted(verify(made, bundle)[1])["bundle-seal"]


def test_an_envelope_has_one_form(made: Made, bundle: Path) -> None:
    """Nothing signs the hint at the key, and base64 has spare bits; a changed byte is a changed byte all the same."""
    project, trust = scenario.project(bundle), TrustStore.load([made.signer])
    seal = bundle / "bundle.dsse.json"
    content = seal.read_bytes()
    signature = json.loads(content)["signatures"][0]["sig"]
    spare = signature[:-2] + chr(ord(signature[-2]) + 1) + "=" if signature.endswith("=") and not signature.endswith("==") else None
    for changed in (
        content.replace(b'"keyid":"', b'"keyid":"0'),
        content.replace(b"{", b"{ ", 1),
        content.rstrip(),
        *([content.replace(signature.encode(), spare.encode())] if spare else []),
    ):
        assert changed != content
        seal.write_bytes(changed)
        assert verify_folder(bundle, trust, store=None, project=project).exit_code() == 4
    seal.write_bytes(content)
    pem = bytearray((bundle / "signer.pem").read_bytes())
    for place in range(60, 200, 7):
        (bundle / "signer.pem").write_bytes(pem[:place] + bytes([pem[place] ^ 1]) + pem[place + 1 :])
        assert verify_folder(bundle, trust, store=None, project=project).exit_code() == 4
        assert verify_envelope(bundle / "vsa.dsse.json", trust).exit_code() in (0, 6)


def test_a_title_that_nobody_signed_is_refuted(made: Made, bundle: Path) -> None:
    """Nothing inside the report can name its model; the seal does."""
    edit(bundle / "report.json", lambda model: model.update(organisation="Somebody else"))
    code, checks, _ = verify(made, bundle)
    assert (code, set(refuted(checks))) == (4, {"bundle-seal"})


def test_without_its_seal_a_folder_is_not_anybodys(made: Made, bundle: Path) -> None:
    (bundle / "bundle.dsse.json").unlink()
    code, checks, ran = verify(made, bundle)
    assert (code, checks["bundle-seal"][0], ran.json["signer"]["status"]) == (6, "not-proven", "none")
    assert verify(made, bundle, "--strict")[0] == 4


@pytest.fixture
def forged(bundle: Path, tmp_path: Path) -> Path:
    """A bundle whose files a forger signed anew, with a key of the same name."""
    from compliance.report import attestation
    from compliance.sign.keys import create_trial_key

    key = create_trial_key(tmp_path / "forger", "trial")
    (bundle / "signer.pem").write_bytes(attestation.pem(key))
    files = {path.name: path.read_bytes() for path in bundle.iterdir() if path.name != attestation.SEAL}
    (bundle / attestation.SEAL).write_bytes(attestation.seal(key, json.loads(files["report.json"])["id"], files))
    return bundle


def test_a_forgers_certificate_beside_the_files_helps_nobody(made: Made, forged: Path) -> None:
    code, checks, _ = verify(made, forged)
    assert code == 4
    assert set(refuted(checks)) == {"bundle-digests", "bundle-statement"}
    code, checks, _ = verify(made, forged / "bundle.dsse.json")
    assert (code, checks["envelope-signature"][0]) == (6, "proven")


def says(payload: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps(payload).encode()).decode()


def test_a_changed_statement_is_refuted(made: Made, bundle: Path) -> None:
    payload = json.loads(base64.b64decode(json.loads((bundle / "vsa.dsse.json").read_bytes())["payload"]))
    payload["predicate"]["verificationResult"] = "PASSED"
    edit(bundle / "vsa.dsse.json", lambda envelope: envelope.update(payload=says(payload)))
    code, checks, ran = verify(made, bundle / "vsa.dsse.json")
    assert (code, set(refuted(checks))) == (4, {"envelope-signature"})
    (bundle / "signer.pem").unlink()
    code, checks, ran = verify(made, bundle / "vsa.dsse.json", trust=False)
    assert (code, checks["envelope-signature"][0], ran.json["signer"]["status"]) == (6, "not-proven", "none")
    text = compliance("verify", bundle / "vsa.dsse.json", cwd=made.root, env={"COMPLIANCE_HOME": str(made.root / "nobody")})
    assert text.out.splitlines()[-1] == "NOT PROVEN: nobody who is known here signed it"


def test_a_file_that_is_not_the_one_that_an_envelope_names_is_refuted(made: Made, bundle: Path) -> None:
    (bundle / "findings.csv").write_text("nothing")
    code, checks, _ = verify(made, bundle / "vsa.dsse.json")
    assert (code, set(refuted(checks))) == (4, {"statement-files"})
    (bundle / "findings.csv").unlink()
    code, checks, _ = verify(made, bundle / "vsa.dsse.json")
    assert (code, checks["statement-files"][0]) == (0, "not-proven")
    assert "findings.csv" in checks["statement-files"][1]


def test_a_statement_that_names_what_can_be_no_file_is_read(made: Made, bundle: Path) -> None:
    subjects = [{"name": name, "digest": {"sha256": "0" * 64}} for name in ("a" * 5000, "a\0b", "..\\x", ".")]
    statement = {"_type": "https://in-toto.io/Statement/v1", "subject": subjects, "predicateType": "https://example.org", "predicate": {}}
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    envelope = {"payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": [{"keyid": "", "sig": "AAAA"}]}
    (bundle / "named.dsse.json").write_text(json.dumps(envelope))
    code, checks, ran = verify(made, bundle / "named.dsse.json")
    assert (code, checks["statement-files"][0], ran.err) == (6, "not-proven", "")


@pytest.mark.parametrize("name", ["empty", "no-report"])
def test_a_folder_that_is_no_bundle_is_refused(made: Made, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    if name == "no-report":
        (folder / "a.txt").write_text("x")
    code, _, ran = verify(made, folder)
    assert code == 2
    assert "report.json" in ran.err
    assert "Traceback" not in ran.err


def garbage() -> Iterator[bytes]:
    yield from (b"{", b"{}", b'{"payload": "", "payloadType": "", "signatures": []}', b"[" * 10_000, b"{" * 10_000)


@pytest.mark.parametrize("data", list(garbage()))
def test_garbage_is_refused_in_one_line(made: Made, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.json").write_bytes(data)
    code, _, ran = verify(made, tmp_path / "x.json")
    assert code == 2
    assert "Traceback" not in ran.err


def test_a_copy_for_outsiders_names_what_it_leaves_out(made: Made) -> None:
    ran = compliance("report", "--redact", "paths,people", "-o", "copy.pdf", "--bundle", "copy", cwd=made.root)
    assert ran.code == 0
    assert "redacted copy without paths, people" in ran.err
    for path in (made.root / "copy.pdf", made.root / "copy"):
        code, checks, _ = verify(made, path, "--store", made.store)
        assert (code, refuted(checks)) == (0, {})
        assert "redacted copy: paths, people and free texts are left out" in checks["bundle-redaction"][1]
        assert {checks[name][0] for name in ("store-consistency", "assessment-derived", "bundle-findings")} == {"proven"}
    assert b"junit.xml" not in b"".join(path.read_bytes() for path in (made.root / "copy").iterdir())
    assert b"junit.xml" in b"".join(path.read_bytes() for path in (made.root / "bundle").iterdir())


def test_a_privacy_class_that_there_is_not_is_wrong_use(made: Made) -> None:
    size = made.store.stat().st_size
    ran = compliance("report", "--redact", "names", "-o", "x.pdf", cwd=made.root)
    assert ran.code == 2
    assert "--redact 'names'; expected paths, people, code" in " ".join(ran.err.split())
    assert (made.store.stat().st_size, (made.root / "x.pdf").exists()) == (size, False)


def test_a_report_in_another_form_has_the_suffix_of_that_form(made: Made) -> None:
    ran = compliance("report", "--format", "oscal", cwd=made.root)
    assert ran.code == 0
    (path,) = made.root.glob("demo-production-*.oscal.json")
    assert json.loads(path.read_bytes())["assessment-results"]["metadata"]["oscal-version"] == "1.2.1"
