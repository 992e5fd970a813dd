"""`broker policy`: what a policy author sees."""

import json
import shutil
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from broker.cli.policy import app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copied = tmp_path / "policies"
    shutil.copytree(str(files("policies")), copied)
    return copied


@pytest.fixture
def three_cases(folder: Path) -> Path:
    """The policies with so few cases that a check finds something in any event, and soon."""
    for case in sorted((folder / "cases").iterdir())[3:]:
        if case.name != "a-sealed-concern-is-told-to-nobody.json":
            case.unlink()
    return folder


def broker_policy(*words: str) -> Result:
    return CliRunner().invoke(app(), words)


def test_the_matrix_is_printed_as_the_table_that_the_partnership_signs() -> None:
    printed = broker_policy("matrix", "--json")
    signed = json.loads(files("policies").joinpath("matrix/default_matrix.json").read_text())
    assert printed.exit_code == 0
    assert json.loads(printed.stdout) == signed["matrix"]


def test_the_matrix_can_be_read_without_json() -> None:
    """As the partnership prints it: with agreement / without, one row a role."""
    early_help = broker_policy("matrix").stdout.partition("\nearly_help ")[2].splitlines()
    assert early_help[0].split()[:4] == ["ID", "LOC", "STAT", "NARR"]
    practice = next(line.split() for line in early_help if line.startswith("gp"))
    assert practice[1:8] == ["F/-", "-/-", "X/-", "S/-", "-/-", "F/-", "-/-"]


def test_a_check_says_which_policy_decided_which_case(folder: Path) -> None:
    checked = broker_policy("check", str(folder))
    assert checked.exit_code == 0
    assert checked.stdout.count("ok   ") == len(list((folder / "cases").iterdir()))
    sentence = checked.stdout.index("ok   a sealed concern is told to nobody\n")
    assert checked.stdout[sentence:].splitlines()[1].strip() == "because forbid-sealed"


def test_a_check_finds_a_case_that_does_not_hold(three_cases: Path) -> None:
    case = three_cases / "cases/a-sealed-concern-is-told-to-nobody.json"
    written = json.loads(case.read_text())
    case.write_text(json.dumps({**written, "extents": {"narrative": "full"}}))
    checked = broker_policy("check", str(three_cases))
    assert checked.exit_code == 3
    assert "narrative: nothing, not full" in checked.stdout


def test_a_check_finds_a_policy_that_no_case_names(three_cases: Path) -> None:
    checked = broker_policy("check", str(three_cases))
    assert checked.exit_code == 3
    assert "FAIL no case names gateway-fgm-5b-full" in checked.stdout


def test_a_check_finds_what_is_not_formatted(three_cases: Path) -> None:
    file = three_cases / "restrictions/sealed.cedar"
    file.write_text(file.read_text().replace("when { context.sealed }", "when {context.sealed}"))
    checked = broker_policy("check", str(three_cases))
    assert checked.exit_code == 3
    assert (
        "restrictions/sealed.cedar:9: format it: write 'when { context.sealed };'" in checked.stderr
    )


def test_a_check_of_a_misspelt_level_names_the_file(folder: Path) -> None:
    file = folder / "matrix/emergency.cedar"
    file.write_text(file.read_text().replace('Level::"emergency"', 'Level::"emergancy"'))
    checked = broker_policy("check", str(folder))
    assert checked.exit_code == 3
    assert "matrix/emergency.cedar" in checked.stderr
    assert "emergancy" in checked.stderr


def test_a_check_of_a_case_with_an_unknown_fact_names_the_file(folder: Path) -> None:
    (folder / "cases/wrong.json").write_text('{"question": {"rule": "gp"}}')
    checked = broker_policy("check", str(folder))
    assert checked.exit_code == 3
    assert "wrong.json" in checked.stderr


def test_the_cases_alone_can_be_run(three_cases: Path) -> None:
    told = broker_policy("cases", "--policies", str(three_cases))
    assert told.exit_code == 3
    assert "ok   a sealed concern is told to nobody" in told.stdout
