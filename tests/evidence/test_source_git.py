"""The collector ``git``: what it says of a checkout, in all the states that a checkout can be in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from compliance.catalog import shipped
from compliance.errors import CollectorError, InputError
from compliance.git.checkout import Checkout
from compliance.git.worktree import tracked
from compliance.kind import Collected, Context
from compliance.record import Parsed
from compliance.source import Source
from compliance.subject import Subject

from .helpers import read, recognised

GIT = shutil.which("git")
pytestmark = pytest.mark.skipif(GIT is None, reason="the tests make their repositories with git")
NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


def git(folder: Path, *words: str) -> str:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": "2025-05-01T10:00:00Z",
        "GIT_COMMITTER_DATE": "2025-05-01T12:00:00+02:00",
    }
    fixed = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always", "-c", "commit.gpgsign=false"]
    done = subprocess.run([str(GIT), "-C", str(folder), *fixed, *words], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def collect(folder: Path, subject: Subject | None = None, said: list[str] | None = None, **options: Any) -> tuple[Collected, Parsed]:
    (collector,) = shipped().kinds["source"].collectors
    context = Context(
        root=folder,
        options=collector.options(**options),
        subject=subject or Subject(project="x"),
        now=lambda: NOW,
        say=(said if said is not None else []).append,
    )
    (made,) = collector.collect(context)
    assert recognised(made.content) == ["source-json"]
    return made, read("source", "source-json", made.content)


def state(folder: Path, **options: Any) -> Any:
    return collect(folder, **options)[1].payload


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    write(folder, {"src/a.py": "x = 1\n", ".gitignore": "*.log\nbuild/\n"})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")
    return folder


def test_a_clean_checkout(repo: Path) -> None:
    made, parsed = collect(repo)
    payload: Any = parsed.payload
    head = git(repo, "rev-parse", "HEAD")
    assert (payload.commit, parsed.commit, payload.branch, payload.branches) == (head, head, "main", ("main",))
    assert payload.committed_at == datetime(2025, 5, 1, 10, tzinfo=UTC)
    assert (payload.modified, payload.untracked, payload.dirty_files, payload.tags) == (0, 0, (), ())
    assert (payload.commit_signed, payload.shallow, payload.incomplete) == (False, False, None)
    assert (payload.files, payload.languages, payload.markers) == (1, {"Python": 1}, 0)
    assert (parsed.observed_at, parsed.findings) == (NOW, [])
    assert (made.format, made.tool and made.tool.name, made.scope["files"]) == ("source-json", "compliance-toolkit", 1)


def test_dirty_files_are_counted_and_named(repo: Path) -> None:
    write(repo, {"src/a.py": "x = 2\n", "new/b.py": "", "staged.py": "", "c.log": "", "build/x": "", "ümlaut.txt": ""})
    git(repo, "add", "staged.py")
    payload = state(repo)
    assert (payload.modified, payload.untracked) == (2, 2)
    assert payload.dirty_files == ("src/a.py", "staged.py", "new/b.py", "ümlaut.txt")


def test_deleted_renamed_and_retyped_files_are_modified(repo: Path) -> None:
    write(repo, {"b.py": "b\n", "c.py": "c\n"})
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "two")
    (repo / "b.py").unlink()
    git(repo, "mv", "c.py", "d.py")
    (repo / "src/a.py").chmod(0o755)
    payload = state(repo)
    assert payload.dirty_files == ("b.py", "c.py", "d.py", "src/a.py")
    assert (payload.modified, payload.untracked) == (4, 0)


def test_a_touched_file_is_not_modified(repo: Path) -> None:
    os.utime(repo / "src/a.py", (1, 1))
    before = (repo / ".git/index").read_bytes()
    assert state(repo).modified == 0
    assert (repo / ".git/index").read_bytes() == before


def test_line_ends_that_git_converts_are_no_change(repo: Path) -> None:
    git(repo, "config", "core.autocrlf", "true")
    (repo / "src/a.py").write_bytes(b"x = 1\r\n")
    assert state(repo).modified == 0


def test_at_most_200_dirty_files_are_named_and_all_counted(repo: Path) -> None:
    write(repo, {f"n{number}": "" for number in range(300)})
    payload = state(repo)
    assert (payload.untracked, len(payload.dirty_files)) == (300, 200)


def test_tags_on_exactly_this_commit(repo: Path) -> None:
    git(repo, "tag", "light")
    git(repo, "tag", "-a", "v1.0.0", "-m", "x")
    git(repo, "tag", "-a", "again", "v1.0.0", "-m", "tag of a tag")
    write(repo, {"z": ""})
    git(repo, "add", "z")
    git(repo, "commit", "-q", "-m", "later")
    git(repo, "tag", "-a", "v2.0.0", "-m", "x")
    assert [tag.name for tag in state(repo).tags] == ["v2.0.0"]
    git(repo, "checkout", "-q", "light")
    payload = state(repo)
    assert [(tag.name, tag.annotated, tag.signed) for tag in payload.tags] == [
        ("again", True, False),
        ("light", False, False),
        ("v1.0.0", True, False),
    ]
    assert (payload.branch, payload.branches) == (None, ())


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen")
def test_signatures_are_seen_but_not_verified(repo: Path, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    write(repo, {"z": ""})
    git(repo, "add", "z")
    signing = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={tmp_path / 'key.pub'}"]
    git(repo, *signing, "commit", "-q", "-S", "-m", "signed")
    git(repo, *signing, "tag", "-s", "v1", "-m", "x")
    payload = state(repo)
    assert payload.commit_signed
    assert [(tag.name, tag.signed) for tag in payload.tags] == [("v1", True)]


def test_a_detached_head_is_on_the_only_branch_that_points_at_it(repo: Path, tmp_path: Path) -> None:
    git(repo, "checkout", "-q", "--detach")
    assert (state(repo).branch, state(repo).branches) == ("main", ("main",))
    git(repo, "branch", "other")
    assert (state(repo).branch, state(repo).branches) == (None, ("main", "other"))
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(repo), str(clone))
    git(clone, "checkout", "-q", "--detach")
    assert "main" in state(clone).branches


def test_a_repository_without_commits(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "trunk")
    write(tmp_path, {"a.py": "", "b.py": ""})
    git(tmp_path, "add", "a.py")
    payload = state(tmp_path)
    assert (payload.commit, payload.branch, payload.committed_at) == (None, "trunk", None)
    assert (payload.modified, payload.untracked, payload.files) == (1, 1, 1)


def test_without_git_the_configured_commit_is_needed(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "# TODO: x\n", "node_modules/b.js": "// TODO\n", ".git-not/c.py": ""})
    with pytest.raises(CollectorError, match="no git repository") as caught:
        state(tmp_path)
    assert caught.value.exit_code == 5
    made, parsed = collect(tmp_path, Subject(project="x", commit="a" * 40))
    payload: Any = parsed.payload
    assert json.loads(made.content)["git"] is None
    assert (payload.commit, payload.files, payload.markers) == (None, 2, 1)


def test_a_project_in_a_folder_of_the_repository(repo: Path) -> None:
    write(repo, {"app/x.py": "# FIXME\n", "app/.gitignore": "", "lib/y.py": "# TODO\n"})
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "two")
    write(repo, {"app/new.py": "", "lib/new.py": ""})
    _, parsed = collect(repo / "app")
    payload: Any = parsed.payload
    assert [(item.path, item.rule) for item in parsed.findings] == [("x.py", "fixme")]
    assert (payload.files, payload.untracked) == (1, 2)
    assert payload.dirty_files == ("new.py", "../lib/new.py")


def test_a_linked_worktree(repo: Path, tmp_path: Path) -> None:
    git(repo, "tag", "v1")
    git(repo, "worktree", "add", "-q", str(tmp_path / "other"), "-b", "feature")
    write(tmp_path / "other", {"x.py": ""})
    payload = state(tmp_path / "other")
    assert (payload.branch, payload.untracked, payload.files) == ("feature", 1, 1)
    assert [tag.name for tag in payload.tags] == ["v1"]


def test_a_submodule_is_no_file_and_its_other_commit_is_a_change(repo: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    shutil.copytree(repo, inner)
    git(repo, "submodule", "--quiet", "add", str(inner), "sub")
    git(repo, "commit", "-q", "-m", "with submodule")
    assert (state(repo).dirty_files, state(repo).files) == ((), 1)
    write(repo / "sub", {"z": ""})
    git(repo / "sub", "add", "z")
    git(repo / "sub", "commit", "-q", "-m", "other")
    assert state(repo).dirty_files == ("sub",)


def test_a_shallow_clone_is_named(repo: Path, tmp_path: Path) -> None:
    write(repo, {"z": ""})
    git(repo, "add", "z")
    git(repo, "commit", "-q", "-m", "two")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repo}", str(tmp_path / "shallow"))
    assert state(tmp_path / "shallow").shallow
    assert not state(repo).shallow


def test_a_tag_of_a_missing_object_is_passed_over(repo: Path) -> None:
    (repo / ".git/refs/tags/gone").write_text("1" * 40 + "\n")
    assert state(repo).tags == ()


def test_a_missing_commit_or_tree_is_no_state(repo: Path) -> None:
    tree = git(repo, "rev-parse", "HEAD^{tree}")
    (repo / ".git/objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(CollectorError, match="cannot be read"):
        state(repo)


@pytest.mark.parametrize("file", ["index", "HEAD", "config"])
def test_a_broken_repository_is_no_state(repo: Path, file: str) -> None:
    (repo / ".git" / file).write_bytes(b"\x00\xff nonsense")
    with pytest.raises(CollectorError):
        state(repo)


def test_a_bare_repository_is_refused(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repo), str(tmp_path / "bare.git"))
    with pytest.raises(CollectorError, match="bare"):
        state(tmp_path / "bare.git")


def test_a_bare_repository_is_no_checkout(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")
    assert Checkout.find(tmp_path / "bare.git") is None
    assert tracked(tmp_path / "bare.git") is None


def test_sha256_repositories_are_read_or_refused_by_name(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "--object-format=sha256")
    write(tmp_path, {"a.py": "# XXX\n"})
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "one")
    payload = state(tmp_path)
    assert (payload.commit, payload.modified) == (git(tmp_path, "rev-parse", "HEAD"), 0)


def test_symlinks_and_names_that_are_no_utf8_are_survived(repo: Path) -> None:
    (repo / "link.py").symlink_to("/nowhere")
    (repo / "loop.py").symlink_to("loop.py")
    Path(os.fsdecode(os.fsencode(repo) + b"/caf\xe9.py")).write_text("# TODO: x\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "odd")
    payload = state(repo)
    assert (payload.modified, payload.untracked) == (0, 0)
    assert payload.markers == 1


def test_only_tracked_production_files_are_looked_at(repo: Path) -> None:
    text = "# TODO: x\n"
    write(repo, dict.fromkeys(("src/b.py", "tests/t.py", "src/test_b.py", "vendor/v.py", "docs/conf.py", "x_pb2.py", "untracked.py"), text))
    write(repo, {"gen.py": "# Code generated by x. DO NOT EDIT.\n" + text, "notes.md": "<!-- TODO -->", "data.json": "{}"})
    write(repo, {"bin.py": b"# TODO\0\n", "huge.js": "// TODO\n" + "x();\n" * 500_000, "large.js": "x();\n" * 500_000})
    git(repo, "add", "-A", ":!untracked.py")
    git(repo, "commit", "-q", "-m", "two")
    made, parsed = collect(repo)
    payload: Any = parsed.payload
    assert [item.path for item in parsed.findings] == ["src/b.py"]
    assert payload.languages == {"JavaScript": 1, "Python": 2}
    assert (payload.skipped_files, json.loads(made.content)["skipped"]) == (2, {"binary": 1, "too large": 1})


def test_production_and_exclude_choose_files(repo: Path) -> None:
    write(repo, {"src/b.py": "# TODO\n", "src/old/c.py": "# TODO\n", "tools/d.py": "# TODO\n"})
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "two")
    assert state(repo).markers == 3
    assert state(repo, production=("src/**",)).markers == 2
    made, parsed = collect(repo, production=("src/**",), exclude=("old/",))
    assert [item.path for item in parsed.findings] == ["src/b.py"]
    assert json.loads(made.content)["scope"] == {"production": ["src/**"], "exclude": ["old/"]}


def test_methods_that_production_code_defines_below_are_no_unfinished_work(repo: Path) -> None:
    base = "class Base:\n    def f(self):\n        raise NotImplementedError\n"
    below = "from b import Base\nclass Below(Base):\n    def f(self):\n        return 1\n"
    write(repo, {"src/b.py": base, "tests/test_b.py": below})
    git(repo, "add", "-A")
    assert state(repo).unimplemented == 1
    write(repo, {"src/c.py": below})
    git(repo, "add", "-A")
    assert state(repo).unimplemented == 0


def test_a_baseline_covers_until_its_last_day(repo: Path) -> None:
    write(repo, {"src/b.py": "# TODO: one\n# TODO: two\ndef f():\n    raise NotImplementedError\n"})
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "two")
    marks = [item.fingerprint for item in collect(repo)[1].findings]
    days = ["2025-06-01", "2025-05-31", "2026-01-01"]
    entries = [f"- fingerprint: '{mark}'\n  reason: r\n  expires: {day}\n" for mark, day in zip(marks, days, strict=True)]
    write(
        repo,
        {".gitignore": "*.yaml\n", "base.yaml": "".join(entries) + f"- fingerprint: '{'0' * 32}'\n  reason: r\n  expires: 2025-07-01\n"},
    )
    said: list[str] = []
    _, parsed = collect(repo, said=said, baseline="base.yaml")
    payload: Any = parsed.payload
    assert (payload.markers, payload.unimplemented, payload.baselined) == (1, 0, 2)
    assert [item.state for item in parsed.findings] == ["suppressed", "open", "suppressed"]
    assert said == [f"1 baseline entries match nothing: remove {'0' * 32}"]


@pytest.mark.parametrize(
    "text",
    [
        "fingerprint: x\n",
        "- x\n",
        f"- fingerprint: {'a' * 32}\n  reason: r\n",
        f"- fingerprint: {'a' * 32}\n  reason: ' '\n  expires: 2025-01-01\n",
        f"- fingerprint: {'a' * 32}\n  reason: r\n  expires: soon\n",
        f"- fingerprint: {'1' * 32}\n  reason: r\n  expires: 2025-01-01\n",
        f"- fingerprint: {'a' * 31}\n  reason: r\n  expires: 2025-01-01\n",
        f"- &x\n  fingerprint: {'a' * 32}\n  reason: r\n  expires: 2025-01-01\n- *x\n",
        "- [",
    ],
)
def test_a_baseline_that_is_not_understood_is_refused(repo: Path, text: str) -> None:
    write(repo, {"base.yaml": text})
    with pytest.raises(InputError) as caught:
        state(repo, baseline="base.yaml")
    assert caught.value.source


def test_a_baseline_that_is_not_there_is_refused(repo: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        state(repo, baseline="gone.yaml")


def test_the_time_limit_ends_it(repo: Path) -> None:
    with pytest.raises(CollectorError, match="too long"):
        state(repo, timeout=1e-9)


def test_the_document_can_be_read_as_any_file(repo: Path) -> None:
    made, parsed = collect(repo)
    again = read("source", "source-json", Source("x", made.content).document)
    assert again == parsed
