"""Several writers wait for one another, and none loses; one that waits in vain says so in one line."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from compliance.errors import StoreError
from compliance.record import sha256_hex
from compliance.store import Draft, Store
from compliance.verification.verify import verify_store
from tests.cli.run import compliance

from .samples import NAMES, SUFFIXES, sample

WRITERS, FILES = 4, 12


def refuted(path: Path) -> list[str]:
    return [str(check) for check in verify_store(path) if check.status != "proven"]


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    """They begin without a store: making it is part of the race."""
    digests = set()
    for writer in range(WRITERS):
        folder = tmp_path / f"writer{writer}"
        folder.mkdir()
        for number in range(FILES):
            name = NAMES[number % len(NAMES)]
            data = sample(name, 100 * writer + number)
            (folder / f"{number}{SUFFIXES[name]}").write_bytes(data)
            digests.add(sha256_hex(data))
    (tmp_path / "compliance.toml").write_text('[project]\nname = "p"\n')
    command = [sys.executable, "-m", "compliance", "ingest"]
    running = [
        subprocess.Popen([*command, f"writer{writer}"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for writer in range(WRITERS)
    ]
    for process in running:
        _, err = process.communicate(timeout=300)
        assert (process.returncode, err) == (0, "")
    path = tmp_path / ".compliance" / "evidence.db"
    assert refuted(path) == []
    with Store.open(path) as store:
        recorded = [entry.body["artifact"]["sha256"] for entry in store.entries(types=["evidence"])]
    assert len(recorded) == WRITERS * FILES
    assert set(recorded) == digests
    assert sorted(one.name for one in path.parent.iterdir() if not one.name.endswith(("-wal", "-shm"))) == [
        ".gitignore",
        "evidence.db",
        "evidence.key",
    ]


CREATE = """
import sys
from pathlib import Path
from compliance.store import Draft, Store
print("ready", flush=True)
for line in sys.stdin:
    with Store.create(Path(line.strip())) as store:
        store.append([Draft(type="note", body={"from": sys.argv[1]})])
    print("done", flush=True)
"""


def test_of_processes_that_make_the_same_store_all_get_the_same_one(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", CREATE, str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        for n in range(WRITERS)
    ]

    def each(say: str | None, expected: str) -> None:
        for process in processes:
            if say is not None:
                assert process.stdin is not None
                process.stdin.write(say + "\n")
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == expected + "\n"

    each(None, "ready")
    for number in range(15):
        path = tmp_path / str(number) / "evidence.db"
        each(str(path), "done")
        assert refuted(path) == []
        with Store.open(path) as store:
            assert sorted(entry.body["from"] for entry in store.entries(types=["note"])) == ["0", "1", "2", "3"]
        assert len(list(path.parent.glob("*.key*"))) == 1
        assert len(list(path.parent.glob("evidence.db.*"))) == 0
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program holds the write lock."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / ".compliance" / "evidence.db"
    Store.create(path).close()
    return path


def test_a_locked_store_is_waited_for_and_then_named(path: Path) -> None:
    with locked(path), Store.create(path, wait_s=0.3) as store:
        started = time.monotonic()
        with pytest.raises(StoreError, match=r"evidence\.db: locked by another process") as caught:
            store.append([Draft(type="note", body={})])
        assert 0.2 < time.monotonic() - started < 10
    assert caught.value.exit_code == 2
    assert caught.value.hint == "wait for the other process, or stop it"
    with Store.create(path) as store:
        assert store.append([Draft(type="note", body={})]) == [1]
    assert refuted(path) == []


def test_a_writer_goes_on_when_the_lock_is_released(path: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sqlite3, sys, time\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\nc.execute('BEGIN IMMEDIATE')\n"
            "print('held', flush=True)\ntime.sleep(0.7)\nc.execute('ROLLBACK')",
            str(path),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with Store.create(path) as store:
        assert store.append([Draft(type="note", body={})]) == [1]
    holder.communicate(timeout=30)


def test_the_command_says_in_one_line_that_the_store_is_locked(path: Path, tmp_path: Path) -> None:
    """The wait is shortened inside the process: 30 seconds are right for people, and too long for a test."""
    (tmp_path / "j.xml").write_bytes(sample("test-results junit-xml"))
    short = (
        "import sys\nfrom compliance.store import Store\nfrom compliance.cli import main\n"
        "Store.create.__func__.__kwdefaults__['wait_s'] = 0.2\nmain(sys.argv[1:])\n"
    )
    with locked(path):
        words = [sys.executable, "-c", short, "ingest", "j.xml"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, env={**os.environ, "COLUMNS": "80"})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"compliance: {path}: locked by another process [store-unavailable]",
        "next: wait for the other process, or stop it",
    ]
    assert compliance("ingest", "j.xml", cwd=tmp_path).code == 0


@pytest.mark.parametrize("words", [["log"], ["show", "0"], ["verify"]])
def test_reading_needs_no_lock(path: Path, tmp_path: Path, words: list[str]) -> None:
    with locked(path):
        assert compliance(*words, cwd=tmp_path).code == 0
