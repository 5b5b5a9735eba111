"""Verifies a report of compliance-toolkit without compliance-toolkit: one file, the standard library and ``cryptography``.

Usage: python standalone.py REPORT.pdf|BUNDLE_FOLDER [--trust CERTIFICATE.pem ...] [--json]

It proves that not a byte of the report changed since it was signed, that the files inside have the digests that the report prints, that the
ledger entries inside are in the log whose checkpoint the report prints, that payloads, private values and findings are those that these
entries commit to, and that verdicts and outcome are those of the recorded judgement. It does not render the pages again and does not parse
the artifacts again: ``compliance verify`` does. Get this file from the project, never from whoever sent you the report, and compare its
SHA-256 with the one that the project publishes; the one printed in a report only helps if the report is sound.

Updates after the toolkit's signature are judged if they are in the form that this toolkit writes: signatures of people in prepared fields,
timestamps over the whole, data for validation. Not judged: whether a certificate was revoked, whether an authority is one to trust for
timestamps, and updates that other programs wrote.

Exit codes: 0 verified, 2 wrong use, 3 verified but for updates that are not judged here, 4 refuted, 6 intact, but the signer is not
trusted, or the certificate has expired. Formats: docs/leaf-format.md, RFC 6962, RFC 5652, RFC 3161, ISO 32000-1, C2SP signed-note.
Nothing is fetched, nothing is written.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MOST = 1 << 29
"""Bytes that a file, and all that it unpacks to, may have."""
MOST_UPDATES = 100
CLASSES = ("paths", "people", "code")
TRIAL = x509.ObjectIdentifier("2.25.42221588024285752249991595624360183612")
BYTE_RANGE = rb"/ByteRange \[0 (\d{1,12}) (\d{1,12}) (\d{1,12})\]"
MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
TOKEN = bytes.fromhex("2a864886f70d010910020e")
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
DIGESTS = {
    bytes.fromhex("608648016503040201"): hashes.SHA256(),
    bytes.fromhex("608648016503040202"): hashes.SHA384(),
    bytes.fromhex("608648016503040203"): hashes.SHA512(),
}


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
    unjudged: bool = False
    """Something follows the toolkit's signature that is not judged here."""

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

    @property
    def exit_code(self) -> int:
        """Returns 4, 6, 3 or 0."""
        if any(status == "refuted" for _, status, _ in self.checks):
            return 4
        return 6 if not self.trusted else 3 if self.unjudged else 0


# The signed PDF


def read_pdf(data: bytes, result: Result, trusted: Sequence[x509.Certificate]) -> dict[str, bytes]:
    """Checks the toolkit's signature and what follows it, and returns the attached files by name."""
    place = re.search(BYTE_RANGE, data)
    if place is None:
        result.check("signature", lambda: _raise(RefutedError("no signature of the toolkit")))
        return {}
    start, end, tail = (int(number) for number in place.groups())
    if not result.check("signature", lambda: _signature(data, start, end, tail, result)):
        return {}
    result.check("coverage", lambda: _coverage(data, end + tail))
    if end + tail < len(data):
        result.unjudged = not result.check("later-updates", lambda: Updates(data, end + tail).judge(trusted))
    result.check("signer", lambda: _trust(result, trusted))
    files: dict[str, bytes] = {}
    result.check("attachments", lambda: _attachments(data[:start], files))
    return files


def _raise(error: Exception) -> str:
    raise error


def _coverage(data: bytes, covered: int) -> str:
    if data.count(b"%%EOF", 0, covered) < 2 or not data[:covered].endswith(b"%%EOF\n"):
        raise RefutedError("the signature does not cover a whole file and an update of it")
    if covered == len(data):
        return "the signature covers the whole file but itself"
    return f"the signature covers the first {covered} of {len(data)} bytes but itself; later-updates is about the others"


def _signature(data: bytes, start: int, end: int, tail: int, result: Result) -> str:
    """Verifies the toolkit's signature over the bytes that it covers."""
    if not 0 < start < end <= end + tail <= len(data):
        raise RefutedError(f"the signature says that it covers bytes outside of the file ({len(data)} bytes)")
    made = Cms.read(_digits(data[start:end]))
    made.require(data[:start] + data[end : end + tail])
    result.signer, result.links = made.signer, made.links
    clock = "its time is the word of the machine that signed"
    if made.token is not None:
        clock = f"a timestamp of {_stamped(made.token, made.value)}; whether that authority is to be trusted is not judged here"
    return f"by {_name(made.signer)}, with its certificate's key; {clock}"


def _digits(place: bytes) -> bytes:
    if not re.fullmatch(rb"<(?:[0-9A-Fa-f]{2})+>", place):
        raise RefutedError("no signature between < and >")
    return bytes.fromhex(place[1:-1].decode("ascii"))


def _stamped(token: bytes, about: bytes) -> str:
    """Verifies a timestamp (RFC 3161) over some bytes, and returns whose it is and when it was made."""
    made = Cms.read(token)
    if made.content is None:
        raise RefutedError("a timestamp about nothing")
    made.require(made.content)
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
    def read(cls, raw: bytes) -> Cms:
        """Takes one apart; zeros may follow it."""
        content = _fields(_only(raw, allow_zeros=True))
        if content[0][1] != SIGNED_DATA:
            raise RefutedError("not a CMS signature")
        parts = _fields(_only(content[1][1]))
        found = [x509.load_der_x509_certificate(whole) for tag, _, whole in parts[3:] if tag == 0xA0 for whole in _wholes(whole)]
        signers = _fields(parts[-1])
        if not found or len(signers) != 1:
            raise RefutedError(f"{len(signers)} signatures and {len(found)} certificates in one field")
        info = _fields(signers[0])
        issuer, serial = _fields(info[1])
        named = (issuer[2], int.from_bytes(serial[1], "big"))
        (signer,) = {one for one in found if (one.issuer.public_bytes(), one.serial_number) == named}
        attributes = next(one for one in info if one[0] == 0xA0)
        values = _attributes(attributes)
        unsigned = next((_attributes(one) for one in info if one[0] == 0xA1), {})
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

    def require(self, signed: bytes) -> None:
        """Checks that it is about these bytes, and was made with the certificate's key."""
        if self.digest != _digest(self.algorithm, signed):
            raise RefutedError("the signed digest is not that of the file: it was changed after it was signed")
        _verify(self.signer.public_key(), self.value, self.attributes, self.algorithm)


def _attributes(field: Field) -> dict[bytes, Field]:
    """The first value of each attribute."""
    return {_fields(one)[0][1]: _fields(_fields(one)[1])[0] for one in _fields(field)}


def _digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    made = hashes.Hash(algorithm)
    made.update(data)
    return made.finalize()


Field = tuple[int, bytes, bytes]
"""Tag, value, and the whole of a DER element."""


def _only(data: bytes, *, allow_zeros: bool = False) -> Field:
    """Reads one DER element that nothing but (if allowed) zeros follows."""
    one, rest = _element(data)
    if rest.strip(b"\0") if allow_zeros else rest:
        raise RefutedError("bytes behind the signature")
    return one


def _element(data: bytes) -> tuple[Field, bytes]:
    length, head = data[1], 2
    if length & 0x80:
        head += length & 0x7F
        length = int.from_bytes(data[2:head], "big")
    if len(data) < head + length or head > 6:
        raise RefutedError("broken DER")
    return (data[0], data[head : head + length], data[: head + length]), data[head + length :]


def _fields(one: Field) -> list[Field]:
    found, rest = [], one[1]
    while rest:
        element, rest = _element(rest)
        found.append(element)
    return found


def _wholes(whole: bytes) -> Iterator[bytes]:
    return (one[2] for one in _fields(_only(whole)))


def _verify(key: Any, signature: bytes, data: bytes, algorithm: hashes.HashAlgorithm) -> None:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(algorithm))
        else:
            raise RefutedError(f"a key of type {type(key).__name__}")
    except InvalidSignature as error:
        raise RefutedError("the signature was not made with the certificate's key") from error


def _name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def _trust(result: Result, trusted: Sequence[x509.Certificate]) -> str:
    signer = result.signer
    if signer is None:
        raise NotProvenError("no signer")
    fingerprint = signer.fingerprint(hashes.SHA256()).hex()
    trial = " (a TRIAL KEY: proves nothing to others)" if any(one.oid == TRIAL for one in signer.extensions) else ""
    if not _leads(signer, result.links, trusted):
        raise NotProvenError(f"{_name(signer)} is not among the certificates given with --trust{trial}; sha256:{fingerprint}")
    now = datetime.now(UTC)
    if not signer.not_valid_before_utc <= now <= signer.not_valid_after_utc:
        span = f"{signer.not_valid_before_utc.date()} to {signer.not_valid_after_utc.date()}"
        raise NotProvenError(f"{_name(signer)}'s certificate is valid from {span} only; whether it signed then is for compliance verify")
    result.trusted = True
    return f"{_name(signer)} is trusted{trial}; sha256:{fingerprint}; whether it was revoked is not judged here"


def _leads(certificate: x509.Certificate, links: Sequence[x509.Certificate], trusted: Sequence[x509.Certificate], depth: int = 8) -> bool:
    """Whether a certificate is trusted, or was issued by one that is, over links that may issue."""
    if any(one == certificate or _issued(certificate, one) for one in trusted):
        return True
    return depth > 0 and any(_issued(certificate, one) and _leads(one, links, trusted, depth - 1) for one in links if one != certificate)


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        authority = by.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return authority


# What was added after the toolkit's signature


class Updates:
    """The updates of a signed file, in the one form that this toolkit writes them; of another form nothing is said.

    An update may sign a prepared field, and add data for the validation of certificates; nothing else of the document may change.
    """

    def __init__(self, data: bytes, certified: int) -> None:
        self._data, self._certified = data, certified
        self._known: dict[int, Any] = {}
        self._streams: dict[int, bytes] = {}
        self._size = 0

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
        first = re.compile(rb"startxref\n(\d+)\n%%EOF\n").search(self._data)
        if first is None:
            raise ValueError("no end of the document")
        here, previous = first.end(), int(first.group(1))
        for _ in range(MOST_UPDATES):
            if here == len(self._data):
                return
            objects, streams, table, end = self._read(here)
            self._require_table(objects, streams, table, previous)
            if here >= self._certified:
                yield self._allowed(objects, streams, end, trusted)
            self._known |= {number: value for number, (_, value) in objects.items()}
            self._streams |= streams
            # A later update cannot make an object new that the document knows.
            here, previous, self._size = end, table, max(self._size, int(objects[max(objects)][1][b"/Size"]), max(objects) + 1)
        raise NotProvenError(f"more than {MOST_UPDATES} updates")

    def _read(self, here: int) -> tuple[dict[int, tuple[int, Any]], dict[int, bytes], int, int]:
        """Reads the objects of an update: place and value of each, its stream, the place of the table, and the update's end."""
        objects: dict[int, tuple[int, Any]] = {}
        streams: dict[int, bytes] = {}
        while head := re.compile(rb"(\d{1,9}) 0 obj\n").match(self._data, here):
            number = int(head.group(1))
            value, after = pdf_value(self._data, head.end())
            if self._data.startswith(b"\nstream\n", after):
                begin = after + len(b"\nstream\n")
                after = begin + int(value[b"/Length"])
                streams[number] = self._data[begin:after]
                after += len(b"\nendstream") if self._data.startswith(b"\nendstream\n", after) else 0
            if not self._data.startswith(b"\nendobj\n", after) or number in objects:
                raise ValueError(f"object {number} does not end, or is there twice")
            objects[number] = head.start(), value
            here = after + len(b"\nendobj\n")
        last = re.compile(rb"\nstartxref\n(\d{1,12})\n%%EOF\n").match(self._data, here)
        if last is None or not objects:
            raise ValueError("an update does not end as it must")
        return objects, streams, int(last.group(1)), last.end()

    def _require_table(self, objects: dict[int, tuple[int, Any]], streams: dict[int, bytes], table: int, previous: int) -> None:
        """The cross-references name the objects of the update, at their places, and no others."""
        number, (place, value) = max(objects.items())
        if (place, value[b"/Type"], int(value[b"/Prev"])) != (table, b"/XRef", previous) or value[b"/W"] != [b"1", b"8", b"2"]:
            raise ValueError("the cross-references are not where they must be")
        content = zlib.decompressobj().decompress(streams[number], MOST)
        numbers = [one for first, count in _pairs(value[b"/Index"]) for one in range(first, first + count)]
        rows = {one: content[11 * n : 11 * n + 11] for n, one in enumerate(numbers)}
        rows.pop(0, None)
        expected = {one: b"\1" + at.to_bytes(8, "big") + b"\0\0" for one, (at, _) in objects.items()}
        if rows != expected or len(content) != 11 * len(numbers):
            raise RefutedError("cross-references of an update name other objects than it holds")

    def _allowed(
        self, objects: dict[int, tuple[int, Any]], streams: dict[int, bytes], end: int, trusted: Sequence[x509.Certificate]
    ) -> str:
        """Judges what an update changed, and by whom it is signed."""
        values = {number: value for number, (_, value) in objects.items()}
        table = values[max(values)]
        if b"/Encrypt" in table or any(table[key] != self._last_table()[key] for key in (b"/Root", b"/Info")):
            raise RefutedError("an update names another document")
        signed = [number for number, value in values.items() if isinstance(value, dict) and b"/ByteRange" in value]
        for number in (one for one in values if one < self._size):
            self._unchanged(number, values[number], streams.get(number), table, signed)
        if not signed:
            return "data for validation, which nobody signed"
        (number,) = signed
        return self._signed(values[number], objects[number][0], end, trusted)

    def _last_table(self) -> dict[bytes, Any]:
        return next(
            value for _, value in sorted(self._known.items(), reverse=True) if isinstance(value, dict) and value.get(b"/Type") == b"/XRef"
        )

    def _unchanged(self, number: int, value: Any, stream: bytes | None, table: dict[bytes, Any], signed: list[int]) -> None:
        """An object that was there before may differ in what signing changes only."""
        before, after = self._known.get(number), value
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
            return f"timestamp of {_stamped(_digits(value[b'/Contents']), about)} (whether to be trusted is not judged here)"
        made = Cms.read(_digits(value[b"/Contents"]))
        made.require(about)
        known = "trusted" if _leads(made.signer, made.links, trusted) else "not among the trusted certificates"
        return f"signature of {_name(made.signer)} ({known})"


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
    models = [one for one in found if b'"compliance/report/v1"' in one[:200]]
    if len(models) != 1:
        raise RefutedError(f"{len(models)} files of the schema compliance/report/v1; expected one")
    files["report.json"] = models[0]
    by_digest = {hashlib.sha256(one).hexdigest(): one for one in found}
    for row in _json(models[0])["attachments"]:
        if row["sha256"] in by_digest:
            files[row["name"]] = by_digest.pop(row["sha256"])
    return f"{len(files)} files"


# The bundle


def _json(data: bytes) -> Any:
    return json.loads(data, object_pairs_hook=_unique, parse_constant=lambda name: _raise(RefutedError(f"{name} in JSON")))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RefutedError("a key twice in one JSON object")
    return found


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
        origin, size, root = open_note(note, str(self.entries[0]["body"]["log_key"]))
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
            hidden = CLASSES if whole else self.redacted
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
        return f"{sum(map(len, rows.values()))} findings of {len(rows)} pieces of evidence are those that the ledger covers"

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


# Signed statements: DSSE, in-toto


def open_envelope(data: bytes, certificate: x509.Certificate) -> Any:
    """Verifies a DSSE envelope with the key of a certificate, and returns the in-toto statement in it."""
    envelope = _json(data)
    kind, payload = envelope["payloadType"], base64.b64decode(envelope["payload"], validate=True)
    if kind != "application/vnd.in-toto+json" or len(envelope["signatures"]) != 1:
        raise RefutedError("not one signed in-toto statement")
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)
    (signature,) = envelope["signatures"]
    value = base64.b64decode(signature["sig"], validate=True)
    forms = (base64.b64encode(payload).decode(), base64.b64encode(value).decode(), certificate.fingerprint(hashes.SHA256()).hex())
    if forms != (envelope["payload"], signature["sig"], signature["keyid"]):
        raise RefutedError("another form of the envelope than the toolkit writes")
    key = certificate.public_key()
    algorithm = hashes.SHA384() if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size == 384 else hashes.SHA256()
    _verify(key, value, signed, algorithm)
    return _json(payload)


def digests_of(files: dict[str, bytes], but: Sequence[str] = ()) -> dict[str, str]:
    """Returns the SHA-256 of files by name."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name not in but}


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


# Hashes: docs/leaf-format.md and RFC 6962


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
    node, last, found = index, size - 1, leaf
    for part in path:
        if last == 0:
            raise RefutedError("an inclusion proof that is too long")
        if node & 1 or node == last:
            found = node_hash(part, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, part)
        node, last = node >> 1, last >> 1
    if last:
        raise RefutedError("an inclusion proof that is too short")
    return found


def extends(size: int, root: bytes, later_size: int, later_root: bytes, path: Sequence[bytes]) -> None:
    """Checks a consistency proof (RFC 9162, section 2.1.4.2)."""
    if not 0 < size <= later_size:
        raise RefutedError(f"a tree of {later_size} entries does not extend one of {size}")
    if size == later_size:
        if path or root != later_root:
            raise RefutedError("two different trees of one size")
        return
    parts = list(path) if size & (size - 1) else [root, *path]
    node, last = size - 1, later_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = parts[0]
    for part in parts[1:]:
        if last == 0:
            raise RefutedError("a consistency proof that is too long")
        if node & 1 or node == last:
            first, second = node_hash(part, first), node_hash(part, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, part)
        node, last = node >> 1, last >> 1
    if last or first != root or second != later_root:
        raise RefutedError("the ledger does not extend the earlier one: it was rewritten")


def commitment(key: bytes, label: bytes, value: bytes) -> bytes:
    """Returns the salted commitment to a private value."""
    if len(key) != 32:
        raise RefutedError("a sealing key of another length than 32 bytes")
    return hashlib.sha256(hmac.digest(key, label, "sha256") + value).digest()


def row_leaf(row: dict[str, Any], sealed: dict[str, dict[str, str]]) -> bytes:
    """Returns the leaf of a finding."""
    index = int(row["number"]).to_bytes(8, "big")
    names = ("confidence", "fixed_in", "package", "package_version", "rule", "severity", "state")
    parts = [canonical({name: row[name] for name in names if row.get(name) is not None})]
    values = {"paths": ["fingerprint", "line", "path"], "people": ["person"], "code": ["message"]}
    for name in CLASSES:
        if name in row.get("commitments", {}):
            parts.append(bytes.fromhex(row["commitments"][name]))
            if len(parts[-1]) != 32 or any(row.get(one) for one in values[name]):
                raise RefutedError(f"finding {row['number']}: a broken commitment, or a value beside it")
            continue
        value = [row.get(one) for one in values[name]]
        nothing = name != "paths" and value == [None]
        parts.append(bytes(32) if nothing else commitment(bytes.fromhex(sealed[name]["key"]), index, canonical(value)))
    return b"".join(parts)


def canonical(value: Any) -> bytes:
    """Writes texts, integers, nulls, and objects and arrays of them in canonical JSON (RFC 8785)."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


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


# The command line


def verify(path: Path, trusted: Sequence[x509.Certificate]) -> Result:
    """Verifies a report or a bundle's folder."""
    result = Result()
    if path.is_dir():
        files = {one.name: one.read_bytes() for one in sorted(path.iterdir()) if one.is_file()}
        sealed = files.pop("bundle.dsse.json", None)
        if result.check("seal", lambda: _seal(sealed, files, result)):
            result.check("signer", lambda: _trust(result, trusted))
    else:
        files = read_pdf(path.read_bytes(), result, trusted)
    if "report.json" not in files:
        if all(status != "refuted" for _, status, _ in result.checks):
            result.check("bundle", lambda: _raise(RefutedError("report.json is missing")))
        return result
    bundle: Bundle | None = None

    def read() -> str:
        nonlocal bundle
        bundle = Bundle(files)
        left_out = f": redacted copy without {', '.join(bundle.redacted)}" if bundle.redacted else ""
        return f"report {bundle.model['id']}{left_out}"

    if result.check("model", read) and bundle is not None:
        for name, step in bundle.steps():
            result.check(name, step)
        if result.signer is not None and result.signer.fingerprint(hashes.SHA256()).hex() != bundle.model["signer"]["fingerprint"]:
            result.check("signer-printed", lambda: _raise(RefutedError("another certificate signed than the report prints")))
    return result


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Verifies a report of compliance-toolkit offline, without it.")
    parser.add_argument("path", type=Path, help="a report (PDF), or the folder that report --bundle wrote")
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
    part = "INTACT, but what was added after the toolkit's signature is not judged here: compliance verify does"
    print({0: "VERIFIED", 3: part, 4: "REFUTED: do not rely on it", 6: "INTACT, but its signer is not trusted here"}[code])
    return code


def ascii_only(text: str) -> str:
    """Spells out what a terminal could act on."""
    return text.encode("ascii", "backslashreplace").decode().replace("\x1b", "\\x1b").replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main())
