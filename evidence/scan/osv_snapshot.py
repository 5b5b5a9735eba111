"""A file or folder of advisories in the OSV format, asked in place of a server: for networks without a way out.

The databases of the OSV project are published as one zip file per ecosystem, with one JSON file per advisory. What such a file does not
hold it cannot find: it is as old as its newest advisory, and that is part of the evidence.
"""

from __future__ import annotations

import hashlib
import re
import threading
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import msgspec
from packaging.version import InvalidVersion, Version

from compliance import severity
from compliance.errors import InputError
from compliance.record import Severity
from compliance.source import parse_time

from .osv_record import Affected, Range, Record, severity_of

_ECOSYSTEM: Final = "PyPI"
_BROKEN: Final = (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What the standard library raises on broken archives."""
_RECORD_LIMIT: Final = 16 << 20
"""Bytes of the largest advisory."""
_COUNT_LIMIT: Final = 2_000_000
"""Advisories of the largest snapshot."""
_QUESTION_LIMIT: Final = 1 << 20
"""Bytes of the longest question."""


@dataclass(frozen=True)
class Snapshot:
    """Advisories for Python packages."""

    records: int
    """Advisories that were read, those of other ecosystems among them."""
    newest: datetime | None
    """When the newest of them was changed."""
    sha256: str
    """Over the names and digests of all of them."""
    by_package: Mapping[str, Sequence[tuple[Record, bytes]]]
    """The advisories and their texts, by normalised name of the package."""

    @classmethod
    def read(cls, path: Path) -> Snapshot:
        """Reads a zip file, or all ``.json`` files below a folder.

        Raises:
            InputError: It cannot be read, or one of its files is no advisory: a hole in it would be a package called clean.
        """
        whole = hashlib.sha256()
        by_package: dict[str, list[tuple[Record, bytes]]] = {}
        count, newest = 0, None
        for name, text in _files(path):
            record = _record(name, text)
            count += 1
            whole.update(f"{hashlib.sha256(text).hexdigest()}  {name}\n".encode("utf-8", "surrogateescape"))
            changed = parse_time(record.modified or "")
            newest = max((time for time in (newest, changed) if time is not None), default=None)
            if record.withdrawn is None:
                for package in {_plain(one.package.name) for one in _of_python(record) if one.package and one.package.name}:
                    by_package.setdefault(package, []).append((record, text))
        if count == 0:
            raise InputError("no advisory", expected="a zip file or folder of OSV records", source=path.name)
        return cls(count, newest, whole.hexdigest(), by_package)

    def affecting(self, package: str, version: str) -> list[tuple[Record, bytes]]:
        """Returns the advisories that apply to a version of a package."""
        name = _plain(package)
        return [
            (record, text)
            for record, text in self.by_package.get(name, ())
            if any(_applies(one, version) for one in _of_python(record) if one.package and _plain(one.package.name or "") == name)
        ]

    def severity(self, package: str, names: Sequence[str]) -> Severity:
        """Returns the highest severity that is known of a problem of a package, under any of its names."""
        wanted = set(names)
        known = [record for record, _ in self.by_package.get(_plain(package), ()) if wanted & {record.id, *(record.aliases or ())}]
        said = [severity_of(record, one.package.name or "") for record in known for one in _of_python(record) if one.package]
        return severity.worst(said)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Answers questions like the service of the OSV project, to this machine only; yields the address."""
        server = _Server(self)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Server(ThreadingHTTPServer):
    """Holds the snapshot for its handlers."""

    daemon_threads = True

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        super().__init__(("127.0.0.1", 0), _Handler)


class _Question(msgspec.Struct):
    package: dict[str, str]
    version: str


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """Answers ``{"package": {"name", "ecosystem"}, "version"}`` (OSV API, ``/v1/query``)."""
        try:
            length = int(self.headers.get("Content-Length", ""))
            if not 0 < length <= _QUESTION_LIMIT:
                raise ValueError(length)
            asked = msgspec.json.decode(self.rfile.read(length), type=_Question)
            found = self.server.snapshot.affecting(asked.package["name"], asked.version)
        except (ValueError, KeyError, msgspec.MsgspecError):
            self.send_error(400)
            return
        body = b'{"vulns": [' + b", ".join(text for _, text in found) + b"]}"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yields name and text of each advisory, by name."""
    try:
        if path.is_dir():
            for number, file in enumerate(sorted(path.rglob("*.json"))):
                _within(number, file.stat().st_size, path.name)
                yield file.relative_to(path).as_posix(), file.read_bytes()
            return
        with zipfile.ZipFile(path) as archive:
            for number, member in enumerate(sorted(archive.infolist(), key=lambda one: one.filename)):
                if member.filename.endswith(".json"):
                    _within(number, member.file_size, path.name)
                    yield member.filename, archive.read(member)
    except _BROKEN as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise InputError(why, expected="a zip file or folder of OSV records", source=path.name) from error


def _within(number: int, size: int, name: str) -> None:
    if number >= _COUNT_LIMIT or size > _RECORD_LIMIT:
        raise InputError("too large", expected=f"at most {_COUNT_LIMIT} advisories of {_RECORD_LIMIT >> 20} MiB each", source=name)


def _record(name: str, text: bytes) -> Record:
    try:
        return msgspec.json.decode(text, type=Record)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InputError(f"{name}: {error}", expected="an advisory in the OSV format") from error


def _of_python(record: Record) -> Iterator[Affected]:
    yield from (one for one in record.affected or () if one.package is not None and one.package.ecosystem == _ECOSYSTEM)


def _plain(name: str) -> str:
    """Normalises a name as the Python index does (PyPA specification "Names and normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _applies(affected: Affected, text: str) -> bool:
    """Whether a version is affected (OSV schema, "Evaluation"); where only ranges could tell and cannot be read, it is."""
    listed, version = affected.versions or [], _version(text)
    if text in listed or (version is not None and any(_version(one) == version for one in listed)):
        return True
    try:
        return any(_in_range(Version(text), one) for one in affected.ranges or () if one.type != "GIT")
    except InvalidVersion:
        return not listed


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _in_range(version: Version, range_: Range) -> bool:
    """Whether the last event before a version, or at it, leaves it affected."""
    inside = False
    events = [(_begin(one.introduced), 0) for one in range_.events or () if one.introduced is not None]
    events += [(Version(one.fixed), 1) for one in range_.events or () if one.fixed is not None]
    events += [(Version(one.last_affected), 2) for one in range_.events or () if one.last_affected is not None]
    for at, what in sorted(events, key=lambda one: one[0]):
        if what == 0 and version >= at:
            inside = True
        elif (what == 1 and version >= at) or (what == 2 and version > at):
            inside = False
    return inside


def _begin(text: str) -> Version:
    return Version("0.dev0") if text == "0" else Version(text)
