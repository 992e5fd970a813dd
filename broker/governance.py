"""
The governance override: who may ask, approve and review, while what it opens is open, and what the
caps leave of a concern. Pure.

Two people view; nobody is told. What cuts the view is asked of the policies, with everything
granted: so only their forbids speak (DOMAIN.md 4.5; 4.8, reading 8).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from broker.domain.decision import Because, Question, Recipient, Ruling
from broker.domain.desk import Person, Told
from broker.domain.governance import (
    DecisionLine,
    GovernanceOverride,
    GovernanceState,
    ViewedConcern,
)
from broker.domain.ids import OrganisationId, PersonId
from broker.domain.known import Rules
from broker.domain.notification import Json, Notification
from broker.domain.words import Category, Extent, Gateway, RelationshipKind, Role
from broker.question import Situation, question

_EVERYTHING = frozenset(Category)
_WORDS_FIRST = tuple(dict.fromkeys((Category.NARRATIVE, Category.CHILDS_VOICE, *Category)))


def may_ask(person: Person, rules: Rules) -> bool:
    return person.role in rules.governance.may_ask


def takes_part(person: Person, rules: Rules) -> bool:
    """Whether somebody may ask, approve or review at all."""
    ours = rules.governance.one_holds | rules.governance.reviewed_by
    return may_ask(person, rules) or not ours.isdisjoint(person.offices)


def objection_to_two(asker: Person, approver: Person, rules: Rules) -> str | None:
    """Why these two may not view together, in one word; None: they may."""
    one_holds = rules.governance.one_holds
    if asker.id == approver.id:
        return "same_person"
    if asker.area != approver.area:
        return "another_area"
    entitled = may_ask(approver, rules) or not one_holds.isdisjoint(approver.offices)
    if not may_ask(asker, rules) or not entitled:
        return "not_entitled"
    if one_holds.isdisjoint(asker.offices | approver.offices):
        return "no_office"
    return None


def may_approve(
    person: Person, override: GovernanceOverride, people: Mapping[PersonId, Person], rules: Rules
) -> bool:
    asker = people.get(override.asked.person)
    return asker is not None and objection_to_two(asker, person, rules) is None


def may_review(
    person: Person, override: GovernanceOverride, people: Mapping[PersonId, Person], rules: Rules
) -> bool:
    """Somebody who holds the office for it, in the same area, and is neither of the two."""
    asker = people.get(override.asked.person)
    here = asker is not None and asker.area == person.area
    holds = not rules.governance.reviewed_by.isdisjoint(person.offices)
    return here and holds and person.id not in override.viewers | {override.asked.person}


def may_view(
    person: Person,
    override: GovernanceOverride,
    people: Mapping[PersonId, Person],
    rules: Rules,
    now: datetime,
) -> bool:
    """Whether it is open to this person now, as directory and rules are at this look."""
    if override.approved is None or override.state(now) is not GovernanceState.OPEN:
        return False
    asker, approver = people.get(override.asked.person), people.get(override.approved.person)
    if asker is None or approver is None or objection_to_two(asker, approver, rules) is not None:
        return False
    lasts = override.approved.at <= now < override.approved.at + rules.governance.longest
    return lasts and person.id in override.viewers


def asked_of(situation: Situation, viewer: Person, *, protected: bool = False) -> Question:
    """
    What the policies are asked about one concern: everything granted to the role that views, and
    every fact that a cap reads as it is. Nobody is on an allow-list in order to view, so where a
    location is protected it is barred. `protected`: another concern of the subject says that it is.
    """
    rules, routing = situation.rules, situation.notification.routing
    seen_as = Recipient(
        organisation=viewer.organisation, role=rules.governance.seen_as, agency=viewer.agency
    )
    asked, _ = question(situation, seen_as, RelationshipKind.NONE)
    match, listed = situation.match, situation.known.protected
    barred = (
        protected
        or routing.location_protected
        or any(each in listed for each in (match.subject, *match.doubted))
    )
    return replace(
        asked,
        override=_EVERYTHING,
        gateway=Gateway.NONE,
        sealed=routing.sealed,  # a release names who is told, and nobody is told here
        conflict=asked.conflict or _source_of_harm(situation, viewer),
        location_barred=barred,
        outside_area=barred and viewer.area != situation.area,
    )


def _source_of_harm(situation: Situation, viewer: Person) -> bool:
    """Whether the viewer themself stands recorded as an alleged source of harm."""
    said = [
        each.stands
        for each in situation.sharing.sources_of_harm
        if each.person == viewer.id and each.recorded <= situation.now
    ]
    return said[-1] if said else False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision as it is stored, with the disclosure that came of it."""

    organisation: OrganisationId
    role: Role
    at: datetime
    outcome: str
    ground: str | None
    ruling: Ruling
    told: frozenset[Category]  # what really passed, or was told as existence
    sent: str | None = None
    recalled: bool = False


def viewed(
    notification: Notification,
    ruling: Ruling,
    decided: Sequence[Decided],
    *,
    rules: Rules,
    sentences: Mapping[str, str],
    retracted: bool = False,
) -> ViewedConcern | None:
    """What the ruling leaves of a concern and its decisions; None: not even that there is one."""
    if ruling.tells_nothing:
        return None
    extents = ruling.extents
    told = [
        Told(category=each, extent=extents[each], summary=summary, full=full)
        for each in _WORDS_FIRST
        for summary, full in [_parts(notification, each, extents[each])]
        if summary or full
    ]
    shown = {each.category for each in told}
    held = [
        None if each in rules.blind else each
        for each in Category
        if extents[each] > Extent.NOTHING and each in notification.categories - shown
    ]
    return ViewedConcern(
        reference=notification.reference,
        publisher=notification.publisher,
        issued=notification.issued,
        level=notification.level,
        retracted=retracted,
        told=told,
        held=list(dict.fromkeys(held)),
        decisions=[_line(each, extents, rules, sentences) for each in decided],
    )


def _parts(
    notification: Notification, category: Category, extent: Extent
) -> tuple[Mapping[str, Json], Mapping[str, Json]]:
    nothing: Mapping[str, Json] = {}
    summary = notification.claims.get(f"{category.value}.summary", nothing)
    full = notification.claims.get(f"{category.value}.full", nothing)
    if not isinstance(summary, dict) or extent < Extent.SUMMARY:
        summary = nothing
    if not isinstance(full, dict) or extent < Extent.FULL:
        full = nothing
    return summary, full


def _line(
    decided: Decided,
    extents: Mapping[Category, Extent],
    rules: Rules,
    sentences: Mapping[str, str],
) -> DecisionLine:
    """
    Of a decision the categories that the viewer may know of, and no other, nor one whose name alone
    would tell: who was told of a category says that it is there.
    """
    named = {
        each
        for each in Category
        if extents[each] > Extent.EXISTENCE
        or (extents[each] is Extent.EXISTENCE and each not in rules.blind)
    }
    return DecisionLine(
        organisation=decided.organisation,
        role=decided.role,
        at=decided.at,
        outcome=decided.outcome,
        ground=decided.ground,
        told={
            each: decided.ruling.extents[each] for each in Category if each in decided.told & named
        },
        because={
            each: _because(decided.ruling.because[each], sentences)
            for each in Category
            if each in named
        },
        sent=decided.sent,
        recalled=decided.recalled,
        policy=decided.ruling.policy,
    )


def _because(because: Because, sentences: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(each, sentences.get(each, "")) for each in (*because.permits, *because.forbids)]
