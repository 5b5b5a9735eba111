"""What holds of every statement, whatever bytes it was read from; and what is done with bytes, as ingest does it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

from compliance.catalog import shipped
from compliance.errors import InputError
from compliance.kind import Format, Kind
from compliance.record import Parsed
from compliance.source import Source
from tests.evidence.helpers import mask


def read(data: bytes, formats: Iterable[tuple[Kind, Format]]) -> int:
    """Asks formats whether they claim these bytes, and reads them with those that do.

    Returns:
        How many statements were read. A refusal is none; anything else that is raised is a finding.
    """
    source = Source("fuzzed", data)
    return sum(_statements(kind, form, source) for kind, form in formats if _claims(form, source))


def forms(names: Iterable[str] = ()) -> list[tuple[Kind, Format]]:
    """Returns the formats ``kind format`` of the shipped catalog, or all of them."""
    wanted = set(names)
    found = [(kind, form) for kind in shipped().kinds.values() for form in kind.formats]
    return [(kind, form) for kind, form in found if not wanted or f"{kind.id} {form.name}" in wanted]


def _claims(form: Format, source: Source) -> bool:
    try:
        return form.recognise(source)
    except InputError:
        return False


def _statements(kind: Kind, form: Format, source: Source) -> int:
    try:
        clean = form.redact(source, mask) if form.redact else None
        statements = form.read(source if clean is None else Source(source.name, clean))
    except InputError as error:
        assert error.reason.strip()
        return 0
    for parsed in statements:
        assert isinstance(parsed.payload, kind.payload)
        check(kind.id, parsed)
    return len(statements)


def check(kind_id: str, parsed: Parsed) -> None:
    """Fails when the numbers of a statement cannot all be true."""
    summary = parsed.payload.summary()
    text = json.dumps(summary, allow_nan=False)
    text.encode()
    _counts_are_no_less_than_0(summary)
    if kind_id in _CHECKS:
        _CHECKS[kind_id](parsed, summary)


def _counts_are_no_less_than_0(value: Any) -> None:
    if isinstance(value, dict):
        for inner in value.values():
            _counts_are_no_less_than_0(inner)
    elif isinstance(value, (int, float)):
        assert value >= 0, value
        assert math.isfinite(value), value


def _scan(parsed: Parsed, said: dict[str, Any]) -> None:
    assert sum(said["by_severity"].values()) == said["total"]
    listed = sum(1 for one in parsed.findings if one.state == "open")
    assert listed <= said["total"]


def _tests(_: Parsed, said: dict[str, Any]) -> None:
    assert said["passed"] + said["failed"] + said["errors"] + said["skipped"] == said["tests"]
    assert said["flaky"] <= said["tests"]


def _coverage(_: Parsed, said: dict[str, Any]) -> None:
    assert said["lines_covered"] <= said["lines_total"]
    assert (said["branches_covered"] is None) == (said["branches_total"] is None)
    assert (said["branches_covered"] or 0) <= (said["branches_total"] or 0)


def _load_test(_: Parsed, said: dict[str, Any]) -> None:
    if said["requests"] is not None and said["failed"] is not None:
        assert said["failed"] <= said["requests"]
    assert said["error_rate"] is None or said["error_rate"] <= 1
    times = [said[name] for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms") if said[name] is not None]
    assert all(low <= high * 1.06 + 0.5 for low, high in pairwise(times)), times  # Locust rounds percentiles, and not the maximum


def _audit_log(parsed: Parsed, said: dict[str, Any]) -> None:
    log: Any = parsed.payload
    assert (log.first is None) == (log.last is None)
    assert log.first is None or log.first <= log.last
    assert said["out_of_order"] <= said["events"]


def _sbom(_: Parsed, said: dict[str, Any]) -> None:
    assert max(said["without_version"], said["without_licence"], said["without_name"]) <= said["components"]
    assert said["no_assertion"] + said["none"] <= said["without_licence"]


_CHECKS: dict[str, Callable[[Parsed, dict[str, Any]], None]] = {
    "scan": _scan,
    "test-results": _tests,
    "coverage": _coverage,
    "load-test": _load_test,
    "audit-log": _audit_log,
    "sbom": _sbom,
}
