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

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

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


class _Called(NamedTuple):
    """One name as keys want it."""

    nick: str
    sounds: Sequence[str]
    start: str  # the letters of key J; empty if either part is missing
    surnames: Sequence[str]


def keys_of(known: Known, names: Names) -> Iterator[Key]:
    """What a subject is stored under: of every name and every place, each key once."""
    return iter(_once(_keys(known, _called(known, names), names)))


def asked_keys(appearance: Known, names: Names, *, year: int | None = None) -> Iterator[Key]:
    """What is looked up: also the slips that forms hold. `year`: when an age was guessed."""
    called = _called(appearance, names)
    return iter(
        _once(
            chain(
                _keys(appearance, called, names),
                _slips(appearance.birth, called, names),
                _of_age(appearance, called, year),
                _other_months(appearance, names),
            )
        )
    )


def lock_keys(known: Known, names: Names) -> Sequence[Key]:
    """What two first notifications of one child share: keys A and E, or all if it has neither."""
    stored = list(keys_of(known, names))
    return [key for key in stored if key.letter in _LOCKED] or stored


def hashed(keys: Iterator[Key] | Sequence[Key], hash64: Callable[[bytes], int]) -> list[HashedKey]:
    """`hash64` is keyed and gives a signed 64-bit integer, as PostgreSQL's int8 is."""
    return [
        HashedKey(letter, hash64(f"{letter}|{text}".encode("utf-8", "surrogatepass")), restricted)
        for letter, text, restricted in keys
    ]


def sounds(surname: str) -> Sequence[str]:
    """Of the first part and of the last; the letters of a part that metaphone has no sound for."""
    parts = latinised(surname).split()
    ends = parts if len(parts) == 1 else (parts[0], parts[-1])
    return tuple(dict.fromkeys((metaphone(part) or part)[:_SOUND] for part in ends))


def _once(keys: Iterator[Key]) -> list[Key]:
    """Each key once; one that also comes from a protected place is restricted."""
    found: dict[tuple[str, str], Key] = {}
    for key in keys:
        at = key[:2]
        if key.restricted or at not in found:
            found[at] = key
    return list(found.values())


def _called(known: Known, names: Names) -> list[_Called]:
    others: Sequence[Name] = known.other_names if isinstance(known, Profile) else ()
    return [_one_called(name, names) for name in (*known.names, *others)]


def _one_called(name: Name, names: Names) -> _Called:
    nick = latinised(names.canonical(name.forename)) if name.forename else ""
    if not name.surname:
        return _Called(nick, (), "", ())
    parts = name.surname.split()
    start = ""
    if name.forename:
        start = f"{latinised(name.forename)[:_LETTERS]}|{latinised(name.surname)[:_LETTERS]}"
    surnames = parts if len(parts) == 1 else (parts[0], parts[-1])
    return _Called(nick, sounds(name.surname), start, surnames)


def _keys(known: Known, called: Sequence[_Called], names: Names) -> Iterator[Key]:
    for number in known.numbers:
        if _finds(number):
            system = "upn" if number.system == "former_upn" else number.system
            yield Key("N", f"{system}|{number.issuer}|{number.value}")
    if known.birth:
        yield from _by_birth(known.birth, known.places, called)
    for place in known.places:
        yield from _by_place(place, called)
    for telephone in known.telephones:
        yield Key("I", telephone)
    for telephone in known.safe_telephones:
        yield Key("I", telephone, restricted=True)
    if known.kind is SubjectKind.UNBORN:
        for carer in known.carers:
            yield from _by_mother(carer, (known.expected or "")[:_MONTH], names)


def _finds(number: Number) -> bool:
    """A UPN with a wrong letter finds candidates, though it joins nobody."""
    kept = number.system in {"upn", "former_upn"} and number.assurance is Assurance.UNVERIFIED
    return kept or number.assurance in _FINDING


def _by_birth(birth: str, places: Sequence[Place], called: Sequence[_Called]) -> Iterator[Key]:
    year = birth[:_YEAR]
    whole = is_whole(birth)
    for nick, heard, start, _ in called:
        if whole and nick:
            yield Key("A", f"{birth}|{nick}")
        for sound in heard:
            if whole:
                yield Key("B", f"{birth}|{sound}")
            if nick:
                yield Key("E", f"{year}|{sound}|{nick}")
        if start:
            yield Key("J", f"{year}|{start}")
    for place in places:
        if whole and place.postcode:
            yield Key("C", f"{birth}|{district(place.postcode)}", place.restricted)


def _by_place(place: Place, called: Sequence[_Called]) -> Iterator[Key]:
    restricted = place.restricted
    if place.uprn:
        yield Key("H", place.uprn, restricted)
    postcode = place.postcode
    if not postcode:
        return
    area = district(postcode)
    for nick, heard, _, _ in called:
        if nick:
            yield Key("D", f"{postcode}|{nick}", restricted)
        for sound in heard:
            yield Key("G", f"{postcode}|{sound}", restricted)
            if nick:
                yield Key("F", f"{area}|{sound}|{nick}", restricted)


def _by_mother(carer: Carer, month: str, names: Names) -> Iterator[Key]:
    if carer.relation != "mother" or not carer.forename or not carer.surname:
        return
    nick = latinised(names.canonical(carer.forename))
    for sound in sounds(carer.surname):
        if is_whole(carer.birth):
            yield Key("M", f"{carer.birth}|{sound}|{nick}")
        if len(month) == _MONTH:
            yield Key("M", f"{month}|{sound}|{nick}")


def _slips(birth: str | None, called: Sequence[_Called], names: Names) -> Iterator[Key]:
    """Day and month exchanged, names exchanged, and 1 January for a year that was guessed."""
    if birth is None or not is_whole(birth):
        return
    turned = exchanged(birth)
    for nick, heard, _, surnames in called:
        for surname in surnames:
            yield Key("A", f"{birth}|{latinised(names.canonical(surname))}")
        if turned and nick:
            yield Key("A", f"{turned}|{nick}")
        for sound in heard if turned else ():
            yield Key("B", f"{turned}|{sound}")
    if birth.endswith("-01-01"):
        year = int(birth[:_YEAR])
        yield from _by_years((year - 1, year + 1), called)


def _of_age(appearance: Known, called: Sequence[_Called], year: int | None) -> Iterator[Key]:
    """By the years in which somebody of about that age was born."""
    age = appearance.age if isinstance(appearance, Appearance) else None
    if age is None or year is None or appearance.birth:
        return
    born = year - age
    yield from _by_years(range(born - 1 - _GUESS, born + _GUESS + 1), called, start=True)


def _by_years(
    years: Sequence[int], called: Sequence[_Called], *, start: bool = False
) -> Iterator[Key]:
    for nick, heard, letters, _ in called:
        for year in years:
            for sound in heard if nick else ():
                yield Key("E", f"{year}|{sound}|{nick}")
            if start and letters:
                yield Key("J", f"{year}|{letters}")


def _other_months(appearance: Known, names: Names) -> Iterator[Key]:
    """Of an unborn child: a date of birth is expected anew at every scan."""
    expected = (appearance.expected or "")[:_MONTH]
    if appearance.kind is not SubjectKind.UNBORN or len(expected) < _MONTH:
        return
    months = int(expected[:_YEAR]) * 12 + int(expected[_YEAR + 1 :]) - 1
    for at in range(months - _PREGNANCY, months + _PREGNANCY + 1):
        for carer in appearance.carers:
            yield from _by_mother(carer, f"{at // 12:04}-{at % 12 + 1:02}", names)
