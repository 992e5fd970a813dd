"""`broker carry`: one lane's worker."""

import asyncio
import gc

from broker.app import clock
from broker.app.deciding import awaited, intake, live
from broker.app.parts import parts, stopping
from broker.calling import Calls
from broker.contact import Contact
from broker.domain.words import Lane
from broker.kafka import partitions
from broker.lanes import Taker, Worker
from broker.settings import Settings


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
            gc.freeze()  # policies, names and weights stay: nobody looks through them again
            await worker.run(stop)
