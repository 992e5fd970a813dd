"""`broker keys`: make them, show the public side, revoke one."""

import json
import secrets
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from broker.app import clock
from broker.domain.ids import OrganisationId
from broker.errors import Misconfigured
from broker.keys import BROKER, folder_of, key_id, read_secret, write_secret
from broker.partnership import read_partnership
from broker.settings import Settings

_YEARS = {"signing": 1, "sealing": 1, "ledger": 5}
_OF_THE_BROKER = ("signing", "ledger", "sealing", "wrapping", "digest", "drafts", "known")
_OF_AN_ORGANISATION = ("signing", "sealing", "event")

Into = Annotated[Path | None, typer.Option("--into", help="Where; else BROKER_KEYS.")]


def app() -> typer.Typer:
    commands = typer.Typer(
        no_args_is_help=True, help="Keys: made once, kept outside the repository."
    )
    for command in (make, show, revoke):
        commands.command()(command)
    return commands


def make(
    *,
    directory: Annotated[Path | None, typer.Option(help="The directory's YAML file.")] = None,
    into: Into = None,
) -> None:
    """Make what is missing: for every organisation and for the broker. Keeps what is there."""
    settings = Settings()
    keys = into or settings.keys
    refuse_inside_the_repository(keys)
    partnership = read_partnership(directory or settings.directory)
    entries = _entries(keys)
    made = 0
    for organisation in (*partnership.organisations, BROKER):
        for use in _OF_THE_BROKER if organisation == BROKER else _OF_AN_ORGANISATION:
            if (folder_of(keys, organisation) / use).exists():
                continue
            write_secret(keys, organisation, use, secrets.token_bytes(32))
            made += 1
            if use in _YEARS:
                entries.append(_entry(keys, organisation, use))
    _write(keys, entries)
    typer.echo(f"{made} keys made in {keys}; the public side is {keys / 'public.json'}")


def show(*, into: Into = None) -> None:
    """Print the public keys, as JSON."""
    typer.echo(json.dumps(_entries(into or Settings().keys), indent=1))


def revoke(
    *,
    kid: Annotated[str, typer.Option(help="The key's id, as `broker keys show` prints it.")],
    at: Annotated[datetime | None, typer.Option(help="From when; else now.")] = None,
    into: Into = None,
) -> None:
    """From then on nothing signed with this key is believed; processes read it at their start."""
    keys = into or Settings().keys
    entries = _entries(keys)
    found = [entry for entry in entries if entry["kid"] == kid]
    if not found:
        raise Misconfigured("no_such_key", f"{kid}: see `broker keys show`")
    for entry in found:
        entry["revoked"] = (at.replace(tzinfo=at.tzinfo or UTC) if at else clock()).isoformat()
    _write(keys, entries)
    typer.echo(f"{kid} is revoked")


def _entry(keys: Path, organisation: OrganisationId, use: str) -> dict[str, Any]:
    secret = read_secret(keys, organisation, use)
    if use == "sealing":
        public = X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    else:
        public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    now = clock()
    return {
        "kid": key_id(organisation, use, public),
        "organisation": organisation,
        "use": use,
        "public": public.hex(),
        # A little earlier than now: a notification of this minute may be stamped before it.
        "from": (now - timedelta(days=1)).isoformat(),
        "until": (now + timedelta(days=365 * _YEARS[use])).isoformat(),
    }


def _entries(keys: Path) -> list[dict[str, Any]]:
    try:
        entries: list[dict[str, Any]] = json.loads((keys / "public.json").read_text())["keys"]
    except FileNotFoundError:
        return []
    return entries


def _write(keys: Path, entries: list[dict[str, Any]]) -> None:
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = keys / "public.json.new"
    draft.write_text(json.dumps({"keys": entries}, indent=1) + "\n")
    draft.rename(keys / "public.json")


def refuse_inside_the_repository(keys: Path) -> None:
    """A key that git might take in is no secret: the folder must be outside, or ignored."""
    where = keys.resolve()
    existing = next(each for each in (where, *where.parents) if each.exists())
    if shutil.which("git") is None:
        return
    asked = subprocess.run(  # noqa: S603
        ["git", "-C", str(existing), "check-ignore", "-q", str(where / "secret")],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if asked.returncode == 1:  # in a work tree, and not ignored
        raise Misconfigured("keys_in_repository", f"{keys}: choose a folder outside, or var/keys")
