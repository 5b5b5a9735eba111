from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from compliance.errors import SigningKeyError
from compliance.sign import dsse, statement
from compliance.sign.command import CommandKey
from compliance.sign.keyfile import signing_key
from compliance.sign.keys import SigningKey
from compliance.sign.pdf import sign_pdf
from compliance.sign.pdf_verify import inspect_pdf
from compliance.sign.trust import TrustStore
from tests.sign.documents import WHEN, Authority, private_key, report

DIGESTS = {"p256": "-sha256", "p384": "-sha384", "rsa3072": "-sha256"}


def command_key(folder: Path, kind: str, *command: str, name: str = "Ada") -> SigningKey:
    """A key that ``openssl`` uses; it stands for any key service."""
    authority, key = Authority(), private_key(kind)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
    words = command or ("openssl", "dgst", DIGESTS[kind], "-sign", "key.pem")
    return signing_key(CommandKey(words, folder), [authority.issue(name, key), authority.middle, authority.root], "command", now=WHEN)


@pytest.mark.parametrize("kind", DIGESTS)
def test_a_command_signs_pdfs_envelopes_and_statements(tmp_path: Path, kind: str) -> None:
    key = command_key(tmp_path, kind)
    assert len(key.chain) == 1
    assert inspect_pdf(sign_pdf(report().content, key, box=None, reason="r", when=WHEN)).is_intact
    dsse.verify(key.public_key, dsse.sign(key, "type", b"payload"), "type", b"payload")
    signature = statement.sign({"decision": "approve"}, key)
    signers = statement.Signers(trust=TrustStore([key.chain[0]]))
    assert signers.verify(b'{"decision":"approve"}', signature, WHEN).name == "Ada"


def test_a_command_that_signs_with_another_key_or_digest_is_refused(tmp_path: Path) -> None:
    key = command_key(tmp_path, "p256", "openssl", "dgst", "-sha384", "-sign", "key.pem")
    with pytest.raises(SigningKeyError, match="does not verify") as refused:
        key.sign(b"data")
    assert "ECDSA with SHA256" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("no-such-program",), "cannot be started"),
        ((sys.executable, "-c", "import sys; print('no such key', file=sys.stderr); sys.exit(3)"), "exit code 3: no such key"),
        ((sys.executable, "-c", "pass"), "printed 0 bytes"),
        ((sys.executable, "-c", "print('x' * 100_000)"), "printed 100001 bytes"),
        ((sys.executable, "-c", "print('not a signature')"), "does not verify"),
    ],
)
def test_a_command_that_fails_is_named(tmp_path: Path, command: tuple[str, ...], message: str) -> None:
    with pytest.raises(SigningKeyError, match=message):
        command_key(tmp_path, "p256", *command).sign(b"data")


def test_a_command_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(SigningKeyError, match=r"did not end within 0\.2 s"):
        CommandKey((sys.executable, "-c", "import time; time.sleep(60)"), tmp_path, timeout_s=0.2).sign(b"data")


def test_a_command_does_not_see_the_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLIANCE_SIGN_PASSPHRASE", "hush")
    script = "import os; print([value for value in os.environ.values() if 'hush' in value])"
    assert CommandKey((sys.executable, "-c", script), tmp_path).sign(b"data").strip() == b"[]"


def test_a_command_needs_a_certificate(tmp_path: Path) -> None:
    with pytest.raises(SigningKeyError, match="no certificate"):
        signing_key(CommandKey(("true",), tmp_path), [], "command")
