"""The NHS's notifications: numbers and practices that changed, and pointers to what to read."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import ECHO, Event, Item, Nothing, Quarantined
from adapters.events import cloud_event
from adapters.formats import format_of
from adapters.health import mns
from broker.domain.words import Agency, EventType
from tests.adapters import held
from tests.adapters.health.documents import CAUSE_FOR_CONCERN, NHS_NUMBER, ODS, carrier, patient
from tests.adapters.mutations import JSON, oddities, paths, replaced

SAMPLES = held.samples(Agency.HEALTH, "mns")
OLD, NEW = "9990000050", "9990000034"
PATIENTS = "https://api.service.nhs.uk/personal-demographics/FHIR/R4/Patient"
SITE = held.where(Agency.HEALTH, "mns")


def notice(kind: str, **more: Any) -> dict[str, Any]:
    said = {
        "specversion": "1.0",
        "id": "n-1",
        "source": "https://fhir.nhs.uk/Id/nhsSpineASID/200000000000",
        "type": kind,
        "time": "2026-11-20T09:00:00Z",
        "dataref": f"{PATIENTS}/{OLD}",
        "subject": OLD,
        **more,
    }
    return {name: value for name, value in said.items() if value is not None}


def read(*notices: Any) -> list[Item]:
    whole = notices[0] if len(notices) == 1 else list(notices)
    return list(mns.read(json.dumps(whole).encode(), SITE))


def event(items: list[Item]) -> tuple[Event, dict[str, Any]]:
    """The only item, which is an Event, and its claims as they are signed."""
    (item,) = items
    assert isinstance(item, Event), item
    return item, held.signed(item, Agency.HEALTH, "mns")


def accounted_for(native: bytes) -> None:
    items = mns.read(native, SITE)
    assert items
    mns.pointers(native)
    for item in items:
        if isinstance(item, Event):
            cloud_event(item, SITE, event_key=held.KEY)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_gives_the_items_beside_it(sample: Path) -> None:
    items = held.read(Agency.HEALTH, "mns", sample.read_bytes())
    assert held.written(items) == json.loads(held.result_of(sample).read_text(encoding="utf-8"))
    for each in held.events(items):
        held.signed(each, Agency.HEALTH, "mns")


def test_a_number_that_another_took_the_place_of_is_told_with_both() -> None:
    item, signed = event(read(notice("nhs-number-change-2", dataref=f"{PATIENTS}/{NEW}")))
    assert item.type is EventType.IDENTITY_CHANGED
    assert signed["kind"] == "number_superseded"
    numbers = {
        when: signed["fact"][when]["full"]["identifiers"][0]["value"]
        for when in ("before", "after")
    }
    assert numbers == {"before": OLD, "after": NEW}
    assert signed["fact"]["former_subject"] != signed["sub"]


def test_a_number_change_that_does_not_say_the_new_number_waits_to_be_fetched() -> None:
    changed = notice("nhs-number-change-2")
    assert read(changed) == [Quarantined(reason="not_fetched", detail="nhs-number-change-2")]
    (pointer,) = mns.pointers(json.dumps(changed).encode())
    assert (pointer.url, pointer.nhs_number, pointer.type) == (
        f"{PATIENTS}/{OLD}",
        OLD,
        "nhs-number-change-2",
    )
    replaced_by = patient(identifier=[{"system": NHS_NUMBER, "value": NEW}])
    item, _ = event(list(mns.fetched(pointer, json.dumps(replaced_by).encode(), SITE)))
    assert item.plain == {"kind": "number_superseded"}
    still = json.dumps(patient(identifier=[{"system": NHS_NUMBER, "value": OLD}])).encode()
    assert mns.fetched(pointer, still, SITE) == [Nothing(reason="nothing_new")]


def test_a_number_that_was_invalidated_has_nothing_after_it() -> None:
    old_style = notice(
        "nhs-number-change-1",
        specversion=None,
        dataref=None,
        subject={"nhsNumber": OLD, "familyName": "TESTCASE", "dob": "2017-10-02"},
        data={"nhsNumberStatus": "I", "fullUrl": f"{PATIENTS}/{OLD}"},
    )
    _, signed = event(read(old_style))
    assert signed["kind"] == "number_invalidated"
    assert set(signed["fact"]) == {"before"}


@pytest.mark.parametrize("number", ["3333333333", "9990000051", "", None, 9990000050])
def test_a_number_that_is_nobodys_makes_no_two_children_one(number: Any) -> None:
    (item,) = read(notice("nhs-number-change-2", subject=number, dataref=f"{PATIENTS}/{NEW}"))
    assert item == Quarantined(reason="no_subject", detail="nhs-number-change-2")


def registered(**more: Any) -> dict[str, Any]:
    practice = [{"identifier": {"system": ODS, "value": "Y99901"}}]
    return {"resourceType": "Patient", "generalPractitioner": practice, **more}


@pytest.mark.parametrize("born", [{}, {"birthDate": "2017-10-02"}])
def test_a_new_practice_is_told_where_its_code_is_given(born: dict[str, str]) -> None:
    """Of an unknown age too: the site subscribed for its own children."""
    item, signed = event(read(notice("pds-change-of-gp-2", data=registered(**born))))
    assert item.type is EventType.RELATIONSHIP_CHANGED
    assert signed["fact"]["organisation"] == "org:ods:Y99901"
    assert signed["native"]["format"] == "mns"


def test_of_an_adult_nothing_is_told() -> None:
    told = notice("pds-change-of-gp-2", data=registered(birthDate="1980-10-02"))
    died = notice(
        "pds-death-notification-1",
        specversion=None,
        subject={"nhsNumber": OLD, "dob": "1980-01-02"},
    )
    assert read(told, died) == [Nothing(reason="adult"), Nothing(reason="adult")]
    (pointer,) = mns.pointers(json.dumps(notice("nhs-number-change-2")).encode())
    fetched = patient(birthDate="1980-10-02", identifier=[{"system": NHS_NUMBER, "value": NEW}])
    assert mns.fetched(pointer, json.dumps(fetched).encode(), SITE) == [Nothing(reason="adult")]


def test_a_death_calls_a_person() -> None:
    assert read(notice("pds-death-notification-2")) == [
        Quarantined(reason="needs_person", detail="pds-death-notification-2")
    ]


def test_a_flag_that_changed_is_fetched_and_read_as_fhir() -> None:
    changed = notice("patientflags-change-1", dataref="https://flags.example/PatientFlag?patient=1")
    assert read(changed) == [Quarantined(reason="not_fetched", detail="patientflags-change-1")]
    (pointer,) = mns.pointers(json.dumps(changed).encode())
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": patient()}, {"resource": carrier("Flag", code=CAUSE_FOR_CONCERN)}],
    }
    item, _ = event(list(mns.fetched(pointer, json.dumps(bundle).encode(), SITE)))
    assert item.type is EventType.CONCERN_RAISED


@pytest.mark.parametrize("url", [None, "", "http://plain.example/Patient/1", "file:///etc/passwd"])
def test_a_pointer_that_leads_nowhere_safe_calls_a_person(url: str | None) -> None:
    changed = notice("patientflags-change-1", dataref=url)
    assert read(changed) == [Quarantined(reason="needs_person", detail="patientflags-change-1")]
    assert mns.pointers(json.dumps(changed).encode()) == []


def test_another_event_is_nothing_and_its_type_is_named_once() -> None:
    (item,) = read(notice("gpreg-change-gp-req-1", filtering={"a": "b"}))
    assert item == Nothing(reason="no_listed_event", unseen=("gpreg-change-gp-req-1", "filtering"))


def test_the_number_stands_nowhere_but_in_the_identity() -> None:
    told = read(
        notice("nhs-number-change-2", dataref=f"{PATIENTS}/{NEW}"),
        notice("pds-change-of-gp-2", data=registered()),
        notice(f"pds-{OLD}"),
        notice("patientflags-change-1"),
        notice(OLD),
    )
    for item in told:
        if isinstance(item, Event):
            signed = held.signed(item, Agency.HEALTH, "mns")
            outside = {k: v for k, v in signed.items() if k not in {"fact", "categories"}}
            assert OLD not in json.dumps(outside)
        else:
            assert OLD not in repr(item)
    assert OLD not in repr(mns.pointers(json.dumps(notice("patientflags-change-1")).encode()))


def test_what_the_broker_sent_is_an_echo() -> None:
    resource = registered(identifier=[{"system": ECHO, "value": "d-1"}])
    assert read(
        notice("pds-change-of-gp-2", source=ECHO), notice("pds-change-of-gp-2", data=resource)
    ) == [
        Nothing(reason="echo"),
        Nothing(reason="echo"),
    ]


def test_none_of_several_vanishes() -> None:
    told = read(notice("pds-death-notification-2"), 7, {"no": "type"}, notice("x"), patient())
    assert [type(item).__name__ for item in told] == [
        "Quarantined", "Quarantined", "Quarantined", "Nothing", "Nothing",
    ]  # fmt: skip
    assert read([]) == [Nothing(reason="no_event")]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_known_by_its_content(sample: Path) -> None:
    is_fhir = sample.stem == "signal"
    assert format_of(Agency.HEALTH, sample.read_bytes()) == ("fhir-r4" if is_fhir else "mns")


@given(document=JSON)
def test_any_json_whatever_is_accounted_for(document: Any) -> None:
    accounted_for(json.dumps(document).encode())


@given(native=st.binary(max_size=200))
def test_any_bytes_whatever_are_accounted_for(native: bytes) -> None:
    accounted_for(native)


@given(data=st.data())
def test_a_sample_with_any_part_replaced_is_accounted_for(data: st.DataObject) -> None:
    document = json.loads(data.draw(st.sampled_from(SAMPLES)).read_text(encoding="utf-8"))
    path = data.draw(st.sampled_from(paths(document)))
    accounted_for(json.dumps(replaced(document, path, data.draw(JSON))).encode())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_nothing_that_stands_where_another_thing_was_promised_is_a_crash(sample: Path) -> None:
    for odd in oddities(json.loads(sample.read_text(encoding="utf-8"))):
        accounted_for(json.dumps(odd).encode())
