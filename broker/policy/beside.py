"""
What looks on while a batch is decided, and changes no decision: Cedar, asked again about a sample,
and a candidate in shadow. Cedar may stop the batch; a candidate never does.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from broker.domain.decision import Question, Ruling
from broker.domain.ids import NotificationId, PolicyVersion
from broker.policy.bundle import Bundle
from broker.policy.crosscheck import ONE_IN, CrossCheck
from broker.policy.shadow import Compared, Shadow

Decided = Mapping[NotificationId, Sequence[tuple[Question, Ruling]]]


@dataclass(slots=True, kw_only=True)
class Beside:
    """The Onlooker of ports.py. One process of Cedar for each policy version that was live."""

    bundle: Callable[[], Bundle]  # that is live now
    shadow: Shadow | None = None
    keep: Callable[[Compared, datetime], Awaitable[None]] | None = None
    one_in: int = ONE_IN
    _checks: dict[PolicyVersion, CrossCheck] = field(default_factory=dict)

    async def __call__(self, version: PolicyVersion, decided: Decided, now: datetime) -> None:
        """Asks, and heeds what was answered: raises PolicyDisagrees at the first difference."""
        self.heed()
        bundle = self.bundle()
        if bundle.version == version:  # else it was swapped in this very moment: the next batch
            if version not in self._checks:
                self.close()
                self._checks[version] = CrossCheck(bundle, one_in=self.one_in)
            self._checks[version].begin(decided)
        if self.shadow is not None and self.keep is not None:
            answered = [pair for several in decided.values() for pair in several]
            await self.keep(self.shadow.compare(version, answered), now)

    def heed(self) -> None:
        """Raises PolicyDisagrees if Cedar has answered otherwise since."""
        for check in self._checks.values():
            check.heed()

    @property
    def unchecked(self) -> int:
        """Rulings of the sample that Cedar could not be asked about: its process had died."""
        return sum(check.unchecked for check in self._checks.values())

    def close(self) -> None:
        for check in self._checks.values():
            check.close()
        self._checks.clear()
