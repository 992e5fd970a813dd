"""`broker profile`: for the analyst who maps a product's export, row by row what becomes of it."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from adapters.contract import Event, Item, Nothing, Quarantined
from adapters.events import cloud_event
from adapters.formats import format_named
from adapters.profile import columns_of
from adapters.profile_check import problems
from adapters.sites import profile_text, site
from broker.app import clock
from broker.domain.words import Agency
from broker.errors import Misconfigured

_FOUND, _MISUSE = 3, 2
_NO_KEY = bytes(32)


def app() -> typer.Typer:
    commands = typer.Typer(no_args_is_help=True, help="Profiles: how a product's export is read.")
    commands.callback()(lambda: None)
    commands.command()(check)
    return commands


def check(
    file: Annotated[
        Path | None, typer.Argument(help="An export, as the product writes it.")
    ] = None,
    *,
    profile: Annotated[
        str, typer.Option(help="The profile's file, or the name of one that ships.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line a row.")] = False,
) -> None:
    """
    Say what is wrong with a profile, and what would become of each row of FILE, without content.

    Exit code 3: the profile has a mistake, or a row would go to a person. Nothing is sent.
    """
    try:
        name, text = profile_text(profile)
    except Misconfigured as why:
        typer.echo(f"broker: {why}", err=True)
        raise typer.Exit(_MISUSE) from None
    wrong = problems(text)
    for each in wrong:
        typer.echo(f"{name}:{each.line}: {each.where}: {each.told}", err=True)
    if wrong:
        raise typer.Exit(_FOUND)
    if file is None:
        typer.echo(f"{name}: nothing wrong")
        return
    if not file.is_file():
        typer.echo(f"broker: no_file: {file}", err=True)
        raise typer.Exit(_MISUSE)
    raise typer.Exit(_FOUND if _rows(file.read_bytes(), text, as_json=as_json) else 0)


def _rows(native: bytes, text: str, *, as_json: bool) -> int:
    """Prints what becomes of each row; returns how many would go to a person."""
    written = yaml.safe_load(text)
    agency = Agency(written["agency"])
    where = site(agency, written, clock())
    told = []
    for item in format_named(agency, "csv-profile").read(native, where):
        made = cloud_event(item, where, event_key=_NO_KEY) if isinstance(item, Event) else item
        told.append(_told(made))
    counts = Counter(each["becomes"] for each in told)
    if as_json:
        for number, each in enumerate(told, 1):
            typer.echo(json.dumps({"row": number, **each}))
        return counts["quarantine"]
    for line in _columns_told(native, written):
        typer.echo(line)
    typer.echo(f"{'row':>5}  {'becomes':<18} {'why, and where':<34} what it says")
    for number, each in enumerate(told, 1):
        why = " ".join(filter(None, (each["reason"], each["where"])))
        typer.echo(f"{number:>5}  {each['becomes']:<18} {why:<34} {each['says']}".rstrip())
    typer.echo(", ".join(f"{count} {name}" for name, count in counts.most_common()))
    return counts["quarantine"]


def _columns_told(native: bytes, profile: dict[str, Any]) -> list[str]:
    found = columns_of(native, profile)
    return [f"{name}: {', '.join(columns)}" for name, columns in found.items() if columns]


def _told(made: Item | dict[str, Any]) -> dict[str, str]:
    if isinstance(made, Nothing):
        return {"becomes": "nothing", "reason": made.reason, "where": "", "says": ""}
    if isinstance(made, Quarantined):
        lane = "" if made.lane.value == "routine" else f"on the {made.lane.value} lane"
        row = {"reason": made.reason, "where": made.detail, "says": lane}
        return {"becomes": "quarantine", **row}
    assert isinstance(made, dict)  # noqa: S101 - an Event has become one of the two
    data = made["data"]
    faults = [f"{each['field']} {each['why']}" for each in data["native"].get("faults", [])]
    parts = [f"{category} {'+'.join(each)}" for category, each in data.get("present", {}).items()]
    says = [str(data.get("level", "")), f"urgency {data['urgency']}" if "urgency" in data else ""]
    return {
        "becomes": str(made["type"]),
        "reason": "; ".join(faults),
        "where": "",
        "says": ", ".join(filter(None, [*says, *parts])),
    }
