"""NIEM reports, whatever their release: who is a child, what was done, what was taken back."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.codes import table
from adapters.contract import Event, Item
from broker.domain.words import Agency, EventType
from tests.adapters import held
from tests.adapters.test_conformance import accounted_for

FORM = "niem-xml"
TWO = {
    "nc": "http://niem.gov/niem/niem-core/2.0",
    "j": "http://niem.gov/niem/domains/jxdm/4.1",
    "s": "http://niem.gov/niem/structures/2.0",
    "measure": "MeasurePointValue",
    "role": "RoleOfPersonReference",
}
THREE = {
    "nc": "http://release.niem.gov/niem/niem-core/3.0/",
    "j": "http://release.niem.gov/niem/domains/jxdm/5.0/",
    "s": "http://release.niem.gov/niem/structures/3.0/",
    "measure": "MeasureIntegerValue",
    "role": "RoleOfPerson",
}
FIVE = {**THREE, "nc": "http://release.niem.gov/niem/niem-core/5.0/"}


def person(identity: str, inside: str) -> str:
    return f'<nc:Person s:id="{identity}">{inside}</nc:Person>'


def named(given: str, family: str, born: str = "") -> str:
    date = f"<nc:PersonBirthDate><nc:Date>{born}</nc:Date></nc:PersonBirthDate>" if born else ""
    return (
        f"{date}<nc:PersonName><nc:PersonGivenName>{given}</nc:PersonGivenName>"
        f"<nc:PersonSurName>{family}</nc:PersonSurName></nc:PersonName>"
    )


CHILD = person("P1", named("Test", "Younger", "2016-04-01"))
ELDER = person("P2", named("Test", "Elder", "1985-01-01"))
INCIDENT = (
    "<nc:Activity><nc:ActivityIdentification><nc:IdentificationID>I-1</nc:IdentificationID>"
    "</nc:ActivityIdentification><nc:ActivityDate><nc:Date>2026-11-02</nc:Date></nc:ActivityDate>"
    "<nc:ActivityDescriptionText>Officer Child\n attended; “no”.</nc:ActivityDescriptionText>"
    "</nc:Activity>"
)


def offence(code: str, identity: str = "O1") -> str:
    return (
        f'<j:Offense s:id="{identity}"><j:OffenseUCRCode>{code}\n </j:OffenseUCRCode></j:Offense>'
    )


def role(name: str, points: str, identity: str = "") -> str:
    own = f' s:id="{identity}"' if identity else ""
    return f'<j:{name}{own}><nc:ROLE s:ref="{points}"/></j:{name}>'


def report(*parts: str, release: dict[str, str] = TWO, root: str = "IncidentReport") -> bytes:
    body = "".join(parts).replace("ROLE", release["role"]).replace("MEASURE", release["measure"])
    spaces = " ".join(f'xmlns:{name}="{release[name]}"' for name in ("nc", "j", "s"))
    return f'<r:{root} xmlns:r="urn:x" {spaces}>{body}</r:{root}>'.encode()


VICTIM = role("Victim", "P1", "V1")
USUAL = (INCIDENT, offence("13B"), CHILD, ELDER, VICTIM, role("Subject", "P2"))


def read(native: bytes) -> Sequence[Item]:
    return held.read(Agency.POLICE, FORM, native)


def only(items: Sequence[Item]) -> Event:
    (found,) = held.events(items)
    held.signed(found, Agency.POLICE, FORM)
    return found


def reasons(items: Sequence[Item]) -> list[str]:
    return [each.type.value if isinstance(each, Event) else each.reason for each in items]


def said(event: Event, category: str) -> dict[str, Any]:
    found: Any = event.categories[category]
    return dict(found)


@pytest.mark.parametrize("release", [TWO, THREE, FIVE], ids=["2.0", "3.0", "5.0"])
def test_every_release_gives_the_same_concern(release: dict[str, str]) -> None:
    event, second = only(read(report(*USUAL, release=release))), only(read(report(*USUAL)))
    assert event.categories == second.categories
    assert (event.plain, event.reference, event.version) == (
        second.plain,
        second.reference,
        second.version,
    )
    assert said(event, "narrative")["full"]["words"] == "Officer Child\n attended; “no”."
    assert event.reference == "I-1"


@pytest.mark.parametrize("code", sorted(table("ucr_offences")))
def test_every_mapped_offence_raises_with_its_abuse(code: str) -> None:
    event = only(read(report(INCIDENT, offence(code), CHILD, VICTIM)))
    assert said(event, "narrative")["summary"]["abuse"] == [table("ucr_offences")[code]["abuse"]]


def test_an_offence_that_nobody_mapped_goes_to_a_person() -> None:
    assert reasons(read(report(INCIDENT, offence("999"), CHILD, VICTIM))) == ["unknown_code"]


def test_an_offence_is_tied_to_its_victim() -> None:
    adult = role("Victim", "P2", "V2")
    ties = (
        '<j:OffenseVictimAssociation><j:Offense s:ref="O1"/><j:Victim s:ref="V2"/>'
        '</j:OffenseVictimAssociation><j:OffenseVictimAssociation><j:Offense s:ref="O2"/>'
        '<j:Victim s:ref="V1"/></j:OffenseVictimAssociation>'
    )
    both = (INCIDENT, offence("11A"), offence("13B", "O2"), CHILD, ELDER, VICTIM, adult, ties)
    event = only(read(report(*both)))
    assert said(event, "narrative")["summary"]["abuse"] == ["PHY"]


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (named("A", "Child", "1985-01-01"), "no_child_victim"),
        (named("A", "B", "2008-11-02"), "no_child_victim"),
        (named("A", "B", "2008-11-03"), "concern.raised"),
        (
            named("A", "B", "2008-11-03")
            + "<nc:PersonAgeMeasure><nc:MEASURE>19</nc:MEASURE></nc:PersonAgeMeasure>",
            "concern.raised",
        ),
        (
            named("A", "B")
            + "<nc:PersonAgeMeasure><nc:MEASURE>10</nc:MEASURE></nc:PersonAgeMeasure>",
            "concern.raised",
        ),
        (
            named("A", "B")
            + "<nc:PersonAgeMeasure><nc:MEASURE>NB</nc:MEASURE></nc:PersonAgeMeasure>",
            "concern.raised",
        ),
        (
            named("A", "B")
            + "<nc:PersonAgeMeasure><nc:MEASURE>00</nc:MEASURE></nc:PersonAgeMeasure>",
            "no_child_victim",
        ),
        (named("A", "B"), "no_child_victim"),
    ],
)
def test_who_is_a_child_is_said_by_the_birth_date_before_the_age(
    inside: str, expected: str
) -> None:
    native = report(INCIDENT, offence("13B"), person("P1", inside), VICTIM)
    assert reasons(read(native)) == [expected]


def test_two_children_are_two_concerns_tied_together() -> None:
    other = person("P3", named("Kit", "Younger", "2018-04-01"))
    items = read(report(*USUAL, other, role("Victim", "P3", "V3")))
    first, second = held.events(items)
    assert first.subject_key != second.subject_key
    assert first.correlation_key == second.correlation_key


@pytest.mark.parametrize(
    "parts",
    [
        (INCIDENT, CHILD, VICTIM),
        (INCIDENT, offence("13B"), CHILD, role("Witness", "P1")),
        (INCIDENT, offence("13B"), CHILD, role("Subject", "P1")),
        ("<j:Warrant/>", CHILD, role("Subject", "P1")),
    ],
)
def test_no_child_victim_no_concern(parts: tuple[str, ...]) -> None:
    assert held.events(read(report(*parts))) == []


@pytest.mark.parametrize("root", ["PersonQuery", "SearchRequest", "Subscription"])
def test_a_question_is_not_a_concern(root: str) -> None:
    assert reasons(read(report(*USUAL, root=root))) == ["query"]


def test_a_placement_is_a_fact_and_an_intake_a_concern() -> None:
    child = '<j:Child><nc:ROLE s:ref="P1"/></j:Child>'
    when = "<nc:ActivityDate><nc:Date>2026-09-01</nc:Date></nc:ActivityDate>"
    intake = f"<r:JuvenileIntake>{when}</r:JuvenileIntake>"
    placed = f"<r:JuvenilePlacement>{when}</r:JuvenilePlacement>"
    plan = f"<r:JuvenileCasePlan>{when}</r:JuvenileCasePlan>"
    assert reasons(read(report(CHILD, child, intake, root="JuvenileHistory"))) == ["concern.raised"]
    (opened,) = held.events(read(report(CHILD, child, placed, root="JuvenileHistory")))
    assert opened.type is EventType.CASE_OPENED
    assert opened.facts == {"status": "looked_after", "from": "2026-09-01"}
    held.signed(opened, Agency.POLICE, FORM)
    both = read(report(CHILD, child, intake, plan, root="JuvenileHistory"))
    assert reasons(both) == ["concern.raised", "case.opened"]


@pytest.mark.parametrize(
    "said_so",
    ["<r:ReportActionCategoryCode>D</r:ReportActionCategoryCode>",
     "<r:DataItemPublishInstruction>Delete\n</r:DataItemPublishInstruction>"],
)  # fmt: skip
def test_a_deleted_report_takes_back_what_was_raised(said_so: str) -> None:
    raised, taken = only(read(report(*USUAL))), only(read(report(*USUAL, said_so)))
    assert taken.type is EventType.CONCERN_RETRACTED
    assert (taken.reference, taken.subject_key) == (raised.reference, raised.subject_key)


def test_a_confidential_place_stands_in_one_category_alone() -> None:
    home = (
        "<nc:LocationAddress><nc:StreetFullText>9 Quarry View</nc:StreetFullText>"
        "</nc:LocationAddress>"
        "<j:PersonProtectedIndicator>true</j:PersonProtectedIndicator>"
    )
    child = person("P1", named("Test", "Younger", "2016-04-01") + home)
    event = only(read(report(INCIDENT, offence("13B"), child, VICTIM)))
    assert event.routing["location_protected"] is True
    rest = {name: each for name, each in event.categories.items() if name != "protected_location"}
    assert "Quarry" not in json.dumps(rest)


def test_whoever_reported_it_stands_apart() -> None:
    native = report(*USUAL, person("P4", named("Pat", "Onlooker")), role("Complainant", "P4"))
    event = only(read(native))
    assert said(event, "referrer")["full"] == {"name": "Pat Onlooker"}
    rest = {name: each for name, each in event.categories.items() if name != "referrer"}
    assert "Onlooker" not in json.dumps(rest)


def test_a_date_that_nobody_can_read_costs_no_concern() -> None:
    native = report(*USUAL).replace(b"2026-11-02", b"02/11/2026")
    event = only(read(native))
    assert said(event, "narrative")["summary"]["occurred"] == "unknown"
    faults: Any = event.native["faults"]
    assert {"field": "ActivityDate", "why": "bad_date"} in faults


@given(st.data())
def test_a_report_with_any_bytes_replaced_is_accounted_for(data: st.DataObject) -> None:
    native = report(*USUAL)
    at = data.draw(st.integers(0, len(native)))
    put = data.draw(st.binary(max_size=10) | st.sampled_from([b"<a/>", b"&#0;", b"</", b'"']))
    accounted_for(Agency.POLICE, FORM, native[:at] + put + native[at + len(put) :])


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), min_size=4))
def test_any_text_whatever_in_its_places_is_accounted_for(texts: list[str]) -> None:
    clean = [each.replace("&", "&amp;").replace("<", "&lt;") for each in texts]
    parts = report(INCIDENT, offence(clean[0]), person("P1", named(*clean[1:4])), VICTIM)
    accounted_for(Agency.POLICE, FORM, parts)
