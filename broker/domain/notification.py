"""What arrives: one notification, verified, with its claims taken apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from broker.domain.ids import NotificationId, OrganisationId, Pseudonym, ThreadId
from broker.domain.words import (
    Agency,
    Category,
    ConsentState,
    EventType,
    Gateway,
    Lane,
    Level,
    LevelState,
    Urgency,
)

Json = object
"""Parsed JSON: None, bool, int, float, str, list, dict. Only ever read, never changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """What policy and routing need and no recipient is shown: the broker-only claim `routing`."""

    consent_state: ConsentState
    gateway: Gateway = Gateway.NONE  # proposed by the publisher: alone it opens nothing
    jurisdiction: str = "GB-ENG"
    location_protected: bool = False
    live_investigation: bool = False
    sealed: bool = False
    correlation: str | None = None
    lawful_basis: Mapping[str, str] = field(default_factory=dict)
    purpose: str = "safeguarding"
    allow_list: frozenset[OrganisationId] = frozenset()
    named_recipients: frozenset[OrganisationId] = frozenset()
    excluded: Mapping[OrganisationId, str] = field(default_factory=dict)  # organisation: why


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One signed event, read and verified. Its words are in `claims` and never in its repr."""

    id: NotificationId
    thread: ThreadId
    type: EventType
    publisher: OrganisationId
    agency: Agency
    source: str
    pseudonym: Pseudonym
    level: Level
    level_state: LevelState
    urgency: Urgency
    reference: str
    change: str | None = None  # of identity.changed: born, merged, number_superseded ...
    issued: datetime
    received: datetime
    late: bool = False
    routing: Routing
    claims: Mapping[str, Json] = field(repr=False)  # "narrative.summary": {...}
    token: str = field(repr=False)  # byte for byte as received: everything refers to its SHA-256

    @property
    def categories(self) -> frozenset[Category]:
        """The categories it really holds. Only routing, alerts and the ledger may look."""
        names = {name.partition(".")[0] for name in self.claims}
        return frozenset(category for category in Category if category.value in names)

    @property
    def concern(self) -> ThreadId | None:
        """Of a statement: the concern that it is about, if one and not its subject as a whole."""
        said = self.claims.get("fact")
        named = said.get("concern") if isinstance(said, dict) else None
        return ThreadId(named) if isinstance(named, str) else None

    @property
    def lane(self) -> Lane:
        return lane_of(self.level, self.urgency)


def lane_of(level: Level, urgency: Urgency) -> Lane:
    """FORMATS.md 1.1: the emergency lane for an emergency, or for what cannot wait."""
    urgent = level is Level.EMERGENCY or urgency is Urgency.IMMEDIATE
    return Lane.EMERGENCY if urgent else Lane.ROUTINE
