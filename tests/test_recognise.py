"""A file is claimed by one format, which may serve several kinds; one that none claims is told what it lacks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from compliance.catalog import shipped
from compliance.errors import InputError, UnrecognisedError
from compliance.intake import Intake
from compliance.kind import Format, Kind
from compliance.reading.recognise import recognise
from compliance.record import Parsed, Payload
from compliance.source import Source
from compliance.subject import Binding
from compliance.verification.verify import verify_store
from tests.evidence.helpers import format_of
from tests.robust.samples import ALL_NAMES, sample
from tests.test_intake import Place


class Words(Payload):
    """A payload with a word."""

    word: str
    category: str = "plain"


def parse(source: Source) -> tuple[Parsed, ...]:
    return tuple(Parsed(payload=Words(word=word, category=word), part=word) for word in source.text.split()[1:])


def words(name: str = "words", marks: tuple[str, ...] = ("begin", "end")) -> Format:
    return Format(name=name, title="words", parser=1, recognise=lambda source: source.head.startswith(b"words"), parse=parse, marks=marks)


def kind(id: str, *formats: Format) -> Kind:
    return Kind(id=id, title=id, binds_to=Binding.COMMIT, payload=Words, formats=formats)


def place_with(tmp_path: Path, *kinds: Kind) -> Place:
    place = Place(tmp_path)
    catalog = replace(shipped(), kinds={one.id: one for one in kinds})
    place.project = replace(place.project, catalog=catalog)
    return place


def test_every_statement_of_every_kind_is_recorded_in_one_go(tmp_path: Path) -> None:
    place = place_with(tmp_path, kind("a", words()), kind("b", words()))
    path = place.write("w", b"words one two")
    outcomes = place.ingest(path)
    assert [(one.kind, one.summary["word"], one.status) for one in outcomes] == [
        ("a", "one", "recorded"),
        ("a", "two", "recorded"),
        ("b", "one", "recorded"),
        ("b", "two", "recorded"),
    ]
    bodies = [place.entry(one).body for one in outcomes]
    assert {body["after"] for body in bodies} == {1}
    assert [body["part"] for body in bodies] == ["one", "two", "one", "two"]
    assert len({body["artifact"]["sha256"] for body in bodies}) == 1
    assert [one.status for one in place.ingest(path)] == ["duplicate"] * 4
    place.store.close()
    checks = list(verify_store(place.root / ".compliance" / "evidence.db", place.project.catalog))
    assert {check.status for check in checks} == {"proven"}
    assert "4 artifacts parsed again" in checks[-1].detail


def test_what_one_reader_masks_is_masked_for_all(tmp_path: Path) -> None:
    masking = replace(words(), redact=lambda source, mask: bytes(source.data).replace(b"secret", mask("secret").encode()))
    place = place_with(tmp_path, kind("a", words()), kind("b", masking))
    outcomes = place.ingest(place.write("w", b"words secret"))
    assert len(outcomes) == 2
    assert all(str(one.summary["word"]).startswith("REDACTED:") for one in outcomes)
    assert {place.entry(one).body["artifact"]["redacted"] for one in outcomes} == {True}


def test_statements_without_names_of_their_own_are_a_defect_of_the_parser(tmp_path: Path) -> None:
    place = place_with(tmp_path, kind("a", words()))
    (outcome,) = place.ingest(place.write("w", b"words one one"))
    assert outcome.status == "refused"
    assert "a defect of the toolkit" in (outcome.reason or "")
    assert place.ingest(place.write("v", b"words"))[0].status == "refused"


def test_formats_of_different_names_that_claim_one_file_refuse_it() -> None:
    kinds = {"a": kind("a", words()), "b": kind("b", words("others"))}
    with pytest.raises(InputError, match=r"claimed by several formats: words \(a\), others \(b\)"):
        recognise(Source("w", b"words one"), kinds)
    assert [one.id for one, _ in recognise(Source("w", b"words one"), kinds, "b")] == ["b"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"begin and more", "nearest is words, but it has no end"),
        (b"begin and end", "nearest is words, but it is not one"),
        (b'{"begin": 1, "other": 2}', "nearest is words, but it has no end"),
        (b'{"in": {"begin": 1, "end": 2}}', None),
        (b'{"in": {"begin": 1}, "end": 2}', "nearest is words, but it has no begin"),
        (b"nothing of the sort", None),
    ],
)
def test_an_unrecognised_file_is_told_which_format_it_is_nearest_to(data: bytes, says: str | None) -> None:
    with pytest.raises(UnrecognisedError) as refused:
        recognise(Source("f", data), {"a": kind("a", words())})
    assert (says in refused.value.reason) if says else "nearest" not in refused.value.reason


MARKED = [(name, form) for name in ALL_NAMES for form in [format_of(*name.split())] if form.marks]


@pytest.mark.parametrize(("name", "form"), MARKED, ids=[name for name, _ in MARKED])
def test_a_file_that_lacks_a_part_is_told_which_format_it_is_nearest_to(name: str, form: Format) -> None:
    whole = sample(name)
    assert recognise(Source("f", whole), shipped().kinds)
    for mark in form.marks:
        part = mark.rpartition(".")[2] or mark
        try:  # a part that its reader can do without, or refuses to, is not what recognition asks for
            assert recognise(Source("f", whole.replace(part.encode(), part.swapcase().encode())), shipped().kinds)
        except UnrecognisedError as refused:
            assert f"nearest is {form.name}, but it has no {mark}" in refused.reason


@pytest.mark.parametrize("name", [name for name, form in MARKED if len(form.marks) > 2])
def test_a_file_with_one_mark_left_is_near_to_nothing_of_that_format(name: str) -> None:
    form = format_of(*name.split())
    (first, *_) = form.marks
    with pytest.raises(UnrecognisedError) as refused:
        recognise(Source("f", f"words {first} words".encode()), shipped().kinds)
    assert f"nearest is {form.name}," not in refused.value.reason


def test_formats_whose_files_have_names_in_common_have_marks() -> None:
    free = {"jsonl-log", "markdown-document", "markdown-runbook"}
    assert {name.split()[1] for name in ALL_NAMES if not format_of(*name.split()).marks} == free


def test_intake_is_what_collectors_use_too(tmp_path: Path) -> None:
    from compliance.kind import Collected
    from compliance.times import now

    place = place_with(tmp_path, kind("a", words()))
    item = Collected(format="words", content=b"words one two", name="tool", started_at=now(), finished_at=now())
    outcomes = Intake(place.project, place.store).collected(place.project.catalog.kinds["a"], item, "tool")
    assert [(one.status, one.summary["word"]) for one in outcomes] == [("recorded", "one"), ("recorded", "two")]


@pytest.mark.parametrize("text", ["null", "[]", " {}\n"])
def test_a_bare_empty_document_is_no_clean_report_of_any_tool(text: str) -> None:
    with pytest.raises(UnrecognisedError, match="alone does not say which tool wrote it"):
        recognise(Source("x", text.encode()), shipped().kinds)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("npm WARN old lockfile\n{REPORT}", "line 2: not recognised: text before the JSON document that begins here"),
        (
            "[main]\tINFO\tprofile include tests: None\n\n{REPORT}\n",
            "line 3: not recognised: text before the JSON document that begins here",
        ),
        ("{REPORT}\nDone in 3 s\n", "line 2: not recognised: text behind the JSON document"),
        ("$ tool\r\n[1,\r\n2]\r\nexit status 1", "line 4: not recognised: text behind the JSON document"),
    ],
)
def test_text_around_a_report_is_said_with_its_place(text: str, says: str) -> None:
    report = sample("scan npm-audit-json").decode()
    with pytest.raises(UnrecognisedError) as refused:
        recognise(Source("x", text.replace("{REPORT}", report).encode()), shipped().kinds)
    assert refused.value.reason == f"{says}; expected what the tool wrote alone, without what else was printed"


def test_lines_of_json_and_broken_json_have_no_text_around_them() -> None:
    for text in ('{"a": 1}\n{"a": 2}\n', '{"a": 1,', "{" * 3000, "words", '{"a": 1}'):
        with pytest.raises(UnrecognisedError) as refused:
            recognise(Source("x", text.encode()), shipped().kinds)
        assert "text be" not in refused.value.reason
