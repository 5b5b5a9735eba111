"""Checkpoints as signed notes (C2SP signed-note and tlog-checkpoint), and the Ed25519 log key that signs them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ..errors import SigningKeyError, TamperedError

KEY_ENVIRONMENT: Final = "COMPLIANCE_LOG_KEY"
"""Environment variable that holds the log key in CI: 32 bytes in base64."""
_ED25519: Final = b"\x01"
_DASH: Final = "\u2014 "
_NOTE_LIMIT: Final = 4096


@dataclass(frozen=True)
class Checkpoint:
    """The state of a log at one size."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Returns the body of the note: origin, size and root in base64, one per line."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


class LogKey:
    """The store's own signing key."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()

    @classmethod
    def load(cls, path: Path) -> LogKey | None:
        """Returns the key from the environment, else from its file, else None.

        Raises:
            SigningKeyError: There is a key, but it cannot be used.
        """
        given = cls.given()
        if given is not None:
            return given
        try:
            return cls._read(path.read_text("ascii"), str(path))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise _unusable(str(path), error) from error

    @classmethod
    def given(cls) -> LogKey | None:
        """Returns the key from the environment, else None.

        Raises:
            SigningKeyError: There is one, but it cannot be used.
        """
        text = os.environ.get(KEY_ENVIRONMENT)
        return None if text is None else cls._read(text, f"environment variable {KEY_ENVIRONMENT}")

    @classmethod
    def _read(cls, text: str, where: str) -> LogKey:
        try:
            return cls(Ed25519PrivateKey.from_private_bytes(base64.b64decode(text.strip(), validate=True)))
        except ValueError as error:
            raise _unusable(where, error) from error

    @classmethod
    def create(cls, path: Path) -> LogKey:
        """Makes a key and writes it: see `save`."""
        return cls.generate().save(path)

    @classmethod
    def generate(cls) -> LogKey:
        """Makes a key that lies nowhere yet."""
        return cls(Ed25519PrivateKey.generate())

    def save(self, path: Path) -> LogKey:
        """Writes the key with mode 0600; an existing file is never overwritten: whoever came first wins.

        Returns:
            The key that lies there.

        Raises:
            SigningKeyError: The file cannot be written.
        """
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(base64.b64encode(self._private.private_bytes_raw()) + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                os.link(temporary, path)
            finally:
                temporary.unlink()
        except FileExistsError:
            found = self.load(path)
            if found is not None:
                return found
            raise SigningKeyError(f"{path}: appeared and vanished while the store was created") from None
        except OSError as error:
            raise SigningKeyError(f"{path}: cannot write the log key ({error.strerror})") from error
        return self

    def sign(self, checkpoint: Checkpoint) -> str:
        """Returns the signed note."""
        text = checkpoint.text()
        signature = key_id(checkpoint.origin, self.public) + self._private.sign(text.encode())
        return f"{text}\n{_DASH}{checkpoint.origin} {base64.b64encode(signature).decode()}\n"

    def derive(self, purpose: str) -> bytes:
        """Returns 32 secret bytes for another purpose, such as the masks of redacted secrets."""
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"compliance/v1/" + purpose.encode())
        return kdf.derive(self._private.private_bytes_raw())


def _unusable(where: str, error: Exception) -> SigningKeyError:
    return SigningKeyError(f"{where}: not a log key ({error}); expected 32 bytes in base64")


def key_id(name: str, public: bytes) -> bytes:
    """Returns the four bytes that name a key in a note."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def verifier_key(name: str, public: bytes) -> str:
    """Returns the public key as text (``name+id+base64``)."""
    return f"{name}+{key_id(name, public).hex()}+{base64.b64encode(_ED25519 + public).decode()}"


def read_verifier_key(text: str) -> tuple[str, bytes]:
    """Reads a public key.

    Returns:
        Its name and its 32 bytes.

    Raises:
        SigningKeyError: Not such a key.
    """
    try:
        name, given_id, encoded = text.split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise SigningKeyError(f"{text!r}: not a verifier key; expected name+id+base64") from error
    if len(raw) != 33 or raw[:1] != _ED25519 or key_id(name, raw[1:]).hex() != given_id:
        raise SigningKeyError(f"{text!r}: not an Ed25519 verifier key, or its id does not match")
    return name, raw[1:]


def open_note(note: str, verifier: str) -> Checkpoint:
    """Checks a checkpoint's signature and reads it.

    Only the exact form that `LogKey.sign` writes is accepted, so that no byte of a stored note can change unnoticed.

    Raises:
        TamperedError: Another form, another key, or a signature that does not fit.
    """
    name, public = read_verifier_key(verifier)
    text, separator, tail = note.partition("\n\n")
    lines = text.split("\n")
    if len(note) > _NOTE_LIMIT or not separator or len(lines) != 3 or lines[0] != name or not lines[1].isdecimal():
        raise TamperedError("checkpoint: not a signed note of this log")
    try:
        checkpoint = Checkpoint(name, int(lines[1]), base64.b64decode(lines[2], validate=True))
        signature = base64.b64decode(tail.removeprefix(f"{_DASH}{name} ").removesuffix("\n"), validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(signature[4:], checkpoint.text().encode())
    except (ValueError, InvalidSignature) as error:
        raise TamperedError(f"checkpoint of size {lines[1]}: signature does not fit") from error
    expected = f"{checkpoint.text()}\n{_DASH}{name} {base64.b64encode(key_id(name, public) + signature[4:]).decode()}\n"
    if expected != note:
        raise TamperedError(f"checkpoint of size {lines[1]}: written in another form than this log writes")
    return checkpoint
