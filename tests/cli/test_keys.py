"""Keys and trust from the command line, and what `verify` says of signers; each in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from compliance.sign.keys import SigningKey
from tests.cli.run import Ran, compliance
from tests.sign.documents import pem
from tests.sign.services import Services

CONFIGURATION = '[project]\nname = "demo"\nversion = "1.0"\ncommit = "%s"\n[frameworks]\naei21 = false\n[sign]\n' % ("a" * 40)
STORE = ".compliance/evidence.db"
JUNIT = '<testsuite name="t" tests="1"><testcase classname="a" name="b"/></testsuite>'


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with Services(tmp_path_factory.mktemp("services")).running() as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, services: Services) -> Path:
    """A project with one file in its store, a key under an authority, and that authority's certificates."""
    key = services.person("Release team")
    (tmp_path / "key.p12").write_bytes(protected(key))
    (tmp_path / "ca.crt").write_bytes(pem(services.root))
    (tmp_path / "compliance.toml").write_text(CONFIGURATION)
    (tmp_path / "junit.xml").write_text(JUNIT)
    assert compliance("ingest", "junit.xml", cwd=tmp_path).code == 0
    return tmp_path


def protected(key: SigningKey) -> bytes:
    encryption = serialization.BestAvailableEncryption(b"hush")
    return pkcs12.serialize_key_and_certificates(b"k", key.private_key, key.certificate, list(key.chain), encryption)  # type: ignore[arg-type]


def configure(project: Path, *lines: str) -> None:
    (project / "compliance.toml").write_text(CONFIGURATION + "\n".join(lines) + "\n")


def report(project: Path, *options: str, **env: str) -> Path:
    made = compliance("report", "-o", "report.pdf", *options, cwd=project, env={"COMPLIANCE_SIGN_PASSPHRASE": "hush", **env})
    assert made.code == 0, made.err
    return project / "report.pdf"


def statuses(ran: Ran) -> dict[str, str]:
    return {check["name"]: check["status"] for check in ran.json["checks"]}


def test_keys_of_every_kind_can_be_made(tmp_path: Path) -> None:
    for algorithm, shown in (("p256", "ECDSA secp256r1"), ("p384", "ECDSA secp384r1"), ("rsa3072", "RSA 3072")):
        made = compliance("keys", "create", f"Ada {algorithm}", "--algorithm", algorithm, cwd=tmp_path)
        assert made.code == 0
        said = compliance("keys", "show", f"Ada-{algorithm}", cwd=tmp_path)
        assert said.code == 0
        assert shown in said.out
        assert "proves nothing to others" in said.out
    assert compliance("keys", "create", "x", "--algorithm", "ed25519", cwd=tmp_path).code == 2


def test_a_key_can_be_protected(tmp_path: Path) -> None:
    env = {"COMPLIANCE_SIGN_PASSPHRASE": "hush"}
    assert compliance("keys", "create", "--passphrase", cwd=tmp_path).code == 2
    assert compliance("keys", "create", "--passphrase", cwd=tmp_path, env=env).code == 0
    assert compliance("keys", "show", cwd=tmp_path, env=env).code == 0
    refused = compliance("keys", "show", cwd=tmp_path)
    assert refused.code == 2
    assert "needs a passphrase" in refused.err


def test_the_list_says_which_key_signs_and_whom_it_trusts(project: Path) -> None:
    configure(project, 'key = "key.p12"', 'trust = ["ca.crt"]', 'timestamp-trust = ["ca.crt"]')
    compliance("keys", "create", cwd=project)
    assert compliance("keys", "trust", "ca.crt", "--timestamps", cwd=project).code == 0
    listed = compliance("keys", "list", "--format", "json", cwd=project, env={"COMPLIANCE_SIGN_PASSPHRASE": "hush"}).json["keys"]
    found = [(one["role"], one["source"], one["subject"], one["in_use"]) for one in listed]
    assert found == [
        ("key", "user", "trial", False),
        ("trusted", "user", "trial", False),
        ("trusted-for-timestamps", "user", "Root", False),
        ("key", "project", "Release team", True),
        ("trusted", "project", "Root", False),
        ("trusted-for-timestamps", "project", "Root", False),
    ]
    unread = compliance("keys", "list", "--format", "json", cwd=project).json["keys"][3]
    assert unread["in_use"]
    assert "needs a passphrase" in unread["subject"]
    assert "* key" in compliance("keys", "list", cwd=project).out


def test_the_passphrase_may_come_from_a_file_descriptor(project: Path) -> None:
    configure(project, 'key = "key.p12"')
    read, write = os.pipe()
    os.write(write, b"hush\nmore\n")
    os.close(write)
    env = {name: value for name, value in os.environ.items() if not name.startswith("COMPLIANCE_")}
    env |= {"COMPLIANCE_HOME": str(project / "home"), "COMPLIANCE_SIGN_PASSPHRASE_FD": str(read)}
    command = [sys.executable, "-m", "compliance", "report", "-o", "report.pdf"]
    done = subprocess.run(command, cwd=project, env=env, pass_fds=(read,), capture_output=True, text=True, check=False)
    os.close(read)
    assert done.returncode == 0, done.stderr
    refused = compliance("report", "-o", "x.pdf", cwd=project, env={"COMPLIANCE_SIGN_PASSPHRASE_FD": "97"})
    assert refused.code == 2
    assert "COMPLIANCE_SIGN_PASSPHRASE_FD=97" in refused.err


def test_a_command_signs_a_report(project: Path, services: Services) -> None:
    key = services.person("Service")
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (project / "secret.pem").write_bytes(key.private_key.private_bytes(*form))  # type: ignore[union-attr]
    (project / "chain.pem").write_bytes(pem(key.certificate, *key.chain))
    command = '{ command = ["openssl", "dgst", "-sha256", "-sign", "secret.pem"] }'
    configure(project, f"key = {command}", 'certificate = "chain.pem"', 'trust = ["ca.crt"]')
    assert compliance("verify", report(project), cwd=project).code == 0


@pytest.mark.parametrize("level", ["B-T", "B-LTA"])
def test_a_stamped_report_verifies(project: Path, services: Services, level: str) -> None:
    configure(project, 'key = "key.p12"', f'timestamp = "{services.timestamp_url}"', f'level = "{level}"', 'trust = ["ca.crt"]')
    path = report(project)
    ran = compliance("verify", path, "--format", "json", cwd=project)
    assert ran.code == 0, ran.out
    found = statuses(ran)
    assert {found[name] for name in ("signature-level", "signing-time", "structure", "page-render")} == {"proven"}
    assert found["revocation"] == ("not-proven" if level == "B-T" else "proven")
    assert ran.json["anchored_by"] == "timestamp"
    assert ran.json["signer"]["status"] == "trusted"
    stored = compliance("verify", path, "--store", STORE, "--format", "json", cwd=project)
    assert statuses(stored)["report.signed"] == "proven"


def test_signers_are_told_apart_by_exit_code(project: Path) -> None:
    configure(project, 'key = "key.p12"')
    path = report(project)
    stranger = compliance("verify", path, "--format", "json", cwd=project)
    assert (stranger.code, stranger.json["signer"]["status"]) == (6, "unknown")
    assert statuses(stranger)["signing-time"] == "not-proven"
    known = compliance("verify", path, "--trust", "ca.crt", cwd=project)
    assert known.code == 0
    assert "there is no timestamp" in known.out
    assert compliance("verify", path, "--trust", "ca.crt", "--strict", cwd=project).code == 4
    only_clock = compliance("verify", path, "--trust-timestamps", "ca.crt", cwd=project)
    assert only_clock.code == 6


@pytest.mark.skipif(
    shutil.which("unshare") is None or subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode != 0,
    reason="no network namespaces for ordinary users here",
)
def test_verifying_needs_no_network(project: Path, services: Services) -> None:
    """In a namespace without any network, not even a loopback that is up."""
    configure(project, 'key = "key.p12"', f'timestamp = "{services.timestamp_url}"', 'level = "B-LTA"', 'trust = ["ca.crt"]')
    report(project, "--bundle", "bundle")
    asked = len(services.asked)
    env = {name: value for name, value in os.environ.items() if not name.startswith("COMPLIANCE_")} | {"COMPLIANCE_HOME": "home"}
    command = ["unshare", "-rn", sys.executable, "-m", "compliance", "verify"]
    for words in (["report.pdf", "--store", STORE], ["bundle"], ["bundle/vsa.dsse.json"], [STORE, "--replay"]):
        done = subprocess.run([*command, *words, "--format", "json"], cwd=project, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert {check["status"] for check in json.loads(done.stdout)["checks"]} == {"proven"}, words
    assert len(services.asked) == asked


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('timestamp = "ftp://x"', "[sign] timestamp"),
        ('level = "B-T"', "level without timestamp"),
        ('level = "B-X"', "[sign] level"),
        ("key = { comand = [] }", "[sign] key"),
        ('key = "missing.p12"', "missing.p12"),
        ('timestamp-trust = ["missing.pem"]\nkey = "key.p12"\ntimestamp = "http://127.0.0.1:9"', "missing.pem"),
    ],
)
def test_a_wrong_configuration_is_named(project: Path, line: str, message: str) -> None:
    configure(project, line)
    refused = compliance("report", "-o", "x.pdf", cwd=project, env={"COMPLIANCE_SIGN_PASSPHRASE": "hush"})
    assert refused.code == 2
    assert message in refused.err
    assert not (project / "x.pdf").exists()
