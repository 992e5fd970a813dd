"""
Cedar's side of the proof: where each policy by itself is satisfied.

    scope       every recipient, category and action, with all conditions removed
    conditions  inside that, every combination of values of the facts that the policy reads

The facts that a policy reads come from Cedar's JSON form, not from the compiler: one that forgot a
clause would else forget it here too. All policies are asked as permits, since Cedar names every
satisfied permit of an answer.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import cedarpy

from broker.domain.ids import PolicyId
from broker.errors import PolicyNotEvaluated
from broker.policy.cedar import context, entities, recipient
from broker.policy.vocabulary import Vocabulary, vocabulary

Lane = tuple[int, int, int]
"""A recipient (place in `pairs`), a category and an action (places in the vocabulary)."""

Satisfied = Mapping[PolicyId, Sequence[Lane]]
Combination = Mapping[str, str]
_BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Policies that read the same facts, and their lanes among the recipients of one group."""

    reads: tuple[str, ...]
    policies: cedarpy.PolicySet
    names: Mapping[str, PolicyId]  # as Cedar's JSON form names them
    lanes: tuple[Lane, ...]


class Evidence:
    """A policy set, ready to be asked policy by policy."""

    def __init__(self, schema: str, text: str) -> None:
        self.words: Vocabulary = vocabulary(schema)
        written = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
        self.written: Mapping[str, Mapping[str, object]] = written  # Cedar's JSON form of each
        self.names = {name: PolicyId(one["annotations"]["id"]) for name, one in written.items()}
        self.permits = {
            self.names[name]: one["effect"] == "permit" for name, one in written.items()
        }
        groups = self.words.groups
        self.pairs = [dict(zip(groups, each, strict=True)) for each in product(*groups.values())]
        self._schema = cedarpy.Schema.from_str(schema)
        self._entities = cedarpy.Entities.from_json_str(entities(self.words), self._schema)

    @property
    def lanes(self) -> list[Lane]:
        """Every recipient, category and action."""
        words = self.words
        return list(
            product(range(len(self.pairs)), range(len(words.categories)), range(len(words.actions)))
        )

    def groups(self, names: Sequence[str]) -> list[Group]:
        """The scope of each policy, asked of Cedar with the conditions removed."""
        slot_group = max(self.words.groups, key=lambda name: len(self.words.groups[name]))
        scopes: dict[tuple[tuple[str, ...], str], dict[str, list[Lane]]] = defaultdict(dict)
        reads = {name: tuple(sorted(_facts_read(self.written[name]))) for name in names}
        for name in names:
            scopes[reads[name], ""][name] = []  # also of those whose scope is empty
        bare = self._permits(names, conditions=False)
        anything = context(first_values(self.words), self.words.kinds)
        for lane, found in zip(self.lanes, self._ask(bare, self.lanes, anything), strict=True):
            for name in found:
                role = self.pairs[lane[0]][slot_group]
                scopes[reads[name], role].setdefault(name, []).append(lane)
        return [
            Group(
                reads=read,
                policies=self._permits(list(members), conditions=True),
                names={name: self.names[name] for name in members},
                lanes=tuple(dict.fromkeys(lane for lanes in members.values() for lane in lanes)),
            )
            for (read, _), members in scopes.items()
        ]

    def asked_by(self, groups: Sequence[Group]) -> int:
        """How many questions `satisfied` will ask."""
        facts = self.words.facts
        return sum(prod(len(facts[one]) for one in each.reads) * len(each.lanes) for each in groups)

    def satisfied(self, groups: Sequence[Group]) -> Iterator[tuple[Combination, Satisfied, int]]:
        """
        For each combination of facts that some policies read: in which lanes Cedar finds each of
        them satisfied, and how many questions that took. Raises PolicyNotEvaluated.
        """
        alike: dict[tuple[str, ...], list[Group]] = defaultdict(list)
        for group in groups:
            alike[group.reads].append(group)
        for reads, members in alike.items():
            for values in product(*(self.words.facts[name] for name in reads)):
                combination = dict(zip(reads, values, strict=True))
                found: dict[PolicyId, list[Lane]] = defaultdict(list)
                for group in members:
                    found |= {name: found[name] for name in group.names.values()}
                    told = {**first_values(self.words), **combination}
                    said = context(told, self.words.kinds)
                    answers = self._ask(group.policies, group.lanes, said)
                    for lane, names in zip(group.lanes, answers, strict=True):
                        for name in names:
                            found[self.names[name]].append(lane)
                yield combination, found, sum(len(group.lanes) for group in members)

    def _permits(self, names: Sequence[str], *, conditions: bool) -> cedarpy.PolicySet:
        asked: dict[str, dict[str, object]] = {}
        for name in names:
            asked[name] = {**self.written[name], "effect": "permit"}
            if not conditions:
                asked[name]["conditions"] = []
        whole = {"templates": {}, "staticPolicies": asked, "templateLinks": []}
        return cedarpy.PolicySet.from_json_str(json.dumps(whole))

    def _ask(
        self, policies: cedarpy.PolicySet, lanes: Sequence[Lane], told: str
    ) -> Iterator[list[str]]:
        """For each lane, the policies that are satisfied there. Raises PolicyNotEvaluated."""
        words = self.words
        for start in range(0, len(lanes), _BATCH):
            requests = [
                {
                    "principal": {
                        "type": words.principal,
                        "id": recipient(self.pairs[pair].values()),
                    },
                    "action": {"type": "Action", "id": words.actions[action]},
                    "resource": {"type": words.resource, "id": words.categories[category]},
                    "context": told,
                }
                for pair, category, action in lanes[start : start + _BATCH]
            ]
            for said in cedarpy.is_authorized_batch(
                requests, policies, self._entities, self._schema
            ):
                if said.diagnostics.errors or said.decision is cedarpy.Decision.NoDecision:
                    raise PolicyNotEvaluated("policy_not_evaluated", str(said.diagnostics.errors))
                yield said.diagnostics.reasons


def first_values(words: Vocabulary) -> dict[str, str]:
    """Some value for every fact."""
    return {name: values[0] for name, values in words.facts.items()}


def _facts_read(written: object) -> frozenset[str]:
    """The context attributes anywhere in Cedar's JSON form of a policy."""
    match written:
        case {".": {"left": {"Var": "context"}, "attr": str(name)}}:
            return frozenset({name})
        case dict():
            return frozenset[str]().union(*map(_facts_read, written.values()))
        case list():
            return frozenset[str]().union(*map(_facts_read, written))
        case _:
            return frozenset()
