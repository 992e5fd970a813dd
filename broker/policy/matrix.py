"""The extent matrix, computed by asking the policies: what a role gets, level by level."""

from collections.abc import Sequence

from broker.domain.decision import Question
from broker.domain.words import (
    Agency,
    Category,
    ConsentState,
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


def matrix(policies: Policies, roles: Sequence[Role]) -> Matrix:
    """
    5 levels x 2 x these roles x 14 categories: a confirmed level, a relationship that holds,
    necessity written down, no gateway, no override, and no restriction.
    """
    return {
        level.value: {
            agreement: {role.value: _row(policies, level, agreed, role) for role in roles}
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


_LETTERS = {"full": "F", "summary": "S", "existence": "X", "nothing": "-"}
_COLUMNS = {
    Category.IDENTITY: "ID",
    Category.PROTECTED_LOCATION: "LOC",
    Category.CARE_STATUS: "STAT",
    Category.NARRATIVE: "NARR",
    Category.CHILDS_VOICE: "VOICE",
    Category.CHILD_HEALTH: "H1",
    Category.SENSITIVE_HEALTH: "H2",
    Category.ADULT_HEALTH: "H3",
    Category.POLICE_INCIDENT: "P1",
    Category.POLICE_INTELLIGENCE: "P2",
    Category.OFFENCES: "OFF",
    Category.EDUCATION: "EDU",
    Category.FAMILY: "FAM",
    Category.REFERRER: "REF",
}
_LEGEND = """\
With agreement / without: F full, S summary, X existence, - nothing.
H1 child_health, H2 sensitive_health, H3 adult_health, P1 police_incident,
P2 police_intelligence."""
_NAME, _CELL = 30, 6


def printed(computed: Matrix) -> str:
    """The matrix as people read it, a table for each level. Needs some 115 columns."""
    lines = [_LEGEND]
    for level, table in computed.items():
        heads = "".join(f"{code:<{_CELL}}" for code in _COLUMNS.values())
        lines += ["", f"{level:<{_NAME}}{heads}".rstrip()]
        for role, row in table["agreed"].items():
            cells = (_cell(row, table["none"][role], category.value) for category in _COLUMNS)
            lines.append(f"{role:<{_NAME}}{''.join(cells)}".rstrip())
    return "\n".join(lines)


def _cell(agreed: dict[str, str], none: dict[str, str], category: str) -> str:
    return f"{_LETTERS[agreed[category]] + '/' + _LETTERS[none[category]]:<{_CELL}}"
