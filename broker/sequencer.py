"""
Step 9's process: committed leaves get their numbers, each new head is signed, and every recipient
is handed the proof of where its decisions stand in the log.

The head's row is committed before it is signed, so two roots of one size can never be signed.
"""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broker.domain.ids import OrganisationId
from broker.domain.outgoing import Outgoing
from broker.domain.owed import Owed
from broker.domain.topics import receipts_topic
from broker.ledger.checkpoint import Checkpoint, proof_text
from broker.ledger.merkle import Prover, Tree
from broker.telemetry import say

_log = logging.getLogger(__name__)
_MOST_LEAVES = 1000  # of one checkpoint
_MOST_PROOFS = 200  # of one message: well below Kafka's limit of a record
_AT_MOST_EVERY = 1.0  # seconds between checkpoints, unless 1,000 leaves wait
_STAND_BY = 2.0


class Log(Protocol):
    """The log as it is kept."""

    async def lead(self) -> bool: ...
    async def head(self) -> tuple[Tree, str | None]: ...
    async def grow(self, tree: Tree, most: int, now: datetime) -> Tree: ...
    async def sign(self, size: int, note: str) -> None: ...
    async def owed(self, size: int, most: int) -> Sequence[Owed]: ...
    async def given(self, following: int) -> None: ...
    async def tiles(self, owed: Sequence[Owed], size: int) -> None: ...
    def tile(self, level: int, number: int) -> bytes: ...
    def forget_full_tiles(self, size: int) -> None: ...
    def woken(self) -> AsyncIterator[None]: ...


class Sender(Protocol):
    async def send(self, outgoing: Sequence[Outgoing]) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequencer:
    """Leads the ledger, or stands by."""

    log: Log
    origin: str
    sign: Callable[[Checkpoint], str]
    sender: Sender
    now: Callable[[], datetime]

    async def run(self, stop: asyncio.Event) -> None:
        while not await self.log.lead():
            say(_log, "stands by")
            if await _stopped(stop, _STAND_BY):
                return
        tree, note = await self.log.head()
        say(_log, "leads the ledger", size=tree.size)
        note = note or await self._signed(tree)
        async for _ in self.log.woken():
            if stop.is_set():
                return
            grown = await self.log.grow(tree, _MOST_LEAVES, self.now())
            if grown.size != tree.size:
                note = await self._signed(grown)
            if note is not None:
                await self._hand_out(grown.size, note)
            full = grown.size - tree.size == _MOST_LEAVES
            tree = grown
            if not full and await _stopped(stop, _AT_MOST_EVERY):
                return

    async def _signed(self, tree: Tree) -> str | None:
        if not tree.size:
            return None
        note = self.sign(Checkpoint(origin=self.origin, size=tree.size, root=tree.root))
        await self.log.sign(tree.size, note)
        return note

    async def _hand_out(self, size: int, note: str) -> None:
        """Each organisation's proofs under this head, many in one message."""
        while owed := await self.log.owed(size, _MOST_LEAVES):
            await self.log.tiles(owed, size)
            prover = Prover(size, self.log.tile)
            by_organisation: dict[OrganisationId, list[Owed]] = {}
            for each in owed:
                by_organisation.setdefault(each.organisation, []).append(each)
            outgoing = [
                _proofs(organisation, leaves[first : first + _MOST_PROOFS], prover, note)
                for organisation, leaves in by_organisation.items()
                for first in range(0, len(leaves), _MOST_PROOFS)
            ]
            await self.sender.send(outgoing)
            await self.log.given(owed[-1].number + 1)
            self.log.forget_full_tiles(size)


def _proofs(
    organisation: OrganisationId, leaves: Sequence[Owed], prover: Prover, note: str
) -> Outgoing:
    """Disclosure ids, leaves and hashes: nothing in it is about anybody."""
    proofs = [
        {
            "disclosure": leaf.disclosure,
            "leaf": base64.b64encode(leaf.entry).decode(),
            "proof": proof_text(leaf.number, prover.inclusion(leaf.number), note),
        }
        for leaf in leaves
    ]
    return Outgoing(
        topic=receipts_topic(organisation),
        key=f"proofs up to {leaves[-1].number}",
        value=json.dumps(proofs).encode(),
        headers={"ce_specversion": "1.0", "ce_type": "ledger.proofs"},
    )


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True
