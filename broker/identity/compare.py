"""
How two descriptions of a child compare, and how many bits that speaks for one child or against.

Plain Python, because Splink asks a database for every pair (IDENTITY.md 12: 661 ms against
microseconds). Splink trains the weights from SQL twins of these levels, and no model is written
unless both weigh alike (broker/training/parity.py): change a level here and there together.

A household is one fact however many of its parts agree, since siblings and twins share them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import jellyfish
from rapidfuzz.distance.DamerauLevenshtein import distance as edits
from rapidfuzz.distance.JaroWinkler import similarity

from broker.domain.identity import Appearance, Assurance, Line, Name, Number, Place, Profile
from broker.identity.levels import (
    ALIKE,
    ALIKE_FROM,
    CLOSE,
    CLOSE_FROM,
    DIFFERS,
    DISTRICT,
    EQUAL,
    EXCHANGED,
    HALF,
    INITIAL,
    MISSING,
    NEAR,
    NICKNAME,
    NONE,
    ONE_EDIT,
    SAME,
    SOUND,
)
from broker.identity.weights import Lines, Model

_VERIFIED, _CHECKSUM_OK = Assurance.VERIFIED, Assurance.CHECKSUM_OK
_NHS_NUMBER, _MOTHER = "nhs_number", "mother"
_NATIONAL = frozenset({"nhs_number", "upn"})
_WHOLE_DATE = len("2012-04-30")
_INWARD = 3  # of a postcode: ZE8 is the district of ZE84AF
_FAR_TO_NEAR = (MISSING, DIFFERS, DISTRICT, NEAR, SAME)
_NEARER = {(a, b): max(a, b, key=_FAR_TO_NEAR.index) for a in _FAR_TO_NEAR for b in _FAR_TO_NEAR}


class Nicknames(Protocol):
    """What this file asks about names (names.py knows)."""

    def is_nickname(self, short: str, long: str) -> bool:
        """True of bob and robert, never of robert and bob."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """One value for each thing that is compared: a row, as Splink sees it."""

    forename: str | None = field(default=None, repr=False)
    surname: str | None = field(default=None, repr=False)
    birth: str | None = field(default=None, repr=False)
    sex: str | None = field(default=None, repr=False)
    postcode: str | None = field(default=None, repr=False)
    uprn: str | None = field(default=None, repr=False)
    telephone: str | None = field(default=None, repr=False)
    mother: str | None = field(default=None, repr=False)  # her forename


def forename_level(left: Name | Facet, right: Name | Facet, names: Nicknames) -> str:
    """Across two scripts nothing is comparable, and a person's confirmed alias bridges them."""
    one, other = left.forename, right.forename
    if not one or not other:
        return MISSING
    if one == other:
        return EQUAL
    plain = one.isascii()
    if plain != other.isascii():
        return MISSING
    if one == right.surname and other == left.surname:
        return EXCHANGED
    if names.is_nickname(one, other) or names.is_nickname(other, one):
        return NICKNAME
    if plain:
        alike = similarity(one, other)
        if alike >= ALIKE_FROM:
            return CLOSE if alike >= CLOSE_FROM else ALIKE
        if one[0] == other[0]:
            return INITIAL
    return DIFFERS


def surname_level(left: Name | Facet, right: Name | Facet) -> str:
    """As for forenames. A second half is added or dropped by marriage, separation or a form."""
    one, other = left.surname, right.surname
    if not one or not other:
        return MISSING
    if one == other:
        return EQUAL
    plain = one.isascii()
    if plain != other.isascii():
        return MISSING
    if one == right.forename and other == left.forename:
        return EXCHANGED
    if half(one) == other or half(other) == one:
        return HALF
    return _spelling(one, other) if plain else DIFFERS


def _spelling(one: str, other: str) -> str:
    alike = similarity(one, other)
    if alike >= CLOSE_FROM:
        return CLOSE
    if sound(one) == sound(other) != "":
        return SOUND
    return ALIKE if alike >= ALIKE_FROM else DIFFERS


def half(surname: str) -> str:
    """What stands before the first space: okafor of `okafor jones`."""
    return surname.partition(" ")[0]


@lru_cache(maxsize=1 << 16)
def sound(name: str) -> str:
    """How a name is spoken, in English: five letters of its metaphone; empty in another script."""
    return jellyfish.metaphone(name)[:5] if name.isascii() else ""


def birth_level(left: str | None, right: str | None) -> str:
    """Of whole dates. A partial one is not comparable: it is never padded."""
    if not left or not right or len(left) != _WHOLE_DATE or len(right) != _WHOLE_DATE:
        return MISSING
    if left == right:
        return EQUAL
    same_year = left[:4] == right[:4]
    if same_year and left[5:7] == right[8:] and left[8:] == right[5:7]:
        return EXCHANGED
    wrong = edits(left, right)
    if wrong == 1:
        return ONE_EDIT
    return NEAR if same_year or wrong == 2 else DIFFERS  # noqa: PLR2004


def sex_level(left: str | None, right: str | None) -> str:
    if not left or not right:
        return MISSING
    return EQUAL if left == right else DIFFERS


def district(postcode: str) -> str:
    return postcode[:-_INWARD]


def household_level(left: Facet, right: Facet) -> str:
    """Of two rows with one address each."""
    postcodes = left.postcode and right.postcode
    if _shared(left.uprn, right.uprn) or _shared(left.telephone, right.telephone):
        return SAME
    if postcodes and left.postcode == right.postcode:
        return SAME if _shared(left.surname, right.surname) else NEAR
    if _shared(left.mother, right.mother):
        return NEAR
    if left.postcode and right.postcode and district(left.postcode) == district(right.postcode):
        return DISTRICT
    comparable = (
        postcodes
        or (left.uprn and right.uprn)
        or (left.telephone and right.telephone)
        or (left.mother and right.mother)
    )
    return DIFFERS if comparable else MISSING


def _shared(left: str | None, right: str | None) -> bool:
    return left == right and bool(left)


def identifier_level(asked: Sequence[Number], held: Sequence[Number]) -> str:
    """
    equal, differs or none. A local number is equal only within its issuer. Only an NHS number can
    differ: a child has one, while pupil and local numbers change with the school and the system.
    """
    found = NONE
    for one in asked:
        if one.assurance is not _VERIFIED and one.assurance is not _CHECKSUM_OK:
            continue
        for other in held:
            if one.system != other.system or not (
                other.assurance is _VERIFIED or other.assurance is _CHECKSUM_OK
            ):
                continue
            if one.value == other.value and _one_issuer(one, other):
                return EQUAL
            if one.system == _NHS_NUMBER:
                found = DIFFERS
    return found


def _one_issuer(one: Number, other: Number) -> bool:
    return one.system in _NATIONAL or (bool(one.issuer) and one.issuer == other.issuer)


def levels_of(left: Facet, right: Facet, names: Nicknames) -> tuple[str, ...]:
    """The levels of two rows, in the order of LEVELS: what Splink must find too."""
    return (
        forename_level(left, right, names),
        surname_level(left, right),
        birth_level(left.birth, right.birth),
        sex_level(left.sex, right.sex),
        household_level(left, right),
    )


def weigh_pair(left: Facet, right: Facet, model: Model, names: Nicknames) -> tuple[Line, ...]:
    """The lines of two rows, without an identifier."""
    forename, surname, birth, sex, household = levels_of(left, right, names)
    lines = model.lines
    return (
        lines.of_forename(forename, left.forename),
        lines.of_surname(surname, left.surname),
        lines.birth[birth],
        lines.sex[sex],
        lines.household[household],
    )


def weigh(asked: Appearance, held: Profile, model: Model, names: Nicknames) -> tuple[Line, ...]:
    """
    One line for each comparison. Of several names, addresses or telephones the best one counts:
    people move, and a subject keeps the names it was confirmed under. A restricted place finds
    candidates and weighs nothing.
    """
    lines = model.lines
    known_as = (*held.names, *held.other_names) if held.other_names else held.names
    forename, surname = _best_name(asked.names, known_as, lines, names)
    return (
        forename,
        surname,
        lines.birth[birth_level(asked.birth, held.birth)],
        lines.sex[sex_level(asked.sex, held.sex)],
        lines.household[_household(asked, held)],
        lines.identifier[identifier_level(asked.numbers, held.numbers)],
    )


def _best_name(
    asked: Sequence[Name], held: Sequence[Name], lines: Lines, names: Nicknames
) -> tuple[Line, Line]:
    """Forename and surname of one name belong together: never one of each of two aliases."""
    best: tuple[Line, Line] | None = None
    for one in asked:
        for other in held:
            forename = lines.of_forename(forename_level(one, other, names), one.forename)
            surname = lines.of_surname(surname_level(one, other), one.surname)
            if best is None or forename.bits + surname.bits > best[0].bits + best[1].bits:
                best = forename, surname
    return best or (lines.forename[MISSING], lines.surname[MISSING])


def _household(asked: Appearance, held: Profile) -> str:
    """The level of household_level, over every address, telephone and mother that either has."""
    best = MISSING
    if asked.telephones and held.telephones:
        for telephone in asked.telephones:
            if telephone in held.telephones:
                return SAME
        best = DIFFERS
    for one in asked.places:
        for other in held.places:
            level = _place_level(one, other)
            if level == SAME or (level == NEAR and _one_surname(asked, held)):
                return SAME
            best = level if best == MISSING else _NEARER[best, level]
    if best != NEAR and asked.carers and held.carers:
        best = _NEARER[best, _mother_level(asked, held)]
    return best


def _place_level(one: Place, other: Place) -> str:
    if one.restricted or other.restricted:
        return MISSING
    if one.uprn and one.uprn == other.uprn:
        return SAME
    if one.postcode and other.postcode:
        if one.postcode == other.postcode:
            return NEAR
        return DISTRICT if district(one.postcode) == district(other.postcode) else DIFFERS
    return DIFFERS if one.uprn and other.uprn else MISSING


def _mother_level(asked: Appearance, held: Profile) -> str:
    level = MISSING
    for one in asked.carers:
        for other in held.carers:
            if one.relation == other.relation == _MOTHER and one.forename and other.forename:
                if one.forename == other.forename:
                    return NEAR
                level = DIFFERS
    return level


def _one_surname(asked: Appearance, held: Profile) -> bool:
    ours = {name.surname for name in asked.names if name.surname}
    return any(name.surname in ours for name in (*held.names, *held.other_names))
