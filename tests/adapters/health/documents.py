"""FHIR documents for tests, as short as a concern allows."""

import json
from typing import Any

from adapters.contract import Event, Item
from broker.domain.words import Agency
from tests.adapters import held

SNOMED = "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
CAUSE_FOR_CONCERN = "836881000000105"
CARRIERS = ("Flag", "Condition", "Observation", "ServiceRequest", "Communication")
Resource = dict[str, Any]


def concept(code: str, system: str = SNOMED, **more: Any) -> Resource:
    return {"coding": [{"system": system, "code": code}], **more}


def patient(**more: Any) -> Resource:
    child = {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"system": NHS_NUMBER, "value": "9990000050"}],
        "name": [{"use": "official", "family": "Testcase", "given": ["Juno"]}],
        "gender": "female",
        "birthDate": "2014-05-05",
    }
    return {name: value for name, value in {**child, **more}.items() if value is not None}


def carrier(
    kind: str = "Condition",
    code: str = CAUSE_FOR_CONCERN,
    system: str = SNOMED,
    coded: Resource | None = None,
    **more: Any,
) -> Resource:
    """A resource of a kind with one code, or the whole concept, about the patient p1."""
    where = "reasonCode" if kind in {"ServiceRequest", "Communication"} else "code"
    asked = coded or concept(code, system)
    status = {"Condition": None, "Communication": "completed", "Observation": "final"}
    resource = {
        "resourceType": kind,
        "id": "r1",
        "identifier": [{"system": "https://rzz.example/record", "value": "R-1"}],
        "status": status.get(kind, "active"),
        "subject": {"reference": "Patient/p1"},
        where: asked if where == "code" else [asked],
        _WHEN[kind]: {"start": "2026-11-20"} if kind == "Flag" else "2026-11-20T09:30:00+00:00",
    }
    return {name: value for name, value in {**resource, **more}.items() if value is not None}


_WHEN = {
    "Flag": "period",
    "Condition": "recordedDate",
    "Observation": "effectiveDateTime",
    "ServiceRequest": "authoredOn",
    "Communication": "sent",
}


def bundle(*resources: Resource, **more: Any) -> bytes:
    document = {
        "resourceType": "Bundle",
        "type": "collection",
        "identifier": {"system": "https://rzz.example/bundle", "value": "B-1"},
        "entry": [{"resource": each} for each in resources],
        **more,
    }
    return json.dumps(document, ensure_ascii=False).encode()


def read(native: bytes, **profile: Any) -> list[Item]:
    return list(held.read(Agency.HEALTH, "fhir-r4", native, **profile))


def read_one(*resources: Resource, **profile: Any) -> Item:
    """The only item of a Bundle of these."""
    (item,) = read(bundle(*resources), **profile)
    return item


def concern(*resources: Resource, **profile: Any) -> Event:
    """The only item, which is an Event that fits its schema."""
    item = read_one(*resources, **profile)
    assert isinstance(item, Event), item
    held.signed(item, Agency.HEALTH, "fhir-r4")
    return item


def labelled(*codes: str) -> Resource:
    return {"security": [{"system": "http://terminology.hl7.org", "code": code} for code in codes]}


def verification(status: str) -> Resource:
    return concept(status, "http://terminology.hl7.org/CodeSystem/condition-ver-status")


def clinical(status: str) -> Resource:
    return concept(status, "http://terminology.hl7.org/CodeSystem/condition-clinical")


def everywhere(event: Event, *, but: str) -> str:
    """All that an event says, without one category, to search."""
    kept = {name: parts for name, parts in event.categories.items() if name != but}
    return json.dumps([kept, dict(event.facts), dict(event.plain)], ensure_ascii=False)
