"""Whom a FHIR concern is about, and where that person is."""

from typing import Any

import pytest

from adapters.contract import Event, Nothing, Quarantined
from broker.domain.words import Agency, EventType, Lane
from tests.adapters import held
from tests.adapters.health.documents import (
    ICD10,
    NHS_NUMBER,
    ODS,
    bundle,
    carrier,
    concept,
    concern,
    everywhere,
    labelled,
    patient,
    read,
    read_one,
)

HOME = {"line": ["1 Hidden Way"], "city": "Marlhaven", "postalCode": "ZZ99 3WZ"}
AT_HOME = {"address": [HOME], "telecom": [{"system": "phone", "value": "01632 960555"}]}
PLACING = ("1 Hidden Way", "Marlhaven", "ZZ99 3WZ", "01632 960555")
UNBORN = "878111000000109"


def identity(event: Event, part: str) -> dict[str, object]:
    found = event.categories["identity"].get(part, {})
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    "reference",
    ["Patient/p1", "https://rzz.example/fhir/Patient/p1", "Patient/p1/_history/4"],
)
def test_the_subject_is_found_by_any_spelling_of_its_reference(reference: str) -> None:
    event = concern(patient(), carrier(subject={"reference": reference}))
    assert identity(event, "summary")["given_name"] == "Juno"


def test_the_subject_is_found_by_full_url_and_contained() -> None:
    full_url = "urn:uuid:00000000-0000-4000-8000-000000000001"
    entries = [
        {"fullUrl": full_url, "resource": patient(id=None)},
        {"resource": carrier(subject={"reference": full_url})},
    ]
    (event,) = read(bundle(entry=entries))
    assert isinstance(event, Event)
    inside = carrier(subject={"reference": "#p1"}, contained=[patient()])
    assert identity(concern(inside), "summary")["given_name"] == "Juno"


def test_a_condition_contained_in_a_referral_raises() -> None:
    contained = carrier(id="c1", identifier=None)
    event = concern(patient(), carrier("ServiceRequest", "1", contained=[contained]))
    assert event.reference == "B-1/r1#c1"


def test_a_subject_given_only_by_identifier_is_described() -> None:
    known = {"identifier": {"system": NHS_NUMBER, "value": "9990000050"}}
    event = concern(carrier(subject=known))
    assert identity(event, "summary")["known"] == "described"


def test_a_patient_that_stayed_at_home_is_a_number_of_the_publishers_own() -> None:
    event = concern(carrier(subject={"reference": "Patient/77"}))
    assert identity(event, "full")["identifiers"] == [
        {"system": "local_record_number", "value": "77", "issuer": "org:ods:RZZ",
         "assurance": "unverified"}
    ]  # fmt: skip


@pytest.mark.parametrize("subject", [None, {"reference": "urn:uuid:nobody"}, {"display": "Juno"}])
def test_who_is_nobody_goes_to_a_person(subject: dict[str, str] | None) -> None:
    item = read_one(carrier(subject=subject))
    assert item == Quarantined(reason="no_subject", detail="Condition")


def test_with_two_patients_and_no_subject_nobody_is_guessed() -> None:
    item = read_one(patient(), patient(id="p2"), carrier("Communication", subject=None))
    assert item == Quarantined(reason="no_subject", detail="Communication")


def test_siblings_are_a_notification_each_and_share_their_correlation() -> None:
    second = patient(id="p2", identifier=[{"system": NHS_NUMBER, "value": "9990000069"}])
    flags = [
        carrier("Flag", id=f"f{n}", identifier=None, subject={"reference": f"Patient/p{n}"})
        for n in (1, 2)
    ]
    items = held.events(read(bundle(patient(), second, *flags)))
    assert len({each.subject_key for each in items}) == 2
    assert [each.correlation_key for each in items] == ["B-1", "B-1"]


# Numbers, names, dates ----------------------------------------------------------------------------


def verified(status: str) -> dict[str, object]:
    system = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland"
    extension = [{"url": "verification", "valueCodeableConcept": concept(status, system)}]
    return {"system": NHS_NUMBER, "value": "9990000050", "extension": extension}


@pytest.mark.parametrize(
    ("identifier", "assurance"),
    [
        (verified("01"), "verified"),
        (verified("02"), "checksum_ok"),
        ({"system": NHS_NUMBER, "value": "999 000 0050"}, "checksum_ok"),
        ({"system": NHS_NUMBER, "value": "9990000051"}, "invalid"),
        ({"system": NHS_NUMBER, "value": "0000000000"}, "invalid"),
        ({"system": NHS_NUMBER, "value": "3333333333"}, "invalid"),
    ],
)
def test_how_far_an_nhs_number_may_be_relied_on(
    identifier: dict[str, object], assurance: str
) -> None:
    event = concern(patient(identifier=[identifier]), carrier())
    numbers = identity(event, "full")["identifiers"]
    assert [each["assurance"] for each in numbers] == [assurance]  # type: ignore[attr-defined]


def test_an_nhs_number_written_as_a_number_is_a_fault_and_never_used() -> None:
    event = concern(patient(identifier=[{"system": NHS_NUMBER, "value": 999000005}]), carrier())
    assert "identifiers" not in identity(event, "full")
    assert {"field": "Patient.identifier", "why": "bad_identifier"} in _faults(event)


def test_children_with_the_same_placeholder_number_are_not_the_same_child() -> None:
    zeros = [{"system": NHS_NUMBER, "value": "0000000000"}]
    first = concern(patient(identifier=zeros), carrier())
    other = [{"family": "Other", "given": ["Wren"]}]
    second = concern(patient(identifier=zeros, name=other), carrier())
    assert first.subject_key != second.subject_key


@pytest.mark.parametrize("born", ["31/12/2014", "2014-02-31", "1900-01-01", "unknown"])
def test_a_bad_birth_date_never_stops_a_concern(born: str) -> None:
    event = concern(patient(birthDate=born), carrier())
    assert "birth_date" not in identity(event, "summary")
    assert {"field": "Patient.birthDate", "why": "bad_date"} in _faults(event)


def test_a_partial_birth_date_is_never_padded() -> None:
    assert (
        identity(concern(patient(birthDate="2014"), carrier()), "summary")["birth_date"] == "2014"
    )


def test_a_name_that_does_not_fit_is_kept_as_a_description_and_the_concern_passes() -> None:
    event = concern(patient(name=[{"family": "<script>", "given": ["Juno"]}]), carrier())
    assert "family_name" not in identity(event, "summary")
    assert identity(event, "full")["description"] == "Juno <script>"


def _faults(event: Event) -> list[object]:
    found = event.native["faults"]
    assert isinstance(found, list)
    return found


def test_an_adult_by_birth_date_is_dropped_and_a_record_about_one_goes_to_a_person() -> None:
    adult = patient(birthDate="1990-01-01")
    assert read_one(adult, carrier()) == Nothing(reason="adult")
    item = read_one(adult, carrier("ServiceRequest"))
    assert item == Quarantined(reason="over_18", detail="ServiceRequest")


def test_age_is_at_the_event_and_without_a_birth_date_it_is_raised() -> None:
    born = patient(birthDate="2008-11-20")
    assert isinstance(read_one(born, carrier(recordedDate="2026-11-19")), Event)
    assert read_one(born, carrier(recordedDate="2026-11-20")) == Nothing(reason="adult")
    assert isinstance(read_one(patient(birthDate=None), carrier()), Event)


def test_an_adult_in_a_record_without_a_date_goes_to_a_person() -> None:
    item = read_one(patient(birthDate="1990-01-01"), carrier(recordedDate=None))
    assert item == Quarantined(reason="over_18", detail="Condition")


# Where somebody is --------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["R", "V", "TURVAKIELTO"])
@pytest.mark.parametrize("bearer", ["patient", "carrier", "bundle", "encounter"])
def test_what_places_a_protected_child_stands_in_protected_location_alone(
    label: str, bearer: str
) -> None:
    meta: dict[str, dict[str, Any]] = {bearer: {"meta": labelled(label)}}
    encounter = {
        "resourceType": "Encounter",
        "id": "e1",
        "subject": {"reference": "Patient/p1"},
        **meta.get("encounter", {}),
    }
    mother = {
        "resourceType": "RelatedPerson",
        "patient": {"reference": "Patient/p1"},
        "name": [{"text": "Wren Testcase"}],
        "address": [HOME],
        "telecom": [{"system": "phone", "value": "01632 960555"}],
    }
    native = bundle(
        patient(**AT_HOME, **meta.get("patient", {})),
        encounter,
        mother,
        carrier(**meta.get("carrier", {})),
        **meta.get("bundle", {}),
    )
    (event,) = held.events(read(native))
    held.signed(event, Agency.HEALTH, "fhir-r4")
    assert event.routing["location_protected"] is True
    elsewhere = everywhere(event, but="protected_location")
    assert not [word for word in PLACING if word in elsewhere]
    location = event.categories["protected_location"]
    assert location["summary"] == {"kind": "not_stated"}
    assert location["full"]["address"]["postcode"] == "ZZ99 3WZ"  # type: ignore[index]


def test_facts_about_a_protected_child_say_nothing_of_where_it_is() -> None:
    gp = [{"identifier": {"system": ODS, "value": "Y99999"}}]
    child = patient(**AT_HOME, generalPractitioner=gp, meta=labelled("R"))
    items = held.events(read(bundle(child, carrier("Flag", "224353004"))))
    assert [each.type for each in items] == [
        EventType.CASE_OPENED,
        EventType.RELATIONSHIP_CHANGED,
    ]
    for event in items:
        assert not [word for word in PLACING if word in everywhere(event, but="nothing")]


def test_without_a_label_the_address_is_part_of_who_somebody_is() -> None:
    event = concern(patient(**AT_HOME), carrier())
    assert identity(event, "full")["address"] == {
        "lines": ["1 Hidden Way", "Marlhaven"],
        "postcode": "ZZ99 3WZ",
    }
    assert event.routing["location_protected"] is False


# The unborn ---------------------------------------------------------------------------------------


def test_an_unborn_child_is_not_its_mother() -> None:
    mother = patient(birthDate="2010-01-01")
    unborn = concern(mother, carrier(code=UNBORN))
    assert identity(unborn, "summary") == {"known": "described", "subject_kind": "unborn"}
    assert unborn.subject_key != concern(mother, carrier()).subject_key
    people = unborn.categories["family"]["full"]["people"]  # type: ignore[index]
    assert people[0]["name"] == "Juno Testcase"
    assert "9990000050" not in str(unborn.categories["identity"])


def test_an_expected_date_in_the_message_identifies_an_unborn_child() -> None:
    scan = carrier("Observation", "11778-8", "http://loinc.org", valueDateTime="2027-02-20")
    event = concern(patient(birthDate="1999-01-01"), scan, carrier(code=UNBORN))
    assert identity(event, "summary") == {
        "known": "identified",
        "subject_kind": "unborn",
        "expected_birth_date": "2027-02-20",
    }


# What cannot be read ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        (b'<Flag xmlns="http://hl7.org/other"/>', "not_this_format"),
        (b'{"resourceType": "Flag", "resourceType": "Flag"}', "duplicate_keys"),
        (b'{"resourceType": "Flag", "a": NaN}', "not_this_format"),
        (b'{"resourceType": "Flag"', "not_this_format"),
        (b'{"resourceType": "Fl\xe4g"}', "bad_encoding"),
        (b'{"resourceType": "Flag", "a": ' + b"[" * 40 + b"]" * 40 + b"}", "too_deep"),
        (b'{"resourceType": "Flag", "a": "' + b"a" * 2**20 + b'"}', "too_large"),
        (b'{"specversion": "1.0", "type": "pds-death-notification-1"}', "not_this_format"),
    ],
)
def test_what_cannot_be_read_goes_to_a_person_with_its_reason(native: bytes, reason: str) -> None:
    (item,) = read(native)
    assert isinstance(item, Quarantined)
    assert (item.reason, item.lane) == (reason, Lane.ROUTINE)


def test_what_its_sender_called_stat_keeps_the_emergency_lane_when_it_cannot_be_read() -> None:
    for broken in (
        bundle(patient(), carrier("ServiceRequest", priority="stat"))[:-1],
        bundle(carrier("ServiceRequest", priority="stat", subject=None)),
    ):
        (item,) = read(broken)
        assert isinstance(item, Quarantined)
        assert item.lane is Lane.EMERGENCY


def test_stat_is_immediate_and_routine_makes_nothing_slower() -> None:
    stat = concern(patient(), carrier("ServiceRequest", priority="stat"))
    assert stat.plain["urgency"] == "immediate"
    slow = concern(patient(), carrier("ServiceRequest", "T74.1", ICD10, priority="routine"))
    assert slow.plain["urgency"] == "same_day"


def test_a_byte_order_mark_is_stripped() -> None:
    assert held.events(read(b"\xef\xbb\xbf" + bundle(patient(), carrier())))
