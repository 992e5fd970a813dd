"""The visible cases: each notification decided alone against the register beside them."""

import csv
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from broker.domain.identity import Profile
from broker.domain.ids import SubjectId
from broker.domain.known import MatchState
from broker.evaluation.rows import appearance_from_row, profile_from_row
from broker.identity.verdict import Verdict, verdict
from tests.world import MATCHING, NOW

HERE = Path(__file__).parent.parent / "identity_cases"
TODAY = NOW.date()


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def register() -> dict[SubjectId, Profile]:
    """Everybody, each with who is kept apart from them and whether they are one of twins."""
    held = {
        each.subject: each
        for each in (profile_from_row(row, TODAY) for row in rows("register.csv"))
    }
    for edge in rows("edges.csv"):
        for one, other in ((edge["a"], edge["b"]), (edge["b"], edge["a"])):
            pair = frozenset({SubjectId(other)})
            hidden = pair if edge["restricted"] == "true" else frozenset()
            held[SubjectId(one)] = replace(held[SubjectId(one)], apart=pair, hidden_from=hidden)
    living = defaultdict(list)
    for row in rows("register.csv"):
        living[row["household"], row["birth_date"]].append(SubjectId(row["subject"]))
    for (_, born), subjects in living.items():
        for each in subjects if born and len(subjects) > 1 else ():
            held[each] = replace(held[each], twin=True)
    return held


def judged(case: dict[str, str]) -> Verdict:
    return verdict(appearance_from_row(case, TODAY), register().values(), matching=MATCHING)


def said(found: Verdict) -> str:
    return f"known:{found.subject}" if found.state is MatchState.KNOWN else found.state.value


@pytest.mark.parametrize("case", rows("notifications.csv"), ids=lambda case: case["case"])
def test_case(case: dict[str, str]) -> None:
    found = judged(case)
    assert said(found) in case["expected"].split("|"), (case["why"], found)
    never = set(case["never_automatically"].split("|"))
    assert found.state is not MatchState.KNOWN or found.subject not in never


def test_the_earlier_name_of_an_adopted_child_is_never_shown_beside_the_new_one() -> None:
    (case,) = (each for each in rows("notifications.csv") if each["case"] == "C41")
    assert judged(case).doubted == {"S15"}
