"""What is kept of a store that was merged into another one: its ledger, leaf by leaf, as an artifact of the ``merge`` entry.

The leaves give the source's root again, which its log key signed, so that a merged store can be proven to hold all of its sources.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..errors import ComplianceError, TamperedError
from ..reading import jsontext
from ..record import Json, PrivacyClass, canonical
from . import merkle, note
from .drafts import SAME
from .evidence import REPARSE
from .ledger import KEY_SIZE, Entry, Sealed

TYPE: Final = "merge"
"""Type of the ledger entries."""
COPIED: Final = ("evidence", "collection", REPARSE)
"""Types of entries that a merge appends anew. What others say is bound to the ledger that they stand in: it is kept apart."""
_FRAME: Final = ("after", "at", "merged", "type", "v")


@dataclass(frozen=True)
class Line:
    """One entry of a source."""

    leaf: bytes
    entry: int | None
    """The entry here that says the same; None for what is kept apart."""
    sealed: Mapping[PrivacyClass, Sealed] = field(default_factory=dict)
    """Its private values, where no entry here has them."""


def write(lines: Iterable[Line]) -> bytes:
    """Returns the archive: one line of canonical JSON per entry, in the order of the source."""
    return b"".join(canonical(_line(one)) + b"\n" for one in lines)


def _line(line: Line) -> dict[str, Json]:
    sealed = {name: [base64.b64encode(one.key).decode(), one.value.decode()] for name, one in line.sealed.items()}
    return {"entry": line.entry, "leaf": jsontext.loads(line.leaf), "sealed": sealed}


def read(data: bytes) -> Iterator[Line]:
    """Reads an archive.

    Raises:
        TamperedError: It is none.
    """
    try:
        for number, text in enumerate(data.removesuffix(b"\n").split(b"\n")):
            document = jsontext.loads(text)
            pairs = document["sealed"].items()
            sealed = {name: Sealed(base64.b64decode(key, validate=True), value.encode()) for name, (key, value) in pairs}
            line = Line(canonical(document["leaf"]), document["entry"], sealed)
            _hold(number, line)
            yield line
    except (ComplianceError, KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise TamperedError(f"the kept ledger of a merged store cannot be read: {error}") from error


def _hold(number: int, line: Line) -> None:
    committed = Entry(number, line.leaf).body.get("private", {})
    for name, value in line.sealed.items():
        if len(value.key) != KEY_SIZE or value.commitment != committed.get(name):
            raise TamperedError(f"entry {number}: private values of class {name} are not those that were committed to")


def members(body: Mapping[str, Any]) -> dict[str, Json]:
    """Returns the members of a leaf that a copy of it shares."""
    return {name: value for name, value in body.items() if name not in _FRAME}


def moved(body: Mapping[str, Any], place: Callable[[int], int | None]) -> dict[str, Json]:
    """Returns the members of a copy, with references to evidence by the numbers that it has here.

    Args:
        body: The leaf in the source.
        place: Gives the number here of an entry there.
    """
    made = members(body)
    if body["type"] == "collection":
        made["runs"] = [{**run, "evidence": [place(one) for one in run["evidence"]]} for run in body["runs"]]
    if body["type"] == REPARSE:
        made["superseded"] = [{"entry": place(one["entry"]), "by": [place(new) for new in one["by"]]} for one in body["superseded"]]
    return made


def defect(merge: Entry, data: bytes, leaf_of: Callable[[int], bytes]) -> str | None:
    """Returns what of a merge does not hold, if anything does not.

    Args:
        merge: The entry of the merge.
        data: Its archive.
        leaf_of: Gives the leaf of an entry here.
    """
    body, lines = merge.body, list(read(data))
    checkpoint = note.open_note(body["checkpoint"], body["log_key"])
    root = merkle.root_of(merkle.leaf_hash(line.leaf) for line in lines)
    if (checkpoint.size, checkpoint.root) != (len(lines), root) or (body["size"], body["root"]) != (len(lines), root.hex()):
        return "the kept ledger is not the one that its log key signed"
    first = Entry(0, lines[0].leaf).body
    if (first.get("log_key"), first.get("origin")) != (body["log_key"], body["log"]):
        return "the kept ledger is that of another log"
    places = {number: line.entry for number, line in enumerate(lines)}
    for number, line in enumerate(lines):
        source = Entry(number, line.leaf).body
        if line.entry is None:
            if source["type"] in COPIED:
                return f"its entry {number} is missing here"
        elif not _says_the_same(number, source, body["log"], leaf_of(line.entry), line.leaf, places):
            return f"its entry {number} is not what entry {line.entry} says"
    return None


def _says_the_same(number: int, source: Mapping[str, Any], log: str, here: bytes, leaf: bytes, places: Mapping[int, int | None]) -> bool:
    if here == leaf:
        return True
    found = Entry(0, here).body
    wanted = moved(source, places.get)
    if found["type"] != source["type"]:
        return False
    if found.get("merged") == {"log": log, "entry": number, "at": source["at"]} and _unpacked(members(found)) == _unpacked(wanted):
        return True
    return found["type"] == "evidence" and all(found.get(name) == source.get(name) for name in SAME) and same_bytes(found, source)


def same_bytes(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tells whether two pieces of evidence were read from the same bytes with the same result."""
    return (one["artifact"]["sha256"], one["payload"]) == (other["artifact"]["sha256"], other["payload"])


def _unpacked(body: dict[str, Any]) -> dict[str, Any]:
    """Leaves out the digest of the compressed bytes: each store compresses for itself."""
    artifact = body.get("artifact")
    return body if artifact is None else {**body, "artifact": {**artifact, "stored": None}}
