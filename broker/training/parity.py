"""
Do Splink and the broker weigh alike? Both weigh the same pairs by one model; no model is written
while one pair differs in a level, or by more than a millionth of a bit.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

from broker.errors import Misconfigured
from broker.identity.compare import levels_of, weigh_pair
from broker.identity.levels import LEVELS
from broker.identity.names import Names
from broker.training.train import Trained, pairs_found, scores

PAIRS: Final = 50_000
MOST_BITS: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Parity:
    """`differing`: how many pairs are at another level, by comparison. `seen`: pairs by level."""

    pairs: int
    most_bits: float
    differing: Mapping[str, int]
    seen: Mapping[tuple[str, str], int] = field(repr=False)

    @property
    def holds(self) -> bool:
        return self.pairs > 0 and self.most_bits <= MOST_BITS and not any(self.differing.values())


def parity(trained: Trained, names: Names, *, seed: int, pairs: int = PAIRS) -> Parity:
    """Half of the pairs are alike in something, half at random: both kinds have rare levels."""
    chosen = _chosen(trained, pairs, seed)
    by_id = {record.id: record for record in (*trained.register, *trained.notifications)}
    most, differing, seen = 0.0, Counter[str](), Counter[tuple[str, str]]()
    for scored in scores(trained.splink, chosen):
        left, right = by_id[scored.left].facet, by_id[scored.right].facet
        ours = levels_of(left, right, names)
        for comparison, level, theirs in zip(LEVELS, ours, scored.levels, strict=True):
            seen[comparison.value, level] += 1
            differing[comparison.value] += level != theirs
        bits = sum(line.bits for line in weigh_pair(left, right, trained.model, names))
        most = max(most, abs(bits + trained.model.prior - scored.bits))
    return Parity(len(chosen), most, differing, seen)


def _chosen(trained: Trained, pairs: int, seed: int) -> list[tuple[str, str]]:
    draw = Random(seed)  # noqa: S311 a sample, no secret
    alike = pairs_found(trained.splink)
    chosen = draw.sample(alike, min(len(alike), pairs // 2))
    left = [record.id for record in trained.register]
    right = [record.id for record in trained.notifications] or left
    strangers = ((draw.choice(left), draw.choice(right)) for _ in range(pairs - len(chosen)))
    return list(dict.fromkeys((*chosen, *((a, b) for a, b in strangers if a != b))))


def refuse_unless_alike(found_: Parity) -> None:
    """Raises Misconfigured with the comparisons that differ."""
    if not found_.holds:
        where = ", ".join(f"{name} {n}" for name, n in found_.differing.items() if n) or "none"
        raise Misconfigured(
            "weights_differ",
            f"of {found_.pairs} pairs by {found_.most_bits:.2g} bits; at another level: {where};"
            " a level in compare.py and its SQL in training/settings.py have parted",
        )
