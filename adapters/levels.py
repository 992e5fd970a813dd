"""The level that an adapter proposes when nobody said (FORMATS.md 1.6, 7a.4): erring upward."""

from collections.abc import Collection

ABUSE = frozenset({"NEG", "PHY", "SAB", "EMO"})
URGENCY = {"emergency": "immediate", "significant_harm": "same_day"}


def proposed(abuse: Collection[str]) -> tuple[str, str]:
    """(level, level_state): coded abuse is significant harm; unspecified goes to the screener."""
    if ABUSE & set(abuse):
        return "significant_harm", "proposed"
    return "child_in_need", "not_sure"


def urgency(level: str) -> str:
    """How soon, when nobody said."""
    return URGENCY.get(level, "routine")
