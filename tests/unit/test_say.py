"""`broker say`: a file becomes one signed statement, and its mistakes are named."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from broker import sdjwt
from broker.cli.application import application
from broker.cli.posting import post
from broker.domain.words import EventType
from broker.errors import Misconfigured, TryAgain
from broker.schemas import before_signing, fault_in
from tests.world import DIRECTORY

STATEMENTS = DIRECTORY.parent / "families" / "statements"
SCHOOL = "org:school:999001"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    made = CliRunner().invoke(
        application(), ["keys", "make", "--directory", str(DIRECTORY), "--into", str(folder)]
    )
    assert made.exit_code == 0, made.output
    return folder


def said(keys: Path, file: Path, *words: str) -> Any:
    env = {"BROKER_KEYS": str(keys), "BROKER_DIRECTORY": str(DIRECTORY)}
    return CliRunner().invoke(application(), ["say", str(file), *words], env=env)


@pytest.mark.parametrize("file", sorted(STATEMENTS.iterdir()), ids=lambda each: each.stem)
def test_each_invented_statement_becomes_a_token_that_fits_its_schema(
    keys: Path, file: Path
) -> None:
    done = said(keys, file, "--organisation", SCHOOL)
    assert done.exit_code == 0, done.output
    token = done.stdout.strip()
    plain, claims = sdjwt.plain_in(token), sdjwt.claims_in(token)
    written = json.loads(file.read_text())
    assert fault_in(EventType(written["type"]), before_signing(plain, claims)) is None
    assert plain["iss"] == SCHOOL
    assert "fact" not in plain, "nobody who is told of the concern is told the wish with it"
    assert claims["fact"]["directive"] == written["directive"]  # type: ignore[index]


def test_the_same_file_has_the_same_id(keys: Path) -> None:
    file = STATEMENTS / "teo-mother-withdraws.json"
    ids = {
        sdjwt.plain_in(said(keys, file, "--organisation", SCHOOL).stdout.strip())["jti"]
        for _ in range(2)
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("{", "not_json"),
        ('{"type": "concern.raised", "by": {"person": "x"}}', "type: write one of"),
        ('{"type": "gossip", "by": {"person": "x"}}', "type:"),
        ('{"type": "consent.recorded"}', "by:"),
        ('{"type": "necessity.recorded", "by": {"person": "x"}}', "/fact: required"),
        (
            '{"type": "necessity.recorded", "by": {"person": "x"}, "concern": "short",'
            ' "words": "Craig"}',
            "/fact/concern: pattern",
        ),
    ],
)
def test_a_mistake_is_named_by_its_place_and_never_by_what_stands_there(
    keys: Path, tmp_path: Path, written: str, says: str
) -> None:
    file = tmp_path / "statement.json"
    file.write_text(written)
    done = said(keys, file, "--organisation", SCHOOL)
    assert done.exit_code == 2
    assert says in done.stderr
    assert "Craig" not in done.stderr


def test_an_organisation_that_is_not_in_the_directory(keys: Path) -> None:
    file = STATEMENTS / "teo-mother-withdraws.json"
    done = said(keys, file, "--organisation", "org:local:stranger")
    assert done.exit_code == 2
    assert "not in the directory" in done.stderr


def test_a_broker_that_does_not_answer_and_an_address_that_is_none() -> None:
    with pytest.raises(TryAgain):
        post("http://127.0.0.1:9/v1/statements", "x", media="text/plain", otherwise="")
    with pytest.raises(Misconfigured):
        post("file:///etc/passwd", "x", media="text/plain", otherwise="")
