"""A withdrawal races the relay: once it has returned, nothing that rested on it leaves any more."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from broker import sdjwt
from broker.calling import Calls
from broker.covers import Covers
from broker.delivery import Relay, Seals
from broker.domain.ids import OrganisationId
from broker.domain.outgoing import Outgoing
from broker.domain.waiting import Waiting
from broker.domain.words import EventType, Lane
from broker.errors import TryAgain
from broker.intake import Intake
from broker.store.outbox import PostgresOutbox
from broker.store.postgres import PostgresStore, pool_of
from tests.environment import races
from tests.world import NOW, World, batch_of, concern, directive, statement

GP = OrganisationId("org:ods:Y99999")
_AT_ONCE = 50


@dataclass(slots=True)
class Watched:
    """A sender that knows which children's withdrawals have returned when it is asked to send."""

    withdrawn: set[str] = field(default_factory=set)  # notification ids
    sent: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)

    async def send(self, outgoing: Sequence[Outgoing]) -> None:
        for each in outgoing:
            kind, _, notification = each.value.decode().partition(" ")
            if kind == "concern.raised":
                self.sent.append(notification)
                self.leaked += [notification] if notification in self.withdrawn else []
        for _ in range(20):  # as a network would: others go on meanwhile
            await asyncio.sleep(0)


def a_concern(number: int) -> dict[str, object]:
    return concern(
        number, level="early_help", nhs_number=f"999{number:07d}", given_name=f"Kit{number}"
    )


def withdrawal(number: int, thread: str) -> dict[str, object]:
    said = {"directive": directive("withdrawn"), "concern": thread}
    return statement(EventType.CONSENT_RECORDED, said, key=f"no {number}", urgency="immediate")


def agreement(number: int, thread: str) -> dict[str, object]:
    said = {"directive": directive("given"), "concern": thread}
    return statement(EventType.CONSENT_RECORDED, said, key=f"yes {number}")


class Race:
    """Children whose practice is told by agreement, a relay, and parents who change their mind."""

    def __init__(self, database: str, pool: object, sender: Watched) -> None:
        self.world, self.sender = World(), sender
        self.store = PostgresStore(pool)  # type: ignore[arg-type]
        self.deciding = self.world.deciding()
        self.intake = Intake(
            read_one=self.world.reader().read_one, deciding=self.deciding, store=self.store
        )
        self.relay = Relay(
            outbox=PostgresOutbox(pool, database),  # type: ignore[arg-type]
            sender=sender,
            custody=self.deciding.custody,
            seals=Seals(
                take_apart=sdjwt.pieces_of,
                sign_cover=lambda cover: f"{cover['type']} {cover['notification']}",
                sign_receipt=lambda receipt: str(receipt["notification"]),
                seal=lambda content, _, __: content.partition(b"\n")[0],
            ),
            covers=Covers(contacts={}, origin="test"),
            again=self.again,
            policies=lambda: self.deciding.in_force(NOW),
            calls=Calls(lambda: NOW),
            now=lambda: NOW,
        )

    async def again(self, waiting: Waiting, why: str) -> None:
        await self.deciding.before_sending(self.store, waiting.subject, waiting.notification, why)

    async def agreed(self, numbers: Sequence[int]) -> None:
        """Concerns of as many children, each with a practice, and a parent who agrees."""
        data = [a_concern(number) for number in numbers]
        records = [self.world.record(each, n) for n, each in enumerate(data)]
        await self.intake.take_in(replace(batch_of(records), partition=numbers[0]))
        async with self.store._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO relationship (subject, organisation, role, kind, since, source)"
                " SELECT id, %s, 'gp', 'registered', %s, 'test' FROM subject"
                " ON CONFLICT DO NOTHING",
                (GP, NOW.replace(year=2020)),
            )
        for number, each in zip(numbers, data, strict=True):
            record = self.world.record(agreement(number, str(each["thread"])))
            said = batch_of([record], publisher=OrganisationId("org:la:999"))
            await self.intake.take_one(self.world.read(record, said))
        async with self.store._pool.connection() as connection:  # receipts are not what races
            await connection.execute("UPDATE outbox SET state = 'sent' WHERE kind = 'accepted'")

    async def withdraws(self, number: int) -> None:
        data = a_concern(number)
        record = self.world.record(withdrawal(number, str(data["thread"])))
        said = batch_of([record], publisher=OrganisationId("org:la:999"), lane=Lane.EMERGENCY)
        genuine = self.world.read(record, said)
        while True:
            with suppress(TryAgain):  # nothing was recorded: whoever says it sends it again
                await self.intake.take_one(genuine)
                break
        self.sender.withdrawn.add(str(data["jti"]))


async def test_nothing_leaves_after_a_withdrawal_has_returned(database: str) -> None:
    sender = Watched()
    async with pool_of(database, most=6) as pool:
        race = Race(database, pool, sender)
        for first in range(0, races(), _AT_ONCE):
            numbers = list(range(first, first + _AT_ONCE))
            await race.agreed(numbers)
            await _raced(race, numbers)
        async with pool.connection() as connection:
            rows = await connection.execute(
                "SELECT count(*) FILTER (WHERE kind = 'disclosure' AND state = 'waiting'),"
                " count(*) FILTER (WHERE kind = 'recall'),"
                " count(*) FILTER (WHERE kind = 'disclosure' AND state = 'sent')"
                " FROM outbox"
            )
            waiting, recalls, sent = await rows.fetchone()  # type: ignore[misc]
    assert sender.leaked == []
    assert waiting == 0
    assert recalls == sent  # whoever was told before it returned is told to use it no longer
    assert 0 < sent < races() * 2  # the race was one: some had left, and some had not


async def _raced(race: Race, numbers: Sequence[int]) -> None:
    done = asyncio.Event()

    async def relay() -> None:
        while not done.is_set():
            await race.relay.round(Lane.ROUTINE, 7)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as running:
        relays = [running.create_task(relay()) for _ in range(2)]
        withdrawals = [running.create_task(race.withdraws(number)) for number in numbers]
        for each in withdrawals:
            await each
        done.set()
        for each in relays:
            with suppress(asyncio.CancelledError):
                await each
    while await race.relay.round(Lane.ROUTINE, 200):
        pass
