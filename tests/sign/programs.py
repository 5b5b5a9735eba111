"""Other programs that sign PDFs: pyHanko's own signer, and pdfsig of poppler."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

from asn1crypto import keys as asn1_keys  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from compliance.sign.keys import SigningKey, certificate_der
from tests.sign.documents import write_pkcs12


def pyhanko_signer(key: SigningKey) -> signers.SimpleSigner:
    assert isinstance(key.private_key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    pkcs8 = (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    chain.register_multiple([asn1_x509.Certificate.load(certificate_der(one)) for one in key.chain])
    return signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate_der(key.certificate)),
        signing_key=asn1_keys.PrivateKeyInfo.load(key.private_key.private_bytes(*pkcs8)),
        cert_registry=chain,
    )


def sign_with_pyhanko(
    pdf: bytes, field: str, key: SigningKey, *, sub_filter: fields.SigSeedSubFilter = fields.SigSeedSubFilter.PADES
) -> bytes:
    """What a person with pyHanko does; it is as tolerant as its command line with ``--no-strict-syntax``, as poppler makes it need."""
    out = io.BytesIO()
    about = signers.PdfSignatureMetadata(field_name=field, subfilter=sub_filter, md_algorithm="sha256", reason="Approve")
    signers.PdfSigner(about, signer=pyhanko_signer(key)).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False), output=out)
    return out.getvalue()


class Poppler:
    """pdfsig with a key of its own; what Okular and Evince do."""

    def __init__(self, folder: Path, key: SigningKey) -> None:
        self._folder = folder
        self._database = folder / "nss"
        self._database.mkdir()
        assert not hasattr(key.private_key, "pin")
        bundle = write_pkcs12(folder / "key.p12", key.private_key, key.certificate, list(key.chain))  # type: ignore[arg-type]
        database = f"sql:{self._database}"
        self._run("certutil", "-N", "-d", database, "--empty-password")
        self._run("pk12util", "-i", str(bundle), "-d", database, "-W", "secret", "-K", "")

    def sign(self, pdf: bytes, field: str, *, etsi: bool = False) -> bytes:
        source, target = self._folder / "in.pdf", self._folder / "out.pdf"
        source.write_bytes(pdf)
        target.unlink(missing_ok=True)
        kind = ["-etsi"] if etsi else []
        where = ["-nssdir", str(self._database), "-nocert", "-no-ocsp"]
        self._run("pdfsig", *where, *kind, "-sign", field, "-nick", "name", str(source), str(target))
        return target.read_bytes()

    def _run(self, *command: str) -> None:
        subprocess.run(command, cwd=self._folder, capture_output=True, check=True)
