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
from broker.domain.identity import KeptProfile, SubjectKind
from broker.domain.ids import OrganisationId, SubjectId, ThreadId
from broker.domain.known import Known, Relationship
from broker.domain.words import Agency, EventType, Gateway, RelationshipKind, Role

_CROWD = 400
"""Who answers to a key that more share is not looked at (IDENTITY.md 6)."""


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

    async def identities(
        self, fresh: Sequence[Genuine], now: datetime, subjects: Collection[SubjectId]
    ) -> Known:
        """Whom each notification might be about, with the keys and subjects held until the end."""
        threads = await self._threads(fresh)
        found, crowded = await self._found(fresh)
        candidates = {subject for each in found.values() for subject in each}
        kept = await self._kept_profiles({*candidates, *threads.subjects.values(), *subjects})
        return Known(
            now=now,
            unused={each.notification.id: unused_subject(each) for each in fresh},
            found=found,
            crowded=crowded,
            kept_profiles={each.subject: each for each, _, _ in kept},
            subject_keys={each.subject: wrapped for each, wrapped, _ in kept},
            households={each.subject: house for each, _, house in kept if house is not None},
            threads=threads.subjects,
            wrote=threads.wrote,
            told=await self._told(fresh),
        )

    async def likely(self, keys: Collection[int], now: datetime) -> Known:
        """Whom these keys might be about, for somebody who only asks."""
        found, crowded = await self._answering(keys)
        known = await self.named({subject for each in found.values() for subject in each}, now)
        return replace(known, found=found, crowded=crowded)

    async def named(self, subjects: Collection[SubjectId], now: datetime) -> Known:
        """What the register holds of these subjects, sealed."""
        kept = await self._kept_profiles(subjects)
        return Known(
            now=now,
            unused={},
            kept_profiles={each.subject: each for each, _, _ in kept},
            subject_keys={each.subject: wrapped for each, wrapped, _ in kept},
        )

    async def about(
        self, known: Known, fresh: Sequence[Genuine], subjects: Collection[SubjectId]
    ) -> Known:
        """Everything that deciding about these subjects needs."""
        named = sorted(subjects)
        if named and self.holds:
            await self.asks("lock_subjects", {"subjects": named})
        rows = await self.asks("subjects", {"subjects": named}) if named else []
        return replace(
            known,
            relationships=await self._relationships(named, known.now),
            areas={SubjectId(row[0]): row[1] for row in rows if row[1] is not None},
            protected=await self._protected([row[0] for row in rows if row[2]]),
            subject_keys={
                **known.subject_keys,
                **{SubjectId(row[0]): bytes(row[3]) for row in rows},
            },
            facts={SubjectId(row[0]): row[4] for row in rows},
            published=await self._published(named, fresh),
        )

    async def _found(
        self, fresh: Sequence[Genuine]
    ) -> tuple[Mapping[int, frozenset[SubjectId]], frozenset[int]]:
        """With what two first sightings of one child share held until the end."""
        locks = sorted({lock for each in fresh for lock in each.keys.locked})
        if locks and self.holds:
            await self.asks("lock_keys", {"locks": locks})
        return await self._answering({key for each in fresh for key in each.keys.asked})

    async def _answering(
        self, keys: Collection[int]
    ) -> tuple[Mapping[int, frozenset[SubjectId]], frozenset[int]]:
        """Who answers to each key; and those to which too many do, so that nobody is looked at."""
        asked = sorted(keys)
        rows = await self.asks("found", {"keys": asked, "most": _CROWD + 1}) if asked else []
        answers: dict[int, set[SubjectId]] = defaultdict(set)
        for key, subject in rows:
            answers[key].add(SubjectId(subject))
        crowded = frozenset(key for key, each in answers.items() if len(each) > _CROWD)
        found = {key: frozenset(each) for key, each in answers.items() if key not in crowded}
        return found, crowded

    async def _kept_profiles(
        self, subjects: Collection[SubjectId]
    ) -> Sequence[tuple[KeptProfile, bytes, str | None]]:
        """Each with its subject's key and its household."""
        if not subjects:
            return []
        named = sorted(subjects)
        if self.holds:
            await self.asks("hold_subjects", {"subjects": named})
        rows = await self.asks("profiles", {"subjects": named})
        return [(_kept_profile(row), bytes(row[10]), row[11]) for row in rows]

    async def _threads(self, fresh: Sequence[Genuine]) -> _Threads:
        """Of a concern's versions and retraction its own thread, of a statement its concern's."""
        named = {each.notification.concern or each.notification.thread for each in fresh}
        rows = await self.asks("spoken_of", {"threads": sorted(named)}) if named else []
        return _Threads(
            subjects={ThreadId(row[0]): SubjectId(row[1]) for row in rows},
            wrote={ThreadId(row[0]): OrganisationId(row[2]) for row in rows},
        )

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


def _kept_profile(row: TupleRow) -> KeptProfile:
    subject, kind, state, doubted, apart, hidden_from, twin, version, wrapped_key, body = row[:10]
    return KeptProfile(
        subject=SubjectId(subject),
        kind=SubjectKind(kind),
        provisional=state == "provisional",
        doubted=frozenset(map(SubjectId, doubted)),
        apart=frozenset(map(SubjectId, apart)),
        hidden_from=frozenset(map(SubjectId, hidden_from)),
        twin=twin,
        version=version,
        wrapped_key=bytes(wrapped_key),
        body=bytes(body),
    )


def unused_subject(genuine: Genuine) -> SubjectId:
    """
    A subject's id, should this notification need a new one: the same if the batch is done again
    after a crash, and telling nothing about the child.
    """
    made = hashlib.sha256(b"subject\x00" + genuine.token_sha256).hexdigest()[:26]
    return SubjectId(f"s_{made}")
