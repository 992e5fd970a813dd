"""
What a disclosure may still show. A page is cut by what was told and by what may be told now, so
that an agreement that has ended, or a school that a child has left, ends the look as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from broker.again import Deciding
from broker.domain.columns import Row, kept_in, match_in
from broker.domain.decision import Decision, Recipient
from broker.domain.desk import Person, Shows
from broker.domain.ids import SubjectId
from broker.domain.known import Known
from broker.domain.words import Category, EventType, Extent, Role
from broker.ports import Store

_PASSES = {Extent.SUMMARY: {"summary"}, Extent.FULL: {"summary", "full"}}


@dataclass(frozen=True, slots=True)
class Looking:
    """Decides again what each row of a page shows, with nothing held up."""

    store: Store
    deciding: Deciding

    async def __call__(self, person: Person, rows: Sequence[Row]) -> Mapping[str, Shows]:
        """By the alert's id. A retraction or a recall shows no claims, and is left out."""
        told = [
            row
            for row in rows
            if row["kind"] == "disclosure" and row["type"] == EventType.CONCERN_RAISED.value
        ]
        if not told:
            return {}
        subjects = {SubjectId(each) for row in told for each in (row["subject"], *row["doubted"])}
        async with self.store.transaction() as transaction:
            known = await self.deciding.seen(transaction, subjects)
        here = Recipient(
            organisation=person.organisation,
            role=cast("Role", person.role),  # somebody without a role has no alerts
            agency=person.agency,
        )
        return {row["id"]: _shows(row, self._as_told_now(row, here, known)) for row in told}

    def _as_told_now(self, row: Row, here: Recipient, known: Known) -> Decision:
        kept = kept_in(row, row["notification"])
        return self.deciding.as_told_now(kept, match_in(row), here, known)


def _shows(row: Row, decision: Decision) -> Shows:
    extents = decision.ruling.extents
    claims = tuple(name for name in row["claims"] if _may_show(name, extents))
    named = {Category(name.partition(".")[0]) for name in claims}
    before = {Category(name.partition(".")[0]) for name in row["claims"]}
    held = {Category(each) for each in row["held"]} | before
    return Shows(
        decision=decision,
        claims=claims,
        held=tuple(
            each for each in Category if each in held - named and extents[each] > Extent.NOTHING
        ),
    )


def _may_show(claim: str, extents: Mapping[Category, Extent]) -> bool:
    category, _, part = claim.partition(".")
    return part in _PASSES.get(extents[Category(category)], set())
