"""What every adapter says about the original: which it was, how long, what was wrong in it."""

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

_MOST_FAULTS = _MOST_UNREAD = 40  # as the schema has it
_FIELD, _VALUE = 80, 2000


def content_version(*parts: object) -> str:
    """The version of a record that bears none: the same content is the same event."""
    written = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(written.encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def _digest(original: bytes) -> str:
    """One file can hold ten thousand rows: it is hashed once, not once a row."""
    return hashlib.sha256(original).hexdigest()


def native_part(
    original: bytes,
    *,
    made_by: str,
    form: str,
    profile: str | None = None,
    faults: Sequence[tuple[str, str]] = (),
    unread: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    """
    The broker-only claim `native`, without its reference and version. Faults: (field, why); unread:
    (field, value) of what nobody has mapped, so that it survives.
    """
    part: dict[str, Any] = {
        "made_by": made_by,
        "format": form,
        "sha256": _digest(original),
        "bytes": len(original),
    }
    if profile:
        part["profile"] = profile
    if faults:
        noted = list(dict.fromkeys(faults))[:_MOST_FAULTS]
        part["faults"] = [{"field": name[:_FIELD], "why": why} for name, why in noted]
    survives = [
        {"field": name[:_FIELD], "value": value[:_VALUE]}
        for name, value in dict.fromkeys(unread)
        if name and value.strip()
    ]
    if survives:
        part["unread"] = survives[:_MOST_UNREAD]
    return part


def protect(categories: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """
    A protected person: whatever places them goes to `protected_location` and stands nowhere else
    (FORMATS.md 2 rule 8, 7a.8).
    """
    moved: dict[str, Any] = {}
    for category, name in (
        ("identity", "address"),
        ("identity", "telephone"),
        ("education", "school"),
    ):
        full = categories.get(category, {}).get("full", {})
        if name in full:
            moved[name] = full.pop(name)
            if not full:
                del categories[category]["full"]
    known = categories.get("protected_location", {})
    location: dict[str, Any] = {"summary": known.get("summary") or {"kind": "not_stated"}}
    if moved or known.get("full"):
        location["full"] = {**moved, **known.get("full", {})}
    categories["protected_location"] = location
    return categories


def pruned(categories: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Without empty parts; words that have no coded part beside them keep a summary they need."""
    kept = {}
    for category, parts in categories.items():
        whole = {part: values for part, values in parts.items() if values}
        if whole:
            kept[category] = whole
    return kept
