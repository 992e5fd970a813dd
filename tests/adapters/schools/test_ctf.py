"""Common Transfer Files: who a pupil is and where they are enrolled, and never a concern."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Event, Item, Quarantined
from broker.domain.words import Agency, EventType
from tests.adapters import held
from tests.adapters.test_conformance import accounted_for

FORM = "ctf-xml"
HEADER = (
    "<Header><DateTime>2026-09-04T09:00:00</DateTime><SourceSchool><LEA>999</LEA><Estab>9001"
    "</Estab><URN>999001</URN></SourceSchool><DestSchool><LEA>{lea}</LEA><Estab>{estab}</Estab>"
    "</DestSchool></Header>"
)
PUPIL = (
    "<Pupil><UPN>K999200124001</UPN><Surname>Fennick</Surname><Forename>Mara</Forename>"
    "<DOB>2017-03-09</DOB><Sex>F</Sex>{more}</Pupil>"
)
OTHERS = (
    "<Pupil><UPN>K999200124001</UPN><BasicDetails><LegalSurname>Fennick</LegalSurname>"
    "<LegalForename>Mara</LegalForename><DOB>2017-03-09</DOB><Gender>F</Gender></BasicDetails></Pupil>"
)


def file(*pupils: str, lea: str = "999", estab: str = "9002") -> bytes:
    inside = HEADER.format(lea=lea, estab=estab) + f"<CTFpupilData>{''.join(pupils)}</CTFpupilData>"
    return f"<CTfile>{inside}</CTfile>".encode()


def read(native: bytes, **profile: Any) -> Sequence[Item]:
    return held.read(Agency.SCHOOLS, FORM, native, **profile)


def enrolments(items: Sequence[Item]) -> list[tuple[Any, Any, Any]]:
    return [
        (each.facts["organisation"], each.facts.get("from"), each.facts.get("until"))
        for each in held.events(items)
        if each.type is EventType.RELATIONSHIP_CHANGED
    ]


def test_both_shapes_say_the_same() -> None:
    first, second = read(file(PUPIL.format(more=""))), read(file(OTHERS))
    assert [each.facts for each in held.events(first)] == [
        each.facts for each in held.events(second)
    ]
    for event in held.events(first):
        held.signed(event, Agency.SCHOOLS, FORM)


def test_a_pupil_leaves_one_school_and_joins_another() -> None:
    assert enrolments(read(file(PUPIL.format(more="")))) == [
        ("org:school:999001", None, "2026-09-04"),
        ("org:school:9999002", "2026-09-04", None),
    ]
    known = read(file(PUPIL.format(more="")), schools={"9999002": "org:school:999002"})
    assert enrolments(known)[1][0] == "org:school:999002"


def test_the_pupils_own_leaving_date_comes_before_the_files() -> None:
    history = (
        "<SchoolHistory><School><URN>999001</URN><LeavingDate>2026-07-21</LeavingDate></School>"
        "</SchoolHistory>"
    )
    (left, _) = enrolments(read(file(PUPIL.format(more=history))))
    assert left[2] == "2026-07-21"


def test_a_destination_that_nobody_knows_calls_a_person_and_raises_nothing() -> None:
    items = read(file(PUPIL.format(more=""), lea="XXX", estab="XXXX"))
    (item,) = [each for each in items if isinstance(each, Quarantined)]
    assert item.reason == "needs_person"
    assert "XXXXXXX" in item.detail
    assert EventType.CONCERN_RAISED not in {each.type for each in held.events(items)}


def test_outside_the_maintained_sector_ends_the_enrolment_and_calls_nobody() -> None:
    items = read(file(PUPIL.format(more=""), lea="MMM", estab="MMMM"))
    assert enrolments(items) == [("org:school:999001", None, "2026-09-04")]
    assert not any(isinstance(each, Quarantined) for each in items)


def test_a_former_number_is_superseded_and_kept() -> None:
    more = "<FormerUPN>A999200124001</FormerUPN>"
    kinds = [each.plain.get("kind") for each in held.events(read(file(PUPIL.format(more=more))))]
    assert kinds[:2] == ["recorded", "number_superseded"]


def test_a_number_that_fails_its_letter_warns_and_is_kept() -> None:
    native = file(PUPIL.format(more="")).replace(b"K999200124001", b"A999200124001")
    recorded = held.events(read(native))[0]
    identity: Any = recorded.categories["identity"]
    faults: Any = recorded.native["faults"]
    assert identity["full"]["identifiers"][0]["assurance"] == "unverified"
    assert faults == [{"field": "UPN", "why": "bad_identifier"}]


@pytest.mark.parametrize(
    ("pupil", "reason"),
    [
        (PUPIL.format(more="").replace("2017", "2007"), "adult"),
        ("<Pupil/>", "no_subject"),
        ("", "no_pupil"),
    ],
)
def test_who_is_not_told_of(pupil: str, reason: str) -> None:
    (item,) = read(file(pupil))
    assert not isinstance(item, Event)
    assert item.reason == reason


def test_ethnicity_is_carried_by_nobody_and_what_is_new_is_named() -> None:
    more = "<Ethnicity>WBRI</Ethnicity><NCyearActual>4</NCyearActual><Pets>cat</Pets>"
    recorded = held.events(read(file(PUPIL.format(more=more))))[0]
    assert "WBRI" not in str(recorded)
    assert recorded.unseen == ("Pets",)
    assert recorded.native["unread"] == [
        {"field": "NCyearActual", "value": "4"},
        {"field": "Pets", "value": "cat"},
    ]


@given(st.data())
def test_a_file_with_any_bytes_replaced_is_accounted_for(data: st.DataObject) -> None:
    native = file(PUPIL.format(more=""), OTHERS)
    at = data.draw(st.integers(0, len(native)))
    put = data.draw(st.binary(max_size=8) | st.sampled_from([b"<UPN/>", b"</Pupil>", b"&lt;"]))
    accounted_for(Agency.SCHOOLS, FORM, native[:at] + put + native[at + len(put) :])
