"""
By which a child is known to a question that must not say who is meant (IDENTITY.md 10). Each holds
a forename and a birth date, such that both grade at least 1 wherever two tokens are equal: a
brother, a sister or a twin shares none.

    S  birth date, forename, surname     N  birth date, forename, sound of the surname
    M  S, one digit of day or month open H  birth date, forename, postcode or property
    L  N, one letter of the forename left out

A subject is held under its own forename. Whoever asks asks besides for the names that this one is
short for, or that are short for it (grade 2); for one letter more, less or exchanged, where the
two would grade 1; for forename and surname exchanged (3); and for day and month exchanged (1).
"""

from collections.abc import Iterator, Sequence

from broker.domain.identity import Appearance, Name, Profile, SubjectKind
from broker.domain.ids import SubjectId
from broker.identity.dates import exchanged, is_whole
from broker.identity.grades import forename_grade
from broker.identity.keys import sounds
from broker.identity.names import Names

MOST = 32
"""How many one question asks for: the likeliest. Always as many, or their number would tell."""

_SHORTEST = 4  # letters of a forename, of which one may be wrong
_SOMEBODY = SubjectId("")
_OPEN = (5, 6, 8, 9)  # of 2012-04-03: the digits of month and day


def held_tokens(profile: Profile, names: Names) -> frozenset[str]:
    """
    Of one subject; none of an unborn child, or without a whole birth date. No protected place is in
    any. Of twins those of whole names alone may be used: one may be called by a name that is short
    for the other's.
    """
    birth = profile.birth
    if profile.kind is not SubjectKind.CHILD or birth is None or not _settled(birth):
        return frozenset()
    surnames = {each.surname for each in (*profile.names, *profile.other_names) if each.surname}
    heard = {sound for each in surnames for sound in sounds(each)}
    found = set()
    for forename in {each.forename for each in profile.names if each.forename}:
        for surname in surnames:
            found |= {f"S|{birth}|{forename}|{surname}"}
            found |= {f"M|{date}|{forename}|{surname}" for date in _with_one_open(birth)}
        found |= {f"N|{birth}|{forename}|{sound}" for sound in heard}
        found |= {f"H|{birth}|{forename}|{where}" for where in _where(profile)}
        shorter = _misspelt(forename, _left_out(forename), names)
        found |= {f"L|{birth}|{each}|{sound}" for each in shorter for sound in heard}
    return frozenset(found)


def asked_tokens(asked: Appearance, names: Names) -> Sequence[str]:
    """Of whoever is asked for, the likeliest first; none without a forename and a birth date."""
    if asked.kind is not SubjectKind.CHILD or not asked.names or not asked.names[0].forename:
        return ()
    called, birth = asked.names[0], asked.birth
    if birth is None or not _settled(birth):
        return ()
    turned = exchanged(birth)
    found = [
        *_as_it_stands(birth, called, _where(asked), names),
        *(_as_it_stands(turned, called, _where(asked), names) if turned else ()),
        *_with_a_slip(birth, called, names),
    ]
    return tuple(dict.fromkeys(found))[:MOST]


def is_of_a_whole_name(token: str) -> bool:
    """Whether it tells twins apart who are called by names short for each other."""
    return token[0] in "SM"


def _as_it_stands(birth: str, called: Name, where: Sequence[str], names: Names) -> Iterator[str]:
    forename, surname = called.forename or "", called.surname
    if surname:
        yield f"S|{birth}|{forename}|{surname}"
        if " " not in surname:
            yield f"S|{birth}|{surname}|{forename}"
    for each in (forename, *_related(forename, names)):
        for sound in sounds(surname) if surname else ():
            yield f"N|{birth}|{each}|{sound}"
        for place in where:
            yield f"H|{birth}|{each}|{place}"


def _with_a_slip(birth: str, called: Name, names: Names) -> Iterator[str]:
    forename, surname = called.forename or "", called.surname
    if not surname:
        return
    for date in _with_one_open(birth):
        yield f"M|{date}|{forename}|{surname}"
    for sound in sounds(surname):
        yield f"L|{birth}|{forename}|{sound}"
        slips = (*_left_out(forename), *_turned(forename))
        for each in _misspelt(forename, slips, names):
            yield f"N|{birth}|{each}|{sound}"


def _related(forename: str, names: Names) -> Sequence[str]:
    """Whose grade with it is 2, the most borne first."""
    longs = names.long_forms.get(forename, frozenset())
    shorts = (short for short, found in names.long_forms.items() if forename in found)
    return sorted({*longs, *shorts}, key=lambda each: (-names.births.get(each, 0), each))


def _left_out(forename: str) -> Sequence[str]:
    if len(forename) < _SHORTEST:
        return ()
    return tuple(dict.fromkeys(forename[:n] + forename[n + 1 :] for n in range(len(forename))))


def _turned(forename: str) -> Sequence[str]:
    """Two letters beside each other exchanged."""
    if len(forename) < _SHORTEST:
        return ()
    made = (
        f"{forename[:n]}{forename[n + 1]}{forename[n]}{forename[n + 2 :]}"
        for n in range(len(forename) - 1)
    )
    return tuple(each for each in dict.fromkeys(made) if each != forename)


def _misspelt(forename: str, slips: Sequence[str], names: Names) -> Sequence[str]:
    """
    Of these the ones that may be the same name: alike enough, and not both names of their own. The
    grade is asked, since one letter of `aaba` makes more of a difference than one of `amelia`.
    """
    own = Profile(subject=_SOMEBODY, names=(Name(forename=forename),))
    return [
        each
        for each in slips
        if forename_grade(Appearance(names=(Name(forename=each),)), own, names) >= 1
    ]


def _with_one_open(birth: str) -> Sequence[str]:
    return [f"{birth[:n]}?{birth[n + 1 :]}" for n in _OPEN]


def _where(known: Appearance | Profile) -> Sequence[str]:
    open_places = [each for each in known.places if not each.restricted]
    found = (value for each in open_places for value in (each.postcode, each.uprn) if value)
    return tuple(dict.fromkeys(found))


def _settled(birth: str) -> bool:
    """1 January is many a system's default, and no birth date by itself (IDENTITY.md 3)."""
    return is_whole(birth) and not birth.endswith("-01-01")
