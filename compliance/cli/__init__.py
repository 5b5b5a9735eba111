"""The command line: one thin file per command. Results on stdout, talk and progress on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits with the code of CONTRACT.md."""
    import typer

    from ..errors import ComplianceError
    from .app import build

    words = list(sys.argv[1:] if arguments is None else arguments)
    code = 0
    try:
        result = build()(args=words, prog_name="compliance", standalone_mode=False)
        code = result if isinstance(result, int) else 0
    except ComplianceError as error:
        if "--debug" in words:
            raise
        code = error.exit_code
        _say(f"compliance: {error}", f"next: {error.hint}" if error.hint else None)
    except typer.TyperException as error:
        code = 2
        if error.message:
            _say(f"compliance: {error.format_message()}", f"next: compliance {words[0] if words else ''} --help".replace("  ", " "))
    except (KeyboardInterrupt, typer.Abort):
        code = EXIT_INTERRUPTED
        _say("compliance: interrupted; everything recorded so far is kept")
    except BrokenPipeError:
        # The reader went away, as `compliance log | head` does; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if "--debug" in words:
            raise
        code = 2
        _say(f"compliance: {error.filename or 'output'}: {error.strerror or error}")
    sys.exit(code)


def _say(*lines: str | None) -> None:
    from ..plaintext import safe

    for line in lines:
        if line:
            print(" ".join(safe(part) for part in line.splitlines()), file=sys.stderr)
