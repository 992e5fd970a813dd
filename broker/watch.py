"""
Live figures: how much is on its way, by lane and publisher, and who has gone silent.

Faust may lose what it consumes (docs/decisions/0008), so nothing depends on it: it only counts
sealed records on the concern topics, remembers nothing, and what it shows can be counted again in
PostgreSQL. It shows no child, no level and no person.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import faust

from broker.domain.ids import OrganisationId
from broker.domain.words import Lane

WINDOW = timedelta(minutes=5)
SILENT_AFTER = timedelta(hours=24)


@dataclass(slots=True)
class Figures:
    """What came within the window, by publisher and lane; when each publisher was last heard."""

    owners: Mapping[str, tuple[OrganisationId, Lane]]
    since: datetime
    _seen: dict[str, deque[datetime]] = field(default_factory=dict)
    _last: dict[OrganisationId, datetime] = field(default_factory=dict)

    def came(self, topic: str, at: datetime) -> None:
        publisher, _ = self.owners[topic]
        times = self._seen.setdefault(topic, deque())
        times.append(at)
        while times and times[0] < at - WINDOW:
            times.popleft()
        self._last[publisher] = at

    def shown(self, now: datetime) -> dict[str, object]:
        """Plain counts. A publisher not heard for a day is named: its adapter may be down."""
        lanes = {lane.value: 0 for lane in Lane}
        publishers: dict[str, int] = {}
        for topic, times in self._seen.items():
            publisher, lane = self.owners[topic]
            recent = sum(1 for at in times if at >= now - WINDOW)
            lanes[lane.value] += recent
            publishers[publisher] = publishers.get(publisher, 0) + recent
        silent = sorted(
            {
                publisher
                for publisher, _ in self.owners.values()
                if now - self._last.get(publisher, self.since) > SILENT_AFTER
            }
        )
        return {
            "window_seconds": WINDOW.seconds,
            "lanes": lanes,
            "publishers": publishers,
            "silent": silent,
        }


def watching(
    bootstrap: str,
    topics: Sequence[str],
    figures: Figures,
    *,
    now: Callable[[], datetime],
    show: Callable[[str], None],
    every: float,
    datadir: str,
) -> faust.App:
    """The Faust application: one agent that counts, one timer that shows."""
    app = faust.App(
        "broker.watch",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=datadir,
        web_enabled=False,  # it would serve table data
        topic_disable_leader=True,
        topic_allow_declare=False,
        stream_wait_empty=False,
        broker_session_timeout=10,
        autodiscover=False,
    )
    concerns = app.topic(*topics, value_serializer="raw", key_serializer="raw")

    @app.agent(concerns, concurrency=1)
    async def count(stream: faust.StreamT[bytes]) -> None:
        async for event in stream.events():
            figures.came(event.message.topic, now())

    async def say() -> None:
        show(json.dumps(figures.shown(now())))

    app.timer(interval=every)(say)
    return app
