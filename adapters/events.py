"""
From what an adapter read to the object before signing: ids, pseudonym, what is present, who to
ring; then the schema decides (FORMATS.md 1). Pure: the publisher's event key is an argument.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from adapters.contract import Event, Quarantined, Site
from broker.domain.notification import lane_of
from broker.domain.words import EventType, Lane, Level, Urgency
from broker.schemas import DATASCHEMA, FACT_SCHEMA, fault_in

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ID_BYTES = 16


def _keyed(key: bytes, *parts: str) -> bytes:
    raw = [part.encode() for part in parts]
    bound = b"".join(len(part).to_bytes(4, "big") + part for part in raw)
    return hmac.new(key, bound, hashlib.sha256).digest()[:_ID_BYTES]


def _id(key: bytes, *parts: str) -> str:
    return base64.b32encode(_keyed(key, *parts)).decode().rstrip("=").lower()


def pseudonym(key: bytes, site: Site, subject_key: str) -> str:
    """`ps:` and 22 characters: this publisher's name for the subject, nobody else's."""
    raw = _keyed(key, "subject", site.organisation, subject_key)
    return "ps:" + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def thread_of(event: Event, site: Site, key: bytes) -> str:
    """The same for every version of one concern about one subject."""
    return _id(key, "thread", site.organisation, event.reference, event.subject_key)


def spoken(made: str) -> str:
    """XXXX-XXXX in Crockford's base32, made from the id, to read out on the telephone."""
    number = int.from_bytes(hashlib.sha256(made.encode()).digest()[:5], "big")
    letters = "".join(_CROCKFORD[number >> shift & 31] for shift in range(35, -5, -5))
    return f"{letters[:4]}-{letters[4:]}"


def cloud_event(event: Event, site: Site, *, event_key: bytes) -> dict[str, Any] | Quarantined:
    """
    The whole object before signing. What does not fit its schema is quarantined with the path that
    does not, on the lane where it belongs.
    """
    made = _id(
        event_key, "event", site.organisation, event.reference, event.version,
        event.subject_key, event.type.value,
    )  # fmt: skip
    subject = pseudonym(event_key, site, event.subject_key)
    received = site.received.astimezone(UTC)
    data = {
        "iss": site.organisation,
        "iat": int(received.timestamp()),
        "jti": made,
        "thread": thread_of(event, site, event_key),
        "sub": subject,
        "schema_version": "1.0",
        "type": event.type.value,
        "agency": site.agency.value,
        "reference": spoken(made),
        **event.plain,
        **_claims(event, site, event_key),
    }
    fault = fault_in(event.type, data)
    if fault is not None:
        return Quarantined(reason=_reason(fault, event), detail=fault, lane=lane(event))
    return {
        "specversion": "1.0",
        "id": made,
        "source": site.source,
        "type": event.type.value,
        "time": received.isoformat().replace("+00:00", "Z"),
        "subject": subject,
        "datacontenttype": "application/sd-jwt",
        "dataschema": DATASCHEMA.get(event.type, FACT_SCHEMA),
        "partitionkey": subject,
        "data": data,
    }


def lane(event: Event) -> Lane:
    """Where the event travels; a level that nobody could read does not make it slower."""
    none = None if event.type is EventType.CONCERN_RAISED else Level.UNIVERSAL.value  # of a fact
    level = str(event.plain.get("level", none))
    urgency = str(event.plain.get("urgency", none and Urgency.ROUTINE.value))
    known = level in {each.value for each in Level}, urgency in {each.value for each in Urgency}
    if not all(known):
        return Lane.EMERGENCY if event.type is EventType.CONCERN_RAISED else Lane.ROUTINE
    return lane_of(Level(level), Urgency(urgency))


def _reason(fault: str, event: Event) -> str:
    """The word for the commonest fault of people's concerns; `schema` for every other."""
    full = event.categories.get("narrative", {}).get("full")
    worded = isinstance(full, Mapping) and bool(full.get("words"))
    about_words = fault.startswith("/categories/narrative") and fault.endswith(": required")
    return "no_words" if about_words and not worded else "schema"


def _claims(event: Event, site: Site, key: bytes) -> dict[str, Any]:
    native = {
        **event.native,
        "reference": event.reference[:200],
        "version": event.version[:80],
        "received": site.received.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }
    categories: dict[str, Any] = {name: dict(parts) for name, parts in event.categories.items()}
    claims: dict[str, Any] = {"native": native}
    if event.type is EventType.CONCERN_RAISED:
        claims["native"] = _reply_filled(categories, native, site)
    if event.routing:
        claims["routing"] = dict(event.routing)
        if event.correlation_key:
            correlation = _id(key, "correlation", site.organisation, event.correlation_key)
            claims["routing"]["correlation"] = correlation
    if categories:
        claims["categories"] = categories
        claims["present"] = {
            name: sorted(parts, reverse=True) for name, parts in categories.items()
        }
    if event.facts:
        claims["fact"] = dict(event.facts)
        if event.former_subject_key is not None:
            claims["fact"]["former_subject"] = pseudonym(key, site, event.former_subject_key)
    return claims


def _reply_filled(
    categories: dict[str, Any], native: Mapping[str, Any], site: Site
) -> dict[str, Any]:
    """Reply never stops a concern: where nobody is named, the site's own contact is (7a.1)."""
    narrative = categories.get("narrative")
    contact = site.profile.get("reply")
    if narrative is None or "reply" in narrative.get("full", {}) or not isinstance(contact, dict):
        return dict(native)
    full = {**narrative.get("full", {}), "reply": contact}
    categories["narrative"] = {**narrative, "full": full}
    faults = [*native.get("faults", []), {"field": "reply", "why": "unreadable"}]
    return {**native, "faults": faults}
