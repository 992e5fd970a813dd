"""
`make run`: the whole broker on this machine, with invented families.

Starts Kafka and PostgreSQL, makes keys and tables, starts every process, feeds in the sample
messages of the four agencies, and says where the console is. Ctrl-C stops what it started.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from deploy.local.kafka import kafka
from deploy.local.parts import (
    PartUnavailable,
    RunningKafka,
    RunningPostgres,
    end_leftover,
    free_port,
    last_lines,
    start,
    stop,
    wait_until,
)
from deploy.local.postgres import drop_database, fresh_database, postgres

_PATIENCE = 60.0  # seconds until a process answers
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HERE = Path(__file__).parent
FAMILIES = HERE / "families"
MESSAGES = (  # feed, file
    ("st-marys-fhir", "hospital-mara.json"),
    ("wexcombe-safeguarding", "wexcombe-safeguarding.csv"),
    ("wexcombe-wishes", "wexcombe-wishes.json"),
    ("police-notices", "police-notice.csv"),
    ("police-notices", "police-notice-mina.csv"),  # is she Mara? Somebody has to say
    ("police-niem", "police-incident.xml"),
    ("council-csc", "council-ruby.json"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of the broker."""

    name: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where this run keeps things and what its processes are told."""

    data: Path
    env: Mapping[str, str]
    spool: Path
    topics_come_by_themselves: bool = False  # as with the in-process broker, which makes none

    def broker(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "broker", *words]


def say(sentence: str) -> None:
    sys.stdout.write(f"  {sentence}\n")
    sys.stdout.flush()


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Two runs never share a data folder."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PartUnavailable(
                f"another run is using {data}; stop it, or set BROKER_DATA to another folder"
            ) from None
        end_leftovers(data)
        yield


@contextmanager
def parts(data: Path, env: Mapping[str, str]) -> Iterator[Place]:
    """Kafka and PostgreSQL, started side by side."""
    with ExitStack() as running, ThreadPoolExecutor() as both:
        bus = both.submit(running.enter_context, kafka(env.get("BROKER_KAFKA", ""), data, say))
        base = both.submit(
            running.enter_context, postgres(env.get("BROKER_DATABASE", ""), data, say)
        )
        found_kafka, found_postgres = bus.result(), base.result()
        say(f"Kafka: {found_kafka.note} ({found_kafka.bootstrap})")
        say(f"PostgreSQL: {found_postgres.note}")
        told = {
            "BROKER_KAFKA": found_kafka.bootstrap,
            "BROKER_DATABASE": database(found_kafka, found_postgres),
            "BROKER_KEYS": str(data / "keys"),
            "BROKER_DIRECTORY": env.get("BROKER_DIRECTORY", str(HERE / "directory.yaml")),
        }
        yield Place(
            data=data,
            env={**env, **told},
            spool=spool(found_kafka, data),
            topics_come_by_themselves=found_kafka.kind == "in-process",
        )


def database(on: RunningKafka, running: RunningPostgres) -> str:
    """
    PostgreSQL remembers how far each topic was read. Where Kafka keeps nothing, neither may it.
    """
    if running.kind == "given":
        return running.dsn
    if on.kind == "in-process":
        drop_database(running, "concern_broker_once")
        return fresh_database(running, "concern_broker_once")
    return fresh_database(running, "concern_broker")


def spool(on: RunningKafka, data: Path) -> Path:
    """Where adapters remember what they published: forgotten together with it."""
    if on.kind != "in-process":
        return data / "spool"
    shutil.rmtree(data / "spool-once", ignore_errors=True)
    return data / "spool-once"


def once(place: Place, *words: str) -> None:
    """A command that ends. Its fault ends the run, in its own words."""
    done = subprocess.run(
        place.broker(*words), env=dict(place.env), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PartUnavailable(f"broker {' '.join(words[:2])}: {done.stderr.strip()[-600:]}")


def prepare(place: Place) -> None:
    """Keys, tables, topics, and the children whom the partnership knows."""
    once(place, "keys", "make")
    with ThreadPoolExecutor() as several:
        waiting = [] if place.topics_come_by_themselves else [several.submit(once, place, "topics")]
        once(place, "migrate")
        once(place, "register", "load", str(FAMILIES / "families.yaml"))
        for each in waiting:
            each.result()


def processes(console: int, adapter: int, place: Place) -> tuple[Process, ...]:
    kept = str(place.spool)
    return (
        Process(name="carry-emergency", argv=("carry", "--lane", "emergency")),
        Process(name="carry-routine", argv=("carry", "--lane", "routine")),
        Process(name="deliver", argv=("deliver",)),
        Process(name="ledger", argv=("ledger",)),
        Process(name="index", argv=("index",)),
        Process(name="api", argv=("api", "--port", str(console), "--spool", kept)),
        Process(
            name="adapters",
            argv=("adapt", str(HERE / "site.yaml"), "--port", str(adapter), "--spool", kept),
        ),
    )


@contextmanager
def started(
    place: Place, wanted: tuple[Process, ...]
) -> Iterator[dict[str, "subprocess.Popen[bytes]"]]:
    """Every process of the broker; all of them end together."""
    children: dict[str, subprocess.Popen[bytes]] = {}
    notes = place.data / "processes"
    try:
        for each in wanted:
            note = notes / f"{each.name}.pid"
            log = place.data / "log" / f"{each.name}.log"
            argv = place.broker(*each.argv)
            children[each.name] = start(argv, note=note, log=log, env=dict(place.env))
        yield children
    finally:
        for name in reversed(children):
            children[name].terminate()
        for name, child in children.items():
            stop(child, note=notes / f"{name}.pid")


def end_leftovers(data: Path) -> None:
    """Before anything starts: what a killed run left would go on with the new parts."""
    if end_leftover(*sorted((data / "processes").glob("*.pid"))):
        say("ended the processes that an earlier run left behind")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as found:  # noqa: S310 - our own loopback
            return bool(found.status == 200)  # noqa: PLR2004 - HTTP's OK
    except OSError:
        return False


def feed(adapter: int) -> None:
    """Each agency's sample, over the adapter's real transport."""
    for name, file in MESSAGES:
        request = urllib.request.Request(
            f"http://127.0.0.1:{adapter}/feeds/{name}",
            data=(FAMILIES / "messages" / file).read_bytes(),
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=40) as answer:  # noqa: S310
            told = json.load(answer)["messages"]
        outcomes = ", ".join(sorted({each["outcome"] for each in told}))
        say(f"{file}: {len(told)} messages taken in ({outcomes})")


def invite(console: int, place: Place) -> None:
    directory = Path(place.env["BROKER_DIRECTORY"])
    people = yaml.safe_load(directory.read_text(encoding="utf-8")).get("people", [])
    sys.stdout.write(f"\nConcern broker is ready: http://127.0.0.1:{console}/\n\n")
    sys.stdout.write("Sign in, with one button, as any of these invented people:\n")
    for person in people:
        answers_for = [*([person["role"]] if "role" in person else []), *person.get("offices", [])]
        said = ", ".join(answers_for).replace("_", " ")
        sys.stdout.write(f"  {person['name']:<22} {said}\n")
    sys.stdout.write("\nCtrl-C stops everything that was started here.\n")
    sys.stdout.flush()


def watch(children: Mapping[str, "subprocess.Popen[bytes]"], place: Place) -> None:
    """Until a process ends by itself: then say which, with its last words."""
    while True:
        all_alive(children, place)
        time.sleep(0.5)


def all_alive(children: Mapping[str, "subprocess.Popen[bytes]"], place: Place) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            log = last_lines(place.data / "log" / f"{name}.log")
            raise PartUnavailable(f"{name} ended with {child.returncode}:\n{log}")


def wait_for(url: str, children: Mapping[str, "subprocess.Popen[bytes]"], place: Place) -> None:
    """Until it answers; a process that ends meanwhile is why it never will."""

    def heard() -> bool:
        all_alive(children, place)
        return answers(url)

    if not wait_until(heard, _PATIENCE, 0.2):
        raise PartUnavailable(f"no answer from {url}; see {place.data / 'log'}")


def run(data: Path) -> None:
    began = time.monotonic()
    told = {**os.environ, "BROKER_DEV": "1"}  # noqa: TID251 - the environment of its processes
    with only_one(data), parts(data, told) as place:
        say("making keys, tables and topics ...")
        prepare(place)
        console, adapter = int(place.env.get("BROKER_PORT", 0)) or free_port(), free_port()
        wanted = processes(console, adapter, place)
        say(f"starting {', '.join(each.name for each in wanted)} ...")
        with started(place, wanted) as children:
            for port in (adapter, console):
                wait_for(f"http://127.0.0.1:{port}/livez", children, place)
            feed(adapter)
            invite(console, place)
            say(f"(ready after {time.monotonic() - began:.0f} s; data and logs are in {data})")
            watch(children, place)


def interrupted(signal_number: int, _: object) -> None:
    """Once: while everything is being stopped, further signals change nothing."""
    for each in _STOPPING:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt(signal_number)


def main() -> None:
    for each in _STOPPING:
        signal.signal(each, interrupted)
    data = Path(os.environ.get("BROKER_DATA", "var")).resolve()  # noqa: TID251
    try:
        run(data)
    except KeyboardInterrupt:
        sys.stdout.write("\nstopped\n")
    except PartUnavailable as why:
        sys.exit(f"\nmake run: {why}")
    except PermissionError as why:
        sys.exit(
            f"\nmake run: {why.filename} belongs to another user;"
            " run as that user, or set BROKER_DATA to another folder"
        )


if __name__ == "__main__":
    main()
