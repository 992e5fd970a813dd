"""What the pages about sharing are made from: as kept, before it is cut for its reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from broker.domain.ids import AlertId, OrganisationId, ThreadId
from broker.domain.sharing import Override, Review, Statement
from broker.domain.words import Category, Extent, Level, Role

_SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """One concern as somebody may speak about it, who has an alert of it."""

    alert: AlertId
    thread: ThreadId
    reference: str
    publisher: OrganisationId
    level: Level
    extents: Mapping[Category, Extent]  # this reader's, when they were last decided
    location_barred: bool  # no organisation's name is shown: it could tell where the child is


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundLine:
    """One time a concern was decided: why, and the extents that its reader got."""

    at: datetime
    why: str  # "received" for the first; then the statement's type, or facts, policies, lapsed
    outcome: str  # disclosed, refused, stands
    extents: Mapping[Category, Extent]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that was said about a subject, and how it changed what one desk is told of a concern."""

    about: About
    statements: Sequence[Statement] = field(repr=False)
    rounds: Sequence[RoundLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallLine:
    """Of an alert that is a recall: what may no longer be relied on, and why."""

    ground: str  # withdrawn, override_not_justified, wrong_child
    categories: Sequence[Category]
    at: datetime
    first: AlertId | None  # the alert by which it was told


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldUnder:
    """What one recipient was told under an override, and where its recall stands."""

    organisation: OrganisationId
    role: Role
    categories: Sequence[Category]
    sent: bool
    recalled: bool
    acknowledged: bool  # of the recall


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideCase:
    """One override with what became of it."""

    override: Override
    reference: str  # of the concern: what people read out
    review: Review | None
    told: Sequence[ToldUnder]
    days: int  # since it was raised
    working_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of a table of the service: what it counts, by which words, how many."""

    by: tuple[str, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """A recall, and whether whoever got it has acknowledged it."""

    organisation: OrganisationId
    role: Role
    ground: str
    issued: datetime
    acknowledged: bool  # by a system's receipt, or by a person who has seen it


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Sharing and not sharing, as counted; no content."""

    decisions: Sequence[Figure]  # by policy version, organisation, role: disclosed, refused, stands
    grounds: Sequence[Figure]  # by policy version, organisation, role, ground: refusals
    recalls: Sequence[Recalled]
    turned_away: Sequence[Figure]  # by reason, publisher: statements


def working_days(since: date, until: date) -> int:
    """Days from Monday to Friday after `since`, up to and with `until`. Bank holidays count."""
    whole, rest = divmod((until - since).days, 7)
    extra = sum((since.weekday() + step) % 7 < _SATURDAY for step in range(1, rest + 1))
    return whole * _SATURDAY + extra
