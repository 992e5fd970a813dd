"""What a statement about sharing does, or would do, to who is told what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from broker.domain.decision import Recipient
from broker.domain.ids import NotificationId, OrganisationId
from broker.domain.words import Category, Extent


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """
    What changes for one recipient, over all the concerns that whoever asks has been told of, and
    only of categories that they may know of.
    """

    recipient: Recipient
    more: Mapping[Category, Extent] = field(default_factory=dict)  # told, and was not before
    held_back: frozenset[Category] = frozenset()  # waits, or would be told, and does not leave
    recalled: frozenset[Category] = frozenset()  # has been told; is asked to use it no longer
    kept: frozenset[Category] = frozenset()  # has been told, which stays; is told no more of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A statement that counts."""

    id: NotificationId
    organisation: OrganisationId
    repeated: bool  # it was said before, in the same token
    in_force_since: datetime
