"""
What is asked about one recipient, and what is answered: an extent for every category, with
because. There is no yes or no here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime

from broker.domain.ids import NotificationId, OrganisationId, PolicyId, PolicyVersion
from broker.domain.rules import Asks, Period
from broker.domain.words import (
    Agency,
    Category,
    ConsentState,
    Extent,
    Gateway,
    Level,
    LevelState,
    RelationshipKind,
    Role,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """An organisation in a role that might be, or is, told."""

    organisation: OrganisationId
    role: Role
    agency: Agency


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """
    All that a decision about one recipient may depend on: closed values, nothing else. Two equal
    questions have equal rulings, so a ruling may be remembered for as long as the policies stand.
    """

    role: Role
    agency: Agency  # the recipient's
    publisher: Agency
    level: Level  # as published or confirmed; which level counts for a role is policy
    level_state: LevelState
    gateway: Gateway  # established by the broker for this recipient
    relationship: RelationshipKind  # now
    consent_stated: ConsentState  # what the publisher says was asked and answered
    agreed: frozenset[Category] = frozenset()  # an agreement by the right giver holds now
    refused: frozenset[Category] = frozenset()  # refused or withdrawn by whoever's wish counts
    young_person_refused: frozenset[Category] = frozenset()  # and no decision to go on stands
    override: frozenset[Category] = frozenset()  # a live override names recipient and category
    sealed: bool = False
    conflict: bool = False
    location_barred: bool = False  # protected location, and the recipient is off its allow-list
    outside_area: bool = False  # so barred, and in another area than the child's
    detriment: bool = False  # a named person judged that telling this recipient would harm more
    necessity: bool = False  # a named person wrote why others must know without agreement
    own: bool = False  # the recipient is the desk that published
    jurisdiction: str = "GB-ENG"


def question_fields(question: Question) -> dict[str, object]:
    """A question as plain JSON, its sets sorted: kept with the ruling, to be asked again."""
    return {each.name: _plain(getattr(question, each.name)) for each in fields(question)}


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(member.value for member in value)
    return getattr(value, "value", value)


@dataclass(frozen=True, slots=True)
class Because:
    """
    The policies that gave the extent, those that stopped more, and the permits that these
    overruled. Never empty.
    """

    permits: tuple[PolicyId, ...] = ()
    forbids: tuple[PolicyId, ...] = ()
    overruled: tuple[PolicyId, ...] = ()

    def __post_init__(self) -> None:
        if not self.permits and not self.forbids:
            raise ValueError("a because names at least one policy, or no-permit-applies")


NO_PERMIT_APPLIES = Because(forbids=(PolicyId("no-permit-applies"),))
"""Default deny, said aloud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bases:
    """
    The lawful bases of a disclosure, one of each kind (DOMAIN.md 3.1): UK GDPR Article 6, the
    condition for special category or offence data, and what lifts the common-law confidence.
    """

    article_6: str
    condition: str
    confidence: str


_EVERY = frozenset(Category)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the policies answer to one Question."""

    extents: Mapping[Category, Extent]
    because: Mapping[Category, Because]
    duties: frozenset[str] = frozenset()
    bases: Mapping[Category, Bases] = field(default_factory=dict)  # of each category told at all
    policy: PolicyVersion
    level_used: Level

    def __post_init__(self) -> None:
        if not self.extents.keys() == self.because.keys() == _EVERY:
            raise ValueError("a ruling gives an extent and a because for every category")

    @property
    def tells_nothing(self) -> bool:
        return all(extent is Extent.NOTHING for extent in self.extents.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """The directive that counted for one category and recipient, and its state at that instant."""

    directive: NotificationId
    state: ConsentState


@dataclass(frozen=True, slots=True, kw_only=True)
class Rests:
    """
    What a question rests on at its instant, beside the policies: which directive counted for each
    category, which overrides hold, and when the first of all that ends. A decision keeps it.
    """

    wished: Mapping[Category, Wished] = field(default_factory=dict)
    overrides: Mapping[Category, NotificationId] = field(default_factory=dict)
    good_until: datetime | None = None  # None: nothing of it ends by itself


NOTHING_RESTS = Rests()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A recipient who might need to know, and the question that this raises."""

    recipient: Recipient
    question: Question
    why: str  # the directory's word: a kind of relationship, or area_duty
    ring: OrganisationId  # whom to ring about this concern
    child_certain: bool = True
    rests: Rests = NOTHING_RESTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """
    A ruling for one candidate about one notification. `needs_agreement` and `needs_override`: the
    categories that would have been told less without it, so that what rested on it can be recalled.
    """

    candidate: Candidate
    ruling: Ruling
    needs_agreement: frozenset[Category] = frozenset()
    needs_override: frozenset[Category] = frozenset()

    @property
    def recipient(self) -> Recipient:
        return self.candidate.recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaDuty:
    """Who is told by duty for an area, without a relationship: a rule from policies/."""

    role: Role
    from_level: Level
    with_open_case_from: Level  # where the child has an allocated worker, only from this level


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    """By which relationship in which role a child has an open case: a rule from policies/."""

    role: Role
    relationship: RelationshipKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StandsIn:
    """Who is asked in the place of a school for a child who has none: a rule from policies/."""

    claim: str  # "education.summary.status"
    equals: frozenset[str]
    stated_by: frozenset[Agency]  # whose word counts for it
    role: Role
    relationship: RelationshipKind  # as if


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayRule:
    """
    When the broker may establish a gateway: a rule from policies/. One that has not been commenced
    has no period, and is therefore in force at no instant.
    """

    gateway: Gateway
    publishers: frozenset[Agency]
    roles: frozenset[Role]
    relationships: frozenset[RelationshipKind]
    commenced: Period | None
    claim: str | None = None  # "police_incident.summary.kind"; of a list "x.summary.items.part"
    equals: frozenset[str] = field(default_factory=frozenset)  # values of that claim
    asks: Asks = Asks.RELATED
    named: bool = False  # only for an organisation that the publisher names as recipient
    proposed: bool = True  # only if the publisher proposes it; else it holds without a word
    opens: bool = True  # false: no Cedar policy grants by it; it only changes the lawful basis

    def in_force(self, at: datetime) -> bool:
        return self.commenced is not None and self.commenced.holds_at(at)
