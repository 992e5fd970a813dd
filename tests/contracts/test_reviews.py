"""
Doubtful matches on a real PostgreSQL, concerns really carried and joins really made: the queue,
what is shown, what an answer does, and what nobody gets to see.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from broker.again import Deciding
from broker.app.desk import happened
from broker.app.matches import reviews
from broker.console.places import Places
from broker.domain.decision import Recipient
from broker.domain.desk import Person
from broker.domain.ids import AlertId, OrganisationId, PersonId, ReviewId, SubjectId
from broker.domain.known import Body, Directory
from broker.domain.review import Answered, Review, ReviewAnswer, ReviewLine, ReviewSaid
from broker.domain.words import Agency, EventType, Lane, Level, Role
from broker.errors import Rejected
from broker.partnership import read_partnership
from broker.store.postgres import PostgresStore, pool_of
from broker.store.reviews import PostgresReviews
from tests.world import DIRECTORY, HOSPITAL, NOW, World, batch_of, concern, fact

PARTNERSHIP = read_partnership(DIRECTORY)
PEOPLE = {each.id: each for each in PARTNERSHIP.people}
FIRST = PEOPLE[PersonId("hub-okonjo")]
SECOND = replace(FIRST, id=PersonId("hub-second"), name="Sefa Aldous")
WORKER = PEOPLE[PersonId("sw-lindqvist")]
ELSEWHERE = replace(
    FIRST, id=PersonId("hub-away"), organisation=OrganisationId("org:la:998"), area="farhaven"
)
OF_MARA = "The quaggalane bruise."
OF_THE_TWIN = "The wombatstory."
WHY = "Her school rang: the zephyrteacher knows both."
HOME = {"lines": ["14 Culver Street"], "postcode": "ZE8 4AF"}
SAME, DIFFERENT, CANNOT = ReviewAnswer.SAME, ReviewAnswer.DIFFERENT, ReviewAnswer.CANNOT_TELL


def about(
    number: int,
    given: str = "Mara",
    *,
    birth: str = "2017-03-09",
    nhs: str | None = None,
    words: str = OF_MARA,
    level: str = "significant_harm",
    address: Mapping[str, Any] | None = HOME,
    **how: Any,
) -> dict[str, Any]:
    """A hospital's concern about a child of one family, at home in Culver Street."""
    identifiers = [{"system": "nhs_number", "value": nhs, "assurance": "verified"}] if nhs else []
    full = {"identifiers": identifiers} if identifiers else {}
    identity = {
        "summary": {
            "known": "identified",
            "subject_kind": "child",
            "given_name": given,
            "family_name": "Fennick-Oyelowo",
            "birth_date": birth,
            "sex": "F",
        },
        "full": {**full, **({"address": address} if address else {})},
    }
    categories = {**how.pop("categories", {}), "identity": identity}
    return concern(
        number,
        level=level,
        words=words,
        categories=categories,
        nhs_number=nhs or str(number),
        **how,
    )


def with_another_area(directory: Directory) -> Directory:
    """And a hub in another area, which publishes as well."""
    away = Recipient(
        organisation=ELSEWHERE.organisation,
        role=Role.MASH_SCREENER,
        agency=Agency.CHILDRENS_SERVICES,
    )
    body = Body(agency=Agency.CHILDRENS_SERVICES, area="farhaven")
    return replace(
        directory,
        bodies={**directory.bodies, ELSEWHERE.organisation: body},
        on_duty={**directory.on_duty, "farhaven": [away]},
    )


@dataclass(slots=True)
class Bench:
    """Mara is known; about a child of her household somebody has to say who it is."""

    reviews: PostgresReviews
    store: PostgresStore
    database: str
    decides: Deciding
    world: World = field(default_factory=World)
    offset: int = 0

    async def carried(self, data: Any) -> None:
        lane = Lane.EMERGENCY if data.get("level") == "emergency" else Lane.ROUTINE
        batch = batch_of([self.world.record(data, self.offset)], lane=lane)
        intake = replace(self.world.intake(self.store), deciding=self.decides)
        await intake.take_in(replace(batch, partition=self.offset))
        self.offset += 1

    async def queue(self, person: Person = FIRST) -> Sequence[ReviewLine]:
        return await self.reviews.queue(person, NOW)

    async def the_one(self, person: Person = FIRST) -> Review:
        (line,) = await self.queue(person)
        found = await self.reviews.review(person, line.id, NOW)
        assert found is not None
        return found

    async def says(
        self,
        answer: ReviewAnswer,
        other: SubjectId | None = None,
        *,
        person: Person = FIRST,
        review: ReviewId | None = None,
        after: timedelta = timedelta(),
    ) -> Answered:
        about = review or (await self.queue())[0].id
        said = ReviewSaid(answer=answer, other=other, words=WHY)
        return await self.reviews.answer(person, about, said, NOW + after)

    def one(self, asked: str) -> Any:
        with psycopg.connect(self.database) as connection:
            row = connection.execute(asked.encode()).fetchone()
        return row[0] if row else None

    def kinds(self) -> list[str]:
        with psycopg.connect(self.database) as connection:
            rows = connection.execute("SELECT entry FROM leaf_waiting ORDER BY id").fetchall()
        kinds = [json.loads(bytes(entry))["kind"] for (entry,) in rows]
        return [each for each in kinds if each.startswith(("match", "wrong", "corrected"))]

    def told_worker(self) -> int:
        told = "SELECT count(*) FROM outbox WHERE kind = 'disclosure' AND organisation"
        return int(self.one(f"{told} = '{WORKER.organisation}'"))


@pytest.fixture
async def bench(database: str) -> AsyncIterator[Bench]:
    world = World()
    decides = world.deciding()
    decides = replace(decides, directory=with_another_area(decides.directory))
    names = {each.id: each.name for each in PARTNERSHIP.organisations.values()}
    async with pool_of(database, most=8) as pool:
        places = Places(directory=decides.directory, names=names, people=PEOPLE)
        made = reviews(pool, decides, places, happened(decides))
        bench = Bench(made, PostgresStore(pool), database, decides, world)
        await bench.carried(about(1, nhs="9990020019"))
        yield bench


async def a_twin(bench: Bench, number: int = 2, given: str = "Nadia", **how: Any) -> None:
    await bench.carried(about(number, given, words=OF_THE_TWIN, **how))


async def a_misspelling(bench: Bench, number: int = 2, **how: Any) -> None:
    """The same child as it turns out: nothing makes joining delicate."""
    await bench.carried(about(number, "Marra", words=OF_THE_TWIN, **how))


async def test_one_is_asked_about_a_child_in_doubt(bench: Bench) -> None:
    await a_twin(bench)
    (line,) = await bench.queue()
    assert (line.why, line.candidates, line.second_needed) == ("forename_differs", 1, False)
    assert (line.publisher, line.level) == ("St Mary's Hospital", Level.SIGNIFICANT_HARM)
    found = await bench.the_one()
    (candidate,) = found.candidates
    assert found.asked.written == ("Nadia Fennick-Oyelowo",)
    assert candidate.profile.written == ("Mara Fennick-Oyelowo",)
    assert candidate.weighed.guards[0] == "forename_differs"
    assert "forename" in {line.comparison for line in candidate.weighed.lines}


async def test_nothing_but_who_they_are_comes_with_it(bench: Bench) -> None:
    await a_twin(bench)
    everything = repr(await bench.the_one()) + repr(await bench.queue())
    for word in (OF_MARA, OF_THE_TWIN, "Mara", "Nadia", "ZE84AF"):  # not even in a log of it
        assert word not in everything
    found = await bench.the_one()
    opened = str([found.asked.written, found.candidates[0].profile.written])
    assert OF_MARA not in opened
    assert OF_THE_TWIN not in opened


async def test_another_areas_reviewer_finds_what_does_not_exist(bench: Bench) -> None:
    await a_twin(bench)
    review = (await bench.the_one()).id
    for person in (ELSEWHERE, WORKER, PEOPLE[PersonId("gov-achterberg")]):
        assert await bench.queue(person) == []
        assert await bench.reviews.review(person, review, NOW) is None
        assert await bench.reviews.review(person, ReviewId("none"), NOW) is None
        for each in (review, ReviewId("none")):
            with pytest.raises(Rejected, match="not_theirs"):
                await bench.says(DIFFERENT, person=person, review=each)
    assert bench.one("SELECT count(*) FROM review_answer") == 0


async def test_the_same_child_is_joined_and_who_was_announced_is_told(bench: Bench) -> None:
    bench_worker_holds(bench)
    await a_misspelling(bench)
    found = await bench.the_one()
    (candidate,) = found.candidates
    assert not candidate.risky
    assert candidate.would_tell == ["Marlhaven social work, social worker"]
    assert bench.told_worker() == 0
    assert await bench.says(SAME, candidate.subject) is Answered.COUNTED
    assert bench.told_worker() == 2  # of this concern, and of the earlier one
    assert bench.one(f"SELECT redirect_to FROM subject WHERE id = '{found.subject}'") == (
        candidate.subject
    )
    assert await bench.queue() == []
    assert await bench.reviews.review(FIRST, found.id, NOW) is None
    with pytest.raises(Rejected, match="answered_already"):
        await bench.says(DIFFERENT, review=found.id)
    assert bench.kinds() == ["match_viewed", "match_viewed", "corrected", "match_answered"]


def bench_worker_holds(bench: Bench) -> None:
    """Mara has an allocated worker."""
    with psycopg.connect(bench.database) as connection:
        connection.execute(
            "INSERT INTO relationship (subject, organisation, role, kind, since, source)"
            " SELECT subject, %s, 'social_worker', 'allocated', %s, 'test' FROM inbox",
            (WORKER.organisation, NOW - timedelta(days=9)),
        )


async def test_a_different_child_is_one_of_its_own(bench: Bench) -> None:
    await a_twin(bench)
    found = await bench.the_one()
    assert await bench.says(DIFFERENT) is Answered.COUNTED
    assert bench.one(f"SELECT state FROM subject WHERE id = '{found.subject}'") == "confirmed"
    assert bench.one("SELECT count(*) FROM do_not_link") == 1
    assert await bench.queue() == []
    assert await bench.reviews.review(FIRST, found.id, NOW) is None


async def test_who_cannot_tell_is_asked_again_only_when_more_is_known(bench: Bench) -> None:
    await a_twin(bench)
    found = await bench.the_one()
    assert await bench.says(CANNOT, review=found.id) is Answered.STANDS
    assert await bench.queue() == []
    bench.decides = replace(bench.decides, now=lambda: NOW + timedelta(hours=1))
    await a_twin(bench, 3)  # says no more than before, but says it again
    (line,) = await bench.queue()
    assert line.id == found.id
    again = await bench.reviews.review(FIRST, line.id, NOW)
    assert again is not None
    assert [(each.answer, each.words) for each in again.answers] == [(CANNOT, WHY)]


async def test_a_delicate_match_counts_once_a_second_person_says_the_same(bench: Bench) -> None:
    await a_misspelling(bench, address={"lines": ["2 Elm Lane"], "postcode": "ZE1 1AA"})
    found = await bench.the_one()
    (candidate,) = found.candidates
    assert candidate.risky
    assert await bench.says(SAME, candidate.subject) is Answered.SECOND_NEEDED
    assert bench.one(f"SELECT state FROM subject WHERE id = '{found.subject}'") == "provisional"
    for _ in range(2):
        with pytest.raises(Rejected, match="same_person"):
            await bench.says(SAME, candidate.subject)
    (line,) = await bench.queue(SECOND)
    assert line.second_needed
    seen = await bench.the_one(SECOND)
    assert [(each.answer, each.person, each.counts) for each in seen.answers] == [
        (SAME, FIRST.id, False)
    ]
    assert await bench.says(SAME, candidate.subject, person=SECOND) is Answered.COUNTED
    assert bench.one("SELECT array_agg(counts ORDER BY turn) FROM review_answer") == [False, True]
    assert bench.one(f"SELECT state FROM subject WHERE id = '{found.subject}'") == "redirected"


async def test_whoever_takes_it_back_is_no_longer_one_of_the_two(bench: Bench) -> None:
    await a_misspelling(bench, address={"lines": ["2 Elm Lane"], "postcode": "ZE1 1AA"})
    (candidate,) = (await bench.the_one()).candidates
    await bench.says(SAME, candidate.subject)
    review = (await bench.the_one()).id
    assert await bench.says(CANNOT, review=review) is Answered.STANDS
    said = await bench.says(SAME, candidate.subject, person=SECOND, review=review)
    assert said is Answered.SECOND_NEEDED


@pytest.mark.parametrize("kind", ["domestic_abuse", "concern"])
async def test_domestic_abuse_needs_a_second_person(bench: Bench, kind: str) -> None:
    factors = ["3B"] if kind == "domestic_abuse" else ["1B"]
    narrative = {
        "summary": {"basis": "observed", "occurred": "2026-11-20", "factors": factors},
        "full": {"words": OF_MARA, "reply": {"role": "Team", "telephone": "01632 960200"}},
    }
    await a_misspelling(bench, categories={"narrative": narrative})
    (candidate,) = (await bench.the_one()).candidates
    assert candidate.risky == (kind == "domestic_abuse")


async def test_a_protected_candidate_is_only_there_for_whoever_may_know(bench: Bench) -> None:
    bench.one("UPDATE subject SET protected = true RETURNING id")
    await a_misspelling(bench)
    (candidate,) = (await bench.the_one()).candidates
    assert candidate.risky
    rules = bench.reviews.rules()
    nobody = replace(rules, identity=replace(rules.identity, sees_restricted=frozenset()))
    blind = replace(bench.reviews, rules=lambda: nobody)
    review = (await bench.queue())[0].id
    assert await blind.queue(FIRST, NOW) == []
    assert await blind.review(FIRST, review, NOW) is None


async def test_of_an_adoption_neither_is_beside_the_other(bench: Bench) -> None:
    await a_misspelling(bench)
    found = await bench.the_one()
    with psycopg.connect(bench.database) as connection:
        pair = sorted((found.subject, found.candidates[0].subject))
        connection.execute(
            "INSERT INTO do_not_link VALUES (%s, %s, 'adopted', true, 'x', %s)", (*pair, NOW)
        )
    again = await bench.the_one()
    assert again.candidates == []
    with pytest.raises(Rejected, match="no_such_candidate"):
        await bench.says(SAME, found.candidates[0].subject)


async def test_emergency_first_then_the_newest(bench: Bench) -> None:
    await a_twin(bench, 2, "Nadia", level="early_help")
    await a_twin(bench, 3, "Olivia", level="emergency")
    bench.decides = replace(bench.decides, now=lambda: NOW + timedelta(hours=1))
    await a_twin(bench, 4, "Petra", level="early_help")
    lines = await bench.queue()
    assert [each.level.value for each in lines] == ["emergency", "early_help", "early_help"]
    assert lines[1].at > lines[2].at


async def test_of_two_answers_at_once_one_counts(bench: Bench) -> None:
    await a_misspelling(bench)
    found = await bench.the_one()
    results = await asyncio.gather(
        bench.says(SAME, found.candidates[0].subject, review=found.id),
        bench.says(DIFFERENT, person=SECOND, review=found.id),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in results) == ["Answered", "Rejected"]
    assert bench.one("SELECT count(*) FROM review_answer") == 1


async def test_no_such_candidate_is_joined(bench: Bench) -> None:
    await a_misspelling(bench)
    review = (await bench.queue())[0].id
    for other in (None, SubjectId("s_nobody")):
        with pytest.raises(Rejected, match="no_such_candidate"):
            await bench.says(SAME, other, review=review)
    assert bench.one("SELECT count(*) FROM review_answer") == 0


async def test_a_school_is_shown_beside_a_candidate_but_not_of_a_protected_one(
    bench: Bench,
) -> None:
    with psycopg.connect(bench.database) as connection:
        connection.execute(
            "INSERT INTO relationship (subject, organisation, role, kind, since, source)"
            " SELECT subject, 'org:school:999001', 'designated_safeguarding_lead', 'enrolled', %s,"
            " 'test' FROM inbox",
            (NOW - timedelta(days=9),),
        )
    await a_twin(bench)
    found = await bench.the_one()
    assert found.schools == {found.candidates[0].subject: ["Wexcombe Primary School"]}
    bench.one("UPDATE subject SET protected = true RETURNING id")
    assert (await bench.the_one()).schools == {}


async def test_two_whom_an_agency_calls_one_are_one_when_a_person_says_so(bench: Bench) -> None:
    await bench.carried(about(6, "Lorna", nhs="9990020027", birth="2011-01-30", address=None))
    known = {"system": "nhs_number", "value": "9990020027", "assurance": "verified"}
    mara = about(1, nhs="9990020019")["categories"]["identity"]
    described = {"known": "described", "subject_kind": "child"}
    said = {"before": {"summary": described, "full": {"identifiers": [known]}}, "after": mara}
    kind = EventType.IDENTITY_CHANGED
    await bench.carried(fact(kind, said, publisher=HOSPITAL, identity=mara, change="merged"))
    (line,) = await bench.queue()
    assert line.why == "announced"
    found = await bench.the_one()
    (candidate,) = found.candidates
    assert not found.asked.provisional
    assert candidate.profile.written == ("Lorna Fennick-Oyelowo",)
    assert candidate.weighed.lines  # weighed now, since nothing was written down
    did = await bench.says(SAME, candidate.subject)
    if did is Answered.SECOND_NEEDED:
        did = await bench.says(SAME, candidate.subject, person=SECOND)
    assert did is Answered.COUNTED
    assert bench.one("SELECT count(*) FROM subject WHERE state = 'redirected'") == 1
    assert await bench.queue() == []


async def test_a_wrong_child_is_parted_and_comes_before_the_reviewer(bench: Bench) -> None:
    bench_worker_holds(bench)
    await bench.carried(about(5, nhs="9990020019", words=OF_THE_TWIN))
    alert = AlertId(bench.one("SELECT id FROM alert WHERE role = 'social_worker'"))
    for person in (FIRST, PEOPLE[PersonId("dsl-adeyemi")]):  # not their alert, or not their role
        assert await bench.reviews.wrong_child(person, alert, WHY, NOW) is None
    done = await bench.reviews.wrong_child(WORKER, alert, WHY, NOW)
    assert done is not None
    assert len(done.concerns) == 1
    assert bench.one("SELECT count(*) FROM review_answer") == 1
    assert bench.one("SELECT answer FROM review_answer") == "different"
    assert "wrong_child" in bench.kinds()
    assert await bench.reviews.wrong_child(WORKER, alert, WHY, NOW) is None  # it stands elsewhere


async def test_no_words_lie_open_and_no_answer_is_changed(bench: Bench) -> None:
    await a_twin(bench)
    await bench.says(CANNOT)
    for change in ("UPDATE review_answer SET person = 'x'", "DELETE FROM review_answer"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            bench.one(change + " RETURNING review")
    with psycopg.connect(bench.database) as connection:
        rows = connection.execute("SELECT * FROM review_answer").fetchall()
        rows += connection.execute("SELECT * FROM leaf_waiting").fetchall()
        rows += connection.execute("SELECT * FROM link_decision").fetchall()
    everything = b"".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for row in rows
        for value in row
    )
    for word in (b"zephyrteacher", b"quaggalane", b"Nadia"):
        assert word not in everything
    assert HOSPITAL.encode() in everything
