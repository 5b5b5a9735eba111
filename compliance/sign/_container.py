"""Where a signature stands in the file: the bytes that it covers, and the string of digits that it leaves out."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asn1crypto.parser import peek  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from ._structure import FoundSignature, Revision

_DIGITS: Final = re.compile(rb"<(?:(?:[0-9A-F]{2})+|(?:[0-9a-f]{2})+)>")
_KEY: Final = re.compile(rb"/Contents[ \t\r\n]*\Z")
_OWN_KEY: Final = b"/Contents "
MAX_CMS: Final = 1 << 20
"""Bytes of the largest signature, its certificates and its timestamp with it; they take some thousands."""


@dataclass(frozen=True)
class Container:
    """The place of one signature.

    Args:
        start: ``pdf[start:end]`` is ``<hex>``, which the signature leaves out.
        end: See ``start``.
        covered: The signature covers the first so many bytes, but for those.
        is_own: This toolkit made it.
    """

    start: int
    end: int
    covered: int
    is_own: bool

    def digest(self, pdf: bytes, algorithm: str) -> bytes:
        """Digest of the bytes that are signed."""
        view = memoryview(pdf)
        made = hashlib.new(algorithm, view[: self.start])
        made.update(view[self.end : self.covered])
        return made.digest()

    def content(self, pdf: bytes) -> bytes:
        """The DER object, or BER in some other programs, that the digits stand for.

        Raises:
            ValueError: They are not digits in one case (upper, in signatures of this toolkit), or not padded with zeros.
        """
        gap = pdf[self.start : self.end]
        if len(gap) > 2 * MAX_CMS + len("<>"):
            raise ValueError(f"a signature of {len(gap) // 2} bytes; at most {MAX_CMS} are read")
        if not _DIGITS.fullmatch(gap) or (self.is_own and gap != gap.upper()):
            raise ValueError("the signature is not a string of hexadecimal digits in one case")
        padded = bytes.fromhex(gap[1:-1].decode("ascii"))
        der = padded[: peek(padded)]
        if any(padded[len(der) :]):
            raise ValueError("the signature is followed by something else than zeros")
        return der


def covered_by(pdf: bytes, found: FoundSignature, revision: Revision) -> Container:
    """Checks that a signature covers its whole revision, and leaves out nothing but itself.

    Raises:
        ValueError: It does not.
    """
    if len(found.byte_range) != 4 or found.byte_range[0] != 0:
        raise ValueError(f"byte range {list(found.byte_range)}; expected two parts, from the beginning of the file")
    _, start, end, tail = found.byte_range
    if not (found.offset < start < end <= len(pdf) and tail >= 0):
        raise ValueError(f"bytes {start} to {end} are left out, which lie outside of the signature or of the file")
    own = found.level is not None
    expected = {revision.end} if own else {revision.end, revision.bare_end}
    if end + tail not in expected:
        raise ValueError(f"signed up to byte {end + tail}; its revision ends at {revision.end}")
    before = pdf[found.offset : start]
    if not (before.endswith(_OWN_KEY) if own else _KEY.search(before)) or b"endobj" in before:
        raise ValueError("the part left out is not the signature")
    if bytes.fromhex(pdf[start + 1 : end - 1].decode("ascii")) != found.contents:
        raise ValueError("the field's signature is not the one that stands in the part left out")
    return Container(start, end, end + tail, own)
