"""
FHIR R4 (UK Core) as JSON or XML: a Bundle, a message or one resource. STU3 and R5 read by the same
walk.

A concern comes from a listed code in a Flag, Condition, Observation, ServiceRequest or
Communication, or in a document of a listed type; never from words, and never because a resource is
there (FORMATS.md 2 and 3).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from adapters.contract import ECHO, Event, Item, Nothing, Quarantined, Site
from adapters.health.coding import (
    CARRIERS,
    Listed,
    answers_no,
    codings,
    is_corrected,
    is_history,
    is_taken_back,
    listed,
    statuses,
)
from adapters.health.concern import Said, concern, reference_of, said_by
from adapters.health.facts import case, registrations
from adapters.health.fragments import PATCHES, as_bundle, fragment, nothing_in, patch_in
from adapters.health.message import Held, Message, is_echo, message_from, names_of
from adapters.health.patient import by_person
from adapters.health.xml_as_json import document_from
from adapters.natives import content_version, native_part
from adapters.walk import one, text
from broker import strictjson
from broker.domain.words import EventType, Lane
from broker.errors import Malformed

_CP_IS, _BEGINNING = "CP-IS", 200
_STAT = re.compile(rb'"priority"\s*+:\s*+"stat"|<priority\s++value\s*+=\s*+["\']stat["\']')
_BOM, _BEFORE_XML = b"\xef\xbb\xbf", b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"


def read(native: bytes, site: Site) -> Sequence[Item]:
    """One Item for each coded resource; Nothing with its reason for a message that holds none."""
    try:
        document = document_of(native)
    except Malformed as why:
        if why.reason == "too_large" and ECHO.encode() in native[:_BEGINNING]:
            return [Nothing(reason="echo")]  # of more than others may send
        return [Quarantined(reason=why.reason, detail=why.detail, lane=_lane(native))]
    return items_of(document, native, site)


def items_of(document: Any, native: bytes, site: Site, form: str = "fhir-r4") -> Sequence[Item]:
    """The same of a document that was taken out of `native`, which came in another format."""
    whole = as_bundle(document)
    part = fragment(whole, site)
    if isinstance(whole, dict) and is_echo(whole):
        return [Nothing(reason="echo")]
    if part is not None:
        return [part]
    message = by_person(message_from(whole, native, site, form))
    items = [item for held in message.held for item in _items(held, message)]
    found = [*_correlated(items, message), *registrations(message)]
    return found or [Nothing(reason=nothing_in(whole), unseen=_unseen(message))]


def _unseen(message: Message) -> tuple[str, ...]:
    return names_of([each for found in message.unread.values() for each in found])


def document_of(native: bytes) -> Any:
    """JSON or XML as JSON. Raises Malformed."""
    if native.lstrip(_BEFORE_XML).startswith(b"<"):
        return document_from(native)
    return strictjson.read(native.removeprefix(_BOM))


def _lane(native: bytes) -> Lane:
    """What cannot be read keeps its lane, in whatever encoding (FORMATS.md 2 rule 7)."""
    return Lane.EMERGENCY if _STAT.search(native.replace(b"\x00", b"")) else Lane.ROUTINE


def _correlated(items: list[Item], message: Message) -> list[Item]:
    """One message about several children: what ties them is the message (FORMATS.md 2 rule 9)."""
    raised = [each for each in items if isinstance(each, Event) and each.routing]
    if len({each.subject_key for each in raised}) < len("ab"):
        return items
    own = text(one(message.document.get("identifier")).get("value"))
    key = own or content_version(message.native.hex())
    return [
        replace(each, correlation_key=key) if isinstance(each, Event) and each.routing else each
        for each in items
    ]


def _items(held: Held, message: Message) -> Iterator[Item]:
    if held.kind in PATCHES:
        patch = patch_in(held.resource, message.site)
        if patch is not None:
            yield patch
    if held.kind not in CARRIERS:
        return
    found = listed(held.resource, message.site)
    if is_echo(held.resource):
        if found:
            yield Nothing(reason="echo")
    elif found:
        yield from _from_listed(held, found, message)
    elif _is_cp_is(held):
        yield Quarantined(reason="unknown_code", detail="Flag.code")  # a statutory format


def _is_cp_is(held: Held) -> bool:
    categories = codings({"category": held.resource.get("category")})
    return held.kind == "Flag" and any(each.code == _CP_IS for each in categories)


def _from_listed(held: Held, found: list[Listed], message: Message) -> Iterator[Item]:
    said_no = [each for each in found if answers_no(each.coding, message.site)]
    said = [each for each in found if each not in said_no]
    actions = {each.row["action"] for each in said}
    if "hold_about_relative" in actions:
        yield _about_relative(held)
    elif actions - {"status_noted"}:
        yield from _acted_on(held, said, message)
    elif said_no:
        yield _answered_no(held, said_no, message)
    else:
        yield Nothing(reason="noted_only")


def _about_relative(held: Held) -> Item:
    if is_taken_back(held.resource):
        return Nothing(reason="negated")
    return Quarantined(reason="about_relative", detail=held.kind)


def _answered_no(held: Held, said_no: list[Listed], message: Message) -> Item:
    """An answer of no is nothing; where it corrects an earlier yes, that is taken back."""
    raising = [each for each in said_no if each.row["action"] == "raise"]
    if raising and is_corrected(held.resource):
        return _retraction(said_by(held, raising, (), message))
    return Nothing(reason="answer_no")


def _acted_on(held: Held, found: list[Listed], message: Message) -> Iterator[Item]:
    by_action: dict[str, list[Listed]] = {}
    for each in found:
        by_action.setdefault(each.row["action"], []).append(each)
    if "raise" in by_action:
        noted = by_action.get("status_noted", [])
        yield _raised(said_by(held, by_action["raise"], noted, message))
    changed: dict[str, Listed] = {}
    for action in ("status_closed", "status_opened"):  # "no longer" beside "is": what ended is last
        for each in by_action.get(action, []):
            changed.setdefault(each.row["status"], each)
    for each in changed.values():
        yield case(held, each, message)


def _raised(said: Said) -> Item:
    if is_taken_back(said.resource):
        return _retraction(said)
    if said.resource.get("doNotPerform") is True:  # the reason may stand though the act does not
        lane = Lane.EMERGENCY if said.resource.get("priority") == "stat" else Lane.ROUTINE
        return Quarantined(reason="needs_person", detail="doNotPerform", lane=lane)
    return Nothing(reason="historical") if is_history(said.resource) else concern(said)


def _retraction(said: Said) -> Event:
    """By the thread of what was raised; a diagnosis refuted before it was ever told is nothing."""
    in_error = "entered-in-error" in statuses(said.resource)
    reference, version = reference_of(said.held, said.message)
    unread = said.message.unread_in([said.resource])
    return Event(
        type=EventType.CONCERN_RETRACTED,
        reference=reference,
        version=version or content_version(sorted(statuses(said.resource))),
        subject_key=said.subject_key,
        plain={"reason": "entered_in_error" if in_error else "not_supported"},
        native=native_part(
            said.message.native, made_by="system", form=said.message.form, unread=unread
        ),
        unseen=names_of(unread),
        without_original="retraction_without_original" if in_error else "nothing",
    )
