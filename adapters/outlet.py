"""
What an agency's own systems are told: a disclosure in their format, put where they look for it.

The recipient's receipt is given when it is there, and not before.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from adapters.contract import Disclosed, Site, Write
from adapters.mllp import deliver
from broker.errors import TryAgain
from broker.telemetry import say

_log = logging.getLogger(__name__)
_TAKEN = frozenset({"AA", "CA"})
_PAUSES = (1.0, 5.0, 15.0, 60.0)  # seconds between tries; the last goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One organisation's: what writes its format, and where it goes."""

    write: Write
    suffix: str
    site: Site
    now: Callable[[], datetime]
    folder: Path | None = None
    mllp: tuple[str, int] | None = None
    tls: ssl.SSLContext | None = None
    pauses: tuple[float, ...] = _PAUSES

    async def hand_over(self, disclosed: Disclosed) -> None:
        """Returns when it is where they look; until then it tries again, and nothing is lost."""
        native = self.write(disclosed, replace(self.site, received=self.now()))
        if self.folder is not None:
            await asyncio.to_thread(self._put, disclosed.disclosure, native, self.folder)
        tries = 0
        while self.mllp is not None:
            try:
                said = await deliver(native, *self.mllp, self.tls)
            except TryAgain as why:
                said = why.detail
            if said in _TAKEN:
                return
            say(_log, "disclosure waits", disclosure=disclosed.disclosure, answer=said)
            await asyncio.sleep(self.pauses[min(tries, len(self.pauses) - 1)])
            tries += 1

    def _put(self, name: str, native: bytes, folder: Path) -> None:
        """Whole or not at all: whoever watches the folder never sees half a file."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = folder / f".{name}.part"
        draft.write_bytes(native)
        draft.rename(folder / f"{name}{self.suffix}")
