"""
The partnership's own texts against ours: `python -m tests.corpus.acceptance ../shared`.

Every table of acceptance_cases.md must stand in our data files, in the same order, cell for cell,
and none more; default_matrix.json must be what our policies answer in all its cells.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from broker.policy import CompiledPolicies, read_bundle
from broker.policy.matrix import matrix
from tests.acceptance.story import CODES, LETTERS, Table, read_story, stories, table_in

_CASE = re.compile(r"^### (\d+)\. ", re.MULTILINE)
FOUND_SOMETHING = 3


def tables_of(text: str) -> dict[int, list[Table]]:
    """The tables of each case, by its number, as the text has them."""
    _, *pieces = _CASE.split(text)
    return {
        int(number): [_table(lines) for lines in _blocks(body)]
        for number, body in zip(pieces[::2], pieces[1::2], strict=True)
    }


def _blocks(body: str) -> Iterator[str]:
    """Runs of lines that begin with a bar."""
    block: list[str] = []
    for line in [*body.splitlines(), ""]:
        if line.startswith("|"):
            block.append(line)
        elif block:
            yield "\n".join(block)
            block = []


def _table(lines: str) -> Table:
    return table_in(lines.replace("`", ""))


def differences(theirs: list[Table], ours: list[Table]) -> list[str]:
    """What differs between the tables of one case, each difference a line."""
    if len(theirs) != len(ours):
        return [f"{len(ours)} tables, not {len(theirs)}"]
    return [
        f"table {number}: {problem}"
        for number, (their, our) in enumerate(zip(theirs, ours, strict=True), 1)
        for problem in _cells(their, our)
    ]


def _cells(theirs: Table, ours: Table) -> Iterator[str]:
    codes = {category: code for code, category in CODES.items()}
    letters = {extent: letter for letter, extent in LETTERS.items()}
    if list(theirs) != list(ours):
        yield f"rows {sorted(set(theirs) ^ set(ours))}"
        return
    for row, cells in theirs.items():
        if list(cells) != list(ours[row]):
            yield f"{row}: columns differ"
            continue
        for category, extent in cells.items():
            found = ours[row][category]
            if found is not extent:
                yield f"{row}: {codes[category]} {letters[found]}, not {letters[extent]}"


def cells_of(written: dict[str, Any]) -> dict[tuple[str, ...], str]:
    """matrix[level][agreement][role][category], each cell by its place."""
    return {
        (level, agreement, role, category): extent
        for level, by_agreement in written.items()
        for agreement, by_role in by_agreement.items()
        for role, by_category in by_role.items()
        for category, extent in by_category.items()
    }


def wrong_cells(theirs: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    """Cells that are not the same in both, those of only one included."""
    there, here = cells_of(theirs), cells_of(ours)
    return [
        f"{' '.join(place)}: {here.get(place)}, not {there.get(place)}"
        for place in sorted(there | here)
        if there.get(place) != here.get(place)
    ]


def main() -> None:
    """Print figures and problems; exit 3 if anything differs, 2 if a text is not there."""
    folder = Path(sys.argv[1]) / "reference"
    try:
        text = (folder / "acceptance_cases.md").read_text(encoding="utf-8")
        signed = json.loads((folder / "default_matrix.json").read_text(encoding="utf-8"))
    except OSError as error:
        sys.stderr.write(f"no_corpus: {error.filename}: {error.strerror}\n")
        sys.exit(2)
    theirs = tables_of(text)
    ours = {
        int(path.name[:2]): [table_in(table) for table in read_story(path).tables]
        for path in stories()
    }
    problems = [
        f"case {number}: {problem}"
        for number in sorted(theirs | ours)
        for problem in differences(theirs.get(number, []), ours.get(number, []))
    ]
    tables = [table for of_case in theirs.values() for table in of_case]
    cells = sum(len(row) for table in tables for row in table.values())
    sys.stdout.write(f"{len(theirs)} cases, {len(tables)} tables, {cells} cells\n")
    bundle = read_bundle()
    computed = matrix(CompiledPolicies(bundle), bundle.matrix_roles)
    wrong = wrong_cells(signed["matrix"], computed)
    sys.stdout.write(f"default matrix: {len(cells_of(signed['matrix']))} cells\n")
    for problem in [*problems, *wrong]:
        sys.stdout.write(f"PROBLEM {problem}\n")
    sys.exit(FOUND_SOMETHING if problems or wrong else 0)


if __name__ == "__main__":
    main()
