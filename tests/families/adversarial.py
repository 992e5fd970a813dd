"""
A small register of one class alone, and one notification about each pair (IDENTITY.md 13): in every
second pair about the child that the register does not hold.
"""

from dataclasses import dataclass

import numpy as np

from tests.families.draws import Draws, Ints
from tests.families.forms import Forms, altered, faults_drawn
from tests.families.names import Names
from tests.families.noise import place_of
from tests.families.numbers import NUMBERED
from tests.families.population import CLASSES
from tests.families.reports import Reports, days_drawn, states
from tests.families.world import World, made

# whose number stands on the form, where that is what the class is about
NUMBER_OF = {"sibling_number": "sibling", "wrong_valid_number": "another_child"}
ABOUT_THE_SECOND = ("parent_and_child", "newborn")  # the child; the one without a name
ADVERSARIAL = CLASSES[1:]


@dataclass(frozen=True)
class Trial:
    world: World
    reports: Reports
    forms: Forms


def tried(draws: Draws, names: Names, name: str, count: int, *, heavy: bool) -> Trial:
    numbered = 1.0 if name in NUMBER_OF else NUMBERED
    world = made(draws, names, subjects=0, pairs={name: count}, numbered=numbered)
    child = _about(draws.of("about"), world, name, count)
    child = child[draws.order(count)]
    day = days_drawn(draws.of("days"), world, child)
    order = np.argsort(day, kind="stable")
    reports = states(draws.of("states"), world, child[order], day[order])
    faults = faults_drawn(draws.of("forms"), world, reports, heavy=heavy)
    if name in NUMBER_OF:
        faults["nhs_number"][:] = place_of("nhs_number", NUMBER_OF[name])
    return Trial(world, reports, altered(draws.of("forms"), world, reports, faults))


def _about(draws: Draws, world: World, name: str, count: int) -> Ints:
    """Of each pair the one that is withheld; of a pair that is whole, either."""
    rows = np.arange(count, dtype=np.int64)
    second = draws.happens(0.5, count) | np.bool_(name in ABOUT_THE_SECOND)
    either = np.where(second, rows + count, rows)
    held = world.held
    return np.where(~held[rows], rows, np.where(~held[rows + count], rows + count, either))
