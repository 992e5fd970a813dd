"""Which code in which resource asks for what: every row of the tables in every carrier."""

from typing import Any

import pytest

from adapters.codes import table
from adapters.contract import Event, Nothing, Quarantined
from broker.domain.words import EventType
from tests.adapters.health.documents import (
    CARRIERS,
    CAUSE_FOR_CONCERN,
    ICD10,
    SNOMED,
    bundle,
    carrier,
    clinical,
    concept,
    concern,
    patient,
    read,
    read_one,
    verification,
)

NO = "373067005"


@pytest.mark.parametrize("kind", CARRIERS)
@pytest.mark.parametrize("code", table("snomed_safeguarding"))
def test_every_snomed_code_in_every_carrier_asks_for_exactly_its_action(
    code: str, kind: str
) -> None:
    row = table("snomed_safeguarding")[code]
    item = read_one(patient(), carrier(kind, code))
    match row["action"]:
        case "raise":
            assert isinstance(item, Event)
            assert item.type is EventType.CONCERN_RAISED
            assert item.categories["narrative"]["summary"]["codes"] == [  # type: ignore[index]
                {"system": "sct", "code": code}
            ]
        case "status_opened" | "status_closed":
            assert isinstance(item, Event)
            opened = row["action"] == "status_opened"
            assert item.type is (EventType.CASE_OPENED if opened else EventType.CASE_CLOSED)
            assert item.facts["status"] == row["status"]
        case "hold_about_relative":
            assert item == Quarantined(reason="about_relative", detail=kind)
        case _:
            assert item == Nothing(reason="noted_only")


@pytest.mark.parametrize("kind", CARRIERS)
@pytest.mark.parametrize("code", table("icd10_abuse"))
def test_every_icd10_code_in_every_carrier_raises_with_its_kind_of_abuse(
    code: str, kind: str
) -> None:
    for written in (code, code.replace(".", "")):
        event = concern(patient(), carrier(kind, written, ICD10))
        summary = event.categories["narrative"]["summary"]
        assert isinstance(summary, dict)
        assert summary["abuse"] == [table("icd10_abuse")[code]["abuse"]]


def test_external_causes_raise_by_their_beginning() -> None:
    event = concern(patient(), carrier(code="Y06.1", system=ICD10))
    assert event.plain["level"] == "significant_harm"


@pytest.mark.parametrize("code", ["T74.5", "T741", "Z91.4", "S52.5"])
def test_a_code_that_no_table_lists_raises_nothing(code: str) -> None:
    system = "http://hl7.org/fhir/sid/icd-10-cm" if code == "T741" else ICD10
    assert read_one(patient(), carrier(code=code, system=system)) == Nothing(
        reason="no_listed_code"
    )


@pytest.mark.parametrize(
    "system", ["urn:oid:2.16.840.1.113883.6.96", "http://snomed.info/sct/83821000000107"]
)
def test_snomed_by_another_spelling_of_its_system_counts(system: str) -> None:
    event = concern(patient(), carrier(system=system))
    assert event.type is EventType.CONCERN_RAISED


def test_a_code_of_the_sites_own_raises_if_its_profile_lists_it() -> None:
    local = carrier(code="CSR", system="https://rzz.example/codes")
    assert read_one(patient(), local) == Nothing(reason="no_listed_code")
    event = concern(patient(), local, raise_codes=["https://rzz.example/codes|CSR"])
    narrative = event.categories["narrative"]
    assert narrative["summary"]["abuse"] == ["UNSPECIFIED"]  # type: ignore[index]
    assert narrative["full"]["native_codes"][0]["code"] == "CSR"  # type: ignore[index]


def test_a_document_of_a_listed_type_raises_and_of_another_does_not() -> None:
    document = {
        "resourceType": "DocumentReference",
        "id": "d1",
        "status": "current",
        "type": concept("SAFEG", "https://rzz.example/types"),
        "subject": {"reference": "Patient/p1"},
        "date": "2026-11-20T10:00:00Z",
        "description": "Told the ward clerk that she is afraid.",
    }
    assert read_one(patient(), document) == Nothing(reason="no_listed_code")
    event = concern(patient(), document, documents=["https://rzz.example/types|SAFEG"])
    assert event.plain["level_state"] == "not_sure"


def test_a_listed_code_counts_in_any_repetition_component_and_value() -> None:
    listed = concept(CAUSE_FOR_CONCERN)
    ways: tuple[dict[str, Any], ...] = (
        {"coded": {"coding": [{"system": "x", "code": "y"}, *listed["coding"]]}},
        {"coded": concept("1234"), "component": [{"code": listed, "valueBoolean": True}]},
        {"coded": concept("1234"), "valueCodeableConcept": listed},
        {"coded": concept("1234"), "category": [concept("1"), listed]},
    )
    for more in ways:
        event = concern(patient(), carrier("Observation", **more))
        assert event.type is EventType.CONCERN_RAISED


def test_several_codes_on_one_resource_are_one_concern_with_the_worst_that_they_say() -> None:
    codes = [
        {"system": SNOMED, "code": CAUSE_FOR_CONCERN},
        {"system": ICD10, "code": "T74.1"},
        {"system": ICD10, "code": "T74.0"},
    ]
    event = concern(patient(), carrier(coded={"coding": codes}))
    summary = event.categories["narrative"]["summary"]
    assert isinstance(summary, dict)
    assert summary["abuse"] == ["NEG", "PHY"]
    assert len(summary["codes"]) == 3
    assert event.plain["level"] == "significant_harm"


def test_a_status_beside_a_concern_is_told_as_well() -> None:
    codes = [{"system": SNOMED, "code": each} for each in (CAUSE_FOR_CONCERN, "342191000000101")]
    items = read(bundle(patient(), carrier("Flag", coded={"coding": codes})))
    assert [each.type for each in items if isinstance(each, Event)] == [
        EventType.CONCERN_RAISED,
        EventType.CASE_OPENED,
    ]


def test_cause_for_concern_is_proposed_as_child_in_need_and_coded_abuse_as_significant_harm() -> (
    None
):
    cause = concern(patient(), carrier())
    assert (cause.plain["level"], cause.plain["level_state"]) == ("child_in_need", "proposed")
    coded = concern(patient(), carrier(code="T74.1", system=ICD10))
    assert (coded.plain["level"], coded.plain["level_state"]) == ("significant_harm", "proposed")
    silent = concern(patient(), carrier(code="919461000000108"))
    assert (silent.plain["level"], silent.plain["level_state"]) == ("child_in_need", "not_sure")


# Negation -----------------------------------------------------------------------------------------


def test_there_was_no_safeguarding_concern_raises_nothing() -> None:
    said = "There was no safeguarding concern. The scene is safe. Query NAI."
    items = read(
        bundle(
            patient(),
            carrier("Communication", "1", payload=[{"contentString": said}]),
            {"resourceType": "Flag", "status": "active", "code": {"text": said}},
        )
    )
    assert items == [Nothing(reason="no_listed_code")]


def test_refuted_retracts_what_was_raised_and_is_nothing_if_nothing_was() -> None:
    item = read_one(patient(), carrier(verificationStatus=verification("refuted")))
    assert isinstance(item, Event)
    assert item.type is EventType.CONCERN_RETRACTED
    assert item.plain == {"reason": "not_supported"}
    assert item.without_original == "nothing"


@pytest.mark.parametrize("kind", CARRIERS)
def test_entered_in_error_retracts_by_the_thread_of_what_was_raised(kind: str) -> None:
    raised = concern(patient(), carrier(kind))
    wrong = {"verificationStatus": verification("entered-in-error")}
    item = read_one(
        patient(),
        carrier(kind, **(wrong if kind == "Condition" else {"status": "entered-in-error"})),
    )
    assert isinstance(item, Event)
    assert item.type is EventType.CONCERN_RETRACTED
    assert (item.reference, item.subject_key) == (raised.reference, raised.subject_key)
    assert item.plain == {"reason": "entered_in_error"}
    assert item.without_original == "retraction_without_original"


@pytest.mark.parametrize("status", ["resolved", "inactive", "remission"])
def test_by_clinical_status_it_is_history(status: str) -> None:
    item = read_one(patient(), carrier(clinicalStatus=clinical(status)))
    assert item == Nothing(reason="historical")


def test_a_flag_that_is_down_is_history() -> None:
    assert read_one(patient(), carrier("Flag", status="inactive")) == Nothing(reason="historical")


def test_a_code_about_a_relative_that_was_refuted_is_nothing() -> None:
    relative = carrier(code="375041000000100", verificationStatus=verification("refuted"))
    assert read_one(patient(), relative) == Nothing(reason="negated")


@pytest.mark.parametrize(
    "answer",
    [
        {"valueBoolean": False},
        {"valueCodeableConcept": concept(NO)},
        {"valueCodeableConcept": concept("N", "http://terminology.hl7.org/CodeSystem/v2-0136")},
        {"valueString": "No"},
        {"interpretation": [concept("NEG", "http://terminology.hl7.org/v3-interpretation")]},
        {"dataAbsentReason": concept("not-asked", "http://terminology.hl7.org/absent")},
    ],
)
def test_an_answer_of_no_to_a_listed_code_is_nothing(answer: dict[str, Any]) -> None:
    assert read_one(patient(), carrier("Observation", **answer)) == Nothing(reason="answer_no")


def test_the_answer_of_a_component_is_its_own() -> None:
    listed, other = concept(CAUSE_FOR_CONCERN), concept("919461000000108")
    parts = [{"code": listed, "valueBoolean": False}, {"code": other, "valueBoolean": True}]
    event = concern(patient(), carrier("Observation", code="1", component=parts))
    codes = event.categories["narrative"]["summary"]["codes"]  # type: ignore[index]
    assert codes == [{"system": "sct", "code": "919461000000108"}]


def test_a_site_may_have_its_own_word_for_no() -> None:
    asked = carrier("Observation", valueCodeableConcept=concept("none", "https://rzz.example/a"))
    assert isinstance(read_one(patient(), asked), Event)
    said = read_one(patient(), asked, negative_answers=["https://rzz.example/a|none"])
    assert said == Nothing(reason="answer_no")


def test_a_yes_corrected_to_no_retracts() -> None:
    item = read_one(patient(), carrier("Observation", status="corrected", valueBoolean=False))
    assert isinstance(item, Event)
    assert item.type is EventType.CONCERN_RETRACTED


def test_what_came_from_the_broker_gives_no_event() -> None:
    ours = [{"system": "urn:concern-broker:disclosure", "value": "d-1"}]
    assert read_one(patient(), carrier("Flag", identifier=ours)) == Nothing(reason="echo")
    whole = bundle(patient(), carrier(), identifier=ours[0])
    assert read(whole) == [Nothing(reason="echo")]


def test_beside_an_echo_what_is_new_still_raises() -> None:
    ours = [{"system": "urn:concern-broker:disclosure", "value": "d-1"}]
    items = read(bundle(patient(), carrier("Flag", id="f", identifier=ours), carrier()))
    assert [type(each).__name__ for each in items] == ["Nothing", "Event"]


# Statuses -----------------------------------------------------------------------------------------


def cp_is(**more: Any) -> dict[str, Any]:
    england = "https://fhir.nhs.uk/England/CodeSystem/England-PatientFlagCategory"
    return carrier("Flag", "224353004", category=[concept("CP-IS", england)], **more)


def test_a_cp_is_flag_opens_a_case_and_never_a_concern() -> None:
    event = concern(patient(), cp_is())
    assert event.type is EventType.CASE_OPENED
    assert event.facts == {"status": "child_protection_plan", "from": "2026-11-20"}


def test_a_cp_is_flag_with_an_unknown_code_goes_to_a_person() -> None:
    item = read_one(patient(), {**cp_is(), "code": concept("999")})
    assert item == Quarantined(reason="unknown_code", detail="Flag.code")


def test_a_flag_entered_in_error_withdraws_the_case() -> None:
    event = concern(patient(), cp_is(status="entered-in-error"))
    assert event.type is EventType.CASE_CLOSED
    assert event.facts["withdrawn"] is True


def test_a_flag_that_has_ended_closes_the_case_whatever_its_status_says() -> None:
    event = concern(patient(), cp_is(period={"start": "2025-01-01", "end": "2026-11-01"}))
    assert event.type is EventType.CASE_CLOSED


def test_a_refuted_plan_is_never_opened() -> None:
    plan = carrier(code="342191000000101", verificationStatus=verification("refuted"))
    event = concern(patient(), plan)
    assert (event.type, event.facts["withdrawn"]) == (EventType.CASE_CLOSED, True)


def test_the_end_of_a_plan_that_was_refuted_says_nothing() -> None:
    ended = carrier(code="342891000000105", verificationStatus=verification("refuted"))
    assert read_one(patient(), ended) == Nothing(reason="negated")


def test_a_status_of_an_adult_is_dropped() -> None:
    assert read_one(patient(birthDate="1990-01-01"), cp_is()) == Nothing(reason="adult")
