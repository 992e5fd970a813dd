"""`broker verify FILE`: check a disclosure with the network off."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from broker import strictjson
from broker.errors import Misconfigured, Rejected
from broker.keys import read_public_keys
from broker.proving import check, ledger_key
from broker.settings import Settings

MISUSE, FOUND_SOMETHING = 2, 3


def add_to(app: typer.Typer) -> None:
    app.command()(verify)


def verify(
    file: Annotated[
        Path, typer.Argument(help="The evidence, as `broker receive --into` keeps it.")
    ],
    *,
    keys: Annotated[
        Path | None, typer.Option("--directory", help="The partnership's public.json.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    allow_pending: Annotated[
        bool, typer.Option(help="Accept evidence whose ledger proof has not come yet.")
    ] = False,
) -> None:
    """Say who signed it, what the recipient's role was given, and where it stands in the ledger."""
    settings = Settings()
    try:
        public = read_public_keys(keys or settings.keys / "public.json")
        evidence = strictjson.read(file.read_bytes())
        ledger = ledger_key(public, settings.ledger_origin)
        proven = check(evidence, public=public, ledger=ledger)
    except FileNotFoundError:
        raise Misconfigured("no_file", str(file)) from None
    except Rejected as why:
        _say({"verified": False, "reason": why.reason, "detail": why.detail}, as_json=as_json)
        raise typer.Exit(FOUND_SOMETHING) from None
    pending = proven.place is None
    if pending and not allow_pending:
        _say({"verified": False, "reason": "not_yet_in_the_ledger"}, as_json=as_json)
        raise typer.Exit(FOUND_SOMETHING)
    told = {"verified": True, "place": proven.place, "sentences": list(proven.sentences)}
    _say(told, as_json=as_json)


def _say(told: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told, indent=1))
        return
    if not told["verified"]:
        typer.echo(f"REFUSED: {told['reason']} {told.get('detail', '')}".rstrip())
        return
    typer.echo("VERIFIED")
    sentences = told["sentences"]
    for sentence in sentences if isinstance(sentences, list) else []:
        typer.echo(f"- {sentence}")
    if told["place"] is None:
        typer.echo("- Its place in the ledger has not been handed out yet.")
