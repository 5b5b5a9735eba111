"""A store that was tampered with or damaged: never go, never a traceback."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.run import compliance
from tests.databases import settle

from .stores import prepared, said, store


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return prepared(tmp_path)


FORGED = {
    "payload": "UPDATE evidence SET payload = CAST(replace(CAST(payload AS TEXT), '\"failed\":1', '\"failed\":0') AS BLOB)",
    "leaf": "UPDATE ledger SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"imported\"', '\"verified\"') AS BLOB) WHERE entry > 0",
    "leaf of another type": "UPDATE ledger SET leaf = CAST(leaf AS TEXT)",
    "leaf that is no JSON": "UPDATE ledger SET leaf = x'00' WHERE entry > 0",
    "leaf without its members": "UPDATE ledger SET leaf = CAST('{}' AS BLOB) WHERE entry > 0",
    "private values": "UPDATE sealed SET value = CAST(replace(CAST(value AS TEXT), '1.xml', '9.xml') AS BLOB)",
    "key of private values": "UPDATE sealed SET key = zeroblob(32)",
    "row": "DELETE FROM evidence WHERE entry = 1",
    "node": "UPDATE node SET hash = zeroblob(32)",
    "checkpoint": "DELETE FROM checkpoint",
    "newest checkpoint": "DELETE FROM checkpoint WHERE size = (SELECT MAX(size) FROM checkpoint)",
    "signature": "UPDATE checkpoint SET note = replace(note, '=', 'A')",
    "entry": "DELETE FROM ledger WHERE entry = (SELECT MAX(entry) FROM ledger)",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_store_that_was_tampered_with_is_exit_code_4_and_never_go(root: Path, name: str) -> None:
    connection = sqlite3.connect(store(root))
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for trigger, _ in triggers:
        connection.execute(f"DROP TRIGGER {trigger}")
    connection.execute(FORGED[name])
    for _, sql in triggers:
        connection.execute(sql)
    connection.commit()
    connection.close()
    ran = compliance("verify", cwd=root)
    assert (ran.code, ran.err) == (4, "")
    assert "REFUTED" in ran.out
    for words in (["log"], ["show", "1"], ["check", "--gate", "ALPHA-PF-5"], ["ingest", "2.xml"]):
        ran = compliance(*words, cwd=root)
        assert "Traceback" not in ran.err
        assert ran.code in (0, 1, 2, 4), (words, ran.err)
        if words[0] == "check":
            said(ran, 4, "next: run `compliance verify` on the store")


def test_random_damage_is_never_a_traceback(root: Path) -> None:
    """Every command says what it found: right answers from the parts that are whole, a refusal or a refutation otherwise."""
    settle(store(root))
    whole = store(root).read_bytes()
    chance = random.Random(20260131)
    script = (
        "import contextlib, io, sys\nfrom compliance.cli import main\n"
        "for path in sys.argv[1:]:\n"
        "    for words in (['log'], ['show', '1'], ['check'], ['verify'], ['verify', '--replay'], ['ingest', '2.xml']):\n"
        "        out, err = io.StringIO(), io.StringIO()\n"
        "        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):\n"
        "            try:\n"
        "                main([*words, '--store', path])\n"
        "            except SystemExit as end:\n"
        "                code = end.code\n"
        "        print(path, words[0], code, ' / '.join(err.getvalue().splitlines()))\n"
    )
    names = []
    for number in range(40):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 3, 200])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if number % 4 == 0:
            start = chance.randrange(len(data))
            del data[start : start + chance.choice([1, 4096, len(data)])]
        names.append(f"damaged{number}.db")
        (root / names[-1]).write_bytes(data)
        shutil.copy(store(root).with_suffix(".key"), root / f"damaged{number}.key")
    done = subprocess.run([sys.executable, "-c", script, *names], cwd=root, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert len(lines) == len(names) * 6
    assert [line for line in lines if line.split()[2] not in ("0", "1", "2", "3", "4")] == []
    assert sum(line.split()[2] == "4" for line in lines) > 10
