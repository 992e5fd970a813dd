"""
A concern's journey through the broker. Start reading here.

    3. who is it?               the subject each notification is about
    4. who might need to know?  the candidates: relationships, duty for the area, gateways
    5. decide                   for each: the extent for every category, with because
    6. redact                   a disclosure holds what may pass; if nothing may, it is a refusal

Plain functions of plain values. intake.py reads what is known before step 3 and records what
comes out after step 6, in one transaction; delivery.py sends it.
"""

from collections.abc import Sequence

from broker.directory import who_might_need_to_know
from broker.disclosure import redact
from broker.domain.batch import Genuine, Outcome
from broker.domain.decision import Decision
from broker.domain.known import Directory, Known, Rules
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
        match = who_is_it(notification.id, genuine.asked, known)  # (3)
        known = known.having_met(match, genuine.asked)
        candidates = who_might_need_to_know(  # (4)
            notification, match, known, rules=rules, directory=directory
        )
        decisions = [  # (5)
            Decision(candidate=candidate, ruling=policies.decide(candidate.question))
            for candidate in candidates
        ]
        results = tuple(redact(notification, decision, rules) for decision in decisions)  # (6)
        outcomes.append(Outcome(genuine=genuine, match=match, results=results))
    return outcomes
