"""Patches, parts of resources, documents without a record in them, and what nobody has mapped."""

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Event, Nothing, Quarantined
from broker.domain.words import Agency, EventType, Lane
from tests.adapters import held
from tests.adapters.health.documents import (
    CAUSE_FOR_CONCERN,
    ICD10,
    ODS,
    SNOMED,
    bundle,
    carrier,
    concept,
    concern,
    patient,
    read,
    read_one,
)
from tests.adapters.mutations import JSON

CODING = {"system": SNOMED, "code": CAUSE_FOR_CONCERN}


def told(document: Any) -> Any:
    (item,) = read(json.dumps(document).encode())
    return item


def patch(path: str, value: Any) -> list[dict[str, Any]]:
    return [
        {"op": "test", "path": "/id", "value": "1"},
        {"op": "add", "path": path, "value": value},
    ]


def fhirpath(**value: Any) -> dict[str, Any]:
    part = [{"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": "Flag.code"}]
    operation = {"name": "operation", "part": [*part, {"name": "value", **value}]}
    return {"resourceType": "Parameters", "parameter": [operation]}


@pytest.mark.parametrize(
    "document",
    [
        patch("/code/coding/0", CODING),
        patch("/code", {"coding": [CODING]}),
        patch("/code/coding/0/code", CAUSE_FOR_CONCERN),
        fhirpath(valueCodeableConcept={"coding": [CODING]}),
        fhirpath(valueCode=CAUSE_FOR_CONCERN),
    ],
)
def test_a_patch_that_brings_a_listed_code_goes_to_a_person(document: Any) -> None:
    assert told(document) == Quarantined(reason="no_subject", detail="patch")


def test_a_patch_inside_a_bundle_goes_to_a_person_too() -> None:
    data = base64.b64encode(json.dumps(patch("/code/coding/0", CODING)).encode()).decode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
    for each in (binary, fhirpath(valueCoding=CODING)):
        assert read_one(each) == Quarantined(reason="no_subject", detail="patch")
    picture = {"resourceType": "Binary", "contentType": "image/png", "data": "AAAA"}
    assert read_one(picture) == Nothing(reason="no_listed_code")


def test_a_patch_that_takes_a_record_back_goes_to_a_person() -> None:
    for document in (patch("/status", "entered-in-error"), fhirpath(valueCode="refuted")):
        assert told(document) == Quarantined(reason="needs_person", detail="patch")


def test_another_patch_is_nothing() -> None:
    assert told(patch("/status", "active")) == Nothing(reason="patch")


def test_an_urgent_patch_keeps_its_lane() -> None:
    item = told([*patch("/priority", "stat"), *patch("/code/coding/0", CODING)])
    assert item.lane is Lane.EMERGENCY


@pytest.mark.parametrize(
    ("document", "item"),
    [
        ({"code": {"coding": [CODING]}}, Quarantined(reason="no_subject", detail="resourceType")),
        (
            {"code": {"coding": [{"system": ICD10, "code": "T74.1"}]}},
            Quarantined(reason="no_subject", detail="resourceType"),
        ),
        (
            {"resourceType": "Condition", "code": concept(CAUSE_FOR_CONCERN)},
            Quarantined(reason="no_subject", detail="Condition"),
        ),
        ({"code": concept("1234")}, Nothing(reason="no_resource")),
        ({"note": [{"text": "We worry."}]}, Nothing(reason="no_resource")),
    ],
)
def test_a_part_of_a_resource_without_its_subject(document: Any, item: Any) -> None:
    assert told(document) == item


def test_a_list_of_resources_is_read_as_a_bundle_of_them() -> None:
    (event,) = held.events(read(json.dumps([patient(), carrier()]).encode()))
    assert event.type is EventType.CONCERN_RAISED


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"resourceType": "OperationOutcome", "issue": []}, "operation_outcome"),
        ({"resourceType": "Subscription", "status": "active"}, "subscription"),
        ({"resourceType": "SubscriptionStatus", "status": "active"}, "signal"),
        ({"resourceType": "Bundle", "type": "subscription-notification"}, "signal"),
        ({"resourceType": "Parameters", "parameter": [{"name": "x"}]}, "parameters"),
        ({"resourceType": "Bundle"}, "empty"),
        ({"resourceType": "Bundle", "entry": [{"fullUrl": "Flag/1"}]}, "references_only"),
        ({"resourceType": "Patient"}, "no_listed_code"),
    ],
)
def test_a_document_without_a_record_is_nothing_with_its_reason(document: Any, reason: str) -> None:
    assert told(document) == Nothing(reason=reason)


def test_a_resource_in_the_parts_of_a_parameter_is_read() -> None:
    inside = [{"name": "child", "resource": patient()}, {"name": "why", "resource": carrier()}]
    document = {"resourceType": "Parameters", "parameter": [{"name": "match", "part": inside}]}
    assert told(document).type is EventType.CONCERN_RAISED


def test_r5_is_read_by_the_same_walk() -> None:
    """CodeableReference; a list of classes; actualPeriod."""
    request = {
        **carrier("ServiceRequest"),
        "reasonCode": None,
        "reason": [{"concept": concept(CAUSE_FOR_CONCERN)}],
        "encounter": {"reference": "Encounter/e1"},
    }
    visit = {
        "resourceType": "Encounter",
        "id": "e1",
        "class": [{"coding": [{"code": "EMER"}]}],
        "actualPeriod": {"start": "2026-11-20T09:00:00Z"},
        "plannedStartDate": "2026-11-20",
    }
    event = concern(patient(), request, visit)
    summary = event.categories["child_health"]["summary"]
    assert summary == {"setting": "emergency_department", "attended": "2026-11-20T09:00:00Z"}
    assert event.unseen == ()


def test_an_act_that_is_not_to_be_done_goes_to_a_person() -> None:
    request = carrier("ServiceRequest", doNotPerform=True)
    item = read_one(patient(), request)
    assert item == Quarantined(reason="needs_person", detail="doNotPerform")
    done = read_one(patient(), carrier("ServiceRequest", doNotPerform=False))
    assert isinstance(done, Event)


def test_an_stu3_communication_that_was_not_done_is_taken_back() -> None:
    item = read_one(patient(), carrier("Communication", notDone=True))
    assert isinstance(item, Event)
    assert item.type is EventType.CONCERN_RETRACTED


@pytest.mark.parametrize(
    "label", [{"confidentiality": "R"}, {"securityLabel": [{"coding": [{"code": "R"}]}]}]
)
def test_a_label_of_a_document_protects_the_child_too(label: dict[str, Any]) -> None:
    said = {k: v for k, v in carrier().items() if k not in {"code", "recordedDate", "status"}}
    document = {**said, "resourceType": "DocumentReference", "type": concept("X", "urn:x"), **label}
    items = read(bundle(patient(), document), documents=["urn:x|X"])
    (event,) = held.events(items)
    assert event.routing["location_protected"] is True


def test_what_nobody_has_mapped_survives_and_is_named() -> None:
    child = patient(
        eyeColour="green",
        deceasedBoolean=False,
        _birthDate={"extension": []},
        extension=[
            {"url": "https://rzz.example/StructureDefinition/Ward-Round", "valueString": "A"}
        ],
    )
    event = concern(child, carrier(riskScore=7))
    assert set(event.unseen) == {
        "Condition.riskScore",
        "Patient.eyeColour",
        "Patient.extension.Ward-Round",
    }
    unread = {each["field"]: each["value"] for each in event.native["unread"]}  # type: ignore[attr-defined]
    assert unread["Condition.riskScore"] == "7"
    assert unread["Patient.eyeColour"] == '"green"'
    assert '"valueString":"A"' in unread["Patient.extension.Ward-Round"]


def test_what_nobody_has_mapped_is_named_where_nothing_is_raised_and_beside_a_fact() -> None:
    odd = patient(eyeColour="green")
    (nothing,) = read(bundle(odd))
    assert nothing == Nothing(reason="no_listed_code", unseen=("Patient.eyeColour",))
    practice = [{"identifier": {"system": ODS, "value": "Y99901"}}]
    (fact,) = read(bundle({**odd, "generalPractitioner": practice}))
    assert isinstance(fact, Event)
    assert fact.unseen == ("Patient.eyeColour",)
    held.signed(fact, Agency.HEALTH, "fhir-r4")


@pytest.mark.parametrize("name", ["9990000050", "a" * 90, "Juno 9990000050", "x" * 100_000])
def test_a_name_that_may_be_a_value_is_not_named(name: str) -> None:
    event = concern(patient(**{name: "x"}), carrier(extension=[{"url": f"urn:x/{name}"}]))
    assert set(event.unseen) == {"Patient.unnamed", "Condition.extension.unnamed"}


def test_hostile_documents_take_no_long_time() -> None:
    whole = {
        "names": {
            "resourceType": "Patient",
            "aA" * 200_000: 1,
            **{f"n{n}": 1 for n in range(9999)},
        },
        "texts": {f"n{n}": f"t{n}" for n in range(30_000)},
        "codes": [{"op": "add", "path": "/x", "value": {"code": f"c{n}"}} for n in range(10_000)],
    }
    for document in whole.values():
        native = json.dumps(document).encode()
        begun = time.process_time()
        assert read(native)
        assert time.process_time() - begun < 1


@given(op=JSON, path=JSON, value=JSON)
def test_any_patch_is_answered(op: Any, path: Any, value: Any) -> None:
    assert read(json.dumps([{"op": op, "path": path, "value": value}]).encode())
    assert read(json.dumps({"code": value, "path": path}).encode())


@given(data=st.text(max_size=40))
def test_any_binary_is_answered(data: str) -> None:
    assert read(bundle({"resourceType": "Binary", "data": data}))
