"""A store in any state: read-only, left with a log, from a newer version, of another program, without its key: one clear line each."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compliance.errors import StoreUnavailableError
from compliance.store import Store
from compliance.verification.verify import verify_store
from tests.cli.run import Ran, compliance

from .killing import fork
from .stores import READING, execute, junit, prepared, refuted, said, store


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return prepared(tmp_path)


# Read-only

AS_NOBODY = """
import contextlib, io, os, sys
from compliance.cli import main
def run(words):
    try:
        main(words)
    except SystemExit as end:
        return end.code
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    for words in (["log"], ["show", "1"], ["check"], ["verify"], ["ingest", "0.xml", "--store", "other/e.db"]):
        run(["--project", sys.argv[1], *words])  # imports all that it takes: others may not be able to
os.chdir(sys.argv[2])
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
sys.exit(run(sys.argv[3:]))
"""


@pytest.fixture
def shared() -> Iterator[Path]:
    """A project as that of `root`, in a folder that every user may enter: pytest's own folders are closed to others."""
    place = Path(tempfile.mkdtemp())
    prepared(place).chmod(0o755)
    yield place
    subprocess.run(["chmod", "-R", "u+rwX", str(place)], check=True)
    shutil.rmtree(place)


def as_nobody(own: Path, folder: Path, *words: str) -> Ran:
    """Runs a command as a user without rights; ``own`` is a project of its own, to import what it takes before the rights are gone."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}  # nobody could not write that down
    env |= {"COLUMNS": "80", "COMPLIANCE_HOME": str(folder / "home")}
    command = [sys.executable, "-c", AS_NOBODY, str(own), str(folder), *words]
    done = subprocess.run(command, cwd=own, capture_output=True, text=True, timeout=120, env=env)
    return Ran(done.returncode, done.stdout, done.stderr)


def read_only(place: Path) -> None:
    for path in (store(place), store(place).with_suffix(".key")):
        path.chmod(0o444)
    store(place).parent.chmod(0o555)


@pytest.mark.parametrize("words", READING)
def test_a_read_only_store_is_read_as_any_other(root: Path, shared: Path, words: list[str]) -> None:
    expected = compliance(*words, cwd=shared)
    read_only(shared)
    ran = as_nobody(root, shared, *words)
    assert (ran.code, ran.err) == (expected.code, "")
    assert ran.out.splitlines()[1:] == expected.out.splitlines()[1:]  # the first line may say the time


def test_a_read_only_store_refuses_to_be_written_in_one_line(root: Path, shared: Path) -> None:
    read_only(shared)
    said(as_nobody(root, shared, "ingest", "2.xml"), 2, "evidence.db", "writable, or give another --store")
    said(as_nobody(root, shared, "ingest", "2.xml", "--store", "new/e.db"), 2, "new: Permission denied", "next: give another --store")
    assert refuted(store(shared)) == []


def kill_while_open(root: Path, name: str) -> None:
    """Records a file and is killed without closing the store: the entries stay in the write-ahead log."""
    from compliance.intake import Intake
    from compliance.project import Project

    def run() -> None:
        database = Store.create(store(root))
        assert [one.status for one in Intake(Project.load(root), database).paths([root / name])] == ["recorded"]
        os.kill(os.getpid(), signal.SIGKILL)

    child = fork(run)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert store(root).with_name("evidence.db-wal").stat().st_size > 0


def test_a_log_that_was_left_behind_is_read_and_written_on(root: Path) -> None:
    kill_while_open(root, "2.xml")
    assert refuted(store(root)) == []
    assert "2.xml" in compliance("log", cwd=root).out
    (root / "3.xml").write_bytes(junit(3))
    assert compliance("ingest", "3.xml", cwd=root).code == 0
    assert refuted(store(root)) == []
    assert len(compliance("log", "--format", "json", cwd=root).json["entries"]) == 5


def test_a_log_that_was_left_behind_in_a_read_only_folder_is_never_passed_over(root: Path, shared: Path) -> None:
    """Without its shared memory SQLite cannot read the log there; the file alone would be an older state of the store."""
    kill_while_open(shared, "2.xml")
    read_only(shared)
    for path in store(shared).parent.glob("evidence.db-*"):
        path.chmod(0o444)
    ran = as_nobody(root, shared, "log")
    assert "2.xml" in ran.out if ran.code == 0 else ran.code == 2
    store(shared).with_name("evidence.db-shm").unlink()
    ran = as_nobody(root, shared, "log")
    if ran.code == 0:
        assert "2.xml" in ran.out
    else:
        said(ran, 2, "its newest entries lie in evidence.db-wal", "next: copy the store, with that file")
    said(as_nobody(root, shared, "verify"), 2, "its newest entries lie in evidence.db-wal")


# Not a store, not this version's, not its key


def test_a_store_from_a_newer_version_is_left_alone(root: Path) -> None:
    execute(store(root), "INSERT INTO schema_step VALUES (99, 'columns of version 9', 'ab')")
    before = store(root).read_bytes()
    for words in (*READING, ["ingest", "2.xml"]):
        ran = compliance(*words, cwd=root)
        said(ran, 2, "from a newer version", "next: install a newer compliance-toolkit")
        assert str(store(root)) in ran.err
    with pytest.raises(StoreUnavailableError):
        list(verify_store(store(root)))
    assert store(root).read_bytes() == before


def test_changed_schema_steps_are_no_newer_version(root: Path) -> None:
    execute(store(root), "DROP TRIGGER schema_step_no_update", "UPDATE schema_step SET sha256 = 'x' WHERE step = 1")
    for words in (["log"], ["check"], ["ingest", "2.xml"]):
        said(compliance(*words, cwd=root), 4, "schema steps")
    assert compliance("verify", cwd=root).code == 4


OTHERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda path: path.write_text("not a database\n" * 100), "file is not a database"),
    "empty": (lambda path: path.write_bytes(b""), "not a store of compliance-toolkit"),
    "folder": (lambda path: path.mkdir(), "a folder; expected the file of a store"),
    "other database": (lambda path: execute(path, "CREATE TABLE x (y)"), "not a store of compliance-toolkit"),
    "head of a database": (lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(84)), ""),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_that_is_no_store_is_refused_and_left_as_it_is(root: Path, name: str) -> None:
    make, message = OTHERS[name]
    path = root / "other.db"
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    for words in (["log"], ["show", "0"], ["check"], ["ingest", "0.xml"]):
        said(compliance(*words, "--store", path, cwd=root), 2, f"{path}: ", message)
    ran = compliance("verify", path, cwd=root)
    assert ran.code in (2, 4)
    assert "Traceback" not in ran.err
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_store_that_is_not_there_is_named(root: Path) -> None:
    for words in (["log"], ["show", "0"], ["check"]):
        ran = compliance(*words, "--store", "missing.db", cwd=root)
        assert ran.code in (2, 3)
        assert "missing.db" in ran.err
    said(compliance("verify", "missing.db", cwd=root), 2, "missing.db: No such file or directory")
    assert not (root / "missing.db").exists()


def test_a_store_without_its_key_is_read_but_not_written(root: Path) -> None:
    key = store(root).with_suffix(".key")
    kept = key.read_text()
    key.unlink()
    for words in READING:
        assert compliance(*words, cwd=root).code in (0, 1)
    ran = compliance("ingest", "2.xml", cwd=root)
    said(ran, 2, "evidence.key: the store's log key is missing", "next: restore it, or give it in COMPLIANCE_LOG_KEY")
    assert not key.exists()
    assert compliance("ingest", "2.xml", cwd=root, env={"COMPLIANCE_LOG_KEY": kept}).code == 0
    assert refuted(store(root)) == []


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "the log key is not the one of store"),
        ("", "evidence.key: not a log key"),
        ("hello", "evidence.key: not a log key"),
        ("\u00e9", "evidence.key: not a log key"),
    ],
)
def test_a_wrong_key_writes_nothing(root: Path, key: str, message: str) -> None:
    store(root).with_suffix(".key").write_text(key)
    said(compliance("ingest", "2.xml", cwd=root), 2, message)
    said(compliance("ingest", "2.xml", cwd=root, env={"COMPLIANCE_LOG_KEY": "%%%"}), 2, "environment variable COMPLIANCE_LOG_KEY")
    assert refuted(store(root)) == []
    assert len(compliance("log", "--format", "json", cwd=root).json["entries"]) == 3
