"""Keys on tokens, shown with SoftHSM."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from compliance.errors import SigningKeyError
from compliance.sign import dsse
from compliance.sign.keys import certificate_der
from compliance.sign.pdf import sign_pdf
from compliance.sign.pdf_verify import inspect_pdf
from compliance.sign.pkcs11 import TokenAddress, load_token_key
from tests.sign.documents import WHEN, Authority, pem, private_key, report

LIBRARIES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")
KINDS = {"p256": "a1", "p384": "a2", "rsa3072": "a3"}
PIN = "1234"


class Token:
    """A token with one key of each kind and its certificates."""

    def __init__(self, folder: Path) -> None:
        self.module = next(path for path in LIBRARIES if Path(path).exists())
        self.authority = Authority()
        (folder / "tokens").mkdir()
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
        run("softhsm2-util", "--init-token", "--free", "--label", "Release", "--pin", PIN, "--so-pin", "5678")
        self.certificates = {}
        for kind, number in KINDS.items():
            key = private_key(kind)
            form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            (folder / "key.pem").write_bytes(key.private_bytes(*form))
            where = ("--token", "Release", "--label", kind, "--id", number, "--pin", PIN)
            run("softhsm2-util", "--import", str(folder / "key.pem"), *where)
            self.certificates[kind] = self.authority.issue("Ada", key)
        self._write_certificates()

    def uri(self, kind: str = "p256", **more: str) -> str:
        path = {"token": "Release", "object": kind} | more
        return f"pkcs11:{';'.join(f'{name}={value}' for name, value in path.items() if value)}?module-path={self.module}"

    def _write_certificates(self) -> None:
        """In a process of its own, because a library reads its configuration once."""
        import pkcs11
        from pkcs11.util.x509 import decode_x509_certificate

        with pkcs11.lib(self.module).get_token(token_label="Release").open(rw=True, user_pin=PIN) as session:
            for kind, number in KINDS.items():
                made = decode_x509_certificate(certificate_der(self.certificates[kind]))
                session.create_object(
                    made | {pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.LABEL: kind, pkcs11.Attribute.ID: bytes.fromhex(number)}
                )
            middle = decode_x509_certificate(certificate_der(self.authority.middle))
            session.create_object(middle | {pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.LABEL: "issuer"})


def run(*command: str) -> None:
    subprocess.run(command, capture_output=True, check=True)


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Token:
    return Token(tmp_path_factory.mktemp("token"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_on_a_token_signs(token: Token, kind: str) -> None:
    key = load_token_key(token.uri(kind), PIN, now=WHEN)
    assert (key.certificate, key.chain) == (token.certificates[kind], (token.authority.middle,))
    assert inspect_pdf(sign_pdf(report().content, key, box=None, reason="r", when=WHEN)).is_intact
    dsse.verify(key.public_key, dsse.sign(key, "type", b"payload"), "type", b"payload")


def test_a_key_is_found_by_its_id(token: Token) -> None:
    key = load_token_key(token.uri("", id="%A2"), PIN, now=WHEN)
    assert key.certificate == token.certificates["p384"]


def test_certificates_may_lie_beside_the_token(token: Token, tmp_path: Path) -> None:
    (tmp_path / "chain.pem").write_bytes(pem(token.certificates["p256"], token.authority.middle))
    key = load_token_key(token.uri(), PIN, certificates=tmp_path / "chain.pem", now=WHEN)
    key.sign(b"data")
    (tmp_path / "other.pem").write_bytes(pem(Authority().issue("Eve", private_key("p256"))))
    wrong = load_token_key(token.uri(), PIN, certificates=tmp_path / "other.pem", now=WHEN)
    with pytest.raises(SigningKeyError, match="does not verify"):
        wrong.sign(b"data")


@pytest.mark.parametrize(
    ("change", "pin", "message"),
    [
        ({}, "9999", "wrong PIN"),
        ({"token": "Nobody"}, PIN, "token Nobody"),
        ({"object": "nothing"}, PIN, "no certificate on the token"),
    ],
)
def test_what_is_not_there_is_named(token: Token, change: dict[str, str], pin: str, message: str) -> None:
    with pytest.raises(SigningKeyError, match=message):
        load_token_key(token.uri(**change), pin, now=WHEN)


def test_a_library_that_is_missing_is_named() -> None:
    with pytest.raises(SigningKeyError, match="key on the token T"):
        load_token_key("pkcs11:token=T?module-path=/no/such/library.so", PIN)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("pkcs11:token=T", "without module-path"),
        ("pkcs11:token=T?module-path=x&pin-value=1234", "pin-value"),
        ("pkcs11:token=T;slot=1?module-path=x", "slot"),
    ],
)
def test_addresses_are_read_strictly(uri: str, message: str) -> None:
    with pytest.raises(SigningKeyError, match=message):
        TokenAddress.parse(uri)


def test_an_address_is_unquoted() -> None:
    found = TokenAddress.parse("pkcs11:token=My%20token;object=a%3Bb;id=%01%ff?module-path=/x.so")
    assert found == TokenAddress("/x.so", "My token", None, "a;b", b"\x01\xff")


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(SigningKeyError, match="python-pkcs11") as refused:
        load_token_key("pkcs11:token=T?module-path=x", PIN)
    assert "[pkcs11]" in str(refused.value.hint)
