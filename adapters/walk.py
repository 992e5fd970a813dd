"""Walking JSON that others wrote: whatever stands where a thing was promised, nothing is raised."""

from collections.abc import Mapping
from typing import Any

Object = Mapping[str, Any]


def dicts(value: Any) -> list[Object]:
    """The objects in a value that comes as one or as many; what is no object is left out."""
    several = value if isinstance(value, list) else [value]
    return [each for each in several if isinstance(each, dict)]


def one(value: Any) -> Object:
    """The first object, or an empty one."""
    return next(iter(dicts(value)), {})


def text(value: Any) -> str:
    """A string or a whole number as text, its outer white space trimmed; empty for all else."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def is_true(value: Any) -> bool:
    """A yes as systems write it: true, 1, "true", "1"."""
    return value is True or text(value).casefold() in {"true", "1"}
