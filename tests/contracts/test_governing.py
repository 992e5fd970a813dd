"""
The governance override on a real PostgreSQL, with concerns really carried: acceptance case 16, and
that nothing but audit entries comes of it.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from broker.app.desk import happened
from broker.domain.desk import Person
from broker.domain.governance import GovernanceOverride
from broker.domain.ids import AlertId, GovernanceId, OrganisationId, PersonId
from broker.domain.words import Category, Extent, ReviewOutcome
from broker.partnership import read_partnership
from broker.store.governing import PostgresGoverning
from broker.store.postgres import PostgresStore, pool_of
from broker.viewing import Viewing
from tests.world import DIRECTORY, HUB, NOW, World, batch_of, concern

PARTNERSHIP = read_partnership(DIRECTORY)
PEOPLE = {each.id: each for each in PARTNERSHIP.people}
OFFICER = PEOPLE[PersonId("gov-achterberg")]
GUARDIAN = PEOPLE[PersonId("guardian-sorley")]
DPO = PEOPLE[PersonId("dpo-vasquez")]
CHAIR = PEOPLE[PersonId("chair-pemberwick")]
AREA = frozenset(PARTNERSHIP.organisations)
DAY = timedelta(hours=24)
PURPOSE = "Answer the complaint of the zephyrgrandmother."
WORDS = "The refuge is on quaggalane."
OTHER = "Another child, another wombatstory."
UNDER_SEAL = "What the court heard of the axolotl."
_LOCATION = {"summary": {"kind": "refuge"}, "full": {"words": WORDS}}
_TABLES = ("inbox", "decision", "ruling", "outbox", "alert", "round", "receipt")


@dataclass(slots=True)
class Bench:
    """Priya's two concerns, one of them sealed, and one of another child."""

    governing: PostgresGoverning
    database: str
    world: World = field(default_factory=World)
    offset: int = 0

    async def carried(self, store: PostgresStore, data: Any) -> None:
        batch = batch_of([self.world.record(data, self.offset)])
        await self.world.intake(store).take_in(replace(batch, partition=self.offset))
        self.offset += 1

    async def asked(self, person: Person = OFFICER, reference: str = "") -> GovernanceOverride:
        named = reference or self.one("SELECT reference FROM inbox ORDER BY received, id LIMIT 1")
        made = await self.governing.ask(person, named, PURPOSE, AREA, NOW)
        assert made is not None
        return await self.now_of(made)

    async def now_of(self, made: GovernanceId) -> GovernanceOverride:
        found = await self.governing.override(AREA, made)
        assert found is not None
        return found

    async def opened(self) -> GovernanceOverride:
        made = await self.asked(reference=self.reference(PRIYA))
        assert await self.governing.approve(GUARDIAN, made, NOW + DAY, NOW)
        return await self.now_of(made.id)

    def reference(self, data: Any) -> str:
        return str(data["reference"])

    def one(self, asked: str) -> Any:
        with psycopg.connect(self.database) as connection:
            row = connection.execute(asked.encode()).fetchone()
        return row[0] if row else None

    def counts(self) -> list[int]:
        return [self.one(f"SELECT count(*) FROM {name}") for name in _TABLES]

    def leaves(self) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
        """(kind, leaf, record) of everything that was done about a governance override."""
        custody = self.governing.custody
        found = []
        with psycopg.connect(self.database) as connection:
            rows = connection.execute(
                "SELECT entry, wrapped, leaf_waiting.wrapped_key, record FROM leaf_waiting"
                " JOIN subject_key USING (subject) ORDER BY id"
            ).fetchall()
        for entry, subject_key, wrapped, record in rows:
            leaf = json.loads(bytes(entry))
            if leaf["kind"].startswith("governance_"):
                kept = custody.reveal(
                    subject_key=bytes(subject_key), wrapped_key=bytes(wrapped), body=bytes(record)
                )
                found.append((leaf["kind"], leaf, json.loads(kept)["record"]))
        return found

    def kinds(self) -> list[str]:
        return [kind.removeprefix("governance_") for kind, _, _ in self.leaves()]


PRIYA = concern(
    1,
    nhs_number="9990020027",
    given_name="Priya",
    birth_date="2013-06-06",
    words=WORDS,
    routing={"location_protected": True, "allow_list": [HUB, OFFICER.organisation]},
    categories={"protected_location": _LOCATION},
)
SEALED = concern(
    2,
    nhs_number="9990020027",
    given_name="Priya",
    birth_date="2013-06-06",
    words=UNDER_SEAL,
    routing={"location_protected": True, "seals": ["court"]},
)
ELSEWHERE = concern(3, words=OTHER)


@pytest.fixture
async def bench(database: str) -> AsyncIterator[Bench]:
    world = World()
    decides = world.deciding()
    async with pool_of(database, most=8) as pool:
        store, ids = PostgresStore(pool), iter(range(1000))
        governing = PostgresGoverning(
            pool,
            decides.custody,
            happened(decides),
            Viewing(store, decides),
            lambda: f"made-{next(ids)}",
        )
        made = Bench(governing, database, world)
        for data in (PRIYA, SEALED, ELSEWHERE):
            await made.carried(store, data)
        yield made


async def test_nobody_views_before_a_second_person_approves(bench: Bench) -> None:
    made = await bench.asked()
    for person in (OFFICER, GUARDIAN, DPO):
        assert await bench.governing.look(person, made, NOW) is None
    as_if = replace(made, approved=made.asked, until=NOW + DAY)  # the statement checks by itself
    assert await bench.governing.look(OFFICER, as_if, NOW) is None
    await bench.governing.attempted(OFFICER, made.id, NOW)
    assert bench.kinds() == ["asked", "attempted"]


async def test_nobody_approves_their_own_request(bench: Bench) -> None:
    made = await bench.asked(DPO)
    assert not await bench.governing.approve(DPO, made, NOW + DAY, NOW)
    assert await bench.governing.look(DPO, await bench.now_of(made.id), NOW) is None
    assert bench.kinds() == ["asked"]


async def test_both_view_what_the_caps_leave_and_each_look_names_both(bench: Bench) -> None:
    made = await bench.opened()
    before = bench.counts()
    for person in (OFFICER, GUARDIAN):
        (seen,) = await bench.governing.look(person, made, NOW) or []  # the sealed one is not there
        assert seen.reference == bench.reference(PRIYA)
        assert {each.category: each.extent for each in seen.told} == {
            Category.IDENTITY: Extent.SUMMARY,
            Category.NARRATIVE: Extent.SUMMARY,
        }
        assert not any(each.full for each in seen.told)
        assert seen.held == []
        hub = next(each for each in seen.decisions if each.organisation == HUB)
        assert (hub.outcome, hub.told[Category.NARRATIVE]) == ("disclosed", Extent.FULL)
        assert hub.because[Category.NARRATIVE]
        assert Category.PROTECTED_LOCATION not in {*hub.told, *hub.because}
    looks = [each for each in bench.leaves() if each[0] == "governance_viewed"]
    assert [record["viewed_by"] for _, _, record in looks] == [OFFICER.id, GUARDIAN.id]
    for _, leaf, record in looks:
        assert record["both"] == [OFFICER.id, GUARDIAN.id]
        assert leaf["organisations"] == [OFFICER.organisation, GUARDIAN.organisation]
        assert leaf["references"] == [made.id]
    assert bench.counts() == before  # nothing was decided, told or alerted


async def test_nobody_else_views(bench: Bench) -> None:
    made = await bench.opened()
    for person in PEOPLE.values():
        if person.id not in {OFFICER.id, GUARDIAN.id}:
            assert await bench.governing.look(person, made, NOW) is None, person.id
    assert "viewed" not in bench.kinds()


async def test_after_twenty_four_hours_nothing(bench: Bench) -> None:
    made = await bench.opened()
    last = NOW + DAY - timedelta(microseconds=1)
    assert await bench.governing.look(OFFICER, made, last)
    assert await bench.governing.lapse(last) == 0
    for after in (NOW + DAY, NOW + timedelta(days=400)):
        assert await bench.governing.look(OFFICER, made, after) is None
        assert await bench.governing.look(GUARDIAN, made, after) is None
    assert await bench.governing.lapse(NOW + DAY) == 1
    assert await bench.governing.lapse(NOW + DAY) == 0
    assert bench.kinds() == ["asked", "approved", "viewed", "ended"]
    assert (await bench.now_of(made.id)).ended == NOW + DAY


async def test_the_database_keeps_no_approval_for_longer(bench: Bench) -> None:
    made = await bench.asked()
    with pytest.raises(psycopg.errors.CheckViolation):
        await bench.governing.approve(GUARDIAN, made, NOW + DAY + timedelta(seconds=1), NOW)
    assert bench.kinds() == ["asked"]


async def test_either_ends_it_before_its_time(bench: Bench) -> None:
    made = await bench.opened()
    assert not await bench.governing.end(DPO, made, NOW)
    assert await bench.governing.end(GUARDIAN, made, NOW)
    assert not await bench.governing.end(OFFICER, made, NOW)
    assert await bench.governing.look(OFFICER, made, NOW) is None
    assert bench.kinds() == ["asked", "approved", "ended"]


async def test_a_request_taken_back_cannot_be_approved(bench: Bench) -> None:
    made = await bench.asked()
    assert await bench.governing.end(OFFICER, made, NOW)
    assert not await bench.governing.approve(GUARDIAN, made, NOW + DAY, NOW)


async def test_of_two_who_approve_at_once_one_does(bench: Bench) -> None:
    for _ in range(10):
        made = await bench.asked()
        results = await asyncio.gather(
            *(bench.governing.approve(each, made, NOW + DAY, NOW) for each in (GUARDIAN, DPO))
        )
        assert sorted(results) == [False, True]
        now = await bench.now_of(made.id)
        assert len(now.viewers) == 2


async def test_another_child_is_not_found_by_the_same_search(bench: Bench) -> None:
    made = await bench.opened()
    found = await bench.governing.look(OFFICER, made, NOW)
    assert found is not None
    assert [each.reference for each in found] == [bench.reference(PRIYA)]
    assert OTHER not in str([(each.summary, each.full) for each in found[0].told])
    assert await bench.governing.ask(OFFICER, "ZZZZ-ZZZZ", PURPOSE, AREA, NOW) is None
    assert await bench.governing.ask(OFFICER, "Priya", PURPOSE, AREA, NOW) is None
    away = frozenset({OrganisationId("org:la:998")})
    named = bench.reference(PRIYA)
    assert await bench.governing.ask(OFFICER, named, PURPOSE, away, NOW) is None
    assert await bench.governing.override(away, made.id) is None


async def test_a_disclosures_id_names_its_subject_too(bench: Bench) -> None:
    disclosure = bench.one(
        "SELECT disclosure FROM outbox JOIN inbox ON inbox.id = outbox.notification"
        f" WHERE outbox.kind = 'disclosure' AND reference = '{bench.reference(PRIYA)}'"
    )
    made = await bench.asked(reference=disclosure)
    assert made.reference == bench.reference(PRIYA)


async def test_it_is_reviewed_once_after_its_end_by_neither_of_the_two(bench: Bench) -> None:
    made = await bench.opened()
    found = (ReviewOutcome.UPHELD_WITH_LEARNING, "The complaint was right.", NOW + DAY)
    assert not await bench.governing.review(CHAIR, made, *found)
    await bench.governing.lapse(NOW + DAY)
    for person in (OFFICER, GUARDIAN):
        assert not await bench.governing.review(person, made, *found)
    assert await bench.governing.review(CHAIR, made, *found)
    assert not await bench.governing.review(CHAIR, made, *found)
    now = await bench.now_of(made.id)
    assert now.reviewed is not None
    assert (now.reviewed.person, now.outcome, now.review_words) == (CHAIR.id, *found[:2])
    assert bench.kinds()[-1] == "reviewed"


async def test_what_was_never_approved_is_not_reviewed(bench: Bench) -> None:
    made = await bench.asked()
    await bench.governing.end(OFFICER, made, NOW)
    assert not await bench.governing.review(CHAIR, made, ReviewOutcome.UPHELD, "Words.", NOW)


async def test_opening_another_desks_alert_is_written_down(bench: Bench) -> None:
    alert = AlertId(bench.one("SELECT id FROM alert LIMIT 1"))
    await bench.governing.attempted_alert(OFFICER, alert, NOW)
    await bench.governing.attempted_alert(OFFICER, AlertId("none"), NOW)
    ((kind, _, record),) = bench.leaves()
    assert (kind, record["attempted_by"]) == ("governance_attempted", OFFICER.id)


async def test_no_row_is_changed_and_no_words_lie_open(bench: Bench) -> None:
    made = await bench.opened()
    await bench.governing.look(OFFICER, made, NOW)
    for change in (
        "UPDATE governance_override SET person = 'x'",
        "DELETE FROM governance_override",
    ):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            bench.one(change + " RETURNING id")
    with psycopg.connect(bench.database) as connection:
        kept = connection.execute("SELECT * FROM governance_override").fetchall()
        kept += connection.execute("SELECT * FROM leaf_waiting").fetchall()
    everything = b"".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for row in kept
        for value in row
    )
    for word in (b"zephyrgrandmother", b"quaggalane", b"Priya"):
        assert word not in everything
    for person in (OFFICER, GUARDIAN):
        assert all(
            person.id.encode() not in json.dumps(leaf).encode() for _, leaf, _ in bench.leaves()
        )
