"""Artifacts come back as they were recorded, or not at all; a small chunk that unpacks to a great deal does not fill the memory."""

from __future__ import annotations

import hashlib
import random
import tracemalloc
from collections.abc import Iterator

import pytest
import zstandard

from compliance.errors import TamperedError
from compliance.source import Source
from compliance.store import artifacts

SMALL = b"small"
LARGE = random.Random(5).randbytes(4096) * 2_000 + random.Random(6).randbytes(5 << 20)
"""Of several pieces, and kept in several chunks."""


def unpacked(data: bytes, chunks: list[bytes]) -> bytes:
    return b"".join(artifacts.unpack(hashlib.sha256(data).hexdigest(), len(data), chunks))


def packed(data: bytes) -> list[bytes]:
    return list(artifacts.pack(Source("a", data)).chunks)


@pytest.mark.parametrize("data", [b"", SMALL, LARGE])
def test_an_artifact_comes_back(data: bytes) -> None:
    assert unpacked(data, packed(data)) == data
    artifacts.require_whole(hashlib.sha256(data).hexdigest(), len(data), packed(data))


def hostile(data: bytes) -> Iterator[tuple[str, list[bytes]]]:
    chunks = packed(data)
    yield "cut off", [*chunks[:-1], chunks[-1][:-6]]
    yield "without its last chunk", chunks[:-1]
    yield "with a chunk more", [*chunks, b"more"]
    yield "with a chunk behind an empty one", [*chunks, b"", b"more"]
    yield "with another frame", [*chunks, *packed(b"x")]
    yield "in another order", [*chunks[1:], chunks[0]] if len(chunks) > 1 else [b"", *chunks]
    yield "another artifact", packed(data[:-1] + b"?")
    yield "longer", packed(data + b"?")
    yield "shorter", packed(data[:-1])
    yield "not compressed", [data]


@pytest.mark.parametrize("data", [SMALL, LARGE])
def test_other_bytes_are_refused(data: bytes) -> None:
    for what, chunks in hostile(data):
        with pytest.raises(TamperedError):
            unpacked(data, chunks)
            pytest.fail(what)


def test_a_chunk_that_unpacks_to_a_gigabyte_is_refused_in_little_memory() -> None:
    compressor = zstandard.ZstdCompressor().compressobj()
    bomb = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(1024)) + compressor.flush()
    assert len(bomb) < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(TamperedError):
            unpacked(SMALL, [bomb])
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
