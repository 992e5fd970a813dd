"""Whatever comes, each adapter answers: an Item for every message, and no fault of ours."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Event, Nothing, Quarantined
from broker.domain.words import Agency
from tests.adapters.test_samples import ROOT, where

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)


def items(agency: Agency, native: bytes) -> list[Any]:
    at, reads = where(agency, native)
    found = list(reads(native, at))
    assert found
    assert all(isinstance(item, Event | Nothing | Quarantined) for item in found)
    return found


@given(st.binary(max_size=400), st.sampled_from(Agency))
def test_any_bytes_are_answered(native: bytes, agency: Agency) -> None:
    items(agency, native)


@given(JSON, st.sampled_from([Agency.HEALTH, Agency.CHILDRENS_SERVICES]))
def test_any_json_is_answered(value: Any, agency: Agency) -> None:
    items(agency, json.dumps(value).encode())


@given(st.data())
def test_a_fhir_bundle_with_anything_in_it_is_answered(data: st.DataObject) -> None:
    bundle = json.loads((ROOT / "health/samples/fhir-r4/fhir-condition-raise.json").read_text())
    for entry in bundle["entry"]:
        for name in data.draw(st.lists(st.sampled_from(sorted(entry["resource"])), max_size=2)):
            if name != "resourceType":
                entry["resource"][name] = data.draw(JSON)
    items(Agency.HEALTH, json.dumps(bundle).encode())


@given(st.lists(st.text(max_size=30), min_size=22, max_size=22))
def test_a_school_row_with_anything_in_it_is_answered(cells: list[str]) -> None:
    header = (ROOT / "schools/samples/safeguarding.csv").read_bytes().split(b"\r\n")[0]
    row = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    items(Agency.SCHOOLS, header + b"\r\n" + row.encode("utf-8", "replace") + b"\r\n")


@pytest.mark.parametrize(
    "said",
    [
        "There was no safeguarding concern.",
        "The scene is safe.",
        "Child protection leaflet given; denies abuse.",
    ],
)
def test_words_never_raise_a_concern(said: str) -> None:
    resources = [
        {"resourceType": "Flag", "status": "active", "code": {"text": said}},
        {"resourceType": "Communication", "payload": [{"contentString": said}]},
        {"resourceType": "Observation", "valueString": said, "code": {"text": said}},
    ]
    for resource in resources:
        found = items(Agency.HEALTH, json.dumps(resource).encode())
        assert not any(isinstance(item, Event) for item in found)


BILLION = """<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<IncidentReport>&b;</IncidentReport>"""
OUTSIDE = (
    """<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]><IncidentReport>&x;</IncidentReport>"""
)


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        (BILLION.encode(), "doctype"),
        (OUTSIDE.encode(), "doctype"),
        (BILLION.encode("utf-16"), "doctype"),
        (b"<a>" * 200 + b"</a>" * 200, "too_deep"),
        (b"<a><b></a>", "not_this_format"),
    ],
    ids=["entities", "external", "utf-16", "deep", "broken"],
)
def test_hostile_xml_is_quarantined_and_nothing_is_expanded(native: bytes, reason: str) -> None:
    (item,) = items(Agency.POLICE, native)
    assert isinstance(item, Quarantined)
    assert item.reason == reason
    assert "root:" not in repr(item)


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        (b'{"resourceType": "Flag", "resourceType": "Patient"}', "duplicate_keys"),
        (b"[" * 100 + b"]" * 100, "too_deep"),
        (b'{"a": NaN}', "not_this_format"),
        (b"\xff\xfe{", "bad_encoding"),
    ],
)
def test_hostile_json_is_quarantined_with_its_reason(native: bytes, reason: str) -> None:
    for agency in (Agency.HEALTH, Agency.CHILDRENS_SERVICES):
        (item,) = items(agency, native)
        assert isinstance(item, Quarantined)
        assert item.reason == reason


def test_an_emergency_row_that_cannot_be_read_keeps_its_lane() -> None:
    native = (ROOT / "schools/samples/safeguarding.csv").read_bytes()
    last = items(Agency.SCHOOLS, native)[-1]
    assert isinstance(last, Quarantined)
    assert (last.reason, last.lane.value) == ("no_words", "emergency")


def test_niem_2_and_3_give_the_same_concern() -> None:
    three = (ROOT / "police/samples/niem2-incident.xml").read_text()
    for old, new in (
        ("http://niem.gov/niem/niem-core/2.0", "http://release.niem.gov/niem/niem-core/3.0/"),
        ("http://niem.gov/niem/structures/2.0", "http://release.niem.gov/niem/structures/3.0/"),
        ("MeasurePointValue", "MeasureIntegerValue"),
        ("RoleOfPersonReference", "RoleOfPerson"),
    ):
        three = three.replace(old, new)
    (second,) = items(Agency.POLICE, (ROOT / "police/samples/niem2-incident.xml").read_bytes())
    (third,) = items(Agency.POLICE, three.encode())
    assert isinstance(second, Event)
    assert isinstance(third, Event)
    assert second.categories == third.categories
    assert second.plain == third.plain
