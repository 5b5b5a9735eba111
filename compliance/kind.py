"""Interface of ``evidence/``: a kind, the formats that carry it, the collectors that make it.

A kind's module (or folder) defines one `Kind`. Every `Format`, `Collector` and `Unread` found in it, or in the modules of its folder,
belongs to that kind; nothing is registered anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field

from .record import Assurance, Finding, Json, Parsed, Payload, Table, Tool
from .source import Source
from .subject import Binding, Subject

Mask = Callable[[str], str]
"""Turns a secret into ``REDACTED:`` and a keyed digest of it; equal secrets of one store have equal masks."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """A file format that carries evidence of a kind.

    Args:
        name: Name from CONTRACT.md.
        title: What writes such files, for people.
        parser: Version of the parser: raised whenever the same bytes give another result.
        recognise: Cheap look at the content (never the file's name alone); true when the file claims to be of this format.
        parse: Pure function of the bytes. Raises `InputError` on anything that it does not understand. Returns a tuple when the file
            holds several statements of the kind, each with a `Parsed.part` of its own; callers use `read`.
        redact: Returns the bytes without their secrets, or None when there are none; runs before anything is stored or addressed, and
            ``parse`` must give the same numbers for both.
        accepts: Weaker look than ``recognise``, taken instead of it where the user names the kind: for forms that many other files share,
            such as Markdown.
        of_tree: The file is judged as the commit holds it (a workflow, a document), so it is of the commit that holds just these bytes
            under its path. Never for results of a run: a kept old result is not the result of the commit that keeps it.
        attend: Looks at the surroundings of an ingested file, given its path: whether the files that it links to exist, when it was last
            committed. The facts are kept with the evidence and reach ``parse`` as `Source.facts`, so that parsing stays a pure function.
        facts: What every file of the format is read with besides its bytes; kept with the evidence like those of ``attend``.
        marks: Names that every such file has: members of its JSON object (``a.b`` is a member of a member), else words in its first
            64 KiB. They only serve to say which format an unrecognised file is nearest to, and what it lacks.
    """

    name: str
    title: str
    parser: int
    recognise: Callable[[Source], bool]
    parse: Callable[[Source], Parsed | tuple[Parsed, ...]]
    redact: Callable[[Source, Mask], bytes | None] | None = None
    attend: Callable[[Source, Path], Mapping[str, Json]] | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    accepts: Callable[[Source], bool] | None = None
    of_tree: bool = False

    def read(self, source: Source) -> tuple[Parsed, ...]:
        """Parses a file and returns all that it states.

        Raises:
            InputError: The parser does not understand the file.
        """
        parsed = self.parse(source)
        statements = parsed if isinstance(parsed, tuple) else (parsed,)
        parts = {statement.part for statement in statements}
        if not statements or len(parts) < len(statements) or (len(parts) > 1 and None in parts):
            raise TypeError(f"the parser of {self.name} gave statements {sorted(map(str, parts))}; expected each with a part of its own")
        return statements


@dataclass(frozen=True, kw_only=True)
class Unread:
    """A form of file that is known and not read: it is refused by its name, with what to write in its place.

    Args:
        title: What such a file is, for people.
        marks: Names that every such file has, and hardly any other: all of them are asked for (see `Format.marks`).
        instead: What is read in its place, and how it is written.
    """

    title: str
    marks: tuple[str, ...]
    instead: str


class Options(Table):
    """Base of a collector's options: its table in ``[collect.KIND.COLLECTOR]``."""

    timeout: float = Field(default=600.0, gt=0)
    """Seconds after which the collector is ended; that of `[collect.KIND]` where the collector's own table says nothing."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a collector may use. Collectors are the only code that touches the world outside."""

    root: Path
    """The project's folder."""
    options: Options
    """The collector's options, validated: an instance of `Collector.options`."""
    subject: Subject
    now: Callable[[], datetime]
    say: Callable[[str], None]
    """Shows one line of progress."""


@dataclass(frozen=True, kw_only=True)
class Collected:
    """One artifact that a collector made; it is parsed by its format exactly as an ingested file would be."""

    format: str
    content: bytes
    name: str
    """What to call the artifact in listings, such as ``bandit`` or ``junit.xml``."""
    started_at: datetime
    finished_at: datetime
    tool: Tool | None = None
    command: tuple[str, ...] = ()
    exit_code: int | None = None
    scope: Mapping[str, Json] = field(default_factory=dict)
    """What the collector asked the tool to look at; public, so numbers and names of services only, no paths."""
    facts: Mapping[str, Json] = field(default_factory=dict)
    """Kept facts about the surroundings that the format's parser needs besides the bytes (see `Format.attend`)."""
    assurance: Assurance = Assurance.VERIFIED
    environment: str | None = None


@dataclass(frozen=True, kw_only=True)
class Collector:
    """Makes evidence of a kind, live.

    Args:
        name: Name of its table in ``[collect.KIND.NAME]``.
        title: What it does, for people.
        options: Model of its table.
        collect: Yields artifacts. Raises `CollectorError` when it could not run; a run that found problems is no error.
        alone: It changes the tree or measures time (the project's own commands, probes of a service), so nothing runs beside it.
    """

    name: str
    title: str
    options: type[Options]
    collect: Callable[[Context], Iterable[Collected]]
    alone: bool = False


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of evidence.

    Args:
        id: Id from CONTRACT.md.
        title: Name for people.
        binds_to: What the evidence counts for.
        payload: Model of what it says.
        formats: Filled in by the catalog from the kind's modules.
        collectors: Likewise.
        unread: Likewise.
        counted: Returns those fields of the payload that follow from the findings, for reports that are read through a table
            (`mapping`); None where findings say nothing about it.
        without: Returns the payload as it would be without some of the evidence's open findings, for waivers of findings; None where
            findings cannot be waived one by one.
        judges_tree: The evidence itself says whether the tree is clean, so that it counts from a changed tree, too.
        doc: Docstring of the kind's module.
    """

    id: str
    title: str
    binds_to: Binding
    payload: type[Payload]
    formats: tuple[Format, ...] = ()
    collectors: tuple[Collector, ...] = ()
    unread: tuple[Unread, ...] = ()
    counted: Callable[[Sequence[Finding]], Mapping[str, Json]] | None = None
    without: Callable[[Any, Sequence[Finding]], Payload] | None = None
    judges_tree: bool = False
    doc: str = ""


OptionsT = TypeVar("OptionsT", bound=Options)


def options_of(context: Context, model: type[OptionsT]) -> OptionsT:
    """Returns the context's options as the collector's own model (a check for the type checker and for readers)."""
    if not isinstance(context.options, model):
        raise TypeError(f"got {type(context.options).__name__}, expected {model.__name__}")
    return context.options
