"""What the core needs from outside: the few verbs its caller uses, and a twin in memory."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from broker.domain.batch import Batch, Genuine, Tally, Unreadable
from broker.domain.decision import Question, Ruling
from broker.domain.desk import Accepted, AlertLine, AlertView, Answers, Person
from broker.domain.ids import AlertId, NotificationId, PersonId, PolicyVersion
from broker.domain.known import Known
from broker.domain.rows import Rows

Came = Mapping[NotificationId, bytes]


class Policies(Protocol):
    """The policies in force. A ruling is a function of its question as long as they stand."""

    @property
    def version(self) -> PolicyVersion: ...

    def decide(self, question: Question) -> Ruling:
        """Raises PolicyNotEvaluated: never silence for an answer."""
        ...

    def decide_all(self, questions: Sequence[Question]) -> list[Ruling]:
        """One notification's fan-out: as decide() one by one, and much sooner."""
        ...


class Custody(Protocol):
    """Content at rest: each piece under a key of its own, wrapped under its subject's key."""

    def new_subject_key(self) -> bytes:
        """A new subject's key, wrapped. Destroyed, nothing kept under it can be read again."""
        ...

    def keep(self, content: bytes, *, subject_key: bytes) -> tuple[bytes, bytes]:
        """(the wrapped data key, the encrypted content)."""
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

    async def came_before(self, batch: Batch, ids: Collection[NotificationId]) -> Came:
        """Which of these notifications were accepted earlier: id and SHA-256 of the token."""
        ...

    async def known_about(self, fresh: Sequence[Genuine], now: datetime) -> Known:
        """Everything deciding needs, at one instant, with the identifiers locked until the end."""
        ...

    async def record(self, batch: Batch, rows: Rows, tally: Tally) -> None:
        """Inbox, decisions, outbox, alerts, leaves, and what became of each record."""
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
        """Must-see first, by level, then the newest."""
        ...

    async def alert(self, person: Person, alert: AlertId, now: datetime) -> AlertView | None:
        """One alert; None if it is not this person's, or does not exist: nobody can tell which."""
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
