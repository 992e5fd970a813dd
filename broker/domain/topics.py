"""
Names of Kafka topics. A topic belongs to one organisation, so that the topic proves the producer
(SECURITY.md 5). Kafka allows no colon: `org:ods:RZZ` becomes `ods-RZZ`.
"""

from collections.abc import Iterable

from broker.domain.ids import OrganisationId
from broker.domain.words import Lane


def _short(organisation: OrganisationId) -> str:
    return organisation.removeprefix("org:").replace(":", "-", 1)


def concerns_topic(publisher: OrganisationId, lane: Lane) -> str:
    return f"concerns.{_short(publisher)}.{lane.value}"


def quarantine_topic(publisher: OrganisationId) -> str:
    return f"quarantine.{_short(publisher)}"


def disclosures_topic(recipient: OrganisationId) -> str:
    return f"disclosures.{_short(recipient)}"


def receipts_topic(organisation: OrganisationId) -> str:
    """What the broker tells an organisation about its own: accepted receipts, ledger proofs."""
    return f"receipts.{_short(organisation)}"


def receipts_in_topic(recipient: OrganisationId) -> str:
    """What a recipient's system tells the broker: received, read."""
    return f"receipts-in.{_short(recipient)}"


def topics_of(
    publishers: Iterable[OrganisationId], recipients: Iterable[OrganisationId]
) -> tuple[str, ...]:
    """Every topic that the directory calls for, sorted."""
    publishers, recipients = set(publishers), set(recipients)
    names = {concerns_topic(each, lane) for each in publishers for lane in Lane}
    names |= {quarantine_topic(each) for each in publishers}
    names |= {disclosures_topic(each) for each in recipients}
    names |= {receipts_in_topic(each) for each in recipients}
    names |= {receipts_topic(each) for each in publishers | recipients}
    return tuple(sorted(names))
