"""A pointer's rows: on its way, before a person's eyes, and in the ledger."""

from broker.domain.pointer import Pointer
from broker.recording.sheet import Record


def pointed(pointer: Pointer, record: Record) -> None:
    """
    No claims, nothing held, no decision, no level. Its leaf names its recipient and nobody else: a
    recipient is given its leaf, and where a location is protected the publisher could tell it.
    """
    notification, recipient = record.genuine.notification, pointer.recipient
    commit = record.leaf(
        "pointed",
        {
            "pointer": pointer.id,
            "recipient": f"{recipient.organisation} {recipient.role.value}",
            "ring": pointer.ring,
        },
        organisation=recipient.organisation,
        disclosure=pointer.id,
        names_publisher=False,
    )
    record.sheet.outbox.append(
        (
            "pointer",
            pointer.id,
            None,
            notification.publisher,
            notification.id,
            recipient.organisation,
            notification.lane.value,
            [],
            [],
            pointer.ring,
            commit,
            record.policy,
            record.facts,
            None,
            None,
            record.now,
        )
    )
    record.sheet.alert.append(
        (
            record.chance.alert(),
            pointer.id,
            recipient.organisation,
            recipient.role.value,
            record.subject,
            notification.publisher,
            notification.id,
            None,
            True,
            record.now,
        )
    )
