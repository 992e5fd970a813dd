"""
How long it takes until everybody who was told about the wrong child has been told so: 2,500
concerns of one child, each told to four, are another child's. Real Kafka, PostgreSQL, processes.
Writes var/bench/unlink.json.

    python -m tests.bench.unlink [--concerns 2500]

Nothing here is asserted but that nobody is left out: a time belongs to a machine and a day.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
import yaml

from broker.app import clock
from broker.app.deciding import deciding, live
from broker.app.parts import parts
from broker.correcting import Correcting
from broker.domain.correction import By, Corrected
from broker.domain.ids import OrganisationId, ThreadId
from broker.store.postgres import PostgresStore, pool_of
from deploy.local.postgres import fresh_database
from tests.bench.load import PARTITIONS, child, publish
from tests.environment import running_kafka, running_postgres
from tests.system.running import Broker, broker

HUB = OrganisationId("org:la:999")


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--concerns", type=int, default=2500)
    concerns = asked.parse_args().concerns
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with running_kafka(folder, []) as kafka, running_postgres([]) as postgres:
            work = folder / "work"
            work.mkdir()
            dsn = fresh_database(postgres, "unlink")
            with broker(work, kafka.bootstrap, dsn, PARTITIONS) as under:
                figures = measured(under, work, concerns)
    written = Path("var/bench/unlink.json")
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    sys.exit(0 if figures["recalls_sent"] == figures["disclosures_sent"] else 3)


def measured(under: Broker, work: Path, concerns: int) -> dict[str, Any]:
    families = work / "families.yaml"
    families.write_text(yaml.safe_dump({"families": [{"children": [child(0)]}]}))
    under.once("register", "load", str(families))
    asyncio.run(publish(under, concerns, children=1))
    under.start("carry", "carry", "--lane", "routine")
    under.start("deliver", "deliver")
    waiting = "SELECT count(*) FROM outbox WHERE state = 'waiting'"
    under.until(
        lambda: under.one("SELECT count(*) FROM inbox") == concerns and under.one(waiting) == 0,
        "every concern told",
    )
    sent = under.one("SELECT count(*) FROM outbox WHERE kind = 'disclosure' AND state = 'sent'")
    began = time.monotonic()
    done = asyncio.run(unlinked(under))
    returned = time.monotonic()
    recalls = "SELECT count(*) FROM outbox WHERE kind = 'recall' AND state = "
    under.until(lambda: under.one(recalls + "'waiting'") == 0, "every recall sent")
    return {
        "concerns": concerns,
        "disclosures_sent": sent,
        "returned_s": round(returned - began, 1),
        "all_recalls_sent_s": round(time.monotonic() - began, 1),
        "recalls": done.recalls,
        "recalls_sent": under.one(recalls + "'sent'"),
        "told_afresh": done.disclosures,
    }


async def unlinked(under: Broker) -> Corrected:
    """All of them, as a person at the console would."""
    found = parts(under.settings())
    with psycopg.connect(under.dsn) as connection:
        rows = connection.execute("SELECT DISTINCT about FROM link").fetchall()
    async with pool_of(found.database) as pool:
        correcting = Correcting(deciding=deciding(found, live(found)), store=PostgresStore(pool))
        by = By(person="hub-okonjo", organisation=HUB)
        return await correcting.unlink([ThreadId(each) for (each,) in rows], None, by, clock())


if __name__ == "__main__":
    main()
