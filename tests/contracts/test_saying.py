"""Statements over HTTP on PostgreSQL: of two of the same at once, one counts."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from broker.domain.effect import Said
from broker.domain.words import EventType
from broker.errors import StoreUnavailable
from broker.intake import Intake
from broker.objections import REASONS
from broker.speaking import Speaking
from broker.statements import statement_from
from broker.store.postgres import OneByOne, pool_of
from broker.store.sharing import PostgresSharing
from tests.unit.test_console_words import person
from tests.world import HUB, NOW, World, batch_of, concern, directive, statement


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def desk(database: str, world: World) -> AsyncIterator[tuple[PostgresSharing, Speaking]]:
    deciding = world.deciding()
    async with pool_of(database, most=8) as pool:
        sharing = PostgresSharing(
            pool,
            deciding.custody,
            lambda each: statement_from(deciding.opened(each)),
            lambda *_: (b"leaf", b"record"),
            set(REASONS),
        )
        reader = world.reader()
        intake = Intake(read_one=reader.read_one, deciding=deciding, store=OneByOne(pool))
        yield (
            sharing,
            Speaking(
                read_token=reader.read_token,
                intake=intake,
                since=sharing.since,
            ),
        )


async def said_of(speaking: Speaking, token: bytes) -> Said | StoreUnavailable:
    try:
        return await speaking.take(token)
    except StoreUnavailable as why:
        return why


async def test_of_many_who_say_the_same_at_once_one_is_recorded_and_the_rest_learn_it(
    desk: tuple[PostgresSharing, Speaking], world: World
) -> None:
    _, speaking = desk
    data = concern(level="child_in_need")
    await speaking.intake.take_in(batch_of([world.record(data)]))
    wish = {"concern": data["thread"], "directive": directive("refused")}
    token = world.token(statement(EventType.CONSENT_RECORDED, wish)).encode()
    for answer in await asyncio.gather(*[said_of(speaking, token) for _ in range(6)]):
        assert isinstance(answer, StoreUnavailable | Said), answer
    again = await speaking.take(token)
    assert again.repeated
    assert again.in_force_since == NOW
    async with speaking.intake.store.transaction() as transaction:
        assert len(await transaction.came_before(HUB, [again.id])) == 1


async def test_a_desk_has_about_its_own_alerts_alone_and_a_look_at_wishes_is_recorded(
    desk: tuple[PostgresSharing, Speaking], world: World
) -> None:
    sharing, speaking = desk
    data = concern(level="child_in_need")
    await speaking.intake.take_in(batch_of([world.record(data)]))
    hub, gp = person("hub-okonjo"), person("gp-varga")
    alert = await sharing.named(hub, data["reference"])
    assert alert is not None
    assert await sharing.named(hub, data["thread"]) == alert
    assert await sharing.named(gp, data["reference"]) is None
    assert await sharing.about(gp, alert) is None
    assert await sharing.history(gp, alert, NOW) is None
    assert await looks(sharing) == 0
    history = await sharing.history(hub, alert, NOW)
    assert history is not None
    assert [each.why for each in history.rounds] == ["received"]
    assert await looks(sharing) == 1


async def looks(sharing: PostgresSharing) -> int:
    async with sharing.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT count(*) FROM leaf_waiting WHERE entry = 'leaf'::bytea"
        )
        row: Any = await cursor.fetchone()
    return int(row[0])


async def test_an_override_that_was_reviewed_waits_no_more_and_days_are_counted(
    desk: tuple[PostgresSharing, Speaking], world: World
) -> None:
    sharing, speaking = desk
    data = concern(level="child_in_need")
    await speaking.intake.take_in(batch_of([world.record(data)]))
    override = {
        "concern": data["thread"],
        "categories": ["narrative"],
        "recipients": ["org:ods:Y99999 gp"],
        "otherwise": "Nobody would know.",
        "alternatives": "None.",
        "family_told": "Not told.",
        "until": (NOW + timedelta(hours=24)).isoformat(),
    }
    said = await speaking.take(world.token(statement(EventType.OVERRIDE_RAISED, override)).encode())
    (case,) = await sharing.overrides([HUB], NOW + timedelta(days=7))
    assert (case.review, case.days, case.working_days) == (None, 7, 5)
    assert case.reference == data["reference"]
    assert [(each.organisation, each.sent) for each in case.told] == [("org:ods:Y99999", False)]
    review = {
        "concern": data["thread"],
        "override": said.id,
        "outcome": "upheld",
        "words": "It was right.",
    }
    by = {"publisher": "org:force:99", "person": "pp-hallorann", "role": "police_protection"}
    await speaking.take(
        world.token(statement(EventType.OVERRIDE_REVIEWED, review, **by)).encode()  # type: ignore[arg-type]
    )
    (case,) = await sharing.overrides([HUB], NOW)
    assert case.review is not None
    assert case.review.words == "It was right."
    assert await sharing.overrides(["org:force:99"], NOW) == []  # type: ignore[list-item]
