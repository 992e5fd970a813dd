"""
Police incidents as JSON in the shape of the Police Digital Service's Standard Data Model: a
JSON:API document, `data` the incident, `included` its people and places (NPCC POLE Data Standards
Catalogue).

An incident with a child among its victims is a concern. A search, a person record by itself, an
incident without a child: nothing. Names of members are read in any spelling of their case: the
published examples differ among themselves.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.contract import ECHO, Event, Item, Nothing, Quarantined, Site
from adapters.natives import content_version, native_part
from adapters.police.pole_concern import Said, concern, retraction
from adapters.police.pole_document import Document, Thing, documents_in
from adapters.police.pole_people import Child, child_from, former_numbers, named_by
from broker import strictjson
from broker.domain.words import EventType
from broker.errors import Malformed

MOST_BYTES = 10 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_INCIDENTS = frozenset({"incident", "crime", "investigation"})
_CHILD_ROLES = ("victim",)
_OVER = frozenset(
    {"cancelled", "deleted", "createdinerror", "enteredinerror", "notincident", "nocrime"}
)
_MOST_DOCUMENTS, _MOST_CHILDREN = 5000, 50


def read(native: bytes, site: Site) -> Sequence[Item]:
    """One Item for each child of each incident, or one that says why there is none."""
    try:
        payload = strictjson.read(native.removeprefix(_BOM), most_bytes=MOST_BYTES)
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    found = documents_in(payload)
    if found is None:
        return [Quarantined(reason="not_this_format", detail="data")]
    if len(found) > _MOST_DOCUMENTS:
        return [Quarantined(reason="too_large", detail="data")]
    ours = ECHO.encode() in native or b"\\u" in native
    items: list[Item] = []
    for document in found:
        echo = ours and bears_echo(document.whole)
        items += [Nothing(reason="echo")] if echo else _items(document, native, site)
    return items or [Nothing(reason="no_incident")]


def bears_echo(value: Any) -> bool:
    """Whether the broker's own identifier stands anywhere in it (FORMATS.md 2 rule 10)."""
    if isinstance(value, dict):
        return any(bears_echo(each) for each in value.values())
    if isinstance(value, list):
        return any(bears_echo(each) for each in value)
    return bool(value == ECHO)


def _items(document: Document, native: bytes, site: Site) -> Iterator[Item]:
    incident = document.incident
    if incident.kind not in _INCIDENTS:
        yield from _merges(document, native, site) or [Nothing(reason="no_incident")]
        return
    roles = _child_roles(site)
    told = [named for role in roles for named in incident.related(role)]
    missing = [named for named in told if document.included(named) is None]
    if missing:
        yield Quarantined(reason="no_subject", detail="included")
    happened = document.happened(site)
    children = {
        child.key: child
        for named in told
        if (thing := document.included(named)) is not None
        and (child := child_from(thing, happened, site)) is not None
    }
    for child in list(children.values())[:_MOST_CHILDREN]:
        said = Said(document=document, child=child, native=native, site=site)
        yield retraction(said) if _is_over(incident, site) else concern(said)
    if not children and not missing:
        yield Nothing(reason="no_child_victim")
    yield from _merges(document, native, site)


def _child_roles(site: Site) -> tuple[str, ...]:
    listed = site.profile.get("child_roles")
    return tuple(map(str, listed)) if isinstance(listed, list) else _CHILD_ROLES


def _is_over(incident: Thing, site: Site) -> bool:
    """Cancelled, deleted, in error: by the words that these systems and the profile use."""
    listed = site.profile.get("retract_when")
    words = _OVER | (
        {str(each).casefold() for each in listed} if isinstance(listed, list) else set()
    )
    said = {incident.text(name) for name in ("status", "incidentStatus", "recordStatus", "action")}
    plain = {each.casefold() for each in said if each}
    return bool((plain | {each.replace("-", "").replace("_", "") for each in plain}) & words)


def _merges(document: Document, native: bytes, site: Site) -> list[Item]:
    """A person under another number too: of children only (FORMATS.md 2 rule 13)."""
    found: list[Item] = []
    happened = site.received.date().isoformat()
    for thing in document.people():
        former = former_numbers(thing)
        child = child_from(thing, happened, site) if former else None
        if child is not None:
            found += [_merged(child, each, native, site) for each in former]
    return found


def _merged(child: Child, former: str, native: bytes, site: Site) -> Event:
    gone = named_by(former, site)
    fact: Mapping[str, Any] = {
        "before": {
            "summary": {"known": "described", "subject_kind": "child"},
            "full": {"identifiers": [gone]},
        },
        "after": child.placeless,
    }
    return Event(
        type=EventType.IDENTITY_CHANGED,
        reference=f"nominal:{former}/merged",
        version=content_version(fact),
        subject_key=child.key,
        plain={"kind": "merged"},
        facts=fact,
        native=native_part(native, made_by="system", form="police-json"),
        categories={"identity": child.placeless},
        former_subject_key=f"nominal:{former}",
    )
