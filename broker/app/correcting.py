"""`broker correct`: one correction, and then it ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from broker.app.deciding import deciding, live
from broker.app.parts import parts
from broker.correcting import Correcting
from broker.desk_ports import Corrections
from broker.settings import Settings
from broker.store.naming import Naming
from broker.store.postgres import PostgresStore, pool_of


@asynccontextmanager
async def corrections(settings: Settings) -> AsyncIterator[tuple[Corrections, Naming]]:
    found = parts(settings)
    async with pool_of(found.database, most=2) as pool:
        decides = deciding(found, live(found))
        yield Correcting(deciding=decides, store=PostgresStore(pool)), Naming(pool)
