"""
Blocking keys (IDENTITY.md 6): what a subject is stored under, and what a notification asks for.

    N  a number, with its system and issuer     A  birth date, nick     B  birth date, sound
    C  birth date, postcode district            D  postcode, nick       E  year, sound, nick
    F  district, sound, nick                    G  postcode, sound      H  UPRN     I  telephone
    J  year, three letters of forename and of surname
    M  an unborn child's mother: nick and sound, with her birth date or the month expected

A shared key makes a candidate and says nothing more, so keys may be coarse. `nick`: the canonical
nickname. `sound`: five letters of metaphone, of the first and of the last part of a surname.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from jellyfish import metaphone

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
from broker.identity.contacts import district
from broker.identity.dates import exchanged, is_whole
from broker.identity.names import Names
from broker.identity.scripts import latinised

_FINDING = frozenset({Assurance.VERIFIED, Assurance.CHECKSUM_OK})
_SOUND, _LETTERS, _YEAR, _MONTH = 5, 3, 4, len("2012-04")
_PREGNANCY = 2  # months either side: 42 days may lie across two ends of months
_GUESS = 1  # years by which an age may be wrong
_LOCKED = frozenset("AE")
_UPNS = frozenset({"upn", "former_upn"})

Known = Appearance | Profile


class Key(NamedTuple):
    """`restricted`: it comes from a protected place, finds candidates and serves nothing else."""

    letter: str
    text: str
    restricted: bool = False

    def __repr__(self) -> str:
        """Without the text, which could name somebody."""
        return f"Key({self.letter}, restricted={self.restricted})"


class HashedKey(NamedTuple):
    letter: str
    value: int
    restricted: bool


_Made = tuple[str, str, bool]
"""A key while it is made: a plain tuple, since millions are made and named ones cost more."""

_Called = tuple[str, Sequence[str], str]
"""One name as keys want it: nick, sounds, the letters of key J; empty where a part is missing."""


_Any = TypeVar("_Any", Key, HashedKey)


def keys_of(known: Known, names: Names) -> Iterator[Key]:
    """What a subject is stored under: of every name and every place, each key once."""
    return map(Key._make, _once(_keys(known, _called(known, names), names)))


def asked_keys(asking: Known, names: Names, *, year: int | None = None) -> Iterator[Key]:
    """What is looked up: also the slips that forms hold. `year`: when an age was guessed."""
    called = _called(asking, names)
    keys = _keys(asking, called, names)
    if asking.birth and is_whole(asking.birth):
        _slips(asking.birth, called, keys)
        _other_nicks(asking.birth, _names(asking), names, keys)
    elif not asking.birth and year is not None:
        _of_age(asking, year, called, keys)
    if asking.kind is SubjectKind.UNBORN and asking.expected:
        _other_months(asking, names, keys)
    return map(Key._make, _once(keys))


def lock_keys(stored: Sequence[_Any]) -> Sequence[_Any]:
    """What two first notifications of one child share: keys A and E, or all if it has neither."""
    return [key for key in stored if key.letter in _LOCKED] or stored


def hashed(keys: Iterable[Key], hash64: Callable[[bytes], int]) -> list[HashedKey]:
    """`hash64` is keyed and gives a signed 64-bit integer, as PostgreSQL's int8 is."""
    return [
        HashedKey(letter, hash64(f"{letter}|{text}".encode("utf-8", "surrogatepass")), restricted)
        for letter, text, restricted in keys
    ]


def sounds(surname: str) -> Sequence[str]:
    """Of the first part and of the last; the letters of a part that metaphone has no sound for."""
    parts = latinised(surname).split()
    if len(parts) == 1:
        return ((metaphone(parts[0]) or parts[0])[:_SOUND],)
    ends = parts[:: len(parts) - 1] if parts else ()
    return tuple(dict.fromkeys((metaphone(part) or part)[:_SOUND] for part in ends))


def _once(keys: list[_Made]) -> Iterable[_Made]:
    """Each key once; one that also comes from a protected place is restricted."""
    once = dict.fromkeys(keys)
    hidden = {(letter, text) for letter, text, restricted in once if restricted}
    return [key for key in once if key[2] or key[:2] not in hidden] if hidden else once


def _names(known: Known) -> Sequence[Name]:
    return (*known.names, *known.other_names) if isinstance(known, Profile) else known.names


def _called(known: Known, names: Names) -> list[_Called]:
    called = []
    for name in _names(known):
        forename, surname = name.forename, name.surname
        nick = latinised(names.canonical(forename)) if forename else ""
        start = ""
        if forename and surname:
            start = f"{latinised(forename)[:_LETTERS]}|{latinised(surname)[:_LETTERS]}"
        called.append((nick, sounds(surname) if surname else (), start))
    return called


def _keys(known: Known, called: Sequence[_Called], names: Names) -> list[_Made]:
    keys: list[_Made] = []
    for number in known.numbers:
        if _finds(number):
            system = "upn" if number.system == "former_upn" else number.system
            keys.append(("N", f"{system}|{number.issuer}|{number.value}", False))
    if known.birth:
        _by_birth(known.birth, known.places, called, keys)
    for place in known.places:
        _by_place(place, called, keys)
    for telephone in known.telephones:
        keys.append(("I", telephone, False))
    for telephone in known.safe_telephones:
        keys.append(("I", telephone, True))
    if known.kind is SubjectKind.UNBORN:
        for carer in known.carers:
            _by_mother(carer, (known.expected or "")[:_MONTH], names, keys)
    return keys


def _finds(number: Number) -> bool:
    """A UPN with a wrong letter finds candidates, though it joins nobody."""
    if number.assurance in _FINDING:
        return True
    return number.system in _UPNS and number.assurance is Assurance.UNVERIFIED


def _by_birth(
    birth: str, places: Sequence[Place], called: Sequence[_Called], keys: list[_Made]
) -> None:
    year = birth[:_YEAR]
    whole = is_whole(birth)
    for nick, heard, start in called:
        if whole and nick:
            keys.append(("A", f"{birth}|{nick}", False))
        for sound in heard:
            if whole:
                keys.append(("B", f"{birth}|{sound}", False))
            if nick:
                keys.append(("E", f"{year}|{sound}|{nick}", False))
        if start:
            keys.append(("J", f"{year}|{start}", False))
    for place in places if whole else ():
        if place.postcode:
            keys.append(("C", f"{birth}|{district(place.postcode)}", place.restricted))


def _by_place(place: Place, called: Sequence[_Called], keys: list[_Made]) -> None:
    postcode, restricted = place.postcode, place.restricted
    if place.uprn:
        keys.append(("H", place.uprn, restricted))
    if not postcode:
        return
    area = district(postcode)
    for nick, heard, _ in called:
        if nick:
            keys.append(("D", f"{postcode}|{nick}", restricted))
        for sound in heard:
            keys.append(("G", f"{postcode}|{sound}", restricted))
            if nick:
                keys.append(("F", f"{area}|{sound}|{nick}", restricted))


def _by_mother(carer: Carer, month: str, names: Names, keys: list[_Made]) -> None:
    if carer.relation != "mother" or not carer.forename or not carer.surname:
        return
    nick = latinised(names.canonical(carer.forename))
    for sound in sounds(carer.surname):
        if is_whole(carer.birth):
            keys.append(("M", f"{carer.birth}|{sound}|{nick}", False))
        if len(month) == _MONTH:
            keys.append(("M", f"{month}|{sound}|{nick}", False))


def _slips(birth: str, called: Sequence[_Called], keys: list[_Made]) -> None:
    """Day and month exchanged, and 1 January where only the year was known, or guessed."""
    turned = exchanged(birth)
    if turned:
        for nick, heard, _ in called:
            if nick:
                keys.append(("A", f"{turned}|{nick}", False))
            for sound in heard:
                keys.append(("B", f"{turned}|{sound}", False))
    if birth.endswith("-01-01"):
        year = int(birth[:_YEAR])
        _by_years((year - 1, year + 1), called, keys)


def _other_nicks(birth: str, said: Sequence[Name], names: Names, keys: list[_Made]) -> None:
    """The surname for the forename, and a nickname for each of the names that it is short for."""
    for name in said:
        parts = name.surname.split() if name.surname else ()
        nicks = {names.canonical(part) for part in parts}
        if name.forename:
            nicks |= names.others(name.forename)
        for nick in sorted(nicks):
            keys.append(("A", f"{birth}|{latinised(nick)}", False))


def _of_age(asking: Known, year: int, called: Sequence[_Called], keys: list[_Made]) -> None:
    """By the years in which somebody of about that age was born."""
    age = asking.age if isinstance(asking, Appearance) else None
    if age is not None:
        born = year - age
        _by_years(range(born - 1 - _GUESS, born + _GUESS + 1), called, keys, start=True)


def _by_years(
    years: Sequence[int], called: Sequence[_Called], keys: list[_Made], *, start: bool = False
) -> None:
    for nick, heard, letters in called:
        for year in years:
            for sound in heard if nick else ():
                keys.append(("E", f"{year}|{sound}|{nick}", False))
            if start and letters:
                keys.append(("J", f"{year}|{letters}", False))


def _other_months(asking: Known, names: Names, keys: list[_Made]) -> None:
    """Of an unborn child: a date of birth is expected anew at every scan."""
    expected = (asking.expected or "")[:_MONTH]
    if len(expected) < _MONTH:
        return
    months = int(expected[:_YEAR]) * 12 + int(expected[_YEAR + 1 :]) - 1
    for at in range(months - _PREGNANCY, months + _PREGNANCY + 1):
        for carer in asking.carers:
            _by_mother(carer, f"{at // 12:04}-{at % 12 + 1:02}", names, keys)
