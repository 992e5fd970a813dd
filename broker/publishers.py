"""
Step 2: which organisation, key and topic belong together; is this notification what it claims?

    1. its headers name an id         4. its signature is that organisation's, on its own topic
    2. it unseals with our key        5. every claim that it says was sent did arrive
    3. it reads as a signed token     6. it fits its schema, and stands in its lane
    Its agency is the one that the directory lists that organisation in.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from broker import sdjwt
from broker.domain.batch import Batch, Genuine, Received
from broker.domain.directory_keys import KeyOf
from broker.domain.ids import KeyId, NotificationId, OrganisationId, Pseudonym, ThreadId
from broker.domain.notification import Json, Notification, Routing
from broker.domain.words import (
    STATEMENTS,
    Agency,
    ConsentState,
    EventType,
    Gateway,
    Level,
    LevelState,
    Urgency,
)
from broker.errors import Malformed, NotGenuine, Rejected, UnknownOrganisation
from broker.identity import Matching
from broker.schemas import CLAIM_NAMES, before_signing, fault_in
from broker.sealing import NOTIFICATION, unseal

Text = Mapping[str, str]
BY_ITSELF = "api"
"""Where a statement stood that came over HTTP or from the console: on no topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads what publishers send to this broker."""

    key_of: KeyOf
    open_key: Callable[[KeyId, bytes, bytes], bytes] = field(repr=False)
    matching: Matching = field(repr=False)
    agencies: Mapping[OrganisationId, Agency]  # as the directory has them, whatever a token says
    now: Callable[[], datetime]

    def read_one(self, record: Received, batch: Batch) -> Genuine:
        """Raises Malformed or NotGenuine with a reason that a person can act on."""
        if batch.topic.startswith("quarantine."):
            reason = record.headers.get("reason", "quarantined_by_adapter")
            raise Rejected(reason, record.headers.get("detail", ""))
        made = record.headers.get("ce_id", "")  # 1
        if not made:
            raise Malformed("no_id", "ce_id")
        token = unseal(  # 2
            record.value, parts=(NOTIFICATION, made, batch.publisher), open_key=self.open_key
        )
        now = self.now()
        read = sdjwt.read(token, key_of=self.key_of, names=CLAIM_NAMES, now=now)  # 3
        _check_whose(read, record.headers, batch)  # 4
        self._check_agency(read)
        _check_complete(read)  # 5
        notification = notification_from(read, batch.received, record.headers)  # 6
        if notification.lane is not batch.lane:
            raise NotGenuine("wrong_lane", f"belongs to {notification.lane.value}")
        return Genuine(
            notification=notification,
            asked=(asked := self.matching.appearance(read.claims, now.date())),
            keys=self.matching.keys(asked, now),
            token_sha256=hashlib.sha256(token).digest(),
            topic=batch.topic,
            partition=batch.partition,
            offset=record.offset,
        )

    def read_token(self, token: bytes) -> Genuine:
        """
        A token that came alone, not through Kafka: its signature says whose it is (3, 5 and 6).
        Raises Malformed or NotGenuine.
        """
        now = self.now()
        read = sdjwt.read(token, key_of=self.key_of, names=CLAIM_NAMES, now=now)
        self._check_agency(read)
        _check_complete(read)
        return Genuine(
            notification=notification_from(read, now, {}),
            asked=(asked := self.matching.appearance(read.claims, now.date())),
            keys=self.matching.keys(asked, now),
            token_sha256=hashlib.sha256(token).digest(),
            topic=BY_ITSELF,
            partition=0,
            offset=0,
        )

    def _check_agency(self, token: sdjwt.Token) -> None:
        """Gateways and levels depend on it: an organisation is of the agency it is listed in."""
        listed = self.agencies.get(token.organisation)
        if listed is None:
            raise UnknownOrganisation("not_in_the_directory", token.organisation)
        if token.plain.get("agency") != listed.value:
            raise NotGenuine("not_their_agency", token.organisation)


def _check_whose(token: sdjwt.Token, headers: Text, batch: Batch) -> None:
    if token.organisation != batch.publisher:
        raise NotGenuine("not_their_topic", token.organisation)
    if token.plain.get("jti") != headers["ce_id"]:
        raise NotGenuine("id_differs_from_header")
    if headers.get("ce_subject") != token.plain.get("sub"):
        raise NotGenuine("subject_differs_from_header")


def _check_complete(token: sdjwt.Token) -> None:
    """A claim removed on the way leaves its digest behind, and this list."""
    present = token.claims.get("present")
    if not isinstance(present, dict):
        raise NotGenuine("incomplete_disclosures", "present")
    listed = {
        f"{category}.{part}"
        for category, parts in present.items()
        if isinstance(parts, list)
        for part in parts
    }
    arrived = {name for name in token.claims if "." in name}
    if listed != arrived:
        raise NotGenuine("incomplete_disclosures", ", ".join(sorted(listed ^ arrived)))


def notification_from(token: sdjwt.Token, received: datetime, headers: Text) -> Notification:
    """The notification in a verified token. Raises Malformed with the path that does not fit."""
    plain, claims = token.plain, token.claims
    try:
        kind = EventType(str(plain.get("type")))
    except ValueError:
        raise Malformed("unknown_type", "type") from None
    fault = fault_in(kind, before_signing(plain, claims))
    if fault is None and kind in STATEMENTS and "fact" not in claims:
        fault = "/fact: readable by everybody"
    if fault is not None:
        raise Malformed("schema", fault)
    text = cast("Text", plain)
    return Notification(
        id=NotificationId(text["jti"]),
        thread=ThreadId(text["thread"]),
        type=kind,
        publisher=token.organisation,
        agency=Agency(text["agency"]),
        source=headers.get("ce_source", ""),
        pseudonym=Pseudonym(text["sub"]),
        level=Level(text.get("level", Level.UNIVERSAL.value)),
        level_state=LevelState(text.get("level_state", LevelState.CONFIRMED.value)),
        urgency=Urgency(text.get("urgency", Urgency.ROUTINE.value)),
        reference=text["reference"],
        change=text.get("kind"),
        issued=token.issued,
        received=received,
        late=token.late,
        routing=_routing(cast("Mapping[str, Json]", claims.get("routing", {}))),
        claims=claims,
        token=token.text,
    )


def kept_notification(token: str, publisher: OrganisationId, received: datetime) -> Notification:
    """The notification in a token that this broker has read and kept."""
    return notification_from(sdjwt.kept(token, publisher), received, {})


def _routing(claim: Mapping[str, Json]) -> Routing:
    """What routing needs, from a claim that has passed its schema."""
    stated = str(claim.get("consent_state", ConsentState.NOT_SOUGHT_IMPRACTICABLE.value))
    excluded = cast("list[Mapping[str, str]]", claim.get("excluded", []))
    correlation = claim.get("correlation")
    return Routing(
        consent_state=ConsentState(stated),
        gateway=Gateway(str(claim.get("gateway", Gateway.NONE.value))),
        jurisdiction=str(claim.get("jurisdiction", "GB-ENG")),
        location_protected=claim.get("location_protected") is True,
        live_investigation=claim.get("live_investigation") is True,
        sealed=bool(claim.get("seals")),
        correlation=correlation if isinstance(correlation, str) else None,
        lawful_basis=cast("Mapping[str, str]", claim.get("lawful_basis", {})),
        purpose=str(claim.get("purpose", "safeguarding")),
        allow_list=_organisations(claim.get("allow_list")),
        named_recipients=_organisations(claim.get("named_recipients")),
        excluded={OrganisationId(each["organisation"]): each["why"] for each in excluded},
    )


def _organisations(listed: Json) -> frozenset[OrganisationId]:
    return frozenset(map(OrganisationId, listed)) if isinstance(listed, list) else frozenset()
