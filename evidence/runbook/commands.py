"""Shell blocks of a runbook: the commands in them, those that cannot be read, and the scripts that they call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from .._markdown.reading import Block, Document
from .shell import Command, first_command, parse
from .shell_reader import ShellError

SHELLS = frozenset({"sh", "bash", "shell", "zsh", "ksh", "dash"})
SESSIONS = frozenset({"console", "shell-session", "shellsession", "sh-session", "bash-session", "terminal"})
"""Languages of blocks that show a session: prompts, commands and what they print."""

SHOWN = 100
"""Characters of a command that are quoted."""

_PROMPT = re.compile(r"^[ \t]*(?:\[?[\w.-]+@[\w.-]+[^$#%>\n]{0,60}|\([\w. -]+\)[ \t]*)?\$(?:[ \t]+|$)")
_ROOT_PROMPT = re.compile(r"^[ \t]*(?:\[?[\w.-]+@[\w.-]+[^$#%>\n]{0,60})?#[ \t]+")
_CONTINUED = re.compile(r"^>[ \t]?")
_PLACEHOLDER = re.compile(r"<[A-Za-z](?:[^<>|&;()\"'`$\n]{0,78}[^<>|&;()\"'`$\s])?>|\{\{[^{}\n]{1,80}\}\}")
_INTERPRETERS = frozenset({"bash", "sh", "zsh", "ksh", "dash", "source", ".", "python", "python3", "node", "ruby", "perl"})
_WRAPPERS = frozenset({"sudo", "time", "exec", "nohup", "env", "command"})
_ELSEWHERE = frozenset({"cd", "pushd", "ssh", "chroot"})
_CONTAINERS = frozenset({"docker", "podman", "kubectl", "oc"})
_INTERACTIVE = frozenset({"-it", "-ti", "-i", "--interactive", "debug", "rsh"})
_DOWNLOADS = frozenset({"curl", "wget", "tar", "unzip", "cp", "gcloud", "aws", "gsutil"})
_SCRIPT_NAME = re.compile(r"(?:\.{0,2}/)?[\w.@+-]+(?:/[\w.@+-]+)*")
_SUFFIXES = frozenset({".sh", ".bash", ".zsh", ".ksh", ".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".pl"})
_CALL = re.compile(r"(?:sudo +)?(?:\.{1,2}/|(?:bash|sh|python3?|node) |[\w./-]+\.(?:sh|bash)\b)")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")


@dataclass(frozen=True)
class Invalid:
    """A command that no shell would read."""

    line: int
    """Counted from 1 in the body of the file."""
    reason: str
    text: str


def shell_blocks(document: Document) -> list[Block]:
    """Returns the blocks that hold shell commands, by the language that their fence names."""
    return [block for block in document.blocks if block.language in SHELLS | SESSIONS]


def invalid(document: Document) -> Iterator[Invalid]:
    """Yields the commands that do not parse, at most one for each block or each command of a session."""
    for block in shell_blocks(document):
        for line, text in _scripts(block):
            try:
                parse(_filled(text))
            except ShellError as error:
                shown = text.split("\n")[min(error.line, text.count("\n") + 1) - 1].strip()
                yield Invalid(line + error.line - 1, error.reason, shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…")


def scripts(document: Document) -> list[str]:
    """Returns the scripts that commands call by a relative path, each once: ``./deploy.sh``, ``bash scripts/restore.sh``.

    Code in running text counts when it is such a call. Paths with variables, placeholders or patterns are left out, and so is what
    follows in a block once a command has gone to another folder or machine, or has fetched a file of that name.
    """
    found: list[str] = []
    for block in shell_blocks(document):
        commands = [command for _, text in _scripts(block) for command in _readable(text)]
        found += _called(commands)
    for code in document.code:
        if "/" in code and len(code) <= SHOWN and _CALL.match(code):
            found += _called(_readable(code))
    return list(dict.fromkeys(found))


def _filled(text: str) -> str:
    """Puts a plain word of the same length for placeholders such as ``<name>``, which a reader replaces before running the command."""
    return _PLACEHOLDER.sub(lambda match: "_" * len(match.group()), text)


def _readable(text: str) -> tuple[Command, ...]:
    try:
        return parse(_PLACEHOLDER.sub("$_", text))
    except ShellError:
        return ()


def _scripts(block: Block) -> Iterator[tuple[int, str]]:
    """Yields what is to be parsed as one: the whole block, or the commands after prompts, each with its first line."""
    lines = block.text.split("\n")
    prompt = _prompt_of(block, lines)
    if prompt is None:
        if block.language in SHELLS:
            yield block.line, block.text
        return
    starts = [number for number, line in enumerate(lines) if prompt.match(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        command = prompt.sub("", lines[start], count=1)
        text = "\n".join([command, *(_CONTINUED.sub("", line) for line in lines[start + 1 : end])])
        yield block.line + start, text[: _end(text)]


def _prompt_of(block: Block, lines: list[str]) -> re.Pattern[str] | None:
    """Returns what prompts look like in the block: ``$``, or in sessions also root's ``#``; None when it shows none."""
    if any(_PROMPT.match(line) for line in lines):
        return _PROMPT
    if block.language in SESSIONS and any(_ROOT_PROMPT.match(line) for line in lines):
        return _ROOT_PROMPT
    return None


def _end(text: str) -> int:
    """Returns where the command after a prompt ends and its output begins; all of it when it cannot be read."""
    try:
        return first_command(_filled(text))
    except ShellError:
        return len(text)


def _called(commands: list[Command] | tuple[Command, ...]) -> Iterator[str]:
    fetched: set[str] = set()
    for command in commands:
        words = [word.strip("'\"") for word in command.words]
        while words and (words[0] in _WRAPPERS or _ASSIGNED.match(words[0])):
            words = words[1:]
        if not words:
            continue
        if words[0] in _ELSEWHERE or (words[0] in _CONTAINERS and _INTERACTIVE & set(words)):
            return  # from here on a relative path may mean another folder or machine
        if words[0] in _DOWNLOADS:
            fetched |= {PurePosixPath(word).name for word in words[1:]}
        name = _script(words)
        if name and PurePosixPath(name).name not in fetched:
            yield name


def _script(words: list[str]) -> str | None:
    """Returns the script that a command runs: its own name with a slash, or an interpreter's first argument."""
    name = words[0]
    if name in _INTERPRETERS:
        name = next((word for word in words[1:] if not word.startswith("-")), "")
        if PurePosixPath(name).suffix not in _SUFFIXES:
            return None
    elif "/" not in name:
        return None
    if not _SCRIPT_NAME.fullmatch(name) or name.startswith("/"):
        return None
    return name if name.startswith(("./", "../")) or PurePosixPath(name).suffix in _SUFFIXES else None
