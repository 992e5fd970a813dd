"""Blocking keys, and what of a notification they are made from."""

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.domain.identity import (
    Appearance,
    Assurance,
    Carer,
    Name,
    Number,
    Place,
    Profile,
    SubjectKind,
)
from broker.domain.ids import SubjectId
from broker.identity import tables
from broker.identity.appearance import appearance_from
from broker.identity.keys import Key, asked_keys, hashed, keys_of, lock_keys
from broker.identity.names import names_from
from broker.identity.normal import name_from

FOLDER = Path(tables.__file__).parent
NAMES = names_from(
    (FOLDER / "forenames.csv").read_text(encoding="utf-8"),
    (FOLDER / "nicknames.csv").read_text(encoding="utf-8"),
)
TODAY = date(2026, 10, 4)
DANIEL = Appearance(
    names=(name_from("Daniel", "Okafor"),),
    birth="2012-11-05",
    sex="M",
    places=(Place(postcode="ZE84AF", uprn="999000000003"),),
    telephones=("+447700900103",),
    numbers=(Number(system="nhs_number", value="9990006490", assurance=Assurance.VERIFIED),),
)
MOTHER = Carer(relation="mother", forename="adaeze", surname="nwosu", birth="1998-05-17")
UNBORN = Appearance(kind=SubjectKind.UNBORN, expected="2026-12-24", carers=(MOTHER,))


def stored(known: Appearance | Profile) -> set[Key]:
    return set(keys_of(known, NAMES))


def asked(appearance: Appearance, year: int | None = None) -> set[Key]:
    return set(asked_keys(appearance, NAMES, year=year))


def letters(keys: set[Key]) -> str:
    return "".join(sorted({key.letter for key in keys}))


def shared(notification: Appearance, subject: Appearance) -> str:
    """The letters of the keys by which a notification finds a subject."""
    return letters(asked(notification) & stored(subject))


def called(given_name: str, family_name: str, **changed: Any) -> Appearance:
    return replace(DANIEL, names=(name_from(given_name, family_name),), **changed)


def test_a_whole_appearance_has_the_eleven_keys_each_once() -> None:
    keys = list(keys_of(DANIEL, NAMES))
    assert [key.letter for key in sorted(keys)] == list("ABCDEFGHIJN")


def test_nothing_is_stored_of_somebody_of_whom_nothing_is_known() -> None:
    assert not stored(Appearance())
    assert not asked(Appearance(age=6), year=2026)


@pytest.mark.parametrize(
    ("notification", "expected"),
    [
        (called("Danny", "Okafor"), "ABCDEFGHIJN"),
        (called("Dainel", "Okafor"), "BCGHIN"),
        (called("Daniel", "Okaffor"), "ABCDEFGHIJN"),
        (called("Okafor", "Daniel"), "ACHIN"),
        (called("Daniel", "Smith"), "ACDHIN"),
        (called("", ""), "CHIN"),
        (replace(DANIEL, birth="2012-05-11"), "ABDEFGHIJN"),
        (replace(DANIEL, birth="2012-11-06"), "DEFGHIJN"),
        (replace(DANIEL, birth="2012-11"), "DEFGHIJN"),
        (replace(DANIEL, birth="2012"), "DEFGHIJN"),
        (replace(DANIEL, birth=None), "DFGHIN"),
        (replace(DANIEL, places=()), "ABEIJN"),
        (replace(DANIEL, places=(Place(postcode="ZE89ZX"),)), "ABCEFIJN"),
    ],
)
def test_one_slip_leaves_keys_that_find_the_subject(
    notification: Appearance, expected: str
) -> None:
    assert shared(notification, DANIEL) == expected


def test_a_first_of_january_is_looked_for_a_year_either_side() -> None:
    guessed = replace(DANIEL, birth="2012-01-01", places=(), telephones=(), numbers=())
    for birth, found in (("2011-06-07", "E"), ("2013-06-07", "E"), ("2014-06-07", "")):
        assert shared(guessed, replace(DANIEL, birth=birth)) == found


def test_an_age_is_a_range_of_years_and_only_asked_for() -> None:
    seen = Appearance(names=DANIEL.names, described=True, age=6)
    assert not stored(seen)
    assert not asked(seen)
    years = {key.text[:4] for key in asked(seen, year=2026)}
    assert years == {"2018", "2019", "2020", "2021"}
    child = replace(DANIEL, birth="2019-09-30")
    assert letters(asked(seen, year=2026) & stored(child)) == "EJ"


def test_either_half_of_a_double_barrelled_name_finds_the_whole() -> None:
    whole = called("Siân", "O’Brien-Evans")
    for half in ("Evans", "OBrien", "Evans-O'Brien"):
        assert {"B", "E", "F", "G"} <= set(shared(called("Sian", half), whole))


def test_a_nickname_of_several_names_finds_each() -> None:
    for long in ("Charles", "Charlotte"):
        assert "A" in shared(called("Charlie", "Okafor"), called(long, "Okafor"))


def test_a_name_in_another_script_may_sound_alike() -> None:
    there = called("Zuzanna", "Lukasevich", places=(), telephones=(), numbers=())
    assert shared(called("Зузанна", "Лукасевич"), there) == "ABEJ"


def test_every_alias_and_every_place_has_keys() -> None:
    names = (*DANIEL.names, name_from("Kofi", "Mensah"))
    moved = replace(DANIEL, names=names, places=(*DANIEL.places, Place(postcode="ZE71AB")))
    alone = {"numbers": (), "telephones": (), "birth": "2012-11-05"}
    assert shared(called("Kofi", "Mensah", places=(), **alone), moved) == "ABEJ"
    there = (Place(postcode="ZE71AB"),)
    assert shared(called("Kofi", "Mensah", **alone | {"places": there}), moved) == "ABCDEFGJ"


def test_a_spelling_seen_once_finds_the_subject_too() -> None:
    profile = Profile(
        subject=SubjectId("s"), names=DANIEL.names, other_names=(Name(surname="mensah"),)
    )
    profile = replace(profile, birth="2012-11-05")
    assert letters(asked(called("Kofi", "Mensah", birth="2012-11-05")) & stored(profile)) == "B"


@pytest.mark.parametrize(
    ("system", "issuer", "assurance", "found"),
    [
        ("nhs_number", "", Assurance.CHECKSUM_OK, True),
        ("nhs_number", "", Assurance.UNVERIFIED, False),
        ("nhs_number", "", Assurance.INVALID, False),
        ("mis_id", "org:la:x", Assurance.VERIFIED, True),
        ("mis_id", "org:la:x", Assurance.UNVERIFIED, False),
        ("upn", "", Assurance.UNVERIFIED, True),  # a wrong check letter: found, never joined
        ("upn", "", Assurance.INVALID, False),
    ],
)
def test_a_number_finds_if_it_may_be_relied_on(
    system: str, issuer: str, assurance: Assurance, *, found: bool
) -> None:
    number = Number(system=system, issuer=issuer, value="X1", assurance=assurance)
    assert bool(stored(Appearance(numbers=(number,)))) is found


def test_a_local_number_finds_only_within_its_issuer() -> None:
    here, there = (
        Number(system="mis_id", issuer=issuer, value="7", assurance=Assurance.VERIFIED)
        for issuer in ("org:school:a", "org:school:b")
    )
    assert not stored(Appearance(numbers=(here,))) & stored(Appearance(numbers=(there,)))


def test_a_former_upn_finds_who_had_it() -> None:
    former, present = (
        Number(system=system, value="B801200005001", assurance=Assurance.CHECKSUM_OK)
        for system in ("former_upn", "upn")
    )
    assert stored(Appearance(numbers=(former,))) == stored(Appearance(numbers=(present,)))


def test_what_comes_from_a_protected_place_is_restricted_and_nothing_else() -> None:
    hidden = replace(
        DANIEL,
        places=(Place(postcode="ZE71AB", uprn="7", restricted=True),),
        safe_telephones=("+447700900199",),
    )
    keys = stored(hidden)
    assert letters({key for key in keys if key.restricted}) == "CDFGHI"
    open_keys = {key for key in keys if not key.restricted}
    assert letters(open_keys) == "ABEIJN"
    assert not any("ZE7" in key.text or "199" in key.text for key in open_keys)


def test_a_place_that_is_protected_anywhere_is_restricted_everywhere() -> None:
    both = replace(DANIEL, places=(*DANIEL.places, replace(DANIEL.places[0], restricted=True)))
    assert all(key.restricted for key in stored(both) if key.letter in "CDFGH")
    assert len(list(keys_of(both, NAMES))) == 11


def test_an_unborn_child_is_found_by_its_mother() -> None:
    for expected in ("2026-11-12", "2027-02-03", "2026-12", None):
        assert "M" in shared(replace(UNBORN, expected=expected), UNBORN)
    unnamed = replace(UNBORN, carers=(replace(MOTHER, birth=None),))
    assert shared(replace(unnamed, expected="2027-02-03"), UNBORN) == "M"
    assert shared(replace(unnamed, expected="2027-08-01"), UNBORN) == ""
    assert shared(replace(UNBORN, carers=(replace(MOTHER, relation="grandparent"),)), UNBORN) == ""


def test_a_mother_is_no_key_of_a_child_who_was_born() -> None:
    assert "M" not in letters(asked(replace(DANIEL, carers=(MOTHER,))))


def test_two_first_notifications_are_kept_apart_by_a_and_e() -> None:
    assert {key.letter for key in lock_keys(list(keys_of(DANIEL, NAMES)))} == {"A", "E"}
    by_place = replace(DANIEL, birth=None)
    assert set(lock_keys(list(keys_of(by_place, NAMES)))) == stored(by_place)


def hash64(text: bytes) -> int:
    digest = hashlib.blake2b(text, digest_size=8, key=b"of this test").digest()
    return int.from_bytes(digest, "big", signed=True)


def test_a_hashed_key_keeps_its_letter_and_its_restriction_and_nothing_more() -> None:
    keys = list(keys_of(replace(DANIEL, safe_telephones=("+447700900199",)), NAMES))
    made = hashed(keys, hash64)
    assert [(each.letter, each.restricted) for each in made] == [
        (key.letter, key.restricted) for key in keys
    ]
    assert len({each.value for each in made}) == len(keys)
    assert all(-(2**63) <= each.value < 2**63 for each in made)
    assert "ZE84AF" not in repr(keys)


FORENAMES = st.sampled_from(
    ["Robert", "Bob", "Emily", "Łukasz", "李", "Зузанна", "", "O", "\ud800"]
)
SURNAMES = st.sampled_from(
    ["Smith", "Smith-Jones", "van der Berg", "Ng", "李", "محمد", "", "\ud800"]
)
BIRTHS = st.one_of(
    st.none(), st.sampled_from(["2012", "2012-04", "2012-01-01"]), st.dates().map(str)
)
PLACES = st.builds(
    Place,
    postcode=st.sampled_from(["ZE84AF", "ZE71AB", None]),
    uprn=st.sampled_from(["7", None]),
    restricted=st.booleans(),
)
APPEARANCES = st.builds(
    Appearance,
    kind=st.sampled_from(SubjectKind),
    names=st.lists(st.builds(name_from, FORENAMES, SURNAMES), max_size=3),
    birth=BIRTHS,
    expected=BIRTHS,
    age=st.one_of(st.none(), st.integers(0, 25)),
    places=st.lists(PLACES, max_size=3),
    carers=st.sampled_from([(), (MOTHER,)]),
)


@given(APPEARANCES, APPEARANCES)
def test_keys_are_a_function_of_the_appearance(one: Appearance, other: Appearance) -> None:
    keys = list(keys_of(one, NAMES))
    assert keys == list(keys_of(replace(one), NAMES))
    assert len({key[:2] for key in keys}) == len(keys)
    assert set(keys) <= asked(one)
    assert set(lock_keys(list(keys_of(one, NAMES)))) <= set(keys)
    assert len(hashed(asked_keys(one, NAMES, year=2026), hash64)) >= len(keys)
    if one.birth and one.birth == other.birth and len(one.birth) == 10:
        nicks = [
            {NAMES.canonical(name.forename) for name in each.names if name.forename}
            for each in (one, other)
        ]
        if nicks[0] & nicks[1]:
            assert "A" in shared(one, other)


SUMMARY = {
    "known": "identified",
    "subject_kind": "child",
    "given_name": "Elizabeth",
    "family_name": "O’Hara-Huddlestone",
    "birth_date": "2014-02-20",
    "sex": "F",
}
CALLED = "Elizabeth O’Hara-Huddlestone"
CLAIMS: dict[str, Any] = {
    "identity.summary": SUMMARY,
    "identity.full": {
        "identifiers": [
            {"system": "nhs_number", "value": "999 000 1014", "assurance": "verified"},
            {"system": "upn", "value": "nonsense", "assurance": "checksum_ok"},
        ],
        "other_names": ["Betty", "Elizabeth Cartwright"],
        "address": {"lines": ["1 High Street"], "postcode": "ze6 2ad", "uprn": "000000000007"},
        "telephone": ["07700 900101", "n/a", "01632 960001"],
    },
    "family.full": {
        "people": [
            {"relation": "mother", "name": "Molly Huddlestone", "birth_date": "1990-01-31"},
            {"relation": "sibling", "name": "Grace Huddlestone"},
            {"relation": "foster_carer", "name": "unknown"},
        ]
    },
    "routing": {"location_protected": False},
}


def test_an_appearance_holds_what_a_notification_says() -> None:
    seen = appearance_from(CLAIMS, TODAY, switchboards=frozenset({"+441632960001"}))
    assert seen == Appearance(
        names=(
            Name(forename="elizabeth", surname="ohara huddlestone"),
            Name(forename="betty", surname="ohara huddlestone"),
            Name(forename="elizabeth", surname="cartwright"),
        ),
        written=(CALLED, "Betty", "Elizabeth Cartwright"),
        birth="2014-02-20",
        sex="F",
        places=(Place(postcode="ZE62AD", uprn="7"),),
        telephones=("+447700900101",),
        carers=(
            Carer(relation="mother", forename="molly", surname="huddlestone", birth="1990-01-31"),
        ),
        numbers=(Number(system="nhs_number", value="9990001014", assurance=Assurance.VERIFIED),),
    )


def test_a_protected_place_and_its_telephone_only_find() -> None:
    hidden = {
        "address": {"postcode": "ZE7 5AS"},
        "telephone": ["07700 900112"],
        "new_name": "Chloe Whitcombe",
    }
    seen = appearance_from(CLAIMS | {"protected_location.full": hidden}, TODAY)
    assert Place(postcode="ZE75AS", restricted=True) in seen.places
    assert seen.safe_telephones == ("+447700900112",)
    assert "+447700900112" not in seen.telephones
    assert Name(forename="chloe", surname="whitcombe") in seen.names
    assert "Chloe Whitcombe" not in seen.written  # it finds, and nobody is shown it


def test_where_the_location_is_protected_every_place_is_restricted() -> None:
    seen = appearance_from(CLAIMS | {"routing": {"location_protected": True}}, TODAY)
    assert seen.places
    assert all(place.restricted for place in seen.places)


def test_an_unborn_child_lives_where_its_mother_does() -> None:
    people = [
        {
            "relation": "mother",
            "name": "Adaeze Nwosu",
            "birth_date": "1998-05-17",
            "address": {"postcode": "ZE8 6AT"},
            "telephone": ["07700900113"],
        },
        {"relation": "father", "name": "A Nother", "address": {"postcode": "ZE5 5AD"}},
    ]
    summary = {"known": "identified", "subject_kind": "unborn", "expected_birth_date": "2026-12-24"}
    claims = {"identity.summary": summary, "family.full": {"people": people}}
    seen = appearance_from(claims, TODAY)
    assert (seen.kind, seen.expected, seen.birth) == (SubjectKind.UNBORN, "2026-12-24", None)
    assert seen.places == (Place(postcode="ZE86AT"),)
    assert seen.telephones == ("+447700900113",)
    assert shared(seen, UNBORN) == "M"


def test_somebody_who_was_only_seen_is_described() -> None:
    summary = {"known": "described", "subject_kind": "child", "approximate_age": 6, "sex": "M"}
    seen = appearance_from({"identity.summary": summary}, TODAY)
    assert (seen.described, seen.age, seen.sex, seen.names) == (True, 6, "M", ())


def test_where_real_children_are_a_test_number_says_nothing() -> None:
    assert appearance_from(CLAIMS, TODAY, test_range=False).numbers == ()


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from([*SUMMARY, *CLAIMS["identity.full"], "people", "relation", "name"]),
            inner,
            max_size=5,
        ),
    ),
)


@given(
    st.dictionaries(
        st.sampled_from([*CLAIMS, "protected_location.full", "narrative.full"]), JSON, max_size=5
    )
)
def test_whatever_is_claimed_is_read_without_an_error(claims: dict[str, Any]) -> None:
    seen = appearance_from(claims, TODAY)
    hashed(asked_keys(seen, NAMES, year=2026), hash64)
