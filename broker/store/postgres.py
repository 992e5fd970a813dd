"""The journey's transaction in PostgreSQL: all of a batch, or nothing (SECURITY.md 8.1)."""

import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from broker.domain.batch import Batch, Genuine, Tally, Unreadable
from broker.domain.decision import Recipient
from broker.domain.ids import NotificationId, OrganisationId, SubjectId, ThreadId
from broker.domain.known import Fingerprint, Known, Relationship
from broker.domain.receipt import Receipt
from broker.domain.rows import COLUMNS, Row, Rows
from broker.domain.words import Agency, EventType, RelationshipKind, Role
from broker.errors import OffsetMoved, StoreUnavailable
from broker.ports import Came
from broker.store.queries import queries

Connection = AsyncConnection[TupleRow]


class PostgresTransaction:
    """One batch on one connection, between BEGIN and COMMIT."""

    def __init__(self, connection: Connection, asked: Mapping[str, bytes]) -> None:
        self._connection = connection
        self._asked = asked

    async def advance(self, batch: Batch) -> None:
        place = {"topic": batch.topic, "partition": batch.partition, "first": batch.first}
        moved = await self._all("advance", {**place, "following": batch.following})
        if not moved:
            await self._all("begin_partition", place)
            moved = await self._all("advance", {**place, "following": batch.following})
        if not moved:
            raise OffsetMoved("offset_moved", f"{batch.topic} {batch.partition} at {batch.first}")

    async def keep_apart(self, unreadable: Sequence[Unreadable]) -> None:
        rows = [
            (
                each.topic,
                each.partition,
                each.offset,
                each.publisher,
                each.lane.value,
                each.reason,
                each.detail,
                each.value,
                each.received,
            )
            for each in unreadable
        ]
        columns = ("topic", "partition", "at_offset", "publisher", "lane", "reason", "detail")
        await self._copy("quarantine", (*columns, "value", "received"), rows)

    async def came_before(self, batch: Batch, ids: Collection[NotificationId]) -> Came:
        asked = {"publisher": batch.publisher, "ids": list(ids)}
        rows = await self._all("came_before", asked)
        return {NotificationId(made): bytes(token) for made, token in rows}

    async def known_about(self, fresh: Sequence[Genuine], now: datetime) -> Known:
        return await self._retracted(fresh, await self._identified(fresh, now))

    async def _identified(self, fresh: Sequence[Genuine], now: datetime) -> Known:
        digests = sorted({digest for each in fresh for digest in each.asked.identifiers})
        locks = [int.from_bytes(digest[:8], "big", signed=True) for digest in digests]
        unused = {each.notification.id: unused_subject(each) for each in fresh}
        if not digests:
            return Known(now=now, unused=unused)
        await self._all("lock_identifiers", {"locks": locks})
        held = await self._all("holders", {"digests": digests})
        subjects = sorted({row[1] for row in held})
        return Known(
            now=now,
            unused=unused,
            holders={bytes(row[0]): SubjectId(row[1]) for row in held},
            fingerprints=await self._fingerprints(subjects, held),
            relationships=await self._relationships(subjects, now),
            areas={SubjectId(row[1]): row[4] for row in held if row[4] is not None},
            protected=await self._protected([row[1] for row in held if row[5]]),
            subject_keys={SubjectId(row[1]): bytes(row[6]) for row in held},
        )

    async def _fingerprints(
        self, subjects: Sequence[str], held: Sequence[TupleRow]
    ) -> Mapping[SubjectId, Fingerprint]:
        of_each: dict[str, set[bytes]] = defaultdict(set)
        for subject, digest in await self._all("all_identifiers", {"subjects": subjects}):
            of_each[subject].add(bytes(digest))
        return {
            SubjectId(row[1]): Fingerprint(
                identifiers=frozenset(of_each[row[1]]),
                forename=None if row[2] is None else bytes(row[2]),
                birth_date=None if row[3] is None else bytes(row[3]),
            )
            for row in held
        }

    async def _relationships(
        self, subjects: Sequence[str], now: datetime
    ) -> Mapping[SubjectId, Sequence[Relationship]]:
        found: dict[SubjectId, list[Relationship]] = defaultdict(list)
        rows = await self._all("relationships", {"subjects": subjects, "now": now})
        for subject, organisation, role, kind, since, until in rows:
            found[SubjectId(subject)].append(
                Relationship(
                    organisation=OrganisationId(organisation),
                    role=Role(role),
                    kind=RelationshipKind(kind),
                    since=since,
                    until=until,
                )
            )
        return found

    async def _protected(
        self, subjects: Sequence[str]
    ) -> Mapping[SubjectId, frozenset[OrganisationId]]:
        listed: dict[str, set[OrganisationId]] = {subject: set() for subject in subjects}
        if listed:
            for subject, organisation in await self._all("allow_lists", {"subjects": [*listed]}):
                listed[subject].add(OrganisationId(organisation))
        return {SubjectId(subject): frozenset(named) for subject, named in listed.items()}

    async def _retracted(self, fresh: Sequence[Genuine], known: Known) -> Known:
        """For retractions: whose concern it was, and everybody who was told of it."""
        retracted = [
            each.notification
            for each in fresh
            if each.notification.type is EventType.CONCERN_RETRACTED
        ]
        if not retracted:
            return known
        threads = [notification.thread for notification in retracted]
        asked = {"publisher": retracted[0].publisher, "threads": threads}
        rows = await self._all("told_before", asked)
        told: dict[ThreadId, list[Recipient]] = defaultdict(list)
        for thread, _, _, organisation, role, agency in rows:
            if organisation is not None:
                told[ThreadId(thread)].append(
                    Recipient(
                        organisation=OrganisationId(organisation),
                        role=Role(role),
                        agency=Agency(agency),
                    )
                )
        keys = {SubjectId(row[1]): bytes(row[2]) for row in rows}
        return replace(
            known,
            threads={ThreadId(row[0]): SubjectId(row[1]) for row in rows},
            told=told,
            subject_keys={**known.subject_keys, **keys},
        )

    async def record(self, batch: Batch, rows: Rows, tally: Tally) -> None:
        for table in ("subject", "subject_key"):
            await self._copy(table, COLUMNS[table], getattr(rows, table))
        for table in ("identifier", "allow_list", "ruling"):
            await self._insert(table, getattr(rows, table))
        for ended in rows.relationship_end:
            await self._run(
                "end_relationship", dict(zip(COLUMNS["relationship_end"], ended, strict=True))
            )
        await self._insert("relationship", rows.relationship)
        for table in ("inbox", "decision", "outbox", "alert", "leaf_waiting"):
            await self._copy(table, COLUMNS[table], getattr(rows, table))
        await self.count(batch, tally)
        await self._wake(rows)

    async def addressed_to(self, disclosures: Collection[str]) -> Mapping[str, OrganisationId]:
        rows = await self._all("owner_of", {"disclosures": list(disclosures)})
        return {disclosure: OrganisationId(organisation) for disclosure, organisation in rows}

    async def keep_receipts(self, receipts: Sequence[Receipt], now: datetime) -> int:
        new = 0
        for each in receipts:
            given = {
                "disclosure": each.disclosure,
                "kind": each.kind,
                "organisation": each.organisation,
                "signed": each.signed,
                "at": now,
            }
            if await self._all("keep_receipt", given):
                new += 1
                await self._run("mark_received", given)
        return new

    async def count(self, batch: Batch, tally: Tally) -> None:
        counts = {
            "accepted": tally.accepted,
            "repeated": tally.repeated,
            "quarantined": tally.quarantined,
            "forgotten": tally.forgotten,
        }
        place = {"topic": batch.topic, "partition": batch.partition}
        await self._run("tally", {**place, **counts})

    async def _wake(self, rows: Rows) -> None:
        if rows.inbox:
            await self._run("wake", {})
        desks = sorted({f"{row[2]} {row[3]}" for row in rows.alert})
        for desk in desks:
            await self._run("wake_desk", {"desk": desk})

    async def _all(self, name: str, asked: Mapping[str, Any]) -> list[TupleRow]:
        cursor = await self._connection.execute(self._asked[name], asked)
        return await cursor.fetchall() if cursor.description else []

    async def _run(self, name: str, asked: Mapping[str, Any]) -> None:
        await self._connection.execute(self._asked[name], asked)

    async def _copy(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """As many rows as there are, in one go."""
        if not rows:
            return
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
        async with self._connection.cursor() as cursor, cursor.copy(into) as copy:
            for row in rows:
                await copy.write_row(row)

    async def _insert(self, table: str, rows: Sequence[Row]) -> None:
        """For the few tables whose rows may be there already; the first stays."""
        if not rows:
            return
        columns = COLUMNS[table]
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
        )
        ordered: list[Row] = sorted(rows, key=_by_key)  # two batches never wait in a ring
        async with self._connection.cursor() as cursor:
            await cursor.executemany(statement, ordered)


class PostgresStore:
    """PostgreSQL remembers. One pool a process; lanes share none."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool
        self._asked = queries("queries")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresTransaction]:
        try:
            async with self._pool.connection() as connection, connection.transaction():
                yield PostgresTransaction(connection, self._asked)
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise StoreUnavailable("store_unavailable", type(error).__name__) from error

    def receipts(self) -> AbstractAsyncContextManager[PostgresTransaction]:
        return self.transaction()

    async def next_offsets(self, topics: Collection[str]) -> Mapping[tuple[str, int], int]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(self._asked["next_offsets"], {"topics": list(topics)})
            return {(topic, part): following for topic, part, following in await cursor.fetchall()}


def _by_key(row: Row) -> tuple[str, str]:
    return (repr(row[0]), repr(row[1]))


def unused_subject(genuine: Genuine) -> SubjectId:
    """
    A subject's id, should this notification need a new one: the same if the batch is done again
    after a crash, and telling nothing about the child.
    """
    made = hashlib.sha256(b"subject\x00" + genuine.token_sha256).hexdigest()[:26]
    return SubjectId(f"s_{made}")


def pool_of(database: str, *, most: int = 4) -> AsyncConnectionPool[Connection]:
    """A pool, not yet open. Every statement has a limit: nothing waits for ever."""
    options = "-c statement_timeout=30s -c lock_timeout=20s -c timezone=UTC"
    return AsyncConnectionPool(
        database, min_size=1, max_size=most, open=False, timeout=20, kwargs={"options": options}
    )
