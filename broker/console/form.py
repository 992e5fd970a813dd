"""The concern form: six things a person says. What they wrote is kept, whatever was missing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from broker.domain.desk import Answers, Contact, Person
from broker.domain.words import Level

FIELDS = (
    "child_known",
    "child",
    "birth_date",
    "words",
    "level",
    "occurred",
    "may_be_told",
    "reply",
)
REQUIRED = ("child_known", "words", "level", "occurred", "may_be_told", "reply")
LEVELS = {
    "early_help": Level.EARLY_HELP,
    "child_in_need": Level.CHILD_IN_NEED,
    "significant_harm": Level.SIGNIFICANT_HARM,
    "emergency": Level.EMERGENCY,
    "not_sure": None,
}
_MOST_WORDS = 32_000
_MISSING = {
    "child_known": "Say whether you know who the child is",
    "child": "Write the child's name, or choose that you do not know it",
    "words": "Write what worries you",
    "level": "Choose how worried you are, or that you are not sure",
    "occurred": "Write when it happened, or choose that you do not know",
    "may_be_told": "Say whether the family can safely be told",
    "reply": "Write a telephone number where you can be reached",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form as it stands: what is in it, and what is still needed."""

    values: Mapping[str, str] = field(repr=False)
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def begun(cls, person: Person, today: date, kept: Mapping[str, str]) -> "Form":
        """Filled in with what is known: who writes, how to reach them, today."""
        values = {"occurred": f"{today:%d/%m/%Y}", "reply": person.contact.telephone}
        return cls(values={**values, **{name: kept[name] for name in FIELDS if name in kept}})

    def with_error(self, name: str, said: str) -> "Form":
        return replace(self, errors={**self.errors, name: said})


def read_form(
    posted: Mapping[str, str], person: Person, today: date
) -> tuple[Form, Answers | None]:
    """The form again, and the answers if nothing is missing. Untidiness refuses no concern."""
    values = {name: posted.get(name, "") for name in FIELDS}
    form = Form(values=values)
    for name in REQUIRED:
        if not values[name].strip():
            form = form.with_error(name, _MISSING[name])
    known = values["child_known"]
    if known == "identified" and not values["child"].strip():
        form = form.with_error("child", _MISSING["child"])
    if values["level"] and values["level"] not in LEVELS:
        form = form.with_error("level", _MISSING["level"])
    if len(values["words"]) > _MOST_WORDS:
        form = form.with_error(
            "words", "At most 32,000 characters; send the rest as a second concern"
        )
    return form, None if form.errors else _answers(values, person, today)


def _answers(values: Mapping[str, str], person: Person, today: date) -> Answers:
    given, _, family = values["child"].strip().partition(" ")
    identified = values["child_known"] == "identified"
    telephone = values["reply"].strip()
    return Answers(
        child_known=values["child_known"],
        given_name=given if identified else "",
        family_name=family.strip() if identified else "",
        birth_date=_date(values["birth_date"], today),
        description="" if identified else values["child"].strip(),
        unborn=values["child_known"] == "unborn",
        words=values["words"],
        level=LEVELS[values["level"]],
        occurred=_date(values["occurred"], today),
        may_be_told=values["may_be_told"],
        reply=Contact(
            role=person.contact.role,
            name=person.name,
            telephone=telephone,
            organisation=person.organisation_name,
        ),
    )


def _date(text: str, today: date) -> date | None:
    """A date in the past, in either of the two ways in which people write it; else none."""
    parts = [part for part in re.split(r"[/. -]+", text.strip()) if part]
    if len(parts) != len(("day", "month", "year")) or not all(part.isdigit() for part in parts):
        return None
    year_first = len(parts[0]) == len("2026")
    year, month, day = map(int, parts if year_first else reversed(parts))
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if found <= today else None
