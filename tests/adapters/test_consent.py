"""A wish about sharing as an agency's system sends it: what is read, what a person must look at."""

import json
from typing import Any

import pytest

from adapters.contract import Event, Nothing, Quarantined
from adapters.events import cloud_event, lane
from adapters.formats import ADAPTERS, format_of
from broker.domain.words import Agency, EventType, Lane
from tests.adapters import held

FORM = "consent-json"
PLACES = [(agency, sample) for agency, form in held.HELD if form == FORM
          for sample in held.samples(agency, form)]  # fmt: skip
CHILD = {
    "nhs_number": "9990020019",
    "given_name": "Mara",
    "family_name": "Fennick-Oyelowo",
    "birth_date": "2017-03-09",
}


def wish(state: str = "given", **other: Any) -> dict[str, Any]:
    directive = {
        "kind": "information_agreement",
        "state": state,
        "giver": {"person": "J. Fennick", "capacity": "pr_holder"},
        "scope": {"categories": "*", "recipients": "*", "purpose": "*"},
        "valid": {"from": "2026-11-20"},
        **other.pop("directive", {}),
    }
    whole = {"reference": "W-1", "child": CHILD, "recorded_by": "A. Nother"}
    return {**whole, "directive": directive, **other}


def read(*wishes: Any, agency: Agency = Agency.HEALTH) -> list[Any]:
    return list(held.read(agency, FORM, json.dumps(list(wishes)).encode()))


@pytest.mark.parametrize(("agency", "sample"), PLACES, ids=lambda each: getattr(each, "stem", ""))
def test_each_sample_becomes_what_stands_beside_it(agency: Agency, sample: Any) -> None:
    items = held.read(agency, FORM, sample.read_bytes())
    assert held.written(items) == json.loads(held.result_of(sample).read_text())
    for event in held.events(items):
        held.signed(event, agency, FORM)


@pytest.mark.parametrize("agency", list(Agency))
def test_every_agencys_systems_may_send_one_and_it_is_known_by_its_bytes(agency: Agency) -> None:
    native = json.dumps(wish()).encode()
    assert format_of(agency, native) == FORM
    (item,) = ADAPTERS[agency][FORM].read(native, held.where(agency, FORM))
    assert isinstance(item, Event)
    assert item.type is EventType.CONSENT_RECORDED
    held.signed(item, agency, FORM)


@pytest.mark.parametrize(
    ("state", "path"),
    [
        ("refused", Lane.EMERGENCY),
        ("withdrawn", Lane.EMERGENCY),
        ("given", Lane.ROUTINE),
        ("not_sought_unsafe", Lane.ROUTINE),
    ],
)
def test_what_stops_a_disclosure_does_not_queue(state: str, path: Lane) -> None:
    (item,) = read(wish(state))
    assert lane(item) is path


def test_the_same_wish_is_the_same_event_and_a_changed_one_is_another() -> None:
    one, again, other = read(wish(), wish(), wish("withdrawn"))
    made = [
        cloud_event(each, held.where(Agency.HEALTH, FORM), event_key=held.KEY)["id"]  # type: ignore[index]
        for each in (one, again, other)
    ]
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_a_day_begins_at_midnight_where_the_site_is() -> None:
    (item,) = read(wish(directive={"valid": {"from": "2026-07-01", "until": "2026-12-01"}}))
    valid = item.facts["directive"]["valid"]
    assert valid == {"from": "2026-07-01T00:00:00+01:00", "until": "2026-12-01T00:00:00+00:00"}


@pytest.mark.parametrize(
    ("changed", "reason", "detail"),
    [
        ({"recorded_by": None}, "no_recorder", "recorded_by"),
        ({"child": {}}, "no_child", "child"),
        ({"child": {"given_name": "Mara"}}, "no_child", "child"),
        ({"directive": {"valid": {"from": "soon"}}}, "bad_date", "directive.valid.from"),
        (
            {"directive": {"valid": {"from": "2026-11-20", "until": "a while"}}},
            "bad_date",
            "directive.valid.until",
        ),
        (
            {
                "directive": {
                    "giver": {"person": "X", "capacity": "pr_holder", "void_conflict": True}
                }
            },
            "giver_in_conflict",
            "directive.giver.void_conflict",
        ),
    ],
)
def test_what_cannot_be_relied_on_waits_for_a_person(
    changed: dict[str, Any], reason: str, detail: str
) -> None:
    (item,) = read(wish("refused", **changed))
    assert isinstance(item, Quarantined)
    assert (item.reason, item.detail, item.lane) == (reason, detail, Lane.EMERGENCY)


def test_a_word_that_is_no_state_is_quarantined_with_its_path() -> None:
    (item,) = read(wish("maybe"))
    made = cloud_event(item, held.where(Agency.HEALTH, FORM), event_key=held.KEY)
    assert isinstance(made, Quarantined)
    assert (made.reason, made.detail) == ("schema", "/fact/directive/state: enum")


def test_an_end_that_cannot_be_read_never_makes_an_agreement_last_longer() -> None:
    (item,) = read(wish(directive={"valid": {"from": "2026-11-20", "until": "2026-13-45"}}))
    assert isinstance(item, Quarantined)


def test_the_bad_one_in_a_list_does_not_stop_the_good_one() -> None:
    good, bad = read(wish(), {"directive": 7})
    assert isinstance(good, Event)
    assert isinstance(bad, Quarantined)
    assert isinstance(held.read(Agency.HEALTH, FORM, b"[]")[0], Nothing)


def test_what_nobody_has_mapped_survives() -> None:
    (item,) = read(wish(ward="ED", directive={"clinic": "Tuesday"}))
    assert item.native["unread"] == [
        {"field": "ward", "value": "ED"},
        {"field": "directive.clinic", "value": "Tuesday"},
    ]


def test_a_wish_about_one_concern_needs_no_child() -> None:
    (item,) = read(wish(child={}, concern="aaaaaaaaaaaaaaaaaaaaaaaaaa"))
    assert isinstance(item, Event)
    assert not item.categories
    held.signed(item, Agency.HEALTH, FORM)


def test_a_refusal_covers_what_it_does_not_name_and_an_agreement_nothing() -> None:
    refused, agreed = read(wish("refused", directive={"scope": {}}), wish(directive={"scope": {}}))
    everything = {"categories": "*", "recipients": "*", "purpose": "*"}
    assert refused.facts["directive"]["scope"] == everything
    made = cloud_event(agreed, held.where(Agency.HEALTH, FORM), event_key=held.KEY)
    assert isinstance(made, Quarantined)
    assert made.detail == "/fact/directive/scope: required"
