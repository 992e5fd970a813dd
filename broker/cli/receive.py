"""`broker receive`: a small recipient. Opens, verifies, prints, and gives a signed receipt."""

import json
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from broker.app.receiving import receive as receiving
from broker.domain.ids import OrganisationId
from broker.settings import Settings
from broker.telemetry import begin_logging


def add_to(app: typer.Typer) -> None:
    app.command()(receive)


def receive(
    organisation: Annotated[str, typer.Option(help="Whose disclosures, as org:school:999001.")],
    *,
    into: Annotated[Path | None, typer.Option(help="Keep each as evidence in this folder.")] = None,
    count: Annotated[int, typer.Option(help="Stop after so many; 0: go on.")] = 0,
    wait: Annotated[
        float, typer.Option(help="Stop after so many seconds of silence; 0: never.")
    ] = 0,
) -> None:
    """Open what is addressed to this organisation and print each as one JSON line."""
    begin_logging(f"receive.{organisation}")

    async def told() -> None:
        receipt = receiving(Settings(), OrganisationId(organisation), into=into, wait=wait)
        received = 0
        async for disclosure in receipt:
            typer.echo(json.dumps(disclosure, ensure_ascii=False))
            received += "refused" not in disclosure
            if count and received >= count:
                return

    uvloop.run(told())
