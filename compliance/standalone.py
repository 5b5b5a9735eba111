"""Verifies a report of compliance-toolkit without compliance-toolkit: one file, the standard library and ``cryptography``.

Usage: python standalone.py REPORT.pdf|BUNDLE_FOLDER [--trust CERTIFICATE.pem ...] [--json]

It proves that not a byte of the report changed since it was signed, that the files inside have the digests that the report prints, that the
ledger entries inside are in the log whose checkpoint the report prints, that payloads, private values and findings are those that these
entries commit to, and that verdicts and outcome are those of the recorded judgement. It does not render the pages again and does not parse
the artifacts again: ``compliance verify`` does. Get this file from the project, never from whoever sent you the report, and compare its
SHA-256 with the one that the project publishes; the one printed in a report only helps if the report is sound.

Exit codes: 0 verified, 2 wrong use, 4 refuted, 6 intact, but the signer is not trusted. Formats: docs/leaf-format.md, RFC 6962, RFC 5652,
C2SP signed-note. Nothing is fetched, nothing is written.
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
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MOST = 1 << 29
"""Bytes that a file, and all that it unpacks to, may have."""
CLASSES = ("paths", "people", "code")
TRIAL = x509.ObjectIdentifier("2.25.42221588024285752249991595624360183612")
MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
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
    trusted: bool = False

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
        """Returns 4, 6 or 0."""
        if any(status == "refuted" for _, status, _ in self.checks):
            return 4
        return 0 if self.trusted else 6


# The signed PDF


def read_pdf(data: bytes, result: Result, trusted: Sequence[x509.Certificate]) -> dict[str, bytes]:
    """Checks the toolkit's signature and returns the attached files by name."""
    place = re.search(rb"/ByteRange \[0 (\d{1,12}) (\d{1,12}) (\d{1,12})\]", data)
    if place is None:
        result.check("signature", lambda: _raise(RefutedError("no signature of the toolkit")))
        return {}
    start, end, tail = (int(number) for number in place.groups())
    signed = data[:start] + data[end : end + tail]
    if not result.check("signature", lambda: _signature(data[start:end], signed, result)):
        return {}
    result.check("coverage", lambda: _coverage(start, end, tail, len(data)))
    result.check("signer", lambda: _trust(result, trusted))
    files: dict[str, bytes] = {}
    result.check("attachments", lambda: _attachments(data[:start], files))
    return files


def _raise(error: Exception) -> str:
    raise error


def _coverage(start: int, end: int, tail: int, size: int) -> str:
    if not 0 < start < end <= end + tail <= size:
        raise RefutedError(f"the signature says that it covers bytes outside of the file ({size} bytes)")
    if end + tail < size:
        raise NotProvenError(
            f"{size - end - tail} bytes follow the toolkit's signature (signatures of people, timestamps): compliance verify reads them"
        )
    return "the signature covers the whole file but itself"


def _signature(place: bytes, signed: bytes, result: Result) -> str:
    """Verifies the CMS signature (RFC 5652, section 5) over the signed bytes."""
    if place[:1] != b"<" or place[-1:] != b">":
        raise RefutedError("no signature between < and >")
    raw = bytes.fromhex(place[1:-1].decode("ascii"))
    content = _fields(_only(raw, allow_zeros=True))
    if content[0][1] != SIGNED_DATA:
        raise RefutedError("not a CMS signature")
    parts = _fields(_only(content[1][1]))
    certificates = [x509.load_der_x509_certificate(whole) for tag, _, whole in parts[3:] if tag == 0xA0 for whole in _wholes(whole)]
    signers = _fields(parts[-1])
    if not certificates or len(signers) != 1:
        raise RefutedError(f"{len(signers)} signatures and {len(certificates)} certificates in one field")
    info = _fields(signers[0])
    algorithm = DIGESTS[_fields(info[2])[0][1]]
    attributes = next(one for one in info if one[0] == 0xA0)
    values = {_fields(one)[0][1]: _fields(_fields(one)[1])[0][1] for one in _fields(attributes)}
    digest = hashes.Hash(algorithm)
    digest.update(signed)
    if values.get(MESSAGE_DIGEST) != digest.finalize():
        raise RefutedError("the signed digest is not that of the file: it was changed after it was signed")
    result.signer = certificates[0]
    _verify(certificates[0].public_key(), info[-1][1], b"\x31" + attributes[2][1:], algorithm)
    return f"by {_name(certificates[0])}, with its certificate's key"


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
    for one in trusted:
        if one == signer or _issued(signer, one):
            result.trusted = True
            return f"{_name(signer)} is trusted{trial}; sha256:{fingerprint}"
    raise NotProvenError(f"{_name(signer)} is not among the certificates given with --trust{trial}; sha256:{fingerprint}")


def _issued(signer: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        authority = by.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        signer.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return authority


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
            self.entries[one["number"]] = {**one, "body": _json(one["leaf"].encode())}
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
        return f"{len(proofs)} ledger entries are in the tree of the checkpoint"

    def evidence(self) -> str:
        """Payloads and private values are those that the leaves commit to."""
        count = 0
        for number, one in self.entries.items():
            committed = one["body"].get("private", {})
            hidden = CLASSES if self.redacted and one["body"]["type"] != "evidence" else self.redacted
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
    certificate = x509.load_pem_x509_certificates(files["signer.pem"])[0]
    listed = open_envelope(sealed, certificate)["subject"]
    if {one["name"]: one["digest"]["sha256"] for one in listed} != digests_of(files):
        raise RefutedError("the files are not those that were signed")
    result.signer = certificate
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
    print({0: "VERIFIED", 4: "REFUTED: do not rely on it", 6: "INTACT, but its signer is not trusted here"}[code])
    return code


def ascii_only(text: str) -> str:
    """Spells out what a terminal could act on."""
    return text.encode("ascii", "backslashreplace").decode().replace("\x1b", "\\x1b").replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main())
