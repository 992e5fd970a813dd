"""The log only grows, and anyone can check where an entry stands."""

import hashlib
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from broker.errors import NotGenuine
from broker.keys import verifier
from broker.ledger.checkpoint import (
    Checkpoint,
    LedgerKey,
    place_in_log,
    proof_text,
    read_note,
    signed_note,
)
from broker.ledger.merkle import (
    Prover,
    Tree,
    consistency_holds,
    inclusion_holds,
    leaf_hash,
    node_hash,
    tiles_for,
    tree_from_tiles,
)

SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = SECRET.public_key().public_bytes_raw()
KEY = LedgerKey(name="ledger.example", public=PUBLIC, checks=verifier(PUBLIC))


def recursive_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(recursive_root(leaves[:split]), recursive_root(leaves[split:]))


class Log:
    """A log in memory, grown in steps as the sequencer grows it."""

    def __init__(self, steps: Sequence[int]) -> None:
        self.entries: list[bytes] = []
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.tree = Tree()
        for step in steps:
            entries = [f"entry {len(self.entries) + n}".encode() for n in range(step)]
            hashes = [leaf_hash(entry) for entry in entries]
            for level, number, tile in list(tiles_for(self.tree.size, hashes, self.tile)):
                self.tiles[level, number] = tile
            self.entries += entries
            self.tree = self.tree.extend(hashes)

    def tile(self, level: int, number: int) -> bytes:
        return self.tiles[level, number]


@given(st.lists(st.integers(min_value=0, max_value=400), max_size=4))
def test_grown_in_any_steps_it_has_the_root_of_the_definition(steps: list[int]) -> None:
    log = Log(steps)
    assert log.tree.root == recursive_root(log.entries)
    if log.entries:
        assert tree_from_tiles(log.tree.size, log.tile) == log.tree


@given(st.integers(min_value=1, max_value=700), st.data())
def test_every_entry_proves_its_place_and_no_other(size: int, data: st.DataObject) -> None:
    log = Log([size])
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    path = Prover(size, log.tile).inclusion(index)
    leaf, root = leaf_hash(log.entries[index]), log.tree.root
    assert inclusion_holds(index=index, size=size, leaf=leaf, proof=path, root=root)
    other = (index + 1) % size
    if other != index:
        assert not inclusion_holds(index=other, size=size, leaf=leaf, proof=path, root=root)
    assert not inclusion_holds(index=index, size=size, leaf=leaf_hash(b"x"), proof=path, root=root)


@given(st.integers(min_value=1, max_value=500), st.integers(min_value=0, max_value=300))
def test_a_longer_log_proves_that_it_continues_the_shorter(old: int, more: int) -> None:
    before, after = Log([old]), Log([old, more])
    path = Prover(old + more, after.tile).consistency(old)
    told = {"old_size": old, "new_size": old + more, "proof": path}
    roots = {"old_root": before.tree.root, "new_root": after.tree.root}
    assert consistency_holds(**told, **roots)  # type: ignore[arg-type]
    assert not consistency_holds(**told, **{**roots, "old_root": bytes(32)})  # type: ignore[arg-type]


def _proven() -> tuple[str, bytes]:
    log = Log([37])
    head = Checkpoint(origin="ledger.example", size=37, root=log.tree.root)
    note = signed_note(head, name=KEY.name, public=PUBLIC, sign=SECRET.sign)
    return proof_text(11, Prover(37, log.tile).inclusion(11), note), log.entries[11]


def test_a_proof_says_where_the_entry_stands() -> None:
    proof, entry = _proven()
    place, head = place_in_log(proof, entry, KEY)
    assert (place, head.size) == (11, 37)


def test_one_changed_character_of_a_proof_is_refused() -> None:
    proof, entry = _proven()
    for at in range(len(proof)):
        other = "A" if proof[at] != "A" else "B"
        with pytest.raises(NotGenuine):
            place_in_log(proof[:at] + other + proof[at + 1 :], entry, KEY)


def test_a_head_of_another_log_is_refused() -> None:
    proof, _ = _proven()
    other = LedgerKey(name="other.example", public=PUBLIC, checks=KEY.checks)
    with pytest.raises(NotGenuine, match="checkpoint_not_signed_by_the_ledger"):
        read_note(proof.partition("\n\n")[2], other)
