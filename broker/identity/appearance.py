"""
What a notification says of its subject, in the form in which it is compared.

A value that cannot be read is left out: it costs the evidence and never the concern. Claims are
those of broker/schemas, and nothing is relied on beyond what a strict reader gives: parsed JSON.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date

from broker.domain.identity import Appearance, Carer, Name, Number, Place, SubjectKind
from broker.domain.notification import Json
from broker.identity.contacts import postcode_from, sex_from, telephone_from, uprn_from
from broker.identity.dates import birth_from, date_from
from broker.identity.normal import full_name_from, name_from
from broker.identity.numbers import number_from

_CARING = frozenset(
    ("mother", "father", "step_parent", "parents_partner", "grandparent", "foster_carer")
) | {"special_guardian"}
_CALLED = ("given_name", "family_name")
_KINDS = {kind.value: kind for kind in SubjectKind}

Claim = Mapping[str, Json]


def appearance_from(
    claims: Mapping[str, Json],
    today: date,
    *,
    switchboards: AbstractSet[str] = frozenset(),
    test_range: bool = True,
) -> Appearance:
    """
    `today`: the day it was received, after which nobody has been born. `switchboards`: telephones
    of many people, E.164. `test_range`: whether NHS numbers kept for tests count, see numbers.py.
    """
    summary = _claim(claims.get("identity.summary"))
    full = _claim(claims.get("identity.full"))
    hidden = _claim(claims.get("protected_location.full"))
    protected = _claim(claims.get("routing")).get("location_protected") is True
    people = list(_claims(_claim(claims.get("family.full")).get("people")))
    kind = _KINDS.get(_text(summary, "subject_kind"), SubjectKind.CHILD)
    unborn = kind is SubjectKind.UNBORN
    before = _claim(_claim(_claim(claims.get("fact")).get("before")).get("full"))
    former = tuple(_numbers(before, test_range=test_range))
    living = [full, *(each for each in people if unborn and each.get("relation") == "mother")]
    return Appearance(
        kind=kind,
        described=_text(summary, "known") in {"described", "unknown"},
        names=_names(summary, full, hidden),
        written=_written(summary, full),
        birth=None if unborn else birth_from(_text(summary, "birth_date"), today).value,
        expected=date_from(_text(summary, "expected_birth_date")).value if unborn else None,
        age=_age(summary.get("approximate_age")),
        sex=sex_from(_text(summary, "sex")),
        places=_places(living, hidden, protected=protected, since=today.isoformat()),
        telephones=() if protected else tuple(dict.fromkeys(_telephones(living, switchboards))),
        safe_telephones=tuple(
            dict.fromkeys(_telephones([*(living if protected else ()), hidden], switchboards))
        ),
        carers=tuple(_carers(people, today)),
        numbers=tuple(dict.fromkeys((*_numbers(full, test_range=test_range), *former))),
        former=former,
    )


def _names(summary: Claim, full: Claim, hidden: Claim) -> tuple[Name, ...]:
    """What they are called, then every other name. One that is a forename alone has the surname."""
    called = name_from(_text(summary, "given_name"), _text(summary, "family_name"))
    others = [*_texts(full.get("other_names")), *_texts([hidden.get("new_name")])]
    names = [called]
    for each in map(full_name_from, others):
        alone = Name(forename=each.forename, later=each.later, surname=called.surname)
        names.append(each if each.surname else alone)
    return tuple(dict.fromkeys(name for name in names if name.forename or name.surname))


def _written(summary: Claim, full: Claim) -> tuple[str, ...]:
    """
    As people wrote them: these are what a person is shown. Not the new name of somebody whose
    location is protected, which finds and is not told.
    """
    called = " ".join(each for key in _CALLED if (each := _text(summary, key).strip()))
    named = (called, *_texts(full.get("other_names")))
    return tuple(dict.fromkeys(each.strip() for each in named if each.strip()))


def _places(
    living: Iterable[Claim], hidden: Claim, *, protected: bool, since: str
) -> tuple[Place, ...]:
    known = [_place(each.get("address"), restricted=protected, since=since) for each in living]
    known.append(_place(hidden.get("address"), restricted=True, since=since))
    return tuple(dict.fromkeys(place for place in known if place.postcode or place.uprn))


def _place(address: Json, *, restricted: bool, since: str) -> Place:
    claim = _claim(address)
    return Place(
        postcode=postcode_from(_text(claim, "postcode")).value,
        uprn=uprn_from(_text(claim, "uprn")).value,
        restricted=restricted,
        since=since,
    )


def _telephones(claims: Iterable[Claim], switchboards: AbstractSet[str]) -> Iterator[str]:
    for claim in claims:
        for text in _texts(claim.get("telephone")):
            if number := telephone_from(text, switchboards).value:
                yield number


def _carers(people: Iterable[Claim], today: date) -> Iterator[Carer]:
    for person in people:
        relation = _text(person, "relation")
        name = full_name_from(_text(person, "name"))
        birth = birth_from(_text(person, "birth_date"), today).value
        if relation in _CARING and (name.forename or name.surname or birth):
            yield Carer(
                relation=relation, forename=name.forename, surname=name.surname, birth=birth
            )


def _numbers(full: Claim, *, test_range: bool) -> Iterator[Number]:
    for identifier in _claims(full.get("identifiers")):
        if number := number_from(identifier, test_range=test_range):
            yield number


def _age(said: Json) -> int | None:
    return said if isinstance(said, int) and not isinstance(said, bool) else None


def _claim(value: Json) -> Claim:
    return value if isinstance(value, Mapping) else {}


def _claims(value: Json) -> Iterator[Claim]:
    listed = value if isinstance(value, list) else ()
    return (each for each in listed if isinstance(each, Mapping))


def _texts(value: Json) -> Iterator[str]:
    listed = value if isinstance(value, list) else ()
    return (each for each in listed if isinstance(each, str))


def _text(claim: Claim, field: str) -> str:
    value = claim.get(field)
    return value if isinstance(value, str) else ""
