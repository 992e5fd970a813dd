"""
What an adapter has signed, kept until Kafka has it and after: sign once, send the stored bytes.

Signing again would give other salts and so another token under the same id. The spool also knows
which threads this site raised, for retractions; keeps each original as it came, by the hash that
its notifications name; and remembers which fields of theirs were reported.
"""

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from adapters.contract import Pointer

_TABLES = """
CREATE TABLE IF NOT EXISTS sent (
    id      TEXT PRIMARY KEY,
    thread  TEXT NOT NULL,
    type    TEXT NOT NULL,
    token   TEXT NOT NULL,
    topic   TEXT,            -- NULL until Kafka has acknowledged it
    part    INTEGER,
    place   INTEGER
);
CREATE INDEX IF NOT EXISTS sent_thread ON sent (thread);
CREATE TABLE IF NOT EXISTS original (
    sha256  TEXT PRIMARY KEY,
    packed  BLOB NOT NULL    -- zlib
);
CREATE TABLE IF NOT EXISTS waiting (
    event   TEXT PRIMARY KEY,
    type    TEXT NOT NULL,
    url     TEXT NOT NULL,
    number  TEXT NOT NULL,
    tries   INTEGER NOT NULL DEFAULT 0,
    due     TEXT NOT NULL    -- ISO 8601, UTC
);
CREATE TABLE IF NOT EXISTS noticed (
    field   TEXT PRIMARY KEY -- a name, never a value
);
"""
_MOST_NOTICED, _LONGEST = 1000, 80


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class Spool:
    """One site's, in one SQLite file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._rows = sqlite3.connect(path, isolation_level=None)
        path.chmod(0o600)
        self._rows.execute("PRAGMA journal_mode = WAL")
        self._rows.execute("PRAGMA synchronous = FULL")
        self._rows.executescript(_TABLES)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written in between is on the disk, all of it, when this returns."""
        self._rows.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._rows.execute("ROLLBACK")
            raise
        self._rows.execute("COMMIT")

    def keep(self, made: str, thread: str, kind: str, token: str) -> str:
        """The token kept under this id: the first one signed, whatever comes later."""
        self._rows.execute(
            "INSERT OR IGNORE INTO sent (id, thread, type, token) VALUES (?, ?, ?, ?)",
            (made, thread, kind, token),
        )
        row = self._rows.execute("SELECT token FROM sent WHERE id = ?", (made,)).fetchone()
        return str(row[0])

    def token(self, made: str) -> str | None:
        row = self._rows.execute("SELECT token FROM sent WHERE id = ?", (made,)).fetchone()
        return None if row is None else str(row[0])

    def raised(self, thread: str) -> bool:
        """Whether this site ever raised a concern of this thread."""
        asked = "SELECT 1 FROM sent WHERE thread = ? AND type = 'concern.raised' LIMIT 1"
        return self._rows.execute(asked, (thread,)).fetchone() is not None

    def acknowledged(self, made: str, topic: str, part: int, place: int) -> None:
        self._rows.execute(
            "UPDATE sent SET topic = ?, part = ?, place = ? WHERE id = ?",
            (topic, part, place, made),
        )

    def keep_original(self, native: bytes) -> None:
        """The bytes as they came: what a notification's `native.sha256` is the hash of."""
        self._rows.execute(
            "INSERT OR IGNORE INTO original (sha256, packed) VALUES (?, ?)",
            (hashlib.sha256(native).hexdigest(), zlib.compress(native, 1)),
        )

    def original(self, sha256: str) -> bytes | None:
        asked = "SELECT packed FROM original WHERE sha256 = ?"
        row = self._rows.execute(asked, (sha256,)).fetchone()
        return None if row is None else zlib.decompress(row[0])

    def wait_for(self, pointer: Pointer, due: datetime) -> None:
        """Keeps what must be fetched. One that is known already stays as it is."""
        self._rows.execute(
            "INSERT OR IGNORE INTO waiting (event, type, url, number, due) VALUES (?, ?, ?, ?, ?)",
            (pointer.event, pointer.type, pointer.url, pointer.nhs_number, _utc(due)),
        )

    def due(self, now: datetime, most: int) -> list[tuple[Pointer, int]]:
        """(pointer, how often it was tried) of those to be tried now, the oldest first."""
        asked = (
            "SELECT event, type, url, number, tries FROM waiting WHERE due <= ? "
            "ORDER BY due, event LIMIT ?"
        )
        return [
            (Pointer(event=event, type=kind, url=url, nhs_number=number), int(tries))
            for event, kind, url, number, tries in self._rows.execute(asked, (_utc(now), most))
        ]

    def later(self, pointer: Pointer, due: datetime) -> None:
        self._rows.execute(
            "UPDATE waiting SET tries = tries + 1, due = ? WHERE event = ?",
            (_utc(due), pointer.event),
        )

    def fetched(self, pointer: Pointer) -> None:
        self._rows.execute("DELETE FROM waiting WHERE event = ?", (pointer.event,))

    def notices(self, field: str) -> bool:
        """Whether this field of theirs is seen for the first time; at most a thousand are."""
        (known,) = self._rows.execute("SELECT count(*) FROM noticed").fetchone()
        if known >= _MOST_NOTICED:
            return False
        kept = "INSERT OR IGNORE INTO noticed (field) VALUES (?)"
        return self._rows.execute(kept, (field[:_LONGEST],)).rowcount == 1

    def close(self) -> None:
        self._rows.close()
