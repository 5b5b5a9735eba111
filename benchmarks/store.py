"""The store: verifying 100,000 findings, parsing them again, and a ledger of many small entries. Plain figures, without goals."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import data
import measure

if TYPE_CHECKING:
    from compliance.sign.checks import Check

FINDINGS = 100_000
ENTRIES = 20_000
BATCH = 100
SINGLE = 1_000


def lines(repeat: int) -> Iterator[measure.Line]:
    """Measures."""
    with tempfile.TemporaryDirectory(prefix="compliance-bench-") as name:
        folder = Path(name)
        project = data.project(folder / "project")
        file = data.sarif(folder / "scan.sarif", FINDINGS)
        measure.command("-m", "compliance", "--project", str(project), "ingest", str(file))
        for replay, what in ((False, "verify"), (True, "verify --replay")):
            taken = [measure.call("store:verify", str(project), replay) for _ in range(repeat)]
            yield measure.Line(f"`{what}` of a store with {FINDINGS:,} findings", measure.figures(taken))
        ledger = str(folder / "ledger" / "evidence.db")
        yield measure.Line(
            f"{ENTRIES:,} small entries appended, {BATCH} per signed transaction",
            measure.figures([measure.call("store:append", ledger, ENTRIES, BATCH)]),
        )
        yield measure.Line(
            f"{SINGLE:,} more, one per signed transaction", measure.figures([measure.call("store:append", ledger, SINGLE, 1)])
        )
        taken = [measure.call("store:audit_ledger", ledger) for _ in range(repeat)]
        yield measure.Line(f"verify of these {ENTRIES + SINGLE:,} entries", measure.figures(taken))


def verify(project: str, replay: bool) -> Callable[[], int]:
    """Audits a project's store."""
    from compliance.project import Project
    from compliance.store import Store
    from compliance.store.audit import audit

    loaded = Project.load(Path(project))
    formats = {kind.id: {form.name: (kind, form) for form in kind.formats} for kind in loaded.catalog.kinds.values()}
    store = Store.open(loaded.root / ".compliance" / "evidence.db")
    return lambda: _proven(audit(store, formats if replay else None))


def append(path: str, entries: int, batch: int) -> Callable[[], int]:
    """Appends entries of about the size of a small assessment."""
    from compliance.store import Draft, Store

    store = Store.create(Path(path))
    body: Mapping[str, Any] = {"collector": "benchmark", "outcome": "could not run", "reason": "no service answered", "gates": [1, 2, 3]}

    def run() -> int:
        for first in range(0, entries, batch):
            store.append(
                [
                    Draft(type="collection", body={**body, "number": n}, private={"paths": {"name": f"f{n}"}})
                    for n in range(first, first + batch)
                ]
            )
        return store.size

    return run


def audit_ledger(path: str) -> Callable[[], int]:
    """Audits a store without evidence."""
    from compliance.store import Store
    from compliance.store.audit import audit

    store = Store.open(Path(path))
    return lambda: _proven(audit(store))


def _proven(checks: Iterator[Check]) -> int:
    done = list(checks)
    bad = [check for check in done if check.status != "proven"]
    if bad:
        raise SystemExit(f"not proven: {bad[0]}")
    return len(done)
