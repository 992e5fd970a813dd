"""
Random questions asked of the whole set, compiled and by Cedar: every answer, and the policies that
determined it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import get_type_hints

from broker.domain.decision import Question
from broker.domain.ids import PolicyId
from broker.domain.words import Category, Extent
from broker.errors import PolicyDisagrees
from broker.policy.bundle import Bundle
from broker.policy.cedar import CedarPolicies
from broker.policy.engine import LADDER, CompiledPolicies
from broker.policy.facts import closed, sets
from broker.policy.program import STRIDE

Said = dict[tuple[Category, Extent], tuple[bool, frozenset[PolicyId]]]
_FAN_OUT = 20
_ANSWERS = len(Category) * len(LADDER)  # to one question


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How many answers were the same; a difference is raised, not counted."""

    answers: int
    allowed: int


def compare(
    bundle: Bundle,
    ours: CompiledPolicies,
    *,
    answers: int,
    seed: str | int,
    sliced: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Compared:
    """
    At least so many answers, drawn from the seed. `sliced` asks Cedar only the policies that bear
    on the role, which is quicker. Raises PolicyDisagrees with the first question that differs.
    """
    random = Random(seed)  # noqa: S311  (the same questions for the same bundle, not a secret)
    cedar = CedarPolicies(bundle, sliced=sliced)
    home = bundle.levels.jurisdiction
    done = allowed = 0
    while done < answers:
        asked = _fan_out(random, home)
        for page in ours.pages(asked):
            lanes, which = ours.engine.each(page)
            answered = ours.engine.answers(page)
            for place, slot in zip(page.places, page.slots, strict=True):
                said = _said(ours, (lanes, which), answered, slot)
                allowed += _compared(cedar, asked[place], said)
                done += _ANSWERS
        if progress:
            progress(min(done, answers), answers)
    return Compared(answers=done, allowed=allowed)


def compare_rulings(bundle: Bundle, ours: CompiledPolicies, *, number: int, seed: str | int) -> int:
    """
    So many whole rulings: extents, because in order, duties, level. Raises PolicyDisagrees with the
    first question whose ruling differs.
    """
    random = Random(seed)  # noqa: S311
    cedar = CedarPolicies(bundle)
    asked = [random_question(random, bundle.levels.jurisdiction) for _ in range(number)]
    for question, ruling in zip(asked, ours.rulings(asked), strict=True):
        if ruling != cedar.decide(question):
            raise PolicyDisagrees("policy_disagrees", f"the ruling of {question}")
    return number


def _fan_out(random: Random, home: str) -> list[Question]:
    """One notification: what is of the concern is shared, the rest is drawn for each."""
    first = random_question(random, home)
    shared = {
        name: getattr(first, name)
        for name in ("publisher", "level", "level_state", "consent_stated", "jurisdiction")
    }
    return [random_question(random, home, **shared) for _ in range(_FAN_OUT)]


def random_question(random: Random, home: str, **fixed: object) -> Question:
    """Any question. What stops everything is rare, so that most answers say something."""
    drawn: dict[str, object] = {}
    for name, kind in get_type_hints(Question).items():
        if name in closed():
            drawn[name] = random.choice(list(closed()[name]))
        elif name in sets():
            often = random.choice((0.0, 0.2, 0.5, 1.0))
            drawn[name] = frozenset(each for each in Category if random.random() < often)
        elif kind is bool:
            drawn[name] = random.random() < 0.2  # noqa: PLR2004
    drawn["jurisdiction"] = home if random.random() < 0.8 else f"not {home}"  # noqa: PLR2004
    return Question(**{**drawn, **fixed})  # type: ignore[arg-type]


def _said(
    ours: CompiledPolicies, each: tuple[tuple[int, ...], tuple[int, ...]], answered: int, slot: int
) -> Said:
    """What the compiled policies say to one recipient, and which of them determined it."""
    rules = ours.engine.compiled.rules
    found = [(lanes >> slot * STRIDE, rules[which]) for lanes, which in zip(*each, strict=True)]
    said: Said = {}
    for action, extent in enumerate(LADDER):
        for bit, category in enumerate(Category):
            place = action * ours.engine.layout.plane + bit
            allowed = bool(answered >> slot * STRIDE + place & 1)
            said[category, extent] = (
                allowed,
                frozenset(
                    rule.id
                    for lanes, rule in found
                    if rule.permits == allowed and lanes >> place & 1
                ),
            )
    return said


def _compared(
    cedar: CedarPolicies,
    question: Question,
    said: Said,
) -> int:
    allowed = 0
    for (category, extent), theirs in cedar.every_answer(question).items():
        if said[category, extent] != (theirs.allowed, frozenset(theirs.reasons)):
            raise PolicyDisagrees(
                "policy_disagrees",
                f"{category} {extent.value}: Cedar {theirs}, compiled {said[category, extent]},"
                f" when {question}",
            )
        allowed += theirs.allowed
    return allowed
