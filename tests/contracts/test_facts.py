"""What an agency announces about a child: a new school, a birth, another number. In PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from broker.domain.ids import OrganisationId
from broker.domain.words import EventType
from broker.store.postgres import PostgresStore, pool_of
from tests.contracts.running import Bench
from tests.contracts.test_correcting import placed, rows, thread
from tests.world import HUB, NOW, concern, fact

OLD, NEW = OrganisationId("org:school:999001"), OrganisationId("org:school:999002")
MATERNITY = OrganisationId("org:ods:RZZ")
MARA = concern()["categories"]["identity"]


@pytest.fixture
async def bench(database: str) -> AsyncIterator[Bench]:
    async with pool_of(database, most=8) as pool:
        yield Bench(PostgresStore(pool))


def enrolled(school: OrganisationId, number: int, **said: Any) -> dict[str, Any]:
    lead = {"organisation": school, "role": "designated_safeguarding_lead"}
    return fact(
        EventType.RELATIONSHIP_CHANGED,
        {**lead, "relationship": "enrolled", **said},
        publisher=school,
        identity=MARA,
        number=number,
    )


async def confirmed(bench: Bench, data: dict[str, Any]) -> None:
    await bench.take(data)
    said = {"concern": thread(data), "level": "significant_harm"}
    await bench.say(EventType.LEVEL_CONFIRMED, said)


async def test_a_child_who_moves_is_known_at_the_new_school_and_no_more_at_the_old(
    bench: Bench,
) -> None:
    await confirmed(bench, concern(1))
    began = (NOW - timedelta(days=30)).date().isoformat()
    await bench.take(enrolled(OLD, 1, **{"from": began}))
    assert OLD in {who for who, _, _ in await bench.outbox()}
    await bench.send()
    ended = bench.clock.at.isoformat().replace("+00:00", "Z")
    await bench.take(enrolled(OLD, 2, **{"from": began, "until": ended}))
    await bench.take(enrolled(NEW, 3, **{"from": ended}))
    waiting = [who for who, state, _ in await bench.outbox() if state == "waiting"]
    assert waiting == [NEW]
    await bench.take(concern(2))
    later = [who for who, state, _ in await bench.outbox() if state == "waiting"]
    assert OLD not in later
    assert await bench.outbox("recall") == []  # what it was told was lawful


async def test_a_fact_about_a_child_whom_nobody_holds_is_forgotten(bench: Bench) -> None:
    tally = await bench.take(enrolled(OLD, 1))
    assert (tally.accepted, tally.forgotten) == (0, 1)
    await bench.take(concern(1))
    assert len(await rows(bench, "id", "subject")) == 1


def number(value: str) -> dict[str, Any]:
    listed = [{"system": "nhs_number", "value": value, "assurance": "verified"}]
    return {
        "summary": {"known": "described", "subject_kind": "child"},
        "full": {"identifiers": listed},
    }


async def test_a_superseded_number_finds_the_child_under_the_new_one(bench: Bench) -> None:
    await bench.take(concern(1))
    changed = {"before": number("9990020019"), "after": number("9990020027")}
    await bench.take(
        fact(
            EventType.IDENTITY_CHANGED,
            changed,
            publisher=MATERNITY,
            identity=number("9990020027"),
            change="number_superseded",
        )
    )
    await bench.take(concern(2, nhs_number="9990020027"))
    await bench.take(concern(3, nhs_number="9990020019"))
    stands = await placed(bench)
    (subject, _, _) = stands[thread(concern(1))]
    assert stands[thread(concern(2, nhs_number="9990020027"))] == (subject, "known", "rule_a")
    retired = stands[thread(concern(3, nhs_number="9990020019"))]
    assert retired[1:] == ("needs_person", "retired_number")


def unborn(council_id: str) -> dict[str, Any]:
    return {
        "summary": {
            "known": "identified",
            "subject_kind": "unborn",
            "family_name": "Nwosu",
            "expected_birth_date": "2026-12-20",
        },
        "full": {"identifiers": [_council(council_id)]},
    }


def _council(value: str) -> dict[str, str]:
    return {"system": "la_child_id", "value": value, "issuer": HUB, "assurance": "verified"}


async def test_an_unborn_child_keeps_its_history_when_it_is_born(bench: Bench) -> None:
    before = {**concern(1, publisher=HUB)}
    before["categories"] = {**before["categories"], "identity": unborn("C-77")}
    await bench.take(before)
    child = {
        "summary": {
            "known": "identified",
            "subject_kind": "child",
            "given_name": "Ada",
            "family_name": "Nwosu",
            "birth_date": "2026-11-21",
        },
        "full": {
            "identifiers": [
                _council("C-77"),
                {"system": "nhs_number", "value": "9990020035", "assurance": "verified"},
            ]
        },
    }
    await bench.take(
        fact(
            EventType.IDENTITY_CHANGED,
            {"before": unborn("C-77"), "after": child},
            publisher=HUB,
            identity=child,
            change="born",
        )
    )
    after = concern(2, nhs_number="9990020035", given_name="Ada", birth_date="2026-11-21")
    after["categories"]["identity"]["summary"]["family_name"] = "Nwosu"
    await bench.take(after)
    stands = await placed(bench)
    assert stands[thread(after)][0] == stands[thread(before)][0]
    assert await rows(bench, "kind", "subject") == [("child",)]


async def test_two_whom_an_agency_calls_one_are_one_when_a_person_says_so(bench: Bench) -> None:
    other: dict[str, Any] = {"nhs_number": "9990020027", "given_name": "Maria"}
    await bench.take(concern(1))
    await bench.take(concern(2, **other))
    merged = {"before": number("9990020027"), "after": MARA}
    await bench.take(
        fact(
            EventType.IDENTITY_CHANGED, merged, publisher=MATERNITY, identity=MARA, change="merged"
        )
    )
    stands = await placed(bench)
    first, second = stands[thread(concern(1))][0], stands[thread(concern(2, **other))][0]
    assert first != second
    assert await rows(bench, "subject", "review") == [(first,)]
    assert [each[0] for each in await rows(bench, "doubted", "subject") if each[0]] == [[second]]
