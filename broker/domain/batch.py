"""What one partition brought at once, and what became of each notification in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from broker.domain.decision import Decision
from broker.domain.ids import DecisionId, DisclosureId, OrganisationId
from broker.domain.known import Fingerprint, Match
from broker.domain.notification import Notification
from broker.domain.words import Category, Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One Kafka record as it arrived. Its value is sealed to the broker."""

    offset: int
    headers: Mapping[str, str]
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records of one partition, in order, without a gap from `first` to `following`."""

    topic: str
    partition: int
    publisher: OrganisationId  # whose topic it is
    lane: Lane
    first: int
    following: int
    received: datetime
    records: Sequence[Received] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Genuine:
    """A notification that is what it claims to be, and where it stood."""

    notification: Notification
    asked: Fingerprint
    token_sha256: bytes
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Input kept safe for a person: why, and the bytes as they arrived."""

    topic: str
    partition: int
    offset: int
    publisher: OrganisationId
    lane: Lane
    reason: str
    detail: str
    received: datetime
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """Telling one recipient the permitted part: which claims may pass, and no content."""

    id: DisclosureId
    decision_id: DecisionId
    decision: Decision
    claims: tuple[str, ...]
    held: tuple[Category, ...]  # present, and told as existence
    ring: OrganisationId  # whom to ring about it
    must_see: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A decision that lets nothing pass. Recorded like a disclosure, with its ground."""

    decision_id: DecisionId
    decision: Decision
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that came of one notification: exactly one disclosure or refusal for each candidate."""

    genuine: Genuine
    match: Match
    results: Sequence[Disclosure | Refusal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of a batch: every record is one of these four."""

    accepted: int = 0
    repeated: int = 0
    quarantined: int = 0
    forgotten: int = 0
