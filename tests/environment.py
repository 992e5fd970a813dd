"""
The real parts that tests run on, found as `make run` finds them. The one place where tests read the
environment.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local.kafka import OLDEST_JAVA, jars, java_version, kafka
from deploy.local.parts import PartUnavailable, RunningKafka, RunningPostgres, wait_until
from deploy.local.postgres import postgres

CHROMIUM = Path("/usr/bin/chromium")
REPOSITORY = Path(__file__).parent.parent


def in_ci() -> bool:
    return os.environ.get("CI") == "true"


def hypothesis_profile() -> str:
    return os.environ.get("HYPOTHESIS_PROFILE", "ci" if in_ci() else "dev")


def chaos_rounds() -> int:
    return int(os.environ.get("CHAOS_ROUNDS", "2"))


def races() -> int:
    """How many withdrawals race the relay: 10,000 where chaos is asked for."""
    return 10_000 if "CHAOS_ROUNDS" in os.environ else 100


def environment(**told: str) -> dict[str, str]:
    """What a process under test is told, beside the machine's own environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BROKER_")}
    return {**kept, **told}


def why_no_kafka() -> str:
    """Why Apache Kafka cannot be run here; empty if it can."""
    if (java := java_version()) < OLDEST_JAVA:
        return f"Apache Kafka needs Java {OLDEST_JAVA} or later, here is {java or 'none'}"
    try:
        jars(REPOSITORY / "var", list[str]().append)
    except PartUnavailable as why:
        return str(why)
    return ""


@contextmanager
def running_kafka(data: Path, said: list[str]) -> Iterator[RunningKafka]:
    """Its jars are those that `make run` uses: they are fetched once."""
    given = os.environ.get("BROKER_KAFKA", "")
    with kafka(given, data, said.append, jars_in=REPOSITORY / "var") as found:
        yield found


def forget_all(bootstrap: str) -> None:
    """
    Delete what the tests of one file made: every topic, and every group once nobody is in it. One
    that was killed is in its group until its session ends.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap})
    topics = [each for each in admin.list_topics(timeout=20).topics if not each.startswith("__")]
    for deleted in admin.delete_topics(topics).values() if topics else ():
        deleted.result(20)
    assert wait_until(lambda: _no_group_is_left(admin), 30, 0.2), "somebody still reads"


def _no_group_is_left(admin: AdminClient) -> bool:
    groups = [each.group_id for each in admin.list_consumer_groups().result(20).valid]
    for deleted in admin.delete_consumer_groups(groups).values() if groups else ():
        with suppress(KafkaException):
            deleted.result(20)
    return not groups


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder that an unprivileged server user can reach, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="cb-test-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def running_postgres(said: list[str]) -> Iterator[RunningPostgres]:
    given = os.environ.get("BROKER_DATABASE", "")
    with short_folder() as data, postgres(given, data, said.append) as found:
        yield found


def chromium() -> Path | None:
    found = shutil.which("chromium") or (str(CHROMIUM) if CHROMIUM.exists() else None)
    return Path(found) if found else None
