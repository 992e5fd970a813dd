"""
The notifications as they arrive: what each form says of its child, and what was wrong with it.
Columns of text, which the faults of `noise` then alter in place.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from tests.families.draws import Draws, Ints
from tests.families.noise import UPN_MISSING, Applies, place_of, planned
from tests.families.places import telephone, uprn
from tests.families.population import DAY_0, NONE, day_written
from tests.families.reports import Reports
from tests.families.schooling import AGENCIES
from tests.families.slips import (
    date_error,
    first_of_january,
    number_error,
    postcode_error,
    typing_error,
)
from tests.families.world import World

LOCAL_ID_GIVEN = 0.80
MOTHERS_SURNAME_GIVEN, MOTHERS_BIRTH_GIVEN = 0.50, 0.30  # of those that give her forename
WITHOUT_NAME = ("Baby", "Twin 1", "")
Columns = dict[str, list[str]]


@dataclass(frozen=True)
class Forms:
    columns: Columns
    faults: dict[str, Ints]
    applies: Applies  # whom a fault could have struck
    notes: list[str]  # of each form, what was wrong, separated by semicolons


def filled_in(
    draws: Draws, world: World, reports: Reports, *, heavy: bool = False, scale: float = 1.0
) -> Forms:
    faults = faults_drawn(draws, world, reports, heavy=heavy, scale=scale)
    return altered(draws, world, reports, faults)


def faults_drawn(
    draws: Draws, world: World, reports: Reports, *, heavy: bool, scale: float = 1.0
) -> dict[str, Ints]:
    can = applicable(world, reports)
    return planned(draws.of("faults"), reports.agency, can, heavy=heavy, scale=scale)


def altered(draws: Draws, world: World, reports: Reports, faults: dict[str, Ints]) -> Forms:
    columns = _truthful(draws.of("truthful"), world, reports)
    forms = Forms(columns, faults, applicable(world, reports), [""] * len(reports))
    pen = _Pen(draws.of("pen"), world, reports, forms)
    pen.surnames()
    pen.forenames()
    pen.birth_dates()
    pen.sexes()
    pen.addresses()
    pen.telephones()
    pen.mothers()
    pen.nhs_numbers()
    pen.states()
    return forms


def applicable(world: World, reports: Reports) -> Applies:
    """Whom a fault can strike at all."""
    children, child = world.children, reports.child
    home = children.household[child]
    forename = children.forename[child]
    named = ~reports.unnamed
    born = np.array([day_written(day) for day in children.birth[child].tolist()], dtype="U10")
    exchanged = np.char.add(np.char.add(_part(born, 0, 5), _part(born, 8, 10)), _part(born, 5, 7))
    can_exchange = (
        (_part(born, 8, 10) <= "12")
        & (
            exchanged
            != np.char.add(_part(born, 0, 5), np.char.add(_part(born, 5, 7), _part(born, 8, 10)))
        )
        & (_part(born, 0, 4) < str(DAY_0.year))
    )
    sibling = world.sibling[child]
    sibling_number = np.where(sibling == NONE, 0, world.nhs_number[sibling])
    text = world.names
    return {
        ("forename", "nickname"): named & text.having(forename, text.nicknames),
        ("forename", "typing_error"): named,
        ("forename", "middle_name"): named & (children.middle[child] != forename),
        ("forename", "missing"): named,
        ("forename", "exchanged"): named,
        ("forename", "transliterated"): (
            named & (world.homes.origin[home] > 0) & text.having(forename, text.variants)
        ),
        ("birth_date", "exchanged"): can_exchange,
        ("telephone", "other_parent"): world.furnished.two_adults[home],
        ("nhs_number", "sibling"): sibling_number > 0,
        ("nhs_number", "digit"): world.nhs_number[child] > 0,
    }


def _part(text: np.ndarray, start: int, stop: int) -> np.ndarray:
    return np.array([word[start:stop] for word in text.tolist()])


def _truthful(draws: Draws, world: World, reports: Reports) -> Columns:
    children, child, text = world.children, reports.child, world.names.text
    home = children.household[child]
    given, now, moved = world.furnished, world.furnished.now, world.furnished.moved
    codes = world.places.written()
    postcode = np.where(reports.moved, moved.postcode[home], now.postcode[home])
    house = np.where(reports.moved, moved.uprn[home], now.uprn[home])
    phone = np.where(reports.moved, moved.telephone[home], now.telephone[home])
    surname = np.where(reports.renamed, world.events.new_surname[child], children.surname[child])
    count = len(reports)
    rows, agencies = child.tolist(), reports.agency.tolist()
    schooling = world.schooling
    no_upn = np.array(UPN_MISSING, dtype=np.int64)[reports.agency]
    upn_given = (draws.below(100, count) >= no_upn).tolist()
    local = draws.happens(LOCAL_ID_GIVEN, count)
    for agency, met in schooling.met.items():
        local &= (reports.agency != agency) | met[child]
    gives_surname = draws.happens(MOTHERS_SURNAME_GIVEN, count).tolist()
    gives_birth = draws.happens(MOTHERS_BIRTH_GIVEN, count).tolist()
    return {
        "forename": [text[i] for i in children.forename[child].tolist()],
        "surname": [text[i] for i in surname.tolist()],
        "birth_date": [day_written(day) for day in children.birth[child].tolist()],
        "sex": ["FM"[i] for i in children.sex[child].tolist()],
        "postcode": [codes[i] for i in postcode.tolist()],
        "uprn": [uprn(i) for i in house.tolist()],
        "telephone": [telephone(i) for i in phone.tolist()],
        "mother_forename": [text[i] for i in given.mother_forename[home].tolist()],
        "mother_surname": [
            text[i] if known else ""
            for i, known in zip(given.mother_surname[home].tolist(), gives_surname, strict=True)
        ],
        "mother_birth_date": [
            day_written(i) if known else ""
            for i, known in zip(given.mother_birth[home].tolist(), gives_birth, strict=True)
        ],
        "nhs_number": [str(i) if i else "" for i in world.nhs_number[child].tolist()],
        "upn": [
            schooling.upn(i) if known else "" for i, known in zip(rows, upn_given, strict=True)
        ],
        "day": [str(i) for i in reports.day.tolist()],
        "agency": [AGENCIES[i] for i in agencies],
        "school": [schooling.organisation(1, i) for i in rows],
        "organisation": [
            schooling.organisation(agency, i) for agency, i in zip(agencies, rows, strict=True)
        ],
        "local_id": [
            schooling.local_id(agency, i) if known else ""
            for agency, i, known in zip(agencies, rows, local.tolist(), strict=True)
        ],
    }


class _Pen:
    """Puts the faults onto the forms, a field at a time."""

    def __init__(self, draws: Draws, world: World, reports: Reports, forms: Forms) -> None:
        self._draws = draws
        self._world = world
        self._reports = reports
        self._columns = forms.columns
        self._faults = forms.faults
        self._notes = forms.notes
        self._home = world.children.household[reports.child]

    def _struck(self, field: str, name: str) -> list[tuple[int, float, float, float]]:
        """The rows of one fault, noted, with three chances each."""
        rows = np.flatnonzero(self._faults[field] == place_of(field, name))
        draws = self._draws.of(f"{field}/{name}")
        chances = [draws.uniform(len(rows)).tolist() for _ in range(3)]
        self._note(rows.tolist(), f"{field}_{name}")
        return list(zip(rows.tolist(), *chances, strict=True))

    def _note(self, rows: list[int], note: str) -> None:
        for row in rows:
            self._notes[row] = f"{self._notes[row]};{note}" if self._notes[row] else note

    def _blank(self, field: str, *columns: str) -> None:
        for row, *_ in self._struck(field, "missing"):
            for column in columns:
                self._columns[column][row] = ""

    def _mistype(self, field: str) -> None:
        column = self._columns[field]
        for row, how, where, which in self._struck(field, "typing_error"):
            column[row] = typing_error(column[row], how, where, which)

    def surnames(self) -> None:
        column, text = self._columns["surname"], self._world.names.text
        given, homes = self._world.furnished, self._world.homes
        for row, how, *_ in self._struck("surname", "another"):
            home = int(self._home[row])
            others = [homes.other_surname[home], given.mother_surname[home], homes.surname[home]]
            if how < 0.5:
                others[:2] = others[1::-1]
            words = [text[int(i)] for i in others]
            column[row] = next((word for word in words if word != column[row]), column[row])
        self._mistype("surname")
        for row, how, *_ in self._struck("surname", "second_half"):
            second = text[int(homes.other_surname[int(self._home[row])])]
            column[row] = f"{column[row]}{'-' if how < 0.5 else ' '}{second}"
        self._blank("surname", "surname")

    def forenames(self) -> None:
        column, surname = self._columns["forename"], self._columns["surname"]
        names = self._world.names
        middle = self._world.children.middle[self._reports.child]
        for row, how, *_ in self._struck("forename", "nickname"):
            forms = names.nicknames[column[row]]
            column[row] = forms[int(how * len(forms))]
        self._mistype("forename")
        for row, *_ in self._struck("forename", "middle_name"):
            column[row] = names.text[int(middle[row])]
        self._blank("forename", "forename")
        for row, *_ in self._struck("forename", "exchanged"):
            column[row], surname[row] = surname[row], column[row]
        for row, how, *_ in self._struck("forename", "transliterated"):
            forms = names.variants[column[row]]
            column[row] = forms[int(how * len(forms))]

    def birth_dates(self) -> None:
        column = self._columns["birth_date"]
        birth = self._world.children.birth[self._reports.child]
        day = self._reports.day
        for row, _, where, which in self._struck("birth_date", "digit"):
            born, latest = (DAY_0 + timedelta(days=int(at[row])) for at in (birth, day))
            column[row] = date_error(born, latest, where, which)
        for row, _, _, which in self._struck("birth_date", "january"):
            born, latest = (DAY_0 + timedelta(days=int(at[row])) for at in (birth, day))
            column[row] = first_of_january(born, latest, which)
        for row, *_ in self._struck("birth_date", "exchanged"):
            year, month, of_month = column[row].split("-")
            column[row] = f"{year}-{of_month}-{month}"
        for row, *_ in self._struck("birth_date", "month"):
            column[row] = column[row][:7]
        self._blank("birth_date", "birth_date")

    def sexes(self) -> None:
        column = self._columns["sex"]
        for row, *_ in self._struck("sex", "wrong"):
            column[row] = "M" if column[row] == "F" else "F"
        self._blank("sex", "sex")

    def addresses(self) -> None:
        postcode, house = self._columns["postcode"], self._columns["uprn"]
        places, other = self._world.places, self._world.furnished.other
        for row, *_ in self._struck("address", "another"):
            home = int(self._home[row])
            postcode[row] = places.postcode(int(other.postcode[home]))
            house[row] = uprn(int(other.uprn[home]))
        for row, _, where, which in self._struck("address", "typing_error"):
            postcode[row] = postcode_error(postcode[row], where, which)
        self._blank("address", "postcode", "uprn")
        self._blank("uprn", "uprn")

    def telephones(self) -> None:
        column, other = self._columns["telephone"], self._world.furnished.other.telephone
        for row, *_ in self._struck("telephone", "other_parent"):
            column[row] = telephone(int(other[int(self._home[row])]))
        self._blank("telephone", "telephone")

    def mothers(self) -> None:
        self._mistype("mother_forename")
        self._blank("mother_forename", "mother_forename", "mother_surname", "mother_birth_date")

    def nhs_numbers(self) -> None:
        column, world = self._columns["nhs_number"], self._world
        sibling = world.sibling[self._reports.child]
        for row, *_ in self._struck("nhs_number", "sibling"):
            column[row] = str(world.nhs_number[int(sibling[row])])
        for row, _, where, which in self._struck("nhs_number", "digit"):
            column[row] = number_error(column[row], where, which)
        holders = np.flatnonzero(world.held & (world.nhs_number > 0))
        for row, how, *_ in self._struck("nhs_number", "another_child"):
            child = int(holders[int(how * len(holders))])
            if world.children.household[child] == self._home[row]:
                child = int(holders[(int(how * len(holders)) + len(holders) // 2) % len(holders)])
            column[row] = str(world.nhs_number[child])
        self._blank("nhs_number", "nhs_number")

    def states(self) -> None:
        """Not a fault, yet worth knowing: an earlier state, and a newborn without a name."""
        self._note(np.flatnonzero(self._reports.before).tolist(), "before_last_event")
        unnamed = np.flatnonzero(self._reports.unnamed).tolist()
        chances = self._draws.of("unnamed").uniform(len(unnamed)).tolist()
        for row, how in zip(unnamed, chances, strict=True):
            self._columns["forename"][row] = WITHOUT_NAME[0 if how < 0.6 else 1 if how < 0.8 else 2]
        self._note(unnamed, "without_name")
