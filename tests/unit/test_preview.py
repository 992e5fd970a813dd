"""Before it is said: who would be told more or less, and nothing that its author may not know."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from broker.domain.decision import Recipient
from broker.domain.effect import Effect
from broker.domain.ids import OrganisationId
from broker.domain.known import Relationship
from broker.domain.words import Agency, Category, EventType, Extent, RelationshipKind, Role
from broker.errors import Rejected
from broker.intake import Intake
from broker.policy import read_bundle
from broker.speaking import Speaking
from broker.store.memory import MemoryStore
from tests.world import HUB, NOW, World, batch_of, concern, directive, statement

DECIDING = World().deciding()
BLIND = read_bundle().blind
GP = OrganisationId("org:ods:Y99999")
SCREENER = Recipient(organisation=HUB, role=Role.MASH_SCREENER, agency=Agency.CHILDRENS_SERVICES)
POLICE = Recipient(
    organisation=OrganisationId("org:force:99"), role=Role.POLICE_PROTECTION, agency=Agency.POLICE
)
PRACTICE = Recipient(organisation=GP, role=Role.GP, agency=Agency.HEALTH)
HEALTH = {"child_health": {"summary": {"setting": "ward"}, "full": {"words": "A cough."}}}
SENSITIVE = {"sensitive_health": {"summary": {"kinds": ["sexual_or_reproductive"]}}}


@dataclass(slots=True)
class Desk:
    """One concern in a store in memory, the practice registered, and who would say something."""

    world: World = field(default_factory=World)
    store: MemoryStore = field(default_factory=MemoryStore)

    async def raised(self, **what: Any) -> str:
        data = concern(**what)
        read_one = self.world.reader().read_one
        intake = Intake(read_one=read_one, deciding=DECIDING, store=self.store)
        await intake.take_in(batch_of([self.world.record(data)]))
        (subject,) = self.store.tables.subject
        self.store.tables.relationships[subject] = [
            Relationship(
                organisation=GP,
                role=Role.GP,
                kind=RelationshipKind.REGISTERED,
                since=NOW - timedelta(days=9),
            )
        ]
        return str(data["thread"])

    def speaking(self) -> Speaking:
        async def since(*_: object) -> None:
            return None

        reader = self.world.reader()
        return Speaking(
            read_token=reader.read_token,
            intake=Intake(read_one=reader.read_one, deciding=DECIDING, store=self.store),
            since=since,
            blind=BLIND,
        )

    def token(self, kind: EventType, said: dict[str, Any], **by: Any) -> bytes:
        return self.world.token(statement(kind, said, **by)).encode()

    async def would(
        self, kind: EventType, said: dict[str, Any], reader: Recipient = SCREENER, **by: Any
    ) -> Sequence[Effect]:
        return await self.speaking().would(self.token(kind, said, **by), reader)

    async def say(self, kind: EventType, said: dict[str, Any], **by: Any) -> None:
        await self.speaking().take(self.token(kind, said, **by))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def override(thread: str, *categories: str) -> dict[str, Any]:
    return {
        "concern": thread,
        "categories": list(categories),
        "recipients": [f"{GP} gp"],
        "otherwise": "Nobody there would know.",
        "alternatives": "None.",
        "family_told": "Not told.",
        "until": (NOW + timedelta(hours=24)).isoformat(),
    }


def only(effects: Sequence[Effect], recipient: Recipient) -> Effect:
    (found,) = [each for each in effects if each.recipient == recipient]
    return found


async def test_an_override_says_whom_it_tells_what_and_writes_nothing(desk: Desk) -> None:
    thread = await desk.raised(level="child_in_need")
    inbox, outbox = len(desk.store.tables.inbox), len(desk.store.tables.outbox)
    effects = await desk.would(EventType.OVERRIDE_RAISED, override(thread, "narrative"))
    assert only(effects, PRACTICE).more == {Category.NARRATIVE: Extent.FULL}
    assert (len(desk.store.tables.inbox), len(desk.store.tables.outbox)) == (inbox, outbox)


async def test_a_withdrawal_says_what_no_longer_leaves_and_what_is_recalled(desk: Desk) -> None:
    thread = await desk.raised(level="early_help", categories=HEALTH)
    agreed = {"concern": thread, "directive": directive("given")}
    await desk.say(EventType.CONSENT_RECORDED, agreed, key="agreed")
    taken_back = {"concern": thread, "directive": directive("withdrawn")}
    waiting = only(await desk.would(EventType.CONSENT_RECORDED, taken_back, key="w"), PRACTICE)
    assert Category.IDENTITY in waiting.held_back
    assert not waiting.recalled
    for row in desk.store.tables.outbox:
        row["state"] = "sent"
    sent = only(await desk.would(EventType.CONSENT_RECORDED, taken_back, key="w"), PRACTICE)
    assert Category.IDENTITY in sent.recalled
    assert not sent.held_back


async def test_what_its_reader_may_not_know_of_reads_the_same_whether_it_is_there_or_not() -> None:
    """The police are told of sensitive health only that "more is held": so no name of it here."""
    told, hub = [], []
    for categories in (HEALTH, {**HEALTH, **SENSITIVE}):
        desk = Desk()
        thread = await desk.raised(level="significant_harm", categories=categories)
        level = {"concern": thread, "level": "significant_harm"}
        await desk.say(EventType.LEVEL_CONFIRMED, level, key="level")
        said = override(thread, "narrative", "sensitive_health")
        told.append(await desk.would(EventType.OVERRIDE_RAISED, said, reader=POLICE))
        hub.append(await desk.would(EventType.OVERRIDE_RAISED, said, reader=SCREENER))
    assert told[0] == told[1]
    assert Category.SENSITIVE_HEALTH in only(hub[1], PRACTICE).more  # it would pass, and the hub
    assert Category.SENSITIVE_HEALTH not in only(hub[0], PRACTICE).more  # is told of it by name


async def test_an_agreement_that_is_only_imagined_shows_nobody_what_it_would_open(
    desk: Desk,
) -> None:
    """Else whoever asks "what if they agreed?" would learn what there is."""
    thread = await desk.raised(level="early_help", categories=HEALTH)
    agreed = {"concern": thread, "directive": directive("given")}
    assert await desk.would(EventType.CONSENT_RECORDED, agreed, reader=PRACTICE) == []


async def test_whoever_was_told_nothing_of_a_concern_sees_no_effect_on_it(desk: Desk) -> None:
    thread = await desk.raised(level="child_in_need")
    stranger = Recipient(
        organisation=OrganisationId("org:school:999002"),
        role=Role.DESIGNATED_SAFEGUARDING_LEAD,
        agency=Agency.SCHOOLS,
    )
    said = override(thread, "narrative")
    assert await desk.would(EventType.OVERRIDE_RAISED, said, reader=stranger) == []


async def test_what_would_be_turned_away_is_turned_away_here_too(desk: Desk) -> None:
    thread = await desk.raised(level="child_in_need")
    with pytest.raises(Rejected) as why:
        await desk.would(
            EventType.OVERRIDE_RAISED,
            override(thread, "narrative"),
            publisher=GP,
            person="gp-varga",
            role="gp",
        )
    assert why.value.reason == "may_not_raise"


async def test_a_statement_that_changes_nothing_has_no_effect(desk: Desk) -> None:
    thread = await desk.raised(level="significant_harm")
    refused = {"concern": thread, "directive": directive("refused")}
    assert await desk.would(EventType.CONSENT_RECORDED, refused) == []
