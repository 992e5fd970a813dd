"""Normal forms of identity (IDENTITY.md 6): every visible case, and what holds for any text."""

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from broker.identity.contacts import postcode_from, telephone_from
from broker.identity.dates import birth_from
from broker.identity.normal import name_from
from broker.identity.numbers import nhs_number_from, upn_from
from broker.identity.reading import Fault, Reading

CASES = Path(__file__).parents[1] / "identity_cases" / "normalisation.csv"
TODAY = date(2026, 10, 4)


def surname_from(text: str) -> Reading:
    return Reading(name_from("", text).surname)


READERS: dict[str, Callable[[str], Reading]] = {
    "name": surname_from,
    "birth_date": lambda text: birth_from(text, TODAY),
    "nhs_number (test environment)": nhs_number_from,
    "upn": upn_from,
    "postcode": postcode_from,
    "telephone": telephone_from,
}


def cases() -> list[tuple[str, str, str]]:
    with CASES.open(encoding="utf-8", newline="") as file:
        return [(row["field"], row["input"], row["expected"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize(("field", "text", "expected"), cases())
def test_a_visible_case_has_its_normal_form(field: str, text: str, expected: str) -> None:
    read = READERS[field](text)
    match expected:
        case "missing" | "refused":
            assert read == Reading(None, Fault(expected))
        case "warn":
            assert (read.value, read.fault) == (text.upper(), Fault.CHECK_LETTER)
        case "valid":
            assert read == Reading(text.upper())
        case _:
            assert read == Reading(expected.partition(" (")[0] or None)
