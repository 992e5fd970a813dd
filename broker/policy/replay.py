"""
What really happened, asked again: the questions that were decided, under two policy sets. Pure.

Decisions that asked the same question under the same policies share one ruling, so each ruling is
asked once, however many decisions rest on it; the counts are of decisions.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from broker.domain.decision import Question
from broker.domain.ids import DecisionId, PolicyVersion
from broker.domain.words import Category, Extent
from broker.errors import PolicyNotEvaluated
from broker.policy.facts import fact_from
from broker.policy.pages import Masks

Extents = Mapping[str, str]
"""By category, as a ruling keeps them: {"narrative": "full", ...}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One ruling as it was kept, the decisions that rest on it, and one of those."""

    ruling: str
    policy: PolicyVersion
    question: Mapping[str, object]
    extents: Extents
    decisions: int
    example: DecisionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One role's extent of one category, in how many decisions it differs, and in which one."""

    role: str
    category: str
    before: str
    after: str
    decisions: int
    example: DecisionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """
    `changes` compares the two policy sets; `not_as_recorded` the first of them with what was
    recorded, which it repeats exactly if it is the set that was in force.
    """

    old: PolicyVersion
    new: PolicyVersion
    decisions: int
    rulings: int
    differing: int  # decisions in which at least one extent differs
    wider: int  # of these, those in which at least one extent is higher
    narrower: int
    identical: int  # decisions that the old set repeats as recorded
    changes: Sequence[Change]
    not_as_recorded: Sequence[Change]


class Masked(Protocol):
    """Policies that answer many questions at once, without because: see engine.py."""

    @property
    def version(self) -> PolicyVersion: ...

    def masks(self, questions: Sequence[Question]) -> Sequence[Masks]:
        """(full, summary, existence) for each question: a bit for each category in turn."""
        ...


def replay(recorded: Sequence[Recorded], old: Masked, new: Masked) -> Replay:
    """
    Raises PolicyNotEvaluated naming the ruling if a stored question cannot be asked: neither set's
    silence is read as an answer.
    """
    pairs = sorted(((_question(each), each) for each in recorded), key=_alike)
    asked = [question for question, _ in pairs]
    changes, unlike = _Tally(), _Tally()
    differing = wider = narrower = identical = 0
    for (_, each), before, after in zip(pairs, old.masks(asked), new.masks(asked), strict=True):
        changed = changes.add(each, before, after)
        differing += each.decisions if changed else 0
        wider += each.decisions if any(to > was for was, to in changed) else 0
        narrower += each.decisions if any(to < was for was, to in changed) else 0
        identical += 0 if unlike.add(each, _masks(each), before) else each.decisions
    return Replay(
        old=old.version,
        new=new.version,
        decisions=sum(each.decisions for each in recorded),
        rulings=len(recorded),
        differing=differing,
        wider=wider,
        narrower=narrower,
        identical=identical,
        changes=list(changes.changes()),
        not_as_recorded=list(unlike.changes()),
    )


def _alike(pair: tuple[Question, Recorded]) -> tuple[str, ...]:
    """Questions of notifications that are alike beside each other: they are folded once."""
    question, recorded = pair
    alike = (question.publisher, question.level, question.level_state, question.jurisdiction)
    return (*map(str, alike), recorded.ruling)


def _masks(recorded: Recorded) -> Masks:
    """The extents that were recorded, as policies give them."""
    told = [recorded.extents[category.value] for category in Category]
    full, summary, existence = (
        sum(1 << place for place, extent in enumerate(told) if extent in extents)
        for extents in _AT_LEAST
    )
    return full, summary, existence


_LADDER = (Extent.FULL, Extent.SUMMARY, Extent.EXISTENCE)
_AT_LEAST = tuple({extent.value for extent in Extent if extent >= least} for least in _LADDER)


def _extent(masks: Masks, place: int) -> Extent:
    for mask, extent in zip(masks, _LADDER, strict=True):
        if mask >> place & 1:
            return extent
    return Extent.NOTHING


class _Tally:
    """Counts by role, category and the two extents; keeps the first decision of each."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str, str]] = Counter()
        self._examples: dict[tuple[str, str, str, str], DecisionId] = {}

    def add(self, recorded: Recorded, before: Masks, after: Masks) -> list[tuple[Extent, Extent]]:
        """The pairs that differ."""
        found = list[tuple[Extent, Extent]]()
        if before == after:
            return found
        role = str(recorded.question["role"])
        for place, category in enumerate(Category):
            was, to = _extent(before, place), _extent(after, place)
            if was is not to:
                found.append((was, to))
                key = (role, category.value, was.value, to.value)
                self._counts[key] += recorded.decisions
                self._examples.setdefault(key, recorded.example)
        return found

    def changes(self) -> Iterator[Change]:
        """Most decisions first."""
        for key, decisions in self._counts.most_common():
            role, category, before, after = key
            yield Change(
                role=role,
                category=category,
                before=before,
                after=after,
                decisions=decisions,
                example=self._examples[key],
            )


def _question(recorded: Recorded) -> Question:
    try:
        return stored_question(recorded.question)
    except (ValueError, TypeError) as error:
        raise PolicyNotEvaluated("stored_question", f"{recorded.ruling}: {error}") from None


def stored_question(written: Mapping[str, object]) -> Question:
    """
    A question as a ruling keeps it. A fact that is newer than the ruling has its default, which is
    what was asked then; a fact that is no more raises ValueError, one that must be there TypeError.
    """
    told = {name: _fact(name, _hashable(value)) for name, value in written.items()}
    return Question(**told)  # type: ignore[arg-type]


def _hashable(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


@lru_cache(maxsize=4096)
def _fact(name: str, value: object) -> object:
    """Stored questions say the same few things in other combinations."""
    return fact_from(name, list(value) if isinstance(value, tuple) else value)
