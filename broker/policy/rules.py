"""
The rules that are data, not Cedar: FILES, read into the frozen values that the core asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ValidationError

from broker.domain.decision import AreaDuty, GatewayRule, OpenCase, StandsIn
from broker.domain.known import Rules
from broker.domain.rules import (
    BasisRule,
    BasisRules,
    ConsentRules,
    GovernanceRules,
    IdentityRules,
    MayRecord,
    OverrideRules,
    Period,
    SaidFact,
    Standing,
    StatementRules,
    Whose,
)
from broker.domain.words import Category, ConsentState, Level, Role
from broker.policy.places import Finding, faults_in_yaml, refused
from broker.policy.written import (
    WrittenBases,
    WrittenConsent,
    WrittenGateway,
    WrittenGateways,
    WrittenGovernance,
    WrittenIdentity,
    WrittenLevels,
    WrittenMayRecord,
    WrittenOverrides,
    WrittenPrecedence,
    WrittenRouting,
    WrittenStatements,
    every,
)

Shape = TypeVar("Shape", bound=BaseModel)
_ENGLAND = "Europe/London"  # a day of an Act begins there


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRules:
    """levels.yaml: which level of a concern counts for a role, what is necessity, whose law."""

    as_proposed: frozenset[Role]
    otherwise_at_most: Level
    necessity_states: frozenset[ConsentState]
    jurisdiction: str
    overlays_only_below: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """All that the YAML files say."""

    levels: LevelRules
    rules: Rules
    precedence: tuple[str, ...]  # beginnings of policy ids, highest rank first


# libyaml where PyYAML was built with it: ten times as quick, and as safe.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SHAPES: Mapping[str, type[BaseModel]] = {
    "levels.yaml": WrittenLevels,
    "routing.yaml": WrittenRouting,
    "gateways.yaml": WrittenGateways,
    "consent.yaml": WrittenConsent,
    "overrides.yaml": WrittenOverrides,
    "identity.yaml": WrittenIdentity,
    "bases.yaml": WrittenBases,
    "precedence.yaml": WrittenPrecedence,
}
FILES = tuple(_SHAPES)


def rules_from(texts: Mapping[str, str]) -> RuleSet:
    """The rules in `texts`, by file name. Raises PolicySetInvalid: file, line, what to write."""
    found = [fault for name in FILES for fault in _faults(name, texts[name])]
    if found:
        raise refused("policy_file", found)
    return _rule_set(texts)


def _faults(name: str, text: str) -> list[Finding]:
    """Of one file, so that every file's are said and not only the first's."""
    try:
        _SHAPES[name].model_validate(yaml.load(text, Loader=_LOADER))  # noqa: S506 - a safe one
    except (yaml.YAMLError, ValidationError) as error:
        return faults_in_yaml("policy_file", name, text, error)
    return []


def _rule_set(texts: Mapping[str, str]) -> RuleSet:
    levels = _read(WrittenLevels, "levels.yaml", texts)
    routing = _read(WrittenRouting, "routing.yaml", texts)
    return RuleSet(
        levels=LevelRules(
            as_proposed=levels.as_proposed,
            otherwise_at_most=levels.otherwise_at_most,
            necessity_states=levels.necessity_states,
            jurisdiction=levels.jurisdiction,
            overlays_only_below=levels.overlays_only_below,
        ),
        rules=_rules(levels, routing, texts),
        precedence=_read(WrittenPrecedence, "precedence.yaml", texts).root,
    )


def _rules(levels: WrittenLevels, routing: WrittenRouting, texts: Mapping[str, str]) -> Rules:
    gateways = _read(WrittenGateways, "gateways.yaml", texts)
    consent = _read(WrittenConsent, "consent.yaml", texts)
    overrides = _read(WrittenOverrides, "overrides.yaml", texts)
    return Rules(
        area_duties=[AreaDuty(**duty.model_dump()) for duty in routing.area_duties],
        gateways=[_gateway(rule) for rule in gateways.root],
        agreement_counts_for=every(Category, consent.agreement_counts_for),
        refusal_counts_for=every(Category, consent.refusal_counts_for),
        agreed_states=consent.agreed_states,
        refused_states=consent.refused_states,
        allowed_by_right=routing.allowed_by_right,
        stated_by=routing.relationships_stated_by,
        open_case=OpenCase(**routing.open_case.model_dump()),
        without_school=StandsIn(**routing.without_school.model_dump()),
        must_see_roles=routing.must_see.roles,
        must_see_from=routing.must_see.from_level,
        blind=every(Category, routing.blind),
        necessity_states=levels.necessity_states,
        jurisdiction=levels.jurisdiction,
        may_confirm={role: every(Level, each) for role, each in levels.may_confirm.items()},
        confirmed_by_publisher={
            agency: every(Level, each) for agency, each in levels.confirmed_by_publisher.items()
        },
        consent=_consent(consent),
        statements=_statements(overrides.statements),
        overrides=_overrides(overrides),
        governance=_governance(overrides.governance),
        identity=_identity(_read(WrittenIdentity, "identity.yaml", texts)),
        bases=_bases(_read(WrittenBases, "bases.yaml", texts)),
    )


def _bases(written: WrittenBases) -> BasisRules:
    return BasisRules(
        article_6=[BasisRule(**row.model_dump()) for row in written.article_6],
        condition=[BasisRule(**row.model_dump()) for row in written.condition],
        confidence=[BasisRule(**row.model_dump()) for row in written.confidence],
    )


def _gateway(rule: WrittenGateway) -> GatewayRule:
    return GatewayRule(commenced=_period(rule), **rule.model_dump(exclude={"since", "until"}))


def _period(rule: WrittenGateway) -> Period | None:
    """None for what is enacted and not commenced: so no instant is inside it."""
    if rule.since == "not_commenced":
        return None
    return Period(
        since=_begins(rule.since), until=None if rule.until == "none" else _begins(rule.until)
    )


def _begins(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(_ENGLAND))


def _consent(written: WrittenConsent) -> ConsentRules:
    rows = [
        Whose(
            categories=every(Category, row.categories),
            standings=every(Standing, row.of),
            **row.model_dump(exclude={"categories", "of"}),
        )
        for row in written.whose
    ]
    of_the_publisher = {"agreement_counts_for", "refusal_counts_for"}
    return ConsentRules(whose=rows, **written.model_dump(exclude={"whose", *of_the_publisher}))


def _statements(written: WrittenStatements) -> StatementRules:
    return StatementRules(
        necessity=_may_record(written.necessity),
        necessity_longest=written.necessity_longest,
        weighing=_may_record(written.weighing),
        source_of_harm=_may_record(written.source_of_harm),
        detriment=_may_record(written.detriment),
        detriment_lifted_by=written.detriment_lifted_by,
        detriment_never_against=written.detriment_never_against,
    )


def _may_record(written: WrittenMayRecord) -> MayRecord:
    return MayRecord(roles=written.roles, publisher=written.publisher)


def _overrides(written: WrittenOverrides) -> OverrideRules:
    return OverrideRules(
        usual=timedelta(hours=written.usual_hours),
        longest=timedelta(hours=written.longest_hours),
        **written.model_dump(exclude={"usual_hours", "longest_hours", "statements", "governance"}),
    )


def _governance(written: WrittenGovernance) -> GovernanceRules:
    return GovernanceRules(
        longest=timedelta(hours=written.longest_hours),
        **written.model_dump(exclude={"longest_hours"}),
    )


def _identity(written: WrittenIdentity) -> IdentityRules:
    said = [SaidFact(**each.model_dump()) for each in written.second_person_if_said]
    return IdentityRules(
        second_person_if_said=said, **written.model_dump(exclude={"second_person_if_said"})
    )


def _read(kind: type[Shape], name: str, texts: Mapping[str, str]) -> Shape:
    return kind.model_validate(yaml.load(texts[name], Loader=_LOADER))  # noqa: S506 - a safe one
