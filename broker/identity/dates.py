"""
Dates as they are compared: `2012-04-03`, or `2012-04` or `2012` where no more is known. A partial
date is never padded, and the day is before the month as forms in the UK write it.
"""

import re
import unicodedata
from datetime import date, timedelta

from broker.identity.reading import MISSING, REFUSED, Reading

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = r"(?:[t ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:z|[+-]\d{2}:?\d{2})?)?"
_ISO = re.compile(rf"(\d{{4}})(?:-(\d{{2}})(?:-(\d{{2}}){_TIME})?)?", re.ASCII)
_HL7 = re.compile(
    r"(\d{4})(\d{2})(?:(\d{2})(?:\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,4})?)?)?)?(?:[+-]\d{4})?)?",
    re.ASCII,
)
_UK = re.compile(rf"(\d{{1,2}})[/. -](\d{{1,2}}|[a-z]{{3,9}})[/. -](\d{{4}}){_TIME}", re.ASCII)
_DEFAULTS = frozenset({"1900-01-01", "1970-01-01"})
_EARLIEST = 1900
_GRACE = timedelta(days=1)  # `today` may be counted in UTC: a child born at 00:10 in June is here


def date_from(text: str) -> Reading:
    """UK order, ISO 8601 or HL7 v2. Of a moment, the day that was written there: the local one."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    if not any(map(str.isdigit, plain)):
        return MISSING
    if found := _ISO.fullmatch(plain) or _HL7.fullmatch(plain):
        year, month, day = found.groups()
    elif found := _UK.fullmatch(plain):
        day, month, year = found.groups()
        if month.isalpha():
            month = str(_MONTHS.index(month[:3]) + 1) if month[:3] in _MONTHS else "0"
    else:
        return REFUSED
    return _checked(int(year), int(month) if month else None, int(day) if day else None)


def birth_from(text: str, today: date) -> Reading:
    """A birth date; a system's default is missing, and a day that is yet to come is refused."""
    read = date_from(text)
    if read.value is None:
        return read
    if read.value in _DEFAULTS:
        return MISSING
    first = date.fromisoformat(read.value + "-01-01"[len(read.value) - 4 :])
    return REFUSED if first > today + _GRACE else read


def is_whole(value: str | None) -> bool:
    """Whether a read date has its day."""
    return value is not None and len(value) == len("2012-04-03")


def exchanged(value: str) -> str | None:
    """A whole date with day and month exchanged; None if that is no other date."""
    year, month, day = value.split("-")
    return f"{year}-{day}-{month}" if day != month and int(day) <= len(_MONTHS) else None


def _checked(year: int, month: int | None, day: int | None) -> Reading:
    try:
        whole = date(year, 1 if month is None else month, 1 if day is None else day).isoformat()
    except ValueError:
        return REFUSED
    if year < _EARLIEST:
        return REFUSED
    precision = "2012" if month is None else "2012-04" if day is None else "2012-04-03"
    return Reading(whole[: len(precision)])
