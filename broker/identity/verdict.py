"""
Step 3: which subject is this notification about?

By exact identifiers (NHS number, UPN, an agency's own number), and even then only when this
child's own forename and own birth date agree: forms carry a sibling's number. Whatever is in doubt
goes to a person, and meanwhile the concern travels under a subject of its own (IDENTITY.md 3, 4).
"""

from broker.domain.ids import NotificationId
from broker.domain.known import Fingerprint, Known, Match, MatchState
from broker.domain.notification import Notification


def who_is_it(notification: Notification, asked: Fingerprint, known: Known) -> Match:
    """Known, new, or for a person to say; with doubt nobody is told anything through the match."""
    about = notification.concern or notification.thread  # a statement's concern, a retraction's own
    if about in known.threads:
        return Match(subject=known.threads[about], state=MatchState.KNOWN, why="thread")
    return _by_identifiers(notification.id, asked, known)


def _by_identifiers(notification: NotificationId, asked: Fingerprint, known: Known) -> Match:
    held = {known.holders[digest] for digest in asked.identifiers if digest in known.holders}
    if not held:
        why = "first_sighting" if asked.identifiers else "no_identifier"
        return Match(subject=known.unused[notification], state=MatchState.NEW, why=why)
    if len(held) > 1:
        doubt = "identifiers_of_several_subjects"
    else:
        (subject,) = held
        doubt = _doubt(asked, known.fingerprints[subject])
        if not doubt:
            return Match(subject=subject, state=MatchState.KNOWN, why="identifier_name_and_birth")
    return Match(
        subject=known.unused[notification],
        state=MatchState.NEEDS_PERSON,
        why=doubt,
        doubted=frozenset(held),
    )


def _doubt(asked: Fingerprint, held: Fingerprint) -> str:
    """Why an equal identifier is not enough; empty when name and birth date both agree."""
    if asked.forename is None or held.forename is None:
        return "forename_missing"
    if asked.birth_date is None or held.birth_date is None:
        return "birth_date_missing"
    if asked.forename != held.forename:
        return "forename_differs"
    if asked.birth_date != held.birth_date:
        return "birth_date_differs"
    return ""
