"""
What bars a join where all that a form says fits somebody else: the twin who is not in the register,
a namesake, a sibling's number. Each was found by families made to confuse.
"""

from dataclasses import replace

import pytest

from broker.domain.identity import Appearance, Profile
from broker.domain.ids import SubjectId
from broker.domain.known import MatchState
from broker.evaluation.rows import appearance_from_row
from broker.identity.profile import registered
from broker.identity.verdict import Verdict, verdict
from tests.world import MATCHING, NOW

HOME = {"postcode": "ZE8 4AF", "uprn": "999000000003", "sex": "F"}
NHS_NUMBER = "9990006490"


def form(forename: str, **more: str) -> Appearance:
    said = {"forename": forename, "surname": "Huddlestone", "birth_date": "2014-02-20"}
    return appearance_from_row(said | HOME | more, NOW.date())


def judged(asked: Appearance, held: Appearance, *, population: int = 1_000_000) -> Verdict:
    matching = replace(MATCHING, population=population)
    profile: Profile = registered(SubjectId("S1"), held)
    return verdict(asked, [profile], matching=matching)


def test_a_name_of_its_own_at_home_joins() -> None:
    assert judged(form("Adaeze"), form("Adaeze")).state is MatchState.KNOWN


@pytest.mark.parametrize("short", ["Betty", "Liz", "Allie"])
def test_a_short_name_alone_may_be_the_twins(short: str) -> None:
    """Elizabeth, who is not in the register, is called what her twin is named."""
    found = judged(form(short), form(short))
    assert (found.state, found.why) == (MatchState.NEEDS_PERSON, "forename_short")
    sure = judged(form(short, nhs_number=NHS_NUMBER), form(short, nhs_number=NHS_NUMBER))
    assert sure.state is MatchState.KNOWN


@pytest.mark.parametrize(("called", "held"), [("Ben", "Benjamin"), ("Elizabeth", "Betty")])
def test_a_nickname_with_a_siblings_number_joins_nobody(called: str, held: str) -> None:
    """An NHS number alone; Danny and Daniel differ, since few are named Danny."""
    number = {"nhs_number": NHS_NUMBER}
    found = judged(form(called, **number), form(held, **number))
    assert (found.state, found.why) == (MatchState.NEEDS_PERSON, "nickname_alone")


def test_a_usual_nickname_joins_where_the_family_is_known() -> None:
    """A twin of Daniel would be in the register, as his sister Grace is."""
    number = {"nhs_number": NHS_NUMBER}
    alone = judged(form("Danny", **number), form("Daniel", **number))
    assert (alone.state, alone.why) == (MatchState.NEEDS_PERSON, "nickname_alone")
    family = [
        registered(SubjectId("S1"), form("Daniel", **number)),
        registered(SubjectId("S2"), form("Grace", birth_date="2016-05-01")),
    ]
    found = verdict(form("Danny", **number), family, matching=MATCHING)
    assert (found.state, found.subject) == (MatchState.KNOWN, "S1")


def test_two_numbers_are_hardly_both_the_siblings() -> None:
    numbers = {"nhs_number": NHS_NUMBER, "organisation": "org:ods:RZ2", "local_id": "H1"}
    assert judged(form("Ben", **numbers), form("Benjamin", **numbers)).state is MatchState.KNOWN


@pytest.mark.parametrize("address", [{"postcode": "ZE8 9QQ"}, {"postcode": ""}])
@pytest.mark.parametrize("population", [1_000, 1_000_000])
def test_a_name_and_a_birth_date_may_be_a_namesakes(
    address: dict[str, str], population: int
) -> None:
    """However rare the name: without home, family or number there is nothing of her own beside."""
    found = judged(form("Adaeze", uprn="", **address), form("Adaeze"), population=population)
    assert (found.state, found.why) == (MatchState.NEEDS_PERSON, "lives_elsewhere")


def test_a_namesake_next_door_has_a_door_of_her_own() -> None:
    found = judged(form("Adaeze", uprn="999000000004"), form("Adaeze"))
    assert (found.state, found.why) == (MatchState.NEEDS_PERSON, "lives_elsewhere")
    known = {"mother_forename": "Ngozi"}
    moved = judged(form("Adaeze", uprn="999000000004", **known), form("Adaeze", **known))
    assert moved.state is MatchState.KNOWN


def test_a_school_that_numbers_two_children_has_two() -> None:
    ours, theirs = (
        form("Adaeze", organisation="org:school:9980003", local_id=number)
        for number in ("S01", "S02")
    )
    found = judged(ours, theirs)
    assert (found.state, found.why) == (MatchState.NEEDS_PERSON, "numbered_otherwise")


def test_in_a_small_register_weaker_evidence_is_shown_to_a_person() -> None:
    """There are few who resemble anybody, and a child missed is a chronology in pieces."""
    small, trained = (
        replace(MATCHING, population=population).doubtful
        for population in (1_000, MATCHING.model.trained_on)
    )
    assert small < trained


def test_a_namesake_elsewhere_with_a_mother_of_the_same_name_is_for_a_person() -> None:
    elsewhere = {"postcode": "ZE9 4ZU", "uprn": "999000048849", "mother_forename": "Isabella"}
    asked = form("Adaeze", mother_forename="Isabella")
    found = judged(asked, form("Adaeze", **elsewhere))
    assert (found.state, found.why) == (MatchState.NEEDS_PERSON, "lives_elsewhere")


@pytest.mark.parametrize("called", ["Gabby", "Claas", "Thom", "Micky"])
def test_a_nickname_that_is_not_usual_joins_nobody_by_a_siblings_number(called: str) -> None:
    longs = {"Gabby": "Gabriella", "Claas": "Nicholas", "Thom": "Thomas", "Micky": "Michael"}
    number = {"nhs_number": NHS_NUMBER}
    found = judged(form(called, **number), form(longs[called], **number))
    assert (found.state, found.why) == (MatchState.NEEDS_PERSON, "nickname_alone")


def test_a_namesake_in_the_same_street_with_another_mother_is_for_a_person() -> None:
    street = {"uprn": "", "mother_forename": "Hawa"}
    found = judged(form("Adaeze", **street), form("Adaeze", mother_forename="Amira"))
    assert (found.state, found.why) == (MatchState.NEEDS_PERSON, "lives_elsewhere")
    typed = judged(
        form("Adaeze", uprn="", mother_forename="Amirra"), form("Adaeze", mother_forename="Amira")
    )
    assert typed.state is MatchState.KNOWN


def test_a_twin_called_by_the_others_name_is_told_by_the_schools_number() -> None:
    """Ryan is called Ry, as his twin is named, and his form carries the twin's NHS number."""
    school = {"nhs_number": NHS_NUMBER, "organisation": "org:school:9981068"}
    found = judged(form("Ry", local_id="S1", **school), form("Ry", local_id="S2", **school))
    assert (found.state, found.why) == (MatchState.NEEDS_PERSON, "numbered_otherwise")
