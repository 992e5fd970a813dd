"""
A concern's journey through the broker. Start reading here.

    3. who is it?               the subject each notification is about
    4. who might need to know?  the candidates: relationships, duty for the area, gateways; of a
                                retraction, whoever was told; of a fact, nobody
    5. decide                   for each: the extent for every category, with because
    6. redact                   a disclosure holds what may pass; if nothing may, it is a refusal

Plain functions of plain values. intake.py reads who is registered before step 3, what is known of
whoever was recognised before step 4, and records what comes out after step 6, in one transaction;
delivery.py sends it.
"""

from collections.abc import Sequence
from dataclasses import replace

from broker.directory import nobody, told_before, who_might_need_to_know, who_was_told
from broker.disclosure import redact
from broker.domain.batch import Genuine, Outcome
from broker.domain.decision import Candidate, Decision, Recipient, Ruling
from broker.domain.known import Directory, Known, Match, Rules
from broker.domain.notification import Notification
from broker.domain.words import Category, EventType
from broker.identity import Matching, Meeting, after, who_is_it
from broker.ports import Policies


def recognise(fresh: Sequence[Genuine], known: Known, matching: Matching) -> Known:
    """The snapshot with a match for each, each knowing those before it."""
    meeting = Meeting(known)
    for genuine in fresh:
        match = who_is_it(genuine, meeting.known, matching)  # (3)
        meeting.meets(genuine.notification, match, after(match, genuine, meeting.known, matching))
    return meeting.known


def carry(
    fresh: Sequence[Genuine],
    known: Known,
    *,
    policies: Policies,
    rules: Rules,
    directory: Directory,
) -> list[Outcome]:
    """What becomes of each notification: one disclosure or refusal for every candidate."""
    outcomes: list[Outcome] = []
    for genuine in fresh:
        notification, match = genuine.notification, known.matches[genuine.notification.id]
        candidates = CALLS[notification.type](  # (4)
            notification, match, known, rules=rules, directory=directory
        )
        decisions = decide(candidates, policies)  # (5)
        results = tuple(redact(notification, decision, rules) for decision in decisions)  # (6)
        outcomes.append(Outcome(genuine=genuine, match=match, results=results))
    return outcomes


def as_told_now(
    notification: Notification,
    match: Match,
    recipient: Recipient,
    known: Known,
    *,
    policies: Policies,
    rules: Rules,
    directory: Directory,
) -> Decision:
    """Step 8, look: what a recipient who was told before may still see, related or not."""
    asked = who_might_need_to_know(notification, match, known, rules=rules, directory=directory)
    here = [each for each in asked if each.recipient == recipient] or told_before(
        notification, match, known, recipients=[recipient], rules=rules, directory=directory
    )
    return decide(here[:1], policies)[0]


def decide(candidates: Sequence[Candidate], policies: Policies) -> list[Decision]:
    """For each candidate the ruling, and what of it would be less without agreement or override."""
    asked = [candidate.question for candidate in candidates]
    rulings = policies.decide_all(asked)
    unagreed = policies.decide_all(
        [replace(each, agreed=_NONE) if each.agreed else each for each in asked]
    )
    unopened = policies.decide_all(
        [replace(each, override=_NONE) if each.override else each for each in asked]
    )
    return [
        Decision(
            candidate=candidate,
            ruling=ruling,
            needs_agreement=_more(ruling, without),
            needs_override=_more(ruling, closed),
        )
        for candidate, ruling, without, closed in zip(
            candidates, rulings, unagreed, unopened, strict=True
        )
    ]


def _more(ruling: Ruling, without: Ruling) -> frozenset[Category]:
    """The categories of which the first tells more."""
    if ruling is without:
        return _NONE
    return frozenset(each for each in Category if ruling.extents[each] > without.extents[each])


_NONE = frozenset[Category]()

CALLS = {
    EventType.CONCERN_RAISED: who_might_need_to_know,
    EventType.CONCERN_RETRACTED: who_was_told,  # whoever holds it is told that it no longer stands
    EventType.IDENTITY_CHANGED: nobody,  # a fact: the register learns, nobody is told
    EventType.RELATIONSHIP_CHANGED: nobody,
    EventType.CASE_OPENED: nobody,
    EventType.CASE_CLOSED: nobody,
    EventType.CONSENT_RECORDED: nobody,
    EventType.SOURCE_OF_HARM_RECORDED: nobody,
    EventType.LEVEL_CONFIRMED: nobody,
    EventType.NECESSITY_RECORDED: nobody,
    EventType.REFUSAL_WEIGHED: nobody,
    EventType.DETRIMENT_RECORDED: nobody,
    EventType.OVERRIDE_RAISED: nobody,
    EventType.OVERRIDE_REVIEWED: nobody,
}
