"""
The visible cases and data sets of identity through the real code:
`python -m tests.corpus.identity ../shared`.

Every case must have one of its verdicts, every value its normal form; of every set the rows,
persons and pairs must be those of its manifest, and nobody is joined wrongly without a person.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from typer.testing import CliRunner

from broker.cli.application import application
from tests.identity_cases.reading import fault_in, judged, read_as, register, rows
from tests.world import MATCHING

FOUND_SOMETHING = 3
_SET = re.compile(
    r"^\| `(?P<file>[\w/]+\.csv)` \| (?P<rows>[\d,]+) \| (?P<persons>[\d,]+)"
    r" \| (?P<pairs>[\d,]+) \|",
    re.MULTILINE,
)
_TRUTH = {"febrl": "rec_id", "rldata": "identity", "fake": "cluster"}


def main(corpus: Path) -> int:
    there = corpus / "samples" / "identity"
    if not there.is_dir():
        print(f"{there} is not there: nothing of identity was compared")  # noqa: T201
        return 0
    problems = [*_cases(there / "cases"), *_normal_forms(there / "cases"), *_sets(there)]
    for each in problems:
        print(f"  {each}")  # noqa: T201
    return FOUND_SOMETHING if problems else 0


def _cases(folder: Path) -> Iterator[str]:
    held, cases = register(folder), rows(folder, "notifications.csv")
    faults = [fault_in(case, judged(case, held, MATCHING)) for case in cases]
    found = [each for each in faults if each]
    print(f"identity cases: {len(cases) - len(found)} of {len(cases)} as expected")  # noqa: T201
    yield from found


def _normal_forms(folder: Path) -> Iterator[str]:
    cases = rows(folder, "normalisation.csv")
    read = [(row, *read_as(row["field"], row["input"], row["expected"])) for row in cases]
    wrong = [row for row, found, wanted in read if found != wanted]
    print(f"normal forms: {len(cases) - len(wrong)} of {len(cases)} as expected")  # noqa: T201
    yield from (f"{row['field']} {row['input']!r}: not {row['expected']!r}" for row in wrong)


def _sets(there: Path) -> Iterator[str]:
    manifest = (there / "MANIFEST.md").read_text(encoding="utf-8")
    for listed in _SET.finditer(manifest):
        file, truth = listed["file"], _TRUTH.get(listed["file"].split("/")[0])
        if truth is None:
            continue
        asked = ["identity", "evaluate", str(there / file), "--truth", truth, "--json"]
        answer = CliRunner().invoke(application(), asked)
        if answer.exit_code:
            yield f"{file}: {answer.output.strip() or answer.exception}"
            continue
        found = json.loads(answer.stdout)
        point, pairs = found["working_point"], found["pairs"]
        print(f"{file}: {json.dumps(point)}")  # noqa: T201
        counted = {"rows": found["rows"], "persons": found["subjects"], "pairs": pairs["true"]}
        for what, count in counted.items():
            if count != int(listed[what].replace(",", "")):
                yield f"{file}: {count} {what}, not {listed[what]}"
        if point["automatic_wrong"]:
            yield f"{file}: {point['automatic_wrong']} joined wrongly without a person"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
