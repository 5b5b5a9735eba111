"""The live secrets scan: planted keys are found, named and never shown. They are put together here, so that no scanner finds them."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from compliance import home
from compliance.catalog import shipped
from compliance.errors import CollectorError
from compliance.gate import Inputs, Item, Status
from compliance.kind import Collected, Context
from compliance.record import Assurance, Parsed
from compliance.subject import Subject

from .helpers import read, recognised

KEY = "AKIA" + "IOSFODNN7" + "QWERTYU"
TOKEN = "ghp_" + "aB3dE5" * 6
ALLOWED = "pragma: " + "allowlist"
NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


def git(root: Path, *words: str) -> None:
    names = [f"GIT_{who}_{what}=x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
    environment = {**os.environ, **dict(name.split("=") for name in names)}
    subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, env=environment)


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The collector keeps what it knows in the user's folder: here a new one for each test."""
    monkeypatch.setenv("COMPLIANCE_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "src").mkdir(parents=True)
    git(tmp_path, "init", "-q", str(root))
    (root / "src" / "app.py").write_text("import os\nkey = os.environ['KEY']\n")
    (root / "README.md").write_text("# Shop\n")
    git(root, "add", ".")
    return root


def collect(root: Path, **options: Any) -> Collected:
    collector = next(item for item in shipped().kinds["scan"].collectors if item.name == "secrets")
    context = Context(root=root, options=collector.options(**options), subject=Subject(project="p"), now=lambda: NOW, say=lambda _: None)
    (item,) = collector.collect(context)
    assert KEY.encode() not in item.content
    assert TOKEN.encode() not in item.content
    return item


def parsed(item: Collected) -> Parsed:
    return read("scan", item.format, item.content, item.facts)


def scan(root: Path, **options: Any) -> Any:
    return parsed(collect(root, **options)).payload


def plant(root: Path, name: str, text: str | bytes, *, add: bool = True) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    if add:
        git(root, "add", "-f", name)


def judged(item: Collected) -> Any:
    gate = shipped().gates["ALPHA-SF-5"]
    statement = parsed(item)
    evidence = Item(
        entry=1,
        kind="scan",
        format=item.format,
        subject=Subject(project="p"),
        payload=statement.payload,
        assurance=Assurance.VERIFIED,
        observed_at=NOW,
        collected_at=NOW,
        recorded_at=NOW,
        collected=True,
        worst=lambda limit: [one for one in statement.findings if one.state == "open"][:limit],
    )
    assert gate.judge is not None
    inputs = Inputs(subject=Subject(project="p"), point="production", as_of=NOW, items={"scan": (evidence,)})
    return gate.judge(inputs, gate.params())


def test_a_clean_tree_passes_the_gate(project: Path) -> None:
    item = collect(project)
    assert recognised(item.content) == ["detect-secrets-json"]
    looked = {"listed": 2, "excluded": 0, "unchanged": 0, "files": 2, "skipped": 0, "failed": 0}
    assert item.scope == {"tracked": True, "plugins": 27} | looked
    payload: Any = parsed(item).payload
    assert (payload.total, payload.scanned, payload.scanned_what, payload.rules, payload.incomplete) == (0, 2, "files", 27, None)
    assert (payload.tool, payload.category) == ("detect-secrets", "secrets")
    assert judged(item).status is Status.PASS


def test_a_planted_key_fails_the_gate_and_is_named_but_not_shown(project: Path) -> None:
    plant(project, "src/deploy.py", f'# deploys\nAWS_KEY = "{KEY}"\n')
    item = collect(project)
    verdict = judged(item)
    assert verdict.status is Status.FAIL
    assert "src/deploy.py:2" in {place.where for place in verdict.places}
    assert KEY not in repr((verdict, item, parsed(item)))
    assert "AWS Access Key" in {row.rule for row in parsed(item).findings}


@pytest.mark.parametrize("name", ["config.yaml", "settings.ini", "app.js", "notes.txt", "Dockerfile", ".env", "a b/ö.py"])
def test_every_kind_of_text_file_is_scanned(project: Path, name: str) -> None:
    plant(project, name, f"[a]\ntoken: {TOKEN}\n" if name.endswith("ini") else f"token: {TOKEN}\n")
    rows = parsed(collect(project)).findings
    assert {row.path for row in rows} == {name}


@pytest.mark.parametrize(("name", "shown"), [("new\nline.txt", "new\nline.txt"), ("bad\udcff.txt", "bad\ufffd.txt"), ("--help", "--help")])
def test_odd_names_are_scanned_and_shown(project: Path, name: str, shown: str) -> None:
    (project / name).write_text(f"token: {TOKEN}\n")
    git(project, "add", "--all")
    assert {row.path for row in parsed(collect(project)).findings} == {shown}


def test_only_what_git_tracks_is_scanned(project: Path) -> None:
    plant(project, "local.txt", f"token: {TOKEN}\n", add=False)
    assert scan(project).total == 0


def test_without_git_all_files_are_scanned_but_those_of_others(tmp_path: Path) -> None:
    for name in ("a.txt", "node_modules/b.txt", ".git2/c.txt", "__pycache__/d.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"token: {TOKEN}\n")
    item = collect(tmp_path)
    assert item.scope["tracked"] is False
    assert sorted({row.path or "" for row in parsed(item).findings}) == [".git2/c.txt", "a.txt"]


def test_a_project_inside_a_repository_is_scanned_from_its_own_folder(project: Path) -> None:
    plant(project, "src/deploy.py", f'key = "{KEY}"\n')
    plant(project, "other/deploy.py", f'key = "{KEY}"\n')
    item = collect(project / "src")
    assert item.scope["listed"] == 2
    assert {row.path for row in parsed(item).findings} == {"deploy.py"}


def test_what_a_comment_allows_is_counted_as_suppressed(project: Path) -> None:
    plant(project, "a.py", f'key = "{KEY}"  # {ALLOWED} secret\n')
    plant(project, "b.py", f'# {ALLOWED} nextline secret\nkey = "{KEY}"\n')
    payload = scan(project)
    assert payload.total == 0
    assert payload.suppressed >= 2


def test_a_comment_on_one_line_does_not_hide_the_same_secret_on_another(project: Path) -> None:
    plant(project, "a.txt", f"k {KEY}  # {ALLOWED} secret\nk {KEY}\n")
    (row,) = [row for row in parsed(collect(project)).findings if row.rule == "AWS Access Key"]
    assert (row.state, row.line) == ("open", 2)


def test_text_in_other_encodings_is_scanned_too(project: Path) -> None:
    plant(project, "latin.py", "# gr\xfc\xdfe\n".encode("latin-1") + f'key = "{KEY}"\n'.encode())
    assert {row.path for row in parsed(collect(project)).findings} == {"latin.py"}


def test_what_is_no_text_is_skipped_and_counted(project: Path) -> None:
    plant(project, "data.bin", b"\0\1" + KEY.encode())
    plant(project, "picture.png", b"PNG " + KEY.encode())
    (project / "link.txt").symlink_to("README.md")
    git(project, "add", "link.txt")
    item = collect(project)
    assert (item.scope["listed"], item.scope["files"], item.scope["skipped"], item.scope["failed"]) == (4, 2, 2, 0)
    payload: Any = parsed(item).payload
    assert (payload.total, payload.scanned, payload.skipped, payload.incomplete) == (0, 2, 2, None)


def test_a_file_that_cannot_be_read_makes_the_scan_incomplete(project: Path) -> None:
    plant(project, "gone.py", "x = 1\n")
    (project / "gone.py").unlink()
    payload = scan(project)
    assert (payload.errors, payload.incomplete) == (1, "1 file could not be scanned")


def test_excluded_files_are_counted(project: Path) -> None:
    plant(project, "data/a.txt", f"token: {TOKEN}\n")
    item = collect(project, exclude=("data/*",))
    assert (item.scope["listed"], item.scope["excluded"]) == (3, 1)
    payload: Any = parsed(item).payload
    assert (payload.total, payload.skipped) == (0, 1)


def test_an_audited_baseline_closes_what_it_calls_no_secret_and_nothing_else(project: Path) -> None:
    plant(project, "a.txt", f"token: {TOKEN}\n")
    plant(project, "b.txt", f"k {KEY}\n")
    document = json.loads(collect(project).content)
    for one in document["results"]["a.txt"]:
        one["is_secret"] = False
    plant(project, "secrets.baseline", json.dumps(document))
    payload = scan(project, baseline="./secrets.baseline")
    assert (payload.total, payload.suppressed) == (1, len(document["results"]["a.txt"]))
    plant(project, "c.txt", f"token: {TOKEN}\n")
    assert scan(project, baseline="secrets.baseline").total > 1, "the same secret in another file is another finding"


def test_many_files_are_shared_among_processes(project: Path) -> None:
    for number in range(230):
        plant(project, f"many/{number}.txt", f"token: {TOKEN}\n" if number % 50 == 0 else "nothing\n", add=False)
    git(project, "add", "many")
    payload = scan(project)
    assert (payload.scanned, payload.total) == (232, 5)


def test_only_what_changed_is_looked_at_again(project: Path) -> None:
    plant(project, "a.txt", f"token: {TOKEN}\n")
    plant(project, "b.txt", f"token: {TOKEN}\n")
    plant(project, "blob.bin", b"\0\1")
    first = collect(project)
    plant(project, "b.txt", "nothing\n")
    plant(project, "c.txt", f"key: {KEY}\n")
    second, again = collect(project), collect(project, incremental=False)
    assert (first.scope["unchanged"], second.scope["unchanged"], again.scope["unchanged"]) == (0, first.scope["listed"] - 1, 0)
    assert results(second) == results(again) != results(first)
    assert parsed(second).payload == parsed(again).payload
    assert TOKEN not in "".join(file.read_text() for file in (home.cache_folder() / "secrets").iterdir())


def results(item: Collected) -> Any:
    return json.loads(item.content)["results"]


@pytest.mark.parametrize(("text", "open_"), [("ABCabc123abc", False), ("f3a0b1c2d3e4f5a", False), ("f3a0b1c2d3e4f5a9", True)])
def test_a_short_string_is_no_key_because_it_looks_random(project: Path, text: str, open_: bool) -> None:
    plant(project, "a.java", f'removeAll("{text}", 1);\n')
    payload = scan(project)
    assert (payload.total, payload.suppressed) == ((1, 0) if open_ else (0, 1))


def test_a_short_password_is_found_all_the_same(project: Path) -> None:
    plant(project, "a.py", 'password = "ABCabc123abc"\n')
    assert scan(project).total == 1


def test_an_empty_tree_says_nothing_good(tmp_path: Path) -> None:
    assert scan(tmp_path).incomplete == "no file was scanned"


def test_the_scanned_project_cannot_replace_the_scanner(project: Path) -> None:
    plant(project, "detect_secrets.py", "raise SystemExit(0)\n")
    plant(project, "json.py", "raise SystemExit(0)\n")
    plant(project, "a.txt", f"token: {TOKEN}\n")
    assert scan(project).total == 1


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"baseline": "gone.json"}, "gone.json: No such file"),
        ({"baseline": "README.md"}, "README.md"),
        ({"baseline": "list.json"}, "list.json"),
        ({"timeout": 0.01}, "did not end"),
    ],
)
def test_a_collector_that_could_not_run_says_so(project: Path, options: dict[str, Any], why: str) -> None:
    (project / "list.json").write_text("[]")
    with pytest.raises(CollectorError, match=why):
        collect(project, **options)


def test_the_scanner_is_not_loaded_by_the_catalog() -> None:
    code = (
        "import sys; from compliance.catalog import shipped; shipped(); print([name for name in sys.modules if 'detect_secrets' in name])"
    )
    done = subprocess.run(["python", "-P", "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **_path()})
    assert done.stdout.strip() == "['compliance.evidence.scan.detect_secrets']"


def _path() -> dict[str, str]:
    import sys

    return {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


LEVELS = [f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 12)]


@pytest.mark.parametrize("text", ["\n".join(["a0: &a0 [x, x]", *LEVELS]), "a: &a [*a, x]"])
def test_aliases_without_end_are_a_failure_and_other_files_are_scanned(project: Path, text: str) -> None:
    plant(project, "a.yaml", text)
    plant(project, "b.txt", f"token: {TOKEN}\n")
    payload = scan(project)
    assert (payload.total, payload.errors) == (1, 1)
    assert payload.incomplete == "1 file could not be scanned"


def test_ordinary_aliases_are_followed(project: Path) -> None:
    plant(project, "a.yaml", f"base: &base\n  token: {TOKEN}\nuse: *base\n---\nmore: 1\n")
    payload = scan(project)
    assert (payload.total, payload.errors) == (1, 0)
