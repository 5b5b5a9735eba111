"""Values that everything else speaks of: assurance, findings, payloads, canonical JSON, privacy classes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, get_args

import msgspec
import rfc8785
from pydantic import BaseModel, ConfigDict

from .errors import InputError
from .reading.jsontext import DEPTH

PrivacyClass = Literal["paths", "people", "code"]
PRIVACY_CLASSES: tuple[PrivacyClass, ...] = get_args(PrivacyClass)

Json = Any
"""A value of JSON's data model: None, bool, int, float, str, list or dict."""


def canonical(value: Json) -> bytes:
    """Serialises to canonical JSON (RFC 8785), the only form that is ever hashed.

    Args:
        value: A JSON value; numbers must be finite and integers within ±(2^53 - 1).

    Returns:
        UTF-8 bytes that are equal for equal values.

    Raises:
        InputError: The value has no canonical form.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise InputError(f"value without a canonical JSON form ({error})", expected="finite JSON values") from error


_sorted = msgspec.json.Encoder(order="deterministic").encode
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_LARGE = tuple(before + b"0" * 16 for before in (b'":', b"[", b","))
"""How an integer of 16 digits or more begins, without its sign and as zeros."""
_UP_TO_FFFF = bytes(range(0xF0))
"""Bytes of UTF-8 for code points that UTF-16 writes as one unit."""


def _fraction(digits: str) -> None:
    raise ValueError(f"{digits} is no integer")


_whole = msgspec.json.Decoder(float_hook=_fraction).decode


def is_canonical(data: bytes, value: Json) -> bool:
    """Tells whether ``data``, from which ``value`` was read, is its canonical JSON."""
    try:
        return canonical(value) == data
    except InputError:
        return False


def read_canonical(texts: Sequence[bytes]) -> list[Json] | None:
    """Reads texts that are all canonical JSON, 20 times as fast as reading them and calling `is_canonical`.

    What msgspec would write from the values that it read is compared with the texts: had a key come twice, it would have written it once.
    It writes what RFC 8785 asks for, but for keys beyond U+FFFF, which it puts into another order, and for numbers: fractions, and
    integers from 2^53 on, none of which has fewer than 16 digits.

    Returns:
        The values; None when one of the texts is not canonical, or this way cannot tell.
    """
    whole = b"[" + b",".join(texts) + b"]"
    if not whole.isascii() and whole.translate(None, _UP_TO_FFFF):
        return None
    digits = whole.translate(_ZEROS, b"-")
    if any(large in digits for large in _LARGE):
        return None
    if any(len(text) > 2 * DEPTH and text.count(b"{") + text.count(b"[") > DEPTH for text in texts):
        return None
    try:
        values = list(map(_whole, texts))
        return values if _sorted(values) == whole else None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def sha256_hex(data: bytes) -> str:
    """Returns the SHA-256 of ``data`` in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def digest(value: Json) -> str:
    """Returns the SHA-256 of the canonical JSON of ``value`` in lower-case hexadecimal."""
    return sha256_hex(canonical(value))


class Assurance(StrEnum):
    """How much a piece of evidence is worth, from least to most."""

    STATED = "stated"
    """Somebody or some document says so."""
    IMPORTED = "imported"
    """A tool's own output file, read and kept; or a record whose timed steps all cite kept artifacts."""
    VERIFIED = "verified"
    """Produced by the toolkit itself, or imported with a signature from a trusted key."""

    @property
    def rank(self) -> int:
        """Position in the order, 0 for ``stated``."""
        return list(Assurance).index(self)


class Severity(StrEnum):
    """Severity of a finding, from worst to least; ``unknown`` where the tool gives none."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"
    UNKNOWN = "unknown"


class Model(BaseModel):
    """Base of the values that the project owns: immutable, nothing unknown accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class JsonDocument(Model):
    """Base of a JSON document that stands for itself, printed or attached; its first field is ``schema``."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)


class Table(BaseModel):
    """Base of what ``compliance.toml`` holds: keys are written with hyphens, nothing unknown is accepted."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        alias_generator=lambda name: name.replace("_", "-"),
        validate_by_name=True,
        validate_by_alias=True,
    )


@dataclass(frozen=True)
class Private:
    """Marks a payload field as belonging to a privacy class.

    Such a field leaves the public payload; the ledger commits to it with a salted hash, so that a redacted copy still verifies. Write
    ``file: Annotated[str, Private("paths")]``.
    """

    privacy_class: PrivacyClass


class Payload(Model):
    """What a piece of evidence says: each kind derives its own model from this."""

    incomplete: str | None = None
    """Why this says too little to be good news (a scan of 0 files, a summary without counts); None when it says enough."""

    def summary(self) -> dict[str, Json]:
        """Returns the summary that ``ingest --format json`` prints (CONTRACT.md); the kind overrides it."""
        return self.model_dump(mode="json", exclude={"incomplete"})


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One row: a scan result, a failed test, an unfinished-work marker, a neutralised step.

    Severity and state decide; rule, package and confidence are public as well. The other fields are private: ``fingerprint``, ``line``
    and ``path`` (class *paths*), ``message`` (class *code*), ``person`` (class *people*). Its values refer to nothing else, so the cyclic
    garbage collector does not need to walk over hundreds of thousands of them.
    """

    confidence: str | None = None
    fixed_in: str | None = None
    """Versions that fix the problem, separated by commas."""
    package: str | None = None
    package_version: str | None = None
    rule: str
    """Rule, advisory or result class as the tool names it."""
    severity: str
    """A value of `Severity`."""
    state: str = "open"
    """``open`` or ``suppressed``."""
    fingerprint: str
    """Stable across line moves: see `fingerprint`."""
    line: int | None = None
    path: str | None = None
    message: str | None = None
    person: str | None = None


MESSAGE_LIMIT = 2000
"""Characters of a finding's message that are kept in the row; the artifact holds all of it."""


def shorten(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Cuts ``text`` to ``limit`` characters, the last one an ellipsis when something was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def fingerprint(*parts: str | None) -> str:
    """Returns the fingerprint of a finding: 32 hexadecimal digits over its stable parts.

    Args:
        *parts: Rule, path, and context such as the source line stripped of white space or the package; never a line number.
    """
    try:
        text = "\x1f".join(parts)  # type: ignore[arg-type]  # nearly always all are there
    except TypeError:
        text = "\x1f".join([part or "" for part in parts])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True)
class Tool:
    """The program that wrote an artifact."""

    name: str
    version: str | None = None


@dataclass(frozen=True)
class Citation:
    """A timed step of a record that points at an artifact as its proof."""

    step: str
    at: datetime
    artifact: str | None
    """SHA-256 of the cited artifact in hexadecimal, None when the step cites nothing."""


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """One statement that a format's parser draws from a file. A pure function of the file's bytes and the parser's version."""

    payload: Payload
    part: str | None = None
    """Which of several statements of the file this is, such as the category of a scan; None when the file holds but one."""
    findings: Sequence[Finding] = ()
    tool: Tool | None = None
    observed_at: datetime | None = None
    """When the tool says that it looked, with zone; None when the file does not say (never guessed)."""
    commit: str | None = None
    """Full commit id that the file itself names."""
    version: str | None = None
    environment: str | None = None
    assurance: Assurance = Assurance.IMPORTED
    """What a merely imported file of this format is worth."""
    citations: tuple[Citation, ...] = field(default=())
    """Timed steps of a record; if there are any and all of them hold, a ``stated`` record counts as ``imported``."""


def split_private(payload: Payload) -> tuple[dict[str, Json], dict[PrivacyClass, dict[str, Json]]]:
    """Splits a payload into what is public and what belongs to the privacy classes.

    Returns:
        The public payload without its private fields, and per class a map from JSON pointer to value.
    """
    public = payload.model_dump(mode="json")
    private: dict[PrivacyClass, dict[str, Json]] = {}
    _extract(payload, public, "", private)
    return public, private


def _extract(value: object, dumped: Json, pointer: str, private: dict[PrivacyClass, dict[str, Json]]) -> None:
    if isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            here = f"{pointer}/{name}"
            mark = next((m for m in info.metadata if isinstance(m, Private)), None)
            if mark is None:
                _extract(getattr(value, name), dumped[name], here, private)
            else:
                private.setdefault(mark.privacy_class, {})[here] = dumped.pop(name)
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            _extract(item, dumped[number], f"{pointer}/{number}", private)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, (BaseModel, list, tuple, Mapping)):
                _extract(item, dumped[str(key)], f"{pointer}/{_escape(str(key))}", private)


def join_private(public: Json, private: Mapping[Any, Mapping[str, Json]]) -> Json:
    """Puts private values back into a public payload (the inverse of `split_private`); ``public`` is changed in place."""
    for values in private.values():
        for pointer, value in values.items():
            *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
            target = public
            for part in parents:
                target = target[int(part)] if isinstance(target, list) else target[part]
            target[last] = value
    return public


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
