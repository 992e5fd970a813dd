"""Who stands in what is disclosed as FHIR: the child, if it was named, and the organisations."""

import uuid
from collections.abc import Mapping
from typing import Any

from adapters.contract import ECHO, Disclosed
from adapters.health.patient import NHS_NUMBER, ODS
from adapters.walk import Object, dicts, text

BROKER = "urn:concern-broker"
_CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_GENDERS = {"F": "female", "M": "male", "U": "unknown"}

Resource = dict[str, Any]


def bears_mark() -> Resource:
    """Restricted, and marked as the broker's wherever it goes (FORMATS.md 2 rule 10)."""
    return {"source": ECHO, "security": [{"system": _CONFIDENTIALITY, "code": "R"}]}


def url_of(disclosed: Disclosed, name: str) -> str:
    """The address of one resource in the Bundle; the same each time it is written."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{ECHO}:{disclosed.disclosure}:{name}").urn


def reference(disclosed: Disclosed, name: str) -> Resource:
    return {"reference": url_of(disclosed, name)}


def organisation_of(organisation: str) -> Resource:
    """An organisation by its number: an ODS code as the NHS writes it, others as we do."""
    scheme, _, code = organisation.removeprefix("org:").partition(":")
    known = {"system": ODS, "value": code}
    ours = {"system": f"{BROKER}:organisation", "value": organisation}
    return {
        "resourceType": "Organization",
        "meta": bears_mark(),
        "identifier": [known, ours] if scheme == "ods" else [ours],
    }


def patient_from(claims: Mapping[str, Mapping[str, Any]]) -> Resource | None:
    """
    The child, if its identity was given and says who it is. Never where it lives: a record system
    would take that for its own. An unborn child is nobody's patient yet.
    """
    summary = claims.get("identity.summary", {})
    if summary.get("known") in {None, "unknown"} or summary.get("subject_kind") == "unborn":
        return None
    names = {"family": summary.get("family_name"), "given": summary.get("given_name")}
    written: Resource = {name: value for name, value in names.items() if value}
    if "given" in written:
        written["given"] = [written["given"]]
    full = claims.get("identity.full", {})
    numbers = [made for each in dicts(full.get("identifiers")) if (made := _number(each))]
    said = {
        "identifier": numbers,
        "name": [{"use": "official", **written}] if written else [],
        "birthDate": summary.get("birth_date"),
    }
    if not any(said.values()):
        return None
    said["gender"] = _GENDERS.get(text(summary.get("sex")))
    kept = {name: value for name, value in said.items() if value}
    return {"resourceType": "Patient", "meta": bears_mark(), **kept}


def _number(identifier: Object) -> Resource | None:
    """A number that is nobody's is evidence for people, never a key for a record system."""
    if identifier.get("assurance") == "invalid":
        return None
    value, system = text(identifier.get("value")), text(identifier.get("system"))
    if system == "nhs_number":
        return {"system": NHS_NUMBER, "value": "".join(value.split())}
    made: Resource = {"system": f"{BROKER}:identifier:{system}", "value": value}
    issuer = text(identifier.get("issuer"))
    return {**made, "assigner": {"display": issuer}} if issuer else made
