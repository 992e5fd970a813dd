"""Recorded questions under two policy sets, and a candidate beside the live one."""

from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import given

from broker.domain.decision import Question, Ruling, question_fields
from broker.domain.ids import DecisionId, PolicyVersion
from broker.domain.words import Category, Extent
from broker.errors import PolicyNotEvaluated
from broker.policy import CompiledPolicies, read_bundle
from broker.policy.cases import question_from, read_cases
from broker.policy.replay import Recorded, replay, stored_question
from broker.policy.shadow import Shadow
from tests.unit.questions import QUESTIONS

BUNDLE = read_bundle()
LIVE = CompiledPolicies(BUNDLE)
# Another set: what a school's lead may read in full of a child in need is a summary.
CAPPED = """
@id("cap-referrer-for-schools") @basis("-") @explain("-")
forbid (
  principal in Role::"designated_safeguarding_lead",
  action in [Action::"tell_full"],
  resource
);
"""
NEW = CompiledPolicies(
    replace(BUNDLE, text=BUNDLE.text + CAPPED, version=PolicyVersion("new" + BUNDLE.version[3:]))
)
SCHOOL = question_from(
    {
        "role": "designated_safeguarding_lead",
        "level": "significant_harm",
        "relationship": "enrolled",
    }
)
HUB = question_from({"role": "mash_screener", "level": "significant_harm"})


def recorded(question: Question, *, decisions: int = 1, name: str = "d") -> Recorded:
    extents = LIVE.decide(question).extents
    return Recorded(
        ruling=f"r-{name}",
        policy=LIVE.version,
        question=question_fields(question),
        extents={category.value: extent.value for category, extent in extents.items()},
        decisions=decisions,
        example=DecisionId(f"{name}-1"),
    )


def test_a_replay_counts_decisions_and_names_one_of_each_change() -> None:
    full = [c for c in Category if LIVE.decide(SCHOOL).extents[c] is Extent.FULL]
    assert full
    found = replay(
        [recorded(SCHOOL, decisions=7, name="school"), recorded(HUB, decisions=5, name="hub")],
        LIVE,
        NEW,
    )
    assert (found.decisions, found.rulings) == (12, 2)
    assert (found.differing, found.narrower, found.wider) == (7, 7, 0)
    assert {(each.role, each.category, each.before, each.after) for each in found.changes} == {
        ("designated_safeguarding_lead", category.value, "full", "summary") for category in full
    }
    assert {(each.decisions, each.example) for each in found.changes} == {(7, "school-1")}


def test_the_other_way_round_tells_more() -> None:
    found = replay([recorded(SCHOOL, decisions=7)], NEW, LIVE)
    assert (found.differing, found.narrower, found.wider) == (7, 0, 7)


def test_the_set_that_was_in_force_repeats_every_decision_as_recorded() -> None:
    asked = [case.question for case in read_cases(files("policies").joinpath("cases"))]
    found = replay([recorded(each) for each in asked], LIVE, LIVE)
    assert found.identical == found.decisions == len(asked)
    assert (found.differing, list(found.changes), list(found.not_as_recorded)) == (0, [], [])


def test_what_was_recorded_otherwise_is_shown() -> None:
    """Another set was in force, or somebody changed a row: the replay says in which decision."""
    one = recorded(HUB, decisions=3)
    altered = replace(one, extents={**one.extents, "narrative": "nothing"})
    found = replay([altered], LIVE, LIVE)
    assert found.identical == 0
    (change,) = found.not_as_recorded
    assert (change.category, change.before, change.after) == ("narrative", "nothing", "full")


@given(QUESTIONS)
def test_a_stored_question_is_the_question_that_was_asked(question: Question) -> None:
    assert stored_question(question_fields(question)) == question


def test_a_fact_newer_than_the_ruling_has_its_default() -> None:
    written = question_fields(HUB)
    for newer in ("outside_area", "detriment", "necessity", "jurisdiction", "agreed"):
        del written[newer]
    assert stored_question(written) == HUB


@pytest.mark.parametrize("change", [{"role": "mash_screner"}, {"level": None}, {"aunt": True}])
def test_a_stored_question_that_cannot_be_asked_stops_the_replay(change: dict[str, object]) -> None:
    one = recorded(HUB)
    broken = replace(one, question={**one.question, **change})
    with pytest.raises(PolicyNotEvaluated, match="r-d"):
        replay([broken], LIVE, NEW)


def test_a_stored_question_without_what_must_be_there_stops_the_replay() -> None:
    one = recorded(HUB)
    without = {name: value for name, value in one.question.items() if name != "role"}
    with pytest.raises(PolicyNotEvaluated, match="stored_question"):
        replay([replace(one, question=without)], LIVE, NEW)


def test_a_candidate_in_shadow_is_compared_question_by_question() -> None:
    answered = [(each, LIVE.decide(each)) for each in (SCHOOL, HUB, SCHOOL)]
    found = Shadow(NEW).compare(LIVE.version, answered)
    assert (found.asked, found.live, found.candidate) == (3, LIVE.version, NEW.version)
    (difference,) = found.differences
    assert difference.question == question_fields(SCHOOL)
    assert difference.count == 2
    assert difference.candidate is not None
    assert difference.live != difference.candidate


def test_a_candidate_that_agrees_leaves_no_difference() -> None:
    found = Shadow(LIVE).compare(LIVE.version, [(HUB, LIVE.decide(HUB))])
    assert found.differences == []


def test_a_candidate_that_cannot_answer_costs_the_live_decision_nothing() -> None:
    class Silent:
        version = PolicyVersion("silent")
        rules = LIVE.rules
        sentences = LIVE.sentences

        def decide(self, question: Question) -> Ruling:
            raise PolicyNotEvaluated("policy_not_evaluated", question.role.value)

        def decide_all(self, questions: Sequence[Question]) -> list[Ruling]:
            return [self.decide(question) for question in questions]

    found = Shadow(Silent()).compare(LIVE.version, [(HUB, LIVE.decide(HUB))])
    (difference,) = found.differences
    assert (difference.candidate, difference.fault) == (None, "policy_not_evaluated")
