"""What two descriptions of a child have in common, level by level, and what a model may be."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest

from broker.domain.identity import (
    Appearance,
    Assurance,
    Carer,
    Comparison,
    Line,
    Name,
    Number,
    Place,
    Profile,
)
from broker.domain.ids import SubjectId
from broker.errors import Misconfigured
from broker.identity.compare import (
    Facet,
    birth_level,
    forename_level,
    household_level,
    identifier_level,
    levels_of,
    sex_level,
    surname_level,
    weigh,
    weigh_pair,
)
from broker.identity.levels import LEVELS
from broker.identity.names import Names, names_from
from broker.identity.weights import (
    NORMALISER,
    Frequencies,
    Level,
    Model,
    Thresholds,
    bits_of,
    model_from,
    text_from,
)

NAMES = names_from("name,births\nrobert,1000\n", "short,long\nbob,robert\nbetty,elizabeth\n")


def a_model(**changed: Any) -> Model:
    """Every level another number of bits, so that no two can be taken for each other."""
    numbered = enumerate((c, name) for c, names in LEVELS.items() for name in names)
    levels: dict[Comparison, dict[str, Level]] = {c: {} for c in LEVELS}
    for n, (comparison, name) in numbered:
        levels[comparison][name] = Level(
            m=0.5, u=0.5 / 2 ** (12 - n / 2) if n < 24 else 0.5 + n / 99
        )
    whole = {
        "normaliser": NORMALISER,
        "levels": levels,
        "forenames": Frequencies(total=1000, counts={"amelia": 20}),
        "surnames": Frequencies(total=1000, counts={"smith": 50}),
        "prior": -16.8,
        "trained_on": 100_000,
    }
    return Model(**{**whole, **changed})


def named(forename: str | None, surname: str | None = None) -> Facet:
    return Facet(forename=forename, surname=surname)


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("amelia", "amelia", "equal"),
        ("bob", "robert", "nickname"),
        ("robert", "bob", "nickname"),
        ("bob", "betty", "initial"),
        ("amelia", "amelai", "close"),
        ("amelia", "amelie", "close"),  # an established name: the guard's business, no weight's
        ("daniel", "denise", "alike"),
        ("amelia", "aisha", "initial"),
        ("amelia", "zoe", "differs"),
        ("amelia", None, "missing"),
        ("амелия", "амелия", "equal"),
        ("амелия", "zoe", "missing"),  # two scripts: nothing to compare
        ("амелия", "амелиа", "differs"),  # likeness is measured in Latin letters only
    ],
)
def test_forenames(one: str, other: str, level: str) -> None:
    assert forename_level(named(one), named(other), NAMES) == level
    assert forename_level(named(other), named(one), NAMES) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("huddlestone", "huddlestone", "equal"),
        ("okafor", "okafor jones", "half"),
        ("okafor smith", "okafor jones", "sound"),
        ("van berg", "van dyke", "alike"),  # a particle is no half
        ("huddlestone", "hudlestone", "close"),
        ("reid", "read", "sound"),
        ("parker", "barker", "alike"),
        ("smith", "okafor", "differs"),
        ("smith", None, "missing"),
        ("иванов", "ivanov", "missing"),
    ],
)
def test_surnames(one: str, other: str, level: str) -> None:
    assert surname_level(named("a", one), named("b", other)) == level
    assert surname_level(named("b", other), named("a", one)) == level


def test_a_family_name_given_first_is_one_fact_and_counted_once() -> None:
    left, right = named("nguyen", "anh"), named("anh", "nguyen")
    assert forename_level(left, right, NAMES) == "exchanged"
    assert surname_level(left, right) == "exchanged"


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("2012-03-04", "2012-03-04", "equal"),
        ("2012-03-04", "2012-04-03", "exchanged"),
        ("2012-03-04", "2012-03-14", "one_edit"),
        ("2012-03-04", "2021-03-04", "one_edit"),  # two digits transposed
        ("2012-03-04", "2013-03-05", "near"),
        ("2012-03-04", "2012-11-29", "near"),
        ("2012-03-04", "2009-11-29", "differs"),
        ("2012-03-04", "2012-03", "missing"),  # never padded
        ("2012", "2012", "missing"),
        (None, "2012-03-04", "missing"),
    ],
)
def test_birth_dates(one: str | None, other: str, level: str) -> None:
    assert birth_level(one, other) == birth_level(other, one) == level


def test_sex() -> None:
    assert [sex_level("F", "F"), sex_level("F", "M"), sex_level("F", None)] == [
        "equal",
        "differs",
        "missing",
    ]


HOME = Facet(
    surname="okafor", postcode="ZE84AF", uprn="3", telephone="+447700900103", mother="ngozi"
)


@pytest.mark.parametrize(
    ("other", "level"),
    [
        (Facet(uprn="3", postcode="ZE51AA"), "same"),
        (Facet(telephone="+447700900103"), "same"),
        (Facet(surname="okafor", postcode="ZE84AF"), "same"),
        (Facet(surname="smith", postcode="ZE84AF"), "near"),
        (Facet(mother="ngozi", postcode="ZE51AA"), "near"),
        (Facet(postcode="ZE84XX"), "district"),
        (Facet(postcode="ZE51AA", mother="ada"), "differs"),
        (Facet(uprn="4"), "differs"),
        (Facet(surname="okafor"), "missing"),
    ],
)
def test_a_household_is_one_fact(other: Facet, level: str) -> None:
    assert household_level(HOME, other) == household_level(other, HOME) == level
    asked, held = appearance_of(HOME), profile_of(other)
    (line,) = [x for x in weigh(asked, held, a_model(), NAMES) if x.comparison == "household"]
    assert line.level == level


def appearance_of(facet: Facet) -> Appearance:
    return Appearance(**parts_of(facet))


def profile_of(facet: Facet, **more: Any) -> Profile:
    return Profile(**{"subject": SubjectId("S01"), **parts_of(facet), **more})


def parts_of(facet: Facet) -> Mapping[str, Any]:
    return {
        "names": (Name(forename=facet.forename, surname=facet.surname),),
        "birth": facet.birth,
        "sex": facet.sex,
        "places": (Place(postcode=facet.postcode, uprn=facet.uprn),),
        "telephones": (facet.telephone,) if facet.telephone else (),
        "carers": (Carer(relation="mother", forename=facet.mother),),
    }


def number(value: str, system: str = "nhs_number", issuer: str = "", **more: Any) -> Number:
    given = {"assurance": Assurance.CHECKSUM_OK, **more}
    return Number(system=system, issuer=issuer, value=value, **given)


def test_identifiers() -> None:
    ours, theirs = number("9990006490"), number("9990001014")
    doubted = number("9990006490", assurance=Assurance.UNVERIFIED)
    local = number("77", "mis_id", "org:oakfield")
    assert identifier_level([ours], [ours]) == "equal"
    assert identifier_level([ours], [theirs, ours]) == "equal"
    assert identifier_level([ours], [theirs]) == "differs"
    assert identifier_level([doubted], [ours]) == "none"
    assert identifier_level([ours], [doubted]) == "none"
    assert identifier_level([local], [local]) == "equal"
    assert identifier_level([local], [number("77", "mis_id", "org:elm-lane")]) == "none"
    assert identifier_level([number("77", "mis_id")], [number("77", "mis_id")]) == "none"
    assert identifier_level([], [ours]) == "none"


CHILD = Facet(forename="amelia", surname="okafor", birth="2012-03-04", sex="F", postcode="ZE84AF")


def test_one_of_each_weighs_as_the_pair_that_splink_sees() -> None:
    model = a_model()
    for other in (CHILD, HOME, Facet(), replace(CHILD, forename="bob", birth="2012-04-03")):
        lines = weigh(appearance_of(CHILD), profile_of(other), model, NAMES)
        assert lines[:-1] == weigh_pair(CHILD, other, model, NAMES)
        assert tuple(line.level for line in lines[:-1]) == levels_of(CHILD, other, NAMES)
        assert lines[-1] == Line(Comparison.IDENTIFIER, "none", 0.0)


def test_a_forename_of_one_alias_never_joins_the_surname_of_another() -> None:
    held = profile_of(
        CHILD,
        names=(Name(forename="amelia", surname="huddlestone"),),
        other_names=(Name(forename="zoe", surname="okafor"),),
    )
    forename, surname, *_ = weigh(appearance_of(CHILD), held, a_model(), NAMES)
    assert (forename.level, surname.level) in {("equal", "differs"), ("differs", "equal")}


def test_the_best_of_several_names_and_places_counts() -> None:
    held = profile_of(
        CHILD,
        names=(Name(forename="amelia", surname="smith"),),
        other_names=(Name(forename="amelia", surname="okafor"),),
        places=(Place(postcode="ZE51AA"), Place(postcode="ZE84AF")),
    )
    lines = weigh(appearance_of(CHILD), held, a_model(), NAMES)
    assert [line.level for line in lines] == ["equal", "equal", "equal", "equal", "same", "none"]


def test_a_restricted_place_weighs_nothing() -> None:
    held = profile_of(CHILD, places=(Place(postcode="ZE84AF", uprn="3", restricted=True),))
    lines = weigh(appearance_of(CHILD), held, a_model(), NAMES)
    assert lines[4] == Line(Comparison.HOUSEHOLD, "missing", 0.0)


def test_a_frequent_name_says_less_and_an_unseen_one_is_not_adjusted() -> None:
    model = a_model()
    equal = model.levels[Comparison.SURNAME]["equal"]

    def bits(surname: str) -> float:
        both = named("zoe", surname)
        return weigh_pair(both, both, model, NAMES)[1].bits

    assert bits("huddlestone") == equal.bits
    assert bits("smith") == pytest.approx(equal.bits + math.log2(equal.u / 0.05), abs=1e-12)
    assert bits("smith") < bits("huddlestone")
    near = weigh_pair(named("zoe", "smith"), named("zoe", "smyth"), model, NAMES)[1]
    assert near.bits == model.levels[Comparison.SURNAME][near.level].bits


def test_the_prior_and_the_lower_threshold_move_with_the_register() -> None:
    model = a_model()
    assert model.prior_at(100_000) == pytest.approx(-16.8)
    assert model.prior_at(1_000_000) == pytest.approx(-16.8 - math.log2(10))
    assert model.prior_at(0) == model.prior_at(1)
    assert model.person_at(1_000_000) == pytest.approx(6 - math.log2(10))
    assert model.thresholds == Thresholds(join=15.0, person=6.0, margin=8.0)
    lines = [Line(Comparison.SEX, "equal", 1.0), Line(Comparison.BIRTH, "equal", 12.0)]
    assert bits_of(lines, model, 100_000) == pytest.approx(-3.8)


def test_a_model_is_read_as_it_was_written() -> None:
    model = a_model()
    again = model_from(text_from(model))
    assert again == model
    assert again.hash == model.hash


def test_the_hash_changes_with_anything_that_a_weight_depends_on() -> None:
    model = a_model()
    sex = {**model.levels[Comparison.SEX], "equal": Level(m=0.51, u=0.5)}
    others = [
        a_model(levels={**model.levels, Comparison.SEX: sex}),
        a_model(forenames=Frequencies(total=1000, counts={"amelia": 21})),
        a_model(surnames=Frequencies(total=1001, counts={"smith": 50})),
        a_model(prior=-16.9),
        a_model(trained_on=100_001),
        a_model(normaliser="another"),
        *(a_model(thresholds=Thresholds(**{each: 9.5})) for each in ("join", "person", "margin")),
    ]
    assert len({model.hash, *(each.hash for each in others)}) == 1 + len(others)


def test_every_level_needs_a_weight() -> None:
    model = a_model()
    for comparison, names in LEVELS.items():
        for name in names:
            fewer = {n: level for n, level in model.levels[comparison].items() if n != name}
            with pytest.raises(Misconfigured, match=name):
                a_model(levels={**model.levels, comparison: fewer})


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("format", "something else"),
        ("normaliser", "0"),
        ("prior", "low"),
        ("prior", True),
        ("trained_on", 0),
        ("levels.sex.equal.m", 0),
        ("levels.sex.equal.m", 1.5),
        ("levels.sex.equal.u", None),
        ("levels.sex.equal.fixed", "no"),
        ("levels.shoe_size", {}),
        ("levels.household", None),
        ("forenames.counts.amelia", 1001),
        ("forenames.counts.amelia", -1),
        ("thresholds.join", None),
    ],
)
def test_a_model_that_does_not_fit_is_refused_with_what_to_do(where: str, value: object) -> None:
    whole = json.loads(text_from(a_model()))
    *path, last = where.split(".")
    inner = whole
    for step in path:
        inner = inner[step]
    inner[last] = value
    with pytest.raises(Misconfigured, match="broker identity train") as why:
        model_from(json.dumps(whole))
    assert "amelia" not in str(why.value)


@pytest.mark.parametrize("text", ["", "[]", '{"prior": NaN}', '{"prior": 1, "prior": 2}'])
def test_a_model_is_strict_json(text: str) -> None:
    with pytest.raises(Misconfigured):
        model_from(text)


def test_nothing_that_could_name_somebody_is_printed() -> None:
    assert "amelia" not in repr(a_model()) + repr(a_model().lines) + repr(CHILD)


def test_nicknames_have_a_direction() -> None:
    names: Names = NAMES
    assert forename_level(named("betty"), named("elizabeth"), names) == "nickname"
    assert forename_level(named("betty"), named("bob"), names) == "initial"


def shipped() -> Model:
    text = files("broker.identity.model").joinpath("weights.json").read_text(encoding="utf-8")
    assert len(text) < 1_000_000
    return model_from(text)


def test_the_model_that_ships_was_trained_on_every_level_but_exchanged_names() -> None:
    by_hand = {
        (comparison, name)
        for comparison, of_it in shipped().levels.items()
        for name, level in of_it.items()
        if level.fixed
    }
    assert by_hand == {(Comparison.FORENAME, "exchanged"), (Comparison.SURNAME, "exchanged")}


def test_a_twin_weighs_as_much_as_the_child_so_weights_alone_may_not_join() -> None:
    """IDENTITY.md 11: everything agrees except her own name, and the sum is above T."""
    model = shipped()
    her = replace(CHILD, forename="amelia", surname="huddlestone", uprn="3")
    twin = replace(her, forename="zoe")
    lines = weigh(appearance_of(twin), profile_of(her), model, NAMES)
    assert bits_of(lines, model, 1_000_000) > 10
    stranger = Facet(forename="zoe", surname="smith", birth="2009-11-29", sex="F", uprn="4")
    lines = weigh(appearance_of(stranger), profile_of(her), model, NAMES)
    assert bits_of(lines, model, 1_000_000) < -25
