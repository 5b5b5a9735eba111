"""A report's files as their checks read them: each once, and only when it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec
from pydantic import ValidationError

from ..errors import InputError
from ..judgement.rules import RulesDocument
from ..reading import jsontext
from ..record import PrivacyClass
from ..store import note
from ..store.erasing import TYPE as TOMBSTONE
from ..store.ledger import Entry, Sealed
from . import bundle, finding_files
from .bundle_model import EvidenceBundle, KeptEntry, LedgerDocument, LedgerEntry, ProofsDocument
from .model import ReportModel


class RefutedError(Exception):
    """A check found something else than it had to."""


@dataclass(frozen=True)
class Kept:
    """An entry of ``evidence.json``."""

    entry: Entry
    payload: bytes | None
    sealed: Mapping[PrivacyClass, Sealed]


def _kept(one: KeptEntry) -> Kept:
    sealed = {name: Sealed(bytes.fromhex(text.key), text.value.encode()) for name, text in one.sealed.items()}
    payload = None if one.payload_public is None else one.payload_public.encode()
    return Kept(Entry(one.number, one.leaf.encode()), payload, sealed)


def model_of(files: Mapping[str, bytes]) -> ReportModel:
    """Reads the model among a report's files.

    Raises:
        InputError: It is missing, or no model.
    """
    if bundle.MODEL not in files:
        raise InputError("not attached", source=bundle.MODEL)
    try:
        return ReportModel.model_validate(jsontext.loads(files[bundle.MODEL]))
    except ValidationError as error:
        first = error.errors()[0]
        where = "/" + "/".join(map(str, first["loc"]))
        raise InputError(str(first["msg"]), expected="the model of a report", where=where, source=bundle.MODEL) from error


class BundleFiles:
    """The files, read when they are needed."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files

    def read(self, name: str) -> bytes:
        """Returns a file that has to be there."""
        if name not in self.files:
            raise RefutedError(f"{name} is not attached")
        return self.files[name]

    @cached_property
    def model(self) -> ReportModel:
        """The report's model."""
        return model_of(self.files)

    @cached_property
    def entries(self) -> dict[int, Kept]:
        """The ledger entries by number."""
        document = EvidenceBundle.model_validate(jsontext.loads(self.read(bundle.EVIDENCE)))
        found = {one.number: _kept(one) for one in document.entries}
        if len(found) != len(document.entries):
            raise RefutedError("evidence.json holds an entry twice")
        return found

    @cached_property
    def erased(self) -> dict[int, int]:
        """Evidence whose private values and findings were erased, with the attached tombstone that says so."""
        tombstones = [kept.entry for kept in self.entries.values() if kept.entry.type == TOMBSTONE]
        return {int(one["entry"]): entry.number for entry in tombstones for one in entry.body["erased"]}

    @cached_property
    def others(self) -> tuple[LedgerEntry, ...] | None:
        """All other ledger entries under the checkpoint; None where the report does not carry them."""
        if bundle.LEDGER not in self.files:
            return None
        return LedgerDocument.model_validate(jsontext.loads(self.files[bundle.LEDGER])).entries

    @cached_property
    def rules(self) -> RulesDocument | None:
        """The rules of the judgement; None where the report does not carry them."""
        if bundle.RULES not in self.files:
            return None
        return RulesDocument.model_validate(jsontext.loads(self.files[bundle.RULES]))

    @cached_property
    def proofs(self) -> ProofsDocument:
        """Inclusion and consistency proofs."""
        return ProofsDocument.model_validate(jsontext.loads(self.read(bundle.PROOFS)))

    @cached_property
    def verifier(self) -> str:
        """The log key, from entry 0."""
        return str(self.entries[0].entry.body["log_key"])

    @cached_property
    def checkpoint(self) -> note.Checkpoint:
        """The attached checkpoint, whose signature fits the log key."""
        return note.open_note(self.read(bundle.CHECKPOINT).decode(), self.verifier)

    @cached_property
    def findings(self) -> list[finding_files.FindingLine]:
        """All findings, in the order of the file."""
        document = msgspec.json.decode(self.read(finding_files.FINDINGS_JSON), type=finding_files.FindingsFile)
        return document.findings
