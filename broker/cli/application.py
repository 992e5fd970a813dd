"""
The command `broker`: every process, and every question one can ask of it.

Exit codes: 0 done, 1 failed, 2 misuse, 3 a check found something.

A command's module is imported when the command is run: all of them together take seconds.
"""

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from broker.errors import BrokerError, Misconfigured

FAILED, MISUSE = 1, 2

# As `broker --help` lists them: the command, the module of broker/cli that adds it, its sentence.
COMMANDS = (
    (
        "run",
        "processes",
        "All of it on this machine, with local Kafka and PostgreSQL and invented families.",
    ),
    ("carry", "processes", "Take in one lane's notifications: verify, match, decide, record."),
    (
        "deliver",
        "processes",
        "Send what waits in the outbox, sealed to each recipient, and take in their receipts.",
    ),
    (
        "watch",
        "processes",
        "Print live figures by lane and publisher, one JSON line at a time. Nothing depends on it.",
    ),
    ("topics", "processes", "Make the Kafka topics that the directory calls for."),
    ("migrate", "processes", "Bring the database to this version's tables."),
    ("ledger", "processes", "Number the ledger's leaves, sign its heads, hand out proofs."),
    (
        "account",
        "account",
        "Print, per recipient, published = disclosed + refused + quarantined, as JSON.",
    ),
    (
        "adapt",
        "adapt",
        "Read what the agency's systems send, sign it in the organisation's name, publish it; and"
        " give its systems what the organisation is told.",
    ),
    (
        "api",
        "api",
        "Serve the console. One-button sign-in needs BROKER_DEV=1 and a loopback address.",
    ),
    (
        "corpus",
        "corpus",
        "Read every sample; compare the invented ones with expected.json; print a table per"
        " source.",
    ),
    (
        "decide",
        "decide",
        "Say who would be told what of a concern, by which policies, and which single fact would"
        " change it.",
    ),
    (
        "read",
        "read",
        "Read files through an agency's adapter, and print one JSON line for each message found.",
    ),
    (
        "receive",
        "receive",
        "Open what is addressed to this organisation and print each as one JSON line.",
    ),
    (
        "index",
        "processes",
        "Keep the digests by which children are known to blind questions (see `broker known`).",
    ),
    (
        "known",
        "known",
        "Ask whether anybody knows a child: known, not_known, could_not_check or refused, and whom"
        " to ring. The organisation's signing key is in BROKER_KEYS. Exit 1: turned away, with the"
        " reason.",
    ),
    ("say", "say", "Say something about sharing: a wish, a confirmation, an override, a review."),
    (
        "verify",
        "verify",
        "Say who signed it, what the recipient's role was given, and where it stands in the"
        " ledger.",
    ),
)
# Commands that have commands: the word, which is also the module's name, and its sentence.
GROUPS = (
    ("correct", "Join and part subjects; whoever was told is told so."),
    ("identity", "Which subject is this? Weights, and how good they are."),
    ("keys", "Keys: made once, kept outside the repository."),
    ("policy", "The policies: who may be told what, and why."),
    ("profile", "Profiles: how a product's export is read."),
    ("register", "The register of subjects."),
)


class _WhenRun(TyperGroup):
    """Lists what stands above; puts the real command in its place once it is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, *_ = args
        if name in self.commands:
            self.commands[name] = _imported(name)
        return super().resolve_command(ctx, args)


def _imported(name: str) -> Any:
    """The command or group itself, as typer makes it."""
    whole = typer.Typer()
    whole.callback()(_nothing)  # without one, typer takes a single command for the whole
    modules = {command: module for command, module, _ in COMMANDS}
    module = import_module(f"broker.cli.{modules.get(name, name)}")
    if name in modules:
        module.add_to(whole)
    else:
        whole.add_typer(module.app(), name=name)
    return typer.main.get_group(whole).commands[name]


def _nothing() -> None:
    """What stands in the list until the command itself is imported."""


def application() -> typer.Typer:
    """Every command, by its name and its sentence."""
    app = typer.Typer(
        cls=_WhenRun,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="Carries concerns about children between agencies, as policies allow.",
    )
    listed = [(name, sentence) for name, _, sentence in COMMANDS] + list(GROUPS)
    for name, sentence in listed:
        app.command(name, help=sentence)(_nothing)
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
