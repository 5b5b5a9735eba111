"""Start-up: how long a newcomer waits for ``--help``, and a pipeline for ``check``; what ``check`` imports."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import data
import measure

HELP_GOAL = 3.0
FORBIDDEN = ("weasyprint", "pyhanko", "bandit", "pip_audit")
_GO_OR_NOT = (0, 1)
_IMPORTED = """
import json, sys
from compliance.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def lines(repeat: int) -> Iterator[measure.Line]:
    """Measures."""
    with tempfile.TemporaryDirectory(prefix="compliance-bench-") as name:
        folder = Path(name)
        project = data.project(folder / "project")
        file = data.sarif(folder / "scan.sarif", 100)
        whole = ["-m", "compliance", "--project", str(project)]
        measure.command(*whole, "ingest", str(file))
        measure.command("-m", "compliance", "--help")  # compiles what an installation compiles once

        def typer() -> measure.Sample:
            return measure.command("-c", "import typer")

        pair = measure.paired(lambda: measure.command("-m", "compliance", "--help"), typer, repeat)
        yield pair.line("`compliance --help`, against `import typer`", HELP_GOAL)
        check = [measure.command(*whole, "check", codes=_GO_OR_NOT) for _ in range(repeat)]
        yield measure.Line("`compliance check` on one scan of 100 findings", measure.figures(check))
        imported = _imported(["--project", str(project), "check"])
        found = [module for module in FORBIDDEN if module in imported]
        yield measure.Line(f"imports of that `check`: {', '.join(FORBIDDEN)}", ", ".join(found) or "none", goal="none", met=not found)


def _imported(words: list[str]) -> set[str]:
    done = subprocess.run([sys.executable, "-c", _IMPORTED, *words], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))
