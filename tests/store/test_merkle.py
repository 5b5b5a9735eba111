"""The tree is that of RFC 6962: published vectors, the RFC's own definition, and corrupted proofs that must be refused."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.store import merkle

VECTORS = json.loads((Path(__file__).parent.parent / "assets" / "rfc6962-vectors.json").read_text())
LEAVES = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in VECTORS["leaves"]]
ROOTS = [bytes.fromhex(root) for root in VECTORS["roots"]]


def by_definition(leaves: list[bytes]) -> bytes:
    """MTH as RFC 6962 section 2.1 writes it down."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + by_definition(leaves[:split]) + by_definition(leaves[split:])).digest()


def grown(leaves: list[bytes]) -> tuple[merkle.Frontier, merkle.Node]:
    frontier, nodes = merkle.Frontier(), {}
    for leaf in leaves:
        nodes.update({(level, position): digest for level, position, digest in frontier.append(leaf)})
    return frontier, lambda level, position: nodes[level, position]


def decoded(proof: list[str]) -> list[bytes]:
    return [base64.b64decode(item) for item in proof]


def test_roots_of_the_published_leaves() -> None:
    frontier = merkle.Frontier()
    assert frontier.root() == ROOTS[0]
    for size, leaf in enumerate(LEAVES, 1):
        frontier.append(leaf)
        assert frontier.root() == ROOTS[size] == merkle.root_of(LEAVES[:size])


@pytest.mark.parametrize("vector", VECTORS["inclusion"])
def test_published_inclusion_proofs(vector: dict[str, Any]) -> None:
    index, size, proof = vector["index"], vector["size"], decoded(vector["proof"])
    _, node = grown(LEAVES[:size])
    assert merkle.inclusion_proof(index, size, node) == proof
    assert merkle.verify_inclusion(index, size, LEAVES[index], proof, ROOTS[size])


@pytest.mark.parametrize("vector", VECTORS["consistency"])
def test_published_consistency_proofs(vector: dict[str, Any]) -> None:
    old, new, proof = vector["old"], vector["new"], decoded(vector["proof"])
    _, node = grown(LEAVES[:new])
    assert merkle.consistency_proof(old, new, node) == proof
    assert merkle.verify_consistency(old, new, ROOTS[old], ROOTS[new], proof)


def corrupted_proofs(proof: list[bytes], others: list[bytes]) -> Iterator[list[bytes]]:
    """The ways in which transparency-dev/merkle corrupts its happy paths."""
    for number, item in enumerate(proof):
        yield [*proof[:number], bytes([item[0] ^ 16]) + item[1:], *proof[number + 1 :]]
        yield [item, *proof]
    yield [*proof, b""]
    yield [*proof, bytes(32)]
    yield [b"", *proof]
    for other in others:
        yield [*proof, other]
        yield [other, *proof]
    if proof:
        yield proof[:-1]
        yield []


@pytest.mark.parametrize("vector", VECTORS["inclusion"])
def test_corrupted_inclusion_proofs_are_refused(vector: dict[str, Any]) -> None:
    index, size, proof = vector["index"], vector["size"], decoded(vector["proof"])
    leaf, root = LEAVES[index], ROOTS[size]
    for bad in corrupted_proofs(proof, [root, leaf]):
        assert not merkle.verify_inclusion(index, size, leaf, bad, root)
    for wrong in (index - 1, index + 1, index ^ 2, size, -1):
        assert not merkle.verify_inclusion(wrong, size, leaf, proof, root)
    for wrong in (size * 2, size // 2, 0):
        assert not merkle.verify_inclusion(index, wrong, leaf, proof, root)
    assert not merkle.verify_inclusion(index, size, bytes(32), proof, root)
    assert not merkle.verify_inclusion(index, size, leaf, proof, bytes(32))


@pytest.mark.parametrize("vector", [v for v in VECTORS["consistency"] if v["proof"]])
def test_corrupted_consistency_proofs_are_refused(vector: dict[str, Any]) -> None:
    old, new, proof = vector["old"], vector["new"], decoded(vector["proof"])
    first, second = ROOTS[old], ROOTS[new]
    for bad in corrupted_proofs(proof, [first, second]):
        assert not merkle.verify_consistency(old, new, first, second, bad)
    for wrong in (old - 1, old + 1, old ^ 2, 0, new):
        assert not merkle.verify_consistency(wrong, new, first, second, proof)
    for wrong in (new * 2, new // 2):
        assert not merkle.verify_consistency(old, wrong, first, second, proof)
    assert not merkle.verify_consistency(old, new, second, first, proof)
    assert not merkle.verify_consistency(old, new, bytes(32), second, proof)
    assert not merkle.verify_consistency(old, new, first, bytes(32), proof)


def test_nothing_is_proven_from_an_empty_tree() -> None:
    assert not merkle.verify_consistency(0, 3, ROOTS[0], ROOTS[3], [])
    with pytest.raises(ValueError, match="no proof"):
        merkle.consistency_proof(0, 3, grown([])[1])


@given(st.integers(1, 200), st.data())
def test_every_tree_is_that_of_the_definition(size: int, data: st.DataObject) -> None:
    leaves = [merkle.leaf_hash(str(number).encode()) for number in range(size)]
    frontier, node = grown(leaves)
    root = by_definition(leaves)
    assert frontier.root() == root == merkle.subtree_root(0, size, node)
    assert merkle.Frontier(size, merkle.peaks_of(size, node)).root() == root
    index = data.draw(st.integers(0, size - 1))
    assert merkle.verify_inclusion(index, size, leaves[index], merkle.inclusion_proof(index, size, node), root)
    old = data.draw(st.integers(1, size))
    proof = merkle.consistency_proof(old, size, node)
    assert merkle.verify_consistency(old, size, by_definition(leaves[:old]), root, proof)


@given(st.lists(st.integers(0, 9), max_size=8))
def test_a_tree_that_grows_in_blocks_is_the_one_that_grows_by_leaves(sizes: list[int]) -> None:
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(sum(sizes))]
    tree, remaining = merkle.Tree(), iter(leaves)
    for size in sizes:
        tree.extend([next(remaining) for _ in range(size)])
    _, node = grown(leaves)
    assert tree.size == len(leaves)
    for level, hashes in enumerate(tree.levels):
        assert len(hashes) == 32 * (len(leaves) >> level)
        assert all(tree.node(level, position) == node(level, position) for position in range(len(leaves) >> level))
    assert all(tree.root_at(size) == by_definition(leaves[:size]) for size in range(len(leaves) + 1))
