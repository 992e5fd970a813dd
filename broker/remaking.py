"""
The steps of a correction inside its transaction: what is read, profiles made anew from what is left
under each subject, what is written, and what is decided again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from broker.again import Deciding
from broker.domain.batch import Again, Cause, Disclosure, Genuine
from broker.domain.correction import By, Corrected
from broker.domain.identity import Appearance, Profile
from broker.domain.ids import SubjectId
from broker.domain.kept import Held, Linked, Which
from broker.domain.known import Known, Match
from broker.domain.words import EventType
from broker.errors import Rejected
from broker.identity.profile_text import profile_from
from broker.identity.rebuilding import Sighting, rebuilt
from broker.identity.verdict import Verdict, verdict
from broker.ports import Transaction
from broker.recording.correcting import Plan, rows_of_correction


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaking:
    """One correction: who makes it, when, and what was known of its subjects at its start."""

    deciding: Deciding
    transaction: Transaction
    known: Known
    by: By
    now: datetime

    @property
    def versions(self) -> Mapping[SubjectId, int]:
        """Of the profiles as they were read."""
        return {subject: each.version for subject, each in self.known.kept_profiles.items()}

    async def anew(self, subject: SubjectId, linked: Sequence[Linked]) -> Profile:
        """The profile that these notifications make of it, with what was brought along."""
        kept = self.known.kept_profiles[subject]
        base = await self._registered(subject)
        sightings = [self.sighting(each) for each in linked]
        made = rebuilt(subject, base, sightings) or Profile(subject=subject, kind=kept.kind)
        return replace(
            made,
            kind=kept.kind,
            provisional=kept.provisional,
            doubted=kept.doubted,
            apart=kept.apart,
            hidden_from=kept.hidden_from,
            twin=kept.twin,
        )

    async def _registered(self, subject: SubjectId) -> Profile | None:
        brought = (await self.transaction.registered([subject])).get(subject)
        if brought is None:
            return None
        wrapped, body = brought
        text = self.deciding.custody.reveal(
            subject_key=self.known.subject_keys[subject], wrapped_key=wrapped, body=body
        )
        return profile_from(text.decode(), self.known.kept_profiles[subject])

    def appearance(self, linked: Linked) -> Appearance:
        """What one of them says of its subject."""
        notification = self.deciding.opened(linked.kept)
        today = linked.kept.received.date()
        return self.deciding.matching.appearance(notification.claims, today)

    def sighting(self, linked: Linked, match: Match | None = None) -> Sighting:
        """The same with how it came to its subject, or does from now on."""
        notification = self.deciding.opened(linked.kept)
        return Sighting(self.appearance(linked), match or linked.match, notification.change)

    async def judged(self, linked: Linked, *, but: SubjectId) -> Verdict:
        """Whom it might be about, if it is not about this one."""
        asked = self.appearance(linked)
        genuine = Genuine(
            notification=self.deciding.opened(linked.kept),
            asked=asked,
            keys=self.deciding.matching.keys(asked, self.now),
            token_sha256=b"",
            topic="",
            partition=0,
            offset=0,
        )
        known = self.deciding.opened_profiles(
            await self.transaction.identities([genuine], self.now, holds=False)
        )
        others = [each for each in known.profiles.values() if each.subject != but]
        return verdict(asked, others, matching=self.deciding.matching)

    async def carried_out(self, plan: Plan, causes: Mapping[SubjectId, Cause]) -> Corrected:
        """Written, and then everything that rests on it decided again."""
        deciding, transaction = self.deciding, self.transaction
        await transaction.write(
            rows_of_correction(
                plan, matching=deciding.matching, custody=deciding.custody, chance=deciding.chance
            )
        )
        policies = deciding.in_force(plan.now)
        known = await deciding.known(transaction, [], [*causes])
        threads = frozenset(
            each.thread for each in plan.moved if each.kept.type is EventType.CONCERN_RAISED
        )
        made: list[Again] = []
        for subject, cause in causes.items():
            which = Which(
                subject=subject,
                among=threads if cause.wrong_match else None,
                every_version=cause.wrong_match or bool(cause.unrelated),
            )
            made += await deciding.again(transaction, known, which, cause, policies)
        return Corrected(
            kind=plan.kind,
            subject=plan.subject,
            concerns=sorted(threads),
            recalls=sum(len(each.recalls) for each in made),
            disclosures=sum(
                isinstance(result, Disclosure) for each in made for result in each.results
            ),
            at=plan.now,
        )


async def begun(
    deciding: Deciding,
    transaction: Transaction,
    subjects: Collection[SubjectId],
    by: By,
    now: datetime,
) -> tuple[Remaking, Mapping[SubjectId, Held]]:
    """The subjects held until the end, and read. Raises Rejected if one does not exist."""
    held = {each.subject: each for each in await transaction.hold(subjects)}
    if set(held) != set(subjects):
        raise Rejected("no_such_subject")
    known = deciding.opened_profiles(await transaction.identities([], now, subjects))
    work = Remaking(deciding=deciding, transaction=transaction, known=known, by=by, now=now)
    return work, held


def standing(match: Match, moved: Sequence[Linked]) -> Sequence[Linked]:
    """These notifications as they stand from now on."""
    return [replace(each, match=replace(match, disputed=each.match.disputed)) for each in moved]


def sources(moved: Sequence[Linked]) -> Sequence[str]:
    """As a relationship names the notification that brought it."""
    return [f"{each.kept.publisher} {each.kept.id}" for each in moved]
