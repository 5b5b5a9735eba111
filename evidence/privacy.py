"""Kind of evidence: privacy. What personal data is processed for, and how people can exercise their rights.

::

    schema: compliance/privacy/v1
    recorded-at: 2025-09-20T09:00:00Z
    reviewed-at: 2025-09-01T09:00:00Z
    laws: [gdpr, ccpa]
    activities:
      - id: accounts
        purpose: Signing in and keeping settings
        lawful-basis: contract
        data-categories: [name, e-mail address]
        recipients: [hosting provider]         # [] says that there are none
        retention-days: 730
        retention-from: the end of the contract
        transfers: [{to: US, safeguard: standard contractual clauses}]
        security-measures: [encryption at rest, access by role]
    rights:
      - right: access                          # access | rectification | erasure | portability | objection
        procedure: docs/privacy/access.md
        limit-days: 30
        test: {tested-at: 2025-08-20T09:00:00Z, took-days: 2}

A record of processing activities (GDPR art. 30) and the procedures for people's rights. What an activity does not say is judged, not
refused; an empty list says that there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from compliance.kind import Format, Kind
from compliance.reading.recordfile import FORMAT, Digest, Many, ProjectRecord, RecordPart, Text, Time, read, recogniser, refuse, written
from compliance.record import Assurance, Citation, Json, Model, Parsed, Payload, Private
from compliance.source import Source
from compliance.subject import Binding

Law = Literal["gdpr", "ccpa"]
Basis = Literal["consent", "contract", "legal-obligation", "vital-interests", "public-task", "legitimate-interests"]
Right = Literal["access", "rectification", "erasure", "portability", "objection"]
Days = Annotated[int, Field(ge=0, le=36_525)]


class Transfer(RecordPart):
    """A transfer to a country outside."""

    to: Text
    """Country or organisation."""
    safeguard: Text | None = None
    """What protects the data there: an adequacy decision, standard contractual clauses."""


class ProcessingActivity(RecordPart):
    """An activity, as it is written."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    purpose: Text | None = None
    lawful_basis: Basis | None = None
    """One of GDPR art. 6(1)."""
    data_categories: Annotated[Many[Text], Field(min_length=1)] | None = None
    recipients: Many[Text] | None = None
    """Who receives the data; an empty list says that nobody does."""
    retention_days: Days | None = None
    """How long the data is kept; absent: without limit, or not decided."""
    retention_from: Text | None = None
    """What the time of retention runs from."""
    transfers: Many[Transfer] | None = None
    """Transfers to other countries; an empty list says that there are none."""
    security_measures: Annotated[Many[Text], Field(min_length=1)] | None = None


class RightTest(RecordPart):
    """A try of a procedure with a test person."""

    tested_at: Time
    took_days: Annotated[float, Field(ge=0, le=3650, strict=False)]
    """Days from the request to the answer."""
    artifact: Digest | None = None
    """Digest of the kept artifact that proves the test."""


class RightProcedure(RecordPart):
    """How a right is exercised, as it is written."""

    right: Right
    """``objection`` includes the opt-out of the CCPA."""
    procedure: Text | None = None
    """Where it is written down; private."""
    limit_days: Days | None = None
    """Days within which the procedure ends."""
    test: RightTest | None = None


class PrivacyRecord(ProjectRecord):
    """The document, as it is written."""

    schema_id: Literal["compliance/privacy/v1"] = Field(alias="schema")
    reviewed_at: Time | None = None
    """When whoever answers for it last reviewed the record."""
    reviewed_by: Text | None = None
    """Who that was; private."""
    laws: Annotated[Many[Law], Field(min_length=1)] = ("gdpr",)
    activities: Many[ProcessingActivity] = ()
    rights: Many[RightProcedure] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for what, names in (("activity", [one.id for one in self.activities]), ("right", [one.right for one in self.rights])):
            twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
            if twice is not None:
                raise refuse(f"{what} {twice!r} twice", "each once")
        if self.reviewed_at is not None and self.reviewed_at > self.recorded_at:
            raise refuse(f"reviewed-at {written(self.reviewed_at)}", f"a time not after recorded-at {written(self.recorded_at)}")
        return self


class Activity(Model):
    """A processing activity."""

    id: str
    lacks: tuple[str, ...]
    """What the record does not say of it: ``purpose``, ``lawful basis``, ``retention`` ..."""
    lawful_basis: Basis | None
    retention_days: int | None
    transfers: int
    """Transfers to other countries."""


class Procedure(Model):
    """A procedure for a right."""

    right: Right
    written: bool
    """Whether the record says where the procedure is written down."""
    procedure: Annotated[str | None, Private("paths")]
    limit_days: int | None
    tested_at: datetime | None
    took_days: float | None


class Privacy(Payload):
    """What the record says."""

    laws: tuple[Law, ...]
    reviewed_at: datetime | None
    reviewed_by: Annotated[str | None, Private("people")]
    activities: tuple[Activity, ...]
    rights: tuple[Procedure, ...]

    def summary(self) -> dict[str, Json]:
        """Returns counts, and the rights with a tested procedure."""
        return {
            "activities": len(self.activities),
            "lacking": sum(bool(one.lacks) for one in self.activities),
            "tested_rights": [one.right for one in self.rights if one.tested_at is not None],
            **self.model_dump(mode="json", include={"laws", "reviewed_at"}),
        }


def _lacks(activity: ProcessingActivity) -> Iterator[str]:
    told = {
        "purpose": activity.purpose,
        "lawful basis": activity.lawful_basis,
        "data categories": activity.data_categories,
        "recipients": activity.recipients,
        "retention": activity.retention_days,
        "transfers": activity.transfers,
        "security measures": activity.security_measures,
    }
    yield from (name for name, value in told.items() if value is None)
    if any(transfer.safeguard is None for transfer in activity.transfers or ()):
        yield "transfer safeguard"


def _activity(activity: ProcessingActivity) -> Activity:
    return Activity(
        id=activity.id,
        lacks=tuple(_lacks(activity)),
        lawful_basis=activity.lawful_basis,
        retention_days=activity.retention_days,
        transfers=len(activity.transfers or ()),
    )


def _procedure(one: RightProcedure) -> Procedure:
    return Procedure(
        right=one.right,
        written=one.procedure is not None,
        procedure=one.procedure,
        limit_days=one.limit_days,
        tested_at=one.test.tested_at if one.test else None,
        took_days=one.test.took_days if one.test else None,
    )


def _parse(source: Source) -> Parsed:
    record = read(source, PrivacyRecord)
    payload = Privacy(
        laws=record.laws,
        reviewed_at=record.reviewed_at,
        reviewed_by=record.reviewed_by,
        activities=tuple(map(_activity, record.activities)),
        rights=tuple(map(_procedure, record.rights)),
    )
    tests = [(one.right, one.test) for one in record.rights if one.test is not None]
    return Parsed(
        payload=payload,
        observed_at=record.recorded_at,
        version=record.version,
        assurance=Assurance.STATED,
        citations=tuple(Citation(f"test of {right}", test.tested_at, test.artifact) for right, test in tests),
    )


kind = Kind(id="privacy", title="Processing of personal data", binds_to=Binding.PROJECT, payload=Privacy)

record_yaml = Format(
    name=FORMAT,
    title="Hand-written record of processing",
    parser=1,
    recognise=recogniser("privacy"),
    parse=_parse,
    marks=("schema: compliance/privacy/v", "recorded-at", "activities"),
)
