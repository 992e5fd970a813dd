"""
The columns that a register is made of: one row a child and one row a household, as whole numbers.

A day is counted from day 0, on which the register stands; names, postcodes and numbers are
positions in their tables. A million children fit in a few hundred megabytes this way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cache

import numpy as np

from tests.families.draws import Flags, Ints

DAY_0 = date(2025, 9, 1)
YEAR = 365
WINDOW = 18 * 365 + 4  # birth dates, in days before day 0
APART = 304  # ten months between siblings that are not twins
NEWBORN = 42  # days in which a child may be without a name
NEVER = 1_000_000  # a day that does not come
NONE = -1

# of section 3, and three of the adversarial classes that are made by what the form says
CLASSES = (
    "",
    "twins",
    "nickname_twins",
    "lookalike_twins",
    "same_initial_twins",
    "namesakes",
    "namesakes_1_january",
    "parent_and_child",
    "cousins",
    "second_child_named_for_dead_one",
    "adoption",
    "newborn",
    "sibling_number",
    "wrong_valid_number",
)
KINDS = ("known", "stranger", "sibling", "twin")
KNOWN, STRANGER, SIBLING, TWIN = range(4)


@dataclass(frozen=True, kw_only=True)
class Children:
    household: Ints
    forename: Ints
    middle: Ints
    surname: Ints
    birth: Ints  # day
    sex: Ints
    adult: Flags
    made: Ints  # position in CLASSES
    partner: Ints  # the other child of a pair made on purpose, or NONE
    kept_back: Flags  # withheld from the register because the class asks for it

    def __len__(self) -> int:
        return len(self.household)


@dataclass(frozen=True, kw_only=True)
class Households:
    origin: Ints
    forename_origin: Ints  # another one where the family is mixed
    surname: Ints
    other_surname: Ints  # a step-parent's, or the mother's own
    near: Ints  # the household whose postcode this one shares, or NONE
    district_of: Ints  # the household in whose postcode district this one lives, or NONE

    def __len__(self) -> int:
        return len(self.origin)


def joined_children(parts: Sequence[Children]) -> Children:
    """One after another. Households and partners must already count from the beginning of all."""
    return Children(
        **{
            each.name: np.concatenate([getattr(part, each.name) for part in parts])
            for each in fields(Children)
        }
    )


def joined_households(parts: Sequence[Households]) -> Households:
    return Households(
        **{
            each.name: np.concatenate([getattr(part, each.name) for part in parts])
            for each in fields(Households)
        }
    )


@cache
def day_written(day: int) -> str:
    return (DAY_0 + timedelta(days=day)).isoformat()


def ones(count: int, value: int) -> Ints:
    return np.full(count, value, dtype=np.int64)


_NONE = ones(0, 0)
_NO = np.zeros(0, dtype=np.bool_)
NO_HOUSEHOLDS = Households(
    origin=_NONE,
    forename_origin=_NONE,
    surname=_NONE,
    other_surname=_NONE,
    near=_NONE,
    district_of=_NONE,
)
NO_CHILDREN = Children(
    household=_NONE,
    forename=_NONE,
    middle=_NONE,
    surname=_NONE,
    birth=_NONE,
    sex=_NONE,
    adult=_NO,
    made=_NONE,
    partner=_NONE,
    kept_back=_NO,
)
