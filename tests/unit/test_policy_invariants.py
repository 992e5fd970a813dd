"""The sentences that governance signs, each over every question that it speaks of."""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from broker.errors import PolicySetInvalid
from broker.policy import CedarPolicies, CompiledPolicies, read_bundle
from broker.policy.invariants import Invariant, counterexamples, read_invariants

POLICIES = CompiledPolicies(read_bundle())
INVARIANTS = read_invariants(files("policies").joinpath("invariants"))


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.sentence)
def test_invariant(invariant: Invariant) -> None:
    assert list(counterexamples(invariant, POLICIES)) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "sentence"),
    [
        (
            "restrictions/conflict-of-interest.cedar",
            "context.conflict",
            "context.conflict && !context.override",
            "A recipient with a conflict",
        ),
        (
            "restrictions/sensitive-health.cedar",
            "context.own ||",
            "context.own || context.override ||",
            "Below significant harm sensitive health",
        ),
        (
            "matrix/significant_harm.cedar",
            'context.level == Level::"significant_harm"',
            'context.level == Level::"significant_harm" && context.consent != Consent::"refused"',
            "At significant harm and in an emergency no answer depends on a refusal",
        ),
        (
            "matrix/child_in_need.cedar",
            "!context.youngPersonRefused",
            "context.home",
            "Below significant harm a competent young person's refusal",
        ),
        (
            "restrictions/protected-location.cedar",
            'context.level == Level::"emergency"',
            "context.override",
            "Where a location is protected, nobody off the list",
        ),
        (
            "gateways/police-protection-46.cedar",
            "context.home &&",
            "",
            "Under another law the hub",
        ),
        (
            "restrictions/detriment.cedar",
            "context.own ||",
            "context.own || context.override ||",
            "Where telling a recipient was judged to harm",
        ),
        *(
            (
                "restrictions/detriment.cedar",
                f'context.gateway == Gateway::"{gateway}"',
                "context.home",
                "Where telling a recipient was judged to harm",
            )
            for gateway in ("operation_encompass", "fgm_5b")
        ),
        (
            "restrictions/detriment.cedar",
            'context.gateway == Gateway::"fgm_5b"',
            'context.gateway == Gateway::"police_protection_46"',
            "No judgement of detriment takes from the police",
        ),
        (
            "restrictions/detriment.cedar",
            'context.gateway == Gateway::"operation_encompass"',
            'context.gateway == Gateway::"cp_is_flag"',
            "No judgement of detriment takes from a school",
        ),
        (
            "restrictions/outside-area.cedar",
            "context.own ||",
            "context.own || context.override ||",
            "In another area and off a protected child's list nobody",
        ),
        (
            "restrictions/outside-area.cedar",
            'principal in Role::"police_protection"',
            'principal in Role::"gp"',
            "In an emergency hub, social worker and police of another area",
        ),
        (
            "restrictions/outside-area.cedar",
            'principal in Role::"police_protection"',
            'principal in Role::"gp"',
            "In an emergency too, no other role in another area",
        ),
        (
            "restrictions/sensitive-health.cedar",
            "context.own ||",
            'context.own || context.gateway == Gateway::"cp_is_flag" || context.home ||',
            "Below significant harm sensitive health",
        ),
        (
            "restrictions/protected-source.cedar",
            'principal in Role::"police_protection" || context.own',
            "context.override || context.own",
            "Who reported is told only",
        ),
        (
            "gateways/cp-is-flag.cedar",
            'context.gateway == Gateway::"cp_is_flag"',
            "context.home",
            "An unscheduled care setting is told nothing but through CP-IS",
        ),
        (
            "gateways/cp-is-flag.cedar",
            'Category::"care_status"',
            'Category::"care_status", Category::"child_health"',
            "CP-IS tells an unscheduled care setting nothing but",
        ),
        (
            "gateways/cp-is-flag.cedar",
            'Category::"identity"',
            'Category::"identity", Category::"care_status"',
            "CP-IS tells of a child's status",
        ),
        (
            "gateways/referral-acknowledgement.cedar",
            'Category::"care_status"',
            'Category::"care_status", Category::"narrative"',
            "An acknowledgement by itself carries nothing but",
        ),
        (
            "gateways/referral-acknowledgement.cedar",
            'action in [Action::"tell_existence", Action::"tell_summary"]',
            'action in [Action::"tell_existence", Action::"tell_summary", Action::"tell_full"]',
            "An acknowledgement tells whoever referred",
        ),
        (
            "gateways/referral-acknowledgement.cedar",
            'Gateway::"referral_acknowledgement"',
            'Gateway::"duty_to_share_16la"',
            "The duty to share of section 16LA",
        ),
    ],
)
def test_a_policy_that_breaks_a_sentence_is_found_with_an_example(
    tmp_path: Path, file: str, before: str, after: str, sentence: str
) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(str(files("policies")), folder)
    text = (folder / file).read_text()
    assert before in text
    (folder / file).write_text(text.replace(before, after))
    broken = CompiledPolicies(read_bundle(folder))
    (invariant,) = (each for each in INVARIANTS if each.sentence.startswith(sentence))
    assert next(counterexamples(invariant, broken), None) is not None


def test_every_value_of_a_set_and_of_a_yes_or_no_is_tried(tmp_path: Path) -> None:
    (tmp_path / "wide.yaml").write_text(
        "sentence: x\nsource: y\n"
        "given: {role: every, agreed: every, override: every, own: every, sealed: every}\n"
        "expect: {at_most: nothing}"
    )
    (invariant,) = read_invariants(tmp_path)
    assert invariant.size == 9 * 2 * 2 * 2 * 2
    told = set(counterexamples(invariant, POLICIES))
    assert any("role is gp" in one and "own is true, sealed is false" in one for one in told)
    assert not any("sealed=True" in one for one in told)


@pytest.mark.parametrize("invariant", INVARIANTS[:3], ids=lambda invariant: invariant.sentence)
def test_cedar_says_of_a_sentence_what_the_compiled_policies_say(invariant: Invariant) -> None:
    assert list(counterexamples(invariant, CedarPolicies(POLICIES.bundle))) == []


@pytest.mark.parametrize(
    "written",
    [
        "sentence: x\nsource: y\ngiven: {role: every}\nexpect: {}",
        "sentence: x\nsource: y\ngiven: {role: everybody}\nexpect: {at_most: nothing}",
        "sentence: x\nsource: y\ngiven: {rule: every}\nexpect: {at_most: nothing}",
        "sentence: x\nsource: y\ngiven: {role: every}\nexpect: {along: level, never: lower}",
        "sentence: x\nsource: y\ngiven: {conflict: 'yes'}\nexpect: {at_most: nothing}",
        "sentence: [x",
    ],
)
def test_an_invariant_with_a_mistake_is_refused_by_name(tmp_path: Path, written: str) -> None:
    (tmp_path / "wrong.yaml").write_text(written)
    with pytest.raises(PolicySetInvalid, match=r"wrong\.yaml"):
        read_invariants(tmp_path)
