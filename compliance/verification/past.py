"""Compares a store with its past: a checkpoint that somebody else kept, alone or in a report, proves that the store only grew since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import ComplianceError, InputError, StoreUnavailableError, TamperedError
from ..sign.checks import Check
from ..store import merkle, note
from .verify import CONSISTENCY, read_pdf

if TYPE_CHECKING:
    from ..sign.pdf_verify import SignedPdf
    from ..store import Store
    from ..store.database import Connection

NOTE_LIMIT: Final = 4096
"""Bytes of the largest checkpoint file."""
_SQL: Final = "SELECT entry, leaf FROM ledger WHERE entry < ? ORDER BY entry"


@dataclass(frozen=True)
class Past:
    """What is known of a store from before."""

    name: str
    """File that it comes from."""
    note: str
    """Signed checkpoint."""
    leaves: Mapping[int, bytes] = field(default_factory=dict)
    """Leaves of some entries by number, with which the first changed one can be named."""
    pdf: tuple[SignedPdf, bytes] | None = None
    """The file, if it is one that the store must have recorded as well."""


def compared(store: Store, past: Past) -> Check:
    """Proves that a store still begins with the entries that a checkpoint was signed over, or names the first that is another one.

    The root is computed from the entries themselves, not from the tree that the store keeps.

    Args:
        store: The store.
        past: What is known from before.
    """
    try:
        checkpoint = note.open_note(past.note, store.verifier)
        found, first = _recomputed(store, checkpoint.size, past.leaves)
    except StoreUnavailableError:
        raise
    except ComplianceError as error:
        return Check(CONSISTENCY, "refuted", f"{past.name}: {error}")
    size = checkpoint.size
    if first is None and found == checkpoint.root:
        grown = store.size - size
        more = f"and has grown by {grown} since" if grown else "and nothing more"
        return Check(CONSISTENCY, "proven", f"the store holds, unchanged, the {size} entries of {past.name}, {more}")
    if first is None:
        detail = f"one of entries 0 to {size - 1} is not that of {past.name}: the ledger was rewritten"
    elif first >= store.size:
        detail = f"entry {first} is missing: {past.name} is from a ledger of {size} entries, the store has {store.size}"
    else:
        detail = f"entry {first} is not that of {past.name}"
    return Check(CONSISTENCY, "refuted", detail)


def _recomputed(store: Store, size: int, known: Mapping[int, bytes]) -> tuple[bytes, int | None]:
    """Returns the root over the first entries, and the first of them that is missing or is not the known one."""
    first: list[int] = []

    def leaves(connection: Connection) -> Iterator[bytes]:
        expected = 0
        for number, leaf in connection.stream(_SQL, (size,)):
            if number != expected or not isinstance(leaf, bytes) or known.get(number, leaf) != leaf:
                first.append(min(number, expected))
            expected = number + 1
            yield merkle.leaf_hash(leaf if isinstance(leaf, bytes) else b"")
        if expected < size:
            first.append(expected)

    with store.database.reading() as connection:
        root = merkle.root_of(leaves(connection))
    return root, min(first, default=None)


def read_past(path: Path) -> Past:
    """Reads what is known of a store from a report, a packet, the folder of a bundle, or a checkpoint file.

    Raises:
        InputError: It cannot be read, or is none of these.
        TamperedError: It is a report that was changed.
    """
    from .verify_files import read_folder

    try:
        if path.is_dir():
            return _intact(path.name, read_folder(path))
        with path.open("rb") as file:
            head = file.read(NOTE_LIMIT + 1)
    except OSError as error:
        raise InputError(error.strerror or str(error), source=str(path)) from error
    if b"%PDF-" in head[:1024]:
        return _pdf(path)
    try:
        text = head.decode()
    except UnicodeDecodeError:
        text = ""
    if len(head) > NOTE_LIMIT or "\n\n\u2014 " not in text:
        raise InputError("no report and no checkpoint", expected="a report (PDF), its bundle, or a .checkpoint.txt", source=str(path))
    return Past(path.name, text)


def _pdf(path: Path) -> Past:
    from ..sign.pdf_verify import inspect_pdf

    data = read_pdf(path)
    signed = inspect_pdf(data)
    _refuse(path.name, signed.checks)
    return replace(_intact(path.name, signed.attachments), pdf=(signed, data))


def _intact(name: str, files: Mapping[str, bytes]) -> Past:
    from ..packet.issue import FILE
    from ..report import bundle_check
    from ..report.attestation import SEAL

    _refuse(name, bundle_check.verify({one: content for one, content in files.items() if one not in (FILE, SEAL)}))
    return past_of(name, files)


def past_of(name: str, files: Mapping[str, bytes]) -> Past:
    """Returns what the files of a report, which belong together (`report.bundle_check.verify`), say of the store."""
    from ..report import bundle, bundle_check
    from ..report.bundle_model import EvidenceBundle

    entries = EvidenceBundle.model_validate_json(files[bundle.EVIDENCE]).entries
    return Past(name, bundle_check.checkpoint(files), {one.number: one.leaf.encode() for one in entries})


def _refuse(name: str, checks: Iterable[Check]) -> None:
    broken = next((check for check in checks if check.status == "refuted"), None)
    if broken is not None:
        raise TamperedError(f"{name} is not intact ({broken.name}: {broken.detail}), so that nothing can be compared with it")
