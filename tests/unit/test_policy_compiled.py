"""The compiled policies answer as Cedar does, and refuse what they could answer otherwise."""

import shutil
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.domain.decision import NO_PERMIT_APPLIES, Question
from broker.domain.words import Category, Extent, Level, LevelState, RelationshipKind, Role
from broker.errors import PolicyDisagrees, PolicyNotEvaluated, PolicySetInvalid, Unsupported
from broker.policy import CedarPolicies, CompiledPolicies, read_bundle
from broker.policy.cases import question_from
from broker.policy.compile import compiled
from broker.policy.context import facts_of, groups_of
from broker.policy.pages import Asked
from tests.unit.questions import QUESTIONS, a_question, seeded

BUNDLE = read_bundle()
CEDAR = CedarPolicies(BUNDLE)
COMPILED = CompiledPolicies(BUNDLE)
FORGETFUL = CompiledPolicies(BUNDLE, most_remembered=0)
HUB = question_from({"role": "mash_screener", "level": "significant_harm"})
ALL_THREE = 'action in [Action::"tell_existence", Action::"tell_summary", Action::"tell_full"]'


@given(QUESTIONS)
def test_a_compiled_ruling_is_cedars_in_every_field(question: Question) -> None:
    assert COMPILED.decide(question) == CEDAR.decide(question)


@given(st.lists(QUESTIONS, min_size=1, max_size=4), st.integers())
def test_a_fan_out_is_decided_as_one_by_one(asked: list[Question], seed: int) -> None:
    random = seeded(seed)
    fan_out = [
        replace(random.choice(asked), role=random.choice(list(Role))) for _ in range(len(asked) * 5)
    ]
    assert COMPILED.decide_all(fan_out) == [FORGETFUL.decide(each) for each in fan_out]


def test_more_recipients_of_a_role_than_a_page_has_slots_are_all_answered() -> None:
    practices = [
        replace(HUB, role=Role.GP, relationship=kind, conflict=conflict)
        for kind in RelationshipKind
        for conflict in (False, True)
    ]
    assert len(COMPILED.pages(practices)) == 3
    assert COMPILED.decide_all(practices) == [CEDAR.decide(each) for each in practices]


def test_the_masks_handed_over_are_the_extents_of_the_rulings() -> None:
    random = seeded(11)
    asked = [a_question(random) for _ in range(60)]
    for masks, ruling in zip(COMPILED.masks(asked), COMPILED.rulings(asked), strict=True):
        for place, category in enumerate(Category):
            full, summary, existence = (bool(mask >> place & 1) for mask in masks)
            expected = ruling.extents[category]
            assert full == (expected is Extent.FULL)
            assert summary == (expected >= Extent.SUMMARY)
            assert existence == (expected >= Extent.EXISTENCE)


@pytest.mark.parametrize("policies", [CEDAR, COMPILED], ids=["cedar", "compiled"])
def test_because_names_the_permits_that_a_forbid_overruled(
    policies: CedarPolicies | CompiledPolicies,
) -> None:
    override = frozenset({Category.NARRATIVE})
    sealed = policies.decide(replace(HUB, sealed=True, override=override))
    because = sealed.because[Category.NARRATIVE]
    assert because.forbids == ("forbid-sealed",)
    assert because.overruled == (
        "override-break-glass",
        "matrix-significant_harm-mash_screener-full",
    )
    assert sealed.duties == frozenset()  # nothing is owed for a permit that gave nothing
    barred = policies.decide(replace(HUB, location_barred=True)).because[Category.IDENTITY]
    assert barred.permits == barred.overruled == ("matrix-significant_harm-mash_screener-full",)
    assert policies.decide(HUB).because[Category.NARRATIVE].overruled == ()


def test_what_is_told_without_a_rule_that_explains_it_stops_the_journey() -> None:
    policies = CompiledPolicies(BUNDLE)
    asked = [replace(HUB, role=Role.GP)]
    (page,) = policies.pages(asked)
    everything = replace(page, answers=lambda *_: (1 << 3 * policies.engine.layout.plane) - 1)
    with pytest.raises(PolicyDisagrees, match="extents and because"):
        policies.rulings_of(everything, asked)


def test_what_no_policy_permits_says_so() -> None:
    ruling = COMPILED.decide(replace(HUB, role=Role.GOVERNANCE_OFFICER))
    assert ruling.tells_nothing
    assert set(ruling.because.values()) == {NO_PERMIT_APPLIES}


@pytest.mark.parametrize("policies", [CEDAR, COMPILED], ids=["cedar", "compiled"])
@pytest.mark.parametrize(
    ("fact", "word"),
    [
        ("role", "mash_screner"),
        ("agency", "healht"),
        ("publisher", "hospital"),
        ("level", "s47"),
        ("level_state", "sure"),
        ("gateway", "encompass"),
        ("relationship", "aunt"),
        ("consent_stated", "perhaps"),
        ("sealed", "no"),
        ("agreed", frozenset({"shoe_size"})),
    ],
)
def test_a_word_that_is_in_no_list_cannot_be_asked_about(
    policies: CedarPolicies | CompiledPolicies, fact: str, word: object
) -> None:
    stray: dict[str, Any] = {fact: word}
    with pytest.raises(PolicyNotEvaluated, match=f"unknown words: {fact}"):
        policies.decide(replace(HUB, **stray))


def test_a_word_that_the_schema_lacks_is_not_answered() -> None:
    """With no mask of its own it would be nobody's value, and `!=` would hold of it."""
    schema = BUNDLE.schema.replace('"registered", ', "")
    narrower = CompiledPolicies(replace(BUNDLE, schema=schema))
    with pytest.raises(PolicyNotEvaluated, match="registered"):
        narrower.decide(replace(HUB, relationship=RelationshipKind.REGISTERED))


def test_a_fact_that_the_schema_has_and_the_question_lacks_is_not_answered() -> None:
    schema = BUNDLE.schema.replace("home: Bool", "home: Bool, weekend: Bool")
    wider = CompiledPolicies(replace(BUNDLE, schema=schema))
    with pytest.raises(PolicyNotEvaluated, match="weekend"):
        wider.decide(HUB)


def test_a_fact_with_two_values_for_one_category_is_not_answered() -> None:
    (page,) = COMPILED.pages([HUB])
    groups, facts = groups_of(HUB), dict(facts_of(HUB, BUNDLE.levels))
    everything = frozenset(Category)
    facts["consent"] = {"none": everything, "given": frozenset({Category.EDUCATION})}
    with pytest.raises(PolicyNotEvaluated, match="consent is not one value"):
        COMPILED.engine.pages([Asked(groups, facts)], [page.fold])


def test_rulings_are_remembered_and_their_number_is_bounded() -> None:
    policies = CompiledPolicies(BUNDLE, most_remembered=3)
    first = policies.decide(HUB)
    assert policies.decide(replace(HUB)) is first
    for level in Level:
        policies.decide(replace(HUB, level=level, level_state=LevelState.PROPOSED))
    assert policies.remembers == 3
    again = policies.decide(HUB)
    assert again == first
    assert again is not first


@pytest.mark.parametrize(
    ("scope", "condition", "said"),
    [
        (f"principal, {ALL_THREE}, resource", "true", "BoolLit"),
        (f"principal, {ALL_THREE}, resource", "context.sealed == true", "BoolLit"),
        (f"principal, {ALL_THREE}, resource", 'context.level == Consent::"none"', "write a value"),
        (f"principal, {ALL_THREE}, resource", 'context.level == Level::"none"', "write a value"),
        (f"principal, {ALL_THREE}, resource", 'Level::"universal" == context.level', "left"),
        (f"principal, {ALL_THREE}, resource", "context.level", "compare it"),
        (f"principal, {ALL_THREE}, resource", "context.level in []", "at least one value"),
        (f"principal, {ALL_THREE}, resource", "context has level", "write comparisons"),
        (f"principal, {ALL_THREE}, resource", "context.level is Level", "write comparisons"),
        (f"principal, {ALL_THREE}, resource", "if context.own then true else false", "If"),
        (f"principal, {ALL_THREE}, resource", "1 + 1 > 1", "write comparisons"),
        (f"principal, {ALL_THREE}, resource", '"a" like "a*"', "write comparisons"),
        (f"principal, {ALL_THREE}, resource", "context.weekend", "compare it"),
        (f"principal, {ALL_THREE}, resource", "context.weekend.day", "write comparisons"),
        (f"principal, {ALL_THREE}, resource", "principal.trusted", "write comparisons"),
        (f"principal, {ALL_THREE}, resource", 'principal == Role::"gp"', "left"),
        (f"principal, {ALL_THREE}, resource", 'principal in Level::"universal"', "write a value"),
        (f"principal, {ALL_THREE}, resource", 'resource in Role::"gp"', "write a value"),
        (f"principal, {ALL_THREE}, resource", 'action == Action::"tell_full"', "left"),
        (f'principal == Recipient::"x", {ALL_THREE}, resource', "context.own", "left"),
        (f"principal is Recipient, {ALL_THREE}, resource", "context.own", "write =="),
        (f'principal is Recipient in Role::"gp", {ALL_THREE}, resource', "context.own", "write =="),
        ('principal, action == Action::"tell", resource', "context.own", "write actions"),
        (f"principal, {ALL_THREE}, resource is Category", "context.own", "write =="),
        (f'principal in N::Role::"gp", {ALL_THREE}, resource', "context.own", "write a value"),
    ],
)
def test_what_is_not_in_the_fragment_is_refused_by_name(
    scope: str, condition: str, said: str
) -> None:
    text = f'@id("override-odd") permit ({scope}) when {{ {condition} }};'
    with pytest.raises(Unsupported, match="override-odd") as refused:
        compiled(BUNDLE.schema, BUNDLE.text + text)
    assert said in refused.value.detail


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"permit (principal, {ALL_THREE}, resource);", "write @id"),
        (f'@id("forbid-sealed") forbid (principal, {ALL_THREE}, resource);', "used twice"),
        (f'@id("x") permit (principal in ?principal, {ALL_THREE}, resource);', "no template"),
        ("permit (", "unexpected"),
    ],
)
def test_a_set_whose_policies_cannot_be_told_apart_is_refused(text: str, said: str) -> None:
    with pytest.raises(PolicySetInvalid, match=said):
        compiled(BUNDLE.schema, BUNDLE.text + text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("own: Bool", "own?: Bool"),
        ("own: Bool", "own: Long"),
        ("own: Bool", "own: Set<Role>"),
        ("entity Recipient in [Role, Agency];", "entity Recipient in [Role, Agency] { x: Bool };"),
        ("entity Recipient in [Role, Agency];", "entity Team; entity Recipient in [Role, Team];"),
        ("action tell_existence, tell_summary, tell_full", 'action tell; action "t" in [tell]'),
        ("action tell_existence, tell_summary, tell_full", "action tell_existence, tell_full"),
        ('"family", "referrer"];', '"family"];'),
    ],
)
def test_a_schema_in_which_more_can_be_said_is_refused(before: str, after: str) -> None:
    assert before in BUNDLE.schema
    altered = replace(BUNDLE, schema=BUNDLE.schema.replace(before, after))
    with pytest.raises(PolicySetInvalid, match="policies_do_not_compile"):
        CompiledPolicies(altered)


def test_a_policy_for_an_agency_or_for_either_of_two_groups_is_answered_as_cedar_does() -> None:
    text = f"""
    @id("forbid-for-schools") forbid (principal in Agency::"schools", {ALL_THREE}, resource)
    unless {{ context.own || !(context.level in [Level::"emergency", Level::"universal"]) }};
    @id("override-either") permit (principal, action, resource)
    when {{ principal in [Role::"gp", Agency::"police"] || !(principal in Role::"gp") &&
            resource != Category::"family" }}
    unless {{ context.relationship in Relationship::"none" }};
    @id("forbid-existence-alone") forbid (principal, action == Action::"tell_existence", resource)
    when {{ context.outsideArea }};
    """
    bundle = replace(BUNDLE, text=BUNDLE.text + text)
    cedar, ours = CedarPolicies(bundle), CompiledPolicies(bundle)
    random = seeded(5)
    for question in [a_question(random) for _ in range(40)]:
        assert ours.decide(question) == cedar.decide(question)


def test_the_policies_that_ship_compile_from_a_folder_too(tmp_path: Path) -> None:
    shutil.copytree(str(files("policies")), tmp_path / "policies")
    assert CompiledPolicies(read_bundle(tmp_path / "policies")).version == COMPILED.version
