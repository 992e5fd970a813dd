"""`broker api`: the console and the HTTP side, in one process."""

import secrets
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
import uvloop

from adapters.contract import Site
from adapters.edge import Edge
from adapters.form import event_from
from adapters.spool import Spool
from broker.app import clock
from broker.app.desk import desk
from broker.app.parts import parts
from broker.cli.site_keys import site_keys
from broker.cli.speaks import Speaks
from broker.domain.desk import Accepted, Answers, Person
from broker.domain.ids import NotificationId, OrganisationId
from broker.errors import Misconfigured, Rejected
from broker.kafka import Sender, sender
from broker.partnership import Partnership
from broker.settings import Settings
from broker.speaking import Speaking
from broker.telemetry import begin_logging

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def add_to(app: typer.Typer) -> None:
    app.command()(api)


def api(
    *,
    port: Annotated[
        int, typer.Option(help="On loopback, unless BROKER_HOST says otherwise.")
    ] = 8080,
    spool: Annotated[Path, typer.Option(help="Where concerns raised here are kept.")] = Path(
        "var/spool"
    ),
) -> None:
    """Serve the console. One-button sign-in needs BROKER_DEV=1 and a loopback address."""
    begin_logging("api")
    settings = Settings()
    if not settings.dev or settings.host not in _LOOPBACK:
        said = "people sign in with one button only with BROKER_DEV=1 on a loopback address"
        raise Misconfigured("no_sign_in", said)
    uvloop.run(_serve(settings, port, spool))


async def _serve(settings: Settings, port: int, spool: Path) -> None:
    found = parts(settings)
    async with AsyncExitStack() as running:
        sends = await running.enter_async_context(sender(settings.kafka))
        raising = Raising(settings, found.partnership, spool, sends)
        running.callback(raising.close)

        def speaks(speaking: Speaking) -> Speaks:
            return Speaks(settings=settings, partnership=found.partnership, speaking=speaking)

        app = await running.enter_async_context(desk(found, raising, speaks))
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=port,
            log_level="error",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        await uvicorn.Server(config).serve()


class Raising:
    """From the form to the publisher's own adapter: the organisation's keys, spool and topics."""

    def __init__(
        self, settings: Settings, partnership: Partnership, spool: Path, sends: Sender
    ) -> None:
        self._settings, self._partnership = settings, partnership
        self._spool, self._sends = spool, sends
        self._edges: dict[OrganisationId, Edge] = {}

    async def __call__(self, person: Person, answers: Answers, now: datetime) -> Accepted:
        edge = self._edge(person)
        event = event_from(answers, key=f"form-{secrets.token_hex(12)}", now=now)
        where = Site(
            agency=edge.site.agency,
            organisation=edge.site.organisation,
            source=edge.site.source,
            received=now,
            profile=edge.site.profile,
        )
        (answer,) = await edge.publish([event], where, answers.words.encode())
        if answer.id is None or answer.reference is None:
            raise Rejected(answer.reason or "schema", answer.detail)
        made = NotificationId(answer.id)
        return Accepted(notification=made, reference=answer.reference, at=now)

    def _edge(self, person: Person) -> Edge:
        """A person whose organisation does not publish raises through the area's hub."""
        body = self._partnership.organisations[person.organisation]
        if not body.publisher:
            hubs = self._partnership.directory().on_duty[person.area]
            body = self._partnership.organisations[hubs[0].organisation]
        if body.id not in self._edges:
            scheme, code = body.id.removeprefix("org:").split(":", 1)
            spool = Spool(self._spool / f"form-{scheme}-{code}.sqlite")
            self._edges[body.id] = Edge(
                site=Site(
                    agency=body.agency,
                    organisation=body.id,
                    source=f"/{body.agency.value}/{scheme}/{code}/form",
                    received=clock(),
                ),
                reads=lambda native, site: [],
                keys=site_keys(self._settings, body.id),
                spool=spool,
                sender=self._sends,
            )
        return self._edges[body.id]

    def close(self) -> None:
        for edge in self._edges.values():
            edge.spool.close()
