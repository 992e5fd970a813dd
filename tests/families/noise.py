"""
What goes wrong on a form (GENERATOR.md 7): which notification gets which fault in which field.

Rates are those of the specification and hold over all notifications. Where a fault needs something
that not every child has (a nickname, a sibling with a number), those who have it get it the more
often; where agencies differ, the mean stays. Faults of one field exclude each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.families.draws import Draws, Flags, Ints
from tests.families.population import ones

# of health, schools, police, children's services: how much worse than the mean, in hundredths.
# Free choices: the police write down what is said at a door, health and schools copy a record.
EVEN = (100, 100, 100, 100)
NAMES = (80, 100, 150, 80)
BIRTH = (60, 80, 200, 120)
ADDRESS = (90, 100, 110, 110)
NUMBER = (18, 76, 94, 45)  # health has the number; of its being missing, outright
UPN_MISSING = (100, 15, 100, 80)  # schools have it, and tell the council

HEAVY, HEAVIEST = 5, 0.25
HEAVY_FIELDS = ("forename", "surname", "birth_date")


@dataclass(frozen=True)
class Fault:
    name: str
    rate: float
    by_agency: tuple[int, int, int, int] = EVEN
    of_those: bool = False  # the rate is of those whom it can strike, not of all


# in this order a field is asked; the first that strikes is the only one
FAULTS: dict[str, tuple[Fault, ...]] = {
    "forename": (
        Fault("typing_error", 0.04, NAMES),
        Fault("middle_name", 0.02, NAMES),
        Fault("missing", 0.01, NAMES),
        Fault("exchanged", 0.007, NAMES),
        Fault("transliterated", 0.05, NAMES, of_those=True),
        # last: few names have one, so that it takes most of those that do, at the heavy rates all
        Fault("nickname", 0.06, NAMES),
    ),
    "surname": (
        Fault("another", 0.05, NAMES),
        Fault("typing_error", 0.04, NAMES),
        Fault("second_half", 0.02, NAMES),
        Fault("missing", 0.01, NAMES),
    ),
    "birth_date": (
        Fault("missing", 0.05, BIRTH),
        Fault("digit", 0.015, BIRTH),
        Fault("january", 0.015, BIRTH),
        Fault("exchanged", 0.01, BIRTH),
        Fault("month", 0.005, BIRTH),
    ),
    "sex": (Fault("missing", 0.04), Fault("wrong", 0.004)),
    "address": (
        Fault("another", 0.12, ADDRESS),
        Fault("missing", 0.08, ADDRESS),
        Fault("typing_error", 0.02, ADDRESS),
    ),
    "uprn": (Fault("missing", 0.50),),
    "telephone": (Fault("missing", 0.60), Fault("other_parent", 0.05)),
    "mother_forename": (Fault("missing", 0.40), Fault("typing_error", 0.03)),
    "nhs_number": (
        Fault("sibling", 0.005),
        Fault("digit", 0.005),
        Fault("another_child", 0.0005),
        Fault("missing", 0.55, NUMBER),
    ),
}
Applies = dict[tuple[str, str], Flags]


def rate_of(field: str, fault: Fault, *, heavy: bool, scale: float = 1.0) -> float:
    rate = fault.rate * scale
    return min(rate * HEAVY, HEAVIEST) if heavy and field in HEAVY_FIELDS else rate


def place_of(field: str, name: str) -> int:
    return 1 + [fault.name for fault in FAULTS[field]].index(name)


def planned(
    draws: Draws, agency: Ints, applies: Applies, *, heavy: bool, scale: float = 1.0
) -> dict[str, Ints]:
    """For each field, which fault strikes each notification: 0 none, else its place from 1."""
    return {
        field: _struck(
            draws.of(field),
            agency,
            [
                (
                    rate_of(field, fault, heavy=heavy, scale=scale),
                    fault,
                    applies.get((field, fault.name)),
                )
                for fault in faults
            ],
            level=heavy and field in HEAVY_FIELDS,
        )
        for field, faults in FAULTS.items()
    }


def _struck(
    draws: Draws,
    agency: Ints,
    faults: Sequence[tuple[float, Fault, Flags | None]],
    *,
    level: bool,
) -> Ints:
    """`level`: without differences between agencies, since rates this high leave no room."""
    count = len(agency)
    chance = (draws.order(count) + 0.5) / max(count, 1)  # evenly spread: rates come out as asked
    struck = ones(count, 0)
    from_here = np.zeros(count)
    for place, (rate, fault, applies) in enumerate(faults, start=1):
        weight = np.array(EVEN if level else fault.by_agency, dtype=np.int64)[agency]
        weight = weight if applies is None else weight * applies
        of_whom = int(np.count_nonzero(weight)) if fault.of_those else count
        share = rate * of_whom * weight / max(int(np.sum(weight)), 1)
        share = np.minimum(share, 1.0 - from_here)
        struck[(chance >= from_here) & (chance < from_here + share)] = place
        from_here = from_here + share
    return struck
