"""The key with which a person signs a decision, as commands are given it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ..sign.keys import SigningKey


def ask(prompt: str) -> str | None:
    """Asks for a passphrase; returns None when nobody can be asked."""
    import sys

    if not sys.stdin.isatty():
        return None
    return str(typer.prompt(prompt, hide_input=True, err=True))


def statement_key(path: Path) -> Path | SigningKey:
    """Returns the key in a file or on a token: the path itself for an SSH key, which ``ssh-keygen`` reads, else key and certificate.

    Raises:
        SigningKeyError: It cannot be read.
    """
    from .. import home
    from ..sign.statement import is_ssh_key

    return home.load_key(path, ask) if str(path).startswith("pkcs11:") or not is_ssh_key(path) else path
