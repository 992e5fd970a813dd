"""
The watched folder: a file is begun when its size has stood still, or when `<name>.ready` appears.
When all of it is durable it moves to done/ with `<name>.result.csv`, which holds no content.
"""

import asyncio
import csv
import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from adapters.edge import Answer, Edge
from broker.errors import KafkaUnavailable
from broker.telemetry import say

_log = logging.getLogger(__name__)
_LOOK = 0.5  # seconds between looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """One feed's folder."""

    path: Path
    edge: Edge
    still: float  # seconds that a file's size must not change
    now: Callable[[], datetime]

    async def run(self, stop: asyncio.Event) -> None:
        seen: dict[Path, tuple[int, float]] = {}
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            for file in self._waiting():
                size = file.stat().st_size
                known, since = seen.get(file, (-1, 0.0))
                if size != known:
                    seen[file] = (size, loop.time())
                elif loop.time() - since >= self.still or _ready(file).exists():
                    await self._take(file)
                    seen.pop(file, None)
            try:
                async with asyncio.timeout(_LOOK):
                    await stop.wait()
            except TimeoutError:
                continue

    def _waiting(self) -> list[Path]:
        self.path.mkdir(parents=True, exist_ok=True)
        return [
            each
            for each in sorted(self.path.iterdir())
            if each.is_file() and not each.name.startswith(".") and each.suffix != ".ready"
        ]

    async def _take(self, file: Path) -> None:
        """A crash in between takes the file again: the same events, with the same ids."""
        try:
            answers = await self.edge.take(await asyncio.to_thread(file.read_bytes), self.now())
        except KafkaUnavailable as why:
            say(_log, "file stays", reason=why.reason)
            return
        await asyncio.to_thread(self._done, file, answers)

    def _done(self, file: Path, answers: list[Answer]) -> None:
        done = self.path / "done"
        done.mkdir(exist_ok=True)
        (done / f"{file.name}.result.csv").write_text(result(answers), encoding="utf-8")
        file.rename(done / file.name)
        _ready(file).unlink(missing_ok=True)


def _ready(file: Path) -> Path:
    return file.with_name(f"{file.name}.ready")


def result(answers: list[Answer]) -> str:
    """Row, outcome, reason, reference to read out: nothing of what was sent."""
    sheet = io.StringIO()
    rows = csv.writer(sheet, quoting=csv.QUOTE_ALL)
    rows.writerow(["row", "outcome", "reason", "where", "reference"])
    for number, each in enumerate(answers, 1):
        row = [number, each.outcome, each.reason or "", each.detail, each.reference or ""]
        rows.writerow(row)
    return sheet.getvalue()
