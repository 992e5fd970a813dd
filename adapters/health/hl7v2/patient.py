"""Whom an HL7 v2 message is about: PID as identity claims, and those beside the child (NK1)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters import names
from adapters.codes import table
from adapters.contract import Site
from adapters.dates import birth_date, is_adult
from adapters.health.hl7v2.syntax import Segment
from adapters.health.patient import NHS_NUMBER
from adapters.identifiers import local, nhs_number, nhs_number_assurance

_NHS = frozenset({"NHS", "NHSNBR", "NH"})  # CX.4 and CX.5, as trusts write them
_LONGEST, _MOST_IDENTIFIERS, _MOST_NAMES = 40, 8, 8
_NOT_LEGAL = frozenset(
    {"M", "A", "N", "S", "P", "BAD", "NOUSE"}
)  # XPN.7: maiden, alias, nickname …
_NOT_HOME = frozenset({"B", "O", "BA", "V", "BR", "BDL", "N"})  # XAD.7: work, bad, of birth …
_MOBILES = frozenset({"INTERNET", "X.400"})  # XTN.3 of what is no telephone
_BORN = re.compile(r"(?P<year>[0-9]{4})((?P<month>[0-9]{2})(?P<day>[0-9]{2})?)?")
_EIGHT = 8

# HL7 table 0063, relationship → relation
_RELATIONS = {
    "MTH": "mother", "MOTH": "mother", "FTH": "father", "FATH": "father",
    "PAR": "other", "GRD": "other", "CGV": "other", "OAD": "other",
    "GRP": "grandparent", "SIB": "sibling", "BRO": "sibling", "SIS": "sibling",
    "HSIB": "half_or_step_sibling", "STP": "step_parent", "STPMTH": "step_parent",
    "STPFTH": "step_parent", "FOS": "foster_carer", "FCP": "foster_carer",
    "EXF": "other_relative", "AUN": "other_relative", "UNC": "other_relative",
    "FND": "friend_of_family", "NBR": "friend_of_family", "ROM": "lodger_or_housemate",
    "CHD": "child_of_subject", "NCH": "child_of_subject", "SPO": "other", "DOM": "other",
}  # fmt: skip

Identity = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """PID taken apart, with the publisher's own key, which never leaves the publisher."""

    key: str = field(repr=False)
    identity: Identity = field(repr=False)
    spoken: str = field(repr=False)  # the whole name, for the mother of an unborn child
    protected: bool = False  # PD1-12
    faults: tuple[tuple[str, str], ...] = ()

    @property
    def born(self) -> str | None:
        found = self.identity["summary"].get("birth_date")
        return None if found is None else str(found)


def patient_from(pid: Segment, pd1: Segment | None, site: Site) -> Patient | None:
    """The patient; None if nothing in PID says who that is."""
    faults: names.Faults = []
    given, family, others = _names(pid, faults)
    born = _born(pid, faults)
    identifiers = _identifiers(pid, site, faults)
    spoken = f"{given} {family}".strip()
    if not (spoken or born or identifiers):
        return None
    summary = {
        "known": "identified" if given or family or born else "described",
        "subject_kind": "child",
        "given_name": given,
        "family_name": family,
        "birth_date": born,
        "sex": _sex(pid.text(8)),
    }
    full = {
        "identifiers": identifiers,
        "other_names": others,
        "address": _address(pid, faults),
        "telephone": _telephones(pid.repeats(13) + pid.repeats(14), pid, "PID-13", faults),
        "language": pid.text(15) if names.is_language(pid.text(15)) else "",
    }
    return Patient(
        key=key_of(pid, 3) or f"{spoken}|{born or ''}",
        identity={"summary": _given(summary), "full": _given(full)},
        spoken=spoken,
        protected=pd1 is not None and pd1.text(12).upper() == "Y",
        faults=tuple(faults),
    )


def key_of(segment: Segment, number: int) -> str:
    """
    The publisher's own key, the same as for its FHIR feed: an NHS number that may be relied on,
    else the first number that there is.
    """
    found = [(each, segment.part(each, 1)) for each in segment.repeats(number)]
    for each, value in found:
        if is_nhs(segment, each) and nhs_number_assurance(value) != "invalid":
            return f"{NHS_NUMBER}|{re.sub('[^0-9]', '', value)}"
    for each, value in found:
        if value and not is_nhs(segment, each):
            return f"{segment.part(each, 4)}|{value}"
    return ""


def is_nhs(segment: Segment, repeat: str) -> bool:
    return bool({segment.part(repeat, 4).upper(), segment.part(repeat, 5).upper()} & _NHS)


def identifiers_in(
    segment: Segment, number: int, site: Site, faults: names.Faults
) -> list[dict[str, str]]:
    """The numbers of one field, each once."""
    made = []
    for each in segment.repeats(number):
        value = segment.part(each, 1)
        if not value or len(value) > _LONGEST:
            if value:
                faults.append((f"{segment.name}-{number}", "bad_identifier"))
        elif is_nhs(segment, each):
            made.append(nhs_number(value))
        else:
            made.append(local("local_record_number", value, site.organisation))
    return [dict(each) for each in dict.fromkeys(tuple(one.items()) for one in made)]


def _identifiers(pid: Segment, site: Site, faults: names.Faults) -> list[dict[str, str]]:
    """PID-3; before version 2.3.1 the number may stand in PID-2 or PID-4 alone."""
    for number in (3, 2, 4):
        found = identifiers_in(pid, number, site, faults)
        if found:
            return found[:_MOST_IDENTIFIERS]
    return []


def _names(pid: Segment, faults: names.Faults) -> tuple[str, str, list[str]]:
    """(given, family, others): the legal name first, however the repetitions are ordered."""
    several = sorted(pid.repeats(5), key=lambda each: _rank(pid.part(each, 7).upper()))
    if not several:
        return "", "", []
    first = several[0]
    given = " ".join(filter(None, (pid.part(first, 2), pid.part(first, 3))))
    others = [
        names.name(f"{pid.part(each, 2)} {pid.part(each, 1)}".strip(), "PID-5", faults)
        for each in several[1:]
    ]
    return (
        names.name(given, "PID-5", faults),
        names.name(pid.part(first, 1), "PID-5", faults),
        list(dict.fromkeys(filter(None, others)))[:_MOST_NAMES],
    )


def _rank(kind: str) -> int:
    return 0 if kind == "L" else 2 if kind in _NOT_LEGAL else 1


def _born(segment: Segment, faults: names.Faults, number: int = 7) -> str | None:
    """The first eight digits; a year, or a year and a month, stay what they are."""
    written = segment.text(number)
    found = _BORN.fullmatch(written[:_EIGHT])
    parts = [found["year"], found["month"], found["day"]] if found is not None else []
    born = birth_date("-".join(filter(None, parts))) if parts else None
    if written and born is None:
        faults.append((f"{segment.name}-{number}", "bad_date"))
    return born


def _sex(code: str) -> str:
    """By HL7 table 0001, and the NHS's own digits."""
    return str(table("sex")["hl7v2"]["map"].get(code.upper(), "U"))


def _address(pid: Segment, faults: names.Faults) -> dict[str, object]:
    several = sorted(pid.repeats(11), key=lambda each: pid.part(each, 7).upper() in _NOT_HOME)
    for each in several:
        lines = [pid.part(each, 1), *(pid.part(each, number) for number in (2, 3, 4))]
        code = pid.part(each, 5)
        if any(lines) or code:
            return names.address(lines, code, "PID-11", faults)
    return {}


def _telephones(repeats: list[str], segment: Segment, name: str, faults: names.Faults) -> list[str]:
    written = []
    for each in repeats:
        if segment.part(each, 3).upper() in _MOBILES:
            continue
        parts = (segment.part(each, 6), segment.part(each, 7))
        written.append(segment.part(each, 1) or segment.part(each, 12) or "".join(parts))
    return names.telephones(written, name, faults)


def family_of(relatives: Sequence[Segment], occurred: str, faults: names.Faults) -> dict[str, Any]:
    """`family`: relations without names in the summary; in full who they are, never where."""
    summaries, people = [], []
    for nk1 in relatives:
        said = nk1.text(3).upper()
        relation = _RELATIONS.get(said, "unknown")
        born = _born(nk1, faults, 16)
        known: dict[str, Any] = {"relation": relation}
        if born is not None:
            known["under_18"] = "no" if is_adult(born, occurred) else "yes"
        named = {
            "relation": relation,
            "name": names.name(f"{nk1.text(2, 2)} {nk1.text(2, 1)}".strip(), "NK1-2", faults),
            "birth_date": born,
            "telephone": _telephones(nk1.repeats(5), nk1, "NK1-5", faults),
        }
        if _given({**named, "relation": ""}) or relation != "unknown":
            summaries.append(known)
            people.append(_given(named))
    if not people:
        return {}
    return {"summary": {"people": summaries}, "full": {"people": people}}


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
