"""
Events that only point elsewhere (the NHS's notifications): what they point to is fetched from the
service that holds it, and read as if it had been sent.

A pointer waits in the feed's spool until then, and is tried again; nothing is lost meanwhile
(FORMATS.md 7a.15). Only the service that the site names is asked, whatever an event points to.
"""

import asyncio
import logging
import ssl
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from adapters.contract import Item, Pointer, Site
from adapters.edge import Edge
from broker.errors import TryAgain
from broker.telemetry import say

_log = logging.getLogger(__name__)
_MOST_BYTES = 2 * 1024 * 1024
_WAIT = 10.0  # seconds for an answer
_AT_ONCE = 50
_LOOK = 1.0  # seconds between looks
_PAUSES = (timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))

Fetched = Callable[[Pointer, bytes, Site], Sequence[Item]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """The pointers of one feed."""

    edge: Edge
    fetched: Fetched
    get: Callable[[str], Awaitable[bytes]]  # raises TryAgain
    now: Callable[[], datetime]

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if not await self.round():
                try:
                    async with asyncio.timeout(_LOOK):
                        await stop.wait()
                except TimeoutError:
                    continue

    async def round(self) -> int:
        """Tries what is due; returns how many were read."""
        read = 0
        for pointer, tries in self.edge.spool.due(self.now(), _AT_ONCE):
            try:
                native = await self.get(pointer.url)
                where = replace(self.edge.site, received=self.now())
                await self.edge.publish(self.fetched(pointer, native, where), where, native)
            except TryAgain as why:
                say(_log, "pointer waits", type=pointer.type, reason=why.detail or why.reason)
                pause = _PAUSES[min(tries, len(_PAUSES) - 1)]
                self.edge.spool.later(pointer, self.now() + pause)
            else:
                self.edge.spool.fetched(pointer)
                read += 1
        return read


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The one service that pointers of a feed may lead to."""

    base: str  # "https://api.example/fhir/", and nothing that does not begin so is asked
    token: Path | None = None  # a file with the bearer token, read anew each time
    authority: Path | None = None

    async def get(self, url: str) -> bytes:
        """Raises TryAgain: it did not answer, or not with the record."""
        if not url.startswith(self.base):
            raise TryAgain("not_fetched", "an address of another service")
        try:
            async with asyncio.timeout(_WAIT + 1):
                return await asyncio.to_thread(self._get, url)
        except (OSError, ValueError, TimeoutError) as why:
            raise TryAgain("not_fetched", type(why).__name__) from None

    def _get(self, url: str) -> bytes:
        headers = {"Accept": "application/fhir+json"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token.read_text(encoding='ascii').strip()}"
        asked = urllib.request.Request(url, headers=headers)  # noqa: S310 - its beginning is the site's
        context = ssl.create_default_context(cafile=self.authority)
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), _StaysThere()
        )
        with opener.open(asked, timeout=_WAIT) as answer:
            found = answer.read(_MOST_BYTES + 1)
        if len(found) > _MOST_BYTES:
            raise ValueError("too large")
        return bytes(found)


class _StaysThere(urllib.request.HTTPRedirectHandler):
    """An answer that sends us elsewhere is no answer."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None
