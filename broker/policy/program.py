"""
Rules as arithmetic on big integers: one bit for each answer, so that all answers of a notification
come out of some twenty `&` and `|`.

    bit = action * plane + slot * 16 + category

A slot holds one recipient and belongs to one role, so that a rule for a role is a constant. Facts
that one notification has one value of, role by role, are folded away. What is left are variables:
one for each different test in the rules, set in the lanes where it holds. There is no complement of
a variable anywhere: an answer is never made of the absence of a bit.

The functions are made of syntax nodes, never of text: a policy's words cannot become code.
"""

import ast
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from types import FunctionType

from broker.errors import Unsupported
from broker.policy.compile import Both, Compiled, Either, OneOf, Rule, Tree
from broker.policy.context import Fold

STRIDE = 16  # bits of one recipient's categories, so that struct can split the answer
SLOTS_OF_A_ROLE = 4

Variable = int


@dataclass(frozen=True, slots=True)
class Choice:
    """Lanes where any of these holds; `lanes` are those where it holds whatever the facts."""

    lanes: int
    terms: tuple["Term", ...]


@dataclass(frozen=True, slots=True)
class Term:
    """In these lanes, where every variable and every choice holds."""

    lanes: int
    needs: tuple[Variable | Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where each answer's bit is. It depends on the policies alone, never on the directory."""

    actions: tuple[str, ...]  # from least to most
    categories: tuple[str, ...]
    slot_group: str  # the group that slots are by: the one with most values
    classes: tuple[str, ...]
    slots: int
    plane: int  # bits of one action
    all_lanes: int  # every lane of one action

    def times(self, actions: Iterable[str]) -> int:
        """What to multiply lanes of one action by, to have them at these actions."""
        return sum(1 << self.plane * self.actions.index(action) for action in actions)

    def of_classes(self, values: frozenset[str]) -> int:
        listed = [index for index, name in enumerate(self.classes) if name in values]
        slots = [
            index * SLOTS_OF_A_ROLE + each for index in listed for each in range(SLOTS_OF_A_ROLE)
        ]
        return spread((1 << len(self.categories)) - 1, slots)

    def of_categories(self, values: frozenset[str]) -> int:
        return spread(self.categories_in(values), range(self.slots))

    def categories_in(self, values: Iterable[str]) -> int:
        """One recipient's bits for these categories."""
        return sum(1 << self.categories.index(value) for value in values)


def spread(bits: int, slots: Iterable[int]) -> int:
    """The same bits in each of these slots."""
    return sum(bits << slot * STRIDE for slot in slots)


def layout_of(compiled: Compiled, actions: Sequence[str]) -> Layout:
    """Raises Unsupported when the schema has other actions, or more categories than a lane has."""
    words = compiled.words
    if set(words.actions) != set(actions) or len(words.categories) > STRIDE:
        wanted = f"write the actions {', '.join(actions)} and at most {STRIDE} categories"
        raise Unsupported("policies_do_not_compile", f"schema: {wanted}")
    largest = max(words.groups, key=lambda name: len(words.groups[name]))
    slots = len(words.groups[largest]) * SLOTS_OF_A_ROLE
    return Layout(
        actions=tuple(actions),
        categories=words.categories,
        slot_group=largest,
        classes=words.groups[largest],
        slots=slots,
        plane=slots * STRIDE,
        all_lanes=spread((1 << len(words.categories)) - 1, range(slots)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowered:
    """The rules with all worked out that is known before a notification comes."""

    layout: Layout
    rules: tuple[Rule, ...]
    terms: tuple[Term, ...]  # one a rule, in lanes of one action
    variables: tuple[OneOf, ...]
    folded: tuple[OneOf, ...]  # in terms, the folded test n is the variable -1 - n
    times: tuple[int, ...]  # one a rule: what brings its lanes to the actions that it names
    by_class: Mapping[str, int]  # the lanes of each role, at one action
    whole: tuple[int, int]  # all lanes of one action, and what brings them to every action


def lowered(compiled: Compiled, layout: Layout, folded: Collection[str]) -> Lowered:
    """Tests of roles and categories become constants; of a notification's facts, to be folded."""
    every = layout.all_lanes
    found: dict[OneOf, Term] = {}
    variables: list[OneOf] = []
    to_fold: list[OneOf] = []
    for test in dict.fromkeys(test for rule in compiled.rules for test in tests_in(rule.tree)):
        if test.about == "resource":
            found[test] = Term(layout.of_categories(test.values), ())
        elif test.about == "principal" and test.name == layout.slot_group:
            found[test] = Term(layout.of_classes(test.values), ())
        elif test.about == "context" and test.name in folded:
            to_fold.append(test)
            found[test] = Term(every, (-len(to_fold),))
        else:
            variables.append(test)
            found[test] = Term(every, (len(variables) - 1,))
    return Lowered(
        layout=layout,
        rules=compiled.rules,
        terms=tuple(_term(rule.tree, every, found) for rule in compiled.rules),
        variables=tuple(variables),
        folded=tuple(to_fold),
        times=tuple(layout.times(rule.actions) for rule in compiled.rules),
        by_class={name: layout.of_classes(frozenset({name})) for name in layout.classes},
        whole=(every, layout.times(layout.actions)),
    )


def tests_in(tree: Tree) -> Iterable[OneOf]:
    if isinstance(tree, OneOf):
        yield tree
    else:
        for part in tree.parts:
            yield from tests_in(part)


def _term(tree: Tree, every: int, found: Mapping[OneOf, Term]) -> Term:
    match tree:
        case OneOf():
            return found[tree]
        case Both(parts=parts):
            return _both([_term(part, every, found) for part in parts], every)
        case Either(parts=parts):
            return _either([_term(part, every, found) for part in parts], every)


NOWHERE = Term(0, ())


def _both(parts: Iterable[Term], every: int) -> Term:
    """What is folded stands first, since it mostly settles that a rule holds nowhere."""
    where, needs = every, dict[Variable | Choice, None]()
    for part in parts:
        where &= part.lanes
        needs |= dict.fromkeys(part.needs)
    settles = sorted(needs, key=lambda need: isinstance(need, Choice) or need >= 0)
    return Term(where, tuple(settles)) if where else NOWHERE


def _either(parts: Iterable[Term], every: int) -> Term:
    found = [term for term in parts if term.lanes]
    always = reduce(int.__or__, (term.lanes for term in found if not term.needs), 0)
    rest = tuple(term for term in found if term.needs)
    if not rest or always == every:
        return Term(always, ())
    if len(rest) == 1 and not always:
        return rest[0]
    return Term(every, (Choice(always, rest),))


def folded(lowered: Lowered, fold: Fold) -> list[Term]:
    """What is left of each rule for notifications that are like `fold`."""
    known = []
    for test in lowered.folded:
        told = fold[test.name]
        lanes = [each for name, each in lowered.by_class.items() if told[name] in test.values]
        known.append(sum(lanes))
    return [_folded(term, known, lowered.whole[0]) for term in lowered.terms]


def _folded(term: Term, known: Sequence[int], every: int) -> Term:
    where, needs = term.lanes, list[Variable | Choice]()
    for need in term.needs:
        if isinstance(need, Choice):
            inner = [_folded(each, known, every) for each in need.terms]
            choice = _either([Term(need.lanes, ()), *inner], every)
            where &= choice.lanes
            needs += choice.needs
        elif need < 0:
            where &= known[-1 - need]
        else:
            needs.append(need)
        if not where:
            return NOWHERE
    return Term(where, tuple(needs))


Answers = Callable[..., int]
Each = Callable[..., tuple[int, ...]]


def answers_of(lowered: Lowered, left: Sequence[Term]) -> Answers:
    """
    All answers: (what any permit gives) and not (what any forbid stops), which is Cedar's own rule.
    Takes the variables' lanes in order, at all actions; gives an integer of three planes.
    """
    sides: dict[bool, dict[tuple[Variable | Choice, ...], int]] = {True: {}, False: {}}
    for rule, term, times in zip(lowered.rules, left, lowered.times, strict=True):
        if term.lanes:
            side = sides[rule.permits]
            side[term.needs] = side.get(term.needs, 0) | term.lanes * times
    permits, forbids = (
        _any([_expression(lanes, needs, lowered.whole) for needs, lanes in side.items()])
        for side in (sides[True], sides[False])
    )
    allowed = ast.UnaryOp(ast.Invert(), forbids, **_AT)
    stopped = ast.BinOp(permits, ast.BitAnd(), allowed, **_AT)
    made: Answers = _function(stopped, len(lowered.variables))
    return made


def each_of(lowered: Lowered, left: Sequence[Term]) -> tuple[Each, tuple[int, ...]]:
    """The lanes of single rules at the actions that they name, and which rules: those that can."""
    alive = tuple(index for index, term in enumerate(left) if term.lanes)
    items = [
        _expression(left[index].lanes * lowered.times[index], left[index].needs, lowered.whole)
        for index in alive
    ]
    made: Each = _function(ast.Tuple(items, ast.Load(), **_AT), len(lowered.variables))
    return made, alive


_AT: dict[str, int] = {"lineno": 1, "col_offset": 0}
_AND, _OR, _LOAD = ast.BitAnd(), ast.BitOr(), ast.Load()


def _expression(lanes: int, needs: Sequence[Variable | Choice], whole: tuple[int, int]) -> ast.expr:
    """`lanes` are at the actions meant; lanes within its choices are still at one action."""
    parts: list[ast.expr] = [_need(need, whole) for need in needs]
    if not parts or lanes != whole[0] * whole[1]:
        parts.append(_constant(lanes))
    return _chain(parts, _AND)


def _need(need: Variable | Choice, whole: tuple[int, int]) -> ast.expr:
    if isinstance(need, Choice):
        times = whole[1]
        parts = [_expression(term.lanes * times, term.needs, whole) for term in need.terms]
        if need.lanes:
            parts.append(_constant(need.lanes * times))
        return _any(parts)
    return ast.Name(f"v{need}", _LOAD, **_AT)


def _constant(lanes: int) -> ast.expr:
    return ast.Constant(lanes, lineno=1, col_offset=0)


def _any(parts: Sequence[ast.expr]) -> ast.expr:
    return _chain(parts, _OR) if parts else _constant(0)


def _chain(parts: Sequence[ast.expr], operator: ast.operator) -> ast.expr:
    """Halved again and again: a chain of a thousand would be too deep for Python's compiler."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    left, right = _chain(parts[:half], operator), _chain(parts[half:], operator)
    return ast.BinOp(left, operator, right, **_AT)


def _function(body: ast.expr, variables: int) -> FunctionType:
    """A function of that many integers, which can name nothing else."""
    names = [ast.arg(f"v{each}", lineno=1, col_offset=0) for each in range(variables)]
    takes = ast.arguments(posonlyargs=names, args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    made = compile(ast.Expression(ast.Lambda(takes, body, **_AT)), "<policies>", "eval")
    return FunctionType(made.co_consts[0], {"__builtins__": {}})
