"""``compliance explain``: documentation of a gate or kind, and how things stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from .session import Format, Session, print_json

if TYPE_CHECKING:
    from ..documents.judging import ExplainGate, ExplainKind
    from ..gate import Gate
    from ..judgement.needs import Need
    from ..kind import Kind

_FINDINGS = 10
"""Findings that are listed in text."""


def run(
    session: Session,
    id: Annotated[str, typer.Argument(help="Id of a gate such as ALPHA-PF-5, or of a kind such as scan.", show_default=False)],
    format: Format = "text",
) -> int:
    """Explain a gate or a kind of evidence, and what turns it green."""
    from ..configuration import near
    from ..errors import UsageError

    catalog = session.project.catalog
    document: ExplainGate | ExplainKind
    if id in catalog.gates:
        document = _gate(session, catalog.gates[id])
    elif id in catalog.kinds:
        document = _kind(session, catalog.kinds[id])
    else:
        raise UsageError(f"no gate or kind {id!r}{near(id, [*catalog.gates, *catalog.kinds])}", hint="`compliance gates` lists the gates")
    if format == "json":
        print_json(document)
        return 0
    for line in _lines(document):
        print(line)
    return 0


def _gate(session: Session, gate: Gate) -> ExplainGate:
    from ..documents.judging import ExplainGate

    setting = session.project.gates.get(gate.id)
    now, wanted = _now(session, [gate.id])
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
        now=now.get(gate.id),
        needs=None if gate.id not in wanted else list(wanted[gate.id]),
    )


def _now(session: Session, gates: list[str]) -> tuple[dict[str, str], dict[str, tuple[Need, ...]]]:
    """Says how gates stand on the current store, and what each needs; nothing where there is no evidence."""
    from ..errors import NothingToJudgeError
    from ..judgement.judging import case

    asked = [gate for gate in gates if gate in session.project.gates]
    if not session.store_location.exists() or not asked:
        return {}, {}
    try:
        with session.reading() as store:
            found = case(session.project, store, "production")
            assessment = found.judge(found.time, asked)
            wanted = found.needs(assessment)
    except NothingToJudgeError:
        return {}, {}
    said = {one.id: f"{one.verdict.value}{f' ({one.reason.value})' if one.reason else ''}: {one.message}" for one in assessment.gates}
    return said, wanted


def _kind(session: Session, kind: Kind) -> ExplainKind:
    from ..documents.judging import ExplainKind

    gates = [name for name, setting in session.project.gates.items() if kind.id in setting.gate.reads]
    _, wanted = _now(session, gates)
    of_kind = {gate: [one for one in many if kind.id in one.kinds] for gate, many in wanted.items()}
    return ExplainKind(
        id=kind.id,
        title=kind.title,
        binds_to=kind.binds_to.value,
        about=kind.doc.strip(),
        formats={form.name: form.title for form in kind.formats},
        collectors={one.name: one.title for one in kind.collectors},
        needs={gate: many for gate, many in of_kind.items() if many} if wanted else None,
    )


def _lines(document: ExplainGate | ExplainKind) -> Iterator[str]:
    from ..documents.judging import ExplainKind
    from ..plaintext import safe
    from . import table

    yield safe(f"{document.id}  {document.title}")
    rows = []
    for name, value in document:
        if name in ("schema_id", "id", "title", "about", "needs") or value in (None, {}, []):
            continue
        if isinstance(value, dict):
            value = "; ".join(f"{key} = {item}" for key, item in value.items())
        rows.append([name.replace("_", " "), ", ".join(value) if isinstance(value, list) else str(value)])
    if isinstance(document, ExplainKind):
        yield from _about(document.about)
    yield from table.lines([*rows, *_needed(document)], indent=2)


def _about(text: str) -> Iterator[str]:
    """Yields a docstring: its paragraphs wrapped, and what it shows as it is written."""
    from ..plaintext import safe
    from . import table

    for block in text.replace("``", "`").split("\n\n"):
        lines = block.removesuffix("::").rstrip().splitlines()
        if all(line.startswith("    ") for line in lines):
            yield from (safe(line) for line in lines)
        else:
            yield from (f"  {line}" for line in table.wrap(safe(" ".join(lines)), table.width() - 2))
        if lines:
            yield ""


def _needed(document: ExplainGate | ExplainKind) -> Iterator[list[str]]:
    """Yields a row for each thing that is needed, and for each finding of it."""
    wanted = {"needs": document.needs or []} if isinstance(document.needs, list) else document.needs or {}
    for title, many in wanted.items():
        for need in many:
            yield [title, need.text]
            for finding in need.findings[:_FINDINGS]:
                yield ["", f"{finding.severity}  {finding.rule}  {finding.where}  {finding.fingerprint}"]
            if len(need.findings) > _FINDINGS:
                yield ["", f"… {len(need.findings) - _FINDINGS} more (--format json)"]
