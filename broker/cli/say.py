"""
`broker say`: one statement about sharing, signed in an organisation's name and posted.

    {"type": "consent.recorded", "by": {"person": "..."}, "concern": "<thread>",
     "directive": {...}}                                     as schemas/statement-1.0 says

or, where no concern is named, "identity": {"summary": {...}, "full": {...}} as in a concern.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from broker import strictjson
from broker.app import clock
from broker.cli.posting import post
from broker.cli.speaks import statement_token
from broker.domain.ids import OrganisationId
from broker.domain.words import STATEMENTS, EventType
from broker.errors import Malformed, Misconfigured, Rejected
from broker.partnership import read_partnership
from broker.settings import Settings

_OTHERWISE = "It was not recorded."
_MISUSE = 2
_SAID_OTHERWISE = "same_id_other_token"


class WrittenStatement(BaseModel):
    """The file. What else stands in it is the statement's fact."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: EventType
    by: dict[str, str]
    reference: str | None = None
    identity: dict[str, Any] | None = None


def add_to(app: typer.Typer) -> None:
    app.command()(say)


def say(
    file: Annotated[Path, typer.Argument(help="A statement as JSON; see `broker say --help`.")],
    *,
    organisation: Annotated[str, typer.Option(help="Whose keys sign it: org:school:999001.")],
    to: Annotated[
        str | None, typer.Option(help="The broker's address. Without it the token is printed.")
    ] = None,
) -> None:
    """
    Say something about sharing: a wish, a confirmation, an override, a review.

    FILE holds {"type": "consent.recorded", "by": {"person": "..."}, "concern": "<thread id>", and
    the rest of its fact}; or "identity" in the place of "concern". Its keys are in BROKER_KEYS. The
    same file again is said only once. Exit 1: turned away, with the reason; 2: the file.
    """
    try:
        written = _read(file)
        token = _token(written, OrganisationId(organisation))
    except (Misconfigured, Rejected) as why:
        typer.echo(f"broker: {why}", err=True)
        raise typer.Exit(_MISUSE) from None
    if to is None:
        typer.echo(token)
        return
    try:
        address = f"{to.rstrip('/')}/v1/statements"
        answer = post(address, token, media="application/sd-jwt", otherwise=_OTHERWISE)
    except Rejected as why:
        if why.reason != _SAID_OTHERWISE or written.reference is not None:
            raise
        answer = {"status": "recorded_before"}  # its id comes of its content: it is the same
    typer.echo(json.dumps(answer))


def _read(file: Path) -> WrittenStatement:
    try:
        written = strictjson.read(file.read_bytes())
        return WrittenStatement.model_validate(written)
    except FileNotFoundError:
        raise Misconfigured("no_file", str(file)) from None
    except Malformed as why:
        raise Misconfigured("not_json", f"{file}: {why}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        detail = f"{file}: {place}: {first['msg']}; write type, by, and the statement's own fields"
        raise Misconfigured("statement_file", detail) from None


def _token(written: WrittenStatement, organisation: OrganisationId) -> str:
    if written.type not in STATEMENTS:
        said = ", ".join(sorted(each.value for each in STATEMENTS))
        raise Misconfigured("statement_file", f"type: write one of {said}")
    settings = Settings()
    fact = {"by": written.by, **(written.model_extra or {})}
    content = json.dumps([written.type, fact, written.identity], sort_keys=True).encode()
    return statement_token(
        written.type,
        fact,
        organisation=organisation,
        key=written.reference or f"said-{hashlib.sha256(content).hexdigest()[:24]}",
        settings=settings,
        partnership=read_partnership(settings.directory),
        now=clock(),
        identity=written.identity,
    )
