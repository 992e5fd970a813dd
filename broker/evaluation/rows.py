"""
Rows of a register and of notifications as the broker would have read them, with the columns of
tests/identity_cases: names, dates, places, a mother, identifiers; and after them an organisation's
own number for its child.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

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
from broker.domain.ids import SubjectId
from broker.identity.contacts import postcode_from, sex_from, telephone_from, uprn_from
from broker.identity.dates import birth_from, date_from
from broker.identity.normal import name_from
from broker.identity.numbers import nhs_number_from, upn_from
from broker.identity.profile import registered

Row = Mapping[str, str]


def appearance_from_row(row: Row, today: date) -> Appearance:
    """What a row says of its subject; what cannot be read is left out."""
    kind = SubjectKind(row.get("subject_kind") or row.get("kind") or "child")
    unborn = kind is SubjectKind.UNBORN
    age = row.get("approximate_age", "")
    return Appearance(
        kind=kind,
        described=row.get("known", "identified") != "identified",
        names=tuple(_names(row)),
        written=tuple(_written(row)),
        birth=None if unborn else birth_from(row.get("birth_date", ""), today).value,
        expected=date_from(row.get("expected_birth_date", "")).value if unborn else None,
        age=int(age) if age.isdigit() else None,
        sex=sex_from(row.get("sex", "")),
        places=tuple(_places(row)),
        telephones=_each(telephone_from(row.get("telephone", "")).value),
        carers=tuple(_mother(row, today)),
        numbers=tuple(_numbers(row)),
    )


def profile_from_row(row: Row, today: date) -> Profile:
    """A row of a register, with its confirmed aliases (`forename=Joseph`) and a retired number."""
    asked = appearance_from_row(row, today)
    aliases = [each.partition("=") for each in row.get("confirmed_aliases", "").split(";") if each]
    names = [name_from(value, row["surname"]) for field, _, value in aliases if field == "forename"]
    profile = registered(SubjectId(row["subject"]), asked)
    retired = row.get("nhs_state") == "retired"
    return replace(
        profile,
        names=(*profile.names, *names),
        provisional=row.get("state") == "provisional",
        numbers=() if retired else profile.numbers,
        retired=profile.numbers if retired else (),
    )


def _names(row: Row) -> Iterator[Name]:
    name = name_from(row.get("forename", ""), row.get("surname", ""))
    if name.forename or name.surname:
        yield name


def _written(row: Row) -> Iterator[str]:
    given = " ".join(each for key in ("forename", "surname") if (each := row.get(key, "").strip()))
    if given:
        yield given


def _places(row: Row) -> Iterator[Place]:
    postcode = postcode_from(row.get("postcode", "")).value
    uprn = uprn_from(row.get("uprn", "")).value
    if postcode or uprn:
        yield Place(postcode=postcode, uprn=uprn)


def _mother(row: Row, today: date) -> Iterator[Carer]:
    surname = row.get("mother_surname", "") or row.get("surname", "")
    name = name_from(row.get("mother_forename", ""), surname)
    if name.forename:
        born = birth_from(row.get("mother_birth_date", ""), today).value
        yield Carer(relation="mother", forename=name.forename, surname=name.surname, birth=born)


def _numbers(row: Row) -> Iterator[Number]:
    nhs = nhs_number_from(row.get("nhs_number", "")).value
    if nhs:
        yield Number(system="nhs_number", value=nhs, assurance=Assurance.CHECKSUM_OK)
    upn = upn_from(row.get("upn", ""))
    if upn.value:
        sure = Assurance.UNVERIFIED if upn.fault else Assurance.CHECKSUM_OK
        yield Number(system="upn", value=upn.value, assurance=sure)
    own = [each.partition("=") for each in row.get("local_ids", "").split(";")]
    for issuer, _, value in (*own, (row.get("organisation", ""), "", row.get("local_id", ""))):
        if issuer and value:
            yield Number(system="local", issuer=issuer, value=value, assurance=Assurance.VERIFIED)


def _each(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)
