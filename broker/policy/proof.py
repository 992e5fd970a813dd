"""
Proof that the compiled policies answer as Cedar does, for one bundle.

Cedar's answer is a fixed function of which policies are satisfied. So if each policy by itself is
satisfied in the same places, the whole set answers the same everywhere, and the cost is a sum over
policies, not a product over facts.

    each policy  where Cedar finds it satisfied (evidence.py), the compiled rule holds, and nowhere
                 else: outside its scope conditions cannot add, so there its lanes must be empty
    the rest     what a rule does not read must not matter: its lanes are and and or of masks, so
                 it is enough to try all other masks empty, and all full
    the whole    the answers are what some rule permits and none forbids; then random questions
                 are asked of the whole set (compare.py)
"""

import hashlib
import inspect
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from importlib.metadata import version
from itertools import product
from math import prod
from operator import or_
from pathlib import Path

from broker.domain.ids import PolicyId, PolicyVersion
from broker.errors import PolicyDisagrees
from broker.policy import compile as compiler
from broker.policy import evidence, pages, program, vocabulary
from broker.policy.bundle import Bundle
from broker.policy.compare import compare, compare_rulings
from broker.policy.context import Fold
from broker.policy.engine import CompiledPolicies
from broker.policy.evidence import Combination, Evidence, Lane, Satisfied, first_values
from broker.policy.pages import Asked, Engine, Page
from broker.policy.program import STRIDE, Layout

Progress = Callable[[int, int], None]
"""Called with (questions asked of Cedar so far, questions in all)."""

RANDOM_ANSWERS = 20_000
_ANSWERS_A_POLICY = 200
RANDOM_RULINGS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was compared, and found equal."""

    version: PolicyVersion
    policies: int
    proved_before: int  # by the same compiler, under the same schema
    asked: int  # questions asked of Cedar about single policies
    covered: int  # questions that those stand for
    random_answers: int  # of the whole set, with the policies that determined them
    random_rulings: int  # whole: extents, because, duties


def prove(
    bundle: Bundle,
    cache: Path | None = None,
    progress: Progress | None = None,
    *,
    random_answers: int | None = None,
    random_rulings: int = RANDOM_RULINGS,
) -> Proof:
    """
    `cache` keeps the proofs of single policies, so that a changed bundle is asked only about what
    changed. Raises PolicyDisagrees with the first question to which the two differ.
    """
    ours = CompiledPolicies(bundle)
    theirs = Evidence(bundle.schema, bundle.text)
    known = _read(cache)
    keys = {name: _key(bundle.schema, written) for name, written in theirs.written.items()}
    fresh = [name for name, key in keys.items() if key not in known]
    groups = theirs.groups(fresh)
    total, done = theirs.asked_by(groups), 0
    for combination, satisfied, asked in theirs.satisfied(groups):
        hold(ours.engine, theirs, combination, satisfied)
        done += asked
        if progress:
            progress(done, total)
    _write(cache, sorted({*keys.values()}))
    if random_answers is None:  # they are about how policies act together: a few have little to
        random_answers = min(RANDOM_ANSWERS, _ANSWERS_A_POLICY * len(bundle.sentences))
    compared = compare(bundle, ours, answers=random_answers, seed=bundle.version)
    rulings = compare_rulings(bundle, ours, number=random_rulings, seed=bundle.version)
    facts = theirs.words.facts.values()
    return Proof(
        version=bundle.version,
        policies=len(keys),
        proved_before=len(keys) - len(fresh),
        asked=done,
        covered=len(theirs.lanes) * prod(len(values) for values in facts),
        random_answers=compared.answers,
        random_rulings=rulings,
    )


def hold(engine: Engine, theirs: Evidence, combination: Combination, satisfied: Satisfied) -> None:
    """Raises PolicyDisagrees unless the rules hold in these lanes, whatever the facts not read."""
    rules = {rule.id: place for place, rule in enumerate(engine.compiled.rules)}
    for name in satisfied:
        if engine.compiled.rules[rules[name]].permits != theirs.permits[name]:
            raise PolicyDisagrees("policy_disagrees", f"{name}: permit and forbid are confused")
    expected: dict[tuple[int, ...], dict[PolicyId, int]] = {}
    for page in _pages(engine, theirs, combination):
        pairs = tuple(place % len(theirs.pairs) for place in page.places)
        bits = _bits(engine.layout, theirs.words.actions, pairs, page.slots)
        if page.places not in expected:
            expected[page.places] = {
                name: reduce(or_, (bits.get(lane, 0) for lane in lanes), 0)
                for name, lanes in satisfied.items()
            }
        lanes, which = engine.each(page)
        ours = dict(zip(which, lanes, strict=True))
        _whole(engine, page, ours)
        used = reduce(or_, bits.values())
        for name, wanted in expected[page.places].items():
            if wrong := (ours.get(rules[name], 0) & used) ^ wanted:
                lane = next(each for each, bit in bits.items() if bit & wrong)
                raise _differs(theirs, name, lane, combination)


@lru_cache(maxsize=16)
def _bits(
    layout: Layout, actions: tuple[str, ...], pairs: tuple[int, ...], slots: tuple[int, ...]
) -> Mapping[Lane, int]:
    """The engine's bits for each lane of Cedar's that is on the page."""
    bits: dict[Lane, int] = defaultdict(int)
    for pair, slot in zip(pairs, slots, strict=True):
        for category, action in product(range(len(layout.categories)), range(len(actions))):
            place = layout.actions.index(actions[action]) * layout.plane
            bits[pair, category, action] |= 1 << place + slot * STRIDE + category
    return bits


def _differs(
    theirs: Evidence, name: PolicyId, lane: Lane, combination: Combination
) -> PolicyDisagrees:
    pair, category, action = lane
    said = {**theirs.pairs[pair], **combination}
    facts = ", ".join(f"{fact}={value}" for fact, value in said.items())
    where = f"{theirs.words.actions[action]} {theirs.words.categories[category]}"
    return PolicyDisagrees("policy_disagrees", f"{name}: {where} when {facts}")


def _whole(engine: Engine, page: Page, ours: Mapping[int, int]) -> None:
    """The answers are what some permit gives and no forbid stops."""
    rules = engine.compiled.rules
    given = reduce(or_, (each for one, each in ours.items() if rules[one].permits), 0)
    stopped = reduce(or_, (each for one, each in ours.items() if not rules[one].permits), 0)
    if engine.answers(page) != given & ~stopped:
        raise PolicyDisagrees("policy_disagrees", "the answers are not those of the rules")


def _pages(engine: Engine, theirs: Evidence, combination: Combination) -> Iterator[Page]:
    """
    All recipients under this combination, so often that every slot is taken; with what is not read
    in none and in all lanes.
    """
    words = theirs.words
    rest = [name for name in engine.folds if name not in combination]
    full = engine.layout.all_lanes * engine.times
    often = -(-engine.layout.slots // len(theirs.pairs))
    for values in product(*(words.facts[name] for name in rest)):
        told = {**first_values(words), **combination, **dict(zip(rest, values, strict=True))}
        facts = {
            name: value == vocabulary.TRUE if words.kinds[name] == "Bool" else value
            for name, value in told.items()
        }
        fold: Fold = {
            name: dict.fromkeys(engine.layout.classes, told[name]) for name in engine.folds
        }
        asked = [Asked(groups, facts) for groups in theirs.pairs] * often
        for page in engine.pages(asked, [fold] * len(asked)):
            for others in (0, full):
                yield replace(page, variables=_others(engine, page, combination, others))


def _others(engine: Engine, page: Page, combination: Combination, lanes: int) -> tuple[int, ...]:
    return tuple(
        held if test.about == "principal" or test.name in combination else lanes
        for test, held in zip(engine.lowered.variables, page.variables, strict=True)
    )


def _key(schema: str, written: Mapping[str, object]) -> str:
    """What a proof of one policy depends on: its text, the schema, the compiler and Cedar."""
    sources = (vocabulary, compiler, program, pages, evidence)
    decides = {name: part for name, part in written.items() if name != "annotations"}
    parts = [json.dumps(decides, sort_keys=True), schema, version("cedarpy")]
    parts += [inspect.getsource(each) for each in sources] + [inspect.getsource(hold)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _read(cache: Path | None) -> frozenset[str]:
    """Proofs kept earlier. A file that cannot be read proves nothing."""
    if cache is None:
        return frozenset()
    try:
        return frozenset(map(str, json.loads(cache.read_text(encoding="utf-8"))["proved"]))
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def _write(cache: Path | None, proved: Sequence[str]) -> None:
    if cache is None:
        return
    cache.parent.mkdir(parents=True, exist_ok=True)
    being_written = cache.with_suffix(".new")
    being_written.write_text(json.dumps({"proved": proved}, indent=1), encoding="utf-8")
    being_written.replace(cache)
