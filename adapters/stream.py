"""
The Kafka transport: messages of an agency's own on a topic of its own. Its offset is committed when
what they became is durable, and not before: a crash in between takes them again, with the same ids.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Protocol

from adapters.edge import Edge
from broker.domain.batch import Received
from broker.errors import TryAgain
from broker.telemetry import say

_log = logging.getLogger(__name__)
_PAUSE = 5.0  # seconds before the same record is tried again


class Tail(Protocol):
    """One program's place in some topics."""

    def records(self) -> AsyncIterator[list[tuple[str, Received]]]: ...

    async def commit(self) -> None: ...


async def follow(
    tail: Tail, edge: Edge, now: Callable[[], datetime], *, pause: float = _PAUSE
) -> None:
    """Takes in every record, in its order, until it is cancelled or the tail ends."""
    async for records in tail.records():
        for _, record in records:
            await _taken(record.value, edge, now, pause)
        await tail.commit()


async def _taken(native: bytes, edge: Edge, now: Callable[[], datetime], pause: float) -> None:
    while True:
        try:
            await edge.take(native, now())
        except TryAgain as why:
            say(_log, "record waits", reason=why.reason)
            await asyncio.sleep(pause)
        else:
            return
