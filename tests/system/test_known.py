"""
Does anybody know this child? Asked by command of a running broker, in clear and blind; a broker
that is killed while it indexes goes on where it was.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from broker.domain.words import Agency
from deploy.local.parts import RunningKafka, free_port
from deploy.local.run import answers
from tests.system.running import Broker, broker, publish

MESSAGES = Path(__file__).parents[2] / "deploy" / "local" / "families" / "messages"
HUB, PRACTICE = "org:la:999", "org:ods:Y99999"
HUB_SCREENER = ("--organisation", HUB, "--person", "hub-okonjo", "--role", "mash_screener")
GP = ("--organisation", PRACTICE, "--person", "gp-varga", "--role", "gp")
IDRIS = {"given_name": "Idris", "family_name": "Vantongeren", "birth_date": "2012-08-14"}
LOTTE_AS_HER_BROTHER = {**IDRIS, "given_name": "Lotte"}


@pytest.fixture(scope="module")
def asked_at(
    tmp_path_factory: pytest.TempPathFactory, kafka_here: RunningKafka, module_database: str
) -> Iterator[tuple[Broker, str]]:
    folder, port = tmp_path_factory.mktemp("asked"), free_port()
    with broker(folder, kafka_here.bootstrap, module_database) as under:
        under.start("index", "index")
        under.start("carry", "carry", "--lane", "routine")
        under.start("api", "api", "--port", str(port), "--spool", str(folder / "spool"))
        under.until(lambda: under.one("SELECT count(*) FROM known_indexed") > 0, "an index")
        under.kill("index")
        publish(
            under, Agency.POLICE, "csv-profile", [(MESSAGES / "police-notice.csv").read_bytes()]
        )
        under.until(lambda: under.one("SELECT count(*) FROM inbox") == 2, "two concerns")
        under.start("index again", "index")
        under.until(
            lambda: (
                under.one(
                    "SELECT count(*) FROM profile LEFT JOIN known_indexed USING (subject, version)"
                    " WHERE known_indexed.subject IS NULL"
                )
                == 0
                and under.one("SELECT count(complete) FROM known_key") == 1
            ),
            "the whole index",
        )
        under.until(lambda: answers(f"http://127.0.0.1:{port}/livez"), "the HTTP side")
        yield under, f"http://127.0.0.1:{port}"


def known(
    asked_at: tuple[Broker, str], summary: Mapping[str, str], *words: str
) -> dict[str, object]:
    under, url = asked_at
    file = under.folder / "child.json"
    file.write_text(json.dumps({"summary": summary}))
    done = under.once("known", str(file), "--to", url, *words)
    told: dict[str, object] = json.loads(done.stdout)
    return told


def test_the_hub_is_told_whom_to_ring(asked_at: tuple[Broker, str]) -> None:
    in_clear = known(asked_at, IDRIS, *HUB_SCREENER)
    blind = known(asked_at, IDRIS, "--blind", *HUB_SCREENER)
    assert in_clear["answer"] == "known"
    assert in_clear == blind


def test_a_sisters_name_is_not_known(asked_at: tuple[Broker, str]) -> None:
    for words in ((), ("--blind",)):
        assert known(asked_at, LOTTE_AS_HER_BROTHER, *words, *HUB_SCREENER)["answer"] != "known"


def test_a_practice_that_may_not_be_told_is_not(asked_at: tuple[Broker, str]) -> None:
    for words in ((), ("--blind",)):
        assert known(asked_at, IDRIS, *words, *GP)["answer"] == "not_known"


def test_nothing_that_was_asked_is_in_a_log_or_kept(asked_at: tuple[Broker, str]) -> None:
    under, _ = asked_at
    assert "Idris" not in under.logs()
    assert under.one("SELECT count(*) FROM inquiry WHERE inquiry::text ILIKE '%idris%'") == 0
    assert under.one("SELECT count(*) FROM inquiry") > 0
