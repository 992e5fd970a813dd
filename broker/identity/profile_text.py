"""A profile as text, to be kept under its subject's key; what names nobody stands beside it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from broker.domain.identity import Assurance, Carer, KeptProfile, Name, Number, Place, Profile

Said = Mapping[str, Any]


def text_from(profile: Profile) -> str:
    """JSON, without what is empty."""
    kept = {
        "names": [_name(each) for each in profile.names],
        "written": [*profile.written],
        "other_names": [_name(each) for each in profile.other_names],
        "birth": profile.birth,
        "expected": profile.expected,
        "sex": profile.sex,
        "places": [
            _full(
                postcode=each.postcode,
                uprn=each.uprn,
                restricted=each.restricted,
                since=each.since,
            )
            for each in profile.places
        ],
        "telephones": [*profile.telephones],
        "safe_telephones": [*profile.safe_telephones],
        "carers": [
            _full(
                relation=each.relation,
                forename=each.forename,
                surname=each.surname,
                birth=each.birth,
            )
            for each in profile.carers
        ],
        "numbers": [_number(each) for each in profile.numbers],
        "retired": [_number(each) for each in profile.retired],
        "restricted": profile.restricted,
    }
    return json.dumps(_full(**kept), separators=(",", ":"))


def profile_from(text: str, kept: KeptProfile) -> Profile:
    """The profile again, from what text_from made."""
    said: Said = json.loads(text)
    return Profile(
        subject=kept.subject,
        kind=kept.kind,
        provisional=kept.provisional,
        doubted=kept.doubted,
        apart=kept.apart,
        hidden_from=kept.hidden_from,
        twin=kept.twin,
        restricted=said.get("restricted", False),
        names=_names(said.get("names", ())),
        written=tuple(said.get("written", ())),
        other_names=_names(said.get("other_names", ())),
        birth=said.get("birth"),
        expected=said.get("expected"),
        sex=said.get("sex"),
        places=tuple(Place(**each) for each in said.get("places", ())),
        telephones=tuple(said.get("telephones", ())),
        safe_telephones=tuple(said.get("safe_telephones", ())),
        carers=tuple(Carer(**each) for each in said.get("carers", ())),
        numbers=_numbers(said.get("numbers", ())),
        retired=_numbers(said.get("retired", ())),
    )


def _full(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value}


def _name(name: Name) -> dict[str, object]:
    return _full(forename=name.forename, later=[*name.later], surname=name.surname)


def _names(said: Iterable[Said]) -> tuple[Name, ...]:
    return tuple(
        Name(
            forename=each.get("forename"),
            later=tuple(each.get("later", ())),
            surname=each.get("surname"),
        )
        for each in said
    )


def _number(number: Number) -> dict[str, object]:
    return _full(
        system=number.system,
        issuer=number.issuer,
        value=number.value,
        assurance=number.assurance.value,
    )


def _numbers(said: Iterable[Said]) -> tuple[Number, ...]:
    return tuple(Number(**{**each, "assurance": Assurance(each["assurance"])}) for each in said)
