"""What the YAML of policies/ says: dates of gateways, whose wish counts, who may record what."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from broker.domain.decision import GatewayRule
from broker.domain.rules import Asks, Delicate, Lifter, Period, Standing
from broker.domain.words import (
    Agency,
    Capacity,
    Category,
    ConsentState,
    DirectiveKind,
    Gateway,
    Level,
    ReviewOutcome,
    Role,
)
from broker.errors import PolicySetInvalid
from broker.policy import CedarPolicies, read_bundle

BUNDLE = read_bundle()
RULES = BUNDLE.rules
COMPETENT = frozenset({Capacity.YOUNG_PERSON_16_17, Capacity.CHILD_U16_COMPETENT})


def rules_for(gateway: Gateway) -> list[GatewayRule]:
    return [rule for rule in RULES.gateways if rule.gateway is gateway]


@pytest.mark.parametrize(
    ("gateway", "last_day_before", "first_instant"),
    [
        # midnight in England, which in October is summer time
        (Gateway.OPERATION_ENCOMPASS, "2025-11-06T23:59:59Z", "2025-11-07T00:00:00Z"),
        (Gateway.SECTION_47_REQUEST, "1991-10-13T22:59:59Z", "1991-10-13T23:00:00Z"),
        (Gateway.POLICE_PROTECTION_46, "1991-10-13T22:59:59Z", "1991-10-13T23:00:00Z"),
        (Gateway.FGM_5B, "2015-10-30T23:59:59Z", "2015-10-31T00:00:00Z"),
        (Gateway.CP_IS_FLAG, "2015-07-05T22:59:59Z", "2015-07-05T23:00:00Z"),
        (Gateway.REFERRAL_ACKNOWLEDGEMENT, "2023-12-14T23:59:59Z", "2023-12-15T00:00:00Z"),
    ],
)
def test_a_gateway_is_in_force_from_its_day_and_not_before(
    gateway: Gateway, last_day_before: str, first_instant: str
) -> None:
    for rule in rules_for(gateway):
        assert not rule.in_force(datetime.fromisoformat(last_day_before))
        assert rule.in_force(datetime.fromisoformat(first_instant))


@pytest.mark.parametrize("year", [1989, 2026, 2060, 9999])
def test_what_is_not_commenced_is_in_force_at_no_instant(year: int) -> None:
    (rule,) = rules_for(Gateway.DUTY_TO_SHARE_16LA)
    assert rule.commenced is None
    assert not rule.in_force(datetime(year, 1, 1, tzinfo=UTC))


def test_from_is_included_and_until_is_not() -> None:
    (rule,) = rules_for(Gateway.CP_IS_FLAG)
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    ended = replace(rule, commenced=Period(since=start, until=end))
    assert [ended.in_force(at) for at in (start, end - timedelta(microseconds=1), end)] == [
        True,
        True,
        False,
    ]


def test_every_gateway_has_its_entry_and_those_that_open_something_come_first() -> None:
    assert {rule.gateway for rule in RULES.gateways} == set(Gateway) - {Gateway.NONE}
    opens = [rule.opens for rule in RULES.gateways]
    assert opens == sorted(opens, reverse=True)


def test_a_gateway_that_opens_nothing_is_named_by_no_policy_and_each_other_by_some() -> None:
    text = CedarPolicies(BUNDLE).bundle.text
    for rule in RULES.gateways:
        assert (f'Gateway::"{rule.gateway}"' in text) is rule.opens, rule.gateway


def test_how_each_gateway_finds_whom_to_ask() -> None:
    asks = {rule.gateway: (rule.asks, rule.named) for rule in RULES.gateways}
    assert asks == {
        Gateway.OPERATION_ENCOMPASS: (Asks.RELATED, False),
        Gateway.POLICE_PROTECTION_46: (Asks.ON_DUTY, False),
        Gateway.SECTION_47_REQUEST: (Asks.RELATED, True),
        Gateway.FGM_5B: (Asks.ON_DUTY, False),
        Gateway.CP_IS_FLAG: (Asks.AREA, False),
        Gateway.REFERRAL_ACKNOWLEDGEMENT: (Asks.REFERRER, False),
        Gateway.DUTY_TO_SHARE_16LA: (Asks.RELATED, False),
    }


@pytest.mark.parametrize(
    ("category", "standing", "age", "capacities"),
    [
        (Category.ADULT_HEALTH, Standing.CHILD, 5, {Capacity.ADULT_SELF}),
        (Category.OFFENCES, Standing.COMPETENT, 16, {Capacity.ADULT_SELF}),
        (Category.REFERRER, Standing.CHILD, 5, {Capacity.ADULT_SELF}),
        (Category.SENSITIVE_HEALTH, Standing.CHILD, 12, {Capacity.PR_HOLDER}),
        (Category.SENSITIVE_HEALTH, Standing.CHILD, 13, set()),
        (Category.SENSITIVE_HEALTH, Standing.CHILD, 15, set()),
        (Category.SENSITIVE_HEALTH, Standing.CHILD, None, set()),
        (Category.SENSITIVE_HEALTH, Standing.COMPETENT, 11, COMPETENT),
        (Category.SENSITIVE_HEALTH, Standing.COMPETENT, 17, COMPETENT),
        (Category.NARRATIVE, Standing.COMPETENT, 15, COMPETENT),
        (Category.NARRATIVE, Standing.CHILD, 15, {Capacity.PR_HOLDER}),
        (Category.NARRATIVE, Standing.CHILD, None, {Capacity.PR_HOLDER}),
        (Category.PROTECTED_LOCATION, Standing.CHILD, 5, {Capacity.PR_HOLDER}),
        (Category.PROTECTED_LOCATION, Standing.ADULT, 40, {Capacity.ADULT_SELF}),
        (Category.NARRATIVE, Standing.ADULT, None, {Capacity.ADULT_SELF}),
        (
            Category.NARRATIVE,
            Standing.UNBORN,
            None,
            {Capacity.ADULT_SELF, Capacity.PR_HOLDER},
        ),
    ],
)
def test_whose_wish_counts(
    category: Category, standing: Standing, age: int | None, capacities: set[Capacity]
) -> None:
    assert RULES.consent.whose_wish(category, standing, age).capacities == capacities


def test_there_is_an_answer_for_every_category_standing_and_age() -> None:
    for category in Category:
        for standing in Standing:
            for age in (None, *range(130)):
                RULES.consent.whose_wish(category, standing, age)


def test_a_court_settles_between_parents_and_never_over_a_competent_young_person() -> None:
    for row in RULES.consent.whose:
        if row.standings == {Standing.COMPETENT}:
            assert row.weighed
            assert not row.settles
        elif Capacity.PR_HOLDER in row.capacities:
            assert row.settles == {Capacity.COURT}
        assert row.weighed is (row.standings == {Standing.COMPETENT})


@pytest.mark.parametrize(
    ("given", "ended"),
    [
        ("2026-11-01T09:00:00Z", "2027-05-01T09:00:00Z"),
        ("2026-08-31T09:00:00Z", "2027-02-28T09:00:00Z"),
        ("2027-08-31T09:00:00Z", "2028-02-29T09:00:00Z"),
        ("2026-06-15T00:00:00Z", "2026-12-15T00:00:00Z"),
    ],
)
def test_an_agreement_has_ended_after_six_calendar_months(given: str, ended: str) -> None:
    end = RULES.consent.latest_end(datetime.fromisoformat(given))
    assert end == datetime.fromisoformat(ended)


def test_agreement_to_be_helped_is_no_agreement_to_share_and_running_out_recalls_nothing() -> None:
    consent = RULES.consent
    assert DirectiveKind.SERVICE_AGREEMENT not in consent.kinds
    assert ConsentState.EXPIRED not in consent.recalls
    assert consent.recalls == consent.refused_states
    assert (consent.agreed_states, consent.refused_states) == (
        RULES.agreed_states,
        RULES.refused_states,
    )


def test_who_may_confirm_which_level() -> None:
    every, emergency = frozenset(Level), frozenset({Level.EMERGENCY})
    assert RULES.may_confirm == {
        Role.MASH_SCREENER: every,
        Role.SOCIAL_WORKER: every,
        Role.POLICE_PROTECTION: emergency,
    }
    assert RULES.confirmed_by_publisher == {
        Agency.CHILDRENS_SERVICES: every,
        Agency.POLICE: emergency,
    }


def test_an_override_lasts_a_day_unless_somebody_says_and_a_week_at_most() -> None:
    overrides = RULES.overrides
    assert (overrides.usual, overrides.longest) == (timedelta(hours=24), timedelta(days=7))
    assert overrides.may_raise == set(RULES.may_confirm)
    assert overrides.outcomes == set(ReviewOutcome)
    assert overrides.ends == overrides.recalls == {ReviewOutcome.NOT_JUSTIFIED}


def test_a_referrers_wish_counts_only_where_it_names_the_referrer() -> None:
    by_name = {
        category for row in RULES.consent.whose if row.by_name for category in row.categories
    }
    assert by_name == {Category.REFERRER}


def test_who_may_record_what_about_sharing() -> None:
    statements, core = RULES.statements, set(RULES.may_confirm)
    assert statements.necessity.roles == {Role.MASH_SCREENER}
    assert not statements.necessity.publisher
    assert statements.necessity_longest == 280
    for each in (statements.weighing, statements.source_of_harm, statements.detriment):
        assert each.roles == core
        assert each.publisher
    assert statements.detriment_lifted_by == set(Lifter)


def test_detriment_is_recorded_against_nobody_whom_encompass_or_fgm_entitles() -> None:
    never = RULES.statements.detriment_never_against
    assert never == {Gateway.OPERATION_ENCOMPASS, Gateway.FGM_5B}


def test_a_doubtful_match_is_answered_at_the_hub_and_a_delicate_one_by_two() -> None:
    identity = RULES.identity
    assert identity.may_review == {Role.MASH_SCREENER}
    assert identity.sees_restricted <= identity.may_review
    assert identity.second_person_where == set(Delicate)
    claims = {each.claim: each.equals for each in identity.second_person_if_said}
    assert claims["police_incident.summary.kind"] == {"domestic_abuse"}
    assert identity.may_say_wrong_child == set(RULES.may_confirm)


DATED = "  from: 2025-11-07\n  until: none\n"
UNCOMMENCED = "  from: not_commenced\n  until: none\n"
_WRITE_FROM = "write from: a date as 2025-11-07, or the word not_commenced"
_WRITE_UNTIL = "write until: a date as 2027-03-31, or the word none"
LAST_ROW = "  - {categories: all, of: [child], capacities: [pr_holder], settles: [court]}\n"
PUBLIC_TASK, BY_LAW = "  - {basis: 6_1_e}\n", "basis: le_part3_sch8_4"


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        ("gateways.yaml", DATED, "", _WRITE_FROM),
        ("gateways.yaml", DATED, "  from: 2025-11-07\n", _WRITE_UNTIL),
        ("gateways.yaml", DATED, "  from: 2025-11-07\n  until:\n", _WRITE_UNTIL),
        ("gateways.yaml", DATED, "  from: 2025-11-07\n  until: null\n", _WRITE_UNTIL),
        ("gateways.yaml", DATED, "  from: always\n  until: none\n", _WRITE_FROM),
        ("gateways.yaml", DATED, "  from: 2025-11-07T09:00:00Z\n  until: none\n", _WRITE_FROM),
        ("gateways.yaml", DATED, "  from: 2025\n  until: none\n", _WRITE_FROM),
        ("gateways.yaml", DATED, "  from: 2025-11-07\n  until: 2025-11-07\n", "until after from"),
        (
            "gateways.yaml",
            UNCOMMENCED,
            "  from: not_commenced\n  until: 2030-01-01\n",
            "until after from",
        ),
        ("gateways.yaml", "asks: area", "asks: everybody", "everybody"),
        ("gateways.yaml", "statuses.status", "statuses.status.code", ".member.part of a list"),
        ("consent.yaml", LAST_ROW, "", "write under whose a row for identity of: [child]"),
        ("consent.yaml", "younger_than: 13", "younger_then: 13", "younger_then"),
        (
            "consent.yaml",
            "refused_states: [refused",
            "refused_states: [given, refused",
            "write it once",
        ),
        ("consent.yaml", "longest_months: 6", "longest_months: 0", "longest_months"),
        ("overrides.yaml", "longest_hours: 168", "longest_hours: 12", "no longer than longest"),
        ("overrides.yaml", "by_another: [person, organisation]", "by_another: []", "at least"),
        (
            "overrides.yaml",
            "outcomes: [upheld, upheld_with_learning, not_justified]",
            "outcomes: [upheld]",
            "only what outcomes lists",
        ),
        ("overrides.yaml", "longest_hours: 24", "longest_hours: 25", "write longest_hours: 24"),
        ("overrides.yaml", "reviewed_by: [chair]", "reviewed_by: []", "at least one word"),
        (
            "overrides.yaml",
            "reviewed_by: [chair]",
            "reviewed_by: [caldicott_guardian]",
            "views and reviews",
        ),
        ("overrides.yaml", "reviewed_by: [chair]", "reviewed_by: [chairman]", "chairman"),
        ("overrides.yaml", "roles: [mash_screener], publisher", "roles: [hub], publisher", "hub"),
        ("identity.yaml", "may_review: [mash_screener]", "may_review: []", "nobody else can"),
        (
            "identity.yaml",
            "sees_restricted: [mash_screener]",
            "sees_restricted: [gp]",
            "at least one role of may_review",
        ),
        ("identity.yaml", "adoption, kept", "adoptions, kept", "adoptions"),
        ("identity.yaml", "police_incident.summary", "police_incident.full", "write claim as"),
        ("levels.yaml", "police_protection: [emergency]", "police_protection: [urgent]", "urgent"),
        ("bases.yaml", PUBLIC_TASK, "  - {basis: 6_1_x}\n", "6_1_x"),
        ("bases.yaml", BY_LAW, "basis: le_part_3", "le_part_3"),
        ("bases.yaml", PUBLIC_TASK, "", "article_6: end with one basis that has no conditions"),
        ("bases.yaml", 'through: ["gateway', 'trough: ["gateway', "trough"),
    ],
)
def test_a_rule_with_a_mistake_stops_the_start_and_says_what_to_write(
    tmp_path: Path, file: str, before: str, after: str, said: str
) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(str(files("policies")), folder)
    text = (folder / file).read_text()
    assert before in text
    (folder / file).write_text(text.replace(before, after, 1))
    with pytest.raises(PolicySetInvalid) as refused:
        read_bundle(folder)
    assert refused.value.reason == "policy_file"
    assert refused.value.detail.startswith(f"{file}:")
    assert said in refused.value.detail


def test_a_mistake_is_told_by_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(str(files("policies")), folder)
    path = folder / "gateways.yaml"
    lines = path.read_text().splitlines()
    place = lines.index("  asks: area")
    lines[place] = "  asks: everybody"
    path.write_text("\n".join(lines))
    with pytest.raises(PolicySetInvalid) as refused:
        read_bundle(folder)
    assert f"gateways.yaml:{place + 1}: " in refused.value.detail
