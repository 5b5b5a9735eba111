"""A check as JUnit XML: one test case per gate, one suite per framework.

A required gate that failed is a failure, one that could not be assessed an error; waived, inapplicable and red advisory gates are skipped
and say why. So the file holds a failure or an error exactly when the check says no-go; where a change is compared with its base, exactly
when it makes a required gate worse.

Source: the common core of the dialects, ``junit-10.xsd`` of Jenkins' xunit plugin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ..assessment import GateResult
from ..gate import Status
from ..plaintext import safe
from ..times import rfc3339
from .checked import Checked

NAME: Final = "compliance check"
"""Name of the root; files that bear it are never read as test results (`recognise`)."""
_PLACES: Final = 20


def text(checked: Checked) -> str:
    """Returns the file."""
    root = Element("testsuites", {"name": NAME, **_totals(checked, checked.gates), "time": "0"})
    for framework, gates in groupby(checked.gates, key=lambda gate: gate.framework):
        root.append(_suite(checked, framework, list(gates)))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(checked: Checked, framework: str, gates: Sequence[GateResult]) -> Element:
    time = rfc3339(checked.assessment.judged_at)
    attributes = {"name": safe(framework), **_totals(checked, gates), "time": "0", "timestamp": time}
    suite = Element("testsuite", attributes)
    properties = SubElement(suite, "properties")
    for name, value in _properties(checked):
        SubElement(properties, "property", {"name": name, "value": safe(value)})
    for gate in gates:
        case = {"classname": safe(f"compliance.{framework}"), "name": safe(f"{gate.id} {gate.title}"), "time": "0"}
        suite.append(_case(checked, gate, Element("testcase", case)))
    return suite


def _properties(checked: Checked) -> Iterator[tuple[str, str]]:
    assessment, subject = checked.assessment, checked.assessment.subject
    yield "project", subject.project
    yield "version", subject.version or ""
    yield "commit", subject.commit or ""
    yield "point", assessment.point
    yield "outcome", assessment.outcome
    for line in checked.said_of_base:
        yield "rules", line


def _case(checked: Checked, gate: GateResult, case: Element) -> Element:
    result = _result(checked, gate)
    if result == "skipped":
        SubElement(case, "skipped", {"message": safe(_said(checked, gate))})
    elif result is not None:
        kind = gate.reason.value if gate.reason else gate.verdict.value
        SubElement(case, result, {"message": safe(gate.message), "type": kind}).text = "\n".join(map(safe, _details(checked, gate)))
    return case


def _result(checked: Checked, gate: GateResult) -> str | None:
    """Returns the element that a gate's case holds; None when it passed."""
    if gate.verdict is Status.PASS:
        return None
    if not gate.red or gate.id in checked.before:
        return "skipped"
    return "failure" if gate.verdict is Status.FAIL else "error"


def _said(checked: Checked, gate: GateResult) -> str:
    verdict = gate.verdict.value.replace("-", " ") + (" as before this change" if gate.id in checked.before else "")
    return f"{'' if gate.required else 'advisory, '}{verdict}: {gate.message}"


def _details(checked: Checked, gate: GateResult) -> Iterator[str]:
    if why := checked.why(gate):
        yield why
    yield gate.message
    for spot in gate.places[:_PLACES]:
        yield f"{spot.where}  {spot.what}".rstrip()
    if len(gate.places) > _PLACES:
        yield f"{len(gate.places) - _PLACES} more"
    yield f"fix: {gate.fix}"


def _totals(checked: Checked, gates: Sequence[GateResult]) -> dict[str, str]:
    found = [_result(checked, gate) for gate in gates]
    counts = {name: found.count(word) for name, word in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))}
    return {"tests": str(len(gates)), **{name: str(count) for name, count in counts.items()}}
