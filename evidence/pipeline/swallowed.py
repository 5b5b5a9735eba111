"""Finds gate commands in shell text whose failure is swallowed.

What counts follows the shell that GitHub starts (see `shell.mode`): under ``bash -e`` the script ends at ``npm test`` in
``npm test; true``, so that this neutralises nothing there, but does in ``bash -c "npm test; true"``, after ``set +e`` or in PowerShell.

Not reported: output that is used as a value (``$(...)``), an exit code that is kept and decides later, a report file that a later command
judges, and a further run of the same tool in the same step that can fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from . import gates, shell, tools
from .decides import Later, decided_later, kept_for_later, neutral
from .gates import Gate
from .listing import listed
from .shell import Command, Script

_SINKS: Final = frozenset({"tee", "cat", "head", "tail", "ts", "less", "more"})
"""Commands at the end of a pipe that succeed whatever they read."""
_DEPTH: Final = 3
_WORKSPACE: Final = listed("--prefix -w --workspace --filter -F -C --cwd --dir --package -p --project")


@dataclass(frozen=True)
class Swallowed:
    """A gate command that cannot fail its step."""

    gate: Gate
    pattern: str
    offset: int
    """Place of what swallows the failure, in characters of the script."""


@dataclass(frozen=True)
class Surroundings:
    """What else decides whether a failure is really lost."""

    mode: shell.Mode
    step_gate: Gate | None
    """What the step's name says that it is; its only command then counts as a gate, known or not."""
    later: Later


@dataclass(frozen=True)
class _Gated:
    gate: Gate
    node: Any


def find(text: str, around: Surroundings, depth: int = 0) -> list[Swallowed]:
    """Returns the swallowed gate commands of a script, at most one entry for each command."""
    if not around.mode.readable or depth > _DEPTH:
        return []
    script = shell.parse(text)
    found: dict[int, Swallowed] = {}
    finder = _Finder(script, around)
    for look in (finder.in_lists, finder.in_conditions, finder.in_sequences, finder.in_pipes, finder.by_options):
        for gated, swallowed in look():
            found.setdefault(gated.node.start_byte, swallowed)
    spared = _strict_elsewhere(finder, found)
    result = [item for start, item in found.items() if start not in spared]
    for command in shell.commands(script, script.root):
        if (inner := _inline(command)) is not None:
            nested = replace(around, mode=replace(around.mode, errexit="e" in inner[0], pipefail=False), step_gate=None)
            base = script.offset(command.node)
            result += [replace(item, offset=base) for item in find(inner[1], nested, depth + 1)]
    return sorted(result, key=lambda item: item.offset)


def gates_of(text: str, around: Surroundings) -> list[Gate]:
    """Returns the gates that a script runs."""
    if not around.mode.readable:
        return []
    return [gated.gate for gated in _Finder(shell.parse(text), around).everything]


def _inline(command: Command) -> tuple[str, str] | None:
    """Returns flags and text of ``bash -c TEXT``."""
    if command.name not in ("bash", "sh", "dash", "zsh") or len(command.argv) < 3:
        return None
    for place, word in enumerate(command.argv[1:-1], 1):
        if re.fullmatch(r"-[a-z]*c", word):
            return "".join(command.argv[1 : place + 1]), command.argv[place + 1].replace('\\"', '"')
    return None


def _strict_elsewhere(finder: _Finder, found: dict[int, Swallowed]) -> set[int]:
    """Swallowed runs of a tool that also runs strictly on the same thing in this script: the first makes a report, the second decides."""
    about = {gated.node.start_byte: (gated.gate.label, _targets(finder.script, gated.node)) for gated in finder.everything}
    strict = {what for start, what in about.items() if start not in found}
    return {start for start in found if about.get(start) in strict}


def _targets(script: Script, command: Any) -> frozenset[str]:
    """Words that say what a tool looks at: addresses, paths and workspaces, not the reports that it writes."""
    argv = shell.words_of(script, command)
    found = {word for word in argv if re.search(r"[/:]", word) and not re.match(r"-|.*\.(json|sarif|xml|html|txt|md|csv)$", word)}
    found.update(argv[place + 1] for place, word in enumerate(argv[:-1]) if word in _WORKSPACE)
    return frozenset(found)


class _Finder:
    def __init__(self, script: Script, around: Surroundings) -> None:
        self.script = script
        self.around = around
        self.pipefail = around.mode.pipefail or "pipefail" in script.text or "PIPESTATUS" in script.text
        self.sole = self._sole_command()
        self.everything = list(self.gated(script.root))

    def _sole_command(self) -> int | None:
        """Start of the only command of a step that is a gate by its name, when that command is none by its own."""
        if self.around.step_gate is None:
            return None
        weighty = [
            command
            for command in shell.commands(self.script, self.script.root)
            if command.name not in _LIGHT and not (command.name == "exit" or command.name.startswith("$"))
        ]
        if any(gates.of_command(command.argv) for command in weighty):
            return None
        weighty = [command for command in weighty if command.name not in _FILTERS] or weighty
        pipelines = [item for item in shell.walk(self.script.root) if item.type == "pipeline"]
        starts = {_start_of_pipeline(command.node, pipelines) for command in weighty}
        if len(starts) != 1 or weighty[-1].name in _CLEANUP or weighty[0].name in _CLEANUP:
            return None
        return int(weighty[0].node.start_byte)

    def gated(self, node: Any) -> Iterator[_Gated]:
        for command in shell.commands(self.script, node):
            gate = gates.of_command(command.argv)
            if gate is None and command.node.start_byte == self.sole:
                gate = self.around.step_gate
            if gate is not None:
                yield _Gated(gate, command.node)

    def found(self, gated: _Gated, pattern: str, node: Any) -> tuple[_Gated, Swallowed]:
        return gated, Swallowed(gated.gate, pattern, self.script.offset(node))

    def in_lists(self) -> Iterator[tuple[_Gated, Swallowed]]:
        """``gate || true`` and what does the same."""
        inner: set[int] = set()
        for node in shell.walk(self.script.root):
            if node.type != "list" or node.id in inner:
                continue
            inner.update(part.id for part in _spine(node))
            parts = shell.chain(node)
            place = self._rescue(parts)
            if place is None or kept_for_later(self.script, node, [part for _, part in parts[place:]], self.around.later):
                continue
            right = parts[place][1]
            for _, left in parts[:place]:
                yield from self._lost(left, f"|| {neutral(self.script, right)}", right)

    def _rescue(self, parts: list[tuple[str, Any]]) -> int | None:
        """Returns the place of the first ``||`` from which on nothing can fail."""
        found = None
        for place in range(len(parts) - 1, 0, -1):
            operator, part = parts[place]
            if neutral(self.script, part) is None:
                break
            found = place if operator == "||" else found
        return found

    def _lost(self, left: Any, pattern: str, where: Any) -> Iterator[tuple[_Gated, Swallowed]]:
        for gated in self.gated(left):
            if not decided_later(self.script, gated.node, self.around.later):
                yield self.found(gated, pattern, where)

    def in_conditions(self) -> Iterator[tuple[_Gated, Swallowed]]:
        """``if ! gate; then echo ...; exit 0; fi`` and ``if gate; then ...; else echo ...; fi`` outside loops."""
        for node in _outside_loops(self.script.root):
            if node.type != "if_statement" or any(child.type == "elif_clause" for child in node.named_children):
                continue
            condition = node.child_by_field_name("condition")
            if condition is None or condition.type not in ("command", "negated_command", "pipeline", "redirected_statement"):
                continue
            otherwise = next((child for child in node.named_children if child.type == "else_clause"), None)
            if condition.type == "negated_command":
                body = [item for item in shell.statements(node) if item.start_byte > condition.end_byte and item.type != "else_clause"]
            else:
                body = shell.statements(otherwise) if otherwise is not None else []
            if body and all(neutral(self.script, item) for item in body):
                if kept_for_later(self.script, node, body, self.around.later):
                    continue
                ending = next((item for item in body if neutral(self.script, item) == "exit 0"), None)
                yield from self._lost(condition, "exit 0" if ending else "failure only printed", ending or body[0])

    def in_sequences(self) -> Iterator[tuple[_Gated, Swallowed]]:
        """A gate after ``set +e`` (or in a shell without ``-e``) whose exit code nobody looks at."""
        items = shell.statements(self.script.root)
        pattern, ending = self._ending(items)
        lenient: Any = None
        errexit = self.around.mode.errexit
        for place, item in enumerate(items):
            switch = _errexit_switch(self.script, item) if self.around.mode.posix else None
            if switch is not None:
                errexit, lenient = switch, None if switch else item
            elif not errexit and place + 1 < len(items):
                where = lenient if lenient is not None else ending
                if where is not None and not self._status_used(items[place + 1]):
                    for gated in self._bare(item):
                        if not decided_later(self.script, gated.node, self.around.later):
                            yield self.found(gated, "set +e" if lenient is not None else pattern, where)

    def _ending(self, items: list[Any]) -> tuple[str, Any]:
        """Without ``set +e`` only an explicit success at the end counts: ``; true``, ``exit 0``."""
        word = neutral(self.script, items[-1]) if items else None
        if word in ("true", ":", "exit 0"):
            return (f"; {word}" if word != "exit 0" else "exit 0"), items[-1]
        return "", None

    def _bare(self, item: Any) -> Iterator[_Gated]:
        """Gates of a statement whose failure is not dealt with inside it."""
        if item.type in ("command", "pipeline", "redirected_statement", "subshell", "compound_statement", "for_statement"):
            if not any(part.type == "list" and part.children[1].type == "||" for part in shell.walk(item) if len(part.children) > 1):
                yield from self.gated(item)
        elif item.type == "list" and all(operator != "||" for operator, _ in shell.chain(item)):
            yield from self.gated(item)

    def _status_used(self, next_item: Any) -> bool:
        following = self.script.words(next_item)
        if not re.search(r"\$\??\{?(\?|PIPESTATUS)|LASTEXITCODE|ERRORLEVEL", following, re.IGNORECASE):
            return False
        kept = re.match(r"\s*(?:local\s+|export\s+|declare\s+)?(\w+)=", following)
        return kept is None or kept_for_later(self.script, next_item, [next_item], self.around.later)

    def in_pipes(self) -> Iterator[tuple[_Gated, Swallowed]]:
        """``gate | tee log`` in a shell without ``pipefail``: the pipe's exit code is that of ``tee``."""
        if self.pipefail or not self.around.mode.posix:
            return
        for node in shell.walk(self.script.root):
            if node.type != "pipeline" or len(node.named_children) < 2:
                continue
            last = node.named_children[-1]
            argv = shell.words_of(self.script, last) if last.type == "command" else ()
            if argv and Command(argv, last).name in _SINKS:
                for part in node.named_children[:-1]:
                    yield from self._lost(part, f"| {Command(argv, last).name} without pipefail", last)

    def by_options(self) -> Iterator[tuple[_Gated, Swallowed]]:
        """``flake8 --exit-zero`` and the like."""
        for gated in self.everything:
            argv = shell.words_of(self.script, gated.node)
            if match := re.search(rf"(?:^| )({tools.SOFT_OPTIONS})(?: |$)", " ".join(argv[1:])):
                yield self.found(gated, match.group(1), gated.node)


_LIGHT: Final = listed(
    "echo printf true : cd set export source . mkdir pwd date sleep unset local declare shopt trap ls env test [ [[ chmod "
    "pip pip3 npm apt apt-get sudo brew yum dnf apk gem curl-config touch umask ulimit return shift read let break continue "
    "wait"
)
"""Commands that do not count when a step's only command is looked for."""
_FILTERS: Final = listed("jq yq grep egrep awk sed sort uniq wc tr cut tee head tail cat xargs")
"""Commands that only look at what another one made."""
_CLEANUP: Final = listed(
    "docker docker-compose podman kubectl rm kill pkill killall cat cp mv tar zip unzip gzip wget git gh aws gcloud az ssh "
    "scp rsync mount umount systemctl service ln find sed awk jq yq tr sort uniq wc tee tail head less diff cmp patch "
    "xdg-open npm yarn pnpm pip pip3 make cmake ninja go cargo dotnet mvn gradle java javac gcc g++ clang terraform helm "
    "kind minikube ccache lsof ps df du free uname id hostname nvidia-smi mkdir rmdir chown install base64 openssl gpg dpkg "
    "rpm snap xargs"
)
"""Commands that are no gate whatever the step is called."""


def _start_of_pipeline(node: Any, pipelines: list[Any]) -> int:
    around = [item.start_byte for item in pipelines if item.start_byte <= node.start_byte and node.end_byte <= item.end_byte]
    return min(around, default=int(node.start_byte))


def _spine(node: Any) -> Iterator[Any]:
    while node.type == "list" and node.children:
        node = node.children[0]
        yield node


def _outside_loops(root: Any) -> Iterator[Any]:
    stack = [root]
    while stack:
        item = stack.pop()
        yield item
        if item.type not in ("for_statement", "while_statement", "c_style_for_statement", "command_substitution", "heredoc_body"):
            stack.extend(reversed(item.named_children))


def _errexit_switch(script: Script, node: Any) -> bool | None:
    """Says whether a statement switches errexit on (True) or off (False)."""
    if node.type != "command":
        return None
    argv = shell.words_of(script, node)
    if argv[:1] != ("set",):
        return None
    state: bool | None = None
    for place, word in enumerate(argv[1:], 1):
        named = re.fullmatch(r"[+-][a-z]*o", word) and argv[place + 1 : place + 2] == ("errexit",)
        if named or re.fullmatch(r"[+-][a-z]*e[a-z]*", word):
            state = word[0] == "-"
    return state
