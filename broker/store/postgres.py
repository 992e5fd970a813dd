"""The journey's transaction in PostgreSQL: all of a batch, or nothing (SECURITY.md 8.1)."""

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
from broker.domain.ids import NotificationId, OrganisationId, SubjectId, ThreadId
from broker.domain.kept import Held, Kept, KeptConcern, Linked, Which
from broker.domain.known import Known
from broker.domain.pointer import Undecided
from broker.domain.receipt import Receipt
from broker.domain.rows import COLUMNS, Row, Rows
from broker.domain.words import Role
from broker.errors import OffsetMoved, StoreUnavailable
from broker.ports import Came
from broker.store.kept import kept, kept_concern, kept_told, linked
from broker.store.queries import queries
from broker.store.snapshot import Snapshot

Connection = AsyncConnection[TupleRow]


_UPDATES = (
    ("protected", "protect"),
    ("changed", "changed"),
    ("standing", "stand"),
    ("unkeyed", "unkey"),
    ("redirected", "redirect"),
    ("relinked", "relink"),
    ("moved", "move_relationships"),
    ("taken_over", "take_over"),
    ("relationship_end", "end_relationship"),
    ("superseded", "supersede"),
)
"""Rows that change another row, and how."""

_COPIED = (
    "inbox",
    "link_decision",
    "link",
    "undecided",
    "round",
    "decision",
    "outbox",
    "alert",
    "leaf_waiting",
)


_MAYBE_THERE = (
    "blocking_key", "household_member", "born_alike", "review", "correction", "do_not_link",
    "allow_list", "ruling",
)  # fmt: skip


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

    async def came_before(self, publisher: OrganisationId, ids: Collection[NotificationId]) -> Came:
        asked = {"publisher": publisher, "ids": list(ids)}
        rows = await self._all("came_before", asked)
        return {NotificationId(made): bytes(token) for made, token in rows}

    async def identities(
        self,
        fresh: Sequence[Genuine],
        now: datetime,
        subjects: Collection[SubjectId] = (),
        *,
        holds: bool = True,
    ) -> Known:
        return await Snapshot(self._all, holds=holds).identities(fresh, now, subjects)

    async def known_about(
        self, known: Known, fresh: Sequence[Genuine], subjects: Collection[SubjectId]
    ) -> Known:
        return await Snapshot(self._all).about(known, fresh, subjects)

    async def seen_about(self, subjects: Collection[SubjectId], now: datetime) -> Known:
        return await Snapshot(self._all, holds=False).about(Known(now=now, unused={}), [], subjects)

    async def said_about(
        self, subjects: Collection[SubjectId]
    ) -> Mapping[SubjectId, Sequence[Kept]]:
        found: dict[SubjectId, list[Kept]] = defaultdict(list)
        for subject, *row in await self._all("said_about", {"subjects": sorted(subjects)}):
            found[SubjectId(subject)].append(kept(row))
        return found

    async def decided_before(self, which: Which) -> Sequence[KeptConcern]:
        await self._all("hold_waiting", {"subject": which.subject})
        asked = {
            "subject": which.subject,
            "thread": which.thread,
            "notification": which.notification,
            "among": None if which.among is None else sorted(which.among),
            "every_version": which.every_version,
        }
        concerns = [kept_concern(row) for row in await self._all("decided_before", asked)]
        return [
            replace(
                each,
                told=[
                    kept_told(row)
                    for row in await self._all(
                        "told_of",
                        {"publisher": each.kept.publisher, "notification": each.kept.id},
                    )
                ],
            )
            for each in concerns
        ]

    async def hold(self, subjects: Collection[SubjectId]) -> Sequence[Held]:
        rows = await self._all("hold", {"subjects": sorted(subjects)})
        return [
            Held(
                subject=SubjectId(subject),
                provisional=state == "provisional",
                redirect_to=redirect_to,
                since=since,
            )
            for subject, state, since, redirect_to in rows
        ]

    async def linked(self, subjects: Collection[SubjectId]) -> Sequence[Linked]:
        return [linked(row) for row in await self._all("linked", {"subjects": sorted(subjects)})]

    async def whose(self, threads: Collection[ThreadId]) -> Sequence[SubjectId]:
        rows = await self._all("whose", {"threads": sorted(threads)})
        return [SubjectId(subject) for (subject,) in rows]

    async def registered(
        self, subjects: Collection[SubjectId]
    ) -> Mapping[SubjectId, tuple[bytes, bytes]]:
        rows = await self._all("registered", {"subjects": sorted(subjects)})
        return {SubjectId(subject): (bytes(key), bytes(body)) for subject, key, body in rows}

    async def brought(
        self, subject: SubjectId, sources: Collection[str], now: datetime
    ) -> Collection[tuple[OrganisationId, Role]]:
        asked = {"subject": subject, "sources": sorted(sources), "now": now}
        rows = await self._all("brought", asked)
        return {(OrganisationId(organisation), Role(role)) for organisation, role in rows}

    async def undecided(self) -> Sequence[Undecided]:
        return [
            Undecided(
                publisher=OrganisationId(publisher),
                notification=NotificationId(notification),
                subject=SubjectId(subject),
            )
            for publisher, notification, subject in await self._all("undecided", {})
        ]

    async def settle(self, each: Undecided, now: datetime) -> bool:
        asked = {"publisher": each.publisher, "notification": each.notification, "now": now}
        return bool(await self._all("settle", asked))

    async def let_go(self, notification: NotificationId) -> None:
        await self._run("let_go", {"notification": notification})

    async def write(self, rows: Rows) -> None:
        for table in ("subject", "subject_key"):
            await self._copy(table, COLUMNS[table], getattr(rows, table))
        await self._write_profiles(rows.profile)
        for table, query in _UPDATES:
            for row in sorted(getattr(rows, table), key=_by_key):
                await self._run(query, dict(zip(COLUMNS[table], row, strict=True)))
        for table in _MAYBE_THERE:
            await self._insert(table, getattr(rows, table))
        await self._insert("relationship", rows.relationship)
        for table in _COPIED:
            await self._copy(table, COLUMNS[table], getattr(rows, table))
        await self._wake(rows)

    async def _write_profiles(self, rows: Sequence[Row]) -> None:
        """Raises StoreUnavailable if somebody else has learnt about one of them meanwhile."""
        for row in sorted(rows, key=_by_key):
            asked = dict(zip(COLUMNS["profile"], row, strict=True))
            if not await self._all("write_profile", asked):
                raise StoreUnavailable("learnt_at_once", str(asked["subject"]))

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

    async def likely(self, keys: Collection[int], now: datetime) -> Known:
        return await Snapshot(self._all, holds=False).likely(keys, now)

    async def likely_named(self, subjects: Collection[SubjectId], now: datetime) -> Known:
        return await Snapshot(self._all, holds=False).named(subjects, now)

    async def standing(self, subject: SubjectId) -> Sequence[KeptConcern]:
        nothing_else = {
            "thread": None,
            "notification": None,
            "among": None,
            "every_version": False,
        }
        rows = await self._all("decided_before", {"subject": subject, **nothing_else})
        return [kept_concern(row) for row in reversed(rows)]

    async def _wake(self, rows: Rows) -> None:
        if rows.inbox or rows.outbox:
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


class OneByOne(PostgresStore):
    """
    For statements that come over HTTP, where no Kafka partition keeps two of the same apart: of two
    at once one is undone, and finds on its next try that it was said.
    """

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresTransaction]:
        try:
            async with super().transaction() as begun:
                yield begun
        except psycopg.errors.UniqueViolation as error:
            raise StoreUnavailable("said_at_once", type(error).__name__) from error


def _by_key(row: Row) -> tuple[str, ...]:
    return tuple(map(repr, row[:2]))


def pool_of(database: str, *, most: int = 4) -> AsyncConnectionPool[Connection]:
    """A pool, not yet open. Every statement has a limit: nothing waits for ever."""
    options = "-c statement_timeout=30s -c lock_timeout=20s -c timezone=UTC"
    return AsyncConnectionPool(
        database, min_size=1, max_size=most, open=False, timeout=20, kwargs={"options": options}
    )
