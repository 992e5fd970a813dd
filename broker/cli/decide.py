"""
`broker decide`: what the policies would tell whom about one concern, why, and what would change it.

Nothing is signed, sent or stored, and no word of the concern is printed. What is printed, and the
shape of `--json`: explanations.py.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from broker.app import clock
from broker.casefile import Case, read_case
from broker.cli.explanations import Told, as_json_value, lines
from broker.directory import who_might_need_to_know
from broker.domain.decision import Candidate
from broker.domain.words import Role
from broker.errors import Malformed, Misconfigured
from broker.explaining import UNLISTED, as_if_related, explain
from broker.partnership import read_partnership
from broker.policy import CompiledPolicies, read_bundle
from broker.question import Situation
from broker.settings import Settings

MISUSE = 2


def add_to(app: typer.Typer) -> None:
    app.command()(decide)


def decide(
    *,
    concern: Annotated[
        Path,
        typer.Option(
            help="A concern (CloudEvent, its data, a line of `broker read`, or in short), or a "
            "case file that also says what is known."
        ),
    ],
    known: Annotated[
        Path | None, typer.Option(help="What is known about the subject, if not in the same file.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="The instant, as 2026-11-24T09:00Z; else the file's, else now."),
    ] = None,
    role: Annotated[Role | None, typer.Option("--as", help="Only those in this role.")] = None,
    directory: Annotated[
        Path | None, typer.Option(help="The partnership's directory; else BROKER_DIRECTORY.")
    ] = None,
    policies: Annotated[
        Path | None, typer.Option(help="The policies' folder; else those in force here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
) -> None:
    """
    Say who would be told what of a concern, by which policies, and which single fact would change
    it.

    Nothing is sent or stored. Exit code 2: a file is not there, or does not say what it must.
    """
    settings = Settings()
    bundle = read_bundle(policies or settings.policies)
    try:
        case = read_case(
            concern,
            known,
            partnership=read_partnership(directory or settings.directory),
            rules=bundle.rules,
            now=clock(),
            at=_instant(at),
        )
    except (Malformed, Misconfigured) as why:
        typer.echo(f"broker: {why}", err=True)
        raise typer.Exit(MISUSE) from None
    told = _decided(case, CompiledPolicies(bundle), role)
    if as_json:
        typer.echo(json.dumps(as_json_value(told), indent=1, ensure_ascii=False))
    else:
        typer.echo("\n".join(lines(told)))


def _instant(written: str | None) -> datetime | None:
    if written is None:
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise Malformed("at", f"{written}: write an instant, as 2026-11-24T09:00Z") from None
    if found.tzinfo is None:
        raise Malformed("at", f"{written}: write where, as {written}Z")
    return found


def _decided(case: Case, policies: CompiledPolicies, role: Role | None) -> Told:
    situation = Situation(
        notification=case.notification,
        match=case.match,
        known=case.known,
        rules=policies.rules,
        directory=case.directory,
    )
    asked: Sequence[Candidate] = who_might_need_to_know(
        case.notification,
        case.match,
        case.known,
        rules=policies.rules,
        directory=situation.directory,
    )
    if role is not None:
        asked = [each for each in asked if each.recipient.role is role]
    hypothetical = role is not None and not asked
    note = None
    if role is not None and hypothetical:
        asked = [as_if_related(role, situation, policies)]
        note = f"nobody is a candidate as {role.value}: decided as if one had to do with the child"
    told = Told(case=case, policies=policies, note=note, explanations=())
    found = [
        explain(
            each,
            situation,
            policies,
            name=_called(told, each),
            hypothetical=hypothetical,
        )
        for each in asked
    ]
    return replace(told, explanations=found)


def _called(told: Told, asked: Candidate) -> str:
    """How a sentence names the recipient."""
    organisation = asked.recipient.organisation
    if organisation == UNLISTED:
        return f"somebody as {asked.recipient.role.value.replace('_', ' ')}"
    return told.name(organisation)
