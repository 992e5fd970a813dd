"""`broker identity train`: weights from a register and notifications, without labels."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broker.app import clock
from broker.domain.identity import Comparison
from broker.errors import Misconfigured
from broker.identity.names import Names, names_from
from broker.identity.weights import Model, text_from

if TYPE_CHECKING:
    from broker.training import Parity, Record, Trained

SEED = 7


def add_to(commands: typer.Typer) -> None:
    commands.command()(train)


def train(
    register: Annotated[Path, typer.Argument(help="CSV, one subject a row.")],
    notifications: Annotated[
        list[Path] | None,
        typer.Argument(
            help="CSV, one notification a row; without any, the register is compared with itself."
        ),
    ] = None,
    *,
    into: Annotated[Path, typer.Option(help="Where the model is written.")],
    seed: Annotated[int, typer.Option(help="The same seed and files give the same model.")] = SEED,
    prior: Annotated[
        float | None,
        typer.Option(
            help="The chance that two records are one child's; for files in which no two"
            " records agree exactly."
        ),
    ] = None,
) -> None:
    """
    Train weights on REGISTER and NOTIFICATIONS, and write them if Splink weighs alike.

    Columns read: forename, surname, birth_date; and sex, postcode, uprn, telephone,
    mother_forename where there are any. Identifiers are not read. Keep files of real children
    where your training may run, and look at the model before you use it: frequent names are in it.
    """
    from broker.training import parity, refuse_unless_alike
    from broker.training import train as trained_on

    today, names = clock().date(), shipped_names()
    subjects = list(_records(register, "register", today))
    asked = [
        record
        for number, file in enumerate(notifications or (), 1)
        for record in _records(file, f"notifications{number}", today)
    ]
    trained = trained_on(subjects, asked, names=names, seed=seed, prior=prior)
    alike = parity(trained, names, seed=seed)
    refuse_unless_alike(alike)
    into.write_text(text_from(trained.model), encoding="utf-8")
    for line in _told(trained, alike):
        typer.echo(line)
    typer.echo(f"{into}: model {trained.model.hash}")


def shipped_names() -> Names:
    tables = files("broker.identity.tables")
    forenames, nicknames = (
        tables.joinpath(name).read_text(encoding="utf-8")
        for name in ("forenames.csv", "nicknames.csv")
    )
    return names_from(forenames, nicknames)


def _records(file: Path, named: str, today: date) -> "Iterator[Record]":
    from broker.training.records import records_from

    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            yield from records_from(lines, named, today)
    except (OSError, UnicodeDecodeError) as why:
        raise Misconfigured("unreadable", f"{file}: {type(why).__name__}") from None


def _told(trained: "Trained", alike: "Parity") -> Iterable[str]:
    yield from table_of(trained.model)
    rows = f"{len(trained.register)} subjects, {len(trained.notifications)} notifications"
    yield f"{rows}; prior {trained.model.prior:.1f} bits at {trained.model.trained_on} subjects"
    yield f"{alike.pairs} pairs weigh as in Splink: at most {alike.most_bits:.1g} bits apart"
    if trained.by_hand:
        levels = ", ".join(f"{comparison} {name}" for comparison, name in trained.by_hand)
        yield f"by hand, since the files do not show them: {levels}"


def table_of(model: Model) -> Iterable[str]:
    """Bits by level, one comparison a line."""
    for comparison in model.levels:
        yield f"{comparison:<10} " + ", ".join(_bits(model, comparison))


def _bits(model: Model, comparison: Comparison) -> Sequence[str]:
    return [
        f"{name} {level.bits:+.1f}{' (by hand)' if level.fixed else ''}"
        for name, level in model.levels[comparison].items()
    ]
