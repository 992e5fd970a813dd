"""What a notification teaches about its subject: who it is, who may know where, relationships."""

from datetime import UTC, datetime

from broker.domain.batch import Outcome
from broker.domain.known import Known, MatchState, Rules
from broker.domain.words import EventType, RelationshipKind
from broker.identity.profile_text import text_from
from broker.ports import Custody
from broker.recording.sheet import Chance, Sheet


def meet(outcome: Outcome, known: Known, sheet: Sheet, custody: Custody) -> bytes:
    """A subject seen for the first time; provisional until a person says who it is, if in doubt."""
    match, notification = outcome.match, outcome.genuine.notification
    growth = known.grown.get(notification.id)
    state = "provisional" if growth is None or growth.profile.provisional else "confirmed"
    kind = outcome.genuine.asked.kind.value
    sheet.subject.append(
        (
            match.subject,
            kind,
            state,
            None,
            notification.routing.location_protected,
            sorted(match.doubted),
            known.now,
        )
    )
    key = custody.new_subject_key()
    sheet.subject_key.append((match.subject, key))
    lives_with(outcome, known, sheet)
    return key


def lives_with(outcome: Outcome, known: Known, sheet: Sheet) -> None:
    """That there are brothers and sisters; never through a protected address (IDENTITY.md 9)."""
    match, evidence = outcome.match, outcome.genuine.notification.id
    around = sorted(match.household)
    if around:
        theirs = [known.households[each] for each in around if each in known.households]
        household = theirs[0] if theirs else f"h_{match.subject.removeprefix('s_')}"
        named = [match.subject] if theirs else [match.subject, *around]
        sheet.household_member += [(household, each, evidence, known.now) for each in named]
    sheet.born_alike += [tuple(sorted((match.subject, each))) for each in sorted(match.twins)]


def learn(
    outcome: Outcome, known: Known, sheet: Sheet, *, key: bytes, custody: Custody, chance: Chance
) -> None:
    """What the register holds from now on, who may know where; and what a person is asked."""
    notification, match = outcome.genuine.notification, outcome.match
    growth, is_asked = known.grown.get(notification.id), False
    if growth is not None:
        kept = known.kept_profiles.get(match.subject)
        version = 1 if kept is None else kept.version + 1
        text = text_from(growth.profile).encode()
        sheet.profile[match.subject] = (
            match.subject, version, *custody.keep(text, subject_key=key)
        )  # fmt: skip
        sheet.blocking_key += [
            (value, match.subject, restricted) for value, restricted in growth.keys.items()
        ]
        grown = growth.profile
        before = None if kept is None else (kept.kind, kept.provisional, kept.doubted)
        if kept is not None and before != (grown.kind, grown.provisional, grown.doubted):
            state = "provisional" if grown.provisional else "confirmed"
            sheet.standing.append((grown.kind.value, state, sorted(grown.doubted), match.subject))
            is_asked = bool(grown.doubted)  # of two whom an agency calls one
    if match.state is MatchState.NEEDS_PERSON or is_asked:
        sheet.review.append((chance.review(), match.subject, known.now))
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
