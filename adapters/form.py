"""The console's form as an adapter: six answers of a person become one Event. Pure."""

import hashlib
from datetime import datetime
from typing import Any

from adapters.contract import Event
from adapters.levels import urgency
from adapters.natives import native_part, pruned
from broker.domain.desk import Answers
from broker.domain.words import EventType, Level


def event_from(answers: Answers, *, key: str, now: datetime) -> Event:
    """`key` is new for each submission: pressing twice is the caller's to prevent."""
    level = answers.level or Level.CHILD_IN_NEED
    soon = "immediate" if level is Level.EMERGENCY else urgency(level.value)
    original = answers.words.encode()
    return Event(
        type=EventType.CONCERN_RAISED,
        reference=key,
        version="1",
        subject_key=_subject_key(answers, key),
        plain={
            "level": level.value,
            "level_state": "not_sure" if answers.level is None else "proposed",
            "urgency": soon,
            "family": {"may_be_told": answers.may_be_told},
            **({"handling": ["do_not_contact_family"]} if answers.may_be_told == "no" else {}),
        },
        routing={
            "purpose": "safeguarding",
            "lawful_basis": {"article_6": "6_1_e", "condition": "sch1_18"},
            "consent_state": _consent(answers),
            "jurisdiction": "GB-ENG",
            "location_protected": False,
        },
        native=native_part(original, made_by="person", form="form"),
        categories=pruned({"identity": _identity(answers), "narrative": _narrative(answers)}),
    )


def _consent(answers: Answers) -> str:
    """Nobody is asked twice: if telling the family is unsafe, so was asking them."""
    return "not_sought_unsafe" if answers.may_be_told == "no" else "not_sought_impracticable"


def _subject_key(answers: Answers, key: str) -> str:
    """The same child by the same name and birth date; an unnamed child is each time another."""
    if not answers.birth_date or not answers.family_name:
        return key
    named = f"{answers.family_name}|{answers.given_name}|{answers.birth_date}".casefold()
    return hashlib.sha256(named.encode()).hexdigest()


def _identity(answers: Answers) -> dict[str, Any]:
    identified = bool(answers.given_name or answers.family_name)
    summary = {
        "known": "identified" if identified else "described" if answers.description else "unknown",
        "subject_kind": "unborn" if answers.unborn else "child",
        "given_name": answers.given_name,
        "family_name": answers.family_name,
        "birth_date": (
            answers.birth_date.isoformat() if answers.birth_date and not answers.unborn else ""
        ),
    }
    full = {"description": answers.description} if answers.description else {}
    return {"summary": {name: value for name, value in summary.items() if value}, "full": full}


def _narrative(answers: Answers) -> dict[str, Any]:
    reply = {"role": answers.reply.role, "name": answers.reply.name}
    reply["telephone"] = answers.reply.telephone
    occurred = answers.occurred.isoformat() if answers.occurred else "unknown"
    return {
        "summary": {"basis": "observed", "occurred": occurred},
        "full": {"words": answers.words, "reply": {k: v for k, v in reply.items() if v}},
    }
