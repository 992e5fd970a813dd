"""
Step 4: who might need to know? Relationships, whoever is on duty for the area, gateways.

Naming somebody here tells them nothing: it only raises a question that the policies answer, and
the answer is recorded whatever it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from broker.domain.decision import AreaDuty, Candidate, GatewayRule, Question, Recipient
from broker.domain.ids import OrganisationId
from broker.domain.known import Directory, Known, Match, MatchState, Relationship, Rules
from broker.domain.notification import Notification
from broker.domain.words import Agency, Category, Gateway, RelationshipKind

_Found = tuple[Recipient, RelationshipKind, str]


def who_might_need_to_know(
    notification: Notification, match: Match, known: Known, *, rules: Rules, directory: Directory
) -> tuple[Candidate, ...]:
    """
    The candidates, each recipient once, in a stable order. Nobody is found *through* a doubtful
    match: then only those on duty for the area are candidates, told that the child is not certain.
    """
    certain = match.state is not MatchState.NEEDS_PERSON
    held = _held(known.relationships.get(match.subject, ()), known.now) if certain else []
    area = _area(notification, match, known, directory)
    related = [
        *_related(held, directory),
        *(_without_school(notification, area, held, rules, directory) if certain else ()),
    ]
    found = [
        *related,
        *_deputies(notification, related, directory),
        *_on_duty(notification, area, held, rules, directory),
    ]
    asked: dict[Recipient, Candidate] = {}
    for recipient, kind, why in found:
        if recipient in asked or _is_the_desk(recipient, notification, directory):
            continue
        question = _question(
            notification,
            recipient,
            kind,
            match=match,
            known=known,
            rules=rules,
            directory=directory,
        )
        asked[recipient] = Candidate(
            recipient=recipient,
            question=question,
            why=why,
            ring=_ring(notification, recipient, directory, barred=question.location_barred),
            child_certain=certain,
        )
    return tuple(asked.values())


def who_was_told(
    notification: Notification, match: Match, known: Known, *, rules: Rules, directory: Directory
) -> tuple[Candidate, ...]:
    """Of a retraction: everybody who holds a disclosure of the concern, whatever they are now."""
    return tuple(
        Candidate(
            recipient=recipient,
            question=_question(
                notification,
                recipient,
                RelationshipKind.NONE,
                match=match,
                known=known,
                rules=rules,
                directory=directory,
            ),
            why="told_before",
            ring=notification.publisher,
        )
        for recipient in known.told.get(notification.thread, ())
    )


def nobody(
    notification: Notification, match: Match, known: Known, *, rules: Rules, directory: Directory
) -> tuple[Candidate, ...]:
    """Of a fact: it changes what is known about a subject, and is told to nobody."""
    del notification, match, known, rules, directory
    return ()


def _held(relationships: Iterable[Relationship], now: datetime) -> list[Relationship]:
    return [relationship for relationship in relationships if relationship.holds_at(now)]


def _related(held: Sequence[Relationship], directory: Directory) -> Iterable[_Found]:
    for relationship in held:
        body = directory.bodies.get(relationship.organisation)
        if body is not None:
            recipient = Recipient(
                organisation=relationship.organisation, role=relationship.role, agency=body.agency
            )
            yield recipient, relationship.kind, relationship.kind.value


def _deputies(
    notification: Notification, related: Sequence[_Found], directory: Directory
) -> Iterable[_Found]:
    """
    Where a conflict of interest shuts the ordinary route, who is free of it: the deputies of that
    body, else whoever stands in for its agency in its area (DOMAIN.md 6.3). They are decided for
    afresh, and the body itself is told nothing.
    """
    excluded = notification.routing.excluded
    for recipient, kind, _ in related:
        if recipient.organisation not in excluded:
            continue
        body = directory.bodies[recipient.organisation]
        named = directory.deputies.get(recipient.organisation, ())
        free = [each for each in named if each not in excluded]
        if not free:
            others = directory.stand_ins.get((body.area, body.agency), ())
            free = [each for each in others if each not in excluded]
        for each in free[:1]:
            agency = directory.bodies[each].agency
            yield Recipient(organisation=each, role=recipient.role, agency=agency), kind, "deputy"


def _without_school(
    notification: Notification,
    area: str,
    held: Sequence[Relationship],
    rules: Rules,
    directory: Directory,
) -> Iterable[_Found]:
    """A child educated at home has nobody enrolled: the council's officer is asked instead."""
    rule = rules.without_school
    if any(each.kind is rule.relationship for each in held):
        return
    if notification.agency not in rule.stated_by or not _says(
        notification, rule.claim, rule.equals
    ):
        return
    for each in directory.stand_ins.get((area, Agency.SCHOOLS), ())[:1]:
        agency = directory.bodies[each].agency
        recipient = Recipient(organisation=each, role=rule.role, agency=agency)
        yield recipient, rule.relationship, "educated_at_home"


def _on_duty(
    notification: Notification,
    area: str,
    held: Sequence[Relationship],
    rules: Rules,
    directory: Directory,
) -> Iterable[_Found]:
    """Whoever answers for the area, from the level at which policy calls them."""
    open_case = any(relationship.kind is RelationshipKind.ALLOCATED for relationship in held)
    called = {
        duty.role
        for duty in rules.area_duties
        if _is_called(duty, notification, open_case=open_case)
    }
    for recipient in directory.on_duty.get(area, ()):
        if recipient.role in called:
            yield recipient, RelationshipKind.NONE, "area_duty"


def _is_called(duty: AreaDuty, notification: Notification, *, open_case: bool) -> bool:
    return notification.level >= (duty.with_open_case_from if open_case else duty.from_level)


def _area(notification: Notification, match: Match, known: Known, directory: Directory) -> str:
    """Where the child lives; while nobody knows, where the child was found."""
    found = directory.bodies[notification.publisher].area
    return known.areas.get(match.subject, found)


def _is_the_desk(recipient: Recipient, notification: Notification, directory: Directory) -> bool:
    """Whoever published has the concern already, as they wrote it (DOMAIN.md 4.8, 1)."""
    publisher = directory.bodies[notification.publisher]
    return recipient.organisation == notification.publisher and recipient.role is publisher.desk


def _question(
    notification: Notification,
    recipient: Recipient,
    kind: RelationshipKind,
    *,
    match: Match,
    known: Known,
    rules: Rules,
    directory: Directory,
) -> Question:
    routing = notification.routing
    certain = match.state is not MatchState.NEEDS_PERSON
    stated = routing.consent_state
    nobody: frozenset[Category] = frozenset()
    agreed = rules.agreement_counts_for if stated in rules.agreed_states and certain else nobody
    refused = rules.refusal_counts_for if stated in rules.refused_states else nobody
    return Question(
        role=recipient.role,
        agency=recipient.agency,
        publisher=notification.agency,
        level=notification.level,
        level_state=notification.level_state,
        gateway=established(notification, recipient, kind, rules.gateways, at=known.now),
        relationship=kind,
        consent_stated=stated,
        agreed=agreed,
        refused=refused,
        sealed=routing.sealed,
        conflict=recipient.organisation in routing.excluded,
        location_barred=_location_barred(
            notification, recipient, match=match, known=known, rules=rules, directory=directory
        ),
        jurisdiction=routing.jurisdiction,
    )


def _ring(
    notification: Notification, recipient: Recipient, directory: Directory, *, barred: bool
) -> OrganisationId:
    """
    The publisher; but where its name could tell where a protected child is, the recipient's own
    hub: whoever is listed first for the recipient's own area (DOMAIN.md 4.1).
    """
    if not barred:
        return notification.publisher
    own_area = directory.bodies[recipient.organisation].area
    hubs = directory.on_duty.get(own_area, ())
    return hubs[0].organisation if hubs else recipient.organisation


def established(
    notification: Notification,
    recipient: Recipient,
    kind: RelationshipKind,
    gateways: Iterable[GatewayRule],
    *,
    at: datetime,
) -> Gateway:
    """
    The gateway that holds for this recipient: the first of the rules that fits. A publisher's claim
    alone opens nothing, nor does a law that is not in force.
    """
    for rule in gateways:
        if (
            rule.in_force(at)
            and (notification.routing.gateway is rule.gateway or not rule.proposed)
            and notification.agency in rule.publishers
            and recipient.role in rule.roles
            and (recipient.organisation in notification.routing.named_recipients or not rule.named)
            and kind in rule.relationships
            and _claimed(notification, rule)
        ):
            return rule.gateway
    return Gateway.NONE


def _claimed(notification: Notification, rule: GatewayRule) -> bool:
    return rule.claim is None or _says(notification, rule.claim, rule.equals)


def _says(notification: Notification, named: str, equals: frozenset[str]) -> bool:
    """
    Whether a coded fact of the notification is one of these: `category.summary.member`, or
    `category.summary.member.part` where the member is a list of objects.
    """
    category, extent, *members = named.split(".")
    found = notification.claims.get(f"{category}.{extent}")
    return any(_word(each) in equals for each in _values(found, members))


def _values(found: object, members: Sequence[str]) -> Iterator[object]:
    """All values at the end of these members, through every list on the way."""
    if isinstance(found, list):
        for each in found:
            yield from _values(each, members)
    elif not members:
        yield found
    elif isinstance(found, dict) and members[0] in found:
        yield from _values(found[members[0]], members[1:])


def _word(value: object) -> str:
    """A claim's value as policies/gateways.yaml writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _location_barred(
    notification: Notification,
    recipient: Recipient,
    *,
    match: Match,
    known: Known,
    rules: Rules,
    directory: Directory,
) -> bool:
    """
    Protected, and this recipient is not on the list. While it is doubtful who the child is, the
    protection of anybody it might be counts: doubt widens protection, never access.
    """
    protected = [
        known.protected[subject]
        for subject in (match.subject, *match.doubted)
        if subject in known.protected
    ]
    if not protected and not notification.routing.location_protected:
        return False
    area = _area(notification, match, known, directory)
    body = directory.bodies[recipient.organisation]
    if body.agency in rules.allowed_by_right and body.area == area:
        return False
    named = {recipient.organisation} <= _named(notification, protected)
    return not named


def _named(
    notification: Notification, protected: Sequence[frozenset[OrganisationId]]
) -> frozenset[OrganisationId]:
    """The allow-list: whoever published the location and whoever was named since."""
    listed: frozenset[OrganisationId] = frozenset().union(*protected)
    if notification.routing.location_protected:
        listed |= notification.routing.allow_list | {notification.publisher}
    return listed
