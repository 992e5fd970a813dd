"""
NIEM XML, 2.0 and 3.0 alike, by local name: an incident with a mapped offence and a child victim, or
a juvenile intake. A question, a response that found nobody, a warrant: nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from adapters.codes import table
from adapters.contract import Event, Item, Nothing, Quarantined, Site
from adapters.dates import ADULT, age_at, birth_date
from adapters.levels import proposed, urgency
from adapters.natives import native_part, pruned
from adapters.xml import local, named, parsed, text_of
from broker.domain.words import EventType
from broker.errors import Malformed

_SEX = {"F": "F", "M": "M", "Female": "F", "Male": "M"}
_NEWBORN = frozenset({"NN", "NB", "BB"})  # NIBRS ages
_DELETED = frozenset({"D", "Delete"})


@dataclass(frozen=True, slots=True)
class _Incident:
    root: etree._Element
    native: bytes
    site: Site

    @property
    def happened(self) -> str:
        for name in ("ActivityDate", "ActivityDateRange"):
            for activity in named(self.root, name):
                found = text_of(activity, "DateTime") or text_of(activity, "Date")
                if found:
                    return found
        return "unknown"

    @property
    def reference(self) -> str:
        return text_of(self.root, "ActivityIdentification", "IdentificationID")


def read(native: bytes, site: Site) -> Sequence[Item]:
    """One Item for each child victim, or one that says why there is none."""
    try:
        root = parsed(native)
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    name = local(root)
    if "Query" in name or "Request" in name or "Subscription" in name:
        return [Nothing(reason="query")]
    if text_of(root, "JuvenileInformationAvailabilityCode") == "NOT FOUND":
        return [Nothing(reason="not_found")]
    incident = _Incident(root, native, site)
    juvenile = (
        "Juvenile" in name
        and next(named(root, "JuvenileIntake", "JuvenileReferral"), None) is not None
    )
    if juvenile:
        return _juvenile(incident)
    return _victims(incident)


def _juvenile(incident: _Incident) -> Sequence[Item]:
    people = _people(incident.root, "Child", "Juvenile")
    if not people:
        return [Quarantined(reason="no_subject", detail="Child")]
    return [_concern(incident, person, [], []) for person in people]


def _victims(incident: _Incident) -> Sequence[Item]:
    offences = [
        text_of(each) or (each.text or "").strip()
        for each in named(incident.root, "OffenseUCRCode")
    ]
    if not offences:
        return [Nothing(reason="no_offence")]
    children = [each for each in _people(incident.root, "Victim") if _is_child(each, incident)]
    if not children:
        return [Nothing(reason="no_child_victim")]
    rows = [table("ucr_offences").get(code) for code in offences]
    known = [row for row in rows if row is not None]
    if not known:
        return [Quarantined(reason="unknown_code", detail="OffenseUCRCode") for _ in children]
    return [_concern(incident, child, known, offences) for child in children]


def _people(root: etree._Element, *roles: str) -> list[etree._Element]:
    """The persons in these roles: inside the role, or where its reference points."""
    by_id = {
        value: each
        for each in named(root, "Person")
        for name, value in each.attrib.items()
        if str(name).endswith("}id") or name == "id"
    }
    found = []
    for role in named(root, *roles):
        inside = next((each for each in named(role, "Person")), None)
        refs = [
            value
            for each in role.iter()
            for name, value in each.attrib.items()
            if str(name).endswith("}ref")
        ]
        person = (
            inside
            if inside is not None
            else next((by_id[ref] for ref in refs if ref in by_id), None)
        )
        if person is not None and person not in found:
            found.append(person)
    return found


def _born(person: etree._Element) -> str | None:
    return birth_date(
        text_of(person, "PersonBirthDate", "Date") or text_of(person, "PersonBirthDate")
    )


def _is_child(person: etree._Element, incident: _Incident) -> bool:
    """By birth date on the day of the incident; else by the age that was measured."""
    born = _born(person)
    age = age_at(born, incident.happened) if born else None
    if age is not None:
        return age < ADULT
    for name in ("MeasurePointValue", "MeasureIntegerValue", "MeasureValueText"):
        measured = text_of(person, "PersonAgeMeasure", name)
        if measured in _NEWBORN:
            return True
        if measured.isdigit():
            return int(measured) < ADULT
    return False


def _concern(
    incident: _Incident,
    person: etree._Element,
    rows: Sequence[Mapping[str, Any]],
    offences: Sequence[str],
) -> Item:
    identity = _identity(person, incident.site)
    if identity is None:
        return Quarantined(reason="no_subject", detail="Person")
    original = native_part(incident.native, made_by="system", form="niem-xml")
    key = _key(person, identity)
    reference = incident.reference or original["sha256"][:32]
    if text_of(incident.root, "ReportActionCategoryCode") in _DELETED or (
        text_of(incident.root, "DataItemPublishInstruction") in _DELETED
    ):
        return Event(
            type=EventType.CONCERN_RETRACTED,
            reference=reference,
            version="deleted",
            subject_key=key,
            plain={"reason": "entered_in_error"},
            native=original,
        )
    abuse = sorted({row["abuse"] for row in rows if row.get("abuse")}) or ["UNSPECIFIED"]
    factors = sorted({factor for row in rows for factor in row.get("factors", [])})
    level, state = proposed(abuse)
    narrative: dict[str, Any] = {
        "basis": "recorded_status",
        "occurred": incident.happened,
        "abuse": abuse,
        **({"factors": factors} if factors else {}),
    }
    mapped = [code for code in offences if code in table("ucr_offences")]
    police = {"kind": "other", "codes": [{"system": "ucr", "code": code} for code in mapped]}
    words = _words(incident.root)
    return Event(
        type=EventType.CONCERN_RAISED,
        reference=reference,
        version=original["sha256"][:16],
        subject_key=key,
        correlation_key=reference,
        plain={
            "level": level,
            "level_state": state,
            "urgency": urgency(level),
            "family": {"may_be_told": "not_known"},
        },
        routing={
            "purpose": "safeguarding",
            "lawful_basis": {"article_6": "6_1_e", "condition": "sch1_18"},
            "consent_state": "not_required_statutory",
            "jurisdiction": "GB-ENG",
            "location_protected": False,
        },
        native=original,
        categories=pruned(
            {
                "identity": identity,
                "narrative": {"summary": narrative},
                "police_incident": {
                    "summary": {name: value for name, value in police.items() if value},
                    "full": {"words": words} if words else {},
                },
            }
        ),
    )


def _words(root: etree._Element) -> str:
    found = next((each for each in named(root, "ActivityDescriptionText")), None)
    return (found.text or "") if found is not None else ""


def _identity(person: etree._Element, site: Site) -> dict[str, dict[str, Any]] | None:
    summary = {
        "known": "identified",
        "subject_kind": "child",
        "given_name": text_of(person, "PersonGivenName"),
        "family_name": text_of(person, "PersonSurName"),
        "birth_date": _born(person),
        "sex": _SEX.get(text_of(person, "PersonSexCode"), "U"),
    }
    nominal = text_of(person, "PersonOtherIdentification", "IdentificationID")
    if (
        not any(summary[name] for name in ("given_name", "family_name", "birth_date"))
        and not nominal
    ):
        return None
    full: dict[str, Any] = {}
    if nominal:
        full["identifiers"] = [
            {
                "system": "police_nominal",
                "value": nominal[:40],
                "issuer": site.organisation,
                "assurance": "verified",
            }
        ]
    return {"summary": {name: value for name, value in summary.items() if value}, "full": full}


def _key(person: etree._Element, identity: Mapping[str, Mapping[str, Any]]) -> str:
    identifiers = identity["full"].get("identifiers")
    if identifiers:
        return f"nominal:{identifiers[0]['value']}"
    summary = identity["summary"]
    names = ("family_name", "given_name", "birth_date")
    return "|".join(str(summary.get(name, "")) for name in names)
