"""The leaf format, version 1: what exactly is hashed into the ledger. Never changed; ``docs/leaf-format.md`` describes each byte.

A leaf is canonical JSON that anybody may see. What is private (paths, people, code) stands beside the ledger, bound to the leaf by
salted commitments, one per privacy class, so that it can be erased or left out of a copy while the root stays the same.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import count
from typing import Any, Final

import msgspec

from ..errors import InputError, TamperedError
from ..reading import jsontext
from ..record import PRIVACY_CLASSES, Finding, Json, PrivacyClass, canonical, is_canonical, read_canonical
from ..times import read_rfc3339
from . import merkle

VERSION: Final = 1
KEY_SIZE: Final = 32
"""Bytes of a key. Others are refused: HMAC pads with zeros, so a key and the same key with a zero behind it would agree."""
_NOTHING: Final = bytes(32)
"""Stands for the commitment of a class that a row has no value of."""
_encode = msgspec.json.Encoder().encode
"""Equal to RFC 8785 for strings, integers, null and arrays of them, and 50 times faster; a property test holds it to that."""


@dataclass(frozen=True)
class Entry:
    """One entry of the ledger."""

    number: int
    data: bytes
    """The leaf: canonical JSON, exactly the bytes that are hashed."""

    @cached_property
    def body(self) -> dict[str, Any]:
        """The leaf, read.

        Raises:
            TamperedError: It is not what this log writes.
        """
        try:
            return dict(jsontext.loads(self.data))
        except (InputError, TypeError, ValueError) as error:
            raise TamperedError(
                f"entry {self.number}: its leaf is not JSON ({error})", hint="run `compliance verify` on the store"
            ) from error

    @property
    def type(self) -> str:
        """Type of the entry, such as ``evidence``."""
        return str(self.body["type"])

    @property
    def at(self) -> datetime:
        """When it was recorded."""
        return read_rfc3339(self.body["at"])

    @property
    def first_at(self) -> datetime:
        """When it was recorded first: in the store that it was merged from, if it was."""
        return read_rfc3339(self.body.get("merged", self.body)["at"])


@dataclass(frozen=True)
class Sealed:
    """Private values of one class, with the key from which their salts are derived."""

    key: bytes
    value: bytes
    """Canonical JSON."""

    @classmethod
    def of(cls, value: Json) -> Sealed:
        """Seals a value under a fresh random key of 32 bytes."""
        return cls(secrets.token_bytes(KEY_SIZE), canonical(value))

    @property
    def commitment(self) -> str:
        """SHA-256(HMAC-SHA-256(key, "entry") || value) in hexadecimal."""
        return commitment(self.key, self.value)


def commitment(key: bytes, value: bytes) -> str:
    """Returns the commitment to private values: see `Sealed.commitment`."""
    return hashlib.sha256(hmac.digest(key, b"entry", "sha256") + value).hexdigest()


def leaf(entry_type: str, at: str, after: int, body: Mapping[str, Json], sealed: Mapping[PrivacyClass, Sealed]) -> bytes:
    """Returns the bytes of a leaf.

    Args:
        entry_type: ``store``, ``evidence``, ``collection``, ``assessment``, ``report.rendered`` or ``report.signed``.
        at: When it is recorded (RFC 3339, UTC).
        after: Size of the signed tree that it is appended to: equal for all entries of one transaction, so that the sizes of
            all checkpoints follow from the ledger.
        body: The other members, all public.
        sealed: Private values by class; only their commitments enter the leaf.
    """
    frame: dict[str, Json] = {"v": VERSION, "type": entry_type, "at": at, "after": after}
    if sealed:
        frame["private"] = {name: value.commitment for name, value in sealed.items()}
    overlap = frame.keys() & body.keys()
    if overlap:
        raise ValueError(f"reserved member {sorted(overlap)[0]}")
    return canonical({**frame, **body})


class _Public(msgspec.Struct, omit_defaults=True):
    """The public part of a row, in the order of canonical JSON; the first four members are left out when they are null."""

    confidence: str | None = None
    fixed_in: str | None = None
    package: str | None = None
    package_version: str | None = None
    rule: str | msgspec.UnsetType = msgspec.UNSET
    severity: str | msgspec.UnsetType = msgspec.UNSET
    state: str | msgspec.UnsetType = msgspec.UNSET


class RowHasher:
    """Computes the leaves of the rows of one piece of evidence.

    Args:
        keys: The evidence's key of each privacy class, as far as they are known: without one, only `redacted_leaf` can be used.
    """

    def __init__(self, keys: Mapping[PrivacyClass, bytes]) -> None:
        self._paths, self._people, self._code = (_commitments(keys[name]) if name in keys else _unknown for name in PRIVACY_CLASSES)

    def leaf(self, number: int, row: Finding) -> bytes:
        """Returns the bytes of a row's leaf: public canonical JSON, then 32 bytes for each of paths, people, code.

        Args:
            number: Position of the row within its evidence, from 0.
            row: The finding.
        """
        index = number.to_bytes(8, "big")
        public = _Public(row.confidence, row.fixed_in, row.package, row.package_version, row.rule, row.severity, row.state)
        paths = self._paths(index, (row.fingerprint, row.line, row.path))
        people = _NOTHING if row.person is None else self._people(index, (row.person,))
        code = _NOTHING if row.message is None else self._code(index, (row.message,))
        return _encode(public) + paths + people + code

    def commitments(self, number: int, row: Finding) -> dict[PrivacyClass, bytes]:
        """Returns the commitments of a row by class, 32 zero bytes for what it has no value of; arguments are those of `leaf`."""
        whole = self.leaf(number, row)
        return {name: whole[len(whole) - 96 + 32 * n : len(whole) - 64 + 32 * n] for n, name in enumerate(PRIVACY_CLASSES)}

    def redacted_leaf(self, number: int, row: Finding, given: Mapping[PrivacyClass, bytes]) -> bytes:
        """Returns the bytes of the leaf of a row of which some classes are left out.

        Args:
            number: Position of the row.
            row: What is known of it.
            given: The commitments of the classes that are left out.
        """
        index = number.to_bytes(8, "big")
        paths = given.get("paths") or self._paths(index, (row.fingerprint, row.line, row.path))
        people = given.get("people") or (_NOTHING if row.person is None else self._people(index, (row.person,)))
        code = given.get("code") or (_NOTHING if row.message is None else self._code(index, (row.message,)))
        public = _Public(row.confidence, row.fixed_in, row.package, row.package_version, row.rule, row.severity, row.state)
        return _encode(public) + paths + people + code

    def root(self, rows: Iterable[Finding]) -> bytes:
        """Returns the Merkle root over rows."""
        return merkle.root_of(map(merkle.leaf_hash, map(self.leaf, count(), rows)))


def _unknown(_: bytes, __: tuple[str | int | None, ...]) -> bytes:
    raise InputError("a value of a privacy class whose key is left out", expected="its commitment")


def _commitments(key: bytes) -> Callable[[bytes, tuple[str | int | None, ...]], bytes]:
    """Returns SHA-256(HMAC-SHA-256(key, index) || values), with the key's part of the HMAC computed once: half of the time of many."""
    sha256, encode, keyed = hashlib.sha256, _encode, hmac.new(key, digestmod="sha256").copy

    def commitment(index: bytes, values: tuple[str | int | None, ...]) -> bytes:
        salt = keyed()
        salt.update(index)
        return sha256(salt.digest() + encode(values)).digest()

    return commitment


def keys_of(sealed: Mapping[PrivacyClass, Sealed]) -> dict[PrivacyClass, bytes]:
    """Returns the keys by class."""
    return {name: sealed[name].key for name in PRIVACY_CLASSES}


def leaf_defect(expected: int, number: int, kind: str, leaf: object, after: int, body: Json = None) -> str | None:
    """Returns what is wrong with an entry, if anything is.

    Args:
        expected: The number that it should have.
        number: The number that it has.
        kind: The type under which it is listed.
        leaf: Its bytes.
        after: What the entry before says that its transaction came after.
        body: The leaf as `record.read_canonical` read it, if that could tell that it is canonical.
    """
    if number != expected:
        return f"entry {expected} is missing: the next one is {number}"
    if not isinstance(leaf, bytes):
        return f"entry {number}: its leaf is not bytes"
    is_exact = isinstance(body, dict)
    if not is_exact:
        try:
            body = Entry(number, leaf).body
        except TamperedError as error:
            return str(error)
    if body.get("v") != VERSION or body.get("type") != kind:
        return f"entry {number}: type {kind!r}, but its leaf says {body.get('type')!r} (version {body.get('v')})"
    if body.get("after") not in (after, number) or not (is_exact or is_canonical(leaf, body)):
        return f"entry {number}: its leaf is not canonical, or names another place in the ledger"
    return None


def read_leaves(leaves: Sequence[object]) -> list[Json]:
    """Reads the leaves that are canonical JSON for certain; None stands for the others, which `leaf_defect` looks at."""
    texts = [one if isinstance(one, bytes) else b"" for one in leaves]
    if (bodies := read_canonical(texts)) is not None:
        return bodies
    # One leaf that needs a closer look does not slow down its neighbours.
    return [(read_canonical([one]) or [None])[0] for one in texts]
