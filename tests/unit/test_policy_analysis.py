"""What a change of the policies changes is counted exactly, with a question to look at."""

import json
from dataclasses import replace

from broker.domain.decision import Question
from broker.domain.ids import PolicyId
from broker.domain.words import Category, Extent, Level, Role
from broker.policy import CedarPolicies, CompiledPolicies, read_bundle
from broker.policy.analysis import Change, coverage, dead, difference
from broker.policy.bundle import Bundle
from broker.policy.cases import question_from
from broker.policy.context import facts_of, question_with, word
from tests.unit.questions import a_question, seeded

BUNDLE = read_bundle()
ALL_THREE = 'action in [Action::"tell_existence", Action::"tell_summary", Action::"tell_full"]'
HUB = question_from({"role": "mash_screener", "level": "significant_harm"})


def changed(before: str, after: str) -> Bundle:
    assert before in BUNDLE.text
    return replace(BUNDLE, text=BUNDLE.text.replace(before, after))


def and_also(text: str) -> Bundle:
    return replace(BUNDLE, text=f"{BUNDLE.text}\n{text}")


def allowed(policies: CedarPolicies, question: Question, change: Change) -> bool:
    return policies.decide(question).extents[change.category] >= change.extent


def test_nothing_is_different_between_a_set_and_itself() -> None:
    found = difference(BUNDLE, BUNDLE)
    assert (found.comparable, found.changes, found.remarks) == (True, (), ())


def test_what_a_new_permit_allows_is_counted_exactly() -> None:
    """
    For four agencies: 5 levels, 4 publishers, 8 gateways, 5 relationships, 4 of consent and a young
    person's refusal that go together, and 4 facts that may be either. Not those who were told
    anyway (an override, one's own concern), nor those who are told nothing (sealed, conflict).
    """
    new = and_also(
        '@id("override-odd") permit (principal in Role::"governance_officer", '
        'action == Action::"tell_existence", resource == Category::"education") '
        "when { context.necessity };"
    )
    (change,) = difference(BUNDLE, new).changes
    assert (change.role, change.category) == (Role.GOVERNANCE_OFFICER, Category.EDUCATION)
    assert change.extent is Extent.EXISTENCE
    assert change.newly_allowed == 4 * (5 * 4 * 8 * 5 * 4 * 2**3)
    assert change.newly_refused == 0
    assert change.questions == 4 * (5 * 4 * 8 * 5 * 4 * 2**9)
    assert change.refused_example is None


def test_every_example_is_a_question_that_cedar_answers_otherwise() -> None:
    new = changed('context.publisher == Agency::"police"', 'context.publisher == Agency::"health"')
    found = difference(BUNDLE, new)
    assert {each.role for each in found.changes} == {Role.DESIGNATED_SAFEGUARDING_LEAD}
    assert all(each.newly_allowed == each.newly_refused > 0 for each in found.changes)
    before, after = CedarPolicies(BUNDLE), CedarPolicies(new)
    for change in found.changes:
        assert change.allowed_example is not None
        assert change.refused_example is not None
        assert not allowed(before, change.allowed_example, change)
        assert allowed(after, change.allowed_example, change)
        assert allowed(before, change.refused_example, change)
        assert not allowed(after, change.refused_example, change)


def test_whatever_random_questions_find_different_is_listed() -> None:
    new = changed('unless { principal in Role::"mash_screener" ||', "unless { context.override ||")
    old_policies, new_policies = CompiledPolicies(BUNDLE), CompiledPolicies(new)
    listed = {
        (each.role, each.category, each.extent): each for each in difference(BUNDLE, new).changes
    }
    random = seeded(21)
    asked = [a_question(random) for _ in range(600)]
    seen = set()
    pairs = zip(old_policies.decide_all(asked), new_policies.decide_all(asked), strict=True)
    for question, (before, after) in zip(asked, pairs, strict=True):
        for category in Category:
            for extent in list(Extent)[1:]:
                told, tells = before.extents[category] >= extent, after.extents[category] >= extent
                if told != tells:
                    change = listed[question.role, category, extent]
                    assert change.newly_allowed if tells else change.newly_refused
                    seen.add((question.role, category, extent))
    assert len(seen) > 3


def test_the_way_back_from_facts_to_a_question_is_exact() -> None:
    random = seeded(8)
    for _ in range(100):
        question = a_question(random, level=Level.EMERGENCY)
        for category in Category:
            told = facts_of(question, BUNDLE.levels)
            facts = {name: word(fact, category) for name, fact in told.items()}
            groups = {"Role": question.role.value, "Agency": question.agency.value}
            again = question_with(groups, facts, category, BUNDLE.levels)
            found = facts_of(again, BUNDLE.levels)
            assert {name: word(fact, category) for name, fact in found.items()} == facts


def test_a_difference_can_be_written_as_json() -> None:
    new = changed('resource == Category::"childs_voice"', 'resource == Category::"narrative"')
    written = json.loads(json.dumps(difference(BUNDLE, new).as_json))
    change = written["changes"][0]
    assert change["role"] == "designated_safeguarding_lead"
    example = change["allowed_example"] or change["refused_example"]
    assert example["gateway"] == "operation_encompass"


def test_schemas_with_other_words_are_not_compared_and_that_is_said() -> None:
    other = replace(
        BUNDLE, schema=BUNDLE.schema.replace('"unscheduled_care"]', '"unscheduled_care", "aunt"]')
    )
    found = difference(BUNDLE, other)
    assert not found.comparable
    assert found.changes == ()
    assert found.remarks == ("The schemas list other words for Role: aunt.",)


def test_a_fact_added_to_the_schema_is_said_and_all_else_compared() -> None:
    wider = replace(BUNDLE, schema=BUNDLE.schema.replace("home: Bool", "home: Bool, weekend: Bool"))
    found = difference(BUNDLE, wider)
    assert found.comparable
    assert found.changes == ()
    assert found.remarks == ("The new schema adds weekend, which the old policies did not read.",)


def test_no_policy_that_ships_is_dead() -> None:
    assert dead(BUNDLE) == []


def test_a_policy_that_another_one_shadows_is_dead() -> None:
    shadowed = (
        f'@id("override-narrow") permit (principal, {ALL_THREE}, resource)'
        ' when { context.override && resource == Category::"identity" };'
    )
    idle = f'@id("forbid-idle") forbid (principal in Role::"gp", {ALL_THREE}, resource)'
    never = ' when { context.level == Level::"emergency" && context.level != Level::"emergency" };'
    assert dead(and_also(shadowed + idle + never)) == ["override-narrow", "forbid-idle"]


def test_of_two_policies_that_say_the_same_each_is_dead_by_itself() -> None:
    twice = (
        f'@id("forbid-twice") forbid (principal, {ALL_THREE}, resource) when {{ context.sealed }};'
    )
    assert dead(and_also(twice)) == ["forbid-sealed", "forbid-twice"]


def test_coverage_counts_the_questions_that_a_policy_determined() -> None:
    policies = CompiledPolicies(BUNDLE)
    asked = [HUB, replace(HUB, sealed=True), replace(HUB, role=Role.GOVERNANCE_OFFICER)]
    counted = coverage(policies, asked)
    assert counted[PolicyId("forbid-sealed")] == 1
    assert counted[PolicyId("matrix-significant_harm-mash_screener-full")] == 1
    assert counted[PolicyId("override-break-glass")] == 0
    assert counted.keys() == BUNDLE.sentences.keys()
