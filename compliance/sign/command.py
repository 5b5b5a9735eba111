"""A key behind a command: a cloud's key service, a smart-card daemon, a signing server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import SigningKeyError

__all__ = ["CommandKey"]

TIMEOUT_S: Final = 120.0
"""Long enough for a person who has to touch a token."""
_LIMIT: Final = 1 << 16


@dataclass(frozen=True)
class CommandKey:
    """Gives the data that is to be signed to a command on standard input, and takes the signature value from its standard output.

    The command signs with the algorithm that belongs to the kind of key (see `algorithms`): PKCS #1 v1.5 or ECDSA in DER form, such as
    ``openssl dgst -sha256 -sign key.pem``.

    Args:
        command: The program and its arguments; there is no shell.
        cwd: Folder in which it runs.
    """

    command: Sequence[str]
    cwd: Path
    timeout_s: float = TIMEOUT_S

    def sign(self, data: bytes) -> bytes:
        """Runs the command.

        Raises:
            SigningKeyError: It cannot be started, fails, takes too long or prints nothing.
        """
        name = Path(self.command[0]).name
        # The passphrase is for this process.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("COMPLIANCE_SIGN_PASSPHRASE")}
        try:
            done = subprocess.run(  # noqa: S603 (no shell; the command comes from the project's own configuration)
                list(self.command), input=data, capture_output=True, cwd=self.cwd, env=environment, timeout=self.timeout_s, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise SigningKeyError(f"the signing command {name} did not end within {self.timeout_s:g} s") from error
        except OSError as error:
            raise SigningKeyError(f"the signing command {name} cannot be started ({error.strerror})", hint=f"install {name}") from error
        if done.returncode:
            said = next((line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines()[::-1] if line.strip()), "no message")
            raise SigningKeyError(f"the signing command {name} failed with exit code {done.returncode}: {said[:300]}")
        if not 0 < len(done.stdout) <= _LIMIT:
            raise SigningKeyError(f"the signing command {name} printed {len(done.stdout)} bytes; expected a signature value, in binary")
        return done.stdout
