"""
What the register holds is a projection: after any joining and parting, a profile is what the
notifications under its subject make of it, and whoever was told about the wrong child is on the
open list. In memory, at random, the same each time.
"""

import random
from typing import Any

import pytest

from broker.domain.correction import CorrectionKind
from broker.domain.ids import SubjectId, ThreadId
from broker.errors import Rejected
from broker.identity.profile_text import profile_from, text_from
from broker.identity.rebuilding import Sighting, rebuilt
from broker.remaking import begun
from broker.store.memory import MemoryStore
from tests.contracts.running import Bench
from tests.contracts.test_correcting import BY, correcting, placed, raised, thread
from tests.world import concern

CHILDREN: tuple[dict[str, Any], ...] = (
    {"given_name": "Mara", "nhs_number": "9990020019"},
    {"given_name": "Liam", "nhs_number": "9990020019"},
    {"given_name": "Liam", "nhs_number": "9990020027"},
    {"given_name": "Anna", "nhs_number": "9990020035", "birth_date": "2012-10-04"},
)
STEPS = 24


@pytest.mark.parametrize("seed", range(3))
async def test_after_any_joining_and_parting_replay_gives_the_same(seed: int) -> None:
    bench, chance = Bench(MemoryStore()), random.Random(seed)  # noqa: S311 - the same each time
    threads: list[ThreadId] = []
    moved: set[ThreadId] = set()
    for step in range(STEPS):
        data = concern(step, **chance.choice(CHILDREN))
        if not threads or chance.random() < 0.5:
            await raised(bench, data)
            threads.append(thread(data))
            await bench.send()
        else:
            moved |= await _corrected(bench, chance, threads)
        await _every_profile_is_its_notifications(bench)
        await _whoever_was_told_before_is_recalled(bench, moved)


async def _corrected(bench: Bench, chance: random.Random, threads: list[ThreadId]) -> set[ThreadId]:
    """Something that a person might say; what makes no sense is turned away. What was moved."""
    stands = await placed(bench)
    named = chance.choice(threads)
    one, other = (SubjectId(stands[chance.choice(threads)][0]) for _ in range(2))
    work = correcting(bench)
    try:
        match chance.choice(["same", "different", "unlink", "move", "merge"]):
            case "same":
                await work.same(one, other, BY, bench.clock.at)
            case "different":
                await work.different(one, [other], BY, bench.clock.at)
            case "unlink":
                await work.unlink([named], None, BY, bench.clock.at)
                return {named}
            case "move":
                await work.unlink([named], other, BY, bench.clock.at)
                return {named}
            case _:
                await work.merge(one, other, BY, bench.clock.at)
    except Rejected:
        return set()
    finally:
        await bench.send()
    return set()


async def _every_profile_is_its_notifications(bench: Bench) -> None:
    deciding = bench.world.deciding(bench.clock)
    tables = bench.store.tables
    subjects = [each for each, row in tables.subject.items() if row["state"] != "redirected"]
    async with bench.store.transaction() as transaction:
        work, _ = await begun(deciding, transaction, subjects, BY, bench.clock.at)
        for subject in subjects:
            linked = await transaction.linked([subject])
            sightings: list[Sighting] = [work.sighting(each) for each in linked]
            made = rebuilt(subject, None, sightings)
            held = work.known.profiles[subject]
            if made is not None:
                kept = work.known.kept_profiles[subject]
                assert profile_from(text_from(made), kept) == held
            else:
                assert not held.names
                assert not held.numbers


async def _whoever_was_told_before_is_recalled(bench: Bench, moved: set[ThreadId]) -> None:
    """Of each concern that was found to be another child's: whoever had been told until then."""
    tables = bench.store.tables
    threads = {(row["publisher"], row["id"]): row["thread"] for row in tables.inbox}
    last = {
        (row["publisher"], row["notification"]): row["round"]
        for row in tables.round
        if row["why"] == CorrectionKind.UNLINK.value
        and threads[row["publisher"], row["notification"]] in moved
    }
    recalled = {row["recalls"].split()[0] for row in tables.outbox if row["kind"] == "recall"}
    rounds = {row["id"]: row["round"] for row in tables.decision}
    for row in tables.outbox:
        key = (row["publisher"], row["notification"])
        told = row["kind"] == "disclosure" and row["state"] == "sent"
        if told and key in last and rounds[row["decision"]] < last[key]:
            assert row["disclosure"] in recalled
