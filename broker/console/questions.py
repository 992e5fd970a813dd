"""What several forms about sharing ask alike, and what their questions depend on. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from broker.console import words
from broker.console.asked import Asked, Choice, Filled
from broker.domain.known import Rules
from broker.domain.notification import Json
from broker.domain.sharing_desk import About
from broker.domain.words import Category, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the questions depend on."""

    rules: Rules
    role: Role | None
    about: About
    places: Sequence[tuple[str, str, str]]  # organisation, role, both in words: of the area
    now: datetime  # local


def which_parts(needed: str, *, folded: str = "") -> Asked:
    """Of all the parts there can be, whatever a concern holds: so that the list tells nothing."""
    return Asked(
        name="categories",
        label="Which parts?",
        kind="some",
        choices=[Choice(value=each.value, text=words.CATEGORIES[each]) for each in Category],
        needed=needed,
        folded=folded,
    )


def all_or(chosen: Sequence[str]) -> Json:
    """Nothing chosen is everything, as the schema writes it."""
    return list(chosen) or "*"


def words_of(form: Filled) -> dict[str, Json]:
    return {"words": form.one("words")} if form.one("words") else {}
