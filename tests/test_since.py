"""What a change makes worse, in real git repositories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.gitrepo import Repo

CONFIG = """
[project]
name = "demo"
profile = "library"
profile-by = "Ada"

[points.code]
gates = ["ALPHA-SF-5", "ALPHA-PF-5", "ALPHA-PF-6"]
like = "change"
"""
OLD, NEW = "src/old.py", "src/new.py"


def secrets(*places: tuple[str, str]) -> str:
    """A report of gitleaks: one finding per file and rule."""
    common = {"Description": "a key", "StartLine": 3, "EndLine": 3, "StartColumn": 1, "EndColumn": 9, "SymlinkFile": "", "Commit": ""}
    common |= {"Entropy": 3.5, "Author": "", "Email": "", "Date": "", "Message": "", "Tags": []}
    found = [
        {**common, "RuleID": rule, "File": path, "Match": f"k = {rule}", "Secret": f"made-up-{rule}", "Fingerprint": f"{path}:{rule}:3"}
        for path, rule in places
    ]
    return json.dumps(found)


def results(*failing: str) -> str:
    cases = "".join(f'<testcase classname="t" name="{name}"><failure message="no"/></testcase>' for name in failing)
    return f'<testsuite name="s">{cases}<testcase classname="t" name="fine"/></testsuite>'


def coverage(percent: int) -> str:
    lines = "".join(f"DA:{line},{int(line <= percent)}\n" for line in range(1, 101))
    return f"TN:\nSF:src/old.py\n{lines}LF:100\nLH:{percent}\nend_of_record\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo.make(tmp_path, {"compliance.toml": CONFIG, OLD: "x = 1\n", NEW: "y = 1\n"})


def record(repo: Repo, **reports: str) -> None:
    """Ingests reports of the commit that is checked out."""
    commit = repo.git("rev-parse", "HEAD")
    names = {"secrets": "leaks.out.json", "tests": "junit.out.xml", "coverage": "lcov.out.info"}
    for name, text in reports.items():
        repo.write({names[name]: text})
        ran = repo.run("ingest", names[name], "--commit", commit, "--observed-at", "2026-01-31T12:00:00Z")
        assert ran.code == 0, ran.out + ran.err


def compared(repo: Repo, *gates: str) -> tuple[int, Any]:
    words = [word for gate in gates for word in ("--gate", gate)]
    ran = repo.run("check", "--point", "code", *words, "--changed-since", "main", "--format", "json")
    assert ran.code in (0, 1), ran.err
    return ran.code, ran.json["change"]


def test_without_evidence_of_the_base_findings_in_untouched_files_are_old(repo: Repo) -> None:
    repo.branch()
    repo.write({NEW: "y = 2\n"})
    repo.commit("change")
    record(repo, secrets=secrets((OLD, "aws"), ("./" + OLD, "gcp"), (str(repo.root / OLD), "azure")))
    code, change = compared(repo, "ALPHA-SF-5")
    assert (code, change["basis"], change["as_before"], change["old_findings"]) == (0, "files", ["ALPHA-SF-5"], 3)
    record(repo, secrets=secrets((OLD, "aws"), (NEW, "aws")))
    code, change = compared(repo, "ALPHA-SF-5")
    (worse,) = change["worse"]
    assert (code, worse["gate"], worse["why"], worse["findings_total"]) == (1, "ALPHA-SF-5", "1 new finding", 1)
    assert worse["findings"][0]["where"] == f"{NEW}:3"
    assert (change["old_findings"], change["new_findings"]) == (1, 1)


@pytest.mark.parametrize("place", ["elsewhere/gone.py", "../outside.py", "/etc/passwd"])
def test_a_finding_of_a_file_that_the_base_does_not_hold_counts_as_new(repo: Repo, place: str) -> None:
    repo.branch()
    repo.commit("change")
    record(repo, secrets=secrets((place, "aws")))
    code, change = compared(repo, "ALPHA-SF-5")
    assert (code, change["new_findings"], change["old_findings"]) == (1, 1, 0)


def test_files_that_are_not_committed_yet_are_touched(repo: Repo) -> None:
    repo.branch()
    repo.write({OLD: "x = 2\n"})
    record(repo, secrets=secrets((OLD, "aws")))
    assert compared(repo, "ALPHA-SF-5")[0] == 1


def test_with_evidence_of_the_base_its_findings_are_old_wherever_they_lie(repo: Repo) -> None:
    record(repo, secrets=secrets((NEW, "aws")), tests=results("a"))
    repo.branch()
    repo.write({NEW: "# a line above\ny = 2\n"})
    repo.commit("change")
    record(repo, secrets=secrets((NEW, "aws")), tests=results("a"))
    code, change = compared(repo, "ALPHA-SF-5", "ALPHA-PF-5")
    assert (code, change["basis"], change["worse"]) == (0, "evidence", [])
    assert set(change["as_before"]) == {"ALPHA-SF-5", "ALPHA-PF-5"}
    record(repo, secrets=secrets((NEW, "aws"), (OLD, "aws")), tests=results("a", "b"))
    code, change = compared(repo, "ALPHA-SF-5", "ALPHA-PF-5")
    assert (code, [one["why"] for one in change["worse"]]) == (1, ["1 new finding", "1 new finding"])


def test_a_gate_that_was_green_at_the_base_is_worse(repo: Repo) -> None:
    record(repo, tests=results())
    repo.branch()
    repo.commit("change")
    record(repo, tests=results("a"))
    code, change = compared(repo, "ALPHA-PF-5")
    assert (code, change["worse"][0]["why"]) == (1, "pass before this change")


@pytest.mark.parametrize(("after", "why"), [(60, None), (61, None), (59, "lines percent 60 -> 59")])
def test_a_number_that_moves_to_the_wrong_side_is_worse(repo: Repo, after: int, why: str | None) -> None:
    record(repo, coverage=coverage(60))
    repo.branch()
    repo.commit("change")
    record(repo, coverage=coverage(after))
    code, change = compared(repo, "ALPHA-PF-6")
    assert (code, [one["why"] for one in change["worse"]]) == (int(why is not None), [why] if why else [])


def test_evidence_that_is_lost_with_the_change_is_worse_and_what_cannot_be_compared_is_not_passed(repo: Repo) -> None:
    record(repo, tests=results("a"))
    repo.branch()
    repo.commit("change")
    record(repo, coverage=coverage(10))
    code, change = compared(repo, "ALPHA-PF-5", "ALPHA-PF-6")
    worse = {one["gate"]: (one["why"], one["compared"]) for one in change["worse"]}
    assert worse == {"ALPHA-PF-5": ("fail before this change", True), "ALPHA-PF-6": ("not assessed before this change", True)}
    assert code == 1


def test_with_nothing_of_the_base_a_red_number_cannot_be_compared(repo: Repo) -> None:
    repo.branch()
    repo.commit("change")
    record(repo, coverage=coverage(10))
    code, change = compared(repo, "ALPHA-PF-6")
    assert (code, change["worse"][0]["compared"]) == (1, False)
    text = " ".join(repo.run("check", "--point", "code", "--gate", "ALPHA-PF-6", "--changed-since", "main").out.split())
    said = "NOT COMPARED: This change makes no required gate worse; 1 required gate cannot be compared with the base (ALPHA-PF-6)"
    assert text.endswith(f"{said}, which fails as well.")


def test_the_base_is_where_the_branches_went_apart_not_where_the_other_one_is_now(repo: Repo) -> None:
    start = repo.git("rev-parse", "HEAD")
    repo.branch()
    repo.write({NEW: "y = 2\n"})
    repo.commit("change")
    repo.git("checkout", "-q", "main")
    repo.write({OLD: "x = 3\n"})
    repo.commit("main goes on")
    repo.git("checkout", "-q", "change")
    record(repo, secrets=secrets((OLD, "aws")))
    code, change = compared(repo, "ALPHA-SF-5")
    assert (code, change["commit"], change["new_findings"]) == (0, start, 0)


def test_every_form_shows_only_what_is_worse(repo: Repo) -> None:
    repo.branch()
    repo.write({NEW: "y = 2\n"})
    repo.commit("change")
    record(repo, secrets=secrets((OLD, "aws"), (NEW, "aws")), tests=results("a"))
    files = ["o.out.sarif", "o.out.md", "o.out.xml"]
    words = [word for name in files for word in ("-o", name)]
    ran = repo.run("check", "--gate", "ALPHA-SF-5", "--gate", "ALPHA-PF-5", "--changed-since", "main", "--point", "code", *words)
    assert ran.code == 1
    assert "src/new.py:3" in ran.out and "src/old.py" not in ran.out
    assert ran.out.splitlines()[-1].startswith("WORSE: This change makes 2 required gates worse"), ran.out
    sarif, markdown, junit = ((repo.root / name).read_text() for name in files)
    (_, result) = json.loads(sarif)["runs"][0]["results"]
    assert result["baselineState"] == "new"
    assert [one["physicalLocation"]["artifactLocation"]["uri"] for one in result["locations"]] == [NEW]
    assert "## ❌ WORSE: demo" in markdown and "src/old.py" not in markdown and "As it stands: ❌ NO-GO" in markdown
    assert "src/old.py" not in junit


def test_a_change_that_makes_nothing_worse_says_so_and_ends_with_0(repo: Repo) -> None:
    repo.branch()
    repo.write({NEW: "y = 2\n"})
    repo.commit("change")
    record(repo, secrets=secrets((OLD, "aws")))
    ran = repo.run("check", "--gate", "ALPHA-SF-5", "--point", "code", "--changed-since", "main", "-o", "o.out.xml", "-o", "o.out.sarif")
    assert ran.code == 0
    assert ran.out.splitlines()[-1] == "NOT WORSE: This change makes no required gate worse."
    assert "ALPHA-SF-5" in ran.out and "src/old.py" not in ran.out
    assert 'failures="0" errors="0" skipped="1"' in (repo.root / "o.out.xml").read_text()
    assert json.loads((repo.root / "o.out.sarif").read_text())["runs"][0]["results"] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--changed-since", "mian"], "revision mian is not in this clone"),
        (["--changed-since", "main", "--fail-on", "conditions"], "give one of them"),
        (["--changed-since", "orphan"], "have no common commit in this clone"),
    ],
)
def test_a_revision_that_cannot_be_compared_with_is_wrong_use(repo: Repo, words: list[str], message: str) -> None:
    repo.git("checkout", "-q", "--orphan", "orphan")
    repo.commit("apart")
    repo.git("checkout", "-q", "main")
    record(repo, tests=results("a"))
    ran = repo.run("check", *words)
    assert (ran.code, message in ran.err) == (2, True), ran.err
