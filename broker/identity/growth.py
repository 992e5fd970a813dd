"""What one notification teaches about its subject: the profile from now on, if that changes."""

from broker.domain.batch import Genuine
from broker.domain.identity import Profile
from broker.domain.known import Growth, Known, Match, MatchState
from broker.domain.words import STATEMENTS, EventType
from broker.identity.changes import followed
from broker.identity.joining import candidates
from broker.identity.matching import Matching
from broker.identity.profile import first, learned, still_in_doubt

_MEETING = STATEMENTS | {EventType.CONCERN_RAISED, EventType.CONCERN_RETRACTED}
"""By these a subject is met for the first time; a fact is only of a child who is held already."""


def after(match: Match, genuine: Genuine, known: Known, matching: Matching) -> Growth | None:
    """None if the register holds what it held before."""
    held = known.profiles.get(match.subject)
    grown = _met(match, genuine) if held is None else _grown(held, match, genuine, known)
    if grown is None or grown == held:
        return None
    announced = genuine.notification.type is EventType.IDENTITY_CHANGED
    keys = matching.held_under(grown) if announced else genuine.keys.held
    return Growth(profile=grown, keys=keys)


def _met(match: Match, genuine: Genuine) -> Profile | None:
    is_kept = genuine.notification.type in _MEETING and match.why != "thread"
    return first(match, genuine.asked) if is_kept else None


def _grown(held: Profile, match: Match, genuine: Genuine, known: Known) -> Profile:
    notification, asked = genuine.notification, genuine.asked
    if match.why == "asked_already":
        return held
    if match.state is not MatchState.KNOWN:
        return still_in_doubt(held, match, asked)
    if notification.type is EventType.IDENTITY_CHANGED:
        return followed(notification.change, held, asked, candidates(genuine, known).values())
    return learned(held, asked, disputed=match.disputed)
