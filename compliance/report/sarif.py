"""A check as SARIF 2.1.0: one result per gate that is red or waived, at the file and line that matter.

Gates that passed or do not apply are rules without results: several readers list every result as a problem, whatever its ``kind``. A gate
that could not be assessed is a failure of the check, so its ``kind`` is ``fail``; ``properties`` keep its verdict and reason.

Source: OASIS Static Analysis Results Interchange Format 2.1.0. ``primaryLocationLineHash`` is the one partial fingerprint by which
GitHub tells results apart; it is over the gate alone, so that a gate stays one alert while its places move.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote

from .. import __version__
from ..assessment import GateResult
from ..gate import Status
from ..plaintext import safe
from ..record import fingerprint, shorten
from ..times import rfc3339
from .checked import TOOL, Checked, FilePlace

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BRACKETS: Final = re.compile(r"[\\\[\]]")
_RELATED: Final = 20
"""Further places of a gate that are listed."""


def document(checked: Checked) -> dict[str, Any]:
    """Returns the log."""
    assessment = checked.assessment
    rules = [_rule(gate) for gate in checked.gates]
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [_result(checked, gate, index[gate.id]) for gate in checked.gates if _is_result(checked, gate)]
    driver = {"name": TOOL, "version": __version__, "semanticVersion": __version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"compliance/{safe(assessment.subject.project)}/{safe(assessment.point)}/"},
        "invocations": [{"executionSuccessful": True, "endTimeUtc": rfc3339(assessment.judged_at)}],
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {
            "outcome": assessment.outcome,
            "because": safe(assessment.because),
            "scope": assessment.scope,
            "commit": assessment.subject.commit,
            "policyDigest": assessment.policy_digest,
            **{name: list(map(safe, said)) for name, said in (("change", checked.said_of_change), ("rules", checked.said_of_base)) if said},
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _is_result(checked: Checked, gate: GateResult) -> bool:
    if gate.id in checked.before or (checked.change and gate.verdict is Status.WAIVED):
        return False
    return gate.verdict in (Status.FAIL, Status.NOT_ASSESSED, Status.WAIVED)


def _rule(gate: GateResult) -> dict[str, Any]:
    """A rule has no tags: readers take words such as ``security`` in them for what a scanner looks for."""
    return {
        "id": gate.id,
        "shortDescription": {"text": _text(gate.title)},
        "help": {"text": _text(gate.fix)},
        "defaultConfiguration": {"level": "error" if gate.required else "warning"},
        "properties": {"framework": gate.framework, "principle": gate.principle, "required": gate.required, "verdict": gate.verdict.value},
    }


def _result(checked: Checked, gate: GateResult, rule: int) -> dict[str, Any]:
    places = list(checked.places(gate)) or _configuration(checked)
    key = fingerprint(gate.framework, gate.id)
    result: dict[str, Any] = {
        "ruleId": gate.id,
        "ruleIndex": rule,
        "kind": "fail",
        "level": _level(gate),
        "message": {"text": _message(gate, checked.why(gate))},
        "partialFingerprints": {"primaryLocationLineHash": f"{key}:1", "complianceGate/v1": key},
        "properties": {
            "verdict": gate.verdict.value,
            "reason": gate.reason.value if gate.reason else None,
            "evidence": list(gate.evidence),
        },
    }
    if places:
        result["locations"] = [_location(places[0])]
    if places[1:]:
        result["relatedLocations"] = [{"id": number, **_location(place)} for number, place in enumerate(places[1 : _RELATED + 1])]
    if checked.change:
        result["baselineState"] = "new"
    if gate.verdict is Status.WAIVED:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": _text(", ".join(gate.waivers))}]
    return result


def _level(gate: GateResult) -> str:
    if not gate.required:
        return "note"
    return "warning" if gate.verdict is Status.WAIVED else "error"


def _message(gate: GateResult, why: str) -> str:
    verdict = gate.verdict.value.replace("-", " ") + (f" ({gate.reason.value})" if gate.reason else "")
    advisory = ("" if gate.required else "advisory, ") + (f"{why}, " if why else "")
    elsewhere = "; ".join(f"{one.where} {one.what}".strip() for one in gate.places[:3])
    return _text(
        f"{gate.title}: {advisory}{verdict}: {gate.message.rstrip('.')}." + (f" {elsewhere}." if elsewhere else "") + f" Fix: {gate.fix}"
    )


def _configuration(checked: Checked) -> list[FilePlace]:
    """The place of a gate that names no file: GitHub refuses a file in which a result has none."""
    shown = checked.shown(checked.configuration)
    return [FilePlace(shown, 1, "")] if shown is not None else []


def _location(place: FilePlace) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(place.path)}}
    if place.line is not None:
        physical["region"] = {"startLine": place.line}
    return {"physicalLocation": physical, **({"message": {"text": _text(place.what)}} if place.what else {})}


def _text(text: str) -> str:
    r"""Returns untrusted text for a message, where ``[x](y)`` would be a link (section 3.11.6): brackets get a backslash."""
    return shorten(_BRACKETS.sub(lambda found: "\\" + found[0], safe(text)), 2_000)
