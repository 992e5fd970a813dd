"""
Wiring, by hand: this file knows every other and no rule. One function builds one process; the only
places that ask the clock and draw random values are here and in the commands.
"""

import asyncio
import json
import logging
import secrets
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import faust
from fastapi import FastAPI

from broker import sdjwt
from broker.again import Deciding
from broker.api import application
from broker.approvers import read_approvers
from broker.calling import Calls
from broker.console.frame import Frame
from broker.console.governance import GovernancePages
from broker.console.pages import Console
from broker.console.places import Places
from broker.console.reviews import ReviewPages
from broker.console.sharing import SharingPages
from broker.console.views import child_of, new_in
from broker.console.words import INVOLVED
from broker.contact import Contact
from broker.covers import Covers
from broker.custody import KeyedCustody
from broker.delivery import Relay, Seals
from broker.domain.desk import Person
from broker.domain.directory_keys import SigningKey
from broker.domain.ids import AlertId, DisclosureId, KeyId, OrganisationId, PolicyVersion
from broker.domain.notification import Json
from broker.domain.pointer import NO_POLICY
from broker.domain.topics import (
    disclosures_topic,
    receipts_in_topic,
    receipts_topic,
    topics_of,
)
from broker.domain.waiting import Waiting
from broker.domain.words import Lane
from broker.errors import BrokerError, Misconfigured, NotGenuine, StoreUnavailable
from broker.intake import Intake
from broker.jws import COVER, RECEIPT, read_jws, sign_jws
from broker.kafka import make_topics, partitions, sender, tail
from broker.keys import (
    BROKER,
    Opener,
    PublicKeys,
    Signer,
    opener,
    read_public_keys,
    read_secret,
    signer,
    wrapper,
)
from broker.lanes import Taker, Worker
from broker.ledger.checkpoint import Checkpoint, signed_note
from broker.ledger.entry import commitment, leaf_bytes
from broker.looking import Looking
from broker.objections import REASONS
from broker.partnership import Partnership, read_partnership
from broker.policy import CompiledPolicies, read_bundle
from broker.policy.awaited import AwaitedPolicies
from broker.policy.beside import Beside
from broker.policy.bundle import packaged
from broker.policy.live import LivePolicies, read_publication
from broker.policy.shadow import Compared, Shadow
from broker.ports import Onlooker, Raise, Speak
from broker.proving import ledger_key
from broker.publishers import Reader
from broker.receipts import ReceiptIntake
from broker.receiving import HandOver, Recipient
from broker.recording import Chance
from broker.sealing import DISCLOSURE, open_with, seal
from broker.sequencer import Sequencer
from broker.settings import Settings
from broker.speaking import Speaking
from broker.statements import statement_from
from broker.store.desk import PostgresDesk, PostgresSessions, Shown
from broker.store.governance import PostgresShadow
from broker.store.governing import Leaf as Happened
from broker.store.governing import PostgresGoverning
from broker.store.ledger import ledger
from broker.store.migrate import migrate
from broker.store.outbox import PostgresOutbox
from broker.store.postgres import OneByOne, PostgresStore, pool_of
from broker.store.sharing import PostgresSharing
from broker.telemetry import say
from broker.viewing import Viewing
from broker.watch import Figures, watching

_log = logging.getLogger(__name__)
_LOOK_FOR_KEYS = timedelta(seconds=5)
_LOOK_FOR_ENDS = 60.0  # seconds


def clock() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the one place


class FreshKeys:
    """The public keys as the file has them now: what is revoked counts no more in seconds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read, self._at, self._looked = read_public_keys(path), self._changed(), clock()

    def _changed(self) -> float:
        return self._path.stat().st_mtime

    def now(self) -> PublicKeys:
        if clock() - self._looked > _LOOK_FOR_KEYS:
            self._looked = clock()
            if self._changed() != self._at:
                self._at, self._read = self._changed(), read_public_keys(self._path)
        return self._read

    def signing_key(self, kid: KeyId) -> SigningKey:
        return self.now().signing_key(kid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every process of the broker reads at its start."""

    settings: Settings
    partnership: Partnership
    public: FreshKeys

    @property
    def database(self) -> str:
        return self.settings.database.get_secret_value()


def parts(settings: Settings) -> Parts:
    """Raises Misconfigured, naming the setting."""
    for name in ("kafka", "database"):
        given = getattr(settings, name)
        if not (given if isinstance(given, str) else given.get_secret_value()):
            raise Misconfigured("not_set", f"BROKER_{name.upper()}")
    return Parts(
        settings=settings,
        partnership=read_partnership(settings.directory),
        public=FreshKeys(settings.keys / "public.json"),
    )


def stopping() -> asyncio.Event:
    """Set by SIGTERM and SIGINT. A process may as well be killed: nothing is lost."""
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    return stop


def custody(keys: Path) -> KeyedCustody:
    return KeyedCustody(wrapper=wrapper(keys), fresh_key=lambda: secrets.token_bytes(32))


def chance() -> Chance:
    return Chance(
        salt=lambda: secrets.token_bytes(32), alert=lambda: AlertId(secrets.token_urlsafe(16))
    )


@dataclass(frozen=True, slots=True)
class OpenKey:
    """`open_key` of sealing.unseal, with one organisation's secrets."""

    secret: Opener

    def __call__(self, kid: KeyId, wrapped: bytes, info: bytes) -> bytes:
        return open_with(self.secret.secret(kid), wrapped, info)


@asynccontextmanager
async def intake(
    found: Parts, policies: LivePolicies[CompiledPolicies] | AwaitedPolicies
) -> AsyncIterator[Intake]:
    """Steps 2 to 6."""
    async with pool_of(found.database) as pool:
        onlooker = beside(found, policies, PostgresShadow(pool))
        try:
            yield Intake(
                read_one=reader(found).read_one,
                deciding=deciding(found, policies, onlooker),
                store=PostgresStore(pool),
            )
        finally:
            onlooker.close()


def reader(found: Parts) -> Reader:
    keys = found.settings.keys
    return Reader(
        key_of=found.public.signing_key,
        open_key=OpenKey(opener(keys, BROKER)),
        digest=wrapper(keys).digest,
        agencies={each.id: each.agency for each in found.partnership.organisations.values()},
        now=clock,
    )


def live(found: Parts) -> LivePolicies[CompiledPolicies]:
    """
    The policies in force, which others may follow while the process runs: signed bundles, where a
    folder is named for them. Raises PolicySetInvalid: no start with policies that do not validate.
    """
    settings = found.settings
    return LivePolicies(
        settings.bundles,
        otherwise=settings.policies or packaged(),
        approvers=lambda: read_approvers(settings.approvers),
        prepare=CompiledPolicies,
        now=clock(),
    )


def awaited(found: Parts) -> AwaitedPolicies:
    """The same for a process that starts without them, and goes on looking (DOMAIN.md 4.7)."""
    return AwaitedPolicies(lambda: live(found), now=clock)


def deciding(
    found: Parts,
    policies: LivePolicies[CompiledPolicies] | AwaitedPolicies,
    onlooker: Onlooker | None = None,
) -> Deciding:
    return Deciding(
        in_force=policies.policies_at,
        directory=found.partnership.directory(),
        custody=custody(found.settings.keys),
        chance=chance(),
        now=clock,
        onlooker=onlooker,
    )


def beside(
    found: Parts,
    policies: LivePolicies[CompiledPolicies] | AwaitedPolicies,
    kept: PostgresShadow,
) -> Beside:
    """Cedar about one notification in a thousand, and a candidate, if one is named."""
    candidate = found.settings.shadow
    if candidate is None:
        return Beside(bundle=lambda: policies.bundle)
    bundle = read_publication(candidate).bundle() if candidate.is_file() else read_bundle(candidate)

    async def keep(compared: Compared, now: datetime) -> None:
        try:
            await kept.keep(compared, now)
        except StoreUnavailable as why:  # what is lost is a count
            say(_log, "shadow not kept", reason=why.reason)

    return Beside(
        bundle=lambda: policies.bundle, shadow=Shadow(CompiledPolicies(bundle)), keep=keep
    )


async def carry(settings: Settings, lane: Lane) -> None:
    """`broker carry`: one lane's worker, until it is told to stop."""
    found, stop = parts(settings), stopping()
    owners = found.partnership.owners()
    topics = [topic for topic in owners if topic.endswith(f".{lane.value}")]
    if lane is Lane.ROUTINE:  # what adapters set apart is kept for a person on this lane
        topics += [topic for topic in owners if topic.startswith("quarantine.")]
    urgent = lane is Lane.EMERGENCY
    policies = awaited(found) if urgent else live(found)
    async with intake(found, policies) as taken, asyncio.TaskGroup() as running:
        taker: Taker = taken
        if urgent:
            contact = taker = Contact(intake=taken, calls=Calls(clock))
            running.create_task(contact.keep_settling(stop))
        async with partitions(
            settings.kafka,
            group=f"broker.carry.{lane.value}",
            topics=topics,
            next_offsets=taken.store.next_offsets,
            most=settings.batch,
        ) as shared:
            worker = Worker(
                partitions=shared,
                intake=taker,
                whose=owners.__getitem__,
                now=clock,
                heed=taken.deciding.heed,
            )
            await worker.run(stop)


def seals(found: Parts, signed_by: Signer) -> Seals:
    """Taking claims, signing and sealing, with the broker's key and the recipients' public ones."""

    def sealed(content: bytes, disclosure: DisclosureId, organisation: OrganisationId) -> bytes:
        to = found.public.now().sealing_key_of(organisation, clock())
        made = (DISCLOSURE, disclosure, organisation)
        return seal(content, to=to, parts=made, data_key=secrets.token_bytes(32))

    return Seals(
        take_apart=sdjwt.pieces_of,
        sign_cover=_Signs(COVER, signed_by),
        sign_receipt=_Signs(RECEIPT, signed_by),
        seal=sealed,
    )


@dataclass(frozen=True, slots=True)
class _Signs:
    typ: str
    signed_by: Signer

    def __call__(self, payload: Mapping[str, object]) -> str:
        return sign_jws(payload, typ=self.typ, kid=self.signed_by.kid, sign=self.signed_by.sign)


async def deliver(settings: Settings) -> None:
    """`broker deliver`: both lanes' relays, each with its own connections, and the receipts."""
    found, stop = parts(settings), stopping()
    signed_by = signer(settings.keys, BROKER)
    async with asyncio.TaskGroup() as running:
        for lane in Lane:
            running.create_task(_relay(found, lane, signed_by, stop))
        running.create_task(_receipts(found, stop))


async def _relay(found: Parts, lane: Lane, signed_by: Signer, stop: asyncio.Event) -> None:
    settings, decides = found.settings, deciding(found, awaited(found))
    async with pool_of(found.database, most=2) as pool, sender(settings.kafka) as sends:
        store = PostgresStore(pool)

        async def again(waiting: Waiting, why: str) -> None:
            await decides.before_sending(store, waiting.subject, waiting.notification, why)

        relay = Relay(
            again=again,
            policies=lambda: decides.in_force(clock()),
            calls=Calls(clock),
            outbox=PostgresOutbox(pool, found.database),
            sender=sends,
            custody=custody(settings.keys),
            seals=seals(found, signed_by),
            covers=Covers(contacts=found.partnership.contacts(), origin=settings.ledger_origin),
            now=clock,
        )
        await relay.run(lane, settings.batch, stop)


async def _receipts(found: Parts, stop: asyncio.Event) -> None:
    settings = found.settings
    owners = found.partnership.owners()

    def verified(signed: str, organisation: OrganisationId) -> Mapping[str, object]:
        said, key = read_jws(signed, typ=RECEIPT, key_of=found.public.signing_key)
        if key.organisation != organisation:
            raise NotGenuine("not_their_topic", key.organisation)
        key.check(issued=clock(), now=clock())
        return said

    async with pool_of(found.database, most=2) as pool:
        store = PostgresStore(pool)
        async with partitions(
            settings.kafka,
            group="broker.receipts",
            topics=[receipts_in_topic(each) for each in found.partnership.recipients],
            next_offsets=store.next_offsets,
            most=settings.batch,
        ) as shared:
            taker = ReceiptIntake(verify=verified, store=store, now=clock)
            worker = Worker(partitions=shared, intake=taker, whose=owners.__getitem__, now=clock)
            await worker.run(stop)


async def keep_ledger(settings: Settings) -> None:
    """`broker ledger`: numbers leaves and signs heads, or stands by."""
    found, stop = parts(settings), stopping()
    signed_by = signer(settings.keys, BROKER, "ledger")

    def sign(checkpoint: Checkpoint) -> str:
        return signed_note(
            checkpoint,
            name=settings.ledger_origin,
            public=signed_by.public(),
            sign=signed_by.sign,
        )

    async with ledger(found.database) as log, sender(settings.kafka) as sends:
        await Sequencer(
            log=log, origin=settings.ledger_origin, sign=sign, sender=sends, now=clock
        ).run(stop)


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
        )
        async with asyncio.TaskGroup() as running:
            ending = running.create_task(_ends(governing))
            yield application(console.routes(), speaking.take, ready, frame.could_not_check)
            ending.cancel()


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
    """The leaf of one thing that was done about a governance override, and its record."""

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


async def receive(
    settings: Settings,
    organisation: OrganisationId,
    *,
    into: Path | None,
    wait: float = 0,
    hand_over: HandOver | None = None,
) -> AsyncIterator[dict[str, Json]]:
    """`broker receive`: needs that organisation's own keys and the public ones, no database."""
    public = read_public_keys(settings.keys / "public.json")
    async with (
        sender(settings.kafka) as sends,
        tail(
            settings.kafka,
            group=f"{organisation}.receive",
            topics=[disclosures_topic(organisation), receipts_topic(organisation)],
            silence=wait,
        ) as tailed,
    ):
        recipient = Recipient(
            organisation=organisation,
            open_key=OpenKey(opener(settings.keys, organisation)),
            sign_receipt=_Signs(RECEIPT, signer(settings.keys, organisation)),
            public=public,
            ledger=ledger_key(public, settings.ledger_origin),
            sender=sends,
            into=into,
            now=clock,
            hand_over=hand_over,
        )
        async for told in recipient.run(tailed):
            yield told


def watch(settings: Settings, *, show: Callable[[str], None], every: float) -> faust.App:
    """`broker watch`: counts what is on its way, and shows it; nothing depends on it."""
    partnership = read_partnership(settings.directory)
    owners = {
        topic: owner
        for topic, owner in partnership.owners().items()
        if topic.startswith("concerns.")
    }
    figures = Figures(owners=owners, since=clock())
    scratch = tempfile.mkdtemp(prefix="cb-watch-")  # Faust wants a folder; nothing is kept in it
    return watching(
        settings.kafka,
        sorted(owners),
        figures,
        now=clock,
        show=show,
        every=every,
        datadir=scratch,
    )


async def topics(settings: Settings) -> Sequence[str]:
    """`broker topics`: make what the directory calls for."""
    found = parts(settings)
    names = topics_of(found.partnership.publishers, found.partnership.recipients)
    return await make_topics(settings.kafka, names, count=settings.partitions)


def prepare(settings: Settings) -> list[str]:
    """`broker migrate`."""
    return migrate(settings.database.get_secret_value())
