"""The people of a NIEM report: who a role points to, how old, and what may be said of them."""

from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from adapters import names
from adapters.codes import table
from adapters.contract import Site
from adapters.dates import ADULT, age_at, birth_date
from adapters.identifiers import local as local_number
from adapters.police.niem_scope import Scope, own_ids
from adapters.xml import named, text_of

_NEWBORN = frozenset({"NN", "NB", "BB"})  # NIBRS ages
_MEASURES = ("MeasurePointValue", "MeasureIntegerValue", "MeasureValueText", "MeasureDecimalValue")
_LONGEST, _OLDEST = 40, 130
_MOST_PEOPLE = 12
_TRUE = frozenset({"true", "1"})
_PROTECTS = ("ConfidentialIndicator", "ProtectedIndicator", "WithheldIndicator")
# Role of a person in the report → their role as the schema has it
_ROLES = {
    "Subject": ["alleged_source_of_harm"],
    "ArrestSubject": ["alleged_source_of_harm"],
    "Witness": ["witness"],
    "Victim": ["victim"],
}
_REPORTING = ("Complainant", "ReportingParty", "ReportingPerson")

Identity = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Person:
    """A Person element, the roles that point to it, and where they live."""

    element: etree._Element = field(repr=False)
    roles: tuple[str, ...] = ()  # ids of the role elements

    @property
    def born(self) -> str | None:
        return birth_date(
            text_of(self.element, "PersonBirthDate", "Date")
            or text_of(self.element, "PersonBirthDate")
        )

    def is_child(self, happened: str) -> bool:
        """By birth date on the day; else by the age that was measured, at whatever time."""
        age = age_at(self.born, happened) if self.born else None
        if age is not None:
            return age < ADULT
        for name in _MEASURES:
            measured = text_of(self.element, "PersonAgeMeasure", name)
            if measured in _NEWBORN:
                return True
            if measured.isdecimal() and 0 < int(measured[:4]) <= _OLDEST:
                return int(measured[:4]) < ADULT
        return False


def people_in(scope: Scope, *roles: str) -> list[Person]:
    """Each person in one of these roles once: inside the role, or where it points."""
    found: dict[int, tuple[etree._Element, list[str]]] = {}
    for role in scope.of_name(*roles):
        inside = next((each for each in named(role, "Person") if each is not role), None)
        pointed = [each for each in scope.referred(role) if _is_person(each)]
        person = inside if inside is not None else next(iter(pointed), None)
        if person is not None:
            _, ids = found.setdefault(id(person), (person, []))
            ids += own_ids(role)
    return [Person(element, tuple(ids)) for element, ids in found.values()]


def _is_person(element: etree._Element) -> bool:
    return str(element.tag).rpartition("}")[2] == "Person"


def identity_of(person: Person, scope: Scope, site: Site, faults: names.Faults) -> Identity | None:
    """The identity claims of a child; None if nothing says who that is."""
    element = person.element
    given = " ".join(
        filter(None, (text_of(element, "PersonGivenName"), text_of(element, "PersonMiddleName")))
    )
    if text_of(element, "PersonBirthDate", "Date") and person.born is None:
        faults.append(("PersonBirthDate", "bad_date"))
    summary = {
        "given_name": names.name(given, "PersonGivenName", faults),
        "family_name": names.name(text_of(element, "PersonSurName"), "PersonSurName", faults),
        "birth_date": person.born,
    }
    summary = {name: value for name, value in summary.items() if value}
    numbers = _numbers(element, site, faults)
    whole = names.name(text_of(element, "PersonFullName"), "PersonFullName", faults)
    if not (summary or numbers or whole):
        return None
    code = text_of(element, "PersonSexCode").upper()[:1]
    sex = str(table("sex")["niem"]["map"].get(code, "U"))
    full: dict[str, Any] = {"identifiers": numbers} if numbers else {}
    if whole and not summary.get("family_name"):
        full["other_names"] = [whole]
    address = _address_of(person, scope, faults)
    full |= {"address": address} if address else {}
    known = "identified" if summary else "described"
    return {
        "summary": {"known": known, "subject_kind": "child", **summary, "sex": sex},
        "full": full,
    }


def _numbers(element: etree._Element, site: Site, faults: names.Faults) -> list[dict[str, str]]:
    found = []
    for each in named(element, "PersonOtherIdentification"):
        value = text_of(each, "IdentificationID")
        if len(value) > _LONGEST:
            faults.append(("PersonOtherIdentification", "bad_identifier"))
        elif value:
            found.append(local_number("police_nominal", value, site.organisation, verified=True))
    return found[:4]


def key_of(person: Person, identity: Identity) -> str:
    """The publisher's own key: its number for the person, else name and birth date."""
    numbers = identity["full"].get("identifiers")
    if numbers:
        return f"nominal:{numbers[0]['value']}"
    summary = identity["summary"]
    known = [str(summary.get(name, "")) for name in ("family_name", "given_name", "birth_date")]
    return "|".join(known) if any(known) else text_of(person.element, "PersonFullName")


def is_protected(person: Person, scope: Scope) -> bool:
    """Whether the report marks where this person is as confidential."""
    marks = [
        element
        for name, elements in scope.by_name.items()
        if name.endswith(_PROTECTS)
        for element in elements
        if (element.text or "").strip().casefold() in _TRUE
    ]
    return bool(marks) and any(
        _within(mark, person.element) or "Location" in _path(mark) for mark in marks
    )


def _within(element: etree._Element, outer: etree._Element) -> bool:
    return any(each is outer for each in element.iterancestors())


def _path(element: etree._Element) -> str:
    names_up = [element, *element.iterancestors()]
    return "/".join(str(each.tag).rpartition("}")[2] for each in names_up)


def _address_of(person: Person, scope: Scope, faults: names.Faults) -> dict[str, object]:
    """Inside the person, or by the association that says where they live."""
    own = set(own_ids(person.element))
    for tie in scope.of_name("ResidenceAssociation", "PersonResidenceAssociation"):
        pointed = scope.referred(tie)
        if any(set(own_ids(each)) & own for each in pointed if _is_person(each)):
            for each in pointed:
                found = address_in(each, faults) if not _is_person(each) else {}
                if found:
                    return found
    return address_in(person.element, faults)


def address_in(element: etree._Element | None, faults: names.Faults) -> dict[str, object]:
    lines = [
        text_of(element, "StreetFullText") or text_of(element, "AddressFullText"),
        text_of(element, "LocationCityName"),
    ]
    code = text_of(element, "LocationPostalCode")
    if not any(lines) and not code:
        return {}
    return names.address(lines, code, "Location", faults)


def others(scope: Scope, child: Person, faults: names.Faults) -> list[dict[str, Any]]:
    """Everybody else in the report, with their roles; whoever reported it stands elsewhere."""
    reporting = {id(each.element) for each in people_in(scope, *_REPORTING)}
    found: dict[int, dict[str, Any]] = {}
    for role, roles in _ROLES.items():
        for person in people_in(scope, role):
            if person.element is child.element or id(person.element) in reporting:
                continue
            made = found.setdefault(id(person.element), _other(person, faults))
            made["roles"] = sorted({*made.get("roles", []), *roles})
    return list(found.values())[:_MOST_PEOPLE]


def _other(person: Person, faults: names.Faults) -> dict[str, Any]:
    made: dict[str, Any] = {"relation": "unknown"}
    written = spoken(person)
    name = names.name(written, "PersonName", faults) if written else ""
    made |= {"name": name} if name else {}
    return made | ({"birth_date": person.born} if person.born else {})


def spoken(person: Person) -> str:
    parts = (text_of(person.element, "PersonGivenName"), text_of(person.element, "PersonSurName"))
    return " ".join(filter(None, parts)) or text_of(person.element, "PersonFullName")


def referrer_of(scope: Scope, child: Person, faults: names.Faults) -> Identity:
    """Whoever reported it, if that was somebody else than the child; else an empty mapping."""
    for person in people_in(scope, *_REPORTING):
        if person.element is child.element:
            continue
        name = names.name(spoken(person), "PersonName", faults)
        found: Identity = {"summary": {"source": "1D"}}
        return {**found, "full": {"name": name}} if name else found
    return {}
