"""The outbox in PostgreSQL: rows are held while they are sent, so two relays never send one."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from broker.domain.ids import (
    DecisionId,
    NotificationId,
    OrganisationId,
    PolicyVersion,
    SubjectId,
)
from broker.domain.waiting import Errand, KeptRuling, Waiting
from broker.domain.words import Lane
from broker.errors import StoreUnavailable
from broker.store.postgres import Connection
from broker.store.queries import queries

_LOOK_AGAIN = 1.0  # seconds: a wake-up that was missed costs this much and no more


class PostgresTaken:
    """One round's rows, locked until the transaction ends."""

    def __init__(
        self, connection: Connection, asked: Mapping[str, bytes], waiting: Sequence[Waiting]
    ) -> None:
        self._connection = connection
        self._asked = asked
        self.waiting = waiting

    async def rulings(self, ids: Collection[str]) -> Mapping[str, KeptRuling]:
        if not ids:
            return {}
        cursor = await self._connection.execute(self._asked["rulings"], {"ids": list(ids)})
        return {
            row[0]: KeptRuling(
                id=row[0],
                policy=row[1],
                level_used=row[2],
                question=row[3],
                extents=row[4],
                because=row[5],
                bases=row[6],
                duties=tuple(row[7]),
            )
            for row in await cursor.fetchall()
        }

    async def sent(self, rows: Collection[int], now: datetime) -> None:
        if rows:
            await self._connection.execute(
                self._asked["mark_sent"], {"ids": list(rows), "now": now}
            )

    async def quarantined(self, row: int, reason: str) -> None:
        await self._connection.execute(
            self._asked["mark_quarantined"], {"id": row, "reason": reason}
        )


class PostgresOutbox:
    """What waits to be sent."""

    def __init__(self, pool: AsyncConnectionPool[Connection], database: str) -> None:
        self._pool = pool
        self._database = database
        self._asked = queries("queries")

    @asynccontextmanager
    async def take(
        self, lane: Lane, most: int, errands: Collection[Errand]
    ) -> AsyncIterator[PostgresTaken]:
        kinds = sorted(each.value for each in errands)
        asked = {"lane": lane.value, "limit": most, "kinds": kinds}
        try:
            async with self._pool.connection() as connection, connection.transaction():
                async with connection.cursor(row_factory=dict_row) as cursor:
                    await cursor.execute(self._asked["take_waiting"], asked)
                    rows = await cursor.fetchall()
                waiting = [_waiting(row) for row in rows]
                yield PostgresTaken(connection, self._asked, waiting)
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise StoreUnavailable("store_unavailable", type(error).__name__) from error

    async def woken(self) -> AsyncIterator[None]:
        """On a notification from a committed batch; a lost connection is made again."""
        yield
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._database, autocommit=True
                ) as connection:
                    await connection.execute("LISTEN outbox")
                    while True:
                        async for _ in connection.notifies(timeout=_LOOK_AGAIN, stop_after=1):
                            break
                        yield
            except psycopg.OperationalError:
                yield


def _waiting(row: Mapping[str, object]) -> Waiting:
    as_text = {name: str(row[name]) for name in ("disclosure", "type", "match")}
    return Waiting(
        row=int(str(row["id"])),
        errand=Errand(str(row["kind"])),
        organisation=OrganisationId(str(row["organisation"])),
        publisher=OrganisationId(str(row["publisher"])),
        notification=NotificationId(str(row["notification"])),
        claims=_names(row["claims"]),
        held=_names(row["held"]),
        ring=OrganisationId(str(row["ring"])),
        leaf_commit=_bytes(row["leaf_commit"]),
        token_sha256=_bytes(row["token_sha256"]),
        received=_instant(row["received"]),
        created=_instant(row["created"]),
        subject=SubjectId(str(row["subject"])),
        policy=PolicyVersion(str(row["policy"])),
        facts=int(str(row["facts"])),
        facts_now=int(str(row["facts_now"])),
        good_until=None if row["good_until"] is None else _instant(row["good_until"]),
        recalls=str(row["recalls"] or ""),
        refused=_refused(row["rests"]),
        decision=None if row["decision"] is None else DecisionId(str(row["decision"])),
        role=None if row["role"] is None else str(row["role"]),
        ruling=None if row["ruling"] is None else str(row["ruling"]),
        subject_key=_bytes(row["subject_key"]),
        wrapped_key=_bytes(row["wrapped_key"]),
        body=_bytes(row["body"]),
        **as_text,
    )


def _refused(rests: object) -> str | None:
    """Whether somebody whose wish counted had refused or withdrawn, as the decision kept it."""
    consent = rests.get("consent", {}) if isinstance(rests, dict) else {}
    states = {each["state"] for each in consent.values()}
    return next((state for state in ("withdrawn", "refused") if state in states), None)


def _names(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes | memoryview):
        raise TypeError(type(value).__name__)
    return bytes(value)


def _instant(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(type(value).__name__)
    return value
