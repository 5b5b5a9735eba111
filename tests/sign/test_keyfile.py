from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from compliance.errors import SigningKeyError
from compliance.sign.keyfile import load_key_file, read_certificates
from tests.sign.documents import WHEN, AnyKey, Authority, certificate, pem, private_key, write_pkcs12

FORMATS = {"pkcs8": serialization.PrivateFormat.PKCS8, "traditional": serialization.PrivateFormat.TraditionalOpenSSL}


def key_pem(key: AnyKey, secret: str | None = "secret", form: str = "pkcs8") -> bytes:
    encryption = serialization.BestAvailableEncryption(secret.encode()) if secret else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, FORMATS[form], encryption)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", ["p256", "p384", "rsa3072"])
def test_a_pem_key_is_read_with_its_certificates_in_any_order(tmp_path: Path, kind: str, form: str) -> None:
    authority, key = Authority(), private_key(kind)
    own = authority.issue("Ada", key)
    parts = [pem(authority.root), key_pem(key, form=form), pem(authority.middle), pem(own)]
    for number, order in enumerate((parts, parts[::-1])):
        path = tmp_path / f"{number}.pem"
        path.write_bytes(b"Bag Attributes\n    localKeyID: 01\n" + b"".join(order))
        loaded = load_key_file(path, "secret", now=WHEN)
        assert (loaded.certificate, loaded.chain) == (own, (authority.middle,))
        loaded.sign(b"data")


def test_the_certificates_may_lie_beside_the_key(tmp_path: Path) -> None:
    authority, key = Authority(), private_key("p256")
    own = authority.issue("Ada", key)
    (tmp_path / "key.pem").write_bytes(key_pem(key))
    (tmp_path / "chain.pem").write_bytes(pem(own, authority.middle, authority.root))
    loaded = load_key_file(tmp_path / "key.pem", "secret", certificates=tmp_path / "chain.pem", now=WHEN)
    assert (loaded.certificate, loaded.chain) == (own, (authority.middle,))
    with pytest.raises(SigningKeyError, match="no certificate") as refused:
        load_key_file(tmp_path / "key.pem", "secret", now=WHEN)
    assert "[sign] certificate" in str(refused.value.hint)


def test_a_chain_beside_it_completes_a_pkcs12_file(tmp_path: Path) -> None:
    authority, key = Authority(), private_key("p256")
    own = authority.issue("Ada", key)
    path = write_pkcs12(tmp_path / "k.p12", key, own)
    (tmp_path / "chain.pem").write_bytes(pem(authority.middle))
    assert load_key_file(path, "secret", now=WHEN).chain == ()
    assert load_key_file(path, "secret", certificates=tmp_path / "chain.pem", now=WHEN).chain == (authority.middle,)


def test_a_certificate_of_another_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(key_pem(private_key("p256"), None) + pem(certificate("Eve", private_key("p256"))))
    with pytest.raises(SigningKeyError, match="belongs to another key"):
        load_key_file(tmp_path / "key.pem", now=WHEN)


def test_a_passphrase_is_asked_for_only_where_it_is_needed(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(prompt: str) -> str | None:
        asked.append(prompt)
        return "secret"

    key = private_key("p256")
    own = certificate("Ada", key)
    (tmp_path / "open.pem").write_bytes(key_pem(key, None) + pem(own))
    (tmp_path / "closed.pem").write_bytes(key_pem(key) + pem(own))
    write_pkcs12(tmp_path / "closed.p12", key, own)
    load_key_file(tmp_path / "open.pem", ask, now=WHEN)
    assert asked == []
    load_key_file(tmp_path / "closed.pem", ask, now=WHEN)
    load_key_file(tmp_path / "closed.p12", ask, now=WHEN)
    assert asked == ["Passphrase of closed.pem", "Passphrase of closed.p12"]
    load_key_file(tmp_path / "open.pem", "not needed", now=WHEN)


@pytest.mark.parametrize("name", ["closed.pem", "closed.p12"])
def test_a_missing_and_a_wrong_passphrase_are_told_apart(tmp_path: Path, name: str) -> None:
    key = private_key("p256")
    own = certificate("Ada", key)
    (tmp_path / "closed.pem").write_bytes(key_pem(key) + pem(own))
    write_pkcs12(tmp_path / "closed.p12", key, own)
    for nobody in (None, lambda _: None):
        with pytest.raises(SigningKeyError, match="needs a passphrase") as refused:
            load_key_file(tmp_path / name, nobody, now=WHEN)
        assert "COMPLIANCE_SIGN_PASSPHRASE_FD" in str(refused.value.hint)
    with pytest.raises(SigningKeyError, match="wrong passphrase"):
        load_key_file(tmp_path / name, "wrong", now=WHEN)


def test_nobody_is_asked_about_a_file_that_is_no_key(tmp_path: Path) -> None:
    def ask(prompt: str) -> str | None:
        raise AssertionError(prompt)

    for content, message in ((b"not a key", "not a PKCS#12 file"), (pem(Authority().root), "holds no private key")):
        (tmp_path / "k").write_bytes(content)
        with pytest.raises(SigningKeyError, match=message):
            load_key_file(tmp_path / "k", ask)


@pytest.mark.parametrize(
    ("kind", "message"),
    [("rsa2048", "RSA with 2048 bits"), ("p521", "secp521r1"), ("ed25519", "Ed25519, whose signatures PDF readers reject")],
)
def test_keys_that_pdf_readers_do_not_take_are_refused(tmp_path: Path, kind: str, message: str) -> None:
    key = private_key(kind)
    (tmp_path / "k.pem").write_bytes(key_pem(key) + pem(certificate("Ada", key)))
    with pytest.raises(SigningKeyError, match=message):
        load_key_file(tmp_path / "k.pem", "secret", now=WHEN)


@pytest.mark.parametrize(
    "content",
    [
        b"-----BEGIN PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        b"-----BEGIN " + bytes(1000),
        b"0" * (2 << 20),
        b"\x30\x82\xff\xff",
    ],
)
def test_broken_files_are_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "k").write_bytes(content)
    with pytest.raises(SigningKeyError, match="signing key"):
        load_key_file(tmp_path / "k", "secret")


def test_certificates_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    for content in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        (tmp_path / "c.pem").write_bytes(content)
        with pytest.raises(SigningKeyError):
            read_certificates(tmp_path / "c.pem")
    with pytest.raises(SigningKeyError, match="No such file"):
        read_certificates(tmp_path / "missing.pem")
