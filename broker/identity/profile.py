"""
What the register holds of a subject, and how it grows (IDENTITY.md 4, 5).

An automatic match teaches where somebody lives, who looks after them, their numbers and surnames:
what moves in a life. It never teaches another forename or birth date, which are what a join rests
on: those a person confirms. Pure: everything is rebuilt from the notifications, in their order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from broker.domain.identity import (
    Appearance,
    Assurance,
    Name,
    Number,
    Profile,
)
from broker.domain.ids import SubjectId
from broker.domain.known import Match, MatchState

_Each = TypeVar("_Each")
_MATCHED = frozenset({Assurance.VERIFIED, Assurance.CHECKSUM_OK})
_ONE_EACH = "nhs_number"


def registered(subject: SubjectId, asked: Appearance) -> Profile:
    """Of a subject whom somebody brings along, and is sure of."""
    return Profile(
        subject=subject,
        kind=asked.kind,
        restricted=any(each.restricted for each in asked.places),
        names=tuple(asked.names),
        written=tuple(asked.written),
        birth=asked.birth,
        expected=asked.expected,
        sex=asked.sex,
        places=tuple(asked.places),
        telephones=tuple(asked.telephones),
        safe_telephones=tuple(asked.safe_telephones),
        carers=tuple(asked.carers),
        numbers=tuple(asked.numbers),
    )


def first(match: Match, asked: Appearance) -> Profile:
    """Of a subject seen for the first time; provisional while nobody is sure who it is."""
    certain = match.state is MatchState.NEW and _says_who(asked)
    return replace(
        registered(match.subject, asked),
        provisional=not certain,
        doubted=match.doubted,
        twin=bool(match.twins),
    )


def _says_who(asked: Appearance) -> bool:
    """An unborn child by its mother, everybody else by a name with a birth date or a number."""
    if asked.described:
        return False
    named = any(each.forename for each in asked.names)
    numbered = any(each.assurance in _MATCHED for each in asked.numbers)
    return numbered or (named and asked.birth is not None) or asked.expected is not None


def learned(held: Profile, asked: Appearance, *, disputed: frozenset[str] = frozenset()) -> Profile:
    """
    After a match without doubt. `disputed`: systems of which another subject has that number, so it
    is kept with the notification and not here. The same profile, if nothing is new.
    """
    known = {each.surname for each in (*held.names, *held.other_names)}
    surnames = [
        Name(surname=each.surname)
        for each in asked.names
        if each.surname and each.surname not in known
    ]
    numbers = [
        each
        for each in asked.numbers
        if each.assurance in _MATCHED and each.system not in disputed and not _another(each, held)
    ]
    own = {each.named for each in held.numbers if each.assurance in _MATCHED}
    grown = replace(
        held,
        birth=held.birth or asked.birth,
        expected=held.expected or asked.expected,
        sex=held.sex or asked.sex,
        names=held.names or tuple(asked.names),
        written=held.written or tuple(asked.written),
        other_names=_with(held.other_names, surnames),
        places=_with(held.places, asked.places),
        telephones=_with(held.telephones, asked.telephones),
        safe_telephones=_with(held.safe_telephones, asked.safe_telephones),
        carers=_with(held.carers, asked.carers),
        numbers=_with(held.numbers, [each for each in numbers if each.named not in own]),
        restricted=held.restricted or any(each.restricted for each in asked.places),
    )
    return held if grown == held else grown


def _another(number: Number, held: Profile) -> bool:
    """A second NHS number: one of the two is somebody else's, and stays with its notification."""
    own = {each.value for each in held.numbers if each.system == number.system == _ONE_EACH}
    return bool(own) and number.value not in own


def still_in_doubt(held: Profile, match: Match, asked: Appearance) -> Profile:
    """
    After a later version of a concern about whose child nobody is sure: it says more of the same
    child, whoever that is, and nothing that was said before is lost.
    """
    certain = match.state is MatchState.NEW and _says_who(asked)
    grown = replace(confirmed(held, asked), provisional=not certain, doubted=match.doubted)
    return replace(grown, twin=held.twin or bool(match.twins))


def confirmed(held: Profile, asked: Appearance) -> Profile:
    """
    After a person said that it is the same child: its name is an alias of this subject from now on,
    good for a join. No table of names is changed by it.
    """
    grown = learned(held, asked)
    return replace(
        grown,
        names=_with(grown.names, [each for each in asked.names if each.forename]),
        written=_with(grown.written, asked.written),
    )


def _with(held: Sequence[_Each], more: Iterable[_Each]) -> tuple[_Each, ...]:
    return tuple(dict.fromkeys((*held, *more)))
