"""What a page shows of a value: plain words for codes, dates as people write them. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from broker.console.words import ABUSE
from broker.domain.desk import Told
from broker.domain.words import Category

_FACTS = {
    "birth_date": "Born",
    "expected_birth_date": "Expected",
    "sex": "Sex",
    "basis": "Basis",
    "occurred": "When",
    "abuse": "Kind",
    "factors": "Factors",
    "codes": "Codes",
    "kind": "Kind",
    "child_present": "Child present",
    "force_reference": "Reference",
    "year_group": "Year",
    "attendance_percent": "Attendance",
    "status": "Status",
    "heard": "Heard",
    "alone": "Alone",
    "source": "Source",
    "setting": "Setting",
}
_SPOKEN = ("words", "action_taken", "place")
_SPOKEN_NAMES = {"words": "", "action_taken": "What was done", "place": "Where"}


def when(moment: datetime, today: date) -> str:
    """`today 14:05`, `yesterday 9:05am` is never a count of hours: 18 November 2026, 9:05am."""
    clock = moment.strftime("%I:%M%p").lstrip("0").lower()
    days = (today - moment.date()).days
    if days in {0, 1}:
        return f"{'today' if days == 0 else 'yesterday'} {clock}"
    return f"{moment.day} {moment:%B %Y}, {clock}"


def written(value: str) -> str:
    """A moment of a claim as people write it; what is partial stays partial."""
    try:
        if "T" in value:
            found = datetime.fromisoformat(value)
            clock = found.strftime("%I:%M%p").lstrip("0").lower()
            return f"{found.day} {found:%B %Y}, {clock}"
        day = date.fromisoformat(value)
    except ValueError:
        return value.replace("_", " ")
    return f"{day.day} {day:%B %Y}"


def facts(told: Told) -> list[tuple[str, str]]:
    """The coded facts of a category, named."""
    return [
        (name, text)
        for key, name in _FACTS.items()
        if key in told.summary and (text := _fact(told.summary[key]))
    ]


def _fact(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_fact(each) for each in value)
    if isinstance(value, dict):
        return f"{value.get('system', '')} {value.get('code', '')}".strip()
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ABUSE.get(str(value)) or written(str(value))


def spoken(told: Told) -> list[tuple[str, str]]:
    """The words of a category, verbatim, with what they are."""
    return [
        (_SPOKEN_NAMES[key], str(told.full[key]))
        for key in _SPOKEN
        if isinstance(told.full.get(key), str)
    ]


def people(told: Told) -> list[str]:
    """Who is named in a category, with their relation."""
    listed = told.full.get("people")
    return [
        f"{each.get('name', 'somebody')} ({str(each.get('relation', '')).replace('_', ' ')})"
        for each in (listed if isinstance(listed, list) else [])
    ]


def address(told: Told) -> str:
    found = told.full.get("address")
    if not isinstance(found, dict):
        return ""
    return ", ".join(
        [*found.get("lines", []), *([found["postcode"]] if "postcode" in found else [])]
    )


def child_of(summary: Mapping[str, Any]) -> str:
    """As much of the name as was told, else what may be said of anybody."""
    name = " ".join(str(summary[key]) for key in ("given_name", "family_name") if key in summary)
    if name:
        return name
    return "An unborn child" if summary.get("subject_kind") == "unborn" else "A child"


def new_in(
    claims: Mapping[str, Any], *, retracted: bool, recalled: bool = False, ended: bool = False
) -> str:
    """What is new, in at most twelve words, from coded facts alone: never a word of free text."""
    if recalled:
        return "Use no longer what you were told: it is recalled"
    if retracted:
        return "This concern no longer stands: do not rely on it"
    if ended:
        return "What you were told may no longer be shown to you"
    narrative = claims.get("narrative.summary")
    police = claims.get("police_incident.summary")
    said = []
    if isinstance(police, dict) and police.get("kind") not in {None, "other"}:
        said.append(str(police["kind"]).replace("_", " "))
    if isinstance(narrative, dict):
        said += [ABUSE[each] for each in narrative.get("abuse", []) if each in ABUSE]
        if narrative.get("basis") == "disclosed_by_child":
            said.append("told by the child")
    if not said and any(name.startswith(Category.CHILDS_VOICE) for name in claims):
        said.append("the child was heard")
    return ", ".join(dict.fromkeys(said)) or "a concern"
