"""
Contact survives when the policies cannot be evaluated (DOMAIN.md 4.7): content fails closed,
contact does not. The same promises in memory and in PostgreSQL.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from broker import sdjwt
from broker.again import Deciding
from broker.app.desk import looked
from broker.calling import Calls
from broker.console.views import child_of, new_in
from broker.console.words import INVOLVED
from broker.contact import Contact
from broker.domain.batch import Batch
from broker.domain.desk import AlertView, Person, PointerView
from broker.domain.ids import OrganisationId
from broker.domain.pointer import NO_POLICY
from broker.domain.words import EventType, Lane, Level
from broker.errors import (
    PoliciesAwaited,
    PoliciesUnusable,
    PolicyNotEvaluated,
    PolicySetInvalid,
)
from broker.intake import Intake
from broker.looking import Looking
from broker.partnership import read_partnership
from broker.policy import CompiledPolicies
from broker.store.accounts import read_accounts, read_undecided
from broker.store.desk import PostgresDesk, Shown
from broker.store.memory import MemoryStore
from broker.store.postgres import PostgresStore, pool_of
from tests.contracts.running import Bench
from tests.contracts.test_sharing import POLICE, WORK
from tests.contracts.test_store import Stopping
from tests.world import (
    DIRECTORY,
    HOSPITAL,
    HUB,
    NOW,
    batch_of,
    concern,
    directive,
    statement,
)

PARTNERSHIP = read_partnership(DIRECTORY)
CANARY = "canary-in-the-words"


@dataclass(slots=True)
class Outage(Bench):
    """An emergency lane whose policies can be taken away and given back."""

    away: bool = True
    policies: Any = None  # instead of those that ship
    shipped: Any = field(init=False)
    made: Deciding = field(init=False)

    def __post_init__(self) -> None:
        made = self.world.deciding(self.clock)
        self.shipped = made.in_force(NOW)
        self.made = replace(made, in_force=self.in_force)

    def in_force(self, now: datetime) -> Any:
        if self.away:
            raise PolicySetInvalid("policies_do_not_validate", f"{CANARY} {now}")
        return self.policies or self.shipped

    def contact(self, store: Any = None) -> Contact:
        """As after a restart."""
        read_one = self.world.reader().read_one
        intake = Intake(read_one=read_one, deciding=self.made, store=store or self.store)
        return Contact(intake=intake, calls=Calls(self.clock))

    def batch(self, *data: Mapping[str, Any]) -> Batch:
        records = [self.world.record(each, self.offset + n) for n, each in enumerate(data)]
        self.offset += len(data)
        self.clock.at += timedelta(seconds=1)
        publisher = OrganisationId(data[0]["iss"])
        made = batch_of(records, publisher=publisher, lane=Lane.EMERGENCY)
        return replace(made, partition=self.offset)

    async def emergency(self, number: int = 1, **what: Any) -> None:
        await self.contact().take_in(self.batch(an_emergency(number, **what)))

    async def pointers(self) -> list[tuple[str, str]]:
        """(organisation, whom to ring) of each, and that it is nothing more than a pointer."""
        names = ("organisation", "ring", "claims", "held", "decision", "policy")
        rows = [row for row in await self.rows("outbox", "kind", *names) if row[0] == "pointer"]
        assert all(row[3:] == ([], [], None, "") for row in rows), rows
        return sorted((row[1], row[2]) for row in rows)

    async def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        if isinstance(self.store, MemoryStore):
            found = getattr(self.store.tables, table)
            return [tuple(each[name] for name in columns) for each in found]
        async with self.store._pool.connection() as connection:
            asked = f"SELECT {', '.join(columns)} FROM {table}"
            return list(await (await connection.execute(asked)).fetchall())

    async def leaves(self) -> list[bytes]:
        if isinstance(self.store, MemoryStore):
            leaves = [row for each in self.store.tables.rows for row in each.leaf_waiting]
            return [row[0] for row in leaves if isinstance(row[0], bytes)]
        return [bytes(row[0]) for row in await self.rows("leaf_waiting", "entry")]

    async def known_before(self, **what: Any) -> None:
        """A child whom the broker knows, with an allocated worker, before policies are lost."""
        self.away = False
        routine = self.batch(concern(90, level="child_in_need", **what))
        await self.intake.take_in(replace(routine, lane=Lane.ROUTINE))
        await self.relate(WORK, "social_worker", "allocated")
        await self.relate("org:ods:Y99999", "gp", "registered")
        self.away = True


def an_emergency(number: int = 1, **what: Any) -> dict[str, Any]:
    return concern(number, level="emergency", words=CANARY, **what)


@pytest.fixture(params=["memory", "postgres"])
async def outage(request: pytest.FixtureRequest) -> AsyncIterator[Outage]:
    if request.param == "memory":
        yield Outage(MemoryStore())
        return
    async with pool_of(request.getfixturevalue("database"), most=8) as pool:
        yield Outage(PostgresStore(pool))


async def test_an_emergency_is_kept_receipted_and_pointed_out_and_nothing_is_decided(
    outage: Outage,
) -> None:
    await outage.emergency()
    assert await outage.pointers() == [(POLICE, HOSPITAL), (HUB, HOSPITAL)]
    assert len(await outage.outbox("accepted")) == 1
    assert await outage.outbox() == []
    assert await outage.rows("decision", "id") == []
    assert [row[1] for row in await outage.rows("undecided", "notification", "settled")] == [None]


async def test_of_a_known_child_the_related_core_three_hear_and_nobody_else(
    outage: Outage,
) -> None:
    await outage.known_before()
    await outage.emergency()
    told = [organisation for organisation, _ in await outage.pointers()]
    assert told == sorted([HUB, POLICE, WORK])  # the practice is not among those roles


async def test_through_a_doubtful_match_only_those_on_duty_hear(outage: Outage) -> None:
    await outage.known_before()
    await outage.emergency(given_name="Teo")
    assert [who for who, _ in await outage.pointers()] == [POLICE, HUB]


async def test_a_sealed_concern_is_pointed_out_to_nobody(outage: Outage) -> None:
    await outage.known_before()
    await outage.emergency(routing={"seals": ["court"]})
    assert await outage.pointers() == []
    assert len(await outage.outbox("accepted")) == 2


async def test_an_excluded_organisation_does_not_even_hear_that_there_is_something(
    outage: Outage,
) -> None:
    await outage.known_before()
    why = "relative_there"
    excluded = [{"organisation": each, "why": why} for each in (WORK, POLICE)]
    await outage.emergency(routing={"excluded": excluded})
    assert [who for who, _ in await outage.pointers()] == [HUB]


@pytest.mark.parametrize("by", ["notification", "register", "doubted"])
async def test_of_a_protected_child_the_own_hub_is_rung_and_the_publisher_not_named(
    outage: Outage, by: str
) -> None:
    protected = {"location_protected": True}
    await outage.known_before(routing=protected if by != "notification" else {})
    await outage.emergency(
        given_name="Teo" if by == "doubted" else "Mara",
        routing=protected if by == "notification" else {},
    )
    pointers = await outage.pointers()
    assert {ring for _, ring in pointers} == {HUB}
    leaves = [each for each in await outage.leaves() if b'"pointed"' in each]
    assert len(leaves) == len(pointers)
    assert not any(HOSPITAL.encode() in each for each in leaves)


async def test_once_policies_are_back_it_is_decided_once_and_everybody_is_told(
    outage: Outage,
) -> None:
    await outage.known_before()
    before = len(await outage.rows("decision", "id"))
    await outage.emergency()
    outage.away = False
    for _ in range(3):  # the same process again, and restarts
        await outage.contact().settle()
    rounds = await outage.rows("round", "round", "why")
    assert rounds == [(2, "policies_returned")]
    told = {who for who, state, _ in await outage.outbox() if state == "waiting"}
    assert {HUB, POLICE, WORK} <= told
    decided = len(await outage.rows("decision", "id")) - before
    assert decided == len(set(await outage.rows("decision", "organisation", "role")))
    assert [row[0] for row in await outage.rows("undecided", "settled")] != [None]
    assert len(await outage.pointers()) == 3  # they stay told


async def test_what_another_worker_took_and_left_is_settled_by_whoever_is_there(
    outage: Outage,
) -> None:
    outage.away = False
    here = outage.contact()
    await here.settle()  # nothing is undecided yet
    outage.away = True
    await outage.emergency()  # another worker, which is gone
    outage.away = False
    await here.settle()
    assert await outage.rows("round", "round") == [(2,)]


async def test_of_two_who_settle_one_concern_at_once_one_decides_it(outage: Outage) -> None:
    await outage.emergency()
    async with outage.store.transaction() as transaction:
        (each,) = await transaction.undecided()
    outage.away = False
    settled = [outage.made.settled(outage.store, each) for _ in range(2)]
    assert sorted(await asyncio.gather(*settled)) == [False, True]
    assert await outage.rows("round", "round") == [(2,)]


@pytest.mark.parametrize("step", ["settle", "decided_before", "known_about", "said_about", "write"])
async def test_stopped_at_any_step_of_settling_it_is_settled_once_afterwards(
    outage: Outage, step: str
) -> None:
    await outage.emergency()
    outage.away = False
    with pytest.raises(ConnectionResetError):
        await outage.contact(Stopping(outage.store, step)).settle()
    assert await outage.rows("decision", "id") == []
    await outage.contact().settle()
    await outage.contact().settle()
    assert await outage.rows("round", "round") == [(2,)]


@pytest.mark.parametrize(
    "step", ["advance", "came_before", "known_about", "keep_apart", "write", "count"]
)
async def test_stopped_at_any_step_of_taking_in_nothing_has_happened(
    outage: Outage, step: str
) -> None:
    batch = outage.batch(an_emergency())
    with pytest.raises(ConnectionResetError):
        await outage.contact(Stopping(outage.store, step)).take_in(batch)
    assert await outage.rows("inbox", "id") == []
    assert await outage.rows("outbox", "kind") == []
    await outage.contact().take_in(batch)
    assert len(await outage.pointers()) == 2


async def test_a_retraction_waits_and_the_concerns_before_it_do_not(outage: Outage) -> None:
    said = statement(
        EventType.CONSENT_RECORDED,
        {"directive": directive("given")},
        publisher=HOSPITAL,
        role=None,
        identity=an_emergency()["categories"]["identity"],
        urgency="immediate",
    )
    batch = outage.batch(an_emergency(1), an_emergency(2), said, an_emergency(3))
    with pytest.raises(PoliciesAwaited):
        await outage.contact().take_in(batch)
    assert len(await outage.rows("inbox", "id")) == 2
    assert set(await outage.rows("inbox", "type")) == {("concern.raised",)}


async def test_a_statement_that_comes_first_decides_nothing_that_is_undecided(
    outage: Outage,
) -> None:
    await outage.emergency()
    outage.away = False
    data = statement(
        EventType.CONSENT_RECORDED,
        {"directive": directive("given")},
        identity=an_emergency()["categories"]["identity"],
    )
    routine = replace(outage.batch(data), lane=Lane.ROUTINE)
    await outage.intake.take_in(routine)
    assert await outage.rows("decision", "id") == []
    await outage.contact().settle()
    assert await outage.rows("round", "why") == [("policies_returned",)]


async def test_the_same_emergency_again_is_pointed_out_once(outage: Outage) -> None:
    data = an_emergency()
    token = outage.world.token(data)
    for _ in range(2):
        record = outage.world.record(data, outage.offset, token=token)
        outage.offset += 1
        await outage.contact().take_in(batch_of([record], lane=Lane.EMERGENCY))
    assert len(await outage.pointers()) == 2


class OneFails:
    """The policies that ship, of which one cannot be evaluated about one subject's concern."""

    def __init__(self, policies: CompiledPolicies) -> None:
        self._policies = policies

    def __getattr__(self, name: str) -> Any:
        return getattr(self._policies, name)

    def decide_all(self, questions: Any) -> Any:
        if any(each.sealed for each in questions):
            raise PolicyNotEvaluated("policy_not_evaluated", CANARY)
        return self._policies.decide_all(questions)


async def test_one_that_cannot_be_evaluated_does_not_hold_up_the_others(outage: Outage) -> None:
    outage.away, outage.policies = False, OneFails(outage.shipped)
    sealed = an_emergency(1, routing={"seals": ["court"]})
    contact = outage.contact()
    await contact.take_in(outage.batch(sealed, an_emergency(2)))
    await contact.settle()
    open_ = [row for row in await outage.rows("undecided", "notification", "settled") if not row[1]]
    assert [row[0] for row in open_] == [sealed["jti"]]
    outage.policies = None
    await contact.settle()
    assert all(row[0] for row in await outage.rows("undecided", "settled"))


async def test_a_person_is_called_at_most_once_a_minute_and_without_a_word_of_content(
    outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    contact = outage.contact()
    numbers = iter(range(1, 9))

    async def came() -> None:
        await contact.take_in(outage.batch(an_emergency(next(numbers))))

    with caplog.at_level(logging.ERROR, logger="broker"):
        await came()
        outage.clock.at += timedelta(minutes=2)
        await came()  # it goes on: it was said
        assert [each.levelno for each in caplog.records].count(logging.ERROR) == 1
        for _ in range(2):  # it is over, and begins again; and once more within the minute
            outage.away = False
            await contact.settle()
            outage.away = True
            await came()
    called = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert len(called) == 2
    assert all("policies cannot be evaluated: call a person" in each for each in called)
    assert all("policies_do_not_validate" in each and CANARY not in each for each in called)


async def test_the_accounts_hold_during_and_after(database: str) -> None:
    async with pool_of(database) as pool:
        outage = Outage(PostgresStore(pool))
        await outage.known_before()
        await outage.emergency()
        assert _adds_up(database)
        assert read_undecided(database) == 1
        outage.away = False
        await outage.contact().settle()
    assert _adds_up(database)
    assert read_undecided(database) == 0


def _adds_up(database: str) -> bool:
    recipients, _, leaves = read_accounts(database)
    return leaves and bool(recipients) and all(each.holds for each in recipients)


async def test_the_desk_shows_a_pointer_whatever_the_policies_do(database: str) -> None:
    async with pool_of(database, most=4) as pool:
        outage = Outage(PostgresStore(pool))
        desk, police = _desk(outage, pool, database), _person("pp-hallorann")
        await outage.known_before(routing={"location_protected": True})
        await outage.emergency()
        (line,), _ = await desk.pointers(police)
        assert (line.child, line.new, line.level) == ("A child", INVOLVED, None)
        assert line.publisher == "Marlhaven multi-agency hub"  # and not who published it
        with pytest.raises(PoliciesUnusable):
            await desk.alerts(police)
        view = await desk.alert(police, line.id, NOW)
        assert isinstance(view, PointerView)
        assert view.ring.telephone == "01632 960999"
        assert any(b'"looked"' in each for each in await outage.leaves())
        outage.away = False
        await outage.contact().settle()
        levels = [each.level for each in await desk.alerts(police)]
        assert {None, Level.EMERGENCY} <= set(levels)
        told = next(each for each in await desk.alerts(police) if each.level is Level.EMERGENCY)
        whole = await desk.alert(police, told.id, NOW)
        assert isinstance(whole, AlertView)
        assert INVOLVED in [each.new for each in whole.earlier]
        assert isinstance(await desk.alert(police, line.id, NOW), PointerView)


def _person(named: str) -> Person:
    return next(each for each in PARTNERSHIP.people if each.id == named)


def _desk(outage: Outage, pool: Any, database: str) -> PostgresDesk:
    bodies = PARTNERSHIP.organisations
    shown = Shown(
        claims_of=sdjwt.claims_in,
        plain_of=sdjwt.plain_in,
        child_of=child_of,
        new_in=new_in,
        involved=INVOLVED,
        names={each.id: each.name for each in bodies.values()},
        agencies={each.id: each.agency for each in bodies.values()},
        contacts={each.id: each.contact for each in bodies.values()},
        policies=lambda: outage.in_force(NOW),
        leaf=looked(lambda at: outage.in_force(at).version),
        leaf_of_pointer=looked(lambda _: NO_POLICY),
    )
    looking = Looking(outage.store, outage.made)
    return PostgresDesk(pool, outage.made.custody, shown, looking, database)
