"""
The store's twin in memory, for tests and demonstrations: it keeps nothing when it ends. One
contract test runs on both.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from broker.domain.batch import Batch, Genuine, Tally, Unreadable
from broker.domain.ids import NotificationId, OrganisationId, SubjectId
from broker.domain.known import Fingerprint, Known, Relationship
from broker.domain.rows import Rows
from broker.errors import OffsetMoved
from broker.ports import Came
from broker.store.postgres import unused_subject


@dataclass(slots=True)
class Tables:
    """What has been committed."""

    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    inbox: dict[tuple[OrganisationId, NotificationId], bytes] = field(default_factory=dict)
    quarantine: list[Unreadable] = field(default_factory=list)
    holders: dict[bytes, SubjectId] = field(default_factory=dict)
    fingerprints: dict[SubjectId, Fingerprint] = field(default_factory=dict)
    subject_keys: dict[SubjectId, bytes] = field(default_factory=dict)
    relationships: dict[SubjectId, list[Relationship]] = field(default_factory=dict)
    rows: list[Rows] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)


class MemoryTransaction:
    """One batch over a copy of the tables; the copy becomes the tables at the end."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def advance(self, batch: Batch) -> None:
        place = (batch.topic, batch.partition)
        if self._tables.offsets.get(place, batch.first) != batch.first:
            raise OffsetMoved("offset_moved", f"{batch.topic} {batch.partition}")
        self._tables.offsets[place] = batch.following

    async def came_before(self, batch: Batch, ids: Collection[NotificationId]) -> Came:
        kept = {made: self._tables.inbox.get((batch.publisher, made)) for made in ids}
        return {made: token for made, token in kept.items() if token is not None}

    async def keep_apart(self, unreadable: Sequence[Unreadable]) -> None:
        self._tables.quarantine += unreadable

    async def known_about(self, fresh: Sequence[Genuine], now: datetime) -> Known:
        tables = self._tables
        return Known(
            now=now,
            unused={each.notification.id: unused_subject(each) for each in fresh},
            holders=dict(tables.holders),
            fingerprints=dict(tables.fingerprints),
            relationships={subject: tuple(each) for subject, each in tables.relationships.items()},
            subject_keys=dict(tables.subject_keys),
        )

    async def record(self, batch: Batch, rows: Rows, tally: Tally) -> None:
        tables = self._tables
        for subject, _, _, _, _, forename, birth_date, _ in rows.subject:
            tables.fingerprints[SubjectId(str(subject))] = Fingerprint(
                identifiers=frozenset(),
                forename=forename if isinstance(forename, bytes) else None,
                birth_date=birth_date if isinstance(birth_date, bytes) else None,
            )
        for subject, key in rows.subject_key:
            tables.subject_keys[SubjectId(str(subject))] = cast("bytes", key)
        for digest, subject, _ in rows.identifier:
            tables.holders.setdefault(cast("bytes", digest), SubjectId(str(subject)))
        for row in rows.inbox:
            made = (OrganisationId(str(row[0])), NotificationId(str(row[1])))
            tables.inbox[made] = cast("bytes", row[12])
        tables.rows.append(rows)
        tables.tallies.append(tally)


class MemoryStore:
    """Transactions one after the other, as a partition's are."""

    def __init__(self) -> None:
        self.tables = Tables()
        self._one = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        async with self._one:
            draft = deepcopy(self.tables)
            yield MemoryTransaction(draft)
            self.tables = draft

    async def next_offsets(self, topics: Collection[str]) -> Mapping[tuple[str, int], int]:
        return {place: at for place, at in self.tables.offsets.items() if place[0] in topics}

    async def counts(self) -> Mapping[str, int]:
        """How many rows of each kind have been committed."""
        rows = self.tables.rows
        return {
            "inbox": sum(len(each.inbox) for each in rows),
            "decision": sum(len(each.decision) for each in rows),
            "outbox": sum(len(each.outbox) for each in rows),
            "leaf_waiting": sum(len(each.leaf_waiting) for each in rows),
            "quarantine": len(self.tables.quarantine),
        }
