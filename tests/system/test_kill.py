"""kill -9 in mid-batch, of carry and of deliver: nothing lost, nothing told twice."""

from pathlib import Path

from broker.domain.words import Agency
from deploy.local.parts import RunningKafka
from tests.environment import chaos_rounds
from tests.system.running import Broker, broker, publish, school_rows

COUNT = 300


def _progress(under: Broker, asked: str) -> int:
    return int(under.one(asked) or 0)


def test_killed_again_and_again_every_notification_is_told_once(
    tmp_path: Path, kafka_here: RunningKafka, database: str
) -> None:
    with broker(tmp_path, kafka_here.bootstrap, database) as under:
        answers = publish(under, Agency.SCHOOLS, "csv-profile", [school_rows(COUNT)])
        assert {each.outcome for each in answers} == {"notification"}
        ids = {each.id for each in answers}
        under.told = {**under.told, "BROKER_BATCH": "20"}  # many batches, so that kills fall inside
        for part, words in _PARTS.items():
            under.start(part, *words)
        for _ in range(chaos_rounds()):
            for part, asked in _PROGRESS.items():
                before = _progress(under, asked)
                enough = min(before + COUNT // (2 * chaos_rounds()), COUNT - 1)
                under.until(lambda a=asked, e=enough: _progress(under, a) >= e, part)  # type: ignore[misc]
                under.kill(part)
                under.start(part, *_PARTS[part])
        under.until(
            lambda: _progress(under, "SELECT count(*) FROM inbox WHERE id <> ''") >= COUNT, "all in"
        )
        waiting = "SELECT count(*) FROM outbox WHERE state = 'waiting'"
        under.until(lambda: _progress(under, waiting) == 0, "all sent")
        _holds(under, ids)


_PARTS = {"carry": ("carry", "--lane", "routine"), "deliver": ("deliver",)}
_PROGRESS = {
    "carry": "SELECT count(*) FROM inbox",
    "deliver": "SELECT count(*) FROM outbox WHERE kind = 'disclosure' AND state <> 'waiting'",
}


def _holds(under: Broker, ids: set[str | None]) -> None:
    """Against the complete history: published, decided, disclosed, received."""
    assert under.one("SELECT count(DISTINCT id) FROM inbox") == len(ids)
    assert under.account()["holds"]
    hub = under.received("org:la:999")
    assert not [each for each in hub if "refused" in each]
    heard = [each["plain"]["jti"] for each in hub]
    assert len(heard) == len(set(heard))
    disclosed = (
        "SELECT count(*) FROM outbox WHERE organisation = 'org:la:999' AND kind = 'disclosure'"
    )
    assert set(heard) == ids
    assert len(heard) == under.one(disclosed)
