"""A CSV file that somebody hands over, with errors that say what to do about it."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from broker.errors import Misconfigured
from broker.evaluation.rows import Row

_SEPARATORS = ",;\t|"
_HOW = "save it as CSV, UTF-8, with a heading"


@dataclass(frozen=True, slots=True)
class Table:
    heading: Sequence[str]
    rows: Sequence[Row] = field(repr=False)


def table_from(file: Path) -> Table:
    """Raises Misconfigured. A row that is too short lacks its last values."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as why:
        raise Misconfigured("unreadable", f"{file}: {why.strerror}") from None
    except UnicodeDecodeError:
        raise Misconfigured("unreadable", f"{file}: not UTF-8; {_HOW}") from None
    lines = text.splitlines()
    first = lines[0] if lines else ""
    separator = max(_SEPARATORS, key=first.count)
    try:
        reader = csv.DictReader(
            lines, delimiter=separator, skipinitialspace=True, restval="", restkey=None
        )
        heading = [each.strip() for each in reader.fieldnames or ()]
        reader.fieldnames = heading
        rows = [{name: row[name].strip() for name in heading} for row in reader]
    except csv.Error as why:
        raise Misconfigured("unreadable", f"{file}: {why}; {_HOW}") from None
    if not rows:
        raise Misconfigured("empty", f"{file}: no rows; {_HOW} and one record a row")
    return Table(heading, rows)


def column(table: Table, named: str, of: Path) -> Sequence[str]:
    """Raises Misconfigured."""
    if named not in table.heading:
        have = ", ".join(table.heading)
        raise Misconfigured("truth_missing", f"{of}: no column {named}; give one of {have}")
    return [row[named] for row in table.rows]
