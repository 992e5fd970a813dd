"""One child of a NIEM report as a concern, as its withdrawal, or as a case fact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from adapters.contract import Event, Item, Nothing, Quarantined, Site
from adapters.dates import birth_date, is_adult
from adapters.levels import proposed, urgency
from adapters.names import Faults
from adapters.natives import content_version, native_part, protect, pruned
from adapters.police.niem_people import (
    Identity,
    Person,
    address_in,
    identity_of,
    is_protected,
    key_of,
    others,
    referrer_of,
)
from adapters.police.niem_scope import Scope
from adapters.xml import text_of
from broker.domain.words import EventType

_MOST_WORDS, _MOST_CODES, _MOST_OFFENCES, _MOST_NATIVE = 32_000, 20, 20, 20
_CODE = 32
_PLACES = frozenset({"address", "telephone"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A child in a report, and the offences against it."""

    scope: Scope
    child: Person
    rows: Sequence[Mapping[str, Any]] = ()
    codes: Sequence[str] = ()
    native: bytes = field(repr=False)
    site: Site

    def reference(self) -> str:
        return self.scope.reference or content_version(self.native.hex())


def concern(said: Said) -> Item:
    """One concern, or why a person must look at it first."""
    faults: Faults = []
    identity = identity_of(said.child, said.scope, said.site, faults)
    if identity is None:
        return Quarantined(reason="no_subject", detail="Person")
    happened = said.scope.happened(said.site, faults)
    day = happened if happened != "unknown" else said.site.received.date().isoformat()
    if is_adult(said.child.born, day):
        return Quarantined(reason="over_18", detail="PersonBirthDate")
    words = _words(said.scope)
    if len(words) > _MOST_WORDS:
        return Quarantined(reason="too_long", detail="ActivityDescriptionText")
    categories = _categories(said, identity, happened, words, faults)
    protected = is_protected(said.child, said.scope)
    categories = pruned(protect(categories) if protected else categories)
    abuse = categories["narrative"]["summary"]["abuse"]
    level, state = proposed(abuse)
    plain = {
        "level": level,
        "level_state": state,
        "urgency": urgency(level),
        "family": {"may_be_told": "not_known"},
    }
    return Event(
        type=EventType.CONCERN_RAISED,
        reference=said.reference(),
        version=content_version(plain, categories),
        subject_key=key_of(said.child, identity),
        correlation_key=said.reference(),
        plain=plain,
        routing={
            "purpose": "safeguarding",
            "lawful_basis": {"article_6": "6_1_e", "condition": "sch1_18"},
            "consent_state": "not_required_statutory",
            "jurisdiction": "GB-ENG",
            "location_protected": protected,
        },
        native=native_part(said.native, made_by="system", form="niem-xml", faults=faults),
        categories=categories,
    )


def retraction(said: Said) -> Item:
    """The report was deleted: by the thread of what it raised."""
    identity = identity_of(said.child, said.scope, said.site, [])
    if identity is None:
        return Quarantined(reason="no_subject", detail="Person")
    return Event(
        type=EventType.CONCERN_RETRACTED,
        reference=said.reference(),
        version="deleted",
        subject_key=key_of(said.child, identity),
        plain={"reason": "entered_in_error"},
        native=native_part(said.native, made_by="system", form="niem-xml"),
    )


def placement(said: Said, record: etree._Element, status: str) -> Item:
    """A juvenile's placement or case plan: a case fact, not a concern (7a.16)."""
    faults: Faults = []
    identity = identity_of(said.child, said.scope, said.site, faults)
    if identity is None:
        return Quarantined(reason="no_subject", detail="Person")
    if is_adult(said.child.born, said.site.received.date().isoformat()):
        return Nothing(reason="adult")
    since = birth_date(
        text_of(record, "StartDate", "Date") or text_of(record, "ActivityDate", "Date")
    )
    until = birth_date(text_of(record, "EndDate", "Date"))
    fact = {"status": status, "from": since, "until": until}
    fact = {name: value for name, value in fact.items() if value}
    full = {name: each for name, each in identity["full"].items() if name not in _PLACES}
    return Event(
        type=EventType.CASE_CLOSED if until else EventType.CASE_OPENED,
        reference=f"{said.reference()}/{status}"[:200],
        version=content_version(fact),
        subject_key=key_of(said.child, identity),
        facts=fact,
        native=native_part(said.native, made_by="system", form="niem-xml", faults=faults),
        categories={
            "identity": {"summary": identity["summary"], **({"full": full} if full else {})}
        },
    )


def _categories(
    said: Said, identity: Identity, happened: str, words: str, faults: Faults
) -> dict[str, dict[str, Any]]:
    abuse = sorted({row["abuse"] for row in said.rows if row.get("abuse")} - {"UNSPECIFIED"})
    factors = sorted({factor for row in said.rows for factor in row.get("factors", [])})
    narrative: dict[str, Any] = {
        "basis": "recorded_status",
        "occurred": happened,
        "abuse": abuse or ["UNSPECIFIED"],
        **({"factors": factors} if factors else {}),
    }
    known = {row["code"] for row in said.rows}
    unmapped = [{"system": "ucr", "code": code[:200]} for code in said.codes if code not in known][
        :_MOST_NATIVE
    ]
    full = {"words": words, "native_codes": unmapped}
    return {
        "identity": {part: dict(values) for part, values in identity.items()},
        "narrative": {
            "summary": narrative,
            "full": {name: value for name, value in full.items() if value},
        },
        "police_incident": _incident(said, happened, faults),
        "offences": _offences(said, happened),
        "referrer": referrer_of(said.scope, said.child, faults),
    }


def _incident(said: Said, happened: str, faults: Faults) -> dict[str, Any]:
    codes = [{"system": "ucr", "code": row["code"]} for row in said.rows][:_MOST_CODES]
    summary: dict[str, Any] = {"kind": "other"}
    summary |= {"codes": codes} if codes else {}
    summary |= {"occurred": happened} if happened != "unknown" else {}
    place = said.scope.first("IncidentLocation", "ActivityLocation", "OffenseLocation")
    if place is not None and not len(place):
        place = next(iter(said.scope.referred(place)), None)
    full = {
        "address": address_in(place, faults) if place is not None else {},
        "people": others(said.scope, said.child, faults),
    }
    return {"summary": summary, "full": {name: value for name, value in full.items() if value}}


def _offences(said: Said, happened: str) -> dict[str, Any]:
    """Of whoever is named as the subject of the report; what came of it stays not known."""
    if said.scope.first("Subject", "ArrestSubject") is None:
        return {}
    on = birth_date(happened[:10]) if happened != "unknown" else None
    found = [
        {
            "relation": "unknown",
            "code": {"system": "ucr", "code": code},
            "outcome": "not_known",
            **({"on": on} if on else {}),
        }
        for code in said.codes
        if code.isalnum() and code.isascii() and len(code) <= _CODE
    ][:_MOST_OFFENCES]
    return {"summary": {"offences": found}} if found else {}


def _words(scope: Scope) -> str:
    """Every description as it was written, a blank line between two."""
    texts = [
        each.text or ""
        for each in scope.of_name("ActivityDescriptionText", "IncidentNarrativeText")
    ]
    return "\n\n".join(dict.fromkeys(each for each in texts if each.strip()))
