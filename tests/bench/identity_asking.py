"""
What the broker says of every notification in a file, asked of a register in memory. It reads the
register and the notifications and writes verdicts; the truth it never opens.
"""

import csv
import gc
import resource
import time
from dataclasses import dataclass
from pathlib import Path

from broker.domain.known import MatchState
from broker.evaluation.rows import appearance_from_row
from broker.identity.verdict import SHOWN, verdict
from tests.bench.identity_register import TODAY, built, matching, notifications

COLUMNS = ("notification", "state", "subject", "why", "shown", "birth", "postcode", "number")


@dataclass(frozen=True, slots=True)
class Asked:
    """Times of one notification in microseconds: without reading its row, and with it."""

    subjects: int
    keys: int
    built_s: float
    resident_mb: int
    p50_us: float
    p99_us: float
    reading_p50_us: float


def ask(folder: Path, verdicts: Path, population: int, model: Path | None = None) -> Asked:
    """Runs in a process of its own, so that its memory is its own."""
    started = time.perf_counter()
    register = built(folder / "register.csv", folder / "edges.csv", matching(population, model))
    built_s = time.perf_counter() - started
    gc.collect()
    gc.freeze()
    times, reading = [], []
    with verdicts.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        for row in notifications(folder / "notifications.csv"):
            began = time.perf_counter_ns()
            asked = appearance_from_row(row, TODAY)
            ready = time.perf_counter_ns()
            profiles, crowded = register.candidates(asked)
            found = verdict(asked, profiles, matching=register.matching, too_many=crowded)
            done = time.perf_counter_ns()
            reading.append(ready - began)
            times.append(done - ready)
            joined = found.subject if found.state is MatchState.KNOWN else ""
            shown = "|".join(each.subject for each in found.weighed[:SHOWN])
            out.writerow(
                (
                    row["case"],
                    found.state.value,
                    joined,
                    found.why,
                    shown,
                    asked.birth or "",
                    "yes" if any(each.postcode for each in asked.places) else "",
                    "yes" if asked.numbers else "",
                )
            )
    times.sort()
    reading.sort()
    return Asked(
        subjects=len(register),
        keys=len(register.keys),
        built_s=round(built_s, 1),
        resident_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        p50_us=times[len(times) // 2] / 1000,
        p99_us=times[len(times) * 99 // 100] / 1000,
        reading_p50_us=reading[len(reading) // 2] / 1000,
    )
