"""
The watched folder, also where SFTP drops files: a file is begun when its size has stood still, or
when `<name>.ready` appears; a name that clients give to half a file is left alone. When all of it
is durable it moves to done/ with `<name>.result.csv`, which holds no content.
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
from adapters.outward import cell
from broker.errors import KafkaUnavailable
from broker.telemetry import say

_log = logging.getLogger(__name__)
_LOOK = 0.5  # seconds between looks
_NOT_WHOLE = frozenset({".part", ".filepart", ".tmp", ".partial", ".crdownload", ".ready"})
MOST_BYTES, _KEPT = 64 * 1024 * 1024, 64 * 1024  # beyond every format's own cap: not even read


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """One feed's folder."""

    path: Path
    edge: Edge
    still: float  # seconds that a file's size must not change
    now: Callable[[], datetime]
    ready_only: bool = False  # begin at `<name>.ready` alone

    async def run(self, stop: asyncio.Event) -> None:
        seen: dict[Path, tuple[int, float]] = {}
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            for file in self._waiting():
                size = file.stat().st_size
                known, since = seen.get(file, (-1, 0.0))
                if size != known:
                    seen[file] = (size, loop.time())
                elif self._begins(file, loop.time() - since):
                    await self._take(file)
                    seen.pop(file, None)
            try:
                async with asyncio.timeout(_LOOK):
                    await stop.wait()
            except TimeoutError:
                continue

    def _begins(self, file: Path, stood: float) -> bool:
        return _ready(file).exists() or (not self.ready_only and stood >= self.still)

    def _waiting(self) -> list[Path]:
        self.path.mkdir(parents=True, exist_ok=True)
        return [
            each
            for each in sorted(self.path.iterdir())
            if each.is_file()
            and not each.is_symlink()
            and not each.name.startswith(".")
            and each.suffix.lower() not in _NOT_WHOLE
        ]

    async def _take(self, file: Path) -> None:
        """A crash in between takes the file again: the same events, with the same ids."""
        try:
            answers = await self._read(file)
        except KafkaUnavailable as why:
            say(_log, "file stays", reason=why.reason)
            return
        await asyncio.to_thread(self._done, file, answers)

    async def _read(self, file: Path) -> list[Answer]:
        native = await asyncio.to_thread(_beginning, file, MOST_BYTES + 1)
        if len(native) > MOST_BYTES:
            return await self.edge.set_aside(native[:_KEPT], "too_large", "file", self.now())
        return await self.edge.take(native, self.now())

    def _done(self, file: Path, answers: list[Answer]) -> None:
        """A file of the same name that came before stays what it was."""
        done = self.path / "done"
        done.mkdir(exist_ok=True)
        name, number = file.name, 1
        while (done / name).exists():
            number += 1
            name = f"{file.stem}.{number}{file.suffix}"
        (done / f"{name}.result.csv").write_text(result(answers), encoding="utf-8")
        file.rename(done / name)
        _ready(file).unlink(missing_ok=True)


def _beginning(file: Path, most: int) -> bytes:
    with file.open("rb") as opened:
        return opened.read(most)


def _ready(file: Path) -> Path:
    return file.with_name(f"{file.name}.ready")


def result(answers: list[Answer]) -> str:
    """Row, outcome, reason, reference to read out: nothing of what was sent."""
    sheet = io.StringIO()
    rows = csv.writer(sheet, quoting=csv.QUOTE_ALL)
    rows.writerow(["row", "outcome", "reason", "where", "reference"])
    for number, each in enumerate(answers, 1):
        row = [number, each.outcome, each.reason or "", cell(each.detail), each.reference or ""]
        rows.writerow(row)
    return sheet.getvalue()
