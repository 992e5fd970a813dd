"""
What a statement would change, for whoever is about to make it: two rounds of the same concerns, one
as things stand and one after the statement, compared.

It names no category that its reader may not know of: for them it reads the same with and without.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from broker.disclosure import redact
from broker.domain.batch import Again, Disclosure, Refusal, Stands
from broker.domain.decision import Decision, Recipient
from broker.domain.effect import Effect
from broker.domain.known import Rules
from broker.domain.notification import Notification
from broker.domain.words import Category, Extent


@dataclass(slots=True)
class _Sum:
    """One recipient's changes, over several concerns."""

    more: dict[Category, Extent] = field(default_factory=dict)
    held_back: set[Category] = field(default_factory=set)
    recalled: set[Category] = field(default_factory=set)
    kept: set[Category] = field(default_factory=set)


def effects(
    before: Sequence[Again],
    after: Sequence[Again],
    *,
    reader: Recipient,
    rules: Rules,
    blind: Collection[Category],
) -> list[Effect]:
    """
    Who would be told more or less, in a stable order; nobody for whom nothing changes. `before` and
    `after` are rounds of the same concerns, in the same order.
    """
    sums: defaultdict[Recipient, _Sum] = defaultdict(_Sum)
    for now, then in zip(before, after, strict=True):
        seen = may_know(_extents_of(reader, now), blind)
        _compare(now, then, seen, rules, sums)
    made = [
        Effect(
            recipient=recipient,
            more=each.more,
            held_back=frozenset(each.held_back),
            recalled=frozenset(each.recalled),
            kept=frozenset(each.kept),
        )
        for recipient, each in sums.items()
    ]
    return sorted(made, key=lambda each: (each.recipient.organisation, each.recipient.role))


def may_know(
    extents: Mapping[Category, Extent], blind: Collection[Category]
) -> frozenset[Category]:
    """
    The categories of which a reader may know whether there is anything: told as existence or more,
    and by name. A blind one told as existence is told as "more is held".
    """
    return frozenset(
        category
        for category, extent in extents.items()
        if extent >= (Extent.SUMMARY if category in blind else Extent.EXISTENCE)
    )


def _extents_of(reader: Recipient, again: Again) -> Mapping[Category, Extent]:
    for each in again.results:
        if each.decision.recipient == reader:
            return each.decision.ruling.extents
    return {}


def _compare(
    now: Again,
    then: Again,
    seen: frozenset[Category],
    rules: Rules,
    sums: defaultdict[Recipient, _Sum],
) -> None:
    notification = now.earlier.genuine.notification
    had = {each.decision.recipient: _passing(notification, each, rules) for each in now.results}
    sent: defaultdict[Recipient, set[Category]] = defaultdict(set)
    for told in now.earlier.told:
        if not told.waiting:
            sent[told.recipient] |= told.categories
    recalled: defaultdict[Recipient, set[Category]] = defaultdict(set)
    for recall in then.recalls:
        recalled[recall.of.recipient] |= recall.categories
    for result in then.results:
        recipient = result.decision.recipient
        was, passes = had.get(recipient, {}), _passing(notification, result, rules)
        for category in seen:
            old, new = was.get(category, Extent.NOTHING), passes.get(category, Extent.NOTHING)
            if new > old and not isinstance(result, Stands):
                best = max(new, sums[recipient].more.get(category, Extent.NOTHING))
                sums[recipient].more[category] = best
            elif category in recalled[recipient]:
                sums[recipient].recalled.add(category)
            elif new < old and category in sent[recipient]:
                sums[recipient].kept.add(category)
            elif new < old:
                sums[recipient].held_back.add(category)


def _passing(
    notification: Notification, result: Disclosure | Refusal | Stands, rules: Rules
) -> Mapping[Category, Extent]:
    """How much of each category that is really there would pass."""
    decision: Decision = result.decision
    redacted = redact(notification, decision, rules)
    if isinstance(redacted, Refusal):
        return {}
    parts = {name.partition(".")[0] for name in redacted.claims}
    named = {category for category in Category if category.value in parts}
    extents = decision.ruling.extents
    return {category: extents[category] for category in named | set(redacted.held)}
