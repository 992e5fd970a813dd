"""CSC payloads for tests, as short as a referral allows."""

import json
from typing import Any

from adapters.contract import Event, Item
from broker.domain.words import Agency
from tests.adapters import held

COUNCIL, FORM = Agency.CHILDRENS_SERVICES, "csc-json"
Record = dict[str, Any]

DETAILS = {"first_name": "Tam", "surname": "Brandt", "date_of_birth": "2013-04-02", "sex": "M"}
EPISODE = {
    "social_care_episode_id": "SCE-1",
    "referral_date": "2026-11-02",
    "referral_source": "1A",
    "purge": False,
}
ENQUIRY = {"section_47_assessment_id": "S-1", "start_date": "2026-11-03", "purge": False}


def child(*episodes: Record, **more: Any) -> Record:
    record = {
        "la_child_id": "C-1",
        "child_details": DETAILS,
        "social_care_episodes": list(episodes),
        "purge": False,
    }
    return {**record, **more}


def read(*children: Any, **top: Any) -> list[Item]:
    payload = {"la_code": 999, "Children": list(children), **top}
    return list(held.read(COUNCIL, FORM, json.dumps(payload).encode()))


def episode(**more: Any) -> Record:
    return {**EPISODE, **more}


def assessed(*factors: str, **more: Any) -> list[Record]:
    return [{"child_and_family_assessment_id": "A-1", "factors": list(factors), **more}]


def only(*children: Any) -> Event:
    """The only item: an Event that fits its schema."""
    (item,) = read(*children)
    assert isinstance(item, Event), item
    held.signed(item, COUNCIL, FORM)
    return item


def types(items: list[Item]) -> list[str]:
    return [each.type.value if isinstance(each, Event) else type(each).__name__ for each in items]


def narrative(event: Event) -> Record:
    found = event.categories["narrative"]["summary"]
    assert isinstance(found, dict)
    return found
