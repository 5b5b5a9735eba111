"""Test results: each ``testcase`` once, with its worst result."""

from __future__ import annotations

from . import Answer, Expected, Reading, Refused, Rule

__test__ = False  # the name is the kind's; pytest would look for tests here

_DECLARED = ("tests", "failures", "errors", "skipped")


def _junit(expected: Expected) -> Answer:
    if not expected.get("well_formed", True):
        return Refused("expected well-formed XML", "truncated")
    if expected["root"] not in ("testsuites", "testsuite"):
        return Refused("not recognised: XML with the root <", "another document")
    summary = {
        "tests": expected["count"],
        "passed": expected["passed"],
        "failed": expected["failed"],
        "errors": expected["errors"],
        "skipped": expected["skipped"],
    }
    if expected["declared"]["tests"] is not None:
        summary["declared"] = {key: expected["declared"][key] for key in _DECLARED}
    return (Reading("test-results", "junit-xml", summary, incomplete=not expected["count"]),)


_TEN_DISABLED = {"tests": 22, "passed": 6, "failed": 4, "errors": 2, "skipped": 10}

FORMATS = {
    "junit": Rule(
        ("junit-xml",),
        _junit,
        {"junit-002": (Reading("test-results", "junit-xml", _TEN_DISABLED, why='status="disabled" is a skip; upstream says so, too'),)},
    )
}
