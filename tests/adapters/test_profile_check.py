"""What an analyst is told of a profile, and of each row of an export."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.profile_check import problems
from broker.cli.application import application

PROFILES = {
    each.name: each.read_text(encoding="utf-8")
    for agency in ("police", "schools")
    for each in files(f"adapters.{agency}").joinpath("profiles").iterdir()
    if "columns:" in each.read_text(encoding="utf-8")
}
PPN = PROFILES["police-ppn.yaml"]


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_the_profiles_that_ship_have_nothing_wrong(name: str) -> None:
    assert problems(PROFILES[name]) == []


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ("Amber: child_in_need", "Amber: chidl_in_need", "write one of universal, early_help"),
        ("narrative.summary.factors", "narrative.summary.factor", "did you mean factors?"),
        ("publisher:", "publishr:", "did you mean publisher?"),
        ('Child DOB, format: "%d/%m/%Y"', 'Child DOB, format: "DD/MM/YYYY"', "%d/%m/%Y"),
        ("retract_when: {column: Status, values", "retract_when: {column: Status, value", "values"),
        ('pattern: "^(', 'pattern: "^((', "not a pattern"),
        ("DA: 3B,", "DA: 3BB,", "not allowed here"),
        ("never_read: [Officer", "never_read: [Status, Officer", "required and never read"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_write(
    written: str, instead: str, told: str
) -> None:
    assert written in PPN
    text = PPN.replace(written, instead, 1)
    found = problems(text)
    assert any(told in each.told for each in found), found
    line = next(n for n, each in enumerate(text.splitlines(), 1) if instead in each)
    assert any(each.line in {1, 2, line} for each in found)


@pytest.mark.parametrize("text", ["", "a: [", "- one", "profile: x"])
def test_what_is_no_profile_is_told_plainly(text: str) -> None:
    assert problems(text)


def test_each_row_of_an_export_is_told_without_its_content() -> None:
    sample = Path(str(files("adapters.schools"))) / "samples" / "safeguarding.csv"
    ran = CliRunner().invoke(
        application(),
        ["profile", "check", str(sample), "--profile", "school-safeguarding", "--json"],
    )
    assert ran.exit_code == 3
    rows = [json.loads(line) for line in ran.output.splitlines()]
    assert [row["becomes"] for row in rows] == [
        "concern.raised",
        "concern.raised",
        "nothing",
        "quarantine",
        "concern.retracted",
        "concern.raised",
        "quarantine",
    ]
    for canary in ("Mara", "Fennick", "jumper", "4471"):
        assert canary not in ran.output
    shown = CliRunner().invoke(
        application(), ["profile", "check", str(sample), "--profile", "school-safeguarding"]
    )
    assert "never read: Staff Email" in shown.output
    assert "3 concern.raised" in shown.output


def test_a_profile_that_is_not_there_names_those_that_are() -> None:
    ran = CliRunner().invoke(application(), ["profile", "check", "--profile", "nobodys"])
    assert ran.exit_code == 2
    assert "police-ppn.yaml" in ran.output
