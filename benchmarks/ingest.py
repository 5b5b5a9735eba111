"""Ingest of a SARIF file with 100,000 results, against the least that any program would have to do with it.

The floor reads the file, hashes it, compresses it, decodes the same fields with msgspec's typed decoder with the garbage collector off,
and inserts the same rows into a table of the same shape by the driver, in one transaction. It neither looks for duplicate keys and
infinite numbers nor redacts, fingerprints, commits, checks or keeps anything.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import data
import measure

RESULTS = 100_000
TIME_GOAL = 2.5
MEMORY_GOAL = 6.0


def lines(repeat: int) -> Iterator[measure.Line]:
    """Measures."""
    with tempfile.TemporaryDirectory(prefix="compliance-bench-") as name:
        folder = Path(name)
        file = data.sarif(folder / "scan.sarif", RESULTS)
        size = file.stat().st_size / 1e6
        pair = _pair(file, "floor", repeat)
        yield pair.line(f"ingest of {RESULTS:,} SARIF results, {size:.0f} MB", TIME_GOAL)
        yield _pair(file, "strict_floor", repeat).line("the same, against a floor that refuses duplicate keys")
        peak = max(sample.peak_mb for sample in pair.ours)
        yield measure.Line(
            f"memory of that ingest, against the file's {size:.0f} MB",
            f"{peak:.0f} MB",
            ratio=f"{peak / size:.2f}",
            goal=f"below {MEMORY_GOAL:g}",
            met=peak / size < MEMORY_GOAL,
        )


def _pair(file: Path, floor: str, repeat: int) -> measure.Pair:
    pair = measure.paired(lambda: measure.call("ingest:ours", str(file)), lambda: measure.call(f"ingest:{floor}", str(file)), repeat)
    counts = {sample.result for sample in (*pair.ours, *pair.floor)}
    if counts != {RESULTS}:
        raise SystemExit(f"ingest: {counts} rows, expected {RESULTS}")
    return pair


def ours(file: str, address: str = "") -> Callable[[], int]:
    """The toolkit: a fresh store, in a file or at an address, and one file that is recorded."""
    from compliance.intake import Intake
    from compliance.location import located
    from compliance.project import Project
    from compliance.store import Store

    folder = tempfile.TemporaryDirectory(dir=Path(file).parent)
    project = Project.load(data.project(Path(folder.name) / "project"))
    store = Store.create(located(address or str(project.root / ".compliance" / "evidence.db")))
    intake = Intake(project, store)

    def run() -> int:
        (outcome,) = intake.paths([Path(file)])
        if outcome.status != "recorded" or outcome.evidence is None:
            raise SystemExit(f"ingest: {outcome}")
        return int(outcome.summary["total"])

    run.folder = folder  # type: ignore[attr-defined]  # deleted when the process ends
    return run


_TABLE = """
CREATE TABLE finding (
    evidence INTEGER NOT NULL, number INTEGER NOT NULL,
    confidence TEXT, fixed_in TEXT, package TEXT, package_version TEXT,
    rule TEXT NOT NULL, severity TEXT NOT NULL, state TEXT NOT NULL,
    fingerprint TEXT NOT NULL, line INTEGER, path TEXT, message TEXT, person TEXT,
    PRIMARY KEY (evidence, number)
) WITHOUT ROWID
"""
_ToRows = Callable[[Any], Iterator[tuple[Any, ...]]]
_INSERT = f"INSERT INTO finding VALUES ({', '.join('?' * 14)})"


def floor(file: str) -> Callable[[], Callable[[], int]]:
    """The floor: see above."""
    import msgspec

    model: Any = importlib.import_module("compliance.evidence.scan.sarif_model")  # mapped by packaging, so type checkers do not see it
    run_type: Any = msgspec.defstruct("Run", [("tool", model.ToolObject), ("results", list[model.Result])])
    decoder = msgspec.json.Decoder(msgspec.defstruct("Document", [("runs", list[run_type])]))
    return _floor(file, decoder.decode, _rows)


def strict_floor(file: str) -> Callable[[], Callable[[], int]]:
    """The same with jiter, the fastest reader that refuses duplicate keys."""
    import jiter

    return _floor(file, lambda data: jiter.from_json(data, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys"), _plain_rows)


def _floor(file: str, decode: Callable[[bytes], Any], rows: _ToRows) -> Callable[[], Callable[[], int]]:
    import zstandard

    folder = tempfile.TemporaryDirectory(dir=Path(file).parent)
    connection = sqlite3.connect(Path(folder.name) / "floor.db", isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -65536"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(_TABLE)

    def run() -> Callable[[], int]:
        gc.disable()
        content = Path(file).read_bytes()
        hashlib.sha256(content).hexdigest()
        zstandard.ZstdCompressor(level=3).compress(content)
        document = decode(content)
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_INSERT, rows(document))
        connection.execute("COMMIT")
        return lambda: int(connection.execute("SELECT count(*) FROM finding").fetchone()[0])

    run.folder = folder  # type: ignore[attr-defined]  # deleted when the process ends
    return run


def _rows(document: Any) -> Iterator[tuple[Any, ...]]:
    for number, one in enumerate(document.runs[0].results):
        place = one.locations[0].physical_location
        mark = one.partial_fingerprints["primaryLocationLineHash"]
        confidence = one.properties["issue_confidence"]
        line, path = place.region.start_line, place.artifact_location.uri
        yield 1, number, confidence, None, None, None, one.rule_id, "high", "open", mark, line, path, one.message.text, None


def _plain_rows(document: Any) -> Iterator[tuple[Any, ...]]:
    for number, one in enumerate(document["runs"][0]["results"]):
        place = one["locations"][0]["physicalLocation"]
        mark = one["partialFingerprints"]["primaryLocationLineHash"]
        confidence = one["properties"]["issue_confidence"]
        line, path = place["region"]["startLine"], place["artifactLocation"]["uri"]
        yield 1, number, confidence, None, None, None, one["ruleId"], "high", "open", mark, line, path, one["message"]["text"], None
