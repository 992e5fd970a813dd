"""
Parts of a category for a concern in short form: the least that the schema takes. What is decided
depends on none of these words, only on which categories are there.
"""

from typing import Any

from broker.domain.words import Category

_WORDS = {"words": "(words, as the person wrote them)"}


def parts_of(category: Category) -> dict[str, dict[str, Any]]:
    """`summary` and `full` of one category, invented."""
    summaries: dict[Category, dict[str, Any]] = {
        Category.IDENTITY: {"known": "identified", "given_name": "A", "family_name": "Child"},
        Category.PROTECTED_LOCATION: {"kind": "not_stated"},
        Category.CARE_STATUS: {"statuses": [{"status": "child_in_need"}]},
        Category.NARRATIVE: {"basis": "observed", "occurred": "unknown"},
        Category.CHILDS_VOICE: {"heard": "yes"},
        Category.CHILD_HEALTH: {"setting": "other"},
        Category.SENSITIVE_HEALTH: {"kinds": ["sexual_or_reproductive"]},
        Category.ADULT_HEALTH: {"adults": [{"relation": "mother", "kinds": ["other"]}]},
        Category.POLICE_INCIDENT: {"kind": "other"},
        Category.POLICE_INTELLIGENCE: {
            "source_grade": "2",
            "information_grade": "C",
            "handling": "P",
        },
        Category.OFFENCES: {"offences": [{"relation": "other", "outcome": "not_known"}]},
        Category.EDUCATION: {"status": "not_known"},
        Category.FAMILY: {"people": [{"relation": "mother"}]},
        Category.REFERRER: {"source": "1B"},
    }
    reply = {"reply": {"role": "Safeguarding lead", "telephone": "01632 960000"}}
    fulls: dict[Category, dict[str, Any]] = {
        Category.IDENTITY: {"description": "(who the child is)"},
        Category.NARRATIVE: {**_WORDS, **reply},
    }
    return {"summary": summaries[category], "full": fulls.get(category, _WORDS)}
