"""What ``ingest`` must say of each case of the corpus: one module per kind, one function per format.

A module has a map ``FORMATS`` from the corpus' name of a format to a `Rule`; being there is enough. A rule turns what the
corpus knows of a file into the summary keys of CONTRACT.md. A case that it cannot answer stands in ``exceptions``, with the reason.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from compliance.record import Json

Expected = Mapping[str, Json]
"""What ``cases.json`` says of a file."""


@dataclass(frozen=True)
class Reading:
    """One item of ``ingest --format json``: the file was read so."""

    kind: str
    format: str
    summary: Mapping[str, Json]
    """The keys that the corpus can answer, with their values; others are not compared."""
    incomplete: bool | None = None
    """Whether the evidence says too little to be good news; None where the corpus does not say."""
    why: str = ""
    """Why this differs from the rule of its format."""


@dataclass(frozen=True)
class Refused:
    """The file is refused or not recognised, rightly."""

    reason: str
    """A part of the message."""
    why: str


Answer = tuple[Reading, ...] | Refused
"""A file may hold several kinds or categories: one reading each."""


@dataclass(frozen=True)
class Rule:
    """How to read the answers of one format of the corpus."""

    formats: tuple[str, ...]
    """Names in the catalog of the formats that read its files."""
    answer: Callable[[Expected], Answer]
    exceptions: Mapping[str, Answer] = field(default_factory=dict)
    """By case id."""


def rules() -> dict[str, Rule]:
    """Returns the rules of all modules, by the corpus' name of the format."""
    modules = [importlib.import_module(f"{__name__}.{item.name}") for item in pkgutil.iter_modules(__path__)]
    return {name: rule for module in modules for name, rule in module.FORMATS.items()}
