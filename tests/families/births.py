"""Children born after day 0 (GENERATOR.md 5): the register cannot hold them."""

import numpy as np

from tests.families.draws import Draws
from tests.families.households import households_drawn, middle_names, sexes
from tests.families.names import Names
from tests.families.population import (
    NONE,
    YEAR,
    Children,
    Households,
    joined_children,
    joined_households,
    ones,
)


def born_later(
    draws: Draws,
    names: Names,
    homes: Households,
    children: Children,
    *,
    strangers: int,
    siblings: int,
    days: int,
) -> tuple[Households, Children]:
    """Children born after day 0: first of their household, or into one that is in the register."""
    staying = ~children.kept_back
    there = np.unique(children.household[staying])
    full = np.unique(children.household[~staying | (children.birth > -YEAR)])
    there = there[~np.isin(there, full)]
    into = there[draws.order(len(there))][:siblings]
    new = households_drawn(draws.of("households"), names, strangers)
    household = np.concatenate([into, len(homes) + np.arange(strangers, dtype=np.int64)])
    homes = joined_households([homes, new])
    count = len(household)
    sex = sexes(draws, count)
    taken = children.household * len(names.text) + children.forename
    forename = names.forenames(draws, homes.origin[household], sex)
    while True:
        again = np.flatnonzero(np.isin(household * len(names.text) + forename, taken))
        if not len(again):
            break
        forename[again] = names.forenames(draws, homes.origin[household[again]], sex[again])
    born = Children(
        household=household,
        forename=forename,
        middle=middle_names(draws, names, homes, household, sex),
        surname=homes.surname[household],
        birth=draws.below(days, count),
        sex=sex,
        adult=np.zeros(count, dtype=np.bool_),
        made=ones(count, 0),
        partner=ones(count, NONE),
        kept_back=np.ones(count, dtype=np.bool_),
    )
    return homes, joined_children([children, born])
