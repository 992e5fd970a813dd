"""Who a FHIR resource is about: the Patient that its subject resolves to, as identity claims."""

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.contract import Site
from adapters.dates import birth_date
from adapters.identifiers import nhs_number_assurance

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
_SEX = {"male": "M", "female": "F"}
_RESTRICTED = frozenset({"R", "V", "TURVAKIELTO"})
_VERIFIED = "01"  # UKCore-NHSNumberVerificationStatusEngland: number present and verified


def resolve(resource: Mapping[str, Any], bundle: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """By fullUrl, by type and id, contained, or the only Patient there is; None if nobody."""
    subject = resource.get("subject") or resource.get("patient") or {}
    wanted = subject.get("reference") if isinstance(subject, dict) else None
    patients = list(_patients(bundle, resource))
    for full_url, patient in patients:
        own = f"Patient/{patient.get('id')}"
        if wanted and wanted in {full_url, own, f"#{patient.get('id')}"}:
            return patient
    if isinstance(subject, dict) and isinstance(subject.get("identifier"), dict):
        return {"identifier": [subject["identifier"]]}
    return patients[0][1] if len(patients) == 1 and not wanted else None


def _patients(
    bundle: Mapping[str, Any], resource: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else []:
        found = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(found, dict) and found.get("resourceType") == "Patient":
            yield str(entry.get("fullUrl", "")), found
    contained = resource.get("contained")
    for found in contained if isinstance(contained, list) else []:
        if isinstance(found, dict) and found.get("resourceType") == "Patient":
            yield "", found


def is_restricted(resource: Mapping[str, Any] | None) -> bool:
    """A confidentiality label, on any resource used, counts for all of it (7a.13)."""
    meta = (resource or {}).get("meta")
    labels = meta.get("security") if isinstance(meta, dict) else None
    listed = labels if isinstance(labels, list) else []
    return any(isinstance(each, dict) and each.get("code") in _RESTRICTED for each in listed)


def identity_of(
    patient: Mapping[str, Any] | None, site: Site, *, unborn: bool
) -> dict[str, dict[str, Any]] | None:
    """The identity claims; None if nobody is named. An unborn child's patient is the mother."""
    if patient is None:
        return None
    if unborn:
        return {"summary": {"known": "described", "subject_kind": "unborn"}}
    identifiers = [
        made for each in _dicts(patient.get("identifier")) if (made := _made(each, site))
    ]
    name = _name(patient)
    born = birth_date(str(patient.get("birthDate") or ""))
    summary = {
        "known": "identified" if name or born else "described",
        "subject_kind": "child",
        "given_name": name.get("given"),
        "family_name": name.get("family"),
        "birth_date": born,
        "sex": _SEX.get(str(patient.get("gender")), "U"),
    }
    if not name and not born and not identifiers:
        return None
    full = {
        "identifiers": identifiers,
        "address": _address(patient),
        "telephone": _telephone(patient),
    }
    return {
        "summary": {key: value for key, value in summary.items() if value},
        "full": {key: value for key, value in full.items() if value},
    }


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _name(patient: Mapping[str, Any]) -> dict[str, str]:
    """The official name, else the usual one, else the first."""
    names = _dicts(patient.get("name"))
    ranked = sorted(names, key=lambda name: _USES.get(str(name.get("use")), 2))
    if not ranked:
        return {}
    given = ranked[0].get("given")
    parts = {
        "given": " ".join(each for each in given if isinstance(each, str))
        if isinstance(given, list)
        else "",
        "family": str(ranked[0].get("family") or ""),
    }
    return {key: value[:100] for key, value in parts.items() if value}


_USES = {"official": 0, "usual": 1}


def _made(identifier: Mapping[str, Any], site: Site) -> dict[str, Any] | None:
    value = identifier.get("value")
    if not isinstance(value, str) or not value.strip():
        return None
    if identifier.get("system") == NHS_NUMBER:
        verified = _verification(identifier) == _VERIFIED
        assurance = nhs_number_assurance(value, verified=verified)
        return {"system": "nhs_number", "value": value[:40], "assurance": assurance}
    return {
        "system": "local_record_number",
        "value": value[:40],
        "issuer": site.organisation,
        "assurance": "unverified",
    }


def _verification(identifier: Mapping[str, Any]) -> str:
    for extension in _dicts(identifier.get("extension")):
        concept = extension.get("valueCodeableConcept")
        for code in _dicts(concept.get("coding")) if isinstance(concept, dict) else []:
            return str(code.get("code"))
    return ""


def _address(patient: Mapping[str, Any]) -> dict[str, Any]:
    for address in _dicts(patient.get("address")):
        lines = address.get("line")
        kept = (
            [line[:120] for line in lines if isinstance(line, str)]
            if isinstance(lines, list)
            else []
        )
        made: dict[str, Any] = {"lines": kept[:6]} if kept else {}
        if address.get("postalCode"):
            made["postcode"] = str(address["postalCode"])[:10]
        if made:
            return made
    return {}


def _telephone(patient: Mapping[str, Any]) -> list[str]:
    found = [
        str(each["value"])[:30]
        for each in _dicts(patient.get("telecom"))
        if each.get("system") == "phone" and each.get("value")
    ]
    return found[:4]
