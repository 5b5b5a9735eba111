"""What the signature adds to a report: RSA-3072, visible, without a timestamp authority, whose network would be measured."""

from __future__ import annotations

import hashlib
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import data
import measure

GOAL_S = 0.5
FINDINGS = 100
_KEY = "rsa3072"
_BOX = (0, (50.0, 50.0, 250.0, 120.0))


def lines(repeat: int) -> Iterator[measure.Line]:
    """Measures."""
    with tempfile.TemporaryDirectory(prefix="compliance-bench-") as name:
        folder = Path(name)
        os.environ["COMPLIANCE_HOME"] = str(folder / "home")
        measure.command("-m", "compliance", "--quiet", "keys", "create", _KEY, "--algorithm", _KEY)
        report = _unsigned(folder)
        pair = measure.paired(lambda: measure.call("signing:sign", str(report)), lambda: measure.call("signing:bare", str(report)), repeat)
        wall = statistics.median(one.wall_s for one in pair.ours)
        size = report.stat().st_size / 1e6
        yield measure.Line(
            f"signature of a report of {size:.2f} MB",
            measure.figures(pair.ours),
            measure.figures(pair.floor),
            f"{wall:.2f} s",
            f"below {GOAL_S:g} s",
            wall < GOAL_S,
        )


def _unsigned(folder: Path) -> Path:
    """Makes a report, and takes its signature off."""
    from compliance.sign.pdf_verify import inspect_pdf

    project, made = data.project(folder / "project"), folder / "report.pdf"
    measure.command("-m", "compliance", "--project", str(project), "ingest", str(data.sarif(folder / "scan.sarif", FINDINGS)))
    key = str(folder / "home" / "keys" / f"{_KEY}.p12")
    measure.command("-m", "compliance", "--project", str(project), "report", "--key", key, "-o", str(made), codes=(0, 1, 3))
    content = made.read_bytes()
    made.write_bytes(content[: inspect_pdf(content).unsigned_length])
    return made


def _key() -> Any:
    from compliance import home

    return home.load_key(home.keys_folder() / f"{_KEY}.p12", lambda _: None)


def sign(report: str) -> Callable[[], dict[str, int]]:
    """Signs, in a process that has rendered a page: the report itself was rendered just before."""
    from compliance.report.fonts import FONT_STACK
    from compliance.report.pdf import render_page
    from compliance.sign.pdf import sign_pdf
    from compliance.times import now

    key, unsigned = _key(), Path(report).read_bytes()
    head = f"<title>Page</title><style>html {{ font-family: {FONT_STACK} }}</style>"
    page = f"<!DOCTYPE html><html lang='en'><head>{head}</head><body>Page</body></html>"
    render_page(page, when=now())
    return lambda: {"bytes": len(sign_pdf(unsigned, key, box=_BOX, reason="Benchmark", when=now()))}


def bare(report: str) -> Callable[[], dict[str, int]]:
    """The floor: a digest of the file, and one signature value over it."""
    key, unsigned = _key(), Path(report).read_bytes()
    return lambda: {"bytes": len(key.sign(hashlib.sha256(unsigned).digest()))}
