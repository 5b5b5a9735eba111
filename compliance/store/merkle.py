"""The Merkle tree of RFC 6962 section 2 (RFC 9162 section 2.1): hashes, roots, inclusion and consistency proofs.

Checked in the tests against the public vectors of transparency-dev/merkle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final

Node = Callable[[int, int], bytes]
"""``node(level, position)`` returns the hash of a perfect subtree: its 2^level leaves begin at position * 2^level."""

SIZE: Final = 32
"""Bytes of a hash."""
EMPTY_ROOT = hashlib.sha256(b"").digest()
_BLOCK: Final = 1 << 10
"""Leaves whose root is computed level by level, which takes two thirds of the time of one by one."""


def leaf_hash(data: bytes) -> bytes:
    """Returns SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def leaf_hashes(leaves: Iterable[bytes]) -> list[bytes]:
    """Returns the `leaf_hash` of many leaves."""
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + leaf).digest() for leaf in leaves]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Returns SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """A growing tree, kept as the roots of its perfect subtrees: one hash per set bit of its size."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if len(peaks) != size.bit_count():
            raise ValueError(f"got {len(peaks)} peaks, expected {size.bit_count()} for {size} leaves")
        self.size = size
        self.peaks = list(peaks)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Adds a leaf hash.

        Returns:
            The perfect subtrees that this leaf completes, as (level, position, hash), the leaf itself first.
        """
        position, level, digest = self.size, 0, leaf
        made = [(0, position, leaf)]
        while position & 1:
            digest = node_hash(self.peaks.pop(), digest)
            position >>= 1
            level += 1
            made.append((level, position, digest))
        self.peaks.append(digest)
        self.size += 1
        return made

    def root(self) -> bytes:
        """Returns the root over all leaves so far."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


class Tree:
    """A growing tree with all of its perfect subtrees: 64 bytes per leaf."""

    def __init__(self) -> None:
        self.levels: list[bytearray] = []
        """Their hashes, one after the other, by level; level 0 holds the leaf hashes."""

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self.levels[0]) // SIZE if self.levels else 0

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Adds leaf hashes, level by level: two thirds of the time of one by one."""
        sha256, level, added = hashlib.sha256, 0, list(leaves)
        while added:
            if level == len(self.levels):
                self.levels.append(bytearray())
            known = self.levels[level]
            # A subtree that had no sibling yet is the left one of the first pair.
            left = [bytes(known[-SIZE:])] if len(known) // SIZE & 1 else []
            known += b"".join(added)
            hashes = iter([*left, *added])
            added = [sha256(b"\x01" + one + other).digest() for one, other in zip(hashes, hashes, strict=False)]
            level += 1

    def node(self, level: int, position: int) -> bytes:
        """Returns the root of a perfect subtree (see `Node`)."""
        return bytes(self.levels[level][SIZE * position : SIZE * (position + 1)])

    def root_at(self, size: int) -> bytes:
        """Returns the root over the first ``size`` leaves."""
        return subtree_root(0, size, self.node) if size else EMPTY_ROOT


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Returns the root over leaf hashes, in memory that grows with the logarithm of their number."""
    remaining, blocks, rest = iter(leaves), Frontier(), Frontier()
    while len(block := list(islice(remaining, _BLOCK))) == _BLOCK:
        blocks.append(_perfect_root(block))
    for leaf in block:
        rest.append(leaf)
    return Frontier(blocks.size * _BLOCK + rest.size, [*blocks.peaks, *rest.peaks]).root()


def _perfect_root(level: Sequence[bytes]) -> bytes:
    """Returns the root over a power of two of leaf hashes."""
    sha256 = hashlib.sha256
    while len(level) > 1:
        hashes = iter(level)
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(hashes, hashes, strict=True)]
    return level[0]


def peaks_of(size: int, node: Node) -> list[bytes]:
    """Returns the roots of the perfect subtrees of a stored tree of ``size`` leaves, largest first."""
    peaks, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            peaks.append(node(level, start >> level))
            start += 1 << level
    return peaks


def subtree_root(start: int, end: int, node: Node) -> bytes:
    """Returns the root over the leaves ``start`` to ``end`` - 1 of a stored tree; ``start`` must be aligned as RFC 6962 splits."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    split = _split(size)
    return node_hash(subtree_root(start, start + split, node), subtree_root(start + split, end, node))


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """Returns PATH(index, D[size]) of RFC 6962 section 2.1.1."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(subtree_root(middle, end, node))
            end = middle
        else:
            path.append(subtree_root(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """Returns PROOF(old, D[new]) of RFC 6962 section 2.1.2."""
    if not 0 < old <= new:
        raise ValueError(f"no proof from {old} to {new} leaves")
    start, end, path, whole = 0, new, [], True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(subtree_root(middle, end, node))
            end = middle
        else:
            path.append(subtree_root(start, middle, node))
            start, whole = middle, False
    return ([] if whole else [subtree_root(start, end, node)]) + path[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Checks an inclusion proof (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    fn, sn, result = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            result = node_hash(sibling, result)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node_hash(result, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and result == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Checks a consistency proof (RFC 9162 section 2.1.4.2). Nothing is proven from an empty tree: that is refused."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old_root and second == new_root


def _split(size: int) -> int:
    """Returns the largest power of two smaller than ``size``."""
    return 1 << (size - 1).bit_length() - 1
