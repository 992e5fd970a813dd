"""`broker policy diff, replay, shadow`: two policy sets beside each other."""

from collections.abc import Mapping
from typing import Annotated

import typer

from broker.cli.policy.publishing import moment
from broker.cli.policy.sets import FOUND_SOMETHING, AsJson, database, named, prepare, say
from broker.domain.decision import question_fields
from broker.domain.words import Role
from broker.policy import read_bundle
from broker.policy.analysis import Difference, difference
from broker.policy.replay import Change, Replay
from broker.policy.replay import replay as replayed
from broker.settings import Settings
from broker.store.governance import ShadowRun, read_recorded, read_shadow

Old = Annotated[str, typer.Argument(help="A folder, a bundle file, or `live`.", metavar="OLD")]
New = Annotated[str, typer.Argument(help="A folder, a bundle file, or `live`.", metavar="NEW")]


def add_to(commands: typer.Typer) -> None:
    for command in (diff, replay, shadow):
        commands.command()(command)


def diff(old: Old, new: New, *, as_json: AsJson = False) -> None:
    """What NEW allows and refuses that OLD did not, counted over every question. Exit 3 if any."""
    before, after = (read_bundle(named(each)) for each in (old, new))
    found = difference(before, after)
    if as_json:
        say(found)
    else:
        _print_difference(found)
    otherwise = found.changes or found.remarks or not found.comparable
    raise typer.Exit(FOUND_SOMETHING if otherwise else 0)


def _print_difference(found: Difference) -> None:
    typer.echo(f"{found.old[:12]} -> {found.new[:12]}")
    if not found.comparable:
        typer.echo("the schemas are too unlike to be compared")
    for remark in found.remarks:
        typer.echo(remark)
    shown = set[Role]()  # --json has an example of every change
    for each in found.changes:
        told = f"{each.role.value} {each.category.value} {each.extent.value}"
        typer.echo(
            f"{told}: newly allowed in {each.newly_allowed} of {each.questions} questions,"
            f" newly refused in {each.newly_refused}"
        )
        for word, example in (("allowed", each.allowed_example), ("refused", each.refused_example)):
            if example is not None and each.role not in shown:
                typer.echo(f"       {word}, as when {_question(question_fields(example))}")
        shown.add(each.role)
    if not found.changes and found.comparable:
        typer.echo("no question is answered otherwise")


def _question(told: Mapping[str, object]) -> str:
    """The facts that say something: what is false, none or empty is left out."""
    kept = {name: value for name, value in told.items() if value not in (False, "none", [])}
    return ", ".join(
        f"{name} is {' and '.join(value) if isinstance(value, list) else value}"
        for name, value in kept.items()
    )


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
        typer.echo(f"  {each.count} times when {_question(each.question)}")
        if each.candidate is None:
            typer.echo(f"       the candidate could not answer: {each.fault}")
            continue
        for category, told in each.live.items():
            if each.candidate[category] != told:
                typer.echo(f"       {category}: {told} -> {each.candidate[category]}")
