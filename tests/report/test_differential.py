"""The one-file verifier against `compliance verify`, over what the other tests attack with: never laxer; stricter for a stated reason.

Attacks on the signed PDF itself are compared where they are made: `tests.sign.differential` asks both verifiers of each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose
from cryptography.x509.oid import NameOID

from compliance import standalone
from compliance.report import attestation, bundle_check
from compliance.sign.keys import SigningKey
from compliance.sign.pdf import sign_field, sign_pdf
from compliance.sign.pdf_verify import inspect_pdf
from compliance.sign.standing import judge_standing
from compliance.sign.trust import TrustStore
from tests.report.scenario import Release
from tests.report.test_bundle import LIES, changed
from tests.sign.differential import lets_pass
from tests.sign.documents import Authority, certificate, private_key, report
from tests.sign.programs import Poppler, sign_with_pyhanko
from tests.sign.test_attacks import certify

Files = dict[str, bytes]
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)

# --- whom to trust ---

OTHERS = x509.NameConstraints([x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Others")]))], None)
UNREAD = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")


def only(*purposes: x509.ObjectIdentifier) -> dict[str, Any]:
    return {"more": (x509.ExtendedKeyUsage(purposes),)}


WAYS: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str]] = {
    "issued by the root": ([], {}, "trusted"),
    "over an authority": ([{}], {}, "trusted"),
    "for e-mail": ([{}], only(Purpose.EMAIL_PROTECTION), "trusted"),
    "for documents": ([{}], only(x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")), "trusted"),
    "for a server": ([{}], only(Purpose.SERVER_AUTH), "unknown"),
    "for logging in": ([{}], only(Purpose.CLIENT_AUTH), "unknown"),
    "for timestamps": ([{}], only(Purpose.TIME_STAMPING), "unknown"),
    "for answers about revocation": ([{}], only(Purpose.OCSP_SIGNING), "unknown"),
    "over an authority for servers": ([only(Purpose.SERVER_AUTH)], {}, "unknown"),
    "over one that is no authority": ([{"is_authority": False}], {}, "unknown"),
    "over one that must not issue": ([{"can_issue": False}], {}, "unknown"),
    "over two where one may stand": ([{"path_length": 0}, {}], {}, "unknown"),
    "over one for other names": ([{"more": (OTHERS,)}], {}, "unknown"),
    "over one with something critical": ([{"more": (UNREAD,)}], {}, "unknown"),
    "with something critical": ([{}], {"more": (UNREAD,)}, "unknown"),
    "over one that has expired": ([{"end": NOW - DAY}], {}, "expired"),
    "over one that is not valid yet": ([{"start": NOW + DAY}], {}, "expired"),
    "that has expired": ([{}], {"end": NOW - DAY}, "expired"),
    "that must not sign": ([{}], {"can_sign": False}, "refuted"),
    "of an authority": ([{}], {"is_authority": True}, "refuted"),
}


def judged(pdf: bytes, *trusted: x509.Certificate) -> tuple[str, str]:
    """What both say: the status of the signer, and trusted, untrusted or refuted."""
    signed, result = inspect_pdf(pdf), standalone.Result()
    standing = judge_standing(signed, TrustStore(trusted))
    standalone.read_pdf(pdf, result, trusted)
    assert standing is not None
    broken = any(check.status == "refuted" for check in signed.checks)
    refuted = any(status == "refuted" for name, status, _ in result.checks if name != "attachments")
    return "refuted" if broken else standing.status, "refuted" if refuted else "trusted" if result.trusted else "untrusted"


@pytest.mark.parametrize("name", WAYS)
def test_both_trust_the_same_certificates(name: str) -> None:
    between, own, expected = WAYS[name]
    root_key = private_key("p256")
    root = certificate("Root", root_key, is_authority=True)
    issuer = (root, root_key)
    links: list[x509.Certificate] = []
    for number, options in enumerate(between):
        key = private_key("p256")
        issuer = certificate(f"Middle {number}", key, issuer, **{"is_authority": True, **options}), key
        links.insert(0, issuer[0])
    key = private_key("p256")
    leaf = certificate("Ada", key, issuer, **own)
    pdf = sign_pdf(
        report().content, SigningKey(key, leaf, tuple(links)), box=None, reason="R", when=min(NOW, leaf.not_valid_after_utc - DAY)
    )
    assert judged(pdf, root) == (expected, {"trusted": "trusted", "refuted": "refuted"}.get(expected, "untrusted"))
    if expected == "unknown":
        assert judged(pdf, leaf) == ("trusted", "trusted"), "whoever is trusted in person needs no authority"


def test_an_anchor_that_must_not_issue_is_none() -> None:
    for options in ({"can_issue": False}, {"is_authority": False}):
        root_key, key = private_key("p256"), private_key("p256")
        root = certificate("Root", root_key, **{"is_authority": True, **options})  # type: ignore[arg-type]
        person = SigningKey(key, certificate("Ada", key, (root, root_key)), ())
        assert judged(sign_pdf(report().content, person, box=None, reason="R", when=NOW), root) == ("unknown", "untrusted")


def test_a_signature_of_tomorrow_is_not_trusted() -> None:
    authority = Authority()
    pdf = sign_pdf(report().content, authority.signing_key("Ada"), box=None, reason="R", when=NOW + DAY)
    assert judged(pdf, authority.root) == ("unknown", "untrusted")


# --- what may follow ---


@pytest.fixture(scope="module")
def signer() -> SigningKey:
    return Authority().signing_key("Ada")


def test_what_is_legal_is_intact_to_both_or_left_to_the_toolkit(tmp_path: Path, signer: SigningKey) -> None:
    certified = certify(report().content, signer)
    poppler = Poppler(tmp_path, Authority().signing_key("Quinn", "rsa3072"))
    own = sign_field(certified, "qa", signer, reason="Approve", when=NOW)
    legal = {
        "certified": (certified, True),
        "signed with this toolkit": (own, True),
        "signed with pyHanko": (sign_with_pyhanko(own, "owner", signer), True),
        # Poppler writes its update in another form, and changes the page besides.
        "signed with poppler": (poppler.sign(certified, "owner"), False),
    }
    for name, (pdf, is_judged) in legal.items():
        assert [check for check in inspect_pdf(pdf).checks if check.status == "refuted"] == [], name
        assert lets_pass(pdf) == is_judged, name


# --- files of a report whose own signer lies ---

NOT_COMPARED = {
    "bundle-page": "the pages are not made again, so neither is what they say",
    "bundle-model": "members without meaning are not read",
}
"""Lies that only `compliance verify` finds, with the reason; the one-file verifier says that it does not render the pages."""


@pytest.fixture(scope="module")
def files(release: Release) -> Files:
    return release.bundle()[1]


def verdicts(folder: Path, files: Files, key: SigningKey) -> tuple[set[str], int]:
    """What refutes the files to `compliance verify`, and the exit code of the one-file verifier; both with the lying signer's own seal."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / attestation.SEAL).write_bytes(attestation.seal(key, "R", files))
    found = {check.name for check in bundle_check.verify(files) if check.status == "refuted"}
    return found, standalone.verify(folder, (key.certificate,)).exit_code


@pytest.mark.parametrize(("name", "change", "check"), LIES)
def test_a_lie_of_the_signer_is_refuted_by_both(
    tmp_path: Path, release: Release, files: Files, name: str, change: Callable[[Any], None], check: str
) -> None:
    found, code = verdicts(tmp_path / "bundle", changed(files, name, change), release.key)
    assert check in found
    assert code == 4 or (check in NOT_COMPARED and code == 0)
