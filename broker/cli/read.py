"""`broker read`: what would become of these files, one JSON line for each message found."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.contract import Event, Item, Nothing, Quarantined, Site
from adapters.events import cloud_event
from adapters.formats import ADAPTERS, format_of
from adapters.sites import read_profile, site
from broker.app import clock
from broker.domain.words import Agency, EventType
from broker.errors import Misconfigured

_CONCERNS = {EventType.CONCERN_RAISED, EventType.CONCERN_RETRACTED}
_NO_KEY = bytes(32)  # ids as no real site makes them: those are keyed


def add_to(app: typer.Typer) -> None:
    app.command()(read)


def read(
    files: Annotated[list[Path], typer.Argument(help="Messages in the agency's own format.")],
    *,
    agency: Annotated[Agency, typer.Option(help="Whose format it is.")],
    profile: Annotated[
        str | None, typer.Option(help="A profile's file, or the name of one that ships.")
    ] = None,
) -> None:
    """Read files through an agency's adapter. Nothing is signed or sent."""
    for file in files:
        if not file.is_file():
            raise Misconfigured("no_file", str(file))
    for file in files:
        for line in outcomes(file, agency, profile):
            typer.echo(json.dumps(line, ensure_ascii=False))


def outcomes(file: Path, agency: Agency, profile: str | None) -> Iterator[dict[str, Any]]:
    """Each message in the file with what became of it."""
    native = file.read_bytes()
    chosen = ADAPTERS[agency][format_of(agency, native)]
    where = site(agency, read_profile(agency, profile or chosen.profile), clock())
    for item in chosen.read(native, where):
        yield {"file": str(file), **outcome(item, where)}


def outcome(item: Item, where: Site) -> dict[str, Any]:
    """One Item as `broker read` prints it."""
    made = cloud_event(item, where, event_key=_NO_KEY) if isinstance(item, Event) else item
    if isinstance(made, Quarantined):
        told = {"reason": made.reason, "detail": made.detail, "lane": made.lane.value}
        return {"outcome": "quarantine", **told, "notification": None}
    if isinstance(made, Nothing):
        return {"outcome": "nothing", "reason": made.reason, "notification": None}
    kind = "notification" if EventType(made["type"]) in _CONCERNS else "fact"
    return {"outcome": kind, "reason": None, "notification": made}
