"""What one signed-in person sees and says at the console: values, cut to what they may be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from broker.domain.decision import Decision
from broker.domain.ids import AlertId, NotificationId, OrganisationId, PersonId
from broker.domain.notification import Json
from broker.domain.words import Agency, Category, Extent, Level, Office, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to ring. Shown before any data."""

    role: str
    telephone: str
    name: str = ""
    organisation: str = ""
    hours: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in the directory who signs in, in one organisation and one role."""

    id: PersonId
    name: str
    organisation: OrganisationId
    organisation_name: str
    agency: Agency
    role: Role | None  # None: an operator, who has no role in the application
    area: str
    contact: Contact
    offices: frozenset[Office] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """One row of the alerts page."""

    id: AlertId
    child: str = field(repr=False)  # as much of the name as this reader is told, else "A child"
    new: str = field(repr=False)  # what is new, at most twelve words, from coded facts alone
    publisher: str
    level: Level | None  # None: of a pointer, which tells none
    must_see: bool
    seen: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One category as this reader is told it."""

    category: Category
    extent: Extent  # summary or full
    summary: Mapping[str, Json] = field(repr=False)
    full: Mapping[str, Json] = field(repr=False, default_factory=dict)
    permits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shows:
    """Of one disclosure: the claims and held categories that may be shown now, and because."""

    decision: Decision
    claims: tuple[str, ...]
    held: tuple[Category, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """One line of the short chronology."""

    alert: AlertId
    at: datetime
    publisher: str
    new: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointerView:
    """An alert that says only that a service is involved: what else may be told was not checked."""

    line: AlertLine
    reference: str
    ring: Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """One alert, whole, as one reader may see it now."""

    line: AlertLine
    reference: str
    agency: Agency
    issued: datetime
    ring: Sequence[Contact]
    why_you: str  # the directory's word: relationship kind, area_duty, gateway
    because: Sequence[tuple[str, str]]  # policy id, its one sentence
    told: Sequence[Told]
    held: Sequence[Category | None]  # told as existence; None: "more is held", no category
    not_shown: Sequence[Category]  # `nothing` to this role, whether or not there is any
    may_be_told: str  # yes, no, not_known
    handling: Sequence[str]
    duties: Sequence[str]
    consent: str | None  # said when refused, never more
    child_certain: bool
    late: bool  # it reached this desk because of a correction
    earlier: Sequence[Earlier]
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The six things a person says, and no more. `child` is free text when nobody was chosen."""

    child_known: str  # identified, described, unknown
    given_name: str = field(repr=False, default="")
    family_name: str = field(repr=False, default="")
    birth_date: date | None = field(repr=False, default=None)
    description: str = field(repr=False, default="")
    unborn: bool = False
    words: str = field(repr=False)
    level: Level | None  # None: not sure, the screener judges
    occurred: date | None
    may_be_told: str  # yes, no, not_known
    reply: Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What whoever raised a concern is told at once."""

    notification: NotificationId
    reference: str
    at: datetime
