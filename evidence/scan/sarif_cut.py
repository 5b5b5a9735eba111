"""Cuts a SARIF file into its runs and their members, once for recognition, redaction and parsing: each walks over all of the file."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from compliance.reading import jsontext
from compliance.source import Source


def document_of(source: Source) -> Mapping[str, msgspec.Raw]:
    """Returns the members of a SARIF log.

    Raises:
        InputError: Not a JSON object, or a duplicate key on its level.
    """
    return source.json_members or jsontext.members(source.document)


def runs_of(source: Source) -> list[Mapping[str, msgspec.Raw]]:
    """Returns the members of each run of a SARIF log; empty when it names none. Use as ``source.once(runs_of)``.

    Raises:
        InputError: Not a list of objects, or a duplicate key on the level of a run.
    """
    runs = document_of(source).get("runs")
    return [] if runs is None else jsontext.objects(runs)
