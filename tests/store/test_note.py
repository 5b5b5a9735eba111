"""Signed notes: the published vector of Go's sumdb/note, our own notes, and notes that were changed."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from compliance.errors import SigningKeyError, TamperedError
from compliance.store import note


def test_key_id_and_signature_of_the_published_go_note() -> None:
    """golang.org/x/mod/sumdb/note, package documentation."""
    name, public = note.read_verifier_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = base64.b64decode("x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=")
    assert signature[:4] == note.key_id(name, public)
    Ed25519PublicKey.from_public_bytes(public).verify(signature[4:], text.encode())


@pytest.fixture
def key(tmp_path: Path) -> note.LogKey:
    return note.LogKey.create(tmp_path / "log.key")


def test_a_signed_checkpoint_opens(key: note.LogKey) -> None:
    checkpoint = note.Checkpoint("example/log", 7, bytes(range(32)))
    assert note.open_note(key.sign(checkpoint), note.verifier_key("example/log", key.public)) == checkpoint


def test_no_changed_character_passes(key: note.LogKey) -> None:
    signed = key.sign(note.Checkpoint("example/log", 7, bytes(range(32))))
    verifier = note.verifier_key("example/log", key.public)
    for position, character in enumerate(signed):
        for other in ("A", "\n", " ", "0"):
            if other != character:
                with pytest.raises(TamperedError):
                    note.open_note(signed[:position] + other + signed[position + 1 :], verifier)
        with pytest.raises(TamperedError):
            note.open_note(signed[:position] + signed[position + 1 :], verifier)


def test_another_key_does_not_open_it(key: note.LogKey, tmp_path: Path) -> None:
    signed = key.sign(note.Checkpoint("example/log", 7, bytes(32)))
    other = note.LogKey.create(tmp_path / "other.key")
    with pytest.raises(TamperedError):
        note.open_note(signed, note.verifier_key("example/log", other.public))


def test_the_key_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    first = note.LogKey.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert note.LogKey.create(path).public == first.public
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "not base64!", base64.b64encode(bytes(31)).decode()])
def test_an_unusable_key_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "log.key"
    path.write_text(text)
    with pytest.raises(SigningKeyError, match=r"log\.key: not a log key"):
        note.LogKey.load(path)


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.key"
    note.LogKey.create(path)
    monkeypatch.setenv(note.KEY_ENVIRONMENT, base64.b64encode(bytes(32)).decode())
    loaded, again = note.LogKey.load(path), note.LogKey.load(tmp_path / "none")
    assert loaded is not None
    assert again is not None
    assert loaded.public == again.public


@pytest.mark.parametrize("text", ["", "a+b", "a+00000000+AAAA", "a+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"])
def test_a_broken_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(SigningKeyError):
        note.read_verifier_key(text)
