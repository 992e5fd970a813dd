"""`broker policy`: read, check and print the policies in force."""

import json
from pathlib import Path
from typing import Annotated

import cedarpy
import typer

from broker.errors import PolicySetInvalid
from broker.policy import Bundle, CompiledPolicies, read_bundle
from broker.policy.bundle import packaged
from broker.policy.cases import determining, failures, read_cases
from broker.policy.matrix import matrix as computed_matrix
from broker.policy.matrix import printed

FOUND_SOMETHING = 3
_WIDTH, _INDENT = 110, 2

Folder = Annotated[
    Path | None, typer.Option("--policies", help="The folder; else those that ship.")
]


def app() -> typer.Typer:
    commands = typer.Typer(
        no_args_is_help=True, help="The policies: who may be told what, and why."
    )
    commands.command()(matrix)
    commands.command()(check)
    commands.command()(cases)
    return commands


def matrix(
    *,
    policies: Folder = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="matrix[level][agreement][role][category]")
    ] = False,
) -> None:
    """Print all 1,120 cells of the extent matrix, computed by asking the policies."""
    bundle = read_bundle(policies)
    found = computed_matrix(CompiledPolicies(bundle), bundle.matrix_roles)
    typer.echo(json.dumps(found, indent=1) if as_json else printed(found))


def cases(*, policies: Folder = None) -> None:
    """Run every case and print which policies decided it. Exit 3 when one does not hold."""
    raise typer.Exit(FOUND_SOMETHING if _run_cases(read_bundle(policies), policies) else 0)


def check(
    folder: Annotated[Path | None, typer.Argument(help="The folder; else those that ship.")] = None,
) -> None:
    """Validate, lint, format, run the cases. Exit 3 when something is found."""
    try:
        bundle = read_bundle(folder)
        unformatted = _unformatted(folder or Path(str(packaged())))
        wrong = _run_cases(bundle, folder)
    except PolicySetInvalid as why:
        typer.echo(f"refused: {why}", err=True)
        raise typer.Exit(FOUND_SOMETHING) from None
    for name in unformatted:
        typer.echo(f"FAIL {name}: format it: format_policies(text, {_WIDTH}, {_INDENT})", err=True)
    typer.echo(f"{len(bundle.sentences)} policies, version {bundle.version}")
    raise typer.Exit(FOUND_SOMETHING if wrong or unformatted else 0)


def _unformatted(root: Path) -> list[str]:
    """Files that are not as Cedar's own formatter writes them."""
    found = []
    for file in sorted(root.rglob("*.cedar")):
        text = file.read_text(encoding="utf-8")
        if cedarpy.format_policies(text, _WIDTH, _INDENT).strip() != text.strip():
            found.append(str(file.relative_to(root)))
    return found


def _run_cases(bundle: Bundle, folder: Path | None) -> int:
    """Prints each case; returns how many do not hold, policies that no case names included."""
    policies = CompiledPolicies(bundle)
    wrong, named = 0, set[str]()
    for case in read_cases((folder or packaged()).joinpath("cases")):
        problems = failures(case, policies)
        named |= case.because
        wrong += bool(problems)
        typer.echo(f"{'FAIL' if problems else 'ok  '} {case.sentence}")
        typer.echo(f"       because {', '.join(sorted(determining(case, policies)))}")
        for problem in problems:
            typer.echo(f"       {problem}")
    silent = sorted(set(bundle.sentences) - named)
    for policy in silent:
        typer.echo(f"FAIL no case names {policy}")
    return wrong + len(silent)
