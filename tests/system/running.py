"""The broker's real processes, on real parts: started, watched, killed, asked."""

import asyncio
import json
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from adapters.edge import Answer, Edge
from adapters.formats import ADAPTERS
from adapters.sites import read_profile, site
from adapters.spool import Spool
from broker.cli.site_keys import site_keys
from broker.domain.words import Agency
from broker.kafka import sender
from broker.settings import Settings
from deploy.local.parts import free_port
from deploy.local.run import answers
from tests.environment import environment

LOCAL = Path(__file__).parents[2] / "deploy" / "local"
MESSAGES = LOCAL / "families" / "messages"
PATIENCE = 60.0  # seconds: long, since a slow machine is no fault


@dataclass(slots=True)
class Broker:
    """One broker under test."""

    folder: Path
    told: Mapping[str, str]
    children: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def dsn(self) -> str:
        return self.told["BROKER_DATABASE"]

    def settings(self) -> Settings:
        return Settings(
            kafka=self.told["BROKER_KAFKA"],
            database=self.dsn,  # type: ignore[arg-type]
            keys=Path(self.told["BROKER_KEYS"]),
            directory=Path(self.told["BROKER_DIRECTORY"]),
        )

    def once(self, *words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "broker", *words],
            env=environment(**self.told),
            capture_output=True,
            text=True,
            check=check,
        )

    def start(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                [sys.executable, "-m", "broker", *words],
                env=environment(**self.told),
                stdout=log,
                stderr=log,
            )

    def kill(self, name: str) -> None:
        """As the machine would: no handler runs, nothing is flushed."""
        self.children[name].send_signal(signal.SIGKILL)
        self.children[name].wait()

    def stop(self) -> None:
        for child in self.children.values():
            child.terminate()
        for child in self.children.values():
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def one(self, asked: str) -> Any:
        with psycopg.connect(self.dsn) as connection:
            row = connection.execute(asked.encode()).fetchone()
        return row[0] if row else None

    def until(self, true: Callable[[], bool], what: str) -> None:
        """Wait for something that can be seen; say what did not come."""
        end = time.monotonic() + PATIENCE
        while not true():
            for name, child in self.children.items():
                assert child.poll() in {None, -signal.SIGKILL}, (name, self.log(name))
            assert time.monotonic() < end, (what, {n: self.log(n) for n in self.children})
            time.sleep(0.05)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-1500:]

    def logs(self) -> str:
        return "".join(each.read_text(errors="replace") for each in self.folder.glob("*.log"))

    def account(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.once("account", check=False).stdout)
        return told

    def received(self, organisation: str, into: Path | None = None) -> list[dict[str, Any]]:
        """Everything addressed to this organisation, as its receiving program prints it."""
        words = ["receive", "--organisation", organisation, "--wait", "3"]
        done = self.once(*words, *(["--into", str(into)] if into else []))
        return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def broker(folder: Path, kafka: str, dsn: str, partitions: int = 2) -> Iterator[Broker]:
    """Keys, tables, topics and families are ready; no process runs yet."""
    made = Broker(
        folder=folder,
        told={
            "BROKER_KAFKA": kafka,
            "BROKER_DATABASE": dsn,
            "BROKER_KEYS": str(folder / "keys"),
            "BROKER_DIRECTORY": str(LOCAL / "directory.yaml"),
            "BROKER_PARTITIONS": str(partitions),
            "BROKER_DEV": "1",
        },
    )
    made.once("keys", "make")
    made.once("migrate")
    made.once("topics")
    made.once("register", "load", str(LOCAL / "families" / "families.yaml"))
    try:
        yield made
    finally:
        made.stop()


@contextmanager
def serving(folder: Path, kafka: str, dsn: str, *also: str) -> Iterator[tuple[Broker, str]]:
    """The broker with four concerns in it, its console, and what else it should run."""
    port = free_port()
    with broker(folder, kafka, dsn) as under:
        under.start("carry", "carry", "--lane", "routine")
        under.start("emergency", "carry", "--lane", "emergency")
        under.start("api", "api", "--port", str(port), "--spool", str(folder / "spool"))
        for each in also:
            under.start(each, each)
        for agency, file in (
            (Agency.SCHOOLS, "wexcombe-safeguarding.csv"),
            (Agency.POLICE, "police-notice.csv"),
        ):
            publish(under, agency, "csv-profile", [(MESSAGES / file).read_bytes()])
        under.until(lambda: under.one("SELECT count(*) FROM inbox") == 4, "four concerns")
        under.until(lambda: answers(f"http://127.0.0.1:{port}/livez"), "console")
        yield under, f"http://127.0.0.1:{port}"


def publish(under: Broker, agency: Agency, form: str, natives: Sequence[bytes]) -> list[Answer]:
    """Native messages through the agency's real adapter and edge."""
    with ThreadPoolExecutor(1) as aside:  # a browser test has an event loop of its own
        return aside.submit(asyncio.run, _published(under, agency, form, natives)).result()


async def _published(
    under: Broker, agency: Agency, form: str, natives: Sequence[bytes]
) -> list[Answer]:
    settings, answers = under.settings(), []
    spool = Spool(under.folder / "spool" / f"{agency.value}-{form}.sqlite")
    async with sender(settings.kafka) as sends:
        found = ADAPTERS[agency][form]
        now = datetime.now(UTC)  # noqa: TID251 - tokens of a test are of today
        where = site(agency, read_profile(agency, found.profile), now)
        edge = Edge(
            site=where,
            reads=found.read,
            keys=site_keys(settings, where.organisation),
            spool=spool,
            sender=sends,
        )
        for native in natives:
            answers += await edge.take(native, now)
    spool.close()
    return answers


def school_rows(count: int, *, level: str = "Worried", words: str = "Words") -> bytes:
    """A safeguarding export of that many rows, each about a child of its own."""
    header = (
        "Incident ID,Updated,Status,Pupil ID,Forename,Surname,DOB,Category,Incident Date,"
        "Description,How worried,Safe to tell home,Consent,Reply to"
    )
    rows = [
        f"INC-{secrets.token_hex(6)},1,Open,{9000 + n},Kit,Testrow,01/05/2015,Physical,20/11/2026,"
        f'"{words} {n}",{level},No,,01632 960114'
        for n in range(count)
    ]
    return "\n".join([header, *rows, ""]).encode()
