"""Which lawful bases stand behind what is told: policies/bases.yaml, as the decision records it."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from importlib.resources import files
from itertools import chain
from pathlib import Path

import pytest

from broker.domain.decision import Bases
from broker.domain.words import Category, Extent
from broker.policy import CedarPolicies, read_bundle
from broker.policy.cases import question_from

POLICIES = CedarPolicies(read_bundle())
PUBLIC = Bases(article_6="6_1_e", condition="sch1_18", confidence="conf_public_interest")
HUB = {"role": "mash_screener", "level": "significant_harm"}
PRACTICE = {"role": "gp", "agency": "health", "relationship": "registered"}
SCHOOL = {"role": "designated_safeguarding_lead", "agency": "schools", "relationship": "enrolled"}
ENCOMPASS = {**SCHOOL, "publisher": "police", "gateway": "operation_encompass"}
POLICE = {"role": "police_protection", "agency": "police", "level": "significant_harm"}
VITAL = Bases(article_6="6_1_d", condition="9_2_c", confidence="conf_public_interest")
AGREED = Bases(article_6="6_1_e", condition="9_2_h", confidence="conf_agreement")
OBLIGED = Bases(article_6="6_1_c", condition="sch1_18", confidence="conf_statute")
IDENTITY, NARRATIVE = Category.IDENTITY, Category.NARRATIVE


def bases(**written: object) -> Mapping[Category, Bases]:
    return POLICIES.decide(question_from(written)).bases


@pytest.mark.parametrize("role", ["mash_screener", "social_worker", "police_protection"])
def test_a_hospitals_concern_at_significant_harm_is_told_in_the_public_task_and_interest(
    role: str,
) -> None:
    told = bases(**HUB | {"role": role, "consent_stated": "refused", "refused": "all"})
    assert set(told.values()) == {PUBLIC}
    assert {IDENTITY, NARRATIVE, Category.CHILD_HEALTH, Category.FAMILY} <= set(told)


def test_agreement_lifts_no_confidence_where_nothing_depended_on_it() -> None:
    assert set(bases(**HUB, agreed="all").values()) == {PUBLIC}


@pytest.mark.parametrize(
    ("written", "category", "expected"),
    [
        (PRACTICE | {"level": "early_help", "agreed": "all"}, IDENTITY, AGREED),
        (  # a school is bound to no secrecy, so agreement alone makes it no provision of care
            SCHOOL | {"level": "early_help", "agreed": "all"},
            IDENTITY,
            Bases(article_6="6_1_e", condition="sch1_18", confidence="conf_agreement"),
        ),
        # the hub would be told who the child is without agreement, but not her health in words
        (HUB | {"level": "child_in_need", "agreed": "all"}, IDENTITY, PUBLIC),
        (HUB | {"level": "child_in_need", "agreed": "all"}, Category.CHILD_HEALTH, AGREED),
        (HUB | {"level": "emergency"}, NARRATIVE, VITAL),
        (ENCOMPASS | {"level": "early_help"}, Category.CHILDS_VOICE, OBLIGED),
        # the same school, the same notification: what the row tells anyway is no obligation
        (ENCOMPASS | {"level": "significant_harm"}, Category.EDUCATION, PUBLIC),
        (
            {"role": "social_worker", "level": "child_in_need", "relationship": "open_enquiry"}
            | {"gateway": "section_47_request"},
            NARRATIVE,
            OBLIGED,
        ),
        (
            {"role": "police_protection", "agency": "police", "publisher": "schools"}
            | {"level": "child_in_need", "gateway": "fgm_5b"},
            NARRATIVE,
            OBLIGED,
        ),
        (
            HUB
            | {"level": "child_in_need", "publisher": "police"}
            | {"gateway": "police_protection_46"},
            NARRATIVE,
            Bases(article_6="6_1_e", condition="sch1_18", confidence="conf_statute"),
        ),
        (
            {"role": "unscheduled_care", "agency": "health", "publisher": "childrens_services"}
            | {"level": "child_in_need", "gateway": "cp_is_flag"},
            IDENTITY,
            PUBLIC,
        ),
        (PRACTICE | {"level": "child_in_need", "override": "all"}, NARRATIVE, PUBLIC),
        # agreed, and overridden as well: a withdrawal would not take it away
        (
            PRACTICE | {"level": "early_help", "agreed": "all", "override": ["identity"]},
            IDENTITY,
            PUBLIC,
        ),
        (PRACTICE | {"level": "emergency", "override": "all"}, NARRATIVE, VITAL),
        (
            HUB | {"gateway": "duty_to_share_16la"},
            NARRATIVE,
            OBLIGED,
        ),
        (
            POLICE | {"publisher": "police"},
            Category.POLICE_INTELLIGENCE,
            Bases(
                article_6="6_1_e", condition="le_part3_sch8_4", confidence="conf_public_interest"
            ),
        ),
        # of police intelligence alone, from police, and only to police
        (POLICE | {"publisher": "police"}, NARRATIVE, PUBLIC),
        (POLICE | {"publisher": "health"}, Category.POLICE_INTELLIGENCE, PUBLIC),
        (HUB | {"publisher": "police"}, Category.POLICE_INTELLIGENCE, PUBLIC),
        (  # agreed, but told by a school
            PRACTICE | {"level": "early_help", "agreed": "all", "publisher": "schools"},
            IDENTITY,
            Bases(article_6="6_1_e", condition="sch1_18", confidence="conf_agreement"),
        ),
    ],
)
def test_what_a_category_rests_on(
    written: dict[str, object], category: Category, expected: Bases
) -> None:
    assert bases(**written)[category] == expected


def test_what_is_withheld_rests_on_nothing() -> None:
    ruling = POLICIES.decide(question_from(PRACTICE | {"level": "significant_harm"}))
    told = {each for each, extent in ruling.extents.items() if extent is not Extent.NOTHING}
    assert set(ruling.bases) == told
    assert told != set(Category)
    assert bases(**HUB, conflict=True) == {}


def test_every_pattern_of_the_rules_means_a_policy_that_there_is() -> None:
    rules = POLICIES.rules.bases
    rows = chain(rules.article_6, rules.condition, rules.confidence)
    for pattern in {each for row in rows for each in (*row.through, *row.only_through)}:
        assert any(fnmatchcase(name, pattern) for name in POLICIES.bundle.sentences), pattern


def test_the_permits_that_ask_for_agreement_are_those_whose_id_says_so() -> None:
    """Confidence is lifted by agreement where only such permits gave an extent."""
    text = "\n".join(file.read_text() for file in _cedar())
    written = dict(each.split('"', 1) for each in text.split('@id("')[1:])
    permits = {name: body for name, body in written.items() if "permit (" in body}
    asking = {name for name, body in permits.items() if 'consent == Consent::"given"' in body}
    assert asking == {name for name in permits if fnmatchcase(name, "matrix-*-agreed")}
    assert asking


def _cedar() -> list[Path]:
    return sorted(Path(str(files("policies"))).rglob("*.cedar"))
