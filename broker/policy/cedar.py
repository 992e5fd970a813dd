"""
The policies, asked through Cedar's own engine: the reference, to which proof.py, compare.py and
crosscheck.py hold the compiled policies. Not on a notification's path.

A ruling is a function of its question for as long as the bundle stands, and questions are few
(closed values only), so each is asked of Cedar once and remembered. POLICY_ENGINE section 3 lists
the ways in which an answer can look like one and is none: each of them stops the journey here.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import cedarpy
from cedarpy import Decision as CedarDecision
from cedarpy import pst

from broker.domain.decision import NO_PERMIT_APPLIES, Because, Question, Ruling
from broker.domain.ids import PolicyId, PolicyVersion
from broker.domain.known import Rules
from broker.domain.words import (
    Category,
    Extent,
    Role,
)
from broker.errors import PolicyNotEvaluated
from broker.policy.bases import bases_for
from broker.policy.bundle import Bundle
from broker.policy.context import facts_of, level_used, refuse_unknown, word
from broker.policy.ranks import ranked
from broker.policy.vocabulary import TRUE, Vocabulary, vocabulary

_LADDER = (Extent.FULL, Extent.SUMMARY, Extent.EXISTENCE)
_MOST_REMEMBERED = 20_000  # some 60 MB; a partnership asks a few hundred different questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The policies that can bear on one role. Cedar would skip the rest, one by one."""

    all: cedarpy.PolicySet
    permits: cedarpy.PolicySet  # without the forbids, to see what those took away


@dataclass(frozen=True, slots=True)
class Answer:
    """Cedar's answer to one question: with the permits that allowed it, or the forbids."""

    allowed: bool
    reasons: tuple[PolicyId, ...]


class CedarPolicies:
    """A bundle, ready to be asked. `sliced`: without the policies that are for other roles."""

    def __init__(self, bundle: Bundle, *, sliced: bool = True) -> None:
        self.bundle = bundle
        self._schema = cedarpy.Schema.from_str(bundle.schema)
        tree = cedarpy.PolicySet.from_str(bundle.text).to_pst().static_policies
        self._slices = {role: slice_for(tree, role if sliced else None) for role in Role}
        self._entities = cedarpy.Entities.from_json_str(
            entities(vocabulary(bundle.schema)), self._schema
        )
        self._kinds = vocabulary(bundle.schema).kinds
        self._remembered: dict[Question, Ruling] = {}

    @property
    def version(self) -> PolicyVersion:
        return self.bundle.version

    @property
    def rules(self) -> Rules:
        return self.bundle.rules

    @property
    def sentences(self) -> Mapping[str, str]:
        return self.bundle.sentences

    def decide(self, question: Question) -> Ruling:
        """Raises PolicyNotEvaluated if Cedar could not answer: never a refusal, never a permit."""
        ruling = self._remembered.get(question)
        if ruling is None:
            ruling = self._ask(question)
            if len(self._remembered) >= _MOST_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]  # the oldest
            self._remembered[question] = ruling
        return ruling

    def decide_all(self, questions: Sequence[Question]) -> list[Ruling]:
        """One by one: Cedar knows no fan-out."""
        return [self.decide(question) for question in questions]

    def every_answer(self, question: Question) -> dict[tuple[Category, Extent], Answer]:
        """All that Cedar says to a question, also what decide() need not ask."""
        contexts = self.contexts(question)
        return {
            (category, extent): answer
            for extent in _LADDER
            for category, answer in self._answers(question, extent, contexts).items()
        }

    def _ask(self, question: Question) -> Ruling:
        """Full is asked first of every category, then less of those that it was refused."""
        refuse_unknown(question)
        contexts = self.contexts(question)
        extents = dict.fromkeys(Category, Extent.NOTHING)
        because: dict[Category, Because] = {}
        lowered: dict[Category, list[PolicyId]] = {category: [] for category in Category}
        overruled: dict[Category, list[PolicyId]] = {category: [] for category in Category}
        for extent in _LADDER:
            waiting = {each: contexts[each] for each in Category if each not in because}
            answers = self._answers(question, extent, waiting)
            for category, permits in self._taken_away(question, extent, waiting, answers).items():
                lowered[category] += answers[category].reasons
                overruled[category] += permits
            for category, answer in answers.items():
                if answer.allowed:
                    extents[category] = extent
                    stopped = lowered[category], overruled[category]
                    because[category] = self._because(answer.reasons, *stopped)
        for category in Category:
            if category not in because:
                stopped = lowered[category], overruled[category]
                because[category] = self._because((), *stopped) if stopped[0] else NO_PERMIT_APPLIES
        used = level_used(question, question.role, self.bundle.levels)
        return Ruling(
            extents=extents,
            because=because,
            duties=self._duties(because.values()),
            bases=bases_for(question, used, extents, because, self.rules.bases),
            policy=self.version,
            level_used=used,
        )

    def _taken_away(
        self,
        question: Question,
        extent: Extent,
        waiting: Mapping[Category, str],
        answers: Mapping[Category, Answer],
    ) -> dict[Category, tuple[PolicyId, ...]]:
        """Which satisfied permits a forbid stopped, and where: a forbid alone lowers nothing."""
        forbidden = {
            category: waiting[category]
            for category, answer in answers.items()
            if answer.reasons and not answer.allowed
        }
        otherwise = self._answers(question, extent, forbidden, without_forbids=True)
        return {each: answer.reasons for each, answer in otherwise.items() if answer.allowed}

    def _answers(
        self,
        question: Question,
        extent: Extent,
        contexts: Mapping[Category, str],
        *,
        without_forbids: bool = False,
    ) -> dict[Category, Answer]:
        requests = [
            {
                "principal": {"type": "Recipient", "id": _recipient(question)},
                "action": {"type": "Action", "id": f"tell_{extent.value}"},
                "resource": {"type": "Category", "id": category.value},
                "context": context,
            }
            for category, context in contexts.items()
        ]
        policies = self._slices[question.role]
        asked = policies.permits if without_forbids else policies.all
        found = cedarpy.is_authorized_batch(requests, asked, self._entities, self._schema)
        return {
            category: _answer(category, extent, result)
            for category, result in zip(contexts, found, strict=True)
        }

    def _because(
        self,
        permits: Collection[PolicyId],
        forbids: Collection[PolicyId],
        overruled: Collection[PolicyId],
    ) -> Because:
        ranks = self.bundle.precedence
        return Because(
            permits=ranked(permits, ranks),
            forbids=ranked(set(forbids), ranks),
            overruled=ranked(set(overruled), ranks),
        )

    def _duties(self, because: Collection[Because]) -> frozenset[str]:
        determined = {policy for each in because for policy in (*each.permits, *each.forbids)}
        return frozenset(
            duty for policy in determined for duty in self.bundle.duties.get(policy, ())
        )

    def contexts(self, question: Question) -> dict[Category, str]:
        """What Cedar is told for each category."""
        facts = facts_of(question, self.bundle.levels)
        return {
            category: context(
                {name: word(fact, category) for name, fact in facts.items()}, self._kinds
            )
            for category in Category
        }


def context(values: Mapping[str, str], kinds: Mapping[str, str]) -> str:
    """The facts as Cedar reads them; `kinds` says which are Booleans, and the lists of the rest."""
    return json.dumps(
        {
            name: value == TRUE
            if kinds.get(name, "Bool") == "Bool"
            else {"__entity": {"type": kinds[name], "id": value}}
            for name, value in values.items()
        }
    )


def _answer(category: Category, extent: Extent, result: cedarpy.AuthzResult) -> Answer:
    """
    Cedar skips a policy that it cannot evaluate: were it a forbid, the answer would wrongly be
    Allow. And a question that cannot be built is answered like a refusal. So neither is believed.
    """
    found = result.diagnostics
    if found.errors or result.decision is CedarDecision.NoDecision:
        raise PolicyNotEvaluated(
            "policy_not_evaluated", f"{category.value} {extent.value}: {found.errors}"
        )
    ids = found.id_annotations_by_reason
    return Answer(result.allowed, tuple(PolicyId(ids[reason]) for reason in found.reasons))


def _recipient(question: Question) -> str:
    return recipient((question.role, question.agency))


def recipient(groups: Iterable[str]) -> str:
    """The id of one who is in these groups, in the order in which the schema names them."""
    return " of ".join(groups)


def entities(words: Vocabulary) -> str:
    """One recipient for each role in each agency, as Cedar reads them."""
    return json.dumps(
        [
            {
                "uid": {"type": words.principal, "id": recipient(groups)},
                "attrs": {},
                "parents": [
                    {"type": kind, "id": group}
                    for kind, group in zip(words.groups, groups, strict=True)
                ],
            }
            for groups in product(*words.groups.values())
        ]
    )


def slice_for(tree: Mapping[str, pst.Template], role: Role | None) -> Slice:
    kept = {name: policy for name, policy in tree.items() if _bears_on(policy, role)}
    permits = {name: policy for name, policy in kept.items() if policy.effect == "permit"}
    return Slice(all=_policy_set(kept), permits=_policy_set(permits))


def _bears_on(policy: pst.Template, role: Role | None) -> bool:
    """False only for `principal in Role` of another role, which no recipient in this one is in."""
    scope = policy.principal
    if role and isinstance(scope, pst.ScopeIn) and isinstance(scope.entity, pst.EntityUid):
        named = scope.entity
        return named.type.basename != "Role" or named.id == role.value
    return True


def _policy_set(policies: Mapping[str, pst.Template]) -> cedarpy.PolicySet:
    return cedarpy.PolicySet.from_pst(
        pst.PolicySet(templates={}, static_policies=policies, template_links=())
    )
