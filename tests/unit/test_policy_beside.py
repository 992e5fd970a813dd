"""Cedar and a candidate look on: a difference stops the lane, a candidate stops nothing."""

import asyncio
from dataclasses import replace

import pytest

from broker.domain.ids import NotificationId
from broker.domain.words import Category, Extent, LevelState
from broker.errors import PolicyDisagrees
from broker.policy import CompiledPolicies, read_bundle
from broker.policy.beside import Beside
from broker.policy.shadow import Compared, Shadow
from tests.unit.questions import a_question, seeded
from tests.world import NOW

POLICIES = CompiledPolicies(read_bundle())
ONE = NotificationId("n" * 26)
ASKED = [replace(a_question(seeded(n)), level_state=LevelState.CONFIRMED) for n in range(20)]


async def settled(beside: Beside) -> None:
    """Until Cedar has answered."""
    for check in beside._checks.values():
        for each in check._asked:
            await asyncio.wait([asyncio.wrap_future(each.answers)])


async def test_a_batch_does_not_wait_for_cedar_and_equal_rulings_stop_nothing() -> None:
    beside = Beside(bundle=lambda: POLICIES.bundle, one_in=1)
    pairs = [(each, POLICIES.decide(each)) for each in ASKED]
    await beside(POLICIES.version, {ONE: pairs}, NOW)
    await settled(beside)
    beside.heed()
    assert beside.unchecked == 0
    beside.close()


async def test_the_first_difference_stops_the_lane_even_if_nothing_more_comes() -> None:
    beside = Beside(bundle=lambda: POLICIES.bundle, one_in=1)
    ruling = POLICIES.decide(ASKED[0])
    was = ruling.extents[Category.IDENTITY]
    other = Extent.NOTHING if was > Extent.NOTHING else Extent.FULL
    altered = replace(ruling, extents={**ruling.extents, Category.IDENTITY: other})
    await beside(POLICIES.version, {ONE: [(ASKED[0], altered)]}, NOW)
    await settled(beside)
    with pytest.raises(PolicyDisagrees, match="extents"):
        beside.heed()
    beside.close()


async def test_a_candidate_is_compared_and_kept_and_stops_nothing() -> None:
    kept: list[Compared] = []

    async def keep(compared: Compared, _: object) -> None:
        kept.append(compared)

    beside = Beside(bundle=lambda: POLICIES.bundle, shadow=Shadow(POLICIES), keep=keep)
    await beside(POLICIES.version, {ONE: [(ASKED[0], POLICIES.decide(ASKED[0]))]}, NOW)
    assert [(each.asked, list(each.differences)) for each in kept] == [(1, [])]
    beside.close()
