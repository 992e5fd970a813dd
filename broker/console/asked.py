"""
What a form asks, as values: so that one template shows every form, one function reads it, and
whatever was missing every word is kept. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

_MOST = 4_000  # characters, as the schema has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several; `asks` is asked only with it."""

    value: str
    text: str
    hint: str = ""
    asks: "Sequence[Asked]" = ()
    opens: str = ""  # what is written over that


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question of a form."""

    name: str
    label: str
    kind: str  # one (radios), some (checkboxes), words (a text area), line, moment
    hint: str = ""
    choices: Sequence[Choice] = ()
    needed: str = ""  # what is said when it is missing; empty: it may be left empty
    given: str = ""  # filled in already
    folded: str = ""  # shown only when somebody opens these words: most leave it as it is
    most: int = _MOST

    def read(self, values: Mapping[str, str]) -> Sequence[str]:
        """The values given, of those that may be; of words the whole."""
        text = values.get(self.name, "").replace("\r\n", "\n")
        if self.kind not in {"one", "some"}:
            return [text.strip()] if text.strip() else []
        allowed = {each.value for each in self.choices}
        return [each for each in text.split("\n") if each in allowed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form as it stands: what is in it, and what is still needed."""

    asked: Sequence[Asked]
    values: Mapping[str, str] = field(repr=False)
    errors: Mapping[str, str] = field(default_factory=dict)

    def with_error(self, name: str, said: str) -> "Filled":
        return replace(self, errors={**self.errors, name: said})

    def one(self, name: str) -> str:
        return next(iter(self.some(name)), "")

    def some(self, name: str) -> Sequence[str]:
        found = next((each for each in every(self.asked) if each.name == name), None)
        return found.read(self.values) if found is not None else []

    def several(self, name: str) -> bool:
        """Whether more than one may be chosen, so that each is posted by itself."""
        return any(each.name == name and each.kind == "some" for each in every(self.asked))

    def written(self) -> list[tuple[str, str]]:
        """Each answer in words, for whoever checks it before it counts."""
        shown = []
        for each in _wanted(self.asked, self.values):
            given = each.read(self.values)
            texts = {choice.value: choice.text for choice in each.choices}
            if given:
                shown.append((each.label, ", ".join(texts.get(value, value) for value in given)))
        return shown


def begun(asked: Sequence[Asked]) -> Filled:
    return Filled(asked=asked, values={each.name: each.given for each in every(asked)})


def filled(asked: Sequence[Asked], posted: Mapping[str, str]) -> Filled:
    """The form as posted, with what is missing; what a choice asks counts only with the choice."""
    values = {each.name: posted.get(each.name, "") for each in every(asked)}
    form = Filled(asked=asked, values=values)
    for each in _wanted(asked, values):
        given = each.read(values)
        if each.needed and not given:
            form = form.with_error(each.name, each.needed)
        elif each.kind in {"words", "line"} and given and len(given[0]) > each.most:
            form = form.with_error(each.name, f"Write at most {each.most} characters")
    return form


def every(asked: Sequence[Asked]) -> list[Asked]:
    """All questions, those behind a choice among them."""
    found = []
    for each in asked:
        found.append(each)
        for choice in each.choices:
            found += every(choice.asks)
    return found


def _wanted(asked: Sequence[Asked], values: Mapping[str, str]) -> list[Asked]:
    """Those that are asked now: the ones behind a choice that was not made are not."""
    found = []
    for each in asked:
        found.append(each)
        chosen = set(each.read(values))
        for choice in each.choices:
            if choice.value in chosen:
                found += _wanted(choice.asks, values)
    return found


def moment(text: str, zone: tzinfo | None) -> datetime | None:
    """`29/11/2026 16:35`, or a day alone, which ends at its end; None for what is none."""
    parts = [part for part in re.split(r"[^0-9]+", text.strip()) if part]
    if len(parts) not in {3, 5}:
        return None
    day, month, year, hour, minute = map(int, [*parts, "23", "59"][:5])
    try:
        return datetime(year, month, day, hour, minute, tzinfo=zone)
    except ValueError:
        return None


def written_moment(at: datetime) -> str:
    """As a person writes it back."""
    return f"{at:%d/%m/%Y %H:%M}"
