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

MISUSE = 2
_CONCERNS = {EventType.CONCERN_RAISED, EventType.CONCERN_RETRACTED}
_NO_KEY = bytes(32)  # ids as no real site makes them: those are keyed
_LARGEST = 64 * 1024 * 1024  # beyond every format's own cap: not even opened


def add_to(app: typer.Typer) -> None:
    app.command()(read)


def read(
    files: Annotated[list[Path], typer.Argument(help="Messages in the agency's own format.")],
    *,
    agency: Annotated[Agency, typer.Option(help="Whose format it is.")],
    profile: Annotated[
        str | None,
        typer.Option(help="A profile's file, or the name of one that ships, with or without /1."),
    ] = None,
) -> None:
    """
    Read files through an agency's adapter, and print one JSON line for each message found.

    Nothing is signed or sent. Ids are made with a key of 32 zero bytes, so they are none that a
    site would publish. Exit code 2: a file or a profile is not there.
    """
    try:
        _check(files, agency, profile)
        raised: set[str] = set()
        for file in files:
            for line in outcomes(file, agency, profile, raised):
                typer.echo(json.dumps(line, ensure_ascii=False))
    except Misconfigured as why:
        typer.echo(f"broker: {why}", err=True)
        raise typer.Exit(MISUSE) from None


def _check(files: list[Path], agency: Agency, profile: str | None) -> None:
    """Before the first line is printed: every file is there, and so is the profile."""
    if profile is not None:
        site(agency, read_profile(agency, profile), clock())
    for file in files:
        if not file.exists():
            raise Misconfigured("no_file", str(file))


def outcomes(
    file: Path, agency: Agency, profile: str | None, raised: set[str] | None = None
) -> Iterator[dict[str, Any]]:
    """
    Each message in the file with what became of it. `raised` remembers the threads that were raised
    from one file to the next, as a site's spool does.
    """
    try:
        native = _bytes(file)
    except OSError as error:
        told = Quarantined(reason="unreadable", detail=error.strerror or "")
    else:
        if len(native) <= _LARGEST:
            yield from _of(native, file, agency, profile, set() if raised is None else raised)
            return
        told = Quarantined(reason="too_large", detail="file")
    yield {"file": str(file), **_quarantined(told)}


def _bytes(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(_LARGEST + 1)


def _of(
    native: bytes, file: Path, agency: Agency, profile: str | None, raised: set[str]
) -> Iterator[dict[str, Any]]:
    chosen = ADAPTERS[agency][format_of(agency, native)]
    written = read_profile(agency, profile or chosen.profile)
    chosen.check(written)
    where = site(agency, written, clock())
    for item in chosen.read(native, where):
        yield {"file": str(file), **outcome(item, where, raised)}


def outcome(item: Item, where: Site, raised: set[str]) -> dict[str, Any]:
    """One Item as `broker read` prints it."""
    made = cloud_event(item, where, event_key=_NO_KEY) if isinstance(item, Event) else item
    if isinstance(item, Event) and isinstance(made, dict):
        thread = made["data"]["thread"]
        if item.type is EventType.CONCERN_RAISED:
            raised.add(thread)
        if item.names_no_record and thread not in raised:
            made = _without_original(item)
    if isinstance(made, Quarantined):
        return _quarantined(made)
    if isinstance(made, Nothing):
        return {"outcome": "nothing", "reason": made.reason, "notification": None}
    kind = "notification" if EventType(made["type"]) in _CONCERNS else "fact"
    return {"outcome": kind, "reason": None, "notification": made}


def _without_original(item: Event) -> Nothing | Quarantined:
    if item.without_original == "nothing":
        return Nothing(reason="never_raised")
    return Quarantined(reason=item.without_original)


def _quarantined(item: Quarantined) -> dict[str, Any]:
    told = {"reason": item.reason, "detail": item.detail, "lane": item.lane.value}
    return {"outcome": "quarantine", **told, "notification": None}
