"""``make fuzz``: the readers of each format in turn, then all of them by way of recognition; what was found so far is kept in a folder."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.robust.samples import ALL_NAMES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("folder", type=Path, help="keeps the inputs that reached new code, and those that broke a reader")
    parser.add_argument("--seconds", type=int, default=60, help="for each format")
    parser.add_argument("--only", action="append", choices=[*ALL_NAMES, "all"], help="KIND FORMAT, or all")
    options = parser.parse_args()
    names = options.only or [*ALL_NAMES, "all"]
    broken = [name for name in names if not _fuzz(options.folder / name.replace(" ", "-"), name, options.seconds)]
    print("\n".join(f"broken: {name}" for name in broken) or "no reader was broken")
    return 1 if broken else 0


def _fuzz(folder: Path, name: str, seconds: int) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    names = [] if name == "all" else name.split()
    return subprocess.run([sys.executable, "-m", "tests.fuzz.target", str(folder), *names, f"-max_total_time={seconds}"]).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
