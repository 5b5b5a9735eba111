"""Checks a packet against what it carries: what its pages say follows from the attached report, whose own checks come before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import ValidationError

from ..errors import ComplianceError, InputError
from ..reading import jsontext
from ..record import sha256_hex
from ..report import bundle, bundle_check
from ..report.figures.model import TrendsFigure
from ..report.gates import WORDS, red_gates
from ..report.model import ReportModel
from ..report.signing import fingerprint
from ..sign.checks import Check
from .chart import verdicts
from .issue import FILE, PACKAGE, attachment, render
from .model import PacketModel
from .slots import MOST

MODEL_LIMIT: Final = 4 << 20
"""Bytes of the largest model that is read."""


def is_packet(attachments: Mapping[str, bytes]) -> bool:
    """Tells whether the attachments are those of a packet."""
    return FILE in attachments


def read(attachments: Mapping[str, bytes]) -> tuple[PacketModel, ReportModel]:
    """Returns the models of a packet.

    Raises:
        InputError: They are missing, too large, or none.
    """
    try:
        packet, report = (_model(attachments, name) for name in (FILE, bundle.MODEL))
        return PacketModel.model_validate(packet), ReportModel.model_validate(report)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{where}: {first['msg']}", expected="the models of a sign-off packet", where=FILE) from error


def _model(attachments: Mapping[str, bytes], name: str) -> object:
    content = attachments.get(name)
    if content is None or len(content) > MODEL_LIMIT:
        raise InputError("not attached" if content is None else f"{len(content)} bytes", expected="a sign-off packet", where=name)
    return jsontext.loads(content)


def verify(attachments: Mapping[str, bytes], unsigned: bytes) -> Iterator[Check]:
    """Checks the contents of a packet.

    Args:
        attachments: Its files by name.
        unsigned: The document as it was rendered.
    """
    yield from bundle_check.verify({name: content for name, content in attachments.items() if name != FILE})
    try:
        packet, report = read(attachments)
    except ComplianceError as error:
        yield Check("packet-model", "refuted", str(error))
        return
    yield _follows(packet, report, attachments[bundle.MODEL])
    yield _page(packet, report, attachments, unsigned)


def _follows(packet: PacketModel, report: ReportModel, report_json: bytes) -> Check:
    """Compares what the packet says with the judgement in the report."""
    assessment = report.assessment
    judged = [one for one in assessment.gates if one.id not in packet.people_gates]
    red = [one.id for one in red_gates(assessment) if one.id not in packet.people_gates]
    override = assessment.evidence_outcome == "no-go"
    pairs: tuple[tuple[str, object, object], ...] = (
        ("the attached report", packet.report_sha256, sha256_hex(report_json)),
        ("its subject", packet.subject, assessment.subject),
        ("its decision point", packet.point, assessment.point),
        ("its assessment", packet.assessment, report.proof.assessment_entry),
        ("its id", packet.id, f"P{report.proof.assessment_entry}-{report.proof.checkpoint.root[:8]}"),
        ("its log", packet.log, report.proof.checkpoint.note.splitlines()[0]),
        ("its time", packet.made_at, report.made_at),
        ("the decision digest", packet.decision_digest, assessment.decision_digest),
        ("the evidence digest", packet.evidence_digest, assessment.store.root),
        ("the outcome of the evidence", packet.evidence_outcome, assessment.evidence_outcome),
        ("the word on page 1", packet.word, WORDS[assessment.evidence_outcome]),
        ("the number of red gates", packet.red_total, len(red)),
        ("whether red gates are shown", bool(packet.red), bool(red)),
        ("the red gates on page 2", [one.id for one in packet.red], red[: len(packet.red)]),
        ("the verdicts by area", packet.verdicts, verdicts(judged)),
        ("the picture of the last releases", _trends(packet, report), True),
        ("the waivers", packet.waived_total, sum(one.active for one in assessment.waivers)),
        ("the conditions", packet.conditions_total, sum(one.met_by is None for one in assessment.conditions)),
        ("the overrides", [one.override for one in packet.slots if one.may_approve], [override] * sum(o.may_approve for o in packet.slots)),
        ("the fields", len({one.name for one in packet.slots}), min(len(packet.slots), MOST)),
    )
    wrong = next((name for name, said, found in pairs if said != found), None)
    if wrong is not None:
        return Check("packet-model", "refuted", f"{wrong} in packet.json is not that of the judgement")
    return Check("packet-model", "proven", f"packet {packet.id}: question, outcome, red gates and digests are those of the judgement")


def _trends(packet: PacketModel, report: ReportModel) -> bool:
    """Tells whether the picture against the last release, if there is one, is the beginning of the one in the report."""
    shown = None if packet.comparison is None else packet.comparison.figure
    whole = next((one for one in report.figures if isinstance(one, TrendsFigure)), None)
    if shown is None or whole is None:
        return shown is None
    return shown.releases == whole.releases and shown.trends == whole.trends[: len(shown.trends)]


def _page(packet: PacketModel, report: ReportModel, attachments: Mapping[str, bytes], unsigned: bytes) -> Check:
    """Renders the pages again and compares them with the bytes before the fields were prepared."""
    name = "page-render"
    here = fingerprint(PACKAGE)
    if (changed := next((key for key in sorted({*here, *report.renderer}) if here.get(key) != report.renderer.get(key)), None)) is not None:
        detail = f"rendered with {changed} {report.renderer.get(changed, 'unknown')}, here is {here.get(changed, 'none')}"
        return Check(name, "not-proven", detail)
    try:
        files = [attachment(packet) if file == FILE else bundle.attachment(file, content) for file, content in sorted(attachments.items())]
        again = render(packet, report, files).content
    except ComplianceError as error:
        return Check(name, "not-proven", f"the pages cannot be rendered here: {error}")
    except (KeyError, ValueError) as error:
        return Check(name, "refuted", f"the attached models cannot be rendered: {type(error).__name__}")
    if again != unsigned:
        return Check(name, "refuted", "the pages are not those that the attached models give")
    return Check(name, "proven", "rendering the attached models again gives the same bytes")
