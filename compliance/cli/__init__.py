"""The command line: one thin file per command. Results on stdout, talk and progress on stderr."""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
from collections.abc import Sequence

EXIT_DEFECT = 70
"""An error that is the toolkit's own (EX_SOFTWARE of sysexits.h): never 1, which is a verdict."""
DEFECT_ADVICE = "this is a defect of the toolkit; report it with what --debug prints"
SYSTEM_ADVICE = "look at the path, its rights and the space on its disk"
EXIT_INTERRUPTED = 130
EXIT_UNREAD = 141
"""The reader of the output went away, as in ``compliance log | head``; never 0, which is a verdict."""
_COLLECT_AFTER = 1_000_000
"""New objects after which Python looks for circles of garbage. Its own 700 cost a fifth of the time of `status` on a signed packet."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits with the code of CONTRACT.md."""
    import typer

    from ..errors import ComplianceError
    from .app import COMMANDS, build

    words = list(sys.argv[1:] if arguments is None else arguments)
    code = 0
    gc.set_threshold(_COLLECT_AFTER)
    atexit.register(gc.freeze)  # at its end Python goes through all objects once more: a fifth of the time of `check`
    _prepare_streams()
    try:
        result = build()(args=words, prog_name="compliance", standalone_mode=False)
        code = result if isinstance(result, int) else 0
        sys.stdout.flush()
    except ComplianceError as error:
        if "--debug" in words:
            raise
        code = error.exit_code
        _say(f"compliance: {error} [{error.code}]", f"next: {error.next_step}")
    except typer.TyperException as error:
        code = 2
        known = next((word for word in words if word in COMMANDS), "")
        _wrong_use(error.format_message(), f"next: compliance {known} --help".replace("  ", " "))
    except (KeyboardInterrupt, typer.Abort):
        code = EXIT_INTERRUPTED
        _say("compliance: interrupted; everything recorded so far is kept")
    except (BrokenPipeError, SystemExit) as error:  # typer ends the process itself when printing meets a closed pipe
        code = 0 if isinstance(error, SystemExit) and error.code == 0 else EXIT_UNREAD  # 0: it has completed a word for the shell
        _drop_output()
    except OSError as error:
        if "--debug" in words:
            raise
        code = 2
        _say(f"compliance: {error.filename or 'output'}: {error.strerror or error} [system]", f"next: {SYSTEM_ADVICE}")
        _drop_output()
    except Exception as error:
        if "--debug" in words:
            raise
        code = EXIT_DEFECT
        _say(f"compliance: {type(error).__name__}: {error} [defect]", f"next: {DEFECT_ADVICE}")
    sys.exit(code)


def _prepare_streams() -> None:
    """Replaces closed streams, and makes the others spell out what they cannot encode instead of failing."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, io.TextIOWrapper(io.FileIO(os.open(os.devnull, os.O_WRONLY), "w"), "utf-8"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """Drops what is left to print: Python would fail once more when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _wrong_use(message: str, advice: str) -> None:
    """Says what is wrong with the words of a command line; where a command is missing, that is the help."""
    if "\n" in message:
        print(message, file=sys.stderr)
    else:
        _say(f"compliance: {message.replace('Value error, ', '')} [usage]", advice)


def _say(*lines: str) -> None:
    from ..plaintext import safe

    for line in lines:
        print(" ".join(safe(part) for part in line.splitlines()), file=sys.stderr)
