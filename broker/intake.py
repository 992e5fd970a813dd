"""
Step 2, and the one transaction around steps 3 to 6.

A batch of one partition is unsealed, verified and checked; what cannot be read or trusted is kept
apart for a person. Then one transaction moves the Kafka offset and records everything that came of
the rest. Restart at any point repeats nothing and loses nothing (SECURITY.md 8.1).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from broker import journey
from broker.domain.batch import Batch, Genuine, Outcome, Received, Tally, Unreadable
from broker.domain.ids import NotificationId
from broker.domain.known import Directory, Known, MatchState, Rules
from broker.domain.rows import Rows
from broker.domain.words import EventType
from broker.errors import Rejected
from broker.ports import Came, Custody, Policies, Store
from broker.recording import Chance, rows_from

CONCERNS = frozenset({EventType.CONCERN_RAISED, EventType.CONCERN_RETRACTED})

ReadOne = Callable[[Received, Batch], Genuine]
"""Unseal, verify, check one record. Raises Rejected with the reason a person can act on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Everything one worker needs to take batches in."""

    read_one: ReadOne
    policies: Policies
    rules: Rules
    directory: Directory
    store: Store
    custody: Custody
    chance: Chance
    now: Callable[[], datetime]

    async def take_in(self, batch: Batch) -> Tally:
        """All of this batch, or nothing. Raises TryAgain or Broken; then nothing has happened."""
        genuine, unreadable = read(batch, self.read_one)
        async with self.store.transaction() as transaction:
            await transaction.advance(batch)  # raises OffsetMoved: another worker owns this
            came = await transaction.came_before(batch, [each.notification.id for each in genuine])
            fresh, altered = sort_out(genuine, came, batch)
            apart = [*unreadable, *altered]
            await transaction.keep_apart(apart)
            known = await transaction.known_about(fresh, self.now())
            outcomes = self._carry(fresh, known)
            kept = [outcome for outcome in outcomes if _is_kept(outcome)]
            tally = Tally(
                accepted=len(kept),
                quarantined=len(apart),
                forgotten=len(outcomes) - len(kept),
                repeated=len(batch.records) - len(outcomes) - len(apart),
            )
            await transaction.record(batch, self._rows(kept, known), tally)
        return tally

    async def set_aside(self, batch: Batch, *, reason: str) -> None:
        """Keep a whole batch apart for a person: what our own fault stopped is not lost either."""
        apart = [set_apart(each, batch, reason, "") for each in batch.records]
        async with self.store.transaction() as transaction:
            await transaction.advance(batch)
            await transaction.keep_apart(apart)
            await transaction.record(batch, Rows(), Tally(quarantined=len(apart)))

    def _carry(self, fresh: Sequence[Genuine], known: Known) -> list[Outcome]:
        return journey.carry(
            fresh, known, policies=self.policies, rules=self.rules, directory=self.directory
        )

    def _rows(self, kept: Sequence[Outcome], known: Known) -> Rows:
        return rows_from(
            kept,
            known,
            policy=self.policies.version,
            rules=self.rules,
            custody=self.custody,
            chance=self.chance,
        )


def _is_kept(outcome: Outcome) -> bool:
    """A concern always; a fact only about a child whom this broker holds (FORMATS.md 2, 13)."""
    about_concern = outcome.genuine.notification.type in CONCERNS
    return about_concern or outcome.match.state is MatchState.KNOWN


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
