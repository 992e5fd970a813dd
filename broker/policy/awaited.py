"""Policies that may not be there yet: a process that must not stop keeps looking for them."""

from collections.abc import Callable
from datetime import datetime, timedelta

from broker.errors import PoliciesUnusable
from broker.policy.bundle import Bundle
from broker.policy.engine import CompiledPolicies
from broker.policy.live import LivePolicies

Made = LivePolicies[CompiledPolicies]
_TRY_EVERY = timedelta(seconds=5)


class AwaitedPolicies:
    """The policies in force as LivePolicies has them, which is made again until it can be."""

    def __init__(
        self,
        made: Callable[[], Made],
        *,
        now: Callable[[], datetime],
        try_every: timedelta = _TRY_EVERY,
    ) -> None:
        self._made, self._now, self._try_every = made, now, try_every
        self._live: Made | None = None
        self._why: PoliciesUnusable | None = None
        self._tried = now()

    def policies_at(self, now: datetime) -> CompiledPolicies:
        """What is in force at this instant. Raises PoliciesUnusable while nothing is."""
        return self._found().policies_at(now)

    @property
    def bundle(self) -> Bundle:
        """The bundle that was in force last. Raises PoliciesUnusable."""
        return self._found().bundle

    def _found(self) -> Made:
        if self._live is not None:
            return self._live
        now = self._now()
        if self._why is not None and now - self._tried < self._try_every:
            raise self._why.with_traceback(None)
        self._tried = now
        try:
            self._live = self._made()
        except PoliciesUnusable as why:
            self._why = why
            raise
        return self._live
