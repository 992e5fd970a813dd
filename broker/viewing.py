"""
What the two people of a governance override see of one subject: each concern, and each decision
about it, cut by every cap of the policies in force. Nothing is decided or told by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from broker.again import Deciding
from broker.domain.columns import Row, kept_in, match_in, ruling_in
from broker.domain.desk import Person
from broker.domain.governance import ViewedConcern
from broker.domain.ids import OrganisationId, SubjectId
from broker.domain.words import Category, Role
from broker.governance import Decided, asked_of, viewed
from broker.ports import Store
from broker.question import Situation


@dataclass(frozen=True, slots=True)
class Viewing:
    """The Viewing of store/governing.py."""

    store: Store
    deciding: Deciding

    async def __call__(
        self, person: Person, concerns: Sequence[Row], decisions: Sequence[Row]
    ) -> list[ViewedConcern]:
        subjects = {SubjectId(s) for row in concerns for s in (row["subject"], *row["doubted"])}
        async with self.store.transaction() as transaction:
            known = await self.deciding.seen(transaction, subjects)
        policies = self.deciding.in_force(known.now)
        notifications = [self.deciding.opened(kept_in(row, row["id"])) for row in concerns]
        protected = any(each.routing.location_protected for each in notifications)
        asked = [
            asked_of(
                Situation(
                    notification=notification,
                    match=match_in(row),
                    known=known,
                    rules=policies.rules,
                    directory=self.deciding.directory,
                ),
                person,
                protected=protected,
            )
            for notification, row in zip(notifications, concerns, strict=True)
        ]
        seen = [
            viewed(
                notification,
                ruling,
                [_decided(each) for each in decisions if _about(each, row)],
                rules=policies.rules,
                sentences=policies.sentences,
                retracted=row["retracted"],
            )
            for notification, row, ruling in zip(
                notifications, concerns, policies.decide_all(asked), strict=True
            )
        ]
        return [each for each in seen if each is not None]


def _about(decision: Row, concern: Row) -> bool:
    named = (decision["publisher"], decision["notification"])
    return named == (concern["publisher"], concern["id"])


def _decided(row: Row) -> Decided:
    return Decided(
        organisation=OrganisationId(row["organisation"]),
        role=Role(row["role"]),
        at=row["at"],
        outcome=row["outcome"],
        ground=row["ground"],
        ruling=ruling_in(row, row["level_used"]),
        told=frozenset(
            Category(name.partition(".")[0])
            for name in (*(row["claims"] or ()), *(row["held"] or ()))
        ),
        sent=row["state"],
        recalled=row["recalled"],
    )
