"""Collects what a command of the project itself writes: test results, coverage, scans.

The command is the project's own and says of its code whatever it likes, so its results are worth ``imported``, never
``verified``. They are refused unless this very run wrote them: an old file that lies around is not the result of a command that
wrote none. An exit code other than 0 with results is a run like any other (tests failed); without results the collector could
not run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath

from pydantic import Field, field_validator

from ..errors import CollectorError, InputError
from ..kind import Collected, Collector, Context, Options, options_of
from ..record import Assurance
from ..source import Source
from .process import Finished, last_line, run

_CLOCK_SLACK_NS = 2_000_000_000
"""Coarsest time stamp of a file system in use (FAT); kernels stamp up to 10 ms behind the clock as well."""


class CommandOptions(Options):
    """Options of a collector that runs a command of the project."""

    command: tuple[str, ...] = Field(min_length=1)
    """Program and arguments; run in the project's folder, without a shell."""
    results: str = Field(min_length=1)
    """File that the command writes, relative to the project's folder."""
    variables: dict[str, str] = Field(default_factory=dict)
    """Variables to add to the command's environment. It sees the others except ``COMPLIANCE_...``, where keys may stand."""

    @field_validator("command")
    @classmethod
    def _names_a_program(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        if not command[0].strip() or any("\0" in part for part in command):
            raise ValueError("the command names no program")
        return command

    @field_validator("results")
    @classmethod
    def _inside_the_project(cls, results: str) -> str:
        path = PurePath(results)
        if path.is_absolute() or ".." in path.parts or "\0" in results:
            raise ValueError("results is a path inside the project's folder")
        return results

    @field_validator("variables")
    @classmethod
    def _can_be_set(cls, variables: dict[str, str]) -> dict[str, str]:
        if any(not name or "=" in name or "\0" in name + value for name, value in variables.items()):
            raise ValueError("a variable has a name without '=' and a value without NUL")
        return variables


@dataclass(frozen=True)
class _Stamp:
    """What a file system says about a file; it changes whenever the file is written."""

    inode: int
    size: int
    modified_ns: int
    changed_ns: int


def command_of(kind: str, title: str) -> Collector:
    """Returns the collector ``command`` of a kind.

    Args:
        kind: Id of the kind whose formats the results may have.
        title: What the command does, for people.
    """
    return Collector(name="command", title=title, options=CommandOptions, collect=partial(_collect, kind=kind), alone=True)


def _collect(context: Context, kind: str) -> Iterator[Collected]:
    """Runs the command of a `CommandOptions` and yields its results.

    Args:
        context: With options of the type `CommandOptions`.
        kind: Id of the kind whose formats the results may have.

    Raises:
        CollectorError: The command cannot be started, ends too late, or writes no results of a known format.
    """
    options = options_of(context, CommandOptions)
    path = context.root / options.results
    before = _stamp(path)
    started = context.now()
    started_ns = int(started.timestamp() * 1e9)
    context.say(f"runs {PurePath(options.command[0]).name}")
    done = run(options.command, cwd=context.root, timeout_s=options.timeout, env=_environment(options))
    finished = context.now()
    content = _written_by_this_run(path, options.results, before, started_ns, done)
    yield Collected(
        format=_format(kind, options.results, content),
        content=content,
        name=options.results,
        started_at=started,
        finished_at=finished,
        command=options.command,
        exit_code=done.exit_code,
        assurance=Assurance.IMPORTED,
    )


def _environment(options: CommandOptions) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COMPLIANCE_")}
    return {**inherited, **options.variables}


def _stamp(path: Path) -> _Stamp | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return _Stamp(stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


def _written_by_this_run(path: Path, name: str, before: _Stamp | None, started_ns: int, done: Finished) -> bytes:
    after = _stamp(path)
    said = last_line(done.stderr) or last_line(done.stdout)
    ended = f"the command ended with exit code {done.exit_code}" + (f" ({said})" if said else "")
    hint = "let the command write the file that `results` names"
    if after is None or not path.is_file():
        raise CollectorError(f"{ended} and wrote no {name}", hint=hint)
    if after == before or after.modified_ns < started_ns - _CLOCK_SLACK_NS:
        raise CollectorError(f"{ended} and did not write {name}; what lies there is older than this run", hint=hint)
    try:
        return bytes(Source.from_path(path, name).data)
    except InputError as error:
        raise CollectorError(f"{name} cannot be read: {error.reason}") from error


def _format(kind: str, name: str, content: bytes) -> str:
    from ..catalog import shipped

    source = Source(name, content)
    formats = shipped().kinds[kind].formats
    found = next((item.name for item in formats if item.recognise(source)), None)
    if found is None:
        known = " or ".join(item.name for item in formats)
        raise CollectorError(f"{name} is of no known format; expected {known}", hint="check what the command writes")
    return found
