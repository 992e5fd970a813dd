"""
`broker known`: does anybody know this child? Asked in an organisation's name, in clear or blind.

The file holds who is asked for, since what stands in a command line is seen by others:

    {"summary": {"given_name": "...", "family_name": "...", "birth_date": "2017-03-09"},
     "full": {"address": {"postcode": "..."}, "identifiers": [...]}}     full may be left out
"""

import json
import secrets
from pathlib import Path
from typing import Annotated, Any

import typer

from broker import strictjson
from broker.app import clock
from broker.cli.posting import post
from broker.domain.ids import OrganisationId, PersonId
from broker.domain.notification import Json
from broker.domain.words import Role
from broker.errors import Malformed, Misconfigured
from broker.identity.appearance import appearance_from
from broker.inquiring.asking import Asker
from broker.keys import signer
from broker.matching_files import shipped_names
from broker.settings import Settings

_HOW = {"media": "application/jwt", "otherwise": "It was not answered."}


def add_to(app: typer.Typer) -> None:
    app.command()(known)


def known(
    file: Annotated[Path, typer.Argument(help="Who is asked for, as JSON.")],
    *,
    organisation: Annotated[str, typer.Option(help="Who asks: org:ods:Y99999.")],
    person: Annotated[str, typer.Option(help="Which person of theirs.")],
    role: Annotated[Role, typer.Option(help="In which role.")],
    to: Annotated[str, typer.Option(help="The broker's address.")],
    purpose: Annotated[str, typer.Option(help="What for.")] = "safeguarding",
    blind: Annotated[
        bool, typer.Option("--blind", help="So that the broker does not learn who is asked for.")
    ] = False,
) -> None:
    """
    Ask whether anybody knows a child: known, not_known, could_not_check or refused, and whom to
    ring. The organisation's signing key is in BROKER_KEYS. Exit 1: turned away, with the reason.
    """
    identity = _read(file)
    signed_by = signer(Settings().keys, OrganisationId(organisation))
    asker = Asker(
        organisation=signed_by.organisation,
        person=PersonId(person),
        role=role,
        purpose=purpose,
        kid=signed_by.kid,
        sign=signed_by.sign,
        random=secrets.token_bytes,
    )
    where = f"{to.rstrip('/')}/v1/known"
    answer = _blind(asker, identity, where) if blind else _in_clear(asker, identity, where)
    answer.pop("padding", None)
    typer.echo(json.dumps(answer))


def _in_clear(asker: Asker, identity: dict[str, Json], where: str) -> dict[str, Any]:
    return post(where, asker.in_clear(identity, clock()), **_HOW)


def _blind(asker: Asker, identity: dict[str, Json], where: str) -> dict[str, Any]:
    now = clock()
    claims = {f"identity.{part}": claim for part, claim in identity.items()}
    asked = appearance_from(claims, now.date())
    if not asked.names or not asked.names[0].forename or not asked.birth:
        raise Misconfigured("known_file", "a blind question needs a forename and a birth date")
    token, blinded = asker.blind(asked, shipped_names(), now)
    found = post(f"{where}/blind", token, **_HOW)
    if "elements" not in found:
        return found
    tokens = blinded.tokens(found["elements"])
    token = asker.by_tokens(str(found["key"]), tokens, clock())
    return post(f"{where}/tokens", token, **_HOW)


def _read(file: Path) -> dict[str, Json]:
    try:
        written = strictjson.read(file.read_bytes())
    except FileNotFoundError:
        raise Misconfigured("no_file", str(file)) from None
    except Malformed as why:
        raise Misconfigured("not_json", f"{file}: {why}") from None
    if not isinstance(written, dict) or "summary" not in written:
        raise Misconfigured("known_file", f"{file}: write summary, and full if there is more")
    return written
