"""
Write invented families into a folder, and print what was made.

    python -m tests.families --seed 1 --subjects 1000000 --notifications 400000 --into DIR
    python -m tests.families --seed 1 --town --subjects 10000 [--years 10] [--plain] --into DIR
    python -m tests.families --seed 1 --adversarial twins --count 1000 --into DIR
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tests.families.adversarial import ADVERSARIAL, tried
from tests.families.checks import checked, failures
from tests.families.classes import SECTION_3
from tests.families.draws import Draws
from tests.families.forms import Forms, filled_in
from tests.families.names import Names
from tests.families.reports import Reports, reports_drawn
from tests.families.town import write_town
from tests.families.world import World, made
from tests.families.writing import write_edges, write_notifications, write_register, write_truth


def main(arguments: list[str], names: Names | None = None) -> int:
    """`names`: read already, by who writes several."""
    asked = _asked(arguments)
    asked.into.mkdir(parents=True, exist_ok=True)
    draws, names = Draws(asked.seed, "families"), names or Names()
    if asked.town:
        found: dict[str, Any] = write_town(
            draws,
            names,
            asked.into,
            subjects=asked.subjects,
            years=asked.years,
            plain=asked.plain,
            heavy=asked.heavy,
        )
        wrong: list[str] = []
    elif asked.adversarial:
        trial = tried(draws, names, asked.adversarial, asked.count, heavy=asked.heavy)
        files = _written(asked.into, trial.world, trial.reports, trial.forms)
        found = checked(trial.world, trial.reports, trial.forms, files, heavy=asked.heavy)
        del found["noise"], found["households"]  # one class is not a population
        wrong = []
    else:
        found = _register(draws, names, asked)
        wrong = failures(found, least_pairs=pairs_for(asked.subjects))
    sys.stdout.write(json.dumps(found | {"failures": wrong}, indent=2) + "\n")
    return 1 if wrong else 0


def pairs_for(subjects: int) -> int:
    """Of each class: a thousand in a million, and never fewer than twenty."""
    return max(20, -(-subjects // 1000))


def _register(draws: Draws, names: Names, asked: argparse.Namespace) -> dict[str, Any]:
    pairs = dict.fromkeys(SECTION_3, pairs_for(asked.subjects))
    world = made(draws, names, subjects=asked.subjects, pairs=pairs)
    reports = reports_drawn(draws.of("reports"), world, asked.notifications)
    forms = filled_in(draws.of("forms"), world, reports, heavy=asked.heavy)
    files = _written(asked.into, world, reports, forms)
    return checked(world, reports, forms, files, heavy=asked.heavy)


def _written(into: Path, world: World, reports: Reports, forms: Forms) -> list[Path]:
    names = ("register.csv", "edges.csv", "notifications.csv", "truth.csv")
    register, edges, notifications, truth = files = [into / name for name in names]
    write_register(register, world)
    write_edges(edges, world)
    write_notifications(notifications, forms)
    write_truth(truth, world, reports, forms)
    return files


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.families",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--into", type=Path, required=True, help="the folder, made if need be")
    parser.add_argument("--subjects", type=int, default=10_000)
    parser.add_argument("--notifications", type=int, default=4_000)
    parser.add_argument("--heavy", action="store_true", help="names and dates five times worse")
    parser.add_argument("--town", action="store_true", help="a.csv and b.csv: one town twice")
    parser.add_argument("--years", type=int, default=0, help="of a town: how much later b is")
    parser.add_argument("--plain", action="store_true", help="of a town: no identifier in it")
    parser.add_argument("--adversarial", choices=ADVERSARIAL, help="one class alone")
    parser.add_argument("--count", type=int, default=1_000, help="of pairs of that class")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
