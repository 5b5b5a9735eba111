"""Inputs are decoded strictly and within limits; YAML and XML hold no traps."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape

import pytest

from compliance import source as module
from compliance.errors import InputError
from compliance.reading import xmltext, yamltext
from compliance.source import Source


def test_a_mapped_file_does_not_stay_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEMORY_LIMIT", 1 << 20)
    path = tmp_path / "log"
    path.write_bytes(b"a line of a log\n" * (6 << 20))
    source = Source.from_path(path)
    before = resident()
    assert sum(1 for _ in source.lines()) == 6 << 20
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert resident() - before < 48 << 20


def resident() -> int:
    """Bytes of mapped files in memory."""
    return next(int(line.split()[1]) << 10 for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssFile"))


def test_a_large_file_is_mapped_and_reads_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f.json"
    path.write_bytes(b'\xef\xbb\xbf{"a": [1, 2]}\nx')
    small = Source.from_path(path)
    monkeypatch.setattr(module, "MEMORY_LIMIT", 3)
    large = Source.from_path(path)
    assert isinstance(small.data, bytes)
    assert not isinstance(large.data, bytes)
    for name in ("sha256", "size", "head", "document", "text"):
        assert getattr(small, name) == getattr(large, name)
    assert list(small.lines()) == list(large.lines()) == [(1, b'{"a": [1, 2]}'), (2, b"x")]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty file"),
        ("text".encode("utf-32"), "UTF-32"),
        ("a\ntext".encode("utf-16")[:-1], "line 2: UTF-16 with truncated data"),
        (b"\xff\xfea\0\0\xd8", "line 1: UTF-16 with unexpected end of data"),
        (b"\xff\xfea\0\n\0\0\0", "line 2: NUL byte"),
        (b"a\nb\xffc", "line 2: byte 0xff"),
        (b"a\nb\0", "line 2: NUL byte"),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        _ = Source("f", data).text


def test_utf_16_is_its_text_in_utf_8_and_is_addressed_by_its_own_bytes() -> None:
    plain = Source("f", '{"\u00e9": "\U0001f600"}\nx'.encode())
    for encoding in ("utf-16-le", "utf-16-be"):
        marked = Source("f", ("\ufeff" + plain.text).encode(encoding))
        assert (marked.head, marked.document, marked.text) == (plain.head, plain.document, plain.text)
        assert list(marked.lines()) == list(plain.lines())
        assert marked.open_utf_8().read() == plain.data
        assert marked.open().read() == marked.data
        assert marked.sha256 == hashlib.sha256(marked.data).hexdigest()


def test_utf_16_beyond_the_limit_of_documents_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DOCUMENT_LIMIT", 8)
    with pytest.raises(InputError, match="10 bytes in UTF-16; expected at most 8 bytes, or UTF-8"):
        list(Source("f", "text".encode("utf-16")).lines())


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing: No such file"):
        Source.from_path(tmp_path / "missing", "missing")
    with pytest.raises(InputError, match=r"d: Is a directory"):
        Source.from_path(tmp_path, "d")


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        os.truncate(file.fileno(), module.SIZE_LIMIT + 1)
    with pytest.raises(InputError, match="expected at most"):
        Source.from_path(path)


def test_a_line_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINE_LIMIT", 5)
    lines = Source("f", b"12345\n123456\n").lines()
    assert next(lines) == (1, b"12345")
    with pytest.raises(InputError, match="line 2: line too long"):
        list(lines)


def tags(data: bytes) -> list[str]:
    return [element.tag for event, element, _ in Source("f", data).xml() if event == "end"]


def test_xml_streams_and_tolerates_a_doctype_without_loading_it() -> None:
    assert tags(b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a><b/></a>') == ["b", "a"]


def test_xml_names_with_namespaces_read_as_in_the_standard_library() -> None:
    data = b'<a x="1"><b xmlns="u:1" xmlns:p="u:2" p:y="2" z="3"><p:c/></b><d/></a>'
    found = [(element.tag, dict(element.attrib)) for event, element, _ in Source("f", data).xml() if event == "start"]
    assert found == [(element.tag, element.attrib) for element in ElementTree.fromstring(data).iter()]


def test_xml_gives_texts_and_children_whole_however_it_is_cut_into_pieces() -> None:
    text = "a<\u00e9&\U0001f600\n" * 9000
    data = f"<a>{escape(text)}<b><![CDATA[{text}]]></b>{'<c/>' * 5000}</a>".encode()
    (_, root, _), *_ = reversed(list(Source("f", data).xml()))
    assert (root.text, next(child.text for child in root), len(list(root))) == (text, text, 5001)


def test_xml_text_is_what_stands_before_the_first_child() -> None:
    data = b"<a>1<!-- c -->2<b/>3<c>4<d/>5</c>6<e>7</e>8</a>"
    found = {element.tag: element.text for event, element, _ in Source("f", data).xml() if event == "end"}
    assert found == {"a": "12", "b": None, "c": "4", "d": None, "e": "7"}


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "utf-16", "utf-8-sig", "us-ascii"])
def test_xml_in_the_encodings_that_tools_write(encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    data = f'<?xml version="1.0" encoding="{declared}"?><a>{"e" if encoding == "us-ascii" else chr(233)}</a>'.encode(encoding)
    assert [element.text for event, element, _ in Source("f", data).xml() if event == "end"] in (["e"], [chr(233)])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty file"),
        (b'<!DOCTYPE a SYSTEM "a.dtd"><a>&x;</a>', "entity 'x'"),
        (b'<!DOCTYPE a [<!ENTITY % x SYSTEM "a.dtd"> %x;]><a/>', "entity 'x'"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "a.gif" NDATA gif>]><a/>', "entity 'x'"),
        (b"<a>&x;</a>", "undefined entity"),
        (b"<p:a/>", "unbound prefix"),
        (b"<a/><a/>", "junk after document element"),
        (b"<!-- nothing -->", "no element found"),
        (b"<a>&#6;</a>", "reference to invalid character number"),
        (b"<a>\x1b</a>", "not well-formed"),
        (b"<a>", "line 1 column"),
        (b"<a>\n<b></a>", "line 2 column"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "XML without entity declarations"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "XML without entity declarations"),
        (b"<a>" * 300 + b"</a>" * 300, "nested deeper than 256"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "encoding"),
        (b"<a>\xff</a>", "line 1"),
        (b"<a>\0</a>", "line 1"),
    ],
)
def test_xml_that_is_broken_or_hostile_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        tags(data)


@pytest.mark.parametrize(
    ("data", "root"),
    [(b"<a x='1'/>", "a"), (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- <b> -->\n<!DOCTYPE c>\n<d:e>", "d:e"), (b"{}", None), (b"", None)],
)
def test_the_root_of_xml_is_seen_without_parsing(data: bytes, root: str | None) -> None:
    assert Source("f", data).xml_root == root


def test_yaml_words_stay_words() -> None:
    text = "on: push\nyes: no\ndate: 2026-01-01\nversion: '1.10'\nflag: true\nnothing: null\nnumber: 3\n"
    expected = {"on": "push", "yes": "no", "date": "2026-01-01", "version": "1.10", "flag": True, "nothing": None, "number": 3}
    assert yamltext.loads(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("010", 10),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("0x1F", 31),
        ("0o17", 15),
        ("-3", -3),
        ("1.10", 1.1),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.2.3", "1.2.3"),
        ("1.", 1.0),
        (".", "."),
        ("0b1", "0b1"),
        ("1_0.5", "1_0.5"),
    ],
)
def test_yaml_numbers_are_those_of_version_1_2(text: str, value: object) -> None:
    found = yamltext.loads(f"a: {text}\n")
    assert found == {"a": value}
    assert type(found["a"]) is type(value)


def test_yaml_lines_are_kept_when_asked() -> None:
    assert yamltext.loads("a:\n  b: 1\n", lines=True) == {"a": {"b": 1, yamltext.LINE: 2}, yamltext.LINE: 1}


MERGES = "a: &a {x: 1, y: 2}\nb:\n  y: 3\n  <<: *a\nc:\n  <<: [*a, {x: 9, z: 5}]\n  <<: {q: 1}\n"


def test_yaml_merge_keys_are_followed_when_asked() -> None:
    found = yamltext.loads(MERGES, merge=True, lines=True)
    assert found["b"] == {"x": 1, "y": 3, yamltext.LINE: 3}
    assert found["c"] == {"x": 1, "y": 2, "z": 5, "q": 1, yamltext.LINE: 6}


@pytest.mark.parametrize("text", ["b: {<<: 1}", "b: {<<: [1]}", "b: {<<: null}", "b: &b {<<: *b}"])
def test_yaml_merge_keys_without_a_mapping_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        yamltext.loads(text, merge=True)


def test_yaml_merge_keys_and_tags_are_refused_unless_asked_for() -> None:
    for text in (MERGES, "a: !reference [b, c]\n"):
        with pytest.raises(InputError, match="could not determine a constructor"):
            yamltext.loads(text)
    assert yamltext.loads("a: !reference [b, c]\n", tags=["!reference"]) == {"a": ["b", "c"]}
    with pytest.raises(InputError):
        yamltext.loads("a: !reference {b: c}\n", tags=["!reference"])


def test_yaml_aliases_may_repeat_but_not_multiply() -> None:
    assert yamltext.loads("a: &x [1]\nb: *x\n") == {"a": [1], "b": [1]}
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 9):
        bomb += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"
    with pytest.raises(InputError, match="aliases that multiply"):
        yamltext.loads(bomb)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", "line 2 column 1: duplicate key 'a'"),
        ("a: [1\n", "line 2 column 1"),
        ("a: 1\n---\nb: 2\n", "another document"),
        ("a: &x {b: *x}\n", "alias to a node around it"),
        ("!!python/object/apply:os.system [ls]\n", "could not determine a constructor"),
        ("? [a]\n: 1\n", "key that is not a scalar"),
        ("[" * 3000, "expected"),
        ("a: \x01\n", "expected YAML"),
    ],
)
def test_yaml_that_is_broken_or_hostile_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        yamltext.loads(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


class HoldsBack:
    """Expat as its newer versions are at worst: nothing is parsed before the end."""

    def __init__(self, *words: Any, **names: Any) -> None:
        self.__dict__.update(held=b"", parser=expat.ParserCreate(*words, **names))

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.parser, name, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["parser"], name)

    def Parse(self, data: bytes, last: bool) -> None:  # noqa: N802 - expat's name and form
        self.__dict__["held"] += data
        if last:
            self.parser.Parse(self.held, True)


def test_xml_that_expat_holds_back_until_the_end_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = tags(b"<a><b>x</b></a>")
    monkeypatch.setattr(xmltext, "expat", SimpleNamespace(ParserCreate=HoldsBack, ExpatError=expat.ExpatError))
    assert tags(b"<a><b>x</b></a>") == expected == ["b", "a"]
    seen: list[str] = []
    Source("f", b"<a><b>x</b></a>").xml_tags(lambda tag, _: tag == "b", seen.append, seen.append)
    assert seen == ["x", "b", "a"]
    with pytest.raises(InputError, match="line 1 column"):
        tags(b"<a><b>")
