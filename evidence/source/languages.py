"""Finds the language of a source file by its name, and the comments in its text, with Pygments' lexers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pygments.lexer import Lexer

_BY_SUFFIX: Final = {
    ".cts": "typescript",
    ".mts": "typescript",
    ".svelte": "html",
    ".astro": "html",
    ".pl": "perl",
    ".pm": "perl",
    ".inc": "php",
    ".r": "splus",
    ".h": "c",
    ".m": "objective-c",
    ".sql": "sql",
    ".s": "gas",
}
"""Suffixes that Pygments does not know, or gives to a rarer language."""
_BY_NAME: Final = {
    "cmakelists.txt": "cmake",
    "jenkinsfile": "groovy",
    "go.mod": "",
    "go.sum": "",
    "vagrantfile": "ruby",
    "justfile": "make",
}
_NO_SOURCE: Final = frozenset(
    {
        "Text only",
        "Text output",
        "Markdown",
        "reStructuredText",
        "Diff",
        "Gettext Catalog",
        "TeX",
        "JSON",
        "JSON-LD",
        "MIME",
        "E-mail",
        "Groff",
        "MediaWiki",
        "Org Mode",
        "Debian Sources file",
        "Kernel log",
        "Python Traceback",
        "Python console session",
    }
)
"""Languages of documents and data."""
_DOC_IS_TEXT: Final = frozenset(
    {
        "Python",
        "Python 2.x",
        "Cython",
        "NumPy",
        "Mojo",
        "GDScript",
        "Clojure",
        "ClojureScript",
        "Elixir",
        "Emacs Lisp",
        "Common Lisp",
        "Scheme",
    }
)
"""Languages whose documentation is a string literal; in all others, what Pygments calls documentation is a comment (``///`` in Rust)."""
HASH_ONLY: Final = frozenset({"Python", "Python 2.x", "Cython", "YAML", "TOML", "Bash", "Docker", "Makefile"})
"""Languages in which every comment begins with ``#`` on its own line, so that a marker without one before it is none."""


@cache
def _lexer(key: str, name: str) -> Lexer | None:
    from pygments.lexers import find_lexer_class_for_filename, get_lexer_by_name

    alias = _BY_NAME.get(name) if name in _BY_NAME else _BY_SUFFIX.get(key)
    if alias == "":
        return None
    if alias is None:
        found = find_lexer_class_for_filename("Dockerfile" if name.startswith("dockerfile") else name)
        if found is None or found.name in _NO_SOURCE:
            return None
        alias = found.aliases[0] if found.aliases else None
    return get_lexer_by_name(alias, stripnl=False, ensurenl=False) if alias else None


def lexer_of(path: str) -> Lexer | None:
    """Returns the lexer for a path, None when it is no source code."""
    name = path.rsplit("/", 1)[-1].lower()
    dot = name.rfind(".")
    if name in _BY_NAME or dot <= 0:
        return _lexer("", name)
    return _lexer(name[dot:], "x" + name[dot:] if not name.startswith("dockerfile") else name)


def comments(lexer: Lexer, text: str, last: int) -> Iterator[tuple[int, str]]:
    """Yields each line of each comment up to a line, with its number from 1."""
    from pygments.token import Comment, String

    line = 1
    counted = (Comment, String.Doc) if lexer.name not in _DOC_IS_TEXT else (Comment,)
    directives = (Comment.Preproc, Comment.PreprocFile, Comment.Hashbang)
    known: dict[Any, bool] = {}
    for kind, value in lexer.get_tokens(text):
        if kind not in known:
            known[kind] = _within(kind, counted) and not _within(kind, directives)
        if known[kind]:
            yield from enumerate(value.split("\n"), line)
        line += value.count("\n")
        if line > last:
            return


def _within(kind: Any, parents: tuple[Any, ...]) -> bool:
    """Says whether a token type is one of others, or below one."""
    return any(kind in parent for parent in parents)
