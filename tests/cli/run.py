"""Runs the command line as a user does, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compliance.ci import SERVICES


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def compliance(*words: str | Path, cwd: Path, env: dict[str, str] | None = None, timeout: float = 120) -> Ran:
    """Runs ``python -m compliance`` with a home of its own below ``cwd`` and 80 columns, outside of any CI service."""
    marks = {service.marks for service in SERVICES}
    own = {name: value for name, value in os.environ.items() if not name.startswith("COMPLIANCE_") and name not in marks}
    own |= {"COLUMNS": "80", "COMPLIANCE_HOME": str(cwd / "home"), **(env or {})}
    done = subprocess.run(
        [sys.executable, "-m", "compliance", *map(str, words)], cwd=cwd, env=own, capture_output=True, text=True, timeout=timeout
    )
    return Ran(done.returncode, done.stdout, done.stderr)
