"""
Doubtful matches in PostgreSQL: the queue, two records opened for whoever may answer, and answers.
Every look and every answer is an audit entry in the same transaction; words stand under the
subject's key. Who may, and what an answer does, is said by reviewing.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from psycopg import AsyncCursor
from psycopg.rows import DictRow
from psycopg_pool import AsyncConnectionPool

from broker import reviewing
from broker.desk_ports import Corrections
from broker.domain.correction import By, Corrected
from broker.domain.decision import Recipient
from broker.domain.desk import Person
from broker.domain.ids import AlertId, OrganisationId, ReviewId, SubjectId, ThreadId
from broker.domain.known import Directory, Rules
from broker.domain.review import (
    Answered,
    Candidate,
    Review,
    ReviewAnswer,
    ReviewLine,
    ReviewSaid,
)
from broker.domain.words import Level
from broker.errors import Rejected
from broker.store.cursor import one_transaction
from broker.store.governing import Leaf
from broker.store.matched import (
    Doubt,
    Opening,
    Row,
    evidence_from,
    level_of,
)
from broker.store.postgres import Connection
from broker.store.queries import queries


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """How the directory calls an organisation, and one in a role."""

    organisation: Callable[[OrganisationId], str]
    recipient: Callable[[Recipient], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Happened:
    """What an audit entry says; its record is bound by its commitment."""

    kind: str
    by: OrganisationId
    review: str
    record: Mapping[str, object]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresReviews:
    """The Reviews of desk_ports.py."""

    pool: AsyncConnectionPool[Connection]
    opening: Opening
    corrections: Corrections
    rules: Callable[[], Rules]
    directory: Directory
    naming: Naming
    leaf: Leaf
    fresh_id: Callable[[], str]
    asked: Mapping[str, bytes] = field(default_factory=lambda: queries("reviews"), repr=False)

    async def queue(self, person: Person, now: datetime) -> Sequence[ReviewLine]:
        del now  # nobody is shown how long something has waited
        async with one_transaction(self.pool) as cursor:
            rows = await self._rows(cursor, person, None)
            doubts = [
                await self._doubt(cursor, row) for row in rows if row["waits"] and not row["put_by"]
            ]
        lines = [_line(each, self.naming) for each in doubts if self._sees(person, each)]
        order = list(Level)
        return sorted(lines, key=lambda each: (-order.index(each.level), -each.at.timestamp()))

    async def review(self, person: Person, review: ReviewId, now: datetime) -> Review | None:
        async with one_transaction(self.pool) as cursor:
            doubt = await self._theirs(cursor, person, review)
            if doubt is None:
                return None
            schools = await self._schools(cursor, doubt, now)
            record = {"seen_by": person.id, "candidates": sorted(doubt.called)}
            looked = _happened("match_viewed", person, review, record, now)
            for subject in (doubt.subject, *doubt.called):
                await self._leaf(cursor, looked, (subject, doubt.keys[subject]))
        rules = self.rules()
        candidates = [
            Candidate(
                subject=held.profile.subject,
                profile=held.profile,
                weighed=weighed,
                risky=reviewing.risky(doubt.asked, held, weighed, rules),
                would_tell=told,
            )
            for held, weighed in doubt.candidates
            if (told := await self._would_tell(doubt.subject, held.profile.subject, now))
            is not None
        ]
        return _review(doubt, candidates, schools, self.naming)

    async def answer(
        self, person: Person, review: ReviewId, said: ReviewSaid, now: datetime
    ) -> Answered:
        """
        What is corrected is so before the answer is written, and both are held apart from other
        answers: an answer that counts has been acted on.
        """
        async with one_transaction(self.pool) as cursor:
            await self._all(cursor, "hold", {"review": review})
            doubt = await self._theirs(cursor, person, review)
            if doubt is None:
                answered = bool(await self._rows(cursor, person, review))
                raise Rejected("answered_already" if answered else "not_theirs")
            did = self._outcome(person, doubt, said)
            if did is Answered.COUNTED:
                await self._correct(doubt, said, _by(person), now)
            counts = did is Answered.COUNTED
            await self._answered(cursor, person, doubt.row, said, now, counts=counts)
            record = {
                "answered_by": person.id,
                "answer": said.answer.value,
                "other": said.other,
                "did": did.value,
            }
            whose = (doubt.subject, doubt.row["wrapped"])
            did_so = _happened("match_answered", person, review, record, now)
            await self._leaf(cursor, did_so, whose)
        return did

    async def wrong_child(
        self, person: Person, alert: AlertId, words: str, now: datetime
    ) -> Corrected | None:
        if not reviewing.may_say_wrong_child(person, self.rules()):
            return None
        role = person.role.value if person.role else ""
        desk = {"alert": alert, "organisation": person.organisation, "role": role}
        async with one_transaction(self.pool) as cursor:
            found = await self._all(cursor, "concern_of", desk)
        if not found:
            return None
        thread, was = ThreadId(found[0]["about"]), SubjectId(found[0]["subject"])
        done = await self.corrections.unlink([thread], None, _by(person), now)
        said = ReviewSaid(answer=ReviewAnswer.DIFFERENT, other=was, words=words)
        async with one_transaction(self.pool) as cursor:
            new = {"review": self.fresh_id(), "subject": done.subject, "now": now}
            await cursor.execute(self.asked["open"], new)
            (row,) = await self._all(cursor, "review_of", {"subject": done.subject})
            await self._answered(cursor, person, row, said, now, counts=True)
            record = {"said_by": person.id, "subject": done.subject, "was": was}
            whose = (done.subject, row["wrapped"])
            did_so = _happened("wrong_child", person, row["id"], record, now)
            await self._leaf(cursor, did_so, whose)
        return done

    def _outcome(self, person: Person, doubt: Doubt, said: ReviewSaid) -> Answered:
        """Raises Rejected: same_person, no_such_candidate."""
        risky = False
        if said.other is not None:
            meant = [each for each in doubt.candidates if each[0].profile.subject == said.other]
            if not meant:
                raise Rejected("no_such_candidate")
            risky = reviewing.risky(doubt.asked, *meant[0], self.rules())
        elif said.answer is ReviewAnswer.SAME:
            raise Rejected("no_such_candidate")
        return reviewing.outcome(said, person.id, doubt.answers, delicate=risky)

    async def _correct(self, doubt: Doubt, said: ReviewSaid, by: By, now: datetime) -> None:
        if said.answer is ReviewAnswer.SAME and said.other is not None:
            await self.corrections.same(doubt.subject, said.other, by, now)
        else:
            others = doubt.all_named() if said.other is None else doubt.named([said.other])
            await self.corrections.different(doubt.subject, others, by, now)

    async def _would_tell(
        self, subject: SubjectId, other: SubjectId, now: datetime
    ) -> Sequence[str] | None:
        """Who would be told, by name; None: it cannot be this one any more."""
        try:
            told = await self.corrections.would(subject, other, now)
        except Rejected:
            return None
        return [self.naming.recipient(each) for each in told]

    async def _theirs(
        self, cursor: AsyncCursor[DictRow], person: Person, review: ReviewId
    ) -> Doubt | None:
        """If it is still to be answered."""
        rows = await self._rows(cursor, person, review)
        if not rows or not rows[0]["waits"]:
            return None
        doubt = await self._doubt(cursor, rows[0], whole=True)
        return doubt if self._sees(person, doubt) else None

    def _sees(self, person: Person, doubt: Doubt) -> bool:
        records = [doubt.asked, *(each for each, _ in doubt.candidates)]
        return reviewing.sees(person, records, self.rules())

    async def _rows(
        self, cursor: AsyncCursor[DictRow], person: Person, review: ReviewId | None
    ) -> list[DictRow]:
        rules = self.rules()
        areas = reviewing.areas_before(person, self.directory, rules)
        if not areas:
            return []
        publishers = reviewing.publishers_before(person, self.directory, rules)
        asked = {"publishers": sorted(publishers), "areas": sorted(areas), "review": review}
        return await self._all(cursor, "queue", asked)

    async def _doubt(self, cursor: AsyncCursor[DictRow], row: Row, *, whole: bool = False) -> Doubt:
        """`whole`: with the concerns, by which joining may be found delicate."""
        subject = SubjectId(row["subject"])
        named = [subject, *row["doubted"]]
        records = await self._all(cursor, "records", {"subjects": named})
        concerns = await self._concerns(cursor, records) if whole else []
        evidence = evidence_from(await self._all(cursor, "evidence", {"subject": subject}))
        answers = await self._all(cursor, "answers", {"review": row["id"]})
        return self.opening.doubt(row, records, concerns, evidence, answers)

    async def _concerns(
        self, cursor: AsyncCursor[DictRow], records: Sequence[Row]
    ) -> list[DictRow]:
        subjects = sorted({each["id"] for each in records})
        return await self._all(cursor, "concerns", {"subjects": subjects})

    async def _schools(
        self, cursor: AsyncCursor[DictRow], doubt: Doubt, now: datetime
    ) -> Mapping[SubjectId, Sequence[str]]:
        """Not of a candidate whose place is protected: a school tells where somebody is."""
        open_ones = [each.profile.subject for each, _ in doubt.candidates if not each.restricted]
        kinds = sorted(each.value for each in self.rules().identity.shown_relationships)
        asked = {"subjects": open_ones, "kinds": kinds, "now": now}
        found: dict[SubjectId, list[str]] = {}
        for row in await self._all(cursor, "related", asked):
            name = self.naming.organisation(OrganisationId(row["organisation"]))
            found.setdefault(SubjectId(row["subject"]), []).append(name)
        return found

    async def _answered(
        self,
        cursor: AsyncCursor[DictRow],
        person: Person,
        row: Row,
        said: ReviewSaid,
        now: datetime,
        *,
        counts: bool,
    ) -> None:
        given = {
            "review": row["id"],
            "answer": said.answer.value,
            "other": said.other,
            "counts": counts,
            "person": person.id,
            "organisation": person.organisation,
            "at": now,
        }
        words = self.opening.words(said.words, row["wrapped"])
        await cursor.execute(self.asked["answer"], {**given, **words})

    async def _leaf(
        self,
        cursor: AsyncCursor[DictRow],
        happened: "_Happened",
        whose: tuple[SubjectId, bytes],
    ) -> None:
        """Who it was and whom it was about stands under the subject's key."""
        subject, key = whose
        record = {**happened.record, "at": happened.at.isoformat()}
        entry, kept = self.leaf(happened.kind, [happened.by], happened.review, record, happened.at)
        wrapped, body = self.opening.custody.keep(kept, subject_key=key)
        given = {"entry": entry, "subject": subject, "wrapped_key": wrapped, "record": body}
        await cursor.execute(self.asked["leaf"], given)

    async def _all(self, cursor: AsyncCursor[DictRow], name: str, given: Row) -> list[DictRow]:
        await cursor.execute(self.asked[name], given)
        return await cursor.fetchall()


def _by(person: Person) -> By:
    return By(person=person.id, organisation=person.organisation)


def _happened(
    kind: str, person: Person, review: str, record: Mapping[str, object], at: datetime
) -> _Happened:
    return _Happened(kind=kind, by=person.organisation, review=review, record=record, at=at)


def _line(doubt: Doubt, naming: Naming) -> ReviewLine:
    return ReviewLine(
        id=ReviewId(doubt.row["id"]),
        reference=doubt.row["reference"],
        publisher=naming.organisation(OrganisationId(doubt.row["publisher"])),
        level=level_of(doubt.row),
        why=doubt.row["why"],
        candidates=len(doubt.candidates),
        second_needed=bool(reviewing.waiting(doubt.answers)),
        at=doubt.row["received"],
    )


def _review(
    doubt: Doubt,
    candidates: Sequence[Candidate],
    schools: Mapping[SubjectId, Sequence[str]],
    naming: Naming,
) -> Review:
    line = _line(doubt, naming)
    return Review(
        id=line.id,
        subject=doubt.subject,
        reference=line.reference,
        publisher=line.publisher,
        level=line.level,
        why=line.why,
        at=line.at,
        asked=doubt.asked.profile,
        candidates=candidates,
        answers=doubt.answers,
        schools=schools,
    )
