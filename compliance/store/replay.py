"""Parses the kept artifacts of a store again: payload, private values and findings must be what the ledger says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from ..errors import InputError, TamperedError
from ..kind import Format, Kind
from ..reading import jsontext
from ..record import PRIVACY_CLASSES, canonical, sha256_hex, split_private
from ..sign.checks import Check
from ..source import Source
from . import ledger
from .evidence import REPARSE
from .ledger import Entry

if TYPE_CHECKING:
    from .audit import Audit

NAME: Final = "replay"


def replayed(audit: Audit, formats: Mapping[str, Mapping[str, tuple[Kind, Format]]]) -> Iterator[Check]:
    """Parses every artifact again whose parser has the version that read it.

    Evidence that a newer parser superseded is left out, unless the older one is still installed; so is what was erased.

    Args:
        audit: The store.
        formats: Kinds' formats by kind id and format name.
    """
    done, left = 0, 0
    superseded = _superseded(audit)
    for number, entry in audit.pieces():
        if number in audit.erased:
            continue
        body = entry.body
        form = formats.get(body["kind"], {}).get(body["format"])
        if form is None or form[1].parser != body["parser"]:
            if number in superseded:
                left += 1
            else:
                yield Check(NAME, "not-proven", f"evidence {number}: {_unread(entry, form)}")
            continue
        try:
            differs = _difference(audit, number, entry, form[1])
        except (InputError, TamperedError, KeyError, TypeError, ValueError) as error:
            differs = f"an error: {error}"
        if differs:
            yield Check(NAME, "refuted", f"evidence {number}: its artifact gives {differs} when it is parsed again")
            return
        done += 1
    rest = f"; {left} pieces of evidence are superseded" if left else ""
    yield Check(NAME, "proven", f"{done} artifacts parsed again, each with the same result{rest}")


def _superseded(audit: Audit) -> set[int]:
    leaves = audit.rows("SELECT leaf FROM ledger WHERE type = ?", (REPARSE,))
    return {one["entry"] for (leaf,) in leaves for one in Entry(0, leaf).body["superseded"]}


def _unread(entry: Entry, form: tuple[Kind, Format] | None) -> str:
    body = entry.body
    if form is None:
        return f"format {body['format']} is not installed"
    return f"other parser version ({body['parser']}, installed {form[1].parser})"


def _difference(audit: Audit, number: int, entry: Entry, form: Format) -> str | None:
    """Parses an artifact again; returns what differs."""
    body, data = entry.body, audit.bytes_of(entry)
    private = {name: jsontext.loads(value) for name, value in audit.rows("SELECT class, value FROM sealed WHERE entry = ?", (number,))}
    statements = form.read(Source("replay", data, private["paths"].get("facts", {})))
    parsed = next((one for one in statements if one.part == body.get("part")), None)
    if parsed is None:
        return f"no statement {body.get('part')}"
    public, hidden = split_private(parsed.payload)
    if sha256_hex(canonical(public)) != body["payload"]:
        return "another payload"
    if any(private[name].get("payload", {}) != hidden.get(name, {}) for name in PRIVACY_CLASSES):
        return "other private values"
    if ledger.RowHasher(audit.keys(number)).root(parsed.findings).hex() != body["rows"]["root"]:
        return "other findings"
    return None
