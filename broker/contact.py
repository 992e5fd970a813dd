"""
Contact survives when the policies cannot be evaluated (DOMAIN.md 4.7): the emergency lane's intake.

    take_in    decided as always; while that cannot be done, concerns are taken in undecided: kept,
               receipted, and pointed out to a few. Whatever else came waits in Kafka.
    settle     once policies are back, what is undecided is decided, each concern once.

Who gets a pointer is pointing.py's to say.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from broker.calling import Calls
from broker.domain.batch import Batch, Genuine, Tally
from broker.domain.words import EventType
from broker.errors import PoliciesAwaited, PoliciesUnusable, TryAgain
from broker.intake import Carried, Intake, halves
from broker.pointing import unchecked
from broker.ports import Transaction
from broker.recording import rows_of_unchecked
from broker.telemetry import say

_log = logging.getLogger(__name__)
_LOOK_AGAIN = 2.0  # seconds between tries to decide what is undecided


@dataclass(slots=True, kw_only=True)
class Contact:
    """What the worker of the emergency lane takes batches in through."""

    intake: Intake
    calls: Calls
    _open: bool = field(default=True, init=False)  # something may be undecided

    async def take_in(self, batch: Batch) -> Tally:
        """
        All of this batch, or nothing; decided or undecided. Raises TryAgain, PoliciesAwaited among
        them: then the concerns before what must wait may have been taken.
        """
        try:
            if self._open:  # first what came first: a retraction must find whom to tell
                await self._settle()
            return await self.intake.take_in(batch)
        except PoliciesUnusable as why:
            self.calls(why)
        return await self._undecided(batch)

    async def set_aside(self, batch: Batch, *, reason: str) -> None:
        await self.intake.set_aside(batch, reason=reason)

    async def keep_settling(self, stop: asyncio.Event) -> None:
        """Until told to stop; a restart goes on where this left off."""
        while not stop.is_set():
            try:
                await self.settle()
            except TryAgain as why:
                say(_log, "settling begins again", reason=why.reason)
            try:
                async with asyncio.timeout(_LOOK_AGAIN):
                    await stop.wait()
            except TimeoutError:
                continue

    async def settle(self) -> None:
        """Decides what is undecided, as far as policies can be evaluated. Raises TryAgain."""
        try:
            await self._settle()
        except PoliciesUnusable as why:
            self.calls(why)

    async def _settle(self) -> None:
        """
        Each in a transaction of its own: one that cannot be decided does not hold the others. The
        store is always asked, since another worker may have taken some and be gone.
        """
        deciding, store = self.intake.deciding, self.intake.store
        deciding.in_force(deciding.now())
        self._open = False
        try:
            async with store.transaction() as transaction:
                waiting = await transaction.undecided()
            for each in waiting:
                try:
                    if await deciding.settled(store, each):
                        say(_log, "decided after all", notification=each.notification)
                except PoliciesUnusable as why:
                    self._open = True
                    self.calls(why)
        except BaseException:
            self._open = True
            raise
        if not self._open:
            self.calls.over()

    async def _undecided(self, batch: Batch) -> Tally:
        try:
            tally = await self.intake.taken(batch, self._kept)
        except PoliciesAwaited:
            if len(batch.records) == 1:
                raise
            first, second = halves(batch)
            await self._undecided(first)
            return await self._undecided(second)
        self._open = True
        return tally

    async def _kept(self, transaction: Transaction, fresh: Sequence[Genuine]) -> Carried:
        if any(each.notification.type is not EventType.CONCERN_RAISED for each in fresh):
            raise PoliciesAwaited("policies_awaited", "")
        deciding = self.intake.deciding
        known = await deciding.known(transaction, fresh)
        taken = unchecked(fresh, known, directory=deciding.directory)
        custody, chance = deciding.custody, deciding.chance
        await transaction.write(rows_of_unchecked(taken, known, custody=custody, chance=chance))
        return len(taken), (), 0
