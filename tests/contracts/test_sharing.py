"""What is said about sharing counts once its transaction has ended: in memory and in PostgreSQL."""

from datetime import timedelta
from typing import Any

import pytest

from broker.domain.ids import OrganisationId, SubjectId
from broker.domain.words import EventType, Lane
from broker.errors import Rejected
from broker.store.accounts import read_accounts
from broker.store.memory import MemoryStore
from broker.store.postgres import PostgresStore, pool_of
from tests.contracts.running import Bench
from tests.world import HOSPITAL, HUB, NOW, batch_of, concern, directive, statement

GP, NURSE = OrganisationId("org:ods:Y99999"), OrganisationId("org:ods:RYY")
WORK = OrganisationId("org:local:marlhaven-social-work")
POLICE = OrganisationId("org:force:99")
IDENTITY = concern()["categories"]["identity"]


def early_help(number: int = 1, **what: Any) -> dict[str, Any]:
    health = {"child_health": {"summary": {"setting": "ward"}, "full": {"words": "A cough."}}}
    return concern(number, level="early_help", categories=health, **what)


async def with_agreement(bench: Bench) -> str:
    """A practice and a nurse are told by a mother's agreement; nothing has been sent."""
    await bench.take(early_help(1))
    await bench.relate(GP, "gp", "registered")
    await bench.relate(NURSE, "health_visitor", "registered")
    await bench.say(
        EventType.CONSENT_RECORDED,
        {"directive": directive("given", recipients=["role:gp", "role:health_visitor"])},
        identity=IDENTITY,
    )
    return str(early_help(1)["thread"])


async def test_an_agreement_opens_what_was_refused_before(bench: Bench) -> None:
    await with_agreement(bench)
    assert await bench.told(GP) == {"identity", "narrative", "child_health"}
    assert await bench.told(HUB) == set()


async def test_a_withdrawal_stops_what_waits(bench: Bench) -> None:
    await with_agreement(bench)
    await bench.say(
        EventType.CONSENT_RECORDED,
        {"directive": directive("withdrawn")},
        identity=IDENTITY,
        urgency="immediate",
    )
    states = {(who, state) for who, state, _ in await bench.outbox()}
    assert states == {(GP, "withdrawn"), (NURSE, "withdrawn")}
    assert await bench.outbox("recall") == []


async def test_a_withdrawal_recalls_what_has_left_once(bench: Bench) -> None:
    await with_agreement(bench)
    await bench.send()
    for _ in range(2):
        await bench.say(
            EventType.CONSENT_RECORDED,
            {"directive": directive("withdrawn")},
            identity=IDENTITY,
            urgency="immediate",
        )
    recalls = await bench.outbox("recall")
    assert [who for who, _, _ in recalls] == [GP, NURSE]
    assert set(recalls[0][2]) == {"identity", "narrative", "child_health"}


async def test_what_the_law_allows_stays_when_agreement_is_withdrawn(bench: Bench) -> None:
    await bench.take(concern(1))
    await bench.say(
        EventType.CONSENT_RECORDED, {"directive": directive("given")}, identity=IDENTITY
    )
    await bench.send()
    await bench.say(
        EventType.CONSENT_RECORDED,
        {"directive": directive("refused")},
        identity=IDENTITY,
        urgency="immediate",
    )
    assert await bench.outbox("recall") == []
    assert "narrative" in await bench.told(HUB)


async def test_a_confirmed_level_tells_those_who_waited_for_it(bench: Bench) -> None:
    await bench.take(concern(1))
    await bench.relate(GP, "gp", "registered")
    thread = concern(1)["thread"]
    assert await bench.told(GP) == set()
    await bench.say(EventType.LEVEL_CONFIRMED, {"concern": thread, "level": "significant_harm"})
    assert await bench.told(GP) == {"identity", "narrative"}
    assert len([who for who, _, _ in await bench.outbox() if who == HUB]) == 2  # superseded once


async def test_nobody_is_told_the_same_twice(bench: Bench) -> None:
    await bench.take(concern(1))
    await bench.send()
    thread = concern(1)["thread"]
    await bench.say(EventType.LEVEL_CONFIRMED, {"concern": thread, "level": "significant_harm"})
    assert [who for who, _, _ in await bench.outbox()].count(HUB) == 1


async def test_an_override_counts_at_once_and_is_recalled_if_not_justified(bench: Bench) -> None:
    await bench.take(concern(1, level="child_in_need"))
    thread = concern(1, level="child_in_need")["thread"]
    raised = statement(
        EventType.OVERRIDE_RAISED,
        {
            "concern": thread,
            "categories": ["narrative"],
            "recipients": [f"{GP} gp"],
            "otherwise": "Nobody sees the child before Monday.",
            "alternatives": "The hub cannot reach the family.",
            "family_told": "No: it is unsafe.",
            "until": (NOW + timedelta(hours=24)).isoformat(),
        },
        urgency="immediate",
    )
    await bench.take(raised)
    assert await bench.told(GP) == {"identity", "narrative"} - {"identity"}
    await bench.send()
    review = {
        "concern": thread,
        "override": raised["jti"],
        "outcome": "not_justified",
        "words": "The practice already knew.",
    }
    own = await bench.say(EventType.OVERRIDE_REVIEWED, review)
    assert own.quarantined == 1  # its author reviews nothing
    by = {"publisher": WORK, "person": "sw-lindqvist", "role": "social_worker"}
    reviewed = await bench.say(EventType.OVERRIDE_REVIEWED, review, **by)
    assert reviewed.accepted == 1
    assert [(who, names) for who, _, names in await bench.outbox("recall")] == [
        (GP, ("narrative",))
    ]


async def test_an_override_that_ended_opens_nothing_more(bench: Bench) -> None:
    await bench.take(concern(1, level="child_in_need"))
    thread = concern(1, level="child_in_need")["thread"]
    await bench.say(
        EventType.OVERRIDE_RAISED,
        {
            "concern": thread,
            "categories": ["narrative"],
            "recipients": [f"{GP} gp"],
            "otherwise": "x",
            "alternatives": "x",
            "family_told": "x",
            "until": (NOW + timedelta(hours=2)).isoformat(),
        },
    )
    bench.clock.at = NOW + timedelta(hours=3)
    await bench.say(EventType.NECESSITY_RECORDED, {"concern": thread, "words": "To keep safe."})
    assert await bench.told(GP) == set()


@pytest.mark.parametrize(
    ("kind", "said", "by", "reason"),
    [
        (
            EventType.LEVEL_CONFIRMED,
            {"level": "emergency"},
            {"role": "gp", "publisher": GP},
            "may_not_confirm",
        ),
        (
            EventType.LEVEL_CONFIRMED,
            {"level": "emergency"},
            {"role": "social_worker"},
            "not_their_role",
        ),
        (EventType.NECESSITY_RECORDED, {"words": "w " * 300}, {}, "words_too_long"),
        (
            EventType.NECESSITY_RECORDED,
            {"words": "w"},
            {"role": "police_protection", "publisher": POLICE, "person": "pp"},
            "may_not_record",
        ),
    ],
)
async def test_a_statement_that_its_author_may_not_make_is_turned_away(
    bench: Bench, kind: EventType, said: dict[str, Any], by: dict[str, Any], reason: str
) -> None:
    await bench.take(concern(1))
    data = statement(kind, {"concern": concern(1)["thread"], **said}, **by)
    record = bench.world.record(data)
    genuine = bench.world.read(record, batch_of([record], publisher=OrganisationId(data["iss"])))
    with pytest.raises(Rejected) as refused:
        await bench.intake.take_one(genuine)
    assert refused.value.reason == reason
    assert (await bench.take(data)).quarantined == 1


async def test_a_statement_about_a_concern_that_nobody_has_waits_for_a_person(
    bench: Bench,
) -> None:
    unknown = {"concern": "a" * 26, "words": "Because."}
    assert (await bench.say(EventType.NECESSITY_RECORDED, unknown)).quarantined == 1


async def test_a_wish_that_came_before_the_first_concern_is_not_forgotten(bench: Bench) -> None:
    await bench.say(
        EventType.CONSENT_RECORDED, {"directive": directive("given")}, identity=IDENTITY
    )
    await bench.take(early_help(1))
    assert await bench.told(HUB) == {"identity"}  # existence, by the mother's agreement


async def test_a_statement_taken_by_itself_counts_once_it_returns(bench: Bench) -> None:
    await with_agreement(bench)
    data = statement(
        EventType.CONSENT_RECORDED,
        {"directive": directive("withdrawn")},
        publisher=HOSPITAL,
        role=None,
        identity=IDENTITY,
        urgency="immediate",
    )
    record = bench.world.record(data)
    batch = batch_of([record], publisher=HOSPITAL, lane=Lane.EMERGENCY)
    genuine = bench.world.read(record, batch)
    assert await bench.intake.take_one(genuine) == "accepted"
    assert {state for _, state, _ in await bench.outbox()} == {"withdrawn"}
    assert await bench.intake.take_one(genuine) == "repeated"


async def test_what_was_said_in_one_second_is_kept_in_the_order_of_the_log(bench: Bench) -> None:
    await bench.take(concern(1))
    thread, words = concern(1)["thread"], [f"No. {number}" for number in range(6)]
    said = [
        statement(EventType.NECESSITY_RECORDED, {"concern": thread, "words": each})
        for each in words
    ]
    assert [each["jti"] for each in said] != sorted(each["jti"] for each in said)
    records = [bench.world.record(each, offset) for offset, each in enumerate(said)]
    assert (await bench.intake.take_in(batch_of(records, publisher=HUB))).accepted == len(said)
    (subject,) = await _subjects(bench)
    async with bench.store.transaction() as transaction:
        known = await bench.intake.deciding.seen(transaction, [subject])
    assert [each.words for each in known.sharing[subject].necessities] == words


async def _subjects(bench: Bench) -> list[SubjectId]:
    if isinstance(bench.store, MemoryStore):
        return [*bench.store.tables.subject]
    async with bench.store._pool.connection() as connection:
        found = await connection.execute("SELECT id FROM subject")
        return [SubjectId(each) for (each,) in await found.fetchall()]


async def test_the_accounts_still_add_up(database: str) -> None:
    async with pool_of(database) as pool:
        await _agreed_and_withdrawn(Bench(PostgresStore(pool)))
    recipients, _, leaves = read_accounts(database)
    assert leaves
    assert recipients
    assert all(each.holds for each in recipients), recipients


async def _agreed_and_withdrawn(bench: Bench) -> None:
    await with_agreement(bench)
    await bench.send()
    await bench.say(
        EventType.CONSENT_RECORDED,
        {"directive": directive("withdrawn")},
        identity=IDENTITY,
        urgency="immediate",
    )


async def test_a_decision_keeps_why_by_category(database: str) -> None:
    """Extent, policies, those overruled, lawful bases, and whose wish in which state counted."""
    async with pool_of(database) as pool:
        await with_agreement(Bench(PostgresStore(pool)))
        async with pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT ruling.extents, ruling.because, ruling.bases, ruling.policy, decision.rests"
                " FROM decision JOIN ruling ON ruling.id = decision.ruling"
                " WHERE decision.organisation = %s ORDER BY decision.round DESC LIMIT 1",
                (GP,),
            )
            extents, because, bases, policy, rests = await cursor.fetchone()  # type: ignore[misc]
    assert extents["child_health"] == "full"
    assert because["child_health"] == {
        "permits": ["matrix-early_help-gp-full-agreed"],
        "forbids": [],
        "overruled": [],
    }
    assert bases["child_health"]["confidence"] == "conf_agreement"
    assert "family" not in bases  # told nothing of it, on no basis
    assert because["family"]["forbids"] == ["no-permit-applies"]
    assert len(policy) == 64
    assert rests["consent"]["child_health"]["state"] == "given"
    assert "child_health" in rests["needs_agreement"]
