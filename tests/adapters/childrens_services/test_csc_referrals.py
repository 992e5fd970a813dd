"""A council's referral as a concern: codes, level, who it is and where."""

import json

import pytest

from adapters.codes import table
from adapters.contract import Quarantined
from broker.domain.words import EventType
from tests.adapters import held
from tests.adapters.childrens_services.records import (
    COUNCIL,
    DETAILS,
    ENQUIRY,
    FORM,
    Record,
    assessed,
    child,
    episode,
    narrative,
    only,
    read,
)


def test_a_referral_is_a_concern_that_a_system_recorded() -> None:
    event = only(child(episode(child_and_family_assessments=assessed("16A", "2B"))))
    assert narrative(event) == {
        "basis": "recorded_status",
        "occurred": "2026-11-02",
        "abuse": ["UNSPECIFIED"],
        "factors": ["16A", "2B"],
    }
    assert event.native["made_by"] == "system"
    assert event.categories["referrer"]["summary"] == {"source": "1A"}
    assert event.plain["family"] == {"may_be_told": "not_known"}


@pytest.mark.parametrize(
    ("more", "level", "state"),
    [
        ({}, "child_in_need", "proposed"),
        ({"section_47_assessments": [ENQUIRY]}, "significant_harm", "confirmed"),
        ({"section_47_assessments": [{**ENQUIRY, "purge": True}]}, "child_in_need", "proposed"),
        ({"referral_no_further_action_flag": True}, "early_help", "proposed"),
        ({"closure_date": "2026-11-10"}, "child_in_need", "not_sure"),
    ],
)
def test_the_level_is_what_the_council_has_done(more: Record, level: str, state: str) -> None:
    (event, *_) = held.events(read(child(episode(**more))))
    assert (event.plain["level"], event.plain["level_state"]) == (level, state)


@pytest.mark.parametrize("code", [each for each in table("assessment_factors") if each != "21"])
def test_every_factor_is_carried_and_that_of_the_childs_own_health_apart(code: str) -> None:
    event = only(child(episode(child_and_family_assessments=assessed(code))))
    apart = event.categories.get("sensitive_health", {}).get("summary", {})
    assert isinstance(apart, dict)
    carried = [*narrative(event).get("factors", []), *apart.get("factors", [])]
    assert carried == [code]
    assert bool(apart) is (code in {"1A", "2A", "4A"})


def test_no_factors_is_no_factor() -> None:
    event = only(child(episode(child_and_family_assessments=assessed("21"))))
    assert "factors" not in narrative(event)


@pytest.mark.parametrize(
    ("more", "detail"),
    [
        ({"child_and_family_assessments": assessed("RB", "1A")}, "RB"),
        ({"referral_source": "11Z"}, "11Z"),
        ({"closure_reason": "RC99"}, "RC99"),
        ({"child_and_family_assessments": assessed("told us that Tam")}, "factors"),
    ],
)
def test_an_unknown_code_goes_to_a_person_who_is_shown_no_words(more: Record, detail: str) -> None:
    (item,) = read(child(episode(**more)))
    assert item == Quarantined(reason="unknown_code", detail=detail)


def test_every_referral_source_of_the_table_is_known() -> None:
    for source in table("referral_sources"):
        assert only(child(episode(referral_source=source))).type is EventType.CONCERN_RAISED


def test_1a_is_a_source_in_one_place_and_a_factor_in_the_other() -> None:
    event = only(child(episode(child_and_family_assessments=assessed("1A"))))
    assert event.categories["referrer"]["summary"] == {"source": "1A"}
    assert event.categories["sensitive_health"]["summary"] == {
        "kinds": ["substance"],
        "factors": ["1A"],
    }


def test_the_unborn_have_an_expected_date_and_no_birth_date() -> None:
    details = {"surname": "Brandt", "expected_date_of_birth": "2027-02-20", "sex": "U"}
    event = only(child(episode(), child_details=details))
    assert event.categories["identity"]["summary"] == {
        "known": "identified",
        "subject_kind": "unborn",
        "family_name": "Brandt",
        "expected_birth_date": "2027-02-20",
        "sex": "U",
    }


def test_a_referral_about_an_adult_goes_to_a_person() -> None:
    adult = {**DETAILS, "date_of_birth": "1990-01-01"}
    (item,) = read(child(episode(), child_details=adult))
    assert item == Quarantined(reason="over_18", detail="date_of_birth")


def test_faults_cost_the_value_and_never_the_concern() -> None:
    details = {**DETAILS, "surname": "Brandt\x07", "date_of_birth": "02/04/2013"}
    event = only(child(episode(referral_date="2 Nov"), child_details=details))
    assert narrative(event)["occurred"] == "unknown"
    assert {fault["field"] for fault in event.native["faults"]} == {  # type: ignore[attr-defined]
        "surname",
        "date_of_birth",
        "referral_date",
    }


def test_numbers_are_kept_with_how_far_they_may_be_relied_on() -> None:
    details = {**DETAILS, "unique_pupil_number": "K999200124002"}
    event = only(child(episode(), child_details=details, la_child_id=30091, mis_child_id="M-1"))
    numbers = event.categories["identity"]["full"]["identifiers"]  # type: ignore[index]
    assert [(each["system"], each["value"], each["assurance"]) for each in numbers] == [
        ("la_child_id", "30091", "verified"),
        ("mis_id", "M-1", "verified"),
        ("upn", "K999200124002", "unverified"),
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"child_looked_after_placements": [{"placement_type": "A4", "postcode": "ZZ99 3WZ"}]},
        {
            "child_looked_after_placements": [{"placement_type": "U1", "postcode": "ZZ99 3WZ"}],
            "adoption": {"placed_date": "2026-10-01", "purge": False},
        },
    ],
)
def test_where_a_child_placed_for_adoption_is_stands_in_protected_location_alone(
    more: Record,
) -> None:
    details = {**DETAILS, "postcode": "ZZ99 3VZ", "former_unique_pupil_number": "K999200124001"}
    items = held.events(read(child(episode(**more), child_details=details)))
    raised = next(each for each in items if each.type is EventType.CONCERN_RAISED)
    location = raised.categories["protected_location"]
    assert location["summary"]["kind"] == "adoption"  # type: ignore[index]
    assert location["full"] == {"address": {"postcode": "ZZ99 3WZ"}}
    assert raised.routing["location_protected"] is True
    for event in items:
        held.signed(event, COUNCIL, FORM)
        kept = {
            name: each for name, each in event.categories.items() if name != "protected_location"
        }
        said = json.dumps([kept, dict(event.facts)])
        assert "ZZ99" not in said, event.type
