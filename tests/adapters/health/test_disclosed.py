"""What a hospital is given as FHIR is what was disclosed: nothing more, nothing less, unchanged."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import ECHO, Disclosed, Nothing
from adapters.health import fhir
from adapters.health.disclosed import told, write
from broker.domain.words import Agency, Category
from broker.errors import Malformed
from tests.adapters import held
from tests.adapters.health.documents import NHS_NUMBER
from tests.adapters.mutations import JSON, oddities, paths, replaced

SITE = held.where(Agency.HEALTH, "fhir-r4")
WORDS = 'She said "it hurts" | ^~\\& <b>=1+1</b>\r\n\n== full ==\n{"a": 1}\ttwice. Ünïcode 🙂 '
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
VALUE = st.recursive(
    TEXT
    | st.sampled_from(["true", "1", "== full ==", "a: b", WORDS])
    | st.booleans()
    | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
PART = st.dictionaries(TEXT | st.sampled_from(["words", "abuse"]), VALUE, max_size=4)
NAMES = [f"{category.value}.{part}" for category in Category for part in ("summary", "full")]
IDENTITY = st.fixed_dictionaries(
    {"known": st.sampled_from(["identified", "described", "unknown"])},
    optional={
        "subject_kind": st.sampled_from(["child", "unborn", "adult_of_concern"]),
        "given_name": TEXT,
        "family_name": TEXT,
        "birth_date": st.sampled_from(["2014", "2014-05", "2014-05-05"]),
        "sex": st.sampled_from("FMU"),
    },
)
PLAIN = st.fixed_dictionaries(
    {"iss": st.just("org:la:999"), "iat": st.integers(min_value=0)},
    optional={"urgency": st.sampled_from(["immediate", "same_day", "routine"]), "family": PART},
)
DISCLOSED = st.builds(
    Disclosed,
    disclosure=TEXT,
    cover=PART | st.fixed_dictionaries({"corrects": TEXT}),
    plain=PLAIN,
    claims=st.dictionaries(st.sampled_from(NAMES), PART, max_size=6)
    | st.fixed_dictionaries({"identity.summary": IDENTITY, "narrative.full": PART}),
    token=TEXT,
    signed_cover=st.text(st.characters(codec="ascii", exclude_characters="\x00\n"), max_size=20),
)

CHILD = {
    "identity.summary": {
        "known": "identified",
        "subject_kind": "child",
        "given_name": "Juno",
        "family_name": "Testcase",
        "birth_date": "2014-05-05",
        "sex": "F",
    },
    "identity.full": {
        "identifiers": [
            {"system": "nhs_number", "value": "999 000 0050", "assurance": "checksum_ok"},
            {"system": "nhs_number", "value": "3333333333", "assurance": "invalid"},
            {"system": "upn", "value": "A123", "assurance": "unverified"},
        ],
        "address": {"lines": ["1 Test Street"], "postcode": "ZZ99 3WZ"},
    },
    "narrative.summary": {"basis": "observed", "occurred": "2026", "abuse": ["PHY"]},
    "narrative.full": {"words": WORDS, "reply": {"role": "Lead", "telephone": "01632 960200"}},
}


def disclosed(**more: Any) -> Disclosed:
    known: dict[str, Any] = {
        "disclosure": "d_abc",
        "cover": {"disclosure": "d_abc", "duties": ["speak_before_acting"], "consent": None},
        "plain": {"iss": "org:la:999", "iat": 1_800_000_000, "urgency": "immediate"},
        "claims": CHILD,
        "token": "a.b.c~d~",
        "signed_cover": "e.f.g",
    }
    return Disclosed(**{**known, **more})


def resources(native: bytes) -> dict[str, Any]:
    """The first of each kind."""
    entries = json.loads(native)["entry"]
    return {each["resource"]["resourceType"]: each["resource"] for each in reversed(entries)}


@given(DISCLOSED)
def test_what_is_written_is_read_back_with_nothing_changed(said: Disclosed) -> None:
    back = told(write(said, SITE))
    assert back == said
    assert (back.token, back.signed_cover) == (said.token, said.signed_cover)


@given(DISCLOSED)
def test_what_is_written_raises_nothing_when_it_comes_back(said: Disclosed) -> None:
    assert fhir.read(write(said, SITE), SITE) == [Nothing(reason="echo")]


def test_each_resource_of_it_alone_raises_nothing_either() -> None:
    for entry in json.loads(write(disclosed(), SITE))["entry"]:
        native = json.dumps(entry["resource"]).encode()
        assert fhir.read(native, SITE) == [Nothing(reason="echo")]


def test_more_than_others_may_send_is_an_echo_all_the_same() -> None:
    large = disclosed(token="x" * 1_200_000)
    assert fhir.read(write(large, SITE), SITE) == [Nothing(reason="echo")]
    assert told(write(large, SITE)) == large


def test_the_words_stand_as_they_were_written() -> None:
    payloads = resources(write(disclosed(), SITE))["Communication"]["payload"]
    assert any(each["contentString"].endswith(WORDS) for each in payloads)
    assert len(payloads) == 3  # the notification, identity, narrative


def test_the_message_bears_who_what_and_the_evidence() -> None:
    found = resources(write(disclosed(), SITE))
    assert set(found) == {
        "MessageHeader", "Communication", "Patient", "Organization", "Provenance", "Binary",
    }  # fmt: skip
    assert (
        next(iter(json.loads(write(disclosed(), SITE))["entry"]))["resource"]
        == (found["MessageHeader"])
    )
    assert found["MessageHeader"]["eventCoding"]["code"] == "concern-disclosed"
    assert found["Communication"]["priority"] == "stat"
    assert found["Communication"]["identifier"] == [{"system": ECHO, "value": "d_abc"}]
    assert all(each["meta"]["security"][0]["code"] == "R" for each in found.values())
    assert base64.b64decode(found["Binary"]["data"]) == b"e.f.g\na.b.c~d~"


def test_the_patient_is_who_it_is_and_never_where() -> None:
    patient = resources(write(disclosed(), SITE))["Patient"]
    assert patient["name"] == [{"use": "official", "family": "Testcase", "given": ["Juno"]}]
    assert (patient["birthDate"], patient["gender"]) == ("2014-05-05", "female")
    assert patient["identifier"] == [
        {"system": NHS_NUMBER, "value": "9990000050"},
        {"system": "urn:concern-broker:identifier:upn", "value": "A123"},
    ]
    assert "ZZ99" not in json.dumps(patient)


@pytest.mark.parametrize(
    "summary",
    [
        None,
        {"known": "unknown", "subject_kind": "child"},
        {"known": "described", "subject_kind": "child", "sex": "F"},
        {"known": "identified", "subject_kind": "unborn", "expected_birth_date": "2027-01-01"},
        {"known": "identified", "subject_kind": "unborn", "family_name": "Testcase"},
    ],
)
def test_without_an_identity_there_is_nobody_to_file_under(summary: Any) -> None:
    claims = {"narrative.full": CHILD["narrative.full"]}
    if summary is not None:
        claims["identity.summary"] = summary
    found = resources(write(disclosed(claims=claims), SITE))
    assert "Patient" not in found
    assert "subject" not in found["Communication"]
    assert len(found["MessageHeader"]["focus"]) == 1


def test_nothing_tells_what_was_withheld() -> None:
    less = {name: part for name, part in CHILD.items() if name != "narrative.full"}
    never = json.loads(write(disclosed(claims=less), SITE))
    withheld = json.loads(write(disclosed(claims={**CHILD, "narrative.full": {}}), SITE))
    communication = never["entry"][1]["resource"]
    other = withheld["entry"][1]["resource"]
    communication.pop("payload")
    other.pop("payload")
    assert never == withheld


def test_a_correction_answers_what_it_corrects() -> None:
    made = resources(write(disclosed(cover={"corrects": "d_first"}), SITE))["Communication"]
    assert made["inResponseTo"] == [{"identifier": {"system": ECHO, "value": "d_first"}}]
    assert "inResponseTo" not in resources(write(disclosed(), SITE))["Communication"]


def test_what_was_changed_on_the_way_is_refused() -> None:
    native = write(disclosed(), SITE)
    document = json.loads(native)
    for path in paths(document):
        if path:
            with pytest.raises(Malformed):
                told(json.dumps(replaced(document, path, "x")).encode())


@given(native=st.binary(max_size=100) | JSON.map(lambda each: json.dumps(each).encode()))
def test_anything_else_is_refused(native: bytes) -> None:
    with pytest.raises(Malformed):
        told(native)


def test_whatever_stands_where_another_thing_was_promised_is_refused() -> None:
    document = json.loads(write(disclosed(), SITE))
    for odd in oddities(document):
        if odd != document:
            with pytest.raises(Malformed):
                told(json.dumps(odd).encode())


@pytest.mark.parametrize("payload", ['== plain ==\n"\\q": 1', "== plain ==\na: " + "[" * 9000, 7])
def test_a_payload_that_is_not_ours_is_refused(payload: Any) -> None:
    document = json.loads(write(disclosed(), SITE))
    document["entry"][1]["resource"]["payload"][0]["contentString"] = payload
    with pytest.raises(Malformed):
        told(json.dumps(document).encode())


def test_evidence_may_be_left_out() -> None:
    bare = replace(disclosed(), token="", signed_cover="")
    assert "Binary" not in resources(write(bare, SITE))
    assert told(write(bare, SITE)) == bare
