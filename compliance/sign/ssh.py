"""SSH signatures over records and approvals (``ssh-keygen -Y sign``), verified with ``ssh-keygen`` itself.

Format: OpenSSH PROTOCOL.sshsig; signers: the ``ALLOWED SIGNERS`` section of ssh-keygen(1). Made with::

    ssh-keygen -Y sign -n evidence@compliance-toolkit -f ~/.ssh/id_ed25519 drill.yaml     # writes drill.yaml.sig

OpenSSH 8.9 or newer is needed. An SSH signature holds no time, so the caller says at which time the key must have been valid: a recorded
one, never the current clock.
"""

from __future__ import annotations

import base64
import binascii
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ..errors import InputError, SigningKeyError, UsageError

NAMESPACE: Final = "evidence@compliance-toolkit"
"""Namespace of signatures over evidence."""
DECISION_NAMESPACE: Final = "decision@compliance-toolkit"
"""Namespace of signatures under decisions: sign-offs and waivers."""
FILE_NAMESPACE: Final = "file"
"""Namespace that ssh-keygen(1) recommends for files. It says that somebody vouches for these bytes, so it counts for evidence."""
_NAMESPACES: Final = (NAMESPACE, DECISION_NAMESPACE, FILE_NAMESPACE)
"""The only ones that count: a signature made for git or a login cannot be taken for one over evidence, nor one over evidence for one
under a decision."""
SIGNATURE_LIMIT: Final = 64 << 10
"""Bytes of the largest signature file; an RSA-4096 certificate with its signature stays below 8 KiB."""
TIMEOUT_S: Final = 60.0
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_MAGIC = b"SSHSIG"
_EXPECTED: Final = "an SSH signature as `ssh-keygen -Y sign` writes it"
_KEY = re.compile(r"with \S+ key (SHA256:[A-Za-z0-9+/]+)")


class UnknownSignerError(SigningKeyError):
    """The signature is sound, but no allowed signer made it: unknown, expired, revoked from the list, or not allowed for the namespace.

    Causes: a new key of a person, a key listed for another purpose, a signature made for another program.
    """

    code = "unknown-signer"
    advice = "name the key in [roles] of compliance.toml if its owner may sign; `compliance keys list` shows who may"


@dataclass(frozen=True)
class SshSigner:
    """Who signed."""

    identity: str
    """Principal from the allowed signers: a name, or a pattern such as ``*@example.org`` where the list says no more."""
    key_fingerprint: str
    """``SHA256:`` and the unpadded base64 digest of the public key, as ``ssh-keygen -l`` prints it."""


def verify_ssh_signature(
    data: bytes, signature: bytes, allowed_signers: Sequence[Path | str], *, namespace: str, at: datetime
) -> SshSigner:
    """Verifies a detached SSH signature.

    Args:
        data: What was signed.
        signature: Content of the ``.sig`` file.
        allowed_signers: Files (as `Path`) or texts (as `str`) in the format of ssh-keygen's allowed signers.
        namespace: `NAMESPACE`, `DECISION_NAMESPACE` or `FILE_NAMESPACE`.
        at: The time, with zone, at which the key must have been valid.

    Raises:
        InputError: No SSH signature, one for another namespace, or one that does not fit the data.
        UnknownSignerError: A sound signature by a key that is not allowed at that time.
        SigningKeyError: ``ssh-keygen`` is missing, or the allowed signers cannot be read.
        UsageError: Another namespace, or a time without zone.
    """
    if namespace not in _NAMESPACES:
        raise UsageError(f"namespace {namespace!r}; expected {', '.join(_NAMESPACES[:-1])} or {_NAMESPACES[-1]}")
    if at.tzinfo is None or at.year < 1970:
        raise UsageError(f"time {at}; expected one since 1970 with a zone")
    with _keygen(signature, allowed_signers, namespace, at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")) as keygen:
        fingerprint = keygen.check(data)
        return SshSigner(keygen.identity(data, fingerprint), fingerprint)


def ssh_key_of(data: bytes, signature: bytes, *, namespace: str) -> str:
    """Returns the fingerprint of the key that made a detached SSH signature, whoever holds it.

    Args:
        data: What was signed.
        signature: Content of the ``.sig`` file.
        namespace: `NAMESPACE`, `DECISION_NAMESPACE` or `FILE_NAMESPACE`.

    Raises:
        InputError: No SSH signature, one for another namespace, or one that does not fit the data.
        SigningKeyError: ``ssh-keygen`` is missing.
    """
    with _keygen(signature, (), namespace, "") as keygen:
        return keygen.check(data)


def sign_with_ssh(data: bytes, key: Path, *, namespace: str) -> bytes:
    """Signs with ``ssh-keygen``, which asks for a passphrase itself and uses the agent for a public key.

    Args:
        data: What is signed.
        key: Private key, or the public half of a key that the agent holds.
        namespace: `NAMESPACE`, `DECISION_NAMESPACE` or `FILE_NAMESPACE`.

    Returns:
        The armoured signature.

    Raises:
        SigningKeyError: ``ssh-keygen`` is missing or will not sign with this key.
    """
    command = [_ssh_keygen(), "-Y", "sign", "-q", "-n", namespace, "-f", str(key)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=10 * TIMEOUT_S, check=False)  # noqa: S603 (no shell)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SigningKeyError(f"{command[0]} could not be run ({error})", hint="see whether it works on the command line") from error
    if done.returncode != 0 or not done.stdout.startswith(_BEGIN.encode()):
        raise SigningKeyError(f"{key}: ssh-keygen will not sign with it ({_reason(done.stderr)})", hint="name an SSH key of yours")
    return done.stdout


@dataclass(frozen=True)
class _Keygen:
    """Runs ``ssh-keygen -Y`` on one signature."""

    program: str
    allowed: Path
    signature: Path
    namespace: str
    time: str

    def check(self, data: bytes) -> str:
        """Returns the fingerprint of the key whose signature fits the data."""
        done = self._run("check-novalidate", "-n", self.namespace, data=data)
        match = _KEY.search(done.stdout.decode("utf-8", "replace"))
        if done.returncode != 0 or match is None:
            raise InputError(
                f"signature that does not fit the data ({_reason(done.stderr)})",
                expected="the data exactly as it was signed",
                hint="sign the file again, or restore the file that was signed",
            )
        return match.group(1)

    def identity(self, data: bytes, fingerprint: str) -> str:
        """Returns the first allowed principal for whom the signature verifies."""
        found = self._run("find-principals", "-f", str(self.allowed), f"-Overify-time={self.time}")
        reason = found.stderr
        for principal in _principals(found.stdout):
            done = self._run(
                "verify", "-n", self.namespace, "-f", str(self.allowed), "-I", principal, f"-Overify-time={self.time}", data=data
            )
            if done.returncode == 0:
                return principal
            reason = done.stderr or reason
        raise UnknownSignerError(
            f"signed by {fingerprint}, which is not allowed to at {self.time} ({_reason(reason)})",
            hint="compare the key with its owner, then add it to the allowed signers",
        )

    def _run(self, action: str, *options: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [self.program, "-Y", action, *options, "-s", str(self.signature)]
        try:
            return subprocess.run(  # noqa: S603 (no shell; arguments are ours or follow an option letter)
                command, input=data, capture_output=True, timeout=TIMEOUT_S, env={"LC_ALL": "C"}, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SigningKeyError(f"{self.program} could not be run ({error})", hint="see whether it works on the command line") from error


@contextmanager
def _keygen(signature: bytes, allowed_signers: Sequence[Path | str], namespace: str, time: str) -> Iterator[_Keygen]:
    _refuse_other_namespaces(signature, namespace)
    program = _ssh_keygen()
    with tempfile.TemporaryDirectory(prefix="compliance-ssh-") as folder:
        allowed, sig = Path(folder, "allowed_signers"), Path(folder, "signature")
        allowed.write_bytes(_joined(allowed_signers).encode("utf-8", "replace"))
        sig.write_bytes(signature)
        yield _Keygen(program, allowed, sig, namespace, time)


def _principals(output: bytes) -> Iterator[str]:
    """Yields the principals that ssh-keygen found, names before patterns; refused ones (``!name``) are none."""
    lines = output.decode("utf-8", "replace").splitlines()
    names = [part for line in lines for part in line.split(",") if part and not part.startswith("!")]
    yield from sorted(dict.fromkeys(names), key=lambda name: "*" in name or "?" in name)


def _ssh_keygen() -> str:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise SigningKeyError(
            "ssh-keygen is not installed, so SSH signatures cannot be verified", hint="install the Debian package openssh-client"
        )
    return program


def _joined(allowed_signers: Sequence[Path | str]) -> str:
    parts = []
    for item in allowed_signers:
        try:
            parts.append(item.read_text(encoding="utf-8") if isinstance(item, Path) else item)
        except (OSError, UnicodeDecodeError) as error:
            raise SigningKeyError(f"{item}: allowed signers that cannot be read ({error})", hint="see ssh-keygen(1)") from error
    return "\n".join([*parts, ""])


def namespace_of(signature: bytes) -> str:
    """Reads the signature's frame: armour, magic, version, public key, namespace; the rest is left to ssh-keygen.

    Raises:
        InputError: It is no armoured SSH signature.
    """
    blob = _unarmoured(signature)
    if not blob.startswith(_MAGIC) or blob[6:10] != b"\0\0\0\1":
        raise InputError("no SSHSIG of version 1", expected=_EXPECTED)
    _, rest = _string(blob[10:])
    namespace, _ = _string(rest)
    return namespace.decode("utf-8", "replace")


def _refuse_other_namespaces(signature: bytes, expected: str) -> None:
    namespace = namespace_of(signature)
    if namespace != expected:
        raise InputError(
            f"signature for the namespace {namespace!r}",
            expected=repr(expected),
            hint=f"sign with `ssh-keygen -Y sign -n {expected}`",
        )


def _unarmoured(signature: bytes) -> bytes:
    if len(signature) > SIGNATURE_LIMIT:
        raise InputError(f"{len(signature)} bytes", expected=_EXPECTED)
    lines = signature.decode("ascii", "replace").split()
    text = " ".join(lines)
    if not (text.startswith(_BEGIN) and text.endswith(_END) and text.count("-----") == 4):
        raise InputError("no armoured signature", expected=_EXPECTED)
    try:
        return base64.b64decode(text.removeprefix(_BEGIN).removesuffix(_END).replace(" ", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("broken base64", expected=_EXPECTED) from error


def _string(blob: bytes) -> tuple[bytes, bytes]:
    """Splits off an SSH string: four bytes of length, then so many bytes (RFC 4251 section 5)."""
    length = int.from_bytes(blob[:4], "big")
    if len(blob) < 4 + length or len(blob) < 4:
        raise InputError("cut signature", expected=_EXPECTED)
    return blob[4 : 4 + length], blob[4 + length :]


def _reason(stderr: bytes) -> str:
    """Returns what ssh-keygen said, in one line, without the name of our temporary file."""
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return re.sub(r"\S*allowed_signers:(\d+)", r"allowed signers, line \1", lines[0]) if lines else "no principal matched"
