"""Of every pair that shares a key: its evidence in bits, how well it separates and predicts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from broker.domain.ids import SubjectId
from broker.evaluation.judged import Sample
from broker.evaluation.register import CROWD, Register
from broker.identity.profile import registered

EDGES = (0.0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0)


@dataclass(frozen=True, slots=True)
class Scored:
    """Two rows, the earlier first, and the evidence that they are of one child."""

    pair: tuple[int, int]
    bits: float
    same: bool


@dataclass(frozen=True, slots=True)
class Best:
    """The threshold at which F1 is highest. No working point: its precision is 95 to 99 of 100."""

    threshold: float
    f1: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs with a predicted chance from `low` to `high`: the mean of it, and what came true."""

    low: float
    high: float
    pairs: int
    predicted: float
    observed: float


def pairs_sharing_a_key(samples: Sequence[Sample], register: Register) -> list[tuple[int, int]]:
    matching = register.matching
    held: dict[int, list[int]] = defaultdict(list)
    for row, sample in enumerate(samples):
        for key in matching.held_under(registered(SubjectId(str(row)), sample.asked)):
            held[key].append(row)
    found = {
        (min(row, other), max(row, other))
        for row, sample in enumerate(samples)
        for key in matching.keys(sample.asked, register.now).asked
        if len(held.get(key, ())) <= CROWD
        for other in held.get(key, ())
        if other != row
    }
    return sorted(found)


def scored(
    samples: Sequence[Sample], pairs: Iterable[tuple[int, int]], register: Register
) -> list[Scored]:
    """The later row asked, of a register that held the earlier one alone."""
    return [
        Scored(
            (one, other),
            register.matching.weighed(
                samples[other].asked, registered(SubjectId(str(one)), samples[one].asked)
            )[1],
            same(samples, one, other),
        )
        for one, other in pairs
    ]


def same(samples: Sequence[Sample], one: int, other: int) -> bool:
    return samples[one].about == samples[other].about


def best_f1(found: Sequence[Scored], truth: int) -> Best:
    """`truth`: all true pairs, also those that share no key. Over every threshold there is."""
    best = Best(0.0, 0.0, 0.0, 0.0)
    right = 0
    ranked = sorted(found, key=lambda each: -each.bits)
    for count, each in enumerate(ranked, 1):
        right += each.same
        if count < len(ranked) and ranked[count].bits == each.bits:
            continue
        f1 = 2 * right / (truth + count)
        if f1 > best.f1:
            best = Best(each.bits, f1, right / count, right / truth if truth else 1.0)
    return best


def calibration(found: Iterable[Scored]) -> Sequence[Bin]:
    """Bins without a pair are left out."""
    by: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for each in found:
        chance = chance_of(each.bits)
        at = next(n for n, high in enumerate(EDGES[1:]) if chance <= high)
        by[at].append((chance, each.same))
    return [
        Bin(
            EDGES[at],
            EDGES[at + 1],
            len(by[at]),
            sum(chance for chance, _ in by[at]) / len(by[at]),
            sum(same for _, same in by[at]) / len(by[at]),
        )
        for at in sorted(by)
    ]


def chance_of(bits: float) -> float:
    """1 / (1 + 2^-bits), without overflow."""
    return 1 / (1 + 2 ** -max(min(bits, 500.0), -500.0))
