"""Packets come back signed: by any program, in any order; each signature is recorded, or refused by name."""

from __future__ import annotations

import io
import itertools
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils.generic import TextStringObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from compliance import decision
from compliance.decision import Promise
from compliance.errors import InputError, UsageError
from compliance.home import signers
from compliance.packet import html, verify
from compliance.packet.final import assemble
from compliance.packet.issue import IssuedPacket, issue
from compliance.packet.receive import Received, receive
from compliance.packet.sign import decide, open_slot, sign
from compliance.packet.signed import read_packet
from compliance.report import audit
from compliance.report.signing import Signing
from compliance.sign.keys import SigningKey
from compliance.sign.pdf import sign_field
from compliance.sign.pdf_verify import inspect_pdf
from compliance.sign.trust import TrustStore
from compliance.stand import stands
from compliance.store import Draft, Store
from compliance.times import now
from compliance.verification.verify import verify_path
from tests import verapdf
from tests.packet import packets
from tests.packet.packets import Desk
from tests.report import scenario
from tests.report.scenario import WHEN
from tests.sign.documents import Authority, certificate, pem, private_key
from tests.sign.programs import Poppler, sign_with_pyhanko

LATER = WHEN + timedelta(hours=1)
ROLES = ("security", "product-owner", "qa")


def filled(pdf: bytes, **values: str) -> bytes:
    """What any program that knows forms writes."""
    out = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(out, strict=False)
    for field in (one.get_object() for one in writer.root["/AcroForm"]["/Fields"]):
        name = str(field["/T"])
        if name in values and field["/FT"] == "/Btn":
            field[pdf_name("/V")] = field[pdf_name("/AS")] = pdf_name(f"/{values[name]}")
            writer.update_container(field)
        elif name in values:
            field[pdf_name("/V")] = TextStringObject(values[name])
            writer.update_container(field)
    writer.write_in_place()  # type: ignore[no-untyped-call]
    return out.getvalue()


@pytest.fixture
def own(desk: Desk, tmp_path: Path) -> Iterator[Desk]:
    """The packet of `desk` over a copy of its store."""
    root = desk.project.root
    shutil.copytree(root, tmp_path / "own")
    with Store.open(tmp_path / "own" / "evidence.db", write=True) as store:
        project = scenario.project(tmp_path / "own", roles=packets.ROLES, sign={"trust": ["authority.pem"]})
        yield Desk(store, project, desk.packet, desk.keys, desk.authority, desk.release_key)


def take(desk: Desk, pdf: bytes, at: Any = LATER) -> list[Received]:
    return receive(desk.store, desk.project, pdf, signers(desk.project), at)


def approved(desk: Desk, pdf: bytes, role: str, **given: Any) -> bytes:
    """Signs as `compliance sign --pdf` does."""
    packet = read_packet(pdf)
    slot = open_slot(packet, role)
    given = {"override": True, "reason": "It cannot wait", "conditions": (), "word": "approve", **given}
    word, at = given.pop("word"), given.pop("at", WHEN + timedelta(minutes=1))
    return sign(packet, slot, decide(packet, slot, word, at, **given), desk.keys[role])


def reading(desk: Desk) -> dict[str, decision.SignOff]:
    found, _ = decision.read(desk.store, "Orchard", desk.project.roles, signers(desk.project))
    return {one.role: one for one in found}


# --- every order, several programs ---


@pytest.mark.parametrize("order", list(itertools.permutations(ROLES)), ids="-".join)
def test_three_people_sign_with_two_other_programs_in_any_order(tmp_path: Path, own: Desk, order: tuple[str, ...]) -> None:
    """pdfsig and pyHanko sign what was ticked before; every signature is valid to pdfsig, and says the same as before."""
    words = {
        "security": {"security-reject": "Yes", "security-reason": "Nobody has looked at the scans"},
        "product-owner": {"product-owner-approve": "Yes", "product-owner-reason": "We promised it"},
        "qa": {"qa-reject": "Yes", "qa-reason": "Tests fail"},
    }
    rsa = own.authority.signing_key("Quinn", "rsa3072")
    programs: dict[str, Callable[[bytes, str], bytes]] = {
        "security": lambda pdf, field: sign_with_pyhanko(pdf, field, own.keys["security"]),
        "product-owner": lambda pdf, field: sign_with_pyhanko(pdf, field, own.keys["product-owner"]),
        "qa": Poppler(tmp_path, rsa).sign,
    }
    pdf = own.packet.pdf
    for role in order:
        pdf = programs[role](filled(pdf, **words[role]), role)
    assert pdfsig(tmp_path, pdf).count("Signature is Valid") == 4
    found = take(own, pdf, at=machine_clock())
    assert [(one.role, one.status, one.reason) for one in found] == [(role, "recorded", None) for role in order]
    said = {role: (one.decision, one.reason, one.by, one.defect) for role, one in reading(own).items()}
    assert said == {
        "security": ("reject", "Nobody has looked at the scans", "Sasha", None),
        "product-owner": ("approve", "We promised it", "Otto", None),
        "qa": ("reject", "Tests fail", "Quinn", None),
    }


def machine_clock() -> Any:
    """Other programs sign with the clock of the machine."""
    return now()


def pdfsig(folder: Path, pdf: bytes) -> str:
    (folder / "check.pdf").write_bytes(pdf)
    return subprocess.run(["pdfsig", "-nocert", "-no-ocsp", str(folder / "check.pdf")], capture_output=True, text=True, check=True).stdout


# --- what a signature says ---


def test_a_decision_is_recorded_as_it_was_signed(own: Desk) -> None:
    promise = Promise(text="P99 below 1 s", owner="Otto", due_at=WHEN + timedelta(days=30), gate="T-RL-2")
    pdf = approved(own, own.packet.pdf, "product-owner", word="approve-with-conditions", conditions=(promise,))
    (made,) = take(own, pdf)
    assert (made.status, made.reason) == ("recorded", None)
    found, conditions = decision.read(own.store, "Orchard", own.project.roles, signers(own.project))
    assert [(one.decision, one.override, one.reason, one.conditions, one.method) for one in found] == [
        ("approve-with-conditions", True, "It cannot wait", (promise,), "pdf")
    ]
    assert found[0].packet == own.packet.sha256
    assert found[0].decision_digest == own.packet.packet.decision_digest
    assert [(one.text, one.gate, one.due_at) for one in conditions] == [("P99 below 1 s", "T-RL-2", promise.due_at)]
    (stand,) = [
        one for one in stands(found, own.project.roles, "production", found[0].decision_digest, LATER) if one.role == "product-owner"
    ]
    assert stand.approved


def test_what_is_signed_is_read_again_from_the_kept_file_each_time(own: Desk) -> None:
    take(own, approved(own, own.packet.pdf, "security"))
    assert reading(own)["security"].defect is None
    (own.project.root / "authority.pem").write_bytes(pem(Authority().root))
    assert "not in the trust store" in str(reading(own)["security"].defect)


def test_a_sign_off_that_says_something_else_than_its_document_does_not_count(own: Desk) -> None:
    take(own, approved(own, own.packet.pdf, "security"))
    (entry,) = own.store.entries(types=["sign-off"])
    body = {name: value for name, value in entry.body.items() if name not in ("v", "type", "at", "after", "private")}
    private: dict[Any, Any] = own.store.private(entry.number)
    own.store.append([Draft(type="sign-off", body={**body, "role": "qa"}, private=private)])
    assert "says something else" in str(reading(own)["qa"].defect)


def test_the_same_file_again_is_a_duplicate_and_a_later_one_adds_what_is_new(own: Desk) -> None:
    one = approved(own, own.packet.pdf, "security")
    assert [made.status for made in take(own, one)] == ["recorded"]
    assert [made.status for made in take(own, one)] == ["duplicate"]
    assert [made.status for made in take(own, approved(own, one, "product-owner"))] == ["duplicate", "recorded"]


# --- refused by name ---


def refused(desk: Desk, pdf: bytes, at: Any = LATER) -> str:
    (made,) = take(desk, pdf, at)
    assert (made.status, made.entry) == ("refused", None)
    assert desk.store.has_entries(["sign-off", "packet.received"]) is False
    return str(made.reason)


def signed_by(desk: Desk, field: str, key: SigningKey, **values: str) -> bytes:
    return sign_field(desk.packet.pdf, field, key, reason="Approve", when=WHEN + timedelta(minutes=1), values=values)


OVERRIDE = {"security-approve": "Yes", "security-reason": "It cannot wait"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "signed without a decision: no box is ticked"),
        ({"security-reason": "I approve"}, "signed without a decision: no box is ticked"),
        ({**OVERRIDE, "security-reject": "Yes"}, "signed with 2 boxes ticked"),
        ({"security-reject": "Yes"}, "a rejection without reason"),
        ({"security-approve": "Yes"}, "an override without reason"),
        ({**OVERRIDE, "security-condition-1": "Fix it"}, "condition 1 is without owner"),
        ({"security-conditions": "Yes", "security-reason": "x"}, "an approval with conditions, but without any"),
    ],
)
def test_a_signature_that_decides_nothing_clear_is_refused(own: Desk, values: dict[str, str], message: str) -> None:
    assert message in refused(own, signed_by(own, "security", own.keys["security"], **values))


CONDITION = {
    "security-conditions": "Yes",
    "security-reason": "x",
    "security-condition-2": "Fix it",
    "security-owner-2": "Otto",
    "security-due-2": "2026-12-24",
    "security-closed-by-2": "gate T-RL-2",
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"security-due-2": "soon"}, "condition 2 is due 'soon'"),
        ({"security-due-2": "2026-11-01"}, "a date that has passed already"),
        ({"security-closed-by-2": "gate T-RL-99"}, "condition 2 is closed by 'gate T-RL-99'"),
        ({"security-closed-by-2": "magic"}, "condition 2 is closed by 'magic'"),
        ({"security-owner-2": " "}, "condition 2 is without owner"),
        ({"security-conditions": "", "security-approve": "Yes"}, "conditions with approve"),
    ],
)
def test_a_condition_that_is_unclear_is_refused(own: Desk, change: dict[str, str], message: str) -> None:
    assert message in refused(own, signed_by(own, "security", own.keys["security"], **{**CONDITION, **change}))


def test_a_day_lasts_until_it_ends(own: Desk) -> None:
    (made,) = take(own, signed_by(own, "security", own.keys["security"], **CONDITION))
    assert made.said is not None
    assert made.said.conditions[0].due_at.isoformat() == "2026-12-25T00:00:00+00:00"


def test_the_wrong_person_is_refused(own: Desk) -> None:
    reason = refused(own, signed_by(own, "security", own.keys["product-owner"], **OVERRIDE))
    assert "Otto does not hold the role security" in reason


def test_a_certificate_that_nobody_trusts_is_refused(own: Desk) -> None:
    assert "is not in the trust store" in refused(own, signed_by(own, "security", Authority().signing_key("Sasha"), **OVERRIDE))


def test_an_expired_certificate_is_refused_though_it_was_valid_when_it_signed(own: Desk) -> None:
    pdf = signed_by(own, "security", own.keys["security"], **OVERRIDE)
    assert "certificate of Sasha was not valid at" in refused(own, pdf, LATER + timedelta(days=3 * 365))


def test_a_certificate_that_had_expired_when_it_signed_is_refused(own: Desk) -> None:
    key = private_key("p256")
    short = certificate("Sasha", key, start=WHEN - timedelta(days=9), end=WHEN + timedelta(seconds=90))
    (own.project.root / "authority.pem").write_bytes(pem(own.authority.root, short))
    pdf = signed_by(own, "security", SigningKey(key, short), **OVERRIDE)
    assert "was not valid at" in refused(own, pdf)


def test_a_signature_from_before_the_packet_or_from_the_future_is_refused(own: Desk) -> None:
    early = sign_field(own.packet.pdf, "security", own.keys["security"], reason="x", when=WHEN - timedelta(days=1), values=OVERRIDE)
    assert "before the packet was made" in refused(own, early)
    late = sign_field(own.packet.pdf, "security", own.keys["security"], reason="x", when=LATER + timedelta(days=1), values=OVERRIDE)
    assert "has not come yet" in refused(own, late)


def test_one_person_does_not_sign_for_two_roles(own: Desk) -> None:
    project = scenario.project(
        own.project.root,
        roles={**packets.ROLES, "product-owner": {"people": ["Sasha"], "override": True}},
        sign={"trust": ["authority.pem"]},
    )
    pdf = approved(own, own.packet.pdf, "security")
    values = {"product-owner-approve": "Yes", "product-owner-reason": "again"}
    pdf = sign_field(pdf, "product-owner", own.keys["security"], reason="x", when=WHEN + timedelta(minutes=2), values=values)
    found = receive(own.store, project, pdf, signers(project), LATER)
    assert [(one.role, one.status) for one in found] == [("security", "recorded"), ("product-owner", "refused")]
    assert "Sasha signed for security already" in str(found[1].reason)


def verified(desk: Desk, pdf: bytes, folder: Path) -> tuple[int, dict[str, str]]:
    """What `compliance verify` says of a packet: the exit code, and the detail of each check of a decision that is not proven."""
    (folder / "verified.pdf").write_bytes(pdf)
    trust = TrustStore([desk.authority.root])
    found = verify_path(folder / "verified.pdf", trust, store=None, project=desk.project, replay=False)
    return found.exit_code(), {one.name: one.detail for one in found.checks if one.name.startswith("decision") and one.status != "proven"}


def test_a_packet_that_a_stranger_signed_is_not_verified(own: Desk, tmp_path: Path) -> None:
    """The packet is the release engineer's; whoever has it can sign it under the name of a person, with a certificate of their own."""
    assert verified(own, signed_by(own, "security", own.keys["security"], **OVERRIDE), tmp_path) == (0, {})
    key = private_key("p256")
    for stranger in (Authority().signing_key("Sasha"), SigningKey(key, certificate("Sasha", key))):
        code, doubts = verified(own, signed_by(own, "security", stranger, **OVERRIDE), tmp_path)
        assert (code, "is not in the trust store" in doubts["decision-security"]) == (6, True)


def test_a_certificate_that_has_expired_can_claim_any_earlier_time(own: Desk, tmp_path: Path) -> None:
    middle = own.authority.middle, own.authority._middle_key
    key = private_key("p256")
    expired = certificate("Sasha", key, middle, start=WHEN - timedelta(days=9), end=WHEN + timedelta(seconds=90))
    code, doubts = verified(own, signed_by(own, "security", SigningKey(key, expired, middle[:1]), **OVERRIDE), tmp_path)
    assert (code, "no trusted timestamp shows that the signature is older" in doubts["decision-security"]) == (6, True)


def test_that_one_person_signed_two_fields_is_said(own: Desk) -> None:
    values = {"product-owner-approve": "Yes", "product-owner-reason": "again"}
    pdf = approved(own, own.packet.pdf, "security")
    pdf = sign_field(pdf, "product-owner", own.keys["security"], reason="x", when=WHEN + timedelta(minutes=2), values=values)
    packet = read_packet(pdf)
    slots = tuple(one.model_copy(update={"people": ("Sasha",)}) for one in packet.packet.slots)
    named = replace(packet, packet=packet.packet.model_copy(update={"slots": slots}))
    *_, summary = verify.signatures(named, TrustStore([own.authority.root]))
    assert (summary.name, summary.status) == ("decisions", "not-proven")
    assert "Sasha signed security and product-owner, which counts once" in summary.detail


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda pdf: pdf[:-40], "altered or broken"),
        (lambda pdf: pdf + b"\n", "altered or broken: structure"),
        (lambda pdf: pdf.replace(b"/Lang (en)", b"/Lang (de)", 1), "altered or broken: document-digest"),
        (lambda pdf: filled(pdf, **{"security-reason": "It can wait"}), "altered or broken: coverage"),
        (lambda _: b"%PDF-1.7\n", "altered or broken"),
    ],
)
def test_an_altered_document_is_refused(own: Desk, change: Callable[[bytes], bytes], message: str) -> None:
    with pytest.raises(InputError, match=message):
        take(own, change(approved(own, own.packet.pdf, "security")))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"security-approve": "Off", "security-reject": "Yes"}, "altered or broken: later-revisions"),
        ({"security-reason": "It can wait"}, "altered: security-reason was changed after security was signed"),
    ],
)
def test_a_block_that_changes_once_it_is_signed_is_refused_whoever_signs_after_that(
    own: Desk, values: dict[str, str], message: str
) -> None:
    pdf = filled(approved(own, own.packet.pdf, "security"), **values)
    with pytest.raises(InputError, match=message):
        take(own, sign_with_pyhanko(filled(pdf, **{"product-owner-reject": "Yes"}), "product-owner", own.keys["product-owner"]))


def test_a_packet_that_nobody_signed_or_that_another_store_issued_is_refused(own: Desk, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nobody has signed it"):
        take(own, own.packet.pdf)
    with packets.desk(tmp_path / "other") as other:
        pdf = approved(own, own.packet.pdf, "security")
        with pytest.raises(InputError, match="a packet of the log"):
            take(other, pdf)


def test_an_audit_report_is_no_packet(own: Desk) -> None:
    judged = packets.judge(own.store, own.project)
    made = audit.make(judged, Signing(own.release_key, WHEN))
    with pytest.raises(InputError, match="no sign-off packet"):
        take(own, made.pdf)


# --- compliance sign --pdf ---


def test_a_field_is_signed_once_and_more_conditions_than_fit_are_refused(own: Desk) -> None:
    pdf = approved(own, own.packet.pdf, "security")
    with pytest.raises(UsageError, match="every field of the role security is signed"):
        open_slot(read_packet(pdf), "security")
    with pytest.raises(UsageError, match="no field for the role secureity"):
        open_slot(read_packet(pdf), "secureity")
    promise = Promise(text="x", owner="y", due_at=LATER, gate="T-RL-2")
    with pytest.raises(UsageError, match="a block has room for 2"):
        approved(own, own.packet.pdf, "security", word="approve-with-conditions", conditions=(promise,) * 3)


def test_a_role_that_may_not_override_has_nothing_to_approve_with(own: Desk) -> None:
    with pytest.raises(UsageError, match="may not override it"):
        approved(own, own.packet.pdf, "qa")


def test_a_long_reason_is_drawn_into_its_field(own: Desk, tmp_path: Path) -> None:
    reason = "Grund: das Zertifikat läuft ab – “siehe Anhang”. " * 12
    pdf = approved(own, own.packet.pdf, "security", reason=reason.strip())
    (tmp_path / "long.pdf").write_bytes(pdf)
    assert take(own, pdf)[0].status == "recorded"
    assert reading(own)["security"].reason == reason.strip()


def test_the_final_packet_carries_every_document_as_it_was_signed(own: Desk, tmp_path: Path) -> None:
    pdf = approved(own, own.packet.pdf, "security", word="reject", override=False)
    pdf = approved(own, pdf, "product-owner")
    assert [one.status for one in take(own, pdf)] == ["recorded", "recorded"]
    judged = packets.judge(own.store, own.project)
    made = assemble(judged, Signing(own.release_key, LATER))
    files = {one.name: one.content for one in made.attachments}
    assert files["packet.pdf"] == pdf
    assert pdfsig(tmp_path, files["packet.pdf"]).count("Signature is Valid") == 3
    assert pdfsig(tmp_path, files["report.pdf"]).count("Signature is Valid") == 1
    assert [(role.role, [one.decision for one in role.decided]) for role in made.record.roles] == [
        ("security", ["reject"]),
        ("product-owner", ["approve"]),
        ("qa", []),
    ]
    signed = inspect_pdf(made.pdf)
    assert signed.is_intact
    trust = TrustStore([own.authority.root])
    checks = list(verify.final(signed.attachments, made.pdf[: signed.unsigned_length], trust))
    assert [one for one in checks if one.status != "proven"] == []
    assert {"record-attachments", "page-render", "packet.pdf: decision-security", "report.pdf: decision"} <= {one.name for one in checks}
    (tmp_path / "final.pdf").write_bytes(made.pdf)
    assert verapdf.failures(["3a", "ua1"], tmp_path / "final.pdf") == {"final.pdf 3a": {}, "final.pdf ua1": {}}
    cut_off = {**signed.attachments, "packet.pdf": own.packet.pdf}
    refuted = {one.name for one in verify.final(cut_off, b"", trust) if one.status == "refuted"}
    assert {"record-attachments", "page-render"} < refuted
    assert sum(name.startswith("record-entry-") for name in refuted) == 2


def test_an_override_stands_in_red_on_page_1_of_later_packets(own: Desk) -> None:
    def front(packet: IssuedPacket) -> str:
        return html.render(packet.packet, packet.report).partition("Recommendation, by rule")[0]

    assert 'class="override"' not in front(own.packet)
    assert [one.status for one in take(own, approved(own, approved(own, own.packet.pdf, "security"), "product-owner"))] == ["recorded"] * 2
    judged = packets.judge(own.store, own.project)
    later = issue(judged, Signing(own.release_key, LATER))
    red = front(later).partition('<ul class="override">')[2].partition("</ul>")[0]
    assert "<b>Overridden.</b>" in red
    assert all(name in red for name in ("Sasha", "Otto", "It cannot wait"))
    assert front(later).count("It cannot wait") == 1


def test_without_a_packet_about_the_decision_nothing_is_final(own: Desk) -> None:
    own.store.record([scenario.scan(3, "another")])
    judged = packets.judge(own.store, own.project)
    with pytest.raises(UsageError, match="no packet about this decision was issued"):
        assemble(judged, Signing(own.release_key, LATER))
