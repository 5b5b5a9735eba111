"""Documents that several people sign: legal signatures raise no alarm, everything else does."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import TextStringObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from compliance.sign.keys import SigningKey, create_trial_key
from compliance.sign.pdf import SignatureField, prepare_fields, sign_field, sign_pdf
from compliance.sign.pdf_verify import SignedPdf, inspect_pdf
from compliance.sign.pinned import judge_fields
from compliance.sign.trust import TrustStore
from tests.sign.differential import refuted
from tests.sign.documents import WHEN, Authority, report
from tests.sign.programs import Poppler, pyhanko_signer, sign_with_pyhanko

ROLES = {"security": (0, (50.0, 50.0, 250.0, 120.0)), "qa": None, "owner": (0, (300.0, 50.0, 500.0, 120.0))}
PEOPLE = {"security": ("Sasha", "p384"), "qa": ("Quinn", "rsa3072"), "owner": ("Otto", "p256")}

Keys = dict[str, SigningKey]


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def keys(authority: Authority) -> Keys:
    return {role: authority.signing_key(*person) for role, person in PEOPLE.items()}


@pytest.fixture(scope="session")
def certified(authority: Authority) -> bytes:
    wanted = [SignatureField(name, f"Signature of {name}", box) for name, box in ROLES.items()]
    prepared = prepare_fields(report().content, wanted)
    key = authority.signing_key("Release")
    return sign_pdf(prepared, key, box=report().boxes["sig-toolkit"], reason="Packet", when=WHEN)


def approve(pdf: bytes, role: str, keys: Keys) -> bytes:
    return sign_field(pdf, role, keys[role], reason="Approve", when=WHEN, note="Approve")


@pytest.fixture(scope="session")
def approved(certified: bytes, keys: Keys) -> bytes:
    """Two of three have signed."""
    return approve(approve(certified, "qa", keys), "security", keys)


def troubles(result: SignedPdf) -> dict[str, str]:
    return {check.name: check.detail for check in result.checks if check.status != "proven"}


# --- legal signatures ---


def test_a_certified_document_with_open_fields_is_intact(certified: bytes) -> None:
    result = inspect_pdf(certified)
    assert troubles(result) == {}
    assert result.prepared == result.open_fields == ("owner", "qa", "security")
    assert result.unsigned_length == len(report().content)
    assert result.certified_length == len(certified)


@pytest.mark.parametrize("order", list(itertools.permutations(ROLES)), ids="-".join)
def test_people_sign_in_any_order(certified: bytes, keys: Keys, order: tuple[str, ...]) -> None:
    pdf = certified
    for role in order:
        pdf = approve(pdf, role, keys)
    result = inspect_pdf(pdf)
    assert troubles(result) == {}
    assert [(one.field, one.kind, one.subject, one.is_own) for one in result.later] == [
        (role, "approval", PEOPLE[role][0], True) for role in order
    ]
    assert [(update.kind, update.fields) for update in result.updates] == [("signature", (role,)) for role in order]
    assert result.open_fields == ()
    assert [one.covered for one in result.later][-1] == len(pdf)


@pytest.mark.parametrize("order", list(itertools.permutations(ROLES)), ids="-".join)
def test_people_sign_with_other_programs_in_any_order(tmp_path: Path, certified: bytes, keys: Keys, order: tuple[str, ...]) -> None:
    programs: list[Callable[[bytes, str], bytes]] = [
        Poppler(tmp_path, keys["qa"]).sign,
        lambda pdf, field: sign_with_pyhanko(pdf, field, keys[field]),
        lambda pdf, field: approve(pdf, field, keys),
    ]
    pdf = certified
    for program, role in zip(programs, order, strict=True):
        pdf = program(pdf, role)
        assert troubles(inspect_pdf(pdf)) == {}
    assert [one.is_own for one in inspect_pdf(pdf).later] == [False, False, True]


def test_poppler_signs_every_field(tmp_path: Path, certified: bytes, keys: Keys) -> None:
    poppler = Poppler(tmp_path, keys["qa"])
    pdf = certified
    for number, role in enumerate(ROLES):
        pdf = poppler.sign(pdf, role, etsi=bool(number % 2))
    assert troubles(inspect_pdf(pdf)) == {}


def test_an_older_kind_of_signature_is_read(certified: bytes, keys: Keys) -> None:
    pdf = sign_with_pyhanko(certified, "qa", keys["qa"], sub_filter=fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED)
    assert troubles(inspect_pdf(pdf)) == {}


# --- whose signature it is ---


def admit(*names: str) -> Callable[[str, str], bool]:
    return lambda name, key: name in names or key in names


def statuses(pdf: bytes, trust: TrustStore, **pinned: Callable[[str, str], bool]) -> dict[str, str]:
    return {one.field: one.status for one in judge_fields(inspect_pdf(pdf), pinned, trust)}


def test_each_field_is_pinned_to_its_people(approved: bytes, authority: Authority, keys: Keys) -> None:
    trust = TrustStore([authority.root])
    found = statuses(approved, trust, security=admit("Sasha"), qa=admit(f"sha256:{keys['qa'].fingerprint}"), owner=admit("Otto"))
    assert found == {"security": "signed", "qa": "signed", "owner": "open"}


def test_the_right_authority_is_not_the_right_person(approved: bytes, authority: Authority) -> None:
    trust = TrustStore([authority.root])
    found = statuses(approved, trust, security=admit("Quinn"), qa=admit("Quinn"))
    assert found == {"security": "stranger", "qa": "signed"}


def test_another_authority_is_unknown_whatever_the_name(certified: bytes, authority: Authority) -> None:
    eve = Authority().signing_key("Sasha")
    pdf = sign_field(certified, "security", eve, reason="Approve", when=WHEN)
    assert troubles(inspect_pdf(pdf)) == {}
    assert statuses(pdf, TrustStore([authority.root]), security=admit("Sasha")) == {"security": "unknown"}


def test_a_trial_key_is_named(tmp_path: Path, certified: bytes) -> None:
    key = create_trial_key(tmp_path, "Sasha", now=WHEN)
    pdf = sign_field(certified, "security", key, reason="Approve", when=WHEN)
    assert statuses(pdf, TrustStore([key.certificate]), security=admit("Sasha")) == {"security": "trial"}
    assert statuses(pdf, TrustStore(), security=admit("Sasha")) == {"security": "unknown"}


def test_an_approval_that_was_cut_off_is_missed(certified: bytes, keys: Keys, approved: bytes, authority: Authority) -> None:
    """The file is what it was before, so nothing in it tells; only who expects the approval misses it."""
    before = approve(certified, "qa", keys)
    assert len(before) < len(approved)
    assert troubles(inspect_pdf(before)) == {}
    trust = TrustStore([authority.root])
    assert statuses(before, trust, security=admit("Sasha"), qa=admit("Quinn"), legal=admit("Lea")) == {
        "security": "open",
        "qa": "signed",
        "legal": "missing",
    }
    assert statuses(approved, trust, qa=admit("Quinn")) == {"qa": "signed", "security": "unexpected"}


# --- everything else ---


def updated(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    stream = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(stream)
    change(writer)
    writer.write_in_place()  # type: ignore[no-untyped-call]
    return stream.getvalue()


def signed_with(pdf: bytes, role: str, key: SigningKey, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """A person who may sign changes something else in the same update: their signature covers it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    out = io.BytesIO()
    about = signers.PdfSignatureMetadata(field_name=role, subfilter=fields.SigSeedSubFilter.PADES, md_algorithm="sha256")
    signers.PdfSigner(about, signer=pyhanko_signer(key)).sign_pdf(writer, output=out)
    return out.getvalue()


def change_title(writer: IncrementalPdfFileWriter) -> None:
    information = writer.prev.trailer["/Info"]
    information[pdf_name("/Title")] = TextStringObject("Another title")
    writer.update_container(information)


def change_metadata(writer: IncrementalPdfFileWriter) -> None:
    metadata: Any = writer.root.get_value_as_reference("/Metadata").get_object()
    metadata._data = metadata.data.replace(b"Report", b"Rep0rt")
    metadata._encoded_data = None
    writer.update_container(metadata)


def change_attachment(writer: IncrementalPdfFileWriter) -> None:
    stream = writer.root["/Names"]["/EmbeddedFiles"]["/Names"][1]["/EF"]["/F"]
    stream._data, stream._encoded_data = b"rule,severity\nswapped\n", None
    writer.update_container(stream)


def add_attachment(writer: IncrementalPdfFileWriter) -> None:
    names = writer.root["/Names"]["/EmbeddedFiles"]["/Names"]
    names += [TextStringObject("more.txt"), writer.add_object(dictionary(Type=pdf_name("/Filespec"), UF=TextStringObject("more.txt")))]
    writer.update_container(names)


def page_of(writer: IncrementalPdfFileWriter) -> Any:
    reference, _ = writer.find_page_for_modification(0)  # type: ignore[no-untyped-call]
    return reference.get_object()


def change_page(writer: IncrementalPdfFileWriter) -> None:
    """Draws over the page, in a content stream of its own."""
    page = page_of(writer)
    stream = generic.StreamObject(stream_data=b"1 1 0 rg 0 0 200 200 re f")
    page[pdf_name("/Contents")] = generic.ArrayObject([page.raw_get("/Contents"), writer.add_object(stream)])
    writer.update_container(page)


def change_page_content(writer: IncrementalPdfFileWriter) -> None:
    content = page_of(writer)["/Contents"]
    content._data, content._encoded_data = content.data + b"\n1 0 0 rg 0 0 50 50 re f", None
    writer.update_container(content)


def add_page(writer: IncrementalPdfFileWriter) -> None:
    tree = writer.root["/Pages"]
    box = generic.ArrayObject(generic.NumberObject(number) for number in (0, 0, 100, 100))  # type: ignore[no-untyped-call]
    page = dictionary(Type=pdf_name("/Page"), Parent=writer.root.raw_get("/Pages"), MediaBox=box)
    tree["/Kids"].append(writer.add_object(page))
    tree[pdf_name("/Count")] = generic.NumberObject(2)  # type: ignore[no-untyped-call]
    writer.update_container(tree)
    writer.update_container(tree["/Kids"])


def add_annotation(writer: IncrementalPdfFileWriter) -> None:
    """The evil annotation: a note that covers what was certified."""
    page = page_of(writer)
    box = generic.ArrayObject(generic.NumberObject(number) for number in (0, 0, 300, 300))  # type: ignore[no-untyped-call]
    note = dictionary(Type=pdf_name("/Annot"), Subtype=pdf_name("/FreeText"), Rect=box, Contents=TextStringObject("GO"))
    page["/Annots"].append(writer.add_object(note))
    writer.update_container(page["/Annots"])
    writer.update_container(page)


def add_action(writer: IncrementalPdfFileWriter) -> None:
    action = dictionary(S=pdf_name("/URI"), URI=TextStringObject("https://example.org"))
    writer.root[pdf_name("/OpenAction")] = action
    writer.update_root()  # type: ignore[no-untyped-call]


def add_field(writer: IncrementalPdfFileWriter) -> None:
    fields.append_signature_field(writer, fields.SigFieldSpec("sneaky", on_page=0, box=(0, 0, 300, 300)))


def add_hidden_field(writer: IncrementalPdfFileWriter) -> None:
    fields.append_signature_field(writer, fields.SigFieldSpec("sneaky"))


def field_of(writer: IncrementalPdfFileWriter, name: str) -> Any:
    ((_, _, reference),) = fields.enumerate_sig_fields(writer, with_name=name)
    return reference.get_object()


def change_appearance_of_a_signature(writer: IncrementalPdfFileWriter) -> None:
    widget = field_of(writer, "Toolkit")
    drawn = generic.StreamObject(stream_data=b"1 0 0 rg 0 0 50 50 re f")
    drawn[pdf_name("/Subtype")] = pdf_name("/Form")
    widget[pdf_name("/AP")] = dictionary(N=writer.add_object(drawn))
    writer.update_container(widget)


def move_an_open_field(writer: IncrementalPdfFileWriter) -> None:
    widget = field_of(writer, "owner")
    widget["/Rect"][0] = generic.NumberObject(0)  # type: ignore[no-untyped-call]
    writer.update_container(widget)


def drop_an_open_field(writer: IncrementalPdfFileWriter) -> None:
    form = writer.root["/AcroForm"]["/Fields"]
    form.remove(next(one for one in form if one.get_object()["/T"] == "owner"))
    writer.update_container(form)


def drop_a_signature(writer: IncrementalPdfFileWriter) -> None:
    widget = field_of(writer, "Toolkit")
    del widget["/V"]
    writer.update_container(widget)


def change_the_certification(writer: IncrementalPdfFileWriter) -> None:
    """The level of what may be changed is in the signature dictionary."""
    value = field_of(writer, "Toolkit")["/V"]
    value["/Reference"][0]["/TransformParams"][pdf_name("/P")] = generic.NumberObject(3)  # type: ignore[no-untyped-call]
    writer.update_container(value)


def drop_the_certification(writer: IncrementalPdfFileWriter) -> None:
    del writer.root["/Perms"]
    writer.update_root()  # type: ignore[no-untyped-call]


def change_the_structure(writer: IncrementalPdfFileWriter) -> None:
    tree = writer.root["/StructTreeRoot"]["/K"]
    element = tree[0] if isinstance(tree, generic.ArrayObject) else tree
    element[pdf_name("/Alt")] = TextStringObject("GO")
    writer.update_container(element)


def untag(writer: IncrementalPdfFileWriter) -> None:
    writer.root[pdf_name("/MarkInfo")] = dictionary(Marked=generic.BooleanObject(False))  # type: ignore[no-untyped-call]
    writer.update_root()  # type: ignore[no-untyped-call]


def add_an_unused_object(writer: IncrementalPdfFileWriter) -> None:
    """What a shadow attack prepares: content that nothing shows yet."""
    writer.add_object(dictionary(Type=pdf_name("/Page")))


def change_a_font(writer: IncrementalPdfFileWriter) -> None:
    """The shadow attack 'replace': other glyphs for the same text."""
    font = next(iter(page_of(writer)["/Resources"]["/Font"].values())).get_object()
    font[pdf_name("/ToUnicode")] = writer.add_object(generic.StreamObject(stream_data=b""))
    writer.update_container(font)


def change_the_tree_of_pages(writer: IncrementalPdfFileWriter) -> None:
    """The shadow attack 'hide and replace': the catalog points to another document."""
    box = generic.ArrayObject(generic.NumberObject(number) for number in (0, 0, 100, 100))  # type: ignore[no-untyped-call]
    page = writer.add_object(dictionary(Type=pdf_name("/Page"), MediaBox=box))
    tree = dictionary(Type=pdf_name("/Pages"), Kids=generic.ArrayObject([page]), Count=generic.NumberObject(1))  # type: ignore[no-untyped-call]
    writer.root[pdf_name("/Pages")] = writer.add_object(tree)
    writer.update_root()  # type: ignore[no-untyped-call]


def dictionary(**entries: Any) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(f"/{name}"): value for name, value in entries.items()})  # type: ignore[no-untyped-call]


ATTACKS = [
    change_title,
    change_metadata,
    change_attachment,
    add_attachment,
    change_page,
    change_page_content,
    add_page,
    add_annotation,
    add_action,
    add_field,
    add_hidden_field,
    change_appearance_of_a_signature,
    move_an_open_field,
    drop_an_open_field,
    drop_a_signature,
    change_the_certification,
    drop_the_certification,
    change_the_structure,
    untag,
    add_an_unused_object,
    change_a_font,
    change_the_tree_of_pages,
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_update_that_nobody_signed_is_refuted(approved: bytes, attack: Callable[[IncrementalPdfFileWriter], None]) -> None:
    assert refuted(updated(approved, attack))


@pytest.mark.parametrize("attack", [one for one in ATTACKS if one is not add_an_unused_object])
def test_an_update_that_a_signer_hides_behind_their_signature_is_refuted(
    approved: bytes, keys: Keys, attack: Callable[[IncrementalPdfFileWriter], None]
) -> None:
    """The signature is valid and covers the whole file; the certification forbids what else was changed."""
    try:
        pdf = signed_with(approved, "owner", keys["owner"], attack)
    except Exception as error:
        pytest.skip(f"pyHanko does not sign such a file: {error}")
    assert refuted(pdf)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_signature_after_a_forbidden_update_does_not_heal_it(
    approved: bytes, keys: Keys, attack: Callable[[IncrementalPdfFileWriter], None]
) -> None:
    try:
        pdf = sign_with_pyhanko(updated(approved, attack), "owner", keys["owner"])
    except Exception as error:
        pytest.skip(f"pyHanko does not sign such a file: {error}")
    assert refuted(pdf)
