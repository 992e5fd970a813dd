"""What arrived: the inbox row, and the receipt that its publisher is owed."""

import json
from datetime import datetime

from broker.domain.batch import Genuine, Outcome
from broker.domain.identity import Weighed
from broker.domain.ids import PolicyVersion
from broker.domain.rows import Row
from broker.ports import Custody
from broker.recording.sheet import Sheet


def keep(outcome: Outcome, key: bytes, sheet: Sheet, custody: Custody, now: datetime) -> None:
    """The inbox row: the token once, encrypted under its subject's key."""
    genuine, match = outcome.genuine, outcome.match
    notification = genuine.notification
    wrapped, body = custody.keep(notification.token.encode(), subject_key=key)
    candidates = [
        f"{result.decision.recipient.organisation} {result.decision.recipient.role.value}"
        for result in outcome.results
    ]
    sheet.inbox.append(
        (
            notification.publisher,
            notification.id,
            notification.type.value,
            notification.thread,
            notification.lane.value,
            notification.level.value,
            match.subject,
            match.state.value,
            match.why,
            notification.reference,
            notification.routing.correlation,
            sorted(match.doubted),
            candidates,
            genuine.token_sha256,
            wrapped,
            body,
            genuine.topic,
            genuine.partition,
            genuine.offset,
            notification.issued,
            now,
        )
    )
    link(outcome, sheet, wrapped, now)


def link(outcome: Outcome, sheet: Sheet, wrapped_key: bytes, now: datetime) -> None:
    """How it came to its subject: the decision, which stays, and where it stands now."""
    notification, match = outcome.genuine.notification, outcome.match
    named = (notification.publisher, notification.id, 1)
    doubted = sorted(match.doubted)
    sheet.link_decision.append(
        (
            *named, match.subject, match.state.value, match.why, doubted, sorted(match.disputed),
            json.dumps([evidence(each) for each in match.weighed]), match.model, None, now,
        )
    )  # fmt: skip
    about = notification.concern or notification.thread
    sheet.link.append(
        (
            *named,
            about,
            match.subject,
            match.state.value,
            match.why,
            doubted,
            sorted(match.disputed),
            wrapped_key,
        )
    )


def evidence(weighed: Weighed) -> dict[str, object]:
    """What spoke for one candidate and against: comparisons, levels and bits, and never a value."""
    return {
        "subject": weighed.subject,
        "bits": round(weighed.bits, 3),
        "lines": [
            [line.comparison.value, line.level, round(line.bits, 3)] for line in weighed.lines
        ],
        "forename": weighed.forename,
        "birth": weighed.birth,
        "identifier": weighed.identifier,
        "rule": weighed.rule,
        "guards": list(weighed.guards),
    }


def received(outcome: Outcome) -> dict[str, object]:
    genuine = outcome.genuine
    return {
        "notification": genuine.notification.id,
        "publisher": genuine.notification.publisher,
        "token": genuine.token_sha256.hex(),
        "match": outcome.match.state.value,
        "subject": outcome.match.subject,
    }


def accepted(genuine: Genuine, commit: bytes, policy: PolicyVersion, now: datetime) -> Row:
    """The broker's accepted receipt waits in the outbox like a disclosure, to the publisher."""
    notification = genuine.notification
    return (
        "accepted",
        f"accepted {notification.publisher} {notification.id}",
        None,
        notification.publisher,
        notification.id,
        notification.publisher,
        notification.lane.value,
        [],
        [],
        notification.publisher,
        commit,
        policy,
        0,
        None,
        None,
        now,
    )
