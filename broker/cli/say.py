"""
`broker say`: one statement about sharing, signed in an organisation's name and posted.

    {"type": "consent.recorded", "by": {"person": "..."}, "concern": "<thread>",
     "directive": {...}}                                     as schemas/statement-1.0 says

or, where no concern is named, "identity": {"summary": {...}, "full": {...}} as in a concern.
"""

import hashlib
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from broker import strictjson
from broker.app import clock
from broker.cli.speaks import statement_token
from broker.domain.ids import OrganisationId
from broker.domain.words import STATEMENTS, EventType
from broker.errors import Malformed, Misconfigured, Rejected, TryAgain
from broker.partnership import read_partnership
from broker.settings import Settings

_SECONDS = 30
_TRY_AGAIN = 503
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
        answer = post(f"{to.rstrip('/')}/v1/statements", token)
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


def post(address: str, token: str) -> dict[str, Any]:
    """The broker's answer. Raises Rejected with its reason, or TryAgain: send it again."""
    if not address.startswith(("http://", "https://")):
        raise Misconfigured(
            "address", f"{address}: write http:// or https:// and the broker's host"
        )
    request = urllib.request.Request(  # noqa: S310 - http or https, looked at above
        address,
        data=token.encode(),
        headers={"Content-Type": "application/sd-jwt"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
            return told
    except urllib.error.HTTPError as error:
        problem = _problem(error)
        if error.code == _TRY_AGAIN:
            raise TryAgain("try_again", problem["title"]) from None
        detail = " ".join(filter(None, (problem.get("detail"), problem["title"])))
        raise Rejected(problem["reason"], detail) from None
    except urllib.error.URLError as error:
        raise TryAgain("no_answer", f"{address}: {type(error.reason).__name__}") from None


def _problem(error: urllib.error.HTTPError) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(error.read())
    except ValueError:
        found = {}
    return {"reason": f"http_{error.code}", "title": "It was not recorded.", **found}
