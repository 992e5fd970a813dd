"""
A fan-out as pages of lanes: each recipient gets a slot of its role, each fact becomes a mask. A
role with more recipients than slots goes on, on another page. Programs are kept for each kind of
notification; they depend on the bundle alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import itemgetter, or_
from struct import Struct
from typing import TypeVar

from broker.errors import PolicyNotEvaluated
from broker.policy.compile import Compiled, OneOf
from broker.policy.context import Fact, Facts, Fold
from broker.policy.program import (
    SLOTS_OF_A_ROLE,
    STRIDE,
    Answers,
    Each,
    answers_of,
    each_of,
    folded,
    layout_of,
    lowered,
)
from broker.policy.vocabulary import TRUE

_MOST_KINDS = 2_048  # kinds of notification: levels, publishers and jurisdictions, so some dozens

Kind = tuple[tuple[str, ...], ...]
"""What a fold says, to find the programs made for it."""

Masks = tuple[int, int, int]
"""For one recipient, a bit for each category: what passes in full, as a summary, in existence."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One recipient: the groups that it is in, and every fact of the question."""

    groups: Mapping[str, str]
    facts: Facts


@dataclass(frozen=True, slots=True)
class Page:
    """Recipients of one notification, at most so many of a role; their facts as masks."""

    places: tuple[int, ...]  # where each stands in the list that was asked
    slots: tuple[int, ...]  # in rising order
    fold: Fold
    kind: Kind
    variables: tuple[int, ...]
    words: Struct  # reads the recipients' words, action after action
    cells: Struct  # the same, of one action
    answers: Answers


Value = str | bool | frozenset[str]
Key = TypeVar("Key")
Made = TypeVar("Made")


class Engine:
    """Compiled rules, ready to be asked about facts. `actions` from least to most."""

    def __init__(self, compiled: Compiled, actions: Sequence[str], folded: Sequence[str]) -> None:
        self.compiled = compiled
        self.layout = layout_of(compiled, actions)
        self.folds = tuple(name for name in folded if name in compiled.words.facts)
        self.lowered = lowered(compiled, self.layout, self.folds)
        self.times = self.layout.times(actions)
        self._answers: dict[Kind, Answers] = {}  # made so far; each can be made again
        self._each: dict[Kind, tuple[Each, tuple[int, ...]]] = {}
        self._size = self.layout.plane * len(actions) // 8  # bytes of all answers
        self._all = self.layout.all_lanes * self.times
        self._first_slot = {
            role: place * SLOTS_OF_A_ROLE for place, role in enumerate(self.layout.classes)
        }
        self._places = _Bits(self.layout.categories)
        self._tables = _tables(compiled, self.lowered.variables, self._places)

    def pages(self, asked: Sequence[Asked], folds: Sequence[Fold]) -> list[Page]:
        """Pages for these recipients, of any notifications. Raises PolicyNotEvaluated."""
        taken: dict[tuple[Kind, str], int] = defaultdict(int)
        held: dict[tuple[Kind, int], list[tuple[int, int]]] = defaultdict(list)
        kinds = {place: self._kind(fold) for place, fold in {id(one): one for one in folds}.items()}
        for place, (each, fold) in enumerate(zip(asked, folds, strict=True)):
            kind, role = kinds[id(fold)], each.groups[self.layout.slot_group]
            if role not in self._first_slot:
                raise PolicyNotEvaluated("policy_not_evaluated", f"{self.layout.slot_group} {role}")
            number, slot = divmod(taken[kind, role], SLOTS_OF_A_ROLE)
            taken[kind, role] += 1
            held[kind, number].append((place, self._first_slot[role] + slot))
        return [
            self._page(kind, sorted(kept, key=itemgetter(1)), asked, folds)
            for (kind, _), kept in held.items()
        ]

    def answers(self, page: Page) -> int:
        """Every answer of the page, a bit each: program.py says which."""
        return page.answers(*page.variables)

    def masks(self, page: Page) -> list[Masks]:
        """For each recipient of the page, in order, what passes."""
        answers = page.answers(*page.variables)
        words = page.words.unpack(answers.to_bytes(self._size, "little"))
        many = len(page.slots)
        return list(zip(words[2 * many :], words[many : 2 * many], words[:many], strict=True))

    def each(self, page: Page) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The lanes of single rules, and which rules those are; the rest hold nowhere."""
        found = self._each.get(page.kind)
        if found is None:
            found = each_of(self.lowered, folded(self.lowered, page.fold))
            remember(self._each, page.kind, found, most=_MOST_KINDS)
        made, which = found
        return made(*page.variables), which

    def highest(self, allowed: int) -> int:
        """Of the lanes allowed, those at the highest action for their recipient and category."""
        return allowed & self.above(allowed)

    def above(self, allowed: int) -> int:
        """All lanes but those below the highest one allowed."""
        steps = range(1, len(self.layout.actions))
        lower = reduce(or_, (allowed >> self.layout.plane * step for step in steps), 0)
        return self._all & ~lower

    def cells(self, page: Page, lanes: int) -> tuple[int, ...]:
        """A word for each recipient of the page: the categories that have a lane at any action."""
        for _ in self.layout.actions[1:]:
            lanes |= lanes >> self.layout.plane
        there = lanes & self.layout.all_lanes
        return page.cells.unpack(there.to_bytes(page.cells.size, "little"))

    def forget(self) -> None:
        """Begin as after loading: no program made yet."""
        self._answers.clear()
        self._each.clear()

    def _kind(self, fold: Fold) -> Kind:
        return tuple(tuple(fold[name].values()) for name in self.folds)

    def _page(
        self,
        kind: Kind,
        held: Sequence[tuple[int, int]],
        asked: Sequence[Asked],
        folds: Sequence[Fold],
    ) -> Page:
        fold = folds[held[0][0]]
        answers = self._answers.get(kind)
        if answers is None:
            answers = answers_of(self.lowered, folded(self.lowered, fold))
            remember(self._answers, kind, answers, most=_MOST_KINDS)
        lanes = [0] * len(self.lowered.variables)
        for place, slot in held:
            for variable, bits in self._row(asked[place]):
                lanes[variable] |= bits << slot * STRIDE
        slots = tuple(slot for _, slot in held)
        return Page(
            places=tuple(place for place, _ in held),
            slots=slots,
            fold=fold,
            kind=kind,
            variables=tuple(each * self.times for each in lanes),
            words=Struct("<" + (reading := self._reading(slots)) * len(self.layout.actions)),
            cells=Struct("<" + reading),
            answers=answers,
        )

    def _reading(self, slots: Sequence[int]) -> str:
        """For struct: these slots' words, and the others passed over unread."""
        there = {*slots}
        return "".join("H" if slot in there else "2x" for slot in range(self.layout.slots))

    def _row(self, asked: Asked) -> list[tuple[int, int]]:
        """The variables that hold for a recipient, with the categories for which they do."""
        facts = asked.facts
        if facts.keys() != self.compiled.words.facts.keys():
            unlike = facts.keys() ^ self.compiled.words.facts.keys()
            raise PolicyNotEvaluated("policy_not_evaluated", f"facts: {', '.join(sorted(unlike))}")
        row: list[tuple[int, int]] = []
        for of_principal, name, table in self._tables:
            told: Fact = asked.groups[name] if of_principal else facts[name]
            try:
                if not isinstance(told, dict):
                    row += table[told]
                    continue
                seen = twice = 0
                for value, categories in told.items():
                    there = self._places[categories]
                    row += [(variable, there) for variable, _ in table[value]]
                    twice |= seen & there
                    seen |= there
                if twice or seen != self._places.every:
                    raise PolicyNotEvaluated("policy_not_evaluated", f"{name} is not one value")
            except KeyError:
                raise PolicyNotEvaluated("policy_not_evaluated", f"{name} {told}") from None
        return row


class _Table(dict[Value, tuple[tuple[int, int], ...]]):
    """
    What each value of one fact sets: variables, with the categories for which they hold. A set of
    categories is worked out when it first comes; at most one entry for each such set.
    """

    def __init__(self, values: Mapping[str | bool, Sequence[int]], places: "_Bits") -> None:
        every = places.every
        super().__init__(
            {value: tuple((each, every) for each in known) for value, known in values.items()}
        )
        self._places = places

    def __missing__(self, told: Value) -> tuple[tuple[int, int], ...]:
        if not isinstance(told, frozenset):
            raise KeyError(told)
        true = self._places[told]
        false = self._places.every ^ true
        row = [(variable, true) for variable, _ in self[True]]
        row += [(variable, false) for variable, _ in self[False]]
        self[told] = tuple(row)
        return self[told]


class _Bits(dict[frozenset[str], int]):
    """A bit for each category of a set; at most one entry for each such set."""

    def __init__(self, categories: Sequence[str]) -> None:
        self.every = (1 << len(categories)) - 1
        self._bit = {name: 1 << place for place, name in enumerate(categories)}

    def __missing__(self, categories: frozenset[str]) -> int:
        self[categories] = sum(self._bit[each] for each in categories)
        return self[categories]


def remember(kept: dict[Key, Made], key: Key, made: Made, *, most: int) -> None:
    """Keep it, and let the oldest go when there are too many."""
    if len(kept) >= most:
        del kept[next(iter(kept))]
    kept[key] = made


def _tables(
    compiled: Compiled, variables: Sequence[OneOf], places: _Bits
) -> list[tuple[bool, str, _Table]]:
    """(of the recipient or of the context, its name, what its values set) of all that is asked."""
    words = compiled.words
    listed = [("principal", name, values) for name, values in words.groups.items()]
    listed += [("context", name, values) for name, values in words.facts.items()]
    tables = []
    for about, name, values in listed:
        tests = [
            (number, test.values)
            for number, test in enumerate(variables)
            if (test.about, test.name) == (about, name)
        ]
        boolean = about == "context" and words.kinds[name] == "Bool"
        holds = {value: [number for number, known in tests if value in known] for value in values}
        told = {value == TRUE if boolean else value: known for value, known in holds.items()}
        tables.append((about == "principal", name, _Table(told, places)))
    return tables
