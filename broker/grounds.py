"""
Why a category is withheld, in one word for each (DOMAIN.md 4.3 and 4.8, 12).

Found by asking: every limit that somebody could lift is lifted, and each is put back alone. So the
word is that of the first limit in the order of precedence that would withhold it by itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from broker.domain.decision import NO_PERMIT_APPLIES, Decision, Question
from broker.domain.words import Category, ConsentState, Extent, RelationshipKind
from broker.ports import Policies

_WITHHELD = (Extent.NOTHING, Extent.EXISTENCE)


def grounds(decision: Decision, policies: Policies) -> Mapping[Category, str]:
    """The ground of each category told as nothing or existence. Raises PolicyNotEvaluated."""
    extents = decision.ruling.extents
    return {
        category: _ground(category, decision, policies)
        for category in Category
        if extents[category] in _WITHHELD
    }


def _ground(category: Category, decision: Decision, policies: Policies) -> str:
    asked = decision.candidate.question
    lifted = _lifted(asked)
    open_to = policies.decide(lifted)
    for word, limited in _put_back(asked, lifted):
        if policies.decide(limited).extents[category] < open_to.extents[category]:
            return word
    forbids = open_to.because[category].forbids
    if forbids not in (
        (),
        NO_PERMIT_APPLIES.forbids,
    ):  # a limit that nobody lifts, on this category
        nothing = open_to.extents[category] is Extent.NOTHING
        return category.value if nothing else "protected_source"
    if _would_be_told_if_related(category, lifted, policies):
        return "no_relationship"
    wished = decision.candidate.rests.wished.get(category)
    return _without_basis(None if wished is None else wished.state)


def _lifted(asked: Question) -> Question:
    return replace(
        asked,
        sealed=False,
        conflict=False,
        outside_area=False,
        location_barred=False,
        detriment=False,
    )


def _put_back(asked: Question, lifted: Question) -> Iterator[tuple[str, Question]]:
    """Each limit that holds, alone, the highest first."""
    if asked.sealed:
        yield "sealed", replace(lifted, sealed=True)
    if asked.conflict:
        yield "conflict", replace(lifted, conflict=True)
    if asked.outside_area:
        yield "outside_area", replace(lifted, location_barred=True, outside_area=True)
    if asked.location_barred:
        yield "protected_location", replace(lifted, location_barred=True)
    if asked.detriment:
        yield "detriment", replace(lifted, detriment=True)


def _would_be_told_if_related(category: Category, lifted: Question, policies: Policies) -> bool:
    if lifted.relationship is not RelationshipKind.NONE:
        return False
    now = policies.decide(lifted).extents[category]
    return any(
        policies.decide(replace(lifted, relationship=kind)).extents[category] > now
        for kind in RelationshipKind
    )


def _without_basis(state: ConsentState | None) -> str:
    """What was agreed once and taken back has a word of its own."""
    return "withdrawn" if state is ConsentState.WITHDRAWN else "no_basis"
