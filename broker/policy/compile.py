"""
From Cedar's own syntax tree to rules of closed tests. There is no second grammar: cedarpy parses,
and only comparisons of facts with values of their own list are understood, joined by and, or, not:
in that fragment nothing can fail while it is evaluated. Everything else raises Unsupported with the
policy's @id, and the bundle is refused.

A rule's tree has no `not`: every test is of a fact with finitely many values, so its opposite is
the same test of the other values.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import cedarpy
from cedarpy import pst

from broker.domain.ids import PolicyId
from broker.errors import Unsupported
from broker.policy.vocabulary import FALSE, TRUE, Vocabulary, vocabulary

About = Literal["principal", "resource", "context"]


@dataclass(frozen=True, slots=True)
class OneOf:
    """This fact has one of these values: a group of the recipient, the category, or context."""

    about: About
    name: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Both:
    """All of them; of none, true."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of them; of none, false."""

    parts: tuple["Tree", ...]


Tree = OneOf | Both | Either


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One policy: for these actions, where the tree (scope and conditions) holds."""

    id: PolicyId
    permits: bool
    actions: frozenset[str]
    tree: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A bundle's rules, in the order of its text, and the words that they may use."""

    words: Vocabulary
    rules: tuple[Rule, ...]


def compiled(schema: str, text: str) -> Compiled:
    """Every policy of the text. Raises Unsupported naming the policy, or PolicySetInvalid."""
    words = vocabulary(schema)
    try:
        parsed = cedarpy.PolicySet.from_str(text).to_pst()
    except ValueError as error:
        raise Unsupported("policies_do_not_compile", str(error)) from None
    if parsed.templates or parsed.template_links:
        raise Unsupported("policies_do_not_compile", "write no template: a policy names a role")
    return Compiled(words=words, rules=rules_in(parsed.static_policies.values(), words))


def rules_in(policies: Iterable[pst.Template], words: Vocabulary) -> tuple[Rule, ...]:
    """Raises Unsupported, also when an @id is missing or used twice."""
    rules = tuple(_Reading(policy, words).rule() for policy in policies)
    for name, times in Counter(rule.id for rule in rules).items():
        if times > 1:
            raise Unsupported("policies_do_not_compile", f"{name}: @id used twice: write another")
    return rules


@dataclass(frozen=True, slots=True)
class _Reading:
    """One policy while it is read: it knows whose name an error must carry."""

    policy: pst.Template
    words: Vocabulary

    def rule(self) -> Rule:
        policy = self.policy
        if not policy.annotations.get("id"):
            raise self._refused("a policy without @id", "write @id")
        clauses = [
            self._tree(clause.expr, holds=isinstance(clause, pst.When)) for clause in policy.clauses
        ]
        scope = [
            self._scope(policy.principal, pst.Var("principal")),
            self._scope(policy.resource, pst.Var("resource")),
        ]
        return Rule(
            id=PolicyId(policy.annotations["id"]),
            permits=policy.effect == "permit",
            actions=self._actions(policy.action),
            tree=Both((*scope, *clauses)),
        )

    def _actions(self, scope: pst.ActionConstraint) -> frozenset[str]:
        match scope:
            case pst.ScopeAny():
                return frozenset(self.words.actions)
            case pst.ActionEq(entity=entity):
                return self._listed((entity,))
            case pst.ActionIn(entities=entities):
                return self._listed(entities)

    def _listed(self, listed: Sequence[pst.EntityUid]) -> frozenset[str]:
        for each in listed:
            if str(each.type) != "Action" or each.id not in self.words.actions:
                raise self._refused(str(each), f"write actions: {', '.join(self.words.actions)}")
        return frozenset(each.id for each in listed)

    def _scope(self, scope: pst.PrincipalOrResourceConstraint, variable: pst.Var) -> Tree:
        match scope:
            case pst.ScopeAny():
                return Both(())
            case pst.ScopeIn(entity=pst.EntityUid() as entity):
                return self._compared("in", variable, [pst.EntityLit(entity)], holds=True)
            case pst.ScopeEq(entity=pst.EntityUid() as entity):
                return self._compared("eq", variable, [pst.EntityLit(entity)], holds=True)
            case _:
                raise self._refused(
                    f"{variable.name} {type(scope).__name__}", "write ==, in, or nothing"
                )

    def _tree(self, expression: pst.Expr, *, holds: bool) -> Tree:
        """The tree of an expression, or of its opposite: De Morgan, down to the tests."""
        match expression:
            case pst.BinaryOp(op="and" | "or" as op, left=left, right=right):
                parts = (self._tree(left, holds=holds), self._tree(right, holds=holds))
                return Both(parts) if (op == "and") is holds else Either(parts)
            case pst.UnaryOp(op="not", arg=inner):
                return self._tree(inner, holds=not holds)
            case pst.GetAttr(base=pst.Var(name="context"), attr=fact):
                if self.words.kinds.get(fact) != "Bool":
                    raise self._refused(f"context.{fact}", "compare it with a value of its list")
                return OneOf("context", fact, frozenset({TRUE if holds else FALSE}))
            case pst.BinaryOp(op="eq" | "not_eq" as op, left=left, right=right):
                return self._compared("eq", left, [right], holds=holds is (op == "eq"))
            case pst.BinaryOp(op="in", left=left, right=pst.Set(elements=elements)):
                return self._compared("in", left, elements, holds=holds)
            case pst.BinaryOp(op="in", left=left, right=right):
                return self._compared("in", left, [right], holds=holds)
            case _:
                raise self._refused(
                    _shown(expression), "write comparisons of facts with &&, || and !"
                )

    def _compared(
        self, operator: str, left: pst.Expr, values: Sequence[pst.Expr], *, holds: bool
    ) -> Tree:
        """A fact is one of these values of its own list: any other comparison never holds."""
        found = [self._value(left, value, operator) for value in values]
        if not found:
            raise self._refused(f"{_shown(left)} in []", "write at least one value")
        about, names = found[0][0], dict.fromkeys(name for _, name, _, _ in found)
        tests = []
        for name in names:
            domain = next(known for _, other, _, known in found if other == name)
            listed = frozenset(value for _, other, value, _ in found if other == name)
            tests.append(OneOf(about, name, listed if holds else frozenset(domain) - listed))
        if len(tests) == 1:
            return tests[0]
        return Either(tuple(tests)) if holds else Both(tuple(tests))

    def _value(
        self, left: pst.Expr, value: pst.Expr, operator: str
    ) -> tuple[About, str, str, tuple[str, ...]]:
        """(what the test is about, the name of the fact, the value, all values of its list)."""
        about: About
        match left:
            case pst.Var(name="principal") if operator == "in":
                about, lists = "principal", {name: name for name in self.words.groups}
                domains: Mapping[str, tuple[str, ...]] = self.words.groups
            case pst.Var(name="resource"):
                about, lists = "resource", {self.words.resource: self.words.resource}
                domains = {self.words.resource: self.words.categories}
            case pst.GetAttr(base=pst.Var(name="context"), attr=fact) if fact in self.words.facts:
                about, lists = "context", {self.words.kinds[fact]: fact}
                domains = {fact: self.words.facts[fact]}
            case _:
                raise self._refused(_shown(left), "write a fact of the question on the left")
        match value:
            case pst.EntityLit(value=entity) if str(entity.type) in lists:
                name = lists[str(entity.type)]
                if entity.id in domains[name]:
                    return about, name, entity.id, domains[name]
        raise self._refused(
            f"{_shown(left)} is compared with {_shown(value)}",
            f"write a value of {' or '.join(lists)}",
        )

    def _refused(self, what: str, instead: str) -> Unsupported:
        name = self.policy.annotations.get("id") or f"a {self.policy.effect} without @id"
        return Unsupported("policies_do_not_compile", f"{name}: {what}: {instead}")


def _shown(expression: pst.Expr) -> str:
    match expression:
        case pst.GetAttr(base=pst.Var(name=name), attr=fact):
            return f"{name}.{fact}"
        case pst.Var(name=name):
            return name
        case pst.EntityLit(value=entity):
            return str(entity)
        case _:
            return type(expression).__name__
