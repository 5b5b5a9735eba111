"""Checks a report's attachments against each other and against the checkpoint: what the report says follows from what it carries.

Everything here is offline and believes nothing but the bytes. Whether the checkpoint is the store's, and who signed the report, is for
others to say. Any input that cannot be read is refuted, never an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from pydantic import ValidationError

from ..assessment import Assessment
from ..errors import ComplianceError, InputError, first_line
from ..judgement.judging import assessment_draft
from ..reading import jsontext
from ..record import PRIVACY_CLASSES, PrivacyClass, canonical, digest, sha256_hex
from ..sign.checks import Check, Status
from ..store import merkle, note
from ..store.ledger import RowHasher
from . import attestation, bundle, finding_files, gates, page_check
from .bundle_files import BundleFiles, RefutedError, model_of
from .bundle_model import LedgerEntry
from .json import check_document

COMMITMENT_SIZE: Final = 32
"""Bytes of a row's commitment."""


def verify(attachments: Mapping[str, bytes]) -> list[Check]:
    """Checks the files of a report.

    Args:
        attachments: The files by name.

    Returns:
        One result per check; a check that needs what another one found broken is not proven.
    """
    files = BundleFiles(attachments)
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("bundle-model", lambda: f"report {files.model.id} of compliance-toolkit {files.model.toolkit}"),
        ("bundle-digests", lambda: _digests(files)),
        ("bundle-checkpoint", lambda: _checkpoint(files)),
        ("bundle-inclusion", lambda: _inclusion(files)),
        ("bundle-redaction", lambda: page_check.redaction(files)),
        ("bundle-evidence", lambda: _evidence(files)),
        ("bundle-findings", lambda: _findings(files)),
        ("bundle-assessment", lambda: _assessment(files)),
        ("bundle-page", lambda: page_check.page(files)),
        ("bundle-previous", lambda: _previous(files)),
        ("bundle-statement", lambda: attestation.check_statement(files.model, files.files)),
    )
    return [_check(name, step) for name, step in steps]


def _check(name: str, step: Callable[[], str]) -> Check:
    status: Status = "proven"
    try:
        detail = step()
    except RefutedError as error:
        status, detail = "refuted", str(error)
    except ComplianceError as error:
        status, detail = "refuted", str(error)
    except (
        ValidationError,
        msgspec.MsgspecError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        # Hostile files can break the shape of anything below; none of it may look like success.
        status, detail = "refuted", f"the attachments cannot be read: {type(error).__name__}: {first_line(error)}"
    return Check(name, status, detail)


def verify_signer(attachments: Mapping[str, bytes], fingerprint: str | None) -> Check:
    """Compares the certificate of the file's signature with the one that the report prints.

    Args:
        attachments: The files by name.
        fingerprint: SHA-256 of the certificate that signed the file.
    """

    def step() -> str:
        printed = model_of(attachments).signer
        if printed.fingerprint != fingerprint:
            raise RefutedError("another certificate signed the file than the report prints")
        return f"{printed.subject}, whose certificate the report prints, signed the file"

    return _check("bundle-signer", step)


def _digests(files: BundleFiles) -> str:
    listed = {row.name: row for row in files.model.attachments}
    expected = {*listed, bundle.MODEL}
    strange = sorted(expected ^ set(files.files))
    if strange or bundle.MODEL in listed:
        raise RefutedError(f"{strange[0] if strange else bundle.MODEL}: attached or listed, but not both")
    for name, row in listed.items():
        content = files.files[name]
        if len(content) != row.size or sha256_hex(content) != row.sha256:
            raise RefutedError(f"{name}: sha256 {sha256_hex(content)[:16]}…; the report prints {row.sha256[:16]}…")
    return f"{len(listed)} attached files have the digests that the report prints"


def _checkpoint(files: BundleFiles) -> str:
    printed, checkpoint = files.model.proof, files.checkpoint
    same = (printed.checkpoint.note.encode(), printed.checkpoint.size, printed.checkpoint.root, printed.log_key)
    if same != (files.read(bundle.CHECKPOINT), checkpoint.size, checkpoint.root.hex(), files.verifier):
        raise RefutedError("the printed checkpoint is not the attached one")
    if printed.log_key_fingerprint != sha256_hex(note.read_verifier_key(files.verifier)[1]):
        raise RefutedError("the printed fingerprint is not that of the log key")
    if printed.assessment_entry != checkpoint.size - 1 or files.model.id != f"R{printed.assessment_entry}-{checkpoint.root.hex()[:8]}":
        raise RefutedError("the report's id or its assessment's entry does not belong to the checkpoint")
    return f"signed by the log key of entry 0 over {checkpoint.size} entries"


def _inclusion(files: BundleFiles) -> str:
    checkpoint = files.checkpoint
    proofs = {one.entry: [bytes.fromhex(part) for part in one.proof] for one in files.proofs.inclusion}
    if proofs.keys() != files.entries.keys():
        raise RefutedError("proofs.json and evidence.json are about different entries")
    if (files.proofs.checkpoint.size, files.proofs.checkpoint.root) != (checkpoint.size, checkpoint.root.hex()):
        raise RefutedError("proofs.json is about another checkpoint")
    for number, kept in files.entries.items():
        leaf = merkle.leaf_hash(kept.entry.data)
        if not merkle.verify_inclusion(number, checkpoint.size, leaf, proofs[number], checkpoint.root):
            raise RefutedError(f"entry {number} is not in the tree of the checkpoint")
    if files.others is None:
        return f"{len(proofs)} ledger entries are in the tree of the checkpoint"
    return f"{len(proofs)} ledger entries are in the tree of the checkpoint{_others(files, files.others)}"


def _others(files: BundleFiles, others: Sequence[LedgerEntry]) -> str:
    """Checks that the entries of ``ledger.json`` are all the other ones: together they give the root."""
    hashes = {number: merkle.leaf_hash(kept.entry.data) for number, kept in files.entries.items()}
    for one in others:
        if one.number in hashes:
            raise RefutedError(f"ledger.json: entry {one.number} is attached twice")
        hashes[one.number] = bytes.fromhex(one.hash) if one.hash else merkle.leaf_hash(str(one.leaf).encode())
    size = files.checkpoint.size
    if len(hashes) != size or max(hashes) >= size or merkle.root_of(hashes[number] for number in range(size)) != files.checkpoint.root:
        raise RefutedError("ledger.json and evidence.json do not hold all entries of the ledger, as they were recorded")
    return f", and so are the other {len(others)}: none is left out"


def _evidence(files: BundleFiles) -> str:
    count = 0
    for number, kept in files.entries.items():
        body = kept.entry.body
        expected = _carried(files, number, body)
        if kept.sealed.keys() - expected:
            name = min(kept.sealed.keys() - expected)
            raise RefutedError(f"entry {number}: private values of class {name}, which this copy must not hold")
        if {name: sealed.commitment for name, sealed in kept.sealed.items()} != expected:
            raise RefutedError(f"entry {number}: private values are not those that the ledger commits to")
        if body["type"] == "evidence":
            count += 1
            if kept.payload is None or sha256_hex(kept.payload) != body["payload"]:
                raise RefutedError(f"evidence {number}: the payload is not the one in the ledger")
        elif kept.payload is not None:
            raise RefutedError(f"entry {number} is no evidence, but has a payload")
    erased = sorted(files.erased.keys() & files.entries.keys())
    gone = f"; those of {', '.join(map(str, erased))} were erased under a tombstone" if erased else ""
    return f"payloads and private values of {count} pieces of evidence are those that the ledger commits to{gone}"


def _carried(files: BundleFiles, number: int, body: Mapping[str, Any]) -> dict[str, str]:
    """Returns the commitments to the private values that the report has to carry of an entry."""
    redacted = files.model.redacted
    if number in files.erased or (redacted and body["type"] != "evidence"):
        return {}
    return {name: commitment for name, commitment in body.get("private", {}).items() if name not in redacted}


def _findings(files: BundleFiles) -> str:
    rows: dict[int, list[finding_files.FindingLine]] = {}
    for line in files.findings:
        many = rows.setdefault(line.evidence, [])
        if line.number != len(many):
            raise RefutedError(f"findings.json: row {line.number} of evidence {line.evidence} is out of its place")
        many.append(line)
    counted = {row.number for row in files.model.evidence.rows if row.counts}
    for number in rows.keys() | counted:
        _rows(files, number, rows.get(number, []))
    gone = [number for number in sorted(counted & files.erased.keys()) if files.entries[number].entry.body["rows"]["count"]]
    if sorted(set(files.model.findings.erased) & counted) != gone:
        raise RefutedError("the report does not say of which evidence the findings were erased")
    by_severity = _by_severity([line for line in files.findings if line.state == "open"])
    if by_severity != {severity.value: amount for severity, amount in files.model.findings.by_severity.items() if amount}:
        raise RefutedError("the printed counts of findings are not those of findings.json")
    if finding_files.findings_csv(files.findings) != files.read(finding_files.FINDINGS_CSV):
        raise RefutedError("findings.csv and findings.json do not say the same")
    return f"{len(files.findings)} findings of {len(rows)} pieces of evidence are those that the ledger covers"


def _rows(files: BundleFiles, number: int, lines: Sequence[finding_files.FindingLine]) -> None:
    kept = files.entries.get(number)
    if kept is None or kept.entry.type != "evidence":
        raise RefutedError(f"findings.json: {number} is no attached evidence")
    if number in files.erased:
        if lines:
            raise RefutedError(f"evidence {number}: it has findings, although entry {files.erased[number]} erased them")
        return
    redacted = files.model.redacted
    hasher = RowHasher({name: kept.sealed[name].key for name in PRIVACY_CLASSES if name not in redacted})
    if any((line.commitments or {}).keys() != set(redacted) for line in lines):
        raise RefutedError(f"evidence {number}: its findings leave out other privacy classes than the report says")
    leaves = (hasher.redacted_leaf(line.number, finding_files.finding_of(line), _given(line)) for line in lines)
    root = merkle.root_of(map(merkle.leaf_hash, leaves)) if redacted else hasher.root(map(finding_files.finding_of, lines))
    if kept.entry.body["rows"] != {"count": len(lines), "root": root.hex()}:
        raise RefutedError(f"evidence {number}: its findings are not those that the ledger covers")


def _given(line: finding_files.FindingLine) -> dict[PrivacyClass, bytes]:
    """Returns the commitments of a redacted finding; values that they stand for must not stand beside them."""
    given: dict[PrivacyClass, bytes] = {}
    for name in PRIVACY_CLASSES:
        if name in (line.commitments or {}):
            if any(getattr(line, column) for column in finding_files.PRIVATE_COLUMNS[name]):
                raise RefutedError(f"evidence {line.evidence}: finding {line.number} holds values of class {name}, which is left out")
            given[name] = bytes.fromhex((line.commitments or {})[name])
            if len(given[name]) != COMMITMENT_SIZE:
                raise RefutedError(f"evidence {line.evidence}: finding {line.number} has a broken commitment")
    return given


def _by_severity(lines: Sequence[finding_files.FindingLine]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.severity] = counts.get(line.severity, 0) + 1
    return counts


def _assessment(files: BundleFiles) -> str:
    model = files.model
    assessment = model.assessment
    if jsontext.loads(files.read(bundle.ASSESSMENT)) != jsontext.loads(canonical(check_document(assessment))):
        raise RefutedError("assessment.json is not the judgement in the report's model")
    kept = files.entries.get(model.proof.assessment_entry)
    if kept is None or kept.entry.type != "assessment":
        raise RefutedError("the ledger entry of the assessment is not attached")
    said = assessment_draft(assessment).body
    if any(kept.entry.body.get(name) != value for name, value in said.items()):
        raise RefutedError("the judgement in the report is not the one in the ledger")
    if not model.redacted:
        recorded = Assessment.unsealed({name: jsontext.loads(value.value) for name, value in kept.sealed.items()})
        if recorded != assessment:
            raise RefutedError("the judgement in the report is not the one in the ledger")
    if files.rules is not None and digest(files.rules.policy) != assessment.policy_digest:
        raise RefutedError("rules.json is not the policy that the judgement in the ledger names")
    missing = gates.evidence_used(assessment) - files.entries.keys()
    if missing:
        raise RefutedError(f"evidence {min(missing)}, which a verdict rests on, is not attached")
    return f"{len(assessment.gates)} verdicts are those of ledger entry {kept.entry.number}"


def _previous(files: BundleFiles) -> str:
    previous, consistency, checkpoint = files.model.proof.previous, files.proofs.consistency, files.checkpoint
    if previous is None:
        if consistency is not None:
            raise RefutedError("proofs.json names a report before, the pages do not")
        return "no report before this one is named"
    before = note.open_note(previous.checkpoint.note, files.verifier)
    if consistency != bundle.consistency_of(previous) or (before.size, before.root.hex()) != (
        previous.checkpoint.size,
        previous.checkpoint.root,
    ):
        raise RefutedError("the checkpoint of the report before is not the attached one")
    path = [bytes.fromhex(part) for part in previous.proof]
    if not merkle.verify_consistency(before.size, checkpoint.size, before.root, checkpoint.root, path):
        raise RefutedError(f"the ledger does not extend the one of report {previous.id}")
    return f"the ledger extends the one of report {previous.id}"


def checkpoint(attachments: Mapping[str, bytes]) -> str:
    """Returns the attached checkpoint C1.

    Raises:
        InputError: It is missing or no text.
    """
    try:
        return attachments[bundle.CHECKPOINT].decode("utf-8")
    except (KeyError, UnicodeDecodeError) as error:
        raise InputError("no readable checkpoint.txt among the attachments", expected="the attachments of an audit report") from error
