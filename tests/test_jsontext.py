"""JSON is refused where readers disagree."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.errors import InputError
from compliance.reading import jsonlines, jsontext

REFUSED = {
    "empty": b"",
    "two documents": b"{} {}",
    "duplicate key": b'{"a": 1, "a": 2}',
    "duplicate key, escaped": b'{"a": 1, "\\u0061": 2}',
    "duplicate key, nested": b'{"x": [{"a": 1, "a": 1}]}',
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": Infinity}',
    "beyond a float": b'{"a": 1e999}',
    "beyond a float, negative": b"[-1E+400]",
    "beyond a float, in digits": b"[" + b"9" * 400 + b".5]",
    "lone surrogate": b'"\\ud800"',
    "not UTF-8": b'"\xff"',
    "NUL": b'"a\x00b"',
    "deep": b"[" * 5000 + b"]" * 5000,
    "many digits": b"1" * 5000,
    "trailing comma": b"[1,]",
    "leading zero": b"01",
    "comment": b"{} // x",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
}


HUGE = [b"1e999", b"-1E+400", b"1e0400", b"9" * 400 + b".5", b"9" * 250 + b"e99", b"1" + b"0" * 200 + b"e150", b"1.7976931348623159e308"]
FINITE = [b"1e308", b"0e999", b"1e-999", b"0.0000001e310", b"9" * 400, b'"1e999"', b'"3e4567"']


@pytest.mark.parametrize("padding", [0, 1 << 17])
@pytest.mark.parametrize("number", HUGE)
def test_numbers_beyond_a_float_are_refused_in_documents_of_any_size(number: bytes, padding: int) -> None:
    with pytest.raises(InputError, match="beyond the range"):
        jsontext.loads(b'{"x":"' + b"x" * padding + b'","y":[{"z":' + number + b"}]}")


@pytest.mark.parametrize("padding", [0, 1 << 17])
@pytest.mark.parametrize("number", FINITE)
def test_numbers_within_a_float_are_read(number: bytes, padding: int) -> None:
    text = b'{"x":"' + b"x" * padding + b'","y":[{"z":' + number + b"}]}"
    assert jsontext.loads(text) == json.loads(text)


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_reason(name: str) -> None:
    with pytest.raises(InputError) as caught:
        jsontext.loads(REFUSED[name])
    assert caught.value.expected


def test_the_position_is_named() -> None:
    with pytest.raises(InputError, match=r"line 2 column 6: duplicate key"):
        jsontext.loads(b'{"a": 1,\n "a": 2}')


@pytest.mark.parametrize("text", [b'{"a":1,"a":2}', b'{"a":1,"b":2,"a":1}', b'{"a":{},"\\u0061":{}}', b'{"a":1}x', b"[1]", b'{"a":1', b""])
def test_members_refuse_duplicates_and_what_is_no_object(text: bytes) -> None:
    with pytest.raises(InputError):
        jsontext.members(text)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=4),
    max_leaves=20,
)


def refusal(read: Callable[[bytes], object], data: bytes) -> str | None:
    try:
        read(data)
    except InputError as error:
        return str(error)
    return None


STYLES: list[dict[str, Any]] = [{}, {"separators": (",", ":")}, {"indent": 1}, {"ensure_ascii": False}]


def one_by_one(texts: Sequence[msgspec.Raw]) -> Iterator[object]:
    """What `jsontext.read_each` has to agree with."""
    for text in texts:
        yield jsontext.loads(bytes(text))


def told(read: Callable[[Sequence[msgspec.Raw]], Iterator[object]], texts: Sequence[msgspec.Raw]) -> tuple[str, str | None]:
    """Returns the values of the texts that pass, and why the next one does not."""
    passed: list[object] = []
    try:
        passed.extend(read(texts))
    except InputError as error:
        return repr(passed), str(error)
    return repr(passed), None


@given(st.lists(values, max_size=20), st.sampled_from(STYLES), st.data())
def test_texts_are_checked_together_as_one_by_one(value: list[object], style: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(value, **style).encode()
    start, end, to = (data.draw(st.integers(0, len(text))) for _ in range(3))
    for given_text in (text, text[:to] + text[start:end] + text[to:], text[: min(start, end)] + text[max(start, end) :]):
        try:
            texts = jsontext.elements(given_text)
        except InputError:
            continue
        assert told(jsontext.read_each, texts) == told(one_by_one, texts)


keys = st.sampled_from(['"a"', '"b"', '"\\u0061"', '"é"', '"a\\n"', '"a:"', '"a\\u003a"', '"a\\u003A"'])
scalars = st.sampled_from(
    ["1", "1.0", "1e5", "1e999", "-0", '"x"', '"\\u0061"', "null", "9" * 30, '":"', '"\\u003a\\u003A"', '"\\\\u003a"']
)
objects = st.recursive(
    scalars, lambda inner: st.lists(st.tuples(keys, inner), max_size=3).map(lambda members: "{" + ", ".join(map(": ".join, members)) + "}")
)


@given(st.lists(objects, max_size=20), st.integers(0, 200))
def test_keys_that_come_twice_are_found_among_others(texts: list[str], ahead: int) -> None:
    for given_text in (", ".join(['{"a": 1}'] * ahead + texts), ",".join([*texts, '{"a":1}']).replace(" ", "")):
        cut = jsontext.elements(f"[{given_text}]".encode())
        assert told(jsontext.read_each, cut) == told(one_by_one, cut)


@pytest.mark.parametrize("other", [b'{"a":\n1}', b'{"a":1}', b'{"a": 1}'])
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_refused_wherever_it_stands(name: str, other: bytes) -> None:
    for place in (0, 1, 7, 8, 200):
        texts = [msgspec.Raw(text) for text in [other] * place + [REFUSED[name]] + [other] * 9]
        assert told(jsontext.read_each, texts) == told(one_by_one, texts)


def test_texts_of_many_objects_are_compared_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [[msgspec.Raw(json.dumps([{"a": n}] * count, indent=1).encode()) for n in range(3)] for count in (1, 30, 190)]
    monkeypatch.setattr(jsontext, "loads", None)
    for group in texts:
        assert list(jsontext.read_each(group)) == [json.loads(bytes(text)) for text in group]


def test_checked_texts_may_be_nested_as_deep_as_others() -> None:
    for depth in (100, 199, 200, 201, 202, 250, 900):
        texts = [msgspec.Raw(b"1"), msgspec.Raw(b"[" * depth + b"]" * depth)]
        assert told(jsontext.read_each, texts) == told(one_by_one, texts)


@given(values, st.sampled_from([None, 1]), st.booleans())
def test_everything_else_reads_as_the_standard_library_does(value: object, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    assert jsontext.loads(text) == json.loads(text)


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), values, max_size=6), st.sampled_from([None, 2]))
def test_members_cut_an_object_into_its_values(value: dict[str, object], indent: int | None) -> None:
    found = jsontext.members(json.dumps(value, indent=indent).encode())
    assert {key: jsontext.loads(bytes(raw)) for key, raw in found.items()} == json.loads(json.dumps(value))


@given(st.lists(st.dictionaries(st.text(max_size=3), values, max_size=3), max_size=4), st.sampled_from([None, 2]))
def test_objects_cut_an_array_of_objects_into_their_values(value: list[dict[str, object]], indent: int | None) -> None:
    found = jsontext.objects(json.dumps(value, indent=indent).encode())
    assert [{key: jsontext.loads(bytes(raw)) for key, raw in one.items()} for one in found] == value


@given(st.lists(objects.filter(lambda text: text[0] == "{"), max_size=3).map(lambda items: f"[{', '.join(items)}]"))
def test_objects_and_members_refuse_the_same(text: str) -> None:
    def each(data: bytes) -> None:
        for element in jsontext.elements(data):
            jsontext.members(element)

    assert (refusal(jsontext.objects, text.encode()) is None) == (refusal(each, text.encode()) is None)


@pytest.mark.parametrize(
    "text", [b'[{"a":1,"a":2}]', b'[{}, {"a":1,"b":2,"a":1}]', b'[{"a":{},"\\u0061":{}}]', b"[1]", b"{}", b"[{}", b"", b"null"]
)
def test_objects_refuse_duplicates_and_what_is_no_array_of_objects(text: bytes) -> None:
    with pytest.raises(InputError):
        jsontext.objects(text)


@given(st.lists(values, max_size=6))
def test_elements_cut_an_array_into_its_values(value: list[object]) -> None:
    found = jsontext.elements(json.dumps(value).encode())
    assert [jsontext.loads(bytes(raw)) for raw in found] == json.loads(json.dumps(value))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.tuples(VALUES, st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :")]), st.booleans()), min_size=1, max_size=30))
def test_a_line_reader_reads_what_loads_reads(texts: list[tuple[Any, tuple[str, str], bool]]) -> None:
    reader = jsonlines.LineReader()
    for value, separators, ascii_only in texts:
        line = json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode()
        read = reader.object(line)
        assert read == (value if isinstance(value, dict) else None)
        assert read is None or json.dumps(read) == json.dumps(jsontext.loads(line))


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("form", [b"%s", b'{"x":%s}', b'{"x": %s, "y": 1}'])
def test_a_line_reader_refuses_what_loads_refuses(name: str, form: bytes) -> None:
    for line in (form % REFUSED[name], form % (REFUSED[name] + b" ")):
        for worn in (False, True):
            reader = jsonlines.LineReader()
            for _ in range(40 * worn):
                reader.object(b'{ "a" : 1 }')
            assert reader.object(line) is None


@pytest.mark.parametrize("depth", [1, 199, 200, 201, 5000])
def test_a_line_reader_reads_as_deep_as_loads(depth: int) -> None:
    line = b'{"a":' * depth + b"1" + b"}" * depth
    assert (jsonlines.LineReader().object(line) is not None) == (depth <= 200)
