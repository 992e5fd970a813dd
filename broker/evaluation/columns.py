"""
Files that others wrote, read as rows of our own: which of their columns says what.

    ours              theirs
    forename          given_name, first_name, fname, fname_c1
    later_forenames   middle_name, middle_names, fname_c2
    surname           last_name, family_name, lname, lname_c1
    second_surname    lname_c2
    birth_date        date_of_birth, dob, birthdate
    birth_year        by, yob       birth_month  bm, mob       birth_day  bd
    sex               gender
    postcode          post_code, postal_code, zip, zip_code
    house_number      street_number, house_no
    street            address_1, address1, address_line_1, address, street_name
    town              suburb, city, locality
    telephone         phone, phone_number, mobile, telephone_number
    email             e_mail, email_address
    nhs_number, upn, uprn, mother_forename, mother_surname, origin   by these names alone

A social security number is never read, since a figure that rests on it says nothing about names.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Final

from broker.domain.identity import Appearance, Name, Place
from broker.errors import Misconfigured
from broker.evaluation.rows import Row, appearance_from_row
from broker.identity.normal import fold

SYNONYMS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "forename": ("given_name", "first_name", "firstname", "fname", "fname_c1", "givenname"),
        "later_forenames": ("middle_name", "middle_names", "fname_c2"),
        "surname": ("last_name", "family_name", "lastname", "lname", "lname_c1", "familyname"),
        "second_surname": ("lname_c2",),
        "birth_date": ("date_of_birth", "dob", "birthdate"),
        "birth_year": ("by", "yob"),
        "birth_month": ("bm", "mob"),
        "birth_day": ("bd",),
        "sex": ("gender",),
        "postcode": ("post_code", "postal_code", "zip", "zip_code", "zipcode"),
        "house_number": ("street_number", "house_no"),
        "street": ("address_1", "address1", "address_line_1", "address", "street_name"),
        "town": ("suburb", "city", "locality"),
        "telephone": ("phone", "phone_number", "mobile", "telephone_number"),
        "email": ("e_mail", "email_address"),
        "uprn": (),
        "nhs_number": (),
        "upn": (),
        "organisation": (),
        "local_id": (),
        "mother_forename": (),
        "mother_surname": (),
        "mother_birth_date": (),
        "subject_kind": (),
        "known": (),
        "expected_birth_date": (),
        "approximate_age": (),
        "origin": (),
    }
)
WITHHELD: Final = frozenset({"soc_sec_id", "ssn", "social_security_number"})
NEEDED: Final = ("forename", "surname")

_FEBRL = re.compile(r"rec-(\d+)-(?:org|dup-\d+)")


@dataclass(frozen=True, slots=True)
class Columns:
    """`theirs`: the column of theirs that says what ours does. The others are not used."""

    theirs: Mapping[str, str]
    not_used: Sequence[str]
    withheld: Sequence[str]

    def row(self, given: Row) -> Row:
        return {ours: given.get(theirs) or "" for ours, theirs in self.theirs.items()}


def columns_from(heading: Sequence[str], said: Mapping[str, str], *, truth: str = "") -> Columns:
    """`said`: ours and theirs, as the command line has them. Raises Misconfigured."""
    unknown = sorted(set(said) - set(SYNONYMS))
    if unknown:
        known = ", ".join(SYNONYMS)
        raise Misconfigured(
            "columns_unknown", f"no {', '.join(unknown)} is read; there are {known}"
        )
    absent = sorted(set(said.values()) - set(heading))
    if absent:
        raise Misconfigured("columns_missing", f"the file has no column {', '.join(absent)}")
    withheld = [each for each in heading if each.casefold() in WITHHELD]
    theirs = dict(said)
    for each in heading:
        ours = _ours(each)
        if (
            ours
            and ours not in theirs
            and each != truth
            and each not in (*withheld, *said.values())
        ):
            theirs[ours] = each
    missing = [each for each in NEEDED if each not in theirs]
    if missing:
        raise Misconfigured(
            "columns_missing",
            f"no column is known to say {', '.join(missing)}:"
            f" name it with --columns {missing[0]}=THEIRS; the file has {', '.join(heading)}",
        )
    used = {*theirs.values(), *withheld, truth}
    return Columns(theirs, [each for each in heading if each not in used], withheld)


def _ours(theirs: str) -> str | None:
    plain = re.sub(r"[\s-]+", "_", theirs.strip().casefold())
    if plain in SYNONYMS:
        return plain
    return next((ours for ours, names in SYNONYMS.items() if plain in names), None)


def subject_from(value: str) -> str:
    """Who a row is about: of FEBRL's `rec-17-dup-0` the number, else the whole value."""
    febrl = _FEBRL.fullmatch(value.strip())
    return febrl[1] if febrl else value.strip()


def appearance_from(row: Row, today: date) -> Appearance:
    """What a row with our names says; what cannot be read is left out."""
    read = appearance_from_row({**row, "birth_date": _birth(row)}, today)
    names = tuple(_with_other_parts(each, row) for each in read.names)
    places = read.places if any(each.postcode for each in read.places) else _properties(row)
    email = row.get("email", "").strip().casefold()
    contacts = (f"mailto:{email}",) if "@" in email else ()
    return replace(
        read,
        names=names,
        places=places or read.places,
        telephones=(*read.telephones, *contacts),
    )


def _birth(row: Row) -> str:
    if row.get("birth_date"):
        return row["birth_date"]
    year, month, day = (row.get(f"birth_{part}", "").strip() for part in ("year", "month", "day"))
    parts = [year, *(each.zfill(2) for each in (month, day) if each)] if year else []
    return "-".join(parts)


def _with_other_parts(name: Name, row: Row) -> Name:
    later = tuple(fold(row.get("later_forenames", "")).split())
    second = fold(row.get("second_surname", ""))
    surname = f"{name.surname} {second}" if name.surname and second else name.surname
    return replace(name, later=(*name.later, *later), surname=surname)


def _properties(row: Row) -> tuple[Place, ...]:
    """
    An address without a postcode of the UK. Its number with the street or the code is a property,
    its street with the code or the town a neighbourhood, as a postcode is one here: so one slip
    leaves something that agrees.
    """
    number, street, code, town = (
        fold(row.get(part, "")) for part in ("house_number", "street", "postcode", "town")
    )
    places = (
        Place(postcode=_both(street, code), uprn=_both(number, street)),
        Place(postcode=_both(street, town), uprn=_both(number, code)),
    )
    return tuple(each for each in places if each.postcode or each.uprn)


def _both(one: str, other: str) -> str | None:
    return f"{one}, {other}" if one and other else None
