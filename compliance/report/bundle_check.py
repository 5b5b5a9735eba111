"""Checks a report's attachments against each other and against the checkpoint: what the report says follows from what it carries.

Everything here is offline and believes nothing but the bytes. Whether the checkpoint is the store's, and who signed the report, is for
others to say. Any input that cannot be read is refuted, never an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import msgspec
from pydantic import ValidationError

from .. import jsontext
from ..assessment import Assessment
from ..errors import ComplianceError, InputError
from ..judging import assessment_draft
from ..record import PRIVACY_CLASSES, PrivacyClass, canonical, sha256_hex
from ..sign.checks import Check, Status
from ..store import merkle, note
from ..store.ledger import Entry, RowHasher, Sealed
from . import attestation, bundle, claims, decided, gates, page1
from .bundle_model import EvidenceBundle, KeptEntry, ProofsDocument
from .json import check_document
from .model import ReportModel
from .redact import Redaction

COMMITMENT_SIZE: Final = 32
"""Bytes of a row's commitment."""
MODEL_LIMIT: Final = 4 << 20
"""Bytes of the largest model that is rendered again: ours have 50 to 200 kB whatever the number of findings."""


class _RefutedError(Exception):
    """A check found something else than it had to."""


def verify(attachments: Mapping[str, bytes]) -> list[Check]:
    """Checks the files of a report.

    Args:
        attachments: The files by name.

    Returns:
        One result per check; a check that needs what another one found broken is not proven.
    """
    files = _Bundle(attachments)
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("bundle-model", lambda: f"report {files.model.id} of compliance-toolkit {files.model.toolkit}"),
        ("bundle-digests", lambda: _digests(files)),
        ("bundle-checkpoint", lambda: _checkpoint(files)),
        ("bundle-inclusion", lambda: _inclusion(files)),
        ("bundle-redaction", lambda: _redaction(files)),
        ("bundle-evidence", lambda: _evidence(files)),
        ("bundle-findings", lambda: _findings(files)),
        ("bundle-assessment", lambda: _assessment(files)),
        ("bundle-page", lambda: _page(files)),
        ("bundle-previous", lambda: _previous(files)),
        ("bundle-statement", lambda: attestation.check_statement(files.model, files.files)),
    )
    return [_check(name, step) for name, step in steps]


def _check(name: str, step: Callable[[], str]) -> Check:
    status: Status = "proven"
    try:
        detail = step()
    except _RefutedError as error:
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
        status, detail = "refuted", f"the attachments cannot be read: {type(error).__name__}: {str(error).splitlines()[0][:200]}"
    return Check(name, status, detail)


@dataclass(frozen=True)
class _Kept:
    """An entry of ``evidence.json``."""

    entry: Entry
    payload: bytes | None
    sealed: Mapping[PrivacyClass, Sealed]


def _kept(one: KeptEntry) -> _Kept:
    sealed = {name: Sealed(bytes.fromhex(text.key), text.value.encode()) for name, text in one.sealed.items()}
    payload = None if one.payload_public is None else one.payload_public.encode()
    return _Kept(Entry(one.number, one.leaf.encode()), payload, sealed)


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


def verify_signer(attachments: Mapping[str, bytes], fingerprint: str | None) -> Check:
    """Compares the certificate of the file's signature with the one that the report prints.

    Args:
        attachments: The files by name.
        fingerprint: SHA-256 of the certificate that signed the file.
    """

    def step() -> str:
        printed = model_of(attachments).signer
        if printed.fingerprint != fingerprint:
            raise _RefutedError("another certificate signed the file than the report prints")
        return f"{printed.subject}, whose certificate the report prints, signed the file"

    return _check("bundle-signer", step)


class _Bundle:
    """The files, read when they are needed."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files

    def read(self, name: str) -> bytes:
        if name not in self.files:
            raise _RefutedError(f"{name} is not attached")
        return self.files[name]

    @cached_property
    def model(self) -> ReportModel:
        return model_of(self.files)

    @cached_property
    def entries(self) -> dict[int, _Kept]:
        document = EvidenceBundle.model_validate(jsontext.loads(self.read(bundle.EVIDENCE)))
        found = {one.number: _kept(one) for one in document.entries}
        if len(found) != len(document.entries):
            raise _RefutedError("evidence.json holds an entry twice")
        return found

    @cached_property
    def proofs(self) -> ProofsDocument:
        return ProofsDocument.model_validate(jsontext.loads(self.read(bundle.PROOFS)))

    @cached_property
    def verifier(self) -> str:
        """The log key, from entry 0."""
        return str(self.entries[0].entry.body["log_key"])

    @cached_property
    def checkpoint(self) -> note.Checkpoint:
        return note.open_note(self.read(bundle.CHECKPOINT).decode(), self.verifier)

    @cached_property
    def findings(self) -> list[bundle.FindingLine]:
        document = msgspec.json.decode(self.read(bundle.FINDINGS_JSON), type=bundle.FindingsFile)
        return document.findings


def _digests(files: _Bundle) -> str:
    listed = {row.name: row for row in files.model.attachments}
    expected = {*listed, bundle.MODEL}
    strange = sorted(expected ^ set(files.files))
    if strange or bundle.MODEL in listed:
        raise _RefutedError(f"{strange[0] if strange else bundle.MODEL}: attached or listed, but not both")
    for name, row in listed.items():
        content = files.files[name]
        if len(content) != row.size or sha256_hex(content) != row.sha256:
            raise _RefutedError(f"{name}: sha256 {sha256_hex(content)[:16]}…; the report prints {row.sha256[:16]}…")
    return f"{len(listed)} attached files have the digests that the report prints"


def _checkpoint(files: _Bundle) -> str:
    printed, checkpoint = files.model.proof, files.checkpoint
    same = (printed.checkpoint.note.encode(), printed.checkpoint.size, printed.checkpoint.root, printed.log_key)
    if same != (files.read(bundle.CHECKPOINT), checkpoint.size, checkpoint.root.hex(), files.verifier):
        raise _RefutedError("the printed checkpoint is not the attached one")
    if printed.log_key_fingerprint != sha256_hex(note.read_verifier_key(files.verifier)[1]):
        raise _RefutedError("the printed fingerprint is not that of the log key")
    if printed.assessment_entry != checkpoint.size - 1 or files.model.id != f"R{printed.assessment_entry}-{checkpoint.root.hex()[:8]}":
        raise _RefutedError("the report's id or its assessment's entry does not belong to the checkpoint")
    return f"signed by the log key of entry 0 over {checkpoint.size} entries"


def _inclusion(files: _Bundle) -> str:
    checkpoint = files.checkpoint
    proofs = {one.entry: [bytes.fromhex(part) for part in one.proof] for one in files.proofs.inclusion}
    if proofs.keys() != files.entries.keys():
        raise _RefutedError("proofs.json and evidence.json are about different entries")
    if (files.proofs.checkpoint.size, files.proofs.checkpoint.root) != (checkpoint.size, checkpoint.root.hex()):
        raise _RefutedError("proofs.json is about another checkpoint")
    for number, kept in files.entries.items():
        leaf = merkle.leaf_hash(kept.entry.data)
        if not merkle.verify_inclusion(number, checkpoint.size, leaf, proofs[number], checkpoint.root):
            raise _RefutedError(f"entry {number} is not in the tree of the checkpoint")
    return f"{len(proofs)} ledger entries are in the tree of the checkpoint"


def _evidence(files: _Bundle) -> str:
    count = 0
    for number, kept in files.entries.items():
        body = kept.entry.body
        expected = _carried(files, body)
        if kept.sealed.keys() - expected:
            name = min(kept.sealed.keys() - expected)
            raise _RefutedError(f"entry {number}: private values of class {name}, which this copy must not hold")
        if {name: sealed.commitment for name, sealed in kept.sealed.items()} != expected:
            raise _RefutedError(f"entry {number}: private values are not those that the ledger commits to")
        if body["type"] == "evidence":
            count += 1
            if kept.payload is None or sha256_hex(kept.payload) != body["payload"]:
                raise _RefutedError(f"evidence {number}: the payload is not the one in the ledger")
        elif kept.payload is not None:
            raise _RefutedError(f"entry {number} is no evidence, but has a payload")
    return f"payloads and private values of {count} pieces of evidence are those that the ledger commits to"


def _carried(files: _Bundle, body: Mapping[str, Any]) -> dict[str, str]:
    """Returns the commitments to the private values that the report has to carry of an entry."""
    redacted = files.model.redacted
    if redacted and body["type"] != "evidence":
        return {}
    return {name: commitment for name, commitment in body.get("private", {}).items() if name not in redacted}


def _redaction(files: _Bundle) -> str:
    """Checks that what a redacted copy leaves out stands nowhere in its judgement: the values themselves are looked for elsewhere."""
    classes = files.model.redacted
    if not classes:
        return "a full report: no privacy class is left out"
    if list(classes) != [name for name in PRIVACY_CLASSES if name in classes]:
        raise _RefutedError(f"the privacy classes that are left out are named as {', '.join(classes)}")
    judged = files.model.assessment
    again = Redaction(frozenset(classes)).assessment(judged)
    advice = {gate.id: gate.fix for gate in judged.gates}  # from the documentation of the gates, which is not private
    gates = tuple(gate.model_copy(update={"fix": advice[gate.id]}) for gate in again.gates)
    if again.model_copy(update={"gates": gates}) != judged:
        raise _RefutedError("the judgement still holds what the copy says that it leaves out")
    return f"redacted copy: {', '.join(classes)} and free texts are left out, and committed to by the same ledger entries"


def _findings(files: _Bundle) -> str:
    rows: dict[int, list[bundle.FindingLine]] = {}
    for line in files.findings:
        many = rows.setdefault(line.evidence, [])
        if line.number != len(many):
            raise _RefutedError(f"findings.json: row {line.number} of evidence {line.evidence} is out of its place")
        many.append(line)
    counted = {row.number for row in files.model.evidence.rows if row.counts}
    for number in rows.keys() | counted:
        _rows(files, number, rows.get(number, []))
    by_severity = _by_severity([line for line in files.findings if line.state == "open"])
    if by_severity != {severity.value: amount for severity, amount in files.model.findings.by_severity.items() if amount}:
        raise _RefutedError("the printed counts of findings are not those of findings.json")
    if bundle.findings_csv(files.findings) != files.read(bundle.FINDINGS_CSV):
        raise _RefutedError("findings.csv and findings.json do not say the same")
    return f"{len(files.findings)} findings of {len(rows)} pieces of evidence are those that the ledger covers"


def _rows(files: _Bundle, number: int, lines: Sequence[bundle.FindingLine]) -> None:
    kept = files.entries.get(number)
    if kept is None or kept.entry.type != "evidence":
        raise _RefutedError(f"findings.json: {number} is no attached evidence")
    redacted = files.model.redacted
    hasher = RowHasher({name: kept.sealed[name].key for name in PRIVACY_CLASSES if name not in redacted})
    if any((line.commitments or {}).keys() != set(redacted) for line in lines):
        raise _RefutedError(f"evidence {number}: its findings leave out other privacy classes than the report says")
    leaves = (hasher.redacted_leaf(line.number, bundle.finding_of(line), _given(line)) for line in lines)
    root = merkle.root_of(map(merkle.leaf_hash, leaves)) if redacted else hasher.root(map(bundle.finding_of, lines))
    if kept.entry.body["rows"] != {"count": len(lines), "root": root.hex()}:
        raise _RefutedError(f"evidence {number}: its findings are not those that the ledger covers")


def _given(line: bundle.FindingLine) -> dict[PrivacyClass, bytes]:
    """Returns the commitments of a redacted finding; values that they stand for must not stand beside them."""
    given: dict[PrivacyClass, bytes] = {}
    for name in PRIVACY_CLASSES:
        if name in (line.commitments or {}):
            if any(getattr(line, column) for column in bundle.PRIVATE_COLUMNS[name]):
                raise _RefutedError(f"evidence {line.evidence}: finding {line.number} holds values of class {name}, which is left out")
            given[name] = bytes.fromhex((line.commitments or {})[name])
            if len(given[name]) != COMMITMENT_SIZE:
                raise _RefutedError(f"evidence {line.evidence}: finding {line.number} has a broken commitment")
    return given


def _by_severity(lines: Sequence[bundle.FindingLine]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.severity] = counts.get(line.severity, 0) + 1
    return counts


def _assessment(files: _Bundle) -> str:
    model = files.model
    assessment = model.assessment
    if jsontext.loads(files.read(bundle.ASSESSMENT)) != jsontext.loads(canonical(check_document(assessment))):
        raise _RefutedError("assessment.json is not the judgement in the report's model")
    kept = files.entries.get(model.proof.assessment_entry)
    if kept is None or kept.entry.type != "assessment":
        raise _RefutedError("the ledger entry of the assessment is not attached")
    said = assessment_draft(assessment).body
    if any(kept.entry.body.get(name) != value for name, value in said.items()):
        raise _RefutedError("the judgement in the report is not the one in the ledger")
    if not model.redacted:
        recorded = Assessment.unsealed({name: jsontext.loads(value.value) for name, value in kept.sealed.items()})
        if recorded != assessment:
            raise _RefutedError("the judgement in the report is not the one in the ledger")
    missing = gates.evidence_used(assessment) - files.entries.keys()
    if missing:
        raise _RefutedError(f"evidence {min(missing)}, which a verdict rests on, is not attached")
    return f"{len(assessment.gates)} verdicts are those of ledger entry {kept.entry.number}"


_COMPARED: Final = ("id", "required", "verdict", "reason")


def _page(files: _Bundle) -> str:
    """Compares what the pages show with the judgement and the ledger."""
    model = files.model
    judged = {one.id: tuple(getattr(one, name) for name in _COMPARED) for one in model.assessment.gates}
    shown = [gate for framework in model.frameworks for principle in framework.principles for gate in principle.gates]
    if len(shown) != len(judged) or {one.id: tuple(getattr(one, name) for name in _COMPARED) for one in shown} != judged:
        raise _RefutedError("the gates on the pages are not those of the judgement")
    titles = {framework.id: framework.title for framework in model.frameworks}
    if model.decision.frameworks != gates.framework_counts(model.assessment, titles):
        raise _RefutedError("the counts on page 1 are not those of the judgement")
    red = gates.red_gates(model.assessment)
    decision = model.decision
    if decision.outcome != model.assessment.outcome or decision.word != gates.WORDS[decision.outcome] or decision.red_total != len(red):
        raise _RefutedError("the outcome on page 1 is not that of the judgement")
    fit = len(decision.red)
    most = min(len(red), model.limits.red_gates)
    listed = [one.id for one in red[:fit]]
    if [one.id for one in decision.red] != listed or not min(1, most) <= fit <= most or decision.red_rest != page1.rest(red[fit:]):
        raise _RefutedError("the red gates on page 1 are not those of the judgement")
    told = page1.notices(model.assessment, model.signer, model.decided, model.title, model.redacted)
    if [*decision.notices] != told[: model.limits.notices] or decision.notices_more != max(0, len(told) - len(decision.notices)):
        raise _RefutedError("the notices on page 1 are not those of the judgement")
    if model.claims != claims.claims(model.assessment, model.limits):
        raise _RefutedError("the claims on the pages are not those of the judgement")
    _people(model)
    for row in model.evidence.rows:
        kept = files.entries.get(row.number)
        if kept is None or kept.entry.body["artifact"]["sha256"] != row.sha256 or kept.entry.body["assurance"] != row.assurance:
            raise _RefutedError(f"evidence {row.number} in the register is not that of the ledger")
    return f"{len(shown)} gates, the counts and the register on the pages are those of the judgement and the ledger"


def _people(model: ReportModel) -> None:
    """Compares what the pages say of approvals, waivers, conditions and overrides with the judgement."""
    shown, assessment, limits = model.decided, model.assessment, model.limits
    about = {row.id: row.about for row in shown.waivers}
    expected = (
        decided.roles(assessment),
        decided.waivers(assessment, about, shown.warn_days)[: limits.waivers],
        decided.conditions(assessment)[: limits.conditions],
    )
    if (shown.roles, shown.waivers, shown.conditions) != expected:
        raise _RefutedError("the approvals, waivers or conditions on the pages are not those of the judgement")
    named = {row.entry for row in shown.overrides if row.state != "past"}
    if len(shown.overrides) < limits.overrides and named != {one.entry for one in assessment.overrides}:
        raise _RefutedError("the overrides on the pages are not those of the judgement")


def _previous(files: _Bundle) -> str:
    previous, consistency, checkpoint = files.model.proof.previous, files.proofs.consistency, files.checkpoint
    if previous is None:
        if consistency is not None:
            raise _RefutedError("proofs.json names a report before, the pages do not")
        return "no report before this one is named"
    before = note.open_note(previous.checkpoint.note, files.verifier)
    if consistency != bundle.consistency_of(previous) or (before.size, before.root.hex()) != (
        previous.checkpoint.size,
        previous.checkpoint.root,
    ):
        raise _RefutedError("the checkpoint of the report before is not the attached one")
    path = [bytes.fromhex(part) for part in previous.proof]
    if not merkle.verify_consistency(before.size, checkpoint.size, before.root, checkpoint.root, path):
        raise _RefutedError(f"the ledger does not extend the one of report {previous.id}")
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


def verify_page(attachments: Mapping[str, bytes], unsigned: bytes) -> Check:
    """Renders the pages again from the attached model, and compares them with the bytes before the signature.

    Args:
        attachments: The files by name.
        unsigned: The file without what signing appended.
    """
    from .audit import fingerprint, render

    name = "page-render"
    try:
        if len(attachments[bundle.MODEL]) > MODEL_LIMIT:
            return Check(name, "not-proven", f"the attached model is larger than {MODEL_LIMIT} bytes")
        model = ReportModel.model_validate(jsontext.loads(attachments[bundle.MODEL]))
        here = fingerprint()
        if dict(model.renderer) != here:
            what = next(key for key in sorted({*here, *model.renderer}) if here.get(key) != model.renderer.get(key))
            detail = f"rendered with {what} {model.renderer.get(what, 'unknown')}, here is {here.get(what, 'none')}"
            return Check(name, "not-proven", detail)
        again = render(model, [bundle.attachment(one, attachments[one]) for one in sorted(attachments)]).content
    except ComplianceError as error:
        return Check(name, "not-proven", f"the pages cannot be rendered here: {error}")
    except (ValidationError, KeyError, ValueError) as error:
        return Check(name, "refuted", f"the attached model cannot be rendered: {type(error).__name__}")
    if again != unsigned:
        return Check(name, "refuted", "the pages are not those that the attached model gives")
    return Check(name, "proven", "rendering the attached model again gives the same bytes")
