"""
The DfE's CSC API, payload 0.7 (data-to-insight/dfe-csc-api-data-flows). A new referral is a
concern; enquiries, plans and placements are case facts; the worker is a relationship. `purge`
withdraws.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from adapters.childrens_services.record import items_of
from adapters.contract import ECHO, Item, Nothing, Quarantined, Site
from broker import strictjson
from broker.errors import Malformed

MOST_BYTES = 10 * 1024 * 1024  # a council sends a day's children in one file
_KNOWN = frozenset({
    "la_child_id", "mis_child_id", "child_details", "social_care_episodes", "purge", "la_code",
    "health_and_wellbeing", "education_health_care_plans",
})  # fmt: skip
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
    unknown = [
        (name, value if isinstance(value, str) else json.dumps(value))
        for name, value in record.items()
        if name not in _KNOWN and value not in (None, "", [], {})
    ]
    names = tuple(sorted(name[:80] for name, _ in unknown))
    for item in items_of(record, native, site, "csc-json", unread=unknown):
        yield replace(item, unseen=names) if names else item


def _bears_echo(value: Any) -> bool:
    """Whether the broker's own identifier stands anywhere in it (FORMATS.md 2 rule 10)."""
    if isinstance(value, dict):
        return any(_bears_echo(each) for each in value.values())
    if isinstance(value, list):
        return any(_bears_echo(each) for each in value)
    return bool(value == ECHO)
