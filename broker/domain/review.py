"""
A doubtful match before a person: two records side by side, the evidence in words, and what was
answered. What a record says of somebody is shown to the reviewer alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from broker.domain.identity import Comparison, Profile, Weighed
from broker.domain.ids import OrganisationId, PersonId, ReviewId, SubjectId
from broker.domain.words import Level


class ReviewAnswer(StrEnum):
    """What a person says about one candidate, or about all of them."""

    SAME = "same"
    DIFFERENT = "different"
    CANNOT_TELL = "cannot_tell"


class Answered(StrEnum):
    """What an answer did."""

    COUNTED = "counted"
    SECOND_NEEDED = "second_needed"  # it counts once somebody else has said the same
    STANDS = "stands"  # cannot tell: it stays as it is, and comes back when more is known


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSaid:
    """An answer and its reason. `other`: the candidate meant; None of `different`: none of them."""

    answer: ReviewAnswer
    other: SubjectId | None
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierAnswer:
    """What somebody answered before. `counts`: it has been acted on."""

    answer: ReviewAnswer
    other: SubjectId | None
    person: PersonId
    organisation: OrganisationId
    counts: bool
    words: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewLine:
    """One row of the queue: by level, then the newest. No age, no count of days."""

    id: ReviewId
    reference: str
    publisher: str
    level: Level
    why: str  # why a person must say: a closed word of the verdict
    candidates: int
    second_needed: bool  # somebody has answered, and a second person must say the same
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One subject whom it might be about, with the evidence for and against."""

    subject: SubjectId
    profile: Profile = field(repr=False)
    weighed: Weighed
    risky: bool  # joining it needs a second person
    would_tell: Sequence[str] = ()  # if it is the same: who else will be told, by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One question: is this one of those?"""

    id: ReviewId
    subject: SubjectId  # the provisional one
    reference: str
    publisher: str
    level: Level
    why: str
    at: datetime
    asked: Profile = field(repr=False)
    candidates: Sequence[Candidate]
    answers: Sequence[EarlierAnswer] = ()
    schools: Mapping[SubjectId, Sequence[str]] = field(default_factory=dict, repr=False)


EVIDENCE_ORDER = tuple(Comparison)
"""In which a waterfall is read: the child's own first."""
