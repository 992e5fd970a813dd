"""Each contract is tested in memory and in PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from broker.store.memory import MemoryStore
from broker.store.postgres import PostgresStore, pool_of
from tests.contracts.running import Bench


@pytest.fixture(params=["memory", "postgres"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    if request.param == "memory":
        yield Bench(MemoryStore())
        return
    database = request.getfixturevalue("database")
    async with pool_of(database, most=8) as pool:
        yield Bench(PostgresStore(pool))
