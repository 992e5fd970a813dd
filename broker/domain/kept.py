"""What the store keeps of a notification: its content encrypted, and what is known about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from broker.domain.ids import (
    DecisionId,
    DisclosureId,
    NotificationId,
    OrganisationId,
    SubjectId,
    ThreadId,
)
from broker.domain.known import Match
from broker.domain.words import Category, EventType, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One notification in the inbox, its token under its subject's key."""

    id: NotificationId
    publisher: OrganisationId
    type: EventType
    received: datetime
    subject_key: bytes = field(repr=False)
    wrapped_key: bytes = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTold:
    """One disclosure of it, as its outbox and decision rows say."""

    disclosure: DisclosureId
    decision: DecisionId
    organisation: OrganisationId
    role: Role
    claims: Sequence[str]
    held: Sequence[Category]
    waiting: bool
    rests: Mapping[str, object]
    recalled: frozenset[Category]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptConcern:
    """A concern that was decided before."""

    kept: Kept
    match: Match
    token_sha256: bytes
    topic: str
    partition: int
    offset: int
    round: int
    told: Sequence[KeptTold]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A subject that is held while it is joined or parted."""

    subject: SubjectId
    provisional: bool
    redirect_to: SubjectId | None
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A notification and how it came to the subject under which it stands."""

    kept: Kept
    subject: SubjectId
    thread: ThreadId
    about: ThreadId  # the thread that it follows: its own, or the concern's that it speaks of
    turn: int
    match: Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """
    Which concerns are decided again: all of one subject, of one thread or of several, or one
    notification. Of a thread the last version, unless every version must be looked at; a retracted
    one never.
    """

    subject: SubjectId
    thread: str | None = None
    notification: NotificationId | None = None
    among: frozenset[ThreadId] | None = None
    every_version: bool = False
