"""
`broker adapt`: one site. Its feeds come in over HTTP, MLLP, watched folders and Kafka; what it is
told goes out to its own systems, in their format.
"""

import asyncio
import ssl
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
import uvloop

from adapters.contract import Disclosed, Site
from adapters.edge import Edge
from adapters.fetching import Fetching, Service
from adapters.folder import Folder
from adapters.formats import Format, format_named
from adapters.http import adapter_app
from adapters.mllp import Listener
from adapters.outlet import Outlet
from adapters.site_file import Feed, MllpPort, Receives, SiteFile, Tls, Topic, read_site_file
from adapters.sites import read_profile, site
from adapters.spool import Spool
from adapters.stream import follow
from broker.app import clock
from broker.app.parts import stopping
from broker.app.receiving import receive
from broker.cli.site_keys import site_keys
from broker.domain.ids import OrganisationId
from broker.domain.notification import Json
from broker.domain.words import Agency
from broker.errors import Misconfigured
from broker.kafka import Sender, sender, tail
from broker.settings import Settings
from broker.telemetry import begin_logging

_MISUSE = 2


def add_to(app: typer.Typer) -> None:
    app.command()(adapt)


def adapt(
    file: Annotated[Path, typer.Argument(help="The site's YAML file: feeds, receives.")],
    *,
    spool: Annotated[Path, typer.Option(help="Where signed events are kept.")] = Path("var/spool"),
    port: Annotated[int, typer.Option(help="HTTP port on loopback; 0: no HTTP.")] = 0,
) -> None:
    """
    Read what the agency's systems send, sign it in the organisation's name, publish it; and give
    its systems what the organisation is told.
    """
    begin_logging("adapt")
    try:
        uvloop.run(_run(read_site_file(file), spool, port))
    except Misconfigured as why:
        typer.echo(f"broker: {why}", err=True)
        raise typer.Exit(_MISUSE) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What all feeds of one process share."""

    settings: Settings
    sends: Sender
    spool: Path
    stack: AsyncExitStack
    stop: asyncio.Event


async def _run(written: SiteFile, spool: Path, port: int) -> None:
    settings, stop = Settings(), stopping()
    async with sender(settings.kafka) as sends, AsyncExitStack() as stack:
        run = _Run(settings=settings, sends=sends, spool=spool, stack=stack, stop=stop)
        edges = {feed.name: _edge(feed, run) for feed in written.feeds}
        for feed in written.feeds:
            if feed.mllp is not None:
                await _listens(feed.mllp, edges[feed.name], run)
        works = [work for feed in written.feeds for work in _works(feed, edges[feed.name], run)]
        works += [_receives(each, settings) for each in written.receives]
        async with asyncio.TaskGroup() as running:
            for work in works:
                running.create_task(_until(work, stop))
            if port:
                running.create_task(_serve(edges, port, stop))


async def _until(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Works until it is told to stop; what it has begun is taken again by the next."""
    async with asyncio.TaskGroup() as both:
        doing = both.create_task(work)
        await stop.wait()
        doing.cancel()


def _edge(feed: Feed, run: _Run) -> Edge:
    form, where = _site(feed.agency, feed.format, feed.profile)
    spool = Spool(run.spool / f"{feed.name}.sqlite")
    run.stack.callback(spool.close)
    return Edge(
        site=where,
        reads=form.read,
        keys=site_keys(run.settings, where.organisation),
        spool=spool,
        sender=run.sends,
        pointers=form.pointers if feed.fetch is not None else None,
    )


def _site(agency: Agency, name: str, profile: str | None) -> tuple[Format, Site]:
    form = format_named(agency, name)
    written = read_profile(agency, profile or form.profile)
    form.check(written)
    return form, site(agency, written, clock())


async def _listens(mllp: MllpPort, edge: Edge, run: _Run) -> None:
    listener = Listener(edge=edge, now=clock)
    tls = _server_tls(mllp.tls) if mllp.tls is not None else None
    try:
        await run.stack.enter_async_context(listener.listening(mllp.host, mllp.port, tls))
    except OSError as why:
        raise Misconfigured("port_not_free", f"{mllp.host}:{mllp.port}: {why.strerror}") from None


def _works(feed: Feed, edge: Edge, run: _Run) -> list[Coroutine[Any, Any, None]]:
    """What one feed does, beside HTTP and MLLP."""
    works: list[Coroutine[Any, Any, None]] = []
    if feed.folder is not None:
        folder = Folder(
            path=feed.folder.path,
            edge=edge,
            still=feed.folder.still_seconds,
            now=clock,
            ready_only=feed.folder.begins == "ready",
        )
        works.append(folder.run(run.stop))
    if feed.kafka is not None:
        works.append(_follows(feed.name, feed.kafka, edge, run.settings))
    fetched = format_named(feed.agency, feed.format).fetched
    if feed.fetch is not None and fetched is not None:
        asked = feed.fetch
        service = Service(base=asked.base, token=asked.token, authority=asked.authority)
        fetching = Fetching(edge=edge, fetched=fetched, get=service.get, now=clock)
        works.append(fetching.run(run.stop))
    return works


async def _follows(name: str, topic: Topic, edge: Edge, settings: Settings) -> None:
    servers = topic.servers or settings.kafka
    async with tail(servers, group=f"adapt.{name}", topics=[topic.topic]) as tailed:
        await follow(tailed, edge, clock)


async def _receives(entry: Receives, settings: Settings) -> None:
    form, where = _site(entry.agency, entry.format, entry.profile)
    if form.write is None:
        raise Misconfigured("not_written", f"{entry.format}: no adapter writes it")
    address = entry.mllp
    outlet = Outlet(
        write=form.write,
        suffix=form.suffix,
        site=Site(
            agency=where.agency,
            organisation=OrganisationId(entry.organisation),
            source=where.source,
            received=where.received,
            profile=where.profile,
        ),
        now=clock,
        folder=entry.folder,
        mllp=(address.host, address.port) if address is not None else None,
        tls=_client_tls(address.authority) if address is not None and address.authority else None,
    )

    async def hand_over(told: Mapping[str, Json], evidence: Mapping[str, Json]) -> None:
        await outlet.hand_over(disclosed_from(told, evidence))

    organisation = OrganisationId(entry.organisation)
    async for _ in receive(settings, organisation, into=entry.evidence, hand_over=hand_over):
        pass


def disclosed_from(told: Mapping[str, Any], evidence: Mapping[str, Any]) -> Disclosed:
    """What an adapter is given of a disclosure that was opened and verified."""
    return Disclosed(
        disclosure=told["disclosure"],
        cover=told["cover"],
        plain=told["plain"],
        claims=told["claims"],
        token=evidence["token"],
        signed_cover=evidence["cover"],
    )


def _server_tls(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(tls.certificate, tls.key)
    if tls.clients is not None:
        context.load_verify_locations(tls.clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _client_tls(authority: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority)


async def _serve(feeds: dict[str, Edge], port: int, stop: asyncio.Event) -> None:
    app = adapter_app(feeds, clock)
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as running:
        served = running.create_task(server.serve())
        await stop.wait()
        server.should_exit = True
        await served
