"""The ledger's rows: leaves in their order, tiles, checkpoints. INSERT only, but for the tiles."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import psycopg

from broker.domain.ids import OrganisationId
from broker.domain.owed import Owed
from broker.errors import LedgerTampered
from broker.ledger.merkle import HASH, Tree, leaf_hash, tiles_for, tree_from_tiles
from broker.store.postgres import Connection
from broker.store.queries import queries

_LOOK_AGAIN = 1.0  # seconds


class PostgresLedger:
    """The log, for the one process that leads. Its one connection holds the advisory lock."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asked = queries("ledger")
        self._tiles: dict[tuple[int, int], bytes] = {}

    async def lead(self) -> bool:
        """Whether this process leads now; a stand-by asks again."""
        cursor = await self._connection.execute(self._asked["lead"])
        row = await cursor.fetchone()
        return bool(row and row[0])

    async def head(self) -> tuple[Tree, str | None]:
        """The tree, with its note. Raises LedgerTampered if its tiles give another root."""
        cursor = await self._connection.execute(self._asked["last_checkpoint"])
        row = await cursor.fetchone()
        if row is None:
            return Tree(), None
        size, root, note = int(row[0]), bytes(row[1]), row[2]
        await self._load_edge(size)
        tree = tree_from_tiles(size, self.tile)
        if tree.root != root:
            raise LedgerTampered("root_differs_from_checkpoint", str(size))
        return tree, note

    async def grow(self, tree: Tree, most: int, now: datetime) -> Tree:
        """Number what has been committed, and write the new head, in one transaction."""
        async with self._connection.transaction():
            cursor = await self._connection.execute(self._asked["take_leaves"], {"most": most})
            rows = await cursor.fetchall()
            if not rows:
                return tree
            hashes = [leaf_hash(bytes(row[1])) for row in rows]
            numbers = list(range(tree.size, tree.size + len(rows)))
            given = {"ids": [row[0] for row in rows], "numbers": numbers}
            await self._connection.execute(self._asked["number_leaves"], given)
            await self._keep_tiles(tree.size, hashes)
            grown = tree.extend(hashes)
            head = {"size": grown.size, "root": grown.root, "at": now}
            await self._connection.execute(self._asked["add_checkpoint"], head)
        return grown

    async def _keep_tiles(self, first: int, hashes: Sequence[bytes]) -> None:
        changed = list(tiles_for(first, hashes, self.tile))
        self._tiles |= {(level, number): tile for level, number, tile in changed}
        async with self._connection.cursor() as cursor:
            await cursor.executemany(self._asked["keep_tile"], changed)

    async def sign(self, size: int, note: str) -> None:
        given = {"size": size, "note": note}
        await self._connection.execute(self._asked["sign_checkpoint"], given)

    async def owed(self, size: int, most: int) -> Sequence[Owed]:
        """Leaves below `size` whose proofs have not been handed out."""
        cursor = await self._connection.execute(self._asked["proofs_given"])
        row = await cursor.fetchone()
        asked = {"first": int(row[0]) if row else 0, "size": size, "most": most}
        cursor = await self._connection.execute(self._asked["proofs_owed"], asked)
        return [
            Owed(
                number=int(number),
                entry=bytes(entry),
                disclosure=disclosure,
                organisation=OrganisationId(organisation),
            )
            for number, entry, disclosure, organisation in await cursor.fetchall()
        ]

    async def given(self, following: int) -> None:
        await self._connection.execute(self._asked["give_proofs"], {"next": following})

    async def tiles(self, owed: Sequence[Owed], size: int) -> None:
        """Have the tiles at hand that the proofs of these leaves need."""
        wanted = {(0, each.number // 256) for each in owed}
        await self._load_edge(size)
        for level, number in sorted(wanted):
            await self._load(level, number)

    async def _load_edge(self, size: int) -> None:
        """Every level's tiles above the leaves: one in 256 of all hashes."""
        level, width = 0, size
        while width:
            for number in range((width - 1) // 256, -1, -1) if level else [(width - 1) // 256]:
                await self._load(level, number)
            level, width = level + 1, width // 256

    async def _load(self, level: int, number: int) -> None:
        if (level, number) in self._tiles:
            return
        asked = {"level": level, "number": number}
        cursor = await self._connection.execute(self._asked["tile"], asked)
        row = await cursor.fetchone()
        if row is None or len(row[0]) % HASH:
            raise LedgerTampered("tile_missing", f"{level}/{number}")
        self._tiles[level, number] = bytes(row[0])

    def tile(self, level: int, number: int) -> bytes:
        try:
            return self._tiles[level, number]
        except KeyError:
            raise LedgerTampered("tile_missing", f"{level}/{number}") from None

    def forget_full_tiles(self, size: int) -> None:
        """Keep the right edge and the upper levels; the leaves' tiles can be read again."""
        edge = size // 256
        self._tiles = {
            place: tile for place, tile in self._tiles.items() if place[0] or place[1] >= edge
        }

    async def woken(self) -> AsyncIterator[None]:
        """When leaves may be waiting, and at least once a second."""
        await self._connection.execute("LISTEN ledger")
        while True:
            yield
            async for _ in self._connection.notifies(timeout=_LOOK_AGAIN, stop_after=1):
                break


@asynccontextmanager
async def ledger(database: str) -> AsyncIterator[PostgresLedger]:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        yield PostgresLedger(connection)
