"""`broker policy check, matrix, cases, coverage, invariants, prove`: one policy set, looked at."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from broker.cli.policy.progress import bar
from broker.cli.policy.sets import (
    FOUND_SOMETHING,
    AsJson,
    Overlay,
    Policies,
    named,
    overlays,
    prepare,
    refuse,
    say,
    stop_on,
)
from broker.domain.ids import PolicyId
from broker.errors import PolicyDisagrees, PolicySetInvalid
from broker.policy import CompiledPolicies, read_bundle
from broker.policy.analysis import coverage as covered
from broker.policy.analysis import dead
from broker.policy.cases import read_cases
from broker.policy.check import CaseRun, Checked, InvariantRun, run_case, run_invariant
from broker.policy.check import check as checked
from broker.policy.invariants import read_invariants
from broker.policy.matrix import matrix as computed_matrix
from broker.policy.matrix import printed
from broker.policy.proof import prove as proved
from broker.policy.replay import stored_question
from broker.settings import Settings
from broker.store.governance import read_recorded


def add_to(commands: typer.Typer) -> None:
    for command in (check, matrix, cases, coverage, invariants, prove):
        commands.command()(command)


def check(
    folder: Annotated[
        str | None, typer.Argument(help="A folder or a bundle file; else those that ship.")
    ] = None,
    *,
    overlay: Overlay = None,
    as_json: AsJson = False,
) -> None:
    """Everything that is wrong, with file, line and what to write. Exit 3 when there is any."""
    try:
        result = checked(named(folder), prepare, overlays(overlay))
    except PolicySetInvalid as why:
        raise refuse(why) from None
    if as_json:
        say(result)
        raise typer.Exit(FOUND_SOMETHING if result.found else 0)
    _print(result)
    stop_on(result.found)


def _print(result: Checked) -> None:
    for run in result.cases:
        _print_case(run)
    for policy in result.unnamed:
        typer.echo(f"FAIL no case names {policy}")
    for sentence in result.invariants:
        typer.echo(f"{_truth(sentence)} {sentence.sentence}")
        if sentence.counterexample is not None:
            typer.echo(f"       {sentence.counterexample}")
    if result.version is not None:
        typer.echo(f"{result.policies} policies, version {result.version}")


def _truth(run: InvariantRun) -> str:
    return "true " if run.counterexample is None else "FALSE"


def _print_case(run: CaseRun) -> None:
    typer.echo(f"{'FAIL' if run.problems else 'ok  '} {run.sentence}")
    typer.echo(f"       because {', '.join(run.because)}")
    for problem in run.problems:
        typer.echo(f"       {problem}")


def matrix(*, policies: Policies = None, as_json: AsJson = False) -> None:
    """All 1,120 cells of the extent matrix, computed by asking the policies."""
    bundle = read_bundle(named(policies))
    found = computed_matrix(prepare(bundle), bundle.matrix_roles)
    if as_json:
        say(found)  # matrix[level][agreement][role][category]
    else:
        typer.echo(printed(found))


def cases(*, policies: Policies = None, as_json: AsJson = False) -> None:
    """Every case, and which policies decided it. Exit 3 when one does not hold."""
    root = named(policies)
    bundle = read_bundle(root)
    asked, listed = prepare(bundle), read_cases(root.joinpath("cases"))
    runs = [run_case(case, asked) for case in listed]
    unnamed = sorted(set(bundle.sentences) - {name for case in listed for name in case.because})
    if as_json:
        say({"cases": runs, "unnamed": unnamed})
    else:
        for run in runs:
            _print_case(run)
        for policy in unnamed:
            typer.echo(f"FAIL no case names {policy}")
    wrong = unnamed or any(run.problems for run in runs)
    raise typer.Exit(FOUND_SOMETHING if wrong else 0)


def invariants(*, policies: Policies = None, as_json: AsJson = False) -> None:
    """The sentences that governance signs; a false one with a counterexample, and exit 3."""
    root = named(policies)
    asked = prepare(read_bundle(root))
    runs = [run_invariant(each, asked) for each in read_invariants(root.joinpath("invariants"))]
    if as_json:
        say(runs)
    else:
        for run in runs:
            typer.echo(f"{_truth(run)} {run.sentence}")
            if run.counterexample is not None:
                typer.echo(f"       {run.counterexample}")
    wrong = any(run.counterexample is not None for run in runs)
    raise typer.Exit(FOUND_SOMETHING if wrong else 0)


def coverage(*, policies: Policies = None, as_json: AsJson = False) -> None:
    """
    In how many cases each policy decides something and, with BROKER_DATABASE, in how many recorded
    decisions; and which policies change nothing. Exit 3 when one decides no case.
    """
    root = named(policies)
    bundle = read_bundle(root)
    asked = prepare(bundle)
    in_cases = covered(asked, [case.question for case in read_cases(root.joinpath("cases"))])
    in_traffic = _in_traffic(asked)
    idle, silent = dead(bundle), [policy for policy, cases in in_cases.items() if not cases]
    if as_json:
        say({"cases": in_cases, "traffic": in_traffic, "dead": idle})
    else:
        for policy, number in sorted(in_cases.items(), key=lambda each: (-each[1], each[0])):
            told = "" if in_traffic is None else f"{in_traffic[policy]:>10} decisions"
            typer.echo(f"{number:>5} cases{told}  {policy}")
        for policy in idle:
            typer.echo(f"changes nothing: {policy}")
    for policy in silent:
        typer.echo(f"FAIL no case is decided by {policy}", err=True)
    raise typer.Exit(FOUND_SOMETHING if silent else 0)


def _in_traffic(asked: CompiledPolicies) -> Mapping[PolicyId, int] | None:
    """None without a database to ask."""
    found = Settings().database.get_secret_value()
    if not found:
        return None
    counted = Counter[PolicyId]()
    for each in read_recorded(found, datetime.min.replace(tzinfo=UTC)):
        for policy, times in covered(asked, [stored_question(each.question)]).items():
            counted[policy] += times * each.decisions
    return counted


def prove(
    *,
    policies: Policies = None,
    cache: Annotated[
        Path | None, typer.Option(help="Keeps what was proved: only what changed is asked again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove that the compiled policies answer as Cedar does. Exit 3 at the first difference."""
    bundle = read_bundle(named(policies))
    try:
        with bar("questions asked of Cedar") as progress:
            proof = proved(bundle, cache, progress)
    except PolicyDisagrees as why:
        typer.echo(f"FAIL {why}", err=True)
        raise typer.Exit(FOUND_SOMETHING) from None
    if as_json:
        say(proof)
    else:
        typer.echo(
            f"{proof.policies} policies answer as Cedar does: {proof.asked} questions asked, which"
            f" cover {proof.covered}; {proof.random_answers} random answers equal;"
            f" {proof.proved_before} policies proved before"
        )
