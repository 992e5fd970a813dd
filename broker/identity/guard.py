"""
One candidate weighed and graded, and the rule by which it may join without a person
(IDENTITY.md 3). No weight overrules a guard: the weight ranks, and asks for more.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from broker.domain.identity import Appearance, Comparison, Line, Profile, Weighed
from broker.identity import levels
from broker.identity.grades import (
    DIFFERS,
    EQUAL,
    RETIRED,
    birth_grade,
    equal_systems,
    forename_grade,
    identifier_says,
    lives_next_door,
    lives_there,
    numbered_otherwise,
    only_the_mother,
    other_number,
    same_year,
)
from broker.identity.matching import Matching
from broker.identity.names import Names

_SAME_FORENAME, _NICKNAME = 3, 2
_AT_HOME = frozenset({levels.SAME, levels.NEAR})
"""Without these a name and a birth date are all there is, and two children may have both."""
_SURNAME_AGREES = frozenset(
    {levels.EQUAL, levels.CLOSE, levels.SOUND, levels.HALF, levels.EXCHANGED}
)


def weighed(asked: Appearance, held: Profile, matching: Matching) -> Weighed:
    """The evidence for and against, and what stands in the way of joining, the gravest first."""
    lines, bits = matching.weighed(asked, held)
    says = identifier_says(asked, held)
    forename = forename_grade(asked, held, matching.names)
    birth = birth_grade(asked.birth, held.birth, same_number=says == EQUAL)
    against = _against(asked, held, says, forename, birth)
    for_a: tuple[str, ...] = ()
    for_b: tuple[str, ...] = ()
    if forename >= 0 or birth >= 0 or says == EQUAL:  # else a sibling, or nobody: most of them
        for_a = _against_a(asked, held, says, forename, matching.names)
        for_b = _against_b(
            asked, held, lines, forename, birth, matching.names, enough=bits >= matching.enough
        )
    rule = "A" if not against and not for_a else "B" if not against and not for_b else ""
    return Weighed(
        subject=held.subject,
        lines=lines,
        bits=bits,
        forename=forename,
        birth=birth,
        identifier=says,
        rule=rule,
        guards=() if rule else (*against, *(for_a if says == EQUAL else ()), *for_b),
        by_nickname=rule == "A"
        and forename == _NICKNAME
        and equal_systems(asked, held) == {"nhs_number"},
    )


def where_the_family_is_known(
    ranked: Sequence[Weighed], born: Callable[[Weighed], bool]
) -> Sequence[Weighed]:
    """
    A nickname and an NHS number alone join only where a brother or sister is in the register too,
    so that a twin would be. `born`: whether one of them was born on the day that is asked about.
    """
    known = any(same_household(each.lines) and not born(each) for each in ranked)
    return [
        each
        if known or not each.by_nickname
        else replace(each, rule="", guards=("nickname_alone",), by_nickname=False)
        for each in ranked
    ]


def _against(
    asked: Appearance, held: Profile, says: str, forename: int, birth: int
) -> tuple[str, ...]:
    """What bars both rules."""
    found = {
        "described": asked.described,
        "retired_number": says == RETIRED,
        "other_number": says == DIFFERS or other_number(asked, held),
        "forename_differs": forename < 0,
        "birth_date_differs": birth < 0,
        "forename_missing": forename == 0,
        "birth_date_missing": birth == 0,
    }
    return tuple(word for word, holds in found.items() if holds)


def _against_a(
    asked: Appearance, held: Profile, says: str, forename: int, names: Names
) -> tuple[str, ...]:
    """What bars rule A beside: the number on a form may be the twin's, who is called nearly so."""
    if says != EQUAL:
        return ("no_number",)
    unlike = forename < _SAME_FORENAME
    found = {
        "twin_in_household": unlike and held.twin,
        "numbered_otherwise": numbered_otherwise(asked, held),
        "nickname_alone": forename == _NICKNAME and _may_be_a_twins(asked, held, names),
    }
    return tuple(word for word, holds in found.items() if holds)


def _may_be_a_twins(asked: Appearance, held: Profile, names: Names) -> bool:
    """
    With an NHS number alone, which of all numbers is the one taken from a sibling: Ben beside
    Benjamin, since many are named so; Gabby beside Gabriella, since few are called so; and Robert
    beside Bob, who would hardly be called by it.
    """
    if equal_systems(asked, held) != {"nhs_number"}:
        return False
    called = asked.names[0].forename or ""
    longs = [each.forename for each in held.names if each.forename]
    short_of = [each for each in longs if names.is_nickname(called, each)]
    return not short_of or not all(names.is_usual(called, each) for each in short_of)


def _against_b(  # noqa: PLR0917 one candidate, weighed and graded
    asked: Appearance,
    held: Profile,
    lines: Sequence[Line],
    forename: int,
    birth: int,
    names: Names,
    *,
    enough: bool,
) -> tuple[str, ...]:
    """What bars rule B beside: without an identifier everything must be the child's own."""
    found = {
        "forename_close": 0 < forename < _SAME_FORENAME,
        "forename_short": forename == _SAME_FORENAME and _may_be_short(asked, names),
        "birth_date_close": birth == 1 and not same_year(asked.birth, held.birth),
        "numbered_otherwise": numbered_otherwise(asked, held),
        "nothing_else_agrees": not (_surname_agrees(lines) or lives_there(asked, held)),
        "lives_elsewhere": _level(lines, Comparison.HOUSEHOLD) not in _AT_HOME
        or lives_next_door(asked, held)
        or only_the_mother(asked, held, names),
        "too_little": not enough,
    }
    return tuple(word for word, holds in found.items() if holds)


def _may_be_short(asked: Appearance, names: Names) -> bool:
    """Betty on a form may be Betty in the register, or Elizabeth, her twin, who is not in it."""
    return names.stands_for_more(asked.names[0].forename or "")


def _surname_agrees(lines: Sequence[Line]) -> bool:
    """Equal, misspelt, of the same sound, or half of a double-barrelled one."""
    return _level(lines, Comparison.SURNAME) in _SURNAME_AGREES


def same_household(lines: Sequence[Line]) -> bool:
    return _level(lines, Comparison.HOUSEHOLD) == levels.SAME


def _level(lines: Sequence[Line], of: Comparison) -> str:
    return next((line.level for line in lines if line.comparison is of), levels.MISSING)
