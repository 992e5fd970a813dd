"""First sightings at once, crowds and floods, in PostgreSQL; what the register keeps in clear."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from broker.domain.ids import OrganisationId, SubjectId
from broker.store.postgres import PostgresStore, pool_of
from tests.contracts.running import Bench
from tests.contracts.test_correcting import placed, rows, thread
from tests.world import HOSPITAL, batch_of, concern


@pytest.fixture
async def bench(database: str) -> AsyncIterator[Bench]:
    async with pool_of(database, most=8) as pool:
        yield Bench(PostgresStore(pool))


def nameless(data: dict[str, Any]) -> dict[str, Any]:
    """Without any number: names, birth date and address alone."""
    full = {"address": {"postcode": "ZE8 4AF", "uprn": "999000000003"}}
    data["categories"]["identity"]["full"] = full
    return data


async def test_eight_writers_who_meet_a_new_child_at_once_make_one_subject(bench: Bench) -> None:
    async def meet(number: int) -> None:
        record = bench.world.record(nameless(concern(number)))
        batch = replace(batch_of([record]), partition=number)
        await bench.intake.take_in(batch)

    async with asyncio.TaskGroup() as writers:
        for number in range(8):
            writers.create_task(meet(number))
    stands = await placed(bench)
    assert len(stands) == 8
    assert len({subject for subject, _, _ in stands.values()}) == 1
    assert sorted({match for _, match, _ in stands.values()}) == ["known", "new"]


async def test_one_batch_recognises_whom_it_has_just_met(bench: Bench) -> None:
    records = [bench.world.record(nameless(concern(number)), number) for number in range(5)]
    await bench.intake.take_in(batch_of(records))
    assert len({subject for subject, _, _ in (await placed(bench)).values()}) == 1


async def test_a_flood_about_the_same_doubt_asks_a_person_once(bench: Bench) -> None:
    await bench.take(concern(0))
    records = [bench.world.record(concern(n, given_name="Liam"), n) for n in range(1, 60)]
    await bench.intake.take_in(replace(batch_of(records), partition=99))
    stands = await placed(bench)
    subjects = {stands[thread(concern(n, given_name="Liam"))][0] for n in range(1, 60)}
    assert len(subjects) == 1
    assert len(await rows(bench, "id", "review")) == 1


async def test_a_number_that_two_children_have_joins_neither_to_the_other(bench: Bench) -> None:
    teo: dict[str, Any] = {"given_name": "Teo", "birth_date": "2019-05-01"}
    await bench.take(concern(1))
    await bench.take(concern(2, **teo))
    stands = await placed(bench)
    assert stands[thread(concern(2, **teo))][1:] == ("needs_person", "forename_differs")


@pytest.mark.parametrize(
    "summary",
    [
        {"known": "unknown", "subject_kind": "child"},
        {"known": "described", "subject_kind": "child", "approximate_age": 6},
        {"known": "identified", "subject_kind": "child", "given_name": "Зузанна"},
        {"known": "identified", "subject_kind": "child", "birth_date": "2014"},
        {"known": "identified", "subject_kind": "unborn", "expected_birth_date": "2027-02"},
    ],
)
async def test_whoever_can_hardly_be_named_is_kept_and_reaches_the_hub(
    bench: Bench, summary: dict[str, Any]
) -> None:
    for number in (1, 2):
        data = concern(number)
        data["categories"] = {**data["categories"], "identity": {"summary": summary}}
        data["present"] = {**data["present"], "identity": ["summary"]}
        assert (await bench.take(data)).accepted == 1
    assert "org:la:999" in {who for who, _, _ in await bench.outbox()}
    assert all(match != "known" for _, match, _ in (await placed(bench)).values())


async def test_nothing_in_the_register_can_be_read_without_the_keys(bench: Bench) -> None:
    await bench.take(nameless(concern(1, given_name="Wilhelmina")))
    async with bench.store._pool.connection() as connection:
        for table in ("subject", "profile", "blocking_key", "link", "link_decision", "review"):
            cursor = await connection.execute(f"SELECT {table}::text FROM {table}")
            for (line,) in await cursor.fetchall():
                for word in ("wilhelmina", "fennick", "2017-03-09", "ZE84AF", "999000000003"):
                    assert word not in line.casefold()
                    assert word.encode().hex() not in line


async def test_another_publisher_cannot_follow_a_thread_that_is_not_its_own(bench: Bench) -> None:
    await bench.take(concern(1))
    other = concern(2, publisher=OrganisationId("org:school:999001"), given_name="Ivo")
    other["categories"]["identity"]["summary"]["birth_date"] = "2011-01-02"
    other["categories"]["identity"]["full"] = {"address": {"postcode": "ZE9 9ZZ"}}
    other["thread"] = concern(1)["thread"]
    await bench.take(other)
    assert len(await rows(bench, "id", "subject")) == 2
    assert HOSPITAL in {row[0] for row in await rows(bench, "publisher", "inbox")}


async def test_a_later_version_of_a_doubtful_concern_loses_nothing_of_what_was_said(
    bench: Bench,
) -> None:
    await bench.take(concern(0))
    first = concern(1, given_name="Liam")
    full = first["categories"]["identity"]["full"]
    full["address"] = {"postcode": "ZE9 4AB", "uprn": "999000000019"}
    later = {**concern(2, given_name="Liam"), "thread": first["thread"]}
    await bench.take(first)
    await bench.take(later)
    stands = await placed(bench)
    subject, match, _ = stands[thread(first)]
    assert match == "needs_person"
    deciding = bench.world.deciding(bench.clock)
    async with bench.store.transaction() as transaction:
        known = await transaction.identities([], bench.clock.at, [SubjectId(subject)])
        profile = deciding.opened_profiles(known).profiles[SubjectId(subject)]
    assert [each.uprn for each in profile.places] == ["999000000019"]


async def test_a_siblings_number_on_a_later_version_is_not_learnt(bench: Bench) -> None:
    first = concern(1)
    later = {**concern(2, nhs_number="9990020027"), "thread": first["thread"]}
    await bench.take(first)
    await bench.take(later)
    other = concern(3, nhs_number="9990020027", given_name="Teo")
    await bench.take(other)
    stands = await placed(bench)
    assert stands[thread(other)][1:] != ("needs_person", "forename_differs")


async def test_a_number_is_the_same_however_far_somebody_relies_on_it(bench: Bench) -> None:
    """Teo's form carries Mara's number, checked by its digit alone: he is not found by it."""
    teo: dict[str, Any] = {"given_name": "Teo", "birth_date": "2019-05-01"}
    await bench.take(concern(1))
    await bench.take(nameless(concern(2, **teo)))
    form = concern(3, nhs_number="9990020019", **teo)
    full = form["categories"]["identity"]["full"]
    full |= {"address": {"postcode": "ZE8 4AF", "uprn": "999000000003"}}
    full["identifiers"][0]["assurance"] = "checksum_ok"
    await bench.take(form)
    deciding = bench.world.deciding(bench.clock)
    subject = SubjectId((await placed(bench))[thread(concern(2, **teo))][0])
    async with bench.store.transaction() as transaction:
        known = await transaction.identities([], bench.clock.at, [subject])
        profile = deciding.opened_profiles(known).profiles[subject]
    assert profile.numbers == ()
