"""One inspection of a signed PDF, check by check; the values and the reasons are in `compliance.sign.pdf_verify`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from ._container import Container, covered_by
from ._dss import read_validation_data
from ._limits import unpacked_size
from ._signatures import own_signature, read_later, read_own, require_own_token, require_usable
from ._structure import FoundSignature, Structure
from ._updates import updates_since
from .checks import Check
from .cms import CmsParts, digest_of, verifies
from .pdf import TIMESTAMP_FIELD
from .pdf_verify import CHECKS, FieldSignature, SignedPdf

_MARK: Final = b"/ByteRange"
_LEVELS: Final = ("B-B", "B-T", "B-LT", "B-LTA")
_PADES: Final = "/ETSI.CAdES.detached"
_FORM_FILLING: Final = 2  # DocMDP level of ISO 32000-1 table 254: filling in forms and signing, nothing else


class _RefutedError(Exception):
    """A check found something else than it should."""


class _UnprovenError(Exception):
    """A check cannot be made yet."""


class Inspection:
    """One run of all checks; each needs what those before it found, and is ``not-proven`` if they found nothing."""

    def __init__(self, pdf: bytes, field_name: str, max_bytes: int) -> None:
        self._pdf = pdf
        self._field_name = field_name
        self._max_bytes = max_bytes
        self._checks: list[Check] = []
        self._made = SignedPdf(())

    def run(self) -> SignedPdf:
        """Runs every check in the order of `CHECKS`."""
        if self._attempt("size-limits", self._size_limits) and self._attempt("signature-present", self._find):
            self._examine()
        done = {check.name: check for check in self._checks}
        skipped = "an earlier check left nothing to look at"
        return replace(self._made, checks=tuple(done.get(name) or Check(name, "not-proven", skipped) for name in CHECKS))

    def _attempt(self, name: str, check: Callable[[], str]) -> bool:
        try:
            detail = check()
        except _RefutedError as refuted:
            self._checks.append(Check(name, "refuted", str(refuted)))
        except _UnprovenError as unproven:
            self._checks.append(Check(name, "not-proven", str(unproven)))
        except Exception as error:
            # pyHanko and asn1crypto raise a dozen unrelated types on broken input, so every one means the same.
            found = " ".join(str(error).split())[:200]
            self._checks.append(Check(name, "refuted", found if isinstance(error, ValueError) else f"{type(error).__name__}: {found}"))
        else:
            self._checks.append(Check(name, "proven", detail))
            return True
        return False

    def _size_limits(self) -> str:
        if len(self._pdf) > self._max_bytes:
            raise _RefutedError(f"{len(self._pdf)} bytes; at most {self._max_bytes} are read")
        unpacked = unpacked_size(self._pdf, limit=self._max_bytes)
        if unpacked is None:
            raise _RefutedError(f"its streams unpack to more than {self._max_bytes} bytes")
        return f"{len(self._pdf)} bytes, {unpacked} in its streams"

    def _find(self) -> str:
        position = self._pdf.find(_MARK)
        if position < 0:
            raise _RefutedError("the file carries no signature")
        return f"found at byte {position}"

    def _examine(self) -> None:
        """Runs the checks that need a parsed file."""
        if not self._attempt("structure", self._parse):
            return
        self._attempt("attachments", self._attached)
        if not self._attempt("signature-field", self._first):
            return
        self._attempt("certification", self._certification)
        self._attempt("later-revisions", self._later_revisions)
        if not self._attempt("coverage", self._coverage):
            return
        if self._attempt("signature-encoding", self._encoding):
            self._attempt("document-digest", self._digest)
            self._attempt("signature-value", self._value)
            self._attempt("signature-level", self._level)
            self._attempt("certificate", self._certificate)
        self._attempt("later-signatures", self._later_signatures)

    def _parse(self) -> str:
        self._structure: Structure = Structure(self._pdf)
        ends = [one.end for one in self._structure.revisions]
        self._made = replace(self._made, unsigned_length=ends[0])
        if ends[-1] != len(self._pdf):
            raise _RefutedError(f"{len(self._pdf) - ends[-1]} bytes follow the end of the last revision")
        updates = f"{len(ends) - 1} updates" if len(ends) > 2 else "one update"
        return f"{ends[0]} bytes of document, {len(self._pdf) - ends[0]} bytes in {updates}"

    def _first(self) -> str:
        signatures = self._structure.signatures
        if not signatures:
            raise _RefutedError("no field is signed")
        self._own: FoundSignature = signatures[0]
        if self._own.field != self._field_name:
            raise _RefutedError(f"the first signature is in the field {self._own.field}, expected {self._field_name}")
        if self._own.is_timestamp or self._own.sub_filter != _PADES:
            raise _RefutedError(f"signature of the kind {self._own.sub_filter}, expected {_PADES}")
        if self._own.signed_at is None:
            raise _RefutedError("the signature does not say when it was made")
        if len(signatures) > 1 and signatures[1].revision == self._own.revision:
            raise _RefutedError("two fields were signed at once")
        fields = self._structure.fields(self._own.revision)
        length = self._structure.revisions[self._own.revision].end
        prepared = tuple(sorted(fields - {self._field_name, TIMESTAMP_FIELD}))
        self._made = replace(self._made, prepared=prepared, certified_length=length)
        return f"{self._field_name}, signed at {self._own.signed_at.isoformat()}"

    def _certification(self) -> str:
        permission = self._structure.certification(self._field_name)
        if permission != _FORM_FILLING:
            raise _RefutedError(f"the certification allows changes of level {permission}; expected {_FORM_FILLING}")
        return "certified; only form filling and further signatures are allowed"

    def _later_revisions(self) -> str:
        updates = updates_since(self._structure, self._own.revision)
        data = read_validation_data(self._structure.at(len(self._structure.revisions) - 1))
        self._made = replace(self._made, updates=updates, validation_data=data)
        if updates and updates[-1].kind == "form":
            raise _RefutedError(f"nobody signed what was filled in last: {', '.join(updates[-1].fields)}")
        return "; ".join(str(one) for one in updates) or "none"

    def _coverage(self) -> str:
        revisions = self._structure.revisions
        self._containers: dict[str, Container] = {
            one.field: covered_by(self._pdf, one, revisions[one.revision]) for one in self._structure.signatures
        }
        last = self._structure.signatures[-1]
        covered, after = self._containers[last.field].covered, len(revisions) - 1 - last.revision
        if covered == len(self._pdf):
            return f"{len(self._pdf)} bytes, all but the signatures"
        unsigned = [one.kind for one in self._made.updates if one.revision > last.revision]
        if unsigned != ["validation-data"] * after or not after:
            raise _RefutedError(f"the last signature covers {covered} of {len(self._pdf)} bytes")
        return f"{covered} of {len(self._pdf)} bytes; the rest is data for validation, which nobody signed"

    def _encoding(self) -> str:
        if self._own.level is None:
            raise _RefutedError("the signature does not say that this toolkit made it")
        container = self._containers[self._field_name]
        content = container.content(self._pdf)
        self._parts: CmsParts = read_own(content)
        self._made = replace(self._made, certification=own_signature(self._own, container, self._parts))
        return f"{len(content)} bytes, and {(container.end - container.start) // 2 - 1 - len(content)} zeros"

    def _digest(self) -> str:
        name = digest_of(self._parts)
        container = self._containers[self._field_name]
        found = container.digest(self._pdf, name)
        if found != self._parts.document_digest:
            raise _RefutedError(f"the file has {found.hex()}, signed was {self._parts.document_digest.hex()}")
        return f"{name}:{found.hex()}"

    def _value(self) -> str:
        verifies(self._parts)
        return f"made with the key of {self._made.subject}"

    def _level(self) -> str:
        level, made = str(self._own.level).removeprefix("/"), self._made.certification
        token = None if made is None else made.token
        if level not in _LEVELS or (level == "B-B") != (token is None):
            raise _RefutedError(f"the signature promises the level {level}, and carries {'no' if token is None else 'a'} timestamp")
        if token is not None:
            token.require(self._parts.signature)
            require_own_token(token, read_validation_data(self._structure.at(self._own.revision)))
        if level != "B-LTA":
            return level
        if any(one.field == TIMESTAMP_FIELD and one.is_timestamp for one in self._structure.signatures):
            return "B-LTA, closed by a document timestamp"
        if self._made.prepared:
            raise _UnprovenError("the document timestamp that will close the document is still to come")
        raise _RefutedError("the document timestamp that the signature promises is missing")

    def _certificate(self) -> str:
        assert self._made.certification is not None  # noqa: S101 (set by the encoding check, without which this one does not run)
        return require_usable(self._made.certification)

    def _later_signatures(self) -> str:
        found = [one for one in self._structure.signatures if one is not self._own]
        self._made = replace(self._made, later=tuple(self._later(one) for one in found))
        return "; ".join(f"{one.field}: {one.subject}" for one in self._made.later) or "none"

    def _later(self, found: FoundSignature) -> FieldSignature:
        data = read_validation_data(self._structure.at(found.revision))
        return read_later(self._pdf, found, self._containers[found.field], data)

    def _attached(self) -> str:
        self._made = replace(self._made, attachments=MappingProxyType(self._structure.attachments()))
        return f"{len(self._made.attachments)} files"
