"""A sample of what was decided is asked again of Cedar, in another process."""

from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import active_children

import pytest

from broker.domain.decision import Question, Ruling
from broker.domain.ids import NotificationId
from broker.domain.words import Category, Extent
from broker.errors import Broken, PolicyDisagrees
from broker.policy import CompiledPolicies, read_bundle
from broker.policy.crosscheck import CrossCheck, Decided, sampled
from deploy.local.parts import wait_until
from tests.unit.questions import a_question, seeded

BUNDLE = read_bundle()
POLICIES = CompiledPolicies(BUNDLE)
FIRST = NotificationId("urn:uuid:0001")


@pytest.fixture
def crosscheck() -> Iterator[CrossCheck]:
    made = CrossCheck(BUNDLE, one_in=1)
    yield made
    made.close()


def decided(number: int) -> list[tuple[Question, Ruling]]:
    random = seeded(number)
    asked = [a_question(random) for _ in range(6)]
    return list(zip(asked, POLICIES.decide_all(asked), strict=True))


def heeded(crosscheck: CrossCheck, decided: Decided) -> None:
    """As a lane does: it asks, and heeds now and then, here until there is nothing more to heed."""
    every = crosscheck.checked + crosscheck.unchecked + sum(map(len, decided.values()))
    crosscheck.begin(decided)

    def nothing_is_left() -> bool:
        crosscheck.heed()
        return crosscheck.checked + crosscheck.unchecked == every

    assert wait_until(nothing_is_left, 60)


def test_what_cedar_says_too_passes(crosscheck: CrossCheck) -> None:
    heeded(crosscheck, {FIRST: decided(1), NotificationId("urn:uuid:0002"): decided(2)})
    assert crosscheck.checked == 12


def test_the_first_difference_stops_the_lane(crosscheck: CrossCheck) -> None:
    question, ruling = decided(3)[0]
    wrong = replace(ruling, extents=dict.fromkeys(Category, Extent.FULL))
    with pytest.raises(PolicyDisagrees, match="extents: Question") as found:
        heeded(crosscheck, {FIRST: [(question, wrong)]})
    assert isinstance(found.value, Broken)  # nobody tries that again: a person is called


def test_a_process_that_died_is_counted_and_another_one_is_started() -> None:
    crosscheck = CrossCheck(BUNDLE, one_in=1)
    heeded(crosscheck, {FIRST: decided(4)})
    (child,) = active_children()
    child.kill()
    child.join()
    heeded(crosscheck, {FIRST: decided(4)})
    assert (crosscheck.checked, crosscheck.unchecked) == (6, 6)
    heeded(crosscheck, {FIRST: decided(4)})
    assert crosscheck.checked == 12
    crosscheck.close()


def test_what_is_not_in_the_sample_starts_nothing() -> None:
    crosscheck = CrossCheck(BUNDLE, one_in=1_000_000)
    crosscheck.begin({FIRST: decided(5)})
    assert (crosscheck.checked, active_children()) == (0, [])


def test_the_sample_is_one_in_so_many_and_always_the_same() -> None:
    ids = [NotificationId(f"urn:uuid:{number}") for number in range(20_000)]
    chosen = [each for each in ids if sampled(each, one_in=100)]
    assert 140 < len(chosen) < 260
    assert chosen == [each for each in ids if sampled(each, one_in=100)]
