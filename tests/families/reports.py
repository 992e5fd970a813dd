"""
Which child each notification is about, on which day, by which agency, and in which state it finds
the child (GENERATOR.md 5 and 6).
"""

from dataclasses import dataclass

import numpy as np

from tests.families.draws import Draws, Flags, Ints
from tests.families.events import ANOTHER_STATE
from tests.families.population import CLASSES, NEWBORN, NONE, YEAR
from tests.families.world import World

REGISTERED = 0.85
BY_AGENCY = np.array([30, 40, 20, 10], dtype=np.int64)  # health, schools, police, council
BEFORE_SCHOOL = np.array([60, 0, 25, 15], dtype=np.int64)
CLASS_OF_NEWBORNS = CLASSES.index("newborn")


@dataclass(frozen=True, kw_only=True)
class Reports:
    child: Ints  # the identity the form gives: after an adoption, the new one
    day: Ints
    agency: Ints
    moved: Flags
    renamed: Flags  # bears its new surname
    before: Flags  # gives the state before the last event
    unnamed: Flags  # a newborn without a forename

    def __len__(self) -> int:
        return len(self.child)


def reports_drawn(draws: Draws, world: World, count: int) -> Reports:
    """85 of 100 about children in the register, each as likely; the others about those withheld."""
    known = np.flatnonzero(world.held & ~world.children.adult)
    back = np.flatnonzero(~world.held & ~world.later)
    about_known = count if not len(back) else round(REGISTERED * count)
    first = back[draws.order(len(back))][: count - about_known]  # each once, as far as they go
    again = count - about_known - len(first)
    child = np.concatenate(
        [
            known[draws.below(len(known), about_known)],
            first,
            back[draws.below(max(len(back), 1), again)] if again else first[:0],
        ]
    )
    day = days_drawn(draws.of("days"), world, child)
    order = np.lexsort((draws.order(count), day))  # as they arrive
    return states(draws.of("states"), world, child[order], day[order])


def each_once(draws: Draws, world: World, child: Ints, day: int) -> Reports:
    """One about each, on one day and as the child is on it."""
    child = child[draws.order(len(child))]
    return states(
        draws.of("states"), world, child, np.full(len(child), day, dtype=np.int64), before=0.0
    )


def days_drawn(draws: Draws, world: World, child: Ints) -> Ints:
    """After day 0 and after the birth; half of those about newborns within their first weeks."""
    birth = world.children.birth[child]
    day = np.maximum(draws.below(YEAR, len(child)), birth)
    early = (world.children.made[child] == CLASS_OF_NEWBORNS) | (birth >= 0)
    early &= draws.happens(0.5, len(child)) & (birth > -NEWBORN)
    first = np.maximum(birth, 0)
    soon = first + draws.each_below(np.maximum(birth + NEWBORN - first, 1))
    return np.where(early, np.minimum(soon, YEAR - 1), day)


def states(
    draws: Draws, world: World, child: Ints, day: Ints, *, before: float = ANOTHER_STATE
) -> Reports:
    count = len(child)
    moves = world.events.move[world.children.household[child]]
    renames = world.events.surname[child]
    adoption = world.adopted_on[child]
    last = np.maximum.reduce([np.where(at <= day, at, -1) for at in (moves, renames, adoption)])
    stale = draws.happens(before, count) & (last >= 0)
    until = np.where(stale, last - 1, day)
    becomes = (adoption <= until) & (world.becomes[child] != NONE)
    final = np.where(becomes, world.becomes[child], child)
    young = world.schooling.school[final] == NONE
    age = day - world.children.birth[final]
    named_late = (world.children.made[final] == CLASS_OF_NEWBORNS) | (
        world.children.birth[final] >= 0
    )
    return Reports(
        child=final,
        day=day,
        agency=np.where(
            young, draws.weighted(BEFORE_SCHOOL, count), draws.weighted(BY_AGENCY, count)
        ),
        moved=(moves <= until) & ~becomes,
        renamed=(renames <= until) & ~becomes,
        before=stale,
        unnamed=named_late & (age < NEWBORN),
    )
