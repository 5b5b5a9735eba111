"""Writers, readers and killed processes at one PostgreSQL database: none loses, nothing is half, and what fails says so in one line."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from compliance.errors import StoreError, StoreUnavailableError
from compliance.location import Address
from compliance.store import Draft, Store
from compliance.store.audit import audit
from compliance.verification.verify import verify_store
from tests.cli.run import compliance
from tests.databases import execute, fresh, name_of
from tests.postgres import PASSWORD, Cluster, cluster
from tests.store.test_audit import draft

from .killing import fork
from .samples import sample
from .stores import said

WRITERS, FILES, KILLS = 3, 5, 20
NOTE = Draft(type="note", body={})


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLIANCE_HOME", str(tmp_path / "home"))


@pytest.fixture
def address() -> Address:
    found = fresh("postgres", Path())
    assert isinstance(found, Address)
    return found


def unproven(address: Address) -> list[str]:
    return [str(check) for check in verify_store(address) if check.status != "proven"]


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path, address: Address) -> None:
    """They begin without a store: making it is part of the race."""
    for writer in range(WRITERS):
        (tmp_path / str(writer)).mkdir()
        for number in range(FILES):
            (tmp_path / str(writer) / f"{number}.xml").write_bytes(sample("test-results junit-xml", 100 * writer + number))
    (tmp_path / "compliance.toml").write_text('[project]\nname = "p"\n')
    command = [sys.executable, "-m", "compliance", "--store", address.url, "ingest"]
    running = [
        subprocess.Popen([*command, str(writer)], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for writer in range(WRITERS)
    ]
    for process in running:
        _, err = process.communicate(timeout=300)
        assert (process.returncode, err) == (0, "")
    assert unproven(address) == []
    with Store.open(address) as store:
        assert len({entry.body["artifact"]["sha256"] for entry in store.entries(types=["evidence"])}) == WRITERS * FILES


def test_a_store_that_is_being_written_is_waited_for_and_then_named(address: Address) -> None:
    Store.create(address).close()
    with Store.open(address, write=True) as first, Store.open(address, write=True, wait_s=0.3) as second:
        with first.database.transaction():
            started = time.monotonic()
            with pytest.raises(StoreUnavailableError, match=": locked by another process") as caught:
                second.append([NOTE])
            assert 0.2 < time.monotonic() - started < 10
            assert second.size == 1, "reading needs no lock"
        assert caught.value.hint == "wait for the other process, or stop it"
        assert second.append([NOTE]) == [1]
        assert first.append([NOTE]) == [2]
    assert unproven(address) == []


def test_a_reader_sees_one_state_however_much_is_written_meanwhile(address: Address) -> None:
    with Store.create(address) as writer, Store.open(address) as reader:
        writer.record([draft(1)])
        with reader.database.reading() as connection:
            before = connection.execute("SELECT count(*) FROM ledger").fetchone()
            writer.record([draft(2)])
            assert connection.execute("SELECT count(*) FROM ledger").fetchone() == before == (2,)
            assert connection.execute("SELECT count(*) FROM evidence").fetchone() == (1,)
        assert reader.size == 3


def write(address: Address, first: int, told: int) -> None:
    """Records without end, and says of each entry that it is there."""
    with Store.create(address) as store:
        for number in count(first):
            (one,) = store.record([draft(number, 200)])
            os.write(told, f"{one.number} {number}\n".encode())


def test_a_killed_writer_leaves_all_that_it_acknowledged_and_nothing_half(address: Address) -> None:
    chance = random.Random(11)
    acknowledged: dict[int, int] = {}
    for trial in range(KILLS):
        reading, writing = os.pipe()
        child = fork(lambda: write(address, trial * 1000, writing))  # noqa: B023 (it runs at once)
        os.close(writing)
        with os.fdopen(reading) as told:
            lines = [told.readline() for _ in range(chance.randrange(1, 6))]
            time.sleep(chance.uniform(0, 0.03))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            lines += told.readlines()
        acknowledged |= {int(number): int(name) for number, name in map(str.split, lines)}
    assert len(acknowledged) >= KILLS
    assert unproven(address) == []
    with Store.open(address) as store:
        for number, name in acknowledged.items():
            assert store.evidence_of(number).payload["number"] == name


@pytest.fixture
def written(address: Address) -> Iterator[Store]:
    with Store.create(address) as store:
        store.record([draft(1)])
        yield store


def terminate(address: Address) -> None:
    execute(address, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'owner' AND datname = current_database()")


def test_a_connection_that_ends_in_the_middle_of_a_write_leaves_nothing_of_it(address: Address, written: Store) -> None:
    with pytest.raises(StoreUnavailableError, match="connection") as caught, written.database.transaction() as connection:
        connection.execute("INSERT INTO ledger VALUES (2, 'note', ?)", (b"{}",))
        terminate(address)
        connection.execute("INSERT INTO ledger VALUES (3, 'note', ?)", (b"{}",))
    assert "everything recorded so far is kept" in str(caught.value.hint)
    assert "\n" not in caught.value.message
    assert PASSWORD not in caught.value.message
    assert unproven(address) == []
    with Store.open(address, write=True) as store:
        assert store.append([NOTE]) == [2]


def test_a_store_whose_connection_ends_while_it_is_verified_is_not_refuted(address: Address, written: Store) -> None:
    checks = audit(written)
    assert next(checks).status == "proven"
    terminate(address)
    with pytest.raises(StoreUnavailableError):
        list(checks)


def test_a_connection_that_ends_between_two_commands_is_one_line(address: Address, written: Store) -> None:
    assert written.size == 2
    terminate(address)
    for asked in (lambda: written.append([NOTE]), lambda: written.record([draft(2)])):
        with pytest.raises(StoreUnavailableError):
            asked()
    with pytest.raises(StoreError):
        list(audit(written))


def test_a_server_that_crashes_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    own = Cluster()
    address = own.address(own.database())
    with Store.create(address) as store:
        recorded = [one.number for number in range(5) for one in store.record([draft(number)])]
        own.stop()
        with pytest.raises(StoreUnavailableError) as caught:
            store.record([draft(9)])
        assert "\n" not in caught.value.message
    (tmp_path / "compliance.toml").write_text('[project]\nname = "p"\n')
    (tmp_path / "0.xml").write_bytes(sample("test-results junit-xml", 1))
    for words in (["log"], ["check"], ["verify"], ["ingest", "0.xml"], ["status"], ["show", "1"], ["purge", "--evidence", "1", "--yes"]):
        said(compliance(*words, cwd=tmp_path, env={"COMPLIANCE_STORE": address.url}), 2, "[store-unavailable]", "next: start the server")
    own.start()
    assert unproven(address) == []
    with Store.open(address) as store:
        assert [store.evidence_of(number).payload["number"] for number in recorded] == list(range(5))
    own.stop()


def test_each_writer_waits_for_those_of_its_own_store_only(address: Address) -> None:
    execute(address, "CREATE SCHEMA team_a AUTHORIZATION owner")
    team = cluster().address(name_of(address), options="-csearch_path=team_a")
    with Store.create(address) as one, Store.create(team, wait_s=0.3) as other, one.database.transaction():
        assert other.append([NOTE]) == [1]
