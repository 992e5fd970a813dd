"""
The lawful bases of a disclosure (DOMAIN.md 3.1): which of them stands where is policies/bases.yaml,
and this only looks it up. It reads closed facts of the question and the policies that decided, so
equal questions rest on equal bases.
"""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from broker.domain.decision import Bases, Because, Question
from broker.domain.ids import PolicyId
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
    told = {
        category: because[category].permits
        for category, extent in extents.items()
        if extent is not Extent.NOTHING
    }
    article_6, condition, confidence = (
        _each(kind, question, level_used, told)
        for kind in (rules.article_6, rules.condition, rules.confidence)
    )
    return {
        category: Bases(
            article_6=article_6[category],
            condition=condition[category],
            confidence=confidence[category],
        )
        for category in told
    }


def _each(
    rules: Sequence[BasisRule],
    question: Question,
    level: Level,
    told: Mapping[Category, tuple[PolicyId, ...]],
) -> dict[Category, str]:
    """
    For each category the first rule that fits. The last one always does: a list that ends otherwise
    is refused when it is read. Categories mostly share their permits, so these are matched once.
    """
    fitting = [rule for rule in rules if _fits(rule, question, level)]
    by_permits = {
        permits: [rule for rule in fitting if _carried(rule, permits)]
        for permits in set(told.values())
    }
    return {
        category: next(
            rule.basis
            for rule in by_permits[permits]
            if rule.categories is None or category in rule.categories
        )
        for category, permits in told.items()
    }


def _fits(rule: BasisRule, question: Question, level: Level) -> bool:
    return (
        (rule.gateways is None or question.gateway in rule.gateways)
        and (rule.levels is None or level in rule.levels)
        and (rule.publishers is None or question.publisher in rule.publishers)
        and (rule.recipients is None or question.agency in rule.recipients)
    )


def _carried(rule: BasisRule, permits: Sequence[PolicyId]) -> bool:
    """Whether these permits gave the extent in the way that the rule speaks of."""
    return (not rule.through or any(_such(each, rule.through) for each in permits)) and (
        not rule.only_through or all(_such(each, rule.only_through) for each in permits)
    )


def _such(permit: PolicyId, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(permit, pattern) for pattern in patterns)
