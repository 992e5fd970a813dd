"""What one partition brought at once, and what became of each notification in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from broker.domain.decision import Decision, Recipient
from broker.domain.identity import Appearance, Keys
from broker.domain.ids import DecisionId, DisclosureId, NotificationId, OrganisationId
from broker.domain.known import Match
from broker.domain.notification import Notification
from broker.domain.words import Category, Lane, Role


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
    asked: Appearance  # what it says of its subject
    keys: Keys  # by which that subject is found
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
class Stands:
    """A decision made again that tells nothing new: all that may pass was told before."""

    decision_id: DecisionId
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that came of one notification: exactly one disclosure or refusal for each candidate."""

    genuine: Genuine
    match: Match
    results: Sequence[Disclosure | Refusal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An earlier disclosure of one concern to one recipient, waiting or on its way."""

    disclosure: DisclosureId
    decision_id: DecisionId
    recipient: Recipient
    claims: frozenset[str]
    held: frozenset[Category]
    waiting: bool  # nothing of it has left yet
    needs_agreement: frozenset[Category] = frozenset()
    overrides: Mapping[Category, NotificationId] = field(default_factory=dict)
    recalled: frozenset[Category] = frozenset()  # by earlier recalls

    @property
    def categories(self) -> frozenset[Category]:
        """What its recipient holds, or learnt to exist, and has not been asked to forget."""
        named = {Category(name.partition(".")[0]) for name in self.claims}
        return frozenset((named | self.held) - self.recalled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A concern that was decided before, as it stands: about whom, how often, who was told what."""

    genuine: Genuine
    match: Match
    round: int  # the last one
    told: Sequence[Told]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a concern is decided again: a statement, or what the relay found before sending."""

    why: str  # a statement's type, a correction's kind; facts, policies, lapsed, policies_returned
    statement: NotificationId | None = None
    recalls_agreement: bool = False  # somebody took their agreement back
    recalls_override: NotificationId | None = None  # found not justified
    wrong_match: bool = False  # it was told about the wrong child: whoever holds it is recalled
    unrelated: frozenset[tuple[OrganisationId, Role]] = frozenset()  # by a wrong match alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Telling an earlier recipient that what it holds may no longer be used."""

    id: DisclosureId
    of: Told
    categories: frozenset[Category]
    ground: str  # withdrawn, override_not_justified, wrong_child


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """One concern decided again: what is told now, what no longer leaves, what is recalled."""

    earlier: Earlier
    cause: Cause
    round: int
    results: Sequence[Disclosure | Refusal | Stands]
    superseded: Sequence[tuple[Told, str]]  # waiting, and the ground on which it does not leave
    recalls: Sequence[Recall]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of a batch: every record is one of these four."""

    accepted: int = 0
    repeated: int = 0
    quarantined: int = 0
    forgotten: int = 0
