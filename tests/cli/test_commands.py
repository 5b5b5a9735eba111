"""What users see and programs rely on: output, exit codes and JSON of every command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.run import compliance

JUNIT = '<testsuite name="s" tests="2" failures="1"><testcase name="a"/><testcase name="b"><failure message="no"/></testcase></testsuite>'
CONFIG = f"""
[project]
name = "demo"
version = "1.0"
commit = "{"a" * 40}"
profile = "library"
profile-by = "Ada"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "compliance.toml").write_text(CONFIG)
    (tmp_path / "junit.xml").write_text(JUNIT)
    return tmp_path


def test_help_lists_the_commands_and_exit_codes(tmp_path: Path) -> None:
    ran = compliance("--help", cwd=tmp_path)
    assert ran.code == 0
    for word in ("init", "collect", "ingest", "check", "report", "verify", "explain", "log", "show", "release", "keys", "Exit codes"):
        assert word in ran.out


@pytest.mark.parametrize(
    ("words", "following"),
    [
        (["frob"], "next: compliance --help"),
        (["check", "--frob"], "next: compliance check --help"),
    ],
)
def test_wrong_use_says_where_to_look(tmp_path: Path, words: list[str], following: str) -> None:
    (tmp_path / "compliance.toml").write_text('[project]\nname = "p"\n')
    ran = compliance(*words, cwd=tmp_path)
    assert (ran.code, ran.err.splitlines()[-1]) == (2, following)


@pytest.mark.parametrize("words", [["ingest"], ["diff", "1"], ["explain"]])
def test_an_argument_that_is_missing_is_named(tmp_path: Path, words: list[str]) -> None:
    ran = compliance(*words, cwd=tmp_path)
    assert ran.code == 2
    assert ran.err.startswith("compliance: Missing argument '"), ran.err
    assert ran.err.splitlines()[1:] == [f"next: compliance {words[0]} --help"]


@pytest.mark.parametrize("words", [[], ["waive"], ["keys"]])
def test_without_a_command_the_help_is_shown_as_it_is_written(tmp_path: Path, words: list[str]) -> None:
    ran = compliance(*words, cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == compliance(*words, "--help", cwd=tmp_path).out


@pytest.mark.parametrize("command", ["init", "collect", "ingest", "check", "report", "verify", "explain", "log", "show", "release", "keys"])
def test_every_command_has_help(tmp_path: Path, command: str) -> None:
    ran = compliance(command, "--help", cwd=tmp_path)
    assert ran.code == 0
    assert "Usage: compliance" in ran.out


def test_help_and_check_import_no_heavy_library(project: Path) -> None:
    assert compliance("ingest", "junit.xml", cwd=project).code == 0
    probe = (
        "import sys\n"
        "from compliance.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'weasyprint', 'pyhanko', 'bandit', 'pip_audit', 'fontTools'} & set(sys.modules)), file=sys.stderr)\n"
    )
    for words in (["--help"], ["check"]):
        done = subprocess.run([sys.executable, "-c", probe, *words], cwd=project, capture_output=True, text=True, timeout=60)
        assert done.stderr.splitlines()[-1] == "[]", done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["chekc"], "chekc"),
        (["check", "--pont", "x"], "--pont"),
        (["check", "--gate", "ALPHA-PF-55"], "no such gate; did you mean 'ALPHA-PF-5'?"),
        (["check", "--framework", "alfa"], "no such framework; did you mean 'alpha'?"),
        (["check", "--point", "prodution"], "no decision point 'prodution'; did you mean 'production'?"),
        (["check", "--as-of", "yesterday"], "expected a time with zone"),
        (["check", "--as-of", "2026-01-01T00:00:00"], "expected a time with zone"),
        (["check", "--record", "--gate", "ALPHA-PF-5"], "a partial check is never recorded"),
        (["check", "--output", "check.pdf"], "expected a name that ends in .txt, .json, .md, .sarif, .xml"),
        (["check", "--output", "junit.xml/check.md"], "File exists"),
        (["ingest", "junit.xml", "--kind", "tests"], "no such kind"),
        (["ingest", "junit.xml", "--commit", "abc"], "expected the full id"),
        (["explain", "ALPHA-PF-55"], "did you mean 'ALPHA-PF-5'?"),
        (["collect"], "no [collect.KIND] table is configured"),
        (["collect", "tests"], "no kind of evidence 'tests'; known: "),
        (["collect", "coverage"], "nothing is configured for kind 'coverage'"),
        (["explain", "alpha-pf-5"], "did you mean 'ALPHA-PF-5'?"),
        (["check", "--framework", "alfa"], "`compliance gates` lists them"),
        (["show", "999"], "no entry 999"),
        (["--project", "missing", "check"], "no such folder"),
        (["check", "--store", "postgresql://127.0.0.1:1/y"], "Connection refused"),
        (["check", "--store", "mysql://x/y"], "expected postgresql://USER@HOST/DATABASE"),
        (["report"], "no signing key"),
        (["release", "-o", "."], "--output .: a folder"),
        (["verify", "junit.xml"], "neither a PDF nor a store"),
        (["verify", "missing.pdf"], "No such file"),
        (["keys", "trust", "junit.xml"], "certificate"),
    ],
)
def test_wrong_use_is_one_clear_line_and_exit_code_2(project: Path, words: list[str], message: str) -> None:
    assert compliance("ingest", "junit.xml", cwd=project).code == 0
    ran = compliance(*words, cwd=project)
    assert ran.code == 2, ran.err
    assert message in ran.err
    assert "Traceback" not in ran.err
    assert 1 <= len(ran.err.strip().splitlines()) <= 2


def test_a_release_without_a_key_says_so_before_it_collects(project: Path) -> None:
    (project / "compliance.toml").write_text(CONFIG + '\n[collect.test-results]\nfiles = ["junit.xml"]\n')
    ran = compliance("release", cwd=project)
    assert (ran.code, "no signing key" in ran.err, "recorded" in ran.err) == (2, True, False)
    assert not (project / ".compliance" / "evidence.db").exists()


def test_nothing_to_judge_is_exit_code_3(project: Path) -> None:
    (project / "notes.txt").write_text("nothing")
    assert compliance("ingest", ".", cwd=project).code == 0
    ran = compliance("check", "--as-of", "2020-01-01T00:00:00Z", cwd=project)
    assert ran.code == 3
    (project / "other.toml").write_text(CONFIG)
    (project / "empty").mkdir()
    ran = compliance("ingest", project / "notes.txt", "--store", project / "empty" / "e.db", cwd=project)
    assert ran.code == 2
    assert compliance("check", "--store", project / "empty" / "e.db", cwd=project).code == 3


def test_before_the_first_evidence_there_is_nothing_to_judge(project: Path) -> None:
    ran = compliance("check", cwd=project)
    assert (ran.code, "no store" in ran.err) == (3, True)


def test_the_form_may_be_asked_for_before_the_command(project: Path) -> None:
    compliance("ingest", "junit.xml", cwd=project)
    assert compliance("--format", "json", "check", cwd=project).json["schema"] == "compliance/check/v1"
    ran = compliance("--format", "json", "init", cwd=project)
    assert (ran.code, "one form only" in ran.err) == (2, True)


def test_a_check_in_hindsight_says_so(project: Path) -> None:
    compliance("ingest", "junit.xml", cwd=project)
    found = compliance("check", "--clock", "2026-01-01T00:00:00Z", "--format", "json", cwd=project).json
    assert (found["as_of"], found["hindsight"]) == ("2026-01-01T00:00:00Z", True)
    assert compliance("check", "--format", "json", cwd=project).json["hindsight"] is False


def test_a_store_that_cannot_be_looked_at_is_not_refuted(project: Path) -> None:
    compliance("ingest", "junit.xml", cwd=project)
    assert compliance("verify", "missing.db", cwd=project).code == 2
    both = compliance("verify", ".compliance/evidence.db", ".compliance/evidence.db", "--format", "json", cwd=project)
    assert both.json["schema"] == "compliance/verify-list/v1"


def test_ingest_json_is_that_of_the_contract(project: Path) -> None:
    (project / "notes.txt").write_text("nothing")
    ran = compliance("ingest", "--format", "json", "junit.xml", "notes.txt", cwd=project)
    assert ran.code == 2
    first, second = ran.json["files"]
    assert ran.json["schema"] == "compliance/ingest/v1"
    assert set(first) == {"path", "status", "kind", "format", "sha256", "evidence", "summary", "reason"}
    assert (first["status"], first["kind"], first["format"], first["reason"]) == ("recorded", "test-results", "junit-xml", None)
    assert {"tests": 2, "passed": 1, "failed": 1, "errors": 0, "skipped": 0, "flaky": 0}.items() <= first["summary"].items()
    assert (second["status"], second["kind"], second["evidence"]) == ("refused", None, None)
    assert "not recognised" in second["reason"]
    again = compliance("ingest", "--format", "json", ".", cwd=project)
    assert again.code == 0
    by_path = {one["path"]: one for one in again.json["files"]}
    assert by_path["junit.xml"]["status"] == "duplicate"
    assert by_path["junit.xml"]["evidence"] == first["evidence"]
    assert by_path["notes.txt"]["status"] == "unrecognised"


def test_check_json_is_that_of_the_contract(project: Path) -> None:
    compliance("ingest", "junit.xml", cwd=project)
    ran = compliance("check", "--format", "json", cwd=project)
    assert ran.code == 1
    found = ran.json
    assert found["schema"] == "compliance/check/v1"
    assert found["subject"] == {"project": "demo", "version": "1.0", "commit": "a" * 40, "environment": None}
    assert (found["point"], found["profile"], found["scope"]) == ("production", "library", "full")
    assert found["outcome"] == found["evidence_outcome"] == "no-go"
    assert set(found["score"]) == {"readiness", "areas", "formula"}
    gates = {gate["id"]: gate for gate in found["gates"]}
    keys = {"id", "framework", "principle", "title", "required", "verdict", "reason", "message"}
    assert keys | {"observed", "threshold", "evidence", "waivers", "fix"} <= set(gates["ALPHA-PF-5"])
    assert gates["ALPHA-PF-5"]["verdict"] == "fail"
    assert gates["ALPHA-PF-2"]["reason"] == "profile"
    assert gates["REL-6"]["reason"] == "missing"
    assert re.fullmatch(r"[0-9a-f]{64}", found["policy_digest"])
    assert found["store"]["size"] == 2


def test_check_writes_nothing_unless_asked(project: Path) -> None:
    compliance("ingest", "junit.xml", cwd=project)
    compliance("check", cwd=project)
    assert len(compliance("log", "--format", "json", cwd=project).json["entries"]) == 2
    compliance("check", "--record", cwd=project)
    assert compliance("log", "--format", "json", cwd=project).json["entries"][-1]["type"] == "assessment"


def test_a_partial_check_says_so(project: Path) -> None:
    compliance("ingest", "junit.xml", cwd=project)
    ran = compliance("check", "--gate", "ALPHA-PF-5", cwd=project)
    assert ran.code == 1
    assert "partial check" in ran.out
    assert compliance("check", "--gate", "ALPHA-PF-5", "--format", "json", cwd=project).json["scope"] == "partial"


def test_a_check_is_written_in_several_forms_at_once(project: Path) -> None:
    compliance("ingest", "junit.xml", cwd=project)
    names = ["check.sarif", "check.md", "check.json", "check.xml", "check.txt", "made/again.sarif.json"]
    words = [word for name in names for word in ("--output", name)]
    ran = compliance("check", "--gate", "ALPHA-PF-5", *words, cwd=project)
    assert (ran.code, "NO-GO" in ran.out) == (1, True)
    begins = ["{", "<!-- compliance-check: demo-production -->", "{", "<?xml", "demo 1.0", "{"]
    for name, start in zip(names, begins, strict=True):
        assert (project / name).read_text().startswith(start), name
    assert (
        json.loads((project / "check.sarif").read_text()).keys() == json.loads((project / "made" / "again.sarif.json").read_text()).keys()
    )
    assert (project / "check.txt").read_text() == ran.out.replace(time_of(ran.out), time_of((project / "check.txt").read_text()))
    for form, start in zip(("sarif", "markdown", "json", "junit", "text"), begins, strict=False):
        printed = compliance("check", "--gate", "ALPHA-PF-5", "--format", form, cwd=project)
        assert (printed.code, printed.out.startswith(start)) == (1, True), form


def time_of(text: str) -> str:
    return text.partition("as of ")[2].partition(" UTC")[0]


SNAPSHOT = """\
demo 1.0  commit aaaaaaaaaaaa  point production  as of <time> UTC

alpha
  x FAIL          ALPHA-PF-5   Tests pass
                  1 of 2 tests failed and 0 ended in an error
                  observed failed 1 against 0, errors 0 against 0, passed 1
                  against 1
                    b  no
                  evidence #1
                  fix: Run the listed tests alone, correct the code or the test,
                  and collect again.

`compliance explain GATE` says more about a gate.
readiness 0.0% = (25 x 0/1 operations) / 25; the score never decides
partial check: some gates only; it says nothing about the release
NO-GO: 1 of 1 required gates stands in the way: 1 failed (ALPHA-PF-5).
"""


def test_the_text_of_a_check(project: Path) -> None:
    compliance("ingest", "junit.xml", cwd=project)
    ran = compliance("check", "--gate", "ALPHA-PF-5", cwd=project)
    assert re.sub(r"as of .* UTC", "as of <time> UTC", ran.out) == SNAPSHOT
    assert max(map(len, ran.out.splitlines())) <= 80


def test_a_wide_terminal_has_a_column_for_what_was_observed(project: Path) -> None:
    compliance("ingest", "junit.xml", cwd=project)
    ran = compliance("check", "--gate", "ALPHA-PF-5", "--gate", "REL-7", cwd=project, env={"COLUMNS": "120"})
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 120
    row = next(number for number, line in enumerate(lines) if "ALPHA-PF-5" in line)
    assert lines[row] == f"  x FAIL          ALPHA-PF-5   {'Tests pass'.ljust(46)}  failed 1 against 0, errors 0 against 0,"
    assert lines[row + 1] == " " * 79 + "passed 1 against 1"
    assert f"  + pass          REL-7        {'Earlier conditions were met'.ljust(46)}  lapsed 0 against 0" in lines
    narrow = compliance("check", "--gate", "REL-7", cwd=project).out
    assert "  + pass          REL-7        Earlier conditions were met: lapsed 0 against 0\n" in narrow


def test_options_may_stand_on_either_side_of_the_command(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    store = elsewhere / "e.db"
    assert compliance("--project", project, "--store", store, "ingest", project / "junit.xml", cwd=elsewhere).code == 0
    assert compliance("log", "--project", project, "--store", store, cwd=elsewhere).code == 0
    env = {"COMPLIANCE_PROJECT": str(project), "COMPLIANCE_STORE": str(store)}
    assert compliance("log", cwd=elsewhere, env=env).code == 0
    # What was typed wins over the environment, on either side.
    for typed in (["--store", "none.db", "log"], ["log", "--store", "none.db"]):
        assert "none.db: no store" in compliance(*typed, cwd=elsewhere, env=env).err
    given = compliance("--format", "json", "check", "--store", store, cwd=project, env={"COMPLIANCE_FORMAT": "text"})
    assert given.json["subject"]


def test_log_and_show(project: Path) -> None:
    compliance("ingest", "junit.xml", cwd=project)
    log = compliance("log", cwd=project)
    assert log.code == 0
    assert "test-results junit-xml junit.xml" in log.out
    shown = compliance("show", "1", "--format", "json", cwd=project).json
    assert shown["leaf"]["kind"] == "test-results"
    assert shown["payload"]["failed"] == 1
    assert compliance("show", "1", "--raw", cwd=project).out == JUNIT
    assert compliance("show", "0", cwd=project).code == 0
    assert shown["findings"][0]["fingerprint"] in compliance("show", "1", cwd=project).out


def test_explain_a_gate_and_a_kind(project: Path) -> None:
    gate = compliance("explain", "ALPHA-PF-5", cwd=project)
    assert gate.code == 0
    for word in ("asks", "why", "evidence", "fix", "maps to"):
        assert word in gate.out
    compliance("ingest", "junit.xml", cwd=project)
    explained = compliance("explain", "ALPHA-PF-5", "--format", "json", cwd=project).json
    assert "fail" in explained["now"]
    (need,) = explained["needs"]
    assert (need["action"], need["evidence"], len(need["findings"])) == ("correct", 1, 1)
    assert need["findings"][0]["fingerprint"] in compliance("explain", "ALPHA-PF-5", cwd=project).out
    kind = compliance("explain", "test-results", "--format", "json", cwd=project).json
    assert kind["needs"] == {"ALPHA-PF-5": [need]}
    assert "junit-xml" in compliance("explain", "test-results", cwd=project).out


def test_keys_are_made_listed_and_never_overwritten(tmp_path: Path) -> None:
    made = compliance("keys", "create", cwd=tmp_path)
    assert made.code == 0
    assert "proves nothing" in made.err or "prove nothing" in made.err
    assert (tmp_path / "home" / "keys" / "trial.p12").stat().st_mode & 0o777 == 0o600
    assert compliance("keys", "create", cwd=tmp_path).code == 2
    assert "trial" in compliance("keys", "list", cwd=tmp_path).out
    assert compliance("keys", "show", tmp_path / "home" / "keys" / "trial.pem", cwd=tmp_path).code == 0


def test_init_writes_a_configuration_that_works_and_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "thing"\nversion = "2.0"\n[project.scripts]\nt = "t:m"\n')
    (tmp_path / "thing.py").write_text("x = 1\n")
    (tmp_path / "junit.xml").write_text(JUNIT)
    (tmp_path / "firestore.rules").write_text("service cloud.firestore { match /a/{b} { allow read: if false; } }\n")
    (tmp_path / "STATUS.md").write_text("# Release status report\n")
    ran = compliance("init", cwd=tmp_path)
    assert ran.code == 0
    assert "next:" in ran.out
    text = (tmp_path / "compliance.toml").read_text()
    assert 'profile = "cli"' in text
    assert "[collect.scan.bandit]" in text
    assert '[collect.access-policy]\nfiles = ["firestore.rules"]' in text
    assert '[collect.document]\nfiles = ["STATUS.md"]' in text
    again = compliance("init", cwd=tmp_path)
    assert again.code == 0
    assert "left as it is" in again.out
    assert (tmp_path / "compliance.toml").read_text() == text
    assert compliance("ingest", "junit.xml", cwd=tmp_path).code == 0


def test_init_below_a_project_says_that_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "compliance.toml").write_text(CONFIG)
    (tmp_path / "src").mkdir()
    ran = compliance("init", cwd=tmp_path / "src")
    # A long path is broken after its separators.
    assert (ran.code, f"{tmp_path / 'compliance.toml'}istheconfigurationofthefolderabove" in "".join(ran.out.split())) == (0, True)


def test_without_anything_to_collect_the_advice_depends_on_whether_there_is_a_configuration(tmp_path: Path) -> None:
    assert "next: run `compliance init`" in compliance("collect", cwd=tmp_path).err
    assert compliance("init", cwd=tmp_path).code == 0
    assert "next: add one to compliance.toml" in compliance("collect", cwd=tmp_path).err


def test_a_collector_that_cannot_run_is_exit_code_5_and_is_named(project: Path) -> None:
    with (project / "compliance.toml").open("a") as file:
        file.write('\n[collect.test-results]\nfiles = ["missing.xml", "junit.xml"]\n')
    ran = compliance("collect", cwd=project)
    assert ran.code == 5
    assert "no file matches missing.xml" in re.sub(r"\s+", " ", ran.out)
    assert compliance("log", "--format", "json", cwd=project).json["entries"][-1]["type"] == "collection"
    check = compliance("check", "--gate", "ALPHA-PF-6", "--format", "json", cwd=project)
    assert check.json["gates"][0]["reason"] == "missing"


def test_debug_shows_the_traceback(project: Path) -> None:
    assert "Traceback" in compliance("--debug", "show", "7", cwd=project).err


def test_explain_shows_how_a_record_is_written(project: Path) -> None:
    shown = compliance("explain", "risk-register", cwd=project).out
    assert "\\x0a" not in shown
    assert "\n    schema: compliance/risk-register/v1\n    recorded-at: " in shown
    assert "\n      - id: R1\n" in shown
