"""
Ordinary households (GENERATOR.md 2): how many children, how far apart, what they are called.

Free choices: siblings lie within about four years of each other a child; in one household of ten
half the forenames come from a second origin; 51 of 100 children are boys.
"""

import numpy as np

from tests.families.draws import Draws, Ints
from tests.families.names import FEMALE, MALE, ORIGIN_WEIGHTS, Names
from tests.families.population import APART, NONE, WINDOW, Children, Households, ones

SIZES = np.array([45, 38, 12, 4, 1], dtype=np.int64)  # 1 to 5 children
TWIN_OF_THE_ONE_BEFORE = 0.032
TRIPLETS = 0.0005
ANOTHER_SURNAME = 0.09
MIXED = 0.10
BOYS = 0.512
SPREAD = 1500  # days between two children, beyond ten months, at most


def households_drawn(draws: Draws, names: Names, count: int) -> Households:
    origin = draws.weighted(ORIGIN_WEIGHTS, count)
    second = draws.weighted(ORIGIN_WEIGHTS, count)
    mixed = draws.happens(MIXED, count)
    return Households(
        origin=origin,
        forename_origin=np.where(mixed, second, origin),
        surname=names.surnames(draws, origin),
        other_surname=names.surnames(draws, np.where(mixed, second, origin)),
        near=ones(count, NONE),
        district_of=ones(count, NONE),
    )


def ordinary(draws: Draws, names: Names, children: int) -> tuple[Households, Children]:
    """Exactly so many children, in households that follow each other; the last may be cut short."""
    sizes = draws.weighted(SIZES, children) + 1
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), children)) + 1]
    sizes[-1] -= int(np.sum(sizes)) - children
    homes = households_drawn(draws.of("households"), names, len(sizes))
    household = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    sex = sexes(draws, children)
    another = draws.happens(ANOTHER_SURNAME, children)
    forename = different_forenames(draws.of("forenames"), names, homes, household, sex)
    return homes, Children(
        household=household,
        forename=forename,
        middle=middle_names(draws.of("middle"), names, homes, household, sex),
        surname=np.where(another, homes.other_surname[household], homes.surname[household]),
        birth=births(draws.of("births"), sizes),
        sex=sex,
        adult=np.zeros(children, dtype=np.bool_),
        made=ones(children, 0),
        partner=ones(children, NONE),
        kept_back=np.zeros(children, dtype=np.bool_),
    )


def sexes(draws: Draws, count: int) -> Ints:
    return np.where(draws.happens(BOYS, count), MALE, FEMALE)


def births(draws: Draws, sizes: Ints) -> Ints:
    """
    Days before day 0, the eldest first. Ten months lie between two births; what else lies between
    is drawn evenly, which is the same as sorting free days and then pushing them apart.
    """
    household = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    total = len(household)
    place = np.arange(total, dtype=np.int64) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    chance = draws.uniform(total)
    triplet = (chance < TRIPLETS) & (place >= 1)
    twin = (chance < TWIN_OF_THE_ONE_BEFORE) & (place >= 1)
    twin[1:] &= ~twin[:-1]  # three at once are counted by their own rate
    twin[1:] |= triplet[:-1] & (place[1:] >= 2)
    event = np.cumsum(~twin) - 1  # one number a birth
    owner = household[~twin]
    events = np.bincount(owner, minlength=len(sizes)).astype(np.int64)
    first = np.cumsum(events) - events
    rank = np.arange(len(owner), dtype=np.int64) - first[owner]
    free = np.minimum(
        draws.each_below(np.maximum(SPREAD * (events - 1), 1)), WINDOW - 1 - APART * (events - 1)
    )
    start = draws.each_below(WINDOW - APART * (events - 1) - free)
    offset = draws.each_below(free[owner] + 1)
    order = np.lexsort((offset, owner))
    born = start[owner] + offset[order] + APART * rank - WINDOW
    return np.asarray(born[event], dtype=np.int64)


def different_forenames(
    draws: Draws, names: Names, homes: Households, household: Ints, sex: Ints
) -> Ints:
    """No two of one household alike: those that come a second time are drawn again."""
    forename = names.forenames(draws, _origins(draws, homes, household), sex)
    while True:
        key = household * len(names.text) + forename
        order = np.argsort(key, kind="stable")
        again = order[1:][key[order][1:] == key[order][:-1]]
        if not len(again):
            return forename
        origins = _origins(draws, homes, household[again])
        forename[again] = names.forenames(draws, origins, sex[again])


def middle_names(draws: Draws, names: Names, homes: Households, household: Ints, sex: Ints) -> Ints:
    return names.forenames(draws, _origins(draws, homes, household), sex)


def _origins(draws: Draws, homes: Households, household: Ints) -> Ints:
    other = draws.happens(0.5, len(household))
    return np.where(other, homes.forename_origin[household], homes.origin[household])
