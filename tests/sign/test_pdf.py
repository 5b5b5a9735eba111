from __future__ import annotations

import io
import random
import re
import socket
import subprocess
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from pyhanko.pdf_utils.generic import TextStringObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.signers import cms_embedder

from compliance.errors import SigningKeyError
from compliance.sign._structure import LEVEL
from compliance.sign.algorithms import ORDERS
from compliance.sign.cms import CmsParts, build_cms, is_canonical, read_cms, sign_document, verifies
from compliance.sign.fields import add_signature_field
from compliance.sign.keys import SigningKey, create_trial_key
from compliance.sign.pdf import SignatureField, prepare_fields, sign_field, sign_pdf
from compliance.sign.pdf_verify import CHECKS, inspect_pdf
from compliance.sign.trust import TrustStore, judge_signer
from tests.sign.differential import refuted
from tests.sign.documents import WHEN, YEAR, Authority, certificate, pem, private_key, report
from tests.verapdf import failures

SEED = 20261123


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def key(authority: Authority) -> SigningKey:
    return authority.signing_key("Ada Lovelace")


@pytest.fixture(scope="session")
def signed(key: SigningKey) -> bytes:
    return sign(key)


def sign(key: SigningKey, *, visible: bool = True, **options: Any) -> bytes:
    box = report().boxes["sig-toolkit"] if visible else None
    return sign_pdf(report().content, key, **{"box": box, "reason": "Audit report", "when": WHEN} | options)


def gap(pdf: bytes) -> tuple[int, int]:
    """Start and end of the signature's hexadecimal string, brackets included."""
    numbers = re.findall(rb"/ByteRange \[0 (\d+) (\d+) \d+\]", pdf)[-1]
    return int(numbers[0]), int(numbers[1])


def cms_of(pdf: bytes) -> bytes:
    start, end = gap(pdf)
    der = bytes.fromhex(pdf[start + 1 : end - 1].decode())
    return der[: 4 + int.from_bytes(der[2:4], "big")]


def with_cms(pdf: bytes, cms: bytes) -> bytes:
    start, end = gap(pdf)
    digits = cms.hex().upper().encode().ljust(end - start - 2, b"0")
    assert len(digits) == end - start - 2
    return pdf[: start + 1] + digits + pdf[end - 1 :]


# --- what is signed ---


def test_the_signed_file_starts_with_the_unsigned_bytes(signed: bytes) -> None:
    assert signed.startswith(report().content)
    assert inspect_pdf(signed).unsigned_length == len(report().content)


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa3072"])
@pytest.mark.parametrize("visible", [True, False], ids=["visible", "invisible"])
def test_every_check_is_proven_for_every_kind_of_key(authority: Authority, kind: str, visible: bool) -> None:
    result = inspect_pdf(sign(authority.signing_key("Ada", kind), visible=visible))
    assert [check.name for check in result.checks] == list(CHECKS)
    assert {check.name: check.detail for check in result.checks if check.status != "proven"} == {}
    assert result.is_intact
    assert result.is_signed


def test_what_the_file_says_is_read_back(signed: bytes, key: SigningKey, authority: Authority) -> None:
    result = inspect_pdf(signed)
    assert (result.fingerprint, result.subject, result.is_trial) == (key.fingerprint, "Ada Lovelace", False)
    assert (result.signed_at, result.reason) == (WHEN, "Audit report")
    assert result.chain == (authority.middle,)
    assert dict(result.attachments) == {"model.json": b'{"decision": "go"}', "findings.csv": b"rule,severity\n"}


def test_signer_trust_is_a_result_of_its_own(signed: bytes, authority: Authority) -> None:
    result = inspect_pdf(signed)
    assert result.certificate is not None
    known, stranger = TrustStore([authority.root]), TrustStore([Authority().root])
    assert judge_signer(known, result.certificate, chain=result.chain, when=result.signed_at).status == "trusted"
    assert judge_signer(stranger, result.certificate, chain=result.chain, when=result.signed_at).status == "unknown"


def test_a_trial_key_is_named_in_the_document(tmp_path: Path) -> None:
    trial = create_trial_key(tmp_path, "Ada <b>\u202e漢", now=WHEN)
    content = sign(trial)
    result = inspect_pdf(content)
    assert result.is_intact
    assert result.is_trial
    (tmp_path / "s.pdf").write_bytes(content)
    with pikepdf.open(tmp_path / "s.pdf") as pdf:
        (widget,) = list(pdf.Root.AcroForm.Fields)
        page = pdf.add_blank_page(page_size=(300, 100))
        page.add_overlay(widget.AP.N, pikepdf.Rectangle(0, 0, 300, 100))
        pdf.save(tmp_path / "stamp.pdf")
        last = str(len(pdf.pages))
    command = ["pdftotext", "-f", last, str(tmp_path / "stamp.pdf"), "-"]
    text = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert "Signed by Ada <b>[U+202E][U+6F22]" in text
    assert "2026-11-23 06:00:00 UTC" in text
    assert "TRIAL KEY" in text


def test_signing_and_verifying_need_no_network(monkeypatch: pytest.MonkeyPatch, key: SigningKey, authority: Authority) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    result = inspect_pdf(sign(key))
    assert result.is_intact
    assert result.certificate is not None
    assert judge_signer(TrustStore([authority.root]), result.certificate, chain=result.chain, when=WHEN).status == "trusted"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"when": WHEN + 2 * YEAR}, "expired"),
        ({"when": WHEN - 2 * YEAR}, "is valid from"),
        ({"when": datetime(2026, 1, 1)}, "no time zone"),
        ({"field_name": "a.b"}, "field name"),
    ],
)
def test_wrong_arguments_are_refused(key: SigningKey, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SigningKeyError, match=message):
        sign(key, **options)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n", b"not a PDF" * 100])
def test_what_is_no_pdf_cannot_be_signed(key: SigningKey, content: bytes) -> None:
    with pytest.raises(SigningKeyError, match="cannot be signed"):
        sign_pdf(content, key, box=None, reason="r", when=WHEN)


def test_an_untagged_pdf_cannot_be_signed(key: SigningKey) -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    stream = io.BytesIO()
    pdf.save(stream)
    with pytest.raises(SigningKeyError, match="cannot be signed"):
        sign_pdf(stream.getvalue(), key, box=None, reason="r", when=WHEN)


def test_a_signed_pdf_is_not_signed_again(key: SigningKey, signed: bytes) -> None:
    with pytest.raises(SigningKeyError, match="already has a signature"):
        sign_pdf(signed, key, box=None, reason="r", when=WHEN)


# --- several signers ---

ROLES = {"security": (0, (50.0, 50.0, 250.0, 120.0)), "qa": None, "owner": (0, (300.0, 50.0, 500.0, 120.0))}


@pytest.fixture(scope="session")
def prepared() -> bytes:
    return prepare_fields(report().content, [SignatureField(name, f"Signature of {name}", box) for name, box in ROLES.items()])


@pytest.fixture(scope="session")
def certified(prepared: bytes, key: SigningKey) -> bytes:
    return sign_pdf(prepared, key, box=report().boxes["sig-toolkit"], reason="Packet", when=WHEN)


def test_each_step_only_appends(prepared: bytes, certified: bytes, authority: Authority) -> None:
    approved = sign_field(certified, "qa", authority.signing_key("Quinn", "p384"), reason="Approve", when=WHEN, note="Approve")
    assert prepared.startswith(report().content)
    assert certified.startswith(prepared)
    assert approved.startswith(certified)


def test_only_prepared_empty_fields_can_be_signed(prepared: bytes, certified: bytes, key: SigningKey) -> None:
    with pytest.raises(SigningKeyError, match="has no signature field sales"):
        sign_field(certified, "sales", key, reason="Approve", when=WHEN)
    with pytest.raises(SigningKeyError, match="already signed"):
        sign_field(certified, "Toolkit", key, reason="Approve", when=WHEN)
    with pytest.raises(SigningKeyError, match="already has a signature field qa"):
        prepare_fields(prepared, [SignatureField("qa", "Signature")])
    with pytest.raises(SigningKeyError, match="already has a signature"):
        prepare_fields(certified, [SignatureField("sales", "Signature")])


# --- what others say ---


@pytest.mark.xdist_group("jvm")
def test_signed_files_conform_to_pdf_a_3a_and_pdf_ua_1(tmp_path: Path, signed: bytes, certified: bytes, key: SigningKey) -> None:
    trial = create_trial_key(tmp_path, "Ada Müller", now=WHEN)
    files = {"visible.pdf": signed, "invisible.pdf": sign(key, visible=False), "trial.pdf": sign(trial), "certified.pdf": certified}
    files["one.pdf"] = sign_field(certified, "security", key, reason="Approve", when=WHEN, note="Approve")
    files["two.pdf"] = sign_field(files["one.pdf"], "qa", key, reason="Approve", when=WHEN)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    found = failures(["3a", "ua1"], *(tmp_path / name for name in files))
    assert found == {f"{name} {flavour}": {} for name in files for flavour in ("3a", "ua1")}


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa3072"])
def test_pdfsig_calls_it_valid(tmp_path: Path, authority: Authority, kind: str) -> None:
    path = tmp_path / "signed.pdf"
    path.write_bytes(sign(authority.signing_key("Ada", kind)))
    said = subprocess.run(["pdfsig", str(path)], capture_output=True, text=True, check=True).stdout
    assert said.count("Signature #") == 1
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa3072"])
def test_openssl_calls_it_valid(tmp_path: Path, authority: Authority, kind: str) -> None:
    content = sign(authority.signing_key("Ada", kind))
    start, end = gap(content)
    (tmp_path / "cms").write_bytes(cms_of(content))
    (tmp_path / "content").write_bytes(content[:start] + content[end:])
    (tmp_path / "root.pem").write_bytes(pem(authority.root))
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "cms", "-content", "content", "-CAfile", "root.pem"]
    command += ["-purpose", "any", "-attime", str(int(WHEN.timestamp())), "-out", "/dev/null"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "successful" in done.stderr


def test_qpdf_finds_no_structural_fault(tmp_path: Path, signed: bytes) -> None:
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed)
    assert "No syntax" in subprocess.run(["qpdf", "--check", str(path)], capture_output=True, text=True, check=True).stdout


# --- what is refuted ---


def flip(pdf: bytes, position: int, mask: int) -> bytes:
    return pdf[:position] + bytes([pdf[position] ^ mask]) + pdf[position + 1 :]


@pytest.mark.parametrize("part", range(4))
def test_any_changed_digit_of_the_signature_is_refuted(signed: bytes, part: int) -> None:
    """The digits stay digits, so that only their value is wrong; nothing signs this part of the file."""
    start, end = gap(signed)
    chance = random.Random(SEED + part)
    for position in range(start + 1 + part, end - 1, 8):
        digit = chance.choice([code for code in b"0123456789ABCDEF" if code != signed[position]])
        changed = signed[:position] + bytes([digit]) + signed[position + 1 :]
        assert refuted(changed), position


def test_lower_case_digits_are_refuted(signed: bytes) -> None:
    start, end = gap(signed)
    lower = signed[:start] + signed[start:end].lower() + signed[end:]
    assert lower != signed
    assert "signature-encoding" in refuted(lower)


def test_any_changed_byte_of_the_signature_dictionary_is_refuted(signed: bytes) -> None:
    start, end = gap(signed)
    chance = random.Random(SEED)
    dictionary = [*range(start - 40, start + 1), *range(end - 1, signed.index(b"endobj", end) + 6)]
    for position in dictionary:
        assert refuted(flip(signed, position, chance.randrange(1, 256))), position


@pytest.mark.parametrize("tail", [b"\n", b"\0", b" ", b"%%EOF\n", b"garbage", b"\nstartxref\n0\n%%EOF\n", b"/ByteRange [0 1 2 3]"])
def test_appended_bytes_are_refuted(signed: bytes, tail: bytes) -> None:
    assert "structure" in refuted(signed + tail)


def test_a_cut_off_file_is_refuted(signed: bytes) -> None:
    chance = random.Random(SEED)
    for length in [0, 1, len(signed) - 1, *(chance.randrange(len(signed)) for _ in range(60))]:
        assert refuted(signed[:length]), length


def test_an_unsigned_file_has_a_name_for_that() -> None:
    result = inspect_pdf(report().content)
    assert refuted(report().content) == {"signature-present"}
    assert not result.is_signed
    assert not result.is_intact
    assert result.certificate is None


def test_the_signature_taken_off_is_an_unsigned_file(signed: bytes) -> None:
    assert refuted(signed[: len(report().content)]) == {"signature-present"}


def updated(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    stream = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(stream)
    change(writer)
    writer.write_in_place()  # type: ignore[no-untyped-call]
    return stream.getvalue()


def change_title(writer: IncrementalPdfFileWriter) -> None:
    information = writer.prev.trailer["/Info"]
    information[pdf_name("/Title")] = TextStringObject("Another title")
    writer.update_container(information)


def change_metadata(writer: IncrementalPdfFileWriter) -> None:
    metadata = writer.root["/Metadata"]
    metadata._data = metadata.data.replace(b"Report", b"Rep0rt")
    metadata._encoded_data = None
    writer.update_container(metadata)


def change_attachment(writer: IncrementalPdfFileWriter) -> None:
    stream = writer.root["/Names"]["/EmbeddedFiles"]["/Names"][1]["/EF"]["/F"]
    stream._data, stream._encoded_data = b"rule,severity\nswapped\n", None
    writer.update_container(stream)


@pytest.mark.parametrize("change", [change_title, change_metadata, change_attachment])
def test_an_appended_revision_is_refuted(signed: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> None:
    assert refuted(updated(signed, change)) == {"later-revisions", "coverage"}


def test_an_attachment_swapped_in_place_is_refuted(signed: bytes) -> None:
    other = zlib.compress(b"rule,severitY\n")
    places = [match.end() for match in re.finditer(rb"stream\r?\n", signed) if signed[match.end()] == other[0]]
    place = next(start for start in places if zlib.decompressobj().decompress(signed[start:]) == b"rule,severity\n")
    end = signed.index(b"\nendstream", place)
    assert len(other) <= end - place
    swapped = signed[:place] + other.ljust(end - place, b"\0") + signed[end:]
    result = inspect_pdf(swapped)
    assert result.attachments["findings.csv"] == b"rule,severitY\n"
    assert "document-digest" in refuted(swapped)


def test_a_rewritten_file_is_refuted(signed: bytes) -> None:
    stream = io.BytesIO()
    with pikepdf.open(io.BytesIO(signed)) as pdf:
        pdf.save(stream)
    assert refuted(stream.getvalue())


def test_the_signature_of_another_report_is_refuted(key: SigningKey, signed: bytes) -> None:
    other = sign(key, reason="Other report")
    assert "document-digest" in refuted(with_cms(signed, cms_of(other)))


def test_the_twin_of_an_ecdsa_signature_is_refuted(signed: bytes) -> None:
    """(r, n - s) verifies as well as (r, s), and can be made without the key."""
    parts = read_cms(cms_of(signed))
    r, s = decode_dss_signature(parts.signature)
    twin = CmsParts(parts.certificates, parts.document_digest, encode_dss_signature(r, ORDERS["secp256r1"] - s))
    verifies(twin)
    assert not is_canonical(twin)
    rebuilt = build_cms(twin)
    start, end = gap(signed)
    if 2 * len(rebuilt) > end - start - 2:
        assert len(encode_dss_signature(r, s)) < len(twin.signature)
    else:
        assert refuted(with_cms(signed, rebuilt)) == {"signature-encoding"}


def test_a_file_signed_anew_by_somebody_else_is_intact_but_not_trusted(authority: Authority) -> None:
    eve = Authority().signing_key("Ada Lovelace")
    result = inspect_pdf(sign(eve))
    assert result.is_intact
    assert result.certificate is not None
    assert judge_signer(TrustStore([authority.root]), result.certificate, chain=result.chain, when=WHEN).status == "unknown"


def test_a_signature_after_the_certificates_end_is_refuted(monkeypatch: pytest.MonkeyPatch, key: SigningKey) -> None:
    monkeypatch.setattr(SigningKey, "require_valid", lambda *_: None)
    assert refuted(sign(key, when=WHEN + 2 * YEAR)) == {"certificate"}


def test_a_certificate_that_may_not_sign_is_refuted() -> None:
    private = private_key("p256")
    cert = certificate("Ada", private, can_sign=False)
    assert refuted(sign(SigningKey(private, cert))) == {"certificate"}


def test_another_field_name_is_refuted(key: SigningKey) -> None:
    content = sign(key, field_name="Other")
    assert refuted(content) == {"signature-field"}
    assert inspect_pdf(content, field_name="Other").is_intact


def sign_with_permission(key: SigningKey, permission: fields.MDPPerm | None) -> bytes:
    """What `compliance.sign.pdf` does, but for the level of the certification."""
    stream = io.BytesIO(report().content)
    writer = IncrementalPdfFileWriter(stream)
    add_signature_field(writer, "Toolkit", "Signature", None)
    steps = cms_embedder.PdfCMSEmbedder().write_cms("Toolkit", writer, existing_fields_only=True)
    next(steps)
    signature = signers.SignatureObject(timestamp=WHEN, subfilter=fields.SigSeedSubFilter.PADES, bytes_reserved=6000)
    signature[pdf_name(LEVEL)] = pdf_name("/B-B")
    setup = None if permission is None else cms_embedder.SigMDPSetup(md_algorithm="sha256", certify=True, docmdp_perms=permission)
    steps.send(cms_embedder.SigObjSetup(sig_placeholder=signature, mdp_setup=setup))
    prepared, _ = steps.send(cms_embedder.SigIOSetup(md_algorithm="sha256", in_place=True))
    steps.send(sign_document(key, prepared.document_digest))
    return stream.getvalue()


@pytest.mark.parametrize("permission", [fields.MDPPerm.NO_CHANGES, fields.MDPPerm.ANNOTATE, None])
def test_another_certification_is_refuted(key: SigningKey, permission: fields.MDPPerm | None) -> None:
    assert refuted(sign_with_permission(key, permission)) == {"certification"}


def test_a_later_approval_by_somebody_else_is_refuted(signed: bytes) -> None:
    eve = Authority().signing_key("Eve")
    stream = io.BytesIO(signed)
    writer = IncrementalPdfFileWriter(stream)
    steps = cms_embedder.PdfCMSEmbedder().write_cms("Sneaky", writer)
    next(steps)
    signature = signers.SignatureObject(timestamp=WHEN, subfilter=fields.SigSeedSubFilter.PADES, bytes_reserved=6000)
    steps.send(cms_embedder.SigObjSetup(sig_placeholder=signature))
    prepared, _ = steps.send(cms_embedder.SigIOSetup(md_algorithm="sha256", in_place=True))
    steps.send(sign_document(eve, prepared.document_digest))
    assert refuted(stream.getvalue()) == {"later-revisions"}


def test_a_file_that_unpacks_to_too_much_is_not_read(signed: bytes) -> None:
    bomb = signed + b"stream\n" + zlib.compress(bytes(3_000_000)) + b"\nendstream"
    assert refuted(bomb, max_bytes=2_000_000) == {"size-limits"}
    assert refuted(signed, max_bytes=1000) == {"size-limits"}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"%PDF-1.7\n/ByteRange [0 1 2 3]", id="range-in-nothing"),
        pytest.param(b"/ByteRange [0 999999999999 999999999999 999999999999]", id="huge-range"),
        pytest.param(b"x/Contents <30>/ByteRange [0 11 15 32]", id="cut-off-der"),
        pytest.param(b"x/Contents <>/ByteRange [0 11 13 29]", id="empty-signature"),
        pytest.param(b"[" * 100_000, id="deep-nesting"),
    ],
)
def test_what_is_broken_is_refuted_without_an_error(content: bytes) -> None:
    assert refuted(content)


def test_random_bytes_between_the_brackets_are_refuted(signed: bytes) -> None:
    start, end = gap(signed)
    chance = random.Random(SEED)
    for _ in range(20):
        digits = chance.randbytes((end - start - 2) // 2).hex().upper().encode()
        changed = signed[: start + 1] + digits + signed[end - 1 :]
        assert "signature-encoding" in refuted(changed)


def test_a_signature_moved_by_an_hour_is_refuted(signed: bytes) -> None:
    later = (WHEN + timedelta(hours=1)).strftime("%Y%m%d%H%M%S").encode()
    moved = signed.replace(WHEN.strftime("%Y%m%d%H%M%S").encode() + b"Z)\n/Name", later + b"Z)\n/Name")
    assert moved != signed
    assert refuted(moved) == {"document-digest"}
