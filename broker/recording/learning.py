"""What a notification teaches about its subject: identifiers, who may know where, relationships."""

from collections.abc import Mapping
from datetime import UTC, datetime

from broker.domain.batch import Outcome
from broker.domain.known import Known, MatchState, Rules
from broker.domain.words import EventType, RelationshipKind
from broker.ports import Custody
from broker.recording.sheet import Sheet


def meet(outcome: Outcome, sheet: Sheet, custody: Custody, now: datetime) -> bytes:
    """A subject seen for the first time; provisional until a person says who it is, if in doubt."""
    asked, match = outcome.genuine.asked, outcome.match
    certain = match.state is MatchState.NEW and bool(asked.identifiers)
    state = "confirmed" if certain else "provisional"
    notification = outcome.genuine.notification
    kind = _subject_kind(notification.claims)
    protected = notification.routing.location_protected
    sheet.subject.append(
        (match.subject, kind, state, None, protected, asked.forename, asked.birth_date, now)
    )
    key = custody.new_subject_key()
    sheet.subject_key.append((match.subject, key))
    return key


def _subject_kind(claims: Mapping[str, object]) -> str:
    summary = claims.get("identity.summary")
    kind = summary.get("subject_kind") if isinstance(summary, dict) else None
    return kind if isinstance(kind, str) else "child"


def learn(outcome: Outcome, known: Known, sheet: Sheet) -> None:
    """Identifiers of a certain match, and who may know where a protected child is."""
    notification, subject = outcome.genuine.notification, outcome.match.subject
    if outcome.match.state is not MatchState.NEEDS_PERSON:
        sheet.identifier += [
            (digest, subject, notification.id) for digest in outcome.genuine.asked.identifiers
        ]
    if notification.routing.location_protected:
        _protect(outcome, known, sheet)


def _protect(outcome: Outcome, known: Known, sheet: Sheet) -> None:
    """
    The list starts with whoever first says that the location is protected, and grows by whom those
    on it name. Nobody joins it by publishing (DOMAIN.md 4.8, 6).
    """
    notification, subject = outcome.genuine.notification, outcome.match.subject
    listed = known.protected.get(subject)
    if listed is None:
        sheet.protected.append((subject,))
    if listed is None or notification.publisher in listed:
        named = notification.routing.allow_list | {notification.publisher}
        sheet.allow_list += [(subject, each, notification.id) for each in sorted(named)]
        sheet.changed.append((subject,))


def relate(outcome: Outcome, sheet: Sheet, rules: Rules, now: datetime) -> None:
    """A relationship that a publisher says holds, or has ended; its row is never removed."""
    notification = outcome.genuine.notification
    fact = notification.claims.get("fact")
    if notification.type is not EventType.RELATIONSHIP_CHANGED or not isinstance(fact, dict):
        return
    named = (fact.get("organisation"), fact.get("role"), fact.get("relationship"))
    if None in named or named[2] == "attended":  # an attendance opens nothing
        return
    if notification.agency not in rules.stated_by[RelationshipKind(str(named[2]))]:
        return  # it stands in the inbox, and opens nobody's row
    since, until = _instant(fact.get("from")) or now, _instant(fact.get("until"))
    if fact.get("withdrawn") is True or until is not None:
        sheet.relationship_end.append((until or now, outcome.match.subject, *named))
    else:
        subject, source = outcome.match.subject, f"{notification.publisher} {notification.id}"
        sheet.relationship.append((subject, *named, since, None, source))
    sheet.changed.append((outcome.match.subject,))


def _instant(moment: object) -> datetime | None:
    """A moment of the schema as an instant; a partial date as its first."""
    if not isinstance(moment, str):
        return None
    whole = moment + "-01-01"[len(moment) - 4 :] if len(moment) < len("2026-01-01") else moment
    found = datetime.fromisoformat(whole)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
