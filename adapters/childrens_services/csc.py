"""
The DfE's CSC API, payload 0.7 (data-to-insight/dfe-csc-api-data-flows). A new referral is a
concern; enquiries, plans and placements are case facts; the worker is a relationship. `purge`
withdraws.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from adapters.childrens_services.cases import changes, facts, withdrawn
from adapters.childrens_services.child import Child, child_from, is_purged
from adapters.childrens_services.referral import concern
from adapters.contract import ECHO, Event, Item, Nothing, Quarantined, Site
from adapters.walk import Object, one, text
from broker import strictjson
from broker.domain.words import EventType
from broker.errors import Malformed

MOST_BYTES = 10 * 1024 * 1024  # a council sends a day's children in one file
_BOM = b"\xef\xbb\xbf"


def read(native: bytes, site: Site) -> Sequence[Item]:
    """Every child, every episode: one Item each at least."""
    try:
        payload = strictjson.read(native.removeprefix(_BOM), most_bytes=MOST_BYTES)
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    children = _children(payload)
    if children is None:
        return [Quarantined(reason="not_this_format", detail="Children")]
    ours = ECHO.encode() in native or b"\\u" in native  # asked once: the file may be long
    items: list[Item] = []
    for child in children:
        echo = ours and _bears_echo(child)
        items += [Nothing(reason="echo")] if echo else _child(child, native, site)
    return items or [Nothing(reason="no_children")]


def _children(payload: Any) -> list[Any] | None:
    """One object or many, under `Children` or alone: councils send all of these."""
    if isinstance(payload, list):
        return payload
    if not isinstance(payload, dict):
        return None
    for name in ("Children", "children"):
        if name in payload:
            found = payload[name]
            return found if isinstance(found, list) else [] if found is None else [found]
    return [payload] if "la_child_id" in payload else None


def _child(record: Any, native: bytes, site: Site) -> Iterator[Item]:
    if not isinstance(record, dict):
        yield Quarantined(reason="not_this_format", detail="a child that is no object")
        return
    child = child_from(record, native, site)
    if child is None:
        yield Quarantined(reason="no_subject", detail="la_child_id")
        return
    written = record.get("social_care_episodes")
    episodes = written if isinstance(written, list) else [] if written is None else [written]
    yield from changes(child, purged_details=is_purged(one(record.get("child_details"))))
    for episode in episodes:
        yield from _episode(child, episode, purged=is_purged(record))
    if not episodes:
        yield _without_episodes(record)


def _without_episodes(record: Object) -> Item:
    """A child withdrawn whole, by a message that does not say what of it was told: for a person."""
    if is_purged(record):
        return Quarantined(reason="retraction_without_original", detail="social_care_episodes")
    return Nothing(reason="no_episode")


def _episode(child: Child, episode: Any, *, purged: bool) -> Iterator[Item]:
    reference = text(episode.get("social_care_episode_id")) if isinstance(episode, dict) else ""
    if not reference:
        yield Quarantined(reason="not_this_format", detail="social_care_episode_id")
    elif purged or is_purged(episode):
        yield _retraction(child, reference)
        yield from withdrawn(child, episode, reference)
    else:
        yield concern(child, episode, reference)
        yield from facts(child, episode, reference)


def _retraction(child: Child, reference: str) -> Event:
    return Event(
        type=EventType.CONCERN_RETRACTED,
        reference=reference,
        version="purged",
        subject_key=child.key,
        plain={"reason": "entered_in_error"},
        native=child.original(),
    )


def _bears_echo(value: Any) -> bool:
    """Whether the broker's own identifier stands anywhere in it (FORMATS.md 2 rule 10)."""
    if isinstance(value, dict):
        return any(_bears_echo(each) for each in value.values())
    if isinstance(value, list):
        return any(_bears_echo(each) for each in value)
    return bool(value == ECHO)
