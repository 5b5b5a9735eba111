"""What a report is anchored in: its checkpoint, the log key, and the report before it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from sqlmodel import col, select

from ..record import sha256_hex
from ..store import Store, merkle, note
from ..store.ledger import Entry
from ..store.tables import Ledger
from .model import CheckpointState, PreviousReport, Proof

SIGNED: Final = "report.signed"


def proof(store: Store, assessment_entry: int) -> Proof:
    """Returns what a report on the assessment of an entry is anchored in.

    Args:
        store: The store.
        assessment_entry: Number of the assessment's entry, the last one under the report's checkpoint.
    """
    checkpoint = checkpoint_at(store, assessment_entry + 1)
    _, public = note.read_verifier_key(store.verifier)
    return Proof(
        assessment_entry=assessment_entry,
        checkpoint=checkpoint,
        log_key=store.verifier,
        log_key_fingerprint=sha256_hex(public),
        previous=_previous(store, checkpoint.size),
    )


def checkpoint_at(store: Store, size: int) -> CheckpointState:
    """Returns the signed checkpoint of a size.

    Raises:
        TamperedError: There is none, or its signature does not fit.
    """
    text = store.checkpoint_note(size)
    opened = note.open_note(text, store.verifier)
    return CheckpointState(note=text, size=opened.size, root=opened.root.hex())


def report_id(proof: Proof) -> str:
    """Returns the id of the report: the number of its assessment's entry, and the beginning of the root."""
    return f"R{proof.assessment_entry}-{proof.checkpoint.root[:8]}"


@cache
def verifier_digest() -> str:
    """Returns the SHA-256 of the stand-alone verifier as this version ships it; it is never attached, for a forger would attach his own."""
    return sha256_hex(files("compliance").joinpath("standalone.py").read_bytes())


def _previous(store: Store, size: int) -> PreviousReport | None:
    query = select(Ledger.entry, Ledger.leaf).where(Ledger.type == SIGNED, Ledger.entry < size).order_by(col(Ledger.entry).desc()).limit(1)
    rows = store.database.query(query)
    if not rows:
        return None
    entry = Entry(rows[0][0], rows[0][1])
    checkpoint = checkpoint_at(store, entry.number + 1)
    path = merkle.consistency_proof(checkpoint.size, size, store.node)
    return PreviousReport(
        id=str(entry.body["report"]),
        sha256=str(entry.body["sha256"]),
        signed_at=entry.at,
        checkpoint=checkpoint,
        proof=tuple(one.hex() for one in path),
    )
