"""What people decide, from the command line, with real keys: waivers, sign-offs, conditions."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from tests.cli.run import Folder, Ran
from tests.sign.test_ssh import Key

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")

JUNIT = '<testsuite name="s" tests="2"><testcase name="a"/><testcase name="b"><failure message="no"/></testcase></testsuite>'
GREEN = '<testsuite name="s" tests="2"><testcase name="a"/><testcase name="b"/></testsuite>'
CONFIG = f"""
[project]
name = "demo"
version = "1.0"
commit = "{"a" * 40}"
profile = "library"
profile-by = "Ada"

[sign]
trust = ["allowed_signers"]

[roles.security]
people = ["ada@example.org"]
override = true

[roles.product-owner]
people = ["ben@example.org"]

[points.tests]
gates = ["ALPHA-PF-5", "REL-6", "REL-7"]
"""


@dataclass(frozen=True)
class Team(Folder):
    ada: Key
    ben: Key
    eve: Key

    def ingest(self, report: str, *words: str) -> None:
        (self.root / "junit.xml").write_text(report)
        self.done("ingest", "junit.xml", "--observed-at", "2026-01-31T12:00:00Z", *words)

    def outcome(self) -> tuple[str, dict[str, str]]:
        document = self.run("check", "--point", "tests", "--format", "json").json
        return document["outcome"], {gate["id"]: gate["verdict"] for gate in document["gates"]}

    def sign(self, role: str, key: Key, *words: str) -> Ran:
        return self.run("sign", "--role", role, "--key", key.path, "--point", "tests", *words)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    keys = [Key(tmp_path, name) for name in ("ada", "ben", "eve")]
    (tmp_path / "compliance.toml").write_text(CONFIG)
    names = zip(("ada", "ben", "eve"), keys, strict=True)
    (tmp_path / "allowed_signers").write_text("".join(f"{name}@example.org {key.public}\n" for name, key in names))
    made = Team(tmp_path, *keys)
    made.ingest(JUNIT)
    return made


def test_a_waiver_counts_once_somebody_else_who_may_approved_it(team: Team) -> None:
    asked = ("--gate", "ALPHA-PF-5", "--reason", "known", "--controls", "a guard", "--until", "20d")
    assert team.done("waive", "request", *asked, "--by", "ada@example.org").startswith("requested W")
    number = team.run("waive", "list", "--format", "json").json["waivers"][0]["id"]
    assert team.outcome()[1]["ALPHA-PF-5"] == "fail"
    for key, why in ((team.ada, "same person"), (team.eve, "holds no role")):
        refused = team.run("waive", "approve", number, "--key", key.path)
        assert (refused.code, why in refused.err) == (2, True), refused.err
    team.done("waive", "approve", number, "--key", team.ben.path)
    outcome, verdicts = team.outcome()
    assert (outcome, verdicts["ALPHA-PF-5"]) == ("no-go", "waived")  # nobody approved the release
    team.done("waive", "renew", number, "--until", "40d", "--key", team.ben.path)
    assert 39 < team.run("waive", "list", "--format", "json").json["waivers"][0]["days_left"] < 41
    team.done("waive", "revoke", number, "--key", team.eve.path, "--reason", "no longer needed")
    assert team.outcome()[1]["ALPHA-PF-5"] == "fail"
    assert team.run("waive", "list", "--format", "json").json["waivers"][0]["state"] == "revoked"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--gate", "ALPHA-PF-3"], "can never be waived"),
        (["--gate", "ALPHA-PF-55"], "did you mean 'ALPHA-PF-5'"),
        ([], "for one gate or for one finding"),
        (["--gate", "ALPHA-PF-5", "--finding", "ab"], "for one gate or for one finding"),
        (["--gate", "ALPHA-PF-5", "--until", "2020-01-01T00:00:00Z"], "has passed already"),
        (["--gate", "ALPHA-PF-5", "--until", "2030-01-01"], "with zone"),
        (["--gate", "ALPHA-PF-5", "--reason", " "], "without reason"),
        (["--gate", "ALPHA-PF-5", "--controls", " "], "without compensating controls"),
    ],
)
def test_what_cannot_be_waived_is_refused(team: Team, words: list[str], message: str) -> None:
    given = {"--reason": "known", "--controls": "a guard", "--until": "20d", "--by": "ada@example.org"}
    rest = [part for name, value in given.items() if name not in words for part in (name, value)]
    ran = team.run("waive", "request", *words, *rest)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_one_finding_can_be_waived(team: Team) -> None:
    evidence = team.run("log", "--type", "evidence", "--format", "json").json["entries"][0]["entry"]
    (finding,) = team.run("show", str(evidence), "--format", "json").json["findings"]
    asked = ("--reason", "known", "--controls", "a guard", "--until", "20d", "--by", "eve@example.org")
    team.done("waive", "request", "--finding", finding["fingerprint"], *asked)
    number = team.run("waive", "list", "--format", "json").json["waivers"][0]["id"]
    team.done("waive", "approve", number, "--key", team.ada.path)
    gates = {gate["id"]: gate for gate in team.run("check", "--point", "tests", "--format", "json").json["gates"]}
    assert (gates["ALPHA-PF-5"]["verdict"], gates["ALPHA-PF-5"]["waivers"]) == ("waived", [number])


def test_a_release_is_a_go_once_all_roles_approved_it(team: Team) -> None:
    team.ingest(GREEN)
    assert team.outcome() == ("no-go", {"ALPHA-PF-5": "pass", "REL-6": "not-assessed", "REL-7": "pass"})
    assert "approve for security as ada@example.org" in team.sign("security", team.ada, "--approve").out
    assert team.outcome()[0] == "no-go"
    refused = team.sign("product-owner", team.ada, "--approve")
    assert (refused.code, "does not hold the role" in refused.err) == (2, True)
    assert team.sign("product-owner", team.ben, "--approve").code == 0
    assert team.outcome()[0] == "go"
    team.ingest(GREEN)  # the same result again changes nothing
    assert team.outcome()[0] == "go"
    team.ingest(JUNIT)
    assert team.outcome() == ("no-go", {"ALPHA-PF-5": "fail", "REL-6": "not-assessed", "REL-7": "pass"})
    text = team.done("status", "--point", "tests")
    assert "does not count: void, because the decision has changed since" in text
    assert "gate ALPHA-PF-5: pass -> fail" in text


def test_a_rejection_stands_in_the_way_until_it_is_taken_back(team: Team) -> None:
    team.ingest(GREEN)
    team.sign("security", team.ada, "--approve")
    assert team.sign("product-owner", team.ben, "--reject").code == 2  # without reason
    assert team.sign("product-owner", team.ben, "--reject", "--reason", "too early").code == 0
    assert team.outcome()[1]["REL-6"] == "fail"
    team.sign("product-owner", team.ben, "--approve")
    assert team.outcome()[0] == "go"


def test_a_condition_is_open_until_newer_evidence_closes_it_and_red_once_it_lapsed(team: Team) -> None:
    team.ingest(GREEN)
    team.sign("security", team.ada, "--approve")
    condition = "a second look; owner=ben; due=2030-12-31; kind=coverage"
    signed = team.sign("product-owner", team.ben, "--approve-with-conditions", "--condition", condition)
    assert signed.code == 0, signed.err
    document = team.run("status", "--point", "tests", "--format", "json").json
    assert [(one["text"], one["met_by"]) for one in document["conditions"]] == [("a second look", None)]
    assert team.outcome()[0] == "go-with-conditions"
    late = team.run("check", "--point", "tests", "--clock", "2031-01-02T00:00:00Z", "--format", "json").json
    verdicts = {gate["id"]: gate["verdict"] for gate in late["gates"]}
    assert (late["outcome"], verdicts["REL-7"], verdicts["REL-6"]) == ("no-go", "fail", "not-assessed")


def test_a_no_go_is_overridden_only_by_a_role_that_may_and_says_why(team: Team) -> None:
    assert "the evidence says no-go" in team.sign("security", team.ada, "--approve").err
    assert "may not override" in team.sign("product-owner", team.ben, "--approve", "--override", "--reason", "x").err
    assert "without reason" in team.sign("security", team.ada, "--approve", "--override").err
    assert team.sign("security", team.ada, "--approve", "--override", "--reason", "a fix that cannot wait").code == 0
    document = team.run("check", "--point", "tests", "--format", "json").json
    assert (document["evidence_outcome"], document["outcome"]) == ("no-go", "go-with-conditions")
    assert "Overridden" in team.done("check", "--point", "tests")


def test_a_role_can_be_delegated_for_a_while(team: Team) -> None:
    team.ingest(GREEN)
    assert "does not hold the role" in team.sign("security", team.eve, "--approve").err
    assert team.sign("security", team.ada, "--delegate", "eve@example.org", "--expires", "2d").code == 0
    assert team.sign("security", team.eve, "--approve").code == 0
    assert "by delegation" in team.sign("security", team.eve, "--delegate", "ben@example.org").err


def test_a_signature_that_was_copied_to_another_store_does_not_count(team: Team) -> None:
    from compliance.store import Draft, Store

    team.ingest(GREEN)
    team.sign("security", team.ada, "--approve")
    with Store.open(team.root / ".compliance" / "evidence.db") as store:
        (entry,) = store.entries(types=["sign-off"])
        body = {name: value for name, value in entry.body.items() if name not in ("v", "type", "at", "after", "private")}
        private: dict[Any, Any] = store.private(entry.number)
    (team.root / "other").mkdir()
    team.done("--store", "other/evidence.db", "ingest", "junit.xml", "--observed-at", "2026-01-31T12:00:00Z")
    with Store.open(team.root / "other" / "evidence.db", write=True) as store:
        store.append([Draft(type="sign-off", body=body, private=private)])
    document = team.run("--store", "other/evidence.db", "status", "--point", "tests", "--format", "json").json
    (security,) = [one for one in document["roles"] if one["role"] == "security"]
    assert security["approved_by"] == []
    assert "not validly signed" in security["void"][0]


def test_waivers_of_a_file_become_requests_and_their_defects_are_named(team: Team) -> None:
    (team.root / "waivers.yaml").write_text("""
waivers:
  - {gate: ALPHA-PF-5, reason: known, compensating-controls: a guard, expires: 2031-01-01T00:00:00Z, approved-by: Zoe}
  - {gate: ALPHA-PF-3, reason: known, compensating-controls: a guard, expires: 2031-01-01T00:00:00Z}
  - {finding: "00aa", justification: known, mitigation: a guard, expiry: 2031-01-01T00:00:00+02:00}
  - {gate: ALPHA-PF-5, reason: known, approved-by: Zoe, expires: 2020-01-01T00:00:00Z}
  - {gate: ALPHA-PF-99, expires: 2031-01-01}
""")
    ran = team.run("waive", "request", "--from", "waivers.yaml")
    assert ran.code == 2
    words = " ".join(ran.out.split())
    for said in (
        "approved by Zoe without a signature: it counts as requested",
        "ALPHA-PF-3 can never be waived",
        "unknown finding",
        "no compensating controls; expired at 2020-01-01T00:00:00Z",
        "unknown gate ALPHA-PF-99",
        "expiry '2031-01-01': expected a time with zone",
    ):
        assert said in words, words
    states = [one["state"] for one in team.run("waive", "list", "--format", "json").json["waivers"]]
    assert states == ["requested", "requested"]


def baseline(team: Team, *words: str) -> Ran:
    return team.run("waive", "baseline", "--reason", "old: [x](y)\n", "--controls", "a guard", "--until", "60d", "--point", "tests", *words)


def test_a_baseline_is_one_waiver_for_the_findings_that_there_are_and_for_no_other(team: Team) -> None:
    ran = baseline(team, "--by", "ben@example.org")
    assert (ran.code, ran.out) == (0, "compliance-baseline.yaml: 1 findings\n"), ran.err
    text = (team.root / "compliance-baseline.yaml").read_text()
    assert re.search(r'- "[0-9a-f]{32}"  # high failure b\n', text)
    assert team.done("waive", "request", "--from", "compliance-baseline.yaml").split()[3] == "W2"
    assert team.outcome()[1]["ALPHA-PF-5"] == "fail"  # nobody approved it
    refused = team.run("waive", "approve", "W2", "--key", team.ben.path)
    assert "requested and approved by the same person" in refused.err
    team.done("waive", "approve", "W2", "--key", team.ada.path)
    assert team.outcome()[1]["ALPHA-PF-5"] == "waived"
    checked = team.run("check", "--gate", "ALPHA-PF-5", "--point", "tests", "--format", "markdown")
    assert "Waiver W2 for a baseline of 1 findings: active" in checked.out
    (listed,) = team.run("waive", "list", "--format", "json").json["waivers"]
    assert (listed["findings"], listed["finding"], listed["gate"], listed["state"]) == (1, None, None, "active")
    team.ingest(JUNIT.replace('<testcase name="a"/>', '<testcase name="a"><failure message="new"/></testcase>'))
    document = team.run("check", "--point", "tests", "--format", "json").json
    (gate,) = [one for one in document["gates"] if one["id"] == "ALPHA-PF-5"]
    assert (gate["verdict"], "besides 1 waived" in gate["message"]) == ("fail", True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--until", "91d"], "at most 90 days are allowed"),
        (["--until", "yesterday"], "expected a time with zone"),
        (["--gate", "REL-6"], "REL-6 can never be waived"),
        (["--gate", "ALPHA-PF-6"], "depends on a finding: there is nothing to accept"),
        (["--controls", " "], "without reason or compensating controls"),
    ],
)
def test_a_baseline_that_says_too_little_or_accepts_too_much_is_not_written(team: Team, words: list[str], message: str) -> None:
    ran = baseline(team, *words)
    assert (ran.code, message in ran.err) == (2, True), ran.err
    assert not (team.root / "compliance-baseline.yaml").exists()


def test_a_baseline_names_only_findings_on_which_a_gate_that_may_be_waived_depends(team: Team) -> None:
    def found(severity: str, rule: str) -> dict[str, Any]:
        place = {"filename": "a.py", "line_number": 1, "col_offset": 0, "end_col_offset": 1, "line_range": [1], "code": "1 x\n"}
        said = {"issue_confidence": "HIGH", "issue_severity": severity, "issue_text": rule, "test_id": rule, "test_name": rule}
        return {**place, **said, "more_info": "", "issue_cwe": {"id": 78, "link": ""}}

    totals = {"loc": 9, "nosec": 0, "skipped_tests": 0} | {
        f"{kind}.{level}": 0 for kind in ("SEVERITY", "CONFIDENCE") for level in ("HIGH", "MEDIUM", "LOW", "UNDEFINED")
    }
    results = [found("HIGH", "B602"), found("LOW", "B603")]
    report = {"errors": [], "generated_at": "2026-01-31T12:00:00Z", "metrics": {"_totals": totals, "a.py": totals}, "results": results}
    (team.root / "bandit.json").write_text(json.dumps(report))
    team.done("ingest", "bandit.json", "--commit", "a" * 40)
    (team.root / "compliance.toml").write_text(CONFIG + '\n[points.code]\ngates = ["ALPHA-SF-1", "ALPHA-SF-5"]\n')
    assert baseline(team, "--point", "code").code == 0
    text = (team.root / "compliance-baseline.yaml").read_text()
    assert "B602" in text and "B603" not in text
    names = "".join(f'\n      - "{number:032x}"' for number in range(10_001))
    (team.root / "compliance-baseline.yaml").write_text(text + names.removeprefix("\n") + "\n")
    ran = team.run("waive", "request", "--from", "compliance-baseline.yaml")
    assert (ran.code, "at most 10000 in one waiver" in " ".join(ran.out.split())) == (2, True)


def test_what_changed_between_two_assessments_is_shown(team: Team) -> None:
    before = team.run("check", "--point", "tests", "--record")
    team.ingest(GREEN)
    after = team.run("check", "--point", "tests", "--record")
    assert (before.code, after.code) == (1, 1)
    numbers = [str(one["entry"]) for one in team.run("log", "--type", "assessment", "--format", "json").json["entries"]]
    found = team.run("diff", *numbers, "--format", "json").json
    gate = next(one for one in found["changes"] if one["name"] == "ALPHA-PF-5")
    assert (gate["before"], gate["after"], gate["decides"]) == ("fail", "pass", True)
    assert [(one["rule"], one["where"]) for one in found["closed"]] == [("failure", "b")]
    assert found["opened"] == []
    text = team.done("diff", *numbers)
    assert "gate ALPHA-PF-5: fail -> pass" in text
    assert "1 finding closed" in text
    assert "no assessment of that number" in team.run("diff", "1", "999").err


def test_evidence_of_another_commit_closes_no_finding(team: Team) -> None:
    """The tests of the new commit were not run: that they failed before is not mended by results of a third one."""
    team.run("check", "--point", "tests", "--record")
    team.ingest(GREEN, "--commit", "c" * 40)
    configuration = (team.root / "compliance.toml").read_text()
    (team.root / "compliance.toml").write_text(configuration.replace("a" * 40, "b" * 40))
    assert team.run("check", "--point", "tests", "--record").code == 1
    numbers = [str(one["entry"]) for one in team.run("log", "--type", "assessment", "--format", "json").json["entries"]]
    found = team.run("diff", *numbers, "--format", "json").json
    assert {one["name"]: one["after"] for one in found["changes"]}["ALPHA-PF-5"] == "not-assessed (foreign)"
    assert (found["opened"], found["closed"]) == ([], [])


def test_gates_without_evidence_and_evidence_without_gates_are_named(team: Team) -> None:
    found = team.run("gates", "--point", "production", "--coverage", "--format", "json").json
    by_id = {one["id"]: one for one in found["gates"]}
    assert by_id["ALPHA-PF-5"]["evidence"]
    assert by_id["ALPHA-PF-6"]["evidence"] == []
    assert by_id["REL-6"]["needs_evidence"] is False
    assert found["unread"] == []
    assert [one["kind"] for one in team.run("gates", "--point", "rollback", "--coverage", "--format", "json").json["unread"]] == [
        "test-results"
    ]
    assert "ALPHA-PF-6" in team.done("gates", "--coverage")
    assert "ALPHA-PF-5" in team.done("gates")


def test_a_check_can_look_ahead(team: Team) -> None:
    team.ingest(GREEN)
    team.sign("security", team.ada, "--approve", "--expires", "3d")
    team.sign("product-owner", team.ben, "--approve")
    ahead = team.run("check", "--point", "tests", "--forecast", "90d", "--format", "json").json["forecast"]
    assert [(one["gate"], one["after"]) for one in ahead["turns"]] == [("REL-6", "not-assessed")]
    assert "REL-6: not approved: security" in " ".join(team.done("check", "--point", "tests", "--forecast", "90d").split())
    assert team.run("check", "--forecast", "soon").code == 2


@pytest.mark.parametrize(("words", "width"), [((), 595), (("--page", "letter"), 612)])
def test_documents_are_printed_on_the_paper_that_is_asked_for(team: Team, words: tuple[str, ...], width: int) -> None:
    team.done("keys", "create")
    for command in ("report", "packet"):
        team.done(command, "--point", "tests", "-o", f"{command}.pdf", *words)
        with pikepdf.open(team.root / f"{command}.pdf") as pdf:
            assert {round(float(page.mediabox[2])) for page in pdf.pages} == {width}
