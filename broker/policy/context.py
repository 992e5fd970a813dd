"""
From a question to the facts that the policies read: the one place that knows both. Cedar is asked
with these facts, and the compiled policies are asked with these facts. A fact added to Question and
to the schema is one line here: in `_SHARED` if every recipient of one notification in one role has
the same value, else in `facts_of`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any, get_type_hints

from broker.domain.decision import Question
from broker.domain.words import Agency, Category, ConsentState, Level, LevelState, Role
from broker.errors import PolicyNotEvaluated
from broker.policy.facts import closed, sets
from broker.policy.rules import LevelRules
from broker.policy.vocabulary import FALSE, TRUE

Fact = str | bool | frozenset[Category] | dict[str, frozenset[Category]]
"""One value for all categories; or the categories for which it is true; or those of each value."""

Facts = Mapping[str, Fact]
Fold = Mapping[str, Mapping[str, str]]
"""fold[fact][role] = value: what one notification is, for each role in which it is looked at."""


def level_used(question: Question, role: Role, levels: LevelRules) -> Level:
    """The level that counts for this role: levels.yaml."""
    if question.level_state is LevelState.CONFIRMED or role in levels.as_proposed:
        return question.level
    return min(question.level, levels.otherwise_at_most)


_SHARED: Mapping[str, Callable[[Question, Role, LevelRules], str | bool]] = {
    "level": lambda question, role, levels: level_used(question, role, levels).value,
    "publisher": lambda question, _, __: question.publisher,
    "home": lambda question, _, levels: question.jurisdiction == levels.jurisdiction,
}
FOLDED = tuple(_SHARED)
"""The facts that do not depend on who is asked about, only on the role in which they are."""


def groups_of(question: Question) -> Mapping[str, str]:
    """What the recipient is one of, as the schema names these lists."""
    return {"Role": question.role.value, "Agency": question.agency.value}


def facts_of(question: Question, levels: LevelRules) -> Facts:
    """Every fact of the schema's Question, as it is for this question."""
    refused = question.refused | question.young_person_refused
    given = question.agreed - refused
    stated = question.consent_stated in levels.necessity_states
    return {
        **{name: of(question, question.role, levels) for name, of in _SHARED.items()},
        "gateway": question.gateway,
        "consent": {"refused": refused, "given": given, "none": _EVERY - refused - given},
        "youngPersonRefused": question.young_person_refused,
        "relationship": question.relationship,
        "necessity": question.necessity or stated,
        "sealed": question.sealed,
        "conflict": question.conflict,
        "locationBarred": question.location_barred,
        "outsideArea": question.outside_area,
        "detriment": question.detriment,
        "override": question.override,
        "own": question.own,
    }


_EVERY = frozenset(Category)


def fold_of(question: Question, levels: LevelRules) -> Fold:
    """What is the same for all recipients of this question's notification, role by role."""
    return {
        name: {role.value: word(of(question, role, levels)) for role in Role}
        for name, of in _SHARED.items()
    }


shared_facts: Callable[[Facts], tuple[object, ...]] = itemgetter(*FOLDED)
"""Just those of the facts that are folded."""


def agrees(fold: Fold, role: str, facts: Facts) -> bool:
    """Whether the fold says of this role what the facts say."""
    return all(fold[name][role] == word(facts[name]) for name in FOLDED)


def word(fact: Fact, category: str = "") -> str:
    """The value of a fact for one category, as the schema lists it."""
    if isinstance(fact, bool):
        return TRUE if fact else FALSE
    if isinstance(fact, frozenset):
        return TRUE if category in fact else FALSE
    if isinstance(fact, str):
        return fact
    return next(value for value, categories in fact.items() if category in categories)


def refuse_unknown(question: Question) -> None:
    """
    Cedar holds facts to its enums, but answers for a recipient that it does not know; a compiled
    program holds them to nothing. Raises PolicyNotEvaluated with the names of the facts, no value.
    """
    names, kinds, values_of, sets_of = _kinds()
    values = values_of(question)
    if all(map(isinstance, values, kinds)) and all(each <= _EVERY for each in sets_of(question)):
        return
    unknown = [
        name
        for name, kind, value in zip(names, kinds, values, strict=True)
        if not isinstance(value, kind)
        or (isinstance(value, frozenset) and not _EVERY.issuperset(value))
    ]
    raise PolicyNotEvaluated("policy_not_evaluated", f"unknown words: {', '.join(unknown)}")


_sets = cache(sets)
_closed = cache(closed)


_Values = Callable[[Question], tuple[Any, ...]]


@cache
def _kinds() -> tuple[tuple[str, ...], tuple[type, ...], _Values, _Values]:
    """The facts of a question, the types that their values have, and getters of all and of sets."""
    hints = get_type_hints(Question)
    types = (frozenset if name in _sets() else kind for name, kind in hints.items())
    return tuple(hints), tuple(types), attrgetter(*hints), attrgetter(*_sets())


IMPOSSIBLE: Sequence[Mapping[str, frozenset[str]]] = (
    {"youngPersonRefused": frozenset({TRUE}), "consent": frozenset({"none", "given"})},
)
"""Facts that no question has together: a young person's refusal is a refusal."""


def question_with(
    groups: Mapping[str, str], facts: Mapping[str, str], category: Category, levels: LevelRules
) -> Question:
    """A question of which these facts are true for this category: the way back from facts_of."""
    young, consent = facts["youngPersonRefused"] == TRUE, facts["consent"]
    stated = next(each for each in ConsentState if each not in levels.necessity_states)
    elsewhere = "GB-SCT" if levels.jurisdiction != "GB-SCT" else "GB-ENG"
    there, words = frozenset({category}), _closed()
    told: dict[str, object] = {
        "role": Role(groups["Role"]),
        "agency": Agency(groups["Agency"]),
        "level_state": LevelState.CONFIRMED,
        "consent_stated": stated,
        "agreed": there if consent == "given" else frozenset(),
        "refused": there if consent == "refused" and not young else frozenset(),
        "jurisdiction": levels.jurisdiction if facts["home"] == TRUE else elsewhere,
    }
    for fact in facts.keys() - {"consent", "home"}:
        name = re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", fact)
        if name in words:
            told[name] = words[name](facts[fact])
        else:
            true = facts[fact] == TRUE
            told[name] = (there if true else frozenset()) if name in _sets() else true
    return Question(**told)  # type: ignore[arg-type]
