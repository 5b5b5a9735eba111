"""The store in PostgreSQL against the store in SQLite: the same file recorded into both, and both verified.

The server is one of this run, on the same machine, reached by a socket, with Debian's settings: what is committed is on disk, as in SQLite.
Its own processor time is not in ours. Over a network each transaction takes some twenty round trips more.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import data
import ingest
import measure

ROOT = Path(__file__).parent.parent


def lines(repeat: int) -> Iterator[measure.Line]:
    """Measures."""
    sys.path.insert(0, str(ROOT))
    from tests.postgres import Cluster

    server = Cluster(fsync="on", full_page_writes="on", autovacuum="on", shared_buffers="128MB")
    with tempfile.TemporaryDirectory(prefix="compliance-bench-") as name:
        os.environ["COMPLIANCE_HOME"] = str(Path(name) / "home")  # log keys of stores in PostgreSQL lie there
        file = data.sarif(Path(name) / "scan.sarif", ingest.RESULTS)
        recorded = measure.paired(
            lambda: measure.call("ingest:ours", str(file), server.address(server.database()).url),
            lambda: measure.call("ingest:ours", str(file)),
            repeat,
        )
        yield recorded.line(f"ingest of {ingest.RESULTS:,} SARIF results, {file.stat().st_size / 1e6:.0f} MB")
        stores = [server.address(server.database()).url, str(Path(name) / "store" / "evidence.db")]
        for store in stores:
            measure.call("ingest:ours", str(file), store)
        verified = measure.paired(
            lambda: measure.call("postgres:verified", stores[0]), lambda: measure.call("postgres:verified", stores[1]), repeat
        )
        yield verified.line("verification of that store")


def verified(store: str) -> Callable[[], int]:
    """What ``compliance verify`` does to a store; returns its checks."""
    from compliance.location import located
    from compliance.verification.verify import verify_store

    def run() -> int:
        checks = list(verify_store(located(store)))
        if any(check.status != "proven" for check in checks):
            raise SystemExit(f"postgres: {checks}")
        return len(checks)

    return run
