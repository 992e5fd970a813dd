"""
What changes after day 0 (GENERATOR.md 5): families move, children take another surname, are adopted
or are born. At most one of each for a household or child: over ten years the rates add up to the
share that has changed at all, and the last state is what counts.
"""

from dataclasses import dataclass

import numpy as np

from tests.families.draws import Draws, Flags, Ints
from tests.families.names import Names
from tests.families.population import NEVER, YEAR, Children, Households

MOVES = 0.10
NEW_SURNAMES = 0.012
ADOPTIONS = 0.0003
ANOTHER_STATE = 0.30  # notifications that give the state before the last event


@dataclass(frozen=True, kw_only=True)
class Events:
    move: Ints  # day, of each household
    surname: Ints  # day, of each child
    new_surname: Ints


def over(rate: float, years: int) -> float:
    """The share that something has happened to, once or more."""
    never = 1.0
    for _ in range(years):  # a power would depend on the machine in its last digit
        never *= 1.0 - rate
    return 1.0 - never


def events_drawn(
    draws: Draws, names: Names, homes: Households, children: Children, years: int
) -> Events:
    other = homes.other_surname[children.household]
    same = other == children.surname
    other = np.where(same, homes.surname[children.household], other)
    return Events(
        move=_days(draws.of("moves"), MOVES, len(homes), years),
        surname=np.where(
            children.adult | (other == children.surname),
            NEVER,
            _days(draws.of("surnames"), NEW_SURNAMES, len(children), years),
        ),
        new_surname=other,
    )


def adopted(draws: Draws, eligible: Flags, years: int) -> tuple[Ints, Ints]:
    """Which children are adopted, and on which day."""
    happens = draws.happens(over(ADOPTIONS, years), len(eligible)) & eligible
    chosen = np.flatnonzero(happens).astype(np.int64)
    return chosen, draws.below(years * YEAR, len(chosen))


def _days(draws: Draws, rate: float, count: int, years: int) -> Ints:
    happens = draws.happens(over(rate, years), count)
    return np.where(happens, draws.below(years * YEAR, count), NEVER)
