"""
The rules that are data, not Cedar: levels.yaml, routing.yaml, gateways.yaml, consent.yaml and
precedence.yaml. Read at the border by pydantic, where a key too many is as wrong as one missing:
a misspelt `claim` would otherwise establish a gateway that nobody claimed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, RootModel, ValidationError, model_validator

from broker.domain.decision import AreaDuty, GatewayRule, StandsIn
from broker.domain.known import Rules
from broker.domain.words import (
    Agency,
    Category,
    ConsentState,
    Extent,
    Gateway,
    Level,
    RelationshipKind,
    Role,
)
from broker.policy.places import faults_in_yaml, refused

Listed = frozenset[Category] | Literal["all"]
Written = TypeVar("Written", bound=BaseModel)
_CLAIMED = 3  # category, extent, member


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRules:
    """levels.yaml: which level of a concern counts for a role, what is necessity, whose law."""

    as_proposed: frozenset[Role]
    otherwise_at_most: Level
    necessity_states: frozenset[ConsentState]
    jurisdiction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """All that the YAML files say."""

    levels: LevelRules
    rules: Rules
    blind: frozenset[Category]
    precedence: tuple[str, ...]  # beginnings of policy ids, highest rank first


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Levels(_Written):
    as_proposed: frozenset[Role]
    otherwise_at_most: Level
    necessity_states: frozenset[ConsentState]
    jurisdiction: str


class _AreaDuty(_Written):
    role: Role
    from_level: Level
    with_open_case_from: Level


class _MustSee(_Written):
    roles: frozenset[Role]
    from_level: Level


class _StandsIn(_Written):
    claim: str
    equals: frozenset[str]
    stated_by: frozenset[Agency]
    role: Role
    relationship: RelationshipKind

    @model_validator(mode="after")
    def claim_is_a_fact(self) -> Self:
        category, extent, member = _parts(self.claim)
        Category(category)
        if Extent(extent) is not Extent.SUMMARY or not member:
            raise ValueError("write claim as category.summary.member")
        return self


class _Routing(_Written):
    area_duties: tuple[_AreaDuty, ...]
    must_see: _MustSee
    without_school: _StandsIn
    blind: Listed
    relationships_stated_by: dict[RelationshipKind, frozenset[Agency]]
    allowed_by_right: frozenset[Agency]


class _Gateway(_Written):
    gateway: Gateway
    publisher: Agency
    roles: frozenset[Role]
    relationships: frozenset[RelationshipKind]
    claim: str | None = None
    equals: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def claim_and_values_belong_together(self) -> Self:
        if (self.claim is None) == bool(self.equals):
            raise ValueError("write claim and equals together, or neither")
        if self.claim is not None:
            category, extent, member = _parts(self.claim)
            Category(category)
            if Extent(extent) not in {Extent.SUMMARY, Extent.FULL} or not member:
                raise ValueError("write claim as category.summary.member or category.full.member")
        return self


class _Gateways(RootModel[tuple[_Gateway, ...]]):
    model_config = ConfigDict(frozen=True)


class _Consent(_Written):
    agreed_states: frozenset[ConsentState]
    refused_states: frozenset[ConsentState]
    agreement_counts_for: Listed
    refusal_counts_for: Listed


class _Precedence(RootModel[tuple[str, ...]]):
    model_config = ConfigDict(frozen=True)


FILES = ("levels.yaml", "routing.yaml", "gateways.yaml", "consent.yaml", "precedence.yaml")


def rules_from(texts: Mapping[str, str]) -> RuleSet:
    """The rules in `texts`, by file name. Raises PolicySetInvalid naming file, place and values."""
    levels = _read(_Levels, "levels.yaml", texts)
    routing = _read(_Routing, "routing.yaml", texts)
    gateways = _read(_Gateways, "gateways.yaml", texts)
    consent = _read(_Consent, "consent.yaml", texts)
    return RuleSet(
        levels=LevelRules(
            as_proposed=levels.as_proposed,
            otherwise_at_most=levels.otherwise_at_most,
            necessity_states=levels.necessity_states,
            jurisdiction=levels.jurisdiction,
        ),
        rules=_rules(routing, gateways, consent),
        blind=_categories(routing.blind),
        precedence=_read(_Precedence, "precedence.yaml", texts).root,
    )


def _rules(routing: _Routing, gateways: _Gateways, consent: _Consent) -> Rules:
    return Rules(
        area_duties=[
            AreaDuty(
                role=duty.role,
                from_level=duty.from_level,
                with_open_case_from=duty.with_open_case_from,
            )
            for duty in routing.area_duties
        ],
        gateways=[_gateway(rule) for rule in gateways.root],
        agreement_counts_for=_categories(consent.agreement_counts_for),
        refusal_counts_for=_categories(consent.refusal_counts_for),
        agreed_states=consent.agreed_states,
        refused_states=consent.refused_states,
        allowed_by_right=routing.allowed_by_right,
        stated_by=routing.relationships_stated_by,
        without_school=StandsIn(
            claim=routing.without_school.claim,
            equals=routing.without_school.equals,
            stated_by=routing.without_school.stated_by,
            role=routing.without_school.role,
            relationship=routing.without_school.relationship,
        ),
        must_see_roles=routing.must_see.roles,
        must_see_from=routing.must_see.from_level,
    )


def _gateway(rule: _Gateway) -> GatewayRule:
    return GatewayRule(
        gateway=rule.gateway,
        publisher=rule.publisher,
        roles=rule.roles,
        relationships=rule.relationships,
        claim=rule.claim,
        equals=rule.equals,
    )


def _read(kind: type[Written], name: str, texts: Mapping[str, str]) -> Written:
    text = texts[name]
    try:
        return kind.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise refused("policy_file", faults_in_yaml("policy_file", name, text, error)) from None
    except ValidationError as error:
        raise refused("policy_file", faults_in_yaml("policy_file", name, text, error)) from None


def _parts(claim: str) -> tuple[str, str, str]:
    parts = claim.split(".")
    if len(parts) != _CLAIMED:
        raise ValueError("write claim as category.extent.member")
    return parts[0], parts[1], parts[2]


def _categories(listed: Listed) -> frozenset[Category]:
    return frozenset(Category) if listed == "all" else listed
