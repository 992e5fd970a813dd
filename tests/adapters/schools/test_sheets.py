"""Exports of safeguarding products, and the sheet that a school is given."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Event, Nothing, Quarantined
from adapters.formats import ADAPTERS
from adapters.schools.sheet import COLUMNS
from adapters.sites import read_profile, site
from broker.domain.words import Agency
from tests.adapters import held
from tests.adapters.test_samples import ROOT
from tests.adapters.test_transports import DISCLOSED

PASTORAL = (ROOT / "schools/samples/pastoral-log.csv").read_bytes()
SAMPLE = (ROOT / "schools/samples/safeguarding.csv").read_bytes()


def read(native: bytes, profile: str = "school-safeguarding", **more: Any) -> list[Any]:
    written = {**read_profile(Agency.SCHOOLS, profile), **more}
    where = site(Agency.SCHOOLS, written, held.RECEIVED)
    return list(ADAPTERS[Agency.SCHOOLS]["csv-profile"].read(native, where))


def reasons(items: list[Any]) -> list[str]:
    return [each.type.value if isinstance(each, Event) else each.reason for each in items]


def test_a_second_product_is_read_by_its_profile_alone() -> None:
    items = read(PASTORAL, "pastoral-log")
    assert reasons(items) == [
        "concern.raised",
        "concern.raised",
        "unlisted_value",
        "concern.retracted",
        "ignored_by_profile",
        "concern.raised",
    ]
    first, last = items[0], items[-1]
    assert first.categories["narrative"]["summary"]["abuse"] == ["PHY", "EMO"]
    words = "Came in late; mark on the wrist.\nWould not take his coat off."
    assert first.categories["narrative"]["full"]["words"] == words
    assert first.native["unread"] == [{"field": "house_points", "value": "12"}]
    assert first.unseen == ("house_points",)
    assert last.plain["urgency"] == "immediate"
    assert last.routing["location_protected"] is True


def test_a_person_is_shown_the_row_and_not_the_file() -> None:
    aside = [each for each in read(SAMPLE) if isinstance(each, Quarantined)]
    assert all(len(each.excerpt) < len(SAMPLE) for each in aside)
    assert len({each.excerpt for each in aside}) == len(aside)


def sheet_of(*rows: dict[str, str], columns: list[str]) -> bytes:
    made = io.StringIO()
    writer = csv.DictWriter(made, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return made.getvalue().encode()


def test_a_row_that_bears_the_brokers_reference_is_an_echo_among_others() -> None:
    header = SAMPLE.decode("cp1252").split("\r\n")[0].split(",")
    rows = list(csv.DictReader(io.StringIO(SAMPLE.decode("cp1252"), newline="")))[:2]
    rows[0]["Broker reference"] = "d7shcd3zaa6p6kw3"
    items = read(sheet_of(*rows, columns=[*header, "Broker reference"]))
    assert reasons(items) == ["echo", "concern.raised"]
    assert read(sheet_of({"Broker reference": ""}, columns=["Broker reference", "x"]))[
        0
    ].reason == ("missing_column")


def test_the_sheet_of_a_school_can_be_read_by_a_person_and_by_no_formula() -> None:
    form = ADAPTERS[Agency.SCHOOLS]["csv-profile"]
    assert form.write is not None
    native = form.write(DISCLOSED, held.where(Agency.SCHOOLS, "csv-profile"))
    rows = list(csv.DictReader(io.StringIO(native.decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["Pupil"] == "Mara Fennick-Oyelowo"
    worded = next(row for row in rows if row["Category"] == "narrative.full")
    assert worded["Words"] == "Seen | with ~ bruises.\r\nTwice."
    assert "01632 960114" in rows[0]["Who to ring"]
    assert all(isinstance(each, Nothing) for each in read(native))


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        (SAMPLE.replace(b"Incident ID", b"Number"), "missing_column"),
        (SAMPLE.split(b"\r\n")[0] + b"\r\n", "no_row"),
        (SAMPLE[:400], None),
        (b"\xef\xbb\xbf" + SAMPLE.decode("cp1252").encode(), None),
        (SAMPLE.replace(b"\r\n", b"\n"), None),
        (SAMPLE + b'"never closed', "not_this_format"),
        (b"PK\x03\x04" + SAMPLE, "not_this_format"),
    ],
)
def test_files_as_products_write_them_and_as_they_break(native: bytes, reason: str | None) -> None:
    found = reasons(read(native))
    assert found
    assert reason is None or reason in found


def test_more_rows_than_may_be_go_to_a_person_once() -> None:
    header, row = SAMPLE.split(b"\r\n")[:2]
    items = read(header + b"\r\n" + (b"x" + b"," * header.count(b",") + b"\r\n") * 20_001)
    assert reasons(items) == ["too_large"]
    assert row


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_cell_of_any_labels_is_split_or_set_aside(first: str, second: str) -> None:
    header = PASTORAL.decode().split("\n")[0].split(";")
    row = dict.fromkeys(header, "")
    row |= {"ref": "1", "rev": "1", "pupil": "A", "born": "2015-01-01", "logged": "2026-11-20"}
    row |= {"worry": "2", "note": "seen", "tags": f"{first},fear,{second}"}
    made = io.StringIO()
    writer = csv.DictWriter(made, header, delimiter=";")
    writer.writeheader()
    writer.writerow(row)
    native = made.getvalue().encode("utf-8", "surrogatepass")
    assert len(reasons(read(native, "pastoral-log"))) >= 1
