"""
Step 6: what may pass, taken from what is there; and the broker's signed cover that says so.

A disclosure names the claims of the stored token that may pass. It holds no content itself.
"""

import base64
import hashlib
from collections.abc import Set

from broker.domain.batch import Disclosure, Refusal
from broker.domain.decision import Decision, Recipient
from broker.domain.ids import DecisionId, DisclosureId, NotificationId
from broker.domain.known import Rules
from broker.domain.notification import Notification
from broker.domain.words import Category, ConsentState, EventType, Extent

_PARTS_AT = {Extent.SUMMARY: ("summary",), Extent.FULL: ("summary", "full")}


def redact(
    notification: Notification, decision: Decision, rules: Rules, *, made_in_round: int = 1
) -> Disclosure | Refusal:
    """Exactly what the decision lets pass. Broker-only claims are in no category: they never do."""
    claims: list[str] = []
    held: list[Category] = []
    for category in Category:
        extent = decision.ruling.extents[category]
        parts = [
            name
            for part in _PARTS_AT.get(extent, ())
            if (name := f"{category.value}.{part}") in notification.claims
        ]
        claims += parts
        if extent is Extent.EXISTENCE and category in notification.categories:
            held.append(category)
    made = decision_id(notification.id, decision, made_in_round)
    recalled = notification.type is EventType.CONCERN_RETRACTED
    if recalled:  # it names what no longer stands, and tells nothing new
        claims, held = [], []
    elif not claims and not held:
        return Refusal(
            decision_id=made, decision=decision, ground=ground(decision, notification.categories)
        )
    return Disclosure(
        id=disclosure_id(made),
        decision_id=made,
        decision=decision,
        claims=tuple(claims),
        held=tuple(held),
        must_see=recalled or _must_see(decision, rules),
        ring=decision.candidate.ring,
    )


def _must_see(decision: Decision, rules: Rules) -> bool:
    used = decision.ruling.level_used
    return decision.recipient.role in rules.must_see_roles and used >= rules.must_see_from


def ground(decision: Decision, present: Set[Category] = frozenset()) -> str:
    """Why nothing passed, in one word of DOMAIN.md 4.3 and 4.8, 12. `present`: what there is."""
    question = decision.candidate.question
    if question.sealed:
        return "sealed"
    if question.conflict:
        return "conflict"
    if not decision.ruling.tells_nothing:
        return "not_relevant"  # what this role may be told is not part of this concern
    if question.outside_area:
        return "outside_area"
    if question.location_barred:
        return "protected_location"
    wished = decision.candidate.rests.wished
    states = {wished[category].state for category in present if category in wished}
    return "withdrawn" if states == {ConsentState.WITHDRAWN} else "no_basis"


def decision_id(
    notification: NotificationId, decision: Decision, made_in_round: int = 1
) -> DecisionId:
    """From what it is about, so that deciding again after a crash makes the same decision."""
    recipient = decision.recipient
    return DecisionId(
        _id("decision", notification, recipient.organisation, recipient.role, made_in_round)
    )


def disclosure_id(decision: DecisionId) -> DisclosureId:
    return DisclosureId(_id("disclosure", decision))


def recall_id(disclosure: DisclosureId, made_in_round: int) -> DisclosureId:
    """A recall has an id of its own: its recipient gives a receipt for it."""
    return DisclosureId(_id("recall", disclosure, made_in_round))


def pointer_id(notification: NotificationId, recipient: Recipient) -> DisclosureId:
    """A pointer too is receipted; done again after a crash it is the same one."""
    return DisclosureId(_id("pointer", notification, recipient.organisation, recipient.role))


def _id(*parts: str | int) -> str:
    """26 letters of base32: 128 bits of SHA-256 over the parts, none of which names a child."""
    digest = hashlib.sha256("\x00".join(str(part) for part in parts).encode()).digest()
    return base64.b32encode(digest[:16]).decode().rstrip("=").lower()
