"""
One notification in a thousand is asked again of Cedar, in another process, while the broker runs.
The first difference raises PolicyDisagrees in the lane that asked, which stops it before anything
of that batch is recorded, and a person is called.
"""

import asyncio
import hashlib
import pickle
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
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

    async def check(self, decided: Decided) -> None:
        """Raises PolicyDisagrees with the first question to which Cedar's ruling is another."""
        pairs = [
            pair
            for notification, several in decided.items()
            if sampled(notification, one_in=self._one_in)
            for pair in several
        ]
        if not pairs:
            return
        theirs = await self._ask([question for question, _ in pairs])
        if theirs is None:
            self.unchecked += len(pairs)
            return
        for (question, ours), cedars in zip(pairs, theirs, strict=True):
            if ours != cedars:
                raise PolicyDisagrees("policy_disagrees", f"{_unlike(ours, cedars)}: {question}")
            self.checked += 1

    def close(self) -> None:
        """End the process, if there is one."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    async def _ask(self, questions: Sequence[Question]) -> list[Ruling] | None:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, _asked, self._bundle, questions)
        except BrokenProcessPool:
            self.close()
            return None


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
