"""A person is called: the one line at error level that operators are paged by."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from broker.errors import PoliciesUnusable
from broker.telemetry import call

_log = logging.getLogger(__name__)
_AT_MOST_EVERY = timedelta(minutes=1)


class Calls:
    """Each time that policies cannot be evaluated, when that begins; at most once a minute."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._begun = False
        self._called: datetime | None = None

    def __call__(self, why: PoliciesUnusable) -> None:
        """The reason's word and no more: what the error says besides stays out of the log."""
        now = self._now()
        if self._begun or (self._called is not None and now - self._called < _AT_MOST_EVERY):
            return
        self._begun, self._called = True, now
        call(_log, "policies cannot be evaluated: call a person", reason=why.reason)

    def over(self) -> None:
        """They can be evaluated: the next time is another time."""
        self._begun = False
