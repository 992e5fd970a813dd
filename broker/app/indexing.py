"""`broker index`: the digests by which children are known to blind questions."""

from broker.app import clock
from broker.app.parts import blind_keys, custody, matching, parts, stopping
from broker.inquiring.indexing import Indexing
from broker.settings import Settings
from broker.store.inquiries import PostgresInquiries
from broker.store.postgres import pool_of


async def keep_index(settings: Settings) -> None:
    found, stop = parts(settings), stopping()
    kept = custody(settings.keys)
    async with pool_of(found.database, most=2) as pool:
        await Indexing(
            inquiries=PostgresInquiries(pool, kept),
            custody=kept,
            names=matching(settings, found.partnership).names,
            keys=blind_keys(settings.keys),
            now=clock,
        ).run(stop)
