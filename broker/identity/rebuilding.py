"""
A profile made anew from what stands under its subject, in the order in which it came: what the
register holds is a projection, and nothing in it outlives the notification that taught it.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from broker.domain.identity import Appearance, Profile
from broker.domain.ids import SubjectId
from broker.domain.known import Match, MatchState
from broker.identity.changes import followed
from broker.identity.profile import confirmed, first, learned, still_in_doubt

SAID_BY_A_PERSON = frozenset({"person_same", "merged"})
"""Why a notification stands where it does, when its names count as this subject's own."""


class Sighting(NamedTuple):
    """What one notification says of its subject, how it came to it, and what it announces."""

    asked: Appearance
    match: Match
    change: str | None = None


def rebuilt(
    subject: SubjectId, registered: Profile | None, sightings: Iterable[Sighting]
) -> Profile | None:
    """None if nothing says anything about it. Whether it is in doubt is for the caller to say."""
    held = registered
    for asked, match, change in sightings:
        if match.why == "thread" and asked == Appearance(kind=asked.kind):
            continue  # a statement, which says nothing of its subject
        if held is None:
            held = first(replace(match, subject=subject), asked)
        elif match.why in SAID_BY_A_PERSON:
            held = confirmed(held, asked)
        elif change is not None:
            held = followed(change, held, asked, ())
        elif match.state is MatchState.KNOWN:
            held = learned(held, asked, disputed=match.disputed)
        elif match.why != "asked_already":
            held = still_in_doubt(held, match, asked)
    return held
