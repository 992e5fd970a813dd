"""What goes out as text comes back with nothing changed, whatever was written."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.outward import cell, from_cell, lines_of, parts_from, text_of, value_from
from broker.errors import Malformed

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["true", "1", "null", '"', "== full ==", "a: b", "- x", "[1]", "{}", " x ", "x\r\n== full ==\n"]
)
LEAF = TEXT | st.booleans() | st.integers() | st.none()
VALUE = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)
PART = st.dictionaries(TEXT | st.sampled_from(["words", "abuse", "people"]), VALUE, max_size=5)


@given(PART)
def test_lines_are_read_back_with_nothing_changed(value: dict[str, Any]) -> None:
    assert value_from(lines_of(value)) == value


@given(st.dictionaries(st.sampled_from(["summary", "full", "cover"]), PART, max_size=3))
def test_parts_are_read_back_with_nothing_changed(parts: dict[str, Any]) -> None:
    assert parts_from(text_of(parts)) == parts


@given(TEXT)
def test_the_words_stand_at_the_end_byte_for_byte(words: str) -> None:
    assert text_of({"summary": {"basis": "observed"}, "full": {"words": words}}).endswith(words)


@given(TEXT)
def test_no_cell_begins_as_a_formula(text: str) -> None:
    assert not cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert from_cell(cell(text)) == text


def test_a_fact_reads_as_one_line() -> None:
    said = {"basis": "observed", "abuse": ["PHY", "NEG"], "year_group": 4, "until": "2026"}
    assert lines_of(said).split("\n") == [
        "basis: observed",
        "abuse[0]: PHY",
        "abuse[1]: NEG",
        "year_group: 4",
        'until: "2026"',
    ]


@pytest.mark.parametrize(
    "lines",
    [
        "no colon",
        "a[1]: x",
        ".a: x",
        "a..b: x",
        "== x\ny",
        '"\\q": 1',
        "a: " + "[" * 99_999,
        "a: 1\na[0]: 2",
    ],
)
def test_what_was_not_written_here_is_refused(lines: str) -> None:
    with pytest.raises(Malformed):
        parts_from(f"== summary ==\n{lines}")


def test_sheets_keep_the_words() -> None:
    words = '=1+1 "quoted",\r\nsecond line'
    sheet = io.StringIO()
    csv.writer(sheet, quoting=csv.QUOTE_ALL).writerow([cell(words)])
    (row,) = csv.reader(io.StringIO(sheet.getvalue(), newline=""))
    assert from_cell(row[0]) == words
    assert json.loads(json.dumps(words)) == words
