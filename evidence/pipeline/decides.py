"""Says whether a failure that a command swallows still decides later on."""

from __future__ import annotations

import fnmatch
import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Final

from . import shell
from .listing import listed
from .shell import Script

_PRINTS: Final = listed("echo printf cat head tail ls pwd date print write-host write-output write-warning write-error out-null")
"""Commands that succeed and decide nothing."""
_FAILS: Final = re.compile(
    r"\b(?:exit|return)\s+(?:/b\s+)?[\"']?(?!0\b)[$1-9(]|\bexit\s*(?:$|[;}\n])|setFailed|sys\.exit\((?!0?\))|process\.exit\((?!0?\))|"
    r"jq\s+(?:-\w*e|.*--exit-status)|(?:^|[;&|{])\s*false\b|\bthrow\b|raise\s+SystemExit",
    re.MULTILINE,
)
"""Ways of failing on purpose."""


@dataclass(frozen=True)
class Later:
    """What may still judge a failure after the step."""

    steps: tuple[str, ...] = ()
    """The job's steps as they are written."""
    place: int = 0
    """Number of the step that is looked at."""
    workflow: str = ""
    """The whole file."""

    failing: tuple[int, ...] = ()
    """Numbers of the steps that fail on purpose under some condition."""

    @classmethod
    def of(cls, steps: tuple[str, ...], workflow: str) -> list[Later]:
        """Makes one for each step of a job."""
        failing = tuple(number for number, step in enumerate(steps) if _FAILS.search(step))
        return [cls(steps, place, workflow, failing) for place in range(len(steps))]

    @property
    def after(self) -> list[str]:
        """The steps that follow and can fail on purpose."""
        return [self.steps[number] for number in self.failing[bisect_right(self.failing, self.place) :]]


def neutral(script: Script, node: Any) -> str | None:
    """Says how a statement succeeds whatever happens before it.

    Returns:
        ``true``, ``:``, ``exit 0``, ``echo …`` and the like; ``assignment`` when it only keeps something; None when it can fail or
        does more.
    """
    if node.type == "command":
        return _neutral_command(shell.words_of(script, node))
    if node.type == "redirected_statement":
        body = node.child_by_field_name("body")
        return neutral(script, body) if body is not None else None
    if node.type in ("variable_assignment", "declaration_command", "variable_assignments"):
        return None if "$(" in script.words(node) or "`" in script.words(node) else "assignment"
    if node.type in ("compound_statement", "subshell"):
        if script.words(node).startswith("(("):
            return "assignment"
        return _all(script, shell.statements(node))
    if node.type == "list":
        return _all(script, [part for _, part in shell.chain(node)])
    return None


def _all(script: Script, nodes: list[Any]) -> str | None:
    """A group is neutral when each of its parts is; its word is that of the part that ends it."""
    said = [neutral(script, node) for node in nodes[:50]]
    if not said or None in said or len(nodes) > 50:
        return None
    return next((word for word in said if word == "exit 0"), said[0])


def _neutral_command(argv: tuple[str, ...]) -> str | None:
    if not argv:
        return None
    name = argv[0].lower()
    if name in ("true", ":"):
        return name
    if name in ("exit", "return"):
        return "exit 0" if argv[1:] in (("0",), ("/b", "0")) else None
    if name == "let":
        return "assignment"
    return f"{name} …" if name in _PRINTS else None


def kept_for_later(script: Script, node: Any, nodes: list[Any], later: Later) -> bool:
    """Says whether what stands in for the failure (``|| status=$?``, ``|| echo failed=1 >> $GITHUB_OUTPUT``) decides afterwards."""
    text = " ".join(script.words(item) for item in nodes)
    outputs = re.findall(r"([\w-]+)(?:=|<<)[^\n]*?>>?\s*[\"']?\$\{?(?:env:)?GITHUB_(?:OUTPUT|ENV)", _with_redirect(script, node, text))
    outputs += re.findall(r"::set-(?:output|env) name=([\w-]+)", text)
    if any(_used_elsewhere(name, later.workflow) for name in outputs):
        return True
    names = re.findall(r"(?:^|[\s;(])(\w+)\s*(?:\+|-)?=(?!=)", text) + re.findall(r"\(\(\s*(\w+)\s*(?:\+\+|\+=|=)", text)
    names += re.findall(r"\blet\s+[\"']?(\w+)", text)
    return bool(names) and any(_decides(name, rest) for rest in (script.after(node),) for name in names[:100])


def _with_redirect(script: Script, node: Any, text: str) -> str:
    """tree-sitter hangs the redirection of the last command on the whole list."""
    parent = node.parent
    if parent is not None and parent.type == "redirected_statement":
        return text + " " + script.words(parent)[len(script.words(node)) :]
    return text


def _used_elsewhere(name: str, workflow: str) -> bool:
    pattern = rf"(?:outputs|env)\.{re.escape(name)}\b|\$\{{?{re.escape(name)}\b"
    return re.search(pattern, workflow) is not None


def _decides(name: str, text: str) -> bool:
    """Says whether a variable is compared, is an exit code, or is handed on, in the text that follows."""
    variable = rf"\$?\{{?{re.escape(name)}\b"
    judged = rf"(?:\b(?:exit|return|if|elif|case|test|until|while)\b|\[|\(\()[^\n]*{variable}"
    handed_on = rf"{variable}[^\n]*GITHUB_(?:OUTPUT|ENV)"
    return re.search(f"{judged}|{handed_on}", text) is not None


def decided_later(script: Script, command: Any, later: Later) -> bool:
    """Says whether the command writes a report that is judged afterwards, by something that can fail."""
    files = _reports(script, command)
    if not files:
        return False
    rest = script.after(command)
    return any(_names(text, files) for text in ([rest] if _FAILS.search(rest) else []) + later.after)


def _reports(script: Script, command: Any) -> list[str]:
    """Files that a command writes: redirections and the values of output options."""
    parent = command.parent
    while parent is not None and parent.type == "pipeline":
        parent = parent.parent
    node = parent if parent is not None and parent.type == "redirected_statement" else command
    if parent is not None and parent.type == "list" and parent.parent is not None and parent.parent.type == "redirected_statement":
        node = command
    files = shell.redirects(script, node) if node is not command else []
    argv = shell.words_of(script, command)
    for place, word in enumerate(argv):
        if match := re.fullmatch(r"--?[\w-]*(?:output|out|outfile|report|json|junit|xml|sarif|file|path)[\w-]*(?:=(.+))?", word):
            files.append(match.group(1) or "".join(argv[place + 1 : place + 2]))
        elif word == "-o":
            files.extend(argv[place + 1 : place + 2])
    return [name for name in files if re.search(r"\w\.\w", name) and not name.startswith(("/dev/", "$GITHUB", "-"))]


def _names(text: str, files: list[str]) -> bool:
    """Says whether a text names one of the files, by its path or by a pattern that matches it."""
    for name in files:
        if re.search(rf"(?<![\w.-]){re.escape(name.removeprefix('./'))}(?![\w-])", text):
            return True
    globs = [token for token in re.findall(r"[\w./*?-]*\*[\w./*?-]*", text) if re.search(r"\w{3}", token)]
    return any(fnmatch.fnmatch(name, token) for name in files for token in globs)
