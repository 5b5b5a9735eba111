"""The user's own folder: keys and trust that belong to a person, not to a project."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .errors import SigningKeyError

if TYPE_CHECKING:
    from .project import Project
    from .sign.inputs import Trusted
    from .sign.keys import SigningKey
    from .sign.statement import Signers
    from .sign.timestamp import Level, Timestamping
    from .sign.trust import TrustStore

HOME_VARIABLE: Final = "COMPLIANCE_HOME"
PASSPHRASE_VARIABLE: Final = "COMPLIANCE_SIGN_PASSPHRASE"  # noqa: S105 (a name, not a passphrase)
DESCRIPTOR_VARIABLE: Final = "COMPLIANCE_SIGN_PASSPHRASE_FD"
_PASSPHRASE_LIMIT: Final = 4096
_TOKEN: Final = "pkcs11:"  # noqa: S105 (a scheme, not a secret)
CERTIFICATES: Final = (".pem", ".crt", ".cer")
"""Suffixes of certificates; what ``[sign] trust`` names beside them and bare keys lists SSH signers."""
_PUBLIC_KEY: Final = ".pub"
"""Suffix of bare public keys."""
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
        given: A key file, or the URI of a key on a token, that goes before it.
        ask: Asks for a passphrase; returns None when nobody can be asked.

    Raises:
        SigningKeyError: There is none, or it cannot be used.
    """
    if project.base is not None:
        raise SigningKeyError(
            "nothing is signed in the check of a change", hint="collect and check it; sign where no change brings its own code"
        )
    table = project.document.sign
    certificates = None if table.certificate is None else project.root / table.certificate
    if given is not None:
        return load_key(given, ask)
    if table.key is None:
        trial = keys_folder() / f"{TRIAL}.p12"
        if not trial.exists():
            raise SigningKeyError("no signing key", hint="name one in [sign] key, or make a trial key with `compliance keys create`")
        return load_key(trial, ask)
    if isinstance(table.key, str):
        path = Path(table.key) if table.key.startswith(_TOKEN) else project.root / table.key
        return load_key(path, ask, certificates=certificates)
    return _command_key(table.key.command, project.root, certificates)


def load_key(path: Path, ask: Callable[[str], str | None], *, certificates: Path | None = None) -> SigningKey:
    """Reads a key with its certificate; its passphrase comes from the environment, or is asked for if it needs one.

    Args:
        path: A key file, or the ``pkcs11:`` URI of a key on a token.
        ask: Asks for a passphrase; returns None when nobody can be asked.
        certificates: PEM file with its certificates.

    Raises:
        SigningKeyError: It cannot be used.
    """
    secret = passphrase() or ask
    if str(path).startswith(_TOKEN):
        from .sign.pkcs11 import load_token_key

        return load_token_key(str(path), secret, certificates=certificates)
    from .sign.keyfile import load_key_file

    return load_key_file(path, secret, certificates=certificates)


def passphrase() -> str | None:
    """Returns the passphrase that the environment gives, or the file descriptor that it names.

    Raises:
        SigningKeyError: The file descriptor cannot be read.
    """
    descriptor = os.environ.get(DESCRIPTOR_VARIABLE)
    return os.environ.get(PASSPHRASE_VARIABLE) if descriptor is None else _read_descriptor(descriptor)


@cache
def _read_descriptor(descriptor: str) -> str:
    """Reads one line; a pipe gives it once only."""
    try:
        with open(int(descriptor), "rb", closefd=False) as file:
            return file.readline(_PASSPHRASE_LIMIT).decode().rstrip("\r\n")
    except (ValueError, OSError) as error:
        raise SigningKeyError(f"{DESCRIPTOR_VARIABLE}={descriptor}: no file descriptor with a passphrase can be read") from error


def timestamping(project: Project, *, most: Level = "B-LTA") -> Timestamping | None:
    """Returns what shall vouch for the time of signatures: ``[sign] timestamp`` and ``level``.

    Args:
        project: Its configuration counts.
        most: The highest level that fits what is signed. A packet is not closed by a timestamp over all of it as long as people sign; the
            answers about their certificates are for whoever closes it.

    Raises:
        SigningKeyError: A trusted certificate cannot be read.
    """
    table = project.document.sign
    if table.timestamp is None:
        return None
    from .sign.timestamp import LEVELS, TimestampAuthority, Timestamping

    level = min(table.level or "B-T", most, key=LEVELS.index)
    return Timestamping(TimestampAuthority(table.timestamp), level, trust_store(project, ()).timestamp_roots)


def _command_key(command: Sequence[str], folder: Path, certificates: Path | None) -> SigningKey:
    from .sign.command import CommandKey
    from .sign.keyfile import read_certificates, signing_key

    where = f"signing command {Path(command[0]).name}"
    return signing_key(CommandKey(command, folder), [] if certificates is None else read_certificates(certificates), where)


def signers(project: Project) -> Signers:
    """Returns whose signatures under decisions count: the project's ``[sign] trust``, and the user's own trust folder."""
    from .sign.statement import Signers

    return Signers(allowed_signers(project), trust_store(project, ()))


def input_signers(project: Project) -> Trusted:
    """Returns whose signatures over input files count: those of `signers`, and the bare public keys in ``[sign] trust``.

    Raises:
        SigningKeyError: A certificate that is named cannot be read.
        InputError: A public key that is named cannot be read.
    """
    from .sign.inputs import Trusted, read_public_key
    from .source import Source

    named = [name for name in project.document.sign.trust if name.endswith(_PUBLIC_KEY)]
    keys = tuple((name, read_public_key(Source.from_path(project.beside(name)).document, name)) for name in named)
    return Trusted(allowed_signers(project), trust_store(project, ()), keys)


def allowed_signers(project: Project, given: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Returns the lists of allowed SSH signers: those of ``--trust``, and of the project's ``[sign] trust``."""
    names = [name for name in project.document.sign.trust if not name.endswith((*CERTIFICATES, _PUBLIC_KEY))]
    return (*filter(_lists_signers, given), *(project.beside(name) for name in names))


def _lists_signers(path: Path) -> bool:
    """Tells whether a file lists SSH signers: its name is not that of a certificate."""
    return path.is_file() and path.suffix not in (*CERTIFICATES, _PUBLIC_KEY)


def trust_store(project: Project | None, given: Sequence[Path], authorities: Sequence[Path] = ()) -> TrustStore:
    """Returns whom a verifier trusts: ``--trust``, the project's ``[sign] trust``, and the user's own trust folder.

    Args:
        project: Its configuration counts.
        given: Further certificates, or folders of them.
        authorities: Likewise, of authorities that are trusted for timestamps only.

    Raises:
        SigningKeyError: A file that is named cannot be read.
    """
    from .sign.trust import TrustStore

    paths, stamping = [one for one in given if not _lists_signers(one)], list(authorities)
    if project is not None:
        paths += [project.beside(name) for name in project.document.sign.trust if name.endswith(CERTIFICATES)]
        stamping += [project.beside(name) for name in project.document.sign.timestamp_trust]
    return TrustStore.load(paths, user_folder=trust_folder(), authorities=stamping)
