from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from compliance.errors import SigningKeyError
from compliance.sign.keys import create_trial_key
from compliance.sign.trust import TrustStore, judge_signer
from compliance.sign.trustpath import find_path
from compliance.sign.validation_data import ValidationData
from tests.sign.documents import WHEN, YEAR, Authority, certificate, pem, private_key


def test_an_empty_store_trusts_nobody() -> None:
    """In particular not whom the operating system trusts."""
    ada = Authority().signing_key("Ada")
    assert TrustStore().trusts(ada.certificate, chain=ada.chain, when=WHEN) is None
    assert judge_signer(TrustStore(), ada.certificate, when=WHEN).status == "unknown"


def test_the_exact_certificate_is_trusted() -> None:
    ada = Authority().signing_key("Ada")
    trust = TrustStore([ada.certificate]).trusts(ada.certificate, when=WHEN)
    assert trust is not None
    assert trust.how == "exact"
    assert judge_signer(TrustStore([ada.certificate]), ada.certificate, when=WHEN).status == "trusted"


def test_a_certificate_under_a_trusted_root_is_trusted() -> None:
    authority = Authority()
    ada = authority.signing_key("Ada")
    trust = TrustStore([authority.root]).trusts(ada.certificate, chain=ada.chain, when=WHEN)
    assert trust is not None
    assert (trust.how, trust.anchor) == ("issued", authority.root)
    assert "Test Root" in str(trust)


def test_a_trusted_intermediate_is_an_anchor_too() -> None:
    authority = Authority()
    ada = authority.signing_key("Ada")
    trust = TrustStore([authority.middle]).trusts(ada.certificate, when=WHEN)
    assert trust is not None
    assert trust.anchor == authority.middle


def test_a_missing_link_is_not_trusted() -> None:
    authority = Authority()
    ada = authority.signing_key("Ada")
    assert TrustStore([authority.root]).trusts(ada.certificate, when=WHEN) is None


def test_an_authority_of_the_same_name_is_not_trusted() -> None:
    ada = Authority().signing_key("Ada")
    assert TrustStore([Authority().root]).trusts(ada.certificate, chain=ada.chain, when=WHEN) is None


def test_what_a_signer_brings_along_is_never_an_anchor() -> None:
    theirs = Authority()
    eve = theirs.signing_key("Eve")
    store = TrustStore([Authority().root])
    assert store.trusts(eve.certificate, chain=(theirs.middle, theirs.root), when=WHEN) is None


def test_a_trusted_person_cannot_vouch_for_others() -> None:
    ada, eve = private_key("p256"), private_key("p256")
    adas = certificate("Ada", ada)
    eves = certificate("Eve", eve, (adas, ada))
    assert TrustStore([adas]).trusts(eves, when=WHEN) is None


def test_a_person_under_a_trusted_root_cannot_vouch_for_others() -> None:
    authority = Authority()
    ada, eve = private_key("p256"), private_key("p256")
    adas = authority.issue("Ada", ada)
    eves = certificate("Eve", eve, (adas, ada))
    assert TrustStore([authority.root]).trusts(eves, chain=(adas, authority.middle), when=WHEN) is None


def test_a_path_that_was_not_valid_then_is_not_trusted() -> None:
    authority = Authority()
    ada = authority.signing_key("Ada")
    store = TrustStore([authority.root])
    assert store.trusts(ada.certificate, chain=ada.chain, when=WHEN + YEAR + timedelta(days=1)) is None


def test_a_trial_key_is_never_more_than_a_trial(tmp_path: Path) -> None:
    key = create_trial_key(tmp_path, "ada", now=WHEN)
    known = judge_signer(TrustStore([key.certificate]), key.certificate, when=WHEN)
    assert known.status == "trial"
    assert "proves nothing to others" in known.detail
    stranger = judge_signer(TrustStore(), key.certificate, when=WHEN)
    assert stranger.status == "unknown"
    assert "trial" in stranger.detail


def test_files_folders_and_the_users_folder_are_read(tmp_path: Path) -> None:
    first, second, third = Authority(), Authority(), Authority()
    (tmp_path / "one.pem").write_bytes(pem(first.root, first.middle))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "two.crt").write_bytes(pem(second.root))
    (tmp_path / "folder" / "readme.txt").write_text("not a certificate")
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "three.cer").write_bytes(pem(third.root))
    store = TrustStore.load([tmp_path / "one.pem", tmp_path / "folder"], user_folder=tmp_path / "user")
    assert set(store) == {first.root, first.middle, second.root, third.root}
    assert len(TrustStore.load([], user_folder=tmp_path / "missing")) == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "does not exist"),
        (b"", "no PEM certificate"),
        (b"\x30\x82", "no PEM certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be read"),
        (b"-----BEGIN CERTIFICATE-----\n", "cannot be read"),
    ],
)
def test_unreadable_trust_files_are_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "root.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SigningKeyError, match=message):
        TrustStore.load([path])


def test_trust_can_be_asked_inside_a_running_event_loop() -> None:
    authority = Authority()
    ada = authority.signing_key("Ada")

    async def ask() -> bool:
        return TrustStore([authority.root]).trusts(ada.certificate, chain=ada.chain, when=WHEN) is not None

    assert asyncio.run(ask())


def test_a_self_signed_certificate_of_a_stranger_is_not_trusted() -> None:
    key = private_key("p256")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert TrustStore([Authority().root]).trusts(certificate("Eve", key), when=WHEN) is None


def test_an_answer_about_something_else_says_nothing_about_revocation() -> None:
    """A certificate that names nobody who could be asked is not checked by whatever answer lies in the file."""
    root_key, key = private_key("p256"), private_key("p256")
    root = certificate("Root", root_key, is_authority=True)
    leaf, other = certificate("Ada", key, (root, root_key)), certificate("Eve", key, (root, root_key))
    stranger = certificate("Root", key, is_authority=True)
    for about, responder, signed in ((other, root, root_key), (leaf, stranger, key)):
        answer = ocsp.OCSPResponseBuilder().add_response(
            cert=about, issuer=root, algorithm=hashes.SHA1(), cert_status=ocsp.OCSPCertStatus.GOOD, this_update=WHEN - timedelta(hours=1),
            next_update=WHEN + timedelta(days=1), revocation_time=None, revocation_reason=None,
        ).responder_id(ocsp.OCSPResponderEncoding.NAME, responder).sign(signed, hashes.SHA256())  # fmt: skip
        found = find_path(leaf, [], [root], WHEN, data=ValidationData(ocsps=(answer.public_bytes(Encoding.DER),)))
        assert (found.status, found.is_checked) == ("good", False)
