"""
One lane's worker: batches in, one after the other, until it is told to stop.

What to do when a batch does not go through depends on its family alone: TryAgain waits and begins
where the store says; Broken stops the process; anything else is halved until the one notification
that cannot be carried is found and kept apart for a person (SECURITY.md 8.1).
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broker.domain.batch import Batch, Tally
from broker.domain.ids import OrganisationId
from broker.domain.words import Lane
from broker.errors import Broken, OffsetMoved, PoliciesAwaited, TryAgain
from broker.intake import halves
from broker.kafka import Partitions, Records
from broker.telemetry import say

_log = logging.getLogger(__name__)
_LONGEST_WAIT = 15.0  # seconds between attempts while PostgreSQL or Kafka is away
_LONGEST_HOLD = 1.0  # while one partition waits for policies: an emergency on another must not


class Taker(Protocol):
    """What a batch goes through: the intake of concerns, or that of receipts."""

    async def take_in(self, batch: Batch) -> Tally: ...

    async def set_aside(self, batch: Batch, *, reason: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Carries what its partitions bring."""

    partitions: Partitions
    intake: Taker
    whose: Callable[[str], tuple[OrganisationId, Lane]]  # a topic's publisher and lane
    now: Callable[[], datetime]
    heed: Callable[[], None] = lambda: None  # raises Broken when something said so meanwhile

    async def run(self, stop: asyncio.Event) -> None:
        wait = 0.1
        while not stop.is_set():
            self.heed()
            for records in await self.partitions.batches():
                try:
                    await self._through(self._batch(records))
                    wait = 0.1
                except TryAgain as why:
                    say(_log, "batch begins again", reason=why.reason, topic=records.topic)
                    if not isinstance(why, OffsetMoved):
                        await _pause(stop, wait)
                        awaited = isinstance(why, PoliciesAwaited)
                        wait = min(wait * 2, _LONGEST_HOLD if awaited else _LONGEST_WAIT)
                    await self.partitions.begin_again((records.topic, records.partition))

    def _batch(self, records: Records) -> Batch:
        publisher, lane = self.whose(records.topic)
        return Batch(
            topic=records.topic,
            partition=records.partition,
            publisher=publisher,
            lane=lane,
            first=records.first,
            following=records.following,
            received=self.now(),
            records=records.records,
        )

    async def _through(self, batch: Batch, *, tried: bool = False) -> None:
        try:
            await self.intake.take_in(batch)
        except (TryAgain, Broken):
            raise
        except Exception as fault:  # a fault of ours in one notification must not stop the others
            say(_log, "batch halved", fault=type(fault).__name__, topic=batch.topic)
            if len(batch.records) > 1:
                for half in halves(batch):
                    await self._through(half)
            elif not tried:
                await self._through(batch, tried=True)  # it may have raced another worker
            else:
                await self.intake.set_aside(batch, reason="could_not_be_carried")


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
