"""
One batch as it is recognised: each notification knows those before it. The snapshot grows in place,
since copying it for each of two hundred would take longer than recognising them.
"""

from dataclasses import replace

from broker.domain.ids import SubjectId
from broker.domain.known import Growth, Known, Match
from broker.domain.notification import Notification
from broker.domain.words import EventType

_NOBODY = frozenset[SubjectId]()


class Meeting:
    """`known` is a snapshot of its own, which nobody else holds until the batch is through."""

    def __init__(self, known: Known) -> None:
        self._found, self._profiles = dict(known.found), dict(known.profiles)
        self._threads, self._wrote = dict(known.threads), dict(known.wrote)
        self._matches, self._grown = dict(known.matches), dict(known.grown)
        self.known = replace(
            known,
            found=self._found,
            profiles=self._profiles,
            threads=self._threads,
            wrote=self._wrote,
            matches=self._matches,
            grown=self._grown,
        )

    def meets(self, notification: Notification, match: Match, growth: Growth | None) -> None:
        """`growth`: what the register holds of its subject from now on, if that changes."""
        self._matches[notification.id] = match
        if notification.type is EventType.CONCERN_RAISED:
            self._threads[notification.thread] = match.subject
            self._wrote[notification.thread] = notification.publisher
        if growth is not None:
            self._grown[notification.id] = growth
            self._profiles[match.subject] = growth.profile
            for key in growth.keys:
                self._found[key] = self._found.get(key, _NOBODY) | {match.subject}
