"""
Statements as they arrive, read into values, and put together by subject.

Pure: the notification has been verified, and its claims have passed their schema.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from broker.domain.ids import NotificationId, OrganisationId
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
    Sharing,
    SourceOfHarm,
    Statement,
)
from broker.domain.words import (
    Capacity,
    Category,
    ConsentState,
    DirectiveKind,
    EventType,
    Level,
    ReviewOutcome,
    Role,
)

Said = Mapping[str, Any]
Kind = TypeVar("Kind", bound=Statement)


def statement_from(notification: Notification) -> Statement:
    """The statement that a notification of one of the STATEMENTS types makes."""
    said = cast("Said", notification.claims["fact"])
    by = said["by"]
    common = {
        "id": notification.id,
        "by": Author(
            person=by["person"],
            organisation=notification.publisher,
            role=Role(by["role"]) if "role" in by else None,
        ),
        "made": notification.issued,
        "recorded": notification.received,
        "concern": notification.concern,
    }
    return _READ[notification.type](said, common)


def heard(sharing: Sharing, statement: Statement) -> Sharing:
    """The same subject after one more statement."""
    before: list[Statement] = [
        *sharing.directives,
        *sharing.sources_of_harm,
        *sharing.confirmations,
        *sharing.necessities,
        *sharing.weighed,
        *sharing.detriments,
        *sharing.overrides,
        *sharing.reviews,
    ]
    return sharing_from([*before, statement], sharing.cases_closed)


def sharing_from(statements: Iterable[Statement], cases_closed: Sequence[datetime] = ()) -> Sharing:
    """
    All that was said about one subject, each kind in the order in which it was made; what was made
    in one second, as tokens are dated, stays in the order in which it is given: that of the log.
    """
    ordered = sorted(statements, key=lambda each: (each.made, each.recorded))
    return Sharing(
        directives=_of(Directive, ordered),
        sources_of_harm=_of(SourceOfHarm, ordered),
        confirmations=_of(Confirmation, ordered),
        necessities=_of(Necessity, ordered),
        weighed=_of(RefusalWeighed, ordered),
        detriments=_of(Detriment, ordered),
        overrides=_of(Override, ordered),
        reviews=_of(Review, ordered),
        cases_closed=tuple(sorted(cases_closed)),
    )


def _of(kind: type[Kind], statements: Sequence[Statement]) -> tuple[Kind, ...]:
    return tuple(each for each in statements if isinstance(each, kind))


def _directive(said: Said, common: Said) -> Directive:
    written, scope = said["directive"], said["directive"]["scope"]
    giver, valid = written["giver"], written["valid"]
    return Directive(
        **common,
        kind=DirectiveKind(written["kind"]),
        state=ConsentState(written["state"]),
        giver=Giver(
            person=giver["person"],
            capacity=Capacity(giver["capacity"]),
            assessed_by=giver.get("assessed_by"),
            question=giver.get("question"),
        ),
        categories=None if scope["categories"] == "*" else _categories(scope["categories"]),
        recipients=None if scope["recipients"] == "*" else frozenset(scope["recipients"]),
        purpose=None if scope["purpose"] == "*" else scope["purpose"],
        since=_instant(valid["from"]),
        until=_instant(valid["until"]) if "until" in valid else None,
        evidence=written.get("evidence", ""),
        safety=written.get("safety", {}),
    )


def _source_of_harm(said: Said, common: Said) -> SourceOfHarm:
    return SourceOfHarm(
        **common, person=said["person"], stands=said.get("stands", True), words=said["words"]
    )


def _confirmation(said: Said, common: Said) -> Confirmation:
    return Confirmation(**common, level=Level(said["level"]), words=said.get("words", ""))


def _necessity(said: Said, common: Said) -> Necessity:
    return Necessity(**common, words=said["words"])


def _weighed(said: Said, common: Said) -> RefusalWeighed:
    return RefusalWeighed(**common, categories=_categories(said["categories"]), words=said["words"])


def _detriment(said: Said, common: Said) -> Detriment:
    return Detriment(
        **common,
        organisation=OrganisationId(said["organisation"]),
        stands=said.get("stands", True),
        words=said["words"],
    )


def _override(said: Said, common: Said) -> Override:
    return Override(
        **common,
        categories=_categories(said["categories"]),
        recipients=frozenset(said["recipients"]),
        otherwise=said["otherwise"],
        alternatives=said["alternatives"],
        family_told=said["family_told"],
        until=_instant(said["until"]),
    )


def _review(said: Said, common: Said) -> Review:
    return Review(
        **common,
        override=NotificationId(said["override"]),
        outcome=ReviewOutcome(said["outcome"]),
        words=said["words"],
    )


_READ: Mapping[EventType, Callable[[Said, Said], Statement]] = {
    EventType.CONSENT_RECORDED: _directive,
    EventType.SOURCE_OF_HARM_RECORDED: _source_of_harm,
    EventType.LEVEL_CONFIRMED: _confirmation,
    EventType.NECESSITY_RECORDED: _necessity,
    EventType.REFUSAL_WEIGHED: _weighed,
    EventType.DETRIMENT_RECORDED: _detriment,
    EventType.OVERRIDE_RAISED: _override,
    EventType.OVERRIDE_REVIEWED: _review,
}


def _categories(named: Iterable[str]) -> frozenset[Category]:
    return frozenset(map(Category, named))


def _instant(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(UTC)
