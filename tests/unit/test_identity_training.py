"""Splink trains for real, on invented families, and must weigh as the broker does without it."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from broker.cli.application import application
from broker.cli.identity.training import shipped_names
from broker.domain.identity import Comparison
from broker.errors import Misconfigured
from broker.identity.levels import LEVELS, MISSING
from broker.identity.weights import Level, model_from, text_from
from broker.training import Record, Trained, parity, record_from, refuse_unless_alike, train
from broker.training.settings import BY_HAND, SQL

TODAY = date(2026, 1, 1)
NAMES = shipped_names()
OF_FAMILIES = """
    okafor huddlestone pemberly rowntree nwosu marchbank reid read clarke clark hussain hussein
    kowalska nowak nguyen tran fairweather fairwether tailor taylor иванов петров smith jones
"""
OF_CHILDREN = """
    amelia amelie elizabeth betty robert bob thomas tom katherine kate daniel danielle mohammed
    muhammad ngozi anh linh zofia ola aisha grace george zachary амелия иван jessica jess samuel
"""
SURNAMES, FORENAMES = OF_FAMILIES.split(), OF_CHILDREN.split()

Row = dict[str, str]


def a_child(draw: Random, home: Row) -> Row:
    born = date(2008, 1, 1) + timedelta(days=draw.randrange(6000))
    made = f"{draw.choice('bdfglmnrst')}{draw.choice('aeiou')}{draw.choice('lmnrst')}ia"
    forename = draw.choice(FORENAMES) if draw.random() < 0.4 else made
    return {**home, "forename": forename, "birth_date": born.isoformat(), "sex": draw.choice("FM")}


def a_register(draw: Random, rows: int) -> Iterator[Row]:
    for number in range(rows // 2):
        made = f"{draw.choice('bdfglmnrst')}{draw.choice('aeiou')}{draw.choice('lmnrst')}worth"
        home = {
            "surname": draw.choice(SURNAMES) if draw.random() < 0.4 else made,
            "postcode": f"ZE{draw.randrange(5, 10)} {draw.randrange(10)}{draw.choice('ABDE')}A",
            "uprn": str(999_000_000_000 + number),
            "telephone": f"07700 {900_000 + number}",
            "mother_forename": draw.choice(FORENAMES),
        }
        yield from (a_child(draw, home) for _ in range(2))


def said_of(draw: Random, row: Row) -> Row:
    """One notification: mostly right, often incomplete, sometimes wrong."""
    said = dict(row)
    for column, missing in (("uprn", 50), ("telephone", 60), ("mother_forename", 40), ("sex", 4)):
        if draw.randrange(100) < missing:
            said[column] = ""
    at = draw.randrange(1, 4)
    name = said["forename"]
    match draw.randrange(25):
        case 0:
            said["forename"] = name[:at] + name[at + 1 :]
        case 1:
            said["surname"] = said["surname"][:at] + "x" + said["surname"][at:]
        case 2:
            said["surname"] += "-Jones"
        case 3:
            year, month, day = said["birth_date"].split("-")
            said["birth_date"] = f"{year}-{day}-{month}" if int(day) <= 12 else year
        case 4:
            said["birth_date"] = said["birth_date"][:-1] + "7"
        case 5:
            said["forename"], said["surname"] = said["surname"], name
        case 6:
            said["postcode"], said["surname"] = "ZE5 1AA", draw.choice(SURNAMES)
        case 7:
            said["birth_date"] = ""
        case _:
            pass
    return said


def people(seed: int, subjects: int, notifications: int) -> tuple[list[Row], list[Row]]:
    draw = Random(seed)  # noqa: S311
    register = list(a_register(draw, subjects))
    return register, [said_of(draw, draw.choice(register)) for _ in range(notifications)]


def records(rows: list[Row], named: str) -> list[Record]:
    return [record_from(row, f"{named}{n}", TODAY) for n, row in enumerate(rows)]


@pytest.fixture(scope="module")
def trained() -> Trained:
    register, notifications = people(1, 1400, 600)
    return train(
        records(register, "r"),
        records(notifications, "n"),
        names=NAMES,
        seed=7,
        random_pairs=300_000,
    )


def test_fifty_thousand_pairs_weigh_as_in_splink(trained: Trained) -> None:
    found = parity(trained, NAMES, seed=1)
    refuse_unless_alike(found)
    assert found.pairs > 45_000
    assert found.most_bits <= 1e-6
    assert not any(found.differing.values())
    seen = {(comparison, level) for comparison, level in found.seen if level != MISSING}
    every = {(comparison.value, level) for comparison, names in LEVELS.items() for level in names}
    assert seen == every


def test_the_weights_say_what_anybody_would_say(trained: Trained) -> None:
    bits: Mapping[Comparison, Mapping[str, float]] = {
        comparison: {name: level.bits for name, level in of_it.items()}
        for comparison, of_it in trained.model.levels.items()
    }
    for comparison in LEVELS:
        best, *_, worst = bits[comparison].values()
        assert best > 0.5
        assert worst < -1
    assert bits[Comparison.HOUSEHOLD]["same"] > bits[Comparison.HOUSEHOLD]["near"]
    assert -12 < trained.model.prior < -9  # one in 1,400


def test_the_model_is_written_whole(trained: Trained) -> None:
    assert model_from(text_from(trained.model)) == trained.model


def test_rare_names_are_in_no_frequency_table(trained: Trained) -> None:
    for table in (trained.model.forenames, trained.model.surnames):
        assert min(table.counts.values()) >= 5


def test_a_model_that_splink_weighs_otherwise_is_refused(trained: Trained) -> None:
    levels = trained.model.levels
    sex = {**levels[Comparison.SEX], "equal": Level(m=0.98, u=0.4999)}
    other = replace(trained.model, levels={**levels, Comparison.SEX: sex})
    found = parity(replace(trained, model=other), NAMES, seed=1, pairs=500)
    with pytest.raises(Misconfigured, match="weights_differ"):
        refuse_unless_alike(found)


def test_every_level_has_its_twin_in_sql_and_a_weight_by_hand() -> None:
    for comparison, names in LEVELS.items():
        assert set(SQL[comparison]) == {MISSING, *names}
        assert set(BY_HAND[comparison]) == set(names)


def test_without_two_records_that_agree_the_prior_is_asked_for() -> None:
    register, _ = people(2, 40, 0)
    unlike = records(register, "r")
    with pytest.raises(Misconfigured, match="--prior"):
        train(unlike, names=NAMES, seed=7)


def test_the_command_writes_a_model_that_the_broker_reads(tmp_path: Path) -> None:
    register, notifications = people(3, 300, 200)
    paths = [tmp_path / "register.csv", tmp_path / "notifications.csv"]
    for path, rows in zip(paths, (register, notifications), strict=True):
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(register[0]))
            writer.writeheader()
            writer.writerows(rows)
    into = tmp_path / "model.json"
    command = ["identity", "train", *map(str, paths), "--into", str(into)]
    told = CliRunner().invoke(application(), command)
    assert told.exit_code == 0, told.output
    model = model_from(into.read_text(encoding="utf-8"))
    assert model.trained_on == 300
    assert model.hash in told.output
    assert "weigh as in Splink" in told.output


def test_a_file_without_names_says_which_columns_to_add(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_text("id,forename\n1,Amelia\n", encoding="utf-8")
    command = ["identity", "train", str(path), "--into", str(tmp_path / "model.json")]
    told = CliRunner().invoke(application(), command)
    assert isinstance(told.exception, Misconfigured)
    assert "birth_date, surname" in str(told.exception)
