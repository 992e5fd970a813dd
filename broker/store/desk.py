"""
What a desk sees, from PostgreSQL: alerts cut to the claims of their disclosure, nothing more. Every
look at an alert is an audit entry in the transaction of the look.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from broker.domain.columns import Row, ruling_in
from broker.domain.correction import CorrectionKind
from broker.domain.decision import Ruling
from broker.domain.desk import (
    AlertLine,
    AlertView,
    Contact,
    Earlier,
    Person,
    PointerView,
    Shows,
    Told,
)
from broker.domain.ids import AlertId, OrganisationId
from broker.domain.known import Rules
from broker.domain.waiting import Errand
from broker.domain.words import Agency, Category, EventType, Extent, Level
from broker.ports import Custody, Policies
from broker.store.postgres import Connection
from broker.store.queries import queries

_MOST_LINES = 200
_POINTER = Errand.POINTER.value
_CORRECTIONS = frozenset(each.value for each in CorrectionKind)
Looking = Callable[[Person, Sequence[Row]], Awaitable[Mapping[str, Shows]]]
"""What each row may still show this person now, by the alert's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How rows become what a page shows: words and people, which the store does not know."""

    claims_of: Callable[[str], Mapping[str, Any]]
    plain_of: Callable[[str], Mapping[str, Any]]
    child_of: Callable[[Mapping[str, Any]], str]
    new_in: Callable[..., str]
    involved: str  # what a pointer says
    names: Mapping[OrganisationId, str]
    agencies: Mapping[OrganisationId, Agency]
    contacts: Mapping[OrganisationId, Contact]
    policies: Callable[[], Policies]  # in force now
    leaf: Callable[[Person, str, datetime], tuple[bytes, bytes]]  # the leaf, and its record
    leaf_of_pointer: Callable[[Person, str, datetime], tuple[bytes, bytes]]


class PostgresDesk:
    """The Desk of desk_ports.py."""

    def __init__(
        self,
        pool: AsyncConnectionPool[Connection],
        custody: Custody,
        shown: Shown,
        looking: Looking,
        database: str,
    ) -> None:
        self._pool, self._custody, self._shown = pool, custody, shown
        self._looking, self._database = looking, database
        self._asked = queries("desk")

    async def alerts(self, person: Person) -> Sequence[AlertLine]:
        self._shown.policies()  # raises: an empty list that nobody could check is not an answer
        asked = {**_desk(person), "most": _MOST_LINES}
        rows = await self._rows("alerts", asked)
        shows = await self._looking(person, rows)
        lines = [self._line(row, shows.get(row["id"])) for row in rows]
        return sorted(lines, key=_must_see_first)

    async def pointers(self, person: Person) -> tuple[Sequence[AlertLine], int]:
        rows = await self._rows("alerts", {**_desk(person), "most": _MOST_LINES})
        lines = [self._line(row, None) for row in rows if row["kind"] == _POINTER]
        return sorted(lines, key=_must_see_first), len(rows)

    async def alert(
        self, person: Person, alert: AlertId, now: datetime
    ) -> AlertView | PointerView | None:
        asked = {**_desk(person), "alert": alert}
        async with (
            self._pool.connection() as connection,
            connection.transaction(),
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            await cursor.execute(self._asked["alert"], asked)
            row = await cursor.fetchone()
            if row is None:
                return None
            await cursor.execute(self._asked["looked"], self._looked(person, row, now))
        if row["kind"] == _POINTER:
            line, ring = self._line(row, None), self._shown.contacts[row["ring"]]
            return PointerView(line=line, reference=row["reference"], ring=ring)
        earlier = await self._rows("earlier", {**asked, "subject": row["subject"]})
        shows = await self._looking(person, [row, *earlier])
        told = [self._earlier(each, shows.get(each["id"])) for each in earlier]
        return self._view(row, shows.get(row["id"]), told)

    def _looked(self, person: Person, row: Row, now: datetime) -> Row:
        """The leaf of this look; who it was stands under the subject's key."""
        if row["kind"] == _POINTER:
            entry, record = self._shown.leaf_of_pointer(person, row["disclosure"], now)
        else:
            entry, record = self._shown.leaf(person, row["decision"], now)
        wrapped, body = self._custody.keep(record, subject_key=row["wrapped"])
        subject = row["subject"]
        return {"entry": entry, "subject": subject, "wrapped_key": wrapped, "record": body}

    async def seen(self, person: Person, alert: AlertId, now: datetime) -> None:
        given = {**_desk(person), "alert": alert, "person": person.id, "at": now}
        async with self._pool.connection() as connection:
            await connection.execute(self._asked["seen"], given)

    async def changes(self, person: Person, shown: int) -> AsyncIterator[bool]:
        """One listening connection for each open page; it says only that something came."""
        wanted = f"{person.organisation} {person.role.value if person.role else ''}"
        async with await psycopg.AsyncConnection.connect(
            self._database, autocommit=True
        ) as connection:
            await connection.execute("LISTEN alert")
            yield len(await self._rows("alerts", {**_desk(person), "most": _MOST_LINES})) != shown
            async for each in connection.notifies():
                if each.payload == wanted:
                    yield True

    async def _rows(self, name: str, asked: Mapping[str, Any]) -> list[Row]:
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            await cursor.execute(self._asked[name], asked)
            return list(await cursor.fetchall())

    def _token(self, row: Row) -> str:
        return self._custody.reveal(
            subject_key=row["wrapped"], wrapped_key=row["wrapped_key"], body=row["body"]
        ).decode()

    def _claims(self, row: Row, shows: Shows | None) -> dict[str, Any]:
        """Just the claims that this disclosure let pass and that may be told now."""
        found = self._shown.claims_of(self._token(row))
        return {name: found[name] for name in (shows.claims if shows else ()) if name in found}

    def _new(self, row: Row, claims: Mapping[str, Any], shows: Shows | None) -> str:
        if row["kind"] == _POINTER:
            return self._shown.involved
        return self._shown.new_in(
            claims,
            retracted=row["type"] == EventType.CONCERN_RETRACTED.value,
            recalled=row["kind"] == "recall",
            ended=shows is not None and not shows.claims and not shows.held,
        )

    def _line(self, row: Row, shows: Shows | None) -> AlertLine:
        claims = {} if row["kind"] == _POINTER else self._claims(row, shows)
        return AlertLine(
            id=AlertId(row["id"]),
            child=self._shown.child_of(claims.get("identity.summary", {})),
            new=self._new(row, claims, shows),
            publisher=self._from(row),
            level=None if row["level"] is None else Level(row["level"]),
            must_see=row["must_see"],
            seen=row["seen"],
            at=row["created"],
        )

    def _from(self, row: Row) -> str:
        """Who published it; of a pointer whom to ring, since the publisher could tell a place."""
        named = row["ring" if row["kind"] == _POINTER else "publisher"]
        return self._shown.names.get(named, named)

    def _earlier(self, row: Row, shows: Shows | None) -> Earlier:
        return Earlier(
            alert=AlertId(row["id"]),
            at=row["created"],
            publisher=self._from(row),
            new=self._new(row, self._claims(row, shows), shows),
        )

    def _view(self, row: Row, shows: Shows | None, earlier: Sequence[Earlier]) -> AlertView:
        claims, plain = self._claims(row, shows), self._shown.plain_of(self._token(row))
        ruling = self._ruling(row, shows)
        return AlertView(
            line=self._line(row, shows),
            reference=row["reference"],
            agency=self._shown.agencies[row["publisher"]],
            issued=row["issued"],
            ring=self._ring(row, claims),
            why_you=row["why"],
            because=self._because(ruling),
            told=_told(claims, ruling),
            held=self._held(shows.held if shows else ()),
            not_shown=[each for each in Category if ruling.extents[each] is Extent.NOTHING],
            may_be_told=plain.get("family", {}).get("may_be_told", "not_known"),
            handling=plain.get("handling", []),
            duties=sorted(ruling.duties),
            consent=_refused(row, self._shown.policies().rules),
            child_certain=row["match"] != "needs_person",
            late=row["decided_again"] in _CORRECTIONS,
            earlier=earlier,
            policy=ruling.policy,
        )

    def _ruling(self, row: Row, shows: Shows | None) -> Ruling:
        """As decided now; of a retraction or a recall as decided when it was told."""
        if shows is not None:
            return shows.decision.ruling
        return ruling_in(row, row["level"])

    def _ring(self, row: Row, claims: Mapping[str, Any]) -> list[Contact]:
        """Who wrote it, if they may be named; else the organisation to ring about it."""
        reply = claims.get("narrative.full", {}).get("reply", {})
        usual = self._shown.contacts[row["ring"]]
        if reply.get("telephone"):
            return [
                Contact(
                    role=reply["role"],
                    name=reply.get("name", ""),
                    telephone=reply["telephone"],
                    organisation=usual.organisation,
                )
            ]
        return [usual]

    def _because(self, ruling: Ruling) -> list[tuple[str, str]]:
        gave = [
            policy
            for category in Category
            if ruling.extents[category] is not Extent.NOTHING
            for policy in ruling.because[category].permits
        ]
        sentences = self._shown.policies().sentences
        return [(policy, sentences.get(policy, "")) for policy in dict.fromkeys(gave)]

    def _held(self, held: Sequence[Category]) -> list[Category | None]:
        """A category whose name alone would tell is not named."""
        blind = self._shown.policies().rules.blind
        return list(dict.fromkeys(None if each in blind else each for each in held))


def _desk(person: Person) -> dict[str, str]:
    return {"organisation": person.organisation, "role": person.role.value if person.role else ""}


def _must_see_first(line: AlertLine) -> tuple[bool, int, float]:
    waiting = line.must_see and not line.seen
    level = -list(Level).index(line.level or Level.EMERGENCY) if waiting else 0
    return (not waiting, level, -line.at.timestamp())


def _refused(row: Row, rules: Rules) -> str | None:
    """Whether somebody had refused when it was decided: as the publisher said, or a directive."""
    stated = str(row["question"]["consent_stated"])
    wished = (row["rests"] or {}).get("consent", {})
    states = {stated, *(each["state"] for each in wished.values())}
    states &= {state.value for state in rules.refused_states}
    return min(states, default=None)


def _told(claims: Mapping[str, Any], ruling: Ruling) -> list[Told]:
    """The words first: what worries them, the child's voice; then the rest."""
    order = [Category.NARRATIVE, Category.CHILDS_VOICE, *Category]
    return [
        Told(
            category=category,
            extent=ruling.extents[category],
            summary=claims.get(f"{category.value}.summary", {}),
            full=claims.get(f"{category.value}.full", {}),
            permits=ruling.because[category].permits,
        )
        for category in dict.fromkeys(order)
        if f"{category.value}.summary" in claims or f"{category.value}.full" in claims
    ]
