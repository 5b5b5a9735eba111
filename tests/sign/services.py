"""What a certificate authority offers over HTTP, on the loopback: timestamps by ``openssl ts``, OCSP answers, a revocation list."""

from __future__ import annotations

import http.server
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from compliance.sign.keys import PrivateKey, SigningKey
from tests.sign.documents import private_key

HOUR = timedelta(hours=1)
_CONFIGURATION = """[tsa]
default_tsa = this
[this]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
signer_key = tsa.key
certs = chain.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Services:
    """A root that issues a timestamp authority, an OCSP responder and people, and answers for them.

    All certificates are valid around the clock of this machine, because ``openssl ts`` knows no other.
    """

    def __init__(self, folder: Path, kind: str = "p256", *, days: int = 30) -> None:
        self.folder = folder
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.days = days
        self.asked: list[str] = []
        self.revoked: dict[int, datetime] = {}
        self.silent: set[str] = set()
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._key = _private(kind)
        self.root = self._issue("Root", self._key, None, authority=True)
        middle = _private(kind)
        self._middle_key, self.middle = middle, self._issue("Issuing", middle, (self.root, self._key), authority=True)
        stamping = _private(kind)
        self.stamper = self._issue("Time", stamping, (self.middle, middle), usages=[ExtendedKeyUsageOID.TIME_STAMPING])
        self._responder_key = _private("p256")
        responder = [ExtendedKeyUsageOID.OCSP_SIGNING]
        self._responder = {
            "root": self._issue("Answers", self._responder_key, (self.root, self._key), usages=responder, known=False),
            "middle": self._issue("Answers", self._responder_key, (self.middle, middle), usages=responder, known=False),
        }
        self._write_stamping(stamping)

    def person(self, name: str, kind: str = "p256", *, known: bool = True, end: datetime | None = None) -> SigningKey:
        """A key with a certificate under the issuing authority; ``known`` says where it can be asked about."""
        key = _private(kind)
        return SigningKey(key, self._issue(name, key, (self.middle, self._middle_key), known=known, end=end), (self.middle,))

    def revoke(self, certificate: x509.Certificate, when: datetime | None = None) -> None:
        self.revoked[certificate.serial_number] = when or self.now - HOUR

    @property
    def timestamp_url(self) -> str:
        return f"{self.base}/tsa"

    @contextmanager
    def running(self) -> Iterator[Services]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _issue(
        self,
        name: str,
        key: PrivateKey,
        issuer: tuple[x509.Certificate, PrivateKey] | None,
        *,
        authority: bool = False,
        usages: list[ObjectIdentifier] | None = None,
        known: bool = True,
        end: datetime | None = None,
    ) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"), x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuing = issuer[1] if issuer else key
        kinds = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
        kinds += ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
        wanted = {"key_cert_sign", "crl_sign"} if authority else {"digital_signature", "content_commitment"}
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer[0].subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(days=self.days))
            .not_valid_after(end or self.now + timedelta(days=self.days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(**{one: one in wanted for one in kinds}), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing.public_key()), critical=False)
        )
        if usages:
            critical = ExtendedKeyUsageOID.TIME_STAMPING in usages
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
        if usages == [ExtendedKeyUsageOID.OCSP_SIGNING]:
            builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
        if issuer and known:
            place = "root" if issuer[0].subject == issuer[0].issuer else "middle"
            where = x509.UniformResourceIdentifier(f"{self.base}/ocsp/{place}")
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
            lists = x509.DistributionPoint([x509.UniformResourceIdentifier(f"{self.base}/crl/{place}")], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([lists]), critical=False)
        return builder.sign(issuing, hashes.SHA256())

    def _write_stamping(self, key: PrivateKey) -> None:
        pem = serialization.Encoding.PEM
        files = {
            "tsa.pem": self.stamper.public_bytes(pem),
            "tsa.key": key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
            "chain.pem": self.middle.public_bytes(pem),
            "serial": b"01\n",
            "tsa.cnf": _CONFIGURATION.encode(),
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (self.folder / name).write_bytes(content)

    def stamp(self, query: bytes) -> bytes:
        with self._lock:
            (self.folder / "query").write_bytes(query)
            command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"]
            subprocess.run(command, cwd=self.folder, capture_output=True, check=True)
            return (self.folder / "reply").read_bytes()

    def answer(self, place: str, query: bytes) -> bytes:
        """The OCSP answer to a query, by a responder that the authority at that place has appointed."""
        request = ocsp.load_der_ocsp_request(query)
        issuer = self.root if place == "root" else self.middle
        responder = self._responder[place]
        when = self.revoked.get(request.serial_number)
        builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
            issuer_name_hash=request.issuer_name_hash,
            issuer_key_hash=request.issuer_key_hash,
            serial_number=request.serial_number,
            algorithm=request.hash_algorithm,
            cert_status=ocsp.OCSPCertStatus.REVOKED if when else ocsp.OCSPCertStatus.GOOD,
            this_update=datetime.now(UTC) - timedelta(minutes=5),
            next_update=datetime.now(UTC) + timedelta(days=7),
            revocation_time=when,
            revocation_reason=x509.ReasonFlags.key_compromise if when else None,
        )
        assert issuer is not None
        signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, responder).certificates([responder])
        return signed.sign(self._responder_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def revocation_list(self, place: str) -> bytes:
        issuer, key = (self.root, self._key) if place == "root" else (self.middle, self._middle_key)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.subject)
            .last_update(datetime.now(UTC) - HOUR)
            .next_update(datetime.now(UTC) + timedelta(days=7))
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        )
        for serial, when in self.revoked.items():
            revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
            builder = builder.add_revoked_certificate(revoked)
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        services = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                services.asked.append(self.path)
                self._send(services.revocation_list(self.path.rpartition("/")[2]) if self.path.startswith("/crl/") else None)

            def do_POST(self) -> None:
                services.asked.append(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/tsa":
                    self._send(services.stamp(body))
                else:
                    self._send(services.answer(self.path.rpartition("/")[2], body))

            def _send(self, content: bytes | None) -> None:
                if content is None or self.path.split("/")[1] in services.silent:
                    self.send_error(503)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        return Handler


def _private(kind: str) -> PrivateKey:
    key = private_key(kind)
    assert not hasattr(key, "public_bytes_raw")
    return key  # type: ignore[return-value]
