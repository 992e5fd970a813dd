"""`make run`: everything comes up, and whatever ends it leaves nothing behind."""

import signal
import subprocess
import sys
from pathlib import Path

from deploy.local.parts import wait_until
from tests.environment import REPOSITORY, environment, short_folder


def _started(data: Path, log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as out:
        run = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.run"],
            cwd=REPOSITORY,
            env=environment(BROKER_DATA=str(data)),
            stdout=out,
            stderr=out,
        )
    assert wait_until(lambda: b"is ready" in log.read_bytes() or run.poll() is not None, 120)
    assert run.poll() is None, log.read_text()
    return run


def _running(data: Path) -> list[int]:
    """The processes that this run noted, if they are still there."""
    pids = [int(note.read_text().split()[0]) for note in data.rglob("*.pid")]
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_stopped_twice_in_haste_or_killed_it_leaves_nothing_for_the_next_run() -> None:
    with short_folder() as folder:
        _killed_and_stopped(folder / "data", folder / "run.log")


def _killed_and_stopped(data: Path, log: Path) -> None:
    killed = _started(data, log)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    orphans = _running(data)
    assert orphans
    again = _started(data, log)
    assert not [pid for pid in orphans if pid in _running(data)]
    started = _running(data)
    for _ in range(2):
        again.send_signal(signal.SIGINT)
    assert again.wait(60) == 0
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]
    assert b"stopped" in log.read_bytes()
