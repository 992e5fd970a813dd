"""
The commands that are processes: they run until they are told to stop. Each imports its own parts
when it runs, since they are started together.
"""

import asyncio
from collections.abc import Coroutine
from typing import Annotated

import typer

from broker.domain.words import Lane
from broker.settings import Settings
from broker.telemetry import begin_logging


def add_to(app: typer.Typer) -> None:
    for command in (run, carry, deliver, watch, topics, migrate):
        app.command()(command)
    app.command("ledger")(ledger)
    app.command("index")(index)


def carry(lane: Annotated[Lane, typer.Option(help="The lane that this worker carries.")]) -> None:
    """Take in one lane's notifications: verify, match, decide, record."""
    from broker.app.carrying import carry as carried

    _run(f"carry.{lane.value}", carried(Settings(), lane))


def deliver() -> None:
    """Send what waits in the outbox, sealed to each recipient, and take in their receipts."""
    from broker.app.delivering import deliver as delivered

    _run("deliver", delivered(Settings()))


def ledger() -> None:
    """Number the ledger's leaves, sign its heads, hand out proofs."""
    from broker.app.sequencing import keep_ledger

    _run("ledger", keep_ledger(Settings()))


def index() -> None:
    """Keep the digests by which children are known to blind questions (see `broker known`)."""
    from broker.app.indexing import keep_index

    _run("index", keep_index(Settings()))


def watch(*, every: Annotated[float, typer.Option(help="Seconds between lines.")] = 10.0) -> None:
    """Print live figures by lane and publisher, one JSON line at a time. Nothing depends on it."""
    from faust import Worker

    from broker.app.watching import watch as watched

    begin_logging("watch")
    app = watched(Settings(), show=typer.echo, every=every)
    Worker(app, loglevel="ERROR", quiet=True, redirect_stdouts=False).execute_from_commandline()


def run() -> None:
    """All of it on this machine, with local Kafka and PostgreSQL and invented families."""
    from deploy.local.run import main

    main()


def topics() -> None:
    """Make the Kafka topics that the directory calls for."""
    from broker.app.preparing import topics as made_topics

    made = asyncio.run(made_topics(Settings()))
    typer.echo(f"{len(made)} topics made")


def migrate() -> None:
    """Bring the database to this version's tables."""
    from broker.app.preparing import prepare

    applied = prepare(Settings())
    typer.echo("\n".join(applied) if applied else "nothing to do")


def _run(process: str, work: Coroutine[object, object, None]) -> None:
    import uvloop

    begin_logging(process)
    uvloop.run(work)
