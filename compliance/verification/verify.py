"""What was proven of a report or a store, and what was not. Offline, and by nothing that the file itself vouches for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from ..catalog import Catalog
from ..errors import CHECK_PATH, ComplianceError, InputError, StoreError, StoreUnavailableError, UsageError
from ..location import Address, Location
from ..sign.checks import Check

if TYPE_CHECKING:
    from ..packet.verify import Judging
    from ..project import Project
    from ..sign.pdf_verify import SignedPdf
    from ..sign.trust import TrustStore
    from ..store import Store

PDF_LIMIT: Final = 512 << 20
_ENTRIES: Final = {
    "report": ("report.rendered", "report.signed"),
    "packet": ("packet.rendered", "packet.issued"),
    "final": ("final.rendered", "final.signed"),
}
"""Types of the ledger entries that a document leaves: of its pages, and of the signed file."""
DECISION: Final = "decision-"
"""Beginning of the names of the checks that somebody whom the verifier knows signed in a field of a packet."""
CONSISTENCY: Final = "store-consistency"
"""Name of the check that a store still holds what somebody saw of it."""
_SQLITE: Final = b"SQLite format 3\x00"


@dataclass(frozen=True)
class Verification:
    """The result for one file."""

    path: Location
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


def verify_path(
    path: Location,
    trust: TrustStore,
    allowed: Sequence[Path] = (),
    *,
    store: Location | None,
    project: Project,
    replay: bool,
    since: Sequence[Path] = (),
) -> Verification:
    """Verifies a report, its files outside the PDF, or a store.

    Args:
        path: A PDF, the folder of a bundle, a DSSE envelope, or a store.
        trust: Whom the verifier trusts.
        allowed: Lists of the SSH signers that the verifier trusts, for decisions that were signed with such keys.
        store: The store that a report is compared with.
        project: Policies with which a report's evidence is judged again, and parsers for ``--replay``.
        replay: Parse the artifacts of a store again.
        since: Earlier reports or checkpoints, since which a store must only have grown.

    Raises:
        InputError: A file cannot be read, or is none of these.
        UsageError: Something else than a store is to be compared with its past.
    """
    if since and isinstance(path, Path) and not _is_store(path):
        raise UsageError(f"--since with {path.name}, which is no store", hint="compliance verify evidence.db --since report.pdf")
    if isinstance(path, Address):
        return _verify_store(path, project, replay, since)
    if path.is_dir():
        from .verify_files import verify_folder

        return verify_folder(path, trust, allowed, store=store, project=project)
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError as error:
        raise InputError(error.strerror or str(error), source=str(path), hint=CHECK_PATH) from error
    if head.startswith(_SQLITE):
        return _verify_store(path, project, replay, since)
    if head.lstrip().startswith(b"{"):
        from .verify_files import verify_envelope

        return verify_envelope(path, trust)
    if b"%PDF-" in head:
        return _verify_pdf(path, trust, allowed, store, project)
    expected = "a report (PDF), the folder of report --bundle, a DSSE envelope, or an evidence.db"
    raise InputError("neither a PDF nor a store", expected=expected, source=str(path))


def _verify_store(path: Location, project: Project, replay: bool, since: Sequence[Path]) -> Verification:
    checks = [*verify_store(path, project.catalog if replay else None), *(one for past in since for one in grown_since(path, past))]
    if replay:
        from .verify_inputs import verify_inputs

        checks += verify_inputs(path, project)
    return Verification(path, tuple(checks), anchored_by=anchored(checks))


def verify_store(path: Location, catalog: Catalog | None = None) -> Iterator[Check]:
    """Checks a store against itself; with a catalog, parses its artifacts again as well.

    Raises:
        StoreUnavailableError: It is missing, locked or from a newer version, so that nothing can be said about it.
    """
    from ..store import Store
    from ..store.audit import audit

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


def read_pdf(path: Path) -> bytes:
    """Reads a PDF.

    Raises:
        InputError: It cannot be read, or is larger than `PDF_LIMIT`.
    """
    try:
        if path.stat().st_size > PDF_LIMIT:
            raise InputError(f"{path.stat().st_size} bytes", expected=f"at most {PDF_LIMIT} bytes", source=str(path))
        return path.read_bytes()
    except OSError as error:
        raise InputError(error.strerror or str(error), source=str(path), hint=CHECK_PATH) from error


def read_signed(path: Path) -> bytes:
    """Reads a PDF that is signed, whatever its signatures are worth.

    Raises:
        InputError: It cannot be read, is no PDF or not signed, or is larger than `PDF_LIMIT`.
    """
    from ..sign.pdf_verify import inspect_pdf

    content = read_pdf(path)
    found = "no PDF" if b"%PDF-" not in content[:1024] else "a PDF without signature" if not inspect_pdf(content).is_signed else None
    if found is not None:
        hint = "`compliance report`, `packet` and `packet --final` write such files"
        raise InputError(found, expected="a signed report, packet or decision record", source=str(path), hint=hint)
    return content


def _is_store(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def _verify_pdf(path: Path, trust: TrustStore, allowed: Sequence[Path], store: Location | None, project: Project) -> Verification:
    from ..sign.pdf_verify import inspect_pdf
    from ..sign.standing import judge_standing

    data = read_pdf(path)
    signed = inspect_pdf(data)
    checks = list(signed.checks)
    standing = judge_standing(signed, trust)
    if standing is None:
        return Verification(path, tuple(checks), {"status": "none", "detail": "not signed"}, trusted=False)
    checks += standing.checks
    trusted, detail = standing.status in ("trusted", "trial"), standing.detail
    if signed.is_intact:
        kind = kind_of(signed.attachments)

        def judge(files: Mapping[str, bytes], before: Sequence[Check]) -> Iterator[Check]:
            return derived(None, files, before, project, trust, allowed)

        contents = list(_contents(kind, signed, data, trust, allowed, judge))
        checks += contents
        stranger = next((one for one in contents if one.name.startswith(DECISION) and one.status == "not-proven"), None)
        if trusted and stranger is not None:
            trusted, detail = False, f"{detail}; but {stranger.name} is not proven: {stranger.detail}"
        if store is not None:
            checks += recorded_in(store, signed, data)
        if kind != "final":
            checks += derived(store, signed.attachments, checks, project, trust, allowed)
    signer = {
        "status": standing.status,
        "subject": signed.subject,
        "fingerprint": signed.fingerprint,
        "signed_at": signed.signed_at.isoformat() if signed.signed_at else None,
        "proven_at": standing.proven_at.isoformat() if standing.proven_at else None,
        "detail": detail,
    }
    anchored_by = "timestamp" if standing.proven_at else anchored(checks)
    return Verification(path, tuple(checks), signer, trusted=trusted, anchored_by=anchored_by)


def anchored(checks: Iterable[Check]) -> Literal["none", "report"]:
    """Says what vouches for a store besides itself: whoever holds the report or checkpoint that it was compared with."""
    found = [check.status for check in checks if check.name == CONSISTENCY]
    return "report" if found and set(found) == {"proven"} else "none"


def kind_of(attachments: Mapping[str, bytes]) -> Literal["report", "packet", "final"]:
    """Says what a document of the toolkit is, by what it carries."""
    from ..packet.check import is_packet
    from ..packet.verify import is_final

    return "final" if is_final(attachments) else "packet" if is_packet(attachments) else "report"


def _contents(kind: str, signed: SignedPdf, data: bytes, trust: TrustStore, allowed: Sequence[Path], judge: Judging) -> Iterator[Check]:
    """Checks what a document carries, and that its pages are those that its model gives."""
    from ..packet import check, verify
    from ..packet.signed import packet_of
    from ..report import bundle_check, page_check

    unsigned = data[: signed.unsigned_length]
    if kind == "final":
        yield from verify.final(signed.attachments, unsigned, trust, allowed, judge)
        return
    if kind == "packet":
        yield from check.verify(signed.attachments, unsigned)
        yield bundle_check.verify_signer(signed.attachments, signed.fingerprint)
        try:
            yield from verify.signatures(packet_of(data, signed), trust)
        except InputError as error:
            yield Check("decisions", "refuted", error.reason)
        return
    yield from bundle_check.verify(signed.attachments)
    yield bundle_check.verify_signer(signed.attachments, signed.fingerprint)
    yield page_check.verify_page(signed.attachments, unsigned)


def derived(
    path: Location | None, files: Mapping[str, bytes], before: Sequence[Check], project: Project, trust: TrustStore, allowed: Sequence[Path]
) -> Iterator[Check]:
    """Judges a report's evidence again: from a store, which must be of the log that it was made from, else from what it carries.

    Args:
        path: The store, if it is at hand.
        files: The report's files by name.
        before: What was found of them.
        project: The policies.
        trust: Whose signatures under decisions count.
        allowed: Likewise, of SSH keys.

    Raises:
        StoreUnavailableError: The store is missing, locked or from a newer version.
    """
    from ..judgement.rejudge import NAME
    from ..sign.statement import Signers
    from ..store import Store
    from .derive import from_attachments, from_store
    from .past import compared, past_of

    def signers() -> Signers:
        return Signers(allowed, trust)

    broken = next((one.name for one in before if one.name.startswith("bundle-") and one.status == "refuted"), None)
    if broken is not None:
        yield Check(NAME, "not-proven", f"not judged again, since {broken} is refuted")
        return
    if path is None:
        yield from_attachments(files, project, signers)
        return
    try:
        with Store.open(path) as store:
            consistent = compared(store, past_of("the report", files))
            yield consistent
            if consistent.status == "proven":
                yield from_store(store, files, project, signers)
    except StoreUnavailableError:
        raise
    except ComplianceError as error:
        yield Check("store", "refuted", str(error))


def grown_since(path: Location, before: Path) -> Iterator[Check]:
    """Compares a store with an earlier report or checkpoint: it must only have grown, and have recorded that report.

    Raises:
        InputError: The earlier file cannot be read, or is no report and no checkpoint.
        StoreUnavailableError: The store is missing, locked or from a newer version.
    """
    from ..store import Store
    from .past import compared, read_past

    try:
        past = read_past(before)
        with Store.open(path) as store:
            yield compared(store, past)
    except (StoreUnavailableError, InputError):
        raise
    except ComplianceError as error:
        yield Check(CONSISTENCY, "refuted", str(error))
    else:
        if past.pdf is not None:
            yield from recorded_in(path, *past.pdf)


def recorded_in(path: Location, signed: SignedPdf, data: bytes) -> Iterator[Check]:
    """Looks in a store for a report's own entries: its pages, and the digest of the file."""
    from ..store import Store

    try:
        with Store.open(path) as store:
            page = hashlib.sha256(data[: signed.unsigned_length]).hexdigest()
            rendered, issued = _ENTRIES[kind_of(signed.attachments)]
            yield _listed(store, rendered, page, "the document before signing")
            yield _signed_file(store, issued, signed, data)
    except StoreUnavailableError:
        raise
    except ComplianceError as error:
        yield Check("store", "refuted", str(error))


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
