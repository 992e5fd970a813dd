"""
Ed-Fi interchanges as XML, Data Standard 3 to 5: students, enrolment, discipline; the rest of a
district's data says nothing about a concern and is counted.

A discipline incident raises only where the site's profile lists its behaviour (FORMATS.md 5).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from adapters import names
from adapters.contract import ECHO, Event, Item, Nothing, Quarantined, Site
from adapters.dates import birth_date, is_adult, moment
from adapters.identifiers import local as local_number
from adapters.levels import proposed, urgency
from adapters.natives import content_version, native_part, pruned
from adapters.sites import zone_of
from adapters.xml import local, named, parsed, text_of
from broker.domain.words import EventType
from broker.errors import Malformed

_LONGEST, _MOST_WORDS = 40, 32_000
_SEXES = {"female": "F", "male": "M"}
_ASSOCIATIONS = (
    "StudentDisciplineIncidentBehaviorAssociation",
    "StudentDisciplineIncidentAssociation",
    "StudentDisciplineIncidentNonOffenderAssociation",
)
_VICTIM = "victim"

Identity = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """An interchange with its students known by their number."""

    students: Mapping[str, etree._Element] = field(repr=False)
    incidents: Mapping[str, etree._Element] = field(repr=False)
    native: bytes = field(repr=False)
    site: Site


def read(native: bytes, site: Site) -> Sequence[Item]:
    """One Item for each record of the interchange."""
    try:
        root = parsed(native)
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    if not local(root).startswith("Interchange"):
        named_so = local(root)[:_LONGEST]
        return [Quarantined(reason="not_this_format", detail=f"root {named_so}, not Interchange")]
    if ECHO.encode() in native:
        return [Nothing(reason="echo")]
    records = list(root.iterchildren(etree.Element))
    file = _File(
        students={
            text_of(each, "StudentUniqueId"): each for each in records if _is(each, "Student")
        },
        incidents={
            text_of(each, "IncidentIdentifier"): each
            for each in records
            if _is(each, "DisciplineIncident")
        },
        native=native,
        site=site,
    )
    items = [item for each in records for item in _record(each, file)]
    return items or [Nothing(reason="no_record")]


def _is(element: etree._Element, name: str) -> bool:
    return local(element) == name


def _record(record: etree._Element, file: _File) -> Iterator[Item]:
    name = local(record)
    if name == "Student":
        yield _student(record, file)
    elif name == "StudentSchoolAssociation":
        yield _enrolment(record, file)
    elif name in _ASSOCIATIONS:
        yield _behaviour(record, file)
    elif name == "DisciplineIncident":
        yield Nothing(reason="see_association")
    else:
        yield Nothing(reason="not_needed")


def _student(record: etree._Element, file: _File) -> Item:
    faults: names.Faults = []
    number = text_of(record, "StudentUniqueId")
    identity = _identity(number, file, faults)
    if identity is None:
        return Quarantined(reason="no_subject", detail="StudentUniqueId")
    born = identity["summary"].get("birth_date")
    if born is None:
        return Nothing(reason="age_unknown")
    if is_adult(born, file.site.received.date().isoformat()):
        return Nothing(reason="adult")
    fact = {"after": identity}
    return Event(
        type=EventType.IDENTITY_CHANGED,
        reference=f"{number}/recorded",
        version=content_version(fact),
        subject_key=f"mis:{number}",
        plain={"kind": "recorded"},
        facts=fact,
        native=_native(file, faults),
        categories={"identity": identity},
    )


def _enrolment(record: etree._Element, file: _File) -> Item:
    """On a school's roll: the record says that this is a pupil."""
    faults: names.Faults = []
    number, school = text_of(record, "StudentUniqueId"), text_of(record, "SchoolId")
    identity = _identity(number, file, faults)
    if identity is None or not school:
        return Quarantined(reason="no_subject", detail="StudentSchoolAssociation")
    born = identity["summary"].get("birth_date")
    if is_adult(born, file.site.received.date().isoformat()):
        return Nothing(reason="adult")
    organisation = _school(school, file.site)
    since = birth_date(text_of(record, "EntryDate"))
    until = birth_date(text_of(record, "ExitWithdrawDate"))
    fact = {
        "organisation": organisation,
        "role": "designated_safeguarding_lead",
        "relationship": "enrolled",
        "from": since,
        "until": until,
    }
    fact = {name: value for name, value in fact.items() if value}
    return Event(
        type=EventType.RELATIONSHIP_CHANGED,
        reference=f"{number}/{organisation}/enrolled",
        version=content_version(fact),
        subject_key=f"mis:{number}",
        facts=fact,
        native=_native(file, faults),
        categories={"identity": identity},
    )


def _behaviour(record: etree._Element, file: _File) -> Item:
    """A student in an incident: whoever behaved so as the profile lists, or was its victim."""
    incident = file.incidents.get(text_of(record, "IncidentIdentifier"))
    behaviours = [_short(each) for each in _behaviours(record, incident)]
    listed = _listed(file.site)
    raising = {name: abuse for name, abuse in listed.items() if name in behaviours}
    parts = {
        _short(text).casefold() for text in _texts(record, "DisciplineIncidentParticipationCode")
    }
    offender = "NonOffender" not in local(record)
    if not raising or not (offender or _VICTIM in parts):
        return Nothing(reason="no_listed_behaviour")
    faults: names.Faults = []
    number = text_of(record, "StudentUniqueId")
    identity = _identity(number, file, faults)
    if identity is None:
        return Quarantined(reason="no_subject", detail="StudentUniqueId")
    occurred = _occurred(incident, file.site, faults)
    day = occurred if occurred != "unknown" else file.site.received.date().isoformat()
    if is_adult(identity["summary"].get("birth_date"), day):
        return Quarantined(reason="over_18", detail="BirthDate")
    words = _words(record, incident)
    if len(words) > _MOST_WORDS:
        return Quarantined(reason="too_long", detail="IncidentDescription")
    abuse = sorted({each for each in raising.values() if each}) or ["UNSPECIFIED"]
    return _concern(
        record,
        file,
        faults,
        identity=identity,
        occurred=occurred,
        words=words,
        abuse=abuse,
        behaviours=behaviours,
    )


def _concern(
    record: etree._Element,
    file: _File,
    faults: names.Faults,
    *,
    identity: Identity,
    occurred: str,
    words: str,
    abuse: list[str],
    behaviours: list[str],
) -> Event:
    number, incident = text_of(record, "StudentUniqueId"), text_of(record, "IncidentIdentifier")
    school = text_of(record, "SchoolId")
    level, state = proposed(abuse)
    native_codes = [{"system": "edfi-behaviour", "code": each[:200]} for each in behaviours][:20]
    full = {"words": words, "native_codes": native_codes}
    education: dict[str, Any] = {"summary": {"status": "enrolled"}}
    if school:
        education["full"] = {"school": {"organisation": _school(school, file.site)}}
    categories: dict[str, dict[str, Any]] = {
        "identity": identity,
        "narrative": {
            "summary": {"basis": "recorded_status", "occurred": occurred, "abuse": abuse},
            "full": {name: value for name, value in full.items() if value},
        },
        "education": education,
    }
    plain = {
        "level": level,
        "level_state": state,
        "urgency": urgency(level),
        "family": {"may_be_told": "not_known"},
    }
    return Event(
        type=EventType.CONCERN_RAISED,
        reference=f"{school}/{incident}",
        version=content_version(plain, categories),
        subject_key=f"mis:{number}",
        correlation_key=f"{school}/{incident}",
        plain=plain,
        routing={
            "purpose": "safeguarding",
            "lawful_basis": {"article_6": "6_1_e", "condition": "sch1_18"},
            "consent_state": "not_sought_impracticable",
            "jurisdiction": "GB-ENG",
            "location_protected": False,
        },
        native=_native(file, faults),
        categories=pruned(categories),
    )


def _behaviours(record: etree._Element, incident: etree._Element | None) -> list[str]:
    own = _texts(record, "BehaviorDescriptor", "Behavior")
    return own or (
        _texts(incident, "BehaviorDescriptor", "Behavior") if incident is not None else []
    )


def _texts(element: etree._Element, *wanted: str) -> list[str]:
    """Texts of these elements; a Behavior may hold its descriptor one level down."""
    found = []
    for each in named(element, *wanted):
        own = (each.text or "").strip()
        found += [own] if own else []
    return list(dict.fromkeys(found))


def _short(descriptor: str) -> str:
    """`uri://ed-fi.org/BehaviorDescriptor#Bullying` → `Bullying`."""
    return descriptor.rpartition("#")[2].strip()


def _listed(site: Site) -> dict[str, str]:
    """`raise_behaviours`: a list of code values, or a mapping of each to its kind of abuse."""
    written = site.profile.get("raise_behaviours")
    if isinstance(written, Mapping):
        return {_short(str(name)): str(abuse or "") for name, abuse in written.items()}
    return {_short(str(name)): "" for name in written} if isinstance(written, list) else {}


def _occurred(incident: etree._Element | None, site: Site, faults: names.Faults) -> str:
    if incident is None:
        return "unknown"
    day, time = text_of(incident, "IncidentDate"), text_of(incident, "IncidentTime")
    found = moment(f"{day}T{time}" if time else day, zone_of(site)) or moment(day, zone_of(site))
    if day and found is None:
        faults.append(("IncidentDate", "bad_date"))
    return found.text if found is not None else "unknown"


def _words(record: etree._Element, incident: etree._Element | None) -> str:
    texts = [each.text or "" for each in named(record, "BehaviorDetailedDescription")]
    if incident is not None:
        texts = [each.text or "" for each in named(incident, "IncidentDescription")] + texts
    return "\n\n".join(dict.fromkeys(each for each in texts if each.strip()))


def _school(number: str, site: Site) -> str:
    """By the profile's `schools`; else a number that only the district gives meaning to."""
    known = site.profile.get("schools")
    if isinstance(known, Mapping):
        for key, organisation in known.items():
            if str(key) == number:
                return str(organisation)
    return f"org:local:school-{number}"[:_LONGEST]


def _identity(number: str, file: _File, faults: names.Faults) -> Identity | None:
    if not 0 < len(number) <= _LONGEST:
        return None
    identifiers = [local_number("mis_id", number, file.site.organisation, verified=True)]
    full: dict[str, Any] = {"identifiers": identifiers}
    student = file.students.get(number)
    if student is None:
        return {"summary": {"known": "described", "subject_kind": "child"}, "full": full}
    own = next((each for each in student if local(each) == "Name"), None)
    given = " ".join(filter(None, (text_of(own, "FirstName"), text_of(own, "MiddleName"))))
    written = text_of(student, "BirthDate")
    born = birth_date(written)
    if written and born is None:
        faults.append(("BirthDate", "bad_date"))
    summary = {
        "known": "identified",
        "subject_kind": "child",
        "given_name": names.name(given, "FirstName", faults),
        "family_name": names.name(text_of(own, "LastSurname"), "LastSurname", faults),
        "birth_date": born,
        "sex": _SEXES.get(_short(text_of(student, "BirthSex")).casefold(), "U"),
    }
    if not (summary["given_name"] or summary["family_name"] or born):
        summary["known"] = "described"
    return {"summary": {name: value for name, value in summary.items() if value}, "full": full}


def _native(file: _File, faults: names.Faults) -> dict[str, Any]:
    return native_part(file.native, made_by="system", form="edfi-xml", faults=faults)


def is_edfi(native: bytes) -> bool:
    """Whether the first element is an interchange."""
    start = native[:4096]
    at = start.find(b"<Interchange")
    return at >= 0 and b"<CTfile" not in start[:at]
