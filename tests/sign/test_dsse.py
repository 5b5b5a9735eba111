"""Envelopes: one form each, verified by other programs too, and broken by any change."""

from __future__ import annotations

import base64
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from compliance.errors import InputError
from compliance.sign import intoto
from compliance.sign.dsse import Envelope, EnvelopeSignature, pre_authentication_encoding
from compliance.sign.keys import Algorithm, SigningKey, create_trial_key
from tests.sign.documents import certificate, private_key


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return create_trial_key(tmp_path_factory.mktemp("key"), "signer")


@pytest.fixture
def envelope(key: SigningKey) -> Envelope:
    return Envelope.made(key, "text/plain", b"said")


def test_what_was_written_is_read_again(envelope: Envelope) -> None:
    assert Envelope.read(envelope.write()) == envelope
    assert Envelope.read(envelope.write()).write() == envelope.write()


def test_any_changed_part_is_signed_by_nobody(envelope: Envelope, key: SigningKey) -> None:
    assert envelope.signed_by([key.certificate]) == key.certificate
    for changed in (replace(envelope, payload=b"sain"), replace(envelope, payload_type="text/plane"), replace(envelope, payload=b"")):
        assert changed.signed_by([key.certificate]) is None
    assert envelope.signed_by([]) is None


def test_another_key_did_not_sign(envelope: Envelope, key: SigningKey, tmp_path: Path) -> None:
    other = create_trial_key(tmp_path, "other")
    assert envelope.signed_by([other.certificate]) is None
    assert envelope.signed_by([other.certificate, key.certificate]) == key.certificate


@pytest.mark.parametrize("algorithm", ["p256", "p384", "rsa3072"])
def test_openssl_verifies_the_signature(algorithm: Algorithm, tmp_path: Path) -> None:
    """The bytes that are signed are those of the specification, not only of our own verifier."""
    key = create_trial_key(tmp_path, "signer", algorithm=algorithm)
    document = json.loads(Envelope.made(key, "text/plain", b"said").write())
    (tmp_path / "sig").write_bytes(base64.b64decode(document["signatures"][0]["sig"]))
    (tmp_path / "pub").write_bytes(key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "data").write_bytes(b"DSSEv1 10 text/plain 4 said")
    words = ["openssl", "dgst", f"-{key.digest_name}", "-verify", "pub", "-signature", "sig", "data"]
    assert subprocess.run(words, cwd=tmp_path, capture_output=True, check=True).stdout == b"Verified OK\n"


def test_envelopes_of_ed25519_keys_are_read() -> None:
    """Such keys do not sign PDFs, because readers of PDFs reject them; for envelopes, nothing speaks against them."""
    key = private_key("ed25519")
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    made = Envelope("text/plain", b"said", (EnvelopeSignature("", key.sign(b"DSSEv1 10 text/plain 4 said")),))
    signer = certificate("Ada", key)
    assert made.signed_by([signer]) == signer
    assert replace(made, payload=b"sain").signed_by([signer]) is None


def test_the_encoding_is_that_of_the_specification() -> None:
    expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"  # protocol.md, test vectors
    assert pre_authentication_encoding("http://example.com/HelloWorld", b"hello world") == expected


def changed(envelope: Envelope, **members: Any) -> bytes:
    document = json.loads(envelope.write()) | members
    return json.dumps({name: value for name, value in document.items() if value is not ...}).encode()


@pytest.mark.parametrize(
    "members",
    [
        {"payload": ...},
        {"payload": "c2FpZA"},
        {"payload": "c2FpZA==AA"},
        {"payload": "c2Fp ZA=="},
        {"payload": 3},
        {"payloadType": None},
        {"signatures": []},
        {"signatures": [{}]},
        {"signatures": [{"sig": 1}]},
        {"signatures": {"sig": "AA=="}},
        {"signatures": [{"sig": "AA=="}] * 17},
    ],
)
def test_what_is_no_envelope_is_refused(envelope: Envelope, members: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Envelope.read(changed(envelope, **members))


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b'{"payload":"","payload":"","payloadType":"","signatures":[{"sig":""}]}'])
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        Envelope.read(data)


def test_a_key_of_a_kind_that_is_not_known_signed_nothing(envelope: Envelope, key: SigningKey) -> None:
    broken = replace(envelope, signatures=(replace(envelope.signatures[0], value=b""), replace(envelope.signatures[0], value=b"\x30")))
    assert broken.signed_by([key.certificate]) is None


def test_a_statement_is_read_as_it_was_written() -> None:
    subject = intoto.Subject("app", {"gitCommit": "a" * 40}, "pkg:generic/app@1")
    payload = intoto.write([subject], "https://example.com/type/v1", {"said": ["yes", True, None]})
    assert json.loads(payload)["_type"] == "https://in-toto.io/Statement/v1"
    assert intoto.read(payload) == intoto.Statement((subject,), "https://example.com/type/v1", {"said": ["yes", True, None]})


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"_type": "https://in-toto.io/Statement/v2", "subject": [{"digest": {"sha256": "a"}}], "predicateType": "t"},
        {"_type": "https://in-toto.io/Statement/v1", "subject": [], "predicateType": "t"},
        {"_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {}}], "predicateType": "t"},
        {"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "x"}], "predicateType": "t"},
        {"_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha256": 3}}], "predicateType": "t"},
        {"_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha256": "a"}}], "predicateType": "t", "predicate": []},
    ],
)
def test_what_is_no_statement_is_refused(document: Any) -> None:
    with pytest.raises(InputError):
        intoto.read(json.dumps(document).encode())
