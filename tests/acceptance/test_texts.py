"""The check of our tables against the partnership's text finds what differs, and names the cell."""

from broker.domain.words import Category, Extent
from tests.acceptance.story import table_in
from tests.corpus.acceptance import differences, tables_of, wrong_cells

TEXT = """
## The ten

### 1. Refused
**Then**

|recipient|ID|NARR|
|---|---|---|
|`gp` (off)|F|–|

### 2. Withdrawn
No table.
"""


def test_a_table_is_read_cell_by_cell() -> None:
    assert tables_of(TEXT) == {
        1: [{"gp (off)": {Category.IDENTITY: Extent.FULL, Category.NARRATIVE: Extent.NOTHING}}],
        2: [],
    }


def test_a_cell_that_differs_is_named() -> None:
    ours = table_in("|recipient|ID|NARR|\n|gp (off)|F|X|")
    assert differences(tables_of(TEXT)[1], [ours]) == ["table 1: gp (off): NARR X, not –"]


def test_a_row_a_column_or_a_table_too_many_or_missing_is_found() -> None:
    theirs = tables_of(TEXT)[1]
    assert differences(theirs, []) == ["0 tables, not 1"]
    assert differences(theirs, [table_in("|recipient|ID|NARR|\n|gp|F|–|")]) != []
    assert differences(theirs, [table_in("|recipient|ID|FAM|\n|gp (off)|F|–|")]) != []
    assert differences([], theirs) != []


def test_a_cell_of_the_matrix_that_differs_or_is_missing_is_found() -> None:
    theirs = {"emergency": {"none": {"gp": {"identity": "full", "family": "summary"}}}}
    ours = {"emergency": {"none": {"gp": {"identity": "existence"}}}}
    assert wrong_cells(theirs, theirs) == []
    assert wrong_cells(theirs, ours) == [
        "emergency none gp family: None, not summary",
        "emergency none gp identity: existence, not full",
    ]
