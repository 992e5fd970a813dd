"""The visible cases: each notification decided alone against the register beside them."""

from pathlib import Path

import pytest

from tests.identity_cases.reading import Row, fault_in, judged, register, rows
from tests.world import MATCHING

HERE = Path(__file__).parent.parent / "identity_cases"
CASES = rows(HERE, "notifications.csv")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_case(case: Row) -> None:
    assert fault_in(case, judged(case, register(HERE), MATCHING)) == ""


def test_the_earlier_name_of_an_adopted_child_is_never_shown_beside_the_new_one() -> None:
    (case,) = (each for each in CASES if each["case"] == "C41")
    assert judged(case, register(HERE), MATCHING).doubted == {"S15"}
