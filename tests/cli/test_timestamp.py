"""``compliance timestamp``: a report, a packet and a decision record outlive the authority of their first timestamp."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pikepdf
import pytest

from compliance import standalone
from compliance.errors import SigningKeyError
from compliance.sign.pdf_verify import SignedPdf, inspect_pdf
from compliance.sign.prolong import prolong
from compliance.sign.standing import judge_standing, stand
from compliance.sign.timestamp import Level, TimestampAuthority, Timestamping
from compliance.sign.trust import TrustStore
from tests.cli.run import Folder
from tests.sign.documents import pem, write_pkcs12
from tests.sign.services import Services

DAY = timedelta(days=1)
CONFIG = f"""
[project]
name = "demo"
version = "1.0"
commit = "{"a" * 40}"
profile = "library"
profile-by = "Ada"

[roles.security]
people = ["Ada"]

[roles.product-owner]
people = ["Ben"]

[points.tests]
gates = ["ALPHA-PF-5", "REL-6", "REL-7"]

[sign]
key = "release.p12"
trust = ["people.pem"]
timestamp-trust = ["lasting.pem"]
"""


@dataclass(frozen=True)
class Archive(Folder):
    """A project whose documents were stamped by an authority for 30 days, and another one for 300."""

    brief: Services
    lasting: Services
    env: ClassVar = {"COMPLIANCE_SIGN_PASSPHRASE": "secret"}

    def configure(self, services: Services | None, level: str = "B-LTA") -> None:
        lines = "" if services is None else f'timestamp = "{services.timestamp_url}"\nlevel = "{level}"\n'
        (self.root / "compliance.toml").write_text(CONFIG + lines)

    def trust(self) -> TrustStore:
        return TrustStore([self.brief.root], [self.lasting.root])

    def inspected(self, name: str) -> SignedPdf:
        found = inspect_pdf((self.root / name).read_bytes())
        assert found.is_intact, [check for check in found.checks if check.status != "proven"]
        return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    root = tmp_path_factory.mktemp("archive")
    folders = [tmp_path_factory.mktemp(name) for name in ("brief", "lasting")]
    with Services(folders[0]).running() as brief, Services(folders[1], days=300).running() as lasting:
        archive = Archive(root, brief, lasting)
        for name, who in (("release", "Release"), ("ada", "Ada"), ("ben", "Ben")):
            key = brief.person(who)
            write_pkcs12(root / f"{name}.p12", key.private_key, key.certificate, list(key.chain))  # type: ignore[arg-type]
        (root / "people.pem").write_bytes(pem(brief.root))
        (root / "lasting.pem").write_bytes(pem(lasting.root))
        (root / "junit.xml").write_text('<testsuite name="s" tests="1"><testcase name="a"/></testsuite>')
        archive.configure(brief)
        archive.done("ingest", "junit.xml")
        archive.done("packet", "--point", "tests", "-o", "packet.pdf")
        assert archive.run("report", "--point", "tests", "-o", "report.pdf").code in (0, 1)
        archive.configure(None)
        assert archive.run("report", "--point", "tests", "-o", "plain.pdf").code in (0, 1)
        yield archive


@pytest.fixture
def archive(made: Archive, tmp_path: Path) -> Archive:
    shutil.copytree(made.root, tmp_path / "archive")
    copy = Archive(tmp_path / "archive", made.brief, made.lasting)
    copy.configure(made.lasting)
    return copy


def test_a_report_outlives_the_authority_of_its_timestamp(archive: Archive) -> None:
    before = (archive.root / "report.pdf").read_bytes()
    (said,) = archive.run("timestamp", "report.pdf", "--format", "json").json["files"]
    after = (archive.root / "report.pdf").read_bytes()
    assert after.startswith(before)
    assert (said["status"], said["output"], said["authority"]) == ("timestamped", "report.pdf", "Time")
    assert datetime.fromisoformat(said["until"]) == archive.lasting.stamper.not_valid_after_utc
    verified = archive.run("verify", "report.pdf", "--store", ".compliance/evidence.db", "--strict", "--format", "json")
    assert (verified.code, {one["status"] for one in verified.json["checks"]}) == (0, {"proven"})
    later = datetime.now(UTC) + 100 * DAY
    for content, expected in ((before, ("expired", "not-proven")), (after, ("trusted", "proven"))):
        found = judge_standing(inspect_pdf(content), archive.trust(), now=later)
        assert found is not None
        assert (found.status, found.time.status) == expected
    # Without these answers, given now, nobody could say later that the older authority had not been revoked.
    assert len(archive.inspected("report.pdf").validation_data.ocsps) > len(inspect_pdf(before).validation_data.ocsps) + 2


def test_other_programs_and_the_verifier_in_one_file_read_a_prolonged_report(archive: Archive) -> None:
    archive.done("timestamp", "report.pdf")
    archive.done("timestamp", "report.pdf")
    result = standalone.Result()
    standalone.read_pdf((archive.root / "report.pdf").read_bytes(), result, (archive.brief.root, archive.lasting.root))
    assert not [check for check in result.checks if check[1] == "refuted"]
    said = subprocess.run(["pdfsig", "report.pdf"], cwd=archive.root, capture_output=True, text=True, check=True).stdout
    assert said.count("Signature is Valid.") == 1
    assert said.count("Total document signed") == 1
    checked = subprocess.run(["qpdf", "--check", "report.pdf"], cwd=archive.root, capture_output=True, text=True, check=True).stdout
    assert "No syntax" in checked
    with pikepdf.open(archive.root / "report.pdf") as pdf:
        assert [str(field.T) for field in pdf.Root.AcroForm.Fields][-3:] == ["Timestamp", "Timestamp-2", "Timestamp-3"]


def test_a_report_without_timestamp_gets_its_first(archive: Archive) -> None:
    archive.done("timestamp", "plain.pdf", "-o", "stamped.pdf")
    assert archive.inspected("plain.pdf").later == ()
    verified = archive.run("verify", "stamped.pdf", "--format", "json")
    found = {one["name"]: one["status"] for one in verified.json["checks"]}
    assert (verified.code, found["signing-time"], found["revocation"]) == (0, "proven", "proven")
    assert verified.json["anchored_by"] == "timestamp"


def test_a_packet_is_prolonged_while_people_sign_and_so_is_the_record_of_the_decision(archive: Archive) -> None:
    archive.configure(archive.brief)
    archive.done("sign", "--role", "security", "--approve", "--pdf", "packet.pdf", "--key", "ada.p12")
    archive.configure(archive.lasting)
    assert "prolong it again before" in archive.done("timestamp", "packet.pdf")
    archive.done("sign", "--role", "product-owner", "--approve", "--pdf", "packet.pdf", "--key", "ben.p12")
    archive.done("timestamp", "packet.pdf")
    archive.done("packet", "--final", "--point", "tests", "-o", "decision.pdf")
    archive.done("timestamp", "decision.pdf", "-o", "archived.pdf")
    for name in ("packet.pdf", "archived.pdf"):
        verified = archive.run("verify", name, "--store", ".compliance/evidence.db", "--format", "json")
        assert (verified.code, [one for one in verified.json["checks"] if one["status"] == "refuted"]) == (0, []), name
    signed = archive.inspected("packet.pdf")
    assert [one.kind for one in signed.later] == ["approval", "timestamp", "approval", "timestamp"]
    for one in signed.later:
        if one.kind == "approval":
            found = stand(signed, one, archive.trust(), now=datetime.now(UTC) + 100 * DAY)
            assert (found.status, found.time.status, found.revocation.status) == ("trusted", "proven", "proven")


def test_what_is_refuted_stays_as_it_is(archive: Archive) -> None:
    content = bytearray((archive.root / "report.pdf").read_bytes())
    content[len(content) // 3] ^= 1
    (archive.root / "forged.pdf").write_bytes(content)
    asked = len(archive.lasting.asked)
    ran = archive.run("timestamp", "forged.pdf", "--format", "json")
    (said,) = ran.json["files"]
    assert (ran.code, said["status"], said["output"], said["at"]) == (4, "refuted", None, None)
    assert "document-digest" in said["reason"]
    assert (archive.root / "forged.pdf").read_bytes() == content
    assert len(archive.lasting.asked) == asked
    both = archive.run("timestamp", "forged.pdf", "report.pdf")
    assert (both.code, both.out.count("REFUTED, left as it is"), both.out.count("prolong it again")) == (4, 1, 1)


def unsigned(archive: Archive) -> str:
    content = (archive.root / "report.pdf").read_bytes()
    (archive.root / "unsigned.pdf").write_bytes(content[: inspect_pdf(content).unsigned_length])
    return "unsigned.pdf"


def test_what_is_not_signed_and_what_cannot_be_done_is_refused_by_name(archive: Archive) -> None:
    before = (archive.root / "report.pdf").read_bytes()

    def refused(*words: str) -> str:
        ran = archive.run("timestamp", *words)
        assert (ran.code, ran.out) == (2, ""), ran.err
        assert "Traceback" not in ran.err
        assert (archive.root / "report.pdf").read_bytes() == before
        return ran.err

    assert "a PDF without signature; expected a signed report" in refused(unsigned(archive))
    assert "no PDF" in refused("junit.xml")
    assert "missing.pdf" in refused("missing.pdf")
    assert "a folder" in refused("report.pdf", "-o", ".")
    assert "one file for 2 documents" in refused("report.pdf", "plain.pdf", "-o", "x.pdf")
    archive.lasting.silent.update({"ocsp", "crl"})
    try:
        assert "503" in refused("report.pdf")
    finally:
        archive.lasting.silent.clear()
    archive.configure(None)
    assert "no timestamp authority" in refused("report.pdf")
    archive.configure(archive.lasting, "B-T")
    (archive.root / "lasting.pem").write_bytes(pem(archive.brief.root))
    assert "the authority that is asked is not trusted for timestamps here" in refused("report.pdf")
    (archive.root / "people.pem").write_bytes(pem(archive.lasting.root))
    (archive.root / "lasting.pem").write_bytes(pem(archive.lasting.root))
    said = refused("report.pdf")
    assert "report.pdf: its last timestamp does not hold" in said
    assert "timestamp of Time, who is not trusted for timestamps here" in said


@pytest.mark.parametrize("name", ["report.pdf", "plain.pdf"])
@pytest.mark.parametrize("level", ["B-T", "B-LTA"])
def test_what_has_ended_is_not_prolonged(archive: Archive, name: str, level: Level) -> None:
    asking = Timestamping(TimestampAuthority(archive.lasting.timestamp_url), level, (archive.brief.root, archive.lasting.root))
    content, later = (archive.root / name).read_bytes(), datetime.now(UTC) + 60 * DAY
    with pytest.raises(SigningKeyError, match=r"has expired, and no later one covers it|the certificate expired"):
        prolong(content, asking, archive.trust(), later)
    assert prolong(content, asking, archive.trust(), datetime.now(UTC)).pdf.startswith(content)
