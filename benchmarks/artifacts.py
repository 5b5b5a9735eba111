"""Verifying a store of 1 GB of artifacts, against plain SHA-256 over them; and what findings add."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import data
import measure

GOAL = 2.0
"""Times the time of SHA-256: half of its speed."""
COPIES = 5
SAMPLES, EVENTS, FINDINGS = 1_000_000, 120_000, 100_000


def lines(repeat: int) -> Iterator[measure.Line]:
    """Measures."""
    with tempfile.TemporaryDirectory(prefix="compliance-bench-") as name:
        folder = Path(name)
        files = [str(data.jtl(folder / "samples.jtl", SAMPLES)), str(data.cloudtrail(folder / "events.jsonl", EVENTS))]
        store = str(folder / "store" / "evidence.db")
        stored = measure.call("artifacts:record", store, files).result
        pair = measure.paired(lambda: measure.call("store:audit_ledger", store), lambda: measure.call("artifacts:hashes", files), repeat)
        size = COPIES * sum(Path(file).stat().st_size for file in files) / 1e6
        yield pair.line(f"verify of a store of {size:,.0f} MB of load tests and logs, kept in {stored / 1e6:,.0f} MB", GOAL)
        project = data.project(folder / "project")
        scan = data.sarif(folder / "scan.sarif", FINDINGS)
        measure.command("-m", "compliance", "--project", str(project), "ingest", str(scan))
        pair = measure.paired(
            lambda: measure.call("store:verify", str(project), False), lambda: measure.call("artifacts:hashes", [str(scan)], 1), repeat
        )
        yield pair.line(f"verify of a store of one scan of {scan.stat().st_size / 1e6:,.0f} MB with its {FINDINGS:,} findings")


def record(path: str, files: list[str]) -> Callable[[], int]:
    """Records each file several times, with a first line of its own, as they are: what they say does not matter here."""
    from compliance.record import Payload
    from compliance.source import Source
    from compliance.store import EvidenceDraft, Store

    store, bodies = Store.create(Path(path)), [Path(file).read_bytes() for file in files]
    subject = {"project": "benchmark", "version": None, "commit": "b" * 40, "commit_basis": None, "dirty": None, "environment": None}

    def run() -> int:
        for number in range(COPIES):
            for body in bodies:
                store.record(
                    [
                        EvidenceDraft(
                            body={"kind": "document", "format": "plain", "parser": 1, "subject": subject},
                            private={"paths": {"name": str(number)}},
                            source=Source("artifact", _head(number) + body),
                            payload=Payload(),
                            findings=[],
                        )
                    ]
                )
        store.close()
        return Path(path).stat().st_size

    return run


def hashes(files: list[str], copies: int = COPIES) -> Callable[[], list[str]]:
    """The floor: SHA-256 over the bytes of each artifact, which are in memory and not compressed."""
    bodies = [Path(file).read_bytes() for file in files]

    def run() -> list[str]:
        digests = []
        for number in range(copies):
            for body in bodies:
                hasher = hashlib.sha256(_head(number))
                hasher.update(body)
                digests.append(hasher.hexdigest())
        return digests

    return run


def _head(number: int) -> bytes:
    return f"# {number}\n".encode()
