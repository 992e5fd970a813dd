"""Twins made on purpose: of one sex, or of forenames that are taken for each other."""

from dataclasses import replace

import numpy as np

from tests.families.draws import Draws, Ints
from tests.families.households import sexes
from tests.families.names import Names
from tests.families.pairs import Made, birth_days, in_one_home, pairs_of, two_forenames
from tests.families.population import ones


def same_sex_twins(draws: Draws, names: Names, pairs: int) -> Made:
    homes, household = in_one_home(draws, names, pairs)
    sex, birth = sexes(draws, pairs), birth_days(draws, pairs)
    forename = two_forenames(draws, names, homes, (sex, sex))
    return homes, pairs_of(
        draws,
        names,
        homes,
        household=household,
        forename=forename,
        birth=(birth, birth),
        sex=(sex, sex),
    )


def _english_twins(draws: Draws, names: Names, forenames: tuple[Ints, Ints, Ints]) -> Made:
    first, second, sex = forenames
    pairs = len(first)
    homes, household = in_one_home(draws, names, pairs)
    english = ones(pairs, 0)
    homes = replace(
        homes,
        origin=english,
        forename_origin=english,
        surname=names.surnames(draws, english),
    )
    birth = birth_days(draws, pairs)
    return homes, pairs_of(
        draws,
        names,
        homes,
        household=household,
        forename=(first, second),
        birth=(birth, birth),
        sex=(sex, sex),
    )


def nickname_twins(draws: Draws, names: Names, pairs: int) -> Made:
    return _english_twins(draws, names, names.nickname_twins(draws, pairs))


def lookalike_twins(draws: Draws, names: Names, pairs: int) -> Made:
    return _english_twins(draws, names, names.lookalikes(draws, pairs))


def same_initial_twins(draws: Draws, names: Names, pairs: int) -> Made:
    homes, both = same_sex_twins(draws, names, pairs)
    forename = both.forename.copy()
    sex = both.sex[:pairs]
    while True:
        first, second = forename[:pairs], forename[pairs:]
        unlike = np.flatnonzero(
            (names.initials(first) != names.initials(second)) | (first == second)
        )
        if not len(unlike):
            return homes, replace(both, forename=forename)
        again = names.forenames(draws, homes.origin[unlike], sex[unlike])
        forename[pairs + unlike] = again
        # a first forename of a rare initial would be waited for in vain
        rare = unlike[draws.happens(0.05, len(unlike))]
        forename[rare] = names.forenames(draws, homes.origin[rare], sex[rare])
