"""``compliance explain``: documentation of a gate or kind, and how things stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from .session import Format, Session, print_json

if TYPE_CHECKING:
    from ..documents import ExplainGate, ExplainKind
    from ..gate import Gate
    from ..kind import Kind


def run(
    session: Session,
    id: Annotated[str, typer.Argument(help="Id of a gate such as ALPHA-PF-5, or of a kind such as scan.", show_default=False)],
    format: Format = "text",
) -> int:
    """Explain a gate or a kind of evidence, and what would turn it green."""
    from ..errors import UsageError
    from ..project import near

    catalog = session.project.catalog
    document: ExplainGate | ExplainKind
    if id in catalog.gates:
        document = _gate(session, catalog.gates[id])
    elif id in catalog.kinds:
        document = _kind(catalog.kinds[id])
    else:
        raise UsageError(f"no gate or kind {id!r}{near(id, [*catalog.gates, *catalog.kinds])}")
    if format == "json":
        print_json(document)
        return 0
    for line in _lines(document):
        print(line)
    return 0


def _gate(session: Session, gate: Gate) -> ExplainGate:
    from ..documents import ExplainGate

    setting = session.project.gates.get(gate.id)
    thresholds = setting.params.model_dump(mode="json", by_alias=True) if setting else {}
    return ExplainGate(
        id=gate.id,
        title=gate.statement,
        framework=gate.framework,
        principle=gate.principle,
        required=setting.required if setting else gate.required,
        reads=list(gate.reads),
        thresholds=thresholds,
        asks=gate.doc.asks,
        why=gate.doc.why,
        evidence=gate.doc.evidence,
        fix=gate.doc.fix,
        maps_to=gate.doc.maps_to,
        now=_now(session, gate.id),
    )


def _now(session: Session, gate_id: str) -> str | None:
    """Says how the gate stands on the current store."""
    from ..errors import NothingToJudgeError
    from ..judging import judge

    if not session.store_path.exists() or gate_id not in session.project.gates:
        return None
    try:
        with session.reading() as store:
            assessment, _ = judge(session.project, store, "production", None, [gate_id])
    except NothingToJudgeError:
        return None
    result = assessment.result(gate_id)
    reason = f" ({result.reason.value})" if result.reason else ""
    return f"{result.verdict.value}{reason}: {result.message}"


def _kind(kind: Kind) -> ExplainKind:
    from ..documents import ExplainKind

    return ExplainKind(
        id=kind.id,
        title=kind.title,
        binds_to=kind.binds_to.value,
        about=kind.doc.strip(),
        formats={form.name: form.title for form in kind.formats},
        collectors={one.name: one.title for one in kind.collectors},
    )


def _lines(document: ExplainGate | ExplainKind) -> Iterator[str]:
    from ..plaintext import safe
    from . import table

    yield safe(f"{document.id}  {document.title}")
    rows = []
    for name, value in document:
        if name in ("schema_id", "id", "title") or value in (None, {}, []):
            continue
        if isinstance(value, dict):
            value = "; ".join(f"{key} = {item}" for key, item in value.items())
        rows.append([name.replace("_", " "), ", ".join(value) if isinstance(value, list) else str(value)])
    yield from table.lines(rows, indent=2)
