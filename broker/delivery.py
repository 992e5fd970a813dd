"""
Step 7: what waits in the outbox is sealed to its recipient, and sent.

What was decided under other policies, or before something about its subject changed, or rests on
what has ended since, is not sent: it is decided again first. The relay holds a row while it sends
it, so that a withdrawal waits for what is on its way and stops the rest. A crash in between sends
the same disclosure id with the same content once more, and the recipient drops it by its id
(SECURITY.md 8.2).

While policies cannot be evaluated, what rests on none goes on: accepted receipts and pointers. The
rest waits (DOMAIN.md 4.7).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broker.calling import Calls
from broker.covers import Covers
from broker.domain.ids import DisclosureId, OrganisationId
from broker.domain.outgoing import Outgoing
from broker.domain.topics import disclosures_topic, receipts_topic
from broker.domain.waiting import Errand, KeptRuling, Waiting
from broker.domain.words import EventType, Lane
from broker.errors import PoliciesUnusable, Rejected, TryAgain
from broker.ports import Custody, Policies
from broker.telemetry import say

_log = logging.getLogger(__name__)
_RESTS_ON_NO_POLICY = frozenset({Errand.ACCEPTED, Errand.POINTER})
_DECIDED_AGAIN = {EventType.CONCERN_RAISED.value}  # a retraction tells nothing: it just leaves


class Sender(Protocol):
    async def send(self, outgoing: Sequence[Outgoing]) -> object:
        """Returns when Kafka has acknowledged every one. Raises KafkaUnavailable."""
        ...


class Taken(Protocol):
    """Rows that are this relay's until its transaction ends."""

    @property
    def waiting(self) -> Sequence[Waiting]: ...

    async def rulings(self, ids: Collection[str]) -> Mapping[str, KeptRuling]: ...

    async def sent(self, rows: Collection[int], now: datetime) -> None: ...

    async def quarantined(self, row: int, reason: str) -> None:
        """It cannot be sent: it waits for a person, with the reason."""
        ...


class Presentable(Protocol):
    """A kept token, from which just some claims can be taken."""

    def present(self, names: Collection[str]) -> str: ...


class Outbox(Protocol):
    def take(
        self, lane: Lane, most: int, errands: Collection[Errand]
    ) -> AbstractAsyncContextManager[Taken]:
        """Rows of these errands waiting on this lane, held by no other relay, the oldest first."""
        ...

    def woken(self) -> AsyncIterator[None]:
        """Wakes when something may be waiting, and at least once a second."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seals:
    """What the relay needs of keys: to take, sign and seal. The keys themselves stay with them."""

    take_apart: Callable[[str], Presentable]
    sign_cover: Callable[[Mapping[str, object]], str]
    sign_receipt: Callable[[Mapping[str, object]], str]
    seal: Callable[[bytes, DisclosureId, OrganisationId], bytes]  # Rejected: no key to seal to


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Takes rows, sends them, marks them sent."""

    outbox: Outbox
    sender: Sender
    custody: Custody
    seals: Seals
    covers: Covers
    again: Callable[[Waiting, str], Awaitable[None]]  # decides its notification again, and why
    policies: Callable[[], Policies]  # in force now; raises PoliciesUnusable
    calls: Calls
    now: Callable[[], datetime]

    async def run(self, lane: Lane, most: int, stop: asyncio.Event) -> None:
        async for _ in self.outbox.woken():
            if stop.is_set():
                return
            try:
                while await self.round(lane, most) == most and not stop.is_set():
                    pass
            except TryAgain as why:
                say(_log, "relay round begins again", reason=why.reason, lane=lane.value)

    async def round(self, lane: Lane, most: int) -> int:
        """
        One round; returns how many rows it took, or 0 where some could not be decided again: then
        the next waits to be woken. Raises TryAgain: nothing is marked sent.
        """
        stale: dict[tuple[str, str], tuple[Waiting, str]] = {}
        policies = self._policies()
        errands = frozenset(Errand) if policies is not None else _RESTS_ON_NO_POLICY
        async with self.outbox.take(lane, most, errands) as taken:
            waiting = taken.waiting
            rulings = await taken.rulings({each.ruling for each in waiting if each.ruling})
            ready: list[tuple[int, Outgoing]] = []
            tokens: dict[str, Presentable] = {}
            for each in waiting:
                if changed := self._outdated(each, policies):
                    stale[each.publisher, each.notification] = (each, changed)
                    continue
                try:
                    ready.append((each.row, self._made(each, rulings, tokens, policies)))
                except Rejected as why:
                    say(_log, "disclosure set aside", disclosure=each.disclosure, reason=why.reason)
                    await taken.quarantined(each.row, why.reason)
            await self.sender.send([outgoing for _, outgoing in ready])
            await taken.sent([row for row, _ in ready], self.now())
        stuck = False
        for each, changed in stale.values():  # now that nobody holds their rows
            try:
                await self.again(each, changed)
            except PoliciesUnusable as why:  # it waits, and does not hold up the others
                stuck = True
                self.calls(why)
        return 0 if stuck else len(waiting)

    def _policies(self) -> Policies | None:
        """Those in force; None while there are none that can be evaluated, and a person called."""
        try:
            policies = self.policies()
        except PoliciesUnusable as why:
            self.calls(why)
            return None
        self.calls.over()
        return policies

    def _outdated(self, each: Waiting, policies: Policies | None) -> str:
        """Why it must be decided again before it may be sent; empty if it need not."""
        if (
            policies is None
            or each.errand is not Errand.DISCLOSURE
            or each.type not in _DECIDED_AGAIN
        ):
            return ""
        if each.policy != policies.version:
            return "policies"
        if each.facts != each.facts_now:
            return "facts"
        return "lapsed" if each.good_until is not None and each.good_until <= self.now() else ""

    def _made(
        self,
        each: Waiting,
        rulings: Mapping[str, KeptRuling],
        tokens: dict[str, Presentable],
        policies: Policies | None,
    ) -> Outgoing:
        if each.errand is Errand.ACCEPTED:
            return self._accepted(each)
        if each.errand is Errand.POINTER or policies is None:
            return self._sealed(each, self.covers.pointer(each), "")
        key = f"{each.publisher} {each.notification}"
        if key not in tokens:  # once for all recipients of one notification
            content = self.custody.reveal(
                subject_key=each.subject_key, wrapped_key=each.wrapped_key, body=each.body
            )
            tokens[key] = self.seals.take_apart(content.decode())
        token = tokens[key].present(each.claims)
        cover = self.covers.cover(each, rulings[each.ruling or ""], token, policies.rules)
        return self._sealed(each, cover, token)

    def _sealed(self, each: Waiting, cover: Mapping[str, object], token: str) -> Outgoing:
        signed, disclosure = self.seals.sign_cover(cover), DisclosureId(each.disclosure)
        return Outgoing(
            topic=disclosures_topic(each.organisation),
            key=disclosure,
            value=self.seals.seal(f"{signed}\n{token}".encode(), disclosure, each.organisation),
            headers={"ce_specversion": "1.0", "ce_id": disclosure, "ce_type": "disclosure"},
        )

    def _accepted(self, each: Waiting) -> Outgoing:
        return Outgoing(
            topic=receipts_topic(each.organisation),
            key=each.notification,
            value=self.seals.sign_receipt(self.covers.accepted(each)).encode(),
            headers={"ce_specversion": "1.0", "ce_id": each.notification, "ce_type": "receipt"},
        )
