"""
Step 7: what waits in the outbox is sealed to its recipient, and sent.

What was decided under other policies, or before something about its subject changed, or rests on
what has ended since, is not sent: it is decided again first. The relay holds a row while it sends
it, so that a withdrawal waits for what is on its way and stops the rest. A crash in between sends
the same disclosure id with the same content once more, and the recipient drops it by its id
(SECURITY.md 8.2).
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broker.domain.ids import DisclosureId, OrganisationId, PolicyVersion
from broker.domain.outgoing import Outgoing
from broker.domain.topics import disclosures_topic, receipts_topic
from broker.domain.waiting import Errand, KeptRuling, Waiting
from broker.domain.words import EventType, Lane
from broker.errors import Rejected, TryAgain
from broker.ports import Custody
from broker.telemetry import say

_log = logging.getLogger(__name__)
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
    def take(self, lane: Lane, most: int) -> AbstractAsyncContextManager[Taken]:
        """Rows waiting on this lane that no other relay holds, the oldest first."""
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
    contacts: Mapping[OrganisationId, Mapping[str, str]]
    again: Callable[[Waiting, str], Awaitable[None]]  # decides its notification again, and why
    policy: Callable[[], PolicyVersion]  # in force now
    refused_states: Collection[str]
    blind: Collection[str]  # categories whose existence is told without naming them
    origin: str  # of the ledger
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
        """One round; returns how many rows it took. Raises TryAgain: nothing is marked sent."""
        stale: dict[tuple[str, str], tuple[Waiting, str]] = {}
        async with self.outbox.take(lane, most) as taken:
            waiting = taken.waiting
            rulings = await taken.rulings({each.ruling for each in waiting if each.ruling})
            ready: list[tuple[int, Outgoing]] = []
            tokens: dict[str, Presentable] = {}
            for each in waiting:
                if changed := self._outdated(each):
                    stale[each.publisher, each.notification] = (each, changed)
                    continue
                try:
                    ready.append((each.row, self._made(each, rulings, tokens)))
                except Rejected as why:
                    say(_log, "disclosure set aside", disclosure=each.disclosure, reason=why.reason)
                    await taken.quarantined(each.row, why.reason)
            await self.sender.send([outgoing for _, outgoing in ready])
            await taken.sent([row for row, _ in ready], self.now())
        for each, changed in stale.values():  # now that nobody holds their rows
            await self.again(each, changed)
        return len(waiting)

    def _outdated(self, each: Waiting) -> str:
        """Why it must be decided again before it may be sent; empty if it need not."""
        if each.errand is not Errand.DISCLOSURE or each.type not in _DECIDED_AGAIN:
            return ""
        if each.policy != self.policy():
            return "policies"
        if each.facts != each.facts_now:
            return "facts"
        return "lapsed" if each.good_until is not None and each.good_until <= self.now() else ""

    def _made(
        self, each: Waiting, rulings: Mapping[str, KeptRuling], tokens: dict[str, Presentable]
    ) -> Outgoing:
        if each.errand is Errand.ACCEPTED:
            return self._accepted(each)
        key = f"{each.publisher} {each.notification}"
        if key not in tokens:  # once for all recipients of one notification
            content = self.custody.reveal(
                subject_key=each.subject_key, wrapped_key=each.wrapped_key, body=each.body
            )
            tokens[key] = self.seals.take_apart(content.decode())
        token = tokens[key].present(each.claims)
        ruling = rulings[each.ruling or ""]
        cover = (
            self._recall(each, ruling, token) if each.recalls else self._cover(each, ruling, token)
        )
        signed = self.seals.sign_cover(cover)
        disclosure = DisclosureId(each.disclosure)
        return Outgoing(
            topic=disclosures_topic(each.organisation),
            key=disclosure,
            value=self.seals.seal(f"{signed}\n{token}".encode(), disclosure, each.organisation),
            headers={"ce_specversion": "1.0", "ce_id": disclosure, "ce_type": "disclosure"},
        )

    def _cover(self, each: Waiting, ruling: KeptRuling, token: str) -> dict[str, object]:
        """
        What the recipient's role was given, which reads the same whatever was there and withheld;
        of the policies, only those that gave something: a restriction's name could tell its cause.
        """
        stated = str(ruling.question["consent_stated"])
        return {
            "disclosure": each.disclosure,
            "type": each.type,
            "notification": each.notification,
            "decision": each.decision,
            "recipient": {"organisation": each.organisation, "role": each.role},
            "level": ruling.level_used,
            "extents": ruling.extents,
            "because": {
                category: ruling.because[category]["permits"]
                for category, extent in ruling.extents.items()
                if extent != "nothing"
            },
            "duties": ruling.duties,
            "policy": ruling.policy,
            "token_sha256": hashlib.sha256(token.encode()).hexdigest(),
            "leaf_commit": each.leaf_commit.hex(),
            "child_certain": each.match != "needs_person",
            "consent": each.refused or (stated if stated in self.refused_states else None),
            "ring": self.contacts.get(each.ring, {}),
            "held": [category for category in each.held if category not in self.blind],
            "more_is_held": any(category in self.blind for category in each.held),
            "issued": each.created.isoformat(),
        }

    def _recall(self, each: Waiting, ruling: KeptRuling, token: str) -> dict[str, object]:
        """What may no longer be used, and whom to ring; it tells nothing of the concern itself."""
        recalled, _, ground = each.recalls.partition(" ")
        return {
            "disclosure": each.disclosure,
            "type": "recall.issued",
            "recalls": recalled,
            "ground": ground,
            "categories": [category for category in each.held if category not in self.blind],
            "notification": each.notification,
            "decision": each.decision,
            "recipient": {"organisation": each.organisation, "role": each.role},
            "level": ruling.level_used,
            "extents": dict.fromkeys(ruling.extents, "nothing"),
            "because": {},
            "duties": [],
            "policy": each.policy,
            "token_sha256": hashlib.sha256(token.encode()).hexdigest(),
            "leaf_commit": each.leaf_commit.hex(),
            "child_certain": each.match != "needs_person",
            "consent": None,
            "ring": self.contacts.get(each.ring, {}),
            "held": [],
            "more_is_held": False,
            "issued": each.created.isoformat(),
        }

    def _accepted(self, each: Waiting) -> Outgoing:
        """To the publisher: it is committed, and on its way into the ledger."""
        receipt = {
            "kind": "accepted",
            "notification": each.notification,
            "publisher": each.publisher,
            "token_sha256": each.token_sha256.hex(),
            "received": each.received.isoformat(),
            "ledger": self.origin,
            "leaf": "within 60 s",
            "leaf_commit": each.leaf_commit.hex(),
        }
        return Outgoing(
            topic=receipts_topic(each.organisation),
            key=each.notification,
            value=self.seals.sign_receipt(receipt).encode(),
            headers={"ce_specversion": "1.0", "ce_id": each.notification, "ce_type": "receipt"},
        )
