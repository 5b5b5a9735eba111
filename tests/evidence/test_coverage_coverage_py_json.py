"""coverage.py's JSON: lines and branches apart, added up from the files."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Json, Parsed

from .helpers import assert_only_refuses, mutations, read, recognised


def summary(lines: tuple[int, int], branches: tuple[int, int] | None = None) -> dict[str, Json]:
    found: dict[str, Json] = {
        "covered_lines": lines[0],
        "num_statements": lines[1],
        "missing_lines": lines[1] - lines[0],
        "excluded_lines": 3,
        "percent_covered": 100.0 * (lines[0] + (branches or (0, 0))[0]) / (lines[1] + (branches or (0, 0))[1]),
    }
    if branches:
        found |= {"covered_branches": branches[0], "num_branches": branches[1], "missing_branches": branches[1] - branches[0]}
    return found


def report(*, branches: bool = True) -> dict[str, Json]:
    parts = {"src/a.py": ((8, 10), (3, 4)), "src/b.py": ((1, 10), (0, 2)), "src\\sub\\c.py": ((5, 5), (0, 0))}
    return {
        "meta": {
            "format": 3,
            "version": "7.6.1",
            "timestamp": "2025-09-20T10:00:00.1",
            "branch_coverage": branches,
            "show_contexts": False,
        },
        "files": {
            path: {"executed_lines": [1], "summary": summary(lines, taken if branches else None), "functions": {"f": {"summary": {}}}}
            for path, (lines, taken) in parts.items()
        },
        "totals": summary((14, 25), (3, 6) if branches else None),
    }


def parse(document: Json) -> Parsed:
    return read("coverage", "coverage-py-json", json.dumps(document).encode())


def refused(document: Json) -> str:
    with pytest.raises(InputError) as caught:
        parse(document)
    return caught.value.reason


def test_counts_are_added_up() -> None:
    parsed = parse(report())
    assert recognised(json.dumps(report()).encode()) == ["coverage-py-json"]
    assert parsed.payload.summary() == {"lines_covered": 14, "lines_total": 25, "branches_covered": 3, "branches_total": 6}
    assert (parsed.payload.model_dump()["files"], parsed.payload.incomplete) == (3, None)
    assert parsed.tool is not None
    assert (parsed.tool.name, parsed.tool.version) == ("coverage.py", "7.6.1")
    assert parsed.observed_at is None  # the report's time has no zone


def test_packages_are_folders() -> None:
    assert parse(report()).payload.model_dump()["packages"] == (
        {"name": "src", "lines_covered": 9, "lines_total": 20, "branches_covered": 3, "branches_total": 6},
        {"name": "src/sub", "lines_covered": 5, "lines_total": 5, "branches_covered": 0, "branches_total": 0},
    )


def test_without_branches() -> None:
    assert parse(report(branches=False)).payload.summary()["branches_total"] is None


def test_measured_without_any_branch_is_not_the_same_as_not_measured() -> None:
    document = report()
    for part in (document["totals"], *(file["summary"] for file in document["files"].values())):
        part |= {"covered_branches": 0, "num_branches": 0, "missing_branches": 0}
    assert parse(document).payload.summary()["branches_total"] == 0


def test_totals_that_differ_from_the_files() -> None:
    document = report()
    document["totals"] = summary((90, 100), (3, 6))
    found = parse(document).payload
    assert found.summary()["lines_covered"] == 14
    assert found.incomplete == (
        "the report's totals state 90 of 100 lines and 3 of 6 branches, its files add up to 14 of 25 lines and 3 of 6 branches"
    )


def test_no_line_is_incomplete() -> None:
    nothing = {"covered_lines": 0, "num_statements": 0, "missing_lines": 0}
    found = parse({"meta": {"version": "7.0"}, "files": {}, "totals": nothing}).payload
    assert (found.summary()["lines_total"], found.incomplete) == (0, "no line was measured")


def test_branches_of_version_5_0_come_from_the_percentage() -> None:
    document = report()
    for part in (document["totals"], *(file["summary"] for file in document["files"].values())):
        del part["covered_branches"], part["missing_branches"]
    assert parse(document).payload.summary() == {"lines_covered": 14, "lines_total": 25, "branches_covered": 3, "branches_total": 6}
    document["totals"]["percent_covered"] = 99.0
    assert "percent_covered 99.0; expected one of 14 of 25 lines and of 6 branches" in refused(document)


def test_many_folders_are_bounded() -> None:
    document = report(branches=False)
    document["files"] = {f"p{number}/a.py": {"summary": summary((1, 1 + (number == 599)))} for number in range(600)}
    document["totals"] = summary((600, 601))
    found = parse(document).payload.model_dump()
    names = [package["name"] for package in found["packages"]]
    assert (found["files"], len(names), "p599" in names, names == sorted(names)) == (600, 500, True, True)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (
            ["files", "src/a.py", "summary", "covered_lines"],
            11,
            "/files/src~1a.py/summary: 11 of 10 lines covered; expected at most all of them",
        ),
        (["files", "src/a.py", "summary", "missing_lines"], 3, "8 covered and 3 missing of 10 lines; expected that they add up"),
        (["files", "src/a.py", "summary", "covered_branches"], 9, "9 of 4 branches covered"),
        (["files", "src/a.py", "summary", "num_statements"], "10", "/files/src~1a.py/summary/num_statements: '10'; expected a count"),
        (["files", "src/a.py", "summary", "num_statements"], 10.0, "10.0; expected a count"),
        (["files", "src/a.py", "summary", "num_statements"], True, "True; expected a count"),
        (["files", "src/a.py", "summary", "num_statements"], None, "None; expected a count"),
        (["files", "src/a.py", "summary", "covered_lines"], -1, "-1; expected a count"),
        (["files", "src/a.py", "summary"], [], "/files/src~1a.py/summary: list; expected an object"),
        (["files", "src/a.py"], None, "/files/src~1a.py: nothing; expected an object"),
        (["files"], [], "/files: list; expected an object"),
        (["totals"], {}, "/meta/branch_coverage: branch_coverage True; expected what the totals say, which hold no branches"),
        (["meta", "branch_coverage"], False, "/meta/branch_coverage"),
        (["meta", "branch_coverage"], "yes", "/meta/branch_coverage: branch_coverage 'yes'"),
        (["meta", "version"], 7, "/meta/version: no version"),
        (["meta"], None, "/meta: nothing; expected an object"),
    ],
)
def test_refused(path: list[str], value: Json, reason: str) -> None:
    document = copy.deepcopy(report())
    target = document
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    assert reason in refused(document)


def test_unbelievable_numbers_are_refused() -> None:
    document = report(branches=False)
    document["files"]["src/a.py"]["summary"] = summary((10**12, 10**12))
    assert "expected at most 1000000000" in refused(document)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'{"meta": {"version": "7"}, "files": {}, "totals": []}',
        b'{"meta": {}, "files": {}, "totals": {"covered_lines": 0}}',
        b'{"meta": {"version": "7"}, "meta": {"version": "7"}, "files": {}, "totals": {"covered_lines": 0}}',
        b'{"data": [], "type": "llvm.coverage.json.export", "version": "2.0.1"}',
    ],
)
def test_not_recognised(data: bytes) -> None:
    assert "coverage-py-json" not in recognised(data)


@pytest.mark.parametrize("data", [b"", b"null", b'{"meta": 1, "meta": 2}', b'{"a": NaN}', b"\xff", b"[" * 5000, b"\0"])
def test_hostile_bytes_are_refused(data: bytes) -> None:
    assert assert_only_refuses("coverage", "coverage-py-json", data) is None


@settings(max_examples=200, deadline=None)
@given(mutations(json.dumps(report()).encode()))
def test_only_input_error_leaves(data: bytes) -> None:
    parsed = assert_only_refuses("coverage", "coverage-py-json", data)
    if parsed is not None:
        found = parsed.payload.model_dump()
        assert 0 <= found["lines_covered"] <= found["lines_total"]


@pytest.mark.parametrize("branches", [False, True])
def test_report_of_a_real_run(tmp_path: Path, branches: bool) -> None:
    (tmp_path / "a.py").write_text("import sys\n\nif len(sys.argv) > 9:\n    x = 1\nelse:\n    x = 2\nfor i in range(2):\n    x += i\n")
    options = ["--branch"] if branches else []
    for command in (["run", *options, "a.py"], ["json", "-o", "c.json"], ["xml", "-o", "c.xml"]):
        subprocess.run([sys.executable, "-m", "coverage", *command], cwd=tmp_path, capture_output=True, check=True, timeout=120)
    lines = {"lines_covered": 5, "lines_total": 6}
    taken = {"branches_covered": 3, "branches_total": 4} if branches else {"branches_covered": None, "branches_total": None}
    for format_name, file in (("coverage-py-json", "c.json"), ("coverage-py-xml", "c.xml")):
        data = (tmp_path / file).read_bytes()
        parsed = read("coverage", format_name, data)
        assert recognised(data) == [format_name]
        assert (parsed.payload.summary(), parsed.payload.incomplete) == (lines | taken, None), format_name
        assert (parsed.observed_at is not None) is (format_name == "coverage-py-xml")
