"""
The proof finds a compiler that errs. Mutants of the compiled rules are each caught, or compute the
same function; the compiler that ships is held to random policies.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import product
from operator import or_
from pathlib import Path
from types import CodeType, FunctionType

import pytest
from hypothesis import settings

from broker.errors import PolicyDisagrees
from broker.policy import CompiledPolicies, read_bundle
from broker.policy.bundle import Bundle
from broker.policy.compare import compare
from broker.policy.compile import Both, Compiled, Either, OneOf, Rule, Tree, compiled
from broker.policy.engine import ACTIONS
from broker.policy.evidence import Combination, Evidence, Satisfied
from broker.policy.pages import Asked, Engine, Page
from broker.policy.program import Answers, Choice, Lowered, Term
from broker.policy.proof import Proof, hold, prove
from broker.policy.vocabulary import TRUE, vocabulary
from tests.unit.fuzzing import FOLDED_IN_SMALL, SMALL, policies
from tests.unit.questions import seeded

EXAMPLES = settings().max_examples  # of the profile: 50 as one works, more in CI and at night
ROUNDS = max(2, EXAMPLES // 50)
WORDS = vocabulary(SMALL)
WRITTEN = """
@id("forbid-sealed") forbid (principal, action, resource) when { context.sealed };
@id("cap-words") forbid (principal, action in [Action::"tell_full"], resource)
when { resource == Category::"words" } unless { principal in Role::"officer" || context.own };
@id("own") permit (principal, action, resource) when { context.own };
@id("gateway") permit (principal in Role::"nurse", action, resource)
when { context.publisher == Agency::"schools" &&
       resource in [Category::"name", Category::"place"] };
@id("matrix") permit (principal, action in [Action::"tell_existence"], resource)
when { context.level in [Level::"middle", Level::"high"] &&
       (!context.own || principal in Role::"teacher") };
@id("agency") permit (principal in Agency::"health", action, resource == Category::"name")
unless { context.level == Level::"low" };
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A set, what Cedar says of each of its policies, and all contexts that there are."""

    compiled: Compiled
    theirs: Evidence
    said: Sequence[tuple[Combination, Satisfied]]

    @classmethod
    def of(cls, text: str) -> "Known":
        theirs = Evidence(SMALL, text)
        groups = theirs.groups(list(theirs.written))
        said = [(one, satisfied) for one, satisfied, _ in theirs.satisfied(groups)]
        return cls(compiled(SMALL, text), theirs, said)

    def hold(self, engine: Engine) -> None:
        for combination, satisfied in self.said:
            hold(engine, self.theirs, combination, satisfied)

    def caught(self, engine: Engine) -> bool:
        try:
            self.hold(engine)
        except PolicyDisagrees:
            return True
        return False


def an_engine(of: Compiled) -> Engine:
    return Engine(of, ACTIONS, FOLDED_IN_SMALL)


def everywhere(engine: Engine, theirs: Evidence) -> Iterator[Page]:
    """All recipients in every context of the small schema."""
    for values in product(*theirs.words.facts.values()):
        told = dict(zip(theirs.words.facts, values, strict=True))
        facts = {
            name: value == TRUE if theirs.words.kinds[name] == "Bool" else value
            for name, value in told.items()
        }
        fold = {name: dict.fromkeys(engine.layout.classes, told[name]) for name in engine.folds}
        asked = [Asked(each, facts) for each in theirs.pairs] * 2  # so that every slot is taken
        yield from engine.pages(asked, [fold] * len(asked))


def computed(engine: Engine, theirs: Evidence) -> list[tuple[int, ...]]:
    """The whole function: the answers and each rule's lanes, where there is a recipient."""
    rows = []
    for page in everywhere(engine, theirs):
        slot = (1 << len(engine.layout.categories)) - 1
        used = reduce(or_, (slot << 16 * each for each in page.slots)) * engine.times
        lanes, which = engine.each(page)
        ours = dict(zip(which, lanes, strict=True))
        each = (ours.get(rule, 0) & used for rule in range(len(engine.compiled.rules)))
        rows.append((engine.answers(page) & used, *each))
    return rows


def mutants_of_rules(known: Compiled) -> Iterator[Compiled]:
    for place, rule in enumerate(known.rules):
        for mutant in (*_other_actions(rule), replace(rule, permits=not rule.permits)):
            yield _with(known, place, mutant)
        for tree in _other_trees(rule.tree, known):
            yield _with(known, place, replace(rule, tree=tree))


def _with(known: Compiled, place: int, rule: Rule) -> Compiled:
    return replace(known, rules=(*known.rules[:place], rule, *known.rules[place + 1 :]))


def _other_actions(rule: Rule) -> Iterator[Rule]:
    for action in ACTIONS:
        yield replace(rule, actions=rule.actions ^ {action})


def _other_trees(tree: Tree, known: Compiled) -> Iterator[Tree]:
    """A value changed, AND and OR swapped, a clause dropped; at every node."""
    if isinstance(tree, OneOf):
        for value in _domain(tree, known):
            yield replace(tree, values=tree.values ^ {value})
        return
    yield Either(tree.parts) if isinstance(tree, Both) else Both(tree.parts)
    for place, part in enumerate(tree.parts):
        rest = tree.parts[:place], tree.parts[place + 1 :]
        yield replace(tree, parts=(*rest[0], *rest[1]))
        for other in _other_trees(part, known):
            yield replace(tree, parts=(*rest[0], other, *rest[1]))


def _domain(test: OneOf, known: Compiled) -> tuple[str, ...]:
    if test.about == "principal":
        return known.words.groups[test.name]
    return known.words.categories if test.about == "resource" else known.words.facts[test.name]


def mutants_of_terms(lowered: Lowered) -> Iterator[Lowered]:
    """A bit of a constant flipped, or a variable taken for another; in every rule."""
    for place, term in enumerate(lowered.terms):
        for other in _other_terms(term, lowered):
            yield replace(
                lowered, terms=(*lowered.terms[:place], other, *lowered.terms[place + 1 :])
            )


def _other_terms(term: Term, lowered: Lowered) -> Iterator[Term]:
    for lane in range(lowered.layout.plane):
        if lowered.layout.all_lanes >> lane & 1:
            yield replace(term, lanes=term.lanes ^ 1 << lane)
    for place, need in enumerate(term.needs):
        rest = term.needs[:place], term.needs[place + 1 :]
        yield replace(term, needs=(*rest[0], *rest[1]))
        if isinstance(need, Choice):
            for number, inner in enumerate(need.terms):
                others = need.terms[:number], need.terms[number + 1 :]
                for mutant in _other_terms(inner, lowered):
                    choice = replace(need, terms=(*others[0], mutant, *others[1]))
                    yield replace(term, needs=(*rest[0], choice, *rest[1]))
        else:
            for variable in range(-len(lowered.folded), len(lowered.variables)):
                yield replace(term, needs=(*rest[0], variable, *rest[1]))


def survivors(known: Known, mutants: Sequence[Engine]) -> list[Engine]:
    """Those that compute something else and were not caught. There must be none."""
    sound = an_engine(known.compiled)
    assert not known.caught(sound)
    right = computed(sound, known.theirs)
    return [
        mutant
        for mutant in mutants
        if not known.caught(mutant) and computed(mutant, known.theirs) != right
    ]


def of_terms(known: Known) -> Iterator[Engine]:
    for lowered in mutants_of_terms(an_engine(known.compiled).lowered):
        engine = an_engine(known.compiled)
        engine.lowered = lowered
        yield engine


def test_no_mutant_of_a_rule_that_answers_otherwise_is_believed() -> None:
    known = Known.of(WRITTEN)
    mutants = [an_engine(each) for each in mutants_of_rules(known.compiled)]
    assert len(mutants) > 100
    assert survivors(known, _share(mutants)) == []


def test_no_mutant_of_a_mask_that_answers_otherwise_is_believed() -> None:
    known = Known.of(WRITTEN)
    mutants = list(of_terms(known))
    assert len(mutants) > 200
    assert survivors(known, _share(mutants)) == []


def test_no_mutant_of_a_random_set_is_believed() -> None:
    for number in range(ROUNDS // 2):
        known = Known.of(policies(seeded(100 + number), WORDS, 4))
        mutants = [*map(an_engine, mutants_of_rules(known.compiled)), *of_terms(known)]
        assert survivors(known, _share(mutants)) == []


def _share(mutants: list[Engine]) -> list[Engine]:
    """A hundred or so as one works; all of them in the long run."""
    every = 1 if EXAMPLES > 1_000 else max(1, len(mutants) // 100)
    return mutants[::every]


class Altered(Engine):
    """An engine whose answers come from a program altered after it was made."""

    alter: Callable[[Answers], Answers]

    def answers(self, page: Page) -> int:
        return self.alter(page.answers)(*page.variables)


def test_a_bit_flipped_in_the_made_program_is_not_believed() -> None:
    known = Known.of(WRITTEN)
    right = computed(an_engine(known.compiled), known.theirs)
    caught = 0
    for constant in range(4):
        for bit in range(0, 400, 7):
            engine = Altered(known.compiled, ACTIONS, FOLDED_IN_SMALL)
            engine.alter = lambda made, n=constant, b=bit: _flipped(made, n, b)  # type: ignore[misc]
            if computed(engine, known.theirs) != right:
                assert known.caught(engine)
                caught += 1
    assert caught > 10


def _flipped(made: Answers, number: int, bit: int) -> Answers:
    assert isinstance(made, FunctionType)
    code: CodeType = made.__code__
    constants = list(code.co_consts)
    places = [place for place, each in enumerate(constants) if isinstance(each, int)]
    if number < len(places):
        constants[places[number]] ^= 1 << bit
    return FunctionType(code.replace(co_consts=tuple(constants)), {"__builtins__": {}})


@pytest.mark.parametrize("number", range(ROUNDS))
def test_random_policies_compile_to_what_cedar_says(number: int) -> None:
    text = policies(seeded(number), WORDS, 12)
    known = Known.of(text)
    assert not known.caught(an_engine(known.compiled))


@pytest.mark.parametrize("number", range(ROUNDS))
def test_random_policies_beside_those_that_ship_answer_as_cedar_does(number: int) -> None:
    bundle = read_bundle()
    words = vocabulary(bundle.schema)
    text = bundle.text + policies(seeded(1_000 + number), words, 20, name="override-random-")
    altered = replace(bundle, text=text)
    found = compare(altered, CompiledPolicies(altered), answers=42 * 10, seed=number)
    assert found.answers >= 42 * 10


def small_bundle(text: str) -> Bundle:
    """The policies that ship, cut down to some that read little."""
    return replace(read_bundle(), text=text)


ALL_THREE = 'action in [Action::"tell_existence", Action::"tell_summary", Action::"tell_full"]'
FEW = f"""
@id("forbid-sealed") forbid (principal, {ALL_THREE}, resource) when {{ context.sealed }};
@id("own-concern") permit (principal in Role::"gp", {ALL_THREE}, resource)
when {{ context.own || context.level == Level::"emergency" }};
"""


def test_a_changed_policy_alone_is_proved_again(tmp_path: Path) -> None:
    cache = tmp_path / "kept" / "proofs.json"
    steps: list[tuple[int, int]] = []

    def proof(text: str) -> Proof:
        bundle = small_bundle(text)
        return prove(
            bundle,
            cache,
            lambda done, total: steps.append((done, total)),
            random_answers=42,
            random_rulings=2,
        )

    first = proof(FEW)
    assert (first.policies, first.proved_before) == (2, 0)
    assert steps[-1] == (first.asked, first.asked)
    assert first.covered > 1_000_000_000
    assert first.random_answers >= 42
    again = proof(
        FEW.replace('@id("own-concern")', '@id("own-concern") @explain("Said otherwise.")')
    )
    assert (again.asked, again.proved_before) == (0, 2)
    changed = proof(FEW.replace("emergency", "universal"))
    assert changed.proved_before == 1
    assert 0 < changed.asked < first.asked
    cache.write_text(json.dumps({"proved": 3}))
    assert proof(FEW).proved_before == 0


def test_a_disagreement_names_the_policy_and_a_question() -> None:
    known = Known.of(WRITTEN)
    wrong = _with(known.compiled, 0, replace(known.compiled.rules[0], tree=Both(())))
    with pytest.raises(PolicyDisagrees, match=r"forbid-sealed: tell_.* when Role=nurse.*sealed"):
        known.hold(an_engine(wrong))


def test_compare_finds_a_permit_read_as_a_forbid() -> None:
    bundle = small_bundle(FEW)
    ours = CompiledPolicies(bundle)
    rules = ours.engine.compiled.rules
    turned = replace(
        ours.engine.compiled, rules=(rules[0], replace(rules[1], permits=not rules[1].permits))
    )
    ours.engine = Engine(turned, ACTIONS, ours.engine.folds)
    with pytest.raises(PolicyDisagrees, match="Cedar"):
        compare(bundle, ours, answers=42 * 100, seed=1)
