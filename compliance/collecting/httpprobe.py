"""One HTTP GET, measured, under a deadline that holds whatever the server does.

Standard library only. Redirects are not followed: 302 is the answer. TLS certificates are verified against the system's trust store. No
proxy is used. An answer counts only if it was whole within the time given, and reading ends there, so that a server that sends one byte
a second cannot hold the caller (a socket's own timeout starts anew with each byte). Where nothing answers, each address of the host and
the TLS handshake may take that time once; the resolver of names has a limit of its own.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

BODY_LIMIT: Final = 64 << 10
"""Bytes of a body that are read; a health answer is far smaller."""

Failure = Literal["timeout", "refused", "unresolved", "tls", "connection", "malformed", "cut"]
"""Why no whole answer came, as one word; ``cut``: the body ended before its announced length."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int | None
    """None when no whole answer came."""
    latency_ms: float | None
    """From before connecting to the last byte that was read; None when no whole answer came."""
    body: bytes = b""
    """At most as many bytes as were asked for."""
    truncated: bool = False
    """The body goes on."""
    error: Failure | None = None


class _Timed(io.RawIOBase):
    """Reads from a socket with the time that is left."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self.connected = connected
        self.deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.connected.settimeout(left)
        return self.connected.recv_into(buffer)


class _Reader:
    """What `http.client.HTTPResponse` takes for a socket."""

    def __init__(self, timed: _Timed) -> None:
        self.timed = timed

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self.timed)


def address(url: str) -> str:
    """Checks the address of a service, to which paths are added.

    Returns:
        The address without a slash at its end.

    Raises:
        ValueError: It is none, or holds a user, a password, a query or a fragment.
    """
    parts = urlsplit(url)
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("an address is printable ASCII without spaces")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:  # a port that is no number raises ValueError
        raise ValueError("an address is http:// or https:// and a host")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("an address has no user, password, query or fragment")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def get(url: str, *, timeout_s: float, user_agent: str, accept: str = "*/*", body_limit: int = BODY_LIMIT) -> Answer:
    """Asks once.

    Args:
        url: ``http`` or ``https``.
        timeout_s: Seconds for everything.
        user_agent: Value of the header of that name.
        accept: Likewise.
        body_limit: Bytes of the body that are read at most.

    Returns:
        The answer; an endpoint that does not answer is an `Answer` with an error, never an exception.
    """
    parts = urlsplit(url)
    started = time.monotonic()
    try:
        connection = _connection(parts, timeout_s)
        try:
            return _exchange(connection, parts, {"User-Agent": user_agent, "Accept": accept}, started, started + timeout_s, body_limit)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(None, None, error=_word(error))


def _connection(parts: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, parts.port, timeout=timeout_s, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, parts.port, timeout=timeout_s)


def _exchange(
    connection: http.client.HTTPConnection, parts: SplitResult, headers: dict[str, str], started: float, deadline: float, body_limit: int
) -> Answer:
    connection.connect()
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", target, headers={**headers, "Connection": "close"})
    response = http.client.HTTPResponse(_Reader(_Timed(connection.sock, deadline)), method="GET")  # type: ignore[arg-type]
    response.begin()
    body = response.read(body_limit + 1)
    if response.length and len(body) <= body_limit:  # read() with a size does not report it
        raise http.client.IncompleteRead(body, response.length)
    milliseconds = (time.monotonic() - started) * 1000
    return Answer(response.status, round(milliseconds, 3), body[:body_limit], len(body) > body_limit)


def _word(error: Exception) -> Failure:
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, socket.gaierror):
        return "unresolved"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, OSError):  # includes http.client.RemoteDisconnected, which is both
        return "connection"
    return "cut" if isinstance(error, http.client.IncompleteRead) else "malformed"
