"""
Starting and stopping parts on this machine: each in a session of its own, each with a note of its
process, so that the next start can end what a killed run left behind, and nothing else.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_GENTLE = 20.0  # seconds to stop by itself
_GONE = "gone"


class PartUnavailable(Exception):
    """This choice cannot be had here; the message says why, and the next one is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningKafka:
    bootstrap: str
    kind: str  # given, apache, docker, in-process
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningPostgres:
    dsn: str
    kind: str  # given, installed, wheel
    note: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    argv: Sequence[str],
    *,
    note: Path,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    **others: Any,
) -> subprocess.Popen[bytes]:
    """A child in its own session (Ctrl-C reaches only its parent), noted in `note`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    note.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=env,
            cwd=cwd,
            start_new_session=True,
            **others,
        )
    note.write_text(f"{child.pid} {_began(child.pid)}\n")
    return child


def stop(child: subprocess.Popen[bytes], *, note: Path, how: int = signal.SIGTERM) -> None:
    """Ask, wait, then insist."""
    if child.poll() is None:
        child.send_signal(how)
        try:
            child.wait(_GENTLE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    note.unlink(missing_ok=True)


def end_leftover(*notes: Path, how: int = signal.SIGTERM) -> bool:
    """
    End the processes that a killed run noted here, all at once; whether there were any. A process
    id that others use by now is left alone, and so is one whose beginning the system did not tell.
    """
    left: dict[int, str] = {}
    for note in notes:
        try:
            written, began = note.read_text().split()
        except (FileNotFoundError, ValueError):
            continue
        note.unlink(missing_ok=True)
        if began != _GONE and _began(int(written)) == began:
            left[int(written)] = began
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(written), how)
    wait_until(lambda: all(_began(pid) != began for pid, began in left.items()), _GENTLE)
    for pid, began in left.items():
        if _began(pid) == began:
            os.kill(pid, signal.SIGKILL)
    return bool(left)


def _began(pid: int) -> str:
    """In which boot and clock tick a process began: with its id, it names one process for ever."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return _GONE
    fields = stat.rpartition(")")[2].split()
    return _GONE if fields[0] == "Z" else f"{boot}/{fields[19]}"  # proc(5): state, starttime


def wait_until(true: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Whether it became true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(pause)
    return true()


def last_lines(log: Path, count: int = 8) -> str:
    """The end of a log, for a message about a part that did not start."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""
