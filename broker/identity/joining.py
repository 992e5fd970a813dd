"""
Step 3: which subject is this notification about? (IDENTITY.md 3, 4)

What somebody says about a concern follows that concern, and a new version of one its earlier
version, unless it names another child. Everything else is asked of the register.
"""

from collections.abc import Mapping
from dataclasses import replace

from broker.domain.batch import Genuine
from broker.domain.identity import Profile
from broker.domain.ids import SubjectId
from broker.domain.known import Known, Match, MatchState
from broker.domain.words import STATEMENTS, EventType
from broker.identity.changes import as_asked, changed
from broker.identity.guard import weighed
from broker.identity.matching import Matching
from broker.identity.verdict import Verdict, verdict

_FOLLOWING = STATEMENTS | {EventType.CONCERN_RETRACTED}


def who_is_it(genuine: Genuine, known: Known, matching: Matching) -> Match:
    """Known, new, or for a person to say; with doubt nobody is told anything through the match."""
    notification = genuine.notification
    about = notification.concern or notification.thread
    once = known.threads.get(about)
    if once is not None and notification.type in _FOLLOWING:
        return Match(subject=once, state=MatchState.KNOWN, why="thread")
    if known.wrote.get(about) != notification.publisher:
        once = None  # only its publisher writes another version of a concern
    profiles = candidates(genuine, known)
    announced = changed(notification.change, genuine.asked, profiles.values())
    if announced is not None:
        return announced
    earlier = None if once is None else known.profiles.get(once)
    if earlier is not None and not earlier.provisional:
        again = weighed(genuine.asked, earlier, matching)
        if again.forename >= 0 and again.birth >= 0:
            disputed = _disputed(genuine, earlier.subject, profiles)
            return Match(
                subject=earlier.subject, state=MatchState.KNOWN, why="thread", disputed=disputed
            )
    if earlier is not None and earlier.provisional:
        profiles.pop(earlier.subject, None)  # it is not a rival of itself
    found = verdict(
        as_asked(notification.change, genuine.asked),
        profiles.values(),
        matching=matching,
        once=once,
        too_many=not known.crowded.isdisjoint(genuine.keys.asked),
    )
    match = _match(found, known.unused[notification.id], earlier)
    disputed = _disputed(genuine, match.subject, profiles)
    return replace(match, model=matching.model.hash, disputed=disputed)


def candidates(genuine: Genuine, known: Known) -> dict[SubjectId, Profile]:
    """Whoever shares a key with it."""
    found: dict[SubjectId, Profile] = {}
    for key in genuine.keys.asked:
        for subject in known.found.get(key, ()):
            if subject in known.profiles:
                found[subject] = known.profiles[subject]
    return found


def _disputed(
    genuine: Genuine, subject: SubjectId, profiles: Mapping[SubjectId, Profile]
) -> frozenset[str]:
    """A number that another subject has is kept with the notification, and not learnt."""
    theirs = {
        number.named
        for other, profile in profiles.items()
        if other != subject
        for number in profile.numbers
    }
    return frozenset(each.system for each in genuine.asked.numbers if each.named in theirs)


def _match(found: Verdict, unused: SubjectId, earlier: Profile | None) -> Match:
    """With doubt, and for a child first seen, a subject of its own: an earlier version's if any."""
    own = earlier.subject if earlier is not None and earlier.provisional else unused
    state, doubted = found.state, found.doubted
    if state is MatchState.KNOWN and own != unused and found.subject is not None:
        state, doubted = MatchState.NEEDS_PERSON, frozenset({found.subject})
    joined = found.subject if state is MatchState.KNOWN or found.why == "asked_already" else None
    return Match(
        subject=joined or own,
        state=state,
        why=found.why,
        doubted=doubted,
        weighed=found.weighed,
        household=found.household,
        twins=found.twins,
    )
