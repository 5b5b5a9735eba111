"""Verifies a report, packet or record of compliance-toolkit without compliance-toolkit: one file, the standard library, ``cryptography``.

Usage: python standalone.py REPORT.pdf|BUNDLE_FOLDER [--trust CERTIFICATE.pem ...] [--json]

It proves that not a byte of the report changed since it was signed, that the files inside have the digests that the report prints, that the
ledger entries inside are in the log whose checkpoint the report prints, that payloads, private values and findings are those that these
entries commit to, and that verdicts and outcome are those of the recorded judgement. It does not render the pages again and does not parse
the artifacts again: ``compliance verify`` does. Get this file from the project, never from whoever sent you the report, and compare its
SHA-256 with the one that the project publishes; the one printed in a report only helps if the report is sound.

Updates after the toolkit's signature are judged if they are in the form that this toolkit writes: signatures of people in prepared fields,
timestamps over the whole, data for validation. Of decisions it judges those that a record carries as signed statements; not what people
filled in and signed in a packet, which it says. Not judged either: whether an authority is one to trust for timestamps, updates that other
programs wrote, and whether a certificate was revoked, unless the file itself says so. Wherever it judges, it is at least as strict as
``compliance verify``: what it cannot judge is never proven.

Exit codes: 0 verified, 2 wrong use, 3 verified but for what is not judged here, 4 refuted, 6 intact, but the signer is not trusted, or the
certificate has expired. Formats: docs/leaf-format.md, RFC 6962, RFC 5652, RFC 3161, ISO 32000-1, C2SP signed-note, OpenSSH
PROTOCOL.sshsig. Nothing is fetched, nothing is written.

In this file, from the whole to its parts: what a check gives; a signed document, its updates, and the objects, signatures and certificates
that these are made of; a report, its findings and its ledger; signed statements; packets, decision records and SSH signatures; the command
line.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import hmac
import io
import json
import re
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, load_ssh_public_key
from cryptography.x509 import ocsp

# What is found


class RefutedError(Exception):
    """What was found contradicts what it should be."""


class NotProvenError(Exception):
    """It could not be looked at."""


@dataclass
class Result:
    """Every check, and what is known of the signer."""

    checks: list[tuple[str, str, str]] = field(default_factory=list)
    signer: x509.Certificate | None = None
    links: tuple[x509.Certificate, ...] = ()
    """Certificates that came with the signer's."""
    trusted: bool = False
    signed_at: datetime | None = None
    """When the signer says that they signed."""
    stamp: tuple[bytes, bytes] | None = None
    """The timestamp under the signature, and what it must be about."""
    judged: Any = None
    """The judgement in the report's model."""
    unjudged: bool = False
    """Something in the file, or behind the toolkit's signature, is not judged here."""

    def check(self, name: str, step: Callable[[], str]) -> bool:
        """Runs one check; whatever broken input raises is a refutation."""
        try:
            status, detail = "proven", step()
        except NotProvenError as reason:
            status, detail = "not-proven", str(reason)
        except RefutedError as reason:
            status, detail = "refuted", str(reason)
        except Exception as error:
            status, detail = "refuted", f"cannot be read: {type(error).__name__}: {' '.join(str(error).split())[:120]}"
        self.checks.append((name, status, detail))
        return status == "proven"

    def refute(self, name: str, detail: str) -> None:
        """Notes a refutation that needs no step."""
        self.checks.append((name, "refuted", detail))

    @property
    def is_refuted(self) -> bool:
        """Whether any check is refuted."""
        return any(status == "refuted" for _, status, _ in self.checks)

    @property
    def exit_code(self) -> int:
        """Returns 4, 6, 3 or 0."""
        if self.is_refuted:
            return 4
        return 6 if not self.trusted else 3 if self.unjudged else 0


# Limits

MOST = 1 << 29
"""Bytes that a file, and all that it unpacks to, may have."""
MOST_FILES = 100
"""Files that a folder may have."""
MOST_UPDATES = 100
"""Updates that may follow the toolkit's signature."""
MOST_SIGNED = 1 << 20
"""Bytes of the largest signature, with its certificates and its timestamp."""
MOST_LINKS = 6
"""Certificates between a signer and a trusted one."""
LEAST_RSA = 3072
"""Bits of an RSA key that this toolkit signs with."""
TOLERANCE = timedelta(minutes=10)
"""How far clocks may differ."""


# A signed document: the signature of the toolkit, and the files inside

BYTE_RANGE = rb"/ByteRange \[0 (\d{1,12}) (\d{1,12}) (\d{1,12})\]"
"""Where the first signature begins and ends, and how many signed bytes follow it."""
MODELS = {
    "decision-record.json": b"compliance/decision-record/v1",
    "packet.json": b"compliance/packet/v1",
    "report.json": b"compliance/report/v1",
}
"""Files by whose schema a document is known for what it is."""
UNKNOWN_AUTHORITY = "whether that authority is to be trusted is not judged here"


def read_pdf(data: bytes, result: Result, trusted: Sequence[x509.Certificate]) -> dict[str, bytes]:
    """Checks the toolkit's signature and what follows it, and returns the attached files by name."""
    place = re.search(BYTE_RANGE, data)
    if place is None:
        result.refute("signature", "no signature of the toolkit")
        return {}
    start, end, tail = (int(number) for number in place.groups())
    if not result.check("signature", lambda: _signature(data, start, end, tail, result)):
        return {}
    if result.stamp is not None:
        token, value = result.stamp
        result.unjudged = not result.check("timestamp", lambda: f"{_stamped(token, value, data[:start])}; {UNKNOWN_AUTHORITY}")
    result.check("coverage", lambda: _coverage(data, end + tail))
    updates = Updates(data, end + tail, start)
    result.check("certification", lambda: updates.certification(result))
    if end + tail < len(data):
        result.unjudged |= not result.check("later-updates", lambda: updates.judge(trusted))
    result.check("signer", lambda: _trust(result, trusted, _revoked_in(data)))
    files: dict[str, bytes] = {}
    result.check("attachments", lambda: _attachments(data[:start], files))
    return files


def _coverage(data: bytes, covered: int) -> str:
    """Checks that the toolkit's signature ends with an update of the file, and says what it covers."""
    if data.count(b"%%EOF", 0, covered) < 2 or not data[:covered].endswith(b"%%EOF\n"):
        raise RefutedError("the signature does not cover a whole file and an update of it")
    if covered == len(data):
        return "the signature covers the whole file but itself"
    return f"the signature covers the first {covered} of {len(data)} bytes but itself; later-updates is about the others"


def _signature(data: bytes, start: int, end: int, tail: int, result: Result) -> str:
    """Verifies the toolkit's signature over the bytes that it covers."""
    if not 0 < start < end <= end + tail <= len(data):
        raise RefutedError(f"the signature says that it covers bytes outside of the file ({len(data)} bytes)")
    if not data[:start].endswith(b"/Contents "):
        raise RefutedError("what is left out of the signed bytes is not the signature")
    raw = _contents(data[start:end])
    made = Cms.read(raw)
    made.require(data[:start] + data[end : end + tail])
    made.require_form(raw, data[:start])
    if data[start:end] != data[start:end].upper():
        raise RefutedError(OTHER_FORM)
    _require_may_sign(made.signer, made.links)
    result.signer, result.links = made.signer, made.links
    clock = "its time is the word of the machine that signed" if made.token is None else "timestamp is about its time"
    result.stamp = None if made.token is None else (made.token, made.value)
    return f"by {_name(made.signer)}, with its certificate's key; {clock}"


def _contents(place: bytes) -> bytes:
    """Reads the entry ``/Contents`` of a signature."""
    if len(place) > 2 * MOST_SIGNED + 2 or not re.fullmatch(rb"<(?:[0-9A-Fa-f]{2})+>", place):
        raise RefutedError(f"no signature of at most {MOST_SIGNED} bytes between < and >")
    return bytes.fromhex(place[1:-1].decode("ascii"))


def _attachments(unsigned: bytes, files: dict[str, bytes]) -> str:
    """Takes the embedded files out of the signed bytes: the model by its schema, the others by the digests that it prints."""
    found, room = [], MOST
    for match in re.finditer(rb"/Type /EmbeddedFile.{0,400}?/Length (\d{1,10})>>\nstream\n", unsigned, re.DOTALL):
        stream = unsigned[match.end() : match.end() + int(match.group(1))]
        content = zlib.decompressobj().decompress(stream, room) if b"/FlateDecode" in match.group() else stream
        room -= len(content)
        if room <= 0:
            raise RefutedError(f"the attached files unpack to more than {MOST} bytes")
        found.append(content)
    by_digest = {hashlib.sha256(one).hexdigest(): one for one in found}
    for name, schema in MODELS.items():
        models = [one for one in found if b'"%b"' % schema in one[:200]]
        if len(models) > 1:
            raise RefutedError(f"{len(models)} files of the schema {schema.decode()}; expected one")
        files |= dict(zip([name], models, strict=False))
    main = next((files[name] for name in ("decision-record.json", "report.json") if name in files), None)
    if main is None:
        raise RefutedError("neither a report nor a record among the attached files")
    for row in _json(main)["attachments"]:
        if row["sha256"] in by_digest:
            files[row["name"]] = by_digest[row["sha256"]]
    strange = by_digest.keys() - digests_of(files).values()
    if strange or len(found) > len(files):
        raise RefutedError(f"{len(found)} files are attached, {len(files)} are listed")
    return f"{len(files)} files"


# The updates of a document after the signature of the toolkit

LEVEL = b"/XXComplianceLevel"
"""Entry of a signature that this toolkit made, with its level."""
FIXED = {
    b"/Pages",
    b"/Names",
    b"/AF",
    b"/OpenAction",
    b"/AA",
    b"/Perms",
    b"/StructTreeRoot",
    b"/Kids",
    b"/Contents",
    b"/Resources",
    b"/Rect",
}
"""Entries of PDF objects that no signature may change."""
VALIDATION = {b"/Type", b"/Certs", b"/CRLs", b"/OCSPs", b"/VRI"}
"""Entries of the store of data for the validation of certificates (DSS)."""
WIDTHS = [b"1", b"8", b"2"]
"""Bytes of the columns of cross-references."""


@dataclass(frozen=True)
class Revision:
    """An update of a file: the objects that it adds or replaces."""

    begin: int
    end: int
    objects: dict[int, Any]
    """Values by number."""
    places: dict[int, int]
    """Where each object begins."""
    streams: dict[int, bytes]
    table: int
    """Where its cross-references are said to be."""

    @property
    def trailer(self) -> dict[bytes, Any]:
        """Returns the dictionary of the cross-references, which is the object with the highest number."""
        return dict(self.objects[max(self.objects)])

    def require_table(self, previous: int) -> None:
        """The cross-references name the objects of the update, at their places, and no others.

        Args:
            previous: Where the cross-references of the update before are.
        """
        number, value = max(self.objects), self.trailer
        if (self.places[number], value[b"/Type"], int(value[b"/Prev"])) != (self.table, b"/XRef", previous) or value[b"/W"] != WIDTHS:
            raise ValueError("the cross-references are not where they must be")
        content = zlib.decompressobj().decompress(self.streams[number], MOST)
        numbers = [one for first, count in _pairs(value[b"/Index"]) for one in range(first, first + count)]
        rows = {one: content[11 * n : 11 * n + 11] for n, one in enumerate(numbers)}
        rows.pop(0, None)
        expected = {one: b"\1" + at.to_bytes(8, "big") + b"\0\0" for one, at in self.places.items()}
        if rows != expected or len(content) != 11 * len(numbers):
            raise RefutedError("cross-references of an update name other objects than it holds")


class Updates:
    """The updates of a signed file, in the one form that this toolkit writes them; of another form nothing is said.

    An update may sign a prepared field, and add data for the validation of certificates; nothing else of the document may change.
    """

    def __init__(self, data: bytes, certified: int, start: int) -> None:
        self._data, self._certified, self._start = data, certified, start
        self._known: dict[int, Any] = {}
        self._streams: dict[int, bytes] = {}
        self._size = 0

    def certification(self, result: Result) -> str:
        """Reads the toolkit's signature and its field: what it is, what it allows, when it was made."""
        *_, own = (one for one in self._revisions(self._certified) if one.begin < self._start)
        known = {number: one for number, one in own.objects.items() if isinstance(one, dict)}
        number, value = next((number, one) for number, one in known.items() if one.get(b"/ByteRange") is not None)
        field = next(one for one in known.values() if one.get(b"/V") == b"%d 0 R" % number)
        (reference,) = value[b"/Reference"]
        level = reference[b"/TransformParams"][b"/P"]
        found = (value[b"/SubFilter"], field[b"/T"], reference[b"/TransformMethod"], level, own.places[number] < self._start)
        if found != (b"/ETSI.CAdES.detached", b"(Toolkit)", b"/DocMDP", b"2", True):
            raise RefutedError("the first signature is not the toolkit's, or does not certify the document")
        result.signed_at = _time(value[b"/M"])
        signer = result.signer
        if signer is None or not _is_valid(signer, result.signed_at):
            raise RefutedError(f"signed at {result.signed_at.isoformat()}, when the certificate was not valid")
        return f"the toolkit's, made at {result.signed_at.isoformat()}; it allows filling in forms and signing at most"

    def judge(self, trusted: Sequence[x509.Certificate]) -> str:
        """Reads one update after the other."""
        try:
            return "; ".join(self._each(trusted))
        except (RefutedError, NotProvenError):
            raise
        except Exception as error:
            found = f"{type(error).__name__}: {' '.join(str(error).split())[:80]}"
            raise NotProvenError(f"what follows the toolkit's signature is not judged here ({found}): compliance verify does") from error

    def _each(self, trusted: Sequence[x509.Certificate]) -> Iterator[str]:
        for update in self._revisions(len(self._data)):
            if update.begin >= self._certified:
                yield self._allowed(update, trusted)
            self._known |= update.objects
            self._streams |= update.streams
            # A later update cannot make an object new that the document knows.
            self._size = max(self._size, int(update.trailer[b"/Size"]), max(update.objects) + 1)

    def _revisions(self, until: int) -> Iterator[Revision]:
        """Yields each update of the file up to a place, which must be the end of one."""
        first = re.compile(rb"startxref\n(\d+)\n%%EOF\n").search(self._data)
        if first is None:
            raise ValueError("no end of the document")
        here, previous = first.end(), int(first.group(1))
        for _ in range(MOST_UPDATES):
            if here == until:
                return
            update = self._read(here)
            update.require_table(previous)
            yield update
            here, previous = update.end, update.table
        raise NotProvenError(f"more than {MOST_UPDATES} updates")

    def _read(self, begin: int) -> Revision:
        """Reads the update that begins at a place."""
        objects: dict[int, Any] = {}
        places: dict[int, int] = {}
        streams: dict[int, bytes] = {}
        here = begin
        while head := re.compile(rb"(\d{1,9}) 0 obj\n").match(self._data, here):
            number = int(head.group(1))
            value, after = pdf_value(self._data, head.end())
            if self._data.startswith(b"\nstream\n", after):
                start = after + len(b"\nstream\n")
                after = start + int(value[b"/Length"])
                streams[number] = self._data[start:after]
                after += len(b"\nendstream") if self._data.startswith(b"\nendstream\n", after) else 0
            if not self._data.startswith(b"\nendobj\n", after) or number in objects:
                raise ValueError(f"object {number} does not end, or is there twice")
            objects[number], places[number] = value, here
            here = after + len(b"\nendobj\n")
        last = re.compile(rb"\nstartxref\n(\d{1,12})\n%%EOF\n").match(self._data, here)
        if last is None or not objects:
            raise ValueError("an update does not end as it must")
        return Revision(begin, last.end(), objects, places, streams, int(last.group(1)))

    def _allowed(self, update: Revision, trusted: Sequence[x509.Certificate]) -> str:
        """Judges what an update changed, and by whom it is signed."""
        values, table = update.objects, update.trailer
        if b"/Encrypt" in table or any(table[key] != self._last_table()[key] for key in (b"/Root", b"/Info")):
            raise RefutedError("an update names another document")
        signed = [number for number, value in values.items() if isinstance(value, dict) and b"/ByteRange" in value]
        for number in (one for one in values if one < self._size):
            self._require_unchanged(number, update, signed)
        if not signed:
            return self._data_for_validation(values, table)
        (number,) = signed
        return self._signed(values[number], update.places[number], update.end, trusted)

    def _data_for_validation(self, values: dict[int, Any], table: dict[bytes, Any]) -> str:
        """An update that nobody signed brings such data, and not only objects that a later one could make use of."""
        catalog = values.get(_number(table[b"/Root"])) or self._known[_number(table[b"/Root"])]
        number = _number(catalog[b"/DSS"]) if b"/DSS" in catalog else -1
        if values.get(number) in (None, self._known.get(number)):
            raise RefutedError("an update is neither a signature nor data for validation")
        return "data for validation, which nobody signed"

    def _last_table(self) -> dict[bytes, Any]:
        return next(
            value for _, value in sorted(self._known.items(), reverse=True) if isinstance(value, dict) and value.get(b"/Type") == b"/XRef"
        )

    def _require_unchanged(self, number: int, update: Revision, signed: list[int]) -> None:
        """An object that was there before may differ in what signing changes only."""
        before, after = self._known.get(number), update.objects[number]
        stream, table = update.streams.get(number), update.trailer
        if not isinstance(before, dict) or not isinstance(after, dict):
            raise NotProvenError(f"an update changes object {number} of the document: compliance verify judges it")
        if self._is_validation_data(number, table) and {*before, *after} <= VALIDATION:
            return
        if before.get(b"/Type") == after.get(b"/Type") == b"/Metadata":
            if _properties(self._streams[number]) != _properties(stream or b""):
                raise RefutedError("an update changes the metadata of the signed document")
            return
        changed = {key for key in {*before, *after} if before.get(key) != after.get(key)} - self._may_change(
            number, before, after, table, signed
        )
        if changed or stream != self._streams.get(number):
            what = f"object {number} ({before.get(b'/Type', b'').decode('latin-1')}) {b' '.join(sorted(changed)).decode('latin-1')}"
            # A further timestamp brings a field without a place, which the page lists; whether it is that is not judged here.
            if (before.get(b"/Type") in (b"/Page", b"/Pages") and changed != {b"/Annots"}) or changed & FIXED:
                raise RefutedError(f"an update changes the signed document: {what}")
            raise NotProvenError(f"an update changes {what}, as this toolkit does not: compliance verify judges it")

    def _is_validation_data(self, number: int, table: dict[bytes, Any]) -> bool:
        store = self._known.get(_number(table[b"/Root"]), {}).get(b"/DSS")
        return bool(store == b"%d 0 R" % number)

    @staticmethod
    def _may_change(number: int, before: Any, after: Any, table: dict[bytes, Any], signed: list[int]) -> set[bytes]:
        reference = b"%d 0 R" % number
        if reference == table[b"/Root"]:
            return {b"/DSS", b"/Extensions", b"/Version"}
        if reference == table[b"/Info"]:
            return {b"/ModDate", b"/Producer"}
        if before.get(b"/FT") == b"/Sig" and b"/V" not in before and after.get(b"/V") in {b"%d 0 R" % one for one in signed}:
            return {b"/V", b"/AP", b"/M"}
        return set()

    def _signed(self, value: dict[bytes, Any], place: int, end: int, trusted: Sequence[x509.Certificate]) -> str:
        zero, start, behind, tail = (int(one) for one in value[b"/ByteRange"])
        if (zero, behind + tail) != (0, end) or not place < start < behind <= end or self._data[start:behind] != value[b"/Contents"]:
            raise RefutedError("a later signature does not cover the file as it was when it was made")
        about = self._data[:start] + self._data[behind:end]
        if value.get(b"/SubFilter") == b"/ETSI.RFC3161":
            before = self._data[:start] if LEVEL in value else None
            return f"timestamp of {_stamped(_contents(value[b'/Contents']), about, before)} ({UNKNOWN_AUTHORITY})"
        raw = _contents(value[b"/Contents"])
        own = LEVEL in value
        try:
            made = Cms.read(raw)
        except RefutedError as error:
            raise error if own else NotProvenError(f"a signature of another program: {error}") from error
        made.require(about)
        _require_may_sign(made.signer, made.links if own else ())
        if own:
            made.require_form(raw, self._data[:start])
            if (value[LEVEL] == b"/B-B") != (made.token is None) or raw.hex().upper().encode() != value[b"/Contents"][1:-1]:
                raise RefutedError(OTHER_FORM)
        at = _time(value[b"/M"])
        if not _is_valid(made.signer, at):
            raise RefutedError(f"a signature of {at.isoformat()}, when the certificate of {_name(made.signer)} was not valid")
        known = "trusted" if _way(made.signer, made.links, trusted) and _is_valid(made.signer) else "not trusted here"
        return f"signature of {_name(made.signer)} ({known})"


def _time(literal: bytes) -> datetime:
    """Reads a date of a PDF (ISO 32000-1, section 7.9.4) with its zone."""
    text = re.sub(rb"\\(\d{3})", lambda digits: bytes([int(digits.group(1), 8)]), literal)
    found = re.fullmatch(rb"\(D:(\d{14})(?:Z(?:00'00'?)?|([+-])(\d\d)'(\d\d)'?)\)", text)
    if found is None:
        raise ValueError("a signature without a time, or without its zone")
    sign, hours, minutes = found.groups()[1:]
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return datetime.strptime(found.group(1).decode(), "%Y%m%d%H%M%S").replace(tzinfo=timezone(-offset if sign == b"-" else offset))


def _pairs(index: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    return zip((int(one) for one in index[::2]), (int(one) for one in index[1::2]), strict=True)


def _number(reference: bytes) -> int:
    return int(reference.split()[0])


def _properties(stream: bytes) -> tuple[set[bytes], bytes]:
    """The namespaces of XMP metadata, and the rest of it without what every program changes: dates, its own name, spaces."""
    unpacked = zlib.decompressobj().decompress(stream, MOST)
    names = rb"xmp:ModifyDate|xmp:MetadataDate|pdf:Producer|x:xmptk"
    own = re.compile(rb' (?:%b)="[^"<]*"|<(%b)>[^<]*</\1>|\s+xmlns:\w+="[^"]*"|\s+' % (names, names))
    return set(re.findall(rb'xmlns:\w+="[^"]*"', unpacked)), own.sub(b"", unpacked)


# Objects of a PDF (ISO 32000-1, section 7.3)

TOKENS = re.compile(rb"/[^\0\t\n\f\r ()<>\[\]{}/%]*|\d+ \d+ R\b|[-+]?[\d.]+|true\b|false\b|null\b|<[0-9A-Fa-f]*>")


def pdf_value(data: bytes, here: int, depth: int = 0) -> tuple[Any, int]:
    """Reads one object of a PDF: dictionaries and arrays of what else is left in its bytes; returns it and its end."""
    if depth > 30:
        raise ValueError("too deep")
    if data.startswith(b"<<", here) or data.startswith(b"[", here):
        close = b">>" if data.startswith(b"<<", here) else b"]"
        found, here = [], _space(data, here + len(close))
        while not data.startswith(close, here):
            value, here = pdf_value(data, here, depth + 1)
            found.append(value)
            here = _space(data, here)
        if close == b"]":
            return found, here + 1
        made = dict(zip(found[::2], found[1::2], strict=True))
        if 2 * len(made) != len(found):
            raise ValueError("a key twice in one dictionary")
        return made, here + 2
    if data.startswith(b"(", here):
        return _literal(data, here)
    token = TOKENS.match(data, here)
    if token is None:
        raise ValueError(f"byte {here} begins no object")
    return token.group(), token.end()


def _space(data: bytes, here: int) -> int:
    space = re.compile(rb"[\0\t\n\f\r ]*").match(data, here)
    return here if space is None else space.end()


def _literal(data: bytes, begin: int) -> tuple[bytes, int]:
    depth, here = 0, begin
    for mark in re.compile(rb"\\.|[()]", re.DOTALL).finditer(data, begin):
        depth += {b"(": 1, b")": -1}.get(mark.group(), 0)
        here = mark.end()
        if not depth:
            return data[begin:here], here
    raise ValueError("a string does not end")


# Signatures in a PDF and timestamps: CMS (RFC 5652), RFC 3161

DATA = bytes.fromhex("2a864886f70d010701")
SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
PROTECTION = bytes.fromhex("2a864886f70d010934")
STAMPED = bytes.fromhex("2a864886f70d0109100104")
TOKEN = bytes.fromhex("2a864886f70d010910020e")
PSS = bytes.fromhex("2a864886f70d01010a")
"""Object identifiers: content types and attributes of CMS, what a timestamp holds (TSTInfo), the timestamp under a signature, RSA-PSS."""
NAMING = (bytes.fromhex("2a864886f70d010910022f"), bytes.fromhex("2a864886f70d010910020c"))
"""Attributes that name certificates by their digests: ESS signing-certificate-v2, and its older form with SHA-1."""
DIGESTS = {
    bytes.fromhex("608648016503040201"): hashes.SHA256(),
    bytes.fromhex("608648016503040202"): hashes.SHA384(),
    bytes.fromhex("608648016503040203"): hashes.SHA512(),
}
SIGNED_WITH = {
    (True, "sha256"): bytes.fromhex("300d06092a864886f70d01010b0500"),
    (True, "sha384"): bytes.fromhex("300d06092a864886f70d01010c0500"),
    (True, "sha512"): bytes.fromhex("300d06092a864886f70d01010d0500"),
    (False, "sha256"): bytes.fromhex("300a06082a8648ce3d040302"),
    (False, "sha384"): bytes.fromhex("300a06082a8648ce3d040303"),
    (False, "sha512"): bytes.fromhex("300a06082a8648ce3d040304"),
}
"""Signature algorithms: of RSA keys or not, by digest."""
ORDERS = {
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
}
"""Orders of the groups of the curves (FIPS 186-4, appendix D.1.2)."""
OTHER_FORM = "the signature is not in the form that this toolkit writes"


def _stamped(token: bytes, about: bytes, before: bytes | None) -> str:
    """Verifies a timestamp (RFC 3161) over some bytes, and returns whose it is and when it was made.

    Args:
        token: The timestamp.
        about: What it must be about.
        before: The bytes of the file before it, if it must be in this toolkit's form.
    """
    made = Cms.read(token, stamp=True)
    if made.content is None:
        raise RefutedError("a timestamp about nothing")
    made.require(made.content)
    if before is not None:
        made.require_form(token, before)
    info = _fields(_only(made.content))
    imprint = _fields(info[2])
    if imprint[1][1] != _digest(DIGESTS[_fields(imprint[0])[0][1]], about):
        raise RefutedError("a timestamp about something else")
    time = next(value for tag, value, _ in info[3:] if tag == 0x18).decode("ascii")
    return f"{_name(made.signer)} at {time[:4]}-{time[4:6]}-{time[6:8]} {time[8:10]}:{time[10:12]}:{time[12:14]} UTC"


@dataclass(frozen=True)
class Cms:
    """A CMS signature (RFC 5652, section 5) of one signer."""

    signer: x509.Certificate
    links: tuple[x509.Certificate, ...]
    """Other certificates in it."""
    algorithm: hashes.HashAlgorithm
    attributes: bytes
    """What the signature value is about."""
    digest: bytes | None
    """The digest that is signed."""
    value: bytes
    content: bytes | None
    token: bytes | None
    """The timestamp that comes with it."""

    @classmethod
    def read(cls, raw: bytes, *, stamp: bool = False) -> Cms:
        """Takes one apart; zeros may follow it. A timestamp's signer is the one that its signed attributes name."""
        content = _fields(_only(raw, allow_zeros=True))
        if content[0][1] != SIGNED_DATA:
            raise RefutedError("not a CMS signature")
        parts = _fields(_only(content[1][1]))
        found = [x509.load_der_x509_certificate(whole) for tag, _, whole in parts[3:] if tag == 0xA0 for whole in _wholes(whole)]
        signers = _fields(parts[-1])
        if not found or len(signers) != 1:
            raise RefutedError(f"{len(signers)} signatures and {len(found)} certificates in one field")
        info = _fields(signers[0])
        attributes = next(one for one in info if one[0] == 0xA0)
        values = _attributes(attributes)
        if stamp:
            (signer,) = {one for one in found if _is_named(values, one)}
        else:
            issuer, serial = _fields(info[1])
            named = (issuer[2], int.from_bytes(serial[1], "big"))
            (signer,) = {one for one in found if (one.issuer.public_bytes(), one.serial_number) == named}
        unsigned = next((_attributes(one) for one in info if one[0] == 0xA1), {})
        if stamp and (PSS in _fields(info[4])[0][1] or not isinstance(signer.public_key(), rsa.RSAPublicKey | ec.EllipticCurvePublicKey)):
            raise NotProvenError("a timestamp with RSA-PSS or another algorithm is not judged here: compliance verify does")
        carried = _fields(parts[2])
        return cls(
            signer,
            tuple(one for one in found if one != signer),
            DIGESTS[_fields(info[2])[0][1]],
            b"\x31" + attributes[2][1:],
            values[MESSAGE_DIGEST][1] if MESSAGE_DIGEST in values else None,
            next(value for tag, value, _ in info[3:] if tag == 0x04),
            _fields(carried[1])[0][1] if len(carried) > 1 else None,
            unsigned[TOKEN][2] if TOKEN in unsigned else None,
        )

    def require_form(self, raw: bytes, before: bytes) -> None:
        """Checks that it is, byte for byte, what its parts give in this toolkit's form: so no byte of it can be changed unnoticed.

        Args:
            raw: The signature, as it stands in the file; zeros may follow it.
            before: The bytes of the file before it, which vouch for the certificates of a timestamp.
        """
        values = _attributes((0xA0, _only(self.attributes)[1], b""))
        key, name = self.signer.public_key(), self.algorithm.name
        digest = _tlv(0x30, next(_oid(oid) for oid, made in DIGESTS.items() if made.name == name), b"\5\0")
        signed_with = SIGNED_WITH[isinstance(key, rsa.RSAPublicKey), name]
        if self.content is None:
            self._require_own_key()
            attributes, inside = self._own_attributes(values), _tlv(0x30, _oid(DATA))
        else:
            attributes, inside = _only(self.attributes)[1], _tlv(0x30, _oid(STAMPED), _tlv(0xA0, _tlv(0x04, self.content)))
            if PROTECTION in values:
                digest, signed_with = (_tlv(0x30, one[1]) for one in _fields(values[PROTECTION])[:2])
            if self.links and not {_der(one) for one in self.links} <= {*_der_streams(before)}:
                raise RefutedError("a certificate of a timestamp is not among those that the document vouches for")
        _require_lower(key, self.value)
        sid = _tlv(0x30, self.signer.issuer.public_bytes(), _integer(self.signer.serial_number))
        stamp = b"" if self.token is None else _tlv(0xA1, _attribute(TOKEN, self.token))
        info = _tlv(0x30, _integer(1), sid, digest, _tlv(0xA0, attributes), signed_with, _tlv(0x04, self.value), stamp)
        certificates = _tlv(0xA0, *sorted(_der(one) for one in (self.signer, *self.links)))
        whole = _tlv(0x30, _integer(1 if self.content is None else 3), _tlv(0x31, digest), inside, certificates, _tlv(0x31, info))
        if _tlv(0x30, _oid(SIGNED_DATA), _tlv(0xA0, whole)) != _only(raw, allow_zeros=True)[2]:
            raise RefutedError(OTHER_FORM)

    def _own_attributes(self, values: dict[bytes, Field]) -> bytes:
        """Returns the signed attributes as this toolkit writes them: they name the signer's certificate first, and every other in it."""
        named = _named(values)
        wanted = sorted(_digest(hashes.SHA256(), _der(one)) for one in (self.signer, *self.links))
        if sorted(named) != wanted or not _is_named(values, self.signer):
            raise RefutedError(OTHER_FORM)
        naming = _tlv(0x30, _tlv(0x30, *(_tlv(0x30, _tlv(0x04, one)) for one in named)))
        content = (CONTENT_TYPE, _oid(DATA)), (MESSAGE_DIGEST, _tlv(0x04, self.digest or b"")), (NAMING[0], naming)
        return b"".join(sorted(_attribute(name, value) for name, value in content))

    def _require_own_key(self) -> None:
        """Refuses keys that this toolkit does not sign with, and a digest that does not belong to the key."""
        key = self.signer.public_key()
        curves = {"secp256r1": "sha256", "secp384r1": "sha384"}
        name = curves.get(key.curve.name) if isinstance(key, ec.EllipticCurvePublicKey) else "sha256"
        if self.algorithm.name != name or (isinstance(key, rsa.RSAPublicKey) and key.key_size < LEAST_RSA):
            raise RefutedError("signed with a key or a digest that this toolkit does not use")

    def require(self, signed: bytes) -> None:
        """Checks that it is about these bytes, and was made with the certificate's key."""
        if self.digest != _digest(self.algorithm, signed):
            raise RefutedError("the signed digest is not that of the file: it was changed after it was signed")
        _verify(self.signer.public_key(), self.value, self.attributes, self.algorithm)


def _attributes(field: Field) -> dict[bytes, Field]:
    """The first value of each attribute."""
    return {_fields(one)[0][1]: _fields(_fields(one)[1])[0] for one in _fields(field)}


def _named(values: dict[bytes, Field]) -> list[bytes]:
    """The digests by which signed attributes name certificates."""
    found = next((values[one] for one in NAMING if one in values), None)
    if found is None:
        raise RefutedError("a signature that does not name its certificate")
    return [next(part[1] for part in _fields(one) if part[0] == 0x04) for one in _fields(_fields(found)[0])]


def _is_named(values: dict[bytes, Field], certificate: x509.Certificate) -> bool:
    """Whether signed attributes name a certificate first."""
    digest = _named(values)[0]
    made = {20: hashes.SHA1(), 32: hashes.SHA256(), 48: hashes.SHA384(), 64: hashes.SHA512()}[len(digest)]  # noqa: S303 (RFC 3161 names by it)
    return _digest(made, _der(certificate)) == digest


def _digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    made = hashes.Hash(algorithm)
    made.update(data)
    return made.finalize()


def _require_lower(key: Any, signature: bytes) -> None:
    """Of the two forms of an ECDSA signature the one with the lower number counts, in strict DER."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        order = ORDERS.get(key.curve.name)
        r, s = decode_dss_signature(signature)
        if encode_dss_signature(r, s) != signature or (order is not None and s > order // 2):
            raise RefutedError(OTHER_FORM)


def _verify(key: Any, signature: bytes, data: bytes, algorithm: hashes.HashAlgorithm) -> None:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(algorithm))
        elif isinstance(key, Ed25519PublicKey):
            key.verify(signature, data)
        else:
            raise RefutedError(f"a key of type {type(key).__name__}")
    except InvalidSignature as error:
        raise RefutedError("the signature was not made with the certificate's key") from error


# DER

Field = tuple[int, bytes, bytes]
"""Tag, value, and the whole of a DER element."""


def _only(data: bytes, *, allow_zeros: bool = False) -> Field:
    """Reads one DER element that nothing but (if allowed) zeros follows."""
    one, end = _element(data)
    if data[end:].strip(b"\0") if allow_zeros else data[end:]:
        raise RefutedError("bytes behind the signature")
    return one


def _element(data: bytes, here: int = 0) -> tuple[Field, int]:
    """Reads the DER element at a place; returns it and its end."""
    length, head = data[here + 1], here + 2
    if length & 0x80:
        digits = data[head : head + (length & 0x7F)]
        head, length = head + len(digits), int.from_bytes(digits, "big")
        if not 1 <= len(digits) <= 4 or length < 0x80 or not digits[0]:
            raise RefutedError("broken DER")
    if len(data) < head + length:
        raise RefutedError("broken DER")
    return (data[here], data[head : head + length], data[here : head + length]), head + length


def _fields(one: Field) -> list[Field]:
    found, here = [], 0
    while here < len(one[1]):
        element, here = _element(one[1], here)
        found.append(element)
    return found


def _wholes(whole: bytes) -> Iterator[bytes]:
    return (one[2] for one in _fields(_only(whole)))


def _tlv(tag: int, *parts: bytes) -> bytes:
    value = b"".join(parts)
    size = len(value)
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, size] if size < 0x80 else [tag, 0x80 | len(digits), *digits]) + value


def _oid(value: bytes) -> bytes:
    return _tlv(0x06, value)


def _attribute(name: bytes, value: bytes) -> bytes:
    return _tlv(0x30, _oid(name), _tlv(0x31, value))


def _integer(value: int) -> bytes:
    return _tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _der_streams(data: bytes) -> Iterator[bytes]:
    """The contents of the streams of a file that may be DER: certificates, and what authorities say of them."""
    for head in re.finditer(rb"stream\r?\n", data):
        begin, packed = head.end(), data[head.end() : head.end() + 1] == b"x"
        with suppress(zlib.error, RefutedError, IndexError):
            if packed and zlib.decompressobj().decompress(data[begin : begin + 1024], 1) != b"0":
                continue
            content = data[begin : begin + MOST_SIGNED]
            content = zlib.decompressobj().decompress(content, MOST_SIGNED) if packed else content
            if content[:1] == b"0":
                yield _element(content)[0][2]


# Certificates: what they may do, whom they lead to, whether the file says that they were revoked

TRIAL = x509.ObjectIdentifier("2.25.42221588024285752249991595624360183612")
SIGNING = {"2.5.29.37.0", "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36", "1.2.840.113583.1.1.5", "1.3.6.1.4.1.311.10.3.12"}
"""Purposes of which a certificate that names any must have one: any, code, e-mail, documents (RFC 9336, Adobe, Microsoft)."""


def _trust(result: Result, trusted: Sequence[x509.Certificate], revoked: dict[bytes, datetime] | None = None) -> str:
    signer = result.signer
    if signer is None:
        raise NotProvenError("no signer")
    fingerprint = signer.fingerprint(hashes.SHA256()).hex()
    trial = " (a TRIAL KEY: proves nothing to others)" if any(one.oid == TRIAL for one in signer.extensions) else ""
    way = _way(signer, result.links, trusted)
    if way is None:
        raise NotProvenError(f"{_name(signer)} is not among the certificates given with --trust{trial}; sha256:{fingerprint}")
    now = datetime.now(UTC)
    if not _is_valid(signer, now):
        span = f"{signer.not_valid_before_utc.date()} to {signer.not_valid_after_utc.date()}"
        raise NotProvenError(f"{_name(signer)}'s certificate is valid from {span} only; whether it signed then is for compliance verify")
    if result.signed_at is not None and result.signed_at > now + TOLERANCE:
        raise NotProvenError(
            f"signed at {result.signed_at.isoformat()}, which has not come yet: the signer's clock is wrong, or the one here"
        )
    for one in way:
        if (at := (revoked or {}).get(_der(one))) is not None:
            raise NotProvenError(f"{_name(one)}'s certificate was revoked at {at}; whether it signed before is for compliance verify")
    result.trusted = True
    return (
        f"{_name(signer)} is trusted{trial}; sha256:{fingerprint}; whether it was revoked is not judged here, but by what the file carries"
    )


def _require_may_sign(signer: x509.Certificate, links: Sequence[x509.Certificate]) -> None:
    """Checks that a certificate allows signing, and was issued by the next one that came with it, each by the next."""
    usage = _usage(signer)
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise RefutedError("the certificate's key usage does not allow signatures")
    if signer.subject == signer.issuer and not _signed_by(signer, signer):
        raise RefutedError("a certificate that names itself as its issuer, and is not issued by itself")
    left, below = list(links), signer
    while left:
        above = next((one for one in left if _signed_by(below, one)), None)
        if above is None:
            raise RefutedError("a certificate in the signature did not issue the one below it")
        left.remove(above)
        below = above


def _way(signer: x509.Certificate, links: Sequence[x509.Certificate], trusted: Sequence[x509.Certificate]) -> list[x509.Certificate] | None:
    """Returns the certificates from the signer's up to a trusted one, which may be itself; None if there is no such way."""
    if signer in trusted:
        return [signer]
    if len(links) > MOST_LINKS or not _is_for_signing(signer):
        return None
    return _above([signer], [one for one in links if _may_issue(one) and _is_for_signing(one) and _is_valid(one)], trusted)


def _above(
    way: list[x509.Certificate], links: list[x509.Certificate], trusted: Sequence[x509.Certificate]
) -> list[x509.Certificate] | None:
    below = way[-1]
    for one in trusted:
        if _may_issue(one) and _signed_by(below, one):
            return [*way, one]
    for one in links:
        if _signed_by(below, one) and _room(one) >= len(way) - 1:
            found = _above([*way, one], [other for other in links if other != one], trusted)
            if found is not None:
                return found
    return None


def _signed_by(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    found = [one.value for one in certificate.extensions if isinstance(one.value, x509.KeyUsage)]
    return found[0] if found else None


def _may_issue(authority: x509.Certificate) -> bool:
    """Whether a certificate may issue others, whoever they are: limits to their names are not judged here."""
    usage = _usage(authority)
    basic = [one.value for one in authority.extensions if isinstance(one.value, x509.BasicConstraints)]
    limited = any(isinstance(one.value, x509.NameConstraints) for one in authority.extensions)
    return bool(basic and basic[0].ca and (usage is None or usage.key_cert_sign) and not limited)


def _room(authority: x509.Certificate) -> int:
    """How many authorities may stand below one."""
    length = authority.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    return MOST_LINKS if length is None else length


def _is_for_signing(certificate: x509.Certificate) -> bool:
    """Whether nothing in a certificate speaks against it: other purposes, or something critical that is not read here."""
    read = (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage, x509.SubjectAlternativeName)
    purposes = [{oid.dotted_string for oid in one.value} for one in certificate.extensions if isinstance(one.value, x509.ExtendedKeyUsage)]
    known = all(isinstance(one.value, read) for one in certificate.extensions if one.critical)
    return known and all(named & SIGNING for named in purposes)


def _is_valid(certificate: x509.Certificate, at: datetime | None = None) -> bool:
    """Whether a certificate is valid at a time; now, if None."""
    return certificate.not_valid_before_utc <= (at or datetime.now(UTC)) <= certificate.not_valid_after_utc


def _revoked_in(data: bytes) -> dict[bytes, datetime]:
    """Returns when certificates were revoked, as far as the file carries the word of who issued them."""
    carried = [*_der_streams(data)]
    known = [one for der in carried for one in _read_certificate(der)]
    found: dict[bytes, datetime] = {}
    for der in carried:
        with suppress(ValueError, TypeError, UnsupportedAlgorithm):
            answer = ocsp.load_der_ocsp_response(der)
            if answer.revocation_time_utc is not None:
                found |= {_der(one): answer.revocation_time_utc for one in known if one.serial_number == answer.serial_number}
        with suppress(ValueError, TypeError, UnsupportedAlgorithm):
            listed = x509.load_der_x509_crl(der)
            for one in known:
                gone = listed.get_revoked_certificate_by_serial_number(one.serial_number)
                if gone is not None and listed.issuer == one.issuer:
                    found[_der(one)] = gone.revocation_date_utc
    return found


def _read_certificate(der: bytes) -> Iterator[x509.Certificate]:
    with suppress(ValueError):
        yield x509.load_der_x509_certificate(der)


def _name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def _holder(certificate: x509.Certificate) -> str:
    """The e-mail address that a certificate is made out to, else its name."""
    for one in certificate.extensions:
        if isinstance(one.value, x509.SubjectAlternativeName):
            return next(iter(one.value.get_values_for_type(x509.RFC822Name)), _name(certificate))
    return _name(certificate)


# A report: its files against each other and against the ledger


def _judge_files(files: dict[str, bytes], result: Result) -> None:
    """Checks the files of a report against each other."""
    if "report.json" not in files:
        if not result.is_refuted:
            result.refute("bundle", "report.json is missing")
        return
    bundle: Bundle | None = None

    def read() -> str:
        nonlocal bundle
        bundle = Bundle(files)
        result.judged = bundle.model["assessment"]
        left_out = f": redacted copy without {', '.join(bundle.redacted)}" if bundle.redacted else ""
        return f"report {bundle.model['id']}{left_out}; its pages are not rendered again here, so what they show is not judged"

    if result.check("model", read) and bundle is not None:
        for name, step in bundle.steps():
            result.check(name, step)
        if result.signer is not None and result.signer.fingerprint(hashes.SHA256()).hex() != bundle.model["signer"]["fingerprint"]:
            result.refute("signer-printed", "another certificate signed than the report prints")


class Bundle:
    """The files of a report, each read once."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.model = _json(files["report.json"])
        self.proof = self.model["proof"]
        self.size = int(self.proof["checkpoint"]["size"])
        self.root = bytes.fromhex(self.proof["checkpoint"]["root"])
        self.redacted = list(self.model.get("redacted", []))
        self.entries: dict[int, dict[str, Any]] = {}
        self.erased: set[int] = set()

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """Returns the checks in their order."""
        return [
            ("digests", self.digests),
            ("checkpoint", self.checkpoint),
            ("inclusion", self.inclusion),
            ("evidence", self.evidence),
            ("findings", self.findings),
            ("judgement", self.judgement),
            ("previous", self.previous),
            ("statement", self.statement),
        ]

    def digests(self) -> str:
        """Every listed file is there, with its size and digest, and no other."""
        listed = {row["name"]: row for row in self.model["attachments"]}
        if {*listed, "report.json"} != set(self.files):
            raise RefutedError("the files are not those that the report lists")
        for name, row in listed.items():
            if (len(self.files[name]), hashlib.sha256(self.files[name]).hexdigest()) != (row["size"], row["sha256"]):
                raise RefutedError(f"{name} has another digest than the report prints")
        return f"{len(listed)} files have the digests that the report prints"

    def checkpoint(self) -> str:
        """The printed checkpoint is signed by the log key of entry 0."""
        for one in _json(self.files["evidence.json"])["entries"]:
            body = _json(one["leaf"].encode())
            self.entries[one["number"]] = {**one, "body": body}
            self.erased |= {gone["entry"] for gone in body["erased"]} if body["type"] == "tombstone" else set()
        note = self.files["checkpoint.txt"].decode()
        log_key = str(self.entries[0]["body"]["log_key"])
        origin, size, root = open_note(note, log_key)
        public = base64.b64decode(log_key.split("+", 2)[2], validate=True)[1:]
        if (self.proof["log_key"], self.proof["log_key_fingerprint"]) != (log_key, hashlib.sha256(public).hexdigest()):
            raise RefutedError("the printed log key is not the one of entry 0")
        if (note, size, root) != (self.proof["checkpoint"]["note"], self.size, self.root):
            raise RefutedError("the printed checkpoint is not the attached one")
        if self.proof["assessment_entry"] != size - 1 or self.model["id"] != f"R{size - 1}-{root.hex()[:8]}":
            raise RefutedError("the report's id does not belong to the checkpoint")
        return f"signed by the log key of {origin} over {size} entries"

    def inclusion(self) -> str:
        """Every attached entry is in the tree of the checkpoint."""
        proofs = {one["entry"]: [bytes.fromhex(part) for part in one["proof"]] for one in _json(self.files["proofs.json"])["inclusion"]}
        if proofs.keys() != self.entries.keys():
            raise RefutedError("proofs and entries are about different numbers")
        for number, one in self.entries.items():
            if root_from_path(number, self.size, leaf_hash(one["leaf"].encode()), proofs[number]) != self.root:
                raise RefutedError(f"entry {number} is not in the tree of the checkpoint")
        return f"{len(proofs)} ledger entries are in the tree of the checkpoint{self._others()}"

    def _others(self) -> str:
        """With ledger.json the file holds every entry under the checkpoint, at least by its hash."""
        if "ledger.json" not in self.files:
            return ""
        hashes = {number: leaf_hash(one["leaf"].encode()) for number, one in self.entries.items()}
        others = _json(self.files["ledger.json"])["entries"]
        for one in others:
            if one["number"] in hashes or ("leaf" in one) == ("hash" in one):
                raise RefutedError(f"ledger.json: entry {one['number']} is attached twice")
            hashes[one["number"]] = leaf_hash(one["leaf"].encode()) if "leaf" in one else bytes.fromhex(one["hash"])
        if len(hashes) != self.size or max(hashes) >= self.size or tree_root([hashes[n] for n in range(self.size)]) != self.root:
            raise RefutedError("the attached entries are not all of the ledger, as they were recorded")
        return f", and so are the other {len(others)}: none is left out"

    def evidence(self) -> str:
        """Payloads and private values are those that the leaves commit to."""
        count = 0
        for number, one in self.entries.items():
            committed = one["body"].get("private", {})
            whole = number in self.erased or (self.redacted and one["body"]["type"] != "evidence")
            hidden = PRIVATE if whole else self.redacted
            if set(one["sealed"]) != set(committed) - set(hidden):
                raise RefutedError(f"entry {number}: other private values than those that the report says it carries")
            for name, sealed in one["sealed"].items():
                if commitment(bytes.fromhex(sealed["key"]), b"entry", sealed["value"].encode()).hex() != committed.get(name):
                    raise RefutedError(f"entry {number}: private values of class {name} are not those that the ledger commits to")
            if one["body"]["type"] == "evidence":
                count += 1
                if hashlib.sha256(one["payload_public"].encode()).hexdigest() != one["body"]["payload"]:
                    raise RefutedError(f"evidence {number}: its payload is not the one in the ledger")
        return f"payloads and private values of {count} pieces of evidence are those that the ledger commits to"

    def findings(self) -> str:
        """The findings give the row roots of their evidence."""
        rows: dict[int, list[dict[str, Any]]] = {}
        for one in _json(self.files["findings.json"])["findings"]:
            rows.setdefault(one["evidence"], []).append(one)
        counted = {row["number"] for row in self.model["evidence"]["rows"] if row["counts"]}
        for number in rows.keys() | counted:
            many = rows.get(number, [])
            if number in self.erased and not many:
                continue
            if [one["number"] for one in many] != list(range(len(many))):
                raise RefutedError(f"evidence {number}: its findings are out of order")
            if any(sorted(one.get("commitments", {})) != sorted(self.redacted) for one in many):
                raise RefutedError(f"evidence {number}: its findings leave out other private values than the report says")
            root = tree_root([leaf_hash(row_leaf(one, self.entries[number]["sealed"])) for one in many])
            if self.entries[number]["body"]["rows"] != {"count": len(many), "root": root.hex()}:
                raise RefutedError(f"evidence {number}: its findings are not those that the ledger covers")
        self._listed([one for many in rows.values() for one in many])
        return f"{sum(map(len, rows.values()))} findings of {len(rows)} pieces of evidence are those that the ledger covers"

    def _listed(self, findings: list[dict[str, Any]]) -> None:
        """The counts that the report prints, and the table for spreadsheets, are those of the findings."""
        counted = Counter(one["severity"] for one in findings if one["state"] == "open")
        if counted != Counter({name: amount for name, amount in self.model["findings"]["by_severity"].items() if amount}):
            raise RefutedError("the printed counts of findings are not those of findings.json")
        table = io.StringIO(newline="")
        writer = csv.writer(table, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        writer.writerows([_cell(one, column) for column in COLUMNS] for one in findings)
        if table.getvalue().encode() != self.files["findings.csv"]:
            raise RefutedError("findings.csv and findings.json do not say the same")

    def judgement(self) -> str:
        """The verdicts of the report are those of the recorded assessment, and give its outcome."""
        judged = self.model["assessment"]
        body = self.entries[self.proof["assessment_entry"]]["body"]
        said = [{"id": one["id"], "verdict": one["verdict"], "reason": one["reason"]} for one in judged["gates"]]
        facts = ("outcome", "evidence_outcome", "policy_digest", "decision_digest", "point", "profile")
        if body["type"] != "assessment" or said != body["gates"] or any(judged[name] != body[name] for name in facts):
            raise RefutedError("the judgement in the report is not the one in the ledger")
        attached = _json(self.files["assessment.json"])
        if [(one["id"], one["verdict"]) for one in attached["gates"]] != [(one["id"], one["verdict"]) for one in said]:
            raise RefutedError("assessment.json has other verdicts than the report")
        red = [one["id"] for one in judged["gates"] if one["required"] and one["verdict"] in ("fail", "not-assessed")]
        if judged["outcome"] != "no-go" and red and not judged["overridden"]:
            raise RefutedError(f"{judged['outcome']} although {red[0]} stands in the way")
        return f"{len(said)} verdicts and the outcome {judged['outcome']} are those of ledger entry {self.proof['assessment_entry']}"

    def previous(self) -> str:
        """The ledger extends the one of the report before."""
        before = self.proof["previous"]
        if before is None:
            return "no report before this one is named"
        _, size, root = open_note(before["checkpoint"]["note"], str(self.entries[0]["body"]["log_key"]))
        extends(size, root, self.size, self.root, [bytes.fromhex(part) for part in before["proof"]])
        return f"the ledger extends the one of report {before['id']}"

    def statement(self) -> str:
        """The printed certificate is the attached one, and its key signed a statement of this decision."""
        certificate = x509.load_pem_x509_certificates(self.files["signer.pem"])[0]
        if certificate.fingerprint(hashes.SHA256()).hex() != self.model["signer"]["fingerprint"]:
            raise RefutedError("signer.pem is not the certificate that the report prints")
        judged = self.model["assessment"]
        if judged["subject"]["commit"] is None:
            return "no commit was judged, so that there is no statement"
        says = open_envelope(self.files["vsa.dsse.json"], certificate)
        digests = {one["uri"]: one["digest"]["sha256"] for one in says["predicate"]["inputAttestations"]}
        own = ("report.json", "signer.pem", "vsa.dsse.json")
        result = "FAILED" if judged["outcome"] == "no-go" else "PASSED"
        found = (says["subject"][0]["digest"], says["predicate"]["verificationResult"], digests)
        if found != ({"gitCommit": judged["subject"]["commit"]}, result, digests_of(self.files, own)):
            raise RefutedError("the signed statement is not about this decision and these files")
        return f"{_name(certificate)} signed the statement {result} on commit {judged['subject']['commit'][:12]}"


def digests_of(files: dict[str, bytes], but: Sequence[str] = ()) -> dict[str, str]:
    """Returns the SHA-256 of files by name."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name not in but}


def _json(data: bytes) -> Any:
    """Reads JSON in which no key stands twice in one object, and no number is infinite or none."""
    return json.loads(data, object_pairs_hook=_unique, parse_constant=_no_number)


def _no_number(name: str) -> Any:
    raise RefutedError(f"{name} in JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RefutedError("a key twice in one JSON object")
    return found


# Findings

PRIVATE = {"paths": ["fingerprint", "line", "path"], "people": ["person"], "code": ["message"]}
"""Columns of a finding by privacy class."""
PUBLIC = ("confidence", "fixed_in", "package", "package_version", "rule", "severity", "state")
"""What of a finding is not private."""
COLUMNS = ("evidence", "number", *PUBLIC, "fingerprint", "line", "path", "message", "person")
"""Columns of the table of findings for spreadsheets."""
MARK = "[redacted]"
"""What stands in the table for a value that a copy leaves out."""
FORMULA = "=+-@\t\r\n"
"""What a formula of a spreadsheet can begin with."""


def row_leaf(row: dict[str, Any], sealed: dict[str, dict[str, str]]) -> bytes:
    """Returns the leaf of a finding."""
    index = int(row["number"]).to_bytes(8, "big")
    parts = [canonical({name: row[name] for name in PUBLIC if row.get(name) is not None})]
    for name, columns in PRIVATE.items():
        if name in row.get("commitments", {}):
            parts.append(bytes.fromhex(row["commitments"][name]))
            if len(parts[-1]) != 32 or any(row.get(one) for one in columns):
                raise RefutedError(f"finding {row['number']}: a broken commitment, or a value beside it")
            continue
        value = [row.get(one) for one in columns]
        nothing = name != "paths" and value == [None]
        parts.append(bytes(32) if nothing else commitment(bytes.fromhex(sealed[name]["key"]), index, canonical(value)))
    return b"".join(parts)


def commitment(key: bytes, label: bytes, value: bytes) -> bytes:
    """Returns the salted commitment to a private value."""
    if len(key) != 32:
        raise RefutedError("a sealing key of another length than 32 bytes")
    return hashlib.sha256(hmac.digest(key, label, "sha256") + value).digest()


def canonical(value: Any) -> bytes:
    """Writes texts, integers, nulls, and objects and arrays of them in canonical JSON (RFC 8785)."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _cell(finding: dict[str, Any], column: str) -> Any:
    """A cell of the table for spreadsheets: an apostrophe stands before what could begin a formula, a mark for what a copy leaves out."""
    left_out = (name for name, digest in finding.get("commitments", {}).items() if column in PRIVATE[name] and digest.strip("0"))
    value = MARK if any(left_out) else finding.get(column)
    return f"'{value}" if isinstance(value, str) and value[:1] in FORMULA else value


# The ledger: its hashes, proofs and checkpoints (docs/leaf-format.md, RFC 6962, C2SP signed-note)


def leaf_hash(leaf: bytes) -> bytes:
    """Returns the hash of a leaf."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Returns the hash of a node."""
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Returns the root over leaf hashes (RFC 6962, section 2.1)."""
    level = list(leaves)
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        pairs = [node_hash(level[n], level[n + 1]) for n in range(0, len(level) - 1, 2)]
        level = pairs + (level[-1:] if len(level) % 2 else [])
    return level[0]


def root_from_path(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """Returns the root that an inclusion proof leads to (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        raise RefutedError("an entry outside of the tree")
    found = leaf
    for part, is_left in _climb(index, size - 1, path):
        found = node_hash(part, found) if is_left else node_hash(found, part)
    return found


def extends(size: int, root: bytes, later_size: int, later_root: bytes, path: Sequence[bytes]) -> None:
    """Checks a consistency proof (RFC 9162, section 2.1.4.2)."""
    if not 0 < size <= later_size:
        raise RefutedError(f"a tree of {later_size} entries does not extend one of {size}")
    if size == later_size:
        if path or root != later_root:
            raise RefutedError("two different trees of one size")
        return
    begin, *parts = path if size & (size - 1) else [root, *path]
    node, last = size - 1, later_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = begin
    for part, is_left in _climb(node, last, parts):
        first = node_hash(part, first) if is_left else first
        second = node_hash(part, second) if is_left else node_hash(second, part)
    if first != root or second != later_root:
        raise RefutedError("the ledger does not extend the earlier one: it was rewritten")


def _climb(node: int, last: int, path: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yields each hash of a proof from the bottom to the root, and whether it stands left of what was found so far.

    Args:
        node: Where the way begins, counted on its level.
        last: The last node of that level.
        path: The proof.
    """
    for part in path:
        if last == 0:
            raise RefutedError("a proof in the tree that is too long")
        is_left = bool(node & 1) or node == last
        yield part, is_left
        while is_left and not node & 1 and node:
            node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    if last:
        raise RefutedError("a proof in the tree that is too short")


def open_note(note: str, key: str) -> tuple[str, int, bytes]:
    """Verifies a signed checkpoint (C2SP signed-note) with a verifier key and returns origin, size and root."""
    name, key_id, encoded = key.split("+", 2)
    public = base64.b64decode(encoded, validate=True)
    if public[:1] != b"\1" or hashlib.sha256(name.encode() + b"\n" + public).digest()[:4].hex() != key_id:
        raise RefutedError("a broken log key")
    text, separator, last = note.partition("\n\n")
    match = re.fullmatch(r"\u2014 (\S+) ([A-Za-z0-9+/=]+)\n", last)
    if not separator or match is None or match.group(1) != name:
        raise RefutedError("a checkpoint that is not signed by the log")
    signature = base64.b64decode(match.group(2), validate=True)
    try:
        Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature[4:], (text + "\n").encode())
    except InvalidSignature as error:
        raise RefutedError("a checkpoint that the log key did not sign") from error
    origin, size, root = text.split("\n")
    if signature[:4].hex() != key_id or origin != name or not re.fullmatch(r"0|[1-9][0-9]*", size):
        raise RefutedError("a checkpoint of another log")
    return origin, int(size), base64.b64decode(root, validate=True)


# Signed statements (DSSE, in-toto)

STATEMENT = "application/vnd.compliance-toolkit.statement+json"


def _seal(sealed: bytes | None, files: dict[str, bytes], result: Result) -> str:
    """Checks the envelope over all files of a folder."""
    if sealed is None:
        raise NotProvenError("no bundle.dsse.json: nothing signs the folder as a whole")
    certificate, *links = x509.load_pem_x509_certificates(files["signer.pem"])
    listed = open_envelope(sealed, certificate)["subject"]
    if {one["name"]: one["digest"]["sha256"] for one in listed} != digests_of(files):
        raise RefutedError("the files are not those that were signed")
    result.signer, result.links = certificate, tuple(links)
    return f"{len(files)} files are those that {_name(certificate)} signed"


def open_envelope(data: bytes, certificate: x509.Certificate) -> Any:
    """Verifies a DSSE envelope with the key of a certificate, and returns the in-toto statement in it."""
    envelope = _json(data)
    kind, payload = envelope["payloadType"], base64.b64decode(envelope["payload"], validate=True)
    if kind != "application/vnd.in-toto+json" or len(envelope["signatures"]) != 1:
        raise RefutedError("not one signed in-toto statement")
    (signature,) = envelope["signatures"]
    value = base64.b64decode(signature["sig"], validate=True)
    forms = (base64.b64encode(payload).decode(), base64.b64encode(value).decode(), certificate.fingerprint(hashes.SHA256()).hex())
    if forms != (envelope["payload"], signature["sig"], signature["keyid"]):
        raise RefutedError("another form of the envelope than the toolkit writes")
    _verify_statement(certificate.public_key(), value, kind, payload)
    return _json(payload)


def _verify_statement(key: Any, signature: bytes, kind: str, payload: bytes) -> None:
    """Verifies a signature over a payload of a type, in DSSE's pre-authentication encoding."""
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)
    is_p384 = isinstance(key, ec.EllipticCurvePublicKey) and key.key_size == 384
    _verify(key, signature, signed, hashes.SHA384() if is_p384 else hashes.SHA256())


# Packets and decision records


def judge_packet(model: Any, report: bytes) -> str:
    """The packet is about the judgement of the report that it carries."""
    judged = _json(report)
    said = judged["assessment"]
    pairs = (
        (model["report_sha256"], hashlib.sha256(report).hexdigest()),
        (model["decision_digest"], said["decision_digest"]),
        (model["evidence_outcome"], said["evidence_outcome"]),
        (model["subject"], said["subject"]),
        (model["point"], said["point"]),
        (model["assessment"], judged["proof"]["assessment_entry"]),
        (model["log"], judged["proof"]["checkpoint"]["note"].splitlines()[0]),
    )
    if any(one != other for one, other in pairs):
        raise RefutedError("packet.json is about another judgement than the attached report")
    return f"packet {model['id']} is about the judgement of the attached report; its pages are not rendered again here"


def _decisions(result: Result) -> str:
    if all(name != "later-updates" for name, _, _ in result.checks):
        return "nobody has filled in or signed anything"
    result.unjudged = True
    raise NotProvenError("what people filled in and signed is not judged here: compliance verify does")


class Record:
    """A decision record: the decisions, and the documents and statements that it carries for them."""

    def __init__(self, files: dict[str, bytes], trusted: Sequence[x509.Certificate]) -> None:
        self.files, self.trusted = files, trusted
        self.model = _json(files["decision-record.json"])

    def judge(self, result: Result) -> None:
        """Runs every check."""
        result.check("record", lambda: f"decision record {self.model['id']}")
        result.check("digests", self._digests)
        packets = sorted(name for name in self.files if name.startswith("packet") and name.endswith(".pdf"))
        for name in ("report.pdf", *packets):
            inner = verify_pdf(self.files.get(name, b""), self.trusted)
            result.checks += [(f"{name}: {one}", status, detail) for one, status, detail in inner.checks]
            result.unjudged |= inner.unjudged
            result.check(f"{name}: decision", lambda inner=inner: self._about(inner.judged))  # type: ignore[misc]
        self.decisions(result)

    def decisions(self, result: Result) -> None:
        """Runs the checks of the decisions that the record counts."""
        for role in self.model["roles"]:
            for one in role["decided"]:
                if one["method"] == "pdf" or one["defect"] is None:
                    name = f"decision-{one['entry']}"
                    result.unjudged |= not result.check(name, lambda role=role, one=one: self._decided(role["role"], one))  # type: ignore[misc]

    def _digests(self) -> str:
        listed = {row["name"]: row["sha256"] for row in self.model["attachments"]}
        if listed != digests_of(self.files, ("decision-record.json",)):
            raise RefutedError("the files are not those that the record lists")
        return f"{len(listed)} files have the digests that the record prints"

    def _about(self, judged: Any) -> str:
        if judged is None:
            raise NotProvenError("it could not be read")
        if judged["decision_digest"] != self.model["decision_digest"]:
            raise RefutedError("it is about another decision than the record")
        return "it is about the decision of the record"

    def _decided(self, role: str, said: Any) -> str:
        """Judges a decision that was signed outside of a PDF."""
        words = f"{said['decision']} for {role}"
        if said["method"] == "pdf":
            raise NotProvenError(f"{words}: what was filled in and signed in {said['document']} is not judged here: compliance verify does")
        held = [one for one in _json(self.files["decisions.json"])["decisions"] if one["entry"] == said["entry"]]
        if len(held) != 1:
            raise RefutedError(f"the record counts entry {said['entry']}, but decisions.json does not hold it")
        text, signature = held[0]["statement"].encode(), held[0]["signature"]
        if signature["method"] not in ("sshsig", "x509"):
            raise RefutedError(f"entry {said['entry']}: no signature")
        key, trusted = self._ssh(text, signature) if signature["method"] == "sshsig" else self._x509(text, signature, said)
        self._require_same(_json(text), role, said)
        if key != said["key"]:
            raise RefutedError(f"entry {said['entry']} is signed by the key {key}, not by {said['key']}, which the record names")
        if not trusted:
            raise NotProvenError(f"{words} is signed by the key {key}; whether that is the key of {said['by']} is not judged here")
        return f"{words} by {said['by']}, signed by the key {key}"

    def _require_same(self, statement: Any, role: str, said: Any) -> None:
        about = [statement[name] for name in ("schema", "log", "decision_digest", "point", "role")]
        if about != ["compliance/decision/v1", self.model["log"], self.model["decision_digest"], self.model["point"], role]:
            raise RefutedError(f"the statement of entry {said['entry']} is about another decision than the record")
        times = [[datetime.fromisoformat(one[name]) for name in ("at", "expires_at")] for one in (statement, said)]
        facts = [(one["decision"], one["override"], [_due(each) for each in one["conditions"]]) for one in (statement, said)]
        if times[0] != times[1] or facts[0] != facts[1]:
            raise RefutedError(f"the statement of entry {said['entry']} says something else than the record")
        if times[0][0] > datetime.fromisoformat(self.model["made_at"]) + TOLERANCE:
            raise RefutedError(f"the statement of entry {said['entry']} is later than the record")
        shown = [(said["reason"], statement["reason"])]
        shown += [(one["text"], other["text"]) for one, other in zip(said["conditions"], statement["conditions"], strict=True)]
        if not all(_shows(one, other) for one, other in shown):
            raise NotProvenError(
                f"whether the record words entry {said['entry']} as it was signed is not judged here: compliance verify does"
            )

    def _x509(self, statement: bytes, signature: Any, said: Any) -> tuple[str, bool]:
        signer, *links = (x509.load_der_x509_certificate(base64.b64decode(one, validate=True)) for one in signature["certificates"])
        _verify_statement(signer.public_key(), base64.b64decode(signature["value"], validate=True), STATEMENT, statement)
        at = datetime.fromisoformat(said["at"])
        is_theirs = " ".join(_holder(signer).split()).casefold() == " ".join(said["by"].split()).casefold()
        held = is_theirs and _is_valid(signer, at) and _is_valid(signer)
        trusted = held and _way(signer, links, self.trusted) is not None
        return f"sha256:{signer.fingerprint(hashes.SHA256()).hex()}", trusted

    @staticmethod
    def _ssh(statement: bytes, signature: Any) -> tuple[str, bool]:
        """Verifies an SSH signature (OpenSSH PROTOCOL.sshsig), and returns the fingerprint of its key; who holds it is not known here."""
        begin, end = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
        text = "".join(signature["value"].split("\n"))
        if not (text.startswith(begin) and text.endswith(end)):
            raise RefutedError("no SSH signature")
        blob = base64.b64decode(text.removeprefix(begin).removesuffix(end), validate=True)
        public, namespace, reserved, name, value = _strings(blob[10:], 5)
        if blob[:10] != b"SSHSIG\0\0\0\1" or namespace != DECISION or name not in SSH_HASHES:
            raise RefutedError("an SSH signature for something else than a decision")
        parts = (namespace, reserved, name, _digest(SSH_HASHES[name], statement))
        _verify_ssh(public, value, b"SSHSIG" + b"".join(len(one).to_bytes(4, "big") + one for one in parts))
        return "SHA256:" + base64.b64encode(hashlib.sha256(public).digest()).decode().rstrip("="), False


def _due(condition: Any) -> datetime:
    return datetime.fromisoformat(condition["due_at"])


def _shows(shown: str | None, text: str | None) -> bool:
    """Whether a text is what was signed, but for spaces and what the record cuts off."""
    one, other = (" ".join((part or "").split()) for part in (shown, text))
    return one == other or (one.endswith("\u2026") and other.startswith(one[:-1].rstrip()))


# SSH signatures (OpenSSH PROTOCOL.sshsig)

DECISION = b"decision@compliance-toolkit"
SSH_HASHES = {b"sha256": hashes.SHA256(), b"sha512": hashes.SHA512()}
SSH_SIGNATURES = {
    b"rsa-sha2-256": hashes.SHA256(),
    b"rsa-sha2-512": hashes.SHA512(),
    b"ecdsa-sha2-nistp256": hashes.SHA256(),
    b"ecdsa-sha2-nistp384": hashes.SHA384(),
    b"ecdsa-sha2-nistp521": hashes.SHA512(),
}


def _verify_ssh(public: bytes, signature: bytes, signed: bytes) -> None:
    (kind,) = _strings(public, 1, rest=True)
    try:
        key = load_ssh_public_key(kind + b" " + base64.b64encode(public))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NotProvenError(
            f"signed with an SSH key of the kind {kind.decode('ascii', 'replace')}: compliance verify judges it"
        ) from error
    name, value = _strings(signature, 2)
    if isinstance(key, Ed25519PublicKey) and name == b"ssh-ed25519":
        _verify(key, value, signed, hashes.SHA512())
        return
    if name not in SSH_SIGNATURES or name.startswith(b"rsa-") != isinstance(key, rsa.RSAPublicKey):
        raise RefutedError(f"an SSH signature of the kind {name.decode('ascii', 'replace')}")
    if isinstance(key, ec.EllipticCurvePublicKey):
        value = encode_dss_signature(*(int.from_bytes(one, "big") for one in _strings(value, 2)))
    _verify(key, value, signed, SSH_SIGNATURES[name])


def _strings(blob: bytes, count: int, *, rest: bool = False) -> list[bytes]:
    """Reads strings of SSH: four bytes of length, then so many bytes (RFC 4251, section 5)."""
    found, here = [], 0
    for _ in range(count):
        end = here + 4 + int.from_bytes(blob[here : here + 4], "big")
        if len(blob) < here + 4 or len(blob) < end:
            raise RefutedError("a cut SSH signature")
        found.append(blob[here + 4 : end])
        here = end
    if blob[here:] and not rest:
        raise RefutedError("bytes behind an SSH signature")
    return found


# The command line


def verify(path: Path, trusted: Sequence[x509.Certificate]) -> Result:
    """Verifies a report, a packet, a record, or a bundle's folder."""
    if not path.is_dir():
        return verify_pdf(path.read_bytes(), trusted)
    result = Result()
    paths = sorted(one for one in path.iterdir() if one.is_file())
    if len(paths) > MOST_FILES or sum(one.stat().st_size for one in paths) > MOST:
        raise ValueError(f"more than {MOST_FILES} files or {MOST} bytes")
    files = {one.name: one.read_bytes() for one in paths}
    sealed = files.pop("bundle.dsse.json", None)
    if result.check("seal", lambda: _seal(sealed, files, result)):
        result.check("signer", lambda: _trust(result, trusted))
    _judge_files(files, result)
    return result


def verify_pdf(data: bytes, trusted: Sequence[x509.Certificate]) -> Result:
    """Verifies a signed document with what it carries."""
    result = Result()
    files = read_pdf(data, result, trusted)
    if "decision-record.json" in files:

        def judge() -> str:
            Record(files, trusted).judge(result)
            return "every document and statement in it was looked at"

        result.check("record-contents", judge)
        return result
    packet = files.pop("packet.json", None)
    _judge_files(files, result)
    if packet is not None:
        result.check("packet", lambda: judge_packet(_json(packet), files["report.json"]))
        result.check("decisions", lambda: _decisions(result))
    return result


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Verifies a report, packet or record of compliance-toolkit offline, without it.")
    parser.add_argument("path", type=Path, help="a report, packet or record (PDF), or the folder that report --bundle wrote")
    parser.add_argument("--trust", type=Path, action="append", default=[], help="certificate (PEM) of the signer or its issuer")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    try:
        trusted = [one for path in given.trust for one in x509.load_pem_x509_certificates(path.read_bytes())]
        if given.path.is_file() and given.path.stat().st_size > MOST:
            raise ValueError(f"larger than {MOST} bytes")
        result = verify(given.path, trusted)
    except (OSError, ValueError) as error:
        print(f"{given.path}: {error}", file=sys.stderr)
        return 2
    code = result.exit_code
    if given.json:
        checks = [{"name": name, "status": status, "detail": detail} for name, status, detail in result.checks]
        print(json.dumps({"schema": "compliance/standalone/v1", "ok": code == 0, "checks": checks}, indent=2))
        return code
    for name, status, detail in result.checks:
        sign = {"proven": "+", "refuted": "x"}.get(status, "?")
        print(f"{sign} {status.ljust(10)} {name.ljust(12)} {ascii_only(detail)}")
    part = ", and the checks with ? are not made here: compliance verify makes them" if result.unjudged else ""
    words = {0: "VERIFIED", 3: f"INTACT as far as it is judged{part}", 4: "REFUTED: do not rely on it"}
    print(words.get(code, f"INTACT{' as far as it is judged' if part else ''}, but its signer is not trusted here{part}"))
    return code


def ascii_only(text: str) -> str:
    """Spells out what a terminal could act on."""
    return text.encode("ascii", "backslashreplace").decode().replace("\x1b", "\\x1b").replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main())
