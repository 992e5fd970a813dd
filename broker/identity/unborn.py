"""
An unborn child: its mother, and when it is expected (IDENTITY.md 9). It is known only if its mother
is known herself and the dates lie within 42 days of a pregnancy of hers.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from broker.domain.identity import Appearance, Carer, Name, Profile, SubjectKind
from broker.domain.ids import SubjectId

_NEAR = 42  # days: to confirm in practice
_MOTHER = "mother"
_WHOLE = len("2026-12-20")


def mother_of(asked: Appearance) -> Appearance | None:
    """The mother as a subject of her own, at the address that is given."""
    carer = _mother(asked.carers)
    if carer is None or carer.forename is None:
        return None
    return Appearance(
        kind=SubjectKind.ADULT_OF_CONCERN,
        names=(Name(forename=carer.forename, surname=carer.surname),),
        birth=carer.birth,
        places=asked.places,
        telephones=asked.telephones,
    )


def pregnancies(
    asked: Appearance, unborn: Iterable[Profile], mother: Profile | None
) -> tuple[Sequence[SubjectId], Sequence[SubjectId], Sequence[SubjectId]]:
    """
    (the pregnancies that this one is, those of the same mother at another time, those that a
    person must look at).
    """
    same: list[SubjectId] = []
    another: list[SubjectId] = []
    doubtful: list[SubjectId] = []
    for each in unborn:
        days = _days_between(asked.expected, each.expected)
        if not _hers(asked, each, mother):
            if _may_be_hers(asked, each) and (days is None or days <= _NEAR):
                doubtful.append(each.subject)
        elif days is None:
            doubtful.append(each.subject)
        else:
            (same if days <= _NEAR else another).append(each.subject)
    return same, another, doubtful


def _hers(asked: Appearance, held: Profile, mother: Profile | None) -> bool:
    """Of this mother: by her own name and birth date, or known herself and living where it does."""
    given, theirs = _mother(asked.carers), _mother(held.carers)
    if given is None or theirs is None or given.forename != theirs.forename:
        return False
    if given.birth is not None and given.birth == theirs.birth:
        return given.surname == theirs.surname
    return mother is not None and theirs.birth is None and _together(mother, held)


def _may_be_hers(asked: Appearance, held: Profile) -> bool:
    given, theirs = _mother(asked.carers), _mother(held.carers)
    if given is None or theirs is None:
        return _places(asked) & _places(held) != set()
    return given.forename == theirs.forename or _places(asked) & _places(held) != set()


def _together(one: Profile, other: Profile) -> bool:
    return bool(_places(one) & _places(other)) or bool({*one.telephones} & {*other.telephones})


def _places(of: Appearance | Profile) -> set[str]:
    return {each.uprn for each in of.places if each.uprn and not each.restricted}


def _mother(carers: Iterable[Carer]) -> Carer | None:
    return next((each for each in carers if each.relation == _MOTHER), None)


def _days_between(one: str | None, other: str | None) -> int | None:
    if one is None or other is None or len(one) != _WHOLE or len(other) != _WHOLE:
        return None
    return abs((date.fromisoformat(one) - date.fromisoformat(other)).days)
