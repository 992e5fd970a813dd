"""How the policies are asked: silence, errors and unknown words are never an answer."""

from dataclasses import replace

import pytest

from broker.domain.decision import NO_PERMIT_APPLIES
from broker.domain.words import (
    Agency,
    Category,
    Extent,
    Gateway,
    Level,
    RelationshipKind,
    Role,
)
from broker.errors import PolicyNotEvaluated
from broker.policy import CedarPolicies, read_bundle
from broker.policy.cases import question_from

BUNDLE = read_bundle()
POLICIES = CedarPolicies(BUNDLE)
HUB = question_from({"role": "mash_screener", "level": "significant_harm"})
SCHOOLS = """
@id("forbid-sealed-for-schools") @basis("-") @explain("-")
forbid (
  principal in Agency::"schools",
  action in [Action::"tell_existence", Action::"tell_summary", Action::"tell_full"],
  resource
);
"""
OVERFLOW = """
@id("forbid-sealed-again") @basis("-") @explain("-")
forbid (
  principal,
  action in [Action::"tell_existence", Action::"tell_summary", Action::"tell_full"],
  resource
)
when { 9223372036854775807 + 1 > 0 };
"""


def test_a_policy_that_cannot_be_evaluated_is_neither_a_refusal_nor_a_permit() -> None:
    """Cedar drops a forbid that overflows and would allow; the lint refuses such a policy too."""
    broken = CedarPolicies(replace(BUNDLE, text=BUNDLE.text + OVERFLOW))
    with pytest.raises(PolicyNotEvaluated, match="policy_not_evaluated"):
        broken.decide(HUB)


def test_a_question_that_cedar_cannot_build_is_not_a_refusal() -> None:
    """A fact that the schema lacks: Cedar answers NoDecision, which reads like a refusal."""
    narrower = replace(BUNDLE, schema=BUNDLE.schema.replace('"registered", ', ""))
    question = replace(HUB, relationship=RelationshipKind.REGISTERED)
    with pytest.raises(PolicyNotEvaluated, match="registered"):
        CedarPolicies(narrower).decide(question)


def test_what_no_policy_permits_says_so() -> None:
    ruling = POLICIES.decide(replace(HUB, role=Role.GOVERNANCE_OFFICER))
    assert ruling.tells_nothing
    assert set(ruling.because.values()) == {NO_PERMIT_APPLIES}


def test_because_names_the_permit_that_gave_and_the_cap_that_took() -> None:
    because = POLICIES.decide(replace(HUB, location_barred=True)).because[Category.NARRATIVE]
    assert because.permits == ("matrix-significant_harm-mash_screener-full",)
    assert because.forbids == ("cap-words-where-location-is-protected",)


def test_a_cap_that_took_nothing_is_not_named() -> None:
    """The practice's coded facts are what its row gives: the cap on words lowered nothing."""
    practice = replace(
        HUB, role=Role.GP, relationship=RelationshipKind.REGISTERED, location_barred=True
    )
    assert POLICIES.decide(practice).because[Category.NARRATIVE].forbids == ()


def test_the_highest_rank_is_named_first() -> None:
    question = replace(
        HUB,
        level=Level.CHILD_IN_NEED,
        gateway=Gateway.POLICE_PROTECTION_46,
        override=frozenset({Category.NARRATIVE}),
    )
    assert POLICIES.decide(question).because[Category.NARRATIVE].permits == (
        "gateway-police_protection_46-mash_screener-full",
        "override-break-glass",
        "matrix-child_in_need-mash_screener-full",
    )
    stopped = POLICIES.decide(replace(question, sealed=True, conflict=True))
    assert stopped.because[Category.NARRATIVE].forbids == (
        "forbid-sealed",
        "forbid-conflict-of-interest",
    )


def test_a_review_is_owed_for_an_override_even_where_the_row_sufficed() -> None:
    ruling = POLICIES.decide(replace(HUB, override=frozenset({Category.NARRATIVE})))
    assert ruling.duties == {"review_by_another_person", "tell_safeguarding_lead"}
    assert POLICIES.decide(HUB).duties == frozenset()


@pytest.mark.parametrize("who", ["refused", "young_person_refused"])
def test_of_an_agreement_and_a_refusal_the_refusal_counts(who: str) -> None:
    school = question_from(
        {
            "role": "designated_safeguarding_lead",
            "level": "early_help",
            "relationship": "enrolled",
            "agreed": "all",
            who: ["education"],
        }
    )
    ruling = POLICIES.decide(school)
    assert ruling.extents[Category.EDUCATION] is Extent.NOTHING
    assert ruling.extents[Category.IDENTITY] is Extent.FULL


def test_a_policy_for_an_agency_binds_every_role_in_it() -> None:
    bundle = replace(BUNDLE, text=BUNDLE.text + SCHOOLS)
    assert CedarPolicies(bundle).decide(replace(HUB, agency=Agency.SCHOOLS)).tells_nothing
    assert not CedarPolicies(bundle).decide(HUB).tells_nothing


def test_a_conflict_is_sent_on_to_a_deputy() -> None:
    assert POLICIES.decide(replace(HUB, conflict=True)).duties == {"route_to_deputy"}


def test_a_level_only_proposed_counts_as_policy_says_for_each_role() -> None:
    proposed = question_from(
        {
            "role": "gp",
            "level": "emergency",
            "level_state": "proposed",
            "relationship": "registered",
        }
    )
    assert POLICIES.decide(proposed).level_used is Level.EARLY_HELP
    assert POLICIES.decide(replace(proposed, role=Role.SOCIAL_WORKER)).level_used is Level.EMERGENCY


def test_the_same_question_is_asked_of_cedar_once() -> None:
    assert POLICIES.decide(replace(HUB)) is POLICIES.decide(HUB)


def test_a_ruling_says_under_which_version_it_was_made() -> None:
    ruling = POLICIES.decide(HUB)
    assert ruling.policy == POLICIES.version == BUNDLE.version
    assert ruling.extents[Category.NARRATIVE] is Extent.FULL
