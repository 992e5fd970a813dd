"""Ed-Fi: rolls are facts; discipline raises only what the profile lists."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Event, Item
from broker.domain.words import Agency, EventType
from tests.adapters import held
from tests.adapters.test_conformance import accounted_for

FORM = "edfi-xml"
STUDENT = (
    "<Student><StudentUniqueId>604821</StudentUniqueId><Name><FirstName>Tyr</FirstName>"
    "<LastSurname>Testrow</LastSurname></Name><BirthData><BirthDate>2014-11-13</BirthDate></BirthData>"
    "</Student>"
)
WHO = (
    "<StudentReference><StudentIdentity><StudentUniqueId>604821</StudentUniqueId>"
    "</StudentIdentity></StudentReference>"
)
SCHOOL = (
    "<SchoolReference><SchoolIdentity><SchoolId>255901</SchoolId></SchoolIdentity>"
    "</SchoolReference>"
)
INCIDENT = (
    "<DisciplineIncident><IncidentIdentifier>10</IncidentIdentifier><IncidentDate>2026-10-18"
    "</IncidentDate><IncidentTime>09:00:00</IncidentTime><IncidentDescription>Pushed; “again”."
    "</IncidentDescription></DisciplineIncident>"
)
REFERS = (
    "<DisciplineIncidentReference><DisciplineIncidentIdentity><IncidentIdentifier>10"
    "</IncidentIdentifier><SchoolId>255901</SchoolId></DisciplineIncidentIdentity>"
    "</DisciplineIncidentReference>"
)
BEHAVED = (
    f"<StudentDisciplineIncidentBehaviorAssociation>{REFERS}{WHO}<Behavior>"
    "uri://ed-fi.org/BehaviorDescriptor#Bullying</Behavior></StudentDisciplineIncidentBehaviorAssociation>"
)


def interchange(*records: str) -> bytes:
    return (
        f'<InterchangeX xmlns="http://ed-fi.org/5.2.0">{"".join(records)}</InterchangeX>'.encode()
    )


def read(native: bytes, **profile: Any) -> Sequence[Item]:
    return held.read(Agency.SCHOOLS, FORM, native, **profile)


def reasons(items: Sequence[Item]) -> list[str]:
    return [each.type.value if isinstance(each, Event) else each.reason for each in items]


def test_a_student_on_a_roll_is_two_facts() -> None:
    since = "<EntryDate>2026-08-20</EntryDate>"
    roll = f"<StudentSchoolAssociation>{WHO}{SCHOOL}{since}</StudentSchoolAssociation>"
    items = read(interchange(STUDENT, roll), schools={"255901": "org:school:999001"})
    recorded, enrolled = held.events(items)
    for event in (recorded, enrolled):
        held.signed(event, Agency.SCHOOLS, FORM)
    assert enrolled.facts["organisation"] == "org:school:999001"
    assert enrolled.facts["from"] == "2026-08-20"


def test_an_incident_raises_only_what_the_profile_lists() -> None:
    native = interchange(STUDENT, INCIDENT, BEHAVED)
    assert reasons(read(native)) == ["identity.changed", "see_association", "no_listed_behaviour"]
    items = read(native, raise_behaviours={"Bullying": "EMO"})
    event = held.events(items)[-1]
    held.signed(event, Agency.SCHOOLS, FORM)
    assert event.type is EventType.CONCERN_RAISED
    narrative: Any = event.categories["narrative"]
    assert narrative["summary"]["abuse"] == ["EMO"]
    assert narrative["full"]["words"] == "Pushed; “again”."
    assert event.plain["level"] == "significant_harm"


def test_a_witness_is_no_subject_and_a_victim_is() -> None:
    beside = BEHAVED.replace("BehaviorAssociation", "NonOffenderAssociation")
    code = "<DisciplineIncidentParticipationCode>uri://x#{}</DisciplineIncidentParticipationCode>"
    for part, expected in (("Witness", "no_listed_behaviour"), ("Victim", "concern.raised")):
        said = beside.replace("<Behavior>", f"{code.format(part)}<Behavior>")
        items = read(interchange(INCIDENT, said), raise_behaviours=["Bullying"])
        assert reasons(items)[-1] == expected


def test_attendance_and_adults_raise_and_send_nothing() -> None:
    adult = STUDENT.replace("2014", "2004")
    event = "<StudentSchoolAttendanceEvent><EventDate>2026-09-01</EventDate>"
    event += "</StudentSchoolAttendanceEvent>"
    assert reasons(read(interchange(adult, event))) == ["adult", "not_needed"]


@given(st.data())
def test_an_interchange_with_any_bytes_replaced_is_accounted_for(data: st.DataObject) -> None:
    native = interchange(STUDENT, INCIDENT, BEHAVED)
    at = data.draw(st.integers(0, len(native)))
    put = data.draw(st.binary(max_size=8))
    accounted_for(Agency.SCHOOLS, FORM, native[:at] + put + native[at + len(put) :])
