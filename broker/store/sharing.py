"""
What the pages about sharing show, from PostgreSQL. One desk sees what it has an alert of; whoever
reviews sees overrides and no concern; figures hold no content. Looking is an audit entry.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from broker.domain.desk import Person
from broker.domain.ids import AlertId, NotificationId, OrganisationId, ThreadId
from broker.domain.kept import Kept
from broker.domain.sharing import Override, Review, Statement
from broker.domain.sharing_desk import (
    About,
    Figure,
    Figures,
    History,
    OverrideCase,
    Recalled,
    RecallLine,
    RoundLine,
    ToldUnder,
    working_days,
)
from broker.domain.words import STATEMENTS, Category, Extent, Level, Role
from broker.ports import Custody
from broker.store.kept import kept
from broker.store.postgres import Connection
from broker.store.queries import queries

Row = Mapping[str, Any]
_ACKNOWLEDGED = {"received", "read"}


@dataclass(frozen=True, slots=True)
class PostgresSharing:
    """The SharingDesk of desk_ports.py."""

    pool: AsyncConnectionPool[Connection]
    custody: Custody
    statement: Callable[[Kept], Statement]
    leaf: Callable[[Person, str, datetime], tuple[bytes, bytes]]  # the leaf, and its record
    reasons: Collection[str]  # why statements are turned away
    asked: Mapping[str, bytes] = field(default_factory=lambda: queries("sharing"), repr=False)

    async def about(self, person: Person, alert: AlertId) -> About | None:
        rows = await self._rows("about", {**_desk(person), "alert": alert})
        return _about(rows[0]) if rows else None

    async def named(self, person: Person, named: str) -> AlertId | None:
        rows = await self._rows("alert_named", {**_desk(person), "named": named})
        return AlertId(rows[0]["id"]) if rows else None

    async def history(self, person: Person, alert: AlertId, now: datetime) -> History | None:
        rows = await self._rows("about", {**_desk(person), "alert": alert})
        if not rows:
            return None
        row = rows[0]
        about = _about(row)
        entry, record = self.leaf(person, row["decision"], now)
        wrapped, body = self.custody.keep(record, subject_key=row["wrapped"])
        looked = {"entry": entry, "subject": row["subject"], "wrapped_key": wrapped, "record": body}
        async with self.pool.connection() as connection:
            await connection.execute(self.asked["looked"], looked)
        types = sorted(each.value for each in STATEMENTS)
        said = await self._rows("statements", {"subject": row["subject"], "types": types})
        thread = {"publisher": about.publisher, "thread": about.thread}
        rounds = await self._rows("rounds", {**_desk(person), **thread})
        return History(
            about=about,
            statements=[self.statement(_kept(each)) for each in said],
            rounds=[
                RoundLine(
                    at=each["at"],
                    why=each["why"],
                    outcome=each["outcome"],
                    extents=_extents(each["extents"]),
                )
                for each in rounds
            ],
        )

    async def recall(self, person: Person, alert: AlertId) -> RecallLine | None:
        rows = await self._rows("recall", {**_desk(person), "alert": alert})
        if not rows:
            return None
        row = rows[0]
        return RecallLine(
            ground=row["ground"],
            categories=[Category(each) for each in row["held"]],
            at=row["created"],
            first=None if row["first"] is None else AlertId(row["first"]),
        )

    async def overrides(
        self, raised_by: Collection[OrganisationId], now: datetime
    ) -> Sequence[OverrideCase]:
        rows = await self._rows("overrides", {"organisations": sorted(raised_by)})
        said = [(self.statement(_kept(row)), row["subject"]) for row in rows]
        reviews: dict[NotificationId, Review] = {}
        for each, _ in said:
            if isinstance(each, Review):
                reviews[each.override] = each  # the last one said
        raised = [(each, subject) for each, subject in said if isinstance(each, Override)]
        threads = sorted({each.concern for each, _ in raised if each.concern is not None})
        named = await self._rows("references", {"threads": threads}) if threads else []
        references = {ThreadId(row["thread"]): row["reference"] for row in named}
        return [
            OverrideCase(
                override=each,
                reference=references.get(each.concern or ThreadId(""), ""),
                review=reviews.get(each.id),
                told=await self._told_under(each.id, subject),
                days=(now.date() - each.recorded.date()).days,
                working_days=working_days(each.recorded.date(), now.date()),
            )
            for each, subject in raised
        ]

    async def figures(self) -> Figures:
        reasons = {"reasons": sorted(self.reasons)}
        return Figures(
            decisions=[_figure(row, 3) for row in await self._rows("decisions", {})],
            grounds=[_figure(row, 4) for row in await self._rows("grounds", {})],
            recalls=[
                Recalled(
                    organisation=OrganisationId(row["organisation"]),
                    role=Role(row["role"]),
                    ground=row["ground"],
                    issued=row["created"],
                    acknowledged=row["acknowledged"],
                )
                for row in await self._rows("recalls", {})
            ],
            turned_away=[_figure(row, 2) for row in await self._rows("turned_away", reasons)],
        )

    async def since(self, publisher: OrganisationId, made: NotificationId) -> datetime | None:
        rows = await self._rows("since", {"publisher": publisher, "id": made})
        return rows[0]["received"] if rows else None

    async def _told_under(self, override: NotificationId, subject: str) -> list[ToldUnder]:
        asked = {"override": override, "subject": subject}
        told: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in await self._rows("told_under", asked):
            told[row["organisation"], row["role"]].append(row)
        return [
            ToldUnder(
                organisation=OrganisationId(organisation),
                role=Role(role),
                categories=[each for each in Category if each in _under(override, rows)],
                sent=any(row["state"] != "waiting" for row in rows),
                recalled=any(row["recall"] is not None for row in rows),
                acknowledged=all(
                    row["seen"] or row["recall"] in _ACKNOWLEDGED
                    for row in rows
                    if row["recall"] is not None
                ),
            )
            for (organisation, role), rows in told.items()
        ]

    async def _rows(self, name: str, asked: Mapping[str, Any]) -> list[Row]:
        async with (
            self.pool.connection() as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            await cursor.execute(self.asked[name], asked)
            return list(await cursor.fetchall())


def _desk(person: Person) -> dict[str, str]:
    return {"organisation": person.organisation, "role": person.role.value if person.role else ""}


def _extents(written: Mapping[str, str]) -> Mapping[Category, Extent]:
    return {Category(name): Extent(extent) for name, extent in written.items()}


def _about(row: Row) -> About:
    return About(
        alert=AlertId(row["alert"]),
        thread=ThreadId(row["thread"]),
        reference=row["reference"],
        publisher=OrganisationId(row["publisher"]),
        level=Level(row["level"]),
        extents=_extents(row["extents"]),
        location_barred=row["question"].get("location_barred") is True,
    )


def _kept(row: Row) -> Kept:
    columns = ("id", "publisher", "type", "received", "wrapped", "wrapped_key", "body")
    return kept([row[name] for name in columns])


def _under(override: NotificationId, rows: Sequence[Row]) -> set[Category]:
    """The categories that were told at all, and rested on this override."""
    found: set[Category] = set()
    for row in rows:
        told = {name.partition(".")[0] for name in row["claims"]} | set(row["held"])
        rested = {name for name, each in row["overrides"].items() if each == override}
        found |= {Category(name) for name in told & rested}
    return found


def _figure(row: Row, words: int) -> Figure:
    values = list(row.values())
    return Figure(
        by=tuple(str(each) for each in values[:words]),
        counts=tuple(int(each) for each in values[words:]),
    )
