"""
Deciding again: a concern that was decided before, under what is known now.

Whatever still waits is superseded by the new decision, so that nothing leaves which it would not
let pass. What has left stays told, unless somebody took back the agreement that it rested on, an
override was found not justified, or it was told about the wrong child: then its recipient is asked
to use it no longer (DOMAIN.md 3.2 rule 6, 4.4, 6.1). An agreement that merely ran out recalls
nothing: what was told under it was lawful.
"""

from collections.abc import Iterable, Mapping, Sequence

from broker.directory import told_before, who_might_need_to_know
from broker.disclosure import recall_id, redact
from broker.domain.batch import Again, Cause, Disclosure, Earlier, Recall, Refusal, Stands, Told
from broker.domain.decision import Candidate, Decision, Recipient
from broker.domain.known import Directory, Known, Rules
from broker.domain.words import Category
from broker.journey import decide
from broker.ports import Policies

Result = Disclosure | Refusal | Stands


def again(
    earlier: Earlier,
    known: Known,
    *,
    cause: Cause,
    policies: Policies,
    rules: Rules,
    directory: Directory,
) -> Again:
    """Steps 4 to 6 once more. Whoever was told before is decided for too, related or not."""
    notification, made_in = earlier.genuine.notification, earlier.round + 1
    asked = who_might_need_to_know(
        notification, earlier.match, known, rules=rules, directory=directory
    )
    before = told_before(
        notification,
        earlier.match,
        known,
        recipients=_recipients(earlier.told, asked),
        rules=rules,
        directory=directory,
    )
    told = _by_recipient(earlier.told)
    results: list[Result] = []
    recalls: list[Recall] = []
    for decision in decide(asked, policies):
        held = told.get(decision.recipient, ())
        redacted = redact(notification, decision, rules, made_in_round=made_in)
        results.append(_unless_told(redacted, () if cause.wrong_match else held))
        recalls += _recalls(decision, held, cause, made_in)
    for decision in decide(before, policies):
        redacted = redact(notification, decision, rules, made_in_round=made_in)
        results.append(_no_longer_asked(redacted))
        held = told[decision.recipient]
        recalls += _recalls(decision, held, cause, made_in, unrelated=True)
    refused = {each.decision.recipient for each in results if isinstance(each, Refusal)}
    return Again(
        earlier=earlier,
        cause=cause,
        round=made_in,
        results=results,
        superseded=[
            (each, _ground(each, cause, refused=each.recipient in refused))
            for each in earlier.told
            if each.waiting
        ],
        recalls=recalls,
    )


def _recipients(told: Iterable[Told], asked: Sequence[Candidate]) -> tuple[Recipient, ...]:
    """Whoever was told before and would not be asked about now, each once."""
    now = {candidate.recipient for candidate in asked}
    return tuple(dict.fromkeys(each.recipient for each in told if each.recipient not in now))


def _by_recipient(told: Iterable[Told]) -> Mapping[Recipient, Sequence[Told]]:
    found: dict[Recipient, list[Told]] = {}
    for each in told:
        found.setdefault(each.recipient, []).append(each)
    return found


def _no_longer_asked(redacted: Disclosure | Refusal) -> Refusal:
    """Whoever is no candidate any more is told nothing new, not even that there is more."""
    if isinstance(redacted, Refusal):
        return redacted
    return Refusal(
        decision_id=redacted.decision_id, decision=redacted.decision, ground="no_relationship"
    )


def _unless_told(redacted: Disclosure | Refusal, told: Sequence[Told]) -> Result:
    """A disclosure only of something new: nobody is told the same twice."""
    if isinstance(redacted, Refusal):
        return redacted
    sent = [each for each in told if not each.waiting]
    known = {name for each in sent for name in each.claims if _holds(each, name)}
    categories = {category for each in sent for category in each.categories}
    if set(redacted.claims) <= known and set(redacted.held) <= categories:
        return Stands(decision_id=redacted.decision_id, decision=redacted.decision)
    return redacted


def _holds(told: Told, claim: str) -> bool:
    return Category(claim.partition(".")[0]) not in told.recalled


def _recalls(
    decision: Decision,
    told: Sequence[Told],
    cause: Cause,
    made_in: int,
    *,
    unrelated: bool = False,
) -> Iterable[Recall]:
    """What left under what was taken back, or through a wrong match, and no longer may."""
    recipient = decision.recipient
    lost = unrelated and (recipient.organisation, recipient.role) in cause.unrelated
    for each in told:
        if each.waiting:
            continue
        if cause.wrong_match or lost:  # even of whoever may know it: it said another child
            tainted, ground = set(each.categories), "wrong_child"
        else:
            tainted = {
                category
                for category in _rested(each, cause) & each.categories
                if _less(decision, each, category)
            }
            ground = "withdrawn" if cause.recalls_agreement else "override_not_justified"
        if tainted:
            yield Recall(
                id=recall_id(each.disclosure, made_in),
                of=each,
                categories=frozenset(tainted),
                ground=ground,
            )


def _rested(told: Told, cause: Cause) -> frozenset[Category]:
    if cause.recalls_agreement:
        return told.needs_agreement
    if cause.recalls_override is None:
        return frozenset()
    return frozenset(
        category
        for category, override in told.overrides.items()
        if override == cause.recalls_override
    )


def _less(decision: Decision, told: Told, category: Category) -> bool:
    """Whether less of this category may be told now than was."""
    extent = decision.ruling.extents[category].value
    passes = {"full": {"summary", "full"}, "summary": {"summary"}}.get(extent, set[str]())
    was = {name.partition(".")[2] for name in told.claims if name.startswith(f"{category.value}.")}
    return bool(was - passes) or extent == "nothing"


def _ground(told: Told, cause: Cause, *, refused: bool) -> str:
    """Why a waiting disclosure does not leave."""
    if refused and cause.recalls_agreement and told.needs_agreement:
        return "withdrawn"
    return "decided_again"
