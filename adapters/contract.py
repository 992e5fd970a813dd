"""
What every adapter is: one agency's formats, in both directions, as pure functions.

    read(native, site) -> Sequence[Item]        what they send
    write(disclosed, site) -> bytes             what they are sent, in their own format
    told(native) -> Disclosed                   the same, read back: nothing changed on the way

Lenient in, strict out. Every message in the bytes ends as one Item: an Event (a notification or a
fact), Nothing with its reason, or Quarantined with its reason. None vanishes; nothing is raised
but by a fault in our own code. `edge.py` derives the ids, signs, seals, publishes and answers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from broker.domain.ids import OrganisationId
from broker.domain.words import Agency, EventType, Lane

Json = object


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where an adapter stands: whose systems it reads, and what that site's profile says."""

    agency: Agency
    organisation: OrganisationId
    source: str  # the CloudEvents source, "/health/ods/RZZ/fhir-r4"
    received: datetime
    profile: Mapping[str, Json] = field(default_factory=dict)  # parsed YAML, FORMATS.md 7 and 7a.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    One notification before it has its ids and its signature.

    `plain` holds level, level_state, urgency, family, handling (what any recipient may know);
    `categories` {"narrative": {"summary": {...}, "full": {...}}, ...}; `routing` and `native` the
    broker-only claims; all as schemas/concern-notification.schema.json names them. For a fact,
    `plain` and `facts` are as schemas/<type>.schema.json says and `categories` holds the identity.
    """

    type: EventType
    reference: str  # native reference; with version and subject_key it makes the id
    version: str
    subject_key: str = field(repr=False)  # the publisher's own key for this child: never leaves
    correlation_key: str | None = None  # one incident, several subjects
    plain: Mapping[str, Json] = field(default_factory=dict)
    routing: Mapping[str, Json] = field(default_factory=dict)
    native: Mapping[str, Json] = field(default_factory=dict)
    categories: Mapping[str, Mapping[str, Json]] = field(default_factory=dict, repr=False)
    facts: Mapping[str, Json] = field(default_factory=dict, repr=False)
    without_original: str = "retraction_without_original"
    """For a retraction whose thread this site never raised: the quarantine reason, or "nothing"."""
    names_no_record: bool = False
    """
    A retraction that says which message was wrong, and bears no record's own name or version: alone
    it means nothing, and only the spool can tell what it takes back.
    """
    former_subject_key: str | None = field(default=None, repr=False)
    """Of a merge: the publisher's own key of the record that the other took the place of."""
    unseen: tuple[str, ...] = ()
    """Names, never values, of fields that nobody has mapped: the edge reports each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Read, understood, and not a concern. `reason` is one short word, as "historical"."""

    reason: str
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """
    Kept safe for a person. `reason` from FORMATS.md 2 and 7a.10; `detail` names fields only.
    `excerpt` is the part that it is about, where the original is a file of many.
    """

    reason: str
    detail: str = ""
    lane: Lane = Lane.ROUTINE
    excerpt: bytes = field(default=b"", repr=False)
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """
    What a recipient holds after it was opened and verified, and what its own systems are given.

    `cover` is what the broker signed about it, `plain` the notification's plain claims, `claims`
    the parts that may pass, by "<category>.<part>". Token and signed cover are the evidence: a
    format that has no room for them leaves them out, and read back they are empty.
    """

    disclosure: str
    cover: Mapping[str, Json]
    plain: Mapping[str, Json]
    claims: Mapping[str, Mapping[str, Json]] = field(repr=False)
    token: str = field(default="", repr=False, compare=False)
    signed_cover: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """Where what an event is about can be read, by whoever may ask the service that holds it."""

    event: str
    type: str
    url: str = field(repr=False)
    nhs_number: str = field(repr=False)


NOT_FETCHED = "not_fetched"
"""The reason of what only points elsewhere, until it has been fetched."""

ECHO = "urn:concern-broker:disclosure"
"""The broker's own identifier: what comes in bearing it was sent by it (FORMATS.md 2 rule 10)."""

Item = Event | Nothing | Quarantined
Read = Callable[[bytes, Site], Sequence[Item]]
Write = Callable[[Disclosed, Site], bytes]
Told = Callable[[bytes], Disclosed]
"""Raises Malformed: these bytes are nothing that `write` of this format made."""
