"""Recognises what people signed elsewhere among the files that are ingested, and records it: packets, and decisions as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..decision import STATEMENT
from ..errors import ComplianceError
from ..home import signers
from ..project import Project
from ..record import Json
from ..sign.pdf_verify import MAX_BYTES
from ..source import Source
from ..store import Store
from ..times import now
from .decisionfile import LIMIT

if TYPE_CHECKING:
    from ..decision import Said
    from ..intake import Outcome
    from .receive import Received

KIND: Final = "sign-off"
PACKET: Final = "signed-packet-pdf"
DECISION: Final = "decision-json"
_HEAD: Final = 1024
_MARK: Final = b" as issued by compliance"
"""Part of the reason that `signing.PACKET` signs with: it stands in the file as it is, whatever is escaped or packed around it."""


def form_of(source: Source) -> str | None:
    """Tells whether a file is a packet or a decision, by its content; None for any other."""
    head = bytes(source.data[:_HEAD])
    if b"%PDF-" in head:
        return PACKET if len(source.data) <= MAX_BYTES and source.data.find(_MARK) >= 0 else None
    stated = f'"schema":"{STATEMENT}"'.encode()
    return DECISION if head.startswith(b"{") and stated in bytes(source.data[:LIMIT]) else None


def record(store: Store, project: Project, source: Source, path: Path, named: bool) -> Sequence[Outcome]:
    """Records what is signed in a file; one outcome per signature.

    Args:
        store: The store, open for writing.
        project: Its roles decide who may sign what.
        source: A file for which `form_of` gives a form.
        path: Where it lies.
        named: Whether the user named it.
    """
    from ..intake import Outcome

    form = form_of(source)
    about: dict[str, Any] = {"path": source.name, "kind": KIND, "format": form, "sha256": source.sha256, "named": named}
    try:
        results = _packet(store, project, source) if form == PACKET else _decision(store, project, source, path)
    except ComplianceError as error:
        # A packet that lies about in a folder is no mistake of whoever names the folder.
        return [Outcome(status="refused" if named else "unrecognised", reason=str(error), **about)]
    return [
        Outcome(status=one.status, evidence=one.entry, summary=_summary(one), reason=one.reason and f"{one.field}: {one.reason}", **about)
        for one in results
    ]


def _packet(store: Store, project: Project, source: Source) -> Sequence[Received]:
    from .receive import receive

    return receive(store, project, bytes(source.data), signers(project), now())


def _decision(store: Store, project: Project, source: Source, path: Path) -> Sequence[Received]:
    from .decisionfile import receive

    return receive(store, project, source, path, signers(project), now())


def _summary(one: Received) -> Mapping[str, Json]:
    said = one.said
    return {
        "field": one.field,
        "role": one.role,
        "decision": said.decision if said else None,
        "by": one.by.name if one.by else None,
        "override": said.override if said else None,
        "conditions": len(said.conditions) if said else None,
        **_bound(said),
    }


def _bound(said: Said | None) -> dict[str, Json]:
    return {"packet": said.packet if said else None, "decision_digest": said.decision_digest if said else None}
