"""
The YAML of policies/ as people write it. Read at the border by pydantic, where a key too many is as
wrong as one missing: a misspelt `claim` would otherwise establish a gateway that nobody claimed.
"""

from collections.abc import Iterable
from datetime import date
from itertools import product
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, RootModel, model_validator

from broker.domain.rules import Another, Asks, Delicate, Lifter, Standing
from broker.domain.words import (
    Agency,
    Capacity,
    Category,
    ConsentState,
    DirectiveKind,
    Extent,
    Gateway,
    Level,
    Office,
    RelationshipKind,
    ReviewOutcome,
    Role,
)

Categories = frozenset[Category] | Literal["all"]
Levels = frozenset[Level] | Literal["all"]
Article6 = Literal["6_1_a", "6_1_c", "6_1_d", "6_1_e", "6_1_ea", "6_1_f"]
Condition = Literal["sch1_18", "9_2_h", "9_2_c", "le_part3_sch8_4"]
Confidence = Literal["conf_agreement", "conf_statute", "conf_public_interest"]
Word = TypeVar("Word")
_CLAIMED = 3  # category, extent, member
_GOVERNANCE_HOURS = 24  # DOMAIN.md 4.5: at most


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WrittenLevels(_Written):
    as_proposed: frozenset[Role]
    otherwise_at_most: Level
    necessity_states: frozenset[ConsentState]
    jurisdiction: str
    overlays_only_below: Level
    may_confirm: dict[Role, Levels]
    confirmed_by_publisher: dict[Agency, Levels]


class WrittenAreaDuty(_Written):
    role: Role
    from_level: Level
    with_open_case_from: Level


class WrittenOpenCase(_Written):
    role: Role
    relationship: RelationshipKind


class WrittenMustSee(_Written):
    roles: frozenset[Role]
    from_level: Level


class WrittenStandsIn(_Written):
    claim: str
    equals: frozenset[str]
    stated_by: frozenset[Agency]
    role: Role
    relationship: RelationshipKind

    @model_validator(mode="after")
    def claim_is_a_fact(self) -> Self:
        claim_of(self.claim, (Extent.SUMMARY,))
        return self


class WrittenRouting(_Written):
    area_duties: tuple[WrittenAreaDuty, ...]
    open_case: WrittenOpenCase
    must_see: WrittenMustSee
    without_school: WrittenStandsIn
    blind: Categories
    relationships_stated_by: dict[RelationshipKind, frozenset[Agency]]
    allowed_by_right: frozenset[Agency]


class WrittenGateway(_Written):
    gateway: Gateway
    since: date | Literal["not_commenced"] = Field(alias="from")
    until: date | Literal["none"]
    publishers: frozenset[Agency]
    roles: frozenset[Role]
    relationships: frozenset[RelationshipKind]
    asks: Asks = Asks.RELATED
    claim: str | None = None
    equals: frozenset[str] = frozenset()
    named: bool = False
    proposed: bool = True
    opens: bool = True

    @model_validator(mode="before")
    @classmethod
    def dates_are_written(cls, written: Any) -> Any:
        """Silence about a date is neither "always" nor "never": somebody must have looked it up."""
        if isinstance(written, dict):
            since, until = written.get("from"), written.get("until")
            if type(since) is not date and since != "not_commenced":
                raise ValueError("write from: a date as 2025-11-07, or the word not_commenced")
            if type(until) is not date and until != "none":
                raise ValueError("write until: a date as 2027-03-31, or the word none")
        return written

    @model_validator(mode="after")
    def dates_are_in_order(self) -> Self:
        if self.until != "none" and (self.since == "not_commenced" or self.until <= self.since):
            raise ValueError("write an until after from, or until: none")
        return self

    @model_validator(mode="after")
    def claim_and_values_belong_together(self) -> Self:
        if (self.claim is None) == bool(self.equals):
            raise ValueError("write claim and equals together, or neither")
        if self.claim is not None:
            claim_of(self.claim, (Extent.SUMMARY, Extent.FULL))
        return self


class WrittenGateways(RootModel[tuple[WrittenGateway, ...]]):
    model_config = ConfigDict(frozen=True)


class WrittenWhose(_Written):
    categories: Categories
    of: frozenset[Standing] | Literal["all"]
    younger_than: PositiveInt | None = None
    capacities: frozenset[Capacity]
    settles: frozenset[Capacity] = frozenset()
    by_name: bool = False
    weighed: bool = False
    each_adult: bool = False


class WrittenConsent(_Written):
    agreed_states: frozenset[ConsentState]
    refused_states: frozenset[ConsentState]
    agreement_counts_for: Categories
    refusal_counts_for: Categories
    kinds: frozenset[DirectiveKind]
    recalls: frozenset[ConsentState]
    presumed_competent_from: PositiveInt
    adult_from: PositiveInt
    competent_capacities: frozenset[Capacity]
    must_be_assessed: frozenset[Capacity]
    longest_months: PositiveInt
    ends_with_case: bool
    refusal_stands: bool
    purposes: dict[Level, frozenset[str]]
    whose: tuple[WrittenWhose, ...]

    @model_validator(mode="after")
    def a_row_fits_every_question(self) -> Self:
        rows = [row for row in self.whose if row.younger_than is None]
        for category, standing in product(Category, Standing):
            if not any(
                category in every(Category, row.categories) and standing in every(Standing, row.of)
                for row in rows
            ):
                raise ValueError(f"write under whose a row for {category} of: [{standing}]")
        if both := self.agreed_states & self.refused_states:
            raise ValueError(f"{', '.join(sorted(both))} agrees and refuses: write it once")
        return self


class WrittenMayRecord(_Written):
    roles: frozenset[Role]
    publisher: bool


class WrittenStatements(_Written):
    necessity: WrittenMayRecord
    necessity_longest: PositiveInt
    weighing: WrittenMayRecord
    source_of_harm: WrittenMayRecord
    detriment: WrittenMayRecord
    detriment_lifted_by: frozenset[Lifter]
    detriment_never_against: frozenset[Gateway]


class WrittenGovernance(_Written):
    may_ask: frozenset[Role]
    one_holds: frozenset[Office]
    seen_as: Role
    longest_hours: PositiveInt
    reviewed_by: frozenset[Office]
    outcomes: frozenset[ReviewOutcome]

    @model_validator(mode="after")
    def two_people_and_a_reviewer(self) -> Self:
        if self.longest_hours > _GOVERNANCE_HOURS:
            raise ValueError(f"write longest_hours: {_GOVERNANCE_HOURS}, or fewer")
        if not (self.may_ask and self.one_holds and self.reviewed_by and self.outcomes):
            raise ValueError("write at least one word in each list")
        if both := self.one_holds & self.reviewed_by:
            raise ValueError(f"{', '.join(sorted(both))} views and reviews: write it once")
        return self


class WrittenOverrides(_Written):
    may_raise: frozenset[Role]
    may_review: frozenset[Role]
    usual_hours: PositiveInt
    longest_hours: PositiveInt
    reviewed_by_another: frozenset[Another]
    review_within_working_days: PositiveInt
    figures_for: frozenset[Role]
    outcomes: frozenset[ReviewOutcome]
    ends: frozenset[ReviewOutcome]
    recalls: frozenset[ReviewOutcome]
    statements: WrittenStatements
    governance: WrittenGovernance

    @model_validator(mode="after")
    def limits_fit(self) -> Self:
        if self.usual_hours > self.longest_hours:
            raise ValueError("write usual_hours no longer than longest_hours")
        if not (self.ends | self.recalls) <= self.outcomes:
            raise ValueError("write under ends and recalls only what outcomes lists")
        if not self.reviewed_by_another:
            raise ValueError("write reviewed_by_another: [person], at least")
        return self


class WrittenSaidFact(_Written):
    claim: str
    equals: frozenset[str]

    @model_validator(mode="after")
    def claim_is_a_fact(self) -> Self:
        claim_of(self.claim, (Extent.SUMMARY,))
        return self


class WrittenIdentity(_Written):
    may_review: frozenset[Role]
    sees_restricted: frozenset[Role]
    second_person_where: frozenset[Delicate]
    second_person_if_said: tuple[WrittenSaidFact, ...]
    shown_relationships: frozenset[RelationshipKind]
    shown_identifiers: frozenset[str]
    may_say_wrong_child: frozenset[Role]

    @model_validator(mode="after")
    def somebody_sees_every_candidate(self) -> Self:
        if not self.may_review:
            raise ValueError("write at least one role under may_review: nobody else can answer")
        if not self.sees_restricted & self.may_review:
            raise ValueError("write under sees_restricted at least one role of may_review")
        return self


class _WrittenBasis(_Written):
    gateways: frozenset[Gateway] | None = None
    levels: frozenset[Level] | None = None
    publishers: frozenset[Agency] | None = None
    recipients: frozenset[Agency] | None = None
    categories: frozenset[Category] | None = None
    through: tuple[str, ...] = ()
    only_through: tuple[str, ...] = ()

    @property
    def always(self) -> bool:
        return self.model_fields_set == {"basis"}


class WrittenArticle6(_WrittenBasis):
    basis: Article6


class WrittenCondition(_WrittenBasis):
    basis: Condition


class WrittenConfidence(_WrittenBasis):
    basis: Confidence


class WrittenBases(_Written):
    article_6: tuple[WrittenArticle6, ...]
    condition: tuple[WrittenCondition, ...]
    confidence: tuple[WrittenConfidence, ...]

    @model_validator(mode="after")
    def something_always_fits(self) -> Self:
        for kind in ("article_6", "condition", "confidence"):
            rows: tuple[_WrittenBasis, ...] = getattr(self, kind)
            if [row.always for row in rows] != [False] * (len(rows) - 1) + [True]:
                raise ValueError(f"{kind}: end with one basis that has no conditions")
        return self


class WrittenPrecedence(RootModel[tuple[str, ...]]):
    model_config = ConfigDict(frozen=True)


def every(words: Iterable[Word], listed: frozenset[Word] | Literal["all"]) -> frozenset[Word]:
    """What a list says; the word `all` says the whole closed list."""
    return frozenset(words) if isinstance(listed, str) else listed


def claim_of(claim: str, extents: tuple[Extent, ...]) -> None:
    """Raises ValueError unless it reads category.extent.member, or .member.part of a list."""
    parts = claim.split(".")
    allowed = [extent.value for extent in extents]
    if not _CLAIMED <= len(parts) <= _CLAIMED + 1 or not all(parts) or parts[1] not in allowed:
        raise ValueError(
            f"write claim as category.{' or '.join(allowed)}.member, or .member.part of a list"
        )
    Category(parts[0])
