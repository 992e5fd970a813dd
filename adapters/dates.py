"""Ages and birth dates: partial dates are never padded, and a default is no birth date."""

import re
from datetime import date

ADULT = 18
_DEFAULTS = frozenset({"1900-01-01", "1970-01-01"})
_PARTIAL = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


def birth_date(text: str) -> str | None:
    """A birth date as the schema takes it; None for a default or for what is no date."""
    return text if _PARTIAL.fullmatch(text) and text not in _DEFAULTS else None


def age_at(born: str, event: str) -> int | None:
    """Whole years; the youngest that a partial date allows. None if either is no date."""
    if not _PARTIAL.fullmatch(born) or not re.match(r"\d{4}-\d{2}-\d{2}", event):
        return None
    year, month, day = (born + "-12-31"[len(born) - 4 :])[:10].split("-")
    at = date.fromisoformat(event[:10])
    return at.year - int(year) - ((at.month, at.day) < (int(month), int(day)))


def is_adult(born: str | None, event: str) -> bool:
    """Eighteen or more at the event, beyond doubt."""
    age = age_at(born, event) if born else None
    return age is not None and age >= ADULT
