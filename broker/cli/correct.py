"""
`broker correct`: joining and parting subjects by the references of their concerns, for whoever
answers for the register. A single doubtful match, or an alert about the wrong child, is for the
console.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import typer

from broker.desk_ports import Corrections
from broker.domain.correction import By, Corrected
from broker.domain.ids import OrganisationId
from broker.errors import Rejected
from broker.settings import Settings

_References = Annotated[list[str], typer.Argument(help="What is read out of a concern: XXXX-XXXX.")]
_Person = Annotated[str, typer.Option(help="Who decided it: the ledger says so.")]
_Organisation = Annotated[str, typer.Option(help="For whom: org:la:999.")]


def app() -> typer.Typer:
    commands = typer.Typer(
        no_args_is_help=True, help="Join and part subjects; whoever was told is told so."
    )
    commands.command()(merge)
    commands.command()(split)
    return commands


def merge(
    one: Annotated[str, typer.Argument(help="A concern of the one record: XXXX-XXXX.")],
    other: Annotated[str, typer.Argument(help="A concern of the other.")],
    *,
    person: _Person,
    organisation: _Organisation,
) -> None:
    """Two records are one child's: the older stays, and further recipients are told."""
    from broker.app import clock
    from broker.store.naming import Naming

    async def merged(corrections: Corrections, naming: Naming, by: By) -> Corrected:
        keep, gone = await naming.subject(one), await naming.subject(other)
        return await corrections.merge(keep, gone, by, clock())

    _run(merged, person, organisation)


def split(
    references: _References,
    *,
    to: Annotated[
        str, typer.Option(help="A concern of the child whom they are about; else a new record.")
    ] = "",
    person: _Person,
    organisation: _Organisation,
) -> None:
    """These concerns are about another child: recalled, and decided again for the right one."""
    from broker.app import clock
    from broker.store.naming import Naming

    async def parted(corrections: Corrections, naming: Naming, by: By) -> Corrected:
        threads = [await naming.thread(each) for each in references]
        subject = await naming.subject(to) if to else None
        return await corrections.unlink(threads, subject, by, clock())

    _run(parted, person, organisation)


def _run(asked: Callable[..., Awaitable[Corrected]], person: str, organisation: str) -> None:
    """One correction in a process of its own; what came of it as JSON."""
    from broker.app.correcting import corrections

    by = By(person=person, organisation=OrganisationId(organisation))

    async def done() -> Corrected:
        async with corrections(Settings()) as (work, naming):
            return await asked(work, naming, by)

    try:
        found = asyncio.run(done())
    except Rejected as why:
        typer.echo(f"nothing was changed: {why.reason}", err=True)
        raise typer.Exit(1) from None
    typer.echo(json.dumps(_said(found)))


def _said(found: Corrected) -> dict[str, str | int | Sequence[str]]:
    return {
        "correction": found.kind.value,
        "concerns": found.concerns,
        "recalls": found.recalls,
        "disclosures": found.disclosures,
    }
