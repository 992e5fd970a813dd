"""
Statements: what named persons say about sharing. Each is a signed event like a concern, and none is
ever edited: a withdrawal follows an agreement, a review follows an override. What holds at an
instant is worked out from all of them, so that a decision of any past instant can be made again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from broker.domain.ids import NotificationId, OrganisationId, ThreadId
from broker.domain.words import (
    Capacity,
    Category,
    ConsentState,
    DirectiveKind,
    Level,
    ReviewOutcome,
    Role,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who made a statement: a person, in one organisation and role."""

    person: str
    organisation: OrganisationId
    role: Role | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """
    What every statement has: its own id, who made it, when they did, and since when the broker has
    had it. Of two, the one made later counts; none counts before the broker had it.
    """

    id: NotificationId
    by: Author
    made: datetime  # to the second: the token's iat
    recorded: datetime
    concern: ThreadId | None = None  # what it is about, if one concern and not the subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Giver:
    """Whose wish it is, and in what capacity. `person` is the publisher's own name for them."""

    person: str
    capacity: Capacity
    assessed_by: str | None = None  # of a child under 16: who found them competent,
    question: str | None = None  # and for which question


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive(Statement):
    """
    A recorded wish about sharing. `recipients`: "role:gp", "org:ods:RZZ". None stands for all
    categories, recipients or purposes. From is included, until is not.
    """

    kind: DirectiveKind
    state: ConsentState
    giver: Giver
    categories: frozenset[Category] | None
    recipients: frozenset[str] | None
    purpose: str | None
    since: datetime
    until: datetime | None = None
    evidence: str = field(default="", repr=False)
    safety: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOfHarm(Statement):
    """An alleged source of harm, or no longer: they can neither agree nor refuse."""

    person: str
    stands: bool = True
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation(Statement):
    """The level of one concern, confirmed, raised or lowered by a named person."""

    level: Level
    words: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Necessity(Statement):
    """Why others must know of one concern without agreement: one sentence (DOMAIN.md 4.1, M3)."""

    words: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalWeighed(Statement):
    """Going on although a competent young person refused, for these categories (M2)."""

    categories: frozenset[Category]
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detriment(Statement):
    """Telling this organisation would harm the child more than not; or that is lifted (K5)."""

    organisation: OrganisationId
    stands: bool = True
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override(Statement):
    """A named person's break-glass decision: who is to be told what, and until when (4.4)."""

    categories: frozenset[Category]
    recipients: frozenset[str]  # "org:ods:Y99999 gp": an organisation in a role
    otherwise: str = field(repr=False)  # what they believe will happen otherwise
    alternatives: str = field(repr=False)
    family_told: str = field(repr=False)  # or why not
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Statement):
    """What a second person, in another team, found about an override. `not_justified` ends it."""

    override: NotificationId
    outcome: ReviewOutcome
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Every statement about one subject, by kind, in the order in which they were made."""

    directives: Sequence[Directive] = ()
    sources_of_harm: Sequence[SourceOfHarm] = ()
    confirmations: Sequence[Confirmation] = ()
    necessities: Sequence[Necessity] = ()
    weighed: Sequence[RefusalWeighed] = ()
    detriments: Sequence[Detriment] = ()
    overrides: Sequence[Override] = ()
    reviews: Sequence[Review] = ()
    cases_closed: Sequence[datetime] = ()  # an agreement ends with its case


NOTHING_SAID = Sharing()
