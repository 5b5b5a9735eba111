"""Stores of parallel jobs become one: nothing is lost, nothing counts twice, and it can be proven."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from compliance.errors import InputError, StoreUnavailableError, TamperedError, UsageError
from compliance.judgement.view import build
from compliance.merge import merge
from compliance.project import Project
from compliance.sign.checks import Check
from compliance.store import Draft, Store
from compliance.store.merging import Merged
from compliance.verification.verify import verify_store
from tests.cli.run import compliance
from tests.databases import forge, settle
from tests.test_intake import COMMIT, Place

CONFIG = f'commit = "{COMMIT}"\n'


def junit(case: str, at: str = "2026-01-05T00:00:00Z") -> bytes:
    failed = '<failure message="no"/>'
    return f'<testsuite name="s" timestamp="{at}"><testcase name="{case}">{failed}</testcase><testcase name="other"/></testsuite>'.encode()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """The project, with an empty store."""
    return Place(tmp_path, CONFIG)


def job(place: Place, name: str, *files: bytes, project: str = "p") -> Path:
    """The store of a job that recorded some files."""
    root = place.root / f"job-{name}"
    root.mkdir()
    one = Place(root, CONFIG)
    (root / "compliance.toml").write_text(f'[project]\nname = "{project}"\n{CONFIG}')
    one.project = Project.load(root)
    for number, data in enumerate(files):
        one.ingest(one.write(f"{number}.xml", data))
    one.store.close()
    return root / ".compliance" / "evidence.db"


def merged(place: Place, *paths: Path) -> list[Merged]:
    return merge(place.project, place.store, paths)


def checks(store: Store) -> dict[str, Check]:
    return {check.name: check for check in verify_store(store.database.location)}


def unproven(store: Store) -> list[Check]:
    return [check for check in verify_store(store.database.location) if check.status != "proven"]


def test_all_evidence_of_all_sources_is_there_once(place: Place) -> None:
    a, b = job(place, "a", junit("one"), junit("both")), job(place, "b", junit("both"), junit("two"))
    done = merged(place, a, b)
    assert [(one.copied, one.duplicates, one.present) for one in done] == [(2, 0, 0), (1, 1, 0)]
    evidence = place.store.evidence()
    assert [place.store.findings(one.entry.number)[0].path for one in evidence] == ["one", "both", "two"]
    assert unproven(place.store) == []


def test_what_was_copied_is_what_the_source_says(place: Place) -> None:
    path = job(place, "a", junit("one"))
    merged(place, path)
    with Store.open(path) as source:
        there, here = source.evidence()[0], place.store.evidence()[0]
        assert here.payload == there.payload
        assert here.private == there.private
        assert source.findings(1) == place.store.findings(here.entry.number)
        kept = [b"".join(one.artifact(there.entry.body["artifact"]["sha256"])) for one in (source, place.store)]
        assert kept[0] == kept[1] == junit("one")
        for clock in ("observed_at", "collected_at", "assurance", "private"):
            assert here.entry.body[clock] == there.entry.body[clock]
        assert here.entry.body["merged"] == {"log": source.entry(0).body["origin"], "entry": 1, "at": there.entry.body["at"]}
        assert here.entry.first_at == there.entry.at < here.entry.at


def test_entries_stand_in_the_order_of_their_recording_whatever_the_order_of_the_sources(place: Place) -> None:
    first, second = job(place, "a", junit("one")), job(place, "b", junit("two"))
    with Store.open(first, write=True) as store:
        store.append([Draft(type="collection", body={"runs": [_run([1])]})])
    merged(place, second, first)
    entries = list(place.store.entries(types=["evidence", "collection"]))
    assert [(one.type, one.first_at) for one in entries] == sorted(((one.type, one.first_at) for one in entries), key=lambda one: one[1])
    assert [one.type for one in entries] == ["evidence", "evidence", "collection"]
    assert entries[2].body["runs"][0]["evidence"] == [entries[0].number]


def _run(evidence: list[int], outcome: str = "ran") -> dict[str, object]:
    return {"kind": "test-results", "collector": "files", "outcome": outcome, "seconds": 1.0, "evidence": evidence}


def test_a_collector_that_ran_later_is_what_counts(place: Place) -> None:
    path = job(place, "a", junit("one"))
    with Store.open(path, write=True) as store:
        reasons = {"paths": {"reasons": {"test-results/files": "no file"}}}
        store.append([Draft(type="collection", body={"runs": [_run([], "could-not-run")]}, private=reasons)])  # type: ignore[arg-type]
    assert could_not_run(place, path) == ("no file",)
    place.store.append([Draft(type="collection", body={"runs": [_run([])]})])
    later = job(place, "b", junit("two"))
    assert could_not_run(place, later) == ()


def could_not_run(place: Place, path: Path) -> tuple[str, ...]:
    from compliance.git.checkout import subject_of

    merged(place, path)
    view = build(place.store, place.project.catalog.kinds, subject_of(place.project, None))
    return view.could_not_run.get("test-results", ())


def test_merging_again_changes_nothing(place: Place) -> None:
    a, b = job(place, "a", junit("one")), job(place, "b", junit("one"), junit("two"), junit("one"))
    merged(place, a, b)
    size, root = place.store.size, place.store.root_at(place.store.size)
    for paths in ((a, b), (b, a), (a,)):
        assert [(one.entry, one.copied, one.duplicates) for one in merged(place, *paths)] == [(None, 0, 0)] * len(paths)
    assert (place.store.size, place.store.root_at(size)) == (size, root)


def test_a_source_that_has_grown_adds_only_what_is_new(place: Place) -> None:
    path = job(place, "a", junit("one"), junit("two"))
    merged(place, path, job(place, "b", junit("one")))
    one = Place(path.parent.parent, CONFIG)
    one.ingest(one.write("3.xml", junit("three")))
    (done,) = merged(place, path)
    assert (done.copied, done.duplicates, done.present) == (1, 0, 3)
    assert unproven(place.store) == []
    assert len(place.store.evidence()) == 3


def test_jobs_that_went_on_with_copies_of_one_store_are_joined_again(place: Place) -> None:
    place.ingest(place.write("base.xml", junit("base")))
    settle(place.root / ".compliance" / "evidence.db")
    paths = []
    for name in ("a", "b"):
        root = place.root / name
        shutil.copytree(place.root / ".compliance", root / ".compliance")
        fork = Place(root, CONFIG)
        fork.ingest(fork.write("own.xml", junit(name)))
        fork.store.close()
        paths.append(root / ".compliance" / "evidence.db")
    done = merged(place, *paths)
    assert [(one.copied, one.present) for one in done] == [(1, 2), (1, 2)]
    assert done[0].log == done[1].log
    assert unproven(place.store) == []
    assert len(place.store.evidence()) == 3


def test_the_ledger_proves_what_the_sources_held(place: Place) -> None:
    path = job(place, "a", junit("one"))
    (done,) = merged(place, path)
    assert done.entry is not None
    body = place.store.entry(done.entry).body
    with Store.open(path) as source:
        assert (body["size"], body["root"]) == (source.size, source.root_at(source.size).hex())
        assert (body["log"], body["log_key"]) == (source.entry(0).body["origin"], source.verifier)
        assert body["checkpoint"] == source.checkpoint_note()
    assert checks(place.store)["merges"].detail == "all 2 entries of the stores that were merged are here or kept"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE ledger SET leaf = CAST(replace(CAST(leaf AS TEXT), 'imported', 'verified') AS BLOB) WHERE entry = 1", "entry 1"),
        ("UPDATE ledger SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"size\":2', '\"size\":1') AS BLOB) WHERE entry = 2", "log key"),
        ("UPDATE chunk SET data = (SELECT data FROM chunk ORDER BY rowid LIMIT 1)", "artifact"),
    ],
)
def test_a_merge_that_was_changed_is_refuted(place: Place, statement: str, said: str) -> None:
    merged(place, job(place, "a", junit("one")))
    place.store.close()
    path = place.store.database.location
    forge(path, statement)
    (found,) = [check for check in verify_store(path) if check.name == "merges"]
    assert found.status == "refuted"
    assert said in found.detail


def test_what_is_bound_to_its_ledger_is_kept_apart_and_does_not_count(place: Place) -> None:
    path = job(place, "a", junit("one"))
    with Store.open(path, write=True) as store:
        store.append([Draft(type="sign-off", body={"role": "r"}, private={"people": {"by": "Ada"}})])
    (done,) = merged(place, path)
    assert done.apart == {"sign-off": 1}
    assert not place.store.has_entries(["sign-off"])
    assert done.entry is not None
    kept = b"".join(place.store.artifact(place.store.entry(done.entry).body["artifact"]["sha256"]))
    assert json.loads(kept.splitlines()[2])["sealed"]["people"][1] == '{"by":"Ada"}'
    assert unproven(place.store) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE finding SET message = 'yes'",
        "UPDATE evidence SET kind = 'scan'",
        "UPDATE chunk SET data = zeroblob(10)",
        "DELETE FROM checkpoint WHERE size = 2",
        "UPDATE ledger SET leaf = CAST(replace(CAST(leaf AS TEXT), 'imported', 'verified') AS BLOB) WHERE entry = 1",
    ],
)
def test_a_tampered_source_is_refused_and_nothing_of_the_others_is_merged(place: Place, statement: str) -> None:
    good, bad = job(place, "a", junit("one")), job(place, "b", junit("two"))
    forge(bad, statement)
    with pytest.raises(TamperedError, match="nothing was merged"):
        merged(place, good, bad)
    assert place.store.size == 1


def test_a_source_of_another_project_is_refused(place: Place) -> None:
    with pytest.raises(InputError, match="'elsewhere'; expected one of 'p'"):
        merged(place, job(place, "a", junit("one")), job(place, "b", junit("two"), project="elsewhere"))
    assert place.store.size == 1


def test_a_store_that_was_merged_itself_is_refused(place: Place) -> None:
    middle = job(place, "b")
    with Store.open(middle, write=True) as store:
        merge(place.project, store, [job(place, "a", junit("one"))])
    with pytest.raises(InputError, match="was itself merged"):
        merged(place, middle)
    assert place.store.size == 1


def test_a_store_is_not_merged_with_itself(place: Place) -> None:
    with pytest.raises(UsageError):
        merged(place, place.root / ".compliance" / "evidence.db")
    path = job(place, "a", junit("one"))
    with pytest.raises(UsageError):
        merged(place, path, path)
    with pytest.raises(StoreUnavailableError):
        merged(place, place.root / "missing.db")


def test_a_merge_that_fails_half_way_leaves_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from compliance.store import merging

    a, b = job(place, "a", junit("one")), job(place, "b", junit("two"))
    monkeypatch.setattr(merging._Merger, "conclude", _full)
    with pytest.raises(StoreUnavailableError, match="full"):
        place.store.merge({"a": Store.open(a), "b": Store.open(b)})
    assert place.store.size == 1
    assert unproven(place.store) == []


def _full(*_: object) -> int:
    raise sqlite3.OperationalError("full")


def test_the_command_merges_into_the_projects_store_and_says_what_became_of_each(place: Place) -> None:
    a, b = job(place, "a", junit("one")), job(place, "b", junit("one"), junit("two"))
    ran = compliance("merge", a, b, "--format", "json", cwd=place.root)
    assert ran.code == 0, ran.err
    assert ran.json["schema"] == "compliance/merge/v1"
    assert [(one["copied"], one["duplicates"]) for one in ran.json["sources"]] == [(1, 0), (1, 1)]
    assert ran.json["size"] == place.store.size == 5
    forge(b, "UPDATE finding SET message = 'yes'")
    again = compliance("merge", b, "--store", "other.db", cwd=place.root)
    assert again.code == 4, again.err
    assert "findings" in again.err
