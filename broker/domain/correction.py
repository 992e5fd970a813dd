"""Undoing a wrong match, or joining what belongs together: who said so, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broker.domain.ids import NotificationId, OrganisationId, SubjectId, ThreadId


class CorrectionKind(StrEnum):
    """What was done (DOMAIN.md 6.1, IDENTITY.md 8). Each is followed by deciding again."""

    SAME = "same"  # a doubtful notification is about a subject that was known
    DIFFERENT = "different"  # it is about nobody who was known
    UNLINK = "unlink"  # a concern was matched to the wrong child
    MERGE = "merge"  # two subjects are one child
    SPLIT = "split"  # one record was two children's: several concerns at once


BESIDE = "unlinked_beside"
"""Why a concern is decided again that stays where it is when another one is moved away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who decided it: a person of an organisation, or the notification that announced it."""

    person: str
    organisation: OrganisationId
    notification: NotificationId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What came of it: how many concerns were decided again, who is recalled, who is told now."""

    kind: CorrectionKind
    subject: SubjectId  # under which they stand now
    concerns: Sequence[ThreadId]
    recalls: int
    disclosures: int
    at: datetime
