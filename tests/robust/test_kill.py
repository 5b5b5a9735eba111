"""Killing a recording loses nothing that was acknowledged and leaves a store that verifies: 200 instants, and each step of the making."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from compliance.store import Store
from compliance.verification.verify import verify_store

from .killing import FILES, Place

ROOT = Path(__file__).parents[2]
KILLS = 200
PROCESSES = 2
pytestmark = pytest.mark.xdist_group("killing")


def start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.robust.killing", *words]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def figures(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=1500)
    assert process.returncode == 0, err[-3000:]
    found: dict[str, Any] = json.loads(out)
    assert found["failures"] == []
    return found


def test_killing_a_recording_at_200_random_instants_loses_nothing_acknowledged(tmp_path: Path) -> None:
    share = KILLS // PROCESSES
    running = [start(str(tmp_path / str(number)), str(share), str(20260131 + number)) for number in range(PROCESSES)]
    found = [figures(process) for process in running]
    total = {name: sum(one[name] for one in found) for name in found[0] if name != "failures"}
    assert total["trials"] == KILLS
    # The kills were spread as they were meant to be: most of them hit the middle, some the time before the first entry, how many of them
    # depends on the machine.
    assert total["in_the_middle"] >= KILLS // 2
    assert total["without_store"] + total["before_first"] > 0
    assert total["acknowledged"] >= KILLS * FILES // 5


def test_a_store_is_made_whole_or_not_at_all_whatever_step_the_kill_comes_before(tmp_path: Path) -> None:
    found = figures(start(str(tmp_path)))
    assert found["trials"] > 60
    assert found["in_creation"] > 10


ACKNOWLEDGED = re.compile(r"recorded (\S+) as evidence (\d+)")


def test_killing_the_command_itself(tmp_path: Path) -> None:
    """As the trials above, but with a real process each; few of them, because starting one takes most of a second."""
    place, chance = Place(tmp_path), random.Random(7)
    for trial in range(6):
        command = [sys.executable, "-m", "compliance", "--project", str(tmp_path), "ingest", "-v", "--commit", f"{trial:040x}"]
        process = subprocess.Popen(
            [*command, str(place.folder)], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=None
        )
        assert process.stderr is not None
        said = [process.stderr.readline() for _ in range(chance.randrange(1, FILES))]
        time.sleep(chance.uniform(0, 0.01))
        process.kill()
        said += process.stderr.read().splitlines(keepends=True)
        process.wait()
        process.stderr.close()
        told = [match for match in map(ACKNOWLEDGED.fullmatch, (line.rstrip("\n") for line in said if line.endswith("\n"))) if match]
        assert len(told) == sum(line.startswith("recorded") and line.endswith("\n") for line in said) > 0
        place.acknowledged |= {int(match[2]): place.digests[Path(match[1]).name] for match in told}
    assert [check for check in verify_store(place.store) if check.status != "proven"] == []
    with Store.open(place.store) as store:
        for number, digest in place.acknowledged.items():
            assert store.evidence_of(number).entry.body["artifact"]["sha256"] == digest
