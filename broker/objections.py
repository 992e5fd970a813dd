"""
What stands against a statement: its author may not make it, or it lacks what policies ask for.

A statement that is turned away is kept for a person with its reason; its author is told what to do.
"""

from collections.abc import Mapping

from broker.domain.ids import OrganisationId, ThreadId
from broker.domain.known import Directory, Known, Rules
from broker.domain.notification import Notification
from broker.domain.rules import Another, Lifter, MayRecord
from broker.domain.sharing import (
    NOTHING_SAID,
    Author,
    Confirmation,
    Detriment,
    Necessity,
    Override,
    RefusalWeighed,
    Review,
    Sharing,
    SourceOfHarm,
    Statement,
)
from broker.domain.words import STATEMENTS, Role
from broker.statements import statement_from

REASONS: Mapping[str, str] = {
    "no_such_concern": "This broker holds no concern of that id: name the concern's thread.",
    "not_their_role": "Nobody in that organisation has that role: see the directory.",
    "may_not_confirm": "Your role may not confirm this level. The proposal stands.",
    "may_not_record": "Your role may not record this.",
    "words_too_long": "Write one sentence, as short as policies ask for.",
    "ends_before_it_begins": "Write an end that is still to come.",
    "lasts_too_long": "Choose an earlier end: an override is turned away, not shortened.",
    "no_such_recipient": "Name organisations of the directory in a role that they have.",
    "may_not_raise": "Your role may not raise an override.",
    "no_such_override": "There is no such override of this concern.",
    "reviewed_by_its_author": "Another person, in another team, reviews an override.",
    "not_theirs_to_lift": "Only whoever recorded it, or their organisation, lifts it.",
}
"""What to do about each reason, for whoever made the statement."""


def objection_to(
    notification: Notification, known: Known, directory: Directory, rules: Rules
) -> str | None:
    """The reason why a statement is turned away; None if it is not, or no statement."""
    if notification.type not in STATEMENTS:
        return None
    if notification.concern is not None and notification.concern not in known.threads:
        return "no_such_concern"
    statement = statement_from(notification)
    body = directory.bodies.get(statement.by.organisation)
    if statement.by.role is not None and (body is None or statement.by.role not in body.roles):
        return "not_their_role"
    subject = None if statement.concern is None else known.threads[statement.concern]
    sharing = NOTHING_SAID if subject is None else known.sharing.get(subject, NOTHING_SAID)
    return _objection(statement, sharing, known, directory, rules)


def _objection(
    statement: Statement, sharing: Sharing, known: Known, directory: Directory, rules: Rules
) -> str | None:
    wrote = known.wrote
    match statement:
        case Confirmation(level=level, by=by):
            may = frozenset() if by.role is None else rules.may_confirm.get(by.role, frozenset())
            return None if level in may else "may_not_confirm"
        case Necessity(words=words):
            long = len(words) > rules.statements.necessity_longest
            return _unless(statement, rules.statements.necessity, wrote) or (
                "words_too_long" if long else None
            )
        case RefusalWeighed():
            return _unless(statement, rules.statements.weighing, wrote)
        case SourceOfHarm():
            return _unless(statement, rules.statements.source_of_harm, wrote)
        case Detriment():
            return _unless(statement, rules.statements.detriment, wrote) or _not_theirs_to_lift(
                statement, sharing, rules
            )
        case Override():
            return _about_override(statement, directory, rules)
        case Review():
            return _about_review(statement, sharing, rules)
        case _:
            return None


def _unless(
    statement: Statement, may: MayRecord, wrote: Mapping[ThreadId, OrganisationId]
) -> str | None:
    theirs = statement.concern is not None and (
        wrote.get(statement.concern) == statement.by.organisation
    )
    return (
        None if statement.by.role in may.roles or (may.publisher and theirs) else "may_not_record"
    )


def _not_theirs_to_lift(statement: Detriment, sharing: Sharing, rules: Rules) -> str | None:
    if statement.stands:
        return None
    standing = [each for each in sharing.detriments if each.organisation == statement.organisation]
    if not standing:
        return "not_theirs_to_lift"
    before, now, by = standing[-1].by, statement.by, rules.statements.detriment_lifted_by
    lifted = (Lifter.SAME_PERSON in by and _same_person(before, now)) or (
        Lifter.SAME_ORGANISATION in by and before.organisation == now.organisation
    )
    return None if lifted else "not_theirs_to_lift"


def _about_override(statement: Override, directory: Directory, rules: Rules) -> str | None:
    if statement.by.role not in rules.overrides.may_raise:
        return "may_not_raise"
    if statement.until <= statement.recorded:
        return "ends_before_it_begins"
    if statement.until - statement.recorded > rules.overrides.longest:
        return "lasts_too_long"
    for named in statement.recipients:
        organisation, _, role = named.partition(" ")
        body = directory.bodies.get(OrganisationId(organisation))
        if body is None or role not in {each.value for each in body.roles}:
            return "no_such_recipient"
    return None


def _about_review(statement: Review, sharing: Sharing, rules: Rules) -> str | None:
    raised = next((each for each in sharing.overrides if each.id == statement.override), None)
    if raised is None:
        return "no_such_override"
    if statement.by.role is None or not _may_review(statement.by.role, rules):
        return "may_not_record"
    must = rules.overrides.reviewed_by_another
    same = (Another.PERSON in must and _same_person(raised.by, statement.by)) or (
        Another.ORGANISATION in must and raised.by.organisation == statement.by.organisation
    )
    return "reviewed_by_its_author" if same else None


def _may_review(role: Role, rules: Rules) -> bool:
    return role in rules.overrides.may_review


def _same_person(one: Author, other: Author) -> bool:
    return one.person == other.person and one.organisation == other.organisation
