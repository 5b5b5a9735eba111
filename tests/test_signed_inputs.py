"""Files that come signed: a trusted signature makes evidence `verified`, a bad one refuses the file, an unknown signer proves nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import Certificate

from compliance.intake import Outcome
from compliance.sign import intoto
from compliance.sign.dsse import Envelope
from compliance.sign.keys import SigningKey, certificate_fingerprint
from compliance.times import now
from compliance.verification.verify_inputs import verify_inputs
from tests.cli.run import compliance
from tests.sign.documents import certificate, private_key
from tests.test_intake import COMMIT, Place, junit

DAY = timedelta(days=1)
TRUST = '[sign]\ntrust = ["signer.pem", "cosign.pub", "allowed_signers"]\n'


class Signing:
    """A project that trusts a certificate, a bare key and an SSH key; and the same sort of keys of a stranger."""

    def __init__(self, root: Path) -> None:
        self.key, self.strange = _signing_key("ada"), _signing_key("eve")
        self.bare, self.strange_bare = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        (root / "signer.pem").write_bytes(self.key.certificate.public_bytes(serialization.Encoding.PEM))
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        (root / "cosign.pub").write_bytes(self.bare.public_key().public_bytes(serialization.Encoding.PEM, form))
        for name in ("ssh-ada", "ssh-eve"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(root / name)], check=True, stdin=subprocess.DEVNULL)
        (root / "allowed_signers").write_text(f"ada@example.org {' '.join((root / 'ssh-ada.pub').read_text().split()[:2])}\n")
        self.root = root
        self.place = Place(root, f'commit = "{COMMIT}"\n{TRUST}')
        self.path = self.place.write("j.xml", junit())

    @property
    def data(self) -> bytes:
        return self.path.read_bytes()

    def beside(self, suffix: str, content: bytes | str) -> Path:
        path = self.path.with_name(self.path.name + suffix)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def ssh(self, key: str = "ssh-ada", namespace: str = "evidence@compliance-toolkit") -> None:
        command = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(self.root / key)]
        done = subprocess.run(command, input=self.data, check=True, capture_output=True)
        self.beside(".sig", done.stdout)

    def statement(self, key: SigningKey | None = None, data: bytes | None = None) -> Envelope:
        digest = hashlib.sha256(self.data if data is None else data).hexdigest()
        payload = intoto.write([intoto.Subject("j.xml", {"sha256": digest})], "https://example.org/tested/v1", {"passed": True})
        return Envelope.made(key or self.key, intoto.PAYLOAD_TYPE, payload)

    def bundle(self, key: ec.EllipticCurvePrivateKey, own: Certificate | None = None, data: bytes | None = None) -> dict[str, object]:
        data = self.data if data is None else data
        material: dict[str, object] = {"publicKey": {"hint": "any"}}
        if own is not None:
            material = {"certificate": {"rawBytes": encoded(own.public_bytes(serialization.Encoding.DER))}}
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": material,
            "messageSignature": {
                "messageDigest": {"algorithm": "SHA2_256", "digest": encoded(hashlib.sha256(data).digest())},
                "signature": encoded(key.sign(data, ec.ECDSA(hashes.SHA256()))),
            },
        }

    def ingest(self) -> Outcome:
        (outcome,) = self.place.ingest(self.path)
        return outcome

    def assurance(self, outcome: Outcome) -> str:
        return str(self.place.entry(outcome).body["assurance"])

    def again(self) -> dict[str, str]:
        return {one.detail: one.status for one in verify_inputs(self.place.store.database.location, self.place.project)}


def _signing_key(name: str) -> SigningKey:
    key = private_key("p256")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return SigningKey(key, certificate(name, key, start=now() - DAY, end=now() + DAY))


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture
def signing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Signing:
    monkeypatch.setenv("COMPLIANCE_HOME", str(tmp_path / "home"))
    return Signing(tmp_path)


Way = Callable[[Signing, bool], object]
"""Signs the file, as somebody who is trusted or as a stranger."""


def by_ssh(signing: Signing, known: bool) -> None:
    signing.ssh("ssh-ada" if known else "ssh-eve")


def by_ssh_for_files(signing: Signing, known: bool) -> None:
    signing.ssh("ssh-ada" if known else "ssh-eve", "file")


def by_statement(signing: Signing, known: bool) -> None:
    signing.beside(".dsse.json", signing.statement(signing.key if known else signing.strange).write())


def by_one_of_several_statements(signing: Signing, known: bool) -> None:
    other = signing.statement(data=b"another file").write()
    signing.beside(".intoto.jsonl", other + signing.statement(signing.key if known else signing.strange).write())


def by_bundle_with_a_bare_key(signing: Signing, known: bool) -> None:
    signing.beside(".sigstore.json", json.dumps(signing.bundle(signing.bare if known else signing.strange_bare)))


def by_bundle_with_a_certificate(signing: Signing, known: bool) -> None:
    key = signing.key if known else signing.strange
    signing.beside(".sigstore", json.dumps(signing.bundle(key.private_key, key.certificate)))  # type: ignore[arg-type]


def by_bundle_with_a_statement(signing: Signing, known: bool) -> None:
    envelope = json.loads(signing.statement(signing.key if known else signing.strange).write())
    bundle = {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {"publicKey": {"hint": ""}}}
    signing.beside(".sigstore.json", json.dumps({**bundle, "dsseEnvelope": envelope}))


WAYS = [
    by_ssh,
    by_ssh_for_files,
    by_statement,
    by_one_of_several_statements,
    by_bundle_with_a_bare_key,
    by_bundle_with_a_certificate,
    by_bundle_with_a_statement,
]


@pytest.mark.parametrize("sign", WAYS)
def test_a_trusted_signature_makes_evidence_verified(signing: Signing, sign: Way) -> None:
    sign(signing, True)
    outcome = signing.ingest()
    assert (outcome.status, outcome.reason) == ("recorded", None)
    entry = signing.place.entry(outcome)
    assert entry.body["assurance"] == "verified"
    assert entry.body["signature"]["repeatable"] is True
    assert signing.place.store.private(entry.number)["people"]["signer"] in ("ada", "ada@example.org", "cosign.pub")
    assert list(signing.again().values()) == ["proven"]


@pytest.mark.parametrize("sign", WAYS)
def test_an_unknown_signer_proves_nothing_and_that_is_said(signing: Signing, sign: Way) -> None:
    sign(signing, False)
    outcome = signing.ingest()
    assert outcome.status == "recorded"
    assert "not verified" in (outcome.reason or "")
    assert "signature" not in signing.place.entry(outcome).body
    assert signing.assurance(outcome) == "imported"


@pytest.mark.parametrize("sign", WAYS)
@pytest.mark.parametrize("known", [True, False])
def test_a_signature_of_another_file_refuses_the_file(signing: Signing, sign: Way, known: bool) -> None:
    if sign is by_bundle_with_a_bare_key and not known:
        pytest.skip("a stranger's bare key stands nowhere, so nothing tells a bad signature from an unknown one")
    sign(signing, known)
    signing.path.write_bytes(signing.data.replace(b'"a"', b'"b"'))
    outcome = signing.ingest()
    assert (outcome.status, outcome.evidence) == ("refused", None)
    assert "j.xml." in (outcome.reason or "")
    assert signing.place.store.size == 1


def test_a_changed_signature_by_a_key_that_it_names_refuses_the_file(signing: Signing) -> None:
    envelope = json.loads(signing.statement().write())
    envelope["signatures"][0]["sig"] = encoded(signing.statement(signing.strange).signatures[0].value)
    assert envelope["signatures"][0]["keyid"] == certificate_fingerprint(signing.key.certificate)
    signing.beside(".dsse.json", json.dumps(envelope))
    assert signing.ingest().status == "refused"


def test_a_bundle_whose_own_certificate_did_not_sign_refuses_the_file(signing: Signing) -> None:
    signing.beside(".sigstore.json", json.dumps(signing.bundle(signing.strange_bare, signing.strange.certificate)))
    assert signing.ingest().status == "refused"


def test_a_certificate_of_a_trusted_authority_counts_while_it_is_valid(signing: Signing) -> None:
    key = private_key("p256")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    root = certificate("Root", key, is_authority=True, start=now() - DAY, end=now() + DAY)
    own = private_key("p256")
    assert isinstance(own, ec.EllipticCurvePrivateKey)
    signing.place.write("signer.pem", root.public_bytes(serialization.Encoding.PEM))
    for end, assurance in ((now() + DAY, "verified"), (now() - timedelta(minutes=1), "imported")):
        leaf = certificate("bot", own, (root, key), start=now() - DAY, end=end)
        signing.path.write_bytes(signing.data + b"\n")
        signing.beside(".sigstore.json", json.dumps(signing.bundle(own, leaf)))
        assert signing.assurance(signing.ingest()) == assurance


def test_an_envelope_that_carries_the_report_is_opened(signing: Signing) -> None:
    report = signing.data
    for key, assurance in ((signing.key, "verified"), (signing.strange, "imported")):
        report += b"\n"
        signing.path = signing.place.write("j.dsse.json", Envelope.made(key, "application/xml", report).write())
        outcome = signing.ingest()
        assert (outcome.status, outcome.format) == ("recorded", "junit-xml"), outcome
        assert outcome.sha256 == hashlib.sha256(report).hexdigest()
        assert signing.assurance(outcome) == assurance
    assert list(signing.again().values()) == ["proven"]


def test_a_carried_report_that_was_changed_is_refused(signing: Signing) -> None:
    envelope = json.loads(Envelope.made(signing.key, "application/xml", signing.data).write())
    envelope["payload"] = encoded(signing.data.replace(b'"a"', b'"b"'))
    signing.path = signing.place.write("j.dsse.json", json.dumps(envelope).encode())
    assert signing.ingest().status == "refused"


def test_a_statement_alone_is_no_report(signing: Signing) -> None:
    signing.path = signing.place.write("vsa.dsse.json", signing.statement().write())
    assert signing.ingest().status == "refused"
    assert "not recognised" in (signing.ingest().reason or "")


def test_signatures_in_a_folder_are_read_with_what_they_sign(signing: Signing) -> None:
    by_statement(signing, True)
    by_ssh(signing, False)
    folder = signing.root / "folder"
    folder.mkdir()
    for path in signing.root.glob("j.xml*"):
        path.rename(folder / path.name)
    (outcome,) = signing.place.ingest(folder)
    assert signing.assurance(outcome) == "verified"


def test_a_signature_made_for_something_else_is_refused(signing: Signing) -> None:
    signing.ssh(namespace="git")
    assert signing.ingest().status == "refused"


@pytest.mark.parametrize("suffix", [".sig", ".dsse.json", ".intoto.jsonl", ".sigstore.json"])
@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"null", b"\xff\xfe", b'{"payload"', b"{}\n" * 40, b"x" * 2_000_000])
def test_what_is_no_signature_refuses_the_file(signing: Signing, suffix: str, content: bytes) -> None:
    signing.beside(suffix, content)
    outcome = signing.ingest()
    assert outcome.status == "refused"
    assert f"j.xml{suffix}" in (outcome.reason or "")


def test_a_signature_over_what_is_not_kept_is_said_to_be_unrepeatable(signing: Signing) -> None:
    import gzip

    signing.path = signing.place.write("j.xml.gz", gzip.compress(signing.data, mtime=0))
    by_statement(signing, True)
    outcome = signing.ingest()
    assert signing.assurance(outcome) == "verified"
    assert signing.place.entry(outcome).body["signature"]["repeatable"] is False
    assert list(signing.again().values()) == ["not-proven"]


def test_a_key_that_is_no_longer_trusted_is_said(signing: Signing) -> None:
    by_statement(signing, True)
    signing.ingest()
    signing.place.write("signer.pem", signing.strange.certificate.public_bytes(serialization.Encoding.PEM))
    assert list(signing.again().values()) == ["not-proven"]


def test_replay_verifies_the_signatures_again(signing: Signing) -> None:
    by_ssh(signing, True)
    signing.ingest()
    ran = compliance("verify", "--replay", "--format", "json", cwd=signing.root)
    assert ran.code == 0, ran.out
    assert {one["name"]: one["status"] for one in ran.json["checks"]}["signatures"] == "proven"
