"""Runs the benchmarks and prints a table; ``--write`` puts it into README.md.

python benchmarks/run.py [NAME ...] [--repeat N] [--write]
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import os
import platform
import re
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import measure

NAMES = ("startup", "ingest", "read", "memory", "report", "signing", "ledger", "artifacts", "store", "postgres", "check")
README = Path(__file__).with_name("README.md")
_HEADER = measure.Line("WHAT", "OURS", "FLOOR", "OURS / FLOOR", "GOAL")
_LIBRARIES = ("msgspec", "jiter", "lxml", "polars", "pydantic", "sqlmodel", "zstandard", "weasyprint", "pyhanko", "typer")


def main() -> int:
    """Runs what was asked for; exit code 1 when a goal is not met."""
    parser = argparse.ArgumentParser(description="Measure against a floor in the same run.")
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=f"of {', '.join(NAMES)}; all when none is given")
    parser.add_argument("--repeat", type=int, default=5, help="samples of each side, taken in turns (default: 5)")
    parser.add_argument("--write", action="store_true", help="write the results into benchmarks/README.md")
    given = parser.parse_args()
    met = True
    for name in given.names or NAMES:
        lines = []
        for line in importlib.import_module(name).lines(given.repeat):
            print(f"{name}: {line.what}: {line.ratio or line.ours} {line.verdict}", file=sys.stderr, flush=True)
            lines.append(line)
        print("\n".join(_table(lines)), flush=True)
        if given.write:
            _write(name, lines, given.repeat)
        met = met and all(line.met is not False for line in lines)
    return 0 if met else 1


def _cells(line: measure.Line) -> list[str]:
    return [line.what, line.ours, line.floor, line.ratio, line.goal, line.verdict]


def _table(lines: Sequence[measure.Line]) -> list[str]:
    rows = [_cells(line) for line in (_HEADER, *lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _write(name: str, lines: Sequence[measure.Line], repeat: int) -> None:
    """Replaces what stands between the two marks of a benchmark."""
    rows = ["| " + " | ".join(cell or " " for cell in _cells(line)) + " |" for line in lines]
    when = f"{datetime.now(UTC):%Y-%m-%d}, {repeat} pairs. {_machine()}"
    block = "\n".join(["", when, "", "| what | ours | floor | ours / floor | goal | |", "| --- | --- | --- | --- | --- | --- |", *rows, ""])
    text = README.read_text()
    marks = f"<!-- {name} -->", f"<!-- end of {name} -->"
    pattern = re.compile(re.escape(marks[0]) + ".*?" + re.escape(marks[1]), re.DOTALL)
    README.write_text(pattern.sub(lambda _: marks[0] + block + marks[1], text))


def _machine() -> str:
    versions = [f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES]
    libraries = ", ".join([f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}", *versions])
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}; {libraries}."


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"


if __name__ == "__main__":
    sys.exit(main())
