"""
The governance override as values: who asked and approved, and what the two view (DOMAIN.md 4.5).
It is no override of 4.4: nothing is decided, told or alerted because of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from broker.domain.desk import Told
from broker.domain.ids import GovernanceId, OrganisationId, PersonId, SubjectId
from broker.domain.words import Category, Extent, Level, ReviewOutcome, Role


class GovernanceState(StrEnum):
    WAITING = "waiting"  # for a second person
    OPEN = "open"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one person did about it, and when."""

    person: PersonId
    organisation: OrganisationId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernanceOverride:
    """One request to view what is held of one subject. `until` is set by the approval."""

    id: GovernanceId
    subject: SubjectId
    reference: str  # of the concern by which the subject was named
    purpose: str = field(repr=False)
    asked: Step
    approved: Step | None = None
    until: datetime | None = None
    ended: datetime | None = None
    reviewed: Step | None = None
    outcome: ReviewOutcome | None = None
    review_words: str = field(repr=False, default="")

    @property
    def viewers(self) -> frozenset[PersonId]:
        """Both, and nobody else; while nobody has approved there are none."""
        if self.approved is None:
            return frozenset()
        return frozenset({self.asked.person, self.approved.person})

    def state(self, now: datetime) -> GovernanceState:
        if self.ended is not None or (self.until is not None and self.until <= now):
            return GovernanceState.ENDED
        return GovernanceState.WAITING if self.approved is None else GovernanceState.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionLine:
    """One decision about one concern, as far as the viewer may see its categories."""

    organisation: OrganisationId
    role: Role
    at: datetime
    outcome: str
    ground: str | None
    told: Mapping[Category, Extent]
    because: Mapping[Category, Sequence[tuple[str, str]]]  # policy id, its one sentence
    sent: str | None  # the state of the disclosure, if there is one
    recalled: bool
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewedConcern:
    """One concern, cut to what every cap leaves of it."""

    reference: str
    publisher: OrganisationId
    issued: datetime
    level: Level
    retracted: bool
    told: Sequence[Told]
    held: Sequence[Category | None]  # something is there; None: its category is not named
    decisions: Sequence[DecisionLine]
