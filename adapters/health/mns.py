"""
The NHS's Multicast Notification Service: CloudEvents as JSON, one or several, and the same as FHIR
signals (NHSDigital/multicast-notification-service).

Most say only that something changed, and where it can be read: a pointer. A site subscribes for its
own children, so what is said of somebody whose age is not known is sent, and the broker forgets
whom it does not hold (FORMATS.md 2 rule 13). The NHS number leaves as an identity claim only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from adapters.contract import NOT_FETCHED, Event, Item, Nothing, Pointer, Quarantined, Site
from adapters.dates import is_adult
from adapters.health import fhir
from adapters.health.facts import registrations
from adapters.health.message import is_echo, message_from
from adapters.health.notice import Notice, born_of, is_notice, notice_from
from adapters.health.patient import NHS_NUMBER, identity_of, person_from
from adapters.identifiers import nhs_number_assurance
from adapters.names import Faults
from adapters.natives import content_version, native_part
from adapters.walk import dicts
from broker import strictjson
from broker.domain.words import EventType
from broker.errors import Malformed

_BOM = b"\xef\xbb\xbf"
_BEGINNING = 2000
_DEATH, _NUMBER, _PRACTICE = "pds-death-notification", "nhs-number-change", "pds-change-of-gp"
_FETCHED = frozenset({_NUMBER, _PRACTICE, "patientflags-change"})


def is_mns(native: bytes) -> bool:
    """Whether bytes begin a CloudEvent, or several; a FHIR signal is FHIR."""
    begins = native[:_BEGINNING].lstrip(_BOM + b" \t\r\n")
    before_resource = begins.partition(b'"resourceType"')[0]
    named = b'"specversion"' in before_resource or b'"nhsNumber"' in before_resource
    return named and begins.startswith((b"{", b"["))


def read(native: bytes, site: Site) -> Sequence[Item]:
    """One Item for each event, and for each resource of one that brings what it is about."""
    try:
        document = strictjson.read(native.removeprefix(_BOM))
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    several = document if isinstance(document, list) else [document]
    found = [item for each in several for item in _items(each, native, site)]
    return found or [Nothing(reason="no_event")]


def pointers(native: bytes) -> Sequence[Pointer]:
    """What must be fetched before these bytes can be read whole; none of what cannot be read."""
    try:
        document = strictjson.read(native.removeprefix(_BOM))
    except Malformed:
        return []
    notices = [notice_from(each) for each in dicts(document) if is_notice(each)]
    found = [_pointer(notice) for notice in notices if notice.kind in _FETCHED]
    return [each for each in found if each is not None]


def fetched(pointer: Pointer, native: bytes, site: Site) -> Sequence[Item]:
    """What the FHIR says that a pointer led to."""
    try:
        document = fhir.document_of(native)
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    resource = document if isinstance(document, dict) else {}
    notice = Notice(
        id=pointer.event,
        type=pointer.type,
        number=pointer.nhs_number,
        born=born_of(resource),
        data=resource,
    )
    if is_echo(resource):
        return [Nothing(reason="echo")]
    if is_adult(notice.born, _today(site)):
        return [Nothing(reason="adult")]
    return list(_about(notice, native, site)) or [Nothing(reason="nothing_new")]


def _items(each: Any, native: bytes, site: Site) -> Iterator[Item]:
    if not is_notice(each):
        if isinstance(each, dict) and "resourceType" in each:
            yield from fhir.items_of(each, native, site, "mns")
        else:
            yield Quarantined(reason="not_this_format", detail="no event")
        return
    notice = notice_from(each)
    if notice.is_echo:
        yield Nothing(reason="echo")
    elif is_adult(notice.born, _today(site)):
        yield Nothing(reason="adult", unseen=notice.unseen)
    elif notice.kind == _DEATH:
        yield Quarantined(reason="needs_person", detail=notice.type, unseen=notice.unseen)
    elif notice.kind in _FETCHED:
        yield from list(_about(notice, native, site)) or [_not_fetched(notice)]
    else:
        yield Nothing(reason="no_listed_event", unseen=(notice.type, *notice.unseen))


def _about(notice: Notice, native: bytes, site: Site) -> Iterator[Item]:
    """What the event itself brings; nothing if it only points elsewhere."""
    if notice.kind == _NUMBER:
        yield from _number_changed(notice, native, site)
    elif notice.kind == _PRACTICE:
        brought = message_from(notice.patient(NHS_NUMBER), native, site, "mns")
        message = replace(brought, beside=notice.unread)
        for event in registrations(message, of_unknown_age=True):
            yield replace(event, reference=f"{notice.id}/registered")
    elif "resourceType" in notice.data:
        yield from fhir.items_of(notice.data, native, site, "mns")


def _pointer(notice: Notice) -> Pointer | None:
    if not notice.url.startswith("https://"):
        return None
    return Pointer(event=notice.id, type=notice.type, url=notice.url, nhs_number=notice.number)


def _not_fetched(notice: Notice) -> Item:
    """It waits until it is fetched; where no address is given, a person must find out."""
    reason = NOT_FETCHED if _pointer(notice) is not None else "needs_person"
    return Quarantined(reason=reason, detail=notice.type, unseen=notice.unseen)


def _number_changed(notice: Notice, native: bytes, site: Site) -> Iterator[Item]:
    """The subject bears the former number; what it was replaced by is where the event points."""
    former, present = notice.number, notice.points_to(NHS_NUMBER)
    numbers = {"before": former}
    if notice.status != "I":  # invalidated: nothing took its place
        numbers["after"] = present
    if not former or any(nhs_number_assurance(n) == "invalid" for n in numbers.values() if n):
        yield Quarantined(reason="no_subject", detail=notice.type, unseen=notice.unseen)
    elif all(numbers.values()) and numbers.get("after") != former:
        yield _changed(notice, numbers, native, site)


def _changed(notice: Notice, numbers: dict[str, str], native: bytes, site: Site) -> Event:
    faults: Faults = []
    kind = "number_superseded" if "after" in numbers else "number_invalidated"
    people = {
        when: person_from(notice.known_as(NHS_NUMBER, number)) for when, number in numbers.items()
    }
    fact = {when: identity_of(person, site, faults) for when, person in people.items()}
    now = list(people)[-1]
    return Event(
        type=EventType.IDENTITY_CHANGED,
        reference=f"{notice.id}/{kind}",
        version=content_version(fact),
        subject_key=people[now].key,
        former_subject_key=people["before"].key if now == "after" else None,
        plain={"kind": kind},
        facts=fact,
        categories={"identity": fact[now] or {}},
        native=native_part(
            native, made_by="system", form="mns", faults=faults, unread=notice.unread
        ),
        unseen=notice.unseen,
    )


def _today(site: Site) -> str:
    return site.received.date().isoformat()
