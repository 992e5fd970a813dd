"""By which tokens a child is found blind: its own, never a brother's, a sister's or a twin's."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.domain.identity import Appearance, Name, Place, Profile, SubjectKind
from broker.domain.ids import SubjectId
from broker.identity.grades import birth_grade, forename_grade
from broker.identity.tokens import MOST, asked_tokens, held_tokens, is_of_a_whole_name
from tests.world import MATCHING

NAMES = MATCHING.names
HERE = Place(postcode="ZE84AF")
FORENAMES = [
    "amelia",
    "amelie",
    "amy",
    "millie",
    "robert",
    "bob",
    "robret",
    "oscar",
    "oscr",
    "thea",
]
SURNAMES = ["harewood", "harewod", "o neill", "smith", "amelia"]
DATES = ["2014-04-03", "2014-03-04", "2014-04-13", "2014-01-01", "2013-04-03", "2014-04"]


def held(forename: str = "amelia", surname: str = "harewood", birth: str = "2014-04-03") -> Profile:
    name = Name(forename=forename, surname=surname)
    return Profile(subject=SubjectId("s_1"), names=(name,), birth=birth, places=(HERE,))


def asked(
    forename: str | None = "amelia",
    surname: str | None = "harewood",
    birth: str | None = "2014-04-03",
    *places: Place,
) -> Appearance:
    return Appearance(names=(Name(forename=forename, surname=surname),), birth=birth, places=places)


def found(question: Appearance, profile: Profile) -> bool:
    return not held_tokens(profile, NAMES).isdisjoint(asked_tokens(question, NAMES))


@pytest.mark.parametrize(
    "question",
    [
        asked(),
        asked("millie"),  # short for it
        asked("amlia"),  # a letter less
        asked("ameliaa"),  # one more
        asked("amleia"),  # two exchanged
        asked("harewood", "amelia"),
        asked(birth="2014-03-04"),
        asked(birth="2014-04-13"),
        asked("amelia", "harwood"),  # of the same sound
        asked("amelia", "smith", "2014-04-03", HERE),
    ],
)
def test_a_child_is_found_in_spite_of_a_slip(question: Appearance) -> None:
    assert found(question, held())


@pytest.mark.parametrize(
    "question",
    [
        asked("thea"),
        asked("amelie"),  # both are names of their own
        asked("thea", "harewood", "2014-04-03", HERE),
        asked(birth="2013-04-03"),  # named for one who died
        asked("amelia", "smith"),
        asked(None),
        asked(birth=None),
        asked(birth="2014-04"),
    ],
)
def test_somebody_else_is_not(question: Appearance) -> None:
    assert not found(question, held())


def test_the_first_of_january_finds_nobody() -> None:
    assert not found(asked(birth="2014-01-01"), held(birth="2014-01-01"))


def test_no_protected_place_is_in_a_token() -> None:
    hidden = Place(postcode="ZE99XX", uprn="999000000001", restricted=True)
    name = Name(forename="amelia", surname="harewood")
    profile = Profile(subject=SubjectId("s_1"), names=(name,), birth="2014-04-03", places=(hidden,))
    assert not any(
        "ZE99XX" in each or "999000000001" in each for each in held_tokens(profile, NAMES)
    )
    moved = asked("amelia", "smith", "2014-04-03", Place(postcode="ZE99XX"))
    assert not found(moved, profile)


def test_a_whole_name_is_told_from_a_part() -> None:
    shared = held_tokens(held(), NAMES).intersection(asked_tokens(asked("millie"), NAMES))
    assert shared
    assert not any(map(is_of_a_whole_name, shared))
    whole = held_tokens(held(), NAMES).intersection(asked_tokens(asked(), NAMES))
    assert any(map(is_of_a_whole_name, whole))


def test_an_unborn_child_has_none() -> None:
    unborn = Profile(subject=SubjectId("s_2"), kind=SubjectKind.UNBORN, expected="2027-01-02")
    assert not held_tokens(unborn, NAMES)


WHO = st.tuples(st.sampled_from(FORENAMES), st.sampled_from(SURNAMES), st.sampled_from(DATES))


@given(one=WHO, other=WHO)
def test_whoever_shares_a_token_grades_at_least_one_in_both(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    question, profile = asked(*one, HERE), held(*other)
    if found(question, profile):
        assert forename_grade(question, profile, NAMES) >= 1
        assert birth_grade(question.birth, profile.birth, same_number=False) >= 1


@given(
    forename=st.text(alphabet=st.characters(categories=["Ll"]), min_size=1, max_size=14),
    at=st.integers(min_value=0, max_value=13),
    how=st.sampled_from(["less", "turned"]),
)
def test_a_slip_in_any_name_grades_at_least_one(forename: str, at: int, how: str) -> None:
    at %= len(forename)
    other = forename[:at] + forename[at + 1 :]
    if how == "turned" and at + 1 < len(forename):
        other = forename[:at] + forename[at + 1] + forename[at] + forename[at + 2 :]
    if not other:
        return
    for one, two in ((forename, other), (other, forename)):
        question, profile = asked(one), held(two)
        if found(question, profile):
            assert forename_grade(question, profile, NAMES) >= 1


def test_one_question_asks_for_no_more_than_may_be_sent() -> None:
    many = [Place(postcode=f"ZE8{n}AF") for n in range(10)]
    assert (
        len(asked_tokens(asked("elizabeth", "burns harewood", "2014-04-03", *many), NAMES)) == MOST
    )


def test_what_is_asked_repeats() -> None:
    assert list(asked_tokens(asked(), NAMES)) == list(asked_tokens(asked(), NAMES))
    assert date(2014, 4, 3).isoformat() in asked_tokens(asked(), NAMES)[0]
