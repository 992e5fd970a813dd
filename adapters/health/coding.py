"""
What a resource's codes say: which are listed, what each listed code asks for, and whether the
resource takes it back, answers no to it or calls it history.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.codes import icd10, table
from adapters.contract import Site
from adapters.walk import Object, dicts, one, text

SNOMED = "http://snomed.info/sct"
_SNOMED_OID, _ICD10_OID = "urn:oid:2.16.840.1.113883.6.96", "urn:oid:2.16.840.1.113883.6.3"
_ICD10 = frozenset(
    {"http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-uk", _ICD10_OID}
)
DOCUMENTS = frozenset({"DocumentReference", "Composition"})
CARRIERS = DOCUMENTS | {
    "Flag", "Condition", "Observation", "ServiceRequest", "Communication", "ReferralRequest",
}  # fmt: skip
_CODED = ("code", "reasonCode", "reason", "category", "valueCodeableConcept", "type")
_NO = frozenset({"http://snomed.info/sct|373067005"})  # SNOMED CT: No
_NO_WORDS = frozenset({"n", "no", "false"})
_NOT_FOUND = frozenset({"NEG", "ND"})  # v3 ObservationInterpretation: negative, not detected
_HISTORY = frozenset({"resolved", "inactive", "remission"})
_TAKEN_BACK = frozenset({"refuted", "entered-in-error", "cancelled", "revoked", "not-done"})
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,31}")
_CORRECTED = frozenset({"corrected", "amended"})


@dataclass(frozen=True, slots=True)
class Coding:
    """One coding of the resource. `answer` is the part that answers it: itself or a component."""

    system: str
    code: str
    display: str = field(repr=False)
    answer: Object = field(repr=False)

    @property
    def written(self) -> str:
        return f"{self.system}|{self.code}"


@dataclass(frozen=True, slots=True)
class Listed:
    """A coding that a table or the site's profile lists, and the row that says what it asks for."""

    coding: Coding
    row: Mapping[str, Any]


def codings(resource: Object) -> Iterator[Coding]:
    """Every coding that says what the resource is about; those of its components too."""
    for name in _CODED:
        for concept in dicts(resource.get(name)):
            inner = one(concept.get("concept"))  # R5: CodeableReference
            for code in [*dicts(concept.get("coding")), *dicts(inner.get("coding"))]:
                if text(code.get("code")):
                    shown = text(code.get("display")) or text(concept.get("text"))
                    yield Coding(_system(code), text(code.get("code")), shown, resource)
    for component in dicts(resource.get("component")):
        yield from codings(component)


def _system(code: Object) -> str:
    """One spelling of SNOMED CT: editions stand behind it, and old messages write its OID."""
    system = text(code.get("system"))
    is_snomed = system == _SNOMED_OID or system.startswith(f"{SNOMED}/")
    return SNOMED if is_snomed else system


def listed(resource: Object, site: Site) -> list[Listed]:
    """The listed codings of a resource. Nothing else about it can raise."""
    found = []
    for coding in codings(resource):
        row = _row(coding, text(resource.get("resourceType")), site)
        if row is not None:
            found.append(Listed(coding, row))
    return found


def is_listed(code: Object, site: Site) -> bool:
    """Whether one coding, wherever it stood, is listed."""
    coding = Coding(_system(code), text(code.get("code")), "", code)
    return bool(coding.code) and _row(coding, "", site) is not None


def _row(coding: Coding, kind: str, site: Site) -> Mapping[str, Any] | None:
    if coding.written in in_profile(site, "raise_codes"):
        return _BY_PROFILE
    if kind in DOCUMENTS and coding.written in in_profile(site, "documents"):
        return _BY_PROFILE
    if coding.system == SNOMED:
        return table("snomed_safeguarding").get(coding.code)
    return icd10(coding.code) if coding.system in _ICD10 else None


_BY_PROFILE = {"action": "raise", "abuse": "UNSPECIFIED", "factors": [], "subject_kind": "child"}


def in_profile(site: Site, name: str) -> frozenset[str]:
    """A list of the site's profile, codes written `system|code`."""
    written = site.profile.get(name)
    return frozenset(map(str, written)) if isinstance(written, list) else frozenset()


def summary_code(coding: Coding) -> dict[str, str] | None:
    """The code by the short name of its system; None for one that summaries do not take."""
    if not _CODE.fullmatch(coding.code):
        return None
    if coding.system in _ICD10:
        return {"system": "icd10", "code": coding.code}
    return {"system": "sct", "code": coding.code} if coding.system == SNOMED else None


def statuses(resource: Object) -> set[str]:
    """Verification status and status, as codes; STU3 writes them as plain text."""
    return _coded(resource.get("verificationStatus")) | _coded(resource.get("status"))


def _coded(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    return {text(code.get("code")) for each in dicts(value) for code in dicts(each.get("coding"))}


def is_taken_back(resource: Object) -> bool:
    """Refuted, entered in error, revoked: whatever it said no longer stands."""
    return bool(statuses(resource) & _TAKEN_BACK) or resource.get("notDone") is True  # STU3


def is_history(resource: Object) -> bool:
    """By clinical status, or a Flag that is no longer up: it was so once (7a.13)."""
    return bool(_coded(resource.get("clinicalStatus")) & _HISTORY) or (
        "inactive" in statuses(resource)
    )


def is_corrected(resource: Object) -> bool:
    """A result issued again, changed."""
    return bool(statuses(resource) & _CORRECTED)


def answers_no(coding: Coding, site: Site) -> bool:
    """Whether what was asked under this code was answered no, or not answered (7a.3)."""
    asked = coding.answer
    if asked.get("valueBoolean") is False or dicts(asked.get("dataAbsentReason")):
        return True
    if text(asked.get("valueString")).casefold() in _NO_WORDS:
        return True
    if _coded(asked.get("interpretation")) & _NOT_FOUND:
        return True
    said = codings({"code": asked.get("valueCodeableConcept")})
    no = _NO | in_profile(site, "negative_answers")
    return any(each.written in no or each.code.casefold() in _NO_WORDS for each in said)
