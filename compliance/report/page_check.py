"""Checks that a report's pages say what its judgement and the ledger say, and nothing that a redacted copy leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError

from ..errors import ComplianceError
from ..reading import jsontext
from ..record import PRIVACY_CLASSES
from ..sign.checks import Check
from . import bundle, claims, decided, gates, page1
from .bundle_files import BundleFiles, RefutedError
from .model import ReportModel
from .redact import Redaction

MODEL_LIMIT: Final = 4 << 20
"""Bytes of the largest model that is rendered again: ours have 50 to 200 kB whatever the number of findings."""
_COMPARED: Final = ("id", "required", "verdict", "reason")


def page(files: BundleFiles) -> str:
    """Compares what the pages show with the judgement and the ledger."""
    model = files.model
    judged = {one.id: tuple(getattr(one, name) for name in _COMPARED) for one in model.assessment.gates}
    shown = [gate for framework in model.frameworks for principle in framework.principles for gate in principle.gates]
    if len(shown) != len(judged) or {one.id: tuple(getattr(one, name) for name in _COMPARED) for one in shown} != judged:
        raise RefutedError("the gates on the pages are not those of the judgement")
    titles = {framework.id: framework.title for framework in model.frameworks}
    if model.decision.frameworks != gates.framework_counts(model.assessment, titles):
        raise RefutedError("the counts on page 1 are not those of the judgement")
    red = gates.red_gates(model.assessment)
    decision = model.decision
    if decision.outcome != model.assessment.outcome or decision.word != gates.WORDS[decision.outcome] or decision.red_total != len(red):
        raise RefutedError("the outcome on page 1 is not that of the judgement")
    fit = len(decision.red)
    most = min(len(red), model.limits.red_gates)
    listed = [one.id for one in red[:fit]]
    if [one.id for one in decision.red] != listed or not min(1, most) <= fit <= most or decision.red_rest != page1.rest(red[fit:]):
        raise RefutedError("the red gates on page 1 are not those of the judgement")
    told = page1.notices(model.assessment, model.signer, model.decided, model.title, model.redacted)
    if [*decision.notices] != told[: model.limits.notices] or decision.notices_more != max(0, len(told) - len(decision.notices)):
        raise RefutedError("the notices on page 1 are not those of the judgement")
    if model.claims != claims.claims(model.assessment, model.limits):
        raise RefutedError("the claims on the pages are not those of the judgement")
    _people(model)
    for row in model.evidence.rows:
        kept = files.entries.get(row.number)
        if kept is None or kept.entry.body["artifact"]["sha256"] != row.sha256 or kept.entry.body["assurance"] != row.assurance:
            raise RefutedError(f"evidence {row.number} in the register is not that of the ledger")
    return f"{len(shown)} gates, the counts and the register on the pages are those of the judgement and the ledger"


def _people(model: ReportModel) -> None:
    """Compares what the pages say of approvals, waivers, conditions and overrides with the judgement."""
    shown, assessment, limits = model.decided, model.assessment, model.limits
    about = {row.id: row.about for row in shown.waivers}
    expected = (
        decided.roles(assessment),
        decided.waivers(assessment, about, shown.warn_days)[: limits.waivers],
        decided.conditions(assessment)[: limits.conditions],
    )
    if (shown.roles, shown.waivers, shown.conditions) != expected:
        raise RefutedError("the approvals, waivers or conditions on the pages are not those of the judgement")
    named = {row.entry for row in shown.overrides if row.state != "past"}
    if len(shown.overrides) < limits.overrides and named != {one.entry for one in assessment.overrides}:
        raise RefutedError("the overrides on the pages are not those of the judgement")


def redaction(files: BundleFiles) -> str:
    """Checks that what a redacted copy leaves out stands nowhere in its judgement: the values themselves are looked for elsewhere."""
    classes = files.model.redacted
    if not classes:
        return "a full report: no privacy class is left out"
    if list(classes) != [name for name in PRIVACY_CLASSES if name in classes]:
        raise RefutedError(f"the privacy classes that are left out are named as {', '.join(classes)}")
    judged = files.model.assessment
    again = Redaction(frozenset(classes)).assessment(judged)
    advice = {gate.id: gate.fix for gate in judged.gates}  # from the documentation of the gates, which is not private
    gates = tuple(gate.model_copy(update={"fix": advice[gate.id]}) for gate in again.gates)
    if again.model_copy(update={"gates": gates}) != judged:
        raise RefutedError("the judgement still holds what the copy says that it leaves out")
    return f"redacted copy: {', '.join(classes)} and free texts are left out, and committed to by the same ledger entries"


def verify_page(attachments: Mapping[str, bytes], unsigned: bytes) -> Check:
    """Renders the pages again from the attached model, and compares them with the bytes before the signature.

    Args:
        attachments: The files by name.
        unsigned: The file without what signing appended.
    """
    from .audit import render
    from .signing import fingerprint

    name = "page-render"
    try:
        if len(attachments[bundle.MODEL]) > MODEL_LIMIT:
            return Check(name, "not-proven", f"the attached model is larger than {MODEL_LIMIT} bytes")
        model = ReportModel.model_validate(jsontext.loads(attachments[bundle.MODEL]))
        here = fingerprint()
        if dict(model.renderer) != here:
            what = next(key for key in sorted({*here, *model.renderer}) if here.get(key) != model.renderer.get(key))
            detail = f"rendered with {what} {model.renderer.get(what, 'unknown')}, here is {here.get(what, 'none')}"
            return Check(name, "not-proven", detail)
        again = render(model, [bundle.attachment(one, attachments[one]) for one in sorted(attachments)]).content
    except ComplianceError as error:
        return Check(name, "not-proven", f"the pages cannot be rendered here: {error}")
    except (ValidationError, KeyError, ValueError) as error:
        return Check(name, "refuted", f"the attached model cannot be rendered: {type(error).__name__}")
    if again != unsigned:
        return Check(name, "refuted", "the pages are not those that the attached model gives")
    return Check(name, "proven", "rendering the attached model again gives the same bytes")
