"""
A candidate beside the live policies: it is asked the same questions, its answers are compared and
kept, and nothing is ever done because of them. A candidate that cannot answer is a difference too,
and costs the live decision nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from broker.domain.decision import Question, Ruling, question_fields
from broker.domain.ids import PolicyVersion
from broker.domain.words import Category
from broker.errors import BrokerError
from broker.ports import Policies


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowDifference:
    """
    One question that the candidate answers otherwise, and how often it was asked. `candidate` is
    None where the candidate could not answer; `fault` then has the reason.
    """

    question: Mapping[str, object]
    live: Mapping[str, str]
    candidate: Mapping[str, str] | None
    fault: str | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One batch's questions under both."""

    live: PolicyVersion
    candidate: PolicyVersion
    asked: int
    differences: Sequence[ShadowDifference]


@dataclass(frozen=True, slots=True)
class Shadow:
    """Compares; holds no answer and raises nothing that a policy could cause."""

    candidate: Policies

    def compare(self, live: PolicyVersion, answered: Sequence[tuple[Question, Ruling]]) -> Compared:
        """`answered`: each question of a batch with the ruling that was acted on."""
        times = Counter(question for question, _ in answered)
        rulings = dict(answered)
        found = [self._difference(each, rulings[each], times[each]) for each in times]
        return Compared(
            live=live,
            candidate=self.candidate.version,
            asked=len(answered),
            differences=[each for each in found if each is not None],
        )

    def _difference(
        self, question: Question, ruling: Ruling, times: int
    ) -> ShadowDifference | None:
        candidate, fault = None, None
        try:
            answer = self.candidate.decide(question)
        except BrokerError as why:
            fault = why.reason
        else:
            if answer.extents == ruling.extents:
                return None
            candidate = _extents(answer)
        return ShadowDifference(
            question=question_fields(question),
            live=_extents(ruling),
            candidate=candidate,
            fault=fault,
            count=times,
        )


def _extents(ruling: Ruling) -> dict[str, str]:
    return {category.value: ruling.extents[category].value for category in Category}
