"""People: risks have owners, conditions were met, and those who must decide have decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import Field

from compliance.gate import Area, AtMost, Inputs, Params, Place, Reason, Verdict, failed, gate, not_assessed, passed
from compliance.record import Assurance
from compliance.stand import Stand, is_overridden, missing
from compliance.times import show_due

from .._say import LIMIT, count

PRINCIPLE: Final = "People"


class Risks(Params):
    """Thresholds of REL-5."""

    high_residual: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Risks whose residual level is high and which no waiver accepts, at most (count)."""


@gate(
    id="REL-5",
    statement="Risks are owned and treated",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["risk-register"],
    min_assurance=Assurance.STATED,
    params=Risks,
)
def risks_are_treated(inputs: Inputs, params: Risks) -> Verdict:
    """Looks for what the registers leave out, and for high residual risks.

    Asks: Every risk has likelihood, impact, owner, mitigation and status, and no residual risk is HIGH without a valid waiver.

    Why: A risk without an owner is accepted by nobody and carried by the users.

    Evidence: The risk register of this version, or of none (`compliance ingest`). Without a residual level a risk counts as its likelihood
    and impact say. A stated register is accepted, and printed as such.

    Fix: Complete the named risk, carry out its mitigation, or have somebody who may accept it do so in a waiver of its finding
    (`compliance waive request --finding`, with the fingerprint that is named).

    Maps to: NIST SSDF PW.1.2, RV.2.2; SOC 2 CC3.2, CC9.1; ISO/IEC 27001:2022 A.5.8.
    """
    registers = [item.payload for item in inputs.of("risk-register")]
    risks = [risk for one in registers if one.version in (None, inputs.subject.version) for risk in one.risks]
    limits = {"lacking": 0, **params.model_dump()}
    lacking = [(risk, words) for risk in risks if (words := _lacks(risk))]
    high = [risk for risk in risks if risk.residual == "high" and not risk.waived]
    observed = {"risks": len(risks), "lacking": len(lacking), "high_residual": len(high), "waived": sum(risk.waived for risk in risks)}
    broken = []
    if len(high) > params.high_residual:
        broken.append(f"{count(len(high), 'high residual risk')} without a waiver ({', '.join(risk.id for risk in high[:3])})")
    if lacking:
        broken.append(f"{count(len(lacking), 'risk')} without {', '.join(lacking[0][1])} ({lacking[0][0].id})")
    if broken:
        places = [Place(f"{risk.id} {risk.title}", f"high residual risk, finding {risk.fingerprint}") for risk in high]
        places += [Place(f"{risk.id} {risk.title}", f"no {', no '.join(words)}") for risk, words in lacking]
        return failed("; ".join(broken), observed=observed, threshold=limits, places=places[:LIMIT])
    if not risks:
        return not_assessed(Reason.MISSING, "no risk is registered for this version", observed=observed, threshold=limits)
    worst = ", ".join(f"{sum(risk.residual == level for risk in risks)} {level}" for level in ("high", "medium", "low"))
    return passed(f"{count(len(risks), 'risk')}, each owned and treated; residual: {worst}", observed=observed, threshold=limits)


def _lacks(risk: Any) -> list[str]:
    told = {
        "likelihood": risk.likelihood is not None,
        "impact": risk.impact is not None,
        "owner": risk.owned,
        "mitigation": risk.mitigated,
        "status": risk.status is not None,
    }
    return [name for name, has in told.items() if not has]


@gate(
    id="REL-6",
    statement="The roles that must approve have approved",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["sign-off"],
    after_all=True,
    waivable=False,
)
def roles_approved(inputs: Inputs, _params: Params) -> Verdict:
    """Counts the approvals of each role that must approve.

    Asks: A quorum of the roles that must approve has approved (by default technical lead, security, product owner and safety coordinator),
    and none rejected; no approval has expired, and each is bound to the decision that is judged. Where the evidence says no-go, only
    those who may override it can approve, and all of them must.

    Why: An approval of something else, or of an earlier state, is no approval.

    Evidence: The sign-offs in the ledger (view `sign-off`), never a document that says so. The evidence outcome is decided without this
    gate, and approvers see it before they sign.

    Fix: Give each missing role the packet of this decision and have it signed (`compliance packet`, `compliance sign`); a changed
    decision needs new approvals. This gate cannot be waived.

    Maps to: SOC 2 CC8.1; ISO/IEC 27001:2022 A.5.2, A.8.32.
    """
    red = inputs.evidence_outcome == "no-go"
    needed = [role for role in inputs.roles if role.required or (red and role.may_override)]
    observed = {role.role: len(role.approvals) for role in needed}
    limits = {role.role: role.quorum for role in needed}
    rejected = [role for role in needed if role.rejections]
    if rejected:
        who = ", ".join(role.title for role in rejected)
        return failed(f"rejected by {who}", observed=observed, threshold=limits, places=_said(rejected))
    if red and is_overridden(inputs.roles):
        return passed("the no-go of the evidence is overridden by those who may", observed=observed, threshold=limits)
    lacking = [role for role in needed if not role.approved]
    void = [role for role in lacking if role.void]
    if not needed:
        return not_assessed(Reason.INCOMPLETE, "no role is required to approve", observed=observed, threshold=limits)
    if lacking:
        words = ", ".join(f"{role.title} ({missing(role)})" for role in lacking)
        reason = Reason.STALE if void else Reason.MISSING
        return not_assessed(reason, f"not approved: {words}", observed=observed, threshold=limits, places=_said(void))
    return passed(f"{count(len(needed), 'role')} approved", observed=observed, threshold=limits)


def _said(roles: Sequence[Stand]) -> list[Place]:
    """Returns what was said that stands in the way, without names of people."""
    said = [(role, one) for role in roles for one in (*role.rejections, *role.void)]
    return [Place(f"#{one.entry}", f"{role.title}: {one.defect or one.decision}") for role, one in said][:LIMIT]


@gate(
    id="REL-7",
    statement="Earlier conditions were met",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["condition"],
    waivable=False,
)
def conditions_met(inputs: Inputs, _params: Params) -> Verdict:
    """Looks for conditions that lapsed.

    Asks: No condition of an earlier approval is past its due date without the evidence that closes it.

    Why: A condition that nobody follows up turns every conditional approval into an unconditional one.

    Evidence: The conditions in the ledger (view `condition`): owner, due date, and the gate or kind of evidence that closes each. What
    closes it must have been observed after it was opened.

    Fix: Deliver the evidence that the named condition waits for, and record it. This gate cannot be waived.

    Maps to: NIST SSDF RV.2.2; SOC 2 CC8.1; ISO/IEC 27001:2022 A.8.32.
    """
    waiting = [one for one in inputs.conditions if one.met_by is None]
    lapsed = [one for one in waiting if one.due_at <= inputs.as_of]
    observed = {"conditions": len(inputs.conditions), "waiting": len(waiting), "lapsed": len(lapsed)}
    limits = {"lapsed": 0}
    if lapsed:
        places = [Place(one.id, f"due {show_due(one.due_at)}, waits for {one.waits_for}") for one in lapsed[:LIMIT]]
        message = f"{count(len(lapsed), 'condition')} past the due date: {', '.join(one.id for one in lapsed[:LIMIT])}"
        return failed(message, observed=observed, threshold=limits, places=places)
    if not inputs.conditions:
        return passed("no earlier approval was tied to a condition", observed=observed, threshold=limits)
    met = f"{len(inputs.conditions) - len(waiting)} of {count(len(inputs.conditions), 'condition')} met"
    return passed(met + (f", {len(waiting)} not due yet" if waiting else ""), observed=observed, threshold=limits)
