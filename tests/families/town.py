"""
Two copies of one town, for a matcher that is given two files rather than a register
(IDENTITY.md 13): both with slips, or the second one ten years on, or with names, address and birth
date alone.

A fault that strikes either copy makes the two differ, so each copy has half the rates: between them
they differ as a notification differs from the register. The second copy also holds the children
that the first one lacks, as section 6 of GENERATOR.md withholds them.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.families.draws import Draws
from tests.families.forms import Forms, filled_in
from tests.families.names import ORIGINS, Names
from tests.families.population import KINDS, WINDOW, YEAR
from tests.families.reports import Reports, each_once
from tests.families.world import World, made
from tests.families.writing import TRUTH, write_notifications

EACH_COPY = 0.5
PLAIN = ("case", "subject_kind", "known", "forename", "surname", "birth_date", "postcode", "uprn")


@dataclass(frozen=True)
class Copy:
    reports: Reports
    forms: Forms


def write_town(
    draws: Draws, names: Names, into: Path, *, subjects: int, years: int, plain: bool, heavy: bool
) -> dict[str, int]:
    """a.csv, b.csv and truth.csv, which says for each row of b which row of a it is, if any."""
    world = made(draws, names, subjects=subjects, pairs={}, years=max(years, 1))
    day = years * YEAR
    young = world.children.birth > day - WINDOW
    present = (~world.later if years == 0 else ~world.later & young) & (
        (world.children.birth < 0) | (years > 0)
    )
    first = _copied(draws.of("a"), world, np.flatnonzero(world.held), 0, heavy=heavy)
    second = _copied(draws.of("b"), world, np.flatnonzero(present), day, heavy=heavy)
    for letter, copy in (("A", first), ("B", second)):
        if plain:
            _blank(copy.forms)
        write_notifications(into / f"{letter.lower()}.csv", copy.forms, letter=letter)
    return {"a": len(first.reports), "b": len(second.reports)} | _write_truth(
        into / "truth.csv", world, first, second
    )


def _copied(draws: Draws, world: World, rows: np.ndarray, day: int, *, heavy: bool) -> Copy:
    reports = each_once(draws, world, rows.astype(np.int64), day)
    return Copy(reports, filled_in(draws, world, reports, heavy=heavy, scale=EACH_COPY))


def _blank(forms: Forms) -> None:
    for name in set(forms.columns) - set(PLAIN):
        forms.columns[name] = [""] * len(forms.notes)


def _write_truth(path: Path, world: World, first: Copy, second: Copy) -> dict[str, int]:
    """`subject` is the row of a. A child adopted between the two is another identity in b."""
    row_of = {child: row for row, child in enumerate(first.reports.child.tolist())}
    pairs = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*TRUTH, "noise_in_a"))
        for row, child in enumerate(second.reports.child.tolist()):
            home = int(world.children.household[child])
            other = row_of.get(child)
            pairs += other is not None
            writer.writerow(
                (
                    f"B{row + 1:07}",
                    "" if other is None else f"A{other + 1:07}",
                    KINDS[int(world.kind[child])],
                    "adoption" if world.later[child] else "",
                    f"H{home + 1:07}",
                    ORIGINS[int(world.homes.origin[home])],
                    second.forms.notes[row],
                    "" if other is None else first.forms.notes[other],
                )
            )
    return {"in_both": pairs}
