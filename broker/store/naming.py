"""What somebody reads out, and whose it is."""

from dataclasses import dataclass, field

from psycopg_pool import AsyncConnectionPool

from broker.domain.ids import SubjectId, ThreadId
from broker.errors import Rejected
from broker.store.postgres import Connection
from broker.store.queries import queries


@dataclass(frozen=True, slots=True)
class Naming:
    """Of a reference that a person has. Raises Rejected: no_such_concern, or several_concerns."""

    pool: AsyncConnectionPool[Connection] = field(repr=False)

    async def thread(self, reference: str) -> ThreadId:
        return ThreadId((await self._read_out(reference))[0])

    async def subject(self, reference: str) -> SubjectId:
        return SubjectId((await self._read_out(reference))[1])

    async def _read_out(self, reference: str) -> tuple[str, str]:
        async with self.pool.connection() as connection:
            cursor = await connection.execute(
                queries("naming")["read_out"], {"reference": reference.strip().upper()}
            )
            rows = await cursor.fetchall()
        if len(rows) != 1:
            raise Rejected("several_concerns" if rows else "no_such_concern", reference)
        thread, subject = rows[0]
        return thread, subject
