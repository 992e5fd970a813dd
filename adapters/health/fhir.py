"""
FHIR R4 (UK Core) as JSON: a Bundle, a message or one resource. STU3 and R5 read by the same walk.

A concern comes from a listed code in a Flag, Condition, Observation, ServiceRequest or
Communication; never from words, and never because a resource is there (FORMATS.md 2 and 3).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.codes import icd10, table
from adapters.contract import Event, Item, Nothing, Quarantined, Site
from adapters.dates import is_adult
from adapters.health.patient import identity_of, is_restricted, resolve
from adapters.levels import proposed, urgency
from adapters.natives import native_part, protect, pruned
from broker import strictjson
from broker.domain.words import EventType
from broker.errors import Malformed

ECHO = "urn:concern-broker:disclosure"
SNOMED = "http://snomed.info/sct"
ICD10 = ("http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-uk")
_CARRIERS = frozenset({"Flag", "Condition", "Observation", "ServiceRequest", "Communication"})
_CODED = ("code", "reasonCode", "category", "valueCodeableConcept")
_NEGATED = frozenset({"refuted", "entered-in-error"})
_HISTORY = frozenset({"resolved", "inactive", "remission"})
_NO = frozenset({"373067005"})  # SNOMED: No


@dataclass(frozen=True, slots=True)
class _Found:
    """A listed code on a resource, and the whole message that it stands in."""

    resource: Mapping[str, Any]
    row: Mapping[str, Any]
    code: Mapping[str, str]
    bundle: Mapping[str, Any]
    native: bytes
    site: Site


def read(native: bytes, site: Site) -> Sequence[Item]:
    """One Item for each coded resource; Nothing with its reason for a message that holds none."""
    if native.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return [Quarantined(reason="not_this_format", detail="XML; this feed reads JSON")]
    try:
        document = strictjson.read(native.removeprefix(b"\xef\xbb\xbf"))
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    if not isinstance(document, dict) or not isinstance(document.get("resourceType"), str):
        return [Nothing(reason="no_resource")]
    items = [item for each in _resources(document) for item in _item(each, document, native, site)]
    return items or [Nothing(reason="no_listed_code")]


def _resources(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if document["resourceType"] != "Bundle":
        yield document
        return
    entries = document.get("entry")
    for entry in entries if isinstance(entries, list) else []:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield resource


def _item(
    resource: Mapping[str, Any], bundle: Mapping[str, Any], native: bytes, site: Site
) -> Iterator[Item]:
    if resource.get("resourceType") not in _CARRIERS:
        return
    listed = [(row, code) for code in _codes(resource) if (row := _row(code, site)) is not None]
    if not listed:
        return
    if any(each.get("system") == ECHO for each in _dicts(resource.get("identifier"))):
        yield Nothing(reason="echo")
        return
    row, code = min(listed, key=lambda pair: _ORDER.index(pair[0]["action"]))
    found = _Found(resource, row, code, bundle, native, site)
    yield _acted_on(found)


_ORDER = ("hold_about_relative", "raise", "status_closed", "status_opened", "status_noted")


def _acted_on(found: _Found) -> Item:
    resource, action = found.resource, found.row["action"]
    if action == "hold_about_relative":
        return Quarantined(reason="about_relative", detail=str(resource["resourceType"]))
    if action == "status_noted":
        return Nothing(reason="noted_only")
    if _answers_no(resource):
        return Nothing(reason="answer_no")
    if action == "status_closed":
        return _case(found, EventType.CASE_CLOSED)
    if action == "status_opened":
        active = resource.get("status", "active") in {"active", "final", "completed"}
        return _case(found, EventType.CASE_OPENED if active else EventType.CASE_CLOSED)
    if _is_retracted(resource):
        return _retraction(found)
    if _coded(resource.get("clinicalStatus")) & _HISTORY or resource.get("status") == "inactive":
        return Nothing(reason="historical")
    return _concern(found)


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    several = value if isinstance(value, list) else [value]
    return [each for each in several if isinstance(each, dict)]


def _codes(resource: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    """Every coding that says what the resource is about, components too."""
    for name in _CODED:
        for concept in _dicts(resource.get(name)):
            yield from _dicts(concept.get("coding"))
            for inner in _dicts(concept.get("concept")):  # R5: CodeableReference
                yield from _dicts(inner.get("coding"))
    for component in _dicts(resource.get("component")):
        yield from _codes(component)


def _row(code: Mapping[str, str], site: Site) -> Mapping[str, Any] | None:
    system, value = code.get("system"), code.get("code")
    if not isinstance(value, str):
        return None
    extra = site.profile.get("raise_codes")
    if isinstance(extra, list) and f"{system}|{value}" in extra:
        return {"action": "raise", "abuse": "UNSPECIFIED", "factors": [], "subject_kind": "child"}
    if system == SNOMED:
        return table("snomed_safeguarding").get(value)
    return icd10(value) if system in ICD10 else None


def _coded(concept: Any) -> set[str]:
    """The codes of a status; R3 writes it as plain text."""
    if isinstance(concept, str):
        return {concept}
    return {
        str(code.get("code")) for each in _dicts(concept) for code in _dicts(each.get("coding"))
    }


def _is_retracted(resource: Mapping[str, Any]) -> bool:
    statuses = _coded(resource.get("verificationStatus")) | _coded(resource.get("status"))
    return bool(statuses & (_NEGATED | {"cancelled", "revoked", "not-done"}))


def _answers_no(resource: Mapping[str, Any]) -> bool:
    no_code = {
        str(code.get("code")) for code in _codes({"code": resource.get("valueCodeableConcept")})
    }
    return resource.get("valueBoolean") is False or bool(no_code & _NO)


def _reference(found: _Found) -> tuple[str, str]:
    """(native reference, version): the resource's own identifier, else the message's and its id."""
    resource = found.resource
    for identifier in _dicts(resource.get("identifier")):
        if identifier.get("value"):
            reference = f"{identifier.get('system', '')}|{identifier['value']}"
            break
    else:
        outer = next((each for each in _dicts(found.bundle.get("identifier"))), {})
        reference = f"{outer.get('value', found.bundle.get('id', ''))}/{resource.get('id', '')}"
    meta = resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    status = sorted(_coded(resource.get("verificationStatus")) | _coded(resource.get("status")))
    return reference[:200], str(version or "-".join(status) or "1")[:80]


def _occurred(resource: Mapping[str, Any]) -> str:
    period = resource.get("period")
    start = period.get("start") if isinstance(period, dict) else None
    for name in (
        "recordedDate",
        "effectiveDateTime",
        "authoredOn",
        "sent",
        "issued",
        "onsetDateTime",
    ):
        if isinstance(resource.get(name), str):
            return str(resource[name])
    return str(start or "unknown")


def _words(resource: Mapping[str, Any]) -> str:
    """Notes in their order, a blank line between them; marked-up text only if nothing else."""
    notes = [each.get("text") for each in _dicts(resource.get("note"))]
    notes += [each.get("contentString") for each in _dicts(resource.get("payload"))]
    notes.append(resource.get("valueString"))
    return "\n\n".join(note for note in notes if isinstance(note, str) and note.strip())


def _concern(found: _Found) -> Item:
    resource, row = found.resource, found.row
    patient = resolve(resource, found.bundle)
    unborn = row.get("subject_kind") == "unborn"
    identity = identity_of(patient, found.site, unborn=unborn)
    if identity is None:
        return Quarantined(reason="no_subject", detail=str(resource["resourceType"]))
    occurred = _occurred(resource)
    if not unborn and is_adult(identity["summary"].get("birth_date"), occurred):
        records = resource["resourceType"] in {"ServiceRequest", "Communication"}
        return Quarantined(reason="over_18") if records else Nothing(reason="adult")
    abuse = [row["abuse"]] if row.get("abuse") else ["UNSPECIFIED"]
    level, state = proposed(abuse)
    system = "sct" if found.code.get("system") == SNOMED else "icd10"
    narrative: dict[str, Any] = {
        "basis": "recorded_status" if resource["resourceType"] == "Flag" else "observed",
        "occurred": occurred,
        "abuse": abuse,
        "codes": [{"system": system, "code": str(found.code["code"])}],
    }
    if row.get("factors"):
        narrative["factors"] = list(row["factors"])
    words = _words(resource)
    categories: dict[str, dict[str, Any]] = {
        "identity": {part: dict(value) for part, value in identity.items()},
        "narrative": {"summary": narrative, "full": {"words": words} if words else {}},
    }
    if unborn and patient is not None:
        categories["family"] = _mother(patient)
    protected = is_restricted(patient) or is_restricted(resource)
    if protected:
        categories = protect(categories)
    reference, version = _reference(found)
    return Event(
        type=EventType.CONCERN_RAISED,
        reference=reference,
        version=version,
        subject_key=_subject_key(resource, patient),
        plain={
            "level": level,
            "level_state": state,
            "urgency": urgency(level),
            "family": {"may_be_told": "not_known"},
        },
        routing={
            "purpose": "safeguarding",
            "lawful_basis": {"article_6": "6_1_e", "condition": "sch1_18"},
            "consent_state": "not_sought_impracticable",
            "jurisdiction": "GB-ENG",
            "location_protected": protected,
        },
        native=native_part(found.native, made_by="system", form="fhir-r4"),
        categories=pruned(categories),
    )


def _mother(patient: Mapping[str, Any]) -> dict[str, Any]:
    name = next(iter(_dicts(patient.get("name"))), {})
    given = " ".join(each for each in name.get("given", []) if isinstance(each, str))
    whole = f"{given} {name.get('family', '')}".strip()
    person = {"relation": "mother", "roles": ["parental_responsibility"]}
    full = {"people": [{"relation": "mother", "name": whole}]} if whole else {}
    return {"summary": {"people": [person]}, "full": full}


def _subject_key(resource: Mapping[str, Any], patient: Mapping[str, Any] | None) -> str:
    """The publisher's own key for this child, which never leaves it."""
    for identifier in _dicts((patient or {}).get("identifier")):
        if identifier.get("value"):
            return f"{identifier.get('system', '')}|{identifier['value']}"
    subject = resource.get("subject") or resource.get("patient") or {}
    reference = subject.get("reference") if isinstance(subject, dict) else None
    return str(reference or (patient or {}).get("id") or "unknown")


def _retraction(found: _Found) -> Event:
    reference, version = _reference(found)
    refuted = "refuted" in _coded(found.resource.get("verificationStatus"))
    return Event(
        type=EventType.CONCERN_RETRACTED,
        reference=reference,
        version=version,
        subject_key=_subject_key(found.resource, resolve(found.resource, found.bundle)),
        plain={"reason": "not_supported" if refuted else "entered_in_error"},
        native=native_part(found.native, made_by="system", form="fhir-r4"),
        without_original="nothing" if refuted else "retraction_without_original",
    )


def _case(found: _Found, kind: EventType) -> Item:
    patient = resolve(found.resource, found.bundle)
    identity = identity_of(patient, found.site, unborn=False)
    if identity is None:
        return Quarantined(reason="no_subject", detail=str(found.resource["resourceType"]))
    period = found.resource.get("period")
    period = period if isinstance(period, dict) else {}
    fact = {
        "status": found.row.get("status", "child_protection_plan"),
        "from": period.get("start"),
        "until": period.get("end"),
    }
    reference, version = _reference(found)
    return Event(
        type=kind,
        reference=reference,
        version=version,
        subject_key=_subject_key(found.resource, patient),
        facts={name: value for name, value in fact.items() if isinstance(value, str)},
        native=native_part(found.native, made_by="system", form="fhir-r4"),
        categories={"identity": identity},
    )
