"""
The store's twin in memory, for tests and demonstrations: it keeps nothing when it ends. One
contract test runs on both.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from broker.domain.batch import Batch, Genuine, Tally, Unreadable
from broker.domain.identity import KeptProfile, SubjectKind
from broker.domain.ids import DisclosureId, NotificationId, OrganisationId, SubjectId, ThreadId
from broker.domain.kept import Held, Kept, KeptConcern, KeptTold, Linked, Which
from broker.domain.known import Known, Match, MatchState, Relationship
from broker.domain.pointer import Undecided
from broker.domain.rows import COLUMNS, Rows
from broker.domain.words import STATEMENTS, Category, EventType, Role
from broker.errors import OffsetMoved
from broker.ports import Came
from broker.store.snapshot import unused_subject

Line = dict[str, Any]
"""One row by its columns."""


@dataclass(slots=True)
class Tables:
    """What has been committed."""

    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    quarantine: list[Unreadable] = field(default_factory=list)
    blocking_key: dict[int, set[SubjectId]] = field(default_factory=dict)
    profile: dict[SubjectId, Line] = field(default_factory=dict)
    household_member: list[Line] = field(default_factory=list)
    born_alike: set[tuple[SubjectId, SubjectId]] = field(default_factory=set)
    do_not_link: set[tuple[SubjectId, SubjectId]] = field(default_factory=set)
    relationships: dict[SubjectId, list[Relationship]] = field(default_factory=dict)
    subject: dict[SubjectId, Line] = field(default_factory=dict)
    subject_keys: dict[SubjectId, bytes] = field(default_factory=dict)
    listed: dict[SubjectId, set[OrganisationId]] = field(default_factory=dict)
    inbox: list[Line] = field(default_factory=list)
    round: list[Line] = field(default_factory=list)
    decision: list[Line] = field(default_factory=list)
    outbox: list[Line] = field(default_factory=list)
    undecided: list[Line] = field(default_factory=list)
    rows: list[Rows] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)


class MemoryTransaction:
    """One batch over a copy of the tables; the copy becomes the tables at the end."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def advance(self, batch: Batch) -> None:
        place = (batch.topic, batch.partition)
        if self._tables.offsets.get(place, batch.first) != batch.first:
            raise OffsetMoved("offset_moved", f"{batch.topic} {batch.partition}")
        self._tables.offsets[place] = batch.following

    async def came_before(self, publisher: OrganisationId, ids: Collection[NotificationId]) -> Came:
        return {
            row["id"]: row["token_sha256"]
            for row in self._tables.inbox
            if row["publisher"] == publisher and row["id"] in ids
        }

    async def keep_apart(self, unreadable: Sequence[Unreadable]) -> None:
        self._tables.quarantine += unreadable

    async def identities(
        self,
        fresh: Sequence[Genuine],
        now: datetime,
        subjects: Collection[SubjectId] = (),
        *,
        holds: bool = True,
    ) -> Known:
        del subjects, holds  # all of them are here, and nobody else is
        tables = self._tables
        concerns = [row for row in tables.inbox if row["type"] == EventType.CONCERN_RAISED.value]
        return Known(
            now=now,
            unused={each.notification.id: unused_subject(each) for each in fresh},
            found={key: frozenset(each) for key, each in tables.blocking_key.items()},
            kept_profiles={
                subject: self._kept_profile(subject, row)
                for subject, row in tables.profile.items()
                if tables.subject[subject]["state"] != "redirected"
            },
            households={row["subject"]: row["household"] for row in tables.household_member},
            threads={ThreadId(row["thread"]): row["subject"] for row in concerns},
            wrote={ThreadId(row["thread"]): row["publisher"] for row in concerns},
            subject_keys=dict(tables.subject_keys),
        )

    def _kept_profile(self, subject: SubjectId, row: Line) -> KeptProfile:
        standing = self._tables.subject[subject]
        return KeptProfile(
            subject=subject,
            kind=SubjectKind(standing["kind"]),
            provisional=standing["state"] == "provisional",
            doubted=frozenset(standing["doubted"]),
            apart=frozenset(
                one if subject == other else other
                for one, other in self._tables.do_not_link
                if subject in {one, other}
            ),
            hidden_from=frozenset(),
            twin=any(subject in pair for pair in self._tables.born_alike),
            version=row["version"],
            wrapped_key=row["wrapped_key"],
            body=row["body"],
        )

    async def known_about(
        self, known: Known, fresh: Sequence[Genuine], subjects: Collection[SubjectId]
    ) -> Known:
        del fresh
        tables = self._tables
        named = [each for each in subjects if each in tables.subject]
        return replace(
            known,
            relationships={each: tuple(tables.relationships.get(each, ())) for each in named},
            protected={
                each: frozenset(tables.listed.get(each, ()))
                for each in named
                if tables.subject[each]["protected"]
            },
            subject_keys=dict(tables.subject_keys),
            facts={each: tables.subject[each]["facts"] for each in named},
        )

    async def seen_about(self, subjects: Collection[SubjectId], now: datetime) -> Known:
        return await self.known_about(Known(now=now, unused={}), [], subjects)

    async def said_about(
        self, subjects: Collection[SubjectId]
    ) -> Mapping[SubjectId, Sequence[Kept]]:
        kinds = {each.value for each in STATEMENTS | {EventType.CASE_CLOSED}}
        return {
            subject: [
                self._kept(row)
                for row in self._tables.inbox
                if row["subject"] == subject and row["type"] in kinds
            ]
            for subject in subjects
        }

    async def decided_before(self, which: Which) -> Sequence[KeptConcern]:
        of_subject = [row for row in self._tables.inbox if row["subject"] == which.subject]
        retracted = {
            row["thread"] for row in of_subject if row["type"] == EventType.CONCERN_RETRACTED.value
        }
        found = [
            row
            for row in of_subject
            if row["type"] == EventType.CONCERN_RAISED.value
            and row["thread"] not in retracted
            and which.thread in {None, row["thread"]}
            and (which.among is None or row["thread"] in which.among)
            and which.notification in {None, row["id"]}
            and (row["publisher"], row["id"]) not in self._open()
        ]
        newest = {row["thread"]: row["id"] for row in found}
        return [
            self._concern(row)
            for row in found
            if which.every_version or newest[row["thread"]] == row["id"]
        ]

    def _kept(self, row: Line) -> Kept:
        return Kept(
            id=row["id"],
            publisher=row["publisher"],
            type=EventType(row["type"]),
            received=row["received"],
            subject_key=self._tables.subject_keys[row["subject"]],
            wrapped_key=row["wrapped_key"],
            body=row["body"],
        )

    def _concern(self, row: Line) -> KeptConcern:
        rounds = [each["round"] for each in self._tables.round if each["notification"] == row["id"]]
        return KeptConcern(
            kept=self._kept(row),
            match=Match(
                subject=row["subject"],
                state=MatchState(row["match"]),
                why=row["match_why"],
                doubted=frozenset(map(SubjectId, row["doubted"])),
            ),
            token_sha256=row["token_sha256"],
            topic=row["topic"],
            partition=row["partition"],
            offset=row["at_offset"],
            round=max(rounds, default=1),
            told=[
                self._told(each)
                for each in self._tables.outbox
                if each["notification"] == row["id"]
                and each["kind"] == "disclosure"
                and each["state"] != "refused"
            ],
        )

    def _told(self, row: Line) -> KeptTold:
        (decision,) = (each for each in self._tables.decision if each["id"] == row["decision"])
        return KeptTold(
            disclosure=DisclosureId(row["disclosure"]),
            decision=row["decision"],
            organisation=row["organisation"],
            role=Role(decision["role"]),
            claims=row["claims"],
            held=[Category(each) for each in row["held"]],
            waiting=row["state"] == "waiting",
            rests=json.loads(decision["rests"]),
            recalled=frozenset(
                Category(category)
                for each in self._tables.outbox
                if each["kind"] == "recall" and each["decision"] == row["decision"]
                for category in each["held"]
            ),
        )

    def _open(self) -> set[tuple[OrganisationId, NotificationId]]:
        waiting = (row for row in self._tables.undecided if row["settled"] is None)
        return {(row["publisher"], row["notification"]) for row in waiting}

    async def hold(self, subjects: Collection[SubjectId]) -> Sequence[Held]:
        return [
            Held(
                subject=each,
                provisional=row["state"] == "provisional",
                redirect_to=row.get("redirect_to"),
                since=row["since"],
            )
            for each in sorted(subjects)
            if (row := self._tables.subject.get(each)) is not None
        ]

    async def linked(self, subjects: Collection[SubjectId]) -> Sequence[Linked]:
        return [
            Linked(
                kept=self._kept(row),
                subject=row["subject"],
                thread=row["thread"],
                about=row["about"],
                turn=row["turn"],
                match=Match(
                    subject=row["subject"],
                    state=MatchState(row["match"]),
                    why=row["match_why"],
                    doubted=frozenset(row["doubted"]),
                    disputed=frozenset(row["disputed"]),
                ),
            )
            for row in self._tables.inbox
            if row["subject"] in subjects
        ]

    async def whose(self, threads: Collection[ThreadId]) -> Sequence[SubjectId]:
        rows = self._tables.inbox
        return sorted({row["subject"] for row in rows if row["about"] in threads})

    async def registered(
        self, subjects: Collection[SubjectId]
    ) -> Mapping[SubjectId, tuple[bytes, bytes]]:
        del subjects  # nobody brings a register along here
        return {}

    async def brought(
        self, subject: SubjectId, sources: Collection[str], now: datetime
    ) -> Collection[tuple[OrganisationId, Role]]:
        del subject, sources, now  # relationships are told of to this twin, and brought by nobody
        return set()

    async def undecided(self) -> Sequence[Undecided]:
        still = self._open()
        return [
            Undecided(publisher=row["publisher"], notification=row["id"], subject=row["subject"])
            for row in self._tables.inbox
            if (row["publisher"], row["id"]) in still
        ]

    async def settle(self, each: Undecided, now: datetime) -> bool:
        for row in self._tables.undecided:
            if (row["publisher"], row["notification"]) == (each.publisher, each.notification):
                before, row["settled"] = row["settled"], row["settled"] or now
                return before is None
        return False

    async def let_go(self, notification: NotificationId) -> None:
        waiting = (notification, "disclosure", "waiting")
        for row in self._tables.outbox:
            if (row["notification"], row["kind"], row["state"]) == waiting:
                row |= {"state": "refused", "reason": "retracted"}

    async def write(self, rows: Rows) -> None:
        tables = self._tables
        for row in _lines(rows, "subject"):
            tables.subject[row["id"]] = {**row, "facts": 0}
        tables.subject_keys |= {
            row["subject"]: row["wrapped"] for row in _lines(rows, "subject_key")
        }
        for row in _lines(rows, "profile"):
            tables.profile[row["subject"]] = row
        for row in _lines(rows, "unkeyed"):
            for held in tables.blocking_key.values():
                held.discard(row["subject"])
        for row in _lines(rows, "blocking_key"):
            tables.blocking_key.setdefault(row["key"], set()).add(row["subject"])
        for row in _lines(rows, "standing"):
            tables.subject[row["subject"]] |= row
        tables.born_alike |= {(row["a"], row["b"]) for row in _lines(rows, "born_alike")}
        tables.household_member += _lines(rows, "household_member")
        for row in _lines(rows, "allow_list"):
            tables.listed.setdefault(row["subject"], set()).add(row["organisation"])
        for row in _lines(rows, "protected"):
            tables.subject[row["subject"]]["protected"] = True
        for row in _lines(rows, "changed"):
            tables.subject[row["subject"]]["facts"] += 1
        for row in _lines(rows, "superseded"):
            for each in tables.outbox:
                if each["disclosure"] == row["disclosure"] and each["state"] == "waiting":
                    each |= {"state": "refused", "reason": row["reason"]}
        links = {(row["publisher"], row["notification"]): row for row in _lines(rows, "link")}
        tables.inbox += [
            {**row, **links[row["publisher"], row["id"]]} for row in _lines(rows, "inbox")
        ]
        self._correct(rows)
        tables.undecided += [{**row, "settled": None} for row in _lines(rows, "undecided")]
        tables.round += _lines(rows, "round")
        tables.decision += _lines(rows, "decision")
        tables.outbox += [{**row, "state": "waiting"} for row in _lines(rows, "outbox")]
        tables.rows.append(rows)

    def _correct(self, rows: Rows) -> None:
        """Where things stand from now on."""
        tables = self._tables
        links = {(row["publisher"], row["notification"]): row for row in _lines(rows, "relinked")}
        tables.inbox = [
            {**row, **links.get((row["publisher"], row["id"]), {})} for row in tables.inbox
        ]
        for row in _lines(rows, "redirected"):
            gone = {"state": "redirected", "redirect_to": row["subject"]}
            tables.subject[row["other"]] |= gone
        for row in _lines(rows, "taken_over"):
            theirs = tables.relationships.get(row["other"], [])
            tables.relationships.setdefault(row["subject"], []).extend(theirs)
        for row in _lines(rows, "do_not_link"):
            tables.do_not_link.add((row["a"], row["b"]))

    async def count(self, batch: Batch, tally: Tally) -> None:
        self._tables.tallies.append(tally)

    async def likely(self, keys: Collection[int], now: datetime) -> Known:
        del keys  # whoever is not asked for is none the nearer
        return await self.identities([], now)

    async def likely_named(self, subjects: Collection[SubjectId], now: datetime) -> Known:
        known = await self.identities([], now)
        kept = {each: held for each, held in known.kept_profiles.items() if each in subjects}
        return replace(known, kept_profiles=kept)

    async def standing(self, subject: SubjectId) -> Sequence[KeptConcern]:
        return list(reversed(await self.decided_before(Which(subject=subject))))


def _lines(rows: Rows, table: str) -> list[Line]:
    return [dict(zip(COLUMNS[table], row, strict=True)) for row in getattr(rows, table)]


class MemoryStore:
    """Transactions one after the other, as a partition's are."""

    def __init__(self) -> None:
        self.tables = Tables()
        self._one = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        async with self._one:
            draft = deepcopy(self.tables)
            yield MemoryTransaction(draft)
            self.tables = draft

    def sent(self, disclosure: str) -> None:
        """As the relay does: this one has left."""
        for row in self.tables.outbox:
            if row["disclosure"] == disclosure:
                row["state"] = "sent"

    async def next_offsets(self, topics: Collection[str]) -> Mapping[tuple[str, int], int]:
        return {place: at for place, at in self.tables.offsets.items() if place[0] in topics}

    async def counts(self) -> Mapping[str, int]:
        """How many rows of each kind have been committed."""
        rows = self.tables.rows
        return {
            "inbox": sum(len(each.inbox) for each in rows),
            "decision": sum(len(each.decision) for each in rows),
            "outbox": sum(len(each.outbox) for each in rows),
            "leaf_waiting": sum(len(each.leaf_waiting) for each in rows),
            "quarantine": len(self.tables.quarantine),
        }
