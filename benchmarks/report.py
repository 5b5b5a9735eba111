"""The audit report on 100,000 findings, against the report on 100: nobody reads a thousand pages.

Each sample judges the store and makes a signed report in a fresh process, on a copy of the store: every sample sees the same ledger.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import data
import measure

FEW, MANY = 100, 100_000
TIME_GOAL = PAGES_GOAL = 1.5


def lines(repeat: int) -> Iterator[measure.Line]:
    """Measures."""
    with tempfile.TemporaryDirectory(prefix="compliance-bench-") as name:
        folder = Path(name)
        os.environ["COMPLIANCE_HOME"] = str(folder / "home")
        measure.command("-m", "compliance", "--quiet", "keys", "create")
        few, many = (str(_project(folder / str(count), count)) for count in (FEW, MANY))
        pair = measure.paired(lambda: measure.call("report:make", many), lambda: measure.call("report:make", few), repeat)
        yield pair.line(f"signed report on {MANY:,} findings, against {FEW}", TIME_GOAL)
        (ours, floor) = (samples[0].result for samples in (pair.ours, pair.floor))
        ratio = ours["pages"] / floor["pages"]
        yield measure.Line(
            "pages of these reports",
            str(ours["pages"]),
            str(floor["pages"]),
            f"{ratio:.2f}",
            f"at most {PAGES_GOAL:g}",
            ratio <= PAGES_GOAL,
        )
        yield measure.Line("size of these reports", f"{ours['bytes'] / 1e6:.2f} MB", f"{floor['bytes'] / 1e6:.2f} MB")


def _project(folder: Path, findings: int) -> Path:
    """Makes a project with one scan in its store."""
    project = data.project(folder)
    file = data.sarif(folder / "scan.sarif", findings)
    measure.command("-m", "compliance", "--project", str(project), "ingest", str(file))
    file.unlink()
    return project


def make(project: str) -> Callable[[], Callable[[], dict[str, int]]]:
    """Judges and reports on a copy of a project."""
    from compliance import home
    from compliance.judgement.judging import judge
    from compliance.project import Project
    from compliance.report import audit
    from compliance.report.signing import Signing
    from compliance.store import Store
    from compliance.times import now

    folder = tempfile.TemporaryDirectory(dir=Path(project).parent)
    root = Path(shutil.copytree(project, Path(folder.name) / "project"))
    loaded = Project.load(root)
    store = Store.create(root / ".compliance" / "evidence.db")
    key = home.signing_key(loaded, None, lambda _: None)

    def run() -> Callable[[], dict[str, int]]:
        judged = judge(loaded, store, "production")
        made = audit.make(judged, Signing(key, now()))
        return lambda: {"pages": _pages(made.pdf), "bytes": len(made.pdf)}

    run.folder = folder  # type: ignore[attr-defined]  # deleted when the process ends
    return run


def _pages(pdf: bytes) -> int:
    from pyhanko.pdf_utils.reader import PdfFileReader

    return int(PdfFileReader(io.BytesIO(pdf)).root["/Pages"]["/Count"])
