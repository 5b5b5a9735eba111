"""Signatures that come with a file: beside it, or around it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import ComplianceError, InputError
from ..home import input_signers
from ..project import Project
from ..reading import jsontext
from ..reading.walk import signatures_beside
from ..record import Json, canonical, sha256_hex
from ..source import Source
from ..times import now

if TYPE_CHECKING:
    from ..sign.inputs import Trusted, Voucher

_METHODS: Final = {".sig": "sshsig", ".dsse.json": "dsse", ".intoto.jsonl": "dsse", ".sigstore.json": "sigstore", ".sigstore": "sigstore"}
_ENVELOPE: Final = {"payloadType", "payload", "signatures"}


@dataclass(frozen=True)
class Signed:
    """What is known of the signatures over a file."""

    public: Mapping[str, Json] | None = None
    """What the leaf says of one by somebody who is trusted; None when there is none."""
    people: Mapping[str, Json] = field(default_factory=dict)
    """Who signed, and the signature itself, so that it can be verified again."""
    over: str = ""
    """SHA-256 of the bytes that were signed."""
    doubt: str | None = None
    """Why a signature that is there does not count."""


def beside(project: Project, path: Path, source: Source) -> Signed:
    """Verifies the signatures that lie beside a file.

    Args:
        project: Says whom it trusts.
        path: The file.
        source: Its bytes, as they were signed.

    Raises:
        InputError: A signature is none, or does not fit the file. An unknown signer is none of these: he proves nothing.
    """
    result = Signed()
    for found in signatures_beside(path):
        try:
            one = _verified(found.name, bytes(source.data), Source.from_path(found).document, input_signers(project))
        except ComplianceError as error:
            raise InputError(f"signature {found.name}: {error}", expected="a sound signature of the file") from error
        if result.public is None and (one.public is not None or result.doubt is None):
            result = one
    return result


def opened(project: Project, source: Source) -> tuple[Source, Signed]:
    """Takes a report out of the signed envelope that carries it; any other file, and a statement about others, stays as it is.

    Raises:
        InputError: It is such an envelope, and a trusted key that it names did not sign it.
    """
    from ..sign import dsse, intoto

    if source.size > dsse.SIZE_LIMIT or set(source.json_members) != _ENVELOPE:
        return source, Signed()
    envelope = dsse.Envelope.read(source.document)
    if envelope.payload_type == intoto.PAYLOAD_TYPE:
        return source, Signed()
    inside = Source(source.name, envelope.payload)
    kept = canonical({"payloadType": envelope.payload_type, "signatures": [one.json for one in envelope.signatures]})
    return inside, _judged("envelope", "envelope", kept, inside.sha256, lambda: input_signers(project).envelope(envelope, now()))


def _verified(name: str, data: bytes, content: bytes, trusted: Trusted) -> Signed:
    from ..sign import inputs

    if len(content) > inputs.SIZE_LIMIT:
        raise InputError(f"{len(content)} bytes", expected=f"at most {inputs.SIZE_LIMIT}")
    method = next(method for suffix, method in _METHODS.items() if name.endswith(suffix))
    return _judged(name, method, content, sha256_hex(data), lambda: again(trusted, method, content, data, now()))


def again(trusted: Trusted, method: str, signature: bytes, data: bytes, at: datetime) -> Voucher:
    """Verifies a signature over a file, now or after it was stored.

    Args:
        trusted: Whose signatures count.
        method: ``sshsig``, ``dsse``, ``sigstore``, or ``envelope`` for one that carried the file.
        signature: The signature file; of an envelope all but the payload.
        data: The file.
        at: When the key must have been valid.

    Raises:
        InputError: It does not fit, or is none.
        UnknownSignerError: It is sound, but nobody who is trusted made it.
    """
    from ..sign import dsse, inputs

    if method == "sshsig":
        return trusted.ssh(data, signature, at)
    if method == "sigstore":
        return trusted.bundle(data, signature, at)
    if method == "envelope":
        return trusted.envelope(dsse.Envelope.of({**jsontext.loads(signature), "payload": base64.b64encode(data).decode()}), at)
    return trusted.statements(data, list(inputs.envelopes(signature)), at)


def _judged(name: str, method: str, signature: bytes, over: str, verify: Callable[[], Voucher]) -> Signed:
    from ..sign.ssh import UnknownSignerError

    try:
        voucher = verify()
    except UnknownSignerError as error:
        return Signed(doubt=f"signed ({name}), but not verified: {error}")
    public: dict[str, Json] = {"method": method, "key": voucher.key, "sha256": sha256_hex(signature)}
    return Signed(public, {"signer": voucher.signer, "signature": signature.decode("utf-8", "strict")}, over)
