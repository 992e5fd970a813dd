"""What a council's feed says beside its referrals, and what `purge` withdraws."""

from typing import Any

import pytest

from adapters.contract import Quarantined
from tests.adapters import held
from tests.adapters.childrens_services.records import (
    COUNCIL,
    DETAILS,
    ENQUIRY,
    FORM,
    assessed,
    child,
    episode,
    narrative,
    only,
    read,
    types,
)


def facts(**more: Any) -> list[tuple[str, Any]]:
    items = held.events(read(child(episode(**more))))
    for event in items:
        held.signed(event, COUNCIL, FORM)
    return [(each.type.value, dict(each.facts)) for each in items[1:]]


@pytest.mark.parametrize(
    ("name", "identifier", "status"),
    [
        ("section_47_assessments", "section_47_assessment_id", "section_47_enquiry"),
        ("child_protection_plans", "child_protection_plan_id", "child_protection_plan"),
        ("child_in_need_plans", "child_in_need_plan_id", "child_in_need"),
        ("child_looked_after_placements", "child_looked_after_placement_id", "looked_after"),
    ],
)
def test_enquiries_plans_and_placements_open_and_close_cases(
    name: str, identifier: str, status: str
) -> None:
    case = {identifier: "X-1", "start_date": "2026-11-03"}
    assert facts(**{name: [case]}) == [("case.opened", {"status": status, "from": "2026-11-03"})]
    ((kind, fact),) = facts(**{name: [{**case, "end_date": "2026-11-09"}]})
    assert (kind, fact["until"]) == ("case.closed", "2026-11-09")
    ((kind, fact),) = facts(**{name: [{**case, "purge": True}]})
    assert (kind, fact["withdrawn"]) == ("case.closed", True)


def test_an_end_that_nobody_can_read_is_an_end_all_the_same() -> None:
    ((kind, fact),) = facts(section_47_assessments=[{**ENQUIRY, "end_date": "soon"}])
    assert (kind, "until" in fact) == ("case.closed", False)


def test_a_plan_of_an_unborn_child_has_a_status_of_its_own() -> None:
    plan = episode(child_protection_plans=[{"child_protection_plan_id": "P"}])
    details = {"expected_date_of_birth": "2027-02-20"}
    items = held.events(read(child(plan, child_details=details)))
    assert items[1].facts["status"] == "child_protection_plan_unborn"


def test_the_worker_is_allocated_until_the_end_or_the_closure() -> None:
    worker = {"worker_id": "W-1", "start_date": "2026-11-02"}
    ((kind, fact),) = facts(care_worker_details=[worker])
    assert kind == "relationship.changed"
    assert fact == {
        "organisation": "org:local:marlhaven-social-work",
        "role": "social_worker",
        "relationship": "allocated",
        "from": "2026-11-02",
        "worker": "W-1",
    }
    ((_, ended),) = facts(care_worker_details=[{**worker, "end_date": "2026-11-05"}])
    assert ended["until"] == "2026-11-05"
    (_, (_, closed)) = facts(care_worker_details=[worker], closure_date="2026-11-10")
    assert closed["until"] == "2026-11-10"


def test_a_closure_closes_the_case_with_its_reason() -> None:
    ((kind, fact),) = facts(closure_date="2026-11-10", closure_reason="RC8")
    assert kind == "case.closed"
    assert fact == {"status": "child_in_need", "until": "2026-11-10", "reason": "RC8"}


def test_a_birth_and_a_number_superseded_are_changes_of_identity() -> None:
    details = {
        **DETAILS,
        "expected_date_of_birth": "2013-03-28",
        "former_unique_pupil_number": "K999200124001",
    }
    items = held.events(read(child(episode(), child_details=details)))
    assert [each.plain.get("kind") for each in items] == ["born", "number_superseded", None]


# Withdrawal --------------------------------------------------------------------------------------


def test_a_purged_episode_retracts_its_concern_and_withdraws_what_it_opened() -> None:
    worker = [{"worker_id": "W-1"}]
    opened = held.events(
        read(child(episode(section_47_assessments=[ENQUIRY], care_worker_details=worker)))
    )
    purged = held.events(
        read(
            child(episode(section_47_assessments=[ENQUIRY], care_worker_details=worker, purge=True))
        )
    )
    assert [each.type.value for each in purged] == [
        "concern.retracted",
        "case.closed",
        "relationship.changed",
    ]
    assert [each.reference for each in purged] == [each.reference for each in opened]
    assert [each.facts.get("withdrawn") for each in purged] == [None, True, True]


def test_a_purge_that_repeats_nothing_withdraws_the_enquiry() -> None:
    bare = {"social_care_episode_id": "SCE-1", "purge": True}
    items = held.events(read(child(bare)))
    assert [(each.type.value, each.facts.get("status")) for each in items] == [
        ("concern.retracted", None),
        ("case.closed", "section_47_enquiry"),
    ]


@pytest.mark.parametrize("purge", [True, 1, "true"])
def test_a_child_withdrawn_whole_withdraws_every_episode(purge: Any) -> None:
    two = child(episode(), episode(social_care_episode_id="SCE-2"), purge=purge)
    assert types(read(two)).count("concern.retracted") == 2
    assert "concern.raised" not in types(read(two))


def test_a_child_withdrawn_without_its_episodes_goes_to_a_person() -> None:
    (item,) = read(child(purge=True))
    assert item == Quarantined(reason="retraction_without_original", detail="social_care_episodes")


def test_a_purged_assessment_takes_its_factors_with_it_and_nothing_beside() -> None:
    both = [*assessed("16A", purge=True), *assessed("2B")]
    event = only(child(episode(child_and_family_assessments=both)))
    assert narrative(event)["factors"] == ["2B"]


def test_purged_details_are_not_used_and_corrected() -> None:
    items = held.events(read(child(episode(), child_details={**DETAILS, "purge": True})))
    assert items[0].plain == {"kind": "corrected"}
    assert "Tam" not in str([dict(each.categories) for each in items])


def test_the_same_referral_again_is_the_same_version_and_a_changed_one_another() -> None:
    first, again = only(child(episode())), only(child(episode()))
    later = only(child(episode(child_and_family_assessments=assessed("2B"))))
    assert first.version == again.version != later.version
    assert first.reference == later.reference
