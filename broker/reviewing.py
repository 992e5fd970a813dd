"""
A doubtful match before a person: at whose desk it is answered, whether an answer counts or a second
person must say the same, and what each line of the evidence says. Pure.

The sum of the evidence is never a verdict here: a page shows what each fact says, and asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from broker.domain.desk import Person
from broker.domain.identity import Comparison, Line, Profile, Weighed
from broker.domain.ids import OrganisationId, PersonId, SubjectId
from broker.domain.known import Directory, Rules
from broker.domain.notification import Notification
from broker.domain.review import EVIDENCE_ORDER, Answered, EarlierAnswer, ReviewAnswer, ReviewSaid
from broker.domain.rules import Delicate
from broker.errors import Rejected
from broker.identity import levels
from broker.question import says


def may_review(person: Person, rules: Rules) -> bool:
    return person.role in rules.identity.may_review


def may_say_wrong_child(person: Person, rules: Rules) -> bool:
    return person.role in rules.identity.may_say_wrong_child


def areas_before(person: Person, directory: Directory, rules: Rules) -> frozenset[str]:
    """In which areas this person answers: those for which they are on duty."""
    if not may_review(person, rules):
        return frozenset()
    here = (person.organisation, person.role)
    return frozenset(
        area
        for area, duty in directory.on_duty.items()
        if any((each.organisation, each.role) == here for each in duty)
    )


def publishers_before(
    person: Person, directory: Directory, rules: Rules
) -> frozenset[OrganisationId]:
    """Whose doubtful notifications those are: while nobody knows where the child lives."""
    areas = areas_before(person, directory, rules)
    return frozenset(each for each, body in directory.bodies.items() if body.area in areas)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One of the two: what the register holds, and what else makes joining it delicate."""

    profile: Profile
    protected: bool  # its location is
    household: str | None
    concerns: Sequence[Notification] = ()

    @property
    def restricted(self) -> bool:
        """Kept from whoever may not see protected locations and adoptions."""
        return self.protected or self.profile.restricted or bool(self.profile.hidden_from)


def sees(person: Person, records: Sequence[Record], rules: Rules) -> bool:
    """Only whoever may see every candidate can say that it is none of them."""
    return person.role in rules.identity.sees_restricted or not any(
        each.restricted for each in records
    )


def shown(asked: Profile, ranked: Sequence[Record]) -> list[Record]:
    """Nobody beside somebody from whom they are hidden; the best first."""
    found: list[Record] = []
    for each in ranked:
        hidden = each.profile.hidden_from
        if asked.subject not in hidden and hidden.isdisjoint(r.profile.subject for r in found):
            found.append(each)
    return found


def risky(asked: Record, held: Record, weighed: Weighed, rules: Rules) -> bool:
    """Whether joining these two needs a second person. Which rule it is stays in here."""
    both = (asked, held)
    found = {
        Delicate.PROTECTED_LOCATION: any(
            each.protected or each.profile.restricted for each in both
        ),
        Delicate.ADOPTION: any(each.profile.hidden_from for each in both),
        Delicate.KEPT_APART: bool(held.profile.apart),
        Delicate.ACROSS_HOUSEHOLDS: _lives_apart(asked, held, weighed),
    }
    if any(found[each] for each in rules.identity.second_person_where):
        return True
    return any(
        says(concern, fact.claim, fact.equals)
        for fact in rules.identity.second_person_if_said
        for each in both
        for concern in each.concerns
    )


def _lives_apart(asked: Record, held: Record, weighed: Weighed) -> bool:
    households = {each.household for each in (asked, held)} - {None}
    level = next((e.level for e in weighed.lines if e.comparison is Comparison.HOUSEHOLD), "")
    return len(households) > 1 or level in {levels.DIFFERS, levels.DISTRICT}


def outcome(
    said: ReviewSaid, by: PersonId, earlier: Sequence[EarlierAnswer], *, delicate: bool
) -> Answered:
    """
    What an answer does. Raises Rejected: nobody is their own second person. Of each person the last
    answer is theirs.
    """
    if said.answer is ReviewAnswer.CANNOT_TELL:
        return Answered.STANDS
    if said.answer is ReviewAnswer.DIFFERENT or not delicate:
        return Answered.COUNTED
    agree = {person for person, other in waiting(earlier).items() if other == said.other}
    if agree - {by}:
        return Answered.COUNTED
    if by in agree:
        raise Rejected("same_person")
    return Answered.SECOND_NEEDED


def waiting(earlier: Sequence[EarlierAnswer]) -> Mapping[PersonId, SubjectId | None]:
    """Who has said last that it is the same as whom, and waits for somebody to say so too."""
    last = {each.person: each for each in earlier}
    return {
        person: each.other
        for person, each in last.items()
        if each.answer is ReviewAnswer.SAME and not each.counts
    }


class Says(StrEnum):
    """What two records say of one fact."""

    AGREES = "agrees"
    DIFFERS = "differs"
    MISSING = "missing"


class Strength(StrEnum):
    """How much a fact speaks for one child, or against."""

    STRONGLY_FOR = "strongly_for"
    FOR = "for"
    A_LITTLE_FOR = "a_little_for"
    NEITHER = "neither"
    A_LITTLE_AGAINST = "a_little_against"
    AGAINST = "against"
    STRONGLY_AGAINST = "strongly_against"


_AGREEING: Mapping[Comparison, frozenset[str]] = MappingProxyType(
    {
        Comparison.FORENAME: frozenset(
            {levels.EQUAL, levels.EXCHANGED, levels.NICKNAME, levels.CLOSE}
        ),
        Comparison.SURNAME: frozenset(
            {levels.EQUAL, levels.EXCHANGED, levels.HALF, levels.CLOSE, levels.SOUND}
        ),
        Comparison.BIRTH: frozenset({levels.EQUAL, levels.EXCHANGED, levels.ONE_EDIT}),
        Comparison.SEX: frozenset({levels.EQUAL}),
        Comparison.HOUSEHOLD: frozenset({levels.SAME, levels.NEAR}),
        Comparison.IDENTIFIER: frozenset({levels.EQUAL}),
    }
)
_STRONG, _PLAIN, _LITTLE = 8.0, 3.0, 0.5
"""In bits: from 1 in 256, from 1 in 8; what is below the last is as good as nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of the evidence as it is told."""

    comparison: Comparison
    level: str
    says: Says
    strength: Strength
    bits: float


def facts(weighed: Weighed) -> list[Fact]:
    """Every comparison in the order in which it is read; one that was not made is missing."""
    lines = {line.comparison: line for line in weighed.lines}
    return [_fact(lines.get(each, Line(each, levels.MISSING, 0.0))) for each in EVIDENCE_ORDER]


def _fact(line: Line) -> Fact:
    return Fact(
        comparison=line.comparison,
        level=line.level,
        says=said_by(line.comparison, line.level),
        strength=strength_of(line.bits),
        bits=line.bits,
    )


def said_by(comparison: Comparison, level: str) -> Says:
    if level in {levels.MISSING, levels.NONE}:
        return Says.MISSING
    return Says.AGREES if level in _AGREEING[comparison] else Says.DIFFERS


def strength_of(bits: float) -> Strength:
    for least, speaks_for, against in (
        (_STRONG, Strength.STRONGLY_FOR, Strength.STRONGLY_AGAINST),
        (_PLAIN, Strength.FOR, Strength.AGAINST),
        (_LITTLE, Strength.A_LITTLE_FOR, Strength.A_LITTLE_AGAINST),
    ):
        if abs(bits) >= least:
            return speaks_for if bits > 0 else against
    return Strength.NEITHER


ANNOUNCED = "announced"
"""An agency says that two who are known are one child; a person says whether that is so."""

ONLY_FORENAME = "only_forename_differs"
"""Everything agrees but the child's own name: a twin, a brother or a sister (IDENTITY.md 11)."""


def why_asked(why: str, weighed: Weighed) -> str:
    """Why a person must say, of one candidate: the gravest guard, or what the verdict said."""
    if why == ANNOUNCED:
        return why
    word = weighed.guards[0] if weighed.guards else why
    told = {each.comparison: each.says for each in facts(weighed)}
    own = told.pop(Comparison.FORENAME)
    family = (Comparison.BIRTH, Comparison.HOUSEHOLD)
    alone = own is Says.DIFFERS and Says.DIFFERS not in told.values()
    if alone and all(told[each] is Says.AGREES for each in family):
        return ONLY_FORENAME
    return word
