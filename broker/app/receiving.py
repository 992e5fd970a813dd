"""`broker receive`: a recipient's own."""

from collections.abc import AsyncIterator
from pathlib import Path

from broker.app import clock
from broker.app.parts import OpenKey, Signs
from broker.domain.ids import OrganisationId
from broker.domain.notification import Json
from broker.domain.topics import disclosures_topic, receipts_topic
from broker.jws import RECEIPT
from broker.kafka import sender, tail
from broker.keys import opener, read_public_keys, signer
from broker.proving import ledger_key
from broker.receiving import HandOver, Recipient
from broker.settings import Settings


async def receive(
    settings: Settings,
    organisation: OrganisationId,
    *,
    into: Path | None,
    wait: float = 0,
    hand_over: HandOver | None = None,
) -> AsyncIterator[dict[str, Json]]:
    """`broker receive`: needs that organisation's own keys and the public ones, no database."""
    public = read_public_keys(settings.keys / "public.json")
    async with (
        sender(settings.kafka) as sends,
        tail(
            settings.kafka,
            group=f"{organisation}.receive",
            topics=[disclosures_topic(organisation), receipts_topic(organisation)],
            silence=wait,
        ) as tailed,
    ):
        recipient = Recipient(
            organisation=organisation,
            open_key=OpenKey(opener(settings.keys, organisation)),
            sign_receipt=Signs(RECEIPT, signer(settings.keys, organisation)),
            public=public,
            ledger=ledger_key(public, settings.ledger_origin),
            sender=sends,
            into=into,
            now=clock,
            hand_over=hand_over,
        )
        async for told in recipient.run(tailed):
            yield told
