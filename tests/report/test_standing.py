"""What `verify` says of a report's signer, with the status and the exit code of each: on real reports."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from compliance.report import audit
from compliance.report.signing import Signing
from compliance.sign.checks import Check
from compliance.sign.keys import SigningKey
from compliance.sign.timestamp import TimestampAuthority, Timestamping
from compliance.sign.trust import TrustStore
from compliance.sign.validation_data import ValidationData
from compliance.verification.verify import Verification, verify_path
from tests.report import scenario
from tests.report.scenario import Release
from tests.sign.documents import pem
from tests.sign.services import Services
from tests.sign.test_timestamps import with_data

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with Services(tmp_path_factory.mktemp("services")).running() as running:
        yield running


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    with scenario.release(tmp_path_factory.mktemp("release"), [scenario.scan(5)]) as made:
        yield made


@pytest.fixture(autouse=True)
def pages_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rendering the pages again takes seconds, and is looked at elsewhere."""
    monkeypatch.setattr("compliance.report.page_check.verify_page", lambda *_: Check("page-render", "proven", "not looked at here"))


@dataclass(frozen=True)
class Verifier:
    """Somebody with a folder, who trusts one authority if not told otherwise."""

    folder: Path
    root: x509.Certificate
    release: Release

    def verify(self, pdf: bytes, *trusted: x509.Certificate) -> Verification:
        path = self.folder / "r.pdf"
        path.write_bytes(pdf)
        return verify_path(path, TrustStore(trusted or (self.root,)), store=None, project=self.release.project, replay=False)


@pytest.fixture
def verifier(tmp_path: Path, services: Services, release: Release) -> Verifier:
    return Verifier(tmp_path, services.root, release)


def make(release: Release, key: SigningKey, when: datetime | None = None, stamping: Timestamping | None = None) -> bytes:
    moment = when or datetime.now(UTC).replace(microsecond=0)
    return audit.make(release, Signing(key, moment, stamping)).pdf


UNANSWERED = {"signing-time": "not-proven", "revocation": "not-proven"}


def said(found: Verification) -> tuple[int, str, dict[str, str]]:
    """Exit code, status of the signer, and every check that is not proven."""
    return found.exit_code(), found.signer["status"], {one.name: one.status for one in found.checks if one.status != "proven"}


@pytest.fixture(scope="module")
def ada(services: Services) -> SigningKey:
    return services.person("Ada")


@pytest.fixture(scope="module")
def plain(release: Release, ada: SigningKey) -> bytes:
    return make(release, ada)


def test_a_missing_timestamp(plain: bytes, verifier: Verifier) -> None:
    found = verifier.verify(plain)
    assert said(found) == (0, "trusted", UNANSWERED)
    assert (found.anchored_by, found.exit_code(strict=True)) == ("none", 4)
    assert "there is no timestamp" in next(one.detail for one in found.checks if one.name == "signing-time")


def test_an_unknown_signer(plain: bytes, verifier: Verifier, release: Release) -> None:
    found = verifier.verify(plain, release.key.certificate)
    assert said(found) == (6, "unknown", UNANSWERED)
    assert "is not in the trust store" in found.signer["detail"]


def test_a_trial_key(release: Release, verifier: Verifier) -> None:
    pdf = make(release, release.key)
    found = verifier.verify(pdf, release.key.certificate)
    assert said(found) == (0, "trial", UNANSWERED)
    assert "proves nothing to others" in found.signer["detail"]
    assert said(verifier.verify(pdf))[:2] == (6, "unknown")


def test_an_expired_certificate(release: Release, verifier: Verifier, services: Services) -> None:
    """The certificate was valid when the signer says that it signed; nobody else says so, or somebody says that it was later."""
    now = datetime.now(UTC).replace(microsecond=0)
    key = services.person("Brief", end=now - DAY)
    found = verifier.verify(make(release, key, now - 3 * DAY))
    assert said(found) == (6, "expired", UNANSWERED)
    assert "no trusted timestamp shows that the signature is older" in found.signer["detail"]
    late = Timestamping(TimestampAuthority(services.timestamp_url), "B-T", (services.root,), skew=10 * DAY)
    found = verifier.verify(make(release, key, now - 3 * DAY, late))
    assert said(found)[:2] == (6, "expired")
    assert "the signature was made later" in found.signer["detail"]


def answers(services: Services, key: SigningKey, form: str) -> ValidationData:
    """What the authorities say about the path of the key's certificate, in lists or in answers."""
    if form == "crl":
        return ValidationData(crls=(services.revocation_list("middle"), services.revocation_list("root")))
    about = (("middle", key.certificate, services.middle), ("root", services.middle, services.root))
    queries = ((place, ocsp.OCSPRequestBuilder().add_certificate(one, issuer, hashes.SHA256()).build()) for place, one, issuer in about)
    return ValidationData(ocsps=tuple(services.answer(place, query.public_bytes(serialization.Encoding.DER)) for place, query in queries))


@pytest.fixture(scope="module")
def stamped(release: Release, services: Services, ada: SigningKey) -> bytes:
    return make(release, ada, stamping=Timestamping(TimestampAuthority(services.timestamp_url), "B-T", (services.root,)))


def test_any_single_changed_byte_of_a_report_is_refuted(plain: bytes, stamped: bytes, verifier: Verifier) -> None:
    """As `compliance verify` says it, on what people get; `tests.sign.test_tamper` does the same on small files, and thousands of times."""
    chance = random.Random(20261129)
    for pdf in (plain, stamped):
        for _ in range(50):
            position, mask = chance.randrange(len(pdf)), chance.randrange(1, 256)
            changed = pdf[:position] + bytes([pdf[position] ^ mask]) + pdf[position + 1 :]
            assert verifier.verify(changed).exit_code() == 4, (position, mask)


@pytest.mark.parametrize(
    ("level", "form", "hours", "expected"),
    [
        pytest.param("B-B", "crl", -2, (6, "revoked", "not-proven"), id="list, before, and no timestamp"),
        pytest.param("B-B", "ocsp", -2, (6, "revoked", "not-proven"), id="answer, before, and no timestamp"),
        pytest.param("B-T", "crl", -2, (4, "revoked", "refuted"), id="list, before the timestamp"),
        pytest.param("B-T", "ocsp", -2, (4, "revoked", "refuted"), id="answer, before the timestamp"),
        pytest.param("B-T", "crl", 2, (0, "trusted", "proven"), id="list, after the timestamp"),
        # An answer that says "revoked" is none that says "good", whatever its date.
        pytest.param("B-T", "ocsp", 2, (0, "trusted", "not-proven"), id="answer, after the timestamp"),
        pytest.param("B-T", "crl", None, (0, "trusted", "proven"), id="list, never"),
        pytest.param("B-T", "ocsp", None, (0, "trusted", "proven"), id="answer, never"),
    ],
)
def test_a_revoked_certificate(
    request: pytest.FixtureRequest,
    verifier: Verifier,
    services: Services,
    ada: SigningKey,
    level: str,
    form: str,
    hours: int | None,
    expected: tuple[int, str, str],
) -> None:
    if hours is not None:
        services.revoke(ada.certificate, datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours))
    data = answers(services, ada, form)
    services.revoked.clear()
    pdf: bytes = request.getfixturevalue("stamped" if level == "B-T" else "plain")
    code, status, checks = said(verifier.verify(with_data(pdf, data)))
    assert (code, status, checks.get("revocation", "proven")) == expected


def test_a_chain_is_followed_to_the_root_that_is_trusted(
    plain: bytes, release: Release, verifier: Verifier, services: Services, ada: SigningKey
) -> None:
    assert said(verifier.verify(plain))[:2] == (0, "trusted")
    alone = make(release, replace(ada, chain=()))
    assert said(verifier.verify(alone))[:2] == (6, "unknown")
    assert said(verifier.verify(alone, services.middle))[:2] == (0, "trusted")
    assert said(verifier.verify(alone, ada.certificate))[:2] == (0, "trusted")


WATCHED = """
import socket, sys
def watch(event, given):
    inet = event == "socket.__new__" and given[1] in (socket.AF_INET, socket.AF_INET6)
    if inet or event in ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        raise AssertionError(f"network: {event} {given}")
sys.addaudithook(watch)
"""


def watched(code: str, *words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", WATCHED + code, *words], cwd=cwd, capture_output=True, text=True, check=False)


def test_no_socket_is_opened(stamped: bytes, verifier: Verifier, tmp_path: Path) -> None:
    """Neither for what the certificates name, addresses of lists and of responders, nor for anything else."""
    (tmp_path / "r.pdf").write_bytes(stamped)
    (tmp_path / "root.pem").write_bytes(pem(verifier.root))
    assert "AssertionError: network" in watched("socket.create_connection(('127.0.0.1', 9))", cwd=tmp_path).stderr
    for words in (["r.pdf", "--trust", "root.pem"], [verifier.release.project.root / "evidence.db"]):
        done = watched("from compliance.cli import main\nmain(['verify', *sys.argv[1:]])", *words, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
