"""
The governance override in PostgreSQL: its steps, one row each, and the look. Every step, every look
and every attempt is an audit entry in the same transaction; words stand under the subject's key.
"""

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from psycopg import AsyncCursor
from psycopg.rows import DictRow
from psycopg_pool import AsyncConnectionPool

from broker.domain.desk import Person
from broker.domain.governance import GovernanceOverride, Step, ViewedConcern
from broker.domain.ids import AlertId, GovernanceId, OrganisationId, PersonId, SubjectId
from broker.domain.words import ReviewOutcome
from broker.ports import Custody
from broker.store.cursor import one_transaction
from broker.store.postgres import Connection
from broker.store.queries import queries

Row = Mapping[str, Any]
Leaf = Callable[
    [str, Sequence[OrganisationId], str, Mapping[str, object], datetime], tuple[bytes, bytes]
]
"""Kind, organisations, reference, record, at: the leaf, and what its commitment binds."""

Viewing = Callable[[Person, Sequence[Row], Sequence[Row]], Awaitable[Sequence[ViewedConcern]]]
"""What concerns and decisions show this person, every cap applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Happened:
    """What an audit entry says; the record is bound by its commitment, and needs `at`."""

    kind: str
    by: Sequence[OrganisationId]
    about: str  # the override's id; of an alert that was opened, its decision's
    record: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PostgresGoverning:
    """The Governing of desk_ports.py."""

    pool: AsyncConnectionPool[Connection]
    custody: Custody
    leaf: Leaf
    viewing: Viewing
    fresh_id: Callable[[], str]
    asked: Mapping[str, bytes] = field(default_factory=lambda: queries("governing"), repr=False)

    async def ask(
        self,
        person: Person,
        named: str,
        purpose: str,
        area: Collection[OrganisationId],
        now: datetime,
    ) -> GovernanceId | None:
        async with one_transaction(self.pool) as cursor:
            found = await self._all(
                cursor, "named", {"named": named, "organisations": sorted(area)}
            )
            if len(found) != 1:  # one subject, or none
                return None
            row, made = found[0], GovernanceId(self.fresh_id())
            words = {"reference": row["reference"], "purpose": purpose}
            given = {"id": made, "subject": row["subject"], **_who(person, now)}
            await cursor.execute(self.asked["ask"], {**given, **self._words(words, row)})
            record = {"asked_by": person.id, "subject": row["subject"], "at": now.isoformat()}
            await self._leaf(cursor, _by(person, "governance_asked", made, record), row)
        return made

    async def overrides(self, area: Collection[OrganisationId]) -> Sequence[GovernanceOverride]:
        return await self._read(area, None)

    async def override(
        self, area: Collection[OrganisationId], made: GovernanceId
    ) -> GovernanceOverride | None:
        return next(iter(await self._read(area, made)), None)

    async def approve(
        self, person: Person, made: GovernanceOverride, until: datetime, now: datetime
    ) -> bool:
        given = {"id": made.id, "until": until, **_who(person, now)}
        record = {
            "asked_by": made.asked.person,
            "approved_by": person.id,
            "subject": made.subject,
            "at": now.isoformat(),
            "until": until.isoformat(),
        }
        return await self._step(
            "approve", given, _by(person, "governance_approved", made.id, record)
        )

    async def end(self, person: Person, made: GovernanceOverride, now: datetime) -> bool:
        given = {"id": made.id, **_who(person, now)}
        record = {"ended_by": person.id, "subject": made.subject, "at": now.isoformat()}
        return await self._step("end", given, _by(person, "governance_ended", made.id, record))

    async def review(
        self,
        person: Person,
        made: GovernanceOverride,
        outcome: ReviewOutcome,
        words: str,
        now: datetime,
    ) -> bool:
        given = {"id": made.id, **_who(person, now)}
        said = {"outcome": outcome.value, "words": words}
        record = {"reviewed_by": person.id, "outcome": outcome.value, "at": now.isoformat()}
        happened = _by(person, "governance_reviewed", made.id, record)
        return await self._step("review", given, happened, said)

    async def lapse(self, now: datetime) -> int:
        async with one_transaction(self.pool) as cursor:
            over = await self._all(cursor, "over", {"at": now})
            ended = 0
            for each in over:
                if not await self._all(cursor, "lapse", {"id": each["id"], "at": now}):
                    continue
                (whose,) = await self._all(cursor, "whose", {"id": each["id"]})
                record = {"until": each["until"].isoformat(), "subject": whose["subject"]}
                record["at"] = now.isoformat()
                happened = _Happened(
                    kind="governance_ended", by=[], about=each["id"], record=record
                )
                await self._leaf(cursor, happened, whose)
                ended += 1
        return ended

    async def look(
        self, person: Person, made: GovernanceOverride, now: datetime
    ) -> Sequence[ViewedConcern] | None:
        if made.approved is None:
            return None
        both = [made.asked.person, made.approved.person]
        bodies = list(dict.fromkeys([made.asked.organisation, made.approved.organisation]))
        record = {"viewed_by": person.id, "both": both, "subject": made.subject}
        record["at"] = now.isoformat()
        async with one_transaction(self.pool) as cursor:
            (whose,) = await self._all(cursor, "whose", {"id": made.id})
            happened = _Happened(kind="governance_viewed", by=bodies, about=made.id, record=record)
            look = {"id": made.id, "person": person.id, "at": now, **self._entry(happened, whose)}
            seen = await self._all(cursor, "look", look)
            if not seen:
                return None
            asked = {"subject": seen[0]["subject"]}
            concerns = await self._all(cursor, "concerns", asked)
            decisions = await self._all(cursor, "decisions", asked)
        return await self.viewing(person, concerns, decisions)

    async def attempted(self, person: Person, made: GovernanceId, now: datetime) -> None:
        async with one_transaction(self.pool) as cursor:
            for whose in await self._all(cursor, "whose", {"id": made}):
                await self._attempt(cursor, person, made, whose, now)

    async def attempted_alert(self, person: Person, alert: AlertId, now: datetime) -> None:
        role = person.role.value if person.role else ""
        asked = {"alert": alert, "organisation": person.organisation, "role": role}
        async with one_transaction(self.pool) as cursor:
            for whose in await self._all(cursor, "whose_alert", asked):
                await self._attempt(cursor, person, whose["decision"], whose, now)

    async def _attempt(
        self, cursor: AsyncCursor[DictRow], person: Person, about: str, whose: Row, now: datetime
    ) -> None:
        record = {"attempted_by": person.id, "subject": whose["subject"], "at": now.isoformat()}
        await self._leaf(cursor, _by(person, "governance_attempted", about, record), whose)

    async def _step(
        self, query: str, given: Row, happened: _Happened, words: Mapping[str, str] | None = None
    ) -> bool:
        """One step and its leaf, or neither."""
        async with one_transaction(self.pool) as cursor:
            (whose,) = await self._all(cursor, "whose", {"id": given["id"]})
            said = {} if words is None else self._words(words, whose)
            if not await self._all(cursor, query, {**given, **said}):
                return False
            await self._leaf(cursor, happened, whose)
        return True

    async def _read(
        self, area: Collection[OrganisationId], made: GovernanceId | None
    ) -> list[GovernanceOverride]:
        given = {"organisations": sorted(area), "id": made}
        async with one_transaction(self.pool) as cursor:
            rows = await self._all(cursor, "steps", given)
        return [
            self._override({each["step"]: each for each in steps})
            for _, steps in groupby(rows, key=itemgetter("id"))
        ]

    def _override(self, steps: Mapping[str, Row]) -> GovernanceOverride:
        asked, approved = steps["asked"], steps.get("approved")
        reviewed, ended = steps.get("reviewed"), steps.get("ended")
        said = self._said(asked)
        found = {} if reviewed is None else self._said(reviewed)
        return GovernanceOverride(
            id=GovernanceId(asked["id"]),
            subject=SubjectId(asked["subject"]),
            reference=said["reference"],
            purpose=said["purpose"],
            asked=_step(asked),
            approved=None if approved is None else _step(approved),
            until=None if approved is None else approved["until"],
            ended=None if ended is None else ended["at"],
            reviewed=None if reviewed is None else _step(reviewed),
            outcome=ReviewOutcome(found["outcome"]) if found else None,
            review_words=found.get("words", ""),
        )

    def _words(self, said: Mapping[str, str], whose: Row) -> Row:
        content = json.dumps(said).encode()
        wrapped, body = self.custody.keep(content, subject_key=whose["wrapped"])
        return {"wrapped_key": wrapped, "body": body}

    def _said(self, row: Row) -> Mapping[str, str]:
        content = self.custody.reveal(
            subject_key=row["wrapped"], wrapped_key=row["wrapped_key"], body=row["body"]
        )
        said: dict[str, str] = json.loads(content)
        return said

    async def _leaf(self, cursor: AsyncCursor[DictRow], happened: _Happened, whose: Row) -> None:
        await cursor.execute(self.asked["leaf"], self._entry(happened, whose))

    def _entry(self, happened: _Happened, whose: Row) -> Row:
        record = happened.record
        at = datetime.fromisoformat(str(record["at"]))
        entry, kept = self.leaf(happened.kind, happened.by, happened.about, record, at)
        wrapped, body = self.custody.keep(kept, subject_key=whose["wrapped"])
        subject = whose["subject"]
        return {"entry": entry, "subject": subject, "wrapped_key": wrapped, "record": body}

    async def _all(self, cursor: AsyncCursor[DictRow], name: str, given: Row) -> list[DictRow]:
        await cursor.execute(self.asked[name], given)
        return await cursor.fetchall()


def _who(person: Person, now: datetime) -> Row:
    return {"person": person.id, "organisation": person.organisation, "at": now}


def _by(person: Person, kind: str, about: str, record: Mapping[str, object]) -> _Happened:
    return _Happened(kind=kind, by=[person.organisation], about=about, record=record)


def _step(row: Row) -> Step:
    return Step(
        person=PersonId(row["person"]),
        organisation=OrganisationId(row["organisation"]),
        at=row["at"],
    )
