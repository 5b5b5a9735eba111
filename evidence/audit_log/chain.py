r"""A log's own hash chain: recomputed, not believed.

A chain is there when records name the hash of the one before (``prev_hash``, ``previousHash``, ...). How a record's own hash is made is
not standardised, so each record must fit one of the ways below. In each way the record is written as

- JSON with sorted keys, or with the keys in their order, compact or with a space after commas and colons, as UTF-8 or with ``\u`` escapes;
- canonical JSON (RFC 8785);
- the line's own text of each member, compact or spaced;

without the hash (and without signatures, if there are any), with or without the field that names the hash before; and hashed with SHA-256,
SHA-384 or SHA-512 (told by the length) alone, or after or before the previous hash (as text, with nothing, ``|``, ``:`` or a line end
between, or as bytes). Logs whose records have no hash of their own but name the hash of the line before are read too; there the newest
record is protected by nothing, as is the newest of every chain without a key.

A chain proves that nothing was changed between its ends. Whoever can write the log can write a new one: that needs a hash held elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from compliance.errors import InputError
from compliance.reading import jsontext
from compliance.record import Json, canonical

from .fields import Keys, by_keys, plain

PREVIOUS: Final = (
    *("prevhash", "previoushash", "prevrecordhash", "previousrecordhash", "preventryhash", "previousentryhash", "preveventhash"),
    *("previouseventhash", "parenthash", "prevdigest", "previousdigest", "hashprev", "hashprevious", "prevlinehash", "prev", "previous"),
)
"""Names of the field with the hash of the record before, without case and separators."""
_WEAK: Final = frozenset({"prev", "previous"})
OWN: Final = (
    *("recordhash", "entryhash", "eventhash", "chainhash", "selfhash", "currenthash", "curhash", "linehash", "hash", "contenthash"),
    *("digest", "checksum", "sha256"),
)
"""Names of the field with the record's own hash."""
SIGNATURES: Final = frozenset({"signature", "sig", "mac", "hmac"})

SEARCH_LIMIT: Final = 1 << 20
"""Bytes of the largest record on which all ways are tried; larger ones must fit the way of the record before."""

_GENESIS = re.compile(r"0*|genesis|none|null|root|start", re.IGNORECASE)
_DIGEST = re.compile(r"(?:sha-?\d{1,3}[:=-])?([0-9a-fA-F]{32,128})")
_ALGORITHMS = {32: hashlib.sha256, 48: hashlib.sha384, 64: hashlib.sha512}


@dataclass(frozen=True)
class Record:
    """One record and the bytes of its line."""

    line: int
    raw: bytes
    members: Mapping[str, Json]

    def without(self, dropped: frozenset[str]) -> dict[str, Json]:
        """Returns the members but some."""
        return {key: value for key, value in self.members.items() if key not in dropped}

    def texts_without(self, dropped: frozenset[str]) -> list[tuple[bytes, bytes]]:
        """Returns keys and values as the line writes them."""
        texts = jsontext.members(self.raw.strip())
        return [(json.dumps(key, ensure_ascii=False).encode(), bytes(text)) for key, text in texts.items() if key not in dropped]


Form = Callable[[Record, frozenset[str]], bytes]


def _dumped(*, ordered: bool, spaced: bool, ascii_only: bool) -> Form:
    separators = (", ", ": ") if spaced else (",", ":")

    def form(record: Record, dropped: frozenset[str]) -> bytes:
        content = record.without(dropped)
        return json.dumps(content, sort_keys=not ordered, separators=separators, ensure_ascii=ascii_only).encode()

    return form


def _own_text(*, spaced: bool) -> Form:
    comma, colon = (b", ", b": ") if spaced else (b",", b":")

    def form(record: Record, dropped: frozenset[str]) -> bytes:
        return b"{" + comma.join(key + colon + text for key, text in record.texts_without(dropped)) + b"}"

    return form


_FORMS: Final[tuple[Form, ...]] = (
    *(_dumped(ordered=o, spaced=s, ascii_only=a) for o in (False, True) for s in (False, True) for a in (False, True)),
    *(_own_text(spaced=spaced) for spaced in (False, True)),
    lambda record, dropped: canonical(record.without(dropped)),
)
_LINES: Final[tuple[Form, ...]] = (
    lambda record, _: record.raw,
    lambda record, _: record.raw + b"\n",
    *_FORMS,
)
"""How a record without a hash of its own may have been hashed for the next one."""

_JOINS: Final[tuple[Callable[[bytes, bytes, bytes], bytes], ...]] = (
    lambda content, _text, _binary: content,
    *(lambda content, text, _binary, sep=sep: text + sep + content for sep in (b"", b"|", b":", b"\n")),
    *(lambda content, text, _binary, sep=sep: content + sep + text for sep in (b"", b"|", b":", b"\n")),
    lambda content, _text, binary: binary + content,
    lambda content, _text, binary: content + binary,
)


@dataclass(frozen=True)
class Recipe:
    """One way in which a record's hash may have been made."""

    form: Form
    drop_previous: bool
    drop_signatures: bool
    join: Callable[[bytes, bytes, bytes], bytes]


_RECIPES: Final = tuple(Recipe(f, p, s, j) for f in _FORMS for p in (False, True) for s in (False, True) for j in _JOINS)

Status = Literal["verified", "broken", "absent"]


class Chain:
    """Follows the chain from record to record; holds no more than the last one."""

    def __init__(self) -> None:
        self.broken_at: int | None = None
        self.from_start: bool | None = None
        self._previous: str | None = None
        self._own: str | None = None
        self._recipe: tuple[Recipe, ...] = ()
        self._last: Record | None = None
        self._linked = 0
        self._outside: int | None = None

    @property
    def status(self) -> Status:
        """``absent`` as long as no record names the one before, or a record without hash has no successor."""
        if self._previous is None:
            return "absent"
        if self.broken_at is not None:
            return "broken"
        return "verified" if self._own is not None or self._linked else "absent"

    def add(self, line: int, raw: bytes, members: Mapping[str, Json], header: bool = False) -> None:
        """Takes the next record.

        Args:
            line: Its line.
            raw: The bytes of the line.
            members: What it holds.
            header: It is the first line and no event, and need not be part of the chain.
        """
        if self.broken_at is not None:
            return
        if self._previous is None and not self._begins(members):
            if not header and self._outside is None:
                self._outside = line
            return
        record = Record(line, raw, members)
        if self._outside is not None:
            self.broken_at = self._outside
        elif not (self._matches(record) if self._own else self._follows(record)):
            self.broken_at = line
        self._last = record

    def passes_over(self, line: int, keys: Iterable[Keys]) -> bool:
        """Takes records without looking into them, where that makes no difference; false where they have to be added one by one.

        Args:
            line: Line of the first one.
            keys: The keys of the records.
        """
        if self.broken_at is not None:
            return True
        if self._previous is not None or any(map(_may_begin, keys)):
            return False
        if self._outside is None:
            self._outside = line
        return True

    def _begins(self, members: Mapping[str, Json]) -> bool:
        """Finds the fields of the chain in its first record."""
        if not _may_begin(tuple(members)):
            return False
        named: dict[str, str] = {}
        for key in members:
            named.setdefault(plain(key), key)
        own = [named[name] for name in OWN if name in named and digest_of(members[named[name]]) is not None]
        for name in PREVIOUS:
            field = named.get(name)
            if field is not None and _is_link(members[field]) and (name not in _WEAK or own or digest_of(members[field])):
                self._previous, self._own = field, own[0] if own else None
                self.from_start = _is_genesis(members[field])
                return True
        return False

    def _links(self, record: Record) -> bool:
        """Tells whether a record names the hash that the last one states."""
        before = record.members.get(self._previous or "")
        if self._last is None:
            return _is_link(before)
        stated = digest_of(self._last.members.get(self._own or ""))
        return stated is not None and stated == digest_of(before)

    def _matches(self, record: Record) -> bool:
        """Recomputes a record's hash: in the way that fitted last, else in all of them."""
        stated = digest_of(record.members.get(self._own or ""))
        if stated is None or not self._links(record):
            return False
        algorithm = _ALGORITHMS.get(len(stated))
        if algorithm is None:
            return False
        for recipe in (*self._recipe, *(_RECIPES if len(record.raw) <= SEARCH_LIMIT else ())):
            if algorithm(self._content(record, recipe)).digest() == stated:
                self._recipe = (recipe,)
                return True
        return False

    def _content(self, record: Record, recipe: Recipe) -> bytes:
        dropped = {self._own or ""}
        if recipe.drop_previous:
            dropped.add(self._previous or "")
        if recipe.drop_signatures:
            dropped |= {key for key in record.members if plain(key) in SIGNATURES}
        before = record.members.get(self._previous or "")
        text = before if isinstance(before, str) else ""
        content = _safe(recipe.form, record, frozenset(dropped))
        return recipe.join(content, text.encode(), digest_of(before) or b"")

    def _follows(self, record: Record) -> bool:
        """Tells whether a record names the hash of the line before."""
        named = digest_of(record.members.get(self._previous or ""))
        if self._last is None:
            return True
        algorithm = _ALGORITHMS.get(len(named or b""))
        if algorithm is None:
            return False
        self._linked += 1
        return any(algorithm(_safe(form, self._last, frozenset())).digest() == named for form in _LINES)


@by_keys
def _may_begin(keys: Keys) -> bool:
    return any(plain(key) in PREVIOUS for key in keys)


def _safe(form: Form, record: Record, dropped: frozenset[str]) -> bytes:
    """Writes a record; empty where a form does not exist for it (canonical JSON of large numbers)."""
    try:
        return form(record, dropped)
    except (InputError, RecursionError, ValueError):
        return b""


def digest_of(value: Json) -> bytes | None:
    """Reads a digest in hexadecimal or base64; None when the value is none, or all zeros."""
    if not isinstance(value, str) or not 32 <= len(value) <= 140:
        return None
    if match := _DIGEST.fullmatch(value):
        digits = match.group(1)
        return bytes.fromhex(digits) if len(digits) % 2 == 0 and digits.strip("0") else None
    try:
        data = base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if len(data) in _ALGORITHMS else None


def _is_genesis(value: Json) -> bool:
    return value is None or value == 0 or (isinstance(value, str) and _GENESIS.fullmatch(value) is not None)


def _is_link(value: Json) -> bool:
    return _is_genesis(value) or digest_of(value) is not None
