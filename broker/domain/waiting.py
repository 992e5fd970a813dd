"""What waits in the outbox, as the relay takes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from broker.domain.ids import (
    DecisionId,
    NotificationId,
    OrganisationId,
    PolicyVersion,
    SubjectId,
)


class Errand(StrEnum):
    """What is on its way: a disclosure, the publisher's accepted receipt, a recall, a pointer."""

    DISCLOSURE = "disclosure"
    ACCEPTED = "accepted"
    RECALL = "recall"
    POINTER = "pointer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One outbox row with what sending it needs. The content stands in the inbox, encrypted."""

    row: int
    errand: Errand
    disclosure: str
    organisation: OrganisationId
    publisher: OrganisationId
    notification: NotificationId
    type: str
    claims: tuple[str, ...]
    held: tuple[str, ...]
    ring: OrganisationId
    leaf_commit: bytes
    match: str
    token_sha256: bytes
    received: datetime
    created: datetime
    subject: SubjectId
    policy: PolicyVersion  # under which it was decided
    facts: int  # of its subject, when it was decided, and now
    facts_now: int
    good_until: datetime | None = None  # when something that it rests on ends
    recalls: str = ""  # of a recall: the disclosure, and the ground
    refused: str | None = None  # "refused" or "withdrawn", if somebody's wish was when decided
    decision: DecisionId | None = None  # of an accepted receipt: none
    role: str | None = None
    ruling: str | None = None
    subject_key: bytes = field(repr=False)
    wrapped_key: bytes = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRuling:
    """A ruling as it was written down, for the cover."""

    id: str
    policy: str
    level_used: str
    question: Mapping[str, object]
    extents: Mapping[str, str]
    because: Mapping[str, Mapping[str, list[str]]]
    bases: Mapping[str, Mapping[str, str]]
    duties: tuple[str, ...]
