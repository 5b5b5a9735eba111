"""Copies of a report for outsiders: what belongs to a privacy class is left out, and the place where it stood says so.

The leaves of the ledger are public and stay as they are, so that a copy verifies against the same root; private values and the keys of
their commitments are left out. Texts that gates and people wrote freely (messages, places, claims, reasons why something does not count)
may quote a value of any class, and the ledger seals them with the assessment: every redacted copy leaves them out, whichever class is
asked for. Verdicts, reasons, numbers and thresholds stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel

from ..assessment import Assessment, Changed, ClaimResult, GateResult, Spot
from ..decision import Condition, Promise, SignOff
from ..errors import UsageError
from ..gate import Gate, Item
from ..judgement.view import Unreadable
from ..record import PRIVACY_CLASSES, Json, PrivacyClass, Private
from ..stand import Stand
from ..waiver import Waiver
from .gates import Threshold, Thresholds
from .words import NONE, observed

MARK: Final = "[redacted]"
"""Stands wherever a text was left out."""
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
"""Names of numbers, as gates write them in code; others may come from the evidence."""
_SHOWN: Final[Mapping[str, Mapping[str, str]]] = {"paths": {"name": MARK}, "people": {"by": MARK}, "code": {}}
"""What stands for the private values of an entry."""

P = TypeVar("P", Condition, Promise)


def read_classes(words: Iterable[str]) -> frozenset[PrivacyClass]:
    """Reads the classes of ``--redact``: several words, or one with commas.

    Raises:
        UsageError: There is no such class.
    """
    asked = [part.strip() for word in words for part in word.split(",")]
    strange = [one for one in asked if one not in get_args(PrivacyClass)]
    if strange:
        raise UsageError(f"--redact {strange[0]!r}; expected {', '.join(PRIVACY_CLASSES)}")
    return frozenset(one for one in PRIVACY_CLASSES if one in asked)


@dataclass(frozen=True)
class Redaction:
    """What a copy leaves out.

    Args:
        classes: The privacy classes; none for a full report.
        gates: The gates by id, whose documentation says how to fix them.
    """

    classes: frozenset[PrivacyClass] = frozenset()
    gates: Mapping[str, Gate] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return bool(self.classes)

    def text(self, value: str | None, of: PrivacyClass | None = None) -> str | None:
        """Returns a text, or the mark if its class is left out; one of no class is left out of every redacted copy."""
        hidden = bool(self.classes) if of is None else of in self.classes
        return MARK if hidden and value else value

    def private(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the private values of an entry by class, as far as they stay."""
        return {name: _SHOWN[name] if name in self.classes else value for name, value in values.items()}

    def item(self, item: Item) -> Item:
        """Returns a piece of evidence with marks for what is left out. Its place in a slot is not that of the original."""
        if not self:
            return item
        payload = item.payload if isinstance(item.payload, Unreadable) else _without(item.payload, self.classes)
        return replace(item, name=self.text(item.name, "paths") or "", payload=payload)

    def thresholds(self, asked: Thresholds) -> Thresholds:
        """Returns what gates ask, with numbers only."""
        if not self:
            return asked
        return {name: Threshold({key: numbers(value) for key, value in one.params.items()}, one.bounds) for name, one in asked.items()}

    def assessment(self, whole: Assessment) -> Assessment:
        """Returns a judgement as the copy shows it; one that is redacted already stays as it is."""
        if not self:
            return whole
        return whole.model_copy(
            update={
                "profile_by": self.text(whole.profile_by, "people"),
                "gates": tuple(self._gate(one) for one in whole.gates),
                "changed": tuple(self._changed(one) for one in whole.changed),
                "waivers": tuple(self._waiver(one) for one in whole.waivers),
                "conditions": tuple(self._promise(one) for one in whole.conditions),
                "roles": tuple(self._stand(one) for one in whole.roles),
            }
        )

    def _gate(self, gate: GateResult) -> GateResult:
        known = self.gates.get(gate.id)
        seen, limit = numbers(gate.observed), numbers(gate.threshold)
        words = observed(seen, limit)
        return gate.model_copy(
            update={
                "message": MARK if words == NONE else f"{MARK}; observed: {words}",
                "observed": seen,
                "threshold": limit,
                "places": (Spot(where=MARK),) if gate.places else (),
                "claims": tuple(_claim(one) for one in gate.claims),
                "fix": MARK if known is None else known.doc.fix,
            }
        )

    def _changed(self, one: Changed) -> Changed:
        return one.model_copy(
            update={
                "default": numbers(one.default),
                "value": numbers(one.value),
                "reason": self.text(one.reason),
                "by": self.text(one.by, "people"),
            }
        )

    def _waiver(self, one: Waiver) -> Waiver:
        people = {name: self.text(getattr(one, name), "people") for name in ("requested_by", "approved_by", "revoked_by")}
        texts = {"reason": self.text(one.reason, "code"), "controls": self.text(one.controls, "code")}
        others = {"finding": self.text(one.finding, "paths"), "defect": self.text(one.defect), "why": self.text(one.why)}
        return one.model_copy(update={**people, **texts, **others})

    def _promise(self, one: P) -> P:
        return one.model_copy(update={"text": self.text(one.text, "code"), "owner": self.text(one.owner, "people")})

    def _stand(self, stand: Stand) -> Stand:
        return stand.model_copy(
            update={name: tuple(self.sign_off(one) for one in getattr(stand, name)) for name in ("approvals", "rejections", "void")}
        )

    def sign_off(self, one: SignOff) -> SignOff:
        """Returns what somebody decided, as the copy shows it."""
        if not self:
            return one
        people = {name: self.text(getattr(one, name), "people") for name in ("by", "key", "to")}
        rest = {"reason": self.text(one.reason, "code"), "defect": self.text(one.defect)}
        return one.model_copy(update={**people, **rest, "conditions": tuple(self._promise(given) for given in one.conditions)})


WHOLE: Final = Redaction()
"""Leaves nothing out."""


def numbers(value: Json) -> Json:
    """Returns what of a value are numbers, and the mark for texts: those may be quoted from the evidence, and so may names."""
    if isinstance(value, Mapping):
        return {key if _NAME.fullmatch(str(key)) else f"{MARK} {n}": numbers(one) for n, (key, one) in enumerate(value.items(), 1)}
    if isinstance(value, (list, tuple)):
        return [numbers(one) for one in value]
    return MARK if isinstance(value, str) else value


def _claim(claim: ClaimResult) -> ClaimResult:
    return claim.model_copy(update={"text": MARK, "where": MARK, "found": MARK})


def _without(value: Any, classes: frozenset[PrivacyClass]) -> Any:
    """Returns a payload with marks for its private fields, nothing for private lists, and all else as it is."""
    if isinstance(value, BaseModel):
        found = {}
        for name, info in type(value).model_fields.items():
            mark = next((one for one in info.metadata if isinstance(one, Private)), None)
            hidden = mark is not None and mark.privacy_class in classes
            found[name] = _nothing(getattr(value, name)) if hidden else _without(getattr(value, name), classes)
        return value.model_copy(update=found)
    if isinstance(value, (list, tuple)):
        return type(value)(_without(one, classes) for one in value)
    if isinstance(value, Mapping):
        return {key: _without(one, classes) for key, one in value.items()}
    return value


def _nothing(value: Any) -> Any:
    if isinstance(value, str):
        return MARK if value else value
    if isinstance(value, (list, tuple, Mapping)):
        return type(value)()
    return None
