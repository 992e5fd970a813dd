"""What the broker knew when it decided: one snapshot, read before step 3."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from broker.domain.decision import AreaDuty, GatewayRule, OpenCase, Recipient, StandsIn
from broker.domain.identity import KeptProfile, Profile, Weighed
from broker.domain.ids import NotificationId, OrganisationId, SubjectId, ThreadId
from broker.domain.rules import (
    BasisRules,
    ConsentRules,
    GovernanceRules,
    IdentityRules,
    OverrideRules,
    StatementRules,
)
from broker.domain.sharing import Sharing
from broker.domain.words import (
    Agency,
    Category,
    ConsentState,
    Level,
    RelationshipKind,
    Role,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """Why an organisation has to do with a subject. From is included, until is not."""

    organisation: OrganisationId
    role: Role
    kind: RelationshipKind
    since: datetime
    until: datetime | None = None

    def holds_at(self, now: datetime) -> bool:
        return self.since <= now and (self.until is None or now < self.until)


class MatchState(StrEnum):
    KNOWN = "known"
    NEEDS_PERSON = "needs_person"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """
    Who a notification is about. `doubted`: the subjects it might be, when a person must say;
    `weighed`: the evidence about the likeliest; `household`: who lives there too; `twins`: of them
    and of the doubted, whoever was born on the same day.
    """

    subject: SubjectId
    state: MatchState
    why: str
    doubted: frozenset[SubjectId] = frozenset()
    weighed: Sequence[Weighed] = ()
    household: frozenset[SubjectId] = frozenset()
    twins: frozenset[SubjectId] = frozenset()
    model: str = ""  # SHA-256 of the weights by which it was judged
    disputed: frozenset[str] = frozenset()  # systems of which its number is another subject's


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What a notification teaches about its subject: the profile from now on, and its keys."""

    profile: Profile
    keys: Mapping[int, bool]  # and whether only a protected place says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """
    One snapshot for one batch. `found` says which subjects answer to a key, `crowded` which keys
    have so many that nobody was looked at, `profiles` what the register holds of each, and `unused`
    an id for each notification that needs one.
    """

    now: datetime
    unused: Mapping[NotificationId, SubjectId]
    matches: Mapping[NotificationId, Match] = field(default_factory=dict)  # step 3 has said
    grown: Mapping[NotificationId, Growth] = field(default_factory=dict)  # what it taught
    found: Mapping[int, frozenset[SubjectId]] = field(default_factory=dict)
    crowded: frozenset[int] = frozenset()
    kept_profiles: Mapping[SubjectId, KeptProfile] = field(default_factory=dict)
    profiles: Mapping[SubjectId, Profile] = field(default_factory=dict)  # the same, opened
    households: Mapping[SubjectId, str] = field(default_factory=dict)
    relationships: Mapping[SubjectId, Sequence[Relationship]] = field(default_factory=dict)
    areas: Mapping[SubjectId, str] = field(default_factory=dict)
    protected: Mapping[SubjectId, frozenset[OrganisationId]] = field(default_factory=dict)
    threads: Mapping[ThreadId, SubjectId] = field(default_factory=dict)  # of earlier versions, too
    wrote: Mapping[ThreadId, OrganisationId] = field(default_factory=dict)  # who published them
    told: Mapping[ThreadId, Sequence[Recipient]] = field(default_factory=dict)  # who holds them
    subject_keys: Mapping[SubjectId, bytes] = field(default_factory=dict, repr=False)  # wrapped
    sharing: Mapping[SubjectId, Sharing] = field(default_factory=dict)  # what was said about it
    facts: Mapping[SubjectId, int] = field(default_factory=dict)  # how often that has changed
    published: Mapping[SubjectId, frozenset[OrganisationId]] = field(default_factory=dict)
    """Who published a concern about whom: they are owed to hear what became of it."""

    def having_heard(self, subject: SubjectId, sharing: Sharing) -> "Known":
        """The snapshot after a statement about this subject, and one change more."""
        return replace(
            self,
            sharing={**self.sharing, subject: sharing},
            facts={**self.facts, subject: self.facts.get(subject, 0) + 1},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What policies/ says about routing: the same for every batch under one policy version."""

    area_duties: Sequence[AreaDuty]
    gateways: Sequence[GatewayRule]
    agreement_counts_for: frozenset[Category]  # when a publisher says that agreement was given
    refusal_counts_for: frozenset[Category]
    agreed_states: frozenset[ConsentState]
    refused_states: frozenset[ConsentState]
    allowed_by_right: frozenset[Agency]  # may know a protected location in their own area
    stated_by: Mapping[RelationshipKind, frozenset[Agency]]  # whose word opens a relationship
    open_case: OpenCase
    without_school: StandsIn  # a child educated at home
    must_see_roles: frozenset[Role]
    must_see_from: Level
    blind: frozenset[Category]  # their existence is told without naming them
    may_confirm: Mapping[Role, frozenset[Level]]  # whose confirmation counts, by a person's role
    confirmed_by_publisher: Mapping[Agency, frozenset[Level]]  # else `confirmed` is a proposal
    necessity_states: frozenset[ConsentState]  # asking was unsafe, or could not be done (M3)
    jurisdiction: str  # whose law these policies are
    consent: ConsentRules
    statements: StatementRules
    overrides: OverrideRules
    governance: GovernanceRules
    identity: IdentityRules
    bases: BasisRules = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One organisation of the directory, as far as deciding needs it."""

    agency: Agency
    area: str
    desk: Role | None = None  # the role that publishes: it is not told what it said itself
    jurisdiction: str = "GB-ENG"  # whose law binds it
    roles: frozenset[Role] = frozenset()  # in which it may be told, or speaks


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """
    Organisations by id, who answers for an area by duty, and who is asked where a conflict of
    interest shuts an organisation's ordinary route: its deputies, else those who stand in for its
    agency in its area. `when_unchecked`: the roles that hear that a service is involved while
    policies cannot be evaluated (DOMAIN.md 4.7).
    """

    bodies: Mapping[OrganisationId, Body]
    on_duty: Mapping[str, Sequence[Recipient]]
    by_area: Mapping[str, Sequence[Recipient]] = field(default_factory=dict)  # in every role
    deputies: Mapping[OrganisationId, Sequence[OrganisationId]] = field(default_factory=dict)
    stand_ins: Mapping[tuple[str, Agency], Sequence[OrganisationId]] = field(default_factory=dict)
    when_unchecked: frozenset[Role] = frozenset()
