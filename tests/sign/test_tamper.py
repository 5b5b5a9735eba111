"""Single bytes changed at random, everywhere and in every sort of file; and what must raise no alarm, in every order."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache

import pytest

from compliance.sign.keys import SigningKey
from compliance.sign.pdf import SignatureField, close_pdf, prepare_fields, sign_field, sign_pdf
from compliance.sign.pdf_verify import inspect_pdf
from compliance.sign.timestamp import TimestampAuthority, Timestamping
from tests.sign.differential import refuted
from tests.sign.documents import report
from tests.sign.programs import sign_with_pyhanko
from tests.sign.services import Services
from tests.sign.test_signers import troubles

SEED = 20261127
PARTS, EACH = 10, 250
ROLES = {"security": (0, (50.0, 50.0, 250.0, 120.0)), "qa": None, "owner": (0, (300.0, 50.0, 500.0, 120.0))}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with Services(tmp_path_factory.mktemp("services")).running() as running:
        yield running


@pytest.fixture(scope="module")
def people(services: Services) -> dict[str, SigningKey]:
    return {role: services.person(role, kind) for role, kind in zip((*ROLES, "Toolkit"), ("p384", "rsa3072", "p256", "p256"), strict=True)}


@pytest.fixture(scope="module")
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def signed(people: dict[str, SigningKey], now: datetime) -> bytes:
    """A report that the toolkit alone has signed."""
    return sign_pdf(report().content, people["Toolkit"], box=report().boxes["sig-toolkit"], reason="Report", when=now)


@pytest.fixture(scope="module")
def certified(people: dict[str, SigningKey], now: datetime) -> bytes:
    prepared = prepare_fields(report().content, [SignatureField(name, f"Signature of {name}", box) for name, box in ROLES.items()])
    return sign_pdf(prepared, people["Toolkit"], box=report().boxes["sig-toolkit"], reason="Packet", when=now)


@pytest.fixture(scope="module")
def steps(services: Services, people: dict[str, SigningKey], now: datetime) -> dict[str, Callable[[bytes], bytes]]:
    """What may happen to a certified document: signatures of this toolkit and of another program, and timestamps over all of it."""
    stamping = Timestamping(TimestampAuthority(services.timestamp_url), "B-T", (services.root,))

    def approve(role: str, timestamping: Timestamping | None = None) -> Callable[[bytes], bytes]:
        return lambda pdf: sign_field(pdf, role, people[role], reason="Approve", when=now, timestamping=timestamping)

    return {
        "security": approve("security"),
        "qa": lambda pdf: sign_with_pyhanko(pdf, "qa", people["qa"]),
        "owner": approve("owner", stamping),
        "timestamp": lambda pdf: close_pdf(pdf, stamping, now),
    }


Made = Callable[[tuple[str, ...]], bytes]


@pytest.fixture(scope="module")
def made(certified: bytes, steps: dict[str, Callable[[bytes], bytes]]) -> Made:
    """The certified document after some of the steps, in their order."""

    @cache
    def after(order: tuple[str, ...]) -> bytes:
        return steps[order[-1]](after(order[:-1])) if order else certified

    return after


def test_no_legal_signature_in_any_order_raises_an_alarm(made: Made, steps: dict[str, Callable[[bytes], bytes]]) -> None:
    orders = [order for length in range(len(steps) + 1) for order in itertools.permutations(steps, length)]
    assert len(orders) == 65
    for order in orders:
        result = inspect_pdf(made(order))
        assert troubles(result) == {}, order
        assert [one.field.lower() for one in result.later] == list(order)
        assert set(result.open_fields) == set(ROLES) - set(order)


def flipped(pdf: bytes, chance: random.Random) -> tuple[int, bytes]:
    position = chance.randrange(len(pdf))
    return position, pdf[:position] + bytes([pdf[position] ^ chance.randrange(1, 256)]) + pdf[position + 1 :]


@pytest.mark.parametrize("part", range(PARTS))
def test_any_single_changed_byte_of_a_report_is_refuted(signed: bytes, part: int) -> None:
    """2,500 changes in all; a part is what one process does."""
    chance = random.Random(SEED + part)
    for _ in range(EACH):
        position, changed = flipped(signed, chance)
        assert refuted(changed), position


@pytest.mark.parametrize(
    "order", [("security",), ("security", "owner"), ("qa", "timestamp"), ("timestamp", "owner", "security")], ids="-".join
)
def test_any_single_changed_byte_under_several_signatures_is_refuted(made: Made, order: tuple[str, ...]) -> None:
    chance = random.Random(f"{SEED}{order}")
    for _ in range(100):
        position, changed = flipped(made(order), chance)
        assert refuted(changed), position


def test_every_cut_between_two_updates_is_the_document_before(made: Made) -> None:
    """Only the ledger, or who expects a signature, misses one that was cut off; at every other length the file is refuted."""
    order = ("security", "timestamp", "owner", "qa")
    pdf, ends = made(order), [len(made(order[:length])) for length in range(len(order) + 1)]
    assert all(pdf.startswith(made(order[:length])) for length in range(len(order)))
    chance = random.Random(SEED)
    for end in ends[:-1]:
        assert troubles(inspect_pdf(pdf[:end])) == {}
        for cut in (end - 1, end + 1, chance.randrange(end + 1, len(pdf))):
            assert cut in ends or refuted(pdf[:cut])
