"""
What follows from a policy set, exactly: counted over every question that can be asked, without
asking one. What a change newly allows and refuses, and which policies change nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from functools import reduce
from itertools import product
from math import prod

from broker.domain.decision import Question
from broker.domain.ids import PolicyId, PolicyVersion
from broker.domain.words import Category, Extent, Role
from broker.policy.bundle import Bundle
from broker.policy.compile import Compiled, compiled
from broker.policy.context import IMPOSSIBLE, question_with
from broker.policy.engine import LADDER, CompiledPolicies
from broker.policy.truth import Bearing, Space, bearing_on, facts_in, of_category
from broker.policy.vocabulary import Vocabulary

_ACTIONS = {extent: f"tell_{extent.value}" for extent in LADDER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is otherwise for one role, category and extent: how many questions, and one of each."""

    role: Role
    category: Category
    extent: Extent
    newly_allowed: int
    newly_refused: int
    questions: int  # in all, for this role and category
    allowed_example: Question | None = None
    refused_example: Question | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a change of the policies changes. Without `comparable`, the schemas are too unlike."""

    old: PolicyVersion
    new: PolicyVersion
    comparable: bool
    remarks: tuple[str, ...]  # what else differs, in a sentence each
    changes: tuple[Change, ...] = ()

    @property
    def as_json(self) -> dict[str, object]:
        """Plain values, for json.dumps."""
        return {
            "old": self.old,
            "new": self.new,
            "comparable": self.comparable,
            "remarks": list(self.remarks),
            "changes": [_plain(each) for each in self.changes],
        }


def difference(old: Bundle, new: Bundle) -> Difference:
    """Exactly what the new bundle allows and refuses that the old one did not."""
    before, after = compiled(old.schema, old.text), compiled(new.schema, new.text)
    unlike = list(_unlike(before.words, after.words))
    remarks = unlike + list(_remarks(old, new, before.words, after.words))
    return Difference(
        old=old.version,
        new=new.version,
        comparable=not unlike,
        remarks=tuple(remarks),
        changes=() if unlike else tuple(_changes(before, after, new)),
    )


def dead(bundle: Bundle) -> list[PolicyId]:
    """Policies whose removal, each by itself, changes no extent for any question."""
    found = compiled(bundle.schema, bundle.text)
    alive: set[int] = set()
    seen: set[tuple[Bearing, ...]] = set()
    for groups in _recipients(found.words):
        for bearings in map(tuple, _by_category(found, groups).values()):
            if bearings not in seen:
                seen.add(bearings)
                alive |= _alive(bearings, _space(found.words, facts_in(bearings)))
    return [rule.id for place, rule in enumerate(found.rules) if place not in alive]


def coverage(policies: CompiledPolicies, questions: Sequence[Question]) -> dict[PolicyId, int]:
    """For each policy, of how many of these questions it determined something."""
    counted = dict.fromkeys(map(PolicyId, policies.bundle.sentences), 0)
    for ruling in policies.decide_all(questions):
        determined = {
            policy
            for because in ruling.because.values()
            for policy in (*because.permits, *because.forbids)
        }
        for policy in determined & counted.keys():
            counted[policy] += 1
    return counted


def _changes(before: Compiled, after: Compiled, bundle: Bundle) -> Iterator[Change]:
    """Cell by cell; agencies of one role are counted together."""
    words = after.words
    counted: dict[tuple[str, str, Extent], list[_Counted]] = defaultdict(list)
    known: dict[tuple[object, object], list[_Moved]] = {}
    for groups in _recipients(words):
        old, new = _by_category(before, groups), _by_category(after, groups)
        for category in words.categories:
            shapes = _shape(old[category]), _shape(new[category])
            if shapes not in known:  # those of several agencies are mostly the same
                same = shapes[0] == shapes[1]
                known[shapes] = [] if same else list(_moved(old[category], new[category], words))
            for moved in known[shapes]:
                counted[groups["Role"], category, moved.extent].append(_Counted(groups, moved))
    for (role, category, extent), cells in counted.items():
        yield Change(
            role=Role(role),
            category=Category(category),
            extent=extent,
            newly_allowed=sum(each.moved.newly_allowed for each in cells),
            newly_refused=sum(each.moved.newly_refused for each in cells),
            questions=_questions(words),
            allowed_example=_example(cells, Category(category), bundle, words, gained=True),
            refused_example=_example(cells, Category(category), bundle, words, gained=False),
        )


@dataclass(frozen=True, slots=True)
class _Moved:
    """The combinations of facts in which one extent is answered otherwise."""

    extent: Extent
    space: Space
    times: int  # how many questions each combination stands for
    gained: int
    lost: int

    @property
    def newly_allowed(self) -> int:
        return self.gained.bit_count() * self.times

    @property
    def newly_refused(self) -> int:
        return self.lost.bit_count() * self.times


@dataclass(frozen=True, slots=True)
class _Counted:
    """One recipient for whom something moved."""

    groups: Mapping[str, str]
    moved: _Moved


def _moved(
    before: Sequence[Bearing], after: Sequence[Bearing], words: Vocabulary
) -> Iterator[_Moved]:
    space = _space(words, facts_in([*before, *after]))
    possible, times = _possible(space), _times(words, space)
    old, new = _allowed(before, space), _allowed(after, space)
    for extent in LADDER:
        gained = new[extent] & ~old[extent] & possible
        lost = old[extent] & ~new[extent] & possible
        if gained or lost:
            yield _Moved(extent, space, times, gained, lost)


def _example(
    cells: Sequence[_Counted],
    category: Category,
    bundle: Bundle,
    words: Vocabulary,
    *,
    gained: bool,
) -> Question | None:
    """The first question that is answered otherwise."""
    for each in cells:
        moved = each.moved
        if bits := moved.gained if gained else moved.lost:
            usual = {name: values[0] for name, values in words.facts.items()} | {"home": "true"}
            told = moved.space.values_at((bits & -bits).bit_length() - 1)
            return question_with(each.groups, {**usual, **told}, category, bundle.levels)
    return None


def _alive(bearings: Sequence[Bearing], space: Space) -> set[int]:
    """The rules without which some extent would be another one."""
    tables = {each: space.table(each.tree) for each in bearings}
    open_above, alive = 0, set[int]()
    for extent in reversed(LADDER):
        here = [each for each in bearings if _ACTIONS[extent] in each.actions]
        once: dict[bool, int] = {True: 0, False: 0}
        twice: dict[bool, int] = {True: 0, False: 0}
        for each in here:
            twice[each.permits] |= once[each.permits] & tables[each]
            once[each.permits] |= tables[each]
        decides = _possible(space) & ~open_above
        needed = {True: ~once[False] & ~twice[True], False: once[True] & ~twice[False]}
        alive |= {each.rule for each in here if tables[each] & needed[each.permits] & decides}
        open_above |= once[True] & ~once[False]
    return alive


def _allowed(bearings: Sequence[Bearing], space: Space) -> dict[Extent, int]:
    """Where each extent is allowed: what any permit gives and no forbid stops."""
    sides = {side: dict.fromkeys(LADDER, 0) for side in (True, False)}
    for each in bearings:
        table = space.table(each.tree)
        for extent in LADDER:
            if _ACTIONS[extent] in each.actions:
                sides[each.permits][extent] |= table
    return {extent: sides[True][extent] & ~sides[False][extent] for extent in LADDER}


def _shape(bearings: Sequence[Bearing]) -> frozenset[tuple[object, ...]]:
    """What the rules do, whatever they are called."""
    return frozenset((each.permits, each.actions, each.tree) for each in bearings)


def _recipients(words: Vocabulary) -> Iterator[Mapping[str, str]]:
    for groups in product(*words.groups.values()):
        yield dict(zip(words.groups, groups, strict=True))


def _by_category(of: Compiled, groups: Mapping[str, str]) -> dict[str, list[Bearing]]:
    """The rules that can hold for a recipient, category by category."""
    rules = bearing_on(of.rules, groups)
    return {each: of_category(rules, of.words.resource, each) for each in of.words.categories}


def _space(words: Vocabulary, reads: frozenset[str]) -> Space:
    """The facts that are read, and those that are impossible together with them."""
    bound = [one.keys() for one in IMPOSSIBLE if one.keys() & reads]
    wanted = reads.union(*bound)
    return Space(tuple((name, values) for name, values in words.facts.items() if name in wanted))


def _possible(space: Space) -> int:
    every = (1 << space.size) - 1
    names = {name for name, _ in space.facts}
    for one in IMPOSSIBLE:
        if one.keys() <= names:
            both = (space.where(name, values) for name, values in one.items())
            every &= ~reduce(lambda held, table: held & table, both)
    return every


def _times(words: Vocabulary, space: Space) -> int:
    """How many combinations of the facts outside the space are possible."""
    names = {name for name, _ in space.facts}
    rest = Space(tuple(each for each in words.facts.items() if each[0] not in names))
    bound = {name for one in IMPOSSIBLE for name in one} - names
    free = prod(len(values) for name, values in rest.facts if name not in bound)
    return free * _possible(_space(words, frozenset(bound))).bit_count() if bound else free


def _questions(words: Vocabulary) -> int:
    """How many questions there are about one role and category: those of its every agency."""
    none = _space(words, frozenset())
    others = prod(len(values) for name, values in words.groups.items() if name != "Role")
    return others * _times(words, none)


def _unlike(old: Vocabulary, new: Vocabulary) -> Iterator[str]:
    """Why two schemas cannot be compared: a list has other words."""
    lists = {**old.groups, old.resource: old.categories, **old.facts}
    others = {**new.groups, new.resource: new.categories, **new.facts}
    for name, values in lists.items():
        if name in others and set(others[name]) != set(values):
            changed = ", ".join(sorted(set(others[name]) ^ set(values)))
            yield f"The schemas list other words for {name}: {changed}."
    for name in sorted(old.facts.keys() - new.facts.keys()):
        yield f"The new schema has no {name} any more."


def _remarks(old: Bundle, new: Bundle, before: Vocabulary, after: Vocabulary) -> Iterator[str]:
    for name in sorted(after.facts.keys() - before.facts.keys()):
        yield f"The new schema adds {name}, which the old policies did not read."
    if old.levels != new.levels:
        yield "levels.yaml differs: another level may count for a role, which is not counted here."
    if old.rules != new.rules or old.precedence != new.precedence:
        yield "Rules outside Cedar differ (routing, gateways, consent, precedence)."


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case Change() | Question():
            return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
        case frozenset():
            return sorted(str(_plain(each)) for each in value)
        case _:
            return value
