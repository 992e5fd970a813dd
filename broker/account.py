"""
The first invariant, as figures: for each recipient, published = disclosed + refused + quarantined.

`published` counts the candidates that each accepted notification named; the other three count
decisions and outbox rows. They are counted apart, so that a lost or doubled one shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientAccount:
    recipient: str  # organisation and role
    published: int
    disclosed: int
    refused: int
    quarantined: int
    waiting: int  # of the disclosed: not yet sent
    received: int  # of the disclosed: with a receipt

    @property
    def holds(self) -> bool:
        return self.published == self.disclosed + self.refused + self.quarantined


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicAccount:
    topic: str
    read: int
    accepted: int
    repeated: int
    quarantined: int
    forgotten: int
    kept_accepted: int | None  # None: a topic whose records are not notifications
    kept_quarantined: int

    @property
    def holds(self) -> bool:
        every = self.accepted + self.repeated + self.quarantined + self.forgotten
        accepted = self.kept_accepted is None or self.kept_accepted == self.accepted
        return self.read == every and accepted and self.kept_quarantined == self.quarantined


def account_from(
    by_recipient: Sequence[Sequence[object]],
    by_topic: Sequence[Sequence[object]],
    kept: Mapping[str, tuple[int, int]],
) -> tuple[list[RecipientAccount], list[TopicAccount]]:
    """The accounts from the figures that the store counted."""
    recipients = [
        RecipientAccount(
            recipient=str(row[0]),
            published=_int(row[1]),
            disclosed=_int(row[2]),
            refused=_int(row[3]),
            quarantined=_int(row[4]),
            waiting=_int(row[5]),
            received=_int(row[6]),
        )
        for row in by_recipient
    ]
    topics = [
        TopicAccount(
            topic=str(row[0]),
            read=_int(row[1]),
            accepted=_int(row[2]),
            repeated=_int(row[3]),
            quarantined=_int(row[4]),
            forgotten=_int(row[5]),
            kept_accepted=kept.get(str(row[0]), (0, 0))[0]
            if str(row[0]).startswith("concerns.")
            else None,
            kept_quarantined=kept.get(str(row[0]), (0, 0))[1],
        )
        for row in by_topic
    ]
    return recipients, topics


def _int(value: object) -> int:
    return int(str(value))
