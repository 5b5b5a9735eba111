"""``compliance show``: one entry of the ledger, whole."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .session import Format, Session, print_json

if TYPE_CHECKING:
    from ..documents.proving import ShowDocument

ROWS = 20


def run(
    session: Session,
    entry: Annotated[int, typer.Argument(min=0, help="Number of the entry.")],
    raw: Annotated[bool, typer.Option("--raw", help="Write the kept artifact of a piece of evidence to stdout, byte for byte.")] = False,
    format: Format = "text",
) -> int:
    """Show one entry of the ledger."""
    from msgspec import to_builtins

    from ..documents.proving import ShowDocument

    with session.reading() as store:
        found = store.entry(entry)
        if raw:
            artifact = store.evidence_of(entry).entry.body["artifact"]["sha256"]
            for piece in store.artifact(artifact):
                sys.stdout.buffer.write(piece)
            return 0
        evidence = found.type == "evidence"
        document = ShowDocument(
            entry=entry,
            leaf=found.body,
            private=store.private(entry),
            payload=store.evidence_of(entry).payload if evidence else None,
            findings=[to_builtins(one) for one in store.findings(entry, limit=ROWS, open_only=True)] if evidence else None,
        )
    if format == "json":
        print_json(document)
        return 0
    for line in _lines(document):
        print(line)
    return 0


def _lines(document: ShowDocument) -> list[str]:
    from . import table

    made = []
    for title, part in (("leaf", document.leaf), ("private", document.private), ("payload", document.payload)):
        if part:
            made += [title, *table.lines(list(_flat("", part)), indent=2), ""]
    rows = [
        [
            one["severity"],
            one["rule"],
            one["fingerprint"],
            f"{one.get('path') or ''}:{one.get('line') or ''}".strip(":"),
            one.get("message") or "",
        ]
        for one in document.findings or ()
    ]
    if rows:
        header = ["SEVERITY", "RULE", "FINGERPRINT", "WHERE", "WHAT"]
        made += [f"worst findings, at most {ROWS}", *table.lines(rows, header=header, indent=2)]
    return made


def _flat(prefix: str, value: Any) -> Any:
    """Yields (dotted name, value) of a nested document."""
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else name, item)
    elif isinstance(value, list) and value and isinstance(value[0], (dict, list)):
        for number, item in enumerate(value):
            yield from _flat(f"{prefix}.{number}", item)
    else:
        yield prefix, "-" if value is None or value == {} else str(value)
