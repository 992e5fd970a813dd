"""
Which subject is this? The verdict on one notification, from what the register holds of everybody
whom it might be about (IDENTITY.md 3, 4).

A notification joins a subject without a person only when this child's own forename and own birth
date both agree, with

    rule A   an identifier of theirs that is equal too, or
    rule B   an equal forename, a surname or an address that agrees, and evidence enough,

and only if nobody else is nearly as like. Everything else that might be somebody goes to a person,
and travels meanwhile under a provisional subject.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from broker.domain.identity import Appearance, Profile, SubjectKind, Weighed
from broker.domain.ids import SubjectId
from broker.domain.known import MatchState
from broker.identity.grades import EQUAL, RETIRED, birth_grade
from broker.identity.guard import same_household, weighed, where_the_family_is_known
from broker.identity.matching import Matching
from broker.identity.unborn import mother_of, pregnancies

SHOWN = 5
"""How many candidates a person is shown."""

_Held = Mapping[SubjectId, Profile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    Known, new, or for a person. `subject`: whom it joins; with doubt, the provisional one about
    whom the same was asked before. `weighed`: the best five, the best first.
    """

    state: MatchState
    why: str
    subject: SubjectId | None = None
    weighed: Sequence[Weighed] = ()
    doubted: frozenset[SubjectId] = frozenset()
    household: frozenset[SubjectId] = frozenset()  # who lives there too
    twins: frozenset[SubjectId] = frozenset()  # of them, whoever was born on the same day


def verdict(
    asked: Appearance,
    profiles: Iterable[Profile],
    *,
    matching: Matching,
    once: SubjectId | None = None,
    too_many: bool = False,
) -> Verdict:
    """
    `once`: the subject that an earlier version of it has: joining what a person kept apart needs a
    person. `too_many`: so many answer to one of its keys that they were not looked at.
    """
    held = {each.subject: each for each in profiles}
    if asked.kind is SubjectKind.UNBORN:
        return _of_unborn(asked, held, matching)
    ranked = where_the_family_is_known(
        sorted(
            (weighed(asked, each, matching) for each in held.values() if not _unborn(each)),
            key=lambda each: (-each.bits, each.subject),
        ),
        lambda each: birth_grade(asked.birth, held[each.subject].birth, same_number=True) > 0,
    )
    found = _judged(ranked, held, matching, once=once, too_many=too_many)
    return _with_household(found, asked, ranked, held)


def _unborn(profile: Profile) -> bool:
    return profile.kind is SubjectKind.UNBORN


def _judged(
    ranked: Sequence[Weighed],
    held: _Held,
    matching: Matching,
    *,
    once: SubjectId | None,
    too_many: bool,
) -> Verdict:
    best = next((each for each in ranked if each.rule), None)
    if best is not None:
        theirs, rivals = held[best.subject], _rivals(best, ranked, held, matching)
        if theirs.provisional and rivals <= theirs.doubted:
            return Verdict(
                state=MatchState.NEEDS_PERSON,
                why="asked_already",
                subject=best.subject,
                weighed=_first(best, ranked)[:SHOWN],
                doubted=theirs.doubted,
            )
        if not rivals and not theirs.provisional and once not in theirs.apart:
            return Verdict(
                state=MatchState.KNOWN,
                why=f"rule_{best.rule.lower()}",
                subject=best.subject,
                weighed=_first(best, ranked)[:SHOWN],
            )
    doubts = _shown([each for each in ranked if _might_be(each, matching)], held)
    if doubts:
        why = doubts[0].guards[0] if doubts[0].guards else _why_not(best, held, once)
        return Verdict(
            state=MatchState.NEEDS_PERSON,
            why=why,
            weighed=doubts[:SHOWN],
            doubted=frozenset(each.subject for each in doubts),
        )
    state = MatchState.NEEDS_PERSON if too_many else MatchState.NEW
    return Verdict(state=state, why="too_many_alike" if too_many else "nobody_like_this")


def _why_not(best: Weighed | None, held: _Held, once: SubjectId | None) -> str:
    """Why a candidate that a rule would let join does not."""
    kept_apart = best is not None and once is not None and once in held[best.subject].apart
    return "kept_apart" if kept_apart else "two_alike"


def _rivals(
    best: Weighed, ranked: Sequence[Weighed], held: _Held, matching: Matching
) -> frozenset[SubjectId]:
    """
    Who is nearly as like. A provisional subject only when it is more like: it may be the same
    child, about whom a person has not said so yet.
    """
    found = set()
    for each in ranked:
        ahead = best.bits - each.bits
        needed = 0.0 if held[each.subject].provisional else matching.margin
        if each is not best and (ahead < needed) and not _another(each):
            found.add(each.subject)
    return frozenset(found)


def _another(each: Weighed) -> bool:
    """Another name and another birth date: a brother or sister, or nobody to do with it."""
    return each.forename < 0 and each.birth < 0 and each.identifier not in {EQUAL, RETIRED}


def _might_be(each: Weighed, matching: Matching) -> bool:
    numbered = each.identifier in {EQUAL, RETIRED}
    return not _another(each) and (numbered or each.bits >= matching.doubtful)


def _shown(doubts: Sequence[Weighed], held: _Held) -> Sequence[Weighed]:
    """Without whoever is never shown beside somebody more like: before an adoption."""
    shown: list[Weighed] = []
    for each in doubts:
        if not any(each.subject in held[other.subject].hidden_from for other in shown):
            shown.append(each)
    return shown


def _first(best: Weighed, ranked: Sequence[Weighed]) -> Sequence[Weighed]:
    return [best, *(each for each in ranked if each is not best and not _another(each))]


def _with_household(
    found: Verdict, asked: Appearance, ranked: Sequence[Weighed], held: _Held
) -> Verdict:
    """It tells a worker that there are brothers and sisters, and joins nobody (IDENTITY.md 9)."""
    around = [
        each.subject
        for each in ranked
        if same_household(each.lines) and each.subject != found.subject
    ]
    alike = [
        each for each in around if birth_grade(asked.birth, held[each].birth, same_number=True) > 0
    ]
    return replace(found, household=frozenset(around) - found.doubted, twins=frozenset(alike))


def _of_unborn(asked: Appearance, held: _Held, matching: Matching) -> Verdict:
    """By the mother, who must be known herself, and the expected date (IDENTITY.md 9)."""
    adults = [each for each in held.values() if not _unborn(each)]
    mother, known = mother_of(asked), None
    if mother is not None:
        found = verdict(mother, adults, matching=matching)
        known = held[found.subject] if found.state is MatchState.KNOWN and found.subject else None
    same, another, doubtful = pregnancies(asked, filter(_unborn, held.values()), known)
    if len(same) == 1 and not held[same[0]].provisional:
        return Verdict(state=MatchState.KNOWN, why="rule_u", subject=same[0])
    if same or doubtful:
        return Verdict(
            state=MatchState.NEEDS_PERSON,
            why="mother_or_date",
            doubted=frozenset([*same, *doubtful][:SHOWN]),
        )
    return Verdict(state=MatchState.NEW, why="another_pregnancy" if another else "nobody_like_this")
