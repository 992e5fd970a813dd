"""Statements and questions for tests: a child, those who may speak, and what they said when."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from broker.casefile.concern import from_short, notification_of
from broker.casefile.written import WrittenShort, WrittenSubject
from broker.consent import Wish, wish
from broker.domain.decision import Recipient
from broker.domain.ids import NotificationId, OrganisationId, SubjectId, ThreadId
from broker.domain.known import Known, Match, MatchState, Relationship
from broker.domain.notification import Notification
from broker.domain.sharing import (
    Author,
    Confirmation,
    Detriment,
    Directive,
    Giver,
    Necessity,
    Override,
    RefusalWeighed,
    Review,
    SourceOfHarm,
    Statement,
)
from broker.domain.words import (
    Agency,
    Capacity,
    Category,
    ConsentState,
    DirectiveKind,
    Level,
    RelationshipKind,
    ReviewOutcome,
    Role,
)
from broker.partnership import read_partnership
from broker.policy import CompiledPolicies, read_bundle
from broker.question import Situation
from broker.statements import sharing_from
from tests.world import DIRECTORY, HOSPITAL, HUB

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(days=10)
CHILD = SubjectId("s_child")
SURE = Match(subject=CHILD, state=MatchState.KNOWN, why="test")
PRACTICE = Recipient(
    organisation=OrganisationId("org:ods:Y99999"), role=Role.GP, agency=Agency.HEALTH
)
SCREENER = Recipient(organisation=HUB, role=Role.MASH_SCREENER, agency=Agency.CHILDRENS_SERVICES)
HUB_PERSON = Author(person="Tunde", organisation=HUB, role=Role.MASH_SCREENER)
PLACES = read_partnership(DIRECTORY).directory()
ALL = tuple(Category)


@cache
def policies() -> CompiledPolicies:
    return CompiledPolicies(read_bundle())


def notified(
    *,
    born: str | None = "2018-01-20",
    kind: str = "child",
    level: Level = Level.CHILD_IN_NEED,
    stated: ConsentState = ConsentState.SOUGHT_PENDING,
    categories: Iterable[Category] | Mapping[Category, Any] = ALL,
    at: datetime = NOW,
    **written: Any,
) -> Notification:
    """A hospital's concern about the child, as it would be read."""
    short = WrittenShort(
        publisher=HOSPITAL,
        level=level,
        consent_state=stated,
        categories=dict(categories) if isinstance(categories, Mapping) else tuple(categories),
        **written,
    )
    subject = WrittenSubject(kind=kind, birth_date=born)  # type: ignore[arg-type]
    return notification_of(from_short(short, subject, Agency.HEALTH, at), at)


def said(
    state: ConsentState = ConsentState.GIVEN,
    *,
    person: str = "mother",
    capacity: Capacity = Capacity.PR_HOLDER,
    made: datetime = EARLIER,
    number: int = 0,
    **what: Any,
) -> Directive:
    """A directive: of everything, to everybody and for any purpose, unless said otherwise."""
    giver = Giver(
        person=person,
        capacity=capacity,
        assessed_by=what.pop("assessed_by", None),
        question="this" if capacity is Capacity.CHILD_U16_COMPETENT else None,
    )
    usual: dict[str, Any] = {
        "id": NotificationId(f"{person}-{made.isoformat()}-{state}-{number}"),
        "by": Author(person="Nurse", organisation=HOSPITAL, role=None),
        "recorded": made,
        "kind": DirectiveKind.INFORMATION_AGREEMENT,
        "categories": None,
        "recipients": None,
        "purpose": None,
        "since": made,
    }
    return Directive(**{**usual, "made": made, "state": state, "giver": giver, **what})


def young(state: ConsentState = ConsentState.GIVEN, **what: Any) -> Directive:
    """What a young person of sixteen or seventeen said."""
    return said(state, person="sam", capacity=Capacity.YOUNG_PERSON_16_17, **what)


def alleged(person: str, *, stands: bool = True, made: datetime = EARLIER) -> SourceOfHarm:
    return SourceOfHarm(
        id=NotificationId(f"alleged-{person}-{made.isoformat()}"),
        by=HUB_PERSON,
        made=made,
        recorded=made,
        person=person,
        stands=stands,
        words="words",
    )


def wished(
    notification: Notification,
    *statements: Statement,
    recipient: Recipient = PRACTICE,
    at: datetime = NOW,
    certain: bool = True,
    closed: tuple[datetime, ...] = (),
) -> Wish:
    return wish(
        notification,
        recipient,
        sharing_from(statements, closed),
        at,
        rules=policies().rules,
        certain=certain,
    )


def related(recipient: Recipient, kind: RelationshipKind, **when: Any) -> Relationship:
    since = when.pop("since", EARLIER)
    return Relationship(
        organisation=recipient.organisation, role=recipient.role, kind=kind, since=since, **when
    )


REGISTERED = related(PRACTICE, RelationshipKind.REGISTERED)


def situation(
    notification: Notification,
    *statements: Statement,
    at: datetime = NOW,
    match: Match = SURE,
    relationships: Iterable[Relationship] = (REGISTERED,),
    closed: tuple[datetime, ...] = (),
    **what: Any,
) -> Situation:
    known = Known(
        now=at,
        unused={},
        relationships={CHILD: tuple(relationships)},
        sharing={CHILD: sharing_from(statements, closed)},
        **what,
    )
    return Situation(
        notification=notification,
        match=match,
        known=known,
        rules=policies().rules,
        directory=PLACES,
    )


def about(notification: Notification) -> dict[str, Any]:
    """What a statement about this concern has: of the hub, made and had now."""
    return {
        "id": NotificationId("statement"),
        "by": HUB_PERSON,
        "made": NOW,
        "recorded": NOW,
        "concern": ThreadId(notification.thread),
    }


def confirmed(notification: Notification, level: Level, **what: Any) -> Confirmation:
    return Confirmation(**{**about(notification), "level": level, **what})


def necessary(notification: Notification, **what: Any) -> Necessity:
    return Necessity(**{**about(notification), "words": "words", **what})


def weighed(notification: Notification, *categories: Category, **what: Any) -> RefusalWeighed:
    return RefusalWeighed(
        **{**about(notification), "categories": frozenset(categories), "words": "words", **what}
    )


def harmful(notification: Notification, *, stands: bool = True, **what: Any) -> Detriment:
    return Detriment(
        **{
            **about(notification),
            "organisation": PRACTICE.organisation,
            "stands": stands,
            "words": "words",
            **what,
        }
    )


def overriding(
    notification: Notification,
    *categories: Category,
    recipient: Recipient = PRACTICE,
    until: datetime = NOW + timedelta(hours=24),
    **what: Any,
) -> Override:
    usual = {
        **about(notification),
        "id": NotificationId("tonight"),
        "categories": frozenset(categories),
        "recipients": frozenset([f"{recipient.organisation} {recipient.role}"]),
        "otherwise": "words",
        "alternatives": "words",
        "family_told": "words",
        "until": until,
    }
    return Override(**{**usual, **what})


def reviewed(notification: Notification, outcome: ReviewOutcome, **what: Any) -> Review:
    usual = {
        **about(notification),
        "id": NotificationId("review"),
        "override": NotificationId("tonight"),
        "outcome": outcome,
        "words": "words",
    }
    return Review(**{**usual, **what})


def unsure(match: Match = SURE) -> Match:
    return replace(
        match,
        subject=SubjectId("s_new"),
        state=MatchState.NEEDS_PERSON,
        doubted=frozenset({CHILD}),
    )
