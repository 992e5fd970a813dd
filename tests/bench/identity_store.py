"""
One notification matched through PostgreSQL against a register of a million subjects, in batches, as
the intake does it: keys, locks, candidates, profiles opened, verdict. Beside it, in the same run,
Splink asked about single records. Writes var/bench/identity_store.json.

    python -m tests.bench.identity_store [--subjects 1000000] [--batches 100] [--no-splink]

Nothing here is asserted: a figure belongs to a machine and a day.
"""

import argparse
import asyncio
import csv
import gc
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psycopg

from broker.domain.batch import Genuine
from broker.domain.ids import NotificationId
from broker.evaluation.rows import appearance_from_row, profile_from_row
from broker.identity.profile_text import text_from
from broker.journey import recognise
from broker.store.migrate import migrate
from broker.store.postgres import PostgresStore, pool_of
from broker.training import single_records
from broker.training.records import records_from
from broker.training.train import Trained, splink_for
from deploy.local.postgres import fresh_database
from tests.environment import running_postgres
from tests.families.__main__ import main as families
from tests.world import MATCHING, NOW, World, batch_of, concern

BATCH = 200
TODAY = date(2027, 1, 1)
WRITERS = 2
SPLINK_ASKED = 12


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--subjects", type=int, default=1_000_000)
    asked.add_argument("--batches", type=int, default=100)
    asked.add_argument("--seed", type=int, default=20261128)
    asked.add_argument("--no-splink", action="store_true")
    given = asked.parse_args()
    figures: dict[str, Any] = {"at": datetime.now(UTC).isoformat(), "subjects": given.subjects}  # noqa: TID251
    with tempfile.TemporaryDirectory() as folder, running_postgres([]) as server:
        into = Path(folder)
        notifications = given.batches * BATCH
        families(
            ["--seed", str(given.seed), "--subjects", str(given.subjects), "--notifications",
             str(notifications), "--into", folder]
        )  # fmt: skip
        database = fresh_database(server, f"identity_{time.time_ns()}")
        migrate(database)
        began = time.perf_counter()
        _fill(database, into / "register.csv")
        figures["filled_s"] = round(time.perf_counter() - began, 1)
        figures |= asyncio.run(_matched(database, into / "notifications.csv", given.batches))
        if not given.no_splink:
            figures |= _splink(into)
            ratio = figures["splink_single_ms"] / figures["per_notification_ms"]["p50"]
            figures["times_faster_than_splink"] = round(ratio)
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    there = Path("var/bench")
    there.mkdir(parents=True, exist_ok=True)
    (there / "identity_store.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))  # noqa: T201


def _fill(database: str, register: Path) -> None:
    """As `broker register` would, by two writers, with the keys' index made at the end."""
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE blocking_key DROP CONSTRAINT blocking_key_pkey CASCADE")
        connection.execute("DROP INDEX blocking_key_subject")
    with multiprocessing.Pool(WRITERS) as pool:
        jobs = [(database, str(register), number) for number in range(WRITERS)]
        pool.starmap(_write, jobs)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("ALTER TABLE blocking_key ADD PRIMARY KEY (key, subject)")
        connection.execute("CREATE INDEX blocking_key_subject ON blocking_key (subject)")
        connection.execute("ANALYZE")


def _write(database: str, register: str, number: int) -> None:
    """Every second row of the register, ten thousand at a time."""
    custody = World().deciding().custody
    with open(register, encoding="utf-8", newline="") as file, psycopg.connect(database) as link:
        mine = islice(csv.DictReader(file), number, None, WRITERS)
        while rows := list(islice(mine, 10_000)):
            tables: dict[str, list[tuple[Any, ...]]] = {
                "subject (id, kind, state, protected, since)": [],
                "subject_key (subject, wrapped)": [],
                "profile (subject, version, wrapped_key, body)": [],
                "blocking_key (key, subject, restricted)": [],
            }
            subjects, keys, profiles, blocking = tables.values()
            for row in rows:
                profile = profile_from_row(row, TODAY)
                key = custody.new_subject_key()
                sealed = custody.keep(text_from(profile).encode(), subject_key=key)
                subjects.append((profile.subject, profile.kind.value, "confirmed", False, NOW))
                keys.append((profile.subject, key))
                profiles.append((profile.subject, 1, *sealed))
                held = MATCHING.held_under(profile).items()
                blocking += [(value, profile.subject, closed) for value, closed in held]
            for table, lines in tables.items():
                with link.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    for line in lines:
                        copy.write_row(line)
            link.commit()


async def _matched(database: str, notifications: Path, batches: int) -> dict[str, Any]:
    """Seconds of each batch, from the appearances to the matches."""
    deciding = World().deciding()
    took: list[float] = []
    states: dict[str, int] = {}
    gc.freeze()  # as the worker of a lane does
    async with pool_of(database) as pool:
        store = PostgresStore(pool)
        for fresh in _batches(notifications):
            began = time.perf_counter()
            keyed = [replace(each, keys=MATCHING.keys(each.asked, NOW)) for each in fresh]
            async with store.transaction() as transaction:
                known = await transaction.identities(keyed, NOW)
                known = recognise(keyed, deciding.opened_profiles(known), MATCHING)
            took.append(time.perf_counter() - began)
            for match in known.matches.values():
                states[match.state.value] = states.get(match.state.value, 0) + 1
            if len(took) == batches:
                break
    each = [1000 * seconds / BATCH for seconds in took[2:]]  # the first two warm the caches
    cut = quantiles(each, n=100)
    return {
        "per_notification_ms": {"p50": round(cut[49], 3), "p99": round(cut[98], 3)},
        "batches_of": BATCH,
        "batches": len(each),
        "states": states,
    }


def _batches(notifications: Path) -> Iterator[list[Genuine]]:
    """Concerns that differ in who they are about alone: reading them is not measured here."""
    world = World()
    record = world.record(concern())
    genuine = world.read(record, batch_of([record]))
    with notifications.open(encoding="utf-8", newline="") as file:
        rows = enumerate(csv.DictReader(file))
        while chunk := list(islice(rows, BATCH)):
            yield [
                replace(
                    genuine,
                    notification=replace(genuine.notification, id=NotificationId(f"n{number}")),
                    asked=appearance_from_row(row, TODAY),
                )
                for number, row in chunk
            ]


def _splink(folder: Path) -> dict[str, Any]:
    """Splink asked about one record at a time, against the same register with the same weights."""
    with (folder / "register.csv").open(encoding="utf-8", newline="") as file:
        register = list(records_from(file, "register", TODAY))
    with (folder / "notifications.csv").open(encoding="utf-8", newline="") as file:
        asked = list(records_from(islice(file, SPLINK_ASKED + 1), "asked", TODAY))
    model, names = MATCHING.model, MATCHING.names
    trained = Trained(model, splink_for(model, register, (), names), register, ())
    single = single_records(trained, names)
    single.matches(asked[0])  # compiles its SQL, outside the clock
    took = []
    for record in asked[1:]:
        began = time.perf_counter()
        single.matches(record)
        took.append(time.perf_counter() - began)
    return {"splink_single_ms": round(1000 * median(took), 1)}


if __name__ == "__main__":
    main()
