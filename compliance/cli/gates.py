"""``compliance gates``: the gates that apply, and what evidence they have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from .session import Base, Format, Session, print_json

if TYPE_CHECKING:
    from ..documents.judging import GatesDocument


def run(
    session: Session,
    point: Annotated[str, typer.Option(envvar="COMPLIANCE_POINT", help="Decision point.")] = "production",
    coverage: Annotated[bool, typer.Option("--coverage", help="Show gates without evidence, and evidence that no gate reads.")] = False,
    base: Base = None,
    format: Format = "text",
) -> int:
    """List the gates that apply."""
    session = session.at_base(base)
    document = _document(session, point, coverage)
    if format == "json":
        print_json(document)
        return 0
    for line in _coverage(document) if coverage else _gates(document):
        print(line)
    return 0


def _document(session: Session, point: str, coverage: bool) -> GatesDocument:
    from ..documents.judging import AppliedGate, GatesDocument, UnreadEvidence
    from ..gate import VIEWS
    from ..judgement.judging import case
    from ..times import show_span

    project = session.project
    at, kinds = project.point(point), project.catalog.kinds
    held: dict[str, list[int]] = {}
    names: dict[int, str] = {}
    if coverage and session.store_location.exists():
        with session.reading() as store:
            for kind, items in case(project, store, point).view.items.items():
                held[kind] = [item.entry for item in items]
                names |= {item.entry: f"{item.format} {item.name}".strip() for item in items}
    asked = [setting for setting in project.gates.values() if at.asks(setting.gate, kinds)]
    read = {kind for setting in asked for kind in setting.gate.reads}
    return GatesDocument(
        point=point,
        left_out=len(project.gates) - len(asked),
        gates=[
            AppliedGate(
                id=setting.gate.id,
                framework=setting.gate.framework,
                title=setting.gate.statement,
                required=setting.required,
                reads=list(setting.gate.reads),
                max_age=show_span(setting.max_age) if setting.max_age else None,
                declared=setting.declared,
                evidence=sorted(number for kind in setting.gate.reads for number in held.get(kind, ())) if coverage else None,
                needs_evidence=any(kind not in VIEWS for kind in setting.gate.reads),
            )
            for setting in asked
        ],
        unread=[UnreadEvidence(entry=n, kind=kind, name=names[n]) for kind in sorted(held.keys() - read) for n in held[kind]]
        if coverage
        else None,
    )


def _gates(document: GatesDocument) -> Iterator[str]:
    from . import table

    rows = [[one.id, "required" if one.required else "advisory", ", ".join(one.reads), one.title] for one in document.gates]
    yield from table.lines(rows, header=["GATE", "", "READS", "STATEMENT"])
    if document.left_out:
        yield f"{document.left_out} gates are not asked at point {document.point}"


def _coverage(document: GatesDocument) -> Iterator[str]:
    from . import table

    bare = [one for one in document.gates if one.needs_evidence and not one.evidence and not one.declared]
    rows = [[one.id, "required" if one.required else "advisory", " or ".join(one.reads), one.title] for one in bare]
    yield f"{len(bare)} of {len(document.gates)} gates have no evidence"
    yield from table.lines(rows, header=["GATE", "", "NEEDS", "STATEMENT"], indent=2)
    unread = document.unread or []
    yield f"{len(unread)} pieces of evidence are read by no gate at this point"
    yield from (
        table.lines([[f"#{one.entry}", one.kind, one.name] for one in unread], header=["NO", "KIND", "NAME"], indent=2) if unread else ()
    )
