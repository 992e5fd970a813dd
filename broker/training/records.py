"""
Rows of a register and of notifications, as they are compared. Columns that are not compared are
left alone, identifiers above all: weights must hold where no number is given (IDENTITY.md 7).
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from broker.errors import Misconfigured
from broker.identity.compare import Facet
from broker.identity.contacts import postcode_from, sex_from, telephone_from, uprn_from
from broker.identity.dates import birth_from
from broker.identity.normal import name_from

COLUMNS = ("forename", "surname", "birth_date")
"""Without these there is nothing to train; the others may be missing or empty."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row: `id` is unique among the records that are trained together."""

    id: str
    facet: Facet


def record_from(row: Mapping[str, str], of: str, today: date) -> Record:
    """A row with the columns of a register or of notifications, normalised."""
    name = name_from(row["forename"], row["surname"])
    mother = name_from(row.get("mother_forename", ""), "")
    return Record(
        id=of,
        facet=Facet(
            forename=name.forename,
            surname=name.surname,
            birth=birth_from(row["birth_date"], today).value,
            sex=sex_from(row.get("sex", "")),
            postcode=postcode_from(row.get("postcode", "")).value,
            uprn=uprn_from(row.get("uprn", "")).value,
            telephone=telephone_from(row.get("telephone", "")).value,
            mother=mother.forename,
        ),
    )


def records_from(lines: Iterable[str], named: str, today: date) -> Iterator[Record]:
    """`lines`: of a CSV file with a heading. `named`: what its records' ids begin with."""
    rows = csv.DictReader(lines)
    missing = sorted(set(COLUMNS) - set(rows.fieldnames or ()))
    if missing:
        raise Misconfigured("columns_missing", f"{named}: add {', '.join(missing)}")
    for number, row in enumerate(rows, 1):
        yield record_from(row, f"{named}-{number}", today)
