"""
What governance reads of what happened: the questions that were decided, and where a candidate in
shadow answered otherwise. Closed values, counts and decision ids; never content.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from broker.domain.ids import DecisionId, PolicyVersion
from broker.errors import StoreUnavailable
from broker.policy.replay import Recorded
from broker.policy.shadow import Compared, ShadowDifference
from broker.store.postgres import Connection
from broker.store.queries import queries


def read_recorded(database: str, since: datetime) -> list[Recorded]:
    """Every ruling that a decision since then rests on. Raises StoreUnavailable."""
    try:
        with psycopg.connect(database) as connection:
            rows = connection.execute(
                queries("governance")["decided_since"], {"since": since}
            ).fetchall()
    except psycopg.OperationalError as error:
        raise StoreUnavailable("store_unavailable", type(error).__name__) from None
    return [
        Recorded(
            ruling=row[0],
            policy=PolicyVersion(row[1]),
            question=row[2],
            extents=row[3],
            decisions=row[4],
            example=DecisionId(row[5]),
        )
        for row in rows
    ]


class PostgresShadow:
    """Keeps what a Shadow compared, in a transaction of its own: the live one never waits."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool
        self._asked = queries("governance")

    async def keep(self, compared: Compared, now: datetime) -> None:
        """Raises StoreUnavailable; what is lost then is a count."""
        versions = {"live": compared.live, "candidate": compared.candidate, "now": now}
        # In one order everywhere, so that two workers never wait for each other.
        ordered = sorted(compared.differences, key=_sha256)
        rows = [{**versions, **_row(each)} for each in ordered]
        try:
            async with self._pool.connection() as connection, connection.cursor() as cursor:
                asked = {**versions, "asked": compared.asked}
                await cursor.execute(self._asked["shadow_asked"], asked)
                await cursor.executemany(self._asked["shadow_differs"], rows)
        except psycopg.OperationalError as error:
            raise StoreUnavailable("store_unavailable", type(error).__name__) from None


def _sha256(each: ShadowDifference) -> bytes:
    asked = json.dumps(each.question, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(asked.encode()).digest()


def _row(each: ShadowDifference) -> Mapping[str, object]:
    return {
        "sha256": _sha256(each),
        "question": Jsonb(each.question),
        "live_extents": Jsonb(each.live),
        "candidate_extents": None if each.candidate is None else Jsonb(each.candidate),
        "fault": each.fault,
        "count": each.count,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowRun:
    """One candidate beside one live version, and where they differ."""

    live: PolicyVersion
    candidate: PolicyVersion
    asked: int
    since: datetime
    latest: datetime
    differences: Sequence[ShadowDifference]


def read_shadow(database: str) -> list[ShadowRun]:
    """Every candidate that was asked, the latest first. Raises StoreUnavailable."""
    try:
        with psycopg.connect(database) as connection:
            runs = connection.execute(queries("governance")["shadow_runs"]).fetchall()
            return [_run(run, connection) for run in runs]
    except psycopg.OperationalError as error:
        raise StoreUnavailable("store_unavailable", type(error).__name__) from None


def _run(run: TupleRow, connection: psycopg.Connection[TupleRow]) -> ShadowRun:
    live, candidate, asked, since, latest = run
    versions = {"live": live, "candidate": candidate}
    rows = connection.execute(queries("governance")["shadow_differences"], versions)
    differences = [
        ShadowDifference(
            question=question, live=told, candidate=otherwise, fault=fault, count=times
        )
        for question, told, otherwise, fault, times in rows
    ]
    return ShadowRun(
        live=PolicyVersion(live),
        candidate=PolicyVersion(candidate),
        asked=asked,
        since=since,
        latest=latest,
        differences=differences,
    )
