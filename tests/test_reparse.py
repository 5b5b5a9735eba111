"""After an upgrade of a parser artifacts are read again, and what is read now supersedes what was read then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from compliance.errors import InputError
from compliance.git.checkout import subject_of
from compliance.intake import Overrides, Reread, reread
from compliance.judgement.view import build
from compliance.kind import Format
from compliance.merge import merge
from compliance.record import Parsed
from compliance.source import Source
from compliance.store import Draft, Store
from compliance.verification.verify import verify_store
from tests.cli.run import compliance
from tests.test_intake import COMMIT, Place, junit

Parse = Callable[[Parsed], Parsed | tuple[Parsed, ...]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, f'commit = "{COMMIT}"\n')


def upgrade(place: Place, change: Parse = lambda parsed: parsed, version: int = 2) -> None:
    """Installs another version of the JUnit parser."""
    kind = place.project.catalog.kinds["test-results"]

    def upgraded(form: Format) -> Format:
        if form.name != "junit-xml":
            return form

        def parse(source: Source) -> Parsed | tuple[Parsed, ...]:
            return change(form.read(source)[0])

        return replace(form, parser=form.parser - 1 + version, parse=parse)

    kinds = {**place.project.catalog.kinds, kind.id: replace(kind, formats=tuple(map(upgraded, kind.formats)))}
    place.project = replace(place.project, catalog=replace(place.project.catalog, kinds=kinds))


def counting_more(parsed: Parsed) -> Parsed:
    return replace(parsed, payload=parsed.payload.model_copy(update={"tests": 7, "passed": 7}))


def run(place: Place) -> list[Reread]:
    return list(reread(place.project, place.store))


def replayed(place: Place) -> list[str]:
    return [check.status for check in verify_store(place.store.database.location, place.project.catalog) if check.name == "replay"]


def test_what_the_newer_parser_reads_supersedes_what_was_recorded(place: Place) -> None:
    old = place.entry(place.ingest(place.write("j.xml", junit()))[0])
    upgrade(place, counting_more)
    (done,) = run(place)
    assert (done.status, done.evidence.entry.number) == ("superseded", old.number)
    (now,) = place.store.evidence()
    assert done.by == (now.entry.number,)
    assert now.payload["tests"] == now.entry.body["summary"]["tests"] == 7
    assert now.entry.body["parser"] == old.body["parser"] + 1
    for member in ("subject", "source", "observed_at", "observed_basis", "collected_at", "assurance", "artifact", "kind", "format"):
        assert now.entry.body[member] == old.body[member], member
    assert now.private == place.store.evidence_of(old.number).private
    view = build(place.store, place.project.catalog.kinds, subject_of(place.project, None))
    assert [item.entry for item in view.items["test-results"]] == [now.entry.number]


def test_the_past_sees_what_counted_then(place: Place) -> None:
    place.ingest(place.write("j.xml", junit()))
    size = place.store.size
    upgrade(place)
    run(place)
    assert [one.entry.number for one in place.store.evidence(upto=size)] == [1]
    assert [one.entry.number for one in place.store.evidence()] == [2]


def test_replay_is_proven_again(place: Place) -> None:
    place.ingest(place.write("j.xml", junit()))
    assert replayed(place) == ["proven"]
    upgrade(place, counting_more)
    assert "not-proven" in replayed(place)
    run(place)
    assert replayed(place) == ["proven"]
    assert [check for check in verify_store(place.store.database.location) if check.status != "proven"] == []


def test_evidence_of_the_installed_parser_is_replayed_also_when_it_is_said_to_be_superseded(place: Place) -> None:
    place.ingest(place.write("j.xml", junit()))
    upgrade(place, counting_more)
    run(place)
    place.store.append([Draft(type="reparse", body={"superseded": [{"entry": 2, "by": [2]}]})])
    upgrade(place, lambda parsed: replace(parsed, payload=parsed.payload.model_copy(update={"tests": 8})), version=1)
    assert replayed(place) == ["refuted"]


def test_equal_versions_and_a_second_run_change_nothing(place: Place) -> None:
    place.ingest(place.write("j.xml", junit()))
    assert run(place) == []
    upgrade(place)
    run(place)
    size = place.store.size
    assert run(place) == []
    assert place.store.size == size


def test_a_file_that_was_read_again_is_still_a_duplicate(place: Place) -> None:
    path = place.write("j.xml", junit())
    place.ingest(path)
    upgrade(place)
    run(place)
    (outcome,) = place.ingest(path)
    assert (outcome.status, outcome.evidence) == ("duplicate", 2)


def test_an_artifact_that_the_newer_parser_refuses_is_reported_and_stays_as_it_was(place: Place) -> None:
    place.ingest(place.write("a.xml", junit()), place.write("b.xml", junit("2026-01-06T00:00:00Z")))

    def refusing(parsed: Parsed) -> Parsed:
        if parsed.observed_at is not None and parsed.observed_at.day == 6:
            raise InputError("a suite on a Tuesday")
        return counting_more(parsed)

    upgrade(place, refusing)
    first, second = run(place)
    assert (first.status, second.status, second.reason) == ("superseded", "refused", "a suite on a Tuesday")
    assert [one.entry.number for one in place.store.evidence()] == [2, 3]


def test_a_defect_of_the_newer_parser_costs_that_artifact_only(place: Place) -> None:
    place.ingest(place.write("j.xml", junit()))

    def broken(_: Parsed) -> Parsed:
        raise ZeroDivisionError

    upgrade(place, broken)
    (done,) = run(place)
    assert done.status == "refused"
    assert place.store.size == 2


def test_an_older_parser_reads_nothing_again(place: Place) -> None:
    place.ingest(place.write("j.xml", junit()))
    upgrade(place, version=0)
    (done,) = run(place)
    assert (done.status, place.store.size) == ("left", 2)
    assert "newer version" in (done.reason or "")


def test_one_statement_that_became_two_is_superseded_by_both(place: Place) -> None:
    place.ingest(place.write("j.xml", junit()))
    upgrade(place, lambda parsed: (replace(parsed, part="unit"), replace(parsed, part="system")))
    (done,) = run(place)
    assert done.by == (2, 3)
    assert [one.entry.body["part"] for one in place.store.evidence()] == ["unit", "system"]
    assert replayed(place) == ["proven"]


def test_options_go_before_what_the_newer_parser_reads(place: Place) -> None:
    from datetime import UTC, datetime

    given = datetime(2026, 1, 9, tzinfo=UTC)
    place.ingest(place.write("j.xml", junit()), overrides=Overrides(commit="d" * 40, observed_at=given))
    upgrade(place, lambda parsed: replace(parsed, commit="e" * 40, observed_at=datetime(2026, 1, 1, tzinfo=UTC), version="9"))
    run(place)
    (now,) = place.store.evidence()
    subject = now.entry.body["subject"]
    assert (subject["commit"], subject["commit_basis"], subject["version"]) == ("d" * 40, "option", "9")
    assert (now.entry.body["observed_at"], now.entry.body["observed_basis"]) == ("2026-01-09T00:00:00Z", "option")


def test_a_commit_that_the_newer_parser_finds_in_the_file_counts(place: Place) -> None:
    place.ingest(place.write("j.xml", junit()))
    upgrade(place, lambda parsed: replace(parsed, commit="e" * 40))
    run(place)
    (now,) = place.store.evidence()
    assert (now.entry.body["subject"]["commit"], now.entry.body["subject"]["commit_basis"]) == ("e" * 40, "file")
    view = build(place.store, place.project.catalog.kinds, subject_of(place.project, None))
    assert [item.entry for item in view.items["test-results"]] == [2]


def test_a_store_whose_evidence_was_read_again_is_merged_with_that(place: Place, tmp_path: Path) -> None:
    place.ingest(place.write("j.xml", junit()))
    upgrade(place, counting_more)
    run(place)
    (tmp_path / "other").mkdir()
    with Store.create(tmp_path / "other" / "all.db") as whole:
        merge(place.project, whole, [place.store.database.location])
        assert [one.payload["tests"] for one in whole.evidence()] == [7]
        assert [check for check in verify_store(whole.database.location) if check.status != "proven"] == []


def test_the_command_says_what_it_did(place: Place) -> None:
    assert compliance("reparse", cwd=place.root / ".compliance", env={"COMPLIANCE_STORE": "none.db"}).code == 2
    place.ingest(place.write("j.xml", junit()))
    text = compliance("reparse", cwd=place.root)
    assert (text.code, text.out) == (0, "nothing to read again: all evidence was read by the installed parsers\n")
    ran = compliance("reparse", "--format", "json", cwd=place.root)
    assert ran.json == {"schema": "compliance/reparse/v1", "evidence": []}
