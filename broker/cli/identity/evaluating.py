"""`broker identity evaluate`: how well records are recognised, where the truth is known."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Annotated

import typer

from broker.app import clock
from broker.cli.identity.beside_splink import beside_splink
from broker.errors import Misconfigured
from broker.evaluation.columns import Columns, appearance_from, columns_from, subject_from
from broker.evaluation.figures import groups_of, pairs_of, tally
from broker.evaluation.files import column, table_from
from broker.evaluation.judged import Judged, Sample, growing, standing
from broker.evaluation.plot import plot
from broker.evaluation.register import Register
from broker.evaluation.report import (
    Figures,
    lines_of,
    of_best,
    of_bins,
    of_groups,
    of_pairs,
    of_tally,
)
from broker.evaluation.rows import Row, profile_from_row
from broker.evaluation.scores import best_f1, calibration, pairs_sharing_a_key, scored
from broker.matching_files import read_matching

SEED = 7
_AT_THE_WORKING_POINT = ("precision", "recall", "f1", "false_match_rate")


class Peer(StrEnum):
    SPLINK = "splink"


def add_to(commands: typer.Typer) -> None:
    commands.command()(evaluate)


def evaluate(
    file: Annotated[
        Path | None, typer.Argument(help="CSV, one record a row; several may be of one child.")
    ] = None,
    *,
    truth: Annotated[
        str, typer.Option(help="The column that says whose record it is; of rec_id, its number.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead.")] = False,
    against: Annotated[
        Peer | None, typer.Option(help="Beside it in the same run: Splink, trained on this file.")
    ] = None,
    population: Annotated[
        int | None,
        typer.Option(min=1, help="Subjects the register is meant for; without it, the rows given."),
    ] = None,
    plot_file: Annotated[
        Path | None, typer.Option("--plot", help="Where to write the calibration plot, SVG.")
    ] = None,
    order_seed: Annotated[int, typer.Option(help="Draws the order in which rows arrive.")] = SEED,
    columns: Annotated[
        list[str] | None, typer.Option(help="ours=theirs, for a column with another name.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Weights from `train`; without it, those that ship.")
    ] = None,
    register: Annotated[
        Path | None, typer.Option(help="CSV, one subject a row: it stands, and nothing is learned.")
    ] = None,
    notifications: Annotated[
        Path | None, typer.Option(help="CSV, one notification a row, asked of --register.")
    ] = None,
    truth_file: Annotated[
        Path | None, typer.Option(help="CSV: notification, subject or empty, and origin if known.")
    ] = None,
) -> None:
    """
    Decide each row of FILE as live, in a register that grows with it, and compare with the truth.

    Columns are recognised by the names that registers, FEBRL and RLdata use; others are listed as
    not used, and can be named with --columns. Social security numbers are always withheld.
    """
    work = _Work(clock(), model, population, order_seed, _said(columns or ()))
    if register or notifications or truth_file:
        if not (register and notifications and truth_file) or file:
            raise Misconfigured(
                "options_missing",
                "give FILE and --truth, or --register, --notifications and --truth-file together",
            )
        if against or plot_file:
            raise Misconfigured("options_conflict", "--against and --plot are for a FILE of rows")
        figures = work.standing_register(register, notifications, truth_file)
    else:
        if file is None or not truth:
            raise Misconfigured("options_missing", "give FILE, and with --truth its column")
        figures = work.growing_register(file, truth, against=against, plot_file=plot_file)
    if as_json:
        typer.echo(json.dumps(figures, indent=1, allow_nan=False))
    else:
        for line in lines_of(figures):
            typer.echo(line)


@dataclass(frozen=True, slots=True)
class _Work:
    now: datetime
    model: Path | None
    population: int | None
    seed: int
    said: dict[str, str] = field(repr=False)

    @property
    def today(self) -> date:
        return self.now.date()

    def growing_register(
        self, file: Path, truth: str, *, against: Peer | None, plot_file: Path | None
    ) -> Figures:
        table = table_from(file)
        about = [subject_from(each) for each in column(table, truth, file)]
        columns = columns_from(table.heading, self.said, truth=truth)
        samples = _samples([columns.row(row) for row in table.rows], about, self.today)
        register = self._register(len(samples))
        found = list(growing(samples, register, self.seed))
        pairs = pairs_of((each.sample.about, each.subject) for each in found)
        sharing = pairs_sharing_a_key(samples, register)
        weights = scored(samples, sharing, register)
        bins = calibration(weights)
        if plot_file:
            _write(plot_file, plot(bins, file.name))
        whole = tally(found)
        joined = of_pairs(pairs, whole.distinct)
        figures = self._figures(found, register, str(file), columns) | {
            "subjects": len({each.about for each in samples}),
            **{name: joined[name] for name in _AT_THE_WORKING_POINT},
            "review_rate": whole.reviewed / whole.rows if whole.rows else 0.0,
            "pairs": joined,
            "best_f1": of_best(best_f1(weights, pairs.truth)),
            "calibration": of_bins(bins),
            "calibration_plot": str(plot_file) if plot_file else plot(bins, file.name),
        }
        if against:
            figures["splink"] = beside_splink(
                samples, sharing, pairs.truth, register, seed=self.seed
            )
        return figures

    def standing_register(self, file: Path, notifications: Path, truth_file: Path) -> Figures:
        held = [profile_from_row(row, self.today) for row in _own(file, "subject")]
        truth = {row["notification"]: row for row in _own(truth_file, "notification", "subject")}
        asked = table_from(notifications)
        cases = column(asked, "case", notifications)
        absent = [each for each in cases if each not in truth]
        if absent:
            raise Misconfigured("truth_missing", f"{truth_file}: {len(absent)} cases are not in it")
        columns = columns_from(asked.heading, self.said, truth="case")
        samples = _samples(
            [
                {**columns.row(row), "origin": truth[case].get("origin", "")}
                for row, case in zip(asked.rows, cases, strict=True)
            ],
            [truth[case]["subject"] for case in cases],
            self.today,
        )
        register = self._register(len(held))
        register.hold(held)
        found = list(standing(samples, register, held))
        figures = self._figures(found, register, str(notifications), columns)
        return figures | {"subjects": len(held)}

    def _register(self, rows: int) -> Register:
        matching = read_matching(self.model, population=self.population or rows, hash64=_hash64)
        return Register(matching, self.now)

    def _figures(
        self, found: Sequence[Judged], register: Register, file: str, columns: Columns
    ) -> Figures:
        whole = tally(found)
        return {
            "file": file,
            "rows": len(found),
            "columns": dict(columns.theirs),
            "withheld": list(columns.withheld),
            "not_used": list(columns.not_used),
            "order_seed": self.seed,
            "population": register.matching.population,
            "model": register.matching.model.hash,
            "working_point": of_tally(whole),
            "groups": of_groups(groups_of(found, self.today), whole),
        }


def _said(columns: Sequence[str]) -> dict[str, str]:
    said = {}
    for each in columns:
        ours, equals, theirs = each.partition("=")
        if not (ours and equals and theirs):
            raise Misconfigured("columns_unreadable", f"--columns {each}: write it ours=theirs")
        said[ours] = theirs
    return said


def _samples(rows: Sequence[Row], about: Sequence[str], today: date) -> Sequence[Sample]:
    return [
        Sample(appearance_from(row, today), whose or f"row {number}", row.get("origin", ""))
        for number, (row, whose) in enumerate(zip(rows, about, strict=True), 1)
    ]


def _own(file: Path, *needed: str) -> Sequence[dict[str, str]]:
    table = table_from(file)
    for each in needed:
        column(table, each, file)
    return [dict(row) for row in table.rows]


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as why:
        raise Misconfigured("unwritable", f"{file}: {why.strerror}") from None


def _hash64(text: bytes) -> int:
    """Nothing leaves this process, so nothing is kept secret by it."""
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)
