"""
What the generator says of its own work (GENERATOR.md 9): counts, shares and the realised rate of
every fault, to be printed as JSON and asserted by `tests/unit/test_families.py`.
"""

from pathlib import Path
from typing import Any

import numpy as np

from tests.families.draws import Flags, Ints
from tests.families.forms import Forms
from tests.families.noise import FAULTS, rate_of
from tests.families.numbers import nhs_numbers
from tests.families.places import DISTRICTS
from tests.families.population import CLASSES, KINDS, NONE
from tests.families.reports import Reports
from tests.families.world import World
from tests.families.writing import digest

NAMED_ALIKE = ("parent_and_child", "second_child_named_for_dead_one")
# (nicknames fall short of the heavy rate, since too few names have one)
NEAR, ERRORS = 0.05, 4.0  # of the rate itself; or so many standard errors, where few are struck


def checked(
    world: World, reports: Reports, forms: Forms, files: list[Path], *, heavy: bool
) -> dict[str, Any]:
    return {
        "rows": {
            "register": int(np.count_nonzero(world.held)),
            "notifications": len(reports),
        },
        "households": _households(world),
        "pairs": _pairs(world),
        "classes": _classes(world),
        "withheld": _by_kind(world.kind[~world.held & ~world.later]),
        "notifications_about": _by_kind(world.kind[reports.child]),
        "distinct_withheld_notified": len(np.unique(reports.child[~world.held[reports.child]])),
        "nhs_numbers": _nhs_numbers(world),
        "districts": _districts(world),
        "noise": _noise(world, reports, forms, heavy=heavy),
        "sha256": {path.name: digest(path) for path in files},
    }


def failures(found: dict[str, Any], *, least_pairs: int) -> list[str]:
    """What is not as specified, in words; nothing if all is well."""
    wrong = [
        f"{name}: {n} pairs" for name, n in found["classes"].items() if n["pairs"] < least_pairs
    ]
    if abs(found["households"]["mean_children"] - 1.78) > 0.05:
        wrong.append("children in a household")
    if found["pairs"]["siblings_with_one_forename"]:
        wrong.append("siblings with one forename")
    if found["nhs_numbers"]["twice"] or found["nhs_numbers"]["invalid"]:
        wrong.append("NHS numbers")
    if found["districts"]["real"]:
        wrong.append("a district that exists")
    wrong += [f"noise {name}" for name, each in found["noise"].items() if not each["near"]]
    return wrong


def _households(world: World) -> dict[str, float]:
    children = world.children
    ordinary = np.flatnonzero((children.made == 0) & (children.birth < 0) & ~world.later)
    household, birth = children.household[ordinary], children.birth[ordinary]
    _, counts = np.unique(_together(household, birth), return_counts=True)
    twins = int(np.sum(counts[counts > 1]))
    return {
        "mean_children": round(len(ordinary) / max(len(np.unique(household)), 1), 4),
        "twins_by_chance_per_cent": round(100 * twins / max(len(ordinary), 1), 3),
        "not_english_per_cent": round(
            100 * float(np.count_nonzero(world.homes.origin)) / len(world.homes), 2
        ),
    }


def _pairs(world: World) -> dict[str, int]:
    """Pairs in the register that share what is thought to tell children apart."""
    children, held = world.children, np.flatnonzero(world.held)
    home = children.household[held]
    name = _together(children.forename[held], children.surname[held])
    by_name = _together(name, children.birth[held])
    by_place = _together(
        world.furnished.now.postcode[home] * 2 + children.sex[held], children.birth[held]
    )
    alike = np.isin(children.made, [CLASSES.index(name) for name in NAMED_ALIKE])
    family = np.flatnonzero(~alike)
    siblings = _together(children.household[family], children.forename[family])
    return {
        "forename_surname_birth_date": _shared(by_name),
        "sex_postcode_birth_date": _shared(by_place),
        "siblings_with_one_forename": _shared(siblings),
    }


def _together(one: Ints, other: Ints) -> Ints:
    """One number for each pair of values."""
    least = int(np.min(other, initial=0))
    return one * (int(np.max(other, initial=0)) - least + 1) + other - least


def _shared(key: Ints) -> int:
    _, counts = np.unique(key, return_counts=True)
    return int(np.sum(counts * (counts - 1) // 2))


def _classes(world: World) -> dict[str, dict[str, int]]:
    children = world.children
    paired: Flags = (children.partner != NONE) & ~world.later
    found = {}
    for place, name in enumerate(CLASSES):
        rows = np.flatnonzero(paired & (children.made == place))
        if place and len(rows):
            held = world.held[rows]
            found[name] = {"pairs": len(rows) // 2, "one_withheld": int(np.count_nonzero(~held))}
    return found


def _by_kind(kind: Ints) -> dict[str, int]:
    return {name: int(np.count_nonzero(kind == place)) for place, name in enumerate(KINDS)}


def _nhs_numbers(world: World) -> dict[str, float]:
    given = world.nhs_number[world.held]
    given = given[given > 0]
    return {
        "registered_with_one_per_cent": round(
            100 * len(given) / int(np.count_nonzero(world.held)), 2
        ),
        "twice": len(given) - len(np.unique(given)),
        "invalid": int(np.count_nonzero(~np.isin(given, nhs_numbers()))),
    }


def _districts(world: World) -> dict[str, int]:
    used = np.unique(world.places.district(world.furnished.now.postcode)).tolist()
    exists = [name for name in (DISTRICTS[place] for place in used) if name[2] not in "56789"]
    return {"used": len(used), "real": len(exists), "postcodes": world.places.postcodes}


def _noise(
    world: World, reports: Reports, forms: Forms, *, heavy: bool
) -> dict[str, dict[str, float | bool]]:
    found: dict[str, dict[str, float | bool]] = {}
    for field, faults in FAULTS.items():
        for place, fault in enumerate(faults, start=1):
            whom = len(reports)
            if fault.of_those:
                whom = int(np.count_nonzero(forms.applies[field, fault.name]))
            rate = rate_of(field, fault, heavy=heavy)
            struck = int(np.count_nonzero(forms.faults[field] == place))
            realised = struck / max(whom, 1)
            error = (rate * (1 - rate) / max(whom, 1)) ** 0.5
            found[f"{field}_{fault.name}"] = {
                "rate": round(100 * rate, 3),
                "realised": round(100 * realised, 3),
                "near": abs(realised - rate) <= max(NEAR * rate, ERRORS * error)
                or (heavy and fault.name == "nickname" and realised < rate),
            }
    return found
