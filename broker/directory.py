"""
Step 4: who might need to know? Relationships, whoever is on duty for the area, gateways, overrides.

Naming somebody here tells them nothing: it only raises a question that the policies answer, and
the answer is recorded whatever it is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from broker.domain.decision import AreaDuty, Candidate, GatewayRule, Recipient
from broker.domain.ids import OrganisationId
from broker.domain.known import Directory, Known, Match, Relationship, Rules
from broker.domain.notification import Notification
from broker.domain.rules import Asks
from broker.domain.words import Agency, RelationshipKind, Role
from broker.question import Situation, holding, level_of, live, question, says

_Found = tuple[Recipient, RelationshipKind, str]


def who_might_need_to_know(
    notification: Notification, match: Match, known: Known, *, rules: Rules, directory: Directory
) -> tuple[Candidate, ...]:
    """
    The candidates, each recipient once, in a stable order. Nobody is found *through* a doubtful
    match: then only those on duty for the area are candidates, told that the child is not certain.
    """
    situation = Situation(
        notification=notification, match=match, known=known, rules=rules, directory=directory
    )
    held = _held(situation)
    related = [*_related(held, directory), *_without_school(situation, held)]
    found = [
        *related,
        *_deputies(notification, related, directory),
        *_on_duty(situation, held),
        *(each for rule in holding(situation) for each in _through(rule, situation)),
        *_overridden(situation),
    ]
    ends = {(each.organisation, each.role): each.until for each in held}
    asked: dict[Recipient, Candidate] = {}
    for recipient, kind, why in found:
        if recipient not in asked and not _is_the_desk(recipient, notification, directory):
            until = ends.get((recipient.organisation, recipient.role))
            asked[recipient] = candidate(situation, recipient, kind, why, until)
    return tuple(asked.values())


def who_was_told(
    notification: Notification, match: Match, known: Known, *, rules: Rules, directory: Directory
) -> tuple[Candidate, ...]:
    """Of a retraction: everybody who holds a disclosure of the concern, whatever they are now."""
    recipients = known.told.get(notification.thread, ())
    return told_before(
        notification, match, known, recipients=recipients, rules=rules, directory=directory
    )


def told_before(
    notification: Notification,
    match: Match,
    known: Known,
    *,
    recipients: Sequence[Recipient],
    rules: Rules,
    directory: Directory,
) -> tuple[Candidate, ...]:
    """These recipients as candidates for no other reason than that they were told."""
    situation = Situation(
        notification=notification, match=match, known=known, rules=rules, directory=directory
    )
    return tuple(
        candidate(situation, each, RelationshipKind.NONE, "told_before") for each in recipients
    )


def candidate(
    situation: Situation,
    recipient: Recipient,
    kind: RelationshipKind,
    why: str,
    until: datetime | None = None,
) -> Candidate:
    """This recipient, and what is asked about them if their relationship is of this kind."""
    asked, rests = question(situation, recipient, kind, until=until)
    return Candidate(
        recipient=recipient,
        question=asked,
        why=why,
        ring=_ring(situation, recipient, barred=asked.location_barred),
        child_certain=situation.certain,
        rests=rests,
    )


def nobody(
    notification: Notification, match: Match, known: Known, *, rules: Rules, directory: Directory
) -> tuple[Candidate, ...]:
    """Of a fact: it changes what is known about a subject, and is told to nobody."""
    del notification, match, known, rules, directory
    return ()


def _held(situation: Situation) -> Sequence[Relationship]:
    if not situation.certain:
        return []
    relationships = situation.known.relationships.get(situation.match.subject, ())
    return [each for each in relationships if each.holds_at(situation.now)]


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


def _without_school(situation: Situation, held: Sequence[Relationship]) -> Iterable[_Found]:
    """A child educated at home has nobody enrolled: the council's officer is asked instead."""
    rule, notification = situation.rules.without_school, situation.notification
    if not situation.certain or any(each.kind is rule.relationship for each in held):
        return
    if notification.agency not in rule.stated_by or not says(notification, rule.claim, rule.equals):
        return
    directory = situation.directory
    for each in directory.stand_ins.get((situation.area, Agency.SCHOOLS), ())[:1]:
        agency = directory.bodies[each].agency
        recipient = Recipient(organisation=each, role=rule.role, agency=agency)
        yield recipient, rule.relationship, "educated_at_home"


def _on_duty(situation: Situation, held: Sequence[Relationship]) -> Iterable[_Found]:
    """Whoever answers for the area, from the level at which policy calls them."""
    rule = situation.rules.open_case
    open_case = any(each.role is rule.role and each.kind is rule.relationship for each in held)
    called = {
        duty.role
        for duty in situation.rules.area_duties
        if _is_called(duty, situation, open_case=open_case)
    }
    yield from _duty_of(situation, called)


def _duty_of(situation: Situation, roles: Iterable[Role]) -> Iterable[_Found]:
    wanted = set(roles)
    for recipient in situation.directory.on_duty.get(situation.area, ()):
        if recipient.role in wanted:
            yield recipient, RelationshipKind.NONE, "area_duty"


def _is_called(duty: AreaDuty, situation: Situation, *, open_case: bool) -> bool:
    level, _ = level_of(situation)
    return level >= (duty.with_open_case_from if open_case else duty.from_level)


def _through(rule: GatewayRule, situation: Situation) -> Iterable[_Found]:
    """Whom a gateway that holds makes a candidate, beside those who are candidates already."""
    directory = situation.directory
    match rule.asks:
        case Asks.RELATED:
            return
        case Asks.ON_DUTY:
            yield from _duty_of(situation, rule.roles)
        case Asks.AREA:
            for recipient in directory.by_area.get(situation.area, ()):
                if recipient.role in rule.roles:
                    yield recipient, RelationshipKind.NONE, rule.gateway.value
        case Asks.REFERRER if situation.certain:
            published = situation.known.published.get(situation.match.subject, frozenset())
            for each in sorted(published - {situation.notification.publisher}):
                desk = directory.bodies[each].desk if each in directory.bodies else None
                if desk is not None and desk in rule.roles:
                    agency = directory.bodies[each].agency
                    recipient = Recipient(organisation=each, role=desk, agency=agency)
                    yield recipient, RelationshipKind.NONE, rule.gateway.value
        case Asks.REFERRER:
            return


def _overridden(situation: Situation) -> Iterable[_Found]:
    """Whom a live override names; through a doubtful match it makes nobody a candidate."""
    for override in live(situation):
        for named in sorted(override.recipients):
            organisation, _, role = named.partition(" ")
            body = situation.directory.bodies.get(OrganisationId(organisation))
            if body is not None:
                recipient = Recipient(
                    organisation=OrganisationId(organisation), role=Role(role), agency=body.agency
                )
                yield recipient, RelationshipKind.NONE, "override"


def _is_the_desk(recipient: Recipient, notification: Notification, directory: Directory) -> bool:
    """Whoever published has the concern already, as they wrote it (DOMAIN.md 4.8, 1)."""
    publisher = directory.bodies[notification.publisher]
    return recipient.organisation == notification.publisher and recipient.role is publisher.desk


def _ring(situation: Situation, recipient: Recipient, *, barred: bool) -> OrganisationId:
    """
    The publisher; but where its name could tell where a protected child is, the recipient's own
    hub (DOMAIN.md 4.1).
    """
    if not barred:
        return situation.notification.publisher
    return hub_of(recipient.organisation, situation.directory)


def hub_of(organisation: OrganisationId, directory: Directory) -> OrganisationId:
    """Whoever is listed first for this organisation's own area; without one, itself."""
    hubs = directory.on_duty.get(directory.bodies[organisation].area, ())
    return hubs[0].organisation if hubs else organisation
