from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from compliance.errors import SigningKeyError
from compliance.sign.keyfile import load_key_file
from compliance.sign.keys import (
    TRIAL_LIFETIME,
    TRIAL_ORGANISATION,
    certificate_fingerprint,
    create_trial_key,
    is_trial_certificate,
)
from tests.sign.documents import WHEN, YEAR, Authority, certificate, private_key, write_pkcs12


def test_a_trial_key_says_that_it_is_one(tmp_path: Path) -> None:
    key = create_trial_key(tmp_path / "keys", "Ada Lovelace", now=WHEN)
    assert key.is_trial
    assert key.subject == "Ada Lovelace"
    assert TRIAL_ORGANISATION in key.certificate.subject.rfc4514_string()
    assert isinstance(key.private_key, ec.EllipticCurvePrivateKey)
    assert key.private_key.curve.name == "secp256r1"
    assert key.not_after == WHEN + TRIAL_LIFETIME
    key.certificate.verify_directly_issued_by(key.certificate)


def test_a_trial_key_is_stored_for_its_owner_only(tmp_path: Path) -> None:
    key = create_trial_key(tmp_path / "keys", "Ada Lovelace", now=WHEN)
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["Ada-Lovelace.p12", "Ada-Lovelace.pem"]
    assert stat.S_IMODE((tmp_path / "keys" / "Ada-Lovelace.p12").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    public = x509.load_pem_x509_certificate((tmp_path / "keys" / "Ada-Lovelace.pem").read_bytes())
    assert public == key.certificate
    loaded = load_key_file(tmp_path / "keys" / "Ada-Lovelace.p12", now=WHEN)
    assert loaded.fingerprint == key.fingerprint == certificate_fingerprint(key.certificate)


def test_a_passphrase_protects_a_trial_key(tmp_path: Path) -> None:
    create_trial_key(tmp_path, "ada", passphrase="secret", now=WHEN)
    with pytest.raises(SigningKeyError, match="needs a passphrase"):
        load_key_file(tmp_path / "ada.p12", now=WHEN)
    with pytest.raises(SigningKeyError, match="wrong passphrase"):
        load_key_file(tmp_path / "ada.p12", "wrong", now=WHEN)
    assert load_key_file(tmp_path / "ada.p12", "secret", now=WHEN).is_trial


@pytest.mark.parametrize("taken", ["ada.p12", "ada.pem"])
def test_nothing_is_overwritten_and_no_half_is_left(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_bytes(b"mine")
    with pytest.raises(SigningKeyError, match="never overwritten"):
        create_trial_key(tmp_path, "ada", now=WHEN)
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["", "///", "x" * 65])
def test_an_unusable_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SigningKeyError, match="key name"):
        create_trial_key(tmp_path, name, now=WHEN)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SigningKeyError, match="cannot write"):
        create_trial_key(tmp_path / "file" / "keys", "ada", now=WHEN)


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa3072"])
def test_supported_keys_load_with_their_chain_but_without_root_and_strangers(tmp_path: Path, kind: str) -> None:
    authority, stranger = Authority(), Authority()
    key = private_key(kind)
    cert = authority.issue("Ada", key)
    path = write_pkcs12(tmp_path / "k.p12", key, cert, [stranger.middle, authority.root, authority.middle])
    loaded = load_key_file(path, "secret", now=WHEN)
    assert loaded.certificate == cert
    assert loaded.chain == (authority.middle,)
    assert not loaded.is_trial
    assert not is_trial_certificate(authority.root)


@pytest.mark.parametrize(
    ("kind", "message"),
    [("rsa2048", "RSA with 2048 bits"), ("p521", "secp521r1"), ("ed25519", "Ed25519, whose signatures PDF readers reject")],
)
def test_keys_that_pdf_readers_do_not_take_are_refused(tmp_path: Path, kind: str, message: str) -> None:
    key = private_key(kind)
    path = write_pkcs12(tmp_path / "k.p12", key, certificate("Ada", key))
    with pytest.raises(SigningKeyError, match=message):
        load_key_file(path, "secret", now=WHEN)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SigningKeyError, match="No such file"):
        load_key_file(tmp_path / "none.p12")


@pytest.mark.parametrize("content", [b"", b"not a key", os.urandom(2000)])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "k.p12"
    path.write_bytes(content)
    with pytest.raises(SigningKeyError, match="not a PKCS#12 file"):
        load_key_file(path, "secret")


def test_a_file_without_a_key_is_refused(tmp_path: Path) -> None:
    path = write_pkcs12(tmp_path / "k.p12", None, None, [Authority().root])
    with pytest.raises(SigningKeyError, match="no private key"):
        load_key_file(path, "secret")


@pytest.mark.parametrize(("shift", "message"), [(YEAR + timedelta(days=1), "expired at"), (-YEAR - timedelta(days=1), "is valid from")])
def test_a_certificate_outside_of_its_validity_is_refused(tmp_path: Path, shift: timedelta, message: str) -> None:
    key = private_key("p256")
    path = write_pkcs12(tmp_path / "k.p12", key, certificate("Ada", key))
    with pytest.raises(SigningKeyError, match=message):
        load_key_file(path, "secret", now=WHEN + shift)


def test_a_certificate_that_does_not_allow_signing_is_refused(tmp_path: Path) -> None:
    key = private_key("p256")
    path = write_pkcs12(tmp_path / "k.p12", key, certificate("Ada", key, can_sign=False))
    with pytest.raises(SigningKeyError, match="key usage"):
        load_key_file(path, "secret", now=WHEN)


def test_a_key_never_shows_itself(tmp_path: Path) -> None:
    assert "private_key" not in repr(create_trial_key(tmp_path, "ada", now=WHEN))


def test_the_organisation_alone_marks_a_trial() -> None:
    """A tool that renews a certificate may drop an extension that it does not know."""
    assert is_trial_certificate(certificate("Ada", private_key("p256"), organisation=TRIAL_ORGANISATION))
    assert not is_trial_certificate(certificate("Ada", private_key("p256"), organisation="Example"))
