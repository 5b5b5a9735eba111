"""A small report, keys of every kind and certificates of a little authority, for the tests of signatures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from compliance.report.fonts import FONT_STACK
from compliance.report.pdf import Attachment, RenderedPdf, render_pdf
from compliance.sign.keys import PrivateKey, SigningKey

WHEN = datetime(2026, 11, 23, 6, 0, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
AnyKey = PrivateKey | ed25519.Ed25519PrivateKey


@cache
def report() -> RenderedPdf:
    """An unsigned report with a box for the signature and two attachments."""
    style = f"html {{ font-family: {FONT_STACK} }} #sig-toolkit {{ width: 8cm; height: 2.2cm; border: 0.5pt solid }}"
    html = (
        f"<!DOCTYPE html><html lang='en'><head><title>Report</title><style>{style}</style></head><body><h1>Report</h1>"
        "<p>Decision: <b>go</b></p><div id='sig-toolkit'></div></body></html>"
    )
    attachments = [
        Attachment("model.json", "application/json", "Report model", b'{"decision": "go"}', "Source"),
        Attachment("findings.csv", "text/csv", "All findings", b"rule,severity\n"),
    ]
    return render_pdf(html, when=WHEN, attachments=attachments, signature_box_id="sig-toolkit")


def private_key(kind: str) -> AnyKey:
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))
    return ec.generate_private_key({"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}[kind])


def certificate(
    name: str,
    key: AnyKey,
    issuer: tuple[x509.Certificate, AnyKey] | None = None,
    *,
    is_authority: bool = False,
    can_sign: bool = True,
    can_issue: bool = True,
    start: datetime = WHEN - YEAR,
    end: datetime = WHEN + YEAR,
    path_length: int | None = None,
    organisation: str = "Example",
    more: Sequence[x509.ExtensionType] = (),
) -> x509.Certificate:
    """A certificate, self-signed unless there is an issuer; further extensions are critical."""
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuing_key = issuer[1] if issuer else key
    usage = x509.KeyUsage(
        digital_signature=can_sign and not is_authority,
        content_commitment=False,
        key_encipherment=not can_sign,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority and can_issue,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=path_length), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing_key.public_key()), critical=False)
    )
    for one in more:
        made = made.add_extension(one, critical=True)
    return made.sign(issuing_key, None if isinstance(issuing_key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


class Authority:
    """A root and an intermediate that issues to people."""

    def __init__(self, kind: str = "p256") -> None:
        self._root_key, self._middle_key = private_key(kind), private_key(kind)
        self.root = certificate("Test Root", self._root_key, is_authority=True)
        self.middle = certificate("Test Middle", self._middle_key, (self.root, self._root_key), is_authority=True, path_length=0)

    def issue(self, name: str, key: AnyKey) -> x509.Certificate:
        return certificate(name, key, (self.middle, self._middle_key))

    def signing_key(self, name: str, kind: str = "p256") -> SigningKey:
        key = private_key(kind)
        assert not isinstance(key, ed25519.Ed25519PrivateKey)
        return SigningKey(key, self.issue(name, key), (self.middle,))


def write_pkcs12(
    path: Path, key: AnyKey | None, cert: x509.Certificate | None, others: list[x509.Certificate] | None = None, secret: str = "secret"
) -> Path:
    encryption = serialization.BestAvailableEncryption(secret.encode())
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"name", key, cert, others, encryption))
    return path


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(item.public_bytes(serialization.Encoding.PEM) for item in certificates)
