"""What may no longer be kept is really gone, a tombstone says so, and everything else still verifies."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from compliance.errors import StoreError, StoreUnavailableError, UsageError
from compliance.git.checkout import subject_of
from compliance.judgement.view import build
from compliance.merge import merge
from compliance.purge import Rule, chosen, purge
from compliance.sign.checks import Check
from compliance.store import Store
from compliance.verification.verify import verify_store
from tests.cli.run import compliance
from tests.databases import KINDS, execute, forge, fresh, rows
from tests.test_intake import COMMIT, Place

NOW = datetime(2027, 6, 1, tzinfo=UTC)
"""More than 90 days after anything that these tests record."""


def junit(case: str) -> bytes:
    failed = f'<failure message="message of {case}"/>'
    return f'<testsuite name="s" timestamp="2026-01-05T00:00:00Z"><testcase name="{case}">{failed}</testcase></testsuite>'.encode()


REFUSED = (sqlite3.IntegrityError, psycopg.IntegrityError)
IN_BOTH = pytest.mark.parametrize("place", KINDS, indirect=True)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Evidence 1 to 3, in SQLite unless the test asks for both databases."""
    monkeypatch.setenv("COMPLIANCE_HOME", str(tmp_path / "home"))
    made = Place(tmp_path, f'commit = "{COMMIT}"\n')
    if getattr(request, "param", "sqlite") == "postgres":
        made.store.close()
        made.store = Store.create(fresh("postgres", tmp_path))
    for case in ("first-case", "second-case", "third-case"):
        made.ingest(made.write(f"{case}.xml", junit(case)))
    yield made
    made.store.close()


def erase(place: Place, *numbers: int) -> int | None:
    rule = Rule(entries=numbers)
    return purge(place.store, chosen(place.store, rule, NOW), rule, NOW)


def checks(place: Place, replay: bool = False) -> dict[str, Check]:
    return {one.name: one for one in verify_store(place.store.database.location, place.project.catalog if replay else None)}


def unproven(place: Place, replay: bool = False) -> dict[str, str]:
    return {name: f"{one.status}: {one.detail}" for name, one in checks(place, replay).items() if one.status != "proven"}


@IN_BOTH
def test_everything_else_still_verifies_and_what_is_gone_is_not_proven(place: Place) -> None:
    assert erase(place, 2) == 4
    said = "not-proven: purged by entry 4: artifact, private values and findings of 2"
    assert unproven(place) == {"purged": said}
    assert unproven(place, replay=True) == {"purged": said}
    assert checks(place, replay=True)["replay"].detail.startswith("2 artifacts parsed again")
    assert checks(place)["erasures"].detail == "1 entries were erased, each named by a tombstone"


def test_the_bytes_are_gone_from_the_file_and_its_log(place: Place) -> None:
    path = place.root / ".compliance" / "evidence.db"
    keys = rows(path, "SELECT key FROM sealed WHERE entry = 2")
    kept = place.store.evidence_of(2).entry.body["artifact"]["sha256"]
    ((chunk,),) = rows(path, f"SELECT data FROM chunk WHERE artifact = '{kept}'")
    secrets = [chunk[8:-8], b"second-case", b"message of second-case", *(key for (key,) in keys)]
    assert len(keys) == 3
    before = content(path)
    assert all(secret in before for secret in secrets)
    erase(place, 2)
    after = content(path)
    assert not [secret for secret in secrets if secret in after]
    assert b"third-case" in after


def content(path: Path) -> bytes:
    """All bytes of the file and of what SQLite keeps beside it."""
    return b"".join(one.read_bytes() for one in sorted(path.parent.glob(path.name + "*")))


@IN_BOTH
def test_the_ledger_still_says_what_was_recorded(place: Place) -> None:
    summary = place.store.entry(2).body["summary"]
    erase(place, 2)
    assert place.store.entry(2).body["summary"] == summary == {**summary, "failed": 1}
    assert place.store.private(2) == {}
    assert place.store.findings(2) == []
    tombstone = place.store.entry(4).body
    assert tombstone["erased"] == [{"entry": 2, "artifact": place.store.entry(2).body["artifact"]["sha256"]}]
    assert tombstone["rule"] == {"before": None, "kinds": [], "entries": [2]}
    with pytest.raises(StoreError, match="purged by entry 4"):
        list(place.store.artifact(tombstone["erased"][0]["artifact"]))


@IN_BOTH
def test_purged_evidence_is_still_judged_by_what_the_ledger_holds(place: Place) -> None:
    def seen() -> list[tuple[int, object]]:
        view = build(place.store, place.project.catalog.kinds, subject_of(place.project, None))
        return [(item.entry, getattr(item.payload, "failed", None)) for item in view.items["test-results"]]

    before = seen()
    erase(place, 1, 2, 3)
    assert seen() == before == [(3, 1), (2, 1), (1, 1)]


@IN_BOTH
def test_an_artifact_stays_as_long_as_other_evidence_needs_it(place: Place) -> None:
    from compliance.intake import Overrides

    place.ingest(place.root / "first-case.xml", overrides=Overrides(commit="d" * 40))
    address = place.store.entry(1).body["artifact"]["sha256"]
    erase(place, 1)
    assert place.store.has_artifact(address)
    assert set(unproven(place)) == {"purged"}
    erase(place, 4)
    assert not place.store.has_artifact(address)
    assert set(unproven(place, replay=True)) == {"purged"}


def test_bytes_that_are_recorded_anew_are_kept_and_checked_again(place: Place) -> None:
    from compliance.intake import Overrides

    erase(place, 1)
    place.ingest(place.root / "first-case.xml", overrides=Overrides(commit="d" * 40))
    assert set(unproven(place)) == {"purged"}
    place.store.close()
    forge(place.store.database.location, "UPDATE chunk SET data = zeroblob(9) WHERE rowid = (SELECT max(rowid) FROM chunk)")
    assert "artifacts" in unproven(place)


@IN_BOTH
@pytest.mark.parametrize(
    ("statement", "part"),
    [
        ("DELETE FROM chunk WHERE artifact = (SELECT artifact FROM evidence WHERE entry = 1)", "artifacts"),
        ("DELETE FROM artifact WHERE sha256 = (SELECT artifact FROM evidence WHERE entry = 1)", "artifacts"),
        ("DELETE FROM sealed WHERE entry = 1", "private-values"),
        ("DELETE FROM finding WHERE evidence = 1", "findings"),
        ("DELETE FROM erased", "erasures"),
        ("INSERT INTO erased VALUES (1, 4, NULL)", "erasures"),
        ("UPDATE erased SET entry = 1", "erasures"),
        ("INSERT INTO sealed VALUES (2, 'paths', zeroblob(32), x'7b7d')", "private-values"),
    ],
)
def test_more_than_the_tombstones_name_is_not_erased_unnoticed(place: Place, statement: str, part: str) -> None:
    erase(place, 2)
    place.store.close()
    forge(place.store.database.location, statement)
    assert unproven(place).get(part, "").startswith("refuted")


@IN_BOTH
def test_nothing_is_deleted_without_a_tombstone(place: Place) -> None:
    location = place.store.database.location
    for table in ("sealed", "finding", "chunk", "artifact"):
        with pytest.raises(REFUSED, match="no tombstone names it"):
            execute(location, f"DELETE FROM {table}")
    for values in ("1, 99, NULL", "1, 1, NULL"):
        with pytest.raises(REFUSED, match="follows the tombstones"):
            execute(location, f"INSERT INTO erased VALUES ({values})")
    erase(place, 2)
    for table in ("sealed", "finding", "chunk", "artifact", "erased", "ledger", "evidence"):
        with pytest.raises(REFUSED):
            execute(location, f"DELETE FROM {table}")


@IN_BOTH
def test_what_is_chosen_fits_all_that_the_rule_says(place: Place) -> None:
    def numbers(**rule: object) -> list[int]:
        return [entry.number for entry in chosen(place.store, Rule(**rule), NOW)]  # type: ignore[arg-type]

    assert numbers(older_than=timedelta(days=90)) == [1, 2, 3]
    assert numbers(older_than=timedelta(days=90), entries=(2,)) == [2]
    assert numbers(older_than=timedelta(days=4000)) == []
    assert numbers(kinds=("test-results",), entries=(1, 3)) == [1, 3]
    for rule, said in (({}, "nothing says"), ({"entries": (0,)}, "entry 0 is no"), ({"kinds": ("scam",)}, "'scam'")):
        with pytest.raises(UsageError, match=said):
            numbers(**rule)
    erase(place, 1)
    assert numbers(kinds=("test-results",)) == [2, 3]


@IN_BOTH
def test_erasing_again_changes_nothing(place: Place) -> None:
    erase(place, 1)
    size = place.store.size
    assert erase(place, 1) is None
    assert place.store.erase([1], {}) is None
    assert place.store.size == size


def test_a_reader_of_the_old_state_is_named_and_purge_can_be_run_again(place: Place, tmp_path: Path) -> None:
    store = Store.open(place.store.database.location, write=True, wait_s=0.2)
    with Store.open(place.store.database.location) as other, other.database.reading() as connection:
        connection.execute("SELECT count(*) FROM chunk").fetchone()
        with pytest.raises(StoreUnavailableError, match="another process"):
            store.erase([2], {})
    assert set(store.erased()) == {2}
    rule = Rule(entries=(2,))
    assert purge(store, chosen(store, rule, NOW), rule, NOW) is None
    assert b"second-case" not in content(tmp_path / ".compliance" / "evidence.db")


@IN_BOTH
def test_the_kept_ledger_of_a_merged_store_can_be_purged(place: Place) -> None:
    with Store.create(place.root / "all.db") as whole:
        (done,) = merge(place.project, whole, [place.store.database.location])
        assert done.entry is not None
        rule = Rule(older_than=timedelta(days=90))
        assert purge(whole, chosen(whole, rule, NOW), rule, NOW) is not None
        assert {one.name for one in verify_store(whole.database.location) if one.status != "proven"} == {"purged"}
        with pytest.raises(UsageError):
            chosen(whole, Rule(), NOW)
        again = merge(place.project, whole, [place.store.database.location])
        assert (again[0].copied, again[0].duplicates) == (0, 3)


@IN_BOTH
def test_a_purged_store_is_not_merged(place: Place) -> None:
    from compliance.errors import InputError

    erase(place, 1)
    with Store.create(place.root / "all.db") as whole, pytest.raises(InputError, match="was purged"):
        merge(place.project, whole, [place.store.database.location])


def test_the_command_lists_asks_and_erases(place: Place) -> None:
    listed = compliance("purge", "--evidence", "2", "--dry-run", "--format", "json", cwd=place.root)
    assert (listed.json["dry_run"], listed.json["tombstone"]) == (True, None)
    assert [(one["entry"], one["name"], one["size"]) for one in listed.json["entries"]] == [
        (2, "second-case.xml", len(junit("second-case")))
    ]
    asked = compliance("purge", "--older-than", "0d", cwd=place.root)
    assert (asked.code, place.store.size) == (2, 4)
    assert "--yes" in asked.err
    assert compliance("purge", "--older-than", "400", cwd=place.root).code == 2
    young = compliance("purge", "--older-than", "400d", "--yes", cwd=place.root)
    assert (young.code, young.out) == (0, "nothing to erase\n")
    done = compliance("purge", "--evidence", "2", "--yes", cwd=place.root)
    assert done.code == 0, done.err
    assert "the tombstone is entry 4" in done.out
    verified = compliance("verify", cwd=place.root)
    assert verified.code == 0
    assert "purged by entry 4" in " ".join(verified.out.split())
    assert compliance("verify", "--strict", cwd=place.root).code == 4
    for words in (["show", "2"], ["log"], ["check"]):
        assert compliance(*words, cwd=place.root).code in (0, 1), words
    assert "purged by entry 4" in compliance("show", "2", "--raw", cwd=place.root).err
