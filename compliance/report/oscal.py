"""A report as OSCAL assessment results (NIST OSCAL 1.2.1, assessment results model), for programs that speak it.

One finding per gate that applies, with its observation and the evidence that it rests on; files and kept artifacts are resources, known by
their SHA-256. OSCAL knows satisfied and not-satisfied only: what was not assessed, and what a waiver covers, is not satisfied, and the
reason stands beside it. The identifiers follow from the ledger's root, so that the same report gives the same document.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from ..assessment import GateResult
from ..gate import Status
from ..record import Json
from ..times import rfc3339
from .model import EvidenceRow, ReportModel
from .vsa import VERIFIER

VERSION: Final = "1.2.1"
"""Version of OSCAL."""
_STATES: Final = {Status.PASS: ("satisfied", "pass"), Status.FAIL: ("not-satisfied", "fail")}
_OTHER: Final = ("not-satisfied", "other")


def document(report: ReportModel) -> dict[str, Json]:
    """Returns the assessment results."""
    return {"assessment-results": _Results(report).whole()}


class _Results:
    """The document in the making."""

    def __init__(self, report: ReportModel) -> None:
        self.report = report
        self.space = uuid5(NAMESPACE_URL, f"{VERIFIER}#{report.id}/{report.proof.checkpoint.root}")
        self.asked = [one for one in report.assessment.gates if one.verdict is not Status.NOT_APPLICABLE]
        self.rows = {row.number: row for row in report.evidence.rows}

    def uuid(self, name: str) -> str:
        """Returns the identifier of a part; equal ones for equal names in equal reports."""
        found: UUID = uuid5(self.space, name)
        return str(found)

    def whole(self) -> dict[str, Json]:
        """Returns everything."""
        report, subject = self.report, self.report.assessment.subject
        return {
            "uuid": self.uuid("document"),
            "metadata": {
                "title": _line(f"{subject.project} {subject.version or ''} at {report.assessment.point}: {report.decision.word}"),
                "last-modified": rfc3339(report.made_at),
                "version": report.id,
                "oscal-version": VERSION,
            },
            "import-ap": {
                "href": f"#{self.uuid('assessment.json')}",
                "remarks": "There is no assessment plan: which gates were asked, and how, stands in the attached judgement.",
            },
            "results": [self.result()],
            "back-matter": {"resources": [*self.files(), *map(self.artifact, report.evidence.rows)]},
        }

    def result(self) -> dict[str, Json]:
        """Returns the one set of results."""
        judged = self.report.assessment
        observed = [row.observed_at for row in self.rows.values() if row.observed_at is not None and row.counts]
        made: dict[str, Json] = {
            "uuid": self.uuid("result"),
            "title": _line(f"Judgement at {judged.point} as of {rfc3339(judged.as_of)}"),
            "description": _line(judged.because),
            "start": rfc3339(min([*observed, judged.as_of])),
            "end": rfc3339(judged.as_of),
            "props": list(self.props()),
            "reviewed-controls": {"control-selections": [{"include-controls": [{"control-id": _token(one.id)} for one in self.asked]}]},
            "observations": [self.observation(one) for one in self.asked],
            "findings": [self.finding(one) for one in self.asked],
        }
        left_out = [one.id for one in judged.gates if one.verdict is Status.NOT_APPLICABLE]
        return {**made, "remarks": f"Not applicable: {', '.join(left_out)}."} if left_out else made

    def props(self) -> Iterator[dict[str, Json]]:
        """Yields what OSCAL has no words for."""
        report, judged = self.report, self.report.assessment
        values = {
            "outcome": judged.outcome,
            "evidence-outcome": judged.evidence_outcome,
            "commit": judged.subject.commit,
            "environment": judged.subject.environment,
            "profile": judged.profile,
            "policy-digest": judged.policy_digest,
            "decision-digest": judged.decision_digest,
            "ledger-root": report.proof.checkpoint.root,
            "redacted": ", ".join(report.redacted) or None,
        }
        for name, value in values.items():
            if value:
                yield {"name": name, "ns": VERIFIER, "value": _line(value)}

    def observation(self, gate: GateResult) -> dict[str, Json]:
        """Returns what was seen for a gate."""
        collected = gate.observed_at or self.report.assessment.as_of
        made: dict[str, Json] = {
            "uuid": self.uuid(f"observation {gate.id}"),
            "description": _line(gate.message),
            "methods": ["EXAMINE"],
            "types": ["control-objective"],
            "collected": rfc3339(collected),
        }
        if gate.evidence:
            made["relevant-evidence"] = [self.evidence(number) for number in gate.evidence]
        return made

    def evidence(self, number: int) -> dict[str, Json]:
        """Returns a reference to a piece of evidence; to the register's file where the register is cut."""
        row = self.rows.get(number)
        if row is None:
            return {"href": f"#{self.uuid('evidence.json')}", "description": f"Evidence {number}"}
        return {"href": f"#{self.uuid(f'evidence {number}')}", "description": _line(f"Evidence {number}: {row.kind}, {row.name}")}

    def finding(self, gate: GateResult) -> dict[str, Json]:
        """Returns the verdict on a gate."""
        state, reason = _STATES.get(gate.verdict, _OTHER)
        said = gate.verdict.value + (f" ({gate.reason.value})" if gate.reason else "")
        waivers = f", by {', '.join(gate.waivers)}" if gate.waivers else ""
        return {
            "uuid": self.uuid(f"finding {gate.id}"),
            "title": _line(f"{gate.id}: {gate.title}"),
            "description": _line(gate.message),
            "props": [{"name": "required", "ns": VERIFIER, "value": "yes" if gate.required else "no"}],
            "target": {
                "type": "objective-id",
                "target-id": _token(gate.id),
                "status": {"state": state, "reason": reason, "remarks": f"{said}{waivers}"},
            },
            "related-observations": [{"observation-uuid": self.uuid(f"observation {gate.id}")}],
        }

    def files(self) -> Iterator[dict[str, Json]]:
        """Yields the files of the report."""
        for file in self.report.attachments:
            hashes = [{"algorithm": "SHA-256", "value": file.sha256}]
            link = {"href": file.name, "media-type": file.media_type, "hashes": hashes}
            yield {"uuid": self.uuid(file.name), "title": file.name, "description": _line(file.description), "rlinks": [link]}

    def artifact(self, row: EvidenceRow) -> dict[str, Json]:
        """Returns a kept artifact, named by its digest (RFC 6920): the store has its bytes."""
        named = base64.urlsafe_b64encode(bytes.fromhex(row.sha256)).decode().rstrip("=")
        hashes: list[Any] = [{"algorithm": "SHA-256", "value": row.sha256}]
        return {
            "uuid": self.uuid(f"evidence {row.number}"),
            "title": _line(f"Evidence {row.number}: {row.name}"),
            "description": _line(f"{row.kind}, {row.format}, {row.subject}, assurance {row.assurance}"),
            "rlinks": [{"href": f"ni:///sha-256;{named}", "hashes": hashes}],
        }


def _token(name: str) -> str:
    """Returns a name as OSCAL's tokens are written; only the gate of a module that cannot be loaded has another id."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name if name[:1].isalpha() else f"_{name}")


def _line(text: str) -> str:
    """Returns a text on one line that is not empty, as OSCAL wants it."""
    return " ".join(text.split()) or "-"
