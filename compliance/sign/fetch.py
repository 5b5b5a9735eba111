"""One question over HTTP to an authority, for timestamps and revocation data: bounded in size and time, through the usual proxies."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Final

from .. import __version__
from ..errors import SigningKeyError

TIMEOUT_S: Final = 30.0
LIMIT: Final = 16 << 20
"""Bytes of an answer: revocation lists of large authorities have a few million."""
_PIECE: Final = 1 << 16

_opener = urllib.request.OpenerDirector()
for _handler in (
    urllib.request.ProxyHandler(),
    urllib.request.UnknownHandler(),
    urllib.request.HTTPHandler(),
    urllib.request.HTTPDefaultErrorHandler(),
    urllib.request.HTTPSHandler(),
    urllib.request.HTTPRedirectHandler(),
    urllib.request.HTTPErrorProcessor(),
):
    _opener.add_handler(_handler)


def ask(url: str, what: str, body: bytes | None = None, *, content_type: str = "", timeout_s: float = TIMEOUT_S) -> bytes:
    """Sends a request, and returns the body of the answer.

    Args:
        url: ``http`` or ``https``; the answers are signed, so that plain HTTP is usual.
        what: What is asked for, for messages.
        body: Sent with POST; None sends GET.
        content_type: Type of the body.
        timeout_s: Seconds for the whole answer.

    Raises:
        SigningKeyError: There is no answer, or it is an error, too large or too slow.
    """
    deadline = time.monotonic() + timeout_s
    headers = {"User-Agent": f"compliance-toolkit/{__version__}"} | ({"Content-Type": content_type} if body is not None else {})
    hint = "check the address and the network, or sign without it"
    try:
        request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 (the opener below knows http and https only)
        with _opener.open(request, timeout=timeout_s) as answer:
            made = bytearray()
            while piece := answer.read(_PIECE):
                made += piece
                if len(made) > LIMIT or time.monotonic() > deadline:
                    raise SigningKeyError(f"{what}: {url} sent more than {LIMIT} bytes, or took longer than {timeout_s:g} s", hint=hint)
            return bytes(made)
    except urllib.error.HTTPError as error:
        raise SigningKeyError(f"{what}: {url} answered {error.code}", hint=hint) from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise SigningKeyError(f"{what}: {url} cannot be reached: {reason}", hint=hint) from error
