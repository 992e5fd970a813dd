"""
How long `broker policy replay` takes over a year of decisions: python -m tests.bench.replay

Fills a real PostgreSQL with the rows of 100,000 notifications with five recipients each, decided by
the policies that ship, then replays all of them under those and under a changed set. Prints the
figures and writes var/bench/replay.json. Exit 3 when the old set does not repeat every decision.
"""

import argparse
import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg

from broker.domain.decision import Question
from broker.domain.rows import COLUMNS
from broker.policy import CompiledPolicies, read_bundle
from broker.policy.held import HeldFolder
from broker.policy.publication import files_of
from broker.policy.replay import replay
from broker.recording.rulings import ruling_id, ruling_row
from broker.store.governance import read_recorded
from broker.store.migrate import migrate
from deploy.local.postgres import fresh_database
from tests.environment import running_postgres
from tests.unit.questions import a_question, seeded

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
RECIPIENTS, CHILDREN = 5, 2_000
CHANGED = "gateways/operation-encompass.cedar"  # the changed set: Operation Encompass is no more


def questions(count: int, seed: int) -> list[Question]:
    """Different questions, more than a partnership asks in years; the same every time."""
    draw, found = seeded(seed), dict[Question, None]()
    while len(found) < count:
        found[a_question(draw)] = None
    return list(found)


def fill(database: str, asked: list[Question], policies: CompiledPolicies, count: int) -> None:
    """`count` notifications, each decided for five recipients, by COPY."""
    rulings = [ruling_id(each, policies.version) for each in asked]
    rows = [
        ruling_row(name, question, policies.decide(question))
        for name, question in zip(rulings, asked, strict=True)
    ]
    with psycopg.connect(database) as connection:
        columns = "id, kind, state, area, protected, forename, birth_date, since"
        children = ((f"s_{n}", "child", "confirmed", None, False, None, None, SINCE)
                    for n in range(CHILDREN))  # fmt: skip
        _copy(connection, f"subject ({columns})", children)
        columns = ", ".join(COLUMNS["ruling"])
        _copy(connection, f"ruling ({columns})", iter(rows))
        columns = (
            "publisher, id, type, thread, lane, level, subject, match, match_why, reference,"
            " correlation, candidates, token_sha256, wrapped_key, body, topic, partition,"
            " at_offset, issued, received"
        )
        _copy(connection, f"inbox ({columns})", (_inbox(n) for n in range(count)))
        columns = (
            "id, publisher, notification, subject, organisation, role, why, ruling, outcome,"
            " ground, at"
        )
        decided = (_decision(n, r, rulings, asked) for n in range(count) for r in range(RECIPIENTS))
        _copy(connection, f"decision ({columns})", decided)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _copy(connection: Any, table: str, rows: Iterator[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _at(number: int) -> datetime:
    return SINCE + timedelta(seconds=number)


def _inbox(n: int) -> tuple[object, ...]:
    token = hashlib.sha256(str(n).encode()).digest()
    at = _at(n)
    return (
        *("org:ods:RZZ", f"N{n:025}", "concern.raised", f"T{n:025}", "routine", "early_help"),
        *(f"s_{n % CHILDREN}", "known", "identifier", f"R-{n}", None, [], token, b"k" * 40),
        *(b"b" * 64, "concerns.bench.routine", 0, n, at, at),
    )


def _decision(n: int, r: int, rulings: list[str], asked: list[Question]) -> tuple[object, ...]:
    which = (n * 7919 + r * 104_729) % len(rulings)
    return (
        *(f"D{n:022}-{r}", "org:ods:RZZ", f"N{n:025}", f"s_{n % CHILDREN}", f"org:local:bench-{r}"),
        *(asked[which].role.value, "enrolled", rulings[which], "disclosed", None, _at(n)),
    )


def measured(database: str, notifications: int, distinct: int) -> dict[str, Any]:
    old = read_bundle()
    shipped = files_of(files("policies"))
    changed = {name: text for name, text in shipped.items() if name != CHANGED}
    fill(database, questions(distinct, seed=1), CompiledPolicies(old), notifications)
    began = time.perf_counter()
    before, after = (
        CompiledPolicies(read_bundle()),
        CompiledPolicies(read_bundle(HeldFolder(changed))),
    )
    prepared = time.perf_counter()
    recorded = read_recorded(database, SINCE)
    read = time.perf_counter()
    found = replay(recorded, before, after)
    done = time.perf_counter()
    return {
        "notifications": notifications,
        "decisions": found.decisions,
        "rulings": found.rulings,
        "identical_to_what_was_recorded": found.identical,
        "differing": found.differing,
        "wider": found.wider,
        "narrower": found.narrower,
        "seconds": {
            "both_sets_read_and_compiled": round(prepared - began, 3),
            "database": round(read - prepared, 3),
            "replay": round(done - read, 3),
            "in_all": round(done - began, 3),
        },
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
    }


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--notifications", type=int, default=100_000)
    reading.add_argument("--questions", type=int, default=5_000)
    told = reading.parse_args()
    said: list[str] = []
    with running_postgres(said) as server:
        database = fresh_database(server, "bench_replay")
        migrate(database)
        figures = measured(database, told.notifications, told.questions)
    text = json.dumps(figures, indent=1)
    sys.stdout.write(text + "\n")
    out = Path("var/bench/replay.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text + "\n")
    sys.exit(0 if figures["identical_to_what_was_recorded"] == figures["decisions"] else 3)


if __name__ == "__main__":
    main()
