"""The council's CSC API feed: whatever arrives is accounted for."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Event, Nothing, Quarantined
from adapters.events import cloud_event
from tests.adapters import held
from tests.adapters.childrens_services.records import COUNCIL, FORM, child, episode, read, types
from tests.adapters.mutations import JSON, oddities, paths, replaced

SAMPLES = held.samples(COUNCIL, FORM)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_gives_the_items_beside_it(sample: Path) -> None:
    items = held.read(COUNCIL, FORM, sample.read_bytes())
    assert held.written(items) == json.loads(held.result_of(sample).read_text(encoding="utf-8"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_event_of_a_sample_fits_its_schema(sample: Path) -> None:
    for event in held.events(held.read(COUNCIL, FORM, sample.read_bytes())):
        held.signed(event, COUNCIL, FORM)


def accounted_for(native: bytes) -> None:
    items = held.read(COUNCIL, FORM, native)
    assert items
    for item in items:
        if isinstance(item, Event):
            cloud_event(item, held.where(COUNCIL, FORM), event_key=held.KEY)


@given(document=JSON)
def test_any_json_whatever_is_accounted_for(document: Any) -> None:
    accounted_for(json.dumps(document).encode())
    accounted_for(json.dumps({"Children": document}).encode())


@given(native=st.binary(max_size=200))
def test_any_bytes_whatever_are_accounted_for(native: bytes) -> None:
    accounted_for(native)


@given(data=st.data())
def test_a_sample_with_any_part_replaced_is_accounted_for(data: st.DataObject) -> None:
    document = json.loads(data.draw(st.sampled_from(SAMPLES)).read_text(encoding="utf-8"))
    path = data.draw(st.sampled_from(paths(document)))
    accounted_for(json.dumps(replaced(document, path, data.draw(JSON))).encode())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_nothing_that_stands_where_another_thing_was_promised_is_a_crash(sample: Path) -> None:
    for odd in oddities(json.loads(sample.read_text(encoding="utf-8"))):
        accounted_for(json.dumps(odd).encode())


@pytest.mark.parametrize("children", [1, 3])
def test_every_child_and_every_episode_is_accounted_for(children: int) -> None:
    records = [
        child(episode(), episode(social_care_episode_id="SCE-2"), la_child_id=f"C-{n}")
        for n in range(children)
    ]
    assert types(read(*records)) == ["concern.raised"] * (2 * children)


def test_children_may_be_one_object_or_many_or_stand_alone() -> None:
    record = child(episode())
    for payload in (
        {"la_code": "999", "Children": record},
        {"la_code": 999, "Children": [record]},
        {"children": [record]},
        [record],
        record,
    ):
        items = held.read(COUNCIL, FORM, json.dumps(payload).encode())
        assert types(list(items)) == ["concern.raised"]


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        (b'{"la_code": 999}', "not_this_format"),
        (b"<Children/>", "not_this_format"),
        (b'{"Children": [], "Children": []}', "duplicate_keys"),
        (b'{"Children": ["a"]}', "not_this_format"),
        (b'{"Children": [{"purge": false}]}', "no_subject"),
        (b'{"Children": {"la_child_id": "C", "social_care_episodes": [1]}}', "not_this_format"),
        (b'{"Children": {"la_child_id": "C", "social_care_episodes": [{}]}}', "not_this_format"),
    ],
)
def test_what_cannot_be_read_goes_to_a_person_with_its_reason(native: bytes, reason: str) -> None:
    (item,) = held.read(COUNCIL, FORM, native)
    assert isinstance(item, Quarantined)
    assert item.reason == reason


def test_a_file_of_thousands_of_children_takes_no_longer_than_its_size() -> None:
    records = [child(episode(), la_child_id=f"C-{n}", note="x" * 900) for n in range(5_000)]
    began = time.perf_counter()
    assert len(read(*records)) == len(records)
    assert time.perf_counter() - began < 5


def test_a_payload_without_children_is_nothing() -> None:
    assert read() == [Nothing(reason="no_children")]


def test_what_came_from_the_broker_gives_no_event() -> None:
    ours = [{"system": "urn:concern-broker:disclosure", "value": "d-1"}]
    assert read(child(episode(), identifiers=ours)) == [Nothing(reason="echo")]
