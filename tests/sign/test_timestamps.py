"""Timestamps and revocation data: what they prove, what is said without them, and that not a byte of them can be changed."""

from __future__ import annotations

import io
import random
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import cms, tsp  # type: ignore[import-untyped]
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import TimeStamper

from compliance.errors import SigningKeyError
from compliance.sign import fetch
from compliance.sign._dss import add_validation_data
from compliance.sign.keys import SigningKey, create_trial_key
from compliance.sign.pdf import SignatureField, close_pdf, prepare_fields, sign_field, sign_pdf
from compliance.sign.pdf_verify import SignedPdf, inspect_pdf
from compliance.sign.prolong import prolong
from compliance.sign.standing import STANDING_CHECKS, Standing, judge_standing
from compliance.sign.timestamp import TimestampAuthority, Timestamping
from compliance.sign.token import normalised, read_token
from compliance.sign.trust import TrustStore
from compliance.sign.validation_data import ValidationData
from tests.sign.differential import refuted
from tests.sign.documents import Authority, report
from tests.sign.services import Services
from tests.verapdf import failures

SEED = 20261126
LEVELS = ("B-T", "B-LT", "B-LTA")
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with Services(tmp_path_factory.mktemp("services")).running() as running:
        yield running


@pytest.fixture(scope="module")
def ada(services: Services) -> SigningKey:
    return services.person("Ada")


@pytest.fixture(scope="module")
def files(services: Services, ada: SigningKey) -> dict[str, bytes]:
    """A report at each level."""
    return {"B-B": sign(services, ada, None)} | {level: sign(services, ada, level) for level in LEVELS}


def timestamping(services: Services, level: str) -> Timestamping:
    return Timestamping(TimestampAuthority(services.timestamp_url), level, (services.root,))  # type: ignore[arg-type]


def sign(services: Services, key: SigningKey, level: str | None, when: datetime | None = None) -> bytes:
    moment = when or datetime.now(UTC).replace(microsecond=0)
    wanted = None if level is None else timestamping(services, level)
    pdf = sign_pdf(report().content, key, box=report().boxes["sig-toolkit"], reason="Report", when=moment, timestamping=wanted)
    return close_pdf(pdf, wanted, moment) if level == "B-LTA" and wanted else pdf


def troubles(result: SignedPdf) -> dict[str, str]:
    return {check.name: check.detail for check in result.checks if check.status != "proven"}


def standing(pdf: bytes, trust: TrustStore, now: datetime | None = None) -> Standing:
    found = judge_standing(inspect_pdf(pdf), trust, now=now)
    assert found is not None
    assert [check.name for check in found.checks] == list(STANDING_CHECKS)
    return found


# --- what is written ---


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_is_intact_and_says_what_it_is(files: dict[str, bytes], level: str) -> None:
    result = inspect_pdf(files[level])
    assert troubles(result) == {}
    assert files[level].startswith(report().content)
    (said,) = (check.detail for check in result.checks if check.name == "signature-level")
    assert said.startswith(level)
    assert bool(result.validation_data.ocsps) == (level != "B-T")


@pytest.mark.xdist_group("jvm")
def test_every_level_conforms_to_pdf_a_3a_and_pdf_ua_1(tmp_path: Path, services: Services, files: dict[str, bytes]) -> None:
    again = prolong(files["B-LTA"], timestamping(services, "B-LT"), TrustStore([services.root]), datetime.now(UTC))
    made = {**files, "B-LTA-twice": again.pdf}
    for name, content in made.items():
        (tmp_path / f"{name}.pdf").write_bytes(content)
    found = failures(["3a", "ua1"], *(tmp_path / f"{name}.pdf" for name in made))
    assert found == {f"{name}.pdf {flavour}": {} for name in made for flavour in ("3a", "ua1")}


def test_openssl_and_pdfsig_agree(tmp_path: Path, services: Services, files: dict[str, bytes]) -> None:
    (tmp_path / "root.pem").write_bytes(services.root.public_bytes(serialization.Encoding.PEM))
    for pdf in files.values():
        (tmp_path / "x.pdf").write_bytes(pdf)
        said = subprocess.run(["pdfsig", "x.pdf"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        assert said.count("Signature is Valid.") == 1
        assert said.count("Total document signed") == 1
        assert "No syntax" in subprocess.run(["qpdf", "--check", "x.pdf"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    result = inspect_pdf(files["B-LTA"])
    assert result.certification is not None
    assert result.certification.token is not None
    (closing,) = result.later
    assert closing.token is not None
    content, (start, end) = files["B-LTA"], gap(files["B-LTA"])
    for token, data in ((result.certification.token, None), (closing.token, content[:start] + content[end:])):
        (tmp_path / "token").write_bytes(token.der)
        (tmp_path / "data").write_bytes(data or b"")
        what = ["-data", "data"] if data is not None else ["-digest", token.digest.hex()]
        command = ["openssl", "ts", "-verify", "-token_in", "-in", "token", *what, "-CAfile", "root.pem"]
        assert "Verification: OK" in subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout


def test_a_timestamp_is_closed_over_every_signature(services: Services, ada: SigningKey) -> None:
    now = datetime.now(UTC)
    prepared = prepare_fields(report().content, [SignatureField("qa", "Signature of QA")])
    wanted = timestamping(services, "B-LTA")
    pdf = sign_pdf(prepared, ada, box=None, reason="Packet", when=now, timestamping=wanted)
    waiting = inspect_pdf(pdf)
    assert waiting.is_intact
    assert troubles(waiting) == {"signature-level": "the document timestamp that will close the document is still to come"}
    pdf = sign_field(pdf, "qa", services.person("Quinn"), reason="Approve", when=now, timestamping=timestamping(services, "B-T"))
    closed = inspect_pdf(close_pdf(pdf, wanted, now))
    assert troubles(closed) == {}
    assert [(one.field, one.kind) for one in closed.later] == [("qa", "approval"), ("Timestamp", "timestamp")]
    assert closed.prepared == ("qa",)


def test_a_document_that_others_have_closed_is_read(services: Services, files: dict[str, bytes]) -> None:
    """pyHanko's own document timestamp, and its data for validation behind it, which nobody signs."""
    out = io.BytesIO()
    stamper = signers.PdfTimeStamper(_Stamping(services))
    stamper.timestamp_pdf(IncrementalPdfFileWriter(io.BytesIO(files["B-LT"])), "sha256", output=out)
    assert troubles(inspect_pdf(out.getvalue())) == {}
    result = inspect_pdf(with_data(out.getvalue(), ValidationData(crls=(services.revocation_list("root"),))))
    assert "which nobody signed" in next(check.detail for check in result.checks if check.name == "coverage")
    assert [update.kind for update in result.updates] == ["timestamp", "validation-data"]


class _Stamping(TimeStamper):
    """pyHanko asks the authority directly."""

    def __init__(self, services: Services) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._services = services

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._services.stamp(req.dump()))


# --- what is proven ---


def test_a_timestamp_of_a_trusted_authority_proves_the_time(services: Services, files: dict[str, bytes]) -> None:
    trust = TrustStore([services.root])
    for level in LEVELS:
        found = standing(files[level], trust)
        assert (found.status, found.time.status) == ("trusted", "proven"), level
        assert found.proven_at is not None
        assert found.revocation.status == ("not-proven" if level == "B-T" else "proven")
    without = standing(files["B-B"], trust)
    assert (without.status, without.time.status, without.proven_at) == ("trusted", "not-proven", None)
    assert "there is no timestamp" in without.time.detail


def test_an_authority_may_be_trusted_for_timestamps_only(services: Services, ada: SigningKey, files: dict[str, bytes]) -> None:
    both = standing(files["B-T"], TrustStore([ada.certificate], [services.root]))
    assert (both.status, both.time.status) == ("trusted", "proven")
    clock = standing(files["B-T"], TrustStore([], [services.root]))
    assert (clock.status, clock.time.status) == ("unknown", "proven")
    person = standing(files["B-T"], TrustStore([ada.certificate]))
    assert (person.status, person.time.status) == ("trusted", "not-proven")
    assert "not trusted for timestamps" in person.time.detail


def test_a_signature_outlives_its_certificate_by_its_timestamp(services: Services) -> None:
    soon = datetime.now(UTC) + timedelta(days=2)
    key = services.person("Brief", end=soon)
    trust, later = TrustStore([services.root]), soon + DAY
    assert standing(sign(services, key, None), trust).status == "trusted"
    assert standing(sign(services, key, None), trust, later).status == "expired"
    assert "no trusted timestamp" in standing(sign(services, key, None), trust, later).detail
    for level in LEVELS:
        found = standing(sign(services, key, level), trust, later)
        assert (found.status, found.time.status) == ("trusted", "proven"), level
        assert found.revocation.status == ("not-proven" if level == "B-T" else "proven")


def test_a_timestamp_holds_as_long_as_its_authority(services: Services, files: dict[str, bytes]) -> None:
    trust, later = TrustStore([services.root]), datetime.now(UTC) + 60 * DAY
    for level in LEVELS:
        found = standing(files[level], trust, later)
        assert found.time.status == "not-proven"
        assert "has expired, and no later one covers it" in found.time.detail
        assert found.status == "expired"


def test_a_later_timestamp_prolongs_an_older_one(tmp_path: Path, files: dict[str, bytes], services: Services) -> None:
    with Services(tmp_path, days=300).running() as lasting:
        pdf = close_pdf(files["B-LTA"], timestamping(lasting, "B-LT"), datetime.now(UTC))
    assert troubles(inspect_pdf(pdf)) == {}
    later = datetime.now(UTC) + 100 * DAY
    found = standing(pdf, TrustStore([services.root], [lasting.root]), later)
    assert (found.status, found.time.status) == ("trusted", "proven")
    assert standing(pdf, TrustStore([services.root]), later).status == "expired"


def test_a_revoked_certificate_is_said(tmp_path: Path) -> None:
    with Services(tmp_path).running() as services:
        key, trust = services.person("Mallory"), TrustStore([services.root])
        before = sign(services, key, "B-LTA")
        plain = sign(services, key, None)
        services.revoke(key.certificate, services.now - timedelta(hours=2))
        with pytest.raises(SigningKeyError, match="revoked at"):
            sign(services, key, "B-LT")
        late = with_revocation(sign(services, key, "B-T"), services)
        unstamped = with_revocation(plain, services)
    assert standing(before, trust).revocation.status == "proven"
    found = standing(late, trust)
    assert (found.status, found.revocation.status) == ("revoked", "refuted")
    assert "before the signature existed" in found.revocation.detail
    found = standing(unstamped, trust)
    assert (found.status, found.revocation.status) == ("revoked", "not-proven")


def test_a_revocation_after_the_signature_is_no_reason_against_it(tmp_path: Path) -> None:
    with Services(tmp_path).running() as services:
        key, trust = services.person("Ada"), TrustStore([services.root])
        pdf = sign(services, key, "B-T")
        services.revoke(key.certificate, datetime.now(UTC) + timedelta(hours=1))
        pdf = with_revocation(pdf, services)
    assert standing(pdf, trust, datetime.now(UTC) + DAY).status == "trusted"


def with_revocation(pdf: bytes, services: Services) -> bytes:
    """The file with revocation lists."""
    return with_data(pdf, ValidationData(crls=(services.revocation_list("root"), services.revocation_list("middle"))))


def with_data(pdf: bytes, data: ValidationData) -> bytes:
    """The file with data for validation, as anybody can add it."""
    stream = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(stream)
    add_validation_data(writer, data)
    writer.write_in_place()  # type: ignore[no-untyped-call]
    assert troubles(inspect_pdf(stream.getvalue())) == {}
    return stream.getvalue()


def test_a_trial_key_stays_one_under_any_timestamp(tmp_path: Path, services: Services) -> None:
    key = create_trial_key(tmp_path, "trial")
    found = standing(sign(services, key, "B-T"), TrustStore([key.certificate], [services.root]))
    assert (found.status, found.time.status, found.revocation.status) == ("trial", "proven", "not-proven")


def test_a_time_after_the_timestamp_is_refuted(services: Services, ada: SigningKey) -> None:
    with pytest.raises(SigningKeyError, match="but the timestamp says"):
        sign(services, ada, "B-T", datetime.now(UTC) + DAY)
    wanted = Timestamping(TimestampAuthority(services.timestamp_url), skew=10 * DAY)
    moment = datetime.now(UTC).replace(microsecond=0) + DAY
    pdf = sign_pdf(report().content, ada, box=None, reason="Report", when=moment, timestamping=wanted)
    found = standing(pdf, TrustStore([services.root]))
    assert found.time.status == "refuted"
    assert "a timestamp of" in found.time.detail


# --- what is refused ---


def test_without_an_authority_there_is_no_half_signed_report(services: Services, ada: SigningKey) -> None:
    services.silent.add("tsa")
    try:
        with pytest.raises(SigningKeyError, match="answered 503"):
            sign(services, ada, "B-T")
    finally:
        services.silent.clear()
    nowhere = Timestamping(TimestampAuthority("http://127.0.0.1:9"))
    with pytest.raises(SigningKeyError, match="cannot be reached"):
        sign_pdf(report().content, ada, box=None, reason="Report", when=datetime.now(UTC), timestamping=nowhere)


def refusal(status: dict[str, object]) -> bytes:
    """An answer without a token: a sequence of the status alone."""
    content = bytes(tsp.PKIStatusInfo(status).dump())
    return bytes([0x30, len(content)]) + content


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"", "cannot be used"),
        (b"<html>", "cannot be used"),
        (refusal({"status": "rejection", "status_string": ["too busy"]}), r"refuses \(rejection\): too busy"),
        (refusal({"status": "rejection", "fail_info": {"bad_alg"}}), r"refuses \(rejection\): bad_alg"),
        (refusal({"status": "granted"}), "cannot be used"),
    ],
)
def test_an_answer_that_is_no_token_is_refused(monkeypatch: pytest.MonkeyPatch, answer: bytes, message: str) -> None:
    monkeypatch.setattr(fetch, "ask", lambda *_, **__: answer)
    with pytest.raises(SigningKeyError, match=message):
        TimestampAuthority("http://example.org").stamp_data(b"data")


def test_a_token_of_another_request_is_refused(monkeypatch: pytest.MonkeyPatch, services: Services) -> None:
    kept: list[bytes] = []
    ask = fetch.ask

    def replay(*given: object, **options: object) -> bytes:
        kept.append(ask(*given, **options))  # type: ignore[arg-type]
        return kept[0]

    monkeypatch.setattr(fetch, "ask", replay)
    authority = TimestampAuthority(services.timestamp_url)
    authority.stamp_data(b"data")
    with pytest.raises(SigningKeyError, match="belongs to another request"):
        authority.stamp_data(b"data")
    with pytest.raises(SigningKeyError, match="cannot be used"):
        authority.stamp_data(b"other")


def test_long_term_levels_need_roots_and_answers(services: Services, ada: SigningKey) -> None:
    when = datetime.now(UTC)

    def attempt(key: SigningKey, wanted: Timestamping) -> None:
        sign_pdf(report().content, key, box=None, reason="Report", when=when, timestamping=wanted)

    with pytest.raises(SigningKeyError, match="leads to no trusted root") as refused:
        attempt(ada, Timestamping(TimestampAuthority(services.timestamp_url), "B-LT"))
    assert "[sign] trust" in str(refused.value.hint)
    with pytest.raises(SigningKeyError, match="does not say who can be asked"):
        attempt(services.person("Hidden", known=False), timestamping(services, "B-LT"))
    services.silent |= {"ocsp", "crl"}
    try:
        with pytest.raises(SigningKeyError, match="answered 503"):
            attempt(ada, timestamping(services, "B-LT"))
        services.silent.discard("crl")
        attempt(ada, timestamping(services, "B-LT"))
    finally:
        services.silent.clear()


def test_only_http_is_asked() -> None:
    for url in ("file:///etc/hostname", "ftp://127.0.0.1/x", "nonsense", "data:,x"):
        with pytest.raises(SigningKeyError, match="cannot be reached"):
            fetch.ask(url, "timestamp")


# --- what is refuted ---


def gap(pdf: bytes) -> tuple[int, int]:
    import re

    numbers = re.findall(rb"/ByteRange \[0 (\d+) (\d+) \d+\]", pdf)[-1]
    return int(numbers[0]), int(numbers[1])


@pytest.mark.parametrize("level", LEVELS)
def test_any_changed_digit_of_a_stamped_signature_is_refuted(files: dict[str, bytes], level: str) -> None:
    """Signature and timestamp lie in the digits that nothing signs; the authority is not even trusted here."""
    pdf, chance = files[level], random.Random(f"{SEED}{level}")
    start, end = gap(pdf)
    for position in chance.sample(range(start + 1, end - 1), 150):
        digit = chance.choice([code for code in b"0123456789ABCDEF" if code != pdf[position]])
        assert refuted(pdf[:position] + bytes([digit]) + pdf[position + 1 :]), position


@pytest.mark.parametrize("level", LEVELS)
def test_any_changed_byte_of_a_stamped_report_is_refuted(files: dict[str, bytes], level: str) -> None:
    pdf, chance = files[level], random.Random(f"{SEED}{level}")
    for _ in range(100):
        position, mask = chance.randrange(len(pdf)), chance.randrange(1, 256)
        assert refuted(pdf[:position] + bytes([pdf[position] ^ mask]) + pdf[position + 1 :]), (position, mask)


def test_a_timestamp_taken_off_is_missed(files: dict[str, bytes]) -> None:
    """The signature is valid without it; but it says that it has one."""
    from compliance.sign.cms import CmsParts, build_cms, read_cms

    pdf = files["B-T"]
    start, end = gap(pdf)
    parts = read_cms(bytes.fromhex(pdf[start + 1 : end - 1].decode()).rstrip(b"\0"))
    bare = build_cms(CmsParts(parts.certificates, parts.document_digest, parts.signature)).hex().upper().encode()
    stripped = pdf[: start + 1] + bare.ljust(end - start - 2, b"0") + pdf[end - 1 :]
    result = inspect_pdf(stripped)
    assert troubles(result) == {"signature-level": "the signature promises the level B-T, and carries no timestamp"}


def test_the_closing_timestamp_taken_off_is_missed(files: dict[str, bytes]) -> None:
    result = inspect_pdf(files["B-LTA"])
    assert result.certified_length is not None
    cut = files["B-LTA"][: result.certified_length]
    assert troubles(inspect_pdf(cut)) == {"signature-level": "the document timestamp that the signature promises is missing"}


def test_a_timestamp_of_another_signature_is_refuted(services: Services, files: dict[str, bytes]) -> None:
    from compliance.sign.cms import CmsParts, build_cms, read_cms

    pdf = files["B-T"]
    start, end = gap(pdf)
    parts = read_cms(bytes.fromhex(pdf[start + 1 : end - 1].decode()).rstrip(b"\0"))
    other = TimestampAuthority(services.timestamp_url).stamp_data(b"other").der
    swapped = build_cms(CmsParts(parts.certificates, parts.document_digest, parts.signature, other)).hex().upper().encode()
    assert refuted(pdf[: start + 1] + swapped.ljust(end - start - 2, b"0") + pdf[end - 1 :]) == {"signature-level"}


def test_a_timestamp_of_an_authority_that_the_document_does_not_vouch_for_is_refuted(tmp_path: Path, files: dict[str, bytes]) -> None:
    """Whoever wants to date a report back would put a token of an authority of their own into it."""
    from compliance.sign.cms import CmsParts, build_cms, read_cms

    with Services(tmp_path).running() as other:
        pdf = files["B-T"]
        start, end = gap(pdf)
        parts = read_cms(bytes.fromhex(pdf[start + 1 : end - 1].decode()).rstrip(b"\0"))
        token = TimestampAuthority(other.timestamp_url).stamp_data(parts.signature).der
    swapped = build_cms(CmsParts(parts.certificates, parts.document_digest, parts.signature, token)).hex().upper().encode()
    assert refuted(pdf[: start + 1] + swapped.ljust(end - start - 2, b"0") + pdf[end - 1 :]) == {"signature-level"}


def test_a_changed_page_under_a_new_timestamp_is_refuted(services: Services, files: dict[str, bytes]) -> None:
    stream = io.BytesIO(files["B-LT"])
    writer = IncrementalPdfFileWriter(stream)
    fields.append_signature_field(writer, fields.SigFieldSpec("sneaky", on_page=0, box=(0, 0, 300, 300)))
    writer.write_in_place()  # type: ignore[no-untyped-call]
    assert "later-revisions" in refuted(close_pdf(stream.getvalue(), timestamping(services, "B-T"), datetime.now(UTC)))


# --- the form of tokens ---


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa3072"])
def test_a_token_has_one_form(tmp_path: Path, kind: str) -> None:
    with Services(tmp_path, kind).running() as services:
        query = tsp.TimeStampReq(
            {
                "version": "v1",
                "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)},
                "cert_req": True,
                "nonce": 5,
            }
        )
        answer = tsp.TimeStampResp.load(services.stamp(query.dump()))["time_stamp_token"].dump()
    once = normalised(answer)
    assert normalised(once) == once
    token = read_token(once)
    assert (token.digest, token.nonce) == (bytes(32), 5)
    assert token.certificate == services.stamper
    assert token.others == (services.middle,)
    assert abs(token.time - datetime.now(UTC)) < timedelta(minutes=5)


def test_what_the_authority_did_not_sign_is_decided(services: Services) -> None:
    """Versions, lists, certificates that nobody needs: changing them changes nothing that is signed, and is undone."""
    token = TimestampAuthority(services.timestamp_url).stamp_data(b"data")
    stranger = Authority().root.public_bytes(serialization.Encoding.DER)
    content = cms.ContentInfo.load(token.der)
    content["content"]["certificates"].append(cms.CertificateChoices.load(stranger))
    content["content"]["version"] = "v4"
    content["content"]["digest_algorithms"].append(cms.DigestAlgorithm({"algorithm": "sha512"}))
    changed = content.dump(force=True)
    assert changed != token.der
    assert read_token(changed).time == token.time
    assert normalised(changed) == token.der


def test_pikepdf_reads_the_store_of_validation_data(files: dict[str, bytes]) -> None:
    with pikepdf.open(io.BytesIO(files["B-LT"])) as pdf:
        assert len(pdf.Root.DSS.OCSPs) >= 2
        assert len(pdf.Root.DSS.Certs) >= 3
