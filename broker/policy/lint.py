"""
What Cedar allows and this project does not. Cedar skips a policy that it cannot evaluate, accepts
two policies with one @id, and finds nothing wrong with a comparison that never holds: so policies
are written in a fragment in which none of that can happen. Read from cedarpy's own syntax tree.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from cedarpy import pst

from broker.policy.places import Finding, line_of_policy

RUNS = {
    "permit": (
        ("tell_existence",),
        ("tell_existence", "tell_summary"),
        ("tell_existence", "tell_summary", "tell_full"),
    ),
    "forbid": (
        ("tell_full",),
        ("tell_summary", "tell_full"),
        ("tell_existence", "tell_summary", "tell_full"),
    ),
}
"""A permit runs from the bottom, a forbid to the top: so what is allowed has all below it too."""

DUTIES = frozenset(
    {
        "before_next_school_day",
        "before_next_working_day",
        "review_by_another_person",
        "route_to_deputy",
        "speak_before_acting",
        "tell_safeguarding_lead",
    }
)
_WANTED = ("id", "basis", "explain")
_KNOWN = {*_WANTED, "duty"}
_LONGEST_SENTENCE = 160
# A permit without a role would open to whoever asks; these two name a decision or a desk instead.
_WITHOUT_ROLE = ("overrides/", "own/")

Tree = Mapping[str, pst.Template]
Facts = Mapping[str, str]


def facts_in(schema: str) -> Facts:
    """What a question holds: each fact of the schema's Question with its type."""
    question = re.search(r"type Question = \{(.*?)\};", schema, re.DOTALL)
    return dict(re.findall(r"^\s*(\w+):\s*(\w+)", question[1], re.MULTILINE)) if question else {}


def named(policy: pst.Template) -> str:
    return policy.annotations.get("id") or f"a {policy.effect} without @id"


def findings(
    trees: Mapping[str, Tree],
    texts: Mapping[str, str],
    facts: Facts,
    precedence: Sequence[str] | None,
) -> Iterator[Finding]:
    """Each thing that is wrong: file, line, policy, and what to write instead."""
    where = defaultdict(list)
    for file, tree in trees.items():
        for place, policy in tree.items():
            line = line_of_policy(texts[file], place)
            where[policy.annotations.get("id")].append((file, line))
            for wrong in _wrong(file, policy, facts, precedence):
                yield _found(file, line, f"{named(policy)}: {wrong}")
    for name, places in where.items():
        for file, line in places[1:] if name is not None else ():
            first, at = places[0]
            yield _found(
                file, line, f"{name}: @id used twice: write another one than {first}:{at} has"
            )


def _found(file: str, line: int, says: str) -> Finding:
    return Finding(reason="policy_lint", file=file, line=line, says=says)


def _wrong(
    file: str, policy: pst.Template, facts: Facts, precedence: Sequence[str] | None
) -> Iterator[str]:
    yield from _annotations(policy, precedence)
    yield from _scope(file, policy)
    for clause in policy.clauses:
        yield from _condition(clause.expr, facts)


def _annotations(policy: pst.Template, precedence: Sequence[str] | None) -> Iterator[str]:
    said = policy.annotations
    yield from (f"write @{wanted}(...)" for wanted in _WANTED if not said.get(wanted))
    yield from (
        f"@{name} is not known: write one of {sorted(_KNOWN)}" for name in said.keys() - _KNOWN
    )
    if len(said.get("explain", "")) > _LONGEST_SENTENCE:
        yield f"write @explain in at most {_LONGEST_SENTENCE} characters"
    unknown = set(said.get("duty", "").split()) - DUTIES
    if unknown:
        yield f"unknown duty {', '.join(sorted(unknown))}: write one of {sorted(DUTIES)}"
    if precedence is None or "id" not in said:
        return  # precedence.yaml could not be read, which is said elsewhere
    if len([one for one in precedence if said["id"].startswith(one)]) != 1:
        yield "begin @id with one line of precedence.yaml, or give it a rank there"


def _scope(file: str, policy: pst.Template) -> Iterator[str]:
    action = policy.action
    listed = tuple(one.id for one in action.entities) if isinstance(action, pst.ActionIn) else ()
    if listed not in RUNS[policy.effect]:
        instead = " or ".join(str(list(run)) for run in RUNS[policy.effect])
        yield f"list the actions of a {policy.effect} as {instead}"
    if any(each.type.basename == "Recipient" for each in pst.entity_uids(policy)):
        yield "name a role or an agency, never a recipient"
    needs_role = policy.effect == "permit" and not file.startswith(_WITHOUT_ROLE)
    if needs_role and not _names_a_role(policy.principal):
        yield 'write principal in Role::"...", since a permit without a role opens to everybody'
    if not isinstance(policy.principal, pst.ScopeAny | pst.ScopeIn):
        yield 'write principal, or principal in Role::"..."'


def _names_a_role(principal: pst.PrincipalOrResourceConstraint) -> bool:
    return (
        isinstance(principal, pst.ScopeIn)
        and isinstance(principal.entity, pst.EntityUid)
        and principal.entity.type.basename == "Role"
    )


def _condition(expression: pst.Expr, facts: Facts) -> Iterator[str]:
    match expression:
        case pst.BinaryOp(op="and" | "or", left=left, right=right):
            yield from _condition(left, facts)
            yield from _condition(right, facts)
        case pst.UnaryOp(op="not", arg=inner):
            yield from _condition(inner, facts)
        case pst.GetAttr(base=pst.Var(name="context"), attr=fact) if facts.get(fact) == "Bool":
            pass
        case pst.BinaryOp(op="eq" | "not_eq" | "in", left=left, right=right):
            yield from _comparison(left, right, facts)
        case _:
            yield f"{_shown(expression)} could fail: write comparisons of facts with &&, || and !"


def _comparison(left: pst.Expr, right: pst.Expr, facts: Facts) -> Iterator[str]:
    """Cedar accepts `context.level == Consent::"none"`, which never holds."""
    match left:
        case pst.GetAttr(base=pst.Var(name="context"), attr=fact):
            kinds = {facts.get(fact, "")}
        case pst.Var(name="resource"):
            kinds = {"Category"}
        case pst.Var(name="principal"):
            kinds = {"Role", "Agency"}
        case _:
            kinds = set()
    values = right.elements if isinstance(right, pst.Set) else (right,)
    for value in values:
        if not isinstance(value, pst.EntityLit) or value.value.type.basename not in kinds:
            instead = " or ".join(sorted(kinds)) or "a fact of the question on the left"
            yield f"{_shown(left)} is compared with {_shown(value)}: write {instead}"


def _shown(expression: pst.Expr) -> str:
    match expression:
        case pst.GetAttr(attr=fact):
            return f"context.{fact}"
        case pst.Var(name=name):
            return name
        case pst.EntityLit(value=entity):
            return f'{entity.type.basename}::"{entity.id}"'
        case _:
            return type(expression).__name__
