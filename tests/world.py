"""
An invented partnership for tests: keys, a directory, children, and tokens as adapters sign them.
Everything repeats: keys and salts come from a counter.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from adapters.contract import Event, Site
from adapters.events import cloud_event
from broker import sdjwt
from broker.again import Deciding
from broker.custody import KeyedCustody
from broker.domain.batch import Batch, Genuine, Received
from broker.domain.directory_keys import Period, SealingKey, SigningKey
from broker.domain.ids import AlertId, KeyId, OrganisationId, ReviewId
from broker.domain.words import Agency, EventType, Lane
from broker.errors import NotGenuine
from broker.intake import Intake
from broker.keys import BROKER, Wrapper, verifier
from broker.matching_files import read_matching
from broker.partnership import read_partnership
from broker.policy import CompiledPolicies, read_bundle
from broker.ports import Store
from broker.publishers import Reader
from broker.recording import Chance
from broker.schemas import BROKER_ONLY
from broker.sealing import NOTIFICATION, open_with, seal

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
YESTERDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HOSPITAL, SCHOOL = OrganisationId("org:ods:RZZ"), OrganisationId("org:school:999001")
HUB = OrganisationId("org:la:999")
DIRECTORY = Path(str(files("deploy.local").joinpath("directory.yaml")))


def numbered(start: int = 0) -> Callable[[int], bytes]:
    """Bytes that differ each time and repeat from run to run."""
    numbers = count(start)
    return lambda size: hashlib.shake_256(f"random {next(numbers)}".encode()).digest(size)


def secret(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def signing_secret(organisation: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(secret(f"signing {organisation}"))


def kid_of(organisation: str) -> KeyId:
    return KeyId(f"{organisation.rpartition(':')[2]}-test")


def public_key(organisation: OrganisationId, *, revoked: datetime | None = None) -> SigningKey:
    public = signing_secret(organisation).public_key().public_bytes_raw()
    period = Period(since=LONG_AGO, revoked=revoked)
    return SigningKey(
        kid=kid_of(organisation),
        organisation=organisation,
        period=period,
        public=public,
        checks=verifier(public),
    )


BROKER_SEALING = X25519PrivateKey.from_private_bytes(secret("sealing broker"))
BROKER_PUBLIC = SealingKey(
    kid=KeyId("broker-test"),
    organisation=BROKER,
    period=Period(since=LONG_AGO),
    public=BROKER_SEALING.public_key().public_bytes_raw(),
)


_BLOCKING = secret("blocking keys")


def hash64(text: bytes) -> int:
    digest = hashlib.blake2b(text, key=_BLOCKING, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


MATCHING = read_matching(None, population=1_000_000, hash64=hash64)


@dataclass(slots=True)
class World:
    """Where notifications come from, and what reads them."""

    random: Callable[[int], bytes] = field(default_factory=numbered)
    keys: dict[KeyId, SigningKey] = field(default_factory=dict)
    agencies: dict[OrganisationId, Agency] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in read_partnership(DIRECTORY).organisations.values():
            self.knows(each.id, each.agency)

    def knows(self, organisation: OrganisationId, agency: Agency) -> None:
        """The directory lists it, with its key."""
        key = public_key(organisation)
        self.keys[key.kid] = key
        self.agencies[organisation] = agency

    def key_of(self, kid: KeyId) -> SigningKey:
        if kid not in self.keys:
            raise NotGenuine("unknown_key")
        return self.keys[kid]

    def reader(self) -> Reader:
        return Reader(
            key_of=self.key_of,
            open_key=lambda _, wrapped, info: open_with(BROKER_SEALING, wrapped, info),
            matching=MATCHING,
            agencies=self.agencies,
            now=lambda: NOW,
        )

    def deciding(self, now: Callable[[], datetime] = lambda: NOW) -> Deciding:
        policies = CompiledPolicies(read_bundle())
        wrapper = Wrapper(_wrapping=secret("wrapping"), _digest=secret("digest"))
        return Deciding(
            in_force=lambda _: policies,
            directory=read_partnership(DIRECTORY).directory(),
            matching=MATCHING,
            custody=KeyedCustody(wrapper=wrapper, fresh_key=lambda: self.random(32)),
            chance=Chance(
                salt=lambda: self.random(32),
                alert=lambda: AlertId(self.random(12).hex()),
                review=lambda: ReviewId(self.random(12).hex()),
            ),
            now=now,
        )

    def intake(self, store: Store) -> Intake:
        return Intake(read_one=self.reader().read_one, deciding=self.deciding(), store=store)

    def token(self, data: Mapping[str, Any], *, signed_by: str | None = None) -> str:
        """`data` as the object before signing, signed by its publisher or by somebody else."""
        whole = dict(data)
        claims = {
            f"{category}.{part}": value
            for category, parts in whole.pop("categories", {}).items()
            for part, value in parts.items()
        }
        claims |= {name: whole.pop(name) for name in (*BROKER_ONLY, "fact") if name in whole}
        claims.setdefault("present", {})
        signer = signed_by or str(whole["iss"])
        return sdjwt.issue(
            whole,
            claims,
            kid=kid_of(signer),
            sign=signing_secret(signer).sign,
            salt=lambda: self.random(sdjwt.SALT_BYTES),
        )

    def record(self, data: Mapping[str, Any], offset: int = 0, **how: Any) -> Received:
        """One Kafka record as an adapter publishes it."""
        token = how.pop("token", None) or self.token(data, **how)
        made, publisher = str(data["jti"]), str(data["iss"])
        sealed = seal(
            token.encode(),
            to=BROKER_PUBLIC,
            parts=(NOTIFICATION, made, publisher),
            data_key=self.random(32),
        )
        headers = {"ce_id": made, "ce_subject": str(data["sub"]), "ce_source": "/test"}
        return Received(offset=offset, headers=headers, value=sealed)

    def read(self, record: Received, batch: Batch) -> Genuine:
        return self.reader().read_one(record, batch)


def site_of(publisher: OrganisationId) -> Site:
    """Where a publisher's notifications come from, its agency told by its id's scheme."""
    agencies = {"ods": Agency.HEALTH, "school": Agency.SCHOOLS, "force": Agency.POLICE}
    agency = agencies.get(publisher.split(":")[1], Agency.CHILDRENS_SERVICES)
    return Site(
        agency=agency,
        organisation=publisher,
        source=f"/{agency.value}/{publisher[4:].replace(':', '/')}/test",
        received=NOW,
    )


def concern(
    number: int = 1,
    *,
    publisher: OrganisationId = HOSPITAL,
    level: str = "significant_harm",
    nhs_number: str = "9990020019",
    given_name: str = "Mara",
    birth_date: str = "2017-03-09",
    words: str = "Bruising to both upper arms, different ages.",
    categories: Mapping[str, Any] | None = None,
    routing: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A hospital's concern, complete, as before signing."""
    where = site_of(publisher)
    identity = {
        "summary": {
            "known": "identified",
            "subject_kind": "child",
            "given_name": given_name,
            "family_name": "Fennick-Oyelowo",
            "birth_date": birth_date,
        },
        "full": {
            "identifiers": [{"system": "nhs_number", "value": nhs_number, "assurance": "verified"}]
        },
    }
    reply = {"role": "Safeguarding team", "telephone": "01632 960200"}
    narrative = {
        "summary": {"basis": "observed", "occurred": "2026-11-20", "abuse": ["PHY"]},
        "full": {"words": words, "reply": reply},
    }
    urgency = {"emergency": "immediate", "significant_harm": "same_day"}.get(level, "routine")
    event = Event(
        type=EventType.CONCERN_RAISED,
        reference=f"C-{number}",
        version="1",
        subject_key=nhs_number,
        plain={
            "level": level,
            "level_state": "proposed",
            "urgency": urgency,
            "family": {"may_be_told": "not_known"},
        },
        routing={
            "purpose": "safeguarding",
            "lawful_basis": {"article_6": "6_1_e"},
            "consent_state": "not_sought_impracticable",
            "jurisdiction": "GB-ENG",
            "location_protected": False,
            **(routing or {}),
        },
        native={"made_by": "person", "format": "api", "sha256": "0" * 64},
        categories={"identity": identity, "narrative": narrative, **(categories or {})},
    )
    made = cloud_event(event, where, event_key=secret("event"))
    assert isinstance(made, dict), made
    data: dict[str, Any] = made["data"]
    return data


def statement(
    kind: EventType,
    said: Mapping[str, Any],
    *,
    publisher: OrganisationId = HUB,
    person: str = "hub-okonjo",
    role: str | None = "mash_screener",
    key: str = "",
    identity: Mapping[str, Any] | None = None,
    urgency: str = "routine",
) -> dict[str, Any]:
    """What a named person says about sharing, complete, as before signing."""
    where = site_of(publisher)
    by = {"person": person} | ({"role": role} if role else {})
    reference = key or json.dumps(said, sort_keys=True)[:190]
    event = Event(
        type=kind,
        reference=reference,
        version="1",
        subject_key=str(said.get("concern", reference)),
        plain={"urgency": urgency},
        native={"made_by": "person", "format": "test", "sha256": "0" * 64},
        categories={"identity": identity} if identity else {},
        facts={"by": by, **said},
    )
    made = cloud_event(event, where, event_key=secret("event"))
    assert isinstance(made, dict), made
    data: dict[str, Any] = made["data"]
    return data


def fact(
    kind: EventType,
    said: Mapping[str, Any],
    *,
    publisher: OrganisationId,
    identity: Mapping[str, Any],
    change: str | None = None,
    number: int = 1,
) -> dict[str, Any]:
    """What an agency's system announces about a child, complete, as before signing."""
    where = site_of(publisher)
    event = Event(
        type=kind,
        reference=f"F-{number}",
        version="1",
        subject_key="fact",
        plain={} if change is None else {"kind": change},
        native={"made_by": "system", "format": "test", "sha256": "0" * 64},
        categories={"identity": identity},
        facts=said,
    )
    made = cloud_event(event, where, event_key=secret("event"))
    assert isinstance(made, dict), made
    data: dict[str, Any] = made["data"]
    return data


def directive(
    state: str,
    *,
    person: str = "mother",
    capacity: str = "pr_holder",
    categories: str | list[str] = "*",
    recipients: str | list[str] = "*",
    since: datetime = YESTERDAY,
    until: datetime | None = None,
) -> dict[str, Any]:
    """A wish about sharing, as DOMAIN.md 3.2 writes it."""
    valid = {"from": since.isoformat()} | ({"until": until.isoformat()} if until else {})
    return {
        "kind": "information_agreement",
        "state": state,
        "giver": {"person": person, "capacity": capacity},
        "scope": {"categories": categories, "recipients": recipients, "purpose": "*"},
        "valid": valid,
    }


def batch_of(
    records: Sequence[Received],
    *,
    publisher: OrganisationId = HOSPITAL,
    lane: Lane = Lane.ROUTINE,
    first: int | None = None,
) -> Batch:
    scheme, code = publisher.removeprefix("org:").split(":", 1)
    return Batch(
        topic=f"concerns.{scheme}-{code}.{lane.value}",
        partition=0,
        publisher=publisher,
        lane=lane,
        first=records[0].offset if first is None else first,
        following=records[-1].offset + 1,
        received=NOW,
        records=records,
    )


def example(name: str) -> dict[str, Any]:
    """One of the schema's invented examples."""
    path = Path(__file__).parent / "samples" / f"{name}.example.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found
