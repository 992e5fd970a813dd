"""From what was read to the object before signing: ids, who to ring, and what goes to a person."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.contract import Event, Quarantined, Site
from adapters.events import cloud_event, lane, pseudonym, thread_of
from broker.domain.ids import OrganisationId
from broker.domain.words import Agency, EventType, Lane
from tests.adapters import held
from tests.adapters.health.documents import CARRIERS, carrier, concern, patient

KEY = bytes(range(32))


def where(**profile: object) -> Site:
    return held.where(Agency.HEALTH, "fhir-r4", **profile)


def made(event: Event, site: Site | None = None, key: bytes = KEY) -> dict[str, object]:
    found = cloud_event(event, site or where(), event_key=key)
    assert not isinstance(found, Quarantined), found
    return found


@pytest.fixture
def event() -> Event:
    return concern(patient(), carrier(note=[{"text": "Afraid to go home."}]))


def test_the_same_record_is_the_same_event_whenever_it_arrives(event: Event) -> None:
    later = replace(where(), received=where().received + timedelta(days=3))
    assert made(event)["id"] == made(event, later)["id"]


def test_another_version_is_another_event_of_the_same_thread(event: Event) -> None:
    later = replace(event, version="2")
    assert made(event)["id"] != made(later)["id"]
    assert thread_of(event, where(), KEY) == thread_of(later, where(), KEY)


@pytest.mark.parametrize("name", ["reference", "subject_key"])
def test_another_record_or_child_is_another_thread(event: Event, name: str) -> None:
    other = replace(event, **{name: "another"})  # type: ignore[arg-type]
    assert thread_of(event, where(), KEY) != thread_of(other, where(), KEY)


def test_parts_that_run_together_alike_are_told_apart(event: Event) -> None:
    first = replace(event, reference="a", subject_key="bc")
    second = replace(event, reference="ab", subject_key="c")
    assert thread_of(first, where(), KEY) != thread_of(second, where(), KEY)


def test_nobody_without_the_key_can_make_the_ids(event: Event) -> None:
    mine, other = made(event), made(event, key=bytes(32))
    for name in ("id", "subject", "partitionkey"):
        assert mine[name] != other[name]


def test_a_child_has_another_pseudonym_with_another_publisher() -> None:
    elsewhere = replace(where(), organisation=OrganisationId("org:ods:RYY"))
    assert pseudonym(KEY, where(), "1") != pseudonym(KEY, elsewhere, "1")


def test_attributes_carry_no_personal_data(event: Event) -> None:
    outside = {name: value for name, value in made(event).items() if name != "data"}
    written = repr(outside)
    assert not [word for word in ("Juno", "Testcase", "9990000050", "R-1") if word in written]
    assert re.fullmatch(r"ps:[A-Za-z0-9_-]{22}", str(outside["subject"]))
    assert re.fullmatch(r"[a-z2-7]{26}", str(outside["id"]))


def test_the_spoken_reference_is_made_from_the_id(event: Event) -> None:
    data = made(event)["data"]
    assert isinstance(data, dict)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", data["reference"])
    assert data["reference"] == made(event)["data"]["reference"]  # type: ignore[index]


def test_what_is_present_is_listed_part_by_part(event: Event) -> None:
    data = made(event)["data"]
    assert isinstance(data, dict)
    for category, parts in data["categories"].items():
        assert sorted(data["present"][category]) == sorted(parts)


def test_where_nobody_is_named_to_ring_it_is_the_sites_contact_with_a_fault(event: Event) -> None:
    data = made(event)["data"]
    assert isinstance(data, dict)
    assert data["categories"]["narrative"]["full"]["reply"] == where().profile["reply"]
    assert {"field": "reply", "why": "unreadable"} in data["native"]["faults"]


def test_a_reply_that_somebody_gave_is_kept(event: Event) -> None:
    own = {"role": "Ward sister", "telephone": "01632 960111"}
    narrative = dict(event.categories["narrative"])
    narrative["full"] = {"words": "w", "reply": own}
    data = made(replace(event, categories={**event.categories, "narrative": narrative}))["data"]
    assert data["categories"]["narrative"]["full"]["reply"] == own  # type: ignore[index]


def test_what_does_not_fit_goes_to_a_person_and_names_no_value(event: Event) -> None:
    wrong = replace(event, plain={**event.plain, "level": "Marked"})
    found = cloud_event(wrong, where(), event_key=KEY)
    assert isinstance(found, Quarantined)
    assert found.reason == "schema"
    assert "Marked" not in found.detail


def test_a_persons_concern_without_words_says_so(event: Event) -> None:
    native = {**event.native, "made_by": "person"}
    narrative = {"summary": event.categories["narrative"]["summary"]}
    silent = replace(event, native=native, categories={**event.categories, "narrative": narrative})
    found = cloud_event(silent, where(), event_key=KEY)
    assert isinstance(found, Quarantined)
    assert found.reason == "no_words"


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ({"level": "emergency", "urgency": "immediate"}, Lane.EMERGENCY),
        ({"level": "child_in_need", "urgency": "immediate"}, Lane.EMERGENCY),
        ({"level": "significant_harm", "urgency": "same_day"}, Lane.ROUTINE),
        ({"level": "nobody can read this", "urgency": "routine"}, Lane.EMERGENCY),
    ],
)
def test_what_goes_to_a_person_keeps_its_lane(
    event: Event, plain: dict[str, str], expected: Lane
) -> None:
    broken = replace(event, plain={**event.plain, **plain, "family": "wrong"})
    found = cloud_event(broken, where(), event_key=KEY)
    assert isinstance(found, Quarantined)
    assert (found.lane, lane(broken)) == (expected, expected)


def test_siblings_of_one_message_share_a_correlation_that_is_keyed(event: Event) -> None:
    both = [replace(event, correlation_key="B-1", subject_key=key) for key in ("1", "2")]
    found = [made(each)["data"]["routing"]["correlation"] for each in both]  # type: ignore[index]
    assert found[0] == found[1]
    assert "b-1" not in found[0]


@pytest.mark.parametrize("kind", CARRIERS)
def test_a_retraction_bears_the_thread_of_what_it_takes_back(kind: str) -> None:
    raised = concern(patient(), carrier(kind))
    retracted = replace(
        raised, type=EventType.CONCERN_RETRACTED, plain={"reason": "duplicate"}, routing={},
        categories={}, version="2",
    )  # fmt: skip
    assert made(raised)["data"]["thread"] == made(retracted)["data"]["thread"]  # type: ignore[index]
    assert made(retracted)["dataschema"] == "https://concern-broker.example/schemas/fact/1.0.json"


def test_time_is_when_it_was_received_in_utc(event: Event) -> None:
    assert made(event)["time"] == "2026-11-20T12:00:00Z"
    assert made(event)["data"]["iat"] == int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp())  # type: ignore[index]
