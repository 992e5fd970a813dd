"""`broker adapt`: one site's feeds, over HTTP and watched folders."""

import asyncio
import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
import uvloop
import yaml

from adapters.edge import Edge, SiteKeys
from adapters.folder import Folder
from adapters.formats import ADAPTERS, Format
from adapters.http import adapter_app
from adapters.sites import read_profile, site
from adapters.spool import Spool
from broker.app import clock, stopping
from broker.domain.ids import OrganisationId
from broker.domain.words import Agency
from broker.errors import Misconfigured
from broker.kafka import Sender, sender
from broker.keys import BROKER, read_public_keys, read_secret, signer
from broker.settings import Settings
from broker.telemetry import begin_logging


def add_to(app: typer.Typer) -> None:
    app.command()(adapt)


def adapt(
    file: Annotated[Path, typer.Argument(help="The site's YAML file: its feeds.")],
    *,
    spool: Annotated[Path, typer.Option(help="Where signed events are kept.")] = Path("var/spool"),
    port: Annotated[int, typer.Option(help="HTTP port on loopback; 0: no HTTP.")] = 0,
) -> None:
    """Read what the agency's systems send, sign it in the organisation's name, publish it."""
    begin_logging("adapt")
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    uvloop.run(_run(written["feeds"], spool, port))


async def _run(entries: list[dict[str, Any]], spool: Path, port: int) -> None:
    settings, stop = Settings(), stopping()
    async with sender(settings.kafka) as sends, AsyncExitStack() as open_spools:
        feeds: dict[str, Edge] = {}
        folders: list[Folder] = []
        for entry in entries:
            kept = Spool(spool / f"{entry['name']}.sqlite")
            open_spools.callback(kept.close)
            edge = _feed(entry, settings, sends, kept)
            feeds[entry["name"]] = edge
            if "folder" in entry:
                where = Path(entry["folder"])
                still = float(entry.get("still_seconds", 5))
                folders.append(Folder(path=where, edge=edge, still=still, now=clock))
        async with asyncio.TaskGroup() as running:
            for folder in folders:
                running.create_task(folder.run(stop))
            if port:
                running.create_task(_serve(feeds, port, stop))


def _feed(entry: dict[str, Any], settings: Settings, sends: Sender, spool: Spool) -> Edge:
    agency = Agency(entry["agency"])
    found: Format | None = ADAPTERS[agency].get(entry["format"])
    if found is None:
        raise Misconfigured("no_such_format", f"{entry['format']}: {', '.join(ADAPTERS[agency])}")
    profile = read_profile(agency, entry.get("profile", found.profile))
    found.check(profile)
    where = site(agency, profile, clock())
    return Edge(
        site=where,
        reads=found.read,
        keys=site_keys(settings, where.organisation),
        spool=spool,
        sender=sends,
    )


def site_keys(settings: Settings, organisation: OrganisationId) -> SiteKeys:
    """The organisation's own keys, and the broker's public one."""
    own = signer(settings.keys, organisation)
    public = read_public_keys(settings.keys / "public.json")
    return SiteKeys(
        kid=own.kid,
        sign=own.sign,
        event_key=read_secret(settings.keys, organisation, "event"),
        broker=public.sealing_key_of(BROKER, clock()),
        random=secrets.token_bytes,
    )


async def _serve(feeds: dict[str, Edge], port: int, stop: asyncio.Event) -> None:
    app = adapter_app(feeds, clock)
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as running:
        served = running.create_task(server.serve())
        await stop.wait()
        server.should_exit = True
        await served
