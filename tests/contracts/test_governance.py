"""What governance reads of what happened: on a real PostgreSQL, with decisions really taken."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from broker.cli.policy import app
from broker.domain.ids import PolicyVersion
from broker.errors import PolicyNotEvaluated, StoreUnavailable
from broker.policy import CompiledPolicies, read_bundle
from broker.policy.cases import question_from
from broker.policy.replay import replay
from broker.policy.shadow import Compared, Shadow, ShadowDifference
from broker.store.governance import PostgresShadow, read_recorded, read_shadow
from broker.store.postgres import PostgresStore, pool_of
from tests.world import World, batch_of, concern

POLICIES = CompiledPolicies(read_bundle())
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LIVE, CANDIDATE = PolicyVersion("live"), PolicyVersion("candidate")
HUB = question_from({"role": "mash_screener", "level": "significant_harm"})


async def a_decision(database: str) -> None:
    world = World()
    async with pool_of(database) as pool:
        await world.intake(PostgresStore(pool)).take_in(batch_of([world.record(concern())]))


async def test_what_was_decided_is_repeated_exactly_by_the_same_policies(database: str) -> None:
    await a_decision(database)
    recorded = read_recorded(database, LONG_AGO)
    found = replay(recorded, POLICIES, POLICIES)
    assert found.decisions == found.identical == 2  # the hub and the police
    assert found.differing == 0
    assert {each.policy for each in recorded} == {POLICIES.version}


async def test_decisions_of_before_are_left_out(database: str) -> None:
    await a_decision(database)
    assert read_recorded(database, datetime(2100, 1, 1, tzinfo=UTC)) == []


async def test_a_ruling_of_an_older_version_lacks_newer_facts_and_is_still_asked(
    database: str,
) -> None:
    await a_decision(database)
    _rewrite(database, "question - 'detriment' - 'outside_area' - 'jurisdiction'")
    found = replay(read_recorded(database, LONG_AGO), POLICIES, POLICIES)
    assert found.identical == found.decisions == 2


async def test_an_altered_row_is_not_as_the_policies_would_have_it(database: str) -> None:
    await a_decision(database)
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE ruling DISABLE TRIGGER append_only")
        connection.execute(
            """UPDATE ruling SET extents = jsonb_set(extents, '{narrative}', '"nothing"')
                WHERE question ->> 'role' = 'mash_screener'"""
        )
    found = replay(read_recorded(database, LONG_AGO), POLICIES, POLICIES)
    assert found.identical == 1
    assert "narrative" in {each.category for each in found.not_as_recorded}


async def test_a_stored_question_with_an_unknown_word_stops_the_replay(database: str) -> None:
    await a_decision(database)
    _rewrite(database, """jsonb_set(question, '{gateway}', '"open_sesame"')""")
    with pytest.raises(PolicyNotEvaluated, match="stored_question"):
        replay(read_recorded(database, LONG_AGO), POLICIES, POLICIES)


def _rewrite(database: str, question: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE ruling DISABLE TRIGGER append_only")
        connection.execute(f"UPDATE ruling SET question = {question}".encode())


def compared(count: int = 1, *, fault: str | None = None) -> Compared:
    ruling = POLICIES.decide(HUB)
    live = {category.value: extent.value for category, extent in ruling.extents.items()}
    return Compared(
        live=LIVE,
        candidate=CANDIDATE,
        asked=10,
        differences=[
            ShadowDifference(
                question={"role": "mash_screener"},
                live=live,
                candidate=None if fault else {**live, "narrative": "summary"},
                fault=fault,
                count=count,
            )
        ],
    )


async def test_a_difference_is_kept_once_and_counted(database: str) -> None:
    async with pool_of(database) as pool:
        shadow = PostgresShadow(pool)
        await shadow.keep(compared(2), NOW)
        await shadow.keep(compared(3), NOW + timedelta(hours=1))
    (run,) = read_shadow(database)
    assert (run.asked, run.since, run.latest) == (20, NOW, NOW + timedelta(hours=1))
    (difference,) = run.differences
    assert difference.count == 5
    assert difference.question == {"role": "mash_screener"}
    assert difference.candidate is not None
    assert difference.candidate["narrative"] == "summary"


async def test_a_candidate_that_could_not_answer_is_kept_with_its_reason(database: str) -> None:
    async with pool_of(database) as pool:
        await PostgresShadow(pool).keep(compared(fault="policy_not_evaluated"), NOW)
    (run,) = read_shadow(database)
    assert (run.differences[0].candidate, run.differences[0].fault) == (
        None,
        "policy_not_evaluated",
    )


async def test_a_candidate_that_agrees_leaves_its_count(database: str) -> None:
    answered = [(HUB, POLICIES.decide(HUB))]
    async with pool_of(database) as pool:
        await PostgresShadow(pool).keep(Shadow(POLICIES).compare(LIVE, answered), NOW)
    (run,) = read_shadow(database)
    assert (run.asked, list(run.differences)) == (1, [])


def policy(database: str, *words: str) -> Result:
    return CliRunner().invoke(app(), words, env={"BROKER_DATABASE": database})


async def test_a_replay_is_printed_without_content(database: str, tmp_path: Path) -> None:
    await a_decision(database)
    same = policy(database, "replay", "live", "live", "--since", "2020-01-01", "--json")
    told = json.loads(same.stdout)
    assert (same.exit_code, told["decisions"], told["identical"], told["differing"]) == (0, 2, 2, 0)
    narrower = shutil.copytree(str(files("policies")), tmp_path / "narrower")
    for level in ("significant_harm", "emergency"):
        (Path(narrower) / f"matrix/{level}.cedar").unlink()
    found = policy(database, "replay", "live", str(narrower), "--since", "2020-01-01")
    assert found.exit_code == 3
    assert "2 decisions, 2 rulings" in found.stdout
    assert "repeats 2 of them as recorded" in found.stdout
    assert "decides 2 otherwise: 0 tell more, 2 tell less" in found.stdout
    assert "mash_screener narrative: full -> nothing, 1 decisions, as " in found.stdout


async def test_what_shadow_kept_is_printed(database: str) -> None:
    assert policy(database, "shadow").stdout == "no candidate has been asked\n"
    async with pool_of(database) as pool:
        await PostgresShadow(pool).keep(compared(2), NOW)
    told = policy(database, "shadow")
    assert told.exit_code == 3
    assert "asked 10 times" in told.stdout
    assert "2 times when role is mash_screener\n       narrative: full -> summary" in told.stdout
    (run,) = json.loads(policy(database, "shadow", "--json").stdout)
    assert run["differences"][0]["count"] == 2


async def test_coverage_counts_decisions_really_taken(database: str) -> None:
    await a_decision(database)
    told = json.loads(policy(database, "coverage", "--json").stdout)
    assert sum(told["traffic"].values()) >= 2
    assert told["traffic"]["forbid-sealed"] == 0
    assert told["cases"]["forbid-sealed"] >= 1


def test_no_database_is_said_in_one_word() -> None:
    with pytest.raises(StoreUnavailable):
        read_recorded("host=127.0.0.1 port=1 connect_timeout=1", LONG_AGO)
