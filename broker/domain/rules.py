"""
What policies/ says about statements and about time, as plain values: whose wish counts, who may
record what, how long an override lasts, which lawful basis a disclosure rests on. Read from YAML by
broker/policy/rules.py. Nothing here decides; the code that does asks these and names no role,
level or category of its own.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from broker.domain.words import (
    Agency,
    Capacity,
    Category,
    ConsentState,
    DirectiveKind,
    Gateway,
    Level,
    Office,
    RelationshipKind,
    ReviewOutcome,
    Role,
)

_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """When a rule is law. From is included, until is not; None: no end is known."""

    since: datetime
    until: datetime | None = None

    def holds_at(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


class Asks(StrEnum):
    """Whom a gateway makes a candidate, beside those who are candidates already."""

    RELATED = "related"  # nobody: only those already asked, by relationship or by duty
    ON_DUTY = "on_duty"  # those on duty for the child's area in the gateway's roles
    AREA = "area"  # every organisation of the child's area that has one of its roles
    REFERRER = "referrer"  # the organisations that published a concern about this subject before


class Standing(StrEnum):
    """
    What a subject is when it is asked whose wish counts. Competent is asked for each category: a
    child under 16 is competent for the categories of the directive that names who assessed it.
    """

    UNBORN = "unborn"
    CHILD = "child"  # neither presumed nor assessed competent; also while the age is not known
    COMPETENT = "competent"
    ADULT = "adult"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """
    Whose wish counts, for these categories of a subject of one of these standings. The first row
    that fits counts, whether or not anybody of it has spoken; a row without capacities means
    nobody. Of those who have spoken, one refusal is a refusal; but where somebody in one of the
    capacities of `settles` has spoken, they alone count (a court, DOMAIN.md 4.8, 9).
    """

    categories: frozenset[Category]
    standings: frozenset[Standing]
    younger_than: int | None = None  # years; does not fit while the age is not known
    capacities: frozenset[Capacity]
    settles: frozenset[Capacity] = frozenset()
    by_name: bool = False  # counts only if the directive names the category, not for "all"
    weighed: bool = False  # a refusal is one to weigh: Question.young_person_refused (M2)
    each_adult: bool = False  # each adult whose it is must agree: one cannot agree for another

    def fits(self, category: Category, standing: Standing, age: int | None) -> bool:
        """Age in whole years; None while it is not known."""
        young = self.younger_than is None or (age is not None and age < self.younger_than)
        return category in self.categories and standing in self.standings and young


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRules:
    """consent.yaml: when a recorded wish counts (DOMAIN.md 3.2 and 4.8, 3 and 9)."""

    whose: Sequence[Whose]
    kinds: frozenset[DirectiveKind]  # those that are about sharing
    agreed_states: frozenset[ConsentState]
    refused_states: frozenset[ConsentState]
    recalls: frozenset[ConsentState]  # a change to one of these recalls what rested on agreement
    presumed_competent_from: int  # years
    adult_from: int  # years
    competent_capacities: frozenset[Capacity]  # in which a young person speaks for themself
    must_be_assessed: frozenset[Capacity]  # of these: counts only with assessor and question
    longest_months: int  # an agreement ends then at the latest, counted from its start
    ends_with_case: bool  # and with its case; a refusal or withdrawal stands until changed
    refusal_stands: bool
    purposes: Mapping[Level, frozenset[str]]  # what sharing at a level is for, whoever says what

    def whose_wish(self, category: Category, standing: Standing, age: int | None) -> Whose:
        """The row that counts. There is one for every question: rules.py refuses a table else."""
        return next(row for row in self.whose if row.fits(category, standing, age))

    def latest_end(self, since: datetime) -> datetime:
        """When an agreement given at `since` has ended: so many calendar months later."""
        month = since.month - 1 + self.longest_months
        year, month = since.year + month // _MONTHS, month % _MONTHS + 1
        return since.replace(year=year, month=month, day=min(since.day, monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class MayRecord:
    """Who may make a statement: people in these roles, and whoever published the concern."""

    roles: frozenset[Role]
    publisher: bool = False  # so may anybody of the organisation that published the concern


class Lifter(StrEnum):
    """Who may take back what somebody recorded."""

    SAME_PERSON = "same_person"
    SAME_ORGANISATION = "same_organisation"  # their deputy


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRules:
    """overrides.yaml, `statements`: who may record what about sharing (DOMAIN.md 4.1)."""

    necessity: MayRecord  # M3
    necessity_longest: int  # characters
    weighing: MayRecord  # M2: going on although a competent young person refused
    source_of_harm: MayRecord
    detriment: MayRecord  # K5
    detriment_lifted_by: frozenset[Lifter]
    detriment_never_against: frozenset[Gateway]  # of a recipient whom one of these entitles


class Another(StrEnum):
    """In what a reviewer differs from whoever raised what is reviewed."""

    PERSON = "person"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRules:
    """overrides.yaml: break-glass (DOMAIN.md 4.4). One that would last longer is turned away."""

    may_raise: frozenset[Role]
    may_review: frozenset[Role]
    usual: timedelta  # when nobody says until when
    longest: timedelta
    reviewed_by_another: frozenset[Another]  # all of these must differ
    review_within_working_days: int  # shown to figures_for, never to whoever raised it
    figures_for: frozenset[Role]  # who is shown figures of the service, and no content
    outcomes: frozenset[ReviewOutcome]
    ends: frozenset[ReviewOutcome]  # an override with this outcome has ended
    recalls: frozenset[ReviewOutcome]  # and what was told under it is recalled


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernanceRules:
    """
    overrides.yaml, `governance`: two people view what is held of one subject, and nothing is told
    by it (DOMAIN.md 4.5). One of the two holds an office of `one_holds`.
    """

    may_ask: frozenset[Role]
    one_holds: frozenset[Office]
    seen_as: Role  # whose caps cut the view
    longest: timedelta  # from the approval
    reviewed_by: frozenset[Office]  # never one of the two
    outcomes: frozenset[ReviewOutcome]


class Delicate(StrEnum):
    """Where joining two records in error would do most harm (IDENTITY.md 4)."""

    PROTECTED_LOCATION = "protected_location"
    ADOPTION = "adoption"  # one of the two is never shown beside somebody
    KEPT_APART = "kept_apart"  # a person has said that one of them is not somebody else
    ACROSS_HOUSEHOLDS = "across_households"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidFact:
    """A coded fact that a notification may say: `category.summary.member`, one of these words."""

    claim: str
    equals: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRules:
    """identity.yaml: who says whether two records are one child, and when two people must."""

    may_review: frozenset[Role]
    sees_restricted: frozenset[Role]
    second_person_where: frozenset[Delicate]
    second_person_if_said: Sequence[SaidFact]
    shown_relationships: frozenset[RelationshipKind]
    shown_identifiers: frozenset[str]
    may_say_wrong_child: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisRule:
    """
    When one lawful basis stands behind what a recipient is told of one category. A fact left out
    is any. `through` and `only_through` are patterns of policy ids, as `gateway-fgm-*`: one, or
    every one, of the permits that gave the extent is such.
    """

    basis: str
    gateways: frozenset[Gateway] | None = None
    levels: frozenset[Level] | None = None  # the level used
    publishers: frozenset[Agency] | None = None
    recipients: frozenset[Agency] | None = None
    categories: frozenset[Category] | None = None
    through: tuple[str, ...] = ()
    only_through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisRules:
    """bases.yaml: for each of the three kinds, in order; the first that fits (DOMAIN.md 3.1)."""

    article_6: Sequence[BasisRule]
    condition: Sequence[BasisRule]
    confidence: Sequence[BasisRule]
