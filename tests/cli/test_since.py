"""The store against its past, and every attack on it: found through the command line, with the first bad entry named."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from compliance.location import Address, Location
from tests.cli.run import Ran, compliance
from tests.cli.test_commands import CONFIG, JUNIT
from tests.databases import KINDS, copied, forge, fresh, word

REPORT = 3
"""Entries 0 to 2 are the log and two pieces of evidence; 3 to 5 the assessment, its pages and the signed report; 6 is later evidence."""


@dataclass(frozen=True)
class Place:
    """A project, with copies of its store from before and after its report."""

    root: Path
    store: Location
    kept: dict[str, Location] = field(default_factory=dict)

    def copy(self, name: str, folder: Path) -> Location:
        """Puts a store of this project, with its log key, into a folder of its own."""
        return copied(self.kept[name], folder)

    def keep(self, name: str) -> None:
        (self.root / name).mkdir()
        self.kept[name] = copied(self.store, self.root / name)

    def run(self, *words: str | Path) -> Ran:
        ran = compliance(*words, cwd=self.root, env={"COMPLIANCE_STORE": word(self.store)})
        assert ran.code == 0, ran.err
        return ran

    def verify(self, store: Location, *words: str | Path) -> tuple[int, dict[str, str], str]:
        """Returns exit code, what is refuted, and what vouches for the store."""
        ran = compliance("verify", word(store), *words, "--format", "json", cwd=self.root)
        assert "Traceback" not in ran.err
        document = ran.json
        refuted = {one["name"]: one["detail"] for one in document["checks"] if one["status"] == "refuted"}
        return ran.code, refuted, document["anchored_by"]


@pytest.fixture(scope="module", params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("project")
    made = Place(root, fresh(request.param, root / ".compliance"))
    (made.root / "compliance.toml").write_text(CONFIG)
    for number in range(4):
        (made.root / f"{number}.xml").write_text(JUNIT.replace("</testsuite>", f'<testcase name="t{number}"/></testsuite>'))
    made.run("keys", "create")
    made.run("ingest", "0.xml")
    made.run("ingest", "1.xml")
    made.keep("before")
    made.run("report", "-o", "r.pdf", "--bundle", "bundle")
    made.run("ingest", "2.xml")
    made.keep("after")
    return made


@pytest.fixture
def store(place: Place, tmp_path: Path) -> Location:
    return place.copy("after", tmp_path)


def test_a_store_that_only_grew_is_proven_to_have(place: Place, store: Location) -> None:
    assert place.verify(store) == (0, {}, "none")
    for past in ("r.pdf", "bundle", "r.pdf.checkpoint.txt"):
        assert place.verify(store, "--since", place.root / past) == (0, {}, "report"), past
    both: list[str | Path] = ["--since", place.root / "r.pdf", "--since", place.root / "r.pdf.checkpoint.txt"]
    assert place.verify(store, *both) == (0, {}, "report")
    ran = compliance("verify", word(store), *both, cwd=place.root)
    assert "and has grown by 3 since" in " ".join(ran.out.split())


def cut(store: Location, size: int) -> None:
    """Takes everything away that came after the first entries, as if it had never been."""
    entries = [f"DELETE FROM {table} WHERE {column} >= {size}" for table, column in
               (("ledger", "entry"), ("sealed", "entry"), ("evidence", "entry"), ("finding", "evidence"))]  # fmt: skip
    forge(
        store,
        *entries,
        f"DELETE FROM node WHERE (position + 1) * (1 << level) > {size}",
        f"DELETE FROM checkpoint WHERE size > {size}",
        "DELETE FROM artifact WHERE sha256 NOT IN (SELECT artifact FROM evidence)",
        "DELETE FROM chunk WHERE artifact NOT IN (SELECT sha256 FROM artifact)",
    )


def test_truncation_to_a_signed_checkpoint_is_found_by_who_holds_a_report(place: Place, store: Location) -> None:
    cut(store, REPORT)
    assert place.verify(store) == (0, {}, "none")
    for past in ("r.pdf", "bundle"):
        code, refuted, anchored = place.verify(store, "--since", place.root / past)
        assert (code, anchored) == (4, "none")
        assert "entry 3 is missing" in refuted["store-consistency"]


def test_truncation_between_checkpoints_is_found_without_a_report(place: Place, store: Location) -> None:
    forge(store, "DELETE FROM ledger WHERE entry = 6")
    code, refuted, _ = place.verify(store, "--since", place.root / "r.pdf.checkpoint.txt")
    assert code == 4
    assert "size 7" in refuted["checkpoints"]
    assert "evidence 6" in refuted["evidence"]


def test_an_entry_taken_out_of_the_middle_is_named(place: Place, store: Location) -> None:
    forge(store, "DELETE FROM ledger WHERE entry = 2")
    code, refuted, _ = place.verify(store, "--since", place.root / "r.pdf")
    assert code == 4
    assert "entry 2 is missing" in refuted["ledger"]
    assert "entry 2 is not that of r.pdf" in refuted["store-consistency"]


def test_a_rolled_back_file_is_found(place: Place, tmp_path: Path) -> None:
    old = place.copy("before", tmp_path)
    assert place.verify(old)[0] == 0
    code, refuted, _ = place.verify(old, "--since", place.root / "r.pdf.checkpoint.txt")
    assert code == 4
    assert f"entry {REPORT} is missing" in refuted["store-consistency"]
    code, refuted, _ = place.verify(place.root / "r.pdf", "--store", word(old))
    assert code == 4
    assert f"entry {REPORT} is missing" in refuted["store-consistency"]


def test_reordered_entries_are_found(place: Place, store: Location) -> None:
    forge(
        store,
        "UPDATE ledger SET entry = 99 WHERE entry = 1",
        "UPDATE ledger SET entry = 1 WHERE entry = 2",
        "UPDATE ledger SET entry = 2 WHERE entry = 99",
    )
    code, refuted, _ = place.verify(store, "--since", place.root / "r.pdf")
    assert code == 4
    assert "entry 1" in refuted["ledger"]
    assert "entry 1 is not that of r.pdf" in refuted["store-consistency"]


@pytest.mark.parametrize("entry", [1, 2])
def test_a_replaced_artifact_is_found(place: Place, store: Location, entry: int) -> None:
    other = f"SELECT data FROM chunk WHERE artifact = (SELECT artifact FROM evidence WHERE entry = {3 - entry})"
    forge(store, f"UPDATE chunk SET data = ({other}) WHERE artifact = (SELECT artifact FROM evidence WHERE entry = {entry})")
    code, refuted, _ = place.verify(store)
    assert (code, set(refuted)) == (4, {"artifacts"})
    assert f"evidence {entry}: " in refuted["artifacts"]


def test_edited_rows_are_found(place: Place, store: Location) -> None:
    forge(store, "UPDATE finding SET severity = 'info' WHERE evidence = 2")
    code, refuted, _ = place.verify(store)
    assert (code, set(refuted)) == (4, {"findings"})
    assert "evidence 2" in refuted["findings"]


@pytest.mark.parametrize(
    "change",
    ["payload = replace(CAST(payload AS TEXT), '\"failed\":1', '\"failed\":0')", '"commit" = NULL', "kind = 'scan'", "artifact = 'ab'"],
)
def test_edited_projections_are_found(place: Place, store: Location, change: str) -> None:
    change = change.replace("replace(", "CAST(replace(") + " AS BLOB)" if "replace(" in change else change
    forge(store, f"UPDATE evidence SET {change} WHERE entry = 2")
    code, refuted, _ = place.verify(store)
    assert code == 4
    assert "evidence 2" in refuted["evidence"]


def test_an_edited_entry_is_found_by_the_report_alone(place: Place, store: Location) -> None:
    """The tree that the store keeps still gives the old root; what counts are the entries themselves."""
    forge(store, "UPDATE ledger SET leaf = CAST(replace(CAST(leaf AS TEXT), 'imported', 'verified') AS BLOB) WHERE entry = 1")
    code, refuted, _ = place.verify(place.root / "r.pdf", "--store", word(store))
    assert code == 4
    assert "entry 1 is not that of the report" in refuted["store-consistency"]
    code, refuted, _ = place.verify(store, "--since", place.root / "r.pdf")
    assert "first entry below it: 1" in refuted["tree"]


def test_swapped_checkpoints_are_found(place: Place, store: Location) -> None:
    note = "(SELECT note FROM checkpoint WHERE size = {})"
    forge(store, f"UPDATE checkpoint SET note = CASE size WHEN 2 THEN {note.format(3)} ELSE {note.format(2)} END WHERE size IN (2, 3)")
    code, refuted, _ = place.verify(store)
    assert (code, set(refuted)) == (4, {"checkpoints"})
    assert "after entry 1" in refuted["checkpoints"]


def test_checkpoints_of_another_log_are_found(place: Place, store: Location, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "compliance.toml").write_text(CONFIG)
    assert compliance("ingest", place.root / "0.xml", cwd=other).code == 0
    connection = sqlite3.connect(other / ".compliance" / "evidence.db")
    (text,) = connection.execute("SELECT note FROM checkpoint WHERE size = 2").fetchone()
    connection.close()
    (tmp_path / "other.txt").write_text(text)
    code, refuted, _ = place.verify(store, "--since", tmp_path / "other.txt")
    assert code == 4
    assert "other.txt: checkpoint: not a signed note of this log" in refuted["store-consistency"]
    forge(store, f"UPDATE checkpoint SET note = '{text}' WHERE size = 2")
    assert "after entry 1" in place.verify(store)[1]["checkpoints"]


def test_a_fork_from_before_the_report_is_found(place: Place, tmp_path: Path) -> None:
    """The owner goes on from an old copy, with the log's own key: a sound store that never saw the report."""
    fork = place.copy("before", tmp_path)
    for name in ("2.xml", "3.xml"):
        place.run("ingest", name, "--store", word(fork))
    assert place.verify(fork) == (0, {}, "none")
    code, refuted, _ = place.verify(fork, "--since", place.root / "r.pdf")
    assert code == 4
    assert f"entry {REPORT} is not that of r.pdf" in refuted["store-consistency"]
    assert {"report.rendered", "report.signed"} <= set(refuted)


def test_a_fork_that_keeps_the_assessment_but_not_the_report_is_found(place: Place, store: Location) -> None:
    cut(store, REPORT + 1)
    place.run("ingest", "3.xml", "--store", word(store))
    assert place.verify(store, "--since", place.root / "bundle")[0] == 0
    code, refuted, _ = place.verify(store, "--since", place.root / "r.pdf")
    assert (code, set(refuted)) == (4, {"report.rendered", "report.signed"})
    code, refuted, _ = place.verify(store, "--since", place.root / "r.pdf.checkpoint.txt")
    assert code == 4
    assert "entry 5 is missing" in refuted["store-consistency"]


def key_of(place: Place, store: Location) -> Path:
    """Where a store's log key lies."""
    if isinstance(store, Path):
        return store.with_suffix(".key")
    (key,) = (place.root / "home" / "logs").glob("*.key")
    return key


def test_a_rewrite_of_everything_is_found(place: Place, tmp_path: Path) -> None:
    rewritten = fresh("postgres" if isinstance(place.store, Address) else "sqlite", tmp_path)
    key = key_of(place, place.kept["after"]).read_text()
    for name in ("0.xml", "1.xml", "2.xml", "3.xml", "0.xml", "1.xml"):
        ran = compliance("ingest", name, "--store", word(rewritten), cwd=place.root, env={"COMPLIANCE_LOG_KEY": key})
        assert ran.code == 0, ran.err
    assert place.verify(rewritten)[0] == 0
    code, refuted, _ = place.verify(rewritten, "--since", place.root / "r.pdf")
    assert code == 4
    assert "entry 0 is not that of r.pdf" in refuted["store-consistency"]


def test_a_changed_report_is_no_measure(place: Place, store: Location, tmp_path: Path) -> None:
    data = bytearray((place.root / "r.pdf").read_bytes())
    data[len(data) // 3] ^= 1
    (tmp_path / "changed.pdf").write_bytes(data)
    code, refuted, _ = place.verify(store, "--since", tmp_path / "changed.pdf")
    assert code == 4
    assert "changed.pdf is not intact" in refuted["store-consistency"]


def test_what_is_no_report_and_no_checkpoint_is_refused(place: Place, store: Location, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("hello")
    refused: list[tuple[list[str | Path], str]] = [
        (["verify", word(store), "--since", tmp_path / "x.txt"], "no report and no checkpoint"),
        (["verify", word(store), "--since", tmp_path / "missing.pdf"], "No such file"),
        (["verify", place.root / "r.pdf", "--since", place.root / "r.pdf"], "--since with r.pdf, which is no store"),
    ]
    for words, message in refused:
        ran = compliance(*words, cwd=place.root)
        assert ran.code == 2
        assert message in " ".join(ran.err.split())
        assert "Traceback" not in ran.err
