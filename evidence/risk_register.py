"""Kind of evidence: risk-register. Which risks are known, who answers for each, and what is left of it after what is done about it.

::

    schema: compliance/risk-register/v1
    recorded-at: 2025-09-20T09:00:00Z
    version: "1.8"
    risks:
      - id: R1
        title: Background scan answers 500
        likelihood: high                # low | medium | high
        impact: medium
        owner: jane@example.org         # private
        mitigation: Migration to the new client library, behind a flag
        residual: low                   # after the mitigation
        status: mitigated               # open | mitigating | mitigated | accepted | closed
      - {id: R2, title: No second region, likelihood: low, impact: high, owner: ops, mitigation: Daily export, status: accepted}

The level of a risk is its likelihood times its impact, each counted 1 to 3: from 6 on it is high, from 3 on medium. Where no ``residual``
is written, nothing says that the mitigation lowers the level, and it counts as it was. A closed risk has no residual risk. Each risk whose
residual level is high is a finding, so that a waiver can accept it by its fingerprint.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from compliance.kind import Format, Kind
from compliance.reading.recordfile import FORMAT, Many, ProjectRecord, RecordPart, Text, read, recogniser, refuse
from compliance.record import Assurance, Finding, Json, Model, Parsed, Payload, Private, Severity, fingerprint, shorten
from compliance.source import Source
from compliance.subject import Binding

Level = Literal["low", "medium", "high"]
RiskStatus = Literal["open", "mitigating", "mitigated", "accepted", "closed"]
_WEIGHTS: Final[dict[Level, int]] = {"low": 1, "medium": 2, "high": 3}


class RegisteredRisk(RecordPart):
    """A risk, as it is written; what is missing is judged, not refused."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    title: Text
    likelihood: Level | None = None
    impact: Level | None = None
    owner: Text | None = None
    """Who answers for it; private."""
    mitigation: Text | None = None
    """What is done about it; private."""
    residual: Level | None = None
    """Level that is left after the mitigation."""
    status: RiskStatus | None = None


class RiskRegisterRecord(ProjectRecord):
    """The document, as it is written."""

    schema_id: Literal["compliance/risk-register/v1"] = Field(alias="schema")
    risks: Many[RegisteredRisk]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        names = [risk.id for risk in self.risks]
        twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
        if twice is not None:
            raise refuse(f"risk {twice!r} twice", "each once")
        return self


class Risk(Model):
    """A risk."""

    id: str
    title: Annotated[str, Private("code")]
    likelihood: Level | None
    impact: Level | None
    owned: bool
    owner: Annotated[str | None, Private("people")]
    mitigated: bool
    """Whether a mitigation is written down."""
    mitigation: Annotated[str | None, Private("code")]
    status: RiskStatus | None
    residual: Level | None
    """Level that is left; None for a closed risk, and where likelihood and impact do not tell."""
    fingerprint: str
    """Of the finding that a high residual level is."""
    waived: bool = False
    """Accepted by a waiver of that finding."""


class RiskRegister(Payload):
    """What the register says."""

    version: str | None
    risks: tuple[Risk, ...]

    def summary(self) -> dict[str, Json]:
        """Returns counts: of risks, of those by residual level, and of those that lack something."""
        levels = Counter(risk.residual or "none" for risk in self.risks)
        lacking = sum(bool(lacks(risk)) for risk in self.risks)
        return {"risks": len(self.risks), "residual": dict(sorted(levels.items())), "lacking": lacking}


def lacks(risk: Risk) -> list[str]:
    """Returns what the register does not say of a risk."""
    told = {
        "likelihood": risk.likelihood is not None,
        "impact": risk.impact is not None,
        "owner": risk.owned,
        "mitigation": risk.mitigated,
        "status": risk.status is not None,
    }
    return [name for name, has in told.items() if not has]


def _level(risk: RegisteredRisk) -> Level | None:
    if risk.status == "closed":
        return None
    if risk.residual is not None or risk.likelihood is None or risk.impact is None:
        return risk.residual
    weight = _WEIGHTS[risk.likelihood] * _WEIGHTS[risk.impact]
    return "high" if weight >= 6 else "medium" if weight >= 3 else "low"


def _risk(risk: RegisteredRisk) -> Risk:
    return Risk(
        id=risk.id,
        title=risk.title,
        likelihood=risk.likelihood,
        impact=risk.impact,
        owned=risk.owner is not None,
        owner=risk.owner,
        mitigated=risk.mitigation is not None,
        mitigation=risk.mitigation,
        status=risk.status,
        residual=_level(risk),
        fingerprint=fingerprint("risk", risk.id, risk.title),
    )


def _finding(risk: Risk) -> Finding:
    return Finding(
        rule="residual-risk", severity=Severity.HIGH.value, fingerprint=risk.fingerprint, message=shorten(f"{risk.id}: {risk.title}")
    )


def _without(register: RiskRegister, findings: Sequence[Finding]) -> RiskRegister:
    """Marks the risks whose findings are waived."""
    waived = {finding.fingerprint for finding in findings}
    risks = tuple(risk.model_copy(update={"waived": risk.waived or risk.fingerprint in waived}) for risk in register.risks)
    return register.model_copy(update={"risks": risks})


def _parse(source: Source) -> Parsed:
    record = read(source, RiskRegisterRecord)
    risks = tuple(map(_risk, record.risks))
    return Parsed(
        payload=RiskRegister(version=record.version, risks=risks, incomplete=None if risks else "no risk in the register"),
        findings=[_finding(risk) for risk in risks if risk.residual == "high"],
        observed_at=record.recorded_at,
        version=record.version,
        assurance=Assurance.STATED,
    )


kind = Kind(id="risk-register", title="Risk register", binds_to=Binding.PROJECT, payload=RiskRegister, without=_without)

record_yaml = Format(
    name=FORMAT,
    title="Hand-written risk register",
    parser=1,
    recognise=recogniser("risk-register"),
    parse=_parse,
    marks=("schema: compliance/risk-register/v", "recorded-at", "risks"),
)
