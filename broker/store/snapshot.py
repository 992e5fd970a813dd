"""What the broker knows about the subjects of a batch, read at one instant for step 3."""

import hashlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg.rows import TupleRow

from broker.domain.batch import Genuine
from broker.domain.decision import Recipient
from broker.domain.ids import OrganisationId, SubjectId, ThreadId
from broker.domain.known import Fingerprint, Known, Relationship
from broker.domain.words import STATEMENTS, Agency, EventType, Gateway, RelationshipKind, Role


@dataclass(frozen=True, slots=True)
class _Threads:
    """Whose the threads are that a batch speaks of, and who published them."""

    subjects: Mapping[ThreadId, SubjectId]
    wrote: Mapping[ThreadId, OrganisationId]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Reads with the transaction's own queries: `asks(name, given)`."""

    asks: Callable[[str, Mapping[str, Any]], Awaitable[list[TupleRow]]]
    holds: bool = True  # nobody else decides about these subjects until the transaction ends

    async def read(
        self, fresh: Sequence[Genuine], now: datetime, subjects: Collection[SubjectId]
    ) -> Known:
        threads = await self._threads(fresh)
        spoken_of = sorted({*subjects, *threads.subjects.values()})
        digests = {digest for each in fresh for digest in each.asked.identifiers}
        of_each = await self._identifiers(spoken_of)
        digests |= {digest for each in of_each.values() for digest in each}
        unused = {each.notification.id: unused_subject(each) for each in fresh}
        if digests and self.holds:
            locks = [int.from_bytes(each[:8], "big", signed=True) for each in sorted(digests)]
            await self.asks("lock_identifiers", {"locks": locks})
        held = await self.asks("holders", {"digests": sorted(digests)}) if digests else []
        holders = {bytes(digest): SubjectId(subject) for digest, subject in held}
        known = Known(
            now=now,
            unused=unused,
            holders=holders,
            threads=threads.subjects,
            wrote=threads.wrote,
            told=await self._told(fresh),
        )
        about = sorted({*spoken_of, *holders.values()})
        return await self._about(about, fresh, known) if about else known

    async def _about(
        self, subjects: Sequence[SubjectId], fresh: Sequence[Genuine], known: Known
    ) -> Known:
        rows = await self.asks("subjects", {"subjects": subjects})
        of_each = await self._identifiers(subjects)
        return replace(
            known,
            fingerprints={
                SubjectId(row[0]): Fingerprint(
                    identifiers=frozenset(of_each.get(row[0], ())),
                    forename=None if row[1] is None else bytes(row[1]),
                    birth_date=None if row[2] is None else bytes(row[2]),
                )
                for row in rows
            },
            relationships=await self._relationships(subjects, known.now),
            areas={SubjectId(row[0]): row[3] for row in rows if row[3] is not None},
            protected=await self._protected([row[0] for row in rows if row[4]]),
            subject_keys={SubjectId(row[0]): bytes(row[5]) for row in rows},
            facts={SubjectId(row[0]): row[6] for row in rows},
            published=await self._published(subjects, fresh),
        )

    async def _threads(self, fresh: Sequence[Genuine]) -> _Threads:
        """Of retractions their own thread, of statements the concern that they are about."""
        named = {
            each.notification.concern or each.notification.thread
            for each in fresh
            if each.notification.type in STATEMENTS | {EventType.CONCERN_RETRACTED}
        }
        rows = await self.asks("spoken_of", {"threads": sorted(named)}) if named else []
        return _Threads(
            subjects={ThreadId(row[0]): SubjectId(row[1]) for row in rows},
            wrote={ThreadId(row[0]): OrganisationId(row[2]) for row in rows},
        )

    async def _identifiers(self, subjects: Sequence[str]) -> Mapping[str, set[bytes]]:
        of_each: dict[str, set[bytes]] = defaultdict(set)
        if subjects:
            for subject, digest in await self.asks("all_identifiers", {"subjects": subjects}):
                of_each[subject].add(bytes(digest))
        return of_each

    async def _relationships(
        self, subjects: Sequence[str], now: datetime
    ) -> Mapping[SubjectId, Sequence[Relationship]]:
        found: dict[SubjectId, list[Relationship]] = defaultdict(list)
        named = "relationships" if self.holds else "relationships_seen"
        rows = await self.asks(named, {"subjects": subjects, "now": now})
        for subject, organisation, role, kind, since, until in rows:
            found[SubjectId(subject)].append(
                Relationship(
                    organisation=OrganisationId(organisation),
                    role=Role(role),
                    kind=RelationshipKind(kind),
                    since=since,
                    until=until,
                )
            )
        return found

    async def _protected(
        self, subjects: Sequence[str]
    ) -> Mapping[SubjectId, frozenset[OrganisationId]]:
        listed: dict[str, set[OrganisationId]] = {subject: set() for subject in subjects}
        if listed:
            for subject, organisation in await self.asks("allow_lists", {"subjects": [*listed]}):
                listed[subject].add(OrganisationId(organisation))
        return {SubjectId(subject): frozenset(named) for subject, named in listed.items()}

    async def _told(self, fresh: Sequence[Genuine]) -> Mapping[ThreadId, Sequence[Recipient]]:
        """Who holds what is retracted now."""
        retracted = sorted(
            each.notification.thread
            for each in fresh
            if each.notification.type is EventType.CONCERN_RETRACTED
        )
        told: dict[ThreadId, list[Recipient]] = defaultdict(list)
        rows = await self.asks("told_before", {"threads": retracted}) if retracted else []
        for thread, organisation, role, agency in rows:
            told[ThreadId(thread)].append(
                Recipient(
                    organisation=OrganisationId(organisation),
                    role=Role(role),
                    agency=Agency(agency),
                )
            )
        return told

    async def _published(
        self, subjects: Sequence[str], fresh: Sequence[Genuine]
    ) -> Mapping[SubjectId, frozenset[OrganisationId]]:
        """Only where a gateway is proposed: one of them answers those who published before."""
        if all(each.notification.routing.gateway is Gateway.NONE for each in fresh):
            return {}
        found: dict[SubjectId, set[OrganisationId]] = defaultdict(set)
        for subject, publisher in await self.asks("published_about", {"subjects": subjects}):
            found[SubjectId(subject)].add(OrganisationId(publisher))
        return {subject: frozenset(each) for subject, each in found.items()}


def unused_subject(genuine: Genuine) -> SubjectId:
    """
    A subject's id, should this notification need a new one: the same if the batch is done again
    after a crash, and telling nothing about the child.
    """
    made = hashlib.sha256(b"subject\x00" + genuine.token_sha256).hexdigest()[:26]
    return SubjectId(f"s_{made}")
