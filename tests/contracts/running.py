"""One broker's intake with a clock over either store, and what can be seen of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from broker.domain.batch import Batch
from broker.domain.ids import OrganisationId
from broker.domain.known import Relationship
from broker.domain.words import EventType, Lane, RelationshipKind, Role
from broker.intake import Intake
from broker.store.memory import MemoryStore
from tests.world import NOW, World, batch_of, statement


@dataclass(slots=True)
class Clock:
    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Bench:
    """One broker's intake with a clock, and what can be seen of its store."""

    store: Any
    world: World = field(default_factory=World)
    clock: Clock = field(default_factory=Clock)
    offset: int = 0

    @property
    def intake(self) -> Intake:
        deciding = self.world.deciding(self.clock)
        return Intake(read_one=self.world.reader().read_one, deciding=deciding, store=self.store)

    async def take(self, data: Mapping[str, Any]) -> Any:
        publisher = OrganisationId(data["iss"])
        lane = Lane.EMERGENCY if data.get("urgency") == "immediate" else Lane.ROUTINE
        record = self.world.record(data, self.offset)
        self.offset += 1
        self.clock.at += timedelta(seconds=1)
        batch: Batch = batch_of([record], publisher=publisher, lane=lane)
        return await self.intake.take_in(_at(batch, self.offset))

    async def say(self, kind: EventType, said: Mapping[str, Any], **by: Any) -> Any:
        return await self.take(statement(kind, said, key=f"said-{self.offset}", **by))

    async def relate(self, organisation: str, role: str, kind: str) -> None:
        """A relationship that holds, as the store keeps it."""
        if isinstance(self.store, MemoryStore):
            (subject,) = self.store.tables.subject
            self.store.tables.relationships.setdefault(subject, []).append(
                Relationship(
                    organisation=OrganisationId(organisation),
                    role=Role(role),
                    kind=RelationshipKind(kind),
                    since=NOW - timedelta(days=9),
                )
            )
            return
        async with self.store._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO relationship (subject, organisation, role, kind, since, source)"
                " SELECT id, %s, %s, %s, %s, 'test' FROM subject",
                (organisation, role, kind, NOW - timedelta(days=9)),
            )

    async def outbox(self, kind: str = "disclosure") -> list[tuple[str, str, tuple[str, ...]]]:
        """(organisation, state or reason, claims or categories) of each row, oldest first."""
        if isinstance(self.store, MemoryStore):
            return [
                (r["organisation"], r.get("reason") or r["state"], (*r["claims"], *r["held"]))
                for r in self.store.tables.outbox
                if r["kind"] == kind
            ]
        async with self.store._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT organisation, coalesce(reason, state), claims || held FROM outbox"
                " WHERE kind = %s ORDER BY id",
                (kind,),
            )
            return [(row[0], row[1], tuple(row[2])) for row in await cursor.fetchall()]

    async def told(self, organisation: str) -> set[str]:
        """The categories that wait for, or have left to, this organisation."""
        return {
            name.partition(".")[0]
            for who, state, names in await self.outbox()
            if who == organisation and state in {"waiting", "sent"}
            for name in names
        }

    async def send(self) -> None:
        """As the relay does: all that waits leaves."""
        if isinstance(self.store, MemoryStore):
            for row in self.store.tables.outbox:
                if row["state"] == "waiting":
                    row["state"] = "sent"
            return
        async with self.store._pool.connection() as connection:
            await connection.execute("UPDATE outbox SET state = 'sent' WHERE state = 'waiting'")


def _at(batch: Batch, offset: int) -> Batch:
    """Each record is a batch of its own partition, so that any lane may come at any time."""
    return replace(batch, partition=offset)
