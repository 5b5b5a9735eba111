"""Bandit: reports of the real tool, hostile copies of them, and the live collector."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.catalog import shipped
from compliance.errors import CollectorError, InputError
from compliance.kind import Collected, Context
from compliance.record import Json, canonical
from compliance.subject import Subject

from .helpers import CORPUS, assert_only_refuses, json_mutations, mutations, read, recognised, redacted

SECRET_CODE = '''import subprocess
password = "hunter2secret"
def login(user, password="s3cr3tdefault"):
    return subprocess.call("ls " + user, shell=True)
login("x", password='fun"carg')
login("x", password='nosecarg')  # nosec
login("y", password='nosec2arg')  # nosec B106
print("hunter2secret")
class C:
    secret = ("multi"
       "line")
token = """first
second"""
assert True
'''
SECRETS = ("hunter2secret", "s3cr3tdefault", 'fun"carg', 'fun\\"carg', "nosecarg", "nosec2arg", "multi", "second")


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The collector keeps what it knows in the user's folder: here a new one for each test."""
    monkeypatch.setenv("COMPLIANCE_HOME", str(tmp_path_factory.mktemp("home")))


def report(*results: Json, errors: Json = (), files: int = 2, **totals: Json) -> bytes:
    counted = {f"SEVERITY.{name}": 0.0 for name in ("HIGH", "MEDIUM", "LOW", "UNDEFINED")}
    for result in results:
        counted["SEVERITY." + result["issue_severity"]] += 1
    metrics: dict[str, Json] = {f"./src/m{number}.py": {"loc": 10, "nosec": 0} for number in range(files)}
    metrics["_totals"] = counted | {"loc": 20.0, "nosec": 0, "skipped_tests": 0} | totals
    return json.dumps(
        {"errors": list(errors), "generated_at": "2026-03-01T10:00:00Z", "metrics": metrics, "results": list(results)}
    ).encode()


def result(rule: str = "B602", severity: str = "HIGH", line: int = 4, code: str | None = None, **more: Json) -> dict[str, Json]:
    return {
        "code": code or f"{line - 1} import os\n{line} os.system(x)\n",
        "filename": "./src/m0.py",
        "issue_confidence": "HIGH",
        "issue_severity": severity,
        "issue_text": "shell",
        "line_number": line,
        "line_range": [line],
        "test_id": rule,
    } | more


def collect(root: Path, **options: Any) -> list[Collected]:
    collector = next(item for item in shipped().kinds["scan"].collectors if item.name == "bandit")
    context = Context(
        root=root,
        options=collector.options(**options),
        subject=Subject(project="p"),
        now=lambda: datetime.now(UTC),
        say=lambda _: None,
    )
    return list(collector.collect(context))


def scan(root: Path, **options: Any) -> Any:
    (item,) = collect(root, **options)
    return read("scan", item.format, item.content, item.facts).payload


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("import subprocess\nsubprocess.call(x, shell=True)\n")
    (tmp_path / "latest.py").write_text("assert x\n")
    yield tmp_path


def test_counts_severities_and_places() -> None:
    parsed = read("scan", "bandit-json", report(result(), result("B101", "LOW", 9), result("B999", "UNDEFINED")))
    payload: Any = parsed.payload
    assert (payload.total, payload.scanned, payload.scanned_what, payload.lines, payload.errors) == (3, 2, "files", 20, 0)
    assert payload.by_severity.model_dump() == {"critical": 0, "high": 1, "medium": 0, "low": 1, "info": 0, "unknown": 1}
    assert payload.incomplete is None
    assert parsed.observed_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    first = parsed.findings[0]
    assert (first.rule, first.severity, first.confidence, first.path, first.line) == ("B602", "high", "high", "src/m0.py", 4)


def test_counts_are_numbers_in_either_spelling() -> None:
    payload: Any = read("scan", "bandit-json", report(nosec=2.0, skipped_tests=1)).payload
    assert (payload.suppressed, payload.total) == (3, 0)


def test_files_that_could_not_be_parsed_make_it_incomplete() -> None:
    payload: Any = read("scan", "bandit-json", report(errors=[{"filename": "x.py", "reason": "syntax error"}])).payload
    assert payload.errors == 1
    assert payload.incomplete == "1 file could not be scanned"


def test_a_scan_of_nothing_is_incomplete() -> None:
    payload: Any = read("scan", "bandit-json", report(files=0)).payload
    assert (payload.scanned, payload.total, payload.incomplete) == (0, 0, "no file was scanned")


def test_a_filtered_report_is_incomplete() -> None:
    payload: Any = read("scan", "bandit-json", report(result(), **{"SEVERITY.LOW": 7})).payload
    assert payload.total == 1
    assert "totals count 8" in payload.incomplete


def test_fingerprints_survive_line_moves_and_tell_copies_apart() -> None:
    here = read("scan", "bandit-json", report(result(line=4), result(line=8))).findings
    moved = read("scan", "bandit-json", report(result(line=40), result(line=80))).findings
    assert [item.fingerprint for item in here] == [item.fingerprint for item in moved]
    assert here[0].fingerprint != here[1].fingerprint


def test_results_without_an_id_are_named_by_their_test() -> None:
    old = result(test_name="hardcoded_password_string", issue_text="Possible hardcoded password: 'x1y2z3'", code="4 password = 'x1y2z3'\n")
    del old["test_id"]
    data = report(old)
    (found,) = read("scan", "bandit-json", data).findings
    assert found.rule == "hardcoded_password_string"
    masked = redacted("scan", "bandit-json", data)
    assert masked is not None
    assert b"x1y2z3" not in masked


def test_windows_and_other_paths_are_one() -> None:
    windows = read("scan", "bandit-json", report(result(filename=".\\src\\m0.py"))).findings[0]
    posix = read("scan", "bandit-json", report(result())).findings[0]
    assert windows.path == posix.path == "src/m0.py"
    assert windows.fingerprint == posix.fingerprint


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"errors": [], "metrics": {}, "results": []}',
        report(result())[:-20],
        report(result()).replace(b'"HIGH"', b"\xff"),
        report(result()).replace(b'"errors": []', b'"errors": [], "errors": []'),
        report(result(line_number="4")),
        report(result(line_number=10**30)),
        report(nosec=-1),
        report(nosec=0.5),
        report(nosec="2"),
        report(loc=1e300),
        report(result()).replace(b'"loc": 20.0', b'"loc": 1e999'),
        report(result()).replace(b'"loc": 20.0', b'"loc": NaN'),
        b"[" * 5000,
    ],
)
def test_refuses(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError):
        read("scan", "bandit-json", data)


def test_recognises_its_own_and_no_look_alike() -> None:
    assert recognised(report()) == ["bandit-json"]
    assert "bandit-json" not in recognised(b'{"errors": [], "results": [], "paths": {"scanned": []}, "version": "1.0"}')
    assert "bandit-json" not in recognised(b'{"errors": [], "metrics": {"a": 1}, "results": []}')
    assert "bandit-json" not in recognised(b'{"errors": [], "metrics": 5, "results": []}')


@given(mutations(report(result(), result("B105", "LOW", 9, '9 password = "x1y2z3"\n', issue_text="Possible hardcoded password: 'x1y2z3'"))))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("scan", "bandit-json", data)


@settings(max_examples=300)
@given(json_mutations(report(result("B105", "LOW", 9, '9 password = "x"\n', issue_text="Possible hardcoded password: 'x'"), errors=[{}])))
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    parsed = assert_only_refuses("scan", "bandit-json", data)
    if parsed is not None:
        canonical(parsed.payload.model_dump(mode="json"))


def test_passwords_are_masked_before_anything_is_stored(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SECRET_CODE)
    (item,) = collect(tmp_path)
    assert b"hunter2secret" in item.content
    masked = redacted("scan", "bandit-json", item.content)
    assert masked is not None
    assert [secret for secret in SECRETS if secret in masked.decode()] == []
    assert b"shell=True identified" in masked
    before, after = (read("scan", "bandit-json", data, item.facts) for data in (item.content, masked))
    assert before.payload == after.payload
    assert [(row.rule, row.line, row.path) for row in before.findings] == [(row.rule, row.line, row.path) for row in after.findings]
    assert redacted("scan", "bandit-json", masked) is None


def test_nothing_is_redacted_where_no_password_is() -> None:
    assert redacted("scan", "bandit-json", report(result())) is None


def test_collector_runs_bandit(project: Path) -> None:
    (item,) = collect(project)
    assert (item.exit_code, item.format) == (1, "bandit-json")
    assert item.scope == {"targets": 1, "excluded": 0, "config": False, "processes": 1, "unchanged": 0}
    assert recognised(item.content) == ["bandit-json"]
    parsed = read("scan", item.format, item.content, item.facts)
    payload: Any = parsed.payload
    assert (payload.scanned, payload.total, payload.by_severity.high, payload.incomplete) == (2, 3, 1, None)
    assert item.tool is not None
    assert payload.tool_version == item.tool.version
    assert {row.path for row in parsed.findings} == {"src/a.py", "latest.py"}


def test_collector_excludes_what_is_named_and_nothing_that_only_contains_it(project: Path) -> None:
    assert scan(project, exclude=("src",)).scanned == 1
    assert scan(project, exclude=("test",)).scanned == 2
    assert scan(project, exclude=("*/a.py",)).scanned == 1
    assert scan(project, targets=("src",), exclude=("src/a.py",)).scanned == 0


def test_collector_scans_no_installed_packages(project: Path) -> None:
    packages = project / ".venv" / "lib" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "x.py").write_text("assert x\n")
    assert scan(project).scanned == 2


def test_collector_does_not_obey_files_of_the_scanned_project(project: Path) -> None:
    (project / ".bandit").write_text("[bandit]\nskips=B602,B404,B101\noutput=stolen.json\n")
    (project / "yaml.py").write_text("raise SystemExit(0)\n")
    assert scan(project).total == 3
    assert not (project / "stolen.json").exists()


def test_collector_reads_the_named_configuration(project: Path) -> None:
    (project / "bandit.toml").write_text('[tool.bandit]\nskips = ["B602"]\n')
    (item,) = collect(project, config="bandit.toml")
    assert item.scope["config"] is True
    payload: Any = read("scan", item.format, item.content).payload
    assert payload.total == 2


def test_collector_of_an_empty_folder_says_nothing_good(tmp_path: Path) -> None:
    assert scan(tmp_path).incomplete == "no file was scanned"


@pytest.mark.parametrize("options", [{"targets": ("missing",)}, {"config": "missing.toml"}, {"config": "broken.toml"}, {"timeout": 0.01}])
def test_collector_that_could_not_run_says_so(project: Path, options: dict[str, Any]) -> None:
    (project / "broken.toml").write_text("[tool.bandit\n")
    with pytest.raises(CollectorError):
        collect(project, **options)


@pytest.mark.parametrize("options", [{"exclude": ["a,b"]}, {"exclude": [" "]}, {"targets": []}, {"nosuch": 1}, {"timeout": 0}])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    collector = next(item for item in shipped().kinds["scan"].collectors if item.name == "bandit")
    with pytest.raises(ValueError, match="validation error"):
        collector.options.model_validate(options)


def leak(number: int, line: str | None = None) -> dict[str, Json]:
    code = line or f'{number} password = "password{number}"\n'
    return result("B105", "LOW", number, code, issue_text=f"Possible hardcoded password: 'password{number}'")


@pytest.mark.parametrize("quotes", ['\\"', "\"'", "'''a", "'''\"\"\"", "\\"])
def test_redaction_of_strange_quotes_ends(quotes: str) -> None:
    masked = redacted("scan", "bandit-json", report(leak(1, f"1 password = 'password1 {quotes * 20_000}\n")))
    assert masked is not None
    assert b"password1" not in masked


def test_redaction_of_a_file_full_of_passwords_ends() -> None:
    masked = redacted("scan", "bandit-json", report(*(leak(number) for number in range(1, 3000))))
    assert masked is not None
    assert b'"password' not in masked


def test_a_number_too_large_cannot_be_written_again() -> None:
    with pytest.raises(InputError, match="beyond the range of a float"):
        redacted("scan", "bandit-json", report(leak(1)).replace(b'"loc": 20.0', b'"loc": 1e999'))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_corpus() -> None:
    cases = [case for case in json.loads((CORPUS / "cases.json").read_text()) if case["format"] == "bandit"]
    for case in cases:
        data = (CORPUS / case["file"]).read_bytes()
        expected = case["expected"]
        payload: Any = read("scan", "bandit-json", data).payload
        words = {name.upper(): count for name, count in payload.by_severity if count}
        assert (payload.total, words) == (expected["count"], expected["severity"])
        assert (payload.errors, payload.lines, payload.suppressed) == (expected["errors"], expected["loc"], expected["nosec"])
        assert recognised(data) == ["bandit-json"]
        assert read("scan", "bandit-json", redacted("scan", "bandit-json", data) or data).payload == payload
