"""
What every adapter is: one agency's formats, read by pure functions.

    read(native, site) -> Sequence[Item]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Read, understood, and not a concern. `reason` is one short word, as "historical"."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """Kept safe for a person. `reason` from FORMATS.md 2 and 7a.10; `detail` names fields only."""

    reason: str
    detail: str = ""
    lane: Lane = Lane.ROUTINE


Item = Event | Nothing | Quarantined
Read = Callable[[bytes, Site], Sequence[Item]]
