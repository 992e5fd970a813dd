"""The tables of names: which are established, and which is short for which."""

from pathlib import Path

import pytest

from broker.identity import tables
from broker.identity.names import Names, names_from
from broker.identity.normal import fold

FOLDER = Path(tables.__file__).parent
FORENAMES = (FOLDER / "forenames.csv").read_text(encoding="utf-8")
NICKNAMES = (FOLDER / "nicknames.csv").read_text(encoding="utf-8")
PAIRS = [tuple(line.split(",")) for line in NICKNAMES.splitlines()[1:]]


@pytest.fixture(scope="module")
def names() -> Names:
    return names_from(FORENAMES, NICKNAMES)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("bob", "robert"),
        ("danny", "daniel"),
        ("betty", "elizabeth"),
        ("annie", "anna"),
        ("rosie", "rose"),
        ("dick", "richard"),
        ("mo", "mohammed"),
    ],
)
def test_a_nickname_is_short_for_its_name_and_not_the_other_way_round(
    names: Names, short: str, long: str
) -> None:
    assert names.is_nickname(short, long)
    assert not names.is_nickname(long, short)
    assert names.related(long, short)
    assert names.canonical(short) == names.canonical(long)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("amelia", "emily"),
        ("amelia", "amelie"),
        ("amelia", "amy"),
        ("peter", "patrick"),
        ("ella", "isabella"),
        ("jack", "john"),
        ("lily", "lilly"),
        ("sophie", "sophia"),
        ("kelly", "kelley"),
        ("andrew", "andrea"),
        ("anna", "hannah"),
        ("bob", "rob"),
    ],
)
def test_two_names_are_no_short_form_of_each_other(names: Names, one: str, other: str) -> None:
    assert not names.related(one, other)


@pytest.mark.parametrize("one", ["amelia", "amelie", "emily", "peter", "patrick", "betty"])
def test_what_many_children_were_called_is_an_established_name(names: Names, one: str) -> None:
    assert names.is_established(one)


@pytest.mark.parametrize("one", ["amelai", "dainel", "baby", "", "o"])
def test_a_slip_is_no_established_name(names: Names, one: str) -> None:
    assert not names.is_established(one)


def test_ten_births_establish_a_name() -> None:
    names = names_from("name,births\nannika,10\nzebulon,9\n", "short,long\n")
    assert names.is_established("annika")
    assert not names.is_established("zebulon")


def test_tables_are_folded_sorted_and_each_row_once() -> None:
    for text in (FORENAMES, NICKNAMES):
        rows = [tuple(line.split(",")) for line in text.splitlines()[1:]]
        assert rows == sorted(set(rows))
        assert all(fold(name) in (name, "") for row in rows for name in row if not name.isdigit())


def test_no_name_is_short_for_itself_by_any_chain(names: Names) -> None:
    for short, _ in PAIRS:
        reached, further = set(), set(names.long_forms[short])
        while further:
            reached |= further
            further = {long for name in further for long in names.long_forms.get(name, ())}
            further -= reached
        assert short not in reached


def test_every_long_form_is_established(names: Names) -> None:
    assert all(names.is_established(long) for _, long in PAIRS)


def test_a_canonical_name_is_its_own_and_the_shortest_of_its_family(names: Names) -> None:
    for pair in PAIRS:
        for name in pair:
            nick = names.canonical(name)
            assert names.canonical(nick) == nick
            assert len(nick) <= len(name)


def test_what_is_short_for_several_belongs_to_one_family_and_names_the_others(names: Names) -> None:
    families = {names.canonical("charlie"), *names.others("charlie")}
    assert families == {names.canonical("charlotte"), names.canonical("charles")}
    assert not names.others("robert")
    assert not names.others("quillfeather")


def test_a_name_in_no_table_stands_for_itself(names: Names) -> None:
    assert names.canonical("quillfeather") == "quillfeather"


def test_a_table_with_a_circle_is_read_all_the_same() -> None:
    names = names_from("name,births\n", "short,long\nann,annie\nannie,ann\n")
    assert names.related("ann", "annie")


def test_names_are_not_printed() -> None:
    assert "bob" not in repr(names_from("name,births\nbob,10\n", "short,long\nbob,robert\n"))
