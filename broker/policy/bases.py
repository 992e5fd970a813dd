"""
The lawful bases of a disclosure (DOMAIN.md 3.1): which of them stands where is policies/bases.yaml,
and this only looks it up. It reads closed facts of the question and the policies that decided, so
equal questions rest on equal bases.
"""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from broker.domain.decision import Bases, Because, Question
from broker.domain.rules import BasisRule, BasisRules
from broker.domain.words import Category, Extent, Level


def bases_for(
    question: Question,
    level_used: Level,
    extents: Mapping[Category, Extent],
    because: Mapping[Category, Because],
    rules: BasisRules,
) -> Mapping[Category, Bases]:
    """The bases of each category that is told at all; of one withheld there are none."""
    return {
        category: Bases(
            article_6=_first(rules.article_6, question, level_used, category, because[category]),
            condition=_first(rules.condition, question, level_used, category, because[category]),
            confidence=_first(rules.confidence, question, level_used, category, because[category]),
        )
        for category, extent in extents.items()
        if extent is not Extent.NOTHING
    }


def _first(
    rules: Sequence[BasisRule],
    question: Question,
    level: Level,
    category: Category,
    because: Because,
) -> str:
    """The first that fits. The last always does: rules.py refuses a list that ends otherwise."""
    return next(
        rule.basis for rule in rules if _fits(rule, question, level, category, because.permits)
    )


def _fits(
    rule: BasisRule, question: Question, level: Level, category: Category, permits: Sequence[str]
) -> bool:
    facts = (
        (question.gateway, rule.gateways),
        (level, rule.levels),
        (question.publisher, rule.publishers),
        (question.agency, rule.recipients),
        (category, rule.categories),
    )
    return (
        all(wanted is None or fact in wanted for fact, wanted in facts)
        and (not rule.through or any(_such(permit, rule.through) for permit in permits))
        and (not rule.only_through or all(_such(permit, rule.only_through) for permit in permits))
    )


def _such(permit: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(permit, pattern) for pattern in patterns)
