"""The level that an adapter proposes when nobody said (FORMATS.md 1.6, 7a.4): erring upward."""

from collections.abc import Collection

ABUSE = frozenset({"NEG", "PHY", "SAB", "EMO"})
CAUSE_FOR_CONCERN = frozenset({"836881000000105", "878111000000109"})
"""SNOMED CT: child, and unborn child, is cause for safeguarding concern."""

# Worst first: what the source says, the level, its state. A section 47 enquiry is the council's own
# decision under the Children Act 1989; all else is proposed, and where nothing speaks, not sure.
_LEVELS = {
    "police_protection": ("emergency", "proposed"),
    "section_47_enquiry": ("significant_harm", "confirmed"),
    "coded_abuse": ("significant_harm", "proposed"),
    "cause_for_concern": ("child_in_need", "proposed"),
    "open_referral": ("child_in_need", "proposed"),
    "referral_ended": ("early_help", "proposed"),
}
_SILENT = ("child_in_need", "not_sure")

URGENCY = {"emergency": "immediate", "significant_harm": "same_day"}
_SOONEST = ("immediate", "same_day", "routine")


def level_from(said: Collection[str]) -> tuple[str, str]:
    """(level, level_state) of the worst that the source says; not sure if it says none of these."""
    return next((_LEVELS[sign] for sign in _LEVELS if sign in said), _SILENT)


def proposed(abuse: Collection[str], *, also: Collection[str] = ()) -> tuple[str, str]:
    """(level, level_state): coded abuse is significant harm; unspecified goes to the screener."""
    coded = {"coded_abuse"} if ABUSE & set(abuse) else set()
    return level_from(coded | set(also))


def urgency(level: str, *, stated: str | None = None) -> str:
    """How soon: by level, or sooner where the source says so."""
    derived = URGENCY.get(level, "routine")
    return min(derived, stated or derived, key=_SOONEST.index)
