"""The extent matrix, computed by asking the policies: what a role gets, level by level."""

from broker.domain.decision import Question
from broker.domain.words import (
    Agency,
    Category,
    ConsentState,
    Extent,
    Gateway,
    Level,
    LevelState,
    RelationshipKind,
    Role,
)
from broker.ports import Policies

Matrix = dict[str, dict[str, dict[str, dict[str, str]]]]
"""matrix[level][agreed | none][role][category] = extent"""

_AGREEMENT = {"agreed": frozenset(Category), "none": frozenset[Category]()}


def matrix(policies: Policies) -> Matrix:
    """
    5 levels x 2 x 8 roles x 14 categories: a confirmed level, a relationship that holds, necessity
    written down, no gateway, no override, and no restriction.
    """
    return {
        level.value: {
            agreement: {role.value: _row(policies, level, agreed, role) for role in Role}
            for agreement, agreed in _AGREEMENT.items()
        }
        for level in Level
    }


def _row(
    policies: Policies, level: Level, agreed: frozenset[Category], role: Role
) -> dict[str, str]:
    ruling = policies.decide(
        Question(
            role=role,
            agency=Agency.CHILDRENS_SERVICES,
            publisher=Agency.HEALTH,
            level=level,
            level_state=LevelState.CONFIRMED,
            gateway=Gateway.NONE,
            relationship=RelationshipKind.ALLOCATED,
            consent_stated=ConsentState.NOT_SOUGHT_IMPRACTICABLE,
            agreed=agreed,
        )
    )
    return {category.value: ruling.extents[category].value for category in Category}


_LETTERS = {Extent.FULL: "F", Extent.SUMMARY: "S", Extent.EXISTENCE: "X", Extent.NOTHING: "-"}


def printed(computed: Matrix) -> str:
    """The matrix as people read it: with agreement / without."""
    lines = []
    letters = {extent.value: letter for extent, letter in _LETTERS.items()}
    for level, table in computed.items():
        lines.append(f"\n{level}  (with agreement / without)")
        for role, row in table["agreed"].items():
            cells = [
                f"{category} {letters[extent]}/{letters[table['none'][role][category]]}"
                for category, extent in row.items()
            ]
            lines.append(f"  {role}: " + ", ".join(cells))
    return "\n".join(lines)
