"""The commands that are processes: they run until they are told to stop."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated

import typer
import uvloop
from faust import Worker

from broker import app as wiring
from broker.domain.words import Lane
from broker.settings import Settings
from broker.telemetry import begin_logging


def add_to(app: typer.Typer) -> None:
    for command in (run, carry, deliver, watch, topics, migrate):
        app.command()(command)
    app.command("ledger")(ledger)


def carry(lane: Annotated[Lane, typer.Option(help="The lane that this worker carries.")]) -> None:
    """Take in one lane's notifications: verify, match, decide, record."""
    _run(f"carry.{lane.value}", wiring.carry(Settings(), lane))


def deliver() -> None:
    """Send what waits in the outbox, sealed to each recipient, and take in their receipts."""
    _run("deliver", wiring.deliver(Settings()))


def ledger() -> None:
    """Number the ledger's leaves, sign its heads, hand out proofs."""
    _run("ledger", wiring.keep_ledger(Settings()))


def watch(*, every: Annotated[float, typer.Option(help="Seconds between lines.")] = 10.0) -> None:
    """Print live figures by lane and publisher, one JSON line at a time. Nothing depends on it."""
    begin_logging("watch")
    app = wiring.watch(Settings(), show=typer.echo, every=every)
    Worker(app, loglevel="ERROR", quiet=True, redirect_stdouts=False).execute_from_commandline()


def run() -> None:
    """All of it on this machine, with local Kafka and PostgreSQL and invented families."""
    from deploy.local.run import main

    main()


def topics() -> None:
    """Make the Kafka topics that the directory calls for."""
    made = asyncio.run(wiring.topics(Settings()))
    typer.echo(f"{len(made)} topics made")


def migrate() -> None:
    """Bring the database to this version's tables."""
    applied = wiring.prepare(Settings())
    typer.echo("\n".join(applied) if applied else "nothing to do")


def _run(process: str, work: Coroutine[object, object, None]) -> None:
    begin_logging(process)
    uvloop.run(work)
