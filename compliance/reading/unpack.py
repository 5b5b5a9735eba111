"""Compressed files and archives: unpacked into memory or an unnamed file, within limits, never under the names that they give.

gzip and zstd files count as the file that they hold; zip and tar archives (also compressed ones) as the files that they hold. A packed
file is known by its content. Where files are only met on a walk, those that pack something else than reports (a wheel, a JAR) stay shut:
see `is_named_as_packed`.
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Final

from ..errors import InputError
from ..source import SIZE_LIMIT, Source

if TYPE_CHECKING:
    from _typeshed import SupportsRead

MEMBER_LIMIT: Final = 20_000
"""Files of the largest archive."""
FREE: Final = 64 << 20
"""Bytes that anything may unpack to."""
RATIO_LIMIT: Final = 250
"""How many times its own size a packed file may unpack to, beyond `FREE`; logs and reports reach 10 to 100, deflate at most 1032."""
DEPTH_LIMIT: Final = 2
"""Archives inside archives: CI services wrap the archives that jobs upload."""
_SUFFIXES: Final = (".gz", ".zst", ".tgz", ".tar", ".zip")
_ESCAPES: Final = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|\0")
_BROKEN: Final = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, tarfile.TarError, NotImplementedError, OSError, ValueError)
"""What the standard library raises on broken archives."""


def is_named_as_packed(name: str) -> bool:
    """Tells whether a file's name says that it packs reports as they are, so that it is opened without having been asked for."""
    return name.lower().endswith(_SUFFIXES)


def is_archive(source: Source) -> bool:
    """Tells whether the content is a zip or tar archive."""
    return source.head.startswith((b"PK\x03\x04", b"PK\x05\x06")) or source.head[257:262] == b"ustar"


def decompressed(source: Source) -> Source:
    """Returns what a gzip or zstd file holds; any other file as it is.

    Raises:
        InputError: Broken, or it unpacks to more than the limits.
    """
    if source.head.startswith(b"\x1f\x8b"):
        name = "gzip"
        stream: SupportsRead[bytes] = gzip.GzipFile(fileobj=source.open())
    elif source.head.startswith(b"\x28\xb5\x2f\xfd"):
        import zstandard

        name = "zstd"
        stream = zstandard.ZstdDecompressor().stream_reader(source.open(), read_across_frames=True)
    else:
        return source
    with _refusing(f"{name} data", source.name):
        return _Budget(source.size).take(source.name, stream)


def members(source: Source, depth: int = 1) -> Iterator[Source | InputError]:
    """Yields the files of an archive, those of archives inside it as well; their names begin with the archive's.

    A member that cannot be read is yielded as the refusal that it is, and the next one is read.

    Raises:
        InputError: The archive itself is broken, or what it holds goes beyond the limits.
    """
    budget = _Budget(source.size)
    for number, member in enumerate(_zip(source) if source.head.startswith(b"PK") else _tar(source)):
        if number >= MEMBER_LIMIT:
            raise InputError("too many files", expected=f"an archive of at most {MEMBER_LIMIT}", source=source.name)
        name = f"{source.name}/{member.name}"
        try:
            yield from _opened(_read(member, name, budget), depth)
        except _BeyondError:
            raise
        except InputError as error:
            error.source = name
            yield error


def _opened(member: Source, depth: int) -> Iterator[Source | InputError]:
    """Yields a member, or what it packs in turn."""
    if not is_named_as_packed(member.name):
        yield member
        return
    inner = decompressed(member)
    if not is_archive(inner):
        yield inner
    elif depth >= DEPTH_LIMIT:
        yield InputError("an archive inside an archive inside an archive", expected="fewer wrappings", source=member.name)
    else:
        yield from members(inner, depth + 1)


class _BeyondError(InputError):
    """The limits of an archive are reached: nothing more of it is read."""


@dataclass
class _Budget:
    """What a packed file may still unpack to."""

    packed: int
    used: int = 0

    def take(self, name: str, stream: SupportsRead[bytes]) -> Source:
        most = min(SIZE_LIMIT, max(FREE, RATIO_LIMIT * self.packed)) - self.used
        source = Source.from_stream(name, stream, most)
        if source is None:
            expected = f"at most {RATIO_LIMIT} times its {self.packed} bytes" if self.packed < SIZE_LIMIT // RATIO_LIMIT else "less"
            raise _BeyondError(f"unpacks to more than {self.used + most} bytes", expected=expected, source=name)
        self.used += source.size
        return source


@dataclass(frozen=True)
class _Member:
    """A file of an archive that was not read yet."""

    name: str
    open: Callable[[], IO[bytes] | None] | None
    """None: it cannot be read, for the reason in ``refused``."""
    refused: str = ""


def _read(member: _Member, name: str, budget: _Budget) -> Source:
    if _ESCAPES.search(member.name):
        raise InputError("its name leads out of the archive", expected="a path below it")
    if member.open is None:
        raise InputError(member.refused, expected="a readable file")
    with _refusing("archive member", name), member.open() or io.BytesIO() as stream:
        return budget.take(name, stream)


def _zip(source: Source) -> Iterator[_Member]:
    with _refusing("zip archive", source.name):
        archive = zipfile.ZipFile(source.open())
        infos = archive.infolist()
    for info in infos:
        if info.is_dir() or _is_link(info):
            continue
        if info.flag_bits & 1:
            yield _Member(info.filename, None, "encrypted")
            continue
        yield _Member(info.filename, partial(archive.open, info))


def _is_link(info: zipfile.ZipInfo) -> bool:
    return info.create_system == 3 and (info.external_attr >> 28) == 0o12


def _tar(source: Source) -> Iterator[_Member]:
    with _refusing("tar archive", source.name):
        archive = tarfile.TarFile(fileobj=source.open(), errorlevel=2)
    while True:
        with _refusing("tar archive", source.name):
            info = archive.next()
        if info is None:
            return
        archive.members.clear()  # type: ignore[attr-defined]  # all members that were read: not needed, and without bound
        if info.isreg() and not info.issparse():
            yield _Member(info.name, partial(archive.extractfile, info))


@contextmanager
def _refusing(what: str, name: str) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except RecursionError as error:
        raise InputError(f"broken {what} (nested too deeply)", expected=f"whole {what}", source=name) from error
    except _BROKEN as error:
        raise InputError(f"broken {what} ({str(error) or type(error).__name__})", expected=f"whole {what}", source=name) from error
