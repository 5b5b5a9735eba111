"""What is PostgreSQL's own: roles and their rights, schemas, texts that its types cannot hold, and what it says when something fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.errors import SigningKeyError, StoreError, StoreUnavailableError, TamperedError
from compliance.location import Address
from compliance.merge import merge
from compliance.record import Finding
from compliance.store import Draft, Store
from compliance.store.postgres import text
from compliance.verification.verify import verify_store
from tests.databases import execute, forge, fresh, name_of, rows
from tests.marked import ROOT, blocks
from tests.postgres import OWNER, PASSWORD, cluster
from tests.test_intake import COMMIT, Place

from .test_audit import draft, refuted

NOTE = Draft(type="note", body={})


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMPLIANCE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def address() -> Address:
    found = fresh("postgres", Path())
    assert isinstance(found, Address)
    return found


@pytest.fixture
def made(address: Address) -> Address:
    with Store.create(address) as store:
        store.record([draft(1)])
    return address


# Making and opening


def test_the_log_key_lies_in_the_users_folder_under_its_own_name(address: Address, home: Path) -> None:
    assert not address.exists()
    with Store.create(address) as store:
        name = store.entry(0).body["origin"].removeprefix("compliance-toolkit/")
    assert address.exists()
    (key,) = (home / "logs").iterdir()
    assert (key.name, key.stat().st_mode & 0o777) == (f"{name}.key", 0o600)
    kept = key.read_text()
    key.unlink()
    with Store.open(address, write=True) as store:
        with pytest.raises(SigningKeyError, match="log key is missing"):
            store.append([NOTE])
        os.environ["COMPLIANCE_LOG_KEY"] = kept
        try:
            assert store.append([NOTE]) == [1]
        finally:
            del os.environ["COMPLIANCE_LOG_KEY"]


def test_a_store_that_is_not_there_is_named_and_not_made(address: Address) -> None:
    with pytest.raises(StoreUnavailableError, match="no store"):
        Store.open(address)
    assert not address.exists()


@pytest.mark.parametrize("table", ["customers", "evidence"])
def test_tables_of_another_program_are_left_alone(address: Address, table: str) -> None:
    execute(address, f"CREATE TABLE {table} (x integer)")
    with pytest.raises(StoreError, match=r"customers|not a store") as caught:
        Store.create(address)
    assert "schema of its own" in str(caught.value.hint)
    assert rows(address, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(1,)]


def test_each_schema_is_a_store_of_its_own(made: Address) -> None:
    execute(made, f"CREATE SCHEMA team_a AUTHORIZATION {OWNER}")
    team = cluster().address(name_of(made), options="-csearch_path=team_a,public")
    assert not team.exists(), "the store of the next schema in the path is not this one"
    with Store.create(team) as store, Store.open(made) as other:
        assert (store.size, other.size) == (1, 2)
        assert store.verifier != other.verifier
    assert refuted(team) == refuted(made) == []
    nowhere = cluster().address(name_of(made), options="-csearch_path=team_b")
    with pytest.raises(StoreUnavailableError, match="none of the schemas in its search path"):
        Store.create(nowhere)


def test_extensions_may_live_beside_the_store(made: Address) -> None:
    if not rows(made, "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_stat_statements'"):
        pytest.skip("the server has no extensions to install")
    execute(made, "CREATE EXTENSION pg_stat_statements")
    assert refuted(made) == []


def test_a_store_from_a_newer_version_is_left_alone(made: Address) -> None:
    execute(made, "INSERT INTO schema_step VALUES (2, 'columns of version 9', 'ab')")
    with pytest.raises(StoreUnavailableError, match="from a newer version"):
        Store.create(made)
    with pytest.raises(StoreUnavailableError):
        list(verify_store(made))


def test_a_database_in_another_encoding_is_refused() -> None:
    with cluster().superuser() as server:
        server.execute(f"CREATE DATABASE latin OWNER {OWNER} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(StoreUnavailableError, match="encoding LATIN1; expected UTF8"):
        Store.create(cluster().address("latin"))


def test_processes_that_make_the_same_store_at_once_all_get_the_same_one(address: Address, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom compliance.location import Address\nfrom compliance.store import Draft, Store\n"
        "print('ready', flush=True)\nsys.stdin.readline()\n"
        "with Store.create(Address(sys.argv[1])) as store:\n    store.append([Draft(type='note', body={'from': sys.argv[2]})])\n"
    )
    command = [sys.executable, "-c", code, address.url]
    running = [subprocess.Popen([*command, str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for n in range(4)]
    for one in running:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in running:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    for one in running:
        one.communicate(timeout=60)
        assert one.returncode == 0
    with Store.open(address) as store:
        assert sorted(entry.body["from"] for entry in store.entries(types=["note"])) == ["0", "1", "2", "3"]
    assert refuted(address) == []
    assert len(list((tmp_path / "home" / "logs").iterdir())) == 1


# Rights


def grants() -> str:
    """The statements that the page for administrators shows."""
    ((_, sql),) = blocks("docs/store.md", "sql")
    return sql


@pytest.fixture
def team(made: Address) -> Iterator[Callable[[str], Address]]:
    """The store, for roles that own nothing: ``writer`` and ``reader`` as the page says, and ``nobody``."""
    with cluster().superuser(name_of(made)) as server:
        for role in ("writer", "reader", "nobody"):
            server.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'".encode())
        server.execute(grants().encode())
    yield lambda user: cluster().address(name_of(made), user)
    with cluster().superuser(name_of(made)) as server:
        server.execute("DROP OWNED BY writer, reader, nobody")
        server.execute("DROP ROLE writer, reader, nobody")


def test_a_role_with_the_documented_grants_records_judges_and_verifies(team: Callable[[str], Address]) -> None:
    with Store.open(team("writer"), write=True) as store:
        store.record([draft(2)])
        store.append([NOTE])
        assert len(store.evidence()) == 2
    for role in ("writer", "reader"):
        assert refuted(team(role)) == []
    with Store.open(team("reader"), write=True) as store, pytest.raises(StoreUnavailableError, match="permission denied"):
        store.append([NOTE])
    with pytest.raises(StoreUnavailableError, match="permission denied for table") as caught:
        Store.open(team("nobody"))
    assert "docs/store.md" in str(caught.value.hint)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET type = 'x'",
        "DELETE FROM finding",
        "TRUNCATE finding",
        "DROP TABLE ledger",
        "ALTER TABLE ledger DISABLE TRIGGER ALL",
        "CREATE TABLE evil (x integer)",
        "SET session_replication_role = replica",
        "INSERT INTO schema_step VALUES (9, 'x', 'y')",
    ],
)
def test_a_writing_role_can_do_no_more_than_append(team: Callable[[str], Address], statement: str) -> None:
    with psycopg.connect(team("writer").url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_only_the_owner_erases(team: Callable[[str], Address], made: Address) -> None:
    with Store.open(team("writer"), write=True) as store, pytest.raises(StoreUnavailableError, match="permission denied"):
        store.erase([1], {})
    execute(made, "GRANT DELETE ON sealed, finding, artifact, chunk TO writer", "GRANT INSERT ON erased TO writer")
    with Store.open(team("writer"), write=True) as store, pytest.raises(StoreUnavailableError, match="only its owner may write anew"):
        store.erase([1], {})
    with Store.open(made, write=True) as store:
        assert store.erase([1], {}) is None
    assert refuted(made) == []


def test_rows_that_a_policy_hides_are_no_empty_answer(team: Callable[[str], Address], made: Address) -> None:
    execute(made, "ALTER TABLE evidence ENABLE ROW LEVEL SECURITY")
    with pytest.raises(TamperedError, match="evidence is not the table"):
        Store.open(team("reader"))


# What its owner can do, and verify finds


@pytest.mark.parametrize(
    "statements",
    [
        ["ALTER TABLE ledger DISABLE TRIGGER append_only"],
        ["ALTER TABLE ledger ALTER COLUMN leaf SET DEFAULT ''"],
        ["ALTER TABLE finding ADD COLUMN note text"],
        ["ALTER TABLE finding ALTER COLUMN rule TYPE text COLLATE \"C.utf8\""],
        ["ALTER TABLE checkpoint DROP CONSTRAINT checkpoint_pkey"],
        ["ALTER TABLE ledger ADD CHECK (entry < 1000)"],
        ["DROP INDEX evidence_commit"],
        ["CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"],
        ["ALTER FUNCTION append_only() SECURITY DEFINER"],
        ["CREATE RULE quiet AS ON INSERT TO finding DO INSTEAD NOTHING"],
        ["CREATE VIEW v AS SELECT * FROM ledger"],
        ["CREATE TABLE more () INHERITS (finding)"],
        ["ALTER TABLE erased SET UNLOGGED"],
        ["ALTER TABLE node RENAME TO before", "CREATE VIEW node AS SELECT 0::int8 AS level, x AS position, ''::bytea AS hash "
         "FROM generate_series(0, 1000000000000) AS x"],
        ["DROP TABLE node"],
    ],
    ids=lambda statements: statements[0],
)  # fmt: skip
def test_a_changed_schema_is_found(made: Address, statements: list[str]) -> None:
    execute(made, *statements)
    assert refuted(made)


def test_what_was_erased_is_gone_from_the_servers_files(made: Address) -> None:
    def kept() -> bytes:
        with cluster().superuser(name_of(made)) as server:
            server.execute("CHECKPOINT")
            (oid,) = server.execute(f"SELECT oid FROM pg_database WHERE datname = '{name_of(made)}'").fetchone() or (0,)
        folder = cluster().folder / "data" / "base" / str(oid)
        return b"".join(path.read_bytes() for path in folder.iterdir())

    key = rows(made, "SELECT key FROM sealed WHERE entry = 1 AND class = 'paths'")[0][0]
    assert key in kept()
    with Store.open(made, write=True) as store:
        store.erase([1], {})
    assert key not in kept()


@pytest.mark.parametrize("table", ["schema_step", "chunk"])
def test_a_session_that_still_sees_the_old_state_is_named_and_purge_can_be_run_again(made: Address, table: str) -> None:
    with cluster().superuser(name_of(made)) as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute(f"SELECT count(*) FROM {table}".encode())
        with (
            Store.open(made, write=True, wait_s=0.3) as store,
            pytest.raises(StoreUnavailableError, match="another session reads the store"),
        ):
            store.erase([1], {})
        reader.execute("ROLLBACK")
    with Store.open(made, write=True) as store:
        assert store.erase([1], {}) is None
        assert set(store.erased()) == {1}


# Texts and numbers


@given(st.text(st.sampled_from("\0\ufdd001a"), max_size=8))
def test_every_text_has_one_written_form_without_nul(value: str) -> None:
    form = text.written(value)
    assert "\0" not in form
    assert text.read(form) == value


@given(st.text(st.sampled_from("\ufdd0012a"), max_size=8))
def test_a_form_that_is_read_is_the_one_that_is_written(form: str) -> None:
    try:
        value = text.read(form)
    except TamperedError:
        return
    assert text.written(value) == form


AWKWARD = [
    "\0",
    "a\0b",
    "\ufdd0",
    "\ufdd00",
    "\ufdd0\0",
    "\U0001f600",
    "\x01\x7f\u2028",
    "\\N",
    "\t\n\r",
    "",
    "é",
    "e\u0301",
    "Z",
    "a",
    "ß",
]


def test_any_text_and_number_comes_back_as_from_sqlite(address: Address, tmp_path: Path) -> None:
    findings = [
        Finding(rule=one, severity="high", fingerprint=one, path=one, message=one, person=one, package=one, line=line)
        for one, line in zip(AWKWARD, [None, 0, -1, 2**31, 2**53 - 1] * 3, strict=True)
    ]
    found = []
    for location in (address, tmp_path / "e.db"):
        with Store.create(location) as store:
            from dataclasses import replace

            store.record([replace(draft(1), findings=findings)])
            assert store.findings(1) == findings
            assert [one.rule for one in store.findings_named(1, AWKWARD)] == AWKWARD
            assert store.known_fingerprints([*AWKWARD, "other\0"]) == set(AWKWARD)
            assert store.has_finding("a\0b")
            assert not store.has_finding("ab")
            with pytest.raises(StoreError, match="no entry"):
                store.entry(2**63)
            found.append((store.findings(1, open_only=True), [entry.body["rows"]["count"] for entry in store.entries(types=["evidence"])]))
        assert refuted(location) == []
    assert found[0] == found[1]


def test_a_text_in_a_form_that_the_store_does_not_write_is_refuted(made: Address) -> None:
    forge(made, "UPDATE finding SET message = U&'\\FDD09' WHERE number = 1")
    (check,) = refuted(made)
    assert check.name == "findings"


def test_a_number_beyond_64_bits_is_refused_and_nothing_is_recorded(address: Address) -> None:
    from dataclasses import replace

    wide = replace(draft(1), findings=[Finding(rule="r", severity="high", fingerprint="f", line=2**63)])
    with Store.create(address) as store:
        with pytest.raises((StoreError, OverflowError)):
            store.record([wide])
        assert store.size == 1
    assert refuted(address) == []


# Merging


@pytest.mark.parametrize("target", ["sqlite", "postgres"])
def test_stores_of_both_kinds_are_merged_into_either(target: str, address: Address, tmp_path: Path) -> None:
    place = Place(tmp_path, f'commit = "{COMMIT}"\n')
    place.store.close()
    sources: list[Any] = []
    for kind in ("sqlite", "postgres"):
        (tmp_path / kind).mkdir()
        one = Place(tmp_path / kind, f'commit = "{COMMIT}"\n')
        one.store.close()
        location = fresh(kind, tmp_path / kind)
        with Store.create(location) as store:
            one.store = store
            one.ingest(one.write("both.xml", b'<testsuite name="s"><testcase name="both"/></testsuite>'))
            own = f'<testsuite name="s"><testcase name="{kind}\\0"/></testsuite>'
            one.ingest(one.write(f"{kind}.xml", own.encode()))
        sources.append(location)
    whole = address if target == "postgres" else tmp_path / "all.db"
    with Store.create(whole) as store:
        done = merge(place.project, store, sources)
        assert [(one.copied, one.duplicates) for one in done] == [(2, 0), (1, 1)]
        assert len(store.evidence()) == 3
        assert [one.copied for one in merge(place.project, store, sources[::-1])] == [0, 0]
    assert refuted(whole) == []
    for ledger in rows(whole, "SELECT data FROM chunk"):
        assert PASSWORD.encode() not in ledger[0]


# What fails


def server(user: str = OWNER, password: str = PASSWORD, name: str = "postgres", **options: str) -> Address:
    return cluster().address(name, user, password, **options)


@pytest.mark.parametrize(
    ("address", "said", "hint"),
    [
        (lambda: server(password="wrong-secret"), "password authentication failed", "PGPASSWORD"),
        (lambda: server(name="missing"), 'database "missing" does not exist', "database that exists"),
        (lambda: Address("postgresql://u:wrong-secret@localhost:1/x"), "refused", "start the server"),
        (lambda: Address("postgresql://u:wrong-secret@%2Fnowhere/x"), "No such file", "start the server"),
        (lambda: Address("postgresql://u:wrong-secret@name.invalid/x"), "name.invalid", "server's name"),
        (lambda: server(sslmode="sometimes"), "invalid sslmode", "sslmode|reached"),
        (lambda: Address("postgresql://?service=no-such-service"), "no-such-service", "pg_service"),
    ],
)  # fmt: skip
def test_a_server_that_lets_nobody_in_is_one_line(address: Callable[[], Address], said: str, hint: str) -> None:
    import re

    for opening in (Store.open, Store.create, Address.exists):
        with pytest.raises(StoreUnavailableError, match=re.escape(said)) as caught:
            opening(address())
        shown = f"{caught.value.message} {caught.value.hint}"
        assert re.search(hint, str(caught.value.hint))
        assert "\n" not in shown
        assert "wrong-secret" not in shown
        assert PASSWORD not in shown


def test_options_that_libpq_knows_are_passed_on_and_others_named(made: Address) -> None:
    from compliance.errors import UsageError

    with Store.open(cluster().address(name_of(made), application_name="from the address")) as store, store.database.reading() as one:
        assert one.execute("SELECT current_setting('application_name')").fetchone()[0] == "from the address"
    with pytest.raises(UsageError, match="invalid URI query parameter"):
        Store.open(cluster().address(name_of(made), colour="red"))


def test_what_the_server_reports_is_one_line_and_nothing_is_half_written(made: Address) -> None:
    """A full disk cannot be had in a test without rights over the machine: the server raises the very state instead."""
    for state, kind, said in (("53100", StoreUnavailableError, "free some space"), ("XX001", StoreError, "restore a copy")):
        function = f"CREATE OR REPLACE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE '{state}'; END $$"
        execute(made, function.replace(f"'{state}'", f"EXCEPTION 'it fails' USING ERRCODE = '{state}'"),
                "CREATE OR REPLACE TRIGGER fails BEFORE INSERT ON checkpoint FOR EACH ROW EXECUTE FUNCTION fails()")  # fmt: skip
        with Store.open(made, write=True) as store, pytest.raises(kind, match=r": it fails$") as caught:
            store.record([draft(2)])
        assert said in str(caught.value.hint)
    execute(made, "DROP TRIGGER fails ON checkpoint", "DROP FUNCTION fails()")
    assert refuted(made) == []
    with Store.open(made) as store:
        assert store.size == 2


def test_without_its_driver_it_says_what_to_install(made: Address) -> None:
    code = "import sys\nsys.modules['psycopg'] = None\nfrom compliance.cli import main\nmain(['--store', sys.argv[1], 'log'])\n"
    done = subprocess.run([sys.executable, "-c", code, made.url], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "compliance: the driver of PostgreSQL is not installed [store-unavailable]",
        "next: pip install 'compliance-toolkit[postgres]'",
    ]


def test_a_store_in_sqlite_never_loads_the_driver(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom compliance.store import Draft, Store\n"
        "from compliance.verification.verify import verify_store\n"
        "with Store.create(Path(sys.argv[1])) as store:\n    store.append([Draft(type='note', body={})])\n"
        "assert all(check.status == 'proven' for check in verify_store(Path(sys.argv[1])))\n"
        "assert not [name for name in sys.modules if name.startswith('psycopg') or name.startswith('compliance.store.postgres')]\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "e.db")], check=True, timeout=60, cwd=ROOT)
