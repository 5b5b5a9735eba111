"""``docs/leaf-format.md`` is right: its example is recomputed twice, by the store's code and by nothing but hashes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from compliance.intake import Intake, Overrides
from compliance.project import Project
from compliance.record import PRIVACY_CLASSES, PrivacyClass
from compliance.store import Store, ledger, merkle, note
from tests.cli.run import compliance
from tests.evidence.helpers import read
from tests.marked import blocks
from tests.sign.test_ssh import Key

DOCUMENT = "docs/leaf-format.md"
EXAMPLE = dict(blocks(DOCUMENT, "example"))
LEAVES = dict(blocks(DOCUMENT, "leaf"))
KEYS: dict[PrivacyClass, bytes] = {"paths": b"\x01" * 32, "people": b"\x02" * 32, "code": b"\x03" * 32}
LOG_KEY = bytes(range(32))
ARTIFACT = EXAMPLE["artifact"].encode() + b"\n"


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def test_the_example_follows_from_hashes_alone() -> None:
    store, evidence = (json.loads(LEAVES[name]) for name in ("store", "evidence"))
    assert sha256(ARTIFACT).hex() == EXAMPLE["artifact-sha256"] == evidence["artifact"]["sha256"]
    assert len(ARTIFACT) == evidence["artifact"]["size"]
    assert sha256(EXAMPLE["payload"].encode()).hex() == evidence["payload"]
    for name, key in KEYS.items():
        commitment = sha256(hmac.digest(key, b"entry", "sha256"), EXAMPLE[f"sealed-{name}"].encode()).hex()
        assert commitment == EXAMPLE[f"commitment-{name}"] == evidence["private"][name]
    index = bytes(8)
    paths = sha256(hmac.digest(KEYS["paths"], index, "sha256"), EXAMPLE["row-paths"].encode())
    code = sha256(hmac.digest(KEYS["code"], index, "sha256"), EXAMPLE["row-code"].encode())
    assert [paths.hex(), bytes(32).hex(), code.hex()] == EXAMPLE["row-commitments"].split()
    row = sha256(b"\0", EXAMPLE["row-public"].encode(), paths, bytes(32), code)
    assert row.hex() == EXAMPLE["row-hash"] == evidence["rows"]["root"]
    leaves = [sha256(b"\0", LEAVES[name].encode()) for name in ("store", "evidence")]
    assert [leaf.hex() for leaf in leaves] == EXAMPLE["leaf-hashes"].split()
    root = sha256(b"\1", *leaves)
    assert root.hex() == EXAMPLE["root"]
    name, key_id, encoded = store["log_key"].split("+", 2)
    public = base64.b64decode(encoded)[1:]
    assert name == store["origin"] == "compliance-toolkit/" + public.hex()[:16]
    assert key_id == sha256(name.encode(), b"\n\1", public)[:4].hex()
    signed, _, last = EXAMPLE["checkpoint"].partition("\n\n")
    assert signed.split("\n") == [name, "2", base64.b64encode(root).decode()]
    dash, signer, signature = last.split(" ")
    assert (dash.encode(), signer) == (b"\xe2\x80\x94", name)
    assert base64.b64decode(signature)[:4].hex() == key_id
    Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature)[4:], signed.encode() + b"\n")
    assert Ed25519PrivateKey.from_private_bytes(LOG_KEY).public_key().public_bytes_raw() == public


def test_the_store_computes_the_same() -> None:
    parsed = read("test-results", "junit-xml", ARTIFACT)
    # A kind may say more of a file than it did when the example was written, and nothing else.
    payload = parsed.payload.model_dump(mode="json")
    assert {**payload, **json.loads(EXAMPLE["payload"])} == payload
    sealed = {name: ledger.Sealed(KEYS[name], EXAMPLE[f"sealed-{name}"].encode()) for name in PRIVACY_CLASSES}
    for name in ("store", "evidence"):
        body = json.loads(LEAVES[name])
        frame = [body.pop(member) for member in ("type", "at", "after", "v", "private") if member in body]
        made = ledger.leaf(frame[0], frame[1], frame[2], body, sealed if name == "evidence" else {})
        assert made == LEAVES[name].encode()
    rows = ledger.RowHasher(KEYS)
    commitments = bytes.fromhex("".join(EXAMPLE["row-commitments"].split()))
    assert [rows.leaf(0, row) for row in parsed.findings] == [EXAMPLE["row-public"].encode() + commitments]
    assert rows.root(parsed.findings).hex() == EXAMPLE["row-hash"]
    root = merkle.root_of(merkle.leaf_hash(LEAVES[name].encode()) for name in ("store", "evidence"))
    key = note.LogKey(Ed25519PrivateKey.from_private_bytes(LOG_KEY))
    assert key.sign(note.Checkpoint(json.loads(LEAVES["store"])["origin"], 2, root)) == EXAMPLE["checkpoint"] + "\n"


def test_every_example_is_canonical() -> None:
    texts = [*LEAVES.values(), *(text for name, text in EXAMPLE.items() if text.startswith(("{", "[")))]
    for text in texts:
        assert rfc8785.dumps(json.loads(text)) == text.encode()


TOML = """
[project]
name = "demo"
commit = "0123456789abcdef0123456789abcdef01234567"
profile = "library"
[collect.test-results]
files = ["junit.xml"]
[collect.coverage]
files = ["missing.json"]
[sign]
trust = ["allowed_signers"]
[roles.security]
people = ["ada"]
override = true
"""


def shape(value: Any, name: str = "") -> Any:
    """The members of an object, at all depths; lists by their first element, and what a project or a tool names left out."""
    if isinstance(value, dict):
        open_ended = ("renderer", "summary", "scope", "private")
        return name if name in open_ended else {key: shape(item, key) for key, item in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def name(entry: dict[str, Any]) -> str:
    """The name of the example: the type, and what of it, where entries of a type differ."""
    return "-".join([entry["type"], *([entry["action"]] if entry["type"] == "waiver" else [])])


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The leaves that a release really writes."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "compliance.toml").write_text(TOML)
    (folder / "junit.xml").write_bytes(ARTIFACT)
    assert compliance("keys", "create", cwd=folder).code == 0
    ran = compliance("release", "-o", "r.pdf", cwd=folder, timeout=600)
    assert ran.code == 1, ran.err
    key = Key(folder, "ada")
    (folder / "allowed_signers").write_text(f"ada {key.public}\n")
    asked = ("--gate", "ALPHA-PF-5", "--reason", "r", "--controls", "c", "--by", "eve", "--until", "2d")
    condition = "more; owner=eve; due=2100-01-01T00:00:00Z; kind=coverage"
    override = ("--override", "--reason", "r", "--condition", condition)
    for words in (
        ("waive", "request", *asked),
        ("waive", "approve", "W6", "--key", "ada"),
        ("sign", "--role", "security", "--key", "ada", "--approve-with-conditions", *override),
    ):
        ran = compliance(*words, cwd=folder)
        assert ran.code == 0, ran.err
    with Store.open(folder / ".compliance" / "evidence.db") as store:
        return [entry.body for entry in store.entries()]


def test_real_entries_have_the_documented_members(entries: list[dict[str, Any]]) -> None:
    assert {name(entry) for entry in entries} == LEAVES.keys()
    for entry in entries:
        assert shape(entry) == shape(json.loads(LEAVES[name(entry)])), entry["type"]
        assert entry["v"] == 1
        assert entry.get("private", {}).keys() <= set(PRIVACY_CLASSES)


def test_private_values_are_those_that_the_document_names(tmp_path: Path) -> None:
    (tmp_path / "compliance.toml").write_text(TOML)
    (tmp_path / "junit.xml").write_bytes(ARTIFACT)
    project = Project.load(tmp_path)
    with Store.create(tmp_path / "evidence.db") as store:
        list(Intake(project, store, Overrides()).paths([tmp_path / "junit.xml"]))
        private = store.private(1)
    for name in PRIVACY_CLASSES:
        assert private[name].keys() == json.loads(EXAMPLE[f"sealed-{name}"]).keys()
