"""The user's own folder: keys and trust that belong to a person, not to a project."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .errors import SigningKeyError

if TYPE_CHECKING:
    from .project import Project
    from .sign.keys import SigningKey
    from .sign.statement import Signers
    from .sign.trust import TrustStore

HOME_VARIABLE: Final = "COMPLIANCE_HOME"
PASSPHRASE_VARIABLE: Final = "COMPLIANCE_SIGN_PASSPHRASE"  # noqa: S105 (a name, not a passphrase)
TRIAL: Final = "trial"
"""Name of the trial key that is used when none is configured."""


def folder() -> Path:
    """Returns the user's folder: COMPLIANCE_HOME, else below XDG_CONFIG_HOME, else ``~/.config/compliance``."""
    given = os.environ.get(HOME_VARIABLE)
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "compliance"


def cache_folder() -> Path:
    """Returns the folder of what can be made again: below COMPLIANCE_HOME, else XDG_CACHE_HOME, else ``~/.cache/compliance``."""
    given = os.environ.get(HOME_VARIABLE)
    if given:
        return Path(given) / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "compliance"


def keys_folder() -> Path:
    """Returns the folder of the user's keys."""
    return folder() / "keys"


def trust_folder() -> Path:
    """Returns the folder of the certificates that the user trusts."""
    return folder() / "trust"


def signing_key(project: Project, given: Path | None, ask: Callable[[str], str | None]) -> SigningKey:
    """Returns the key that signs reports: the given one, else ``[sign] key``, else the user's trial key.

    Args:
        project: Names the key in its configuration.
        given: A key file that goes before it.
        ask: Asks for a passphrase; returns None when nobody can be asked.

    Raises:
        SigningKeyError: There is none, or it cannot be used.
    """
    configured = project.document.sign.key
    path = given or (project.root / configured if configured else keys_folder() / f"{TRIAL}.p12")
    if not path.exists() and given is None and configured is None:
        raise SigningKeyError("no signing key", hint="name one in [sign] key, or make a trial key with `compliance keys create`")
    return load_key(path, ask)


def load_key(path: Path, ask: Callable[[str], str | None]) -> SigningKey:
    """Reads a key with its certificate; its passphrase comes from the environment, or is asked for if it needs one.

    Raises:
        SigningKeyError: It cannot be used.
    """
    from .sign.keyfile import load_key_file

    return load_key_file(path, os.environ.get(PASSPHRASE_VARIABLE) or ask)


def signers(project: Project) -> Signers:
    """Returns whose signatures under decisions count: the project's ``[sign] trust``, and the user's own trust folder."""
    from .sign.statement import Signers

    allowed = [project.root / name for name in project.document.sign.trust if not name.endswith((".pem", ".crt", ".cer"))]
    return Signers(tuple(allowed), trust_store(project, ()))


def trust_store(project: Project | None, given: Sequence[Path]) -> TrustStore:
    """Returns whom a verifier trusts: ``--trust``, the project's ``[sign] trust``, and the user's own trust folder.

    Raises:
        SigningKeyError: A file that is named cannot be read.
    """
    from .sign.trust import TrustStore

    paths = list(given)
    if project is not None:
        paths += [project.root / name for name in project.document.sign.trust if name.endswith((".pem", ".crt", ".cer"))]
    return TrustStore.load(paths, user_folder=trust_folder())
