"""
One notification in a thousand is asked again of Cedar, in another process, while the broker runs.
No batch waits for it: an emergency must not. The first difference raises PolicyDisagrees in the
lane that asked, as soon as it is heeded, which stops the lane and calls a person.
"""

import hashlib
import pickle
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context

from broker.domain.decision import Question, Ruling
from broker.domain.ids import NotificationId
from broker.errors import PolicyDisagrees
from broker.policy.bundle import Bundle
from broker.policy.cedar import CedarPolicies

Decided = Mapping[NotificationId, Sequence[tuple[Question, Ruling]]]
"""What was decided about each notification: for each candidate, the question and its ruling."""

ONE_IN = 1_000


def sampled(notification: NotificationId, *, one_in: int = ONE_IN) -> bool:
    """Whether it is in the sample. The same notification always is, or never."""
    digest = hashlib.sha256(notification.encode()).digest()
    return int.from_bytes(digest[:8], "big") % one_in == 0


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What was asked of the other process, and what it will answer."""

    pairs: Sequence[tuple[Question, Ruling]]
    answers: Future[list[Ruling]]


class CrossCheck:
    """
    Cedar in a process of its own, started at the first notification that is sampled. A process that
    died checks nothing and stops nothing, since withholding is a risk too: it is counted in
    `unchecked`, and the next sample starts another one.
    """

    def __init__(self, bundle: Bundle, *, one_in: int = ONE_IN) -> None:
        self.checked = 0  # rulings found equal
        self.unchecked = 0
        self._one_in = one_in
        self._bundle = pickle.dumps(bundle)
        self._pool: ProcessPoolExecutor | None = None
        self._asked: list[_Asked] = []

    def begin(self, decided: Decided) -> None:
        """Ask about what is in the sample; nobody waits for the answers."""
        pairs = [
            pair
            for notification, several in decided.items()
            if sampled(notification, one_in=self._one_in)
            for pair in several
        ]
        if pairs:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
            questions = [question for question, _ in pairs]
            try:
                answers = self._pool.submit(_asked, self._bundle, questions)
            except BrokenProcessPool:
                self.unchecked += len(pairs)
                self.close()
            else:
                self._asked.append(_Asked(pairs, answers))

    def heed(self) -> None:
        """Raises PolicyDisagrees with the first question to which Cedar's ruling is another."""
        answered = [each for each in self._asked if each.answers.done()]
        self._asked = [each for each in self._asked if each not in answered]
        for each in answered:
            try:
                theirs = each.answers.result()
            except (BrokenProcessPool, CancelledError):
                self.unchecked += len(each.pairs)
                self.close()
                continue
            for (question, ours), cedars in zip(each.pairs, theirs, strict=True):
                if ours != cedars:
                    detail = f"{_unlike(ours, cedars)}: {question}"
                    raise PolicyDisagrees("policy_disagrees", detail)
                self.checked += 1

    def close(self) -> None:
        """End the process, if there is one."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _asked(bundle: bytes, questions: Sequence[Question]) -> list[Ruling]:
    """In the other process."""
    policies = _cedar(bundle)
    return [policies.decide(question) for question in questions]


@lru_cache(maxsize=1)
def _cedar(bundle: bytes) -> CedarPolicies:
    return CedarPolicies(pickle.loads(bundle))  # noqa: S301  (made by this process's own parent)


def _unlike(ours: Ruling, cedars: Ruling) -> str:
    """The parts that differ, by name."""
    names = ("extents", "because", "duties", "policy", "level_used", "bases")
    return ", ".join(name for name in names if getattr(ours, name) != getattr(cedars, name))
