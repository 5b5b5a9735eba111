"""What was proven of a report or a store, and what was not. Offline, and by nothing that the file itself vouches for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from .catalog import Catalog
from .errors import ComplianceError, InputError, StoreError, StoreUnavailableError
from .sign.checks import Check

if TYPE_CHECKING:
    from .project import Project
    from .sign.pdf_verify import SignedPdf
    from .sign.trust import TrustStore
    from .store import Store

PDF_LIMIT: Final = 512 << 20
_ENTRIES: Final = {"report": ("report.rendered", "report.signed"), "packet": ("packet.rendered", "packet.issued")}
"""Types of the ledger entries that a document leaves: of its pages, and of the signed file."""
_SQLITE: Final = b"SQLite format 3\x00"


@dataclass(frozen=True)
class Verification:
    """The result for one file."""

    path: Path
    checks: tuple[Check, ...]
    signer: Mapping[str, Any] = field(default_factory=dict)
    """status (trusted, trial, unknown, expired, revoked, none), subject, fingerprint, signed_at, proven_at, detail."""
    trusted: bool = True
    anchored_by: Literal["none", "report", "timestamp"] = "none"
    """What outside the store vouches that it still holds what it held: none, report or timestamp."""

    def exit_code(self, strict: bool = False) -> int:
        """Returns 4 if anything is refuted, else 6 if the signer is not trusted, else 0; strict: unproven counts as refuted."""
        bad = {"refuted", "not-proven"} if strict else {"refuted"}
        if any(check.status in bad for check in self.checks):
            return 4
        return 0 if self.trusted else 6


def verify_path(path: Path, trust: TrustStore, *, store: Path | None, project: Project, replay: bool) -> Verification:
    """Verifies a report, its files outside the PDF, or a store.

    Args:
        path: A PDF, the folder of a bundle, a DSSE envelope, or an evidence database.
        trust: Whom the verifier trusts.
        store: The store that a report is compared with.
        project: Policies with which a report's evidence is judged again, and parsers for ``--replay``.
        replay: Parse the artifacts of a store again.

    Raises:
        InputError: The file cannot be read, or is neither.
    """
    if path.is_dir():
        from .verify_files import verify_folder

        return verify_folder(path, trust, store=store, project=project)
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError as error:
        raise InputError(error.strerror or str(error), source=str(path)) from error
    if head.startswith(_SQLITE):
        return Verification(path, tuple(verify_store(path, project.catalog if replay else None)))
    if head.lstrip().startswith(b"{"):
        from .verify_files import verify_envelope

        return verify_envelope(path, trust)
    if b"%PDF-" in head:
        if path.stat().st_size > PDF_LIMIT:
            raise InputError(f"{path.stat().st_size} bytes", expected=f"at most {PDF_LIMIT} bytes", source=str(path))
        return _verify_pdf(path, trust, store, project)
    expected = "a report (PDF), the folder of report --bundle, a DSSE envelope, or an evidence.db"
    raise InputError("neither a PDF nor a store", expected=expected, source=str(path))


def verify_store(path: Path, catalog: Catalog | None = None) -> Iterator[Check]:
    """Checks a store against itself; with a catalog, parses its artifacts again as well.

    Raises:
        StoreUnavailableError: It is missing, locked or from a newer version, so that nothing can be said about it.
    """
    from .store import Store
    from .store.audit import audit

    formats = None
    if catalog is not None:
        formats = {kind.id: {form.name: (kind, form) for form in kind.formats} for kind in catalog.kinds.values()}
    try:
        with Store.open(path) as store:
            yield from audit(store, formats)
    except StoreUnavailableError:
        raise
    except StoreError as error:
        yield Check("store", "refuted", str(error))


def _verify_pdf(path: Path, trust: TrustStore, store: Path | None, project: Project) -> Verification:
    from .sign.pdf_verify import inspect_pdf
    from .sign.standing import judge_standing

    data = path.read_bytes()
    signed = inspect_pdf(data)
    checks = list(signed.checks)
    standing = judge_standing(signed, trust)
    if standing is None:
        return Verification(path, tuple(checks), {"status": "none", "detail": "not signed"}, trusted=False)
    checks += standing.checks
    if signed.is_intact:
        checks += _contents(signed, data[: signed.unsigned_length])
        if store is not None:
            checks += _against(store, signed, data)
            checks += against_store(store, signed.attachments, project)
    signer = {
        "status": standing.status,
        "subject": signed.subject,
        "fingerprint": signed.fingerprint,
        "signed_at": signed.signed_at.isoformat() if signed.signed_at else None,
        "proven_at": standing.proven_at.isoformat() if standing.proven_at else None,
        "detail": standing.detail,
    }
    held = any(check.name == "store-consistency" and check.status == "proven" for check in checks)
    anchored_by: Literal["none", "report", "timestamp"] = "timestamp" if standing.proven_at else "report" if held else "none"
    return Verification(path, tuple(checks), signer, trusted=standing.status in ("trusted", "trial"), anchored_by=anchored_by)


def _contents(signed: SignedPdf, unsigned: bytes) -> Iterator[Check]:
    """Checks what the report carries, and that its pages are those that its model gives."""
    from .packet import check
    from .report import bundle

    if check.is_packet(signed.attachments):
        yield from check.verify(signed.attachments, unsigned)
        yield bundle.verify_signer(signed.attachments, signed.fingerprint)
        return
    yield from bundle.verify(signed.attachments)
    yield bundle.verify_signer(signed.attachments, signed.fingerprint)
    yield bundle.verify_page(signed.attachments, unsigned)


def against_store(path: Path, files: Mapping[str, bytes], project: Project) -> Iterator[Check]:
    """Compares a report's files with a store: the log that it was made from, and what its evidence gives when it is judged again.

    Args:
        path: The store.
        files: The files by name, which belong together (`bundle.verify`).
        project: The policies.

    Raises:
        StoreUnavailableError: The store is missing, locked or from a newer version.
    """
    from .rejudge import rejudged
    from .report import bundle
    from .store import Store

    try:
        with Store.open(path) as store:
            consistent = _consistent(store, bundle.checkpoint(files))
            yield consistent
            if consistent.status == "proven":
                yield rejudged(store, project, bundle.model_of(files).proof.assessment_entry)
    except StoreUnavailableError:
        raise
    except ComplianceError as error:
        yield Check("store", "refuted", str(error))


def _against(path: Path, signed: SignedPdf, data: bytes) -> Iterator[Check]:
    """Compares a report with a store: its own entries, and the file's digest."""
    from .packet.check import is_packet
    from .store import Store

    try:
        with Store.open(path) as store:
            page = hashlib.sha256(data[: signed.unsigned_length]).hexdigest()
            rendered, issued = _ENTRIES["packet" if is_packet(signed.attachments) else "report"]
            yield _listed(store, rendered, page, "the document before signing")
            yield _signed_file(store, issued, signed, data)
    except StoreUnavailableError:
        raise
    except ComplianceError as error:
        yield Check("store", "refuted", str(error))


def _consistent(store: Store, note: str) -> Check:
    from .store.note import open_note

    checkpoint = open_note(note, store.verifier)
    if checkpoint.size > store.size:
        return Check("store-consistency", "refuted", f"the report saw {checkpoint.size} entries, the store has {store.size}")
    if store.root_at(checkpoint.size) != checkpoint.root:
        return Check("store-consistency", "refuted", f"the store's first {checkpoint.size} entries are not those that the report saw")
    detail = f"the store still holds, unchanged, the {checkpoint.size} entries that the report was made from"
    return Check("store-consistency", "proven", detail)


def _signed_file(store: Store, entry_type: str, signed: SignedPdf, data: bytes) -> Check:
    """Looks for the file as it is, else as it was before the updates that its certification allows."""
    known = {entry.body["sha256"] for entry in store.entries(types=[entry_type])}
    whole = hashlib.sha256(data).hexdigest()
    ends = [one.end for one in reversed(signed.updates)] + [signed.certified_length or len(data)]
    earlier = (hashlib.sha256(data[:end]).hexdigest() for end in ends)
    found = next((digest for digest in (whole, *earlier) if digest in known), whole)
    return _listed(store, entry_type, found, "this file" if found == whole else "this file, as it was before its last updates,")


def _listed(store: Store, entry_type: str, digest: str, what: str) -> Check:
    numbers = [entry.number for entry in store.entries(types=[entry_type]) if entry.body["sha256"] == digest]
    if not numbers:
        return Check(entry_type, "refuted", f"{what} (sha256 {digest[:16]}…) is not in the store's ledger")
    return Check(entry_type, "proven", f"{what} is entry {numbers[0]} of the ledger")
