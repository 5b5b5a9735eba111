"""Runs programs for collectors: no shell, a time limit, bounded output, and an error that says what happened."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import CollectorError

OUTPUT_LIMIT: Final = 256 << 20
"""Bytes of standard output that are read back."""


@dataclass(frozen=True)
class Finished:
    """A program that ended."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    """The last 64 KiB."""
    seconds: float


def run(command: Sequence[str], *, cwd: Path, timeout_s: float, env: Mapping[str, str] | None = None) -> Finished:
    """Runs a program to its end.

    Raises:
        CollectorError: It cannot be started, exceeds its time limit, or prints more than `OUTPUT_LIMIT`.
    """
    name = Path(command[0]).name
    started = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            done = subprocess.run(  # noqa: S603 (no shell; the command comes from the collector or the project's own configuration)
                list(command), cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=timeout_s, env=env, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise CollectorError(
                f"{name} did not end within {timeout_s:g} s", hint="raise `timeout` for this collector in compliance.toml"
            ) from error
        except OSError as error:
            raise CollectorError(f"{name} cannot be started ({error.strerror})", hint=f"install {name}") from error
        size = out.tell()
        if size > OUTPUT_LIMIT:
            raise CollectorError(f"{name} printed {size} bytes; expected at most {OUTPUT_LIMIT}")
        out.seek(0)
        err.seek(max(0, err.tell() - 65536))
        return Finished(done.returncode, out.read(), err.read(), time.monotonic() - started)


def last_line(text: bytes) -> str:
    """Returns the last line that says something, for messages."""
    lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines()]
    return next((line for line in reversed(lines) if line), "")
