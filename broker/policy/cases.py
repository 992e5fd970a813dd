"""
Cases: one JSON file each, its name the sentence. A question, the extents it must get (a category
not named must get nothing), and the policies that must be named in the because.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

from broker.domain.decision import Question
from broker.domain.words import Category, Extent
from broker.policy.facts import fact_from
from broker.policy.places import Finding, line_in_json, refused
from broker.ports import Policies

_UNLESS_SAID = {
    "agency": "childrens_services",
    "publisher": "health",
    "level_state": "confirmed",
    "gateway": "none",
    "relationship": "none",
    "consent_stated": "not_sought_impracticable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    sentence: str
    question: Question
    extents: Mapping[Category, Extent]
    because: frozenset[str]


def read_cases(folder: Traversable) -> list[Case]:
    """Every case of the folder. Raises PolicySetInvalid naming file and line."""
    cases, found = cases_in(folder)
    if found:
        raise refused(found[0].reason, found)
    return cases


def cases_in(folder: Traversable) -> tuple[list[Case], list[Finding]]:
    """The cases that can be read, and what is wrong with the others."""
    cases, found = [], []
    try:
        written_down = [file for file in folder.iterdir() if file.name.endswith(".json")]
    except OSError as error:
        says = f"{type(error).__name__}: write a case for each policy"
        return [], [Finding(reason="policy_case", file=folder.name, line=None, says=says)]
    for file in sorted(written_down, key=lambda each: each.name):
        text = file.read_text(encoding="utf-8")
        try:
            cases.append(_case(file.name, json.loads(text)))
        except (KeyError, ValueError, TypeError) as error:
            missing = f"write {error}" if isinstance(error, KeyError) else str(error)
            line, name = line_in_json(text, error), f"{folder.name}/{file.name}"
            found.append(Finding(reason="policy_case", file=name, line=line, says=missing))
    return sorted(cases, key=lambda case: case.sentence), found


def _case(name: str, written: Mapping[str, Any]) -> Case:
    told = {Category(each): Extent(extent) for each, extent in written["extents"].items()}
    return Case(
        sentence=name.removesuffix(".json").replace("-", " "),
        question=question_from(written["question"]),
        extents={each: told.get(each, Extent.NOTHING) for each in Category},
        because=frozenset(written["because"]),
    )


def question_from(written: Mapping[str, object]) -> Question:
    """A question as a case writes it: what is not said is as an acceptance case takes it."""
    told = {**_UNLESS_SAID, **written}
    return Question(**{name: fact_from(name, value) for name, value in told.items()})  # type: ignore[arg-type]


def failures(case: Case, policies: Policies) -> list[str]:
    """What is not as the case says; empty when it holds."""
    ruling = policies.decide(case.question)
    wrong = [
        f"{category.value}: {ruling.extents[category].value}, not {expected.value}"
        for category, expected in case.extents.items()
        if ruling.extents[category] is not expected
    ]
    missing = case.because - determining(case, policies)
    return wrong + [f"{policy} did not decide" for policy in sorted(missing)]


def determining(case: Case, policies: Policies) -> set[str]:
    because = policies.decide(case.question).because.values()
    return {policy for each in because for policy in (*each.permits, *each.forbids)}
