"""
Step 2, and the one transaction around steps 3 to 6.

A batch of one partition is unsealed, verified and checked; what cannot be read or trusted is kept
apart for a person. Then one transaction moves the Kafka offset and records everything that came of
the rest. Restart at any point repeats nothing and loses nothing (SECURITY.md 8.1).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from broker import journey
from broker.again import Deciding
from broker.domain.batch import Batch, Genuine, Outcome, Received, Tally, Unreadable
from broker.domain.ids import NotificationId
from broker.domain.known import MatchState
from broker.domain.words import STATEMENTS, EventType
from broker.errors import Rejected
from broker.objections import objection_to
from broker.ports import Came, Store, Transaction
from broker.recording import rows_from

CONCERNS = frozenset({EventType.CONCERN_RAISED, EventType.CONCERN_RETRACTED})

ReadOne = Callable[[Received, Batch], Genuine]
"""Unseal, verify, check one record. Raises Rejected with the reason a person can act on."""

TurnedAway = tuple[Genuine, str]
"""A statement that its author may not make, and why."""

Carried = tuple[int, Sequence[TurnedAway], int]
"""How many were accepted, which were turned away and why, how many forgotten."""

Carry = Callable[[Transaction, Sequence[Genuine]], Awaitable[Carried]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Everything one worker needs to take batches in."""

    read_one: ReadOne
    deciding: Deciding
    store: Store

    async def take_in(self, batch: Batch) -> Tally:
        """All of this batch, or nothing. Raises TryAgain or Broken; then nothing has happened."""
        return await self.taken(batch, self._carried)

    async def taken(self, batch: Batch, carried: Carry) -> Tally:
        """The same with another way to carry what is fresh: it writes in the transaction given."""
        genuine, unreadable = read(batch, self.read_one)
        async with self.store.transaction() as transaction:
            await transaction.advance(batch)  # raises OffsetMoved: another worker owns this
            came = await transaction.came_before(
                batch.publisher, [each.notification.id for each in genuine]
            )
            fresh, altered = sort_out(genuine, came, batch)
            accepted, turned_away, forgotten = await carried(transaction, fresh)
            apart = [*unreadable, *altered, *_with_reasons(turned_away, batch)]
            await transaction.keep_apart(apart)
            tally = Tally(
                accepted=accepted,
                quarantined=len(apart),
                forgotten=forgotten,
                repeated=len(batch.records) - accepted - forgotten - len(apart),
            )
            await transaction.count(batch, tally)
        return tally

    async def take_one(self, genuine: Genuine) -> str:
        """
        One statement that came by another way than Kafka, in a transaction of its own: once this
        returns, it counts. "accepted", or "repeated" if it was said before. Raises Rejected with
        the reason, TryAgain or Broken; then nothing has happened.
        """
        async with self.store.transaction() as transaction:
            notification = genuine.notification
            came = await transaction.came_before(notification.publisher, [notification.id])
            if notification.id in came:
                if came[notification.id] != genuine.token_sha256:
                    raise Rejected("same_id_other_token", "")
                return "repeated"
            accepted, turned_away, _ = await self._carried(transaction, [genuine])
            for _, reason in turned_away:
                raise Rejected(reason, "")
            if not accepted:
                raise Rejected("no_such_subject", "")
        return "accepted"

    async def set_aside(self, batch: Batch, *, reason: str) -> None:
        """Keep a whole batch apart for a person: what our own fault stopped is not lost either."""
        apart = [set_apart(each, batch, reason, "") for each in batch.records]
        async with self.store.transaction() as transaction:
            await transaction.advance(batch)
            await transaction.keep_apart(apart)
            await transaction.count(batch, Tally(quarantined=len(apart)))

    async def _carried(self, transaction: Transaction, fresh: Sequence[Genuine]) -> Carried:
        """Steps 3 to 6 of what is fresh, then what its statements bear on."""
        deciding = self.deciding
        known = await deciding.known(transaction, fresh)
        policies = deciding.in_force(known.now)
        turned_away = [
            (each, reason)
            for each in fresh
            if (
                reason := objection_to(each.notification, known, deciding.directory, policies.rules)
            )
        ]
        refused = {each.notification.id for each, _ in turned_away}
        outcomes = journey.carry(
            [each for each in fresh if each.notification.id not in refused],
            known,
            policies=policies,
            rules=policies.rules,
            directory=deciding.directory,
        )
        kept = [outcome for outcome in outcomes if _is_kept(outcome)]
        decided = [(each.genuine, [one.decision for one in each.results]) for each in kept]
        await deciding.looked_on(decided, known, policies)
        await transaction.write(
            rows_from(
                kept,
                known,
                policy=policies.version,
                rules=policies.rules,
                custody=deciding.custody,
                chance=deciding.chance,
            )
        )
        await deciding.after_statements(transaction, kept, known, policies)
        await deciding.after_facts(transaction, kept, policies)
        return len(kept), turned_away, len(outcomes) - len(kept)


def _is_kept(outcome: Outcome) -> bool:
    """
    A concern always, and what a person says about sharing: a wish must not be forgotten because it
    came first. A fact only about a child whom this broker holds (FORMATS.md 2, 13).
    """
    kind = outcome.genuine.notification.type
    return kind in CONCERNS | STATEMENTS or outcome.match.state is MatchState.KNOWN


def _with_reasons(turned_away: Sequence[TurnedAway], batch: Batch) -> list[Unreadable]:
    records = {record.offset: record for record in batch.records}
    return [set_apart(records[each.offset], batch, reason, "") for each, reason in turned_away]


def read(batch: Batch, read_one: ReadOne) -> tuple[list[Genuine], list[Unreadable]]:
    """What is genuine, and what must wait for a person. The good ones beside a bad one pass."""
    genuine: list[Genuine] = []
    unreadable: list[Unreadable] = []
    for record in batch.records:
        try:
            genuine.append(read_one(record, batch))
        except Rejected as why:
            unreadable.append(set_apart(record, batch, why.reason, why.detail))
    return genuine, unreadable


def sort_out(
    genuine: Sequence[Genuine], came: Came, batch: Batch
) -> tuple[list[Genuine], list[Unreadable]]:
    """
    The fresh ones. What came before with the same token has had its effects; the same id with
    another token is not the same statement, and a person looks at it.
    """
    seen: dict[NotificationId, bytes] = dict(came)
    records = {record.offset: record for record in batch.records}
    fresh: list[Genuine] = []
    altered: list[Unreadable] = []
    for each in genuine:
        earlier = seen.setdefault(each.notification.id, each.token_sha256)
        if each.notification.id not in came and earlier is each.token_sha256:
            fresh.append(each)
        elif earlier != each.token_sha256:
            altered.append(set_apart(records[each.offset], batch, "same_id_other_token", ""))
    return fresh, altered


def set_apart(record: Received, batch: Batch, reason: str, detail: str) -> Unreadable:
    """One record, kept as it arrived, with the reason that a person can act on."""
    return Unreadable(
        topic=batch.topic,
        partition=batch.partition,
        offset=record.offset,
        publisher=batch.publisher,
        lane=batch.lane,
        reason=reason,
        detail=detail,
        received=batch.received,
        value=record.value,
    )


def halves(batch: Batch) -> tuple[Batch, Batch]:
    """A batch that fails for no named reason is halved until the one notification is found."""
    middle = len(batch.records) // 2
    first, second = batch.records[:middle], batch.records[middle:]
    boundary = second[0].offset
    return (
        replace(batch, records=first, following=boundary),
        replace(batch, records=second, first=boundary),
    )
