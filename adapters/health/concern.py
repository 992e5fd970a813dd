"""A listed code on a resource, with all that stands around it, as one concern."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.contract import Event, Item, Nothing, Quarantined
from adapters.dates import is_adult, moment
from adapters.health.around import (
    RESTRICTED,
    around,
    distinct,
    family_of,
    health_of,
    sensitive_kinds,
)
from adapters.health.coding import DOCUMENTS, Listed, codings, summary_code
from adapters.health.message import Held, Message, labels, names_of
from adapters.health.patient import (
    Identity,
    Person,
    identity_of,
    lives,
    mother_of,
    patient_of,
    unborn_of,
)
from adapters.health.words import uncoded, words_of
from adapters.levels import CAUSE_FOR_CONCERN, proposed, urgency
from adapters.names import Faults
from adapters.natives import content_version, native_part, protect, pruned
from adapters.sites import zone_of
from adapters.walk import Object, dicts, one, text
from broker.domain.words import EventType, Lane

# Records that somebody wrote to tell another: of an adult, a person looks (years get mistyped).
_RECORDS = DOCUMENTS | {"ServiceRequest", "ReferralRequest", "Communication"}
_WHEN = (
    "recordedDate", "effectiveDateTime", "effectiveInstant", "authoredOn", "sent", "issued",
    "date", "assertedDate", "onsetDateTime",
)  # fmt: skip
_PRIORITIES = {"stat": "immediate", "urgent": "same_day", "asap": "same_day"}
_MOST_WORDS, _MOST_CODES, _MOST_SUMMARY_CODES = 32_000, 200, 20
_MOST_DISPLAY, _MOST_NATIVE = 300, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A resource, whom it is about, and the codes on it that raise."""

    held: Held
    person: Person | None
    raising: Sequence[Listed] = field(repr=False)
    noted: Sequence[Listed] = field(default=(), repr=False)
    message: Message

    @property
    def resource(self) -> Object:
        return self.held.resource

    @property
    def unborn(self) -> bool:
        return any(each.row.get("subject_kind") == "unborn" for each in self.raising)

    @property
    def subject_key(self) -> str:
        """The publisher's own key: an unborn child is not its mother."""
        key = self.person.key if self.person is not None else "unknown"
        return f"unborn:{key}" if self.unborn else key


def said_by(
    held: Held, raising: Sequence[Listed], noted: Sequence[Listed], message: Message
) -> Said:
    """The resource with its subject found."""
    person = patient_of(held, message)
    return Said(held=held, person=person, raising=raising, noted=noted, message=message)


def concern(said: Said) -> Item:
    """One concern, or why a person must look at it first."""
    faults: Faults = []
    on = _lane(said.resource)
    identity = _identity(said, faults)
    if said.person is None or identity is None:
        return Quarantined(reason="no_subject", detail=said.held.kind, lane=on)
    occurred = _occurred(said, faults)
    if not said.unborn and _adult(identity, occurred, said):
        if said.held.kind in _RECORDS or occurred == "unknown":
            return Quarantined(reason="over_18", detail=said.held.kind, lane=on)
        return Nothing(reason="adult")
    words = words_of(said.resource, faults)
    if len(words) > _MOST_WORDS:
        return Quarantined(reason="too_long", detail="words", lane=on)
    return _event(said, said.person, identity, _narrative(said, occurred, words), faults)


def _categories(
    said: Said, person: Person, identity: Identity, narrative: Identity, faults: Faults
) -> tuple[dict[str, dict[str, Any]], bool, list[tuple[str, str]]]:
    """
    (categories, whether the location is protected, what was not read): each thing in its most
    protected place.
    """
    message = said.message
    beside = around(said.held, person, message)
    used = [said.resource, person.resource, *beside.resources]
    bears = labels([message.document, *used])
    categories: dict[str, dict[str, Any]] = {"identity": identity, "narrative": narrative}
    if said.unborn:
        categories["family"] = mother_of(person, message.site, faults)
        categories["identity"] = {**identity, "full": lives(person, faults)}
    else:
        occurred = narrative["summary"]["occurred"]
        categories["child_health"] = health_of(beside, message, faults)
        categories["family"] = family_of(beside, person, occurred, faults)
    _set_apart(categories, said, beside.visit, bears)
    protected = bool(bears & RESTRICTED)
    if protected:
        _hide_relatives(categories)
        categories = protect(categories)
    return pruned(categories), protected, message.unread_in(used)


def _event(
    said: Said, person: Person, identity: Identity, narrative: Identity, faults: Faults
) -> Event:
    message = said.message
    categories, protected, unread = _categories(said, person, identity, narrative, faults)
    plain = _plain(said, narrative["summary"]["abuse"])
    reference, version = reference_of(said.held, message)
    return Event(
        type=EventType.CONCERN_RAISED,
        reference=reference,
        version=version or content_version(plain, categories),
        subject_key=said.subject_key,
        plain=plain,
        routing={
            "purpose": "safeguarding",
            "lawful_basis": {"article_6": "6_1_e", "condition": "sch1_18"},
            "consent_state": "not_sought_impracticable",
            "jurisdiction": "GB-ENG",
            "location_protected": protected,
        },
        native=native_part(
            message.native, made_by="system", form=message.form, faults=faults, unread=unread
        ),
        categories=categories,
        unseen=names_of(unread),
    )


def _identity(said: Said, faults: Faults) -> Identity | None:
    if said.unborn and said.person is not None:
        return unborn_of(said.person, said.message, faults)
    return identity_of(said.person, said.message.site, faults)


def _adult(identity: Identity, occurred: str, said: Said) -> bool:
    """At the event; where nobody says when that was, on the day of receipt."""
    day = occurred if occurred != "unknown" else said.message.site.received.date().isoformat()
    return is_adult(identity["summary"].get("birth_date"), day)


def _plain(said: Said, abuse: list[str]) -> dict[str, Any]:
    codes = {each.coding.code for each in said.raising}
    also = {"cause_for_concern"} if codes & CAUSE_FOR_CONCERN else set()
    level, state = proposed(abuse, also=also)
    return {
        "level": level,
        "level_state": state,
        "urgency": urgency(level, stated=_PRIORITIES.get(text(said.resource.get("priority")))),
        "family": {"may_be_told": "not_known"},
    }


def _lane(resource: Object) -> Lane:
    """What is put aside keeps its lane: a sender's `stat` calls a person at once."""
    return Lane.EMERGENCY if resource.get("priority") == "stat" else Lane.ROUTINE


def _occurred(said: Said, faults: Faults) -> str:
    resource = said.resource
    starts = {name: one(resource.get(name)).get("start") for name in ("period", "effectivePeriod")}
    written_in = {name: resource.get(name) for name in _WHEN} | starts
    for name, written in written_in.items():
        if not isinstance(written, str):
            continue
        found = moment(written.strip(), zone_of(said.message.site))
        if found is None or not found.exact:
            faults.append((f"{said.held.kind}.{name}", "bad_date"))
        if found is not None:
            return found.text
    return "unknown"


def _narrative(said: Said, occurred: str, words: str) -> Identity:
    rows = [each.row for each in said.raising]
    specific = sorted({row["abuse"] for row in rows if row.get("abuse")} - {"UNSPECIFIED"})
    coded = [*said.raising, *said.noted]
    factors = dict.fromkeys(factor for each in coded for factor in each.row.get("factors", []))
    codes = [code for each in coded if (code := summary_code(each.coding)) is not None]
    summary: dict[str, Any] = {
        "basis": "recorded_status" if said.held.kind == "Flag" else "observed",
        "occurred": occurred,
        "abuse": specific or ["UNSPECIFIED"],
        "factors": list(factors),
        "codes": distinct(codes)[:_MOST_SUMMARY_CODES],
    }
    full = {"words": words, "native_codes": _native_codes(said.resource)}
    return {
        "summary": {name: value for name, value in summary.items() if value},
        "full": {name: value for name, value in full.items() if value},
    }


def _native_codes(resource: Object) -> list[dict[str, str]]:
    """Every code as it was written, listed or not, and short text that stands for a code."""
    found: list[dict[str, str]] = []
    for coding in codings(resource):
        if len(coding.code) <= _MOST_CODES and len(coding.system) <= _MOST_CODES:
            made = {"system": coding.system or "unknown", "code": coding.code}
            if 0 < len(coding.display) <= _MOST_DISPLAY:
                made["display"] = coding.display
            found.append(made)
    found += [
        {"system": "text", "code": each} for each in uncoded(resource) if len(each) <= _MOST_CODES
    ]
    return distinct(found)[:_MOST_NATIVE]


def _set_apart(
    categories: dict[str, dict[str, Any]], said: Said, visit: Held | None, bears: set[str]
) -> None:
    """
    Words and codes live in the most protected category that they mention (DOMAIN.md 2.3): where
    anything is sensitive health, the words, factors and codes go there; kind and abuse stay.
    """
    seen = visit.resource if visit is not None else {}
    around_codes = [*codings(said.resource), *codings({"reasonCode": seen.get("reasonCode")})]
    written = {each.written for each in around_codes}
    kinds = sensitive_kinds(written, bears, seen, said.message.site)
    if not kinds:
        return
    narrative = categories["narrative"]
    summary: dict[str, Any] = {"kinds": kinds}
    for name in ("factors", "codes"):
        if name in narrative["summary"]:
            summary[name] = narrative["summary"].pop(name)
    full = narrative.pop("full", {})
    health = categories.get("child_health") or {}
    place = health.get("full", {}).pop("place", None)
    if place:
        full["service"] = place
    codes = health.get("summary", {}).pop("codes", [])
    if codes:
        summary["codes"] = distinct([*summary.get("codes", []), *codes])[:_MOST_SUMMARY_CODES]
    categories["sensitive_health"] = {"summary": summary, "full": full}


def _hide_relatives(categories: dict[str, dict[str, Any]]) -> None:
    """Who lives with a protected child is not rung by anybody: the number would find the child."""
    people = categories.get("family", {}).get("full", {}).get("people", [])
    for person in people:
        person.pop("telephone", None)


def reference_of(held: Held, message: Message) -> tuple[str, str]:
    """
    (native reference, version): the resource's own identifier, else the message's with its id, else
    its content; the version is empty where the source keeps none.
    """
    resource = held.resource
    version = text(one(resource.get("meta")).get("versionId"))[:80]
    for identifier in dicts(resource.get("identifier")):
        if text(identifier.get("value")):
            return f"{text(identifier.get('system'))}|{text(identifier['value'])}", version
    outer = text(one(message.document.get("identifier")).get("value"))
    own = text(resource.get("id"))
    if own and (held.container is not None):
        own = f"{text(held.container.get('id'))}#{own}"
    if own and (outer or message.document is resource):
        return f"{outer}/{own}", version
    if own or outer:
        whole = outer or text(message.document.get("id"))
        return f"{whole}/{own or content_version(resource)}", version
    return f"content/{content_version(resource)}", version
