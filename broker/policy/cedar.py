"""
The policies, asked through Cedar's own engine; no second opinion of what they mean.

A ruling is a function of its question for as long as the bundle stands, and questions are few
(closed values only), so each is asked of Cedar once and remembered. POLICY_ENGINE section 3 lists
the ways in which an answer can look like one and is none: each of them stops the journey here.
"""

import json
from collections.abc import Sequence

import cedarpy
from cedarpy import Decision as CedarDecision
from cedarpy import pst

from broker.domain.decision import NO_PERMIT_APPLIES, Because, Question, Ruling
from broker.domain.ids import PolicyId, PolicyVersion
from broker.domain.known import Rules
from broker.domain.words import (
    Agency,
    Category,
    Extent,
    Level,
    LevelState,
    Role,
)
from broker.errors import PolicyNotEvaluated
from broker.policy.bundle import Bundle

_LADDER = (Extent.FULL, Extent.SUMMARY, Extent.EXISTENCE)
_MOST_REMEMBERED = 200_000

_Answer = tuple[bool, tuple[PolicyId, ...]]


class CedarPolicies:
    """A bundle, ready to be asked."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._schema = cedarpy.Schema.from_str(bundle.schema)
        self._policies = cedarpy.PolicySet.from_str(bundle.text)
        self._permits = _only_permits(self._policies)
        self._entities = cedarpy.Entities.from_json_str(json.dumps(_entities()), self._schema)
        self._remembered: dict[Question, Ruling] = {}

    @property
    def version(self) -> PolicyVersion:
        return self.bundle.version

    @property
    def rules(self) -> Rules:
        return self.bundle.rules

    def decide(self, question: Question) -> Ruling:
        """Raises PolicyNotEvaluated if Cedar could not answer: never a refusal, never a permit."""
        ruling = self._remembered.get(question)
        if ruling is None:
            ruling = self._ask(question)
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[question] = ruling
        return ruling

    def level_used(self, question: Question) -> Level:
        """The level that counts for this role: levels.yaml."""
        levels = self.bundle.levels
        if question.level_state is LevelState.CONFIRMED or question.role in levels.as_proposed:
            return question.level
        return min(question.level, levels.otherwise_at_most)

    def _ask(self, question: Question) -> Ruling:
        level = self.level_used(question)
        told = {category: self._extent(question, level, category) for category in Category}
        determined = {
            policy
            for _, because in told.values()
            for policy in (*because.permits, *because.forbids)
        }
        duties = [self.bundle.duties.get(policy, frozenset()) for policy in determined]
        return Ruling(
            extents={category: extent for category, (extent, _) in told.items()},
            because={category: because for category, (_, because) in told.items()},
            duties=frozenset().union(*duties),
            policy=self.version,
            level_used=level,
        )

    def _extent(
        self, question: Question, level: Level, category: Category
    ) -> tuple[Extent, Because]:
        """The highest action allowed, and the forbids that stopped a permit from giving more."""
        lowered: list[PolicyId] = []
        for extent in _LADDER:
            allowed, reasons = self._one(question, level, category, extent, self._policies)
            if allowed:
                return extent, Because(permits=reasons, forbids=tuple(lowered))
            if reasons and self._one(question, level, category, extent, self._permits)[0]:
                lowered += [reason for reason in reasons if reason not in lowered]
        if lowered:
            return Extent.NOTHING, Because(forbids=tuple(lowered))
        return Extent.NOTHING, NO_PERMIT_APPLIES

    def _one(
        self,
        question: Question,
        level: Level,
        category: Category,
        extent: Extent,
        policies: cedarpy.PolicySet,
    ) -> _Answer:
        request = {
            "principal": {"type": "Recipient", "id": _recipient(question.role, question.agency)},
            "action": {"type": "Action", "id": f"tell_{extent.value}"},
            "resource": {"type": "Category", "id": category.value},
            "context": self._context(question, level, category),
        }
        answer = cedarpy.is_authorized(request, policies, self._entities, self._schema)
        found = answer.diagnostics
        if found.errors or answer.decision is CedarDecision.NoDecision:
            raise PolicyNotEvaluated("policy_not_evaluated", f"{category.value} {found.errors}")
        ids = found.id_annotations_by_reason
        return answer.allowed, tuple(sorted(PolicyId(ids[reason]) for reason in found.reasons))

    def _context(self, question: Question, level: Level, category: Category) -> dict[str, object]:
        agreed = category in question.agreed and category not in question.refused
        refused = category in question.refused
        consent = "refused" if refused else ("given" if agreed else "none")
        states = self.bundle.levels.necessity_states
        return {
            "level": _enum("Level", level.value),
            "publisher": _enum("Agency", question.publisher.value),
            "gateway": _enum("Gateway", question.gateway.value),
            "consent": _enum("Consent", consent),
            "relationship": _enum("Relationship", question.relationship.value),
            "necessity": question.necessity or question.consent_stated in states,
            "sealed": question.sealed,
            "conflict": question.conflict,
            "locationBarred": question.location_barred,
            "override": category in question.override,
            "own": question.own,
            "home": question.jurisdiction == self.bundle.levels.jurisdiction,
        }


def _enum(kind: str, value: str) -> dict[str, dict[str, str]]:
    return {"__entity": {"type": kind, "id": value}}


def _recipient(role: Role, agency: Agency) -> str:
    return f"{role.value} of {agency.value}"


def _entities() -> Sequence[dict[str, object]]:
    """One recipient for each role in each agency: all that a policy can tell apart."""
    return [
        {
            "uid": {"type": "Recipient", "id": _recipient(role, agency)},
            "attrs": {},
            "parents": [
                {"type": "Role", "id": role.value},
                {"type": "Agency", "id": agency.value},
            ],
        }
        for role in Role
        for agency in Agency
    ]


def _only_permits(policies: cedarpy.PolicySet) -> cedarpy.PolicySet:
    """The same set without its forbids, to see what they took away."""
    tree = policies.to_pst()
    kept = {name: each for name, each in tree.static_policies.items() if each.effect == "permit"}
    return cedarpy.PolicySet.from_pst(
        pst.PolicySet(templates={}, static_policies=kept, template_links=())
    )
