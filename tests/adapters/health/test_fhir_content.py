"""What a FHIR concern says: words, when, the visit, the family, and what is sensitive."""

import json
import time

import pytest

from adapters.contract import Event, Quarantined
from adapters.health.words import without_markup
from broker.domain.words import EventType
from tests.adapters import held
from tests.adapters.health.documents import (
    ODS,
    bundle,
    carrier,
    concept,
    concern,
    everywhere,
    labelled,
    patient,
    read,
    read_one,
)

SUBJECT = {"reference": "Patient/p1"}


def part(event: Event, category: str, name: str) -> dict[str, object]:
    found = event.categories[category].get(name, {})
    assert isinstance(found, dict)
    return found


def words(event: Event) -> object:
    return part(event, "narrative", "full").get("words")


def test_notes_are_joined_by_a_blank_line_in_their_order() -> None:
    event = concern(patient(), carrier(note=[{"text": " one\r\ntwo "}, {"text": "three"}]))
    assert words(event) == " one\r\ntwo \n\nthree"


def test_payloads_and_values_are_words() -> None:
    told = concern(patient(), carrier("Communication", payload=[{"contentString": "a=b|c^d"}]))
    assert words(told) == "a=b|c^d"
    seen = concern(patient(), carrier("Observation", valueString="Frightened of father"))
    assert words(seen) == "Frightened of father"


def test_marked_up_text_is_words_only_if_there_is_nothing_else() -> None:
    text = {"status": "generated", "div": "<div><p>One &amp; two</p><p>three<br/>four</p></div>"}
    assert words(concern(patient(), carrier(text=text))) == "One & two\nthree\nfour"
    assert words(concern(patient(), carrier(text=text, note=[{"text": "said"}]))) == "said"


@pytest.mark.parametrize(
    "piece", ["<!--a", "<", "<a ", '<a b="', "</", "&#", "<script>", "<?a", "<![CDATA[", "<p>"]
)
def test_no_mark_up_however_broken_takes_long(piece: str) -> None:
    began = time.perf_counter()
    without_markup(piece * 20_000)
    assert time.perf_counter() - began < 0.3


def test_comments_scripts_and_attributes_are_no_words() -> None:
    said = '<div title="a > b"><!-- hidden --><p>One</p><script>no()</script>1 &lt; 2</div>'
    assert without_markup(said) == "One\n1 < 2"


def test_words_are_never_cut() -> None:
    item = read_one(patient(), carrier(note=[{"text": "a" * 32_001}]))
    assert item == Quarantined(reason="too_long", detail="words")


def test_white_space_alone_is_no_words() -> None:
    assert words(concern(patient(), carrier(note=[{"text": " \n\t"}]))) is None


def test_an_attachment_that_is_not_read_is_a_fault() -> None:
    payload = [{"contentAttachment": {"contentType": "image/png", "data": "AAAA"}}]
    event = concern(patient(), carrier("Communication", payload=payload))
    assert {"field": "payload.contentAttachment", "why": "unreadable"} in event.native["faults"]  # type: ignore[operator]


def test_a_code_that_nobody_lists_survives_as_it_was_written() -> None:
    coding = [
        {"system": "http://snomed.info/sct", "code": "836881000000105"},
        {"system": "https://rzz.example/codes", "code": "7", "display": "Our own word"},
    ]
    event = concern(patient(), carrier(coded={"coding": coding}, category=[{"text": "Ward round"}]))
    kept = part(event, "narrative", "full")["native_codes"]
    assert {"system": "https://rzz.example/codes", "code": "7", "display": "Our own word"} in kept  # type: ignore[operator]
    assert {"system": "text", "code": "Ward round"} in kept  # type: ignore[operator]


@pytest.mark.parametrize(
    ("written", "occurred", "faults"),
    [
        ("2026-11-20T09:30:00+00:00", "2026-11-20T09:30:00+00:00", 0),
        ("2026-07-20T09:30:00", "2026-07-20T09:30:00+01:00", 0),
        ("2026-11", "2026-11", 0),
        ("2026-03-29T01:30:00", "2026-03-29T02:30:00+01:00", 1),
        ("20/11/2026", "unknown", 1),
        ("2026-02-31", "unknown", 1),
    ],
)
def test_when_it_was_is_in_the_declared_form_or_unknown(
    written: str, occurred: str, faults: int
) -> None:
    event = concern(patient(), carrier(recordedDate=written))
    assert part(event, "narrative", "summary")["occurred"] == occurred
    assert len(event.native.get("faults", [])) == faults  # type: ignore[arg-type]


def test_local_time_is_that_of_the_sites_profile() -> None:
    event = concern(patient(), carrier(recordedDate="2026-07-20T09:30:00"), zone="America/Chicago")
    assert part(event, "narrative", "summary")["occurred"] == "2026-07-20T09:30:00-05:00"


def test_an_expected_date_of_another_mother_is_not_this_childs() -> None:
    other = patient(id="p2", identifier=[{"system": "x", "value": "2"}])
    scan = carrier("Observation", "11778-8", "http://loinc.org", valueDateTime="2027-02-20")
    scan["subject"] = {"reference": "Patient/p2"}
    event = concern(patient(), other, scan, carrier(code="878111000000109"))
    assert part(event, "identity", "summary")["known"] == "described"


def test_a_message_of_thousands_of_resources_takes_no_longer_than_its_size() -> None:
    flags = [
        carrier("Flag", id=f"f{n}", identifier=None, period=None, status="active")
        for n in range(1_000)
    ]
    kin = [{"resourceType": "RelatedPerson", "patient": SUBJECT} for _ in range(2_000)]
    began = time.perf_counter()
    assert len(read(bundle(patient(), *flags, *kin))) == len(flags)
    assert time.perf_counter() - began < 3


# The visit, the family, the practice --------------------------------------------------------------

VISIT = {
    "resourceType": "Encounter",
    "id": "e1",
    "class": {"code": "EMER"},
    "subject": SUBJECT,
    "period": {"start": "2026-11-20T08:55:00+00:00"},
    "reasonCode": [concept("125605004")],
    "location": [{"location": {"display": "Cubicle 4"}}],
}


def test_the_visit_says_setting_and_time_and_only_in_full_the_place() -> None:
    event = concern(patient(), VISIT, carrier())
    assert part(event, "child_health", "summary") == {
        "setting": "emergency_department",
        "attended": "2026-11-20T08:55:00+00:00",
        "codes": [{"system": "sct", "code": "125605004"}],
    }
    assert part(event, "child_health", "full") == {"place": "Cubicle 4"}


def test_the_visit_of_somebody_else_is_not_this_childs() -> None:
    other = patient(id="p2", identifier=[{"system": "x", "value": "2"}])
    event = concern(patient(), other, {**VISIT, "subject": {"reference": "Patient/p2"}}, carrier())
    assert "child_health" not in event.categories


@pytest.mark.parametrize(
    ("code", "relation"), [("MTH", "mother"), ("STPFTH", "step_parent"), ("GRMTH", "grandparent")]
)
def test_family_is_relations_in_summary_and_names_in_full(code: str, relation: str) -> None:
    role = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
    relative = {
        "resourceType": "RelatedPerson",
        "patient": SUBJECT,
        "relationship": [concept(code, role)],
        "name": [{"given": ["Wren"], "family": "Testcase"}],
        "birthDate": "1988-03-02",
        "address": [{"line": ["9 Other Street"]}],
    }
    event = concern(patient(), relative, carrier())
    assert part(event, "family", "summary") == {
        "people": [{"relation": relation, "under_18": "no"}]
    }
    assert part(event, "family", "full") == {
        "people": [{"relation": relation, "name": "Wren Testcase", "birth_date": "1988-03-02"}]
    }
    assert "9 Other Street" not in everywhere(event, but="nothing")


def test_a_contact_of_the_patient_is_family_too() -> None:
    contact = [{"name": {"text": "Ola Testcase"}, "relationship": [{"text": "aunt"}]}]
    event = concern(patient(contact=contact), carrier())
    assert part(event, "family", "full")["people"] == [
        {"relation": "unknown", "name": "Ola Testcase"}
    ]


def registered(**more: object) -> list[Event]:
    gp = [{"identifier": {"system": ODS, "value": "Y99999"}}]
    return held.events(read(bundle(patient(generalPractitioner=gp, **more))))


def test_the_practice_of_a_child_is_a_relationship() -> None:
    (event,) = registered()
    assert event.type is EventType.RELATIONSHIP_CHANGED
    assert event.facts == {
        "organisation": "org:ods:Y99999",
        "role": "gp",
        "relationship": "registered",
    }


@pytest.mark.parametrize("born", ["1990-01-01", None])
def test_the_practice_of_an_adult_or_of_who_knows_whom_stays_at_home(born: str | None) -> None:
    assert registered(birthDate=born) == []


def test_the_practice_is_found_through_an_organisation_of_the_message() -> None:
    practice = {
        "resourceType": "Organization",
        "id": "o1",
        "identifier": [{"system": ODS, "value": "Y99998"}],
    }
    gp = [{"reference": "Organization/o1"}]
    (event,) = held.events(read(bundle(patient(generalPractitioner=gp), practice)))
    assert event.facts["organisation"] == "org:ods:Y99998"


# What is sensitive --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("SEX", "sexual_or_reproductive"),
        ("HIV", "sexual_or_reproductive"),
        ("PSY", "mental_health"),
        ("ETH", "substance"),
    ],
)
def test_under_a_sensitivity_label_words_and_codes_are_sensitive_health_alone(
    label: str, kind: str
) -> None:
    said = "Asked for emergency contraception."
    exploited = carrier(code="919461000000108", note=[{"text": said}], meta=labelled(label))
    event = concern(patient(), VISIT, exploited)
    assert part(event, "sensitive_health", "summary")["kinds"] == [kind]
    assert part(event, "sensitive_health", "full")["words"] == said
    elsewhere = everywhere(event, but="sensitive_health")
    hidden = (said, "919461000000108", "11A", "Cubicle 4", "125605004")
    assert not [word for word in hidden if word in elsewhere]


def test_a_sensitive_code_or_service_of_the_profile_moves_the_words() -> None:
    codes = {"substance": ["http://snomed.info/sct|66590003"]}
    coding = [
        {"system": "http://snomed.info/sct", "code": c} for c in ("836881000000105", "66590003")
    ]
    told = carrier(coded={"coding": coding}, note=[{"text": "Found drunk"}])
    plain = concern(patient(), told)
    assert "sensitive_health" not in plain.categories
    event = concern(patient(), told, sensitive_codes=codes)
    assert part(event, "sensitive_health", "summary")["kinds"] == ["substance"]
    assert words(event) is None
    clinic = {**VISIT, "serviceType": concept("SHC", "https://rzz.example/services")}
    services = {"sexual_or_reproductive": ["https://rzz.example/services|SHC"]}
    seen = concern(patient(), clinic, carrier(note=[{"text": "w"}]), sensitive_services=services)
    assert part(seen, "sensitive_health", "full")["service"] == "Cubicle 4"


# Versions -----------------------------------------------------------------------------------------


def test_the_same_record_again_is_the_same_version_and_a_changed_one_another() -> None:
    first = concern(patient(), carrier(note=[{"text": "one"}]))
    again = concern(patient(), carrier(note=[{"text": "one"}]))
    later = concern(patient(), carrier(note=[{"text": "one, and two"}]))
    assert first.version == again.version != later.version
    assert first.reference == later.reference
    kept = concern(patient(), carrier(meta={"versionId": "7"}))
    assert kept.version == "7"


def test_records_without_any_number_of_their_own_are_still_told_apart() -> None:
    def bare(said: str) -> Event:
        resource = carrier("Flag", id=None, identifier=None, subject=None, note=[{"text": said}])
        native = json.dumps({**resource, "contained": [patient()]}).encode()
        (event,) = held.events(read(native))
        return event

    assert bare("one").reference == bare("one").reference != bare("two").reference


def test_no_event_shows_a_child_in_its_repr() -> None:
    event = concern(patient(), carrier(note=[{"text": "marked words"}]))
    assert not [
        word for word in ("Juno", "Testcase", "marked", "9990000050") if word in repr(event)
    ]
