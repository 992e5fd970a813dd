"""
Whether an organisation may ask if a child is known, and whether it may be told so: the policies
say, by what they would tell it of a concern about that child. Pure.

Who may not be told is for this question not there: so a child whose location is protected, whose
concern is sealed, or of whom this role may learn nothing cannot be told from one whom nobody knows.
"""

from collections.abc import Iterator, Sequence

from broker import journey
from broker.disclosure import redact
from broker.domain.batch import Disclosure
from broker.domain.decision import Question, Recipient
from broker.domain.ids import OrganisationId
from broker.domain.known import Directory, Known, Match
from broker.domain.notification import Notification
from broker.domain.words import (
    Category,
    ConsentState,
    Gateway,
    Level,
    LevelState,
    RelationshipKind,
)
from broker.ports import Policies

Standing = tuple[Notification, Match]
"""A concern that stands, and how it came to its subject."""


def may_ask(asker: Recipient, purpose: str, *, policies: Policies, directory: Directory) -> bool:
    """
    In a role that it has, for a purpose for which policies share at all, and if there is any level
    at which they would tell that role so much as that something exists.
    """
    body = directory.bodies.get(asker.organisation)
    if body is None or asker.role not in body.roles:
        return False
    if not any(purpose in each for each in policies.rules.consent.purposes.values()):
        return False
    rulings = policies.decide_all(list(_at_best(asker, body.jurisdiction)))
    return not all(each.tells_nothing for each in rulings)


def _at_best(asker: Recipient, jurisdiction: str) -> Iterator[Question]:
    """Nothing stands in the way but who asks: no relationship, and no gateway either."""
    for level in Level:
        for agreed in (frozenset(Category), frozenset[Category]()):
            yield Question(
                role=asker.role,
                agency=asker.agency,
                publisher=asker.agency,
                level=level,
                level_state=LevelState.CONFIRMED,
                gateway=Gateway.NONE,
                relationship=RelationshipKind.NONE,
                consent_stated=ConsentState.NOT_SOUGHT_IMPRACTICABLE,
                agreed=agreed,
                jurisdiction=jurisdiction,
            )


def whom_to_ring(
    concerns: Sequence[Standing],
    known: Known,
    asker: Recipient,
    *,
    policies: Policies,
    directory: Directory,
) -> OrganisationId | None:
    """
    Of one subject, whose concerns these are, the last first; None if this asker may not be told
    that anything exists. Another organisation's concern comes before the asker's own.
    """
    found: list[OrganisationId] = []
    for notification, match in sorted(
        concerns, key=lambda each: each[0].publisher == asker.organisation
    ):
        decision = journey.as_told_now(
            notification,
            match,
            asker,
            known,
            policies=policies,
            rules=policies.rules,
            directory=directory,
        )
        if decision.candidate.question.location_barred:
            return None
        told = redact(notification, decision, policies.rules)
        if isinstance(told, Disclosure):
            found.append(told.ring)
    return found[0] if found else None
