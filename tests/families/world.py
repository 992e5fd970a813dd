"""
A whole population: made families, ordinary ones, those withheld, those born and adopted later, with
their homes and their numbers. From here it is written, or reported about.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tests.families.births import born_later
from tests.families.classes import made_families
from tests.families.draws import Draws, Flags, Ints
from tests.families.events import Events, adopted, events_drawn
from tests.families.furnishing import Furnished, eldest_births, furnished
from tests.families.households import households_drawn, ordinary
from tests.families.names import Names
from tests.families.numbers import NUMBERED, dealt
from tests.families.places import Places
from tests.families.population import (
    CLASSES,
    NEVER,
    NONE,
    YEAR,
    Children,
    Households,
    joined_children,
    joined_households,
    ones,
)
from tests.families.schooling import Schooling, schooled
from tests.families.withheld import chosen, kinds, quota

LATER_CHILDREN = 44  # of 100 children, those who have an elder sibling
ADOPTION = CLASSES.index("adoption")


@dataclass(frozen=True, kw_only=True)
class World:
    names: Names
    places: Places
    homes: Households
    children: Children
    furnished: Furnished
    events: Events
    schooling: Schooling
    held: Flags  # in the register
    later: Flags  # an identity that an adoption gives to a child after day 0
    becomes: Ints  # that identity's row, or NONE
    adopted_on: Ints
    kind: Ints
    nhs_number: Ints  # 0: none
    subject: Ints  # its number in the register, from 1; 0 for those withheld
    sibling: Ints  # another child of the household, or NONE


def made(
    draws: Draws,
    names: Names,
    *,
    subjects: int,
    pairs: Mapping[str, int],
    years: int = 1,
    numbered: float = NUMBERED,
) -> World:
    """
    Exactly `subjects` in the register, unless the pairs asked for are already more. Over more than
    one year as many are born as keep the window of 18 filled.
    """
    homes, children = made_families(draws.of("made"), names, pairs)
    back = kinds(children, ~children.kept_back)[children.kept_back]
    wanted = quota(subjects, back)
    count = subjects - (len(children) - len(back))
    if count > 0:
        count += wanted.strangers + wanted.siblings + wanted.twins
        more, others = ordinary(draws.of("ordinary"), names, count)
        keep = chosen(draws.of("withheld"), others.household, others.birth, wanted)
        others = replace(others, kept_back=keep, household=others.household + len(homes))
        filled = subjects * years // 18
        first, later = (
            (wanted.born_strangers, wanted.born_siblings)
            if years == 1
            else (filled - filled * LATER_CHILDREN // 100, filled * LATER_CHILDREN // 100)
        )
        homes, others = born_later(
            draws.of("born"),
            names,
            joined_households([homes, more]),
            others,
            strangers=first,
            siblings=later,
            days=years * YEAR,
        )
        children = joined_children([children, others])
    return _completed(draws, names, homes, children, years=years, numbered=numbered)


def _completed(
    draws: Draws,
    names: Names,
    homes: Households,
    children: Children,
    *,
    years: int,
    numbered: float,
) -> World:
    eligible = ~children.kept_back & ~children.adult & (children.made == 0)
    who, day = adopted(draws.of("adoptions"), eligible, years)
    before = len(children)
    becomes, adopted_on = ones(before + len(who), NONE), ones(before + len(who), NEVER)
    becomes[who] = before + np.arange(len(who), dtype=np.int64)
    adopted_on[who] = day
    new = households_drawn(draws.of("adopting"), names, len(who))
    children = joined_children([children, _adopted(children, who, len(homes), new)])
    homes = joined_households([homes, new])
    later = np.arange(len(children)) >= before
    held = ~children.kept_back & ~later
    order = np.flatnonzero(held)
    subject = ones(len(children), 0)
    subject[order[draws.of("ids").order(len(order))]] = 1 + np.arange(len(order), dtype=np.int64)
    places = Places(len(homes))
    eldest = eldest_births(len(homes), children.household, children.birth)
    kind = kinds(children, held)
    return World(
        names=names,
        places=places,
        homes=homes,
        children=children,
        furnished=furnished(draws.of("homes"), names, places, homes, eldest),
        events=events_drawn(draws.of("events"), names, homes, children, years),
        schooling=schooled(draws.of("schools"), children),
        held=held,
        later=later,
        becomes=becomes,
        adopted_on=adopted_on,
        kind=kind,
        nhs_number=dealt(
            draws.of("nhs numbers"),
            registered=order,
            withheld=np.flatnonzero(~held),
            total=len(children),
            share=numbered,
        ),
        subject=subject,
        sibling=_siblings(children),
    )


def _adopted(children: Children, who: Ints, first_home: int, new: Households) -> Children:
    """Forename and birth date stay; the household, with its surname and mother, is another."""
    count = len(who)
    return Children(
        household=first_home + np.arange(count, dtype=np.int64),
        forename=children.forename[who],
        middle=children.middle[who],
        surname=new.surname,
        birth=children.birth[who],
        sex=children.sex[who],
        adult=np.zeros(count, dtype=np.bool_),
        made=ones(count, ADOPTION),
        partner=who,
        kept_back=np.ones(count, dtype=np.bool_),
    )


def _siblings(children: Children) -> Ints:
    """The next child of the same household, in a ring."""
    order = np.argsort(children.household, kind="stable")
    owner = children.household[order]
    starts = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]]))
    sizes = np.diff(np.concatenate([starts, [len(owner)]]))
    following = np.arange(1, len(owner) + 1, dtype=np.int64)
    following[starts + sizes - 1] = starts
    sibling = ones(len(order), NONE)
    sibling[order] = np.where(np.repeat(sizes, sizes) > 1, order[following], NONE)
    return sibling
