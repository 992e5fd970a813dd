"""
Writes the matrix as Cedar text from `matrix/default_matrix.json`, the table that a partnership
signs, and the gateways that grant by role. The Cedar text is committed and reviewed; a test
generates it again and compares.

    python -m policies.generate
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cedarpy


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one gateway grants to each of several roles, and what a caseworker reads of it."""

    publisher: str
    roles: tuple[str, ...]
    row: Mapping[str, str]  # category: extent
    basis: str
    says: Mapping[str, str]  # extent: the sentence
    duty: str = ""


HERE = Path(__file__).parent
EXTENTS = ("existence", "summary", "full")
# By duty for an area: their rows open without a relationship (DOMAIN 2.4, M1).
AREA_ROLES = ("mash_screener", "police_protection")
# A competent young person's refusal holds the matrix at existence, where it gives anything without
# agreement at all below significant harm: at this level (DOMAIN 4.1, M2).
REFUSAL_LEVEL = "child_in_need"
# Not held back below significant harm until somebody writes down the necessity (DOMAIN 4.1, M3).
NECESSITY_LEVEL, NECESSITY_EXEMPT = "child_in_need", "mash_screener"

BASES = {
    "universal": "UK GDPR Art 6(1)(e); confidence met by agreement",
    "early_help": "Children Act 2004 s10, s11; confidence met by agreement",
    "child_in_need": "Children Act 1989 s17; Children Act 2004 s11",
    "significant_harm": "Children Act 1989 s47; DPA 2018 Sch 1 para 18",
    "emergency": "Children Act 1989 s44, s46; UK GDPR Art 6(1)(d)",
}
NAMES = {
    "mash_screener": "the multi-agency hub",
    "social_worker": "the social worker",
    "police_protection": "child protection police",
    "health_visitor": "the health visitor or school nurse",
    "gp": "the practice",
    "designated_safeguarding_lead": "the safeguarding lead",
    "early_help_worker": "the early help worker",
    "unscheduled_care": "an unscheduled care setting",
}
AT = {
    "universal": "At universal need",
    "early_help": "For early help",
    "child_in_need": "For a child in need",
    "significant_harm": "At significant harm",
    "emergency": "In an emergency",
}
SAYS = {
    "existence": "{who} is told which of these parts exist and whom to ring",
    "summary": "{who} is told the coded facts of these parts",
    "full": "{who} is told these parts in full",
}
# A gateway that grants another level's row, to these roles.
GATEWAY_ROWS = {
    "section_47_request": ("significant_harm", ("social_worker",), "Children Act 1989 s47(9)"),
    "police_protection_46": (
        "emergency",
        ("mash_screener", "social_worker", "police_protection"),
        "Children Act 1989 s46",
    ),
}
# A gateway that grants the same few categories to several roles: these extents, from this agency.
GATEWAY_GRANTS = {
    "cp_is_flag": Grant(
        publisher="childrens_services",
        roles=("unscheduled_care",),
        row={"identity": "full", "care_status": "summary"},
        basis="Children Act 2004 s10, s11; Health and Social Care Act 2012 s250 (DCB1609)",
        says={
            "full": "Through CP-IS {who} is told who the child is, in full.",
            "summary": "Through CP-IS {who} is told that a plan or order stands, no more.",
        },
    ),
    "referral_acknowledgement": Grant(
        publisher="childrens_services",
        roles=(
            "police_protection",
            "health_visitor",
            "gp",
            "designated_safeguarding_lead",
            "early_help_worker",
        ),
        row={"identity": "summary", "care_status": "summary"},
        basis="Working Together to Safeguard Children 2023; Children Act 2004 s11",
        says={"summary": "Having referred the child, {who} is told in codes what becomes of it."},
        duty="before_next_working_day",
    ),
}

Row = Mapping[str, str]


def texts() -> dict[str, str]:
    """Each generated file, by its path below policies/."""
    written = json.loads((HERE / "matrix/default_matrix.json").read_text(encoding="utf-8"))
    matrix = written["matrix"]
    made = {
        f"matrix/{level}.cedar": _formatted(_level(level, matrix[level]))
        for level in written["levels"]
    }
    for gateway, (level, roles, basis) in GATEWAY_ROWS.items():
        policies = [
            policy
            for role in roles
            for policy in _gateway(gateway, basis, role, matrix[level]["none"][role])
        ]
        made[f"gateways/{gateway.replace('_', '-')}.cedar"] = _formatted(policies)
    for gateway, grant in GATEWAY_GRANTS.items():
        policies = [policy for role in grant.roles for policy in _granted(gateway, grant, role)]
        text = _formatted(policies, source="what it says of this gateway")
        made[f"gateways/{gateway.replace('_', '-')}.cedar"] = text
    return made


def _formatted(
    policies: Iterator[str] | list[str], source: str = "matrix/default_matrix.json"
) -> str:
    text = str(cedarpy.format_policies("\n\n".join(policies), 110, 2))
    return f"// Made by policies/generate.py from {source}. Change it there.\n{text}"


def _level(level: str, table: Mapping[str, Mapping[str, Row]]) -> Iterator[str]:
    for role in table["none"]:
        for extent in reversed(EXTENTS):
            without = _told(table["none"][role], extent, conditional=_conditional(level, role))
            if without:
                yield _matrix_policy(level, role, extent, without, agreement=False)
            # Agreement makes up for necessity, so there it lists what necessity would open too.
            waits = extent != "existence" and _waits_for_necessity(level, role)
            open_anyway = [] if waits else without
            agreed = _told(table["agreed"][role], extent, conditional=_conditional(level, role))
            only_agreed = [category for category in agreed if category not in open_anyway]
            if only_agreed:
                yield _matrix_policy(level, role, extent, only_agreed, agreement=True)


def _told(row: Row, extent: str, *, conditional: bool) -> list[str]:
    """
    Categories that a policy of this extent lists: those told at exactly this extent. Where fuller
    extents ask for more (a relationship, necessity), existence lists everything told at all.
    """
    if extent == "existence" and conditional:
        return [category for category, told in row.items() if told != "nothing"]
    return [category for category, told in row.items() if told == extent]


def _waits_for_necessity(level: str, role: str) -> bool:
    return level == NECESSITY_LEVEL and role != NECESSITY_EXEMPT


def _conditional(level: str, role: str) -> bool:
    """Full and summary ask for something that existence does not."""
    return role not in AREA_ROLES or level in {NECESSITY_LEVEL, REFUSAL_LEVEL}


def _matrix_policy(
    level: str, role: str, extent: str, categories: list[str], *, agreement: bool
) -> str:
    conditions = ["context.home", f'context.level == Level::"{level}"']
    if agreement:
        conditions.append('context.consent == Consent::"given"')
    if extent != "existence":
        if role not in AREA_ROLES:
            conditions.append('context.relationship != Relationship::"none"')
        if _waits_for_necessity(level, role) and not agreement:
            conditions.append("context.necessity")
        if level == REFUSAL_LEVEL and not agreement:
            conditions.append("!context.youngPersonRefused")
    suffix = "-agreed" if agreement else ""
    says = SAYS[extent].format(who=NAMES[role])
    with_agreement = ", with agreement," if agreement else ""
    return _policy(
        name=f"matrix-{level}-{role}-{extent}{suffix}",
        basis=BASES[level],
        says=f"{AT[level]}{with_agreement} {says}.",
        role=role,
        extent=extent,
        conditions=[*conditions, _resource(categories)],
    )


def _gateway(gateway: str, basis: str, role: str, row: Row) -> Iterator[str]:
    for extent in reversed(EXTENTS):
        told = _told(row, extent, conditional=False)
        if told:
            yield _policy(
                name=f"gateway-{gateway}-{role}-{extent}",
                basis=basis,
                says=f"Through this gateway {SAYS[extent].format(who=NAMES[role])}.",
                role=role,
                extent=extent,
                conditions=[
                    "context.home",
                    f'context.gateway == Gateway::"{gateway}"',
                    _resource(told),
                ],
            )


def _granted(gateway: str, grant: Grant, role: str) -> Iterator[str]:
    for extent in reversed(EXTENTS):
        if told := _told(grant.row, extent, conditional=False):
            yield _policy(
                name=f"gateway-{gateway}-{role}-{extent}",
                basis=grant.basis,
                says=grant.says[extent].format(who=NAMES[role]),
                role=role,
                extent=extent,
                conditions=[
                    "context.home",
                    f'context.gateway == Gateway::"{gateway}"',
                    f'context.publisher == Agency::"{grant.publisher}"',
                    _resource(told),
                ],
                duty=grant.duty,
            )


def _resource(categories: list[str]) -> str:
    listed = ", ".join(f'Category::"{category}"' for category in categories)
    return f"resource in [{listed}]"


def _policy(
    *,
    name: str,
    basis: str,
    says: str,
    role: str,
    extent: str,
    conditions: list[str],
    duty: str = "",
) -> str:
    actions = EXTENTS[: EXTENTS.index(extent) + 1]
    listed = ", ".join(f'Action::"tell_{action}"' for action in actions)
    when = " && ".join(conditions)
    owed = f'@duty("{duty}")\n' if duty else ""
    return (
        f'@id("{name}")\n@basis("{basis}")\n@explain("{says}")\n{owed}'
        f'permit (principal in Role::"{role}", action in [{listed}], resource)\nwhen {{ {when} }};'
    )


def main() -> None:
    for path, text in texts().items():
        (HERE / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
