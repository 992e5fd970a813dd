"""One transaction whose rows have names, for the pages that ask several things at one instant."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg import AsyncCursor
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from broker.errors import StoreUnavailable
from broker.store.postgres import Connection


@asynccontextmanager
async def one_transaction(
    pool: AsyncConnectionPool[Connection],
) -> AsyncIterator[AsyncCursor[DictRow]]:
    """Raises StoreUnavailable: nothing of it is kept."""
    try:
        async with (
            pool.connection() as connection,
            connection.transaction(),
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            yield cursor
    except (psycopg.OperationalError, PoolTimeout) as error:
        raise StoreUnavailable("store_unavailable", type(error).__name__) from error
