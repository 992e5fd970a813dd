"""A question whether anybody knows a child, and its four answers. It carries no content back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from broker.domain.decision import Recipient
from broker.domain.ids import OrganisationId, PersonId, SubjectId
from broker.domain.notification import Json


class Answer(StrEnum):
    """What may be said. Each has the same shape, size and time."""

    KNOWN = "known"  # a service is involved: whom to ring
    NOT_KNOWN = "not_known"  # nothing to say here; never "nothing is known"
    COULD_NOT_CHECK = "could_not_check"
    REFUSED = "refused"  # this asker may not ask, whoever the child is


class Form(StrEnum):
    """How it is asked."""

    CLEAR = "known"
    BLIND = "known_blind"  # the first half of a blind question: elements to evaluate
    TOKENS = "known_tokens"  # the second: the digests that came of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """One signed question. `said`: the rest of it, which could name somebody."""

    id: str  # its author's own: a question counts once
    form: Form
    asker: Recipient
    person: PersonId
    purpose: str
    issued: datetime
    said: Mapping[str, Json] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """The answer, and whom to ring: of a known child whoever is involved, else the asker's hub."""

    answer: Answer
    ring: OrganisationId


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Blinded elements under the key of that id."""

    key: str
    elements: Sequence[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedAnswer:
    """
    What is kept of a question: its ledger leaf with the record that it binds, which says who asked
    and what was answered. `subject`: who was meant, if the register is sure, whatever was answered.
    """

    inquiry: Inquiry
    answer: Answer | None  # None: elements were evaluated, which answers nothing
    entry: bytes
    record: bytes = field(repr=False)
    at: datetime
    subject: SubjectId | None = None
    subject_key: bytes | None = field(default=None, repr=False)


HashedTokens = Callable[[str], bytes]
"""The digest of one token text under a key that stays with whoever made this."""
