"""What the signature adds to a report: RSA-3072, visible, without a timestamp authority, whose network would be measured."""

from __future__ import annotations

import hashlib
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import data
import measure

GOAL_S = 0.5
FINDINGS = 100
_KEY = "rsa3072"


def lines(repeat: int) -> Iterator[measure.Line]:
    """Measures."""
    with tempfile.TemporaryDirectory(prefix="compliance-bench-") as name:
        folder = Path(name)
        os.environ["COMPLIANCE_HOME"] = str(folder / "home")
        measure.command("-m", "compliance", "--quiet", "keys", "create", _KEY, "--algorithm", _KEY)
        project = data.project(folder / "project")
        measure.command("-m", "compliance", "--project", str(project), "ingest", str(data.sarif(folder / "scan.sarif", FINDINGS)))
        ours, floor = (partial(measure.call, f"signing:{side}", str(project)) for side in ("sign", "bare"))
        pair = measure.paired(ours, floor, repeat)
        yield measure.Line(
            f"signature of a report of {pair.ours[0].result['bytes'] / 1e6:.2f} MB",
            measure.figures(pair.ours),
            measure.figures(pair.floor),
        )
        cpu = statistics.median(one.cpu_s for one in pair.ours)
        yield measure.Line("CPU time of the former", f"{cpu:.2f} s", goal=f"below {GOAL_S:g} s", met=cpu < GOAL_S)


class _Rendered(BaseException):  # the command line turns any Exception into a message
    """The report is rendered, and about to be signed."""


def _signature(project: str) -> partial[bytes]:
    """Runs the command up to the signature, and returns the call that comes next."""
    from compliance import home
    from compliance.cli import main
    from compliance.sign import pdf

    sign_pdf, calls = pdf.sign_pdf, []

    def instead(*arguments: Any, **named: Any) -> bytes:
        calls.append(partial(sign_pdf, *arguments, **named))
        raise _Rendered

    pdf.sign_pdf = instead
    key, made = str(home.keys_folder() / f"{_KEY}.p12"), str(Path(project) / "report.pdf")
    try:
        main(["--quiet", "--project", project, "report", "--key", key, "-o", made])
    except _Rendered:
        return calls[0]


def sign(project: str) -> Callable[[], dict[str, int]]:
    """Signs a report in the process that rendered it."""
    signature = _signature(project)
    return lambda: {"bytes": len(signature())}


def bare(project: str) -> Callable[[], dict[str, int]]:
    """The floor: a digest of the file, and one signature value over it."""
    unsigned, key = _signature(project).args
    return lambda: {"bytes": len(key.sign(hashlib.sha256(unsigned).digest()))}
