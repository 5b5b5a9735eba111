"""SSH signatures over evidence, with real keys."""

from __future__ import annotations

import base64
import shutil
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import InputError, SigningKeyError, UsageError
from compliance.sign import ssh

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")

AT = datetime(2025, 9, 20, 10, 26, tzinfo=UTC)
RECORD = b"schema: compliance/rollback-drill/v1\n"


def keygen(*arguments: str) -> str:
    return subprocess.run(["ssh-keygen", *arguments], check=True, capture_output=True, text=True).stdout


class Key:
    """A key pair in a folder of the test's own."""

    def __init__(self, folder: Path, name: str, *options: str) -> None:
        self.path = folder / name
        self.folder = folder
        keygen("-q", *(options or ("-t", "ed25519")), "-N", "", "-C", name, "-f", str(self.path))
        self.public = " ".join(self.path.with_suffix(".pub").read_text().split()[:2])
        self.fingerprint = keygen("-l", "-f", str(self.path)).split()[1]

    def sign(self, data: bytes, namespace: str = ssh.NAMESPACE) -> bytes:
        file = self.folder / "data"
        file.write_bytes(data)
        file.with_suffix(".sig").unlink(missing_ok=True)
        keygen("-q", "-Y", "sign", "-n", namespace, "-f", str(self.path), str(file))
        return file.with_suffix(".sig").read_bytes()


@pytest.fixture(scope="module")
def alice(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return Key(tmp_path_factory.mktemp("alice"), "alice")


@pytest.fixture(scope="module")
def mallory(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return Key(tmp_path_factory.mktemp("mallory"), "mallory")


@pytest.fixture(scope="module")
def signature(alice: Key) -> bytes:
    return alice.sign(RECORD)


def verify(data: bytes, signature: bytes, *allowed: Path | str, at: datetime = AT) -> ssh.SshSigner:
    return ssh.verify_ssh_signature(data, signature, allowed, namespace=ssh.NAMESPACE, at=at)


def test_a_good_signature_names_its_signer(alice: Key, mallory: Key) -> None:
    allowed = f"mallory@example.org {mallory.public}\nalice@example.org {alice.public}\n"
    assert verify(RECORD, alice.sign(RECORD), allowed) == ssh.SshSigner("alice@example.org", alice.fingerprint)


def test_signers_come_from_files_and_texts(alice: Key, mallory: Key, tmp_path: Path) -> None:
    file = tmp_path / "signers"
    file.write_text(f"# people\nalice@example.org {alice.public}")
    assert verify(RECORD, alice.sign(RECORD), f"mallory@example.org {mallory.public}", file).identity == "alice@example.org"


@pytest.mark.parametrize("options", [("-t", "rsa", "-b", "3072"), ("-t", "ecdsa", "-b", "256")], ids=["rsa", "ecdsa"])
def test_other_key_types(options: tuple[str, ...], tmp_path: Path) -> None:
    key = Key(tmp_path, "key", *options)
    assert verify(RECORD, key.sign(RECORD), f"k {key.public}") == ssh.SshSigner("k", key.fingerprint)


@pytest.mark.parametrize("data", [b"", RECORD[:-1], RECORD + b"\n", RECORD.replace(b"v1", b"v2")])
def test_changed_data_is_refused(data: bytes, alice: Key) -> None:
    with pytest.raises(InputError, match="signature that does not fit the data"):
        verify(data, alice.sign(RECORD), f"alice@example.org {alice.public}")


@pytest.mark.parametrize("namespace", ["git", "file", ssh.NAMESPACE + "2"])
def test_a_signature_for_something_else_is_refused(namespace: str, alice: Key) -> None:
    with pytest.raises(InputError) as caught:
        verify(RECORD, alice.sign(RECORD, namespace), f"alice@example.org {alice.public}")
    assert caught.value.reason == f"signature for the namespace '{namespace}'; expected '{ssh.NAMESPACE}'"


def test_only_our_namespace_can_be_asked_for(alice: Key) -> None:
    with pytest.raises(UsageError, match="namespace 'git'"):
        ssh.verify_ssh_signature(RECORD, alice.sign(RECORD), [], namespace="git", at=AT)


def test_an_unknown_key_is_no_signer(alice: Key, mallory: Key) -> None:
    with pytest.raises(ssh.UnknownSignerError, match="is not allowed to") as caught:
        verify(RECORD, mallory.sign(RECORD), f"alice@example.org {alice.public}")
    assert mallory.fingerprint in caught.value.message
    with pytest.raises(ssh.UnknownSignerError):
        verify(RECORD, mallory.sign(RECORD))


def test_a_key_counts_only_while_it_is_valid(alice: Key) -> None:
    allowed = f'alice@example.org valid-after="20250901Z",valid-before="20251001Z" {alice.public}'
    signature = alice.sign(RECORD)
    assert verify(RECORD, signature, allowed).identity == "alice@example.org"
    eastern = timezone(timedelta(hours=14))
    assert verify(RECORD, signature, allowed, at=datetime(2025, 10, 1, 13, 59, tzinfo=eastern)).identity == "alice@example.org"
    with pytest.raises(ssh.UnknownSignerError, match="key has expired"):
        verify(RECORD, signature, allowed, at=datetime(2025, 10, 1, 14, 1, tzinfo=eastern))
    with pytest.raises(ssh.UnknownSignerError, match="not yet valid"):
        verify(RECORD, signature, allowed, at=datetime(2025, 8, 31, tzinfo=UTC))


def test_a_key_for_another_namespace_is_no_signer(alice: Key) -> None:
    with pytest.raises(ssh.UnknownSignerError):
        verify(RECORD, alice.sign(RECORD), f'alice@example.org namespaces="git" {alice.public}')
    allowed = f'alice@example.org namespaces="git,{ssh.NAMESPACE}" {alice.public}'
    assert verify(RECORD, alice.sign(RECORD), allowed).identity == "alice@example.org"


@pytest.mark.parametrize(
    ("principals", "identity"),
    [
        ("*@example.org", "*@example.org"),
        ("*@example.org,alice@example.org", "alice@example.org"),
        ("!bob@example.org,*@example.org", "*@example.org"),
        ('"Alice Jones"', "Alice Jones"),
    ],
)
def test_identity_patterns(principals: str, identity: str, alice: Key) -> None:
    assert verify(RECORD, alice.sign(RECORD), f"{principals} {alice.public}").identity == identity


def test_a_principal_that_is_only_refused_is_no_signer(alice: Key) -> None:
    with pytest.raises(ssh.UnknownSignerError):
        verify(RECORD, alice.sign(RECORD), f"!alice@example.org {alice.public}")


def test_a_certificate_of_an_allowed_authority_names_its_principal(alice: Key, mallory: Key, tmp_path: Path) -> None:
    subject = Key(tmp_path, "subject")
    keygen("-q", "-s", str(alice.path), "-I", "id", "-n", "carol@example.org", "-V", "20250901Z:20251001Z", f"{subject.path}.pub")
    subject.path.with_suffix(".pub").unlink()
    Path(f"{subject.path}-cert.pub").rename(f"{subject.path}.pub")
    signature = subject.sign(RECORD)
    signer = verify(RECORD, signature, f"*@example.org cert-authority {alice.public}")
    assert signer == ssh.SshSigner("carol@example.org", subject.fingerprint)
    with pytest.raises(ssh.UnknownSignerError):
        verify(RECORD, signature, f"*@example.org cert-authority {mallory.public}")
    with pytest.raises(ssh.UnknownSignerError):
        verify(RECORD, signature, f"*@example.org cert-authority {alice.public}", at=AT + timedelta(days=30))


def armoured(blob: bytes) -> bytes:
    return b"-----BEGIN SSH SIGNATURE-----\n" + base64.b64encode(blob) + b"\n-----END SSH SIGNATURE-----\n"


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"\xff\x00",
        b"-----BEGIN SSH SIGNATURE-----",
        b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n",
        b"-----BEGIN SSH SIGNATURE-----\n====\n-----END SSH SIGNATURE-----\n",
        armoured(b""),
        armoured(b"SSHSIG\0\0\0\2"),
        armoured(b"SSHSIG\0\0\0\1"),
        armoured(b"SSHSIG\0\0\0\1\xff\xff\xff\xff"),
        armoured(b"SSHSIG\0\0\0\1\0\0\0\1k\0\0\0\x1b" + ssh.NAMESPACE.encode()),
        armoured(b"x" * (1 << 16)),
    ],
)
def test_malformed_signatures_are_refused(signature: bytes, alice: Key) -> None:
    with pytest.raises(InputError):
        verify(RECORD, signature, f"alice@example.org {alice.public}")


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_changed_byte_of_the_signature_verifies_as_somebody_else(alice: Key, signature: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(signature) - 1))
    changed = signature[:place] + bytes([signature[place] ^ data.draw(st.integers(1, 255))]) + signature[place + 1 :]
    try:
        signer = verify(RECORD, changed, f"alice@example.org {alice.public}")
    except (InputError, ssh.UnknownSignerError):
        return
    assert signer == ssh.SshSigner("alice@example.org", alice.fingerprint)  # white space of the armour


def test_a_broken_list_of_signers_allows_nobody(alice: Key) -> None:
    with pytest.raises(ssh.UnknownSignerError):
        verify(RECORD, alice.sign(RECORD), f"alice@example.org {alice.public[:40]}")


def test_a_list_that_cannot_be_read_is_named(alice: Key, tmp_path: Path) -> None:
    with pytest.raises(SigningKeyError, match="allowed signers that cannot be read"):
        verify(RECORD, alice.sign(RECORD), tmp_path / "absent")


@pytest.mark.parametrize("at", [datetime(2025, 9, 20), datetime(1969, 1, 1, tzinfo=UTC)])
def test_the_time_must_be_a_real_one(at: datetime, alice: Key) -> None:
    with pytest.raises(UsageError, match="with a zone"):
        verify(RECORD, alice.sign(RECORD), f"alice@example.org {alice.public}", at=at)


def test_a_missing_ssh_keygen_is_said(alice: Key, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    signature = alice.sign(RECORD)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SigningKeyError, match="ssh-keygen is not installed") as caught:
        verify(RECORD, signature, f"alice@example.org {alice.public}")
    assert not isinstance(caught.value, ssh.UnknownSignerError)
    assert "openssh-client" in str(caught.value.hint)


def test_an_ssh_keygen_that_cannot_run_is_said(alice: Key, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    signature = alice.sign(RECORD)
    (tmp_path / "ssh-keygen").write_text("no program")
    (tmp_path / "ssh-keygen").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SigningKeyError, match="could not be run"):
        verify(RECORD, signature, f"alice@example.org {alice.public}")
