"""The leaf format, version 1, byte by byte. These expectations are final: a change here breaks every store that exists."""

from __future__ import annotations

import hashlib
import hmac
import json

import msgspec
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from compliance.record import Finding, PrivacyClass
from compliance.store import ledger, merkle

KEYS: dict[PrivacyClass, bytes] = {"paths": b"p" * 32, "people": b"q" * 32, "code": b"c" * 32}
ROWS = ledger.RowHasher(KEYS)


def test_a_leaf_is_canonical_json_of_its_members() -> None:
    data = ledger.leaf("assessment", "2026-01-31T12:00:00Z", 3, {"outcome": "no-go", "b": [1, None]}, {})
    assert data == b'{"after":3,"at":"2026-01-31T12:00:00Z","b":[1,null],"outcome":"no-go","type":"assessment","v":1}'


def test_private_values_enter_a_leaf_as_commitments() -> None:
    sealed = ledger.Sealed(b"k" * 32, b'{"name":"a.json"}')
    salt = hmac.digest(b"k" * 32, b"entry", "sha256")
    expected = hashlib.sha256(salt + b'{"name":"a.json"}').hexdigest()
    assert sealed.commitment == expected
    body = json.loads(ledger.leaf("evidence", "2026-01-31T12:00:00Z", 0, {}, {"paths": sealed}))
    assert body["private"] == {"paths": expected}


def test_each_sealing_has_a_key_of_its_own() -> None:
    assert ledger.Sealed.of({"a": 1}).commitment != ledger.Sealed.of({"a": 1}).commitment


def test_a_row_leaf_is_its_public_part_and_three_commitments() -> None:
    row = Finding(rule="B602", severity="high", fingerprint="f" * 32, line=7, path="a.py", message="m")
    index = (5).to_bytes(8, "big")
    paths = hashlib.sha256(hmac.digest(b"p" * 32, index, "sha256") + b'["' + b"f" * 32 + b'",7,"a.py"]').digest()
    code = hashlib.sha256(hmac.digest(b"c" * 32, index, "sha256") + b'["m"]').digest()
    expected = b'{"rule":"B602","severity":"high","state":"open"}' + paths + bytes(32) + code
    assert ROWS.leaf(5, row) == expected


def test_the_root_over_rows_is_a_merkle_root() -> None:
    rows = [Finding(rule=str(number), severity="low", fingerprint="") for number in range(5)]
    leaves = [merkle.leaf_hash(ROWS.leaf(number, row)) for number, row in enumerate(rows)]
    assert ROWS.root(rows) == merkle.root_of(leaves)
    assert ROWS.root([]) == merkle.EMPTY_ROOT


texts = st.none() | st.text(st.characters(codec="utf-8"))


@given(texts, texts, st.none() | st.integers(-(2**53) + 1, 2**53 - 1))
def test_the_fast_encoder_writes_canonical_json(first: str | None, second: str | None, number: int | None) -> None:
    value = [first, number, second]
    assert msgspec.json.encode(value) == rfc8785.dumps(value)


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_the_public_part_of_a_row_is_canonical_json(rule: str, package: str) -> None:
    row = Finding(rule=rule, severity="low", fingerprint="", package=package)
    public = ROWS.leaf(0, row)[:-96]
    assert public == rfc8785.dumps(json.loads(public))
    assert json.loads(public) == {"package": package, "rule": rule, "severity": "low", "state": "open"}


def test_every_field_of_a_row_is_bound() -> None:
    full = Finding(
        confidence="a", fixed_in="b", package="c", package_version="d", rule="e", severity="f", state="g",
        fingerprint="h", line=1, path="i", message="j", person="k",
    )  # fmt: skip
    leaf = ROWS.leaf(0, full)
    for name in Finding.__struct_fields__:
        changed = msgspec.structs.replace(full, **{name: 2 if name == "line" else "z"})
        assert ROWS.leaf(0, changed) != leaf, name
    assert ROWS.leaf(1, full) != leaf
