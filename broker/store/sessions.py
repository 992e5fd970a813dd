"""Who is signed in, and what they were writing, in PostgreSQL."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg_pool import AsyncConnectionPool

from broker.domain.ids import PersonId
from broker.ports import Custody
from broker.store.postgres import Connection
from broker.store.queries import queries


@dataclass(frozen=True, slots=True)
class PostgresSessions:
    """The Sessions of desk_ports.py."""

    pool: AsyncConnectionPool[Connection]
    custody: Custody
    draft_key: bytes = field(repr=False)  # wrapped; drafts are under it
    asked: Mapping[str, bytes] = field(default_factory=lambda: queries("desk"), repr=False)

    async def begin(self, person: PersonId, now: datetime) -> tuple[str, str]:
        cookie, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
        given = {"digest": _digest(cookie), "person": person, "csrf": csrf, "at": now}
        await self._run("begin_session", given)
        return cookie, csrf

    async def of(self, cookie: str, now: datetime) -> tuple[PersonId, str] | None:
        row = await self._one("session", {"digest": _digest(cookie), "at": now})
        return None if row is None else (PersonId(row[0]), row[1])

    async def end(self, cookie: str) -> None:
        await self._run("end_session", {"digest": _digest(cookie)})

    async def keep_draft(self, person: PersonId, form: Mapping[str, str], now: datetime) -> None:
        content = json.dumps(dict(form)).encode()
        wrapped, body = self.custody.keep(content, subject_key=self.draft_key)
        given = {"person": person, "wrapped_key": wrapped, "body": body, "at": now}
        await self._run("keep_draft", given)

    async def draft(self, person: PersonId) -> Mapping[str, str] | None:
        row = await self._one("draft", {"person": person})
        if row is None:
            return None
        content = self.custody.reveal(subject_key=self.draft_key, wrapped_key=row[0], body=row[1])
        found: dict[str, str] = json.loads(content)
        return found

    async def discard_draft(self, person: PersonId) -> None:
        await self._run("discard_draft", {"person": person})

    async def _run(self, name: str, given: Mapping[str, Any]) -> None:
        async with self.pool.connection() as connection:
            await connection.execute(self.asked[name], given)

    async def _one(self, name: str, given: Mapping[str, Any]) -> tuple[Any, ...] | None:
        async with self.pool.connection() as connection:
            cursor = await connection.execute(self.asked[name], given)
            return await cursor.fetchone()


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
