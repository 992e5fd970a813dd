"""
The Department for Education's Common Transfer File, in the Department's own shape and in that of
other products (BasicDetails): who a pupil is, which school they leave, which they join.

Never a concern. A file to a destination that nobody knows calls a person: a child may be missing
education (FORMATS.md 5, 7a.16).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from adapters import names
from adapters.codes import table
from adapters.contract import ECHO, Event, Item, Nothing, Quarantined, Site
from adapters.dates import birth_date, is_adult
from adapters.identifiers import local as local_number
from adapters.identifiers import upn_assurance
from adapters.natives import content_version, native_part
from adapters.xml import local, parsed, text_of
from broker.domain.words import EventType
from broker.errors import Malformed

_UNKNOWN, _OUTSIDE = "XXXXXXX", "MMMMMMM"  # destination not known; outside the maintained sector
_LONGEST, _MOST_PUPILS = 40, 20_000
_GENDERS = "dfe-before-2024"
# What the file holds beside who the pupil is: read elsewhere, or carried by nobody (ethnicity).
_KNOWN = frozenset({
    "UPN", "FormerUPN", "UniqueLearnerNumber", "ULN", "Surname", "Forename", "MiddleNames",
    "PreferredSurname", "PreferredForename", "FormerSurname", "FormerFamilyName", "DOB", "Sex",
    "Gender", "BasicDetails", "LegalSurname", "LegalForename", "Ethnicity", "EthnicitySource",
    "Languages", "Religion", "Address", "Phones", "Email", "Contacts", "Attendance", "Assessment",
    "StageAssessments", "SchoolHistory", "SEN", "SENhistory", "FSMhistory", "FSM", "LookedAfter",
    "InCare", "CareAuthority", "MedicalFlag", "NCyearActual", "NCYearActual", "Admissions",
    "NativeId", "PupilID", "ApplicationReference", "LearnerFAM", "YSSA", "PPEL", "PostLA",
    "ServiceChild", "ExamNumber", "Photo", "DisabilityCodes", "Notes",
})  # fmt: skip
_KEPT = ("NCyearActual", "NCYearActual")

Identity = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Transfer:
    """The file's header: from which school, to which, when."""

    source: str
    destination: str  # seven characters, LEA and establishment; empty if none is named
    destination_id: str
    day: str | None
    native: bytes = field(repr=False)
    site: Site


def read(native: bytes, site: Site) -> Sequence[Item]:
    """For each pupil who they are and where they are enrolled."""
    try:
        root = parsed(native)
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    if local(root).casefold() != "ctfile":
        named = local(root)[:_LONGEST]
        return [Quarantined(reason="not_this_format", detail=f"root {named}, not CTfile")]
    if ECHO.encode() in native:
        return [Nothing(reason="echo")]
    pupils = [each for each in root.iter(etree.Element) if local(each) == "Pupil"]
    if len(pupils) > _MOST_PUPILS:
        return [Quarantined(reason="too_large", detail="pupils")]
    transfer = _transfer(root, native, site)
    items = [item for each in pupils for item in _pupil(each, transfer)]
    return items or [Nothing(reason="no_pupil")]


def _transfer(root: etree._Element, native: bytes, site: Site) -> _Transfer:
    header = next((each for each in root if local(each) == "Header"), root)
    source = next((each for each in header if local(each) == "SourceSchool"), None)
    target = next((each for each in header if local(each) == "DestSchool"), None)
    return _Transfer(
        source=_school(source, site) or str(site.organisation),
        destination=_number(target),
        destination_id=_school(target, site),
        day=birth_date(text_of(header, "DateTime")[:10]),
        native=native,
        site=site,
    )


def _number(school: etree._Element | None) -> str:
    return (text_of(school, "LEA") + text_of(school, "Estab")).upper()


def _school(school: etree._Element | None, site: Site) -> str:
    """
    An organisation: by the profile's `schools`, else by its URN, else by LEA and establishment.
    """
    number, urn = _number(school), text_of(school, "URN")
    known = site.profile.get("schools")
    if isinstance(known, Mapping) and (urn in known or number in known):
        return str(known.get(urn) or known[number])
    plain = urn or number
    return f"org:school:{plain}" if plain.isalnum() and plain.isascii() else ""


def _pupil(pupil: etree._Element, transfer: _Transfer) -> Iterator[Item]:
    said = _said(pupil)
    faults: names.Faults = []
    identity = _identity(said, transfer.site, faults)
    if identity is None:
        yield Quarantined(reason="no_subject", detail="Pupil")
        return
    born = identity["summary"].get("birth_date")
    if is_adult(born, transfer.site.received.date().isoformat()):
        yield Nothing(reason="adult")
        return
    key = _key(said, identity)
    about = _About(key, identity, transfer, tuple(faults), _unread(said), _unseen(pupil))
    yield from about.identity_changed(former=said.get("FormerUPN", ""))
    yield from about.enrolments(pupil)


@dataclass(frozen=True, slots=True)
class _About:
    """One pupil, with what every event about them shares."""

    key: str = field(repr=False)
    identity: Identity = field(repr=False)
    transfer: _Transfer
    faults: tuple[tuple[str, str], ...]
    unread: tuple[tuple[str, str], ...]
    unseen: tuple[str, ...]

    def identity_changed(self, former: str) -> Iterator[Event]:
        fact = {"after": self.identity}
        yield self._event(
            EventType.IDENTITY_CHANGED, f"{self.key}/recorded", fact, {"kind": "recorded"}
        )
        if former:
            yield self._event(
                EventType.IDENTITY_CHANGED,
                f"{self.key}/number_superseded",
                fact,
                {"kind": "number_superseded"},
            )

    def enrolments(self, pupil: etree._Element) -> Iterator[Item]:
        where = self.transfer
        left = _left(pupil, where) or where.day
        yield self._enrolled(where.source, {"until": left} if left else {"withdrawn": True})
        if where.destination == _UNKNOWN:
            detail = f"destination {_UNKNOWN}: missing education?"
            yield Quarantined(reason="needs_person", detail=detail)
        elif where.destination_id and where.destination != _OUTSIDE:
            yield self._enrolled(where.destination_id, {"from": where.day} if where.day else {})

    def _enrolled(self, organisation: str, when: dict[str, Any]) -> Event:
        fact = {
            "organisation": organisation,
            "role": "designated_safeguarding_lead",
            "relationship": "enrolled",
            **when,
        }
        reference = f"{self.key}/{organisation}/enrolled"
        return self._event(EventType.RELATIONSHIP_CHANGED, reference, fact, {})

    def _event(
        self, kind: EventType, reference: str, fact: dict[str, Any], plain: dict[str, Any]
    ) -> Event:
        return Event(
            type=kind,
            reference=reference[:200],
            version=content_version(fact),
            subject_key=self.key,
            plain=plain,
            facts=fact,
            native=native_part(
                self.transfer.native,
                made_by="system",
                form="ctf-xml",
                faults=self.faults,
                unread=self.unread,
            ),
            categories={"identity": self.identity},
            unseen=self.unseen,
        )


def _said(pupil: etree._Element) -> dict[str, str]:
    """The pupil's own short fields, whichever of the two shapes holds them."""
    inner = next((each for each in pupil if local(each) == "BasicDetails"), None)
    found: dict[str, str] = {}
    for holder in (pupil, inner):
        for each in holder.iterchildren(etree.Element) if holder is not None else ():
            if not len(each):
                found.setdefault(local(each), (each.text or "").strip())
    return found


def _identity(said: Mapping[str, str], site: Site, faults: names.Faults) -> Identity | None:
    given = " ".join(
        filter(None, (said.get("Forename") or said.get("LegalForename"), said.get("MiddleNames")))
    )
    given = names.name(given, "Forename", faults)
    family = names.name(said.get("Surname") or said.get("LegalSurname", ""), "Surname", faults)
    written = said.get("DOB", "")
    born = birth_date(written)
    if written and born is None:
        faults.append(("DOB", "bad_date"))
    identifiers = _identifiers(said, site, faults)
    if not (given or family or born or identifiers):
        return None
    summary = {
        "known": "identified" if given or family or born else "described",
        "subject_kind": "child",
        "given_name": given,
        "family_name": family,
        "birth_date": born,
        "sex": _sex(said.get("Sex") or said.get("Gender", "")),
    }
    preferred = " ".join(
        filter(None, (said.get("PreferredForename"), said.get("PreferredSurname")))
    )
    other = names.name(preferred, "PreferredForename", faults) if preferred else ""
    full = {
        "identifiers": identifiers,
        "other_names": [other] if other and other != f"{given} {family}" else [],
    }
    return {
        "summary": {name: value for name, value in summary.items() if value},
        "full": {name: value for name, value in full.items() if value},
    }


def _sex(code: str) -> str:
    known = {**table("sex")["dfe-2024-on"]["map"], **table("sex")[_GENDERS]["map"]}
    return str(known.get(code.upper(), "U"))


def _identifiers(said: Mapping[str, str], site: Site, faults: names.Faults) -> list[dict[str, str]]:
    made = []
    for name, system in (("UPN", "upn"), ("FormerUPN", "former_upn")):
        number = said.get(name, "")
        if len(number) > _LONGEST:
            faults.append((name, "bad_identifier"))
        elif number:
            assurance = upn_assurance(number)
            if assurance != "checksum_ok":
                faults.append((name, "bad_identifier"))
            made.append({"system": system, "value": number, "assurance": assurance})
    own = said.get("NativeId") or said.get("PupilID", "")
    if 0 < len(own) <= _LONGEST:
        made.append(local_number("mis_id", own, site.organisation, verified=True))
    return made


def _key(said: Mapping[str, str], identity: Identity) -> str:
    """The publisher's own key: the number of its register, else the UPN, else name and date."""
    own = said.get("NativeId") or said.get("PupilID")
    if own:
        return f"mis:{own}"
    if said.get("UPN"):
        return f"upn:{said['UPN']}"
    summary = identity["summary"]
    known = (str(summary.get(each, "")) for each in ("family_name", "given_name", "birth_date"))
    return "|".join(known)


def _left(pupil: etree._Element, transfer: _Transfer) -> str | None:
    """The leaving date that the pupil's own history gives for the source school."""
    for school in pupil.iter(etree.Element):
        if local(school) == "School" and _school(school, transfer.site) == transfer.source:
            found = birth_date(text_of(school, "LeavingDate")[:10])
            if found:
                return found
    return None


def _unread(said: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    found = [(name, value) for name, value in said.items() if name in _KEPT or name not in _KNOWN]
    return tuple((name, value) for name, value in found if value)


def _unseen(pupil: etree._Element) -> tuple[str, ...]:
    inner = next((each for each in pupil if local(each) == "BasicDetails"), None)
    holders = [pupil] if inner is None else [pupil, inner]
    every = [local(each) for holder in holders for each in holder.iterchildren(etree.Element)]
    return tuple(sorted({name[:80] for name in every} - _KNOWN))
