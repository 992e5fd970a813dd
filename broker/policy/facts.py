"""The facts of a question by their kind, read from the domain's own declaration of it."""

from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, get_type_hints

from broker.domain.decision import Question
from broker.domain.words import Category


@cache
def closed() -> Mapping[str, type[Enum]]:
    """Facts that are one word of a closed list, with the list."""
    return {
        name: kind
        for name, kind in _hints().items()
        if isinstance(kind, type) and issubclass(kind, Enum)
    }


@cache
def sets() -> frozenset[str]:
    """Facts that are sets of categories."""
    return frozenset(name for name, kind in _hints().items() if kind == frozenset[Category])


@cache
def _hints() -> Mapping[str, Any]:
    return get_type_hints(Question)


def fact_from(name: str, written: object) -> object:
    """One fact as JSON or YAML writes it. Raises ValueError or TypeError."""
    words = closed()
    if name in words:
        return words[name](written)
    if name in sets():
        return _categories(written)
    kind = _hints().get(name)
    if kind is None:
        raise ValueError(f"a question has no {name}")
    if not isinstance(written, kind):
        raise TypeError(f"{name} is {kind.__name__}, not {written!r}")
    return written


def _categories(written: object) -> frozenset[Category]:
    """A list of categories, or the word `all`, or the word `none`."""
    if written in ("all", "none"):
        return frozenset(Category) if written == "all" else frozenset()
    if not isinstance(written, list):
        raise TypeError("categories are a list, or all, or none")
    return frozenset(Category(each) for each in written)
