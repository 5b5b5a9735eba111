"""The stand-alone verifier on signatures of every kind, and on what is added after them."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from compliance import standalone
from compliance.report import audit
from compliance.report.signing import Signing
from compliance.sign.keys import SigningKey
from compliance.sign.pdf import close_pdf
from compliance.sign.timestamp import Level, TimestampAuthority, Timestamping
from tests.report import scenario
from tests.report.scenario import Release
from tests.sign.differential import refuted
from tests.sign.documents import Authority, report
from tests.sign.programs import Poppler, sign_with_pyhanko
from tests.sign.services import Services
from tests.sign.test_attacks import FORGED, certify, classic, last_startxref, references, rows_only, shown, wrapped
from tests.sign.test_signers import ATTACKS, approve, updated

SEED = 20261128


def judged(pdf: bytes, *trusted: x509.Certificate) -> dict[str, str]:
    """Every check of the signatures, without those of the bundle."""
    result = standalone.Result()
    standalone.read_pdf(pdf, result, trusted)
    return {name: status for name, status, _ in result.checks if name != "attachments"}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def key(authority: Authority) -> SigningKey:
    return authority.signing_key("Ada")


@pytest.fixture(scope="module")
def certified(key: SigningKey) -> bytes:
    return certify(report().content, key)


@pytest.fixture(scope="module")
def approved(certified: bytes, key: SigningKey) -> bytes:
    """Signed by two: with this toolkit, and with pyHanko."""
    return sign_with_pyhanko(approve(certified, "qa", {"qa": key}), "owner", key)


SOUND = {"signature": "proven", "coverage": "proven", "certification": "proven", "signer": "proven"}


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa3072"])
def test_every_kind_of_key_with_its_chain(authority: Authority, kind: str) -> None:
    pdf = certify(report().content, authority.signing_key("Ada", kind))
    assert judged(pdf, authority.root) == judged(pdf, authority.middle) == SOUND
    assert judged(pdf, Authority().root)["signer"] == "not-proven"
    person = authority.signing_key("Eve")
    assert judged(certify(report().content, replace(person, chain=())), authority.root)["signer"] == "not-proven"


def test_signatures_in_prepared_fields_are_judged(approved: bytes, authority: Authority) -> None:
    assert judged(approved, authority.root) == SOUND | {"later-updates": "proven"}


def test_what_other_programs_change_besides_is_left_to_the_toolkit(tmp_path: Path, certified: bytes, authority: Authority) -> None:
    # poppler measures its signature by making one, so that it needs a key whose signatures are all of one length.
    poppler = Poppler(tmp_path, authority.signing_key("Quinn", "rsa3072"))
    assert judged(poppler.sign(certified, "qa"), authority.root) == SOUND | {"later-updates": "not-proven"}


@pytest.mark.parametrize("attack", ATTACKS)
def test_other_updates_are_never_proven(certified: bytes, approved: bytes, attack: Callable[..., None]) -> None:
    for pdf in (certified, approved):
        try:
            changed = updated(pdf, attack)
        except (KeyError, StopIteration):
            continue  # the attack is on a field that is signed here
        assert judged(changed)["later-updates"] in {"refuted", "not-proven"}


def test_named_attacks_are_not_proven(certified: bytes, approved: bytes) -> None:
    at = references(certified)
    for pdf in (
        *(wrapped(certified, repeat_range=one) for one in (True, False)),
        *(classic(certified, hybrid=one) for one in (True, False)),
        rows_only(certified, {at["content"]: 100}),
        rows_only(approved, {}, (at["page"],)),
        approved + b"\n",
        approved + b"%%EOF\n",
        approved[:-1],
    ):
        found = judged(pdf)
        assert {*found.values()} & {"refuted"} or found["later-updates"] == "not-proven"


def test_a_page_that_is_called_data_for_validation_is_a_page(certified: bytes) -> None:
    """Two updates: the first names the page as the store of such data, the second changes it."""
    page = references(certified)["page"]

    def rename(writer: Any) -> None:
        writer.root[pdf_name("/DSS")] = generic.IndirectObject(page, 0, writer)  # type: ignore[no-untyped-call]
        writer.update_root()

    def draw(writer: Any) -> None:
        reference, _ = writer.find_page_for_modification(0)
        reference.get_object()[pdf_name("/Rotate")] = writer.root["/Pages"]["/Count"]
        writer.update_container(reference.get_object())

    assert judged(updated(updated(certified, rename), draw))["later-updates"] == "refuted"


def appended(pdf: bytes, objects: dict[int, bytes], number: int, size: int) -> bytes:
    """An update in the form of this toolkit, with a table of cross-references under a number, which says that there are so many objects."""
    places = {}
    made = pdf
    for one, content in objects.items():
        places[one], made = len(made), made + b"%d 0 obj\n%b\nendobj\n" % (one, content)
    places[number] = len(made)
    rows = zlib.compress(b"".join(b"\1" + place.to_bytes(8, "big") + b"\0\0" for _, place in sorted(places.items())))
    index = b" ".join(b"%d 1" % one for one in sorted(places))
    (root, information), previous = re.findall(rb"/Root (\d+ 0 R)\n/Info (\d+ 0 R)", pdf)[-1], last_startxref(pdf)
    head = b"/Type /XRef\n/W [ 1 8 2 ]\n/Filter /FlateDecode\n/Size %d\n/Root %b\n/Info %b\n/Prev %d\n/Index [ %b ]\n/Length %d" % (
        size, root, information, previous, index, len(rows),
    )  # fmt: skip
    table = b"%d 0 obj\n<<\n%b\n>>\nstream\n%b\nendstream\nendobj\n" % (number, head, rows)
    return made + table + b"\nstartxref\n%d\n%%%%EOF\n" % len(made)


def data_for_validation(pdf: bytes, number: int) -> dict[int, bytes]:
    """The objects that bring such data: the store, a certificate in it, and the catalog that names the store."""
    catalog = references(pdf)["catalog"]
    before = re.findall(rb"\n%d 0 obj\n(<<.*?>>)\nendobj" % catalog, pdf, re.DOTALL)[-1]
    store, content = b"<<\n/Certs [ %d 0 R ]\n>>" % (number + 1), b"<<\n/Length 2\n>>\nstream\n0\0\nendstream"
    return {catalog: before.removesuffix(b">>") + b"/DSS %d 0 R\n>>" % number, number: store, number + 1: content}


def test_an_object_does_not_become_new_by_a_smaller_count(certified: bytes) -> None:
    content, size = references(certified)["content"], int(re.findall(rb"/Size (\d+)", certified)[-1])
    data = data_for_validation(certified, size)
    assert judged(appended(certified, data, size + 2, size + 3))["later-updates"] == "proven", "so that the form is the one that is read"
    assert judged(appended(certified, {}, size, size + 1))["later-updates"] == "refuted", "nothing but a table"
    drawn = b"<<\n/Length %d\n>>\nstream\n%b\nendstream" % (len(FORGED), FORGED)
    for said in (1, content, size):
        attack = appended(appended(certified, data, size + 2, said), {content: drawn}, size + 3, size + 4)
        assert judged(attack)["later-updates"] == "not-proven"
        assert refuted(attack)
        assert b"FORGED" in shown(attack)


def test_any_changed_byte_of_what_follows_is_noticed(approved: bytes, certified: bytes) -> None:
    chance = random.Random(SEED)
    gaps = [(int(a), int(b)) for a, b in re.findall(rb"/ByteRange \[0 (\d+) (\d+)", approved)]
    for _ in range(400):
        position = chance.randrange(len(certified), len(approved))
        changed = approved[:position] + bytes([approved[position] ^ chance.randrange(1, 256)]) + approved[position + 1 :]
        if any(start < position < end for start, end in gaps[1:]):
            continue  # certificates and padding inside of a signature are signed by nobody
        assert judged(changed)["later-updates"] != "proven", position


# --- reports ---


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with Services(tmp_path_factory.mktemp("services")).running() as running:
        yield running


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    with scenario.release(tmp_path_factory.mktemp("release"), [scenario.scan(5)]) as made:
        yield made


def make(release: Release, key: SigningKey, when: datetime, stamping: Timestamping | None = None) -> bytes:
    return audit.make(release, Signing(key, when, stamping)).pdf


@pytest.mark.parametrize("level", ["B-T", "B-LTA"])
def test_stamped_reports_are_verified(tmp_path: Path, release: Release, services: Services, level: Level) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    stamping = Timestamping(TimestampAuthority(services.timestamp_url), level, (services.root,))
    path = tmp_path / "r.pdf"
    path.write_bytes(make(release, services.person("Ada"), now, stamping))
    result = standalone.verify(path, (services.root,))
    assert (result.exit_code, {status for _, status, _ in result.checks}) == (0, {"proven"})
    said = {name: detail for name, _, detail in result.checks}
    assert said["timestamp"].startswith("Time at")
    assert ("timestamp of Time" in said.get("later-updates", "")) == (level == "B-LTA")
    if level == "B-LTA":
        path.write_bytes(close_pdf(path.read_bytes(), stamping, now))
        assert standalone.verify(path, (services.root,)).exit_code == 3, "a further timestamp brings a field, which is not judged here"


def test_an_expired_certificate_is_not_trusted(tmp_path: Path, release: Release, services: Services) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    path = tmp_path / "r.pdf"
    path.write_bytes(make(release, services.person("Brief", end=now - timedelta(days=1)), now - timedelta(days=3)))
    result = standalone.verify(path, (services.root,))
    assert result.exit_code == 6
    assert "is valid from" in next(detail for name, _, detail in result.checks if name == "signer")
