"""What `broker --help` lists without importing it is what each command says of itself."""

import json
import subprocess
import sys
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from broker.cli.application import COMMANDS, GROUPS, application

SENTENCES = {**{name: said for name, _, said in COMMANDS}, **dict(GROUPS)}
_SLOW = ("aiokafka", "cedarpy", "fastapi", "faust", "lxml", "openpyxl", "psycopg", "uvicorn")
_WHICH_ARE_THERE = """
import json, sys
from typer.testing import CliRunner
from broker.cli.application import application
assert CliRunner().invoke(application(), sys.argv[2:]).exit_code == 0
print(json.dumps([each for each in json.loads(sys.argv[1]) if each in sys.modules]))
"""


@pytest.mark.parametrize("name", SENTENCES)
def test_each_command_says_of_itself_what_the_list_says(name: str) -> None:
    group: Any = typer.main.get_command(application())
    with group.make_context("broker", [name]) as context:
        _, command, _ = group.resolve_command(context, [name])
    said = command.help.split("\n\n")[0]
    assert (command.name, " ".join(said.split())) == (name, SENTENCES[name])


@pytest.mark.parametrize("words", [["--help"], ["keys", "make", "--help"]])
def test_a_command_loads_no_part_that_it_does_not_need(words: list[str]) -> None:
    asked = [sys.executable, "-c", _WHICH_ARE_THERE, json.dumps(_SLOW), *words]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_a_word_that_is_no_command_is_misuse_and_the_nearest_is_named() -> None:
    told = CliRunner().invoke(application(), ["carrry"])
    assert told.exit_code == 2
    assert "carry" in told.output
