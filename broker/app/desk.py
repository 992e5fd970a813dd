"""`broker api`: the console on this database, and the ways in for what is raised and said."""

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI

from broker import sdjwt
from broker.again import Deciding
from broker.api import application
from broker.api.known import Ways
from broker.app import clock
from broker.app.deciding import awaited, deciding, reader
from broker.app.matches import reviews
from broker.app.parts import Parts, blind_keys, custody
from broker.calling import Calls
from broker.console.frame import Frame
from broker.console.governance import GovernancePages
from broker.console.matching import MatchingPages
from broker.console.pages import Console
from broker.console.places import Places
from broker.console.reviews import ReviewPages
from broker.console.sharing import SharingPages
from broker.console.views import child_of, new_in
from broker.console.words import INVOLVED
from broker.desk_ports import Raise, Speak
from broker.domain.desk import Person
from broker.domain.ids import OrganisationId, PolicyVersion
from broker.domain.pointer import NO_POLICY
from broker.errors import BrokerError
from broker.inquiring.answering import Answering
from broker.intake import Intake
from broker.keys import (
    BROKER,
    read_secret,
    wrapper,
)
from broker.ledger.entry import commitment, leaf_bytes
from broker.looking import Looking
from broker.objections import REASONS
from broker.speaking import Speaking
from broker.statements import statement_from
from broker.store.desk import PostgresDesk, Shown
from broker.store.governing import Leaf as Happened
from broker.store.governing import PostgresGoverning
from broker.store.inquiries import PostgresInquiries
from broker.store.postgres import OneByOne, PostgresStore, pool_of
from broker.store.sessions import PostgresSessions
from broker.store.sharing import PostgresSharing
from broker.telemetry import say
from broker.viewing import Viewing

_log = logging.getLogger(__name__)
_LOOK_FOR_ENDS = 60.0  # seconds


Leaf = Callable[[Person, str, datetime], tuple[bytes, bytes]]


def looked(version: Callable[[datetime], PolicyVersion]) -> Leaf:
    """The leaf of one look, and its record, under the policies in force."""

    def leaf(person: Person, decision: str, at: datetime) -> tuple[bytes, bytes]:
        salt = secrets.token_bytes(32)
        record = {"person": person.id, "decision": decision, "at": at.isoformat()}
        entry = leaf_bytes(
            kind="looked",
            at=at,
            organisations=(person.organisation,),
            references=(decision,),
            policy=version(at),
            commit=commitment(salt, record),
        )
        return entry, json.dumps({"salt": salt.hex(), "record": record}).encode()

    return leaf


def happened(decides: Deciding) -> Happened:
    """The leaf of one thing that a person did, and its record."""

    def leaf(
        kind: str,
        organisations: Sequence[OrganisationId],
        about: str,
        record: Mapping[str, object],
        at: datetime,
    ) -> tuple[bytes, bytes]:
        salt = secrets.token_bytes(32)
        entry = leaf_bytes(
            kind=kind,
            at=at,
            organisations=organisations,
            references=(about,),
            policy=decides.in_force(at).version,
            commit=commitment(salt, record),
        )
        return entry, json.dumps({"salt": salt.hex(), "record": record}).encode()

    return leaf


async def _ends(governing: PostgresGoverning) -> None:
    """Writes down that a governance override has ended, also where nobody looks any more."""
    while True:
        try:
            await governing.lapse(clock())
        except BrokerError as why:  # it has ended all the same; it is written down later
            say(_log, "end not written down", reason=why.reason)
        await asyncio.sleep(_LOOK_FOR_ENDS)


def _names(found: Parts) -> Mapping[OrganisationId, str]:
    return {each.id: each.name for each in found.partnership.organisations.values()}


def _shown(found: Parts, decides: Deciding, leaf: Leaf) -> Shown:
    organisations = found.partnership.organisations
    return Shown(
        claims_of=sdjwt.claims_in,
        plain_of=sdjwt.plain_in,
        child_of=child_of,
        new_in=new_in,
        involved=INVOLVED,
        names=_names(found),
        agencies={each.id: each.agency for each in organisations.values()},
        contacts={each.id: each.contact for each in organisations.values()},
        policies=lambda: decides.in_force(clock()),
        leaf=leaf,
        leaf_of_pointer=looked(lambda _: NO_POLICY),
    )


@asynccontextmanager
async def desk(
    found: Parts, raise_concern: Raise, speaks: Callable[[Speaking], Speak]
) -> AsyncIterator[FastAPI]:
    """`broker api`: the console on this database, and the ways in for what is raised and said."""
    settings, decides = found.settings, deciding(found, awaited(found))
    kept, leaf = custody(settings.keys), looked(lambda at: decides.in_force(at).version)
    draft_key = wrapper(settings.keys).wrap(read_secret(settings.keys, BROKER, "drafts"))
    async with pool_of(found.database, most=8) as pool:

        async def ready() -> bool:
            async with pool.connection(timeout=2) as connection:
                await connection.execute("SELECT 1")
            return True

        saying = PostgresSharing(
            pool, kept, lambda each: statement_from(decides.opened(each)), leaf, set(REASONS)
        )
        speaking = Speaking(
            read_token=reader(found).read_token,
            intake=Intake(read_one=reader(found).read_one, deciding=decides, store=OneByOne(pool)),
            since=saying.since,
        )
        frame = Frame(
            sessions=PostgresSessions(pool, kept, draft_key),
            people=found.partnership.people,
            rules=lambda: decides.in_force(clock()).rules,
            now=clock,
            on_duty=found.partnership.on_duty(),
            calls=Calls(clock),
        )
        looking = Looking(PostgresStore(pool), decides)
        governing = PostgresGoverning(
            pool,
            kept,
            happened(decides),
            Viewing(PostgresStore(pool), decides),
            lambda: secrets.token_urlsafe(16),
        )
        speak, names = speaks(speaking), _names(found)
        places = Places(directory=decides.directory, names=names, people=frame.people)
        console = Console(
            frame=frame,
            desk=PostgresDesk(pool, kept, _shown(found, decides, leaf), looking, found.database),
            raise_concern=raise_concern,
            sharing=SharingPages(frame=frame, desk=saying, speak=speak, places=places),
            reviews=ReviewPages(frame=frame, desk=saying, speak=speak, places=places),
            governance=GovernancePages(frame=frame, governing=governing, places=places),
            matching=MatchingPages(
                frame=frame,
                reviews=reviews(pool, decides, places, happened(decides)),
                desk=saying,
            ),
        )
        async with asyncio.TaskGroup() as running:
            ending = running.create_task(_ends(governing))
            answering = _answering(
                found, decides, PostgresStore(pool), PostgresInquiries(pool, kept)
            )
            yield application(
                console.routes(),
                speaking.take,
                ready,
                frame.could_not_check,
                _ways(found, answering),
            )
            ending.cancel()


def _answering(
    found: Parts, decides: Deciding, store: PostgresStore, inquiries: PostgresInquiries
) -> Answering:
    return Answering(
        key_of=found.public.signing_key,
        deciding=decides,
        store=store,
        inquiries=inquiries,
        calls=Calls(clock),
        an_hour=found.settings.inquiries,
        blind_keys=blind_keys(found.settings.keys),
    )


def _ways(found: Parts, answering: Answering) -> Ways:
    return Ways(
        known=answering.known,
        evaluated=answering.evaluated,
        by_tokens=answering.by_tokens,
        contacts=found.partnership.contacts(),
    )
