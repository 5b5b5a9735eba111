"""The findings of a release: grouped by the database, never loaded as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import case, func, select
from sqlmodel import col

from ..gate import Item
from ..record import Severity
from ..store import Store
from ..store.tables import FindingRow as Row
from .model import FindingGroup, Findings
from .redact import WHOLE, Redaction
from .words import cut, tail

CHUNK: Final = 20_000
"""Rows that are read at a time."""
COLUMNS: Final = tuple(Row.model_fields)
_MESSAGE: Final = 180
_WHERE: Final = 240
_RULE: Final = 100


def findings(store: Store, items: Mapping[int, Item], *, limit: int, redaction: Redaction = WHOLE) -> Findings:
    """Returns the open findings in groups of equal evidence, severity, rule and package, worst first.

    Args:
        store: The store.
        items: The evidence whose findings count, by number.
        limit: Most groups to return.
        redaction: What the copy leaves out.
    """
    totals = _totals(store, items)
    key: list[Any] = [col(Row.evidence), col(Row.severity), col(Row.rule), col(Row.package)]
    rank = case({name.value: position for position, name in enumerate(_ORDER)}, value=col(Row.severity), else_=9)
    first = func.min(Row.number)
    worst = (
        select(*key, func.count(), first, func.count().over())
        .where(col(Row.evidence).in_(items), col(Row.state) == "open")
        .group_by(*key)
        .order_by(rank, func.count().desc(), col(Row.evidence), first)
        .limit(limit)
    )
    found = store.database.query(worst)
    groups = tuple(_group(store, items, row, redaction) for row in found)
    by_severity = {severity: sum(n for (s, state), n in totals.items() if s == severity.value and state == "open") for severity in Severity}
    return Findings(
        open=sum(by_severity.values()),
        suppressed=sum(n for (_, state), n in totals.items() if state != "open"),
        by_severity=by_severity,
        groups=groups,
        groups_total=found[0][-1] if found else 0,
        findings_listed=sum(group.count for group in groups),
        erased=tuple(number for number in sorted(store.erased().keys() & items.keys()) if store.entry(number).body["rows"]["count"]),
    )


_ORDER: Final = (Severity.CRITICAL, Severity.HIGH, Severity.UNKNOWN, Severity.MEDIUM, Severity.LOW, Severity.INFO)
"""Unknown stands before medium: nobody has said that it is harmless."""


def rows(store: Store, evidence: Iterable[int]) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Streams the rows of some evidence in their order, in chunks of `CHUNK`; values are in the order of `COLUMNS`.

    Bulk reading goes through the driver like bulk writing.
    """
    columns: list[Any] = [getattr(Row, name) for name in COLUMNS]
    for number in evidence:
        yield from store.database.chunks(select(*columns).where(col(Row.evidence) == number).order_by(col(Row.number)), CHUNK)


def _totals(store: Store, items: Mapping[int, Item]) -> dict[tuple[str, str], int]:
    key: list[Any] = [Row.severity, Row.state]
    query = select(*key, func.count()).where(col(Row.evidence).in_(items)).group_by(*key)
    return {(severity, state): amount for severity, state, amount in store.database.query(query)}


def _group(store: Store, items: Mapping[int, Item], row: Sequence[Any], redaction: Redaction) -> FindingGroup:
    number, severity, rule, package, amount, first, _ = row
    columns: list[Any] = [Row.path, Row.line, Row.message, Row.fixed_in, Row.package_version]
    query = select(*columns).where(col(Row.evidence) == number, col(Row.number) == first)
    path, line, message, fixed_in, version = store.database.query(query)[0]
    item = items[number]
    where = redaction.text(path if path is None or line is None else f"{path}:{line}", "paths")
    message = redaction.text(message, "code")
    return FindingGroup(
        severity=Severity(severity),
        rule=cut(rule, _RULE),
        package=None if package is None else cut(f"{package} {version}" if version and amount == 1 else package, _RULE),
        tool=cut(item.tool or item.format, 40),
        evidence=number,
        count=amount,
        where=None if where is None else tail(where, _WHERE),
        message=None if message is None else cut(message, _MESSAGE),
        fixed_in=None if fixed_in is None else cut(fixed_in, 60),
    )
