"""
Who is kept out of the register (GENERATOR.md 6), so that a matcher meets children it does not hold:
half of them whole households (strangers), half single children of households that stay, up to a
quarter of these twins.

A free choice: of those withheld by chance one in ten is born after day 0, which is how such a child
comes to be unknown.
"""

from dataclasses import dataclass

import numpy as np

from tests.families.draws import Draws, Flags, Ints
from tests.families.population import KNOWN, SIBLING, STRANGER, TWIN, Children

SHARE = 0.04
TWINS = 4  # one in so many of the single children
BORN_LATER = 10  # one in so many


@dataclass(frozen=True)
class Quota:
    """How many to withhold by chance, beside those whose class asks for it."""

    strangers: int
    born_strangers: int
    siblings: int
    born_siblings: int
    twins: int


def quota(subjects: int, made_kinds: Ints) -> Quota:
    """`made_kinds`: of the children withheld because of their class."""
    half = round(SHARE / 2 * subjects)
    made_strangers = int(np.count_nonzero(made_kinds == STRANGER))
    made_twins = int(np.count_nonzero(made_kinds == TWIN))
    strangers = max(half - made_strangers, 0)
    family = max(half - (len(made_kinds) - made_strangers), 0)
    twins = min(max(half // TWINS - made_twins, 0), family)
    born = (family - twins) // BORN_LATER
    return Quota(
        strangers=strangers - strangers // BORN_LATER,
        born_strangers=strangers // BORN_LATER,
        siblings=family - twins - born,
        born_siblings=born,
        twins=twins,
    )


def chosen(draws: Draws, household: Ints, birth: Ints, wanted: Quota) -> Flags:
    """Which of the ordinary children, who stand household by household, are withheld."""
    households = int(household[-1]) + 1
    sizes = np.bincount(household, minlength=households)
    first = np.cumsum(sizes) - sizes
    multiple = np.zeros(len(household), dtype=np.bool_)
    multiple[1:] = (household[1:] == household[:-1]) & (birth[1:] == birth[:-1])
    has_multiple = np.zeros(households, dtype=np.bool_)
    has_multiple[household[multiple]] = True
    free = np.ones(households, dtype=np.bool_)
    keep_back = np.zeros(len(household), dtype=np.bool_)

    order = draws.order(households)
    fits = np.cumsum(sizes[order]) <= wanted.strangers
    whole = order[fits]
    rest = wanted.strangers - int(np.sum(sizes[whole]))
    alone = order[~fits & (sizes[order] == 1)][:rest]
    free[whole] = free[alone] = False
    keep_back[~free[household]] = True

    twins = np.flatnonzero(multiple & free[household])
    twins = twins[draws.order(len(twins))]
    _, one_a_household = np.unique(household[twins], return_index=True)
    twins = twins[np.sort(one_a_household)][: wanted.twins]
    keep_back[twins] = True
    free[household[twins]] = False

    single = np.flatnonzero(free & (sizes >= 2) & ~has_multiple)
    single = single[draws.order(len(single))][: wanted.siblings]
    keep_back[first[single] + draws.each_below(sizes[single])] = True
    return keep_back


def kinds(children: Children, held: Flags) -> Ints:
    """
    KNOWN for a child in the register. For another: TWIN if one of its birth in its household is,
    SIBLING if anybody of the household is, else STRANGER.
    """
    there = children.household[held]
    day = 1 << 20
    birth_there = there * day + children.birth[held] + (day >> 1)
    own = children.household * day + children.birth + (day >> 1)
    twin = np.isin(own, birth_there)
    family = np.isin(children.household, there)
    return np.where(held, KNOWN, np.where(twin, TWIN, np.where(family, SIBLING, STRANGER)))
