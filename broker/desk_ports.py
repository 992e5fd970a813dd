"""What the pages, the API and the commands need from outside: the verbs that people use."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from broker.domain.correction import By, Corrected
from broker.domain.decision import Recipient
from broker.domain.desk import Accepted, AlertLine, AlertView, Answers, Person, PointerView
from broker.domain.effect import Effect, Said
from broker.domain.governance import GovernanceOverride, ViewedConcern
from broker.domain.identity import KeptProfile
from broker.domain.ids import (
    AlertId,
    GovernanceId,
    OrganisationId,
    PersonId,
    ReviewId,
    SubjectId,
    ThreadId,
)
from broker.domain.inquiry import AuditedAnswer, Inquiry
from broker.domain.notification import Json
from broker.domain.review import Answered, Review, ReviewLine, ReviewSaid
from broker.domain.sharing_desk import About, Figures, History, OverrideCase, RecallLine
from broker.domain.words import EventType, ReviewOutcome


class Desk(Protocol):
    """What one signed-in person may see, cut to what they may be told. Looking is recorded."""

    async def alerts(self, person: Person) -> Sequence[AlertLine]:
        """Must-see first, by level, then the newest. Raises PoliciesUnusable."""
        ...

    async def pointers(self, person: Person) -> tuple[Sequence[AlertLine], int]:
        """Of these the pointers, which rest on no policy; and how many alerts there are in all."""
        ...

    async def alert(
        self, person: Person, alert: AlertId, now: datetime
    ) -> AlertView | PointerView | None:
        """
        One alert; None if it is not this person's, or does not exist: nobody can tell which.
        Raises PoliciesUnusable, of anything but a pointer.
        """
        ...

    async def seen(self, person: Person, alert: AlertId, now: datetime) -> None:
        """This person says: I have seen this."""
        ...

    def changes(self, person: Person, shown: int) -> AsyncIterator[bool]:
        """
        First whether anything came since a page with that many alerts was shown, now that it
        listens; then true whenever something is new for this organisation and role.
        """
        ...


class Raise(Protocol):
    """The way from the console's form to the publisher's own adapter."""

    async def __call__(self, person: Person, answers: Answers, now: datetime) -> Accepted:
        """Returns once Kafka has the concern. Raises TryAgain: nothing was lost, press again."""
        ...


class Speak(Protocol):
    """
    What a signed-in person says about sharing, signed in their organisation's name. `said` is the
    statement's `fact` without `by` (schemas/statement-1.0); `key` names this statement, so that
    pressing twice says it once.
    """

    async def would(
        self, person: Person, kind: EventType, said: Mapping[str, Json], *, key: str, now: datetime
    ) -> Sequence[Effect]:
        """What it would change; nothing is said. Raises like saying it."""
        ...

    async def __call__(
        self, person: Person, kind: EventType, said: Mapping[str, Json], *, key: str, now: datetime
    ) -> Said:
        """
        Returns once it counts. Raises Rejected with the reason (objections.REASONS, or
        same_id_other_token if it was said already), or TryAgain.
        """
        ...


class SharingDesk(Protocol):
    """What the pages about sharing are made from."""

    async def about(self, person: Person, alert: AlertId) -> About | None:
        """The concern of one alert of theirs; None if it is not theirs, or does not exist."""
        ...

    async def named(self, person: Person, named: str) -> AlertId | None:
        """Their newest alert about the concern of that reference or thread."""
        ...

    async def history(self, person: Person, alert: AlertId, now: datetime) -> History | None:
        """All that was said about its subject, to be cut for them. Looking is recorded."""
        ...

    async def recall(self, person: Person, alert: AlertId) -> RecallLine | None:
        """What an alert of theirs recalls; None if it is no recall."""
        ...

    async def overrides(
        self, raised_by: Collection[OrganisationId], now: datetime
    ) -> Sequence[OverrideCase]:
        """Every override of these organisations, the oldest first."""
        ...

    async def figures(self) -> Figures: ...


class Governing(Protocol):
    """
    The governance override (DOMAIN.md 4.5). Each step, look and attempt is an audit entry. `area`:
    the organisations of the area, whose overrides these are.
    """

    async def ask(
        self,
        person: Person,
        named: str,
        purpose: str,
        area: Collection[OrganisationId],
        now: datetime,
    ) -> GovernanceId | None:
        """`named`: a reference that was read out, or a disclosure's id. None: no one subject."""
        ...

    async def overrides(self, area: Collection[OrganisationId]) -> Sequence[GovernanceOverride]:
        """The newest first."""
        ...

    async def override(
        self, area: Collection[OrganisationId], made: GovernanceId
    ) -> GovernanceOverride | None: ...

    async def approve(
        self, person: Person, made: GovernanceOverride, until: datetime, now: datetime
    ) -> bool:
        """False: it is their own, or was approved or ended before."""
        ...

    async def end(self, person: Person, made: GovernanceOverride, now: datetime) -> bool:
        """By one of the two, before its time; False: it has ended, or they are neither."""
        ...

    async def review(
        self,
        person: Person,
        made: GovernanceOverride,
        outcome: ReviewOutcome,
        words: str,
        now: datetime,
    ) -> bool:
        """Once it has ended; False: it has not, was reviewed before, or they are one of the two."""
        ...

    async def lapse(self, now: datetime) -> int:
        """Write down the end of those whose time is over; how many."""
        ...

    async def look(
        self, person: Person, made: GovernanceOverride, now: datetime
    ) -> Sequence[ViewedConcern] | None:
        """What every cap leaves; None, and nothing is read, unless it is open to them now."""
        ...

    async def attempted(self, person: Person, made: GovernanceId, now: datetime) -> None:
        """Somebody tried to view what is not open to them."""
        ...

    async def attempted_alert(self, person: Person, alert: AlertId, now: datetime) -> None:
        """Somebody tried to open another desk's alert."""
        ...


class Corrections(Protocol):
    """
    Joining and parting subjects. Each returns once it counts: what rested on a wrong join no longer
    leaves, whoever was told is recalled, and the concerns are decided again under their right
    subject. Nothing is destroyed. Raises Rejected with the reason, or TryAgain.
    """

    async def same(self, subject: SubjectId, other: SubjectId, by: By, now: datetime) -> Corrected:
        """A provisional subject is this other one."""
        ...

    async def different(
        self, subject: SubjectId, others: Collection[SubjectId], by: By, now: datetime
    ) -> Corrected:
        """It is none of these; once it can be nobody else it is a subject of its own."""
        ...

    async def unlink(
        self, threads: Collection[ThreadId], to: SubjectId | None, by: By, now: datetime
    ) -> Corrected:
        """
        These concerns are not about the subject they stand under, but `to`, or a new one. Several
        at once are a split: one record was two children's.
        """
        ...

    async def merge(self, keep: SubjectId, other: SubjectId, by: By, now: datetime) -> Corrected:
        """Two subjects are one child: the older id stays, whichever is named first."""
        ...

    async def would(
        self, subject: SubjectId, other: SubjectId, now: datetime
    ) -> Sequence[Recipient]:
        """Who would be told if a provisional subject were this other one; nothing is changed."""
        ...


class Reviews(Protocol):
    """Doubtful matches before a person. Looking is an audit entry, and so is an answer."""

    async def queue(self, person: Person, now: datetime) -> Sequence[ReviewLine]:
        """What this person may answer, by level, then the newest."""
        ...

    async def review(self, person: Person, review: ReviewId, now: datetime) -> Review | None:
        """One of them; None if it is not theirs to answer, was answered, or does not exist."""
        ...

    async def answer(
        self, person: Person, review: ReviewId, said: ReviewSaid, now: datetime
    ) -> Answered:
        """
        Raises Rejected with the reason (not_theirs, same_person, answered_already,
        no_such_candidate), or TryAgain.
        """
        ...

    async def wrong_child(
        self, person: Person, alert: AlertId, words: str, now: datetime
    ) -> Corrected | None:
        """
        The concern of one alert of theirs is not about the child under whom it stands: it stands
        under one of its own from now on, before the reviewer. None if the alert is not theirs, or
        this person may not say so.
        """
        ...


class Sessions(Protocol):
    """Who is signed in. The cookie's value is never stored, only its digest."""

    async def begin(self, person: PersonId, now: datetime) -> tuple[str, str]:
        """(the cookie's value, the token that every form must bring back)."""
        ...

    async def of(self, cookie: str, now: datetime) -> tuple[PersonId, str] | None:
        """Whose session it is, with its form token; None when ended, idle or unknown."""
        ...

    async def end(self, cookie: str) -> None: ...

    async def keep_draft(
        self, person: PersonId, form: Mapping[str, str], now: datetime
    ) -> None: ...

    async def draft(self, person: PersonId) -> Mapping[str, str] | None: ...

    async def discard_draft(self, person: PersonId) -> None: ...


class Inquiries(Protocol):
    """Questions whether a child is known: who asked, and by which digests a subject is found."""

    async def begin(self, inquiry: Inquiry, *, most: int, now: datetime) -> bool:
        """
        Count it; false if this organisation has asked as often as it may within the hour. Raises
        Rejected("asked_before").
        """
        ...

    async def keep(self, answered: AuditedAnswer) -> None:
        """What was answered, with its leaf, before anybody is told."""
        ...

    async def held_under(self, key: str, tokens: Collection[bytes]) -> frozenset[SubjectId]:
        """Whom these digests find; one of twins by its whole name alone."""
        ...

    async def answering_key(self, keys: Collection[str]) -> str | None:
        """Of these the key under which every subject has its digests; None while there is none."""
        ...

    async def use_keys(self, keys: Collection[str]) -> None:
        """These are the keys from now on: digests under any other are forgotten."""
        ...

    async def unindexed(self, key: str, most: int) -> Sequence[tuple[KeptProfile, bytes]]:
        """Profiles whose digests are not of this version, each with its subject's key."""
        ...

    async def index(
        self, key: str, subject: SubjectId, version: int, tokens: Mapping[bytes, bool]
    ) -> None:
        """A subject's digests from now on, and of each whether it is of a whole name."""
        ...

    async def complete(self, key: str, now: datetime) -> None:
        """Nothing is left to do for this key."""
        ...
