"""Joining and parting subjects: nothing is destroyed, and everybody who was told is told so."""

from typing import Any

import pytest

from broker.correcting import Correcting
from broker.domain.correction import By
from broker.domain.ids import SubjectId, ThreadId
from broker.domain.words import EventType
from broker.errors import Rejected
from broker.store.memory import MemoryStore
from tests.contracts.running import Bench
from tests.world import HUB, concern

GP = "org:ods:Y99999"
BY = By(person="hub-okonjo", organisation=HUB)
TWIN: dict[str, Any] = {
    "given_name": "Liam",
    "nhs_number": "9990020019",
}  # his sister's number on the form


def correcting(bench: Bench) -> Correcting:
    return Correcting(deciding=bench.world.deciding(bench.clock), store=bench.store)


async def rows(bench: Bench, columns: str, table: str) -> list[tuple[Any, ...]]:
    if isinstance(bench.store, MemoryStore):
        found = getattr(bench.store.tables, table)
        lines = found.values() if isinstance(found, dict) else found
        return [tuple(line[each.strip()] for each in columns.split(",")) for line in lines]
    async with bench.store._pool.connection() as connection:
        cursor = await connection.execute(f"SELECT {columns} FROM {table}")
        return list(await cursor.fetchall())


async def placed(bench: Bench) -> dict[str, tuple[str, str, str]]:
    """Where each concern stands: its subject, how sure, and why."""
    table = "inbox" if isinstance(bench.store, MemoryStore) else "placed"
    found = await rows(bench, "thread, subject, match, match_why", table)
    return {thread: (subject, match, why) for thread, subject, match, why in found}


def thread(data: dict[str, Any]) -> ThreadId:
    return ThreadId(str(data["thread"]))


async def raised(bench: Bench, data: dict[str, Any]) -> None:
    """A concern, and its level as the hub confirms it: so that a practice is told too."""
    await bench.take(data)
    said = {"concern": thread(data), "level": "significant_harm"}
    await bench.say(EventType.LEVEL_CONFIRMED, said)


async def with_practice(bench: Bench) -> None:
    """Mara, whose practice is told about her."""
    await bench.take(concern(1))
    await bench.relate(GP, "gp", "registered")
    said = {"concern": thread(concern(1)), "level": "significant_harm"}
    await bench.say(EventType.LEVEL_CONFIRMED, said)


async def doubted(bench: Bench) -> tuple[SubjectId, SubjectId]:
    """Mara, whose practice is told; and a concern about Liam with her number on it."""
    await with_practice(bench)
    await raised(bench, concern(2, **TWIN))
    stands = await placed(bench)
    mara, liam = (
        SubjectId(stands[thread(concern(n, **how))][0]) for n, how in ((1, {}), (2, TWIN))
    )
    return mara, liam


async def test_with_a_doubtful_match_nobody_is_told_through_it_and_the_hub_still_is(
    bench: Bench,
) -> None:
    mara, liam = await doubted(bench)
    assert mara != liam
    assert (await placed(bench))[thread(concern(2, **TWIN))] == (
        liam, "needs_person", "forename_differs",
    )  # fmt: skip
    second = [who for who, _, _ in await bench.outbox()][-2:]
    assert GP not in second
    assert HUB in second


async def test_the_same_child_a_person_says_and_further_recipients_are_told(bench: Bench) -> None:
    mara, liam = await doubted(bench)
    await bench.send()
    assert [
        each.organisation for each in await correcting(bench).would(liam, mara, bench.clock.at)
    ] == [GP]
    done = await correcting(bench).same(liam, mara, BY, bench.clock.at)
    assert (done.subject, done.recalls, done.disclosures) == (mara, 0, 1)
    assert (await placed(bench))[thread(concern(2, **TWIN))] == (mara, "known", "person_same")
    assert (await bench.outbox())[-1][:2] == (GP, "waiting")


async def test_what_a_person_confirmed_is_a_name_of_this_subject_from_then_on(bench: Bench) -> None:
    mara, liam = await doubted(bench)
    await correcting(bench).same(liam, mara, BY, bench.clock.at)
    await raised(bench, concern(3, **TWIN))
    assert (await placed(bench))[thread(concern(3, **TWIN))] == (mara, "known", "rule_a")


async def test_another_child_a_person_says_and_is_not_asked_again(bench: Bench) -> None:
    mara, liam = await doubted(bench)
    await bench.send()
    done = await correcting(bench).different(liam, [mara], BY, bench.clock.at)
    assert done.recalls == 0
    assert (await placed(bench))[thread(concern(2, **TWIN))] == (liam, "known", "person_different")
    with pytest.raises(Rejected, match="answered_already"):
        await correcting(bench).same(liam, mara, BY, bench.clock.at)


async def test_whoever_was_told_about_the_wrong_child_is_recalled(bench: Bench) -> None:
    await with_practice(bench)
    await raised(bench, concern(2))
    await bench.send()
    told = {who for who, _, _ in await bench.outbox()}
    done = await correcting(bench).unlink([thread(concern(2))], None, BY, bench.clock.at)
    recalled = [(who, state) for who, state, _ in await bench.outbox("recall")]
    assert {who for who, _ in recalled} == told >= {GP, HUB}
    assert {state for _, state in recalled} == {"waiting"}
    assert done.recalls == len(told)
    afresh = [who for who, state, _ in await bench.outbox() if state == "waiting"]
    assert HUB in afresh
    assert GP not in afresh  # nobody has said that it is this child's practice


async def test_what_waited_about_the_wrong_child_does_not_leave(bench: Bench) -> None:
    await with_practice(bench)
    await bench.send()
    await raised(bench, concern(2))
    await correcting(bench).unlink([thread(concern(2))], None, BY, bench.clock.at)
    second = concern(2)["jti"]
    found = await rows(bench, "organisation, notification, kind, state", "outbox")
    states = {state for who, about, _, state in found if (who, about) == (GP, second)}
    assert states == {"refused"}
    assert [who for who, _, kind, _ in found if kind == "recall"] == []


async def test_unlinking_one_concern_keeps_the_others(bench: Bench) -> None:
    for number in (1, 2, 3):
        await raised(bench, concern(number))
    await bench.send()
    before = await placed(bench)
    await correcting(bench).unlink([thread(concern(2))], None, BY, bench.clock.at)
    after = await placed(bench)
    for number in (1, 3):
        assert after[thread(concern(number))] == before[thread(concern(number))]
    assert after[thread(concern(2))][0] != before[thread(concern(2))][0]


async def test_a_name_that_came_with_a_wrong_join_goes_with_it(bench: Bench) -> None:
    mara, liam = await doubted(bench)
    await correcting(bench).same(liam, mara, BY, bench.clock.at)
    await correcting(bench).unlink([thread(concern(2, **TWIN))], None, BY, bench.clock.at)
    await raised(bench, concern(3, **TWIN))
    stands = await placed(bench)
    assert stands[thread(concern(3, **TWIN))][0] == stands[thread(concern(2, **TWIN))][0] != mara


async def test_two_subjects_that_are_one_child_become_the_older_one(bench: Bench) -> None:
    other: dict[str, Any] = {"nhs_number": "9990020027", "given_name": "Anna"}
    await with_practice(bench)
    await raised(bench, concern(2, **other))
    await bench.send()
    stands = await placed(bench)
    first, second = (
        SubjectId(stands[thread(each)][0]) for each in (concern(1), concern(2, **other))
    )
    done = await correcting(bench).merge(second, first, BY, bench.clock.at)
    assert done.subject == first
    assert {each[0] for each in (await placed(bench)).values()} == {first}
    assert (await bench.outbox())[-1][:2] == (GP, "waiting")  # of the second concern, now hers


async def test_nothing_is_destroyed(bench: Bench) -> None:
    mara, liam = await doubted(bench)
    before = await rows(bench, "id, body", "inbox")
    await correcting(bench).same(liam, mara, BY, bench.clock.at)
    await correcting(bench).unlink([thread(concern(2, **TWIN))], None, BY, bench.clock.at)
    assert await rows(bench, "id, body", "inbox") == before
    states = dict(await rows(bench, "id, state", "subject"))
    assert states[mara] == "confirmed"
    assert states[liam] == "redirected"
    assert len(states) == 3


async def test_a_subject_that_is_gone_cannot_be_joined(bench: Bench) -> None:
    mara, liam = await doubted(bench)
    await correcting(bench).same(liam, mara, BY, bench.clock.at)
    with pytest.raises(Rejected, match="no_such"):
        await correcting(bench).merge(mara, liam, BY, bench.clock.at)
    with pytest.raises(Rejected, match="no_such_subject"):
        await correcting(bench).merge(mara, SubjectId("s_nobody"), BY, bench.clock.at)
