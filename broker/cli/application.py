"""
The command `broker`: every process, and every question one can ask of it.

Exit codes: 0 done, 1 failed, 2 misuse, 3 a check found something.
"""

import sys

import typer

from broker.cli import (
    account,
    adapt,
    api,
    corpus,
    decide,
    keys,
    policy,
    processes,
    profile,
    read,
    receive,
    register,
    say,
    verify,
)
from broker.errors import BrokerError, Misconfigured

FAILED, MISUSE = 1, 2


def application() -> typer.Typer:
    """Every command, one module each."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Carries concerns about children between agencies, as policies allow.",
    )
    for module in (processes, account, adapt, api, corpus, decide, read, receive, say, verify):
        module.add_to(app)
    app.add_typer(keys.app(), name="keys")
    app.add_typer(policy.app(), name="policy")
    app.add_typer(profile.app(), name="profile")
    app.add_typer(register.app(), name="register")
    return app


def main() -> None:
    """A fault that was foreseen is one sentence on stderr, never a traceback."""
    try:
        application()()
    except Misconfigured as why:
        typer.echo(f"broker: {why}", err=True)
        sys.exit(MISUSE)
    except BrokerError as why:
        typer.echo(f"broker: {why}", err=True)
        sys.exit(FAILED)
