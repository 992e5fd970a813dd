"""
`make bench`: how many notifications a second the broker carries on this machine, with the same
run's plain aiokafka rate beside it as the ceiling. Writes var/bench/latest.json.

Each notification has five recipients who are each told something. Nothing here is asserted: a
figure belongs to a machine and a day.
"""

import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

import psycopg
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from adapters.contract import Event, Site
from adapters.edge import Edge
from adapters.spool import Spool
from broker.cli.site_keys import site_keys
from broker.domain.ids import OrganisationId
from broker.domain.words import Agency, EventType
from broker.kafka import Sender, sender
from broker.partnership import read_partnership
from deploy.local.postgres import fresh_database
from tests.environment import running_kafka, running_postgres
from tests.system.running import Broker, broker

BACKLOG = int(os.environ.get("BENCH_BACKLOG", "6000"))  # noqa: TID251
PACED_PER_SECOND, PACED_SECONDS = 50, 12
CHILDREN = 400
PARTITIONS = 3
PUBLISHERS = (
    (Agency.HEALTH, OrganisationId("org:ods:RZZ")),
    (Agency.CHILDRENS_SERVICES, OrganisationId("org:la:999")),
)
RELATED = (
    ("org:local:marlhaven-social-work", "social_worker", "allocated"),
    ("org:ods:Y99999", "gp", "registered"),
    ("org:school:999002", "designated_safeguarding_lead", "enrolled"),
)


def born(number: int) -> str:
    """Days apart, so that each is as hard to find as a child is, and no harder."""
    return (date(2009, 1, 2) + timedelta(days=9 * number)).isoformat()


def child(number: int) -> dict[str, Any]:
    return {
        "given_name": f"Kit{number:05}",
        "family_name": "Benchrow",
        "birth_date": born(number),
        "area": "marlhaven",
        "identifiers": [{"system": "la_child_id", "value": f"B-{number}", "issuer": "org:la:999"}],
        "relationships": [
            {"organisation": organisation, "role": role, "kind": kind}
            for organisation, role, kind in RELATED
        ],
    }


def event(number: int, children: int = CHILDREN) -> Event:
    """A concern of usual size. Hub and police by duty, and three who are related, are told."""
    about = number % children
    words = "Seen at the door with a mark on the left arm; says it was a fall. " * 3
    return Event(
        type=EventType.CONCERN_RAISED,
        reference=f"bench-{time.time_ns()}-{number}",
        version="1",
        subject_key=f"B-{about}",
        plain={
            "level": "significant_harm",
            "level_state": "confirmed",
            "urgency": "same_day",
            "family": {"may_be_told": "not_known"},
        },
        routing={
            "purpose": "safeguarding",
            "lawful_basis": {"article_6": "6_1_e"},
            "consent_state": ("refused", "not_sought_unsafe", "not_sought_impracticable")[
                number % 3
            ],
            "jurisdiction": "GB-ENG",
            "location_protected": False,
        },
        native={"made_by": "person", "format": "api", "sha256": "0" * 64},
        categories={
            "identity": {
                "summary": {
                    "known": "identified",
                    "subject_kind": "child",
                    "given_name": f"Kit{about:05}",
                    "family_name": "Benchrow",
                    "birth_date": born(about),
                },
                "full": {
                    "identifiers": [
                        {
                            "system": "la_child_id",
                            "value": f"B-{about}",
                            "issuer": "org:la:999",
                            "assurance": "verified",
                        }
                    ]
                },
            },
            "narrative": {
                "summary": {"basis": "observed", "occurred": "2026-11-20", "abuse": ["PHY"]},
                "full": {
                    "words": words,
                    "reply": {"role": "Duty", "telephone": "01632 960200"},
                },
            },
            "childs_voice": {"summary": {"heard": "yes"}, "full": {"words": words}},
            "education": {"summary": {"status": "enrolled", "year_group": 5}},
        },
    )


def edges(under: Broker, sends: Sender) -> list[tuple[Edge, Spool]]:
    made = []
    for agency, organisation in PUBLISHERS:
        spool = Spool(under.folder / f"{agency.value}.sqlite")
        spool._rows.execute(
            "PRAGMA synchronous = OFF"
        )  # the load generator is not what is measured
        scheme, code = organisation.removeprefix("org:").split(":", 1)
        where = Site(
            agency=agency,
            organisation=organisation,
            source=f"/{agency.value}/{scheme}/{code}/bench",
            received=datetime.now(UTC),  # noqa: TID251 - tokens of today
        )
        keys = site_keys(under.settings(), organisation)
        made.append(
            (
                Edge(
                    site=where, reads=lambda native, site: [], keys=keys, spool=spool, sender=sends
                ),
                spool,
            )
        )
    return made


async def publish(under: Broker, count: int, children: int = CHILDREN) -> None:
    """A backlog, as fast as it can be signed."""
    async with sender(under.told["BROKER_KAFKA"]) as sends:
        feeds = edges(under, sends)
        for start in range(0, count, 100):
            edge, _ = feeds[start // 100 % len(feeds)]
            events = [event(start + n, children) for n in range(min(100, count - start))]
            await edge.publish(events, edge.site, b"")
        for _, spool in feeds:
            spool.close()


async def paced(under: Broker) -> dict[str, float]:
    """At an even pace: when Kafka had acknowledged each, by id."""
    accepted: dict[str, float] = {}
    async with sender(under.told["BROKER_KAFKA"]) as sends:
        feeds = edges(under, sends)
        began = time.monotonic()

        async def one(number: int) -> None:
            edge, _ = feeds[number % len(feeds)]
            (answer,) = await edge.publish([event(number)], edge.site, b"")
            accepted[answer.id or ""] = time.time()

        async with asyncio.TaskGroup() as running:
            for number in range(PACED_PER_SECOND * PACED_SECONDS):
                due = began + number / PACED_PER_SECOND
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                running.create_task(one(number))
        for _, spool in feeds:
            spool.close()
    return accepted


async def on_topics(bootstrap: str, topics: list[str]) -> dict[str, float]:
    """When each disclosure was put on its recipient's topic, by id, in seconds."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [TopicPartition(topic, part) for topic in topics for part in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        found: dict[str, float] = {}
        while [place for place in places if await consumer.position(place) < ends[place]]:
            for messages in (await consumer.getmany(timeout_ms=500)).values():
                for message in messages:
                    found[message.key.decode()] = message.timestamp / 1000
        return found
    finally:
        await consumer.stop()


async def ceiling(bootstrap: str, count: int = 12_000, size: int = 9_000) -> float:
    """Plain aiokafka: as many records of the same size produced and consumed, a second."""
    topic = "concerns.ods-RZZ.emergency"  # empty in this run
    value = os.urandom(size)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5)
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await producer.start()
    await consumer.start()
    try:
        began = time.monotonic()

        async def produce() -> None:
            sent = [await producer.send(topic, value) for _ in range(count)]
            await asyncio.gather(*sent)

        async def consume() -> None:
            seen = 0
            while seen < count:
                seen += sum(map(len, (await consumer.getmany(timeout_ms=500)).values()))

        await asyncio.gather(produce(), consume())
        return count / (time.monotonic() - began)
    finally:
        await producer.stop()
        await consumer.stop()


def drain(under: Broker, count: int) -> dict[str, float]:
    """Start the processes on a backlog; the rate between the first and the last tenth sent."""
    under.start("carry", "carry", "--lane", "routine")
    under.start("deliver", "deliver")
    under.start("ledger", "ledger")
    sent = "SELECT count(*) FROM outbox WHERE state <> 'waiting' AND kind = 'disclosure'"
    low, high = int(count * 5 * 0.1), int(count * 5 * 0.95)
    marks: dict[str, tuple[float, int]] = {}
    with psycopg.connect(under.dsn, autocommit=True) as connection:
        while "high" not in marks:
            row = connection.execute(sent.encode()).fetchone()
            done = int(row[0]) if row else 0
            if done >= low and "low" not in marks:
                marks["low"] = (time.monotonic(), done)
            if done >= high:
                marks["high"] = (time.monotonic(), done)
            time.sleep(0.1)
    seconds = marks["high"][0] - marks["low"][0]
    disclosures = (marks["high"][1] - marks["low"][1]) / seconds
    return {"notifications_per_second": disclosures / 5, "disclosures_per_second": disclosures}


def latencies(under: Broker, accepted: dict[str, float]) -> dict[str, float]:
    names = read_partnership(Path(under.told["BROKER_DIRECTORY"])).recipients
    topics = [f"disclosures.{each.removeprefix('org:').replace(':', '-', 1)}" for each in names]
    put = asyncio.run(on_topics(under.told["BROKER_KAFKA"], topics))
    with psycopg.connect(under.dsn) as connection:
        rows = connection.execute(
            "SELECT disclosure, notification FROM outbox WHERE kind = 'disclosure'"
        ).fetchall()
    took = [
        max(0.0, put[disclosure] - accepted[notification]) * 1000
        for disclosure, notification in rows
        if notification in accepted and disclosure in put
    ]
    percentiles = quantiles(took, n=100)
    return {"p50_ms": percentiles[49], "p99_ms": percentiles[98], "disclosures": len(took)}


def main() -> None:
    said: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with running_kafka(folder, said) as kafka, running_postgres(said) as postgres:
            dsn = fresh_database(postgres, "bench")
            work = folder / "work"
            work.mkdir()
            with broker(work, kafka.bootstrap, dsn, PARTITIONS) as under:
                families = work / "families.yaml"
                families.write_text(
                    yaml.safe_dump(
                        {"families": [{"children": [child(n) for n in range(CHILDREN)]}]}
                    )
                )
                under.once("register", "load", str(families))
                most = asyncio.run(ceiling(kafka.bootstrap))
                asyncio.run(publish(under, BACKLOG))
                rates = drain(under, BACKLOG)
                waiting = "SELECT count(*) FROM outbox WHERE state = 'waiting'"
                under.until(lambda: under.one(waiting) == 0, "backlog sent")
                proofs = "SELECT next >= (SELECT max(number) FROM leaf) FROM proofs_given"
                leaves = "SELECT count(*) FROM leaf_waiting"
                under.until(lambda: under.one(leaves) == 0 and under.one(proofs), "ledger idle")
                accepted = asyncio.run(paced(under))
                under.until(
                    lambda: (
                        under.one("SELECT count(*) FROM inbox") == BACKLOG + len(accepted)
                        and under.one(waiting) == 0
                    ),
                    "paced sent",
                )
                figures = {
                    "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python "
                    f"{platform.python_version()}",
                    "parts": {"kafka": kafka.note, "postgresql": postgres.note},
                    "backlog": BACKLOG,
                    "recipients_each": 5,
                    **{name: round(value, 1) for name, value in rates.items()},
                    "at_50_per_second": {
                        name: round(value, 1) for name, value in latencies(under, accepted).items()
                    },
                    "ceiling_plain_aiokafka_records_per_second": round(most, 1),
                    "share_of_ceiling": round(rates["disclosures_per_second"] / most, 3),
                    "account_holds": under.account()["holds"],
                }
    written = Path("var/bench/latest.json")
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
