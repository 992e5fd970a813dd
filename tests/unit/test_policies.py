"""The policies that ship, held to their cases, the matrix and the invariants."""

import json
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.domain.decision import Question
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
from broker.policy import CompiledPolicies, read_bundle
from broker.policy.cases import Case, failures, read_cases
from broker.policy.matrix import matrix
from policies import generate
from tests.unit.questions import QUESTIONS

POLICIES = CompiledPolicies(read_bundle())
CASES = read_cases(files("policies").joinpath("cases"))
CORE = {Role.MASH_SCREENER, Role.SOCIAL_WORKER, Role.POLICE_PROTECTION}


def asked(**facts: object) -> Question:
    usual: dict[str, object] = {
        "role": Role.MASH_SCREENER,
        "agency": Agency.CHILDRENS_SERVICES,
        "publisher": Agency.HEALTH,
        "level": Level.SIGNIFICANT_HARM,
        "level_state": LevelState.CONFIRMED,
        "gateway": Gateway.NONE,
        "relationship": RelationshipKind.NONE,
        "consent_stated": ConsentState.NOT_SOUGHT_IMPRACTICABLE,
    }
    return Question(**{**usual, **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sentence)
def test_case(case: Case) -> None:
    assert failures(case, POLICIES) == []


def test_every_policy_is_named_by_at_least_one_case() -> None:
    named = frozenset().union(*(case.because for case in CASES))
    assert set(POLICIES.bundle.sentences) - named == set()


def test_the_policies_give_every_cell_of_the_table_that_the_partnership_signs() -> None:
    signed = json.loads(files("policies").joinpath("matrix/default_matrix.json").read_text())
    assert matrix(POLICIES, POLICIES.bundle.matrix_roles) == signed["matrix"]


def test_the_generated_cedar_text_is_what_the_table_says() -> None:
    for path, text in generate.texts().items():
        assert files("policies").joinpath(path).read_text() == text, path


@given(QUESTIONS)
def test_a_conflict_of_interest_or_a_seal_lets_nothing_pass(question: Question) -> None:
    ruling = POLICIES.decide(question)
    assert ruling.tells_nothing or not (question.conflict or question.sealed)


@given(QUESTIONS)
def test_off_the_list_no_words_pass_but_in_an_emergency_to_those_who_go_there(
    question: Question,
) -> None:
    ruling = POLICIES.decide(question)
    exempt = ruling.level_used is Level.EMERGENCY and question.role in CORE
    if question.location_barred and not (exempt or question.own):
        assert Extent.FULL not in ruling.extents.values()
        assert ruling.extents[Category.PROTECTED_LOCATION] is Extent.NOTHING


@given(QUESTIONS)
def test_in_another_area_off_the_list_nothing_passes_but_in_an_emergency_to_those_who_go_there(
    question: Question,
) -> None:
    ruling = POLICIES.decide(replace(question, outside_area=True))
    exempt = ruling.level_used is Level.EMERGENCY and question.role in CORE
    assert ruling.tells_nothing or exempt or question.own


@given(QUESTIONS)
def test_detriment_holds_at_existence_whom_neither_encompass_nor_fgm_entitles(
    question: Question,
) -> None:
    entitled = question.gateway in {Gateway.OPERATION_ENCOMPASS, Gateway.FGM_5B}
    ruling = POLICIES.decide(replace(question, detriment=True))
    told = set(ruling.extents.values())
    assert question.own or entitled or told <= {Extent.NOTHING, Extent.EXISTENCE}


@given(QUESTIONS)
def test_an_unscheduled_care_setting_is_told_nothing_but_through_cp_is_or_an_override(
    question: Question,
) -> None:
    asked_there = replace(question, role=Role.UNSCHEDULED_CARE, own=False)
    ruling = POLICIES.decide(asked_there)
    told = {each for each, extent in ruling.extents.items() if extent is not Extent.NOTHING}
    flagged = {Category.IDENTITY, Category.CARE_STATUS}
    assert told <= question.override | (
        flagged if question.gateway is Gateway.CP_IS_FLAG else frozenset()
    )


@given(QUESTIONS)
def test_what_is_told_rests_on_one_basis_of_each_kind_and_what_is_withheld_on_none(
    question: Question,
) -> None:
    ruling = POLICIES.decide(question)
    told = {each for each, extent in ruling.extents.items() if extent is not Extent.NOTHING}
    assert set(ruling.bases) == told
    assert all(
        each.article_6 and each.condition and each.confidence for each in ruling.bases.values()
    )


@given(QUESTIONS)
def test_sensitive_health_stays_closed_below_significant_harm_without_agreement(
    question: Question,
) -> None:
    ruling = POLICIES.decide(question)
    agreed = question.agreed - question.refused - question.young_person_refused
    if ruling.level_used < Level.SIGNIFICANT_HARM and Category.SENSITIVE_HEALTH not in agreed:
        assert question.own or ruling.extents[Category.SENSITIVE_HEALTH] is Extent.NOTHING


@given(QUESTIONS, st.frozensets(st.sampled_from(Category)), st.sampled_from(ConsentState))
def test_at_significant_harm_and_above_no_answer_depends_on_consent(
    question: Question, agreed: frozenset[Category], stated: ConsentState
) -> None:
    other = replace(
        question,
        agreed=agreed,
        refused=agreed,
        young_person_refused=agreed,
        consent_stated=stated,
    )
    ruling = POLICIES.decide(question)
    if ruling.level_used >= Level.SIGNIFICANT_HARM:
        assert POLICIES.decide(other).extents == ruling.extents


@given(QUESTIONS)
def test_agreement_never_lowers_an_extent(question: Question) -> None:
    nobody = frozenset[Category]()
    with_agreement = replace(
        question, agreed=frozenset(Category), refused=nobody, young_person_refused=nobody
    )
    before, after = POLICIES.decide(question), POLICIES.decide(with_agreement)
    assert all(before.extents[category] <= after.extents[category] for category in Category)


@given(QUESTIONS)
def test_a_young_persons_refusal_holds_the_matrix_at_existence_below_significant_harm(
    question: Question,
) -> None:
    nobody = frozenset[Category]()
    alone = replace(question, gateway=Gateway.NONE, override=nobody, own=False)
    ruling = POLICIES.decide(alone)
    if ruling.level_used < Level.SIGNIFICANT_HARM:
        for category in question.young_person_refused:
            assert ruling.extents[category] <= Extent.EXISTENCE


@given(QUESTIONS)
def test_a_desk_sees_its_own_concern_as_it_sent_it_but_for_a_seal_or_a_conflict(
    question: Question,
) -> None:
    ruling = POLICIES.decide(replace(question, own=True, sealed=False, conflict=False))
    assert set(ruling.extents.values()) == {Extent.FULL}


@given(QUESTIONS)
def test_who_reported_and_the_words_of_intelligence_stay_with_hub_and_police(
    question: Question,
) -> None:
    ruling = POLICIES.decide(question)
    if question.role not in {Role.MASH_SCREENER, Role.POLICE_PROTECTION} and not question.own:
        assert ruling.extents[Category.REFERRER] <= Extent.EXISTENCE
        assert ruling.extents[Category.POLICE_INTELLIGENCE] <= Extent.SUMMARY


def test_the_hub_reads_the_words_at_significant_harm_since_withholding_is_a_risk_too() -> None:
    assert POLICIES.decide(asked()).extents[Category.NARRATIVE] is Extent.FULL


def test_the_same_question_has_the_same_ruling() -> None:
    assert POLICIES.decide(asked()) is POLICIES.decide(asked())
