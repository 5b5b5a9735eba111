"""Packets from the command line: written, signed in the PDF, by a decision file, brought back by others, tracked."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography import x509

from compliance import standalone
from compliance.packet import verify
from compliance.sign.pdf_verify import inspect_pdf
from compliance.sign.ssh import DECISION_NAMESPACE, sign_with_ssh
from compliance.sign.trust import TrustStore
from tests.cli.run import Folder, compliance
from tests.sign.documents import Authority, pem, write_pkcs12
from tests.sign.services import Services
from tests.sign.test_ssh import Key

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")

GREEN = '<testsuite name="s" tests="2"><testcase name="a"/><testcase name="b"/></testsuite>'
CONFIG = f"""
[project]
name = "demo"
version = "1.0"
commit = "{"a" * 40}"
profile = "library"
profile-by = "Ada"

[sign]
trust = ["people.pem", "allowed_signers"]

[roles.security]
people = ["Ada"]

[roles.product-owner]
people = ["ben@example.org"]

[points.tests]
gates = ["ALPHA-PF-5", "REL-6", "REL-7"]
"""


@dataclass(frozen=True)
class Team(Folder):
    ben: Key
    env: ClassVar = {"COMPLIANCE_SIGN_PASSPHRASE": "secret"}

    def outcome(self, *words: str) -> str:
        return str(self.run("check", "--point", "tests", "--format", "json", *words).json["outcome"])


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """A packet costs seconds: tests that write get a copy of its folder."""
    root = tmp_path_factory.mktemp("team")
    authority, ben = Authority(), Key(root, "ben")
    key = authority.signing_key("Ada")
    write_pkcs12(root / "ada.p12", key.private_key, key.certificate, list(key.chain))  # type: ignore[arg-type]
    (root / "people.pem").write_bytes(pem(authority.root))
    (root / "allowed_signers").write_text(f"ben@example.org {ben.public}\n")
    (root / "compliance.toml").write_text(CONFIG)
    (root / "junit.xml").write_text(GREEN)
    made = Team(root, ben)
    made.done("ingest", "junit.xml", "--observed-at", "2026-01-31T12:00:00Z")
    written = made.run("packet", "--point", "tests", "--key", "ada.p12", "-o", "packet.pdf", "--format", "json")
    (root / "packet.json").write_text(written.out)
    return made


@pytest.fixture
def team(issued: Team, tmp_path: Path) -> Team:
    shutil.copytree(issued.root, tmp_path / "team")
    return Team(tmp_path / "team", issued.ben)


def test_a_packet_is_signed_in_three_ways_and_the_release_is_a_go(team: Team) -> None:
    written = json.loads((team.root / "packet.json").read_text())
    assert (written["evidence_outcome"], written["fields"]) == ("go", {"security": "security", "product-owner": "product-owner"})
    assert team.outcome() == "no-go"
    said = team.done("sign", "--role", "security", "--approve", "--pdf", "packet.pdf", "--key", "ada.p12")
    assert "approve for security as Ada" in said
    team.done("sign", "--role", "product-owner", "--approve", "--point", "tests", "--statement", "decision.json")
    words = ["ssh-keygen", "-Y", "sign", "-n", "decision@compliance-toolkit", "-f", str(team.ben.path), "decision.json"]
    subprocess.run(words, cwd=team.root, check=True, capture_output=True)
    assert team.outcome() == "no-go"
    (read,) = team.run("ingest", "decision.json", "--format", "json").json["files"]
    assert (read["status"], read["kind"], read["format"]) == ("recorded", "sign-off", "decision-json")
    assert read["summary"]["packet"] == written["packet"]
    assert read["summary"]["by"] == "ben@example.org"
    assert team.outcome() == "go"
    assert team.run("ingest", "decision.json", "--format", "json").json["files"][0]["status"] == "duplicate"
    verified = team.run("verify", "packet.pdf", "--trust", "people.pem", "--store", ".compliance/evidence.db", "--format", "json")
    assert (verified.code, [one for one in verified.json["checks"] if one["status"] == "refuted"]) == (0, [])
    assert {"packet-model", "page-render", "packet.issued"} <= {one["name"] for one in verified.json["checks"]}


def test_a_packet_that_is_compared_with_the_last_release_verifies(team: Team) -> None:
    """Its picture is that of the report, which counts the gate of the signatures as well."""
    configuration = (team.root / "compliance.toml").read_text()
    (team.root / "compliance.toml").write_text(configuration.replace("a" * 40, "b" * 40).replace('"1.0"', '"1.1"'))
    team.done("ingest", "junit.xml", "--observed-at", "2026-02-01T12:00:00Z")
    team.done("packet", "--point", "tests", "--key", "ada.p12", "-o", "next.pdf")
    verified = team.run("verify", "next.pdf", "--trust", "people.pem", "--store", ".compliance/evidence.db", "--format", "json")
    assert (verified.code, [one for one in verified.json["checks"] if one["status"] == "refuted"]) == (0, [])
    attached = inspect_pdf((team.root / "next.pdf").read_bytes()).attachments
    figure = json.loads(attached["packet.json"])["comparison"]["figure"]
    assert figure["caption"].endswith("Counted with REL-6, which the signatures answer.")


@pytest.fixture
def archived(team: Team) -> Team:
    """The archive of a decision that was signed with an SSH key and, in the ledger, with a certificate's; no store lies beside it."""
    team.done("sign", "--role", "security", "--approve", "--point", "tests", "--key", "ada.p12")
    team.done("sign", "--role", "product-owner", "--approve", "--point", "tests", "--key", "ben")
    team.done("packet", "--final", "--point", "tests", "--key", "ada.p12", "-o", "decision.pdf")
    (team.root / "alone").mkdir()
    shutil.copy(team.root / "decision.pdf", team.root / "alone")
    return team


def test_the_archive_alone_proves_who_decided_by_which_key(archived: Team) -> None:
    judged: list[str] = []

    def found(*trust: str) -> dict[str, tuple[str, str]]:
        words = [word for name in trust for word in ("--trust", f"../{name}")]
        env = {"COMPLIANCE_PROJECT": str(archived.root / "alone")}
        ran = compliance("verify", "decision.pdf", *words, "--format", "json", cwd=archived.root / "alone", env=env)
        assert ran.code == (0 if "people.pem" in trust else 6), ran.err + ran.out
        judged.extend(one["status"] for one in ran.json["checks"] if one["name"] == "report.pdf: assessment-derived")
        return {one["detail"].split()[2]: (one["status"], one["detail"]) for one in ran.json["checks"] if "record-entry" in one["name"]}

    trusted = found("people.pem", "allowed_signers")
    assert {role: status for role, (status, _) in trusted.items()} == {"security": "proven", "product-owner": "proven"}
    assert "approve for product-owner by ben@example.org, signed by the key SHA256:" in trusted["product-owner"][1]
    assert "approve for security by Ada, signed by the key sha256:" in trusted["security"][1]
    unknown = found("people.pem")["product-owner"]
    assert (unknown[0], "SHA256:" in unknown[1], "an unknown signer" in unknown[1]) == ("not-proven", True, True)
    assert found("allowed_signers")["security"][0] == "not-proven"
    assert judged == ["proven", "not-proven", "not-proven"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('\\"decision\\":\\"approve\\"', '\\"decision\\":\\"reject\\"', "does not fit"),
        ('\\"role\\":\\"product-owner\\"', '\\"role\\":\\"security\\"', "does not fit"),
        ("BEGIN SSH SIGNATURE", "BEGIN SSH SIGNATURES", "no armoured signature"),
    ],
)
def test_an_altered_decision_in_the_archive_is_refuted(archived: Team, old: str, new: str, message: str) -> None:
    files = dict(inspect_pdf((archived.root / "decision.pdf").read_bytes()).attachments)
    before = files["decisions.json"].decode()
    assert old in before
    files["decisions.json"] = before.replace(old, new).encode()
    trust = TrustStore(x509.load_pem_x509_certificates((archived.root / "people.pem").read_bytes()))
    checks = verify.final(files, b"", trust, [archived.root / "allowed_signers"])
    refuted = [one.detail for one in checks if one.name.startswith("record-entry") and one.status == "refuted"]
    assert any(message in one for one in refuted), refuted


def test_the_right_words_under_another_key_are_refuted(archived: Team) -> None:
    """Eve signs what Ben signed, and puts her signature in the place of his."""
    files = dict(inspect_pdf((archived.root / "decision.pdf").read_bytes()).attachments)
    held = json.loads(files["decisions.json"])
    (bens,) = (one for one in held["decisions"] if one["signature"]["method"] == "sshsig")
    eve = Key(archived.root, "eve")
    bens["signature"]["value"] = sign_with_ssh(bens["statement"].encode(), eve.path, namespace=DECISION_NAMESPACE).decode()
    files["decisions.json"] = json.dumps(held).encode()
    (archived.root / "allowed_signers").write_text(f"ben@example.org {eve.public}\n")
    checks = {one.name: one for one in verify.final(files, b"", TrustStore(), [archived.root / "allowed_signers"])}
    found = checks[f"record-entry-{bens['entry']}"]
    assert (found.status, "which the record names" in found.detail) == ("refuted", True)


def test_the_one_file_verifier_judges_the_archive_and_says_what_it_does_not_judge(archived: Team) -> None:
    people = x509.load_pem_x509_certificates((archived.root / "people.pem").read_bytes())
    result = standalone.verify(archived.root / "decision.pdf", people)
    said = {name: (status, detail) for name, status, detail in result.checks}
    assert (result.exit_code, [name for name, (status, _) in said.items() if status == "refuted"]) == (3, [])
    found = {detail.split()[2]: (status, detail) for name, (status, detail) in said.items() if name.startswith("decision-")}
    assert (found["security"][0], "by Ada, signed by the key sha256:" in found["security"][1]) == ("proven", True)
    assert (found["product-owner"][0], "is signed by the key SHA256:" in found["product-owner"][1]) == ("not-proven", True)
    strangers = {name: status for name, status, _ in standalone.verify(archived.root / "decision.pdf", ()).checks}
    assert "proven" not in {status for name, status in strangers.items() if name.startswith("decision-")}
    packet = standalone.verify(archived.root / "packet.pdf", people)
    assert (packet.exit_code, packet.checks[-1][:2]) == (0, ("decisions", "proven"))


def altered(files: dict[str, bytes], change: str, eve: Key) -> dict[str, bytes]:
    """The files of an archive after one attack on its decisions, with the record's list of files made to fit."""
    held = json.loads(files["decisions.json"])
    (bens,) = (one for one in held["decisions"] if one["signature"]["method"] == "sshsig")
    (adas,) = (one for one in held["decisions"] if one["signature"]["method"] == "x509")

    def by_eve(statement: str, namespace: str = DECISION_NAMESPACE) -> str:
        return sign_with_ssh(statement.encode(), eve.path, namespace=namespace).decode()

    if change == "reject":
        bens["statement"] = bens["statement"].replace('"approve"', '"reject"')
    elif change == "another role":
        adas["statement"] = adas["statement"].replace('"security"', '"product-owner"')
    elif change == "another key":
        bens["signature"]["value"] = by_eve(bens["statement"])
    elif change == "made for evidence":
        bens["signature"]["value"] = by_eve(bens["statement"], "evidence@compliance-toolkit")
    elif change == "another decision":
        bens["statement"] = bens["statement"].replace(json.loads(bens["statement"])["decision_digest"], "0" * 64)
        bens["signature"]["value"] = by_eve(bens["statement"])
    elif change == "exchanged":
        bens["signature"], adas["signature"] = adas["signature"], bens["signature"]
    elif change == "left out":
        held["decisions"].remove(bens)
    elif change == "twice":
        held["decisions"].append(bens)
    made = {**files, "decisions.json": json.dumps(held).encode()}
    record = json.loads(files["decision-record.json"])
    for row in record["attachments"]:
        row["sha256"] = hashlib.sha256(made[row["name"]]).hexdigest()
    return {**made, "decision-record.json": json.dumps(record).encode()}


CHANGES = ["reject", "another role", "another key", "made for evidence", "another decision", "exchanged", "left out", "twice"]


def test_decisions_that_were_altered_are_refuted_by_both_verifiers(archived: Team) -> None:
    files = dict(inspect_pdf((archived.root / "decision.pdf").read_bytes()).attachments)
    people = x509.load_pem_x509_certificates((archived.root / "people.pem").read_bytes())
    eve = Key(archived.root, "eve")
    for change in ["none", *CHANGES]:
        attacked = altered(files, change, eve)
        result = standalone.Result()
        standalone.Record(attacked, people).decisions(result)
        assert ("refuted" in {status for _, status, _ in result.checks}) == (change != "none"), (change, result.checks)
        if change in ("another decision", "exchanged"):  # tests above ask `verify` about the others
            checks = verify.final(attacked, b"", TrustStore(people), [archived.root / "allowed_signers"])
            assert any(one.name.startswith("record-entry") and one.status == "refuted" for one in checks), change


def test_a_packet_that_was_signed_without_the_store_is_ingested(team: Team) -> None:
    elsewhere = team.root / "elsewhere"
    elsewhere.mkdir()
    for name in ("packet.pdf", "ada.p12"):
        shutil.copy(team.root / name, elsewhere / name)
    env = {"COMPLIANCE_SIGN_PASSPHRASE": "secret", "COMPLIANCE_PROJECT": str(elsewhere)}
    words = [
        "sign",
        "--role",
        "security",
        "--reject",
        "--reason",
        "Too early",
        "--pdf",
        "packet.pdf",
        "-o",
        "signed.pdf",
        "--key",
        "ada.p12",
    ]
    ran = compliance(*words, cwd=elsewhere, env=env)
    assert (ran.code, "no store here" in ran.err) == (0, True), ran.err
    shutil.copy(elsewhere / "signed.pdf", team.root / "signed.pdf")
    (read,) = team.run("ingest", "signed.pdf", "--format", "json").json["files"]
    expected = {"field": "security", "role": "security", "decision": "reject", "by": "Ada", "override": False, "conditions": 0}
    assert (read["status"], read["format"]) == ("recorded", "signed-packet-pdf")
    assert {name: read["summary"][name] for name in expected} == expected
    assert "rejected by Ada" in team.done("status", "--point", "tests")
    refused = team.run("ingest", "packet.pdf")
    assert (refused.code, "nobody has signed it" in " ".join(refused.out.split())) == (2, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--role", "security", "--approve"], "signed with --key, or written out with --statement"),
        (["--role", "security", "--approve", "--pdf", "packet.pdf", "--statement", "x.json"], "give one of them"),
        (["--role", "security", "--approve", "--pdf", "packet.pdf", "--key", "ben"], "not with an SSH key"),
        (["--role", "security", "--reject", "--pdf", "packet.pdf", "--key", "ada.p12"], "a rejection without reason"),
        (["--role", "product-owner", "--approve", "--pdf", "packet.pdf", "--key", "ada.p12"], "Ada does not hold the role product-owner"),
        (["--role", "nobody", "--approve", "--pdf", "packet.pdf", "--key", "ada.p12"], "no field for the role nobody"),
        (["--role", "security", "--approve", "--pdf", "packet.pdf", "--key", "ada.p12", "--point", "staging"], "the packet is for tests"),
        (["--role", "security", "--approve", "--pdf", "packet.pdf", "--key", "ada.p12", "--expires", "9d"], "is printed in the packet"),
        (["--role", "security", "--approve", "--key", "ada.p12", "-o", "x.pdf"], "--output without --pdf"),
        (["--role", "security", "--delegate", "Eve", "--pdf", "packet.pdf", "--key", "ada.p12"], "delegate with --pdf"),
        (["--role", "security", "--approve", "--pdf", "junit.xml", "--key", "ada.p12"], "altered or broken"),
    ],
)
def test_wrong_use_is_refused_and_nothing_is_written(issued: Team, words: list[str], message: str) -> None:
    before = (issued.root / "packet.pdf").read_bytes()
    ran = issued.run("sign", *words)
    assert (ran.code, message in " ".join(ran.err.split())) == (2, True), ran.err
    assert (issued.root / "packet.pdf").read_bytes() == before
    assert "sign-off" not in issued.done("log")


def test_a_decision_file_is_refused_by_name(team: Team) -> None:
    team.done("sign", "--role", "product-owner", "--approve", "--point", "tests", "--statement", "decision.json")
    content = (team.root / "decision.json").read_bytes()

    def refused(data: bytes, namespace: str = "decision@compliance-toolkit", signer: str = "ben") -> str:
        (team.root / "d.json").write_bytes(data)
        (team.root / "d.json.sig").unlink(missing_ok=True)
        if namespace:
            words = ["ssh-keygen", "-Y", "sign", "-n", namespace, "-f", str(team.root / signer), "d.json"]
            subprocess.run(words, cwd=team.root, check=True, capture_output=True)
        (read,) = team.run("ingest", "d.json", "--format", "json").json["files"]
        assert read["status"] == "refused"
        return str(read["reason"])

    Key(team.root, "eve")
    assert "not signed: there is no d.json.sig" in refused(content, "")
    for wrong in (refused(content, "file"), refused(content, signer="eve")):
        assert "signature" in wrong or "not allowed" in wrong
    assert "byte for byte" in refused(content + b"\n")
    assert "does not hold the role security" in refused(content.replace(b'"role":"product-owner"', b'"role":"security"'))
    assert "is not the assessment of this decision" in refused(content.replace(b'"point":"tests"', b'"point":"other"'))
    assert "a decision for the log" in refused(content.replace(b'"log":"', b'"log":"x'))
    assert "no decision" in refused(content.replace(b'"decision":"approve"', b'"decision":"perhaps"'))
    assert "a rejection without reason" in refused(content.replace(b'"decision":"approve"', b'"decision":"reject"'))


def test_a_packet_and_its_signatures_are_stamped_where_an_authority_is_named(tmp_path: Path, issued: Team) -> None:
    with Services(tmp_path / "services").running() as services:
        team = Team(tmp_path, issued.ben)
        for name, who in (("release", "Release"), ("ada", "Ada")):
            key = services.person(who)
            write_pkcs12(tmp_path / f"{name}.p12", key.private_key, key.certificate, list(key.chain))  # type: ignore[arg-type]
        stamped = f'[sign]\ntimestamp = "{services.timestamp_url}"\nlevel = "B-LTA"\n'
        (tmp_path / "compliance.toml").write_text(CONFIG.replace("[sign]\n", stamped))
        (tmp_path / "people.pem").write_bytes(pem(services.root))
        shutil.copy(issued.root / "allowed_signers", tmp_path)
        (tmp_path / "junit.xml").write_text(GREEN)
        team.done("ingest", "junit.xml")
        team.done("packet", "--point", "tests", "--key", "release.p12", "-o", "packet.pdf")
        team.done("sign", "--role", "security", "--approve", "--pdf", "packet.pdf", "--key", "ada.p12")
    verified = team.run("verify", "packet.pdf", "--format", "json")
    found = {one["name"]: one for one in verified.json["checks"]}
    assert (verified.code, verified.json["signer"]["status"], verified.json["anchored_by"]) == (0, "trusted", "timestamp")
    assert {found[name]["status"] for name in ("signing-time", "revocation", "later-signatures")} == {"proven"}
    assert found["signature-level"]["detail"] == "B-LT"
    (approval,) = inspect_pdf((tmp_path / "packet.pdf").read_bytes()).later
    assert approval.token is not None
