"""What the core needs from outside: the few verbs its caller uses, and a twin in memory."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from broker.domain.batch import Batch, Genuine, Tally, Unreadable
from broker.domain.correction import By, Corrected
from broker.domain.decision import Question, Recipient, Ruling
from broker.domain.desk import Accepted, AlertLine, AlertView, Answers, Person, PointerView
from broker.domain.effect import Effect, Said
from broker.domain.governance import GovernanceOverride, ViewedConcern
from broker.domain.identity import KeptProfile
from broker.domain.ids import (
    AlertId,
    GovernanceId,
    NotificationId,
    OrganisationId,
    PersonId,
    PolicyVersion,
    ReviewId,
    SubjectId,
    ThreadId,
)
from broker.domain.inquiry import AuditedAnswer, Inquiry
from broker.domain.kept import Held, Kept, KeptConcern, Linked, Which
from broker.domain.known import Known, Rules
from broker.domain.notification import Json
from broker.domain.pointer import Undecided
from broker.domain.review import Answered, Review, ReviewLine, ReviewSaid
from broker.domain.rows import Rows
from broker.domain.sharing_desk import About, Figures, History, OverrideCase, RecallLine
from broker.domain.words import EventType, ReviewOutcome, Role

Came = Mapping[NotificationId, bytes]


class Policies(Protocol):
    """The policies in force. A ruling is a function of its question as long as they stand."""

    @property
    def version(self) -> PolicyVersion: ...

    @property
    def rules(self) -> Rules:
        """What else policies/ says: routing, whose wish counts, who may record what."""
        ...

    @property
    def sentences(self) -> Mapping[str, str]:
        """What each policy says to a caseworker, by its id."""
        ...

    def decide(self, question: Question) -> Ruling:
        """Raises PolicyNotEvaluated: never silence for an answer."""
        ...

    def decide_all(self, questions: Sequence[Question]) -> list[Ruling]:
        """One notification's fan-out: as decide() one by one, and much sooner."""
        ...


class Onlooker(Protocol):
    """Looks on while a batch is decided: it may stop the batch, and changes no decision."""

    async def __call__(
        self,
        version: PolicyVersion,
        decided: Mapping[NotificationId, Sequence[tuple[Question, Ruling]]],
        now: datetime,
    ) -> None:
        """Raises PolicyDisagrees: the policies in force do not say what they are meant to."""
        ...

    def heed(self) -> None:
        """Raises it too, if that has become known since."""
        ...


class Custody(Protocol):
    """Content at rest: each piece under a key of its own, wrapped under its subject's key."""

    def new_subject_key(self) -> bytes:
        """A new subject's key, wrapped. Destroyed, nothing kept under it can be read again."""
        ...

    def keep(self, content: bytes, *, subject_key: bytes) -> tuple[bytes, bytes]:
        """(the wrapped data key, the encrypted content)."""
        ...

    def rewrap(self, wrapped_key: bytes, *, subject_key: bytes, other: bytes) -> bytes:
        """The key of some content, from under one subject's key to under another's."""
        ...

    def reveal(self, *, subject_key: bytes, wrapped_key: bytes, body: bytes) -> bytes:
        """The content again. Raises Broken if it was altered."""
        ...


class Transaction(Protocol):
    """One batch: all of it, or nothing."""

    async def advance(self, batch: Batch) -> None:
        """Move the partition's offset past the batch, or raise OffsetMoved."""
        ...

    async def keep_apart(self, unreadable: Sequence[Unreadable]) -> None:
        """Keep what could not be read or trusted, for a person."""
        ...

    async def came_before(self, publisher: OrganisationId, ids: Collection[NotificationId]) -> Came:
        """Which of these notifications were accepted earlier: id and SHA-256 of the token."""
        ...

    async def identities(
        self,
        fresh: Sequence[Genuine],
        now: datetime,
        subjects: Collection[SubjectId] = (),
        *,
        holds: bool = True,
    ) -> Known:
        """
        Whom each of these notifications might be about, and these subjects. `holds`: with what
        finds them locked until the end, so that two first sightings of one child become one
        subject. The profiles are sealed.
        """
        ...

    async def known_about(
        self, known: Known, fresh: Sequence[Genuine], subjects: Collection[SubjectId]
    ) -> Known:
        """
        The same with everything that deciding about these subjects needs: nobody else decides about
        them meanwhile.
        """
        ...

    async def seen_about(self, subjects: Collection[SubjectId], now: datetime) -> Known:
        """The same about these subjects for somebody who only looks: it holds nobody up."""
        ...

    async def said_about(
        self, subjects: Collection[SubjectId]
    ) -> Mapping[SubjectId, Sequence[Kept]]:
        """The statements about these subjects, and the closings of their cases, as kept."""
        ...

    async def decided_before(self, which: Which) -> Sequence[KeptConcern]:
        """
        Concerns that were decided before, with what each recipient was told; none that is still
        undecided. Waits for what is just being sent; what still waits is held until the end.
        """
        ...

    async def hold(self, subjects: Collection[SubjectId]) -> Sequence[Held]:
        """These subjects, which nobody else joins or parts until the end."""
        ...

    async def linked(self, subjects: Collection[SubjectId]) -> Sequence[Linked]:
        """Everything that stands under these subjects, in the order in which it came."""
        ...

    async def whose(self, threads: Collection[ThreadId]) -> Sequence[SubjectId]:
        """Under which subjects these concerns stand."""
        ...

    async def registered(
        self, subjects: Collection[SubjectId]
    ) -> Mapping[SubjectId, tuple[bytes, bytes]]:
        """What a partnership brought along about these subjects, sealed."""
        ...

    async def brought(
        self, subject: SubjectId, sources: Collection[str], now: datetime
    ) -> Collection[tuple[OrganisationId, Role]]:
        """Whom these notifications made a recipient about this subject, and still do."""
        ...

    async def undecided(self) -> Sequence[Undecided]:
        """The concerns that were taken in undecided and still are, the oldest first."""
        ...

    async def settle(self, each: Undecided, now: datetime) -> bool:
        """
        From here on it counts as decided, if this transaction commits; false if it did before.
        Of two at once the second waits for the first.
        """
        ...

    async def let_go(self, notification: NotificationId) -> None:
        """What still waits of a retracted concern does not leave."""
        ...

    async def write(self, rows: Rows) -> None:
        """Inbox, decisions, outbox, alerts, leaves; and wake whoever waits for them."""
        ...

    async def count(self, batch: Batch, tally: Tally) -> None:
        """What became of each record."""
        ...

    async def likely(self, keys: Collection[int], now: datetime) -> Known:
        """As identities(), for somebody who only asks: it holds nobody up, and nobody is met."""
        ...

    async def likely_named(self, subjects: Collection[SubjectId], now: datetime) -> Known:
        """The same of subjects that are known already."""
        ...

    async def standing(self, subject: SubjectId) -> Sequence[KeptConcern]:
        """Its concerns that stand, the last first: as decided_before(), and nothing is held."""
        ...


class Store(Protocol):
    """PostgreSQL remembers."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commits at the end, or undoes everything. Raises StoreUnavailable."""
        ...

    async def next_offsets(self, topics: Collection[str]) -> Mapping[tuple[str, int], int]:
        """Where each partition goes on."""
        ...


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
