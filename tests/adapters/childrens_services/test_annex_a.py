"""Annex A workbooks: as councils fill them, and as nobody should send them."""

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Event, Item, Nothing, Quarantined
from broker.domain.words import Agency, EventType
from tests.adapters import held
from tests.adapters.test_conformance import accounted_for

FORM = "annex-a-xlsx"
CONTACTS = ["Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age", "Date of Contact",
            "Contact Source"]  # fmt: skip
REFERRALS = ["Child Unique ID", "Gender", "Date of Birth", "Date of Referral", "Referral Source",
             "Referral NFA?", "Allocated Team", "Allocated Worker"]  # fmt: skip
PLANS = [
    "Child Unique ID",
    "Date of Birth",
    "Child Protection Plan Start Date",
    "Latest Category of Abuse",
    "Child Protection Plan End Date",
    "Allocated Worker",
]
BORN, DAY = datetime(2015, 1, 25), datetime(2026, 9, 16)  # noqa: DTZ001 - cells bear no zone


def workbook(**lists: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in lists.items():
        sheet = book.create_sheet(name.replace("_", " "))
        for row in rows:
            sheet.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def read(native: bytes) -> Sequence[Item]:
    return held.read(Agency.CHILDRENS_SERVICES, FORM, native)


def reasons(items: Sequence[Item]) -> list[str]:
    return [each.type.value if isinstance(each, Event) else each.reason for each in items]


def test_a_contact_and_a_referral_are_concerns_and_the_worker_is_a_fact() -> None:
    native = workbook(
        List_1=[CONTACTS, [9212044, "Female", "a) WBRI", BORN, 6.1, DAY, "q) 6: Police"]],
        List_3=[
            REFERRALS,
            [6537810.0, "b) Female", BORN, "16/09/2026", "j) 3D: Health services", "No", "Hub",
             "Dustin\xa0Hazlett"],
        ],
    )  # fmt: skip
    items = read(native)
    assert reasons(items) == ["concern.raised", "concern.raised", "relationship.changed"]
    contact, referral, worker = held.events(items)
    for event in (contact, referral, worker):
        held.signed(event, Agency.CHILDRENS_SERVICES, FORM)
    assert contact.categories["referrer"]["summary"] == {"source": "6"}
    assert contact.plain["level_state"] == "not_sure"
    assert referral.categories["narrative"]["summary"]["occurred"] == "2026-09-16"  # type: ignore[index]
    assert referral.plain["level_state"] == "proposed"
    assert worker.facts["worker"] == "Dustin Hazlett"


def test_a_plan_is_a_case_and_no_concern() -> None:
    native = workbook(
        List_7=[
            PLANS,
            [1, BORN, DAY, "Physical abuse", None, "#N/A"],
            [2, BORN, DAY, "PHY", DAY, ""],
        ]
    )
    opened, closed = held.events(read(native))
    assert (opened.type, closed.type) == (EventType.CASE_OPENED, EventType.CASE_CLOSED)
    assert opened.facts["status"] == "child_protection_plan"


def test_a_cell_that_begins_like_a_formula_is_data_and_is_never_evaluated() -> None:
    row = ["=1+1", "Female", "", BORN, "", DAY, "q) 6: Police"]
    items = read(workbook(List_1=[CONTACTS, row]))
    assert reasons(items) == ["no_subject"]  # no value of it was stored


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ([1, "Female", "", BORN, "", DAY, "z) 99: Nobody"], "unknown_code"),
        ([1, "Robot", "", BORN, "", DAY, "6"], "unknown_code"),
        ([None, "Female", "", BORN, "", DAY, "6"], "no_subject"),
        ([1, "Female", "", datetime(2001, 1, 1), "", DAY, "6"], "over_18"),  # noqa: DTZ001
    ],
)
def test_a_row_that_a_person_must_see_is_shown_by_itself(row: list[Any], reason: str) -> None:
    (item,) = read(workbook(List_1=[CONTACTS, row]))
    assert isinstance(item, Quarantined)
    assert item.reason == reason
    assert 0 < len(item.excerpt) < 200


def test_other_lists_are_counted_and_a_heading_that_is_new_is_named() -> None:
    rows: list[list[Any]] = [[*CONTACTS, "Star sign"]]
    rows.append([1, "F", "", BORN, "", DAY, "6: Police", "Leo"])
    items = read(workbook(List_1=rows, List_11=[["x"], [1]], Notes=[["Safeguarding concern!"]]))
    assert reasons(items) == ["concern.raised", "not_needed", "not_needed", "not_needed"]
    assert items[0].unseen == ("Star sign",)


def test_a_list_without_its_columns_goes_to_a_person() -> None:
    (item,) = read(workbook(List_1=[["Child", "When"], [1, DAY]]))
    assert isinstance(item, Quarantined)
    assert item.reason == "missing_column"
    assert "Date of Contact" in item.detail


# So long that the mark begins in one chunk and ends in the next.
PADDING = b" ".join(str(n * n).encode() for n in range(9000))[:65_530]


def bomb(name: str, content: bytes) -> bytes:
    made = io.BytesIO(workbook(List_1=[CONTACTS]))
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        (bomb("xl/media/x.bin", bytes(60_000_000)), "too_large"),
        (bomb("xl/extra.xml", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'), "doctype"),
        (bomb("xl/extra.xml", PADDING + b"<!DOCTYPE a><a/>"), "doctype"),
        (b"PK\x03\x04" + bytes(200), "not_this_format"),
        (workbook(List_1=[CONTACTS])[:-300], "not_this_format"),
        (b"PK\x03\x04" + bytes(11_000_000), "too_large"),
    ],
)
def test_bombs_and_damaged_workbooks_are_set_aside(native: bytes, reason: str) -> None:
    (item,) = read(native)
    assert isinstance(item, Quarantined)
    assert item.reason == reason


def test_a_sheet_that_claims_a_million_rows_costs_what_it_holds() -> None:
    book = openpyxl.Workbook()
    book.active.title = "List 1"
    book.active.append(CONTACTS)
    book.active.cell(row=1_048_576, column=1, value=1)
    made = io.BytesIO()
    book.save(made)
    items = read(made.getvalue())
    assert all(isinstance(each, Nothing | Quarantined) for each in items)


WHOLE = workbook(List_1=[CONTACTS, [1, "F", "", BORN, "", DAY, "6: Police"]])  # bears a clock


@given(st.data())
def test_a_workbook_with_any_bytes_replaced_is_accounted_for(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(WHOLE)))
    put = data.draw(st.binary(min_size=1, max_size=6))
    accounted_for(Agency.CHILDRENS_SERVICES, FORM, WHOLE[:at] + put + WHOLE[at + len(put) :])


@given(st.lists(st.text(max_size=20) | st.integers() | st.floats() | st.booleans(), max_size=8))
def test_a_row_of_anything_is_accounted_for(row: list[Any]) -> None:
    clean = [
        "".join(each for each in cell if each.isprintable()) if isinstance(cell, str) else cell
        for cell in row
    ]
    accounted_for(Agency.CHILDRENS_SERVICES, FORM, workbook(List_1=[CONTACTS, clean]))
