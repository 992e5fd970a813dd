"""HL7 v2: what raises, what takes back, what stays silent."""

import json
from pathlib import Path

import pytest

from adapters.codes import table
from adapters.contract import Event, Nothing, Quarantined
from broker.domain.words import Agency, EventType, Lane
from tests.adapters import held
from tests.adapters.health.hl7 import CONCERN, message, narrative, only, quarantine, read, told

SAMPLES = held.samples(Agency.HEALTH, "hl7v2")
ORU, ADT = "ORU^R01", "ADT^A04"
OBR = "OBR|1||777|SAFE^Safeguarding^L"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_gives_the_items_beside_it(sample: Path) -> None:
    items = held.read(Agency.HEALTH, "hl7v2", sample.read_bytes())
    assert held.written(items) == json.loads(held.result_of(sample).read_text(encoding="utf-8"))
    for event in held.events(items):
        held.signed(event, Agency.HEALTH, "hl7v2")


SNOMED = [(row["code"], row["action"]) for row in table("snomed_safeguarding").values()]
GIVES = {
    "raise": ["concern.raised"],
    "hold_about_relative": ["about_relative"],
    "status_opened": ["case.opened"],
    "status_closed": ["case.closed"],
    "status_noted": ["noted_only"],
}


@pytest.mark.parametrize(("code", "action"), SNOMED)
def test_every_listed_code_asks_for_exactly_its_action_wherever_it_stands(
    code: str, action: str
) -> None:
    places = [
        (ORU, OBR, f"OBX|1|CWE|{code}^as written^SCT||Y||||||F"),
        (ORU, OBR, f"OBX|1|CWE|Q^Question^L||{code}^as written^SCT||||||F"),
        (ORU, OBR, f"OBX|1|CWE|Q^Question^L^{code}^as written^SCT||Y||||||F"),
        (ORU, OBR, f"OBX|1|CWE|Q^Question^L||X^other^L~{code}^as written^SNM||||||F"),
        ("BAR^P12", f"DG1|1||{code}^as written^SNOMED-CT||20261120140000|W"),
    ]
    for kind, *segments in places:
        assert told(read(message(kind, *segments))) == GIVES[action], segments


@pytest.mark.parametrize("code", sorted(table("icd10_abuse")))
def test_every_diagnosis_of_maltreatment_raises_with_its_abuse(code: str) -> None:
    row = table("icd10_abuse")[code]
    for written in (code, code.replace(".", "")):
        event = only(read(message("BAR^P12", f"DG1|1||{written}^x^ICD10||20261120140000|W")))
        assert event.type is EventType.CONCERN_RAISED
        assert narrative(event)["summary"]["abuse"] == [row["abuse"]]


@pytest.mark.parametrize(
    "segments",
    [
        ("DG1|1|||There was no safeguarding concern|20261120140000|W",),
        ("DG1|1||T74.1^Physical abuse^LOCAL||20261120140000|W",),
        ("DG1|1||T74.1||20261120140000|W",),
        (OBR, "OBX|1|TX|NOTE^Note^L||Safeguarding concern: child abuse suspected||||||F"),
        (OBR, f"OBX|1|TX|NOTE^Note^L||{CONCERN}||||||F"),
        ("NTE|1||Child protection case",),
        ("PV1|1|E|SAFEGUARDING^RESUS",),
    ],
)
def test_neither_words_nor_a_code_of_nobodys_system_raise(segments: tuple[str, ...]) -> None:
    assert "concern.raised" not in told(read(message("ORU^R01", *segments)))


@pytest.mark.parametrize(
    "answer",
    [
        "CWE|{}||N^No^HL70136||||||F",
        "CWE|{}||373067005^No^SCT||||||F",
        "ID|{}||N||||||F",
        "ST|{}||No||||||F",
        "CWE|{}||false||||||F",
        "CWE|{}|||||NEG|||F",
        "CWE|{}||Y||||||X",
    ],
)
def test_an_answer_of_no_is_nothing(answer: str) -> None:
    obx = "OBX|1|" + answer.format(CONCERN)
    assert told(read(message(ORU, OBR, obx))) == ["answer_no"]


def test_a_result_corrected_to_no_takes_back_what_was_raised() -> None:
    raised = only(read(message(ORU, OBR, f"OBX|1|CWE|{CONCERN}||Y||||||F")))
    taken = only(read(message(ORU, OBR, f"OBX|1|CWE|{CONCERN}||N||||||C")))
    assert taken.type is EventType.CONCERN_RETRACTED
    assert (taken.reference, taken.subject_key) == (raised.reference, raised.subject_key)


@pytest.mark.parametrize("status", ["W", "D"])
def test_a_wrong_or_deleted_result_takes_back_what_was_raised(status: str) -> None:
    raised = only(read(message(ORU, OBR, f"OBX|1|CWE|{CONCERN}||Y||||||F")))
    taken = only(read(message(ORU, OBR, f"OBX|1|CWE|{CONCERN}||Y||||||{status}")))
    assert taken.type is EventType.CONCERN_RETRACTED
    assert (taken.reference, taken.subject_key) == (raised.reference, raised.subject_key)


def test_a_deleted_diagnosis_takes_back_what_was_raised() -> None:
    dg1 = "DG1|1||T74.1^Physical abuse^ICD10||20261120140000|W"
    raised = only(read(message("BAR^P12", "PV1|1|E|||||||||||||||||V77", dg1)))
    deleted = only(read(message("BAR^P12", "PV1|1|E|||||||||||||||||V77", dg1 + "|" * 15 + "D")))
    assert deleted.type is EventType.CONCERN_RETRACTED
    assert deleted.reference == raised.reference


def test_a_cancelled_admission_raises_nothing_of_its_diagnosis() -> None:
    items = read(message("ADT^A11", "DG1|1||T74.1^Physical abuse^ICD10||20261120140000|W"))
    assert told(items) == ["concern.retracted", "relationship.changed"]


def test_a_document_is_raised_by_its_type_and_withdrawn_by_t11() -> None:
    txa = "TXA|1|SAFEREF^Safeguarding referral^L|TX|20261121091500||||||||D-5512||||||AU"
    obx = "OBX|1|TX|BODY^^L||Seen with father.||||||F"
    raised = only(read(message("MDM^T02", txa, obx)))
    assert raised.type is EventType.CONCERN_RAISED
    assert narrative(raised)["full"]["words"] == "Seen with father."
    taken = only(read(message("MDM^T11", txa)))
    assert taken.type is EventType.CONCERN_RETRACTED
    assert taken.reference == raised.reference
    replaced = txa.replace("D-5512|", "D-5600|D-5512")
    later = only(read(message("MDM^T10", replaced, obx)))
    assert (later.reference, later.type) == (raised.reference, EventType.CONCERN_RAISED)
    assert told(read(message("MDM^T02", txa.replace("SAFEREF", "DISCHARGE"), obx))) == [
        "no_listed_code"
    ]


def test_a_referral_is_one_concern_with_its_reason_and_its_diagnoses() -> None:
    rf1 = f"RF1|A|S|||||20261120150000|||{CONCERN}"
    dg1 = "DG1|1||T74.0^Neglect^ICD10||20261120140000|W"
    event = only(read(message("REF^I12", rf1, dg1, "NTE|1||Seen at home, no food.")))
    assert narrative(event)["summary"]["abuse"] == ["NEG"]
    assert event.plain["urgency"] == "immediate"
    assert told(read(message("REF^I14", rf1, dg1))) == ["concern.retracted"]


def test_a_result_about_an_adult_is_counted_and_a_referral_goes_to_a_person() -> None:
    pid = "PID|1||9990000042^^^NHS^NH||TESTADULT^JOSEF||19880302|M"
    assert told(read(message(ORU, OBR, f"OBX|1|CWE|{CONCERN}||Y||||||F", pid=pid))) == ["adult"]
    rf1 = f"RF1|A|R|||||20261120150000|||{CONCERN}"
    assert quarantine(read(message("REF^I12", rf1, pid=pid))).reason == "over_18"


def test_without_an_age_a_concern_is_raised_and_no_fact_is_sent() -> None:
    pid = "PID|1||700416^^^RZZ^PI||TESTCASE^ROWAN"
    items = read(message(ADT, f"DG1|1||{CONCERN}||20261120140000|W", pid=pid))
    assert told(items) == ["concern.raised", "age_unknown"]


def test_whoever_nobody_named_goes_to_a_person_on_the_lane_it_came_on() -> None:
    obr = "OBR|1||777|SAFE^Safeguarding^L|S"
    items = read(message(ORU, obr, f"OBX|1|CWE|{CONCERN}||Y||||||F", pid="PID|1"))
    assert (quarantine(items).reason, quarantine(items).lane) == ("no_subject", Lane.EMERGENCY)


def test_the_unborn_child_is_not_its_mother() -> None:
    pid = "PID|1||9990000042^^^NHS^NH||TESTMOTHER^ANNA||19980302|F|||1 Hill Rd^^Wexcombe"
    code = "878111000000109^Unborn child is cause for safeguarding concern^SCT"
    due = "OBX|2|DT|11778-8^Delivery date estimated^LN||20270214||||||F"
    event = only(read(message(ORU, OBR, f"OBX|1|CWE|{code}||Y||||||F", due, pid=pid)))
    identity, family = event.categories["identity"], event.categories["family"]
    assert identity["summary"] == {
        "known": "identified",
        "subject_kind": "unborn",
        "expected_birth_date": "2027-02-14",
    }
    assert "9990000042" not in json.dumps(identity)
    assert "9990000042" in json.dumps(family["full"])
    assert event.subject_key.startswith("unborn:")


def test_a_protected_childs_place_stands_in_one_category_alone() -> None:
    items = read(
        message(
            "BAR^P12",
            "PD1||||||||||||Y",
            "NK1|1|TESTCASE^ANNA|MTH||01632 960123",
            "DG1|1||T74.1^Physical abuse^ICD10||20261120140000|W",
        )
    )
    event = only(items)
    assert event.routing["location_protected"] is True
    elsewhere = {name: each for name, each in event.categories.items() if "location" not in name}
    assert "Quarry View" not in json.dumps(elsewhere)
    assert "960123" not in json.dumps(elsewhere)
    assert "Quarry View" in json.dumps(event.categories["protected_location"])


def test_what_is_sensitive_takes_the_words_and_the_place_with_it() -> None:
    items = read(
        message(
            "BAR^P12",
            "PV1|1|O|GUM^CLINIC|||||||SEXH",
            "DG1|1||T74.2^Sexual abuse^ICD10|Told the nurse|20261120140000|W",
        ),
        sensitive_services={"sexual_or_reproductive": ["SEXH"]},
    )
    event = only(items)
    rest = {name: each for name, each in event.categories.items() if name != "sensitive_health"}
    assert "Told the nurse" not in json.dumps(rest)
    assert "GUM" not in json.dumps(rest)
    assert event.categories["sensitive_health"]["full"] == {
        "words": "Told the nurse",
        "native_codes": [{"system": "ICD10", "code": "T74.2", "display": "Sexual abuse"}],
        "service": "GUM, CLINIC",
    }


def test_a_code_that_the_site_lists_raises_by_either_spelling_of_its_system() -> None:
    obx = "OBX|1|CE|SG1^Safeguarding form^RZZ-LOCAL||Y||||||F"
    assert told(read(message(ORU, OBR, obx))) == ["no_listed_code"]
    event = only(read(message(ORU, OBR, obx), raise_codes=["RZZ-LOCAL|SG1"]))
    assert event.plain["level_state"] == "not_sure"


def test_what_the_broker_sent_is_an_echo() -> None:
    ours = message(ORU, OBR, f"OBX|1|CWE|{CONCERN}||Y||||||F").replace(
        b"|PAS|", b"|CONCERN-BROKER|"
    )
    assert read(ours) == [Nothing(reason="echo")]


def test_a_segment_of_the_sites_own_survives_and_is_named() -> None:
    zsg = "ZSG|flag^amber|text of theirs"
    items = read(message("BAR^P12", "DG1|1||T74.1^Abuse^ICD10||20261120140000|W", zsg))
    event = only(items)
    assert event.unseen == ("ZSG",)
    assert event.native["unread"] == [{"field": "ZSG", "value": zsg}]


def test_two_patients_in_one_message_are_two_concerns() -> None:
    other = "PID|2||700500^^^RZZ^PI||OTHER^SIAN||20150203|2"
    obx = f"OBX|1|CWE|{CONCERN}||Y||||||F"
    first, second = held.events(read(message(ORU, OBR, obx, other, OBR, obx)))
    assert first.subject_key != second.subject_key
    assert first.categories["identity"]["summary"] != second.categories["identity"]["summary"]


def test_one_message_of_thousands_of_coded_results_goes_to_a_person_once() -> None:
    obx = [f"OBX|{n}|CWE|{CONCERN}|{n}|Y||||||F" for n in range(5000)]
    (item,) = read(message(ORU, OBR, *obx))
    assert isinstance(item, Quarantined)
    assert item.reason == "too_large"


def test_words_too_long_to_carry_are_never_cut() -> None:
    obx = [f"OBX|1|CWE|{CONCERN}||Y||||||F", f"OBX|2|TX|N^Note^L||{'x' * 32_001}||||||F"]
    assert quarantine(read(message(ORU, OBR, *obx))).reason == "too_long"


def test_every_item_of_a_file_of_several_is_accounted_for() -> None:
    good = message("BAR^P12", "DG1|1||T74.1^Abuse^ICD10||20261120140000|W")
    batch = b"FHS|^~\\&\rBHS|^~\\&\r" + good + b"MSH|ab\r" + good + b"BTS|7\rFTS|1\r"
    items = read(batch)
    assert told(items) == ["batch_count", "concern.raised", "not_this_format", "concern.raised"]
    assert quarantine(items[2:3]).excerpt == b"MSH|ab"
    assert isinstance(items[1], Event)
