"""Cuts a SARIF file into its runs and their members, once for recognition, redaction and parsing: each walks over all of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from compliance import jsontext
from compliance.source import Source


@dataclass(frozen=True)
class CutRun:
    """A run, cut but not read."""

    text: msgspec.Raw
    members: Mapping[str, msgspec.Raw]


def document_of(source: Source) -> Mapping[str, msgspec.Raw]:
    """Returns the members of a SARIF log.

    Raises:
        InputError: Not a JSON object, or a duplicate key on its level.
    """
    return source.json_members or jsontext.members(source.document)


def runs_of(source: Source) -> list[CutRun]:
    """Returns the runs of a SARIF log; empty when it names none. Use as ``source.once(runs_of)``.

    Raises:
        InputError: Not a list of objects, or a duplicate key on the level of a run.
    """
    runs = document_of(source).get("runs")
    return [] if runs is None else [CutRun(text, jsontext.members(text)) for text in jsontext.elements(runs)]
