"""
From what is known to the one question about a recipient that the policies answer.

Everything that depends on time, on a person's age or on a list of names has become a closed value
here: a relationship that holds now, an agreement that counts now, an override that is live.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from broker.consent import Wish, wish
from broker.domain.decision import GatewayRule, Question, Recipient, Rests
from broker.domain.ids import OrganisationId
from broker.domain.known import Directory, Known, Match, MatchState, Rules
from broker.domain.notification import Notification
from broker.domain.sharing import NOTHING_SAID, Override, Sharing, Statement
from broker.domain.words import Category, Gateway, Level, LevelState, RelationshipKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One notification about one subject, and all that is known when it is decided."""

    notification: Notification
    match: Match
    known: Known
    rules: Rules
    directory: Directory

    @property
    def certain(self) -> bool:
        return self.match.state is not MatchState.NEEDS_PERSON

    @property
    def sharing(self) -> Sharing:
        """What was said about the subject. While the match is doubtful, nothing was."""
        if not self.certain:
            return NOTHING_SAID
        return self.known.sharing.get(self.match.subject, NOTHING_SAID)

    @property
    def now(self) -> datetime:
        return self.known.now

    @property
    def area(self) -> str:
        """Where the child lives; while nobody knows, where the child was found."""
        found = self.directory.bodies[self.notification.publisher].area
        return self.known.areas.get(self.match.subject, found)

    def about_this(self, statement: Statement) -> bool:
        """Recorded by now, and about this concern or the subject as a whole."""
        here = statement.concern in {None, self.notification.thread}
        return here and statement.recorded <= self.now


def question(
    situation: Situation,
    recipient: Recipient,
    kind: RelationshipKind,
    *,
    until: datetime | None = None,
) -> tuple[Question, Rests]:
    """
    What is asked about this recipient, and what that rests on. `until`: when the relationship by
    which they are a candidate is known to end.
    """
    notification, rules = situation.notification, situation.rules
    wished = wish(
        notification,
        recipient,
        situation.sharing,
        situation.now,
        rules=rules,
        certain=situation.certain,
    )
    level, state = level_of(situation)
    gateway = established(situation, recipient, kind)
    barred = location_barred(situation, recipient)
    overrides = _opened(live(situation), recipient)
    asked = Question(
        role=recipient.role,
        agency=recipient.agency,
        publisher=notification.agency,
        level=level,
        level_state=state,
        gateway=Gateway.NONE if gateway is None else gateway.gateway,
        relationship=kind,
        consent_stated=notification.routing.consent_state,
        agreed=wished.agreed,
        refused=wished.refused,
        young_person_refused=wished.weighed - _gone_on(situation),
        override=frozenset(category for each in overrides for category in each.categories),
        sealed=_sealed(situation, recipient),
        conflict=recipient.organisation in notification.routing.excluded,
        location_barred=barred,
        outside_area=barred and _elsewhere(situation, recipient),
        detriment=_detriment(situation, recipient),
        necessity=_necessity(situation),
        jurisdiction=_jurisdiction(situation, recipient),
    )
    return asked, _rests(wished, overrides, gateway, until)


def level_of(situation: Situation) -> tuple[Level, LevelState]:
    """
    As a named person confirmed it last, if their role may; else as published. A publisher that may
    not confirm proposes, whatever it says (DOMAIN.md 2.1, 4.8 reading 7).
    """
    rules, notification = situation.rules, situation.notification
    for each in reversed(situation.sharing.confirmations):
        may = frozenset[Level]()
        if each.by.role is not None:
            may = rules.may_confirm.get(each.by.role, may)
        if situation.about_this(each) and each.level in may:
            return each.level, LevelState.CONFIRMED
    may_publish = rules.confirmed_by_publisher.get(notification.agency, frozenset())
    if notification.level_state is LevelState.CONFIRMED and notification.level not in may_publish:
        return notification.level, LevelState.PROPOSED
    return notification.level, notification.level_state


def established(
    situation: Situation, recipient: Recipient, kind: RelationshipKind
) -> GatewayRule | None:
    """The gateway that holds for this recipient; a publisher's claim alone opens nothing."""
    routing = situation.notification.routing
    for rule in holding(situation):
        if (
            recipient.role in rule.roles
            and kind in rule.relationships
            and (not rule.named or recipient.organisation in routing.named_recipients)
        ):
            return rule
    return None


def holding(situation: Situation) -> Iterable[GatewayRule]:
    """The gateways in force that this notification may open, whoever the recipient is."""
    notification = situation.notification
    for rule in situation.rules.gateways:
        if (
            rule.in_force(situation.now)
            and notification.agency in rule.publishers
            and (not rule.proposed or notification.routing.gateway is rule.gateway)
            and (rule.claim is None or says(notification, rule.claim, rule.equals))
        ):
            yield rule


def says(notification: Notification, named: str, equals: frozenset[str]) -> bool:
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


def live(situation: Situation) -> Sequence[Override]:
    """The overrides that hold now: begun, not ended, and not found unjustified (DOMAIN.md 4.4)."""
    ended = {
        review.override
        for review in situation.sharing.reviews
        if review.recorded <= situation.now and review.outcome in situation.rules.overrides.ends
    }
    return [
        each
        for each in situation.sharing.overrides
        if situation.about_this(each) and each.id not in ended and situation.now < each.until
    ]


def _opened(overrides: Sequence[Override], recipient: Recipient) -> Sequence[Override]:
    named = f"{recipient.organisation} {recipient.role.value}"
    return [each for each in overrides if named in each.recipients]


def _gone_on(situation: Situation) -> frozenset[Category]:
    """Where a named person wrote down why to go on although a young person refused (M2)."""
    weighed = (each for each in situation.sharing.weighed if situation.about_this(each))
    return frozenset(category for each in weighed for category in each.categories)


def _necessity(situation: Situation) -> bool:
    """A named person wrote why; or asking was unsafe or could not be done, as a directive says."""
    states = situation.rules.necessity_states
    written = any(situation.about_this(each) for each in situation.sharing.necessities)
    return written or any(
        each.state in states and each.recorded <= situation.now and each.since <= situation.now
        for each in situation.sharing.directives
    )


def _sealed(situation: Situation, recipient: Recipient) -> bool:
    """Sealed, unless the court's or statute's release names this recipient (DOMAIN.md 2.3)."""
    routing = situation.notification.routing
    return routing.sealed and recipient.organisation not in routing.named_recipients


def _detriment(situation: Situation, recipient: Recipient) -> bool:
    """Whether a judgement stands that telling this organisation would harm more than not (K5)."""
    latest = [
        each.stands
        for each in situation.sharing.detriments
        if situation.about_this(each) and each.organisation == recipient.organisation
    ]
    return latest[-1] if latest else False


def location_barred(situation: Situation, recipient: Recipient) -> bool:
    """
    Protected, and this recipient is not on the list. While it is doubtful who the child is, the
    protection of anybody it might be counts: doubt widens protection, never access.
    """
    match, known = situation.match, situation.known
    protected = [
        known.protected[subject]
        for subject in (match.subject, *sorted(match.doubted))
        if subject in known.protected
    ]
    routing, publisher = situation.notification.routing, situation.notification.publisher
    if not protected and not routing.location_protected:
        return False
    agency = situation.directory.bodies[recipient.organisation].agency
    if agency in situation.rules.allowed_by_right and not _elsewhere(situation, recipient):
        return False
    listed: frozenset[OrganisationId] = frozenset().union(*protected)
    if routing.location_protected and (not protected or publisher in listed):
        listed |= routing.allow_list | {publisher}
    return recipient.organisation not in listed


def _elsewhere(situation: Situation, recipient: Recipient) -> bool:
    return situation.directory.bodies[recipient.organisation].area != situation.area


def _jurisdiction(situation: Situation, recipient: Recipient) -> str:
    """Whose law: the concern's, unless that is ours and the recipient's is another (M4)."""
    theirs = situation.directory.bodies[recipient.organisation].jurisdiction
    stated = situation.notification.routing.jurisdiction
    return theirs if stated == situation.rules.jurisdiction else stated


def _rests(
    wished: Wish,
    overrides: Sequence[Override],
    gateway: GatewayRule | None,
    until: datetime | None,
) -> Rests:
    law = None if gateway is None or gateway.commenced is None else gateway.commenced.until
    ends = [at for at in (wished.good_until, until, law) if at is not None]
    ends += [each.until for each in overrides]
    named = {category: each.id for each in overrides for category in each.categories}
    return Rests(wished=wished.wished, overrides=named, good_until=min(ends, default=None))
