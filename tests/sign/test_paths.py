"""The paths to an object: the same as those that pyHanko finds by walking the whole file, and found in files that it cannot walk."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pyhanko.pdf_utils.generic import Reference
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

from compliance.sign import _paths
from compliance.sign._paths import Links
from compliance.sign._reading import Resolver, read_pdf
from compliance.sign.keys import SigningKey
from compliance.sign.pdf import SignatureField, prepare_fields, sign_field, sign_pdf
from tests.sign.documents import WHEN, Authority, report
from tests.sign.programs import sign_with_pyhanko
from tests.sign.test_signers import ATTACKS, updated

Objects = Mapping[int, str | None]


def document(*revisions: Objects) -> bytes:
    """A PDF of these objects, each revision an update of the one before; object 1 is the catalog, None frees an object."""
    made, previous = b"%PDF-1.7\n", ""
    for objects in revisions:
        places = {}
        for number, content in objects.items():
            places[number] = 0 if content is None else len(made)
            made += b"" if content is None else f"{number} 0 obj\n{content}\nendobj\n".encode()
        rows = [f"{number} 1\n{place:010d} {'00000 n' if place else '00001 f'} \n" for number, place in places.items()]
        start = len(made)
        size = 1 + max(number for one in revisions for number in one)
        head = "" if previous else "0 1\n0000000000 65535 f \n"
        trailer = f"trailer\n<< /Size {size} /Root 1 0 R {previous} >>\nstartxref\n{start}\n%%EOF\n"
        made += f"xref\n{head}{''.join(rows)}{trailer}".encode()
        previous = f"/Prev {start}"
    return made


def answers(resolver: HistoricalResolver, references: set[Reference]) -> dict[Reference, set[Any]] | str:
    """What a resolver says of each object, or that it refuses the file."""
    try:
        resolver._load_reverse_xref_cache()  # type: ignore[no-untyped-call]
        return {one: resolver._get_usages_of_ref(one) for one in references}
    except Exception:
        return "refused"


def compared(pdf: bytes) -> list[dict[Reference, set[Any]] | str]:
    """Asks both resolvers for every object in every revision; returns the answers, which are the same."""
    reader, pyhankos = read_pdf(io.BytesIO(pdf)), PdfFileReader(io.BytesIO(pdf))
    links = Links(reader)
    table = reader.xrefs
    references = {one for number in range(table.total_revisions) for one in table.explicit_refs_in_revision(number)}
    found = []
    for number in range(table.total_revisions):
        expected = answers(HistoricalResolver(pyhankos, number), references)
        assert answers(Resolver(reader, number, links), references) == expected
        found.append(expected)
    return found


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return Authority().signing_key("Ada")


@pytest.fixture(scope="module")
def approved(key: SigningKey) -> bytes:
    """A document that three people signed, one of them with another program; one of the fields is on no page."""
    boxes = {"security": (0, (50.0, 50.0, 250.0, 120.0)), "qa": None, "owner": (0, (300.0, 50.0, 500.0, 120.0))}
    prepared = prepare_fields(report().content, [SignatureField(name, name, box) for name, box in boxes.items()])
    certified = sign_pdf(prepared, key, box=report().boxes["sig-toolkit"], reason="Packet", when=WHEN)
    once = sign_field(certified, "security", key, reason="Approve", when=WHEN)
    return sign_field(sign_with_pyhanko(once, "qa", key), "owner", key, reason="Approve", when=WHEN)


def test_of_a_document_that_several_people_signed(approved: bytes) -> None:
    found = compared(approved)
    assert len(found) == 6
    for revision in found:
        assert not isinstance(revision, str)
        assert sum(map(len, revision.values())) > 50


@pytest.mark.parametrize("change", ATTACKS)
def test_of_a_document_after_a_hostile_update(approved: bytes, change: Callable[[Any], None]) -> None:
    assert "refused" not in compared(updated(approved, change))


KEYS = ("/Parent", "/P", "/K", "/Kids", "/Annots", "/A", "/StructTreeRoot", "/Obj")
TYPES = ("", "/Type /Pages", "/Type /Page", "/Type /StructElem", "/Type /Other")


def value(chance: random.Random, numbers: range, depth: int = 0) -> str:
    kind = chance.random()
    if kind < 0.6:
        return f"{chance.choice(numbers)} 0 R"
    if depth == 2 or kind < 0.65:
        return "null"
    if kind < 0.85:
        return f"[{' '.join(value(chance, numbers, depth + 1) for _ in range(chance.randrange(3)))}]"
    return dictionary(chance, numbers, depth + 1)


def dictionary(chance: random.Random, numbers: range, depth: int = 0) -> str:
    keys = chance.sample(KEYS, chance.randrange(1, 5))
    return f"<< {chance.choice(TYPES)} {' '.join(f'{key} {value(chance, numbers, depth)}' for key in keys)} >>"


def tangle(chance: random.Random) -> bytes:
    """Objects that refer to each other at random, crosswise and in circles, with two updates that replace some of them."""
    numbers = range(1, 10)
    objects: dict[int, str | None] = {number: dictionary(chance, numbers) for number in numbers}
    objects[chance.choice(numbers)] = value(chance, numbers)
    structure = chance.choice(["", f"/StructTreeRoot {value(chance, range(4, 10))}", "/StructTreeRoot 4 0 R"])
    objects[1] = f"<< /Type /Catalog /Pages 2 0 R /AcroForm {value(chance, numbers)} {structure} >>"
    objects[2] = f"<< /Type /Pages /Kids [{chance.choice(['3 0 R', '3 0 R 5 0 R', '3 0 R 3 0 R', '6 0 R'])}] /A {value(chance, numbers)} >>"
    if chance.random() < 0.7:
        objects[4] = f"<< /K {value(chance, range(5, 10))} /P {value(chance, numbers)} /ParentTree {value(chance, numbers)} >>"
    updates = [{number: dictionary(chance, numbers) for number in chance.sample(numbers[2:], 3)} for _ in range(2)]
    return document(objects, *updates)


@pytest.mark.parametrize("part", range(4))
def test_of_objects_that_refer_to_each_other_at_random(part: int) -> None:
    chance = random.Random(part)
    found = [revision for _ in range(250) for revision in compared(tangle(chance))]
    walked = [revision for revision in found if not isinstance(revision, str)]
    assert len(walked) > 300
    assert sum(len(paths) > 5 for revision in walked for paths in revision.values()) > 200


def crosswise(depth: int) -> Objects:
    """Each object refers twice to the next one: two to the power of their number paths lead to the last."""
    catalog = {1: "<< /Type /Catalog /Pages 2 0 R /AcroForm 3 0 R >>", 2: "<< /Type /Pages /Kids [] >>"}
    chain = {number: f"<< /A {number + 1} 0 R /B {number + 1} 0 R >>" for number in range(3, 3 + depth)}
    return {**catalog, **chain, 3 + depth: "<< >>"}


def usages(pdf: bytes, number: int) -> set[Any]:
    reader = read_pdf(io.BytesIO(pdf))
    return Resolver(reader, 0, Links(reader)).usages(Reference(number, 0))


def test_of_an_object_that_is_used_in_more_ways_than_can_be_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(usages(document(crosswise(5)), 8)) == 32
    monkeypatch.setattr(_paths, "MAX_EFFORT", 100_000)
    pdf = document(crosswise(60))
    assert {str(path) for path in usages(pdf, 2)} == {".Root.Pages"}
    assert len(usages(pdf, 6)) == 8
    with pytest.raises(ValueError, match="objects of the file are used in too many ways to look at each"):
        usages(pdf, 63)


def test_an_object_that_no_path_leads_to_is_not_used() -> None:
    pdf = document({1: "<< /Type /Catalog /Pages 2 0 R >>", 2: "<< /Type /Pages /Kids [] >>", 3: "<< /A 4 0 R >>", 4: "<< /A 3 0 R >>"})
    assert usages(pdf, 3) == usages(pdf, 4) == set()


def test_of_an_object_that_an_update_frees() -> None:
    objects = {1: "<< /Type /Catalog /Pages 2 0 R /A 3 0 R >>", 2: "<< /Type /Pages /Kids [] >>", 3: "<< /A 2 0 R >>"}
    before, after = compared(document(objects, {3: None}))
    assert {str(path) for path in before[Reference(2, 0)]} == {".Root.Pages", ".Root.A.A"}  # type: ignore[index]
    assert after == "refused"


def test_an_object_that_cannot_be_read_is_refused_whichever_is_asked_for() -> None:
    pdf = document({1: "<< /Type /Catalog /Pages 2 0 R /A 3 0 R >>", 2: "<< /Type /Pages /Kids [] >>", 3: "<< /A"})
    assert compared(pdf) == ["refused"]
