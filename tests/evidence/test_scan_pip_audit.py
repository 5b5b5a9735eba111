"""pip-audit: what it says, what it does not say, and that it is never believed to be clean without having looked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.catalog import shipped
from compliance.errors import CollectorError, InputError
from compliance.kind import Collected, Context
from compliance.record import Json
from compliance.subject import Subject

from .helpers import CORPUS, assert_only_refuses, json_mutations, mutations, read, recognised

CLEAN = {"name": "idna", "version": "3.7", "vulns": []}
VULNERABLE = {
    "name": "jinja2",
    "version": "2.4.1",
    "vulns": [
        {"id": "PYSEC-1", "fix_versions": ["2.5", "2.6"], "aliases": ["CVE-1"], "description": "d" * 3000},
        {"id": "PYSEC-2", "fix_versions": []},
    ],
}
SKIPPED = {"name": "ours", "skip_reason": "Dependency not found on PyPI and could not be audited: ours (1.0)"}


def new(*dependencies: Json) -> bytes:
    return json.dumps({"dependencies": list(dependencies), "fixes": []}).encode()


def old(*dependencies: Json) -> bytes:
    return json.dumps(list(dependencies)).encode()


def collect(root: Path, **options: Any) -> list[Collected]:
    collector = next(item for item in shipped().kinds["scan"].collectors if item.name == "pip-audit")
    context = Context(
        root=root,
        options=collector.options(**options),
        subject=Subject(project="p"),
        now=lambda: datetime.now(UTC),
        say=lambda _: None,
    )
    return list(collector.collect(context))


@pytest.mark.parametrize("layout", [old, new])
def test_both_layouts_say_the_same(layout: Any) -> None:
    data = layout(CLEAN, VULNERABLE)
    assert recognised(data) == ["pip-audit-json"]
    parsed = read("scan", "pip-audit-json", data)
    payload: Any = parsed.payload
    assert (payload.category, payload.total, payload.by_severity.unknown, payload.scanned, payload.skipped) == ("sca", 2, 2, 2, 0)
    assert (payload.scanned_what, payload.incomplete) == ("packages", None)
    first, second = parsed.findings
    assert (first.rule, first.package, first.package_version, first.fixed_in) == ("PYSEC-1", "jinja2", "2.4.1", "2.5, 2.6")
    assert (first.severity, first.path, len(first.message or "")) == ("unknown", None, 2000)
    assert (second.fixed_in, second.message) == (None, None)


def test_fingerprints_hold_over_versions_of_the_package() -> None:
    upgraded = VULNERABLE | {"version": "2.4.2"}
    before, after = (read("scan", "pip-audit-json", new(item)).findings for item in (VULNERABLE, upgraded))
    assert [item.fingerprint for item in before] == [item.fingerprint for item in after]
    assert len({item.fingerprint for item in before}) == 2


def test_skipped_dependencies_make_it_incomplete() -> None:
    payload: Any = read("scan", "pip-audit-json", new(CLEAN, SKIPPED)).payload
    assert (payload.scanned, payload.skipped, payload.total) == (1, 1, 0)
    assert payload.incomplete == "1 of 2 dependencies could not be audited"


def test_no_dependencies_at_all_are_counted_as_such() -> None:
    payload: Any = read("scan", "pip-audit-json", new()).payload
    assert (payload.scanned, payload.incomplete) == (0, None)
    assert recognised(new()) == ["pip-audit-json"]


def test_recognises_no_look_alike() -> None:
    for data in (b"[]", b'{"dependencies": []}', b'{"dependencies": [{"ref": "a"}], "bomFormat": "CycloneDX"}', b'[{"name": "x"}]', b"[1]"):
        assert "pip-audit-json" not in recognised(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"{}",
        b'"x"',
        new(CLEAN)[:-4],
        new({"name": "x", "version": "1"}),
        new({"name": "x", "vulns": [], "skip_reason": "both"}),
        new({"name": 1, "vulns": []}),
        new({"vulns": []}),
        new(CLEAN | {"vulns": [{"fix_versions": []}]}),
        new(CLEAN | {"vulns": {}}),
        new(CLEAN).replace(b'"vulns": []', b'"vulns": [], "vulns": []'),
        new(CLEAN).replace(b"idna", b"\xff"),
        b"[" * 5000,
        new(CLEAN).replace(b"idna", b"\\ud800"),
    ],
)
def test_refuses(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError):
        read("scan", "pip-audit-json", data)


@given(mutations(new(CLEAN, VULNERABLE, SKIPPED)))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("scan", "pip-audit-json", data)


@settings(max_examples=200)
@given(json_mutations(new(CLEAN, VULNERABLE, SKIPPED)))
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("scan", "pip-audit-json", data)


FAKE = """
import sys
sys.stdout.write({out!r}); sys.stderr.write({err!r}); sys.exit({code})
"""


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a stand-in for pip-audit in its place, which prints what the real one was seen to print."""
    package = tmp_path / "stand-in" / "pip_audit"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (tmp_path / "requirements.txt").write_text("a==1\nb==2\n")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))

    def answer(out: bytes, err: str = "", code: int = 0) -> list[Collected]:
        (package / "__main__.py").write_text(FAKE.format(out=out.decode(), err=err, code=code))
        return collect(tmp_path)

    return answer


def test_collector_of_an_audit_that_skipped_everything_could_not_run(answers: Any) -> None:
    with pytest.raises(CollectorError, match=r"none of 2 dependencies could be audited \(Dependency not found"):
        answers(new(SKIPPED, SKIPPED), "No known vulnerabilities found\n", 0)


def test_collector_of_an_audit_that_skipped_some_is_incomplete(answers: Any) -> None:
    (item,) = answers(new(CLEAN, SKIPPED), "No known vulnerabilities found\n", 0)
    payload: Any = read("scan", item.format, item.content, item.facts).payload
    assert payload.incomplete == "1 of 2 dependencies could not be audited"
    assert item.scope == {"declared": 2, "service": "pypi"}


@pytest.mark.parametrize(
    ("out", "err", "code", "why"),
    [
        (b"", "Traceback ...\nrequests.exceptions.ConnectionError: HTTPSConnectionPool(...)\n", 1, "cannot be reached"),
        (b"", "ERROR:pip_audit._cli:invalid requirements input\n", 1, "invalid requirements input"),
        (b"", "ERROR: Failed to build 'x' from https://user:pw@host/\nERROR:pip_audit._cli:Failed\n", 1, "from https://host/$"),
        (b"", "", 0, "exit code 0, no report"),
        (b"{}", "", 0, "no report"),
        (b"No known vulnerabilities found", "", 0, "no report"),
        (new(CLEAN), "killed\n", -9, "killed"),
    ],
)
def test_collector_that_could_not_run_says_why(answers: Any, out: bytes, err: str, code: int, why: str) -> None:
    with pytest.raises(CollectorError, match=rf"^pip-audit could not run: .*{why}"):
        answers(out, err, code)


def declared(root: Path, answers: Any, text: str, **files: str) -> Any:
    (root / "requirements.txt").write_text(text)
    for name, content in files.items():
        (root / f"{name}.txt").write_text(content)
    return answers(new())[0].scope["declared"]


def test_declared_dependencies_are_counted(tmp_path: Path, answers: Any) -> None:
    text = "# a comment \\\na==1\nb==2 \\\n  --hash=sha256:00 # c==3\n--index-url x\n-e ./d\n-r more.txt\n-c limits.txt\n\ne @ https://x/#egg=e\n"
    more = "f; python_version < '3'\n-r requirements.txt\n--requirement=last.txt\n"
    assert declared(tmp_path, answers, text, more=more, last="g\n", limits="h==1\n") == 6
    assert declared(tmp_path, answers, "# nothing\n") == 0
    assert declared(tmp_path, answers, "-r https://host/r.txt\n") is None


def test_declared_dependencies_of_a_project_are_counted(tmp_path: Path, answers: Any) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["a", "b>=1"]\n')
    assert answers(new())[0].scope["declared"] == 2
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert answers(new())[0].scope["declared"] == 0


@pytest.mark.parametrize(
    "text",
    ["", "[project\n", 'project = "x"\n', '[project]\ndynamic = ["dependencies"]\n', '[project]\ndependencies = "a"\n'],
)
def test_a_project_whose_dependencies_cannot_be_seen_is_no_clean_project(tmp_path: Path, answers: Any, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(CollectorError, match="could not run"):
        answers(new())


def test_collector_without_anything_to_audit_could_not_run(tmp_path: Path) -> None:
    with pytest.raises(CollectorError, match=r"no pyproject\.toml"):
        collect(tmp_path)
    with pytest.raises(CollectorError, match=r"missing\.txt: No such file"):
        collect(tmp_path, requirements=("missing.txt",))


@pytest.mark.parametrize(
    "options",
    [
        {"environment": True, "project": "."},
        {"osv-url": "http://host/"},
        {"service": "other"},
        {"osv-url": "x", "service": "osv"},
        {"nosuch": 1},
    ],
)
def test_options_that_contradict_are_refused(options: dict[str, Any]) -> None:
    collector = next(item for item in shipped().kinds["scan"].collectors if item.name == "pip-audit")
    with pytest.raises(ValueError, match="validation error"):
        collector.options.model_validate(options)


AFFECTED = {"package": {"name": "hypothesis", "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "9999"}]}]}
ADVISORIES = {
    "hypothesis": {"id": "TEST-1", "summary": "a test", "affected": [AFFECTED]},
    "pytest": {"id": "TEST-2", "summary": "one that pip-audit drops with a warning: it names no affected versions"},
}


class _Advisories(BaseHTTPRequestHandler):
    """An advisory server that knows `ADVISORIES`."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = ADVISORIES.get(asked["package"]["name"])
        body = json.dumps({"vulns": [known]} if known else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def advisories() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Advisories)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    thread.join()
    server.server_close()


def test_collector_runs_pip_audit(tmp_path: Path, advisories: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pip", reason="pip-audit lists an environment with pip")
    monkeypatch.setenv("PIP_AUDIT_OUTPUT", str(tmp_path / "stolen.json"))
    (item,) = collect(tmp_path, environment=True, service="osv", **{"osv-url": advisories})
    parsed = read("scan", item.format, item.content, item.facts)
    payload: Any = parsed.payload
    assert recognised(item.content) == ["pip-audit-json"]
    assert (item.exit_code, payload.total, payload.by_severity.unknown) == (1, 1, 1)
    assert payload.scanned > 10
    assert [(row.rule, row.package, row.fixed_in) for row in parsed.findings] == [("TEST-1", "hypothesis", "9999")]
    assert payload.incomplete == "pip-audit left out 1 advisory that it could not read"
    assert item.scope == {"declared": None, "service": "osv"}
    assert item.tool is not None
    assert payload.tool_version == item.tool.version
    assert not (tmp_path / "stolen.json").exists()


def test_collector_without_advisory_service_could_not_run(tmp_path: Path) -> None:
    pytest.importorskip("pip", reason="pip-audit lists an environment with pip")
    with pytest.raises(CollectorError, match=r"could not run: the advisory service cannot be reached \(ConnectionError\)"):
        collect(tmp_path, environment=True, service="osv", **{"osv-url": "http://127.0.0.1:9/"})


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_corpus() -> None:
    cases = [case for case in json.loads((CORPUS / "cases.json").read_text()) if case["format"] == "pip-audit"]
    for case in cases:
        expected = case["expected"]
        parsed = read("scan", "pip-audit-json", (CORPUS / case["file"]).read_bytes())
        payload: Any = parsed.payload
        assert (payload.total, payload.skipped) == (expected["count"], expected["skipped"])
        assert payload.scanned + payload.skipped == expected["dependencies"]
        assert sorted(row.rule for row in parsed.findings) == expected["ids"]
        assert sum(row.fixed_in is not None for row in parsed.findings) == expected["with_fix"]
        assert len({row.package for row in parsed.findings}) == expected["vulnerable_packages"]
