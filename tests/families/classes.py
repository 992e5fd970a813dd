"""
Families made on purpose (GENERATOR.md 3), since chance gives too few: pairs that a careless matcher
takes for one child. Half of each class has one of the two withheld from the register.

Free choices: 30 of 100 namesakes share a postcode district; common names are the twenty most usual
of their origin; a newborn's partner is a twin as often as an elder sibling.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from tests.families.draws import Draws, Flags
from tests.families.households import households_drawn, sexes
from tests.families.names import Names
from tests.families.pairs import (
    YOUNGEST,
    Made,
    birth_days,
    in_one_home,
    in_two_homes,
    pairs_of,
    two_forenames,
)
from tests.families.population import (
    CLASSES,
    DAY_0,
    NEWBORN,
    NO_CHILDREN,
    NO_HOUSEHOLDS,
    NONE,
    WINDOW,
    YEAR,
    Children,
    Households,
    joined_children,
    joined_households,
    ones,
)
from tests.families.twins import (
    lookalike_twins,
    nickname_twins,
    same_initial_twins,
    same_sex_twins,
)

COMMON = 20
SAME_DISTRICT = 0.3


def made_families(draws: Draws, names: Names, wanted: Mapping[str, int]) -> Made:
    """So many pairs of each class; households, children and partners count from 0."""
    homes, children = [NO_HOUSEHOLDS], [NO_CHILDREN]
    first_home = first_child = 0
    for name, pairs in wanted.items():
        home, both = _BUILDERS[name](draws.of(name), names, pairs)
        homes.append(_shifted_homes(home, first_home))
        children.append(_shifted(both, first_home, first_child, CLASSES.index(name)))
        first_home += len(home)
        first_child += len(both)
    return joined_households(homes), joined_children(children)


def _shifted_homes(homes: Households, by: int) -> Households:
    return replace(
        homes,
        near=np.where(homes.near == NONE, NONE, homes.near + by),
        district_of=np.where(homes.district_of == NONE, NONE, homes.district_of + by),
    )


def _shifted(children: Children, homes: int, before: int, made: int) -> Children:
    return replace(
        children,
        household=children.household + homes,
        partner=children.partner + before,
        made=ones(len(children), made),
    )


def _namesakes(draws: Draws, names: Names, pairs: int) -> Made:
    homes, household = in_two_homes(draws, names, pairs)
    same = np.arange(pairs, dtype=np.int64)
    close = same < round(SAME_DISTRICT * pairs)
    homes = replace(
        homes, district_of=np.concatenate([ones(pairs, NONE), np.where(close, same, NONE)])
    )
    sex, birth = sexes(draws, pairs), birth_days(draws, pairs)
    forename = names.forenames(draws, homes.origin[:pairs], sex)
    return homes, pairs_of(
        draws,
        names,
        homes,
        household=household,
        forename=(forename, forename),
        birth=(birth, birth),
        sex=(sex, sex),
    )


def _namesakes_1_january(draws: Draws, names: Names, pairs: int) -> Made:
    homes, household = in_two_homes(draws, names, pairs)
    origin = homes.origin[:pairs]
    sex = sexes(draws, pairs)
    forename, surname = ones(pairs, 0), ones(pairs, 0)
    for row in range(pairs):
        pool = names.forename_pool(int(origin[row]), int(sex[row])).common(COMMON)
        forename[row] = pool.drawn(draws, 1)[0]
        surname[row] = names.surname_pool(int(origin[row])).common(COMMON).drawn(draws, 1)[0]
    homes = replace(homes, surname=np.concatenate([surname, surname]))
    years = [
        (DAY_0.replace(year=DAY_0.year - back, month=1, day=1) - DAY_0).days
        for back in range(1, 17)
    ]
    birth = np.array(years, dtype=np.int64)[draws.below(len(years), pairs)]
    return homes, pairs_of(
        draws,
        names,
        homes,
        household=household,
        forename=(forename, forename),
        birth=(birth, birth),
        sex=(sex, sex),
    )


def _parent_and_child(draws: Draws, names: Names, pairs: int) -> Made:
    """The parent is an adult of concern; the child is the one withheld, and the one reported."""
    homes, household = in_one_home(draws, names, pairs)
    sex, birth = sexes(draws, pairs), birth_days(draws, pairs)
    age = 18 * YEAR + draws.below(22 * YEAR, pairs)
    forename = names.forenames(draws, homes.origin, sex)
    both = pairs_of(
        draws,
        names,
        homes,
        household=household,
        forename=(forename, forename),
        birth=(birth - age, birth),
        sex=(sex, sex),
        either=False,
    )
    return homes, replace(both, adult=np.arange(2 * pairs) < pairs)


def _cousins(draws: Draws, names: Names, pairs: int) -> Made:
    homes, household = in_two_homes(draws, names, pairs)
    rows = np.arange(pairs, dtype=np.int64)
    homes = replace(homes, near=np.concatenate([ones(pairs, NONE), rows]))
    sex = sexes(draws, pairs), sexes(draws, pairs)
    birth = birth_days(draws, pairs)
    later = birth + draws.below(31, pairs)
    return homes, pairs_of(
        draws,
        names,
        homes,
        household=household,
        forename=two_forenames(draws, names, homes, sex),
        birth=(birth, later),
        sex=sex,
    )


def _named_for_dead_one(draws: Draws, names: Names, pairs: int) -> Made:
    homes, household = in_one_home(draws, names, pairs)
    sex = sexes(draws, pairs)
    later = draws.below(WINDOW - YOUNGEST - 9 * YEAR, pairs) - WINDOW + 9 * YEAR
    apart = 2 * YEAR + draws.below(6 * YEAR, pairs)
    forename = names.forenames(draws, homes.origin, sex)
    return homes, pairs_of(
        draws,
        names,
        homes,
        household=household,
        forename=(forename, forename),
        birth=(later - apart, later),
        sex=(sex, sex),
        either=False,
    )


def _adoption(draws: Draws, names: Names, pairs: int) -> Made:
    """One child, two identities: forename and birth date stay. The second one is the later."""
    homes = households_drawn(draws, names, 2 * pairs)
    rows = np.arange(pairs, dtype=np.int64)
    sex, birth = sexes(draws, pairs), birth_days(draws, pairs)
    forename = names.forenames(draws, homes.origin[:pairs], sex)
    return homes, pairs_of(
        draws,
        names,
        homes,
        household=(rows, rows + pairs),
        forename=(forename, forename),
        birth=(birth, birth),
        sex=(sex, sex),
    )


def _newborn(draws: Draws, names: Names, pairs: int) -> Made:
    """Two of one birth, or one and an elder sibling. The newborn is the second."""
    homes, household = in_one_home(draws, names, pairs)
    sex = sexes(draws, pairs), sexes(draws, pairs)
    birth = -1 - draws.below(NEWBORN - 1, pairs)
    twins: Flags = np.arange(pairs) % 4 < 2  # of those withheld, and of the others, one half
    elder = np.where(twins, birth, birth - YEAR - draws.below(5 * YEAR, pairs))
    return homes, pairs_of(
        draws,
        names,
        homes,
        household=household,
        forename=two_forenames(draws, names, homes, sex),
        birth=(elder, birth),
        sex=sex,
        either=False,
    )


def _siblings(draws: Draws, names: Names, pairs: int) -> Made:
    """For the classes that are made by whose number stands on the form."""
    homes, household = in_one_home(draws, names, pairs)
    sex = sexes(draws, pairs), sexes(draws, pairs)
    later = draws.below(WINDOW - YOUNGEST - 5 * YEAR, pairs) - WINDOW + 5 * YEAR
    apart = YEAR + draws.below(4 * YEAR, pairs)
    return homes, pairs_of(
        draws,
        names,
        homes,
        household=household,
        forename=two_forenames(draws, names, homes, sex),
        birth=(later - apart, later),
        sex=sex,
    )


_BUILDERS: dict[str, Callable[[Draws, Names, int], Made]] = {
    "twins": same_sex_twins,
    "nickname_twins": nickname_twins,
    "lookalike_twins": lookalike_twins,
    "same_initial_twins": same_initial_twins,
    "namesakes": _namesakes,
    "namesakes_1_january": _namesakes_1_january,
    "parent_and_child": _parent_and_child,
    "cousins": _cousins,
    "second_child_named_for_dead_one": _named_for_dead_one,
    "adoption": _adoption,
    "newborn": _newborn,
    "sibling_number": _siblings,
    "wrong_valid_number": _siblings,
}
SECTION_3 = CLASSES[1:12]  # the others come of what stands on the form
