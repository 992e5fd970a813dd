"""
A concern's journey through the broker. Start reading here.

    3. who is it?               the subject each notification is about
    4. who might need to know?  the candidates: relationships, duty for the area, gateways; of a
                                retraction, whoever was told; of a fact, nobody
    5. decide                   for each: the extent for every category, with because
    6. redact                   a disclosure holds what may pass; if nothing may, it is a refusal

Plain functions of plain values. intake.py reads what is known before step 3 and records what
comes out after step 6, in one transaction; delivery.py sends it.
"""

from collections.abc import Sequence

from broker.directory import nobody, who_might_need_to_know, who_was_told
from broker.disclosure import redact
from broker.domain.batch import Genuine, Outcome
from broker.domain.decision import Decision
from broker.domain.known import Directory, Known, Rules
from broker.domain.words import EventType
from broker.identity import who_is_it
from broker.ports import Policies


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
        notification = genuine.notification
        match = who_is_it(notification, genuine.asked, known)  # (3)
        known = known.having_met(match, genuine.asked)
        candidates = CALLS[notification.type](  # (4)
            notification, match, known, rules=rules, directory=directory
        )
        rulings = policies.decide_all([candidate.question for candidate in candidates])  # (5)
        decisions = [
            Decision(candidate=candidate, ruling=ruling)
            for candidate, ruling in zip(candidates, rulings, strict=True)
        ]
        results = tuple(redact(notification, decision, rules) for decision in decisions)  # (6)
        outcomes.append(Outcome(genuine=genuine, match=match, results=results))
    return outcomes


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
