"""
Wishes about sharing as any agency's system may send them, in JSON (`consent-json`): one object, a
list, or {"wishes": [...]}. The same for every agency, since the law is.

    {"reference": "W-118", "version": "2",
     "child": {"local_id": "4471", "local_system": "mis_id", "nhs_number": "...", "upn": "...",
               "given_name": "...", "family_name": "...", "birth_date": "2017-03-09"},
     "directive": {"kind": ..., "state": ..., "giver": {...}, "scope": {...}, "valid": {...}},
     "recorded_by": {"person": "...", "role": "designated_safeguarding_lead"}}

The directive is that of DOMAIN.md 3.2. It becomes a `consent.recorded`; the schema decides.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from adapters import names
from adapters.contract import Item, Nothing, Quarantined, Site
from adapters.dates import birth_date, local, moment
from adapters.identifiers import local as local_number
from adapters.identifiers import nhs_number, upn_assurance
from adapters.natives import content_version, native_part
from adapters.sites import zone_of
from adapters.statement import event_from, urgency_of
from adapters.walk import Object, is_true, one, text
from broker import strictjson
from broker.domain.notification import lane_of
from broker.domain.words import EventType, Lane, Level, Urgency
from broker.errors import Malformed

FORM = "consent-json"
MOST_BYTES = 4 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_LONGEST, _PERSON = 40, 120
_KNOWN = frozenset({"reference", "version", "child", "concern", "directive", "recorded_by"})
_DIRECTIVE = ("kind", "state", "evidence", "language", "interpreter")
_PARTS = ("giver", "scope", "valid", "safety", "recorded_by", "subject")
_GIVER = ("person", "capacity", "assessed_by", "question")
_SCOPE = ("categories", "recipients", "purpose")
_SAFETY = ("may_contact", "do_not_tell", "note")
_LOCAL = frozenset({"la_child_id", "police_nominal", "mis_id", "local_record_number", "other"})
_LOOKS = re.compile(rb'"directive"\s*:\s*\{')


def looks(native: bytes) -> bool:
    """JSON that holds a directive."""
    begins = native.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))
    return begins and _LOOKS.search(native) is not None


def read(native: bytes, site: Site) -> Sequence[Item]:
    """One Item a wish."""
    try:
        payload = strictjson.read(native.removeprefix(_BOM), most_bytes=MOST_BYTES)
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    if isinstance(payload, dict) and "wishes" in payload:
        payload = payload["wishes"]
    wishes = payload if isinstance(payload, list) else [payload]
    items = [_item(each, native, site) for each in wishes]
    return items or [Nothing(reason="no_wishes")]


def _item(wish: Any, native: bytes, site: Site) -> Item:
    if not isinstance(wish, dict) or not isinstance(wish.get("directive"), dict):
        return Quarantined(reason="not_this_format", detail="directive")
    directive, faults = _directive(wish["directive"], site), names.Faults()
    urgency = urgency_of(EventType.CONSENT_RECORDED, {"directive": directive})
    lane = lane_of(Level.UNIVERSAL, urgency)
    missing = _missing(wish, directive)
    if missing is not None:
        return _apart(wish, lane, *missing)
    by = _recorded_by(wish)
    fact: dict[str, Any] = {"by": by, "directive": directive}
    if text(wish.get("concern")):
        fact["concern"] = text(wish["concern"])
    child = one(wish.get("child"))
    identity = _identity(child, site, faults)
    unknown = _unknown(wish)
    return event_from(
        EventType.CONSENT_RECORDED,
        fact,
        key=text(wish.get("reference")) or content_version(wish),
        version=text(wish.get("version")) or content_version(wish),
        subject_key=_subject_key(child),
        identity=identity,
        native=native_part(
            native,
            made_by="system",
            form=FORM,
            faults=faults,
            unread=unknown,
        ),
    )


def _unknown(wish: Object) -> list[tuple[str, str]]:
    """What nobody has mapped, so that it survives beside the wish."""
    inside = {f"directive.{name}": value for name, value in wish["directive"].items()}
    known = {*_KNOWN, *(f"directive.{name}" for name in (*_DIRECTIVE, *_PARTS))}
    return [
        (name, value if isinstance(value, str) else json.dumps(value))
        for name, value in {**wish, **inside}.items()
        if name not in known and value not in (None, "", [], {})
    ]


def _missing(wish: Object, directive: Mapping[str, Any]) -> tuple[str, str] | None:
    """The reason why a person must look at it, and the field; None if it can be read."""
    if is_true(one(one(wish["directive"]).get("giver")).get("void_conflict")):
        # Whoever is an alleged source of harm can neither agree nor refuse, in any capacity: a
        # person must record that about them, since a later wish of theirs must not count either.
        return "giver_in_conflict", "directive.giver.void_conflict"
    if not _recorded_by(wish):
        return "no_recorder", "recorded_by"
    if not text(one(wish.get("child")).get("family_name")) and not _known_by_number(wish):
        return "no_child", "child"
    if "from" not in directive["valid"]:
        return "bad_date", "directive.valid.from"
    until = one(one(wish["directive"]).get("valid")).get("until")
    if text(until) and "until" not in directive["valid"]:
        return "bad_date", "directive.valid.until"
    return None


def _known_by_number(wish: Object) -> bool:
    child = one(wish.get("child"))
    numbers = ("local_id", "nhs_number", "upn")
    return bool(text(wish.get("concern"))) or any(text(child.get(each)) for each in numbers)


def _apart(wish: Object, lane: Lane, reason: str, field: str) -> Quarantined:
    excerpt = json.dumps(wish, ensure_ascii=False).encode()
    return Quarantined(reason=reason, detail=field, lane=lane, excerpt=excerpt)


def _recorded_by(wish: Object) -> dict[str, str]:
    """Who wrote it down, in which role: beside the directive, or in it as DOMAIN.md has it."""
    for said in (wish.get("recorded_by"), one(wish["directive"]).get("recorded_by")):
        person = text(said) or text(one(said).get("person"))
        if person and len(person) <= _PERSON:
            role = text(one(said).get("role"))
            return {"person": person, "role": role} if role else {"person": person}
    return {}


def _directive(theirs: Object, site: Site) -> dict[str, Any]:
    """As the schema has it: what is null or empty is left out, dates become instants."""
    made: dict[str, Any] = _kept(theirs, _DIRECTIVE)
    made["giver"] = _kept(one(theirs.get("giver")), _GIVER)
    made["scope"] = _scope(one(theirs.get("scope")), made)
    valid = one(theirs.get("valid"))
    instants = ((name, _instant(text(valid.get(name)), site)) for name in ("from", "until"))
    made["valid"] = {name: instant for name, instant in instants if instant is not None}
    safety = _kept(one(theirs.get("safety")), _SAFETY)
    return {**made, "safety": safety} if safety else made


def _scope(scope: Object, directive: Mapping[str, Any]) -> dict[str, Any]:
    """
    What a refusal or withdrawal does not name, it covers; an agreement that does not say for what
    and with whom is none, and its schema turns it away.
    """
    kept = _kept(scope, _SCOPE)
    urgency = urgency_of(EventType.CONSENT_RECORDED, {"directive": directive})
    return {**dict.fromkeys(_SCOPE, "*"), **kept} if urgency is Urgency.IMMEDIATE else kept


def _kept(theirs: Object, fields: Sequence[str]) -> dict[str, Any]:
    return {name: theirs[name] for name in fields if theirs.get(name) not in (None, "", [])}


def _instant(written: str, site: Site) -> str | None:
    """A day begins at midnight where the site is; a month or year alone is no instant."""
    found = moment(written, zone_of(site))
    if found is None or "T" in found.text:
        return None if found is None else found.text
    if len(found.text) < len("2026-01-01"):
        return None
    midnight = datetime.combine(date.fromisoformat(found.text), time.min)
    return local(midnight, zone_of(site)).text


def _identity(child: Object, site: Site, faults: names.Faults) -> dict[str, Any]:
    born = birth_date(text(child.get("birth_date")))
    if text(child.get("birth_date")) and born is None:
        faults.append(("birth_date", "bad_date"))
    given = names.name(text(child.get("given_name")), "given_name", faults)
    family = names.name(text(child.get("family_name")), "family_name", faults)
    sex = text(child.get("sex")).upper()
    kind = text(child.get("subject_kind")) or "child"
    summary = {
        "known": "identified" if given or family or born else "described",
        "subject_kind": kind if kind in {"unborn", "adult_of_concern"} else "child",
        "given_name": given,
        "family_name": family,
        "birth_date": born if kind != "unborn" else None,
        "sex": sex if sex in {"F", "M"} else "",
    }
    listed = list(_identifiers(child, site, faults))
    if not listed and not given and not family:
        return {}
    whole = {"summary": {name: value for name, value in summary.items() if value}}
    return {**whole, "full": {"identifiers": listed}} if listed else whole


def _identifiers(child: Object, site: Site, faults: names.Faults) -> Iterator[dict[str, str]]:
    for name in ("nhs_number", "upn", "local_id"):
        value = text(child.get(name))
        if len(value) > _LONGEST:
            faults.append((name, "bad_identifier"))
        elif value and name == "nhs_number":
            yield nhs_number(value, verified=is_true(child.get("nhs_number_verified")))
        elif value and name == "upn":
            yield {"system": "upn", "value": value, "assurance": upn_assurance(value)}
        elif value:
            system = text(child.get("local_system"))
            system = system if system in _LOCAL else "local_record_number"
            yield local_number(system, value, site.organisation, verified=True)


def _subject_key(child: Object) -> str:
    """The publisher's own key for the child; the edge makes a pseudonym of it."""
    named = [text(child.get(name)) for name in ("local_id", "nhs_number", "upn")]
    known = next((each for each in named if each), "")
    return known or content_version(
        *(text(child.get(name)).casefold() for name in ("family_name", "given_name", "birth_date"))
    )
