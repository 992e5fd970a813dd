"""
`broker identity`: the weights by which a child is recognised, trained and looked at.

Exit codes: 0 done, 1 failed, 2 misuse, 3 a check found something. Nothing here touches a database.
"""

import typer

from broker.cli.identity import evaluating, training


def app() -> typer.Typer:
    """The commands, by the question they answer."""
    commands = typer.Typer(
        no_args_is_help=True, help="Which subject is this? Weights, and how good they are."
    )
    for module in (training, evaluating):
        module.add_to(commands)
    return commands
