"""Contact without content: what is told while nothing can be decided (DOMAIN.md 4.7)."""

from collections.abc import Sequence
from dataclasses import dataclass

from broker.domain.batch import Genuine
from broker.domain.decision import Recipient
from broker.domain.ids import (
    DisclosureId,
    NotificationId,
    OrganisationId,
    PolicyVersion,
    SubjectId,
)
from broker.domain.known import Match

NO_POLICY = PolicyVersion("")
"""Of what rests on no policy: a receipt or a pointer made while none could be evaluated."""

POINTER = "contact.pointer"
"""The type of a cover that says only that a service is involved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """Telling one recipient that a service is involved, and whom to ring; nothing else."""

    id: DisclosureId
    recipient: Recipient
    ring: OrganisationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchecked:
    """A concern taken in undecided, and to whom it is pointed out meanwhile."""

    genuine: Genuine
    match: Match
    pointers: Sequence[Pointer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A kept concern that is still to be decided."""

    publisher: OrganisationId
    notification: NotificationId
    subject: SubjectId
