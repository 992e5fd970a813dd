"""
Dates and ages: partial dates are never padded, a default is no birth date, and a day that no
calendar has is no day.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

ADULT = 18
_DEFAULTS = frozenset({"1900-01-01", "1970-01-01"})
_PARTIAL = re.compile(r"(?!0000)[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?")
_INSTANT = re.compile(
    r"(?P<to_minute>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2})(?P<seconds>:[0-9]{2})?"
    r"(?P<fraction>\.[0-9]+)?(?P<offset>Z|[+-][01][0-9]:[0-5][0-9])?"
)
_FINEST = len(".123456")  # the schema's moments know microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A moment as the schema takes it; not `exact` if the clock never showed what was written."""

    text: str
    exact: bool = True


def birth_date(text: str) -> str | None:
    """A birth date as the schema takes it; None for a default or for what is no date."""
    return text if text not in _DEFAULTS and _is_partial(text) else None


def moment(text: str, zone: ZoneInfo) -> Moment | None:
    """A year, month, day, or an instant; without an offset it is local time in `zone`."""
    if _is_partial(text):
        return Moment(text=text)
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    offset = found["offset"] or ""
    written = found["to_minute"] + (found["seconds"] or "") + (found["fraction"] or "")[:_FINEST]
    try:
        said = datetime.fromisoformat(written + offset)
        return Moment(text=written + offset) if offset else local(said, zone)
    except (ValueError, OverflowError):
        return None


def local(said: datetime, zone: ZoneInfo) -> Moment:
    """
    Local time with its offset. In the hour that spring skips, the next time that exists; in the
    hour that autumn repeats, the first of the two (FORMATS.md 7a.17).
    """
    there = said.replace(tzinfo=zone)
    real = there.astimezone(UTC).astimezone(zone)  # a skipped time moves on by what was skipped
    return Moment(text=real.isoformat(), exact=real.replace(tzinfo=None) == said)


def age_at(born: str, event: str) -> int | None:
    """Whole years; the youngest that a partial date allows. None if either is no date."""
    if not _is_partial(born) or not _is_day(event[:10]):
        return None
    year, month, day = (born + "-12-31"[len(born) - 4 :])[:10].split("-")
    at = date.fromisoformat(event[:10])
    return at.year - int(year) - ((at.month, at.day) < (int(month), int(day)))


def is_adult(born: str | None, event: str) -> bool:
    """Eighteen or more at the event, beyond doubt."""
    age = age_at(born, event) if born else None
    return age is not None and age >= ADULT


def _is_partial(text: str) -> bool:
    whole = len("2026-01-01")
    return _PARTIAL.fullmatch(text) is not None and (len(text) < whole or _is_day(text))


def _is_day(text: str) -> bool:
    """Whether a calendar has it: 2026-02-31 fits every pattern."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
