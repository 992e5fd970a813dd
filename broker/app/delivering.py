"""`broker deliver`: relays and receipts."""

import asyncio
import secrets
from collections.abc import Mapping

from broker import sdjwt
from broker.app import clock
from broker.app.deciding import awaited, deciding
from broker.app.parts import Parts, Signs, custody, parts, stopping
from broker.calling import Calls
from broker.covers import Covers
from broker.delivery import Relay, Seals
from broker.domain.ids import DisclosureId, OrganisationId
from broker.domain.topics import receipts_in_topic
from broker.domain.waiting import Waiting
from broker.domain.words import Lane
from broker.errors import NotGenuine
from broker.jws import COVER, RECEIPT, read_jws
from broker.kafka import partitions, sender
from broker.keys import BROKER, Signer, signer
from broker.lanes import Worker
from broker.receipts import ReceiptIntake
from broker.sealing import DISCLOSURE, seal
from broker.settings import Settings
from broker.store.outbox import PostgresOutbox
from broker.store.postgres import PostgresStore, pool_of


def seals(found: Parts, signed_by: Signer) -> Seals:
    """Taking claims, signing and sealing, with the broker's key and the recipients' public ones."""

    def sealed(content: bytes, disclosure: DisclosureId, organisation: OrganisationId) -> bytes:
        to = found.public.now().sealing_key_of(organisation, clock())
        made = (DISCLOSURE, disclosure, organisation)
        return seal(content, to=to, parts=made, data_key=secrets.token_bytes(32))

    return Seals(
        take_apart=sdjwt.pieces_of,
        sign_cover=Signs(COVER, signed_by),
        sign_receipt=Signs(RECEIPT, signed_by),
        seal=sealed,
    )


async def deliver(settings: Settings) -> None:
    """`broker deliver`: both lanes' relays, each with its own connections, and the receipts."""
    found, stop = parts(settings), stopping()
    signed_by = signer(settings.keys, BROKER)
    async with asyncio.TaskGroup() as running:
        for lane in Lane:
            running.create_task(_relay(found, lane, signed_by, stop))
        running.create_task(_receipts(found, stop))


async def _relay(found: Parts, lane: Lane, signed_by: Signer, stop: asyncio.Event) -> None:
    settings, decides = found.settings, deciding(found, awaited(found))
    async with pool_of(found.database, most=2) as pool, sender(settings.kafka) as sends:
        store = PostgresStore(pool)

        async def again(waiting: Waiting, why: str) -> None:
            await decides.before_sending(store, waiting.subject, waiting.notification, why)

        relay = Relay(
            again=again,
            policies=lambda: decides.in_force(clock()),
            calls=Calls(clock),
            outbox=PostgresOutbox(pool, found.database),
            sender=sends,
            custody=custody(settings.keys),
            seals=seals(found, signed_by),
            covers=Covers(contacts=found.partnership.contacts(), origin=settings.ledger_origin),
            now=clock,
        )
        await relay.run(lane, settings.batch, stop)


async def _receipts(found: Parts, stop: asyncio.Event) -> None:
    settings = found.settings
    owners = found.partnership.owners()

    def verified(signed: str, organisation: OrganisationId) -> Mapping[str, object]:
        said, key = read_jws(signed, typ=RECEIPT, key_of=found.public.signing_key)
        if key.organisation != organisation:
            raise NotGenuine("not_their_topic", key.organisation)
        key.check(issued=clock(), now=clock())
        return said

    async with pool_of(found.database, most=2) as pool:
        store = PostgresStore(pool)
        async with partitions(
            settings.kafka,
            group="broker.receipts",
            topics=[receipts_in_topic(each) for each in found.partnership.recipients],
            next_offsets=store.next_offsets,
            most=settings.batch,
        ) as shared:
            taker = ReceiptIntake(verify=verified, store=store, now=clock)
            worker = Worker(partitions=shared, intake=taker, whose=owners.__getitem__, now=clock)
            await worker.run(stop)
