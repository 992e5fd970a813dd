"""One child of a police incident as a concern, or as its withdrawal."""

import re
from dataclasses import dataclass, field
from typing import Any

from adapters.contract import Event, Item, Quarantined, Site
from adapters.dates import birth_date
from adapters.levels import level_from, proposed, urgency
from adapters.names import Faults
from adapters.natives import content_version, native_part, protect, pruned
from adapters.police.pole_document import Document, Thing
from adapters.police.pole_people import (
    KNOWN,
    Child,
    address_of,
    lives_there,
    others,
    referrer_of,
)
from broker.domain.words import EventType

_MOST_WORDS, _MOST_OFFENCES = 32_000, 20
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9/._-]{0,39}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,31}")
_GRADES = {"source_grade": "123", "information_grade": "ABCDE", "handling": "PC"}
_RISKS = frozenset({"standard", "medium", "high"})
_PLACES = ("location", "incidentLocation", "place")
_INCIDENT = frozenset({
    "forceidentifier", "incidentstartdatetime", "incidentenddatetime", "incidentdatetime",
    "startdatetime", "incidentdate", "incidentdescription", "description", "incidenttype",
    "incidentreference", "incidentnumber", "crimereference", "status", "incidentstatus",
    "recordstatus", "action", "policeprotectionused", "riskgrade", "childpresent", "version",
    "lastmodified", "immediatedanger",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A child in an incident."""

    document: Document
    child: Child
    native: bytes = field(repr=False)
    site: Site

    @property
    def incident(self) -> Thing:
        return self.document.incident

    @property
    def reference(self) -> str:
        return self.incident.id or self.number or content_version(self.native.hex())

    @property
    def number(self) -> str:
        """The force's own, to read out on the telephone."""
        return self.incident.text("incidentReference", "incidentNumber", "crimeReference")

    def listed(self, name: str) -> bool:
        """Whether the profile lists this type of incident under a name."""
        listed = self.site.profile.get(name)
        known = {str(each).casefold() for each in listed} if isinstance(listed, list) else set()
        return self.incident.text("incidentType").casefold() in known

    def mapped(self, name: str) -> Any:
        """What the profile maps this type of incident to under a name."""
        table = self.site.profile.get(name)
        written = (
            {str(key).casefold(): value for key, value in table.items()}
            if isinstance(table, dict)
            else {}
        )
        return written.get(self.incident.text("incidentType").casefold())


def concern(said: Said) -> Item:
    """One concern, or why a person must look at it first."""
    faults: Faults = list(said.child.faults)
    words = said.incident.words("incidentDescription", "description")
    if len(words) > _MOST_WORDS:
        return Quarantined(reason="too_long", detail="incidentDescription")
    places = _places(said, faults)
    categories = _categories(said, words, places, faults)
    if said.child.protected:
        categories = protect(categories)
    categories = pruned(categories)
    plain = _plain(said, categories["narrative"]["summary"]["abuse"])
    unread = said.incident.beyond(_INCIDENT) + said.child.thing.beyond(KNOWN)
    return Event(
        type=EventType.CONCERN_RAISED,
        reference=said.reference,
        version=content_version(plain, categories),
        subject_key=said.child.key,
        correlation_key=said.reference,
        plain=plain,
        routing=_routing(said, places),
        native=native_part(
            said.native, made_by="system", form="police-json", faults=faults, unread=unread
        ),
        categories=categories,
        unseen=tuple(dict.fromkeys(name[:80] for name, _ in unread)),
    )


def retraction(said: Said) -> Event:
    """The incident was cancelled or deleted: by the thread of what it raised."""
    return Event(
        type=EventType.CONCERN_RETRACTED,
        reference=said.reference,
        version=f"taken back {content_version(said.incident.text('version', 'lastModified'))}",
        subject_key=said.child.key,
        plain={"reason": "entered_in_error"},
        native=native_part(said.native, made_by="system", form="police-json"),
    )


def _plain(said: Said, abuse: list[str]) -> dict[str, Any]:
    signs = set()
    if said.incident.is_true("policeProtectionUsed") or said.incident.is_true("immediateDanger"):
        signs.add("police_protection")
    level, state = level_from(signs) if signs else proposed(abuse)
    return {
        "level": level,
        "level_state": state,
        "urgency": urgency(level),
        "family": {"may_be_told": "not_known"},
    }


def _routing(said: Said, places: list[dict[str, object]]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "purpose": "safeguarding",
        "lawful_basis": {"article_6": "6_1_e", "condition": "sch1_18"},
        "consent_state": "not_required_statutory",
        "jurisdiction": "GB-ENG",
        "location_protected": said.child.protected,
    }
    there = _was_present(said) or lives_there(said.document, said.child, places)
    if said.listed("domestic_abuse") and there:
        made["gateway"] = "operation_encompass"
    return made


def _was_present(said: Said) -> bool | None:
    """Yes, no, or not said: of this child, else of the children of the incident."""
    own = said.child.thing.is_true("childPresent", "present")
    return said.incident.is_true("childPresent") if own is None else own


def _presence(said: Said, places: list[dict[str, object]]) -> str:
    present = _was_present(said)
    if present is None:
        return "not_known"
    if present:
        return "present"
    return "lives_there_not_present" if lives_there(said.document, said.child, places) else "no"


def _places(said: Said, faults: Faults) -> list[dict[str, object]]:
    found = [thing for role in _PLACES for thing in said.document.of(role)]
    made = [address_of(thing.get("address") or _as_written(thing), faults) for thing in found]
    return [each for each in made if each]


def _as_written(thing: Thing) -> dict[str, Any]:
    return {thing.spelt[name]: value for name, value in thing.attributes.items()}


def _categories(
    said: Said, words: str, places: list[dict[str, object]], faults: Faults
) -> dict[str, dict[str, Any]]:
    mapped = said.mapped("abuse")
    abuse = [mapped] if isinstance(mapped, str) else ["UNSPECIFIED"]
    factors = said.mapped("factors")
    happened = said.document.happened(said.site, faults)
    narrative: dict[str, Any] = {"basis": "recorded_status", "occurred": happened, "abuse": abuse}
    narrative |= {"factors": factors} if isinstance(factors, list) and factors else {}
    return {
        "identity": {part: dict(values) for part, values in said.child.identity.items()},
        "narrative": {"summary": narrative, "full": {"words": words} if words else {}},
        "police_incident": _incident(said, happened, places, faults),
        "offences": _offences(said),
        "police_intelligence": _intelligence(said.document, faults),
        "referrer": referrer_of(said.document, said.child, faults),
    }


def _incident(
    said: Said, happened: str, places: list[dict[str, object]], faults: Faults
) -> dict[str, Any]:
    kind = "domestic_abuse" if said.listed("domestic_abuse") else said.mapped("kinds") or "other"
    summary: dict[str, Any] = {"kind": kind, "child_present": _presence(said, places)}
    code = said.incident.text("incidentType")
    summary |= {"codes": [{"system": "ihub-cv", "code": code}]} if _CODE.fullmatch(code) else {}
    summary |= {"occurred": happened} if happened != "unknown" else {}
    summary |= {"force_reference": said.number} if _REFERENCE.fullmatch(said.number) else {}
    if said.incident.is_true("policeProtectionUsed"):
        summary["police_protection_used"] = True
    risk = said.incident.text("riskGrade").casefold()
    summary |= {"risk_grade": risk} if risk in _RISKS else {}
    full = {
        "address": places[0] if places else {},
        "people": others(said.document, said.child, faults),
    }
    return {"summary": summary, "full": {name: value for name, value in full.items() if value}}


def _offences(said: Said) -> dict[str, Any]:
    """Offences of the incident and of its suspects; what came of them as far as it is said."""
    outcomes = said.site.profile.get("outcomes")
    known = outcomes if isinstance(outcomes, dict) else {}
    things = list(said.document.of("offence"))
    for suspect in [*said.document.of("suspect"), *said.document.of("offender")]:
        things += said.document.of("offence", on=suspect)
    found, native = [], []
    for thing in {each.id: each for each in things}.values():
        code = thing.text("offenceCode", "homeOfficeCode", "code")
        made: dict[str, Any] = {
            "relation": "unknown",
            "outcome": known.get(thing.text("outcome"), "not_known"),
        }
        on = birth_date(thing.text("offenceDate", "date")[:10])
        made |= {"on": on} if on else {}
        if _CODE.fullmatch(code):
            made["code"] = {"system": "ho-offence", "code": code}
        elif code:
            native.append({"system": "ho-offence", "code": code[:200]})
        found.append(made)
    if not found:
        return {}
    summary = {"summary": {"offences": found[:_MOST_OFFENCES]}}
    return {**summary, **({"full": {"native_codes": native[:_MOST_OFFENCES]}} if native else {})}


def _intelligence(document: Document, faults: Faults) -> dict[str, Any]:
    """A graded item, three by five by two; what is not graded may not travel."""
    for thing in [*document.of("intel"), *document.of("intelligence")]:
        grades = {
            "source_grade": thing.text("sourceGrade", "sourceEvaluation"),
            "information_grade": thing.text("informationGrade", "informationAssessment").upper(),
            "handling": thing.text("handling", "handlingCode").upper(),
        }
        words = thing.words("text", "report", "description")
        if not words.strip():
            continue
        if any(value not in _GRADES[name] or not value for name, value in grades.items()):
            faults.append(("intelligence", "unreadable"))
            continue
        full = {"words": words}
        conditions = thing.words("handlingConditions")
        full |= {"handling_conditions": conditions} if conditions else {}
        return {"summary": grades, "full": full}
    return {}
