"""
Invariants: sentences that governance signs, one YAML file each, checked over every question that
its `given` spans. `given` lists the values tried for each fact; what it does not name is as in a
case. `expect` is one of

    at_most: nothing          no category (or none of `categories`) passes beyond this extent
    at_least: full            every category named passes at this extent or more
    along: level              the values of one fact in order, all else equal, and either
      never: lower              no extent falls on the way, or
      never: differ             every extent stays
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from itertools import islice, pairwise, product
from typing import Literal, Self, get_type_hints

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from broker.domain.decision import Question, question_fields
from broker.domain.words import Category, Extent
from broker.policy.cases import question_from
from broker.policy.facts import closed, fact_from, sets
from broker.policy.places import Finding, faults_in_yaml, line_in_yaml, refused
from broker.ports import Policies

_AT_ONCE = 500  # questions decided together


class _Expect(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    at_most: Extent | None = None
    at_least: Extent | None = None
    along: str | None = None
    never: Literal["lower", "differ"] | None = None

    @model_validator(mode="after")
    def one_expectation(self) -> Self:
        written = (self.at_most, self.at_least, self.along)
        if sum(each is not None for each in written) != 1:
            raise ValueError("write one of at_most, at_least and along")
        if (self.along is None) != (self.never is None):
            raise ValueError("write along and never together")
        return self


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    sentence: str
    source: str
    given: dict[str, object]
    categories: frozenset[Category] | Literal["all"] = "all"
    expect: _Expect

    @model_validator(mode="after")
    def along_what_is_given(self) -> Self:
        if self.expect.along is not None and self.expect.along not in self.given:
            raise ValueError(f"list the values of {self.expect.along} under given")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """One sentence, the questions it speaks of, and what must hold of their rulings."""

    sentence: str
    given: Mapping[str, Sequence[object]]
    categories: frozenset[Category]
    at_most: Extent | None
    at_least: Extent | None
    along: str | None
    differ: bool  # along: may not differ at all, not only fall

    @property
    def size(self) -> int:
        """How many questions it spans."""
        return sum(1 for _ in product(*self.given.values()))


def read_invariants(folder: Traversable) -> list[Invariant]:
    """Every invariant of the folder. Raises PolicySetInvalid naming file and line."""
    invariants, found = invariants_in(folder)
    if found:
        raise refused(found[0].reason, found)
    return [invariant for _, invariant in invariants]


def invariants_in(folder: Traversable) -> tuple[list[tuple[str, Invariant]], list[Finding]]:
    """The invariants that can be read, each with its file, and what is wrong with the others."""
    invariants, found = [], []
    files = sorted(folder.iterdir(), key=lambda file: file.name) if folder.is_dir() else []
    for file in files:
        if not file.name.endswith(".yaml"):
            continue
        name, text = f"{folder.name}/{file.name}", file.read_text(encoding="utf-8")
        try:
            invariants.append((name, _read(text)))
        except (yaml.YAMLError, ValidationError) as error:
            found += faults_in_yaml("policy_invariant", name, text, error)
        except (ValueError, TypeError) as error:
            line = line_in_yaml(text, ("given",))
            fault = Finding(reason="policy_invariant", file=name, line=line, says=str(error))
            found.append(fault)
    return invariants, found


def _read(text: str) -> Invariant:
    written = _Written.model_validate(yaml.safe_load(text))
    given = {name: _values(name, listed) for name, listed in written.given.items()}
    every = frozenset(Category)
    return Invariant(
        sentence=written.sentence,
        given=given,
        categories=every if written.categories == "all" else written.categories,
        at_most=written.expect.at_most,
        at_least=written.expect.at_least,
        along=written.expect.along,
        differ=written.expect.never == "differ",
    )


def _values(name: str, listed: object) -> Sequence[object]:
    """The values tried for a fact: a list, one value, or `every` one that it can have."""
    if listed == "every" and name in closed():
        return list(closed()[name])
    if listed == "every" and name in sets():  # categories do not bear on each other
        return [frozenset[Category](), frozenset(Category)]
    if listed == "every" and get_type_hints(Question).get(name) is bool:
        return [False, True]
    return [fact_from(name, each) for each in (listed if isinstance(listed, list) else [listed])]


def counterexamples(invariant: Invariant, policies: Policies) -> Iterator[str]:
    """Each question for which the sentence is false, and how. Empty when it holds."""
    if invariant.along is not None:
        for question in _questions(invariant):
            yield from _falls(invariant, question, invariant.along, policies)
        return
    questions = _questions(invariant)
    while several := list(islice(questions, _AT_ONCE)):
        for question, ruling in zip(several, policies.decide_all(several), strict=True):
            for category in invariant.categories:
                extent = ruling.extents[category]
                if invariant.at_most is not None and extent > invariant.at_most:
                    yield f"{category} {extent.value} when {_said(invariant, question)}"
                if invariant.at_least is not None and extent < invariant.at_least:
                    yield f"{category} only {extent.value} when {_said(invariant, question)}"


def _questions(invariant: Invariant) -> Iterator[Question]:
    """All of them; along a fact, only with its first value."""
    usual = question_from({"role": "mash_screener", "level": "significant_harm"})
    for values in product(*invariant.given.values()):
        told = dict(zip(invariant.given, values, strict=True))
        along = invariant.along
        if along is None or told[along] == invariant.given[along][0]:
            yield replace(usual, **told)  # type: ignore[arg-type]


def _falls(
    invariant: Invariant, question: Question, along: str, policies: Policies
) -> Iterator[str]:
    steps = [replace(question, **{along: value}) for value in invariant.given[along]]  # type: ignore[arg-type]
    rulings = policies.decide_all(steps)
    for (_, before), (after, last) in pairwise(zip(steps, rulings, strict=True)):
        told, then = before.extents, last.extents
        for category in invariant.categories:
            same = told[category] is then[category]
            if then[category] < told[category] or (invariant.differ and not same):
                yield (
                    f"{category} {told[category].value}, then {then[category].value}"
                    f" when {_said(invariant, after)}"
                )


def _said(invariant: Invariant, question: Question) -> str:
    told = question_fields(question)
    return ", ".join(f"{name} is {_shown(told[name])}" for name in invariant.given)


def _shown(value: object) -> str:
    """A set of all categories is written `all`, as in the file."""
    if isinstance(value, list):
        return "all" if len(value) == len(Category) else ", ".join(value) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
