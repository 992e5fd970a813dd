"""
FHIR R4 (UK Core) as JSON: a Bundle, a message or one resource. STU3 and R5 read by the same walk.

A concern comes from a listed code in a Flag, Condition, Observation, ServiceRequest or
Communication, or in a document of a listed type; never from words, and never because a resource is
there (FORMATS.md 2 and 3).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from adapters.contract import Event, Item, Nothing, Quarantined, Site
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
from adapters.health.message import Held, Message, is_echo, message_from
from adapters.health.patient import by_person
from adapters.natives import content_version, native_part
from adapters.walk import one, text
from broker import strictjson
from broker.domain.words import EventType, Lane
from broker.errors import Malformed

_CP_IS = "CP-IS"
_STAT = re.compile(rb'"priority"\s*:\s*"stat"')
_BOM = b"\xef\xbb\xbf"


def read(native: bytes, site: Site) -> Sequence[Item]:
    """One Item for each coded resource; Nothing with its reason for a message that holds none."""
    on = Lane.EMERGENCY if _STAT.search(native) else Lane.ROUTINE
    if native.lstrip(_BOM + b" \t\r\n").startswith(b"<"):
        return [Quarantined(reason="not_this_format", detail="XML; this feed reads JSON", lane=on)]
    try:
        document = strictjson.read(native.removeprefix(_BOM))
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail, lane=on)]
    if not isinstance(document, dict) or not isinstance(document.get("resourceType"), str):
        return [_no_resource(document)]
    if is_echo(document):
        return [Nothing(reason="echo")]
    message = by_person(message_from(document, native, site))
    items = [item for held in message.held for item in _items(held, message)]
    found = [*_correlated(items, message), *registrations(message)]
    return found or [Nothing(reason="no_listed_code")]


def _no_resource(document: Any) -> Item:
    if isinstance(document, dict) and "specversion" in document:
        detail = "a CloudEvent that points elsewhere; this feed reads FHIR"
        return Quarantined(reason="not_this_format", detail=detail)
    return Nothing(reason="no_resource")


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
    return Nothing(reason="historical") if is_history(said.resource) else concern(said)


def _retraction(said: Said) -> Event:
    """By the thread of what was raised; a diagnosis refuted before it was ever told is nothing."""
    in_error = "entered-in-error" in statuses(said.resource)
    reference, version = reference_of(said.held, said.message)
    return Event(
        type=EventType.CONCERN_RETRACTED,
        reference=reference,
        version=version or content_version(sorted(statuses(said.resource))),
        subject_key=said.subject_key,
        plain={"reason": "entered_in_error" if in_error else "not_supported"},
        native=native_part(said.message.native, made_by="system", form="fhir-r4"),
        without_original="retraction_without_original" if in_error else "nothing",
    )
