"""The children in need census: every episode read, every bad code named."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Event, Item, Quarantined
from broker.domain.words import Agency, EventType
from tests.adapters import held
from tests.adapters.test_conformance import accounted_for

FORM = "cin-xml"
SAMPLES = held.samples(Agency.CHILDRENS_SERVICES, FORM)
EPISODE = (
    "<CINdetails><CINreferralDate>2026-01-12</CINreferralDate><ReferralSource>6</ReferralSource>"
    "<PrimaryNeedCode>N1</PrimaryNeedCode>{more}</CINdetails>"
)


def census(*episodes: str, more: str = "", collection: str = "CIN") -> bytes:
    child = (
        "<Child><ChildIdentifiers><LAchildID>C-9</LAchildID><PersonBirthDate>2017-03-09"
        f"</PersonBirthDate><Sex>F</Sex>{more}</ChildIdentifiers>{''.join(episodes)}</Child>"
    )
    return (
        f"<Message><Header><CollectionDetails><Collection>{collection}</Collection>"
        f"</CollectionDetails></Header><Children>{child}</Children></Message>"
    ).encode()


def read(native: bytes) -> Sequence[Item]:
    return held.read(Agency.CHILDRENS_SERVICES, FORM, native)


def reasons(items: Sequence[Item]) -> list[str]:
    return [each.type.value if isinstance(each, Event) else each.reason for each in items]


def concern(native: bytes) -> Event:
    (found,) = [each for each in held.events(read(native)) if each.type is EventType.CONCERN_RAISED]
    held.signed(found, Agency.CHILDRENS_SERVICES, FORM)
    return found


def summary(event: Event, category: str) -> dict[str, Any]:
    found: Any = event.categories[category]
    return dict(found["summary"])


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_gives_the_items_beside_it(sample: Path) -> None:
    items = held.read(Agency.CHILDRENS_SERVICES, FORM, sample.read_bytes())
    assert held.written(items) == json.loads(held.result_of(sample).read_text(encoding="utf-8"))
    for event in held.events(items):
        held.signed(event, Agency.CHILDRENS_SERVICES, FORM)


def test_abuse_as_a_need_says_no_kind_of_it() -> None:
    event = concern(census(EPISODE.format(more="")))
    assert summary(event, "narrative")["abuse"] == ["UNSPECIFIED"]
    assert summary(event, "narrative")["codes"] == [{"system": "dfe-need", "code": "N1"}]
    assert event.plain["level"] == "child_in_need"


def test_a_plans_latest_category_is_the_kind_of_abuse() -> None:
    plan = (
        "<ChildProtectionPlans><CPPstartDate>2026-02-02</CPPstartDate><InitialCategoryOfAbuse>NEG"
        "</InitialCategoryOfAbuse><LatestCategoryOfAbuse>EMO</LatestCategoryOfAbuse>"
        "</ChildProtectionPlans>"
    )
    event = concern(census(EPISODE.format(more=plan)))
    assert summary(event, "narrative")["abuse"] == ["EMO"]
    assert (event.plain["level"], event.plain["level_state"]) == ("significant_harm", "proposed")


def test_an_enquiry_of_a_closed_episode_confirms_nothing_now() -> None:
    enquiry = "<Section47><S47ActualStartDate>2026-01-14</S47ActualStartDate></Section47>"
    opened = concern(census(EPISODE.format(more=enquiry)))
    assert (opened.plain["level"], opened.plain["level_state"]) == ("significant_harm", "confirmed")
    closed = "<CINclosureDate>2026-03-01</CINclosureDate><ReasonForClosure>RC8</ReasonForClosure>"
    event = concern(census(EPISODE.format(more=enquiry + closed)))
    assert (event.plain["level"], event.plain["level_state"]) == ("child_in_need", "not_sure")


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("<Assessments><AssessmentFactors>RB</AssessmentFactors></Assessments>", "RB"),
        ("<ReasonForClosure>RC99</ReasonForClosure>", "RC99"),
        (
            "<ChildProtectionPlans><LatestCategoryOfAbuse>XXX</LatestCategoryOfAbuse>"
            "</ChildProtectionPlans>",
            "XXX",
        ),
        ("<Assessments><AssessmentFactors>Mara F.</AssessmentFactors></Assessments>", "factors"),
    ],
)
def test_a_code_that_no_table_has_is_named_and_costs_its_own_episode_alone(
    more: str, named: str
) -> None:
    items = read(census(EPISODE.format(more=more), EPISODE.format(more="")))
    (item,) = [each for each in items if isinstance(each, Quarantined)]
    assert (item.reason, item.detail) == ("unknown_code", named)
    assert reasons(items).count("concern.raised") == 1


def test_1a_is_a_source_in_one_place_and_a_factor_in_the_other() -> None:
    more = "<Assessments><AssessmentFactors>1A</AssessmentFactors></Assessments>"
    native = census(EPISODE.format(more=more).replace(">6<", ">1A<"))
    event = concern(native)
    assert summary(event, "referrer") == {"source": "1A"}
    assert summary(event, "sensitive_health")["factors"] == ["1A"]


def test_newer_elements_and_stray_text_cost_nothing_and_are_named_once() -> None:
    native = census(EPISODE.format(more="stray<NewThing>7</NewThing>"))
    event = concern(native)
    assert event.unseen == ("NewThing",)
    assert event.native["unread"] == [{"field": "NewThing", "value": "7"}]
    plain = concern(
        census(EPISODE.format(more="<PreProceedingsandFGDM><PP>1</PP></PreProceedingsandFGDM>"))
    )
    assert plain.unseen == ()


def test_another_collection_is_named_and_set_aside() -> None:
    (item,) = read(census(EPISODE, collection="CSWW"))
    assert isinstance(item, Quarantined)
    assert (item.reason, item.detail) == ("not_this_format", "root Message, collection CSWW")


def test_the_same_census_tomorrow_is_the_same_events() -> None:
    first, second = (
        [
            (each.reference, each.version)
            for each in held.events(read(census(EPISODE.format(more=""))))
        ]
        for _ in range(2)
    )
    assert first == second


@given(st.data())
def test_a_census_with_any_bytes_replaced_is_accounted_for(data: st.DataObject) -> None:
    native = data.draw(st.sampled_from(SAMPLES)).read_bytes()
    at = data.draw(st.integers(0, len(native)))
    put = data.draw(st.binary(max_size=8) | st.sampled_from([b"<CINdetails/>", b"</Child>", b"&"]))
    accounted_for(Agency.CHILDRENS_SERVICES, FORM, native[:at] + put + native[at + len(put) :])
