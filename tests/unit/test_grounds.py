"""Every category that is withheld has one ground, and it is the limit that withholds it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from broker.domain.decision import Candidate, Decision, Question, Recipient, Rests, Wished
from broker.domain.ids import NotificationId
from broker.domain.words import (
    Agency,
    Category,
    ConsentState,
    Extent,
    Gateway,
    Level,
    LevelState,
    RelationshipKind,
    Role,
)
from broker.grounds import grounds
from tests.unit.questions import QUESTIONS
from tests.unit.sharing import PRACTICE, policies

WORDS = {
    "sealed",
    "conflict",
    "protected_location",
    "outside_area",
    "sensitive_health",
    "detriment",
    "protected_source",
    "no_relationship",
    "withdrawn",
    "no_basis",
}


def decided(question: Question, rests: Rests | None = None) -> Decision:
    candidate = Candidate(
        recipient=Recipient(
            organisation=PRACTICE.organisation, role=question.role, agency=question.agency
        ),
        question=question,
        why="registered",
        ring=PRACTICE.organisation,
        rests=rests or Rests(),
    )
    return Decision(candidate=candidate, ruling=policies().decide(question))


def asked(**facts: Any) -> Question:
    usual: dict[str, Any] = {
        "role": Role.GP,
        "agency": Agency.HEALTH,
        "publisher": Agency.HEALTH,
        "level": Level.SIGNIFICANT_HARM,
        "level_state": LevelState.CONFIRMED,
        "gateway": Gateway.NONE,
        "relationship": RelationshipKind.REGISTERED,
        "consent_stated": ConsentState.SOUGHT_PENDING,
    }
    return Question(**{**usual, **facts})


@given(QUESTIONS)
def test_every_withheld_category_has_one_known_ground_and_no_other_has_any(
    question: Question,
) -> None:
    decision = decided(question)
    found = grounds(decision, policies())
    withheld = {
        category
        for category, extent in decision.ruling.extents.items()
        if extent in (Extent.NOTHING, Extent.EXISTENCE)
    }
    assert set(found) == withheld
    assert set(found.values()) <= WORDS


@pytest.mark.parametrize(
    ("facts", "category", "ground"),
    [
        ({"sealed": True, "conflict": True}, Category.IDENTITY, "sealed"),
        ({"conflict": True}, Category.IDENTITY, "conflict"),
        (
            {"role": Role.MASH_SCREENER, "location_barred": True},
            Category.PROTECTED_LOCATION,
            "protected_location",
        ),
        ({"location_barred": True, "outside_area": True}, Category.IDENTITY, "outside_area"),
        ({"detriment": True}, Category.CHILD_HEALTH, "detriment"),
        ({"override": frozenset({Category.REFERRER})}, Category.REFERRER, "protected_source"),
        ({"role": Role.SOCIAL_WORKER}, Category.REFERRER, "no_basis"),
        ({"relationship": RelationshipKind.NONE}, Category.CHILD_HEALTH, "no_relationship"),
        ({"level": Level.EARLY_HELP}, Category.IDENTITY, "no_basis"),
        ({"level": Level.EARLY_HELP}, Category.SENSITIVE_HEALTH, "no_basis"),
        (
            {
                "level": Level.EARLY_HELP,
                "override": frozenset({Category.SENSITIVE_HEALTH}),
            },
            Category.SENSITIVE_HEALTH,
            "sensitive_health",
        ),
    ],
)
def test_the_ground_is_the_limit_that_withholds(
    facts: dict[str, Any], category: Category, ground: str
) -> None:
    assert grounds(decided(asked(**facts)), policies())[category] == ground


def test_what_was_agreed_and_taken_back_says_so() -> None:
    state = Wished(directive=NotificationId("d"), state=ConsentState.WITHDRAWN)
    rests = replace(Rests(), wished={Category.IDENTITY: state})
    question = asked(level=Level.EARLY_HELP, refused=frozenset({Category.IDENTITY}))
    found = grounds(decided(question, rests), policies())
    assert found[Category.IDENTITY] == "withdrawn"
    assert found[Category.NARRATIVE] == "no_basis"
