"""
A statement that comes by another way than Kafka: over HTTP, or from the console. It counts once
`take` returns; `would` says what it would change, and changes nothing.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from broker.domain.batch import Genuine
from broker.domain.decision import Recipient
from broker.domain.effect import Effect, Said
from broker.domain.ids import NotificationId, OrganisationId
from broker.domain.sharing import Directive
from broker.domain.words import STATEMENTS
from broker.errors import Malformed
from broker.intake import Intake
from broker.preview import effects
from broker.statements import statement_from

Since = Callable[[OrganisationId, NotificationId], Awaitable[datetime | None]]
"""When the broker first had a statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaking:
    """Takes one signed statement at a time, in a transaction of its own."""

    read_token: Callable[[bytes], Genuine]
    intake: Intake
    since: Since

    async def take(self, token: bytes) -> Said:
        """
        Once this returns, it counts. Raises Rejected with the reason: NotGenuine for a signature
        that is not believed, same_id_other_token, or why its author may not say it; or TryAgain.
        """
        genuine = self._read(token)
        notification = genuine.notification
        repeated = await self.intake.take_one(genuine) == "repeated"
        since = await self.since(notification.publisher, notification.id)
        statement = statement_from(notification)
        counts = since or notification.received
        if isinstance(statement, Directive):  # a wish may be meant for later
            counts = max(counts, statement.since)
        return Said(
            id=notification.id,
            organisation=notification.publisher,
            repeated=repeated,
            in_force_since=counts,
        )

    async def would(self, token: bytes, reader: Recipient) -> Sequence[Effect]:
        """Raises Rejected like `take`."""
        genuine, deciding = self._read(token), self.intake.deciding
        async with self.intake.store.transaction() as transaction:
            before, after = await deciding.would(transaction, genuine)
        rules = deciding.in_force(genuine.notification.received).rules
        return effects(before, after, reader=reader, rules=rules, blind=rules.blind)

    def _read(self, token: bytes) -> Genuine:
        genuine = self.read_token(token)
        if genuine.notification.type not in STATEMENTS:
            raise Malformed("not_a_statement", "type")
        return genuine
