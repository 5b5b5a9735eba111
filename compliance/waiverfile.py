"""Waivers that teams keep in YAML files of their own: read as requests, with their defects named.

No such file approves anything: whoever it names as approver has not signed. The file is a list of mappings, alone or under ``waivers``,
``exceptions`` or ``exemptions``; keys in any of the spellings below, with ``-``, ``_`` or in camel case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from .configuration import near
from .errors import InputError
from .project import GateSetting
from .record import Json, shorten
from .source import Source, parse_time
from .times import rfc3339

if TYPE_CHECKING:
    from .store import Store

_LISTS: Final = ("waivers", "exceptions", "exemptions")
_KEYS: Final = {
    "gate": ("gate", "gateid", "control", "controlid", "check"),
    "finding": ("finding", "fingerprint", "findingid"),
    "findings": ("findings", "fingerprints"),
    "reason": ("reason", "justification", "rationale", "statement", "description"),
    "controls": ("controls", "compensatingcontrols", "compensatingcontrol", "mitigation", "mitigations"),
    "by": ("requestedby", "requester", "owner", "author", "createdby"),
    "approver": ("approvedby", "approver", "approvers"),
    "expires": ("expires", "expiresat", "expiry", "expirydate", "expiration", "until", "validuntil", "expiredat"),
}
_ENTRY_LIMIT: Final = 10_000
FINDINGS_LIMIT: Final = 10_000
"""Findings of one baseline, at most."""


@dataclass
class FiledWaiver:
    """One waiver of a file."""

    gate: str | None
    finding: str | None
    reason: str
    controls: str
    by: str | None
    expires_at: datetime | None
    findings: tuple[str, ...] = ()
    """Of a baseline (`baseline`)."""
    defects: list[str] = field(default_factory=list)
    usable: bool = True
    """Whether it can be recorded as a request at all."""

    @property
    def target(self) -> str:
        """What it is for, in words."""
        if self.findings:
            return f"a baseline of {len(self.findings)} findings"
        return self.gate or (f"finding {self.finding[:12]}" if self.finding else "(nothing)")

    def refuse(self, defect: str) -> None:
        """Notes a defect that leaves nothing to record."""
        self.defects.append(defect)
        self.usable = False


def read(source: Source, gates: Mapping[str, GateSetting], store: Store, at: datetime) -> Iterator[FiledWaiver]:
    """Reads a file's waivers.

    Args:
        source: The file.
        gates: The gates that the project asks.
        store: Tells which findings are known.
        at: The time; what ended before is named as expired.

    Raises:
        InputError: It is no list of waivers.
    """
    document = source.yaml
    if isinstance(document, dict):
        document = next((document[name] for name in _LISTS if name in document), document)
    if not isinstance(document, list) or len(document) > _ENTRY_LIMIT or not all(isinstance(one, dict) for one in document):
        raise InputError("no list of waivers", expected=f"a list, alone or under {', '.join(_LISTS)}", source=source.name)
    for one in document:
        yield _waiver(one, gates, store, at)


def _waiver(entry: Mapping[Any, Json], gates: Mapping[str, GateSetting], store: Store, at: datetime) -> FiledWaiver:
    words = {_plain(key): value for key, value in entry.items()}
    said = {name: next((words[key] for key in keys if words.get(key) is not None), None) for name, keys in _KEYS.items()}
    found = FiledWaiver(
        gate=_text(said["gate"]),
        finding=_text(said["finding"]),
        findings=_fingerprints(said["findings"]),
        reason=_text(said["reason"]) or "",
        controls=_text(said["controls"]) or "",
        by=_text(said["by"]),
        expires_at=parse_time(said["expires"]) if isinstance(said["expires"], str) else None,
    )
    _judge_target(found, gates, store)
    if not found.reason:
        found.refuse("no reason")
    if not found.controls:
        found.refuse("no compensating controls")
    _judge_expiry(found, said["expires"], at)
    approver = _text(said["approver"])
    found.defects.append(f"approved by {approver} without a signature: it counts as requested" if approver else "no approver")
    return found


def _judge_target(found: FiledWaiver, gates: Mapping[str, GateSetting], store: Store) -> None:
    targets = [bool(found.gate), bool(found.finding), bool(found.findings)]
    if sum(targets) != 1:
        found.refuse("for a gate and a finding at once" if any(targets) else "for neither a gate nor a finding")
    elif len(found.findings) > FINDINGS_LIMIT:
        found.refuse(f"{len(found.findings)} findings; at most {FINDINGS_LIMIT} in one waiver")
    elif found.findings:
        unknown = len(found.findings) - len(store.known_fingerprints(found.findings))
        if unknown:
            found.defects.append(
                f"{unknown} of {len(found.findings)} findings are unknown: no evidence in the store has their fingerprints"
            )
    elif found.gate is not None and found.gate not in gates:
        found.refuse(f"unknown gate {found.gate}{near(found.gate, gates)}")
    elif found.gate is not None and not gates[found.gate].gate.waivable:
        found.refuse(f"{found.gate} can never be waived")
    elif found.finding is not None and not store.has_finding(found.finding):
        found.defects.append("unknown finding: no evidence in the store has this fingerprint")


def _judge_expiry(found: FiledWaiver, said: Json, at: datetime) -> None:
    if said is None:
        found.refuse("no expiry")
    elif found.expires_at is None:
        found.refuse(f"expiry {shorten(str(said), 40)!r}: expected a time with zone such as 2026-01-31T12:00:00Z")
    elif found.expires_at <= at:
        found.refuse(f"expired at {rfc3339(found.expires_at)}")


def _fingerprints(value: Json) -> tuple[str, ...]:
    names = value if isinstance(value, list) else ()
    return tuple(dict.fromkeys(str(one) for one in names if isinstance(one, (str, int))))


def _plain(key: object) -> str:
    return re.sub(r"[^a-z]", "", str(key).lower())


def _text(value: Json) -> str | None:
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = "; ".join(str(one) for one in value)
    return (shorten(str(value).strip()) or None) if isinstance(value, (str, int)) else None
