"""
The Merkle tree of RFC 6962 section 2.1: a log that can only grow, and proofs that it did.

`Tree` keeps the roots of the perfect subtrees only: at most one hash for each bit of its size.
Hashes are kept in tiles of 256 (c2sp.org/tlog-tiles), from which any proof can be made.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

TILE = 256  # hashes; the tile of level L + 1 holds the roots of full tiles of level L
_TILE_BITS = 8
HASH = 32

TileOf = Callable[[int, int], bytes]
"""(level, number) -> the tile's hashes, one after the other; fewer than 256 at the right edge."""


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


EMPTY_ROOT = hashlib.sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Tree:
    """A log of `size` leaves, by the roots of its perfect subtrees, the largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def add(self, leaf: bytes) -> "Tree":
        """The tree with one more leaf hash."""
        peaks, rest = [*self.peaks, leaf], self.size
        while rest & 1:
            right = peaks.pop()
            peaks.append(node_hash(peaks.pop(), right))
            rest >>= 1
        return Tree(self.size + 1, tuple(peaks))

    def extend(self, leaves: Iterable[bytes]) -> "Tree":
        tree = self
        for leaf in leaves:
            tree = tree.add(leaf)
        return tree

    @property
    def root(self) -> bytes:
        return _folded(self.peaks)


def _folded(peaks: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees, the largest first."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def tree_from_tiles(size: int, tile_of: TileOf) -> Tree:
    """The tree again, from its tiles."""
    peaks, done = [], 0
    for bit in reversed(range(size.bit_length())):
        if size >> bit & 1:
            peaks.append(_subtree(bit, done >> bit, tile_of))
            done += 1 << bit
    return Tree(size, tuple(peaks))


def _subtree(height: int, index: int, tile_of: TileOf) -> bytes:
    """The root of the perfect subtree of 2^height leaves, the index-th of its height."""
    level, inside = divmod(height, _TILE_BITS)
    first = index << inside
    tile = tile_of(level, first // TILE)
    at = first % TILE * HASH
    hashes = [tile[at + n * HASH : at + (n + 1) * HASH] for n in range(1 << inside)]
    while len(hashes) > 1:
        hashes = [node_hash(*pair) for pair in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def tiles_for(
    first: int, leaves: Sequence[bytes], tile_of: TileOf
) -> Iterator[tuple[int, int, bytes]]:
    """The tiles that change when `leaves` come in at number `first`: (level, number, hashes)."""
    level, start, hashes = 0, first, list(leaves)
    while hashes:
        number, within = divmod(start, TILE)
        held = tile_of(level, number) if within else b""
        row = [held[at * HASH : (at + 1) * HASH] for at in range(within)] + hashes
        above = []
        for offset in range(0, len(row), TILE):
            tile = row[offset : offset + TILE]
            yield level, number + offset // TILE, b"".join(tile)
            if len(tile) == TILE:
                above.append(_folded_full(tile))
        level, start, hashes = level + 1, number, above


def _folded_full(hashes: Sequence[bytes]) -> bytes:
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(*pair) for pair in zip(row[::2], row[1::2], strict=True)]
    return row[0]


class Prover:
    """
    Proofs under one head of the log. What two proofs share, and under one head most do, is hashed
    once.
    """

    def __init__(self, size: int, tile_of: TileOf) -> None:
        self._size, self._tile_of = size, tile_of
        self._known: dict[tuple[int, int], bytes] = {}

    def inclusion(self, index: int) -> list[bytes]:
        """The audit path of leaf `index` (RFC 6962 section 2.1.1)."""
        if not 0 <= index < self._size:
            raise ValueError(f"leaf {index} in a log of {self._size}")
        path, first, end = [], 0, self._size
        while end - first > 1:
            middle = first + _largest_power_below(end - first)
            if index < middle:
                path.append(self._root_of(middle, end))
                end = middle
            else:
                path.append(self._root_of(first, middle))
                first = middle
        return path[::-1]

    def consistency(self, old: int) -> list[bytes]:
        """That this log continues the one of `old` leaves (RFC 6962 section 2.1.2)."""
        if not 0 < old <= self._size:
            raise ValueError(f"from {old} to {self._size}")
        return self._continued(old, 0, self._size, whole=True) if old < self._size else []

    def _continued(self, old: int, first: int, end: int, *, whole: bool) -> list[bytes]:
        size = end - first
        if old == size:
            return [] if whole else [self._root_of(first, end)]
        half = _largest_power_below(size)
        middle = first + half
        if old <= half:
            left = self._continued(old, first, middle, whole=whole)
            return [*left, self._root_of(middle, end)]
        right = self._continued(old - half, middle, end, whole=False)
        return [*right, self._root_of(first, middle)]

    def _root_of(self, first: int, end: int) -> bytes:
        """The root over leaves first to end - 1, where first is where such a subtree may begin."""
        known = self._known.get((first, end))
        if known is None:
            known = self._known[first, end] = self._computed(first, end)
        return known

    def _computed(self, first: int, end: int) -> bytes:
        size = end - first
        height = size.bit_length() - 1
        if size & (size - 1) == 0 and height % _TILE_BITS == 0:
            return _subtree(height, first >> height, self._tile_of)
        middle = first + _largest_power_below(size)
        return node_hash(self._root_of(first, middle), self._root_of(middle, end))


def _largest_power_below(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_holds(
    *, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> bool:
    """RFC 9162 section 2.1.3.2: does the path lead from this leaf to this root?"""
    if not 0 <= index < size or any(len(each) != HASH for each in (*proof, leaf)):
        return False
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def consistency_holds(
    *, old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """RFC 9162 section 2.1.4.2; a proof from an empty log proves nothing and is refused."""
    if not 0 < old_size <= new_size or any(len(each) != HASH for each in proof):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root
