"""`broker carry`, `ledger`, `watch`, and what is made once: topics and tables."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence

import faust

from broker.app.deciding import awaited, intake, live
from broker.app.parts import clock, parts, stopping
from broker.calling import Calls
from broker.contact import Contact
from broker.domain.topics import (
    topics_of,
)
from broker.domain.words import Lane
from broker.kafka import make_topics, partitions, sender
from broker.keys import (
    BROKER,
    signer,
)
from broker.lanes import Taker, Worker
from broker.ledger.checkpoint import Checkpoint, signed_note
from broker.partnership import read_partnership
from broker.sequencer import Sequencer
from broker.settings import Settings
from broker.store.ledger import ledger
from broker.store.migrate import migrate
from broker.watch import Figures, watching


async def carry(settings: Settings, lane: Lane) -> None:
    """`broker carry`: one lane's worker, until it is told to stop."""
    found, stop = parts(settings), stopping()
    owners = found.partnership.owners()
    topics = [topic for topic in owners if topic.endswith(f".{lane.value}")]
    if lane is Lane.ROUTINE:  # what adapters set apart is kept for a person on this lane
        topics += [topic for topic in owners if topic.startswith("quarantine.")]
    urgent = lane is Lane.EMERGENCY
    policies = awaited(found) if urgent else live(found)
    async with intake(found, policies) as taken, asyncio.TaskGroup() as running:
        taker: Taker = taken
        if urgent:
            contact = taker = Contact(intake=taken, calls=Calls(clock))
            running.create_task(contact.keep_settling(stop))
        async with partitions(
            settings.kafka,
            group=f"broker.carry.{lane.value}",
            topics=topics,
            next_offsets=taken.store.next_offsets,
            most=settings.batch,
        ) as shared:
            worker = Worker(
                partitions=shared,
                intake=taker,
                whose=owners.__getitem__,
                now=clock,
                heed=taken.deciding.heed,
            )
            await worker.run(stop)


async def keep_ledger(settings: Settings) -> None:
    """`broker ledger`: numbers leaves and signs heads, or stands by."""
    found, stop = parts(settings), stopping()
    signed_by = signer(settings.keys, BROKER, "ledger")

    def sign(checkpoint: Checkpoint) -> str:
        return signed_note(
            checkpoint,
            name=settings.ledger_origin,
            public=signed_by.public(),
            sign=signed_by.sign,
        )

    async with ledger(found.database) as log, sender(settings.kafka) as sends:
        await Sequencer(
            log=log, origin=settings.ledger_origin, sign=sign, sender=sends, now=clock
        ).run(stop)


def watch(settings: Settings, *, show: Callable[[str], None], every: float) -> faust.App:
    """`broker watch`: counts what is on its way, and shows it; nothing depends on it."""
    partnership = read_partnership(settings.directory)
    owners = {
        topic: owner
        for topic, owner in partnership.owners().items()
        if topic.startswith("concerns.")
    }
    figures = Figures(owners=owners, since=clock())
    scratch = tempfile.mkdtemp(prefix="cb-watch-")  # Faust wants a folder; nothing is kept in it
    return watching(
        settings.kafka,
        sorted(owners),
        figures,
        now=clock,
        show=show,
        every=every,
        datadir=scratch,
    )


async def topics(settings: Settings) -> Sequence[str]:
    """`broker topics`: make what the directory calls for."""
    found = parts(settings)
    names = topics_of(found.partnership.publishers, found.partnership.recipients)
    return await make_topics(settings.kafka, names, count=settings.partitions)


def prepare(settings: Settings) -> list[str]:
    """`broker migrate`."""
    return migrate(settings.database.get_secret_value())
