"""Police incidents as JSON: a child among the victims is a concern, and nothing else is."""

import copy
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Event, Item, Nothing, Quarantined
from adapters.events import cloud_event
from broker.domain.words import Agency, EventType
from tests.adapters import held
from tests.adapters.mutations import JSON, oddities, paths, replaced
from tests.adapters.test_conformance import accounted_for

FORM = "police-json"
HOME = {"lines": ["9 Quarry View", "Wexcombe"], "postcode": "ZZ99 3VZ"}
CHILD = {
    "givenName": ["Test", "Mae"],
    "surname": "Sample",
    "dateOfBirth": "2016-03-09",
    "gender": "GNDR_0001",
    "nominal": "88210417",
    "currentAddress": HOME,
}


def person(identity: str, **attributes: Any) -> dict[str, Any]:
    return {"type": "person", "id": identity, "attributes": attributes}


def incident(*people: dict[str, Any], roles: dict[str, list[str]], **attributes: Any) -> bytes:
    known = {each["id"]: each["type"] for each in people}
    data = {
        "type": "incident",
        "id": "4f5d0f5a-0000-4000-8000-000000000001",
        "attributes": {
            "forceIdentifier": "99",
            "incidentStartDateTime": {"dateFrom": "2026-11-20", "timeFrom": "16:00:00"},
            "incidentDescription": "Shouting; she wedged the door. | ^ ~ &",
            "incidentType": "assault",
            **attributes,
        },
        "relationships": {
            role: {"data": [{"type": known.get(each, "person"), "id": each} for each in ids]}
            for role, ids in roles.items()
        },
    }
    return json.dumps({"data": data, "included": list(people)}).encode()


def read(native: bytes, **profile: Any) -> Sequence[Item]:
    return held.read(Agency.POLICE, FORM, native, **profile)


def only(items: Sequence[Item]) -> Event:
    (found,) = held.events(items)
    held.signed(found, Agency.POLICE, FORM)
    return found


def reasons(items: Sequence[Item]) -> list[str]:
    return [each.type.value if isinstance(each, Event) else each.reason for each in items]


def said(event: Event, category: str) -> dict[str, Any]:
    found: Any = event.categories[category]
    return dict(found)


def test_a_child_victim_is_a_concern_with_the_words_as_written() -> None:
    event = only(read(incident(person("p1", **CHILD), roles={"victim": ["p1"]})))
    assert event.type is EventType.CONCERN_RAISED
    assert (event.plain["level"], event.plain["level_state"]) == ("child_in_need", "not_sure")
    narrative = said(event, "narrative")
    assert narrative["full"]["words"] == "Shouting; she wedged the door. | ^ ~ &"
    assert narrative["summary"]["occurred"] == "2026-11-20T16:00:00+00:00"
    assert said(event, "identity")["full"]["identifiers"][0]["value"] == "88210417"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"dateOfBirth": "1990-01-01", "under18": True}, "no_child_victim"),
        ({"dateOfBirth": "2008-11-20"}, "no_child_victim"),
        ({"dateOfBirth": "2008-11-21"}, "concern.raised"),
        ({"under18": True}, "concern.raised"),
        ({"under18": "true"}, "concern.raised"),
        ({"Under-18": "True"}, "concern.raised"),
        ({"under18": "false"}, "no_child_victim"),
        ({"age": 9}, "concern.raised"),
        ({}, "no_child_victim"),
        ({"dateOfBirth": "1970-01-01", "under18": True}, "concern.raised"),
    ],
)
def test_a_birth_date_on_the_day_comes_before_what_is_said_of_the_age(
    attributes: dict[str, Any], expected: str
) -> None:
    victim = person("p1", surname="Child", **attributes)
    assert reasons(read(incident(victim, roles={"victim": ["p1"]}))) == [expected]


def test_siblings_are_told_apart_and_tied_together() -> None:
    brother = person("p2", **{**CHILD, "nominal": "2", "givenName": "Kit"})
    items = read(incident(person("p1", **CHILD), brother, roles={"victims": ["p1", "p2"]}))
    first, second = held.events(items)
    assert first.subject_key != second.subject_key
    assert first.correlation_key == second.correlation_key
    assert said(first, "identity")["summary"]["given_name"] == "Test Mae"


@pytest.mark.parametrize(
    "native",
    [
        json.dumps({"data": []}).encode(),
        json.dumps({"data": person("p1", **CHILD)}).encode(),
        json.dumps({"data": {"type": "search", "id": "1"}, "included": []}).encode(),
        json.dumps({"errors": [{"title": "safeguarding concern"}]}).encode(),
        incident(person("p1", **CHILD), roles={"witness": ["p1"]}),
    ],
)
def test_what_is_no_incident_with_a_child_victim_raises_nothing(native: bytes) -> None:
    assert all(isinstance(each, Nothing) for each in read(native))


def test_a_victim_who_is_not_included_goes_to_a_person() -> None:
    (item,) = read(incident(roles={"victim": ["p9"]}))
    assert isinstance(item, Quarantined)
    assert item.reason == "no_subject"


def test_domestic_abuse_proposes_encompass_only_where_the_child_lives_or_was() -> None:
    place = {"type": "location", "id": "l1", "attributes": {"address": HOME}}
    roles = {"victim": ["p1"], "location": ["l1"]}
    child, kind = person("p1", **CHILD), {"incidentType": "domestic-abuse"}
    assert only(read(incident(child, place, roles=roles, **kind))).routing["gateway"]
    elsewhere = copy.deepcopy(place)
    elsewhere["attributes"]["address"] = {"lines": ["1 Other Street"]}  # type: ignore[index]
    away = only(read(incident(child, elsewhere, roles=roles, **kind)))
    assert "gateway" not in away.routing
    assert said(away, "police_incident")["summary"]["kind"] == "domestic_abuse"
    seen = person("p1", **{**CHILD, "childPresent": "true"})
    assert only(read(incident(seen, elsewhere, roles=roles, **kind))).routing["gateway"]
    assert "gateway" not in only(read(incident(seen, place, roles=roles))).routing


def test_whoever_reported_it_stands_apart_and_a_professional_nowhere() -> None:
    pat = {"givenName": ["Pat"], "surname": "Onlooker", "dateOfBirth": "1980-01-01"}
    roles = {"victim": ["p1"], "reporter": ["p2"]}
    event = only(read(incident(person("p1", **CHILD), person("p2", **pat), roles=roles)))
    assert said(event, "referrer")["full"] == {"name": "Pat Onlooker"}
    rest = {name: each for name, each in event.categories.items() if name != "referrer"}
    assert "Onlooker" not in json.dumps(rest)
    nurse = person("p2", **pat, professional=True)
    event = only(read(incident(person("p1", **CHILD), nurse, roles=roles)))
    assert "referrer" not in event.categories


def test_suspects_offences_and_graded_intelligence_have_their_own_categories() -> None:
    suspect = person("p3", surname="Elder", dateOfBirth="1985-01-01")
    offence = {"type": "offence", "id": "o1", "attributes": {"offenceCode": "8/06"}}
    charged = {"offenceCode": "00806", "outcome": "charged", "offenceDate": "2026-11-20"}
    other = {"type": "offence", "id": "o2", "attributes": charged}
    intel = {
        "type": "intel",
        "id": "i1",
        "attributes": {"sourceGrade": 2, "informationGrade": "c", "handling": "P", "text": "Told."},
    }
    roles = {"victim": ["p1"], "suspect": ["p3"], "offence": ["o1", "o2"], "intel": ["i1"]}
    event = only(read(incident(person("p1", **CHILD), suspect, offence, other, intel, roles=roles)))
    offences = said(event, "offences")
    assert offences["summary"]["offences"][1] == {
        "relation": "unknown",
        "code": {"system": "ho-offence", "code": "00806"},
        "outcome": "charged",
        "on": "2026-11-20",
    }
    assert offences["full"]["native_codes"][0]["code"] == "8/06"
    assert said(event, "police_intelligence")["summary"]["source_grade"] == "2"
    (elder,) = said(event, "police_incident")["full"]["people"]
    assert elder["roles"] == ["alleged_source_of_harm"]


def test_a_protected_childs_place_stands_in_one_category_alone() -> None:
    child = person("p1", **CHILD, markers=[{"code": "Refuge"}])
    event = only(read(incident(child, roles={"victim": ["p1"]})))
    assert event.routing["location_protected"] is True
    rest = {name: each for name, each in event.categories.items() if name != "protected_location"}
    assert "Quarry" not in json.dumps(rest)


def test_police_protection_is_an_emergency() -> None:
    event = only(
        read(incident(person("p1", **CHILD), roles={"victim": ["p1"]}, policeProtectionUsed=True))
    )
    assert event.plain["level"] == "emergency"
    assert event.plain["urgency"] == "immediate"


@pytest.mark.parametrize("status", ["Cancelled", "created in error", "deleted", "no-crime"])
def test_a_cancelled_incident_takes_back_what_was_raised(status: str) -> None:
    native = incident(person("p1", **CHILD), roles={"victim": ["p1"]}, status=status)
    raised = only(read(incident(person("p1", **CHILD), roles={"victim": ["p1"]})))
    taken = only(read(native, retract_when=["created in error"]))
    assert taken.type is EventType.CONCERN_RETRACTED
    assert (taken.reference, taken.subject_key) == (raised.reference, raised.subject_key)


def test_a_nominal_that_another_took_the_place_of_is_a_merge() -> None:
    child = person("p1", **CHILD, sameAs=["77000001"])
    (merged,) = held.events(read(json.dumps({"data": child}).encode()))
    assert merged.plain["kind"] == "merged"
    assert merged.former_subject_key == "nominal:77000001"
    assert "Quarry" not in json.dumps(held.signed(merged, Agency.POLICE, FORM))


def test_a_member_of_theirs_that_nobody_mapped_survives_and_is_named() -> None:
    event = only(
        read(incident(person("p1", **CHILD), roles={"victim": ["p1"]}, thisForcesOwn={"a": 1}))
    )
    assert event.unseen == ("thisForcesOwn",)
    assert event.native["unread"] == [{"field": "thisForcesOwn", "value": '{"a": 1}'}]


FULL = json.loads(
    incident(
        person("p1", **CHILD, sameAs=["1"], markers=["refuge"]),
        person("p2", surname="Elder"),
        {"type": "location", "id": "l1", "attributes": {"address": HOME}},
        {"type": "offence", "id": "o1", "attributes": {"offenceCode": "1"}},
        roles={"victim": ["p1"], "suspect": ["p2"], "location": ["l1"], "offence": ["o1"]},
        incidentType="domestic-abuse",
    )
)


@given(st.data())
def test_an_incident_with_any_part_replaced_is_accounted_for(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(paths(FULL)))
    document = replaced(FULL, path, data.draw(JSON))
    accounted_for(Agency.POLICE, FORM, json.dumps(document).encode())


def test_nothing_that_stands_where_another_thing_was_promised_is_a_crash() -> None:
    where = held.where(Agency.POLICE, FORM)
    for document in oddities(FULL):
        for item in read(json.dumps(document).encode()):
            if isinstance(item, Event):
                cloud_event(item, where, event_key=held.KEY)
