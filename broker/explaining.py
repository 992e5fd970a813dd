"""
Why a decision is as it is, and which single fact would change it.

Pure, and without an opinion of its own: a fact of the question is put otherwise, the policies are
asked again, and what they then answer is compared. Who asks and who published stay as they are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from broker.directory import candidate
from broker.disclosure import redact
from broker.domain.batch import Disclosure, Refusal
from broker.domain.decision import Candidate, Decision, Question, Recipient
from broker.domain.ids import OrganisationId
from broker.domain.known import Body
from broker.domain.words import (
    Category,
    Extent,
    Gateway,
    Level,
    LevelState,
    RelationshipKind,
    Role,
)
from broker.grounds import grounds
from broker.journey import decide
from broker.ports import Policies
from broker.question import Situation

_ALL, _NONE = frozenset(Category), frozenset[Category]()
_ELSEWHERE = "another"  # a law that is nobody's here
UNLISTED = OrganisationId("org:local:not-in-the-directory")
"""Stands for an organisation in a role that the directory gives to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One fact put otherwise, and what each category that it moves would go from and to."""

    fact: str  # the question's own name for it; `consent` for the three sets that say it
    value: str
    words: str  # "if the level were confirmed"
    extents: Mapping[Category, tuple[Extent, Extent]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One recipient's decision, what came of it, and what would change it."""

    decision: Decision
    result: Disclosure | Refusal
    hypothetical: bool  # not a candidate: decided as if related
    grounds: Mapping[Category, str]  # of each category told as nothing or existence
    changes: tuple[Change, ...]

    @property
    def ground(self) -> str | None:
        return self.result.ground if isinstance(self.result, Refusal) else None

    @property
    def good_until(self) -> datetime | None:
        return self.decision.candidate.rests.good_until


def explain(
    asked: Candidate,
    situation: Situation,
    policies: Policies,
    *,
    name: str,
    hypothetical: bool = False,
) -> Explanation:
    """
    The decision about one candidate, with what would change it in words that name the recipient.
    Raises PolicyNotEvaluated.
    """
    (decision,) = decide([asked], policies)
    return Explanation(
        decision=decision,
        result=redact(situation.notification, decision, situation.rules),
        hypothetical=hypothetical,
        grounds=grounds(decision, policies),
        changes=changes(asked.question, policies, home=situation.rules.jurisdiction, name=name),
    )


def changes(question: Question, policies: Policies, *, home: str, name: str) -> tuple[Change, ...]:
    """Every single fact that would change an extent. `home`: the jurisdiction of the policies."""
    now = policies.decide(question).extents
    found = []
    for fact, value, words, other in _otherwise(question, home, name):
        then = policies.decide(other).extents
        moved = {each: (now[each], then[each]) for each in Category if now[each] != then[each]}
        if moved:
            found.append(Change(fact=fact, value=value, words=words, extents=moved))
    return tuple(found)


_Put = tuple[str, str, str, Question]


def _otherwise(question: Question, home: str, name: str) -> Iterator[_Put]:
    """The question with each fact in turn put otherwise: the fact, its value, and in words."""
    yield from _levels(question)
    yield from _relationships(question, name)
    yield from _gateways(question)
    yield from _consent(question)
    yield from _overrides(question, name)
    yield from (put for put in _yes_or_no(question, name) if put[3] != question)
    here = question.jurisdiction == home
    law = "another law than that of these policies" if here else "the law of these policies"
    jurisdiction = _ELSEWHERE if here else home
    other = replace(question, jurisdiction=jurisdiction)
    yield "jurisdiction", jurisdiction, f"if {law} bound {name}", other


def _levels(question: Question) -> Iterator[_Put]:
    for level in Level:
        if level is not question.level:
            words = f"if the level were {level.value.replace('_', ' ')}"
            yield "level", level.value, words, replace(question, level=level)
    if question.level_state is LevelState.CONFIRMED:
        proposed = replace(question, level_state=LevelState.PROPOSED)
        yield "level_state", proposed.level_state, "if the level were only proposed", proposed
    else:
        confirmed = replace(question, level_state=LevelState.CONFIRMED)
        yield "level_state", confirmed.level_state, "if the level were confirmed", confirmed


def _relationships(question: Question, name: str) -> Iterator[_Put]:
    words = {
        RelationshipKind.NONE: f"if {name} had no relationship with the child",
        RelationshipKind.ALLOCATED: f"if the child were allocated to {name}",
        RelationshipKind.ENROLLED: f"if the child were enrolled at {name}",
        RelationshipKind.REGISTERED: f"if the child were registered with {name}",
        RelationshipKind.OPEN_ENQUIRY: f"if {name} had an enquiry open",
    }
    for kind in RelationshipKind:
        if kind is not question.relationship:
            yield "relationship", kind.value, words[kind], replace(question, relationship=kind)


def _gateways(question: Question) -> Iterator[_Put]:
    words = {
        Gateway.OPERATION_ENCOMPASS: "Operation Encompass",
        Gateway.SECTION_47_REQUEST: "a section 47 request",
        Gateway.CP_IS_FLAG: "a CP-IS flag",
        Gateway.DUTY_TO_SHARE_16LA: "the duty to share of section 16LA",
        Gateway.POLICE_PROTECTION_46: "police protection under section 46",
        Gateway.FGM_5B: "the duty to report FGM",
        Gateway.REFERRAL_ACKNOWLEDGEMENT: "acknowledging a referral",
    }
    for gateway in Gateway:
        if gateway is question.gateway:
            continue
        opened = gateway in words
        said = f"if {words[gateway]} opened it" if opened else "if no gateway opened it"
        yield "gateway", gateway.value, said, replace(question, gateway=gateway)


def _consent(question: Question) -> Iterator[_Put]:
    """What the three sets say together, put otherwise for every category at once."""
    wishes = {
        "given": ("if whoever's wish counts agreed to all of it", _ALL, _NONE, _NONE),
        "none": ("if nobody whose wish counts had agreed or refused", _NONE, _NONE, _NONE),
        "refused": ("if whoever's wish counts refused all of it", _NONE, _ALL, _NONE),
        "young_person_refused": (
            "if a competent young person refused all of it",
            _NONE,
            _ALL,
            _ALL,
        ),
    }
    for value, (words, agreed, refused, young) in wishes.items():
        other = replace(question, agreed=agreed, refused=refused, young_person_refused=young)
        if other != question:
            yield "consent", value, words, other


def _overrides(question: Question, name: str) -> Iterator[_Put]:
    if question.override != _ALL:
        words = f"if an override named {name} and everything"
        yield "override", "all", words, replace(question, override=_ALL)
    if question.override:
        words = f"if no override named {name}"
        yield "override", "none", words, replace(question, override=_NONE)


def _yes_or_no(asked: Question, name: str) -> Iterator[_Put]:
    """In another area implies off the list; on the list implies that the area does not matter."""
    yield from _put_both(
        "sealed",
        (
            f"if the concern were under a seal that does not name {name}",
            replace(asked, sealed=True),
        ),
        (f"if no seal shut {name} out", replace(asked, sealed=False)),
    )
    yield from _put_both(
        "conflict",
        (f"if {name} had a conflict of interest", replace(asked, conflict=True)),
        (f"if {name} had no conflict of interest", replace(asked, conflict=False)),
    )
    yield from _put_both(
        "location_barred",
        (
            f"if the child's place were protected and {name} not on the allow-list",
            replace(asked, location_barred=True),
        ),
        (
            f"if {name} were on the allow-list",
            replace(asked, location_barred=False, outside_area=False),
        ),
    )
    yield from _put_both(
        "outside_area",
        (
            f"if the child's place were protected, in another area than that of {name}",
            replace(asked, location_barred=True, outside_area=True),
        ),
        (f"if {name} were in the area where the child is", replace(asked, outside_area=False)),
    )
    yield from _put_both(
        "detriment",
        (
            f"if telling {name} were judged to harm the child more than not",
            replace(asked, detriment=True),
        ),
        (
            f"if the judgement that telling {name} would harm the child were lifted",
            replace(asked, detriment=False),
        ),
    )
    yield from _put_both(
        "necessity",
        (
            "if somebody wrote down why others must know without agreement",
            replace(asked, necessity=True),
        ),
        (
            "if nobody had written down why others must know",
            replace(asked, necessity=False),
        ),
    )


def _put_both(fact: str, yes: tuple[str, Question], no: tuple[str, Question]) -> Iterator[_Put]:
    yield fact, "true", *yes
    yield fact, "false", *no


def as_if_related(role: Role, situation: Situation, policies: Policies) -> Candidate:
    """
    Somebody in this role, as if they had to do with the child: in the child's own area if the
    directory has one there. Of the kinds of relationship that their agency's word opens, the one by
    which most would be told. Through a doubtful match nobody is related, not even as if.
    """
    situation, recipient = _somebody(role, situation)
    kinds = [
        kind
        for kind in RelationshipKind
        if recipient.agency in situation.rules.stated_by.get(kind, frozenset())
    ]
    if not situation.certain or not kinds:
        kinds = [RelationshipKind.NONE]
    asked = [candidate(situation, recipient, kind, f"as if {kind.value}") for kind in kinds]
    return max(asked, key=lambda each: _how_much(each.question, policies))


def _how_much(question: Question, policies: Policies) -> list[int]:
    """How many categories would be told in full, then at all in summary, then at all."""
    told = list(policies.decide(question).extents.values())
    return [
        sum(each >= extent for each in told)
        for extent in (Extent.FULL, Extent.SUMMARY, Extent.EXISTENCE)
    ]


def _somebody(role: Role, situation: Situation) -> tuple[Situation, Recipient]:
    bodies = situation.directory.bodies
    holding = [each for each in bodies if role in bodies[each].roles]
    holding.sort(key=lambda each: (bodies[each].area != situation.area, each))
    if holding:
        agency = bodies[holding[0]].agency
        return situation, Recipient(organisation=holding[0], role=role, agency=agency)
    body = Body(agency=situation.notification.agency, area=situation.area)
    widened = replace(situation.directory, bodies={**bodies, UNLISTED: body})
    recipient = Recipient(organisation=UNLISTED, role=role, agency=body.agency)
    return replace(situation, directory=widened), recipient
