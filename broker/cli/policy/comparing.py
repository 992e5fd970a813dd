"""`broker policy diff, replay, shadow`: two policy sets beside each other."""

from typing import Annotated

import typer

from broker.cli.policy.publishing import moment
from broker.cli.policy.sets import FOUND_SOMETHING, AsJson, database, named, prepare, say
from broker.policy import read_bundle
from broker.policy.replay import Change, Replay
from broker.policy.replay import replay as replayed
from broker.settings import Settings
from broker.store.governance import ShadowRun, read_recorded, read_shadow

Old = Annotated[str, typer.Argument(help="A folder, a bundle file, or `live`.", metavar="OLD")]
New = Annotated[str, typer.Argument(help="A folder, a bundle file, or `live`.", metavar="NEW")]


def add_to(commands: typer.Typer) -> None:
    for command in (replay, shadow):
        commands.command()(command)


def replay(
    old: Old,
    new: New,
    *,
    since: Annotated[str, typer.Option(help="From when: a day, or an instant.")],
    as_json: AsJson = False,
) -> None:
    """Which decisions since then would have been others. Exit 3 if there is any."""
    before, after = (prepare(read_bundle(named(each))) for each in (old, new))
    recorded = read_recorded(database(Settings()), moment(since))
    found = replayed(recorded, before, after)
    if as_json:
        say(found)
    else:
        _print(found)
    raise typer.Exit(FOUND_SOMETHING if found.differing else 0)


def _print(found: Replay) -> None:
    typer.echo(f"{found.decisions} decisions, {found.rulings} rulings")
    typer.echo(f"{found.old[:12]} repeats {found.identical} of them as recorded")
    for change in found.not_as_recorded:
        typer.echo(f"  recorded otherwise: {_said(change)}")
    typer.echo(
        f"{found.new[:12]} decides {found.differing} otherwise:"
        f" {found.wider} tell more, {found.narrower} tell less"
    )
    for change in found.changes:
        typer.echo(f"  {_said(change)}")


def _said(change: Change) -> str:
    return (
        f"{change.role} {change.category}: {change.before} -> {change.after},"
        f" {change.decisions} decisions, as {change.example}"
    )


def shadow(*, as_json: AsJson = False) -> None:
    """Where candidates in shadow answered otherwise than what was live. Exit 3 if anywhere."""
    runs = read_shadow(database(Settings()))
    if as_json:
        say(runs)
    else:
        for run in runs:
            _print_run(run)
        if not runs:
            typer.echo("no candidate has been asked")
    raise typer.Exit(FOUND_SOMETHING if any(run.differences for run in runs) else 0)


def _print_run(run: ShadowRun) -> None:
    differing = sum(each.count for each in run.differences)
    typer.echo(
        f"candidate {run.candidate[:12]} beside {run.live[:12]}: asked {run.asked} times"
        f" since {run.since.isoformat()}, otherwise {differing} times"
    )
    for each in run.differences:
        asked = ", ".join(f"{name}={value}" for name, value in each.question.items() if value)
        typer.echo(f"  {each.count} times when {asked}")
        if each.candidate is None:
            typer.echo(f"       the candidate could not answer: {each.fault}")
            continue
        for category, told in each.live.items():
            if each.candidate[category] != told:
                typer.echo(f"       {category}: {told} -> {each.candidate[category]}")
