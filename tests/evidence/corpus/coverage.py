"""Coverage: lines of classes (Cobertura) or distinct lines (LCOV), counters of the report (JaCoCo), totals (coverage.py)."""

from __future__ import annotations

from compliance.record import Json

from . import Answer, Expected, Reading, Refused, Rule


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


def _cobertura(expected: Expected) -> Answer:
    root = expected["root_attrs"]
    summary: dict[str, Json] = {"lines_covered": expected["class_lines_hit"], "lines_total": expected["class_lines"]}
    stated = [root["lines-covered"], root["lines-valid"], root["branches-covered"], root["branches-valid"]]
    if "BRANCH" in expected.get("upstream", {}):
        covered, missed = expected["upstream"]["BRANCH"]
        summary |= {"branches_covered": covered, "branches_total": covered + missed}
    elif not expected["branch_lines"] and root["branches-valid"]:
        summary |= {"branches_covered": root["branches-covered"], "branches_total": root["branches-valid"]}
    agrees = None if stated[0] is None else stated[: len(summary)] == list(summary.values())
    return (Reading("coverage", "cobertura-xml", summary, incomplete=None if agrees is None else not agrees),)


_OF_METHODS = {"lines_covered": 1, "lines_total": 2, "branches_covered": 2, "branches_total": 10}
_TRIMMED = {"lines_covered": 602, "lines_total": 958}
_PYTHON = {"lines_covered": 19, "lines_total": 19, "branches_covered": 4, "branches_total": 4}

_COBERTURA: dict[str, Answer] = {
    "cobertura-007": (Reading("coverage", "cobertura-xml", _TRIMMED, True, why="a line rate of 0.07 is stated, the lines give 0.63"),),
    "cobertura-009": (Reading("coverage", "coverage-py-xml", _PYTHON, True, why="coverage.py wrote it; the report was trimmed"),),
    "cobertura-010": (Reading("coverage", "cobertura-xml", _OF_METHODS, True, why="the classes list no lines, their methods do"),),
}


def _lcov(expected: Expected) -> Answer:
    lines, branches = expected["lcov_lines"], expected["lcov_branches"] or {"hit": None, "found": None}
    summary = {
        "lines_covered": lines["hit"],
        "lines_total": lines["found"],
        "branches_covered": branches["hit"],
        "branches_total": branches["found"],
    }
    return (Reading("coverage", "lcov", summary, incomplete=False),)


def _jacoco(expected: Expected) -> Answer:
    if expected["root"] != "report":
        return Refused("not recognised: XML with the root <other>", "another document")
    summary: dict[str, Json] = {}
    for name, counter in (("lines", expected["LINE"]), ("branches", expected["BRANCH"])):
        covered = None if counter is None else counter["covered"]
        summary |= {f"{name}_covered": covered, f"{name}_total": None if counter is None else covered + counter["missed"]}
    return (Reading("coverage", "jacoco-xml", summary, incomplete=False),)


FORMATS = {
    "cobertura": Rule(("cobertura-xml",), _cobertura, _COBERTURA),
    "lcov": Rule(("lcov",), _lcov),
    "jacoco": Rule(("jacoco-xml",), _jacoco),
    "coverage-py-json": Rule(("coverage-py-json",), _coverage_py_json),
    "coverage-py-xml": Rule(("coverage-py-xml",), _coverage_py_xml),
}
