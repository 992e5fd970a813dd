"""What the core needs from outside: the few verbs its caller uses, and a twin in memory."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from broker.domain.batch import Batch, Genuine, Tally, Unreadable
from broker.domain.decision import Question, Ruling
from broker.domain.ids import (
    NotificationId,
    OrganisationId,
    PolicyVersion,
    SubjectId,
    ThreadId,
)
from broker.domain.kept import Held, Kept, KeptConcern, Linked, Which
from broker.domain.known import Known, Rules
from broker.domain.pointer import Undecided
from broker.domain.rows import Rows
from broker.domain.words import Role

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
