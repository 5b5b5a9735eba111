"""Shell text as a syntax tree: which commands it runs, in which order, and what happens when one of them fails.

tree-sitter-bash reads quotes, heredocs, continuations and comments as bash does, and goes on after what it does not understand, so that
the operators of PowerShell and cmd scripts (``||``, ``;``) are seen as well. Expressions ``${{ ... }}`` are masked first: the runner
replaces them before any shell sees the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from compliance.errors import InputError

SCRIPT_LIMIT: Final = 200_000
"""Characters of the longest script."""
DEPTH_LIMIT: Final = 100
"""Groups inside groups of a script."""
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_VALUES = frozenset({"command_substitution", "process_substitution", "heredoc_body"})
"""Nodes whose commands give a value: their output is used, their exit code does not decide."""


@dataclass(frozen=True)
class Command:
    """A simple command with its literal words."""

    argv: tuple[str, ...]
    node: Any

    @property
    def name(self) -> str:
        """First word without its folders, in lower case."""
        return re.split(r"[/\\]", self.argv[0])[-1].lower()


@dataclass(frozen=True)
class Script:
    """A parsed shell text."""

    text: str
    """As it is written, expressions included."""
    data: bytes
    root: Any

    def offset(self, node: Any) -> int:
        """Returns the position of a node in ``text``, in characters."""
        return len(self.data[: node.start_byte].decode("utf-8", "replace"))

    def words(self, node: Any) -> str:
        """Returns the text of a node, expressions masked."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def after(self, node: Any) -> str:
        """Returns the text behind a node, expressions masked."""
        return self.data[node.end_byte :].decode("utf-8", "replace")


@cache
def _parser() -> Any:
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def mask(text: str) -> str:
    """Replaces each ``${{ ... }}`` by as many letters; line breaks stay."""
    return _EXPRESSION.sub(lambda match: re.sub(r"[^\n]", "X", match.group()), text)


def parse(text: str) -> Script:
    """Parses shell text; a syntax error is gone round.

    Raises:
        InputError: Longer than `SCRIPT_LIMIT`, or nested deeper than `DEPTH_LIMIT`.
    """
    if len(text) > SCRIPT_LIMIT:
        raise InputError(f"a script of {len(text)} characters", expected=f"at most {SCRIPT_LIMIT}")
    data = mask(text).encode("utf-8", "replace")
    root = _parser().parse(data).root_node
    _refuse_depth(root)
    return Script(text, data, root)


def _refuse_depth(root: Any) -> None:
    stack = [(root, 0)]
    while stack:
        node, depth = stack.pop()
        depth += node.type not in ("list", "ERROR", "concatenation", "binary_expression", "elif_clause")
        if depth > 4 * DEPTH_LIMIT:
            raise InputError("a script nested too deeply", expected=f"at most {DEPTH_LIMIT} groups inside each other")
        stack.extend((child, depth) for child in node.named_children)


def walk(node: Any, *, values: bool = False) -> Iterator[Any]:
    """Yields a node and all below it in the order of the text; what only gives a value is left out unless asked for."""
    stack = [node]
    while stack:
        item = stack.pop()
        yield item
        if values or item.type not in _VALUES:
            stack.extend(reversed(item.named_children))


def commands(script: Script, node: Any) -> Iterator[Command]:
    """Yields the simple commands below a node whose exit code counts, in the order of the text."""
    for item in walk(node):
        if item.type == "command" and (argv := words_of(script, item)):
            yield Command(argv, item)


def words_of(script: Script, command: Any) -> tuple[str, ...]:
    """Returns the words of a command; quotes are removed, variables stay as they are written."""
    found = []
    for child in command.named_children:
        if child.type in ("variable_assignment", "file_redirect", "herestring_redirect", "comment"):
            continue
        found.append(_literal(script, child))
    return tuple(word for word in found if word)


def _literal(script: Script, node: Any) -> str:
    text = script.words(node)
    if "'" not in text and '"' not in text and "\\" not in text:
        return text
    if node.type in ("raw_string", "string"):
        return text[1:-1]
    return re.sub(r"\\\n|['\"]", "", text)


def statements(node: Any) -> list[Any]:
    """Returns the statements of a program, group or branch, comments left out; what could not be parsed is looked into."""
    found: list[Any] = []
    for child in node.named_children:
        if child.type == "ERROR":
            found.extend(statements(child))
        elif child.type != "comment":
            found.append(child)
    return found


def chain(node: Any) -> list[tuple[str, Any]]:
    """Flattens ``a && b || c`` into ``[("", a), ("&&", b), ("||", c)]``; both operators bind alike, from the left."""
    parts: list[tuple[str, Any]] = []
    while node.type == "list" and len(node.children) >= 3:
        left, operator, right = node.children[0], node.children[1], node.children[-1]
        parts.append((operator.type, right))
        node = left
    return [("", node), *reversed(parts)]


def redirects(script: Script, node: Any) -> list[str]:
    """Returns the files that output below a node is redirected to, as they are written."""
    items = (item for item in walk(node) if item.type == "file_redirect" and item.named_children)
    return [_literal(script, item.named_children[-1]) for item in items if ">" in script.words(item)]


@dataclass(frozen=True)
class Mode:
    """How the runner starts the shell (GitHub Docs, workflow syntax, ``jobs.<job_id>.steps[*].shell``)."""

    readable: bool
    """Whether the text is a shell's at all, not Python's."""
    errexit: bool
    """Whether a failing command ends the script."""
    pipefail: bool
    posix: bool
    """A Bourne shell, not PowerShell or cmd."""


def mode(shell: str | None, runs_on: str) -> Mode:
    """Says how a step's script is run; without ``shell`` that is ``bash -e``, on Windows ``pwsh``."""
    words = (shell or ("pwsh" if re.search(r"\bwindows\b", runs_on) and "${{" not in runs_on else "")).split()
    if not words:
        return Mode(readable=True, errexit=True, pipefail=False, posix=True)
    name = re.split(r"[/\\]", words[0])[-1].lower().removesuffix(".exe")
    if name in ("bash", "sh", "dash", "zsh", "ksh"):
        if len(words) == 1:
            return Mode(readable=True, errexit=True, pipefail=name == "bash", posix=True)
        flags = "".join(word[1:] for word in words[1:] if re.fullmatch(r"-[a-z]+", word))
        return Mode(readable=True, errexit="e" in flags or "errexit" in words, pipefail="pipefail" in words, posix=True)
    if name in ("pwsh", "powershell", "cmd"):
        return Mode(readable=True, errexit=False, pipefail=True, posix=False)
    wrapped = any(re.fullmatch(r"(.*/)?(bash|sh)", word) for word in words)
    return Mode(readable=wrapped or "${{" in words[0], errexit=True, pipefail=True, posix=True)
