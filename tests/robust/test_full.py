"""What cannot be written: a full disk, a file that may not grow, output that goes nowhere or in another encoding."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.run import Ran, compliance

from .stores import READING, junit, prepared, refuted, said, store


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return prepared(tmp_path)


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
from compliance.cli import main
main(sys.argv[2:])
"""


def noise(number: int, size: int = 60_000) -> bytes:
    """A log that does not get smaller when it is compressed."""
    text = random.Random(number).randbytes(size // 2).hex()
    return junit(number).replace(b"trace", text.encode())


def test_a_file_that_may_not_grow_ends_in_one_line_and_keeps_what_was_recorded(root: Path) -> None:
    names = []
    for number in range(10, 30):
        names.append(f"{number}.xml")
        (root / names[-1]).write_bytes(noise(number))
    done = subprocess.run(
        [sys.executable, "-c", FULL, "600000", "ingest", "-v", *names], cwd=root, capture_output=True, text=True, timeout=120
    )
    told = [line for line in done.stderr.splitlines() if line.startswith("recorded")]
    assert 2 <= len(told) < len(names)
    rest = [line for line in done.stderr.splitlines() if not line.startswith("recorded")]
    said(Ran(done.returncode, done.stdout, "\n".join(rest)), 2, "evidence.db: ", "kept")
    assert len([line for line in done.stdout.splitlines() if line.startswith("recorded")]) == len(told)
    assert refuted(store(root)) == []
    assert len(compliance("log", "--format", "json", cwd=root).json["entries"]) == 3 + len(told)
    assert compliance("ingest", *names, cwd=root).code == 0
    assert refuted(store(root)) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes, where one may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False).returncode
    ):
        pytest.skip("no file system may be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_named_and_what_was_recorded_is_kept(root: Path, small_disk: Path) -> None:
    names = []
    for number in range(10, 60):
        names.append(f"{number}.xml")
        (root / names[-1]).write_bytes(noise(number))
    path = small_disk / "e.db"
    ran = compliance("ingest", *names, "--store", path, cwd=root)
    said(ran, 2, "e.db: database or disk is full", "next: free some space; everything recorded so far is kept")
    listed = [line for line in ran.out.splitlines() if line.startswith("recorded")]
    assert 2 <= len(listed) < len(names)
    assert refuted(path) == []
    ran = compliance("log", "--format", "json", "--store", path, cwd=root)
    assert len(ran.json["entries"]) == 1 + len(listed)
    for command in READING:
        assert compliance(*command, "--store", path, cwd=root).code in (0, 1)


def test_a_store_cannot_be_made_on_a_full_disk_and_nothing_is_left(root: Path, small_disk: Path) -> None:
    filler = small_disk / "filler"
    with filler.open("wb") as file:
        file.write(bytes((2 << 20) - (16 << 10)))
    said(compliance("ingest", "0.xml", "--store", small_disk / "e.db", cwd=root), 2, "full")
    assert {path.name for path in small_disk.iterdir()} <= {"filler", "e.key"}
    with filler.open("ab") as file, pytest.raises(OSError, match="No space"):
        file.write(bytes(1 << 20))
        file.flush()
    (small_disk / "e.key").unlink(missing_ok=True)
    with filler.open("ab") as file, pytest.raises(OSError, match="No space"):
        file.write(bytes(1 << 20))
        file.flush()
    said(compliance("ingest", "0.xml", "--store", small_disk / "e.db", cwd=root), 2, "No space left on device")
    assert {path.name for path in small_disk.iterdir()} <= {"filler", "e.key"}
    filler.unlink()
    (small_disk / "e.key").unlink(missing_ok=True)
    assert compliance("ingest", "0.xml", "--store", small_disk / "e.db", cwd=root).code == 0
    assert refuted(small_disk / "e.db") == []


def test_output_that_cannot_be_written_is_no_success(root: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    for words in (["log"], ["check"], ["show", "1", "--raw"], ["verify", "--format", "json"]):
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [sys.executable, "-m", "compliance", *words], cwd=root, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120
            )
        told = "compliance: output: No space left on device [system]\nnext: look at the path, its rights and the space on its disk\n"
        assert (done.returncode, done.stderr) == (2, told)


def test_a_reader_that_goes_away_makes_no_verdict(root: Path) -> None:
    """``compliance check | true`` must not end with 0, which is go."""
    for words in (["log"], ["check"], ["check", "--format", "json"]):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            [sys.executable, "-m", "compliance", *words], cwd=root, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=120
        )
        os.close(writing)
        assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_closed_streams_change_no_exit_code(root: Path, closed: str) -> None:
    for words, code in (("log", 0), ("check --gate ALPHA-PF-5", 1), ("show 99", 2)):
        done = subprocess.run(
            ["sh", "-c", f'"$0" -m compliance {words} {closed}', sys.executable], cwd=root, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_the_terminal_shows_any_evidence(root: Path, encoding: str) -> None:
    (root / "é.xml").write_bytes(junit(9).replace(b"assert 1 == 2", "ä → \U0001f600 — …".encode()))
    for words in (["ingest", "é.xml"], ["show", "3"], ["show", "3", "--format", "json"], ["check"], ["check", "--format", "json"]):
        command = [sys.executable, "-m", "compliance", *words]
        done = subprocess.run(command, cwd=root, capture_output=True, timeout=120, env={**os.environ, "PYTHONIOENCODING": encoding})
        assert done.returncode in (0, 1), done.stderr
        text = done.stdout.decode(encoding)
        shown = str(json.loads(text)) if "json" in words else text.replace("\n", " ")
        if words[0] == "show":
            assert ("ä → \U0001f600 — …" in shown) == ("json" in words or encoding == "utf-8")
