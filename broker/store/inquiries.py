"""Questions whether a child is known, in PostgreSQL: counted, remembered, and looked up blind."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from broker.domain.identity import KeptProfile, SubjectKind
from broker.domain.ids import SubjectId
from broker.domain.inquiry import AuditedAnswer, Inquiry
from broker.errors import Rejected, StoreUnavailable
from broker.ports import Custody
from broker.store.postgres import Connection
from broker.store.queries import queries


@dataclass(frozen=True, slots=True)
class PostgresInquiries:
    """The Inquiries of desk_ports.py."""

    pool: AsyncConnectionPool[Connection]
    custody: Custody
    asked: Mapping[str, bytes] = field(default_factory=lambda: queries("inquiries"), repr=False)

    async def begin(self, inquiry: Inquiry, *, most: int, now: datetime) -> bool:
        given = {
            "organisation": inquiry.asker.organisation,
            "id": inquiry.id,
            "form": inquiry.form.value,
            "person": inquiry.person,
            "role": inquiry.asker.role.value,
            "purpose": inquiry.purpose,
            "most": most,
            "now": now,
        }
        async with self._connection() as connection:
            if not await self._all(connection, "begin", given):
                raise Rejected("asked_before")
            return bool(await self._all(connection, "count", given))

    async def keep(self, answered: AuditedAnswer) -> None:
        inquiry, wrapped, sealed = answered.inquiry, None, None
        if answered.subject_key is not None:
            wrapped, sealed = self.custody.keep(answered.record, subject_key=answered.subject_key)
        named = {"organisation": inquiry.asker.organisation, "id": inquiry.id}
        said = None if answered.answer is None else answered.answer.value
        given = {"answer": said, "record": answered.record}
        leaf = {"entry": answered.entry, "subject": answered.subject}
        async with self._connection() as connection:
            await self._all(connection, "answer", {**named, **given})
            await self._all(connection, "asked", {**leaf, "wrapped_key": wrapped, "record": sealed})

    async def held_under(self, key: str, tokens: Collection[bytes]) -> frozenset[SubjectId]:
        async with self._connection() as connection:
            rows = await self._all(connection, "held_under", {"key": key, "tokens": list(tokens)})
        return frozenset(SubjectId(row[0]) for row in rows)

    async def answering_key(self, keys: Collection[str]) -> str | None:
        async with self._connection() as connection:
            rows = await self._all(connection, "answering_key", {"keys": list(keys)})
        return rows[0][0] if rows else None

    async def use_keys(self, keys: Collection[str]) -> None:
        async with self._connection() as connection:
            await self._all(connection, "forget_keys", {"keys": list(keys)})
            for key in sorted(keys):
                await self._all(connection, "add_key", {"key": key})

    async def unindexed(self, key: str, most: int) -> Sequence[tuple[KeptProfile, bytes]]:
        async with self._connection() as connection:
            rows = await self._all(connection, "unindexed", {"key": key, "most": most})
        return [(_kept(row), bytes(row[6])) for row in rows]

    async def index(
        self, key: str, subject: SubjectId, version: int, tokens: Mapping[bytes, bool]
    ) -> None:
        named = {"key": key, "subject": subject}
        async with self._connection() as connection:
            await self._all(connection, "forget_tokens", named)
            for token, whole in tokens.items():
                await self._all(connection, "keep_token", {**named, "token": token, "whole": whole})
            await self._all(connection, "indexed", {**named, "version": version})

    async def complete(self, key: str, now: datetime) -> None:
        async with self._connection() as connection:
            await self._all(connection, "complete", {"key": key, "now": now})

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        try:
            async with self.pool.connection() as connection, connection.transaction():
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise StoreUnavailable("store_unavailable", type(error).__name__) from error

    async def _all(
        self, connection: Connection, name: str, given: Mapping[str, Any]
    ) -> list[TupleRow]:
        cursor = await connection.execute(self.asked[name], given)
        return await cursor.fetchall() if cursor.description else []


def _kept(row: TupleRow) -> KeptProfile:
    """What of a profile its digests are made from; who it might be is not."""
    subject, kind, state, version, wrapped_key, body = row[:6]
    return KeptProfile(
        subject=SubjectId(subject),
        kind=SubjectKind(kind),
        provisional=state == "provisional",
        doubted=frozenset(),
        apart=frozenset(),
        hidden_from=frozenset(),
        twin=False,
        version=version,
        wrapped_key=bytes(wrapped_key),
        body=bytes(body),
    )
