"""What every adapter says about the original: which it was, how long, what was wrong in it."""

import hashlib
from collections.abc import Sequence
from typing import Any


def native_part(
    original: bytes,
    *,
    made_by: str,
    form: str,
    profile: str | None = None,
    faults: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    """The broker-only claim `native`, without its reference and version. Faults: (field, why)."""
    part: dict[str, Any] = {
        "made_by": made_by,
        "format": form,
        "sha256": hashlib.sha256(original).hexdigest(),
        "bytes": len(original),
    }
    if profile:
        part["profile"] = profile
    if faults:
        part["faults"] = [{"field": name[:80], "why": why[:80]} for name, why in faults[:20]]
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
    location: dict[str, Any] = {"summary": {"kind": "not_stated"}}
    if moved:
        location["full"] = moved
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
