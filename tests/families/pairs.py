"""
Two children who are made to be confused: what the classes of `classes` and `twins` have in common.
"""

from dataclasses import replace

import numpy as np

from tests.families.draws import Draws, Ints
from tests.families.households import different_forenames, households_drawn, middle_names
from tests.families.names import Names
from tests.families.population import WINDOW, Children, Households, joined_households, ones

YOUNGEST = 400  # days: the least age of a child that is no newborn
Made = tuple[Households, Children]


def pairs_of(
    draws: Draws,
    names: Names,
    homes: Households,
    *,
    household: tuple[Ints, Ints],
    forename: tuple[Ints, Ints],
    birth: tuple[Ints, Ints],
    sex: tuple[Ints, Ints],
    either: bool = True,
) -> Children:
    """
    All the first ones, then all the second ones. In every second pair one is withheld: either, or
    always the second.
    """
    pairs = len(household[0])
    both = np.concatenate(household)
    rows = np.arange(pairs, dtype=np.int64)
    half = rows % 2 == 1
    second = draws.happens(0.5, pairs) | np.bool_(not either)
    return Children(
        household=both,
        forename=np.concatenate(forename),
        middle=middle_names(draws, names, homes, both, np.concatenate(sex)),
        surname=homes.surname[both],
        birth=np.concatenate(birth),
        sex=np.concatenate(sex),
        adult=np.zeros(2 * pairs, dtype=np.bool_),
        made=ones(2 * pairs, 0),
        partner=np.concatenate([rows + pairs, rows]),
        kept_back=np.concatenate([half & ~second, half & second]),
    )


def birth_days(draws: Draws, count: int) -> Ints:
    return draws.below(WINDOW - YOUNGEST, count) - WINDOW


def in_one_home(draws: Draws, names: Names, pairs: int) -> tuple[Households, tuple[Ints, Ints]]:
    rows = np.arange(pairs, dtype=np.int64)
    return households_drawn(draws, names, pairs), (rows, rows)


def in_two_homes(draws: Draws, names: Names, pairs: int) -> tuple[Households, tuple[Ints, Ints]]:
    """Of one origin and one surname, and nothing else in common."""
    one = households_drawn(draws, names, pairs)
    other = replace(one, other_surname=names.surnames(draws, one.origin))
    rows = np.arange(pairs, dtype=np.int64)
    return joined_households([one, other]), (rows, rows + pairs)


def two_forenames(
    draws: Draws, names: Names, homes: Households, sex: tuple[Ints, Ints]
) -> tuple[Ints, Ints]:
    """Never equal, though the two may live in two households."""
    pairs = len(sex[0])
    rows = np.arange(pairs, dtype=np.int64)
    forename = different_forenames(
        draws, names, homes, np.concatenate([rows, rows]), np.concatenate(sex)
    )
    return forename[:pairs], forename[pairs:]
