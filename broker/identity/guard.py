"""
One candidate weighed and graded, and the rule by which it may join without a person
(IDENTITY.md 3). No weight overrules a guard: the weight ranks, and asks for more.
"""

from collections.abc import Sequence

from broker.domain.identity import Appearance, Comparison, Line, Profile, Weighed
from broker.identity import levels
from broker.identity.grades import (
    DIFFERS,
    EQUAL,
    RETIRED,
    birth_grade,
    forename_grade,
    identifier_says,
    lives_there,
    other_number,
    same_year,
)
from broker.identity.matching import Matching

_SAME_FORENAME = 3
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
    for_a = (
        () if says == EQUAL and not (held.twin and forename < _SAME_FORENAME) else ("no_number",)
    )
    for_b = _against_b(asked, held, lines, forename, birth, enough=bits >= matching.enough)
    rule = "A" if not against and not for_a else "B" if not against and not for_b else ""
    twin = ("twin_in_household",) if says == EQUAL and for_a else ()
    return Weighed(
        subject=held.subject,
        lines=lines,
        bits=bits,
        forename=forename,
        birth=birth,
        identifier=says,
        rule=rule,
        guards=() if rule else (*against, *twin, *for_b),
    )


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


def _against_b(
    asked: Appearance,
    held: Profile,
    lines: Sequence[Line],
    forename: int,
    birth: int,
    *,
    enough: bool,
) -> tuple[str, ...]:
    """What bars rule B beside: without an identifier everything must be the child's own."""
    found = {
        "forename_close": 0 < forename < _SAME_FORENAME,
        "birth_date_close": birth == 1 and not same_year(asked.birth, held.birth),
        "nothing_else_agrees": not (_surname_agrees(lines) or lives_there(asked, held)),
        "too_little": not enough,
    }
    return tuple(word for word, holds in found.items() if holds)


def _surname_agrees(lines: Sequence[Line]) -> bool:
    """Equal, misspelt, of the same sound, or half of a double-barrelled one."""
    return _level(lines, Comparison.SURNAME) in _SURNAME_AGREES


def same_household(lines: Sequence[Line]) -> bool:
    return _level(lines, Comparison.HOUSEHOLD) == levels.SAME


def _level(lines: Sequence[Line], of: Comparison) -> str:
    return next((line.level for line in lines if line.comparison is of), levels.MISSING)
