"""The digests that a judgement is known by: of what judged, and of what was decided."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from .. import __version__
from ..assessment import GateResult
from ..configuration import Document
from ..gate import Item
from ..kind import Kind
from ..point import Point
from ..project import GateSetting
from ..record import Json, digest, sha256_hex
from ..subject import Subject
from ..times import rfc3339
from ..waiver import Waiver
from .view import Unreadable, View

_ENGINE: Final = (
    "decision",
    "gate",
    "judgement.admission",
    "judgement.assessing",
    "judgement.inputs",
    "judgement.judge",
    "judgement.view",
    "outcome",
    "role",
    "stand",
    "subject",
    "verdict",
    "waiver",
)
"""Modules of the engine whose code decides."""


def policy(settings: Iterable[GateSetting], at: Point, document: Document, kinds: Mapping[str, Kind]) -> dict[str, Json]:
    """Returns what judges: code of gates, kinds and engine, parameters, versions, point, profile, and the facts that gates are told.

    Its digest is the policy digest. A report carries it whole, so that a reader can say what differs where he would judge otherwise.

    Args:
        settings: The gates that are asked.
        at: The decision point.
        document: The configuration.
        kinds: The kinds that are installed: payloads are read back, and told to say enough or not, by their code.
    """
    table, waivers, settings = document.project, document.waivers, tuple(settings)
    read = sorted({name for setting in settings for name in setting.gate.reads if name in kinds})
    return {
        "version": __version__,
        "engine": {name: _code_digest(f"compliance.{name}") for name in _ENGINE},
        "gates": {setting.gate.id: _asked(setting) for setting in settings},
        "kinds": {name: _code_digest(kinds[name].payload.__module__) for name in read},
        "point": {"name": at.name, "like": at.like, "gates": list(at.gates), "environment": at.environment},
        "profile": table.profile,
        "project": {"release_branch": table.release_branch, "environments": list(table.environments)},
        "waivers": {"most": waivers.most, "longest": waivers.longest, "total_days": waivers.total_days},
    }


def _asked(setting: GateSetting) -> dict[str, Json]:
    return {
        "code": _package_digest(setting.gate.package),
        "params": setting.params.model_dump(mode="json"),
        "required": setting.required,
        "max_age_s": None if setting.max_age is None else int(setting.max_age.total_seconds()),
        "min_assurance": setting.gate.min_assurance.value,
        "declared": setting.declared,
    }


@cache
def _package_digest(package: str) -> str:
    """Returns the digest of all Python files of a package."""
    found = sys.modules.get(package)
    if found is None or not found.__file__:
        return ""
    root = Path(found.__file__).parent
    return digest({str(path.relative_to(root)): sha256_hex(path.read_bytes()) for path in sorted(root.rglob("*.py"))})


@cache
def _code_digest(module: str) -> str:
    """Returns the digest of one module's source."""
    found = sys.modules.get(module)
    return sha256_hex(Path(found.__file__).read_bytes()) if found is not None and found.__file__ else ""


def decision_digest(subject: Subject, at: Point, policy: str, results: Sequence[GateResult], view: View, waivers: Sequence[Waiver]) -> str:
    """Returns the digest that approvals bind to: it does not change when the same result is collected again.

    Args:
        subject: What is judged.
        at: The decision point.
        policy: Digest of what judged.
        results: All gates but those that read sign-offs.
        view: The evidence.
        waivers: As they stand.
    """
    artifacts = {item.entry: item for many in view.items.values() for item in many}
    gates = {
        result.id: {
            "verdict": result.verdict.value,
            "reason": result.reason.value if result.reason else None,
            "evidence": sorted(_content_digest(artifacts[entry]) for entry in result.evidence if entry in artifacts),
        }
        for result in results
    }
    active = [{"id": one.id, "target": one.target, "expires_at": rfc3339(one.expires_at)} for one in waivers if one.active]
    return digest({"subject": subject.model_dump(mode="json"), "point": at.name, "policy": policy, "gates": gates, "waivers": active})


_CLOCKS: Final = frozenset({"first", "last", "duration_s", "reviewed_at"})


def _content_digest(item: Item) -> str:
    payload = item.payload
    if isinstance(payload, Unreadable):
        return digest({"unreadable": payload.why})
    return digest(payload.model_dump(mode="json", exclude=set(_CLOCKS)))
