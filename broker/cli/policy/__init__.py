"""
`broker policy`: what governance asks of policies, and how they are published.

Exit codes: 0 done, 1 failed, 2 misuse, 3 a check found something. Nothing but `activate` changes
what is live.
"""

import typer

from broker.cli.policy import comparing, publishing, reading


def app() -> typer.Typer:
    """The commands, by the question they answer."""
    commands = typer.Typer(
        no_args_is_help=True, help="The policies: who may be told what, and why."
    )
    for module in (reading, comparing, publishing):
        module.add_to(commands)
    commands.add_typer(publishing.keys(), name="keys")
    return commands
