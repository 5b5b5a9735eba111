"""The decision as other programs check it: a SLSA Verification Summary Attestation (VSA) v1, an in-toto statement.

Its subject is the commit that was judged. The other files of the report are its inputs, each by its SHA-256, so that one signature covers
all of them. To rely on it needs neither renderer nor PDF: compare the subject, the signer and the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from ..assessment import Assessment, Outcome
from ..record import Json
from ..sign import intoto
from ..times import rfc3339

PREDICATE_TYPE: Final = "https://slsa.dev/verification_summary/v1"
VERIFIER: Final = "pkg:generic/compliance-toolkit"
"""Whose rules judged, as a package URL; who vouches for it says the signature."""
SLSA_VERSION: Final = "1.0"


def statement(assessment: Assessment, made_at: datetime, toolkit: str, inputs: Mapping[str, str]) -> bytes | None:
    """Returns the statement as canonical JSON; None when no commit was judged, for a statement needs a subject with a digest.

    Args:
        assessment: The judgement.
        made_at: Time of the report.
        toolkit: Version of compliance-toolkit that judged.
        inputs: SHA-256 of the files with which the decision can be checked, by name.
    """
    subject = assessment.subject
    if subject.commit is None:
        return None
    resource = _resource(assessment)
    release = intoto.Subject(subject.project, {"gitCommit": subject.commit}, resource)
    return intoto.write([release], PREDICATE_TYPE, _predicate(assessment, made_at, toolkit, inputs, resource))


def _predicate(assessment: Assessment, made_at: datetime, toolkit: str, inputs: Mapping[str, str], resource: str) -> dict[str, Json]:
    return {
        "verifier": {"id": VERIFIER, "version": {"compliance-toolkit": toolkit}},
        "timeVerified": rfc3339(made_at),
        "resourceUri": resource,
        "policy": {"uri": _policy(assessment, toolkit), "digest": {"sha256": assessment.policy_digest}},
        "inputAttestations": [{"uri": name, "digest": {"sha256": digest}} for name, digest in sorted(inputs.items())],
        "verificationResult": "FAILED" if assessment.outcome == "no-go" else "PASSED",
        "verifiedLevels": [_level(assessment.outcome)],
        "slsaVersion": SLSA_VERSION,
    }


def _level(outcome: Outcome) -> str:
    """Returns what stands for a SLSA level: names of one's own must not begin with ``SLSA_``."""
    return "FAILED" if outcome == "no-go" else "COMPLIANCE_" + outcome.replace("-", "_").upper()


def _policy(assessment: Assessment, toolkit: str) -> str:
    return f"{VERIFIER}@{_quoted(toolkit)}#points/{_quoted(assessment.point)}"


def _resource(assessment: Assessment) -> str:
    """Returns the package URL of what is released."""
    subject = assessment.subject
    return f"pkg:generic/{_quoted(subject.project)}" + (f"@{_quoted(subject.version)}" if subject.version else "")


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="backslashreplace")
