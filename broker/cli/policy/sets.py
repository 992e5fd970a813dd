"""Which policies a command is about, and how it says what it found."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from broker.domain.notification import Json
from broker.errors import Misconfigured, PolicySetInvalid
from broker.policy import CompiledPolicies
from broker.policy.bundle import Bundle, packaged
from broker.policy.live import LIVE, read_publication
from broker.policy.places import Finding
from broker.settings import Settings

FOUND_SOMETHING = 3
_SUFFIX = ".bundle"

Policies = Annotated[
    str | None,
    typer.Option("--policies", help="A folder, a bundle file, or `live`; else those that ship."),
]
Overlay = Annotated[
    list[Path] | None,
    typer.Option("--overlay", help="A folder of an agency's own, stricter policies. Repeatable."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON value on stdout.")]


def named(text: str | None) -> Traversable:
    """The policy set that a word names. Raises Misconfigured if there is none of that name."""
    if text is None:
        return packaged()
    if text == "live":
        return live_set(Settings())
    place = Path(text)
    if place.is_dir():
        return place
    if place.is_file():
        return read_publication(place).folder()
    raise Misconfigured("no_policies", f"{text}: name a folder, a bundle file, or `live`")


def live_set(settings: Settings) -> Traversable:
    """What the processes of this machine use."""
    if settings.bundles is not None and (settings.bundles / LIVE).exists():
        return read_publication(settings.bundles / LIVE).folder()
    return settings.policies or packaged()


def overlays(folders: Sequence[Path] | None) -> dict[str, Traversable]:
    """By the folder's own name, which stands in what is found there."""
    for folder in folders or ():
        if not folder.is_dir():
            raise Misconfigured("no_overlay", f"{folder}: name a folder of .cedar files")
    return {folder.resolve().name: folder for folder in folders or ()}


def database(settings: Settings) -> str:
    """Raises Misconfigured if none is named."""
    found = settings.database.get_secret_value()
    if not found:
        raise Misconfigured("no_database", "name the broker's PostgreSQL in BROKER_DATABASE")
    return found


def prepare(bundle: Bundle) -> CompiledPolicies:
    """A bundle ready to be asked. Raises PolicySetInvalid if it cannot be."""
    return CompiledPolicies(bundle)


def say(told: object) -> None:
    typer.echo(json.dumps(plain(told), indent=1, ensure_ascii=False))


def plain(told: object) -> Json:
    """Frozen values as JSON."""
    match told:
        case Enum():
            return plain(told.value)
        case None | bool() | int() | float() | str():
            return told
        case datetime():
            return told.isoformat()
        case Mapping():
            return {str(plain(name)): plain(value) for name, value in told.items()}
        case frozenset() | set():
            return sorted((plain(each) for each in told), key=str)
        case Sequence():
            return [plain(each) for each in told]
        case _ if is_dataclass(told):
            return {each.name: plain(getattr(told, each.name)) for each in fields(told)}
        case _:
            return str(told)


def stop_on(found: Sequence[Finding]) -> None:
    """Each finding on stderr; exit 3 if there is one."""
    for each in found:
        typer.echo(f"FAIL {each}", err=True)
    if found:
        raise typer.Exit(FOUND_SOMETHING)


def refuse(why: PolicySetInvalid) -> typer.Exit:
    """A set that is none: why, on stderr, and exit 3."""
    typer.echo(f"refused: {why}", err=True)
    return typer.Exit(FOUND_SOMETHING)
