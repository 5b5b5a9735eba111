"""Coverage: lines of classes (Cobertura) or distinct lines (LCOV), counters of the report (JaCoCo), totals (coverage.py)."""

from __future__ import annotations

from . import Answer, Expected, Reading, Rule


def _coverage_py_json(expected: Expected) -> Answer:
    totals = expected["totals"]
    summary = {
        "lines_covered": totals["covered_lines"],
        "lines_total": totals["num_statements"],
        "branches_covered": totals.get("covered_branches"),
        "branches_total": totals.get("num_branches"),
    }
    return (Reading("coverage", "coverage-py-json", summary, incomplete=False),)


def _coverage_py_xml(expected: Expected) -> Answer:
    root = expected["root_attrs"]
    summary = {"lines_covered": expected["class_lines_hit"], "lines_total": expected["class_lines"]}
    agrees = [root["lines-covered"], root["lines-valid"]] == list(summary.values())
    return (Reading("coverage", "coverage-py-xml", summary, incomplete=not agrees),)


FORMATS = {
    "coverage-py-json": Rule(("coverage-py-json",), _coverage_py_json),
    "coverage-py-xml": Rule(("coverage-py-xml",), _coverage_py_xml),
}
