"""
Who is told that a service is involved while nothing can be decided (DOMAIN.md 4.7).

Content fails closed, contact does not. Which roles, the directory says as data; a pointer carries
no claim, no category and no level, so the fewest facts are enough: sealed, excluded, protected.
"""

from collections.abc import Iterator, Sequence

from broker.directory import hub_of
from broker.disclosure import pointer_id
from broker.domain.batch import Genuine
from broker.domain.decision import Recipient
from broker.domain.known import Directory, Known, Match, MatchState
from broker.domain.notification import Notification
from broker.domain.pointer import Pointer, Unchecked


def unchecked(
    fresh: Sequence[Genuine], known: Known, *, directory: Directory
) -> tuple[Unchecked, ...]:
    """Of each concern that was recognised its pointers, in place of steps 4 to 6."""
    found: list[Unchecked] = []
    for genuine in fresh:
        notification = genuine.notification
        match = known.matches[notification.id]
        pointers = tuple(pointed_to(notification, match, known, directory=directory))
        found.append(Unchecked(genuine=genuine, match=match, pointers=pointers))
    return tuple(found)


def pointed_to(
    notification: Notification, match: Match, known: Known, *, directory: Directory
) -> Iterator[Pointer]:
    """
    Whoever is on duty for the area, and of a known child whoever is related to it, in the roles
    that the directory names for this; nobody where the concern is sealed, never an organisation
    that it excludes, and not the desk that wrote it. Nobody is found through a doubtful match.
    """
    if notification.routing.sealed:
        return
    protected = _location_protected(notification, match, known)
    publisher = directory.bodies[notification.publisher]
    area = known.areas.get(match.subject, publisher.area)
    on_duty = directory.on_duty.get(area, ())
    for recipient in dict.fromkeys([*on_duty, *_related(match, known, directory)]):
        body = recipient.organisation
        is_the_desk = body == notification.publisher and recipient.role is publisher.desk
        if (
            recipient.role in directory.when_unchecked
            and body not in notification.routing.excluded
            and not is_the_desk
        ):
            yield Pointer(
                id=pointer_id(notification.id, recipient),
                recipient=recipient,
                ring=hub_of(body, directory) if protected else notification.publisher,
            )


def _related(match: Match, known: Known, directory: Directory) -> Iterator[Recipient]:
    if match.state is not MatchState.KNOWN:
        return
    for each in known.relationships.get(match.subject, ()):
        body = directory.bodies.get(each.organisation)
        if body is not None and each.holds_at(known.now):
            yield Recipient(organisation=each.organisation, role=each.role, agency=body.agency)


def _location_protected(notification: Notification, match: Match, known: Known) -> bool:
    """
    By the notification or by the register, of anybody whom it might be about. Who may know all the
    same is for policies to say: so here nobody may, and the publisher is not named.
    """
    spoken_of = {match.subject, *match.doubted}
    return notification.routing.location_protected or not spoken_of.isdisjoint(known.protected)
