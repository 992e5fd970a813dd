"""
What the codes of an HL7 v2 message ask for: where a coded field stands, what lists its code, and
whether it was answered no or taken back.

A listed code counts in any repetition and in either triplet of it (FORMATS.md 7a.12). A code whose
system nobody named counts only if the site's profile lists it so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.codes import icd10, table
from adapters.contract import Site
from adapters.health.coding import SNOMED, in_profile
from adapters.health.hl7v2.syntax import Segment

ICD10 = "http://hl7.org/fhir/sid/icd-10"
_SYSTEMS = {
    **dict.fromkeys(("SCT", "SNM", "SNM3", "SNOMED", "SNOMEDCT", "SNOMED-CT", "SNOMED CT"), SNOMED),
    **dict.fromkeys(("2.16.840.1.113883.6.96", SNOMED.upper()), SNOMED),
    **dict.fromkeys(("I10", "ICD10", "ICD-10", "ICD 10", "ICD10UK", "ICD-10-UK"), ICD10),
    **dict.fromkeys(("2.16.840.1.113883.6.3", ICD10.upper()), ICD10),
}
_SHORT = {SNOMED: "sct", ICD10: "icd10"}
_TRIPLETS = (1, 4, 10)  # CWE: the code, its alternate, and since 2.7 a second alternate
_LONGEST = 32

_NO = frozenset({f"{SNOMED}|373067005"})  # SNOMED CT: No
_NO_WORDS = frozenset({"n", "no", "false", "f", "0", "negative", "neg", "absent", "not detected"})
_YES = frozenset({f"{SNOMED}|373066001"})  # SNOMED CT: Yes
_YES_WORDS = frozenset({"y", "yes", "true", "t", "1", "positive", "pos", "present", "detected"})
_NOT_FOUND = frozenset({"NEG", "ND", "N"})  # OBX-8, tables 0078 and 0085
_NOT_ASKED = frozenset({"X", "N", "O"})  # OBX-11, table 0085: no result, not asked, order only
_TAKEN_BACK = frozenset({"W", "D"})  # OBX-11: wrong patient, deleted
TEXTS = frozenset({"TX", "FT", "ST"})


@dataclass(frozen=True, slots=True)
class Code:
    """One coded value, its system by one spelling."""

    system: str
    code: str
    display: str = field(default="", repr=False)
    spelt: str = ""  # the system as the sender writes it

    @property
    def written(self) -> str:
        return f"{self.system}|{self.code}"

    def is_in(self, listed: frozenset[str]) -> bool:
        """By either spelling of its system; a list may name a code of no system alone."""
        mine = {self.written, f"{self.spelt}|{self.code}"}
        return bool((mine | ({self.code} if not self.spelt else set())) & listed)

    @property
    def summary(self) -> dict[str, str] | None:
        """As a summary takes it; None for a system that summaries do not know."""
        system = _SHORT.get(self.system)
        fits = len(self.code) <= _LONGEST and self.code.replace(".", "").isalnum()
        return {"system": system, "code": self.code} if system and fits else None


@dataclass(frozen=True, slots=True)
class Listed:
    """A code that a table or the site's profile lists, and the row that says what it asks for."""

    code: Code
    row: Mapping[str, Any]


BY_PROFILE = {"action": "raise", "abuse": "UNSPECIFIED", "factors": [], "subject_kind": "child"}


def codes_in(segment: Segment, number: int, *, system: str = "") -> Iterator[Code]:
    """Every code of a field; `system` is what an older message says of it in another field."""
    for repeat in segment.repeats(number):
        for at in _TRIPLETS:
            code = segment.part(repeat, at)
            if code:
                spelt = segment.part(repeat, at + 2) or (system if at == 1 else "")
                known = _SYSTEMS.get(spelt.upper(), spelt)
                yield Code(known, code, segment.part(repeat, at + 1), spelt)


def listed(codes: Iterator[Code] | list[Code], site: Site) -> list[Listed]:
    """Those that ask for something."""
    found = []
    for code in codes:
        row = row_of(code, site)
        if row is not None:
            found.append(Listed(code, row))
    return found


def row_of(code: Code, site: Site) -> Mapping[str, Any] | None:
    if code.is_in(in_profile(site, "raise_codes")):
        return BY_PROFILE
    if code.system == SNOMED:
        return table("snomed_safeguarding").get(code.code)
    return icd10(code.code) if code.system == ICD10 else None


def codes_of(segment: Segment) -> list[Code]:
    """The codes of a diagnosis, a result or a referral: what is asked, and what is answered."""
    if segment.name == "DG1":
        return list(codes_in(segment, 3, system=segment.text(2)))
    if segment.name == "OBX":
        answer = codes_in(segment, 5) if segment.text(2) not in TEXTS else ()
        return [*codes_in(segment, 3), *answer]
    return list(codes_in(segment, 10)) if segment.name == "RF1" else []


def is_taken_back(segment: Segment) -> bool:
    """A result that was wrong or deleted, a diagnosis deleted: what it said no longer stands."""
    if segment.name == "DG1":
        return segment.text(21).upper() == "D"
    return segment.name == "OBX" and segment.text(11).upper() in _TAKEN_BACK


def answers_no(obx: Segment, site: Site) -> bool:
    """Whether what OBX-3 asks was answered no, or was not asked (7a.3)."""
    if obx.name != "OBX":
        return False
    if obx.text(11).upper() in _NOT_ASKED:
        return True
    said = list(codes_in(obx, 5))
    no, yes = _NO | in_profile(site, "negative_answers"), _YES
    words = {each.code.casefold() for each in said} | {each.display.casefold() for each in said}
    if any(each.is_in(no) for each in said) or words & _NO_WORDS:
        return True
    agreed = words & _YES_WORDS or any(each.is_in(yes) or row_of(each, site) for each in said)
    return not agreed and bool({each.upper() for each in _flags(obx)} & _NOT_FOUND)


def _flags(obx: Segment) -> list[str]:
    return [obx.part(each, 1) for each in obx.repeats(8)]
