"""One town of 10,000 twice (IDENTITY.md 13): the first copy is the register, the second asks."""

import csv
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from broker.domain.identity import Profile
from broker.domain.ids import SubjectId
from broker.evaluation.figures import tally
from broker.evaluation.judged import Outcome, Sample, standing
from broker.evaluation.register import Register
from broker.evaluation.report import of_tally
from broker.evaluation.rows import appearance_from_row
from broker.identity.profile import registered
from tests.bench.identity_register import matching

SUBJECTS = 10_000
DAY_0 = date(2025, 9, 1)


@dataclass(frozen=True, slots=True)
class Town:
    """`automatic` and `missed`: per cent, the goals."""

    name: str
    automatic: float
    missed: float
    options: Sequence[str] = ()
    years: int = 0


TOWNS = (
    Town("ordinary", 84.0, 0.3),
    Town("heavy", 62.0, 2.0, ("--heavy",)),
    Town("ten years on", 83.0, 1.0, ("--years=10",), years=10),
    Town("without numbers", 60.0, 1.5, ("--plain",)),
)


def town(asked: Town, into: Path, seed: int, model: Path | None) -> dict[str, Any]:
    folder = into / asked.name.replace(" ", "_")
    folder.mkdir()
    command = [sys.executable, "-m", "tests.families", "--town", f"--subjects={SUBJECTS}"]
    subprocess.run(
        [*command, f"--seed={seed}", f"--into={folder}", *asked.options],
        check=True,
        capture_output=True,
    )
    today = DAY_0.replace(year=DAY_0.year + asked.years + 1)
    held = _with_twins(list(_profiles(folder / "a.csv", today)))
    register = Register(matching(SUBJECTS, model), datetime(today.year, 9, 1, tzinfo=UTC))
    register.hold(held)
    truth = {row["notification"]: row for row in _rows(folder / "truth.csv")}
    samples = [
        Sample(
            appearance_from_row(row, today),
            truth[row["case"]]["subject"] or f"not held {row['case']}",
            truth[row["case"]]["origin"],
        )
        for row in _rows(folder / "b.csv")
    ]
    found = list(standing(samples, register, held))
    whole = tally(found)
    wrong = whole.outcomes[Outcome.WRONG]
    goals = {
        "wrong": wrong == 0,
        "automatic": 100 * whole.share(Outcome.RIGHT) >= asked.automatic,
        "missed": 100 * whole.share(Outcome.MISSED) <= asked.missed,
    }
    return {"seed": seed, **of_tally(whole), "missed_goals": [w for w in goals if not goals[w]]}


def _profiles(file: Path, today: date) -> Iterator[Profile]:
    for row in _rows(file):
        yield registered(SubjectId(row["case"]), appearance_from_row(row, today))


def _with_twins(held: Sequence[Profile]) -> list[Profile]:
    """Who shares a home and a birth date with another, as the register notes when it meets them."""
    born: dict[tuple[str, ...], set[SubjectId]] = defaultdict(set)
    for each in held:
        for home in _homes(each) if each.birth else ():
            born[each.birth or "", *home].add(each.subject)
    twins = {subject for together in born.values() if len(together) > 1 for subject in together}
    return [replace(each, twin=each.subject in twins) for each in held]


def _homes(profile: Profile) -> Iterator[tuple[str, ...]]:
    for place in profile.places:
        if place.uprn:
            yield ("uprn", place.uprn)
        for name in profile.names:
            if place.postcode and name.surname:
                yield (place.postcode, name.surname)
    for telephone in profile.telephones:
        yield ("telephone", telephone)


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
