"""The samples of the FHIR adapter, and what must hold for any document whatever."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Event
from adapters.events import cloud_event
from broker.domain.words import Agency, EventType
from tests.adapters import held
from tests.adapters.health.documents import bundle, carrier, patient, read
from tests.adapters.mutations import JSON, oddities, paths, replaced

SAMPLES = held.samples(Agency.HEALTH, "fhir-r4")
IN_JSON = [each for each in SAMPLES if each.suffix == ".json"]


def accounted_for(native: bytes) -> None:
    """Whatever it is, it ends as items, and an event either fits its schema or goes to a person."""
    items = read(native)
    assert items
    for item in items:
        if isinstance(item, Event):
            cloud_event(item, held.where(Agency.HEALTH, "fhir-r4"), event_key=held.KEY)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_gives_the_items_beside_it(sample: Path) -> None:
    items = held.read(Agency.HEALTH, "fhir-r4", sample.read_bytes())
    assert held.written(items) == json.loads(held.result_of(sample).read_text(encoding="utf-8"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_event_of_a_sample_fits_its_schema(sample: Path) -> None:
    for event in held.events(held.read(Agency.HEALTH, "fhir-r4", sample.read_bytes())):
        held.signed(event, Agency.HEALTH, "fhir-r4")


@given(document=JSON)
def test_any_json_whatever_is_accounted_for(document: Any) -> None:
    accounted_for(json.dumps(document).encode())


@given(native=st.binary(max_size=200))
def test_any_bytes_whatever_are_accounted_for(native: bytes) -> None:
    accounted_for(native)


@given(data=st.data())
def test_a_sample_with_any_part_replaced_is_accounted_for(data: st.DataObject) -> None:
    document = json.loads(data.draw(st.sampled_from(IN_JSON)).read_text(encoding="utf-8"))
    path = data.draw(st.sampled_from(paths(document)))
    accounted_for(json.dumps(replaced(document, path, data.draw(JSON))).encode())


@pytest.mark.parametrize("sample", IN_JSON, ids=lambda path: path.stem)
def test_nothing_that_stands_where_another_thing_was_promised_is_a_crash(sample: Path) -> None:
    for odd in oddities(json.loads(sample.read_text(encoding="utf-8"))):
        accounted_for(json.dumps(odd).encode())


@given(words=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_words_arrive_byte_for_byte(words: str) -> None:
    native = bundle(patient(), carrier(note=[{"text": words}]))
    (event,) = held.events(read(native))
    written = event.categories["narrative"]["full"]
    assert isinstance(written, dict)
    assert written.get("words", "") == (words if words.strip() else "")


@given(words=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_words_alone_never_raise(words: str) -> None:
    flag = carrier("Flag", code="1234", note=[{"text": words}])
    communication = carrier(
        "Communication",
        code="1234",
        payload=[{"contentString": words}],
        reasonCode=[{"text": words}],
    )
    items = read(bundle(patient(), {**flag, "code": {"text": words}}, communication))
    assert not held.events(items)


@given(st.permutations(range(3)))
def test_the_order_of_resources_changes_nothing(order: list[int]) -> None:
    resources = [patient(), carrier(), carrier("Flag", id="f1", identifier=None)]
    items = held.events(read(bundle(*(resources[n] for n in order))))
    assert {each.type for each in items} == {EventType.CONCERN_RAISED}
    assert len({each.subject_key for each in items}) == 1
