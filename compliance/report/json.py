"""The document ``compliance/check/v1``: an assessment as other programs read it (docs of the public contract)."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field

from ..assessment import AreaScore, Assessment, Changed, ClaimResult, GateResult, Outcome
from ..decision import Condition
from ..judgement.forecast import Forecast
from ..judgement.since import Comparison
from ..project import BaseRules
from ..record import Json, JsonDocument, Model
from ..stand import Stand
from ..times import rfc3339
from ..waiver import Waiver

SCHEMA: Final = "compliance/check/v1"
_SUBJECT: Final = ("project", "version", "commit", "environment")
_GATE: Final = (
    "id",
    "framework",
    "principle",
    "title",
    "required",
    "verdict",
    "reason",
    "message",
    "observed",
    "threshold",
    "evidence",
    "waivers",
    "claims",
    "fix",
)


class CheckedSubject(Model):
    """What was judged."""

    project: str
    version: str | None
    commit: str | None
    environment: str | None


class CheckedScore(Model):
    """The readiness score."""

    readiness: float | None
    """0 to 1; null when no gate is applicable."""
    areas: dict[str, AreaScore]
    formula: str


class CheckedGate(Model):
    """One gate."""

    id: str
    framework: str
    principle: str
    title: str
    required: bool
    verdict: Literal["pass", "fail", "waived", "not-applicable", "not-assessed"]
    reason: Literal["missing", "stale", "foreign", "weak", "unreadable", "incomplete", "profile", "declared"] | None
    message: str
    observed: Json
    threshold: Json
    evidence: list[int]
    waivers: list[str]
    claims: list[ClaimResult]
    """Of a gate that checks what documents say: each claim, its place, and what the evidence says."""
    fix: str


class CheckedStore(Model):
    """The ledger prefix that was seen."""

    size: int
    root: str


class CheckDocument(JsonDocument):
    """The whole document."""

    schema_id: Literal["compliance/check/v1"] = Field(alias="schema")
    subject: CheckedSubject
    point: str
    profile: str
    scope: Literal["full", "partial"]
    as_of: str
    """RFC 3339, UTC: the clock of the judgement."""
    judged_at: str
    """When it was really made."""
    hindsight: bool
    """Whether the two differ: an earlier moment was judged."""
    evidence_outcome: Outcome
    outcome: Outcome
    score: CheckedScore
    gates: list[CheckedGate]
    left_out: int
    loosened: list[Changed]
    store: CheckedStore
    policy_digest: str
    decision_digest: str
    """What approvals bind to."""
    overridden: bool
    """The evidence says no-go, and those who may override it approved."""
    waivers: list[Waiver]
    conditions: list[Condition]
    roles: list[Stand]
    forecast: Forecast | None = None
    """What turns red if nothing is done; only with ``--forecast``."""
    base: BaseRules | None = None
    """Of a check of a change: where configuration and policies come from, and what of its own is not honoured."""
    change: Comparison | None = None
    """What this change makes worse; only with ``--changed-since``."""


def check_document(assessment: Assessment) -> dict[str, Json]:
    """Returns an assessment as ``check --format json`` prints it and a report's ``assessment.json`` holds it."""
    whole = assessment.model_dump(mode="json")
    return {
        "schema": SCHEMA,
        "subject": {name: whole["subject"][name] for name in _SUBJECT},
        "point": assessment.point,
        "profile": assessment.profile,
        "scope": assessment.scope,
        "as_of": rfc3339(assessment.as_of),
        "judged_at": rfc3339(assessment.judged_at),
        "hindsight": assessment.hindsight,
        "evidence_outcome": assessment.evidence_outcome,
        "outcome": assessment.outcome,
        "score": whole["score"],
        "gates": [_gate(one) for one in assessment.gates],
        "left_out": assessment.left_out,
        "loosened": [one.model_dump(mode="json") for one in assessment.loosened],
        "store": whole["store"],
        "policy_digest": assessment.policy_digest,
        "decision_digest": assessment.decision_digest,
        "overridden": assessment.overridden,
        "waivers": whole["waivers"],
        "conditions": whole["conditions"],
        "roles": whole["roles"],
    }


def _gate(gate: GateResult) -> dict[str, Any]:
    whole = gate.model_dump(mode="json")
    return {name: whole[name] for name in _GATE}
