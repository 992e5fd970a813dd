"""FHIR as XML says the same as FHIR as JSON, and whatever else is XML is answered."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Event, Item, Nothing, Quarantined
from adapters.health.xml_as_json import MOST_BYTES
from broker.domain.words import Agency, Lane
from tests.adapters import held
from tests.adapters.health.as_xml import FHIR, as_xml
from tests.adapters.health.documents import bundle, carrier, patient, read

SAMPLES = held.samples(Agency.HEALTH, "fhir-r4")
IN_JSON = [  # a list of patches has no XML
    each for each in SAMPLES if each.suffix == ".json" and each.read_bytes().startswith(b"{")
]


def said(items: Sequence[Item]) -> list[Any]:
    """What was read, but for the hash of the bytes and what is made from it."""
    told = held.written(items)
    for each in told:
        for name in ("native", "version", "correlation_key"):
            each.pop(name, None)
    return told


@pytest.mark.parametrize("sample", IN_JSON, ids=lambda path: path.stem)
def test_a_document_says_the_same_in_xml_as_in_json(sample: Path) -> None:
    native = sample.read_bytes()
    assert said(read(as_xml(json.loads(native)))) == said(read(native))


TEXT = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"],
        exclude_characters="\ufffe\uffff",  # no XML can hold them
        include_characters="\n\r\t",
    )
)


@given(words=TEXT)
def test_words_arrive_byte_for_byte(words: str) -> None:
    document = json.loads(bundle(patient(), carrier(note=[{"text": words}])))
    (event,) = held.events(read(as_xml(document)))
    written = event.categories["narrative"]["full"]
    assert isinstance(written, dict)
    assert written.get("words", "") == (words if words.strip() else "")


def test_marked_up_words_are_read_as_text() -> None:
    marked_up = (
        '<div xmlns="http://www.w3.org/1999/xhtml"><p>Bruise &amp; burn</p><p>again</p></div>'
    )
    document = json.loads(
        bundle(patient(), carrier(text={"status": "generated", "div": marked_up}))
    )
    (event,) = held.events(read(as_xml(document)))
    full = event.categories["narrative"]["full"]
    assert isinstance(full, dict)
    assert full["words"] == "Bruise & burn\nagain"


def test_an_answer_of_no_is_an_answer_of_no() -> None:
    native = as_xml(json.loads(bundle(patient(), carrier("Observation", valueBoolean=False))))
    assert read(native) == [Nothing(reason="answer_no")]


def test_a_number_keeps_its_leading_zero() -> None:
    numbers = [{"system": "https://rzz.example/mrn", "value": "0012"}]
    (event,) = held.events(read(as_xml(json.loads(bundle(patient(identifier=numbers), carrier())))))
    full = event.categories["identity"]["full"]
    assert isinstance(full, dict)
    assert full["identifiers"][0]["value"] == "0012"


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        (b'<Bundle xmlns="http://hl7.org/fhir/">x</Bundle>', "not_this_format"),
        (b"<Bundle/>", "not_this_format"),
        (b"<Bundle", "not_this_format"),
        (
            b'<!DOCTYPE b [<!ENTITY a "b">]><Bundle xmlns="http://hl7.org/fhir">&a;</Bundle>',
            "doctype",
        ),
        (b'<Bundle xmlns="http://hl7.org/fhir">' + b"<a>" * 70 + b"</a>" * 70, "not_this_format"),
        (
            b'<Bundle xmlns="http://hl7.org/fhir">' + b"<a>" * 70 + b"</a>" * 70 + b"</Bundle>",
            "too_deep",
        ),
        (b'<Bundle xmlns="http://hl7.org/fhir">' + b"<a/>" * 100_001 + b"</Bundle>", "too_large"),
        (b"<" + b" " * MOST_BYTES, "too_large"),
    ],
    ids=["namespace", "none", "broken", "doctype", "cut", "deep", "elements", "bytes"],
)
def test_what_is_not_fhir_goes_to_quarantine_with_its_reason(native: bytes, reason: str) -> None:
    (item,) = read(native)
    assert isinstance(item, Quarantined)
    assert item.reason == reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_emergency_that_cannot_be_read_keeps_its_lane(encoding: str) -> None:
    native = f'<Bundle xmlns="{FHIR}"><priority value="stat"/>'.encode(encoding)
    (item,) = read(native)
    assert isinstance(item, Quarantined)
    assert item.lane is Lane.EMERGENCY


@given(data=st.data())
def test_a_sample_with_any_bytes_in_it_is_answered(data: st.DataObject) -> None:
    native = as_xml(json.loads(data.draw(st.sampled_from(IN_JSON)).read_bytes()))
    at = data.draw(st.integers(0, len(native)))
    until = data.draw(st.integers(at, min(at + 40, len(native))))
    items = read(native[:at] + data.draw(st.binary(max_size=20)) + native[until:])
    assert items
    for event in items:
        if isinstance(event, Event):
            assert event.reference


@pytest.mark.parametrize(
    "inside",
    [
        b"<entry><resource><Flag/></resource></entry>" * 20_000,
        b'<text><div xmlns="http://www.w3.org/1999/xhtml"/></text>' * 20_000,
        b"<name " + b" ".join(b'a%d="x"' % n for n in range(90_000)) + b"/>",
    ],
    ids=["entries", "marked-up", "attributes"],
)
def test_a_hostile_document_takes_no_long_time(inside: bytes) -> None:
    begun = time.process_time()
    assert read(b'<Bundle xmlns="http://hl7.org/fhir">' + inside + b"</Bundle>")
    assert time.process_time() - begun < 2
