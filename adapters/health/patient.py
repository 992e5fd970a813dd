"""Who a FHIR resource is about: the Patient that its subject names, as identity claims."""

from dataclasses import dataclass, field, replace
from typing import Any

from adapters import names
from adapters.contract import Site
from adapters.dates import birth_date
from adapters.health.coding import codings
from adapters.health.message import Held, Message
from adapters.identifiers import local, nhs_number
from adapters.walk import Object, dicts, one, text

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
_SEX = {"male": "M", "female": "F"}
_VERIFIED = "01"  # UKCore-NHSNumberVerificationStatusEngland: number present and verified
_LONGEST, _MOST_IDENTIFIERS, _MOST_NAMES = 40, 8, 8
_USES = {"official": 0, "usual": 1}
_EXPECTED = frozenset(
    {"http://loinc.org|11778-8", "http://snomed.info/sct|161714006"}
)  # estimated date of delivery

Identity = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The Patient as the source holds it, and the publisher's own key for it."""

    resource: Object = field(repr=False)
    key: str = field(repr=False)


def patient_of(held: Held, message: Message) -> Person | None:
    """
    By reference, else by the identifier that `subject` itself bears, else the only Patient there
    is; None if nobody is named.
    """
    subject = one(held.resource.get("subject") or held.resource.get("patient"))
    found = message.resolve(subject, held)
    if found is not None and found.kind == "Patient":
        return person_from(found.resource)
    bare = {"identifier": dicts(subject.get("identifier")) or _as_identifier(subject)}
    if bare["identifier"]:
        return person_from(bare)
    patients = message.of_kind("Patient")
    if len(patients) == 1 and not subject.get("reference"):
        return person_from(patients[0].resource)
    return None


def person_from(patient: Object) -> Person:
    """A Patient with the publisher's own key for it, which never leaves the publisher."""
    return Person(resource=patient, key=_key(patient))


def _as_identifier(subject: Object) -> list[Object]:
    """A Patient that stayed at home is still a number of the publisher's own."""
    kind, _, number = text(subject.get("reference")).partition("/_history/")[0].rpartition("/")
    of_patient = kind == "Patient" or kind.endswith("/Patient")
    return [{"system": "Patient", "value": number}] if of_patient and number else []


def _key(patient: Object) -> str:
    """
    An NHS number that may be relied on, else the first number that there is, else name and birth
    date; the id last, which many systems write anew in every message.
    """
    numbers = [each for each in dicts(patient.get("identifier")) if text(each.get("value"))]
    for each in numbers:
        if each.get("system") == NHS_NUMBER:
            made = nhs_number(text(each["value"]))
            if made["assurance"] != "invalid":
                return f"{NHS_NUMBER}|{''.join(made['value'].split())}"
    for each in numbers:
        if each.get("system") != NHS_NUMBER:
            return f"{text(each.get('system'))}|{text(each['value'])}"
    spoken = _spoken(one(_ranked(patient)))
    return f"{spoken}|{text(patient.get('birthDate'))}" if spoken else text(patient.get("id"))


def identity_of(person: Person | None, site: Site, faults: names.Faults) -> Identity | None:
    """The identity claims of a child; None if nobody is named."""
    if person is None:
        return None
    patient = person.resource
    written = text(patient.get("birthDate"))
    born = birth_date(written)
    if written and born is None:
        faults.append(("Patient.birthDate", "bad_date"))
    official = one(_ranked(patient))
    given = names.name(_given(official), "Patient.name.given", faults)
    family = names.name(text(official.get("family")), "Patient.name.family", faults)
    identifiers = _identifiers(patient, site, faults)
    if not (given or family or born or identifiers or _spoken(official)):
        return None
    summary = {
        "known": "identified" if given or family or born else "described",
        "subject_kind": "child",
        "given_name": given,
        "family_name": family,
        "birth_date": born,
        "sex": _SEX.get(text(patient.get("gender")), "U"),
    }
    unfit = _spoken(official) if not (given and family) else ""
    full = {
        "identifiers": identifiers,
        "other_names": _other_names(patient, faults),
        "address": _address(patient, faults),
        "telephone": _telephones(patient, faults),
        "language": _language(patient),
        "description": "" if unfit == f"{given}{family}" else unfit,
    }
    return {"summary": _given_only(summary), "full": _given_only(full)}


def by_person(message: Message) -> Message:
    """The message with its relatives and its expected dates sorted by whose they are, once."""
    found: dict[tuple[str, str], list[Held]] = {}
    scans = [
        each
        for each in message.of_kind("Observation")
        if any(coding.written in _EXPECTED for coding in codings(each.resource))
    ]
    for held in [*message.of_kind("RelatedPerson"), *scans]:
        person = patient_of(held, message)
        if person is not None:
            found.setdefault((person.key, held.kind), []).append(held)
    return replace(message, by_person=found)


def unborn_of(mother: Person, message: Message, faults: names.Faults) -> Identity:
    """The unborn child: the Patient is the mother, so no date, name or number of hers is used."""
    for held in message.by_person.get((mother.key, "Observation"), ()):
        expected = birth_date(text(held.resource.get("valueDateTime"))[:10])
        if expected:
            summary = {"known": "identified", "expected_birth_date": expected}
            return {"summary": {**summary, "subject_kind": "unborn"}}
        faults.append(("Observation.valueDateTime", "bad_date"))
    return {"summary": {"known": "described", "subject_kind": "unborn"}}


def mother_of(person: Person, site: Site, faults: names.Faults) -> dict[str, Any]:
    """The family claims that name the mother of an unborn child."""
    known = {"relation": "mother", "roles": ["parental_responsibility"]}
    full = {
        "relation": "mother",
        "name": names.name(_spoken(one(_ranked(person.resource))), "Patient.name", faults),
        "identifiers": _identifiers(person.resource, site, faults)[:4],
    }
    return {"summary": {"people": [known]}, "full": {"people": [_given_only(full)]}}


def lives(person: Person, faults: names.Faults) -> dict[str, Any]:
    """Where somebody lives and how they are rung: the mother's is the unborn child's."""
    return _given_only(
        {
            "address": _address(person.resource, faults),
            "telephone": _telephones(person.resource, faults),
        }
    )


def practice_of(patient: Held, message: Message) -> str:
    """The ODS code of the practice that the Patient is registered with; empty if none is said."""
    for reference in dicts(patient.resource.get("generalPractitioner")):
        found = message.resolve(reference, patient)
        known = dicts(found.resource.get("identifier")) if found is not None else []
        for identifier in [*dicts(reference.get("identifier")), *known]:
            if identifier.get("system") == ODS and text(identifier.get("value")).isalnum():
                return text(identifier["value"])
    return ""


def _given_only(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _ranked(patient: Object) -> list[Object]:
    """The official name first, then the usual one."""
    written = dicts(patient.get("name"))
    return sorted(written, key=lambda name: _USES.get(text(name.get("use")), len(_USES)))


def _given(name: Object) -> str:
    given = name.get("given")
    several = given if isinstance(given, list) else [given]
    return " ".join(filter(None, map(text, several)))


def _spoken(name: Object) -> str:
    return f"{_given(name)} {text(name.get('family'))}".strip() or text(name.get("text"))


def _other_names(patient: Object, faults: names.Faults) -> list[str]:
    others = [names.name(_spoken(each), "Patient.name", faults) for each in _ranked(patient)[1:]]
    return list(dict.fromkeys(filter(None, others)))[:_MOST_NAMES]


def _identifiers(patient: Object, site: Site, faults: names.Faults) -> list[dict[str, str]]:
    made: list[dict[str, str]] = []
    for identifier in dicts(patient.get("identifier")):
        value = identifier.get("value")
        if not isinstance(value, str) or not 0 < len(value.strip()) <= _LONGEST:
            if value is not None:  # as a number it may have lost its leading zero
                faults.append(("Patient.identifier", "bad_identifier"))
        elif identifier.get("system") == NHS_NUMBER:
            made.append(nhs_number(value, verified=_verification(identifier) == _VERIFIED))
        else:
            made.append(local("local_record_number", value.strip(), site.organisation))
    return made[:_MOST_IDENTIFIERS]


def _verification(identifier: Object) -> str:
    for extension in dicts(identifier.get("extension")):
        for code in dicts(one(extension.get("valueCodeableConcept")).get("coding")):
            return text(code.get("code"))
    return ""


def _address(patient: Object, faults: names.Faults) -> dict[str, object]:
    for address in dicts(patient.get("address")):
        lines = address.get("line")
        several = lines if isinstance(lines, list) else [lines]
        written = [each for each in several if isinstance(each, str)]
        places = [text(address.get("city")), text(address.get("district"))]
        whole = [*written, *(place for place in places if place and place not in written)]
        code = text(address.get("postalCode"))
        if whole or code:
            return names.address(whole, code, "Patient.address", faults)
    return {}


def _telephones(patient: Object, faults: names.Faults) -> list[str]:
    numbers = [
        text(each.get("value"))
        for each in dicts(patient.get("telecom"))
        if text(each.get("system")) in {"phone", "sms"}
    ]
    return names.telephones(numbers, "Patient.telecom", faults)


def _language(patient: Object) -> str:
    """As BCP 47 writes it; another spelling is no language that a console could offer."""
    for spoken in dicts(patient.get("communication")):
        for code in dicts(one(spoken.get("language")).get("coding")):
            tag = text(code.get("code"))
            if names.is_language(tag):
                return tag
    return ""
