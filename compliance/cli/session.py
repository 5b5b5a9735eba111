"""What every command shares: the global options, wherever they stand on the line, and output that is safe to print."""

from __future__ import annotations

import functools
import inspect
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args

import typer
from pydantic import BaseModel

from ..location import Location
from ..plaintext import safe

if TYPE_CHECKING:
    from ..project import Project
    from ..store import Store

ProjectDir = Annotated[
    Path | None,
    typer.Option(
        "--project",
        envvar="COMPLIANCE_PROJECT",
        help="Folder of the project.",
        show_default="nearest upwards with a compliance.toml, else the current",
    ),
]
StorePath = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="COMPLIANCE_STORE",
        help="Path of the evidence store, or address of a PostgreSQL database: postgresql://USER@HOST/NAME.",
        show_default=".compliance/evidence.db in the project",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", envvar="COMPLIANCE_QUIET", help="Show results only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", envvar="COMPLIANCE_VERBOSE", help="Say more, on stderr.")]
NoColor = Annotated[bool, typer.Option("--no-color", envvar=["COMPLIANCE_NO_COLOR", "NO_COLOR"], help="Use no colours.")]
Debug = Annotated[bool, typer.Option("--debug", hidden=True)]
Format = Annotated[Literal["text", "json"], typer.Option("--format", envvar="COMPLIANCE_FORMAT", help="Form of the result.")]

Clock = Annotated[str | None, typer.Option(help="Judge with the clock at this time, on all that is recorded by now; the result says so.")]
Base = Annotated[
    str | None,
    typer.Option(
        "--base",
        metavar="REF",
        envvar="COMPLIANCE_BASE",
        help="Take configuration and policies from this revision.",
        show_default="what a pull or merge request is to be merged into",
    ),
]

T = TypeVar("T")
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
"""What JSON allows as it stands but a terminal acts on or hides: escaped, it reads back the same."""


@dataclass(frozen=True)
class Common:
    """The global options."""

    project: Path | None = None
    store: str | None = None
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    no_color: bool = False
    format: str | None = None


@dataclass(frozen=True)
class Session:
    """One run of one command."""

    common: Common
    base: str | None = None
    """Revision from which configuration and policies are taken."""

    def at_base(self, revision: str | None) -> Session:
        """Returns the same with the rules of a revision, if one is given."""
        return self if revision is None else replace(self, base=revision)

    @cached_property
    def project(self) -> Project:
        """The project, read from its configuration: that of the base in the check of a pull or merge request."""
        from ..ci import detect
        from ..project import Project

        run = detect()
        base = self.base or os.environ.get("COMPLIANCE_BASE")
        names = (base,) if base else run.bases if run is not None else ()
        if not names:
            return Project.load(self.common.project)
        from ..git.base import load

        return load(self.common.project, names)

    @cached_property
    def store_location(self) -> Location:
        """Where the store lies."""
        from ..project import store_location

        return store_location(self.project, self.common.store)

    @contextmanager
    def reading(self) -> Iterator[Store]:
        """Opens the store for reading."""
        from ..store import Store

        with Store.open(self.store_location) as store:
            yield store

    @contextmanager
    def writing(self, *, make: bool = True) -> Iterator[Store]:
        """Opens the store for writing; makes it where there is none, if it may."""
        from ..store import Store

        with Store.create(self.store_location) if make else Store.open(self.store_location, write=True) as store:
            yield store

    @property
    def colour(self) -> bool:
        """Whether results on stdout are coloured."""
        return sys.stdout.isatty() and not self.common.no_color and os.environ.get("TERM") != "dumb"

    @property
    def progress(self) -> bool:
        """Whether progress is shown: on a terminal only."""
        return sys.stderr.isatty() and not self.common.quiet

    def say(self, line: str) -> None:
        """Says something on stderr, unless ``--quiet``."""
        if not self.common.quiet:
            print(safe(line), file=sys.stderr, flush=True)

    def detail(self, line: str) -> None:
        """Says something on stderr if ``--verbose``."""
        if self.common.verbose:
            print(safe(line), file=sys.stderr, flush=True)

    @contextmanager
    def working(self, what: str) -> Iterator[Callable[[str], None]]:
        """Shows that something takes its time; yields a function that changes the words."""
        if not self.progress:
            yield self.detail
            return
        from rich.console import Console
        from rich.text import Text

        with Console(stderr=True, no_color=self.common.no_color).status(Text(what)) as status:
            yield lambda line: status.update(Text(safe(line)))

    def track(self, items: Sequence[T], what: str) -> Iterator[T]:
        """Yields the items behind a progress bar."""
        if not self.progress or len(items) < 2:
            yield from items
            return
        from rich.console import Console
        from rich.progress import track

        yield from track(items, what, console=Console(stderr=True, no_color=self.common.no_color), transient=True)


def print_json(document: Any) -> None:
    """Prints a JSON document on stdout: a model of `compliance.documents`, a list of them, or plain values."""
    plain = [one.model_dump(mode="json") for one in document] if isinstance(document, list) else document
    if isinstance(document, BaseModel):
        plain = document.model_dump(mode="json")
    text = json.dumps(plain, indent=2, ensure_ascii=not _unicode())
    print(_UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text))


def show_path(path: Location) -> str:
    """Returns a path as text; bytes of it that are no UTF-8 are spelled out. An address is shown without its password."""
    return str(path) if not isinstance(path, Path) else os.fsencode(path).decode("utf-8", "backslashreplace")


def read_time(option: str, text: str | None) -> datetime | None:
    """Reads the time that was given to an option.

    Raises:
        UsageError: It is no time, or has no zone.
    """
    from ..errors import InputError, UsageError
    from ..times import read_rfc3339

    try:
        return None if text is None else read_rfc3339(text)
    except InputError as error:
        raise UsageError(f"{option} {error.reason}") from error


def _unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def _offered(parameters: Sequence[inspect.Parameter], given: str) -> str:
    """Returns the form that was asked for before the command's name, if the command offers it."""
    from ..errors import UsageError

    offered = next((get_args(get_args(one.annotation)[0]) for one in parameters if one.name == "format"), ())
    if given not in offered:
        raise UsageError(f"--format {given!r}: this command offers {' or '.join(offered) or 'one form only'}")
    return given


def command(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """Adds the global options to a command, whose first argument becomes its `Session`.

    An option given behind the command's name wins over the same one before it, and either over the environment.
    """
    shared: dict[str, Any] = {
        "project": (ProjectDir, None),
        "store": (StorePath, None),
        "quiet": (Quiet, False),
        "verbose": (Verbose, False),
        "debug": (Debug, False),
        "no_color": (NoColor, False),
    }

    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]

    @functools.wraps(function)
    def run(context: typer.Context, **given: Any) -> int | None:
        above = context.obj if isinstance(context.obj, Common) else Common()
        mine = {name: given.pop(name) for name in shared}
        sources = {name: context.get_parameter_source(name) for name in (*shared, "format")}
        here = {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}
        if above.format is not None and "format" not in here:
            given["format"] = _offered(own, above.format)
        # What the environment says of an option reaches both places, and must not win over what was typed before the command's name.
        common = {name: mine[name] if name in here else getattr(above, name) or mine[name] for name in shared}
        return function(Session(Common(**common)), **given)

    keyword = inspect.Parameter.KEYWORD_ONLY
    extra = [inspect.Parameter(name, keyword, default=default, annotation=kind) for name, (kind, default) in shared.items()]
    first = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [first, *(one.replace(kind=keyword) for one in own), *extra]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run
