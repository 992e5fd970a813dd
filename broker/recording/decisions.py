"""What was decided: decision, outbox and alert rows, with their leaves; and what is recalled."""

import json

from broker.domain.batch import Disclosure, Recall, Refusal, Stands
from broker.domain.decision import Decision
from broker.recording.rulings import ruling_id, ruling_row
from broker.recording.sheet import Record

_OUTCOMES = {Disclosure: "disclosed", Refusal: "refused", Stands: "stands"}


def decided(result: Disclosure | Refusal | Stands, record: Record, made_in: int = 1) -> None:
    """One decision of one round, and the disclosure that comes of it."""
    decision, sheet, notification = result.decision, record.sheet, record.genuine.notification
    ruling = ruling_id(decision.candidate.question, decision.ruling.policy)
    if ruling not in sheet.ruling:
        sheet.ruling[ruling] = ruling_row(ruling, decision.candidate.question, decision.ruling)
    sheet.decision.append(
        (
            result.decision_id,
            notification.publisher,
            notification.id,
            record.subject,
            decision.recipient.organisation,
            decision.recipient.role.value,
            decision.candidate.why,
            ruling,
            _OUTCOMES[type(result)],
            result.ground if isinstance(result, Refusal) else None,
            made_in,
            _rests(decision),
            record.now,
        )
    )
    told = isinstance(result, Disclosure)
    commit = record.leaf(
        "decided",
        {
            "decision": result.decision_id,
            "recipient": f"{decision.recipient.organisation} {decision.recipient.role.value}",
            "ruling": ruling,
            "disclosed": told,
            "claims": list(result.claims) if isinstance(result, Disclosure) else [],
            "rests": json.loads(_rests(decision)),
        },
        reference=result.decision_id,
        organisation=decision.recipient.organisation,
        disclosure=result.id if isinstance(result, Disclosure) else None,
    )
    if isinstance(result, Disclosure):
        _disclosed(result, decision, commit, record)


def _rests(decision: Decision) -> str:
    """What it rested on at that instant, as JSON: by category, and by whom it would be less."""
    rests = decision.candidate.rests
    return json.dumps(
        {
            "consent": {
                category.value: {"directive": wished.directive, "state": wished.state.value}
                for category, wished in rests.wished.items()
            },
            "overrides": {category.value: each for category, each in rests.overrides.items()},
            "needs_agreement": sorted(each.value for each in decision.needs_agreement),
            "needs_override": sorted(each.value for each in decision.needs_override),
        }
    )


def _disclosed(result: Disclosure, decision: Decision, commit: bytes, record: Record) -> None:
    notification, sheet = record.genuine.notification, record.sheet
    organisation = decision.recipient.organisation
    sheet.outbox.append(
        (
            "disclosure",
            result.id,
            result.decision_id,
            notification.publisher,
            notification.id,
            organisation,
            notification.lane.value,
            list(result.claims),
            [category.value for category in result.held],
            result.ring,
            commit,
            decision.ruling.policy,
            record.facts,
            decision.candidate.rests.good_until,
            None,
            record.now,
        )
    )
    sheet.alert.append(
        (
            record.chance.alert(),
            result.id,
            organisation,
            decision.recipient.role.value,
            record.subject,
            notification.publisher,
            notification.id,
            decision.ruling.level_used.value,
            result.must_see,
            record.now,
        )
    )


def recalled(recall: Recall, record: Record) -> None:
    """An earlier recipient is told what it may no longer use; it is open until their receipt."""
    notification, told = record.genuine.notification, recall.of
    commit = record.leaf(
        "recalled",
        {
            "recall": recall.id,
            "disclosure": told.disclosure,
            "categories": sorted(each.value for each in recall.categories),
            "ground": recall.ground,
        },
        reference=told.decision_id,
        organisation=told.recipient.organisation,
        disclosure=recall.id,
    )
    record.sheet.outbox.append(
        (
            "recall",
            recall.id,
            told.decision_id,
            notification.publisher,
            notification.id,
            told.recipient.organisation,
            notification.lane.value,
            [],
            sorted(category.value for category in recall.categories),
            notification.publisher,
            commit,
            record.policy,
            record.facts,
            None,
            f"{told.disclosure} {recall.ground}",
            record.now,
        )
    )
    record.sheet.alert.append(
        (
            record.chance.alert(),
            recall.id,
            told.recipient.organisation,
            told.recipient.role.value,
            record.subject,
            notification.publisher,
            notification.id,
            notification.level.value,
            True,
            record.now,
        )
    )
