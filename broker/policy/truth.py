"""
Truth tables: for one recipient and one category, a bit for each combination of facts. A whole
policy set is then a few operations on big integers, over every question that can be asked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from math import prod
from operator import or_

from broker.policy.compile import Both, Either, OneOf, Rule, Tree

ALWAYS, NEVER = Both(()), Either(())


@dataclass(frozen=True, slots=True)
class Space:
    """Every combination of these facts, in order: the first changes with each bit."""

    facts: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def size(self) -> int:
        return prod(len(values) for _, values in self.facts)

    def values_at(self, place: int) -> dict[str, str]:
        """The combination of one bit."""
        told = {}
        for name, values in self.facts:
            place, which = divmod(place, len(values))
            told[name] = values[which]
        return told

    def where(self, name: str, wanted: frozenset[str]) -> int:
        """The combinations in which a fact has one of these values."""
        return _where(self, name, wanted)

    def table(self, tree: Tree) -> int:
        """The combinations in which a tree holds that asks about context alone."""
        every = (1 << self.size) - 1
        match tree:
            case OneOf(name=name, values=values):
                return self.where(name, values)
            case Both(parts=parts):
                return reduce(lambda held, part: held & self.table(part), parts, every)
            case Either(parts=parts):
                return reduce(or_, map(self.table, parts), 0)


@lru_cache(maxsize=512)
def _where(space: Space, name: str, wanted: frozenset[str]) -> int:
    stride = 1
    for each, values in space.facts:
        if each == name:
            run = (1 << stride) - 1
            period = sum(run << stride * at for at, one in enumerate(values) if one in wanted)
            return _repeated(period, stride * len(values), space.size)
        stride *= len(values)
    raise KeyError(name)


def _repeated(bits: int, period: int, size: int) -> int:
    """The same bits again and again, doubled each time."""
    while period < size:
        bits |= bits << period
        period *= 2
    return bits & (1 << size) - 1


@dataclass(frozen=True, slots=True)
class Bearing:
    """A rule as it bears on one recipient and category: what it asks of the context is left."""

    rule: int
    permits: bool
    actions: frozenset[str]
    tree: Tree


def bearing_on(rules: Sequence[Rule], groups: Mapping[str, str]) -> list[Bearing]:
    """The rules that can hold for this recipient; what they ask of the category is still there."""
    whole = (Bearing(n, rule.permits, rule.actions, rule.tree) for n, rule in enumerate(rules))
    return list(_left_of(whole, {("principal", name): each for name, each in groups.items()}))


def of_category(bearings: Iterable[Bearing], name: str, category: str) -> list[Bearing]:
    """Those of them that can hold for this category."""
    return list(_left_of(bearings, {("resource", name): category}))


def _left_of(
    bearings: Iterable[Bearing], known: Mapping[tuple[str, str], str]
) -> Iterator[Bearing]:
    for each in bearings:
        tree = _left(each.tree, known)
        if tree != NEVER:
            yield replace(each, tree=tree)


def _left(tree: Tree, known: Mapping[tuple[str, str], str]) -> Tree:
    """What a tree still asks once something is known."""
    if isinstance(tree, OneOf):
        value = known.get((tree.about, tree.name))
        if value is not None:
            return ALWAYS if value in tree.values else NEVER
        return tree if tree.values else NEVER
    left = []
    ends, idle = (NEVER, ALWAYS) if isinstance(tree, Both) else (ALWAYS, NEVER)
    for part in tree.parts:
        found = _left(part, known)
        if found == ends:
            return ends
        left.append(found)
    return _flat(type(tree), left, idle)


def _flat(kind: type[Both] | type[Either], parts: Sequence[Tree], idle: Tree) -> Tree:
    kept = tuple(part for part in parts if part != idle)
    return kept[0] if len(kept) == 1 else kind(kept)


def facts_in(bearings: Iterable[Bearing]) -> frozenset[str]:
    return frozenset(name for each in bearings for name in _names(each.tree))


def _names(tree: Tree) -> frozenset[str]:
    if isinstance(tree, OneOf):
        return frozenset({tree.name})
    return frozenset[str]().union(*map(_names, tree.parts))
