"""`broker account`: does every notification add up?"""

import json
from dataclasses import asdict

import typer

from broker.settings import Settings
from broker.store.accounts import read_accounts, read_undecided

FOUND_SOMETHING = 3


def add_to(app: typer.Typer) -> None:
    app.command()(account)


def account() -> None:
    """Print, per recipient, published = disclosed + refused + quarantined, as JSON."""
    database = Settings().database.get_secret_value()
    recipients, topics, leaves = read_accounts(database)
    holds = all(each.holds for each in recipients) and all(each.holds for each in topics)
    holds = holds and leaves
    told = {
        "holds": holds,
        "recipients": {
            each.recipient: {**_figures(asdict(each), "recipient"), "holds": each.holds}
            for each in recipients
        },
        "topics": {
            each.topic: {**_figures(asdict(each), "topic"), "holds": each.holds} for each in topics
        },
        "undecided": read_undecided(database),  # kept, and decided when policies are back
        "every_event_has_a_leaf": leaves,
    }
    typer.echo(json.dumps(told, indent=1))
    raise typer.Exit(0 if holds else FOUND_SOMETHING)


def _figures(fields: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in fields.items() if key != name}
