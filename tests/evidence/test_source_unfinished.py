"""Unfinished work: which markers count in which languages, which functions are unimplemented, which files are production."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

unfinished: Any = importlib.import_module("compliance.evidence.source.unfinished")
unimplemented: Any = importlib.import_module("compliance.evidence.source.unimplemented")
patterns: Any = importlib.import_module("compliance.evidence.source.patterns")
languages: Any = importlib.import_module("compliance.evidence.source.languages")


def found(path: str, text: str) -> list[tuple[str, int]]:
    """As the collector does: bytes are searched first, comments are read only then."""
    data = text.encode()
    if not unfinished.may_hold_marker(data):
        return []
    return [(item.rule, item.line) for item in unfinished.markers(path, unfinished.decode(data))]


@pytest.mark.parametrize(
    ("comment", "rule"),
    [
        ("TODO", "todo"),
        ("TODO: x", "todo"),
        ("TODO(ann): x", "todo"),
        ("x TODO y", "todo"),
        ("(TODO)", "todo"),
        ("FIXME!", "fixme"),
        ("XXX", "xxx"),
        ("XXX: x", "xxx"),
        ("HACK - x", "hack"),
        ("@todo x", "todo"),
        ("@FIXME", "fixme"),
        ("todo: x", "todo"),
        ("Fixme: x", "fixme"),
        ("TODO-12: x", "todo"),
        ("todos: x", None),
        ("TODOs are listed elsewhere", None),
        ("TODO_LIST", None),
        ("MYTODO", None),
        ("see TODO.md", None),
        ("the todo list", None),
        ("a todo: b", None),
        ("XXXX", None),
        ("XXX-XX-1234", None),
        ("format XXX.XXX", None),
        ("HACKING", None),
        ("hack", None),
        ("$TODO", None),
        ("no-TODO", None),
    ],
)
def test_what_a_marker_is(comment: str, rule: str | None) -> None:
    assert found("a.py", f"x = 1\n# {comment}\n") == ([(rule, 2)] if rule else [])


def test_each_marker_of_a_line_counts_once() -> None:
    assert found("a.py", "# TODO TODO FIXME\n") == [("todo", 1), ("fixme", 1)]


@pytest.mark.parametrize(
    ("path", "text", "lines"),
    [
        ("a.py", "s = 'TODO'\n'''\nTODO\n'''\nx = 1  # TODO\n", [5]),
        ("a.py", 'def f():\n    """TODO: document."""\n    return "# TODO"\n', []),
        ("a.py", "\n\n\n# TODO\n", [4]),
        ("a.py", "#!/usr/bin/TODO\n# TODO\n", [2]),
        ("a.py", "x = 1\r\n# TODO\r\n# a\r\n# FIXME", [2, 4]),
        ("a.py", "x = f'{a!r} # TODO'  # TODO\n", [1]),
        ("a.py", "def broken(:\n  # TODO\n", [2]),
        ("a.js", "const s = 'TODO';\n// TODO\n/* a\n * TODO: b\n */\nconst t = `// TODO`;\n", [2, 4]),
        ("a.js", "/**\n * @todo x\n */\nf(/TODO/);\n", [2]),
        ("a.ts", "const u = 'http://x/TODO'; // FIXME\n", [1]),
        ("a.tsx", "const a = <p>x</p>; // TODO\n", [1]),
        ("a.mts", "// TODO\n", [1]),
        ("A.java", '/** TODO */\nclass A { String s = "TODO"; } // HACK\n', [1, 2]),
        ("a.go", 'package a\n// TODO(x): y\nvar s = "TODO"\n', [2]),
        ("a.rs", "/// TODO\n//! x\nfn f() { todo!() } // FIXME\n", [1, 3]),
        ("a.c", "#include <TODO.h>\n/* XXX */\n", [2]),
        ("a.h", "// TODO\n", [1]),
        ("a.rb", "# TODO\nx = 'TODO'\n=begin\nFIXME\n=end\n", [1, 4]),
        ("a.sh", "#!/bin/sh\necho TODO # FIXME\n", [2]),
        ("a.php", "<?php\n// TODO\n/** @todo */\n$x = 'TODO';\n", [2, 3]),
        ("a.sql", "-- TODO\nSELECT 'TODO';\n", [1]),
        ("a.css", "/* TODO */\na { color: red }\n", [1]),
        ("a.html", "<!-- TODO -->\n<p>TODO</p>\n<script>\n// FIXME\n</script>\n", [1, 4]),
        ("a.svelte", "<script>\n// TODO\n</script>\n", [2]),
        ("a.vue", "<template><!-- TODO --></template>\n", [1]),
        ("a.yml", "a: TODO\n# TODO\n", [2]),
        ("a.toml", "a = 'TODO' # TODO\n", [1]),
        ("main.tf", "# TODO\n", [1]),
        ("Dockerfile", "FROM x\n# TODO\nRUN echo TODO\n", [2]),
        ("api/Dockerfile.prod", "# TODO\n", [1]),
        ("Makefile", "a:\n\techo TODO\n# TODO\n", [3]),
        ("CMakeLists.txt", "# TODO\n", [1]),
        ("a.kt", "// TODO\nfun f() { TODO() }\n", [1]),
        ("a.ex", '@doc "TODO"\n# TODO\n', [2]),
        ("a.md", "<!-- TODO -->\n", []),
        ("a.txt", "TODO\n", []),
        ("a.json", '{"a": "TODO"}\n', []),
        ("a.unknown", "# TODO\n", []),
        ("LICENSE", "# TODO\n", []),
    ],
)
def test_only_comments_count(path: str, text: str, lines: list[int]) -> None:
    assert [line for _, line in found(path, text)] == lines


def test_the_text_of_a_marker_is_its_line_without_comment_signs() -> None:
    (marker,) = unfinished.markers("a.js", "/*\n *   TODO: make  it so   */\n")
    assert (marker.text, marker.path) == ("TODO: make  it so", "a.js")
    (long,) = unfinished.markers("a.js", "// TODO " + "x" * 1000)
    assert len(long.text) == 200


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"# TODO caf\xe9\n", "# TODO café\n"),
        (b"\xef\xbb\xbf# TODO\n", "# TODO\n"),
        ("# TODO é\n".encode("utf-16"), "# TODO é\n"),
        (b"\xff\xfe\x00", None),
        (b"# TODO\0", None),
    ],
)
def test_text_is_decoded_or_called_binary(data: bytes, text: str | None) -> None:
    assert unfinished.decode(data) == text


PARTS = [
    "# TODO",
    "//",
    "/*",
    "*/",
    '"',
    "'",
    '"""',
    "\n",
    "\\",
    "XXX",
    "<!--",
    "-->",
    "`",
    "${",
    "{",
    "def f():",
    "=begin",
    "\t",
    "é",
    "\x0c",
]
SNIPPETS = st.lists(st.sampled_from([*PARTS, "\x0c"]), max_size=25).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(SNIPPETS, st.sampled_from(["a.py", "a.js", "a.rs", "a.html", "a.rb", "a.sh", "a.yml", "a.c", "a.php"]))
@example("'\n # TODO", "a.sh")
def test_any_text_is_survived_and_lines_lie_in_it(text: str, path: str) -> None:
    for rule, line in found(path, text):
        assert rule.upper() in text.split("\n")[line - 1].upper()


@settings(max_examples=200, deadline=None)
@given(SNIPPETS)
def test_reading_up_to_the_last_candidate_loses_nothing(text: str) -> None:
    whole = list(languages.comments(languages.lexer_of("a.py"), text, 10**9))
    marked = [line for line, comment in whole if "TODO" in comment or "XXX" in comment]
    assert sorted({line for _, line in found("a.py", text)}) == sorted(set(marked))


def functions(text: str) -> list[tuple[str, int]]:
    return [(item.text, item.line) for item in unimplemented.functions("a.py", text)]


RAISE = "raise NotImplementedError"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"def f():\n    {RAISE}\n", [("f", 1)]),
        (f"def f():\n    {RAISE}('soon')\n", [("f", 1)]),
        (f"def f():\n    '''Doc.'''\n    {RAISE}()\n", [("f", 1)]),
        (f"async def f():\n    {RAISE}\n", [("f", 1)]),
        (f"class A:\n    def f(self):\n        {RAISE}\n", [("A.f", 2)]),
        (f"class A:\n    @property\n    def f(self):\n        {RAISE}\n", [("A.f", 3)]),
        (f"if x:\n    def f():\n        {RAISE}\n", [("f", 2)]),
        (f"def f():\n    def g():\n        {RAISE}\n    return g\n", [("f.g", 2)]),
        (f"from abc import ABC\nclass A(ABC):\n    def f(self):\n        {RAISE}\n", []),
        (f"class A(abc.ABC):\n    def f(self):\n        {RAISE}\n", []),
        (f"class A(metaclass=ABCMeta):\n    def f(self):\n        {RAISE}\n", []),
        (f"class A(Protocol[T]):\n    def f(self):\n        {RAISE}\n", []),
        (f"class A:\n    @abstractmethod\n    def f(self):\n        {RAISE}\n    def g(self):\n        {RAISE}\n", []),
        (f"class A:\n    @abc.abstractmethod\n    def f(self):\n        {RAISE}\n", []),
        (f"@typing.overload\ndef f():\n    {RAISE}\n", []),
        (f"class A(ABC):\n    class B:\n        def f(self):\n            {RAISE}\n", [("A.B.f", 3)]),
        (f"def f():\n    if x:\n        {RAISE}\n", []),
        (f"def f():\n    g()\n    {RAISE}\n", []),
        ("def f():\n    return NotImplemented  # NotImplementedError\n", []),
        ("def f():\n    raise  # NotImplementedError\n", []),
        ("def f(): ...\n# NotImplementedError\n", []),
    ],
)
def test_functions_that_only_raise(text: str, expected: list[tuple[str, int]]) -> None:
    assert functions(text) == expected


BASE = f"class Base:\n    def f(self):\n        {RAISE}\n    def g(self):\n        {RAISE}\n"


@pytest.mark.parametrize(
    ("others", "left"),
    [
        ([], ["Base.f", "Base.g"]),
        (["class A(Base):\n    def f(self):\n        return 1\n"], ["Base.g"]),
        (["class A(pkg.Base[T]):\n    def f(self):\n        return 1\n"], ["Base.g"]),
        (["class A(Base):\n    pass\n", "class B(A):\n    async def f(self):\n        return 1\n    g = f\n"], ["Base.g"]),
        (["class A(Base):\n    def f(self):\n        return 1\n", "class B(Base):\n    def g(self): ...\n"], []),
        ([f"class A(Base):\n    def f(self):\n        {RAISE}\n"], ["Base.f", "Base.g"]),
        (["class A(Other):\n    def f(self):\n        return 1\n"], ["Base.f", "Base.g"]),
        (["class Base(Base):\n    def f(self):\n        return 1\n"], ["Base.f", "Base.g"]),
        (["class A(B):\n    pass\nclass B(A):\n    def f(self):\n        return 1\n"], ["Base.f", "Base.g"]),
        (["class A(Base:\n    def f(self):\n        return 1\n"], ["Base.f", "Base.g"]),
    ],
)
def test_a_method_that_a_class_below_defines_is_abstract(others: list[str], left: list[str]) -> None:
    found = list(unimplemented.functions("a.py", BASE))
    abstract = unimplemented.overridden(found, [BASE, *others])
    assert [marker.text for marker in found if marker not in abstract] == left


def test_other_languages_and_unparsable_files_are_not_judged() -> None:
    assert list(unimplemented.functions("a.rb", f"def f():\n    {RAISE}\n")) == []
    for text in (f"def f(:\n    {RAISE}\n", "print 'NotImplementedError'\n", "(" * 5000 + "NotImplementedError", "NotImplementedError\0"):
        with pytest.raises(unimplemented.UnparsableError):
            functions(text)


def test_an_invalid_escape_gives_no_warning() -> None:
    assert functions(f"s = '\\d'\ndef f():\n    {RAISE}\n") == [("f", 2)]


@pytest.mark.parametrize(
    ("path", "production"),
    [
        ("src/app.py", True),
        ("app.py", True),
        ("src/latest/app.py", True),
        ("contest/app.py", True),
        ("src/testing.py", True),
        ("build/webpack.js", True),
        (".github/workflows/ci.yml", True),
        ("tests/a.py", False),
        ("a/tests/b/c.py", False),
        ("src/test_a.py", False),
        ("src/a_test.go", False),
        ("src/a.test.tsx", False),
        ("src/a.spec.ts", False),
        ("src/__tests__/a.js", False),
        ("node_modules/a/b.js", False),
        ("x/vendor/a.go", False),
        ("a_pb2.py", False),
        ("web/app.min.js", False),
        ("docs/conf.py", False),
        ("README.md", False),
        ("examples/a.py", False),
        ("tests", True),
    ],
)
def test_which_files_are_production(path: str, production: bool) -> None:
    assert (patterns.selected([path], (), ()) == [path]) is production


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("src/**", "src/a/b.py", True),
        ("src/**", "lib/src/a.py", False),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/a/b.py", False),
        ("**/gen/*.py", "a/b/gen/c.py", True),
        ("**/gen/*.py", "gen/c.py", True),
        ("*.py", "a/b.py", True),
        ("old/", "a/old/b/c.py", True),
        ("/old/", "a/old/b.py", False),
        ("a?c.py", "abc.py", True),
        ("a+b[1].py", "a+b[1].py", True),
    ],
)
def test_globs(glob: str, path: str, matches: bool) -> None:
    assert bool(patterns.compiled((glob,)).fullmatch(path)) is matches


def test_generated_files_say_so() -> None:
    assert patterns.says_generated(b"// Code generated by protoc-gen-go. DO NOT EDIT.\n")
    assert patterns.says_generated(b"/* @generated */")
    assert patterns.says_generated(b"# This file is auto-generated by x.\n# Do not edit.\n")
    assert not patterns.says_generated(b"# code that generates things\n")
