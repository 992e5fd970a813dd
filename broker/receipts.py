"""
Receipts that come back: received by a recipient's system, read by a person there.

Each is signed by the recipient and counts only for what was addressed to it. Kept once, with the
Kafka offset, in one transaction; a forged or misdirected one is kept apart for a person.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from broker.domain.batch import Batch, Received, Tally, Unreadable
from broker.domain.ids import OrganisationId
from broker.domain.receipt import Receipt
from broker.errors import Rejected
from broker.intake import set_apart


class ReceiptTransaction(Protocol):
    """One batch of receipts: all of it, or nothing."""

    async def advance(self, batch: Batch) -> None: ...

    async def addressed_to(self, disclosures: Collection[str]) -> Mapping[str, OrganisationId]:
        """Whom these disclosures were addressed to."""
        ...

    async def keep_receipts(self, receipts: Sequence[Receipt], now: datetime) -> int:
        """How many were new."""
        ...

    async def keep_apart(self, unreadable: Sequence[Unreadable]) -> None: ...

    async def count(self, batch: Batch, tally: Tally) -> None: ...


class ReceiptStore(Protocol):
    def receipts(self) -> AbstractAsyncContextManager[ReceiptTransaction]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptIntake:
    """Takes in what recipients' systems say they got."""

    verify: Callable[[str, OrganisationId], Mapping[str, object]]  # Rejected: not genuine
    store: ReceiptStore
    now: Callable[[], datetime]

    async def take_in(self, batch: Batch) -> Tally:
        """All of this batch, or nothing. Raises TryAgain; then nothing has happened."""
        genuine: list[Receipt] = []
        apart: list[Unreadable] = []
        for record in batch.records:
            try:
                genuine.append(self._read(record, batch))
            except Rejected as why:
                apart.append(set_apart(record, batch, why.reason, why.detail))
        async with self.store.receipts() as transaction:
            await transaction.advance(batch)
            owners = await transaction.addressed_to({each.disclosure for each in genuine})
            theirs = [each for each in genuine if owners.get(each.disclosure) == each.organisation]
            records = {record.offset: record for record in batch.records}
            apart += [
                set_apart(records[each.offset], batch, "not_addressed_to_sender", "")
                for each in genuine
                if owners.get(each.disclosure) != each.organisation
            ]
            new = await transaction.keep_receipts(theirs, self.now())
            await transaction.keep_apart(apart)
            tally = Tally(accepted=new, repeated=len(theirs) - new, quarantined=len(apart))
            await transaction.count(batch, tally)
        return tally

    async def set_aside(self, batch: Batch, *, reason: str) -> None:
        """Keep a whole batch apart for a person."""
        apart = [set_apart(each, batch, reason, "") for each in batch.records]
        async with self.store.receipts() as transaction:
            await transaction.advance(batch)
            await transaction.keep_apart(apart)
            await transaction.count(batch, Tally(quarantined=len(apart)))

    def _read(self, record: Received, batch: Batch) -> Receipt:
        try:
            signed = record.value.decode("ascii")
        except UnicodeDecodeError:
            raise Rejected("not_this_format", "not a compact JWS") from None
        said = self.verify(signed, batch.publisher)
        disclosure, kind = said.get("disclosure"), said.get("kind")
        if not isinstance(disclosure, str) or kind not in {"received", "read"}:
            raise Rejected("not_a_receipt", json.dumps(sorted(said)))
        return Receipt(
            disclosure=disclosure,
            kind=str(kind),
            organisation=batch.publisher,
            signed=signed,
            offset=record.offset,
        )
