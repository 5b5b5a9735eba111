"""Runs the commands that a document shows as its reader does: in a shell, with a home of their own, and the exit codes that it names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.marked import ROOT


def surroundings(folder: Path) -> dict[str, str]:
    """Environment variables of a user who has the toolkit, and nothing of this machine's."""
    binaries = folder / "bin"
    binaries.mkdir()
    for name, words in {"compliance": "-m compliance", "python": ""}.items():
        (binaries / name).write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
        (binaries / name).chmod(0o755)
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TZ", "SOFTHSM2_CONF") if name in os.environ}
    home = {
        "HOME": str(folder),
        "COMPLIANCE_HOME": str(folder / "home"),
        "TOOLKIT": str(ROOT),
        "COMPLIANCE_SIGN_PASSPHRASE": "for this test",
    }
    return {**kept, **home, "COLUMNS": "80", "NO_COLOR": "1", "PATH": f"{binaries}:{os.environ['PATH']}"}


def run(command: str, project: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    words = ["bash", "-c", command]
    return subprocess.run(
        words, cwd=project, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=600
    )


def statements(text: str) -> list[tuple[str, int, str]]:
    """Commands, the exit code that the comment behind each names (else 0), and what a page shows of the output, below a ``$`` line."""
    made: list[tuple[str, int, str]] = []
    if text.startswith("$ "):
        for shown in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, output = shown.partition("\n")
            made.append((command, exit_code(command), output))
        return made
    waiting: list[str] = []
    for line in text.splitlines():
        waiting.append(line)
        command = "\n".join(waiting)
        # A here-document and the continuation of a line belong to their command.
        if line.endswith("\\") or subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True, timeout=60).stderr:
            continue
        waiting = []
        if command.strip() and not re.match(r"#|(?:pip|apt-get) install ", command.strip()):
            made.append((command, exit_code(command), ""))
    assert not waiting, f"a command without an end: {waiting}"
    return made


def exit_code(command: str) -> int:
    found = re.search(r"#.*exit code (\d)", command)
    return int(found[1]) if found else 0
