"""`broker ledger`: the log of everything that happened, numbered and signed."""

from broker.app import clock
from broker.app.parts import parts, stopping
from broker.kafka import sender
from broker.keys import BROKER, signer
from broker.ledger.checkpoint import Checkpoint, signed_note
from broker.sequencer import Sequencer
from broker.settings import Settings
from broker.store.ledger import ledger


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
