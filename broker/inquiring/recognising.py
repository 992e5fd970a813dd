"""
Is this child among these? Pure. `known` when a notification about this child would join without a
person; and, since only a pointer hangs on it, also when own forename and birth date agree with
surname or address as a blind question would find (identity/tokens.py), for one child alone, and no
number speaks against it. In both forename and birth date grade at least 1, or a brother, a sister
or a twin would answer. Nobody is known through a provisional subject.
"""

from collections.abc import Sequence

from broker.domain.identity import Appearance, Profile, SubjectKind
from broker.domain.ids import SubjectId
from broker.domain.inquiry import Answer
from broker.domain.known import MatchState
from broker.identity.dates import is_whole
from broker.identity.grades import DIFFERS, RETIRED
from broker.identity.guard import weighed
from broker.identity.matching import Matching
from broker.identity.tokens import asked_tokens, held_tokens, is_of_a_whole_name
from broker.identity.verdict import verdict


def recognised(
    asked: Appearance, profiles: Sequence[Profile], *, matching: Matching, crowded: bool
) -> tuple[Answer, SubjectId | None]:
    """The answer, and of one who is known which it is. `crowded`: some were not looked at."""
    if not asked.names or not asked.names[0].forename or not is_whole(asked.birth):
        return Answer.COULD_NOT_CHECK, None
    children = [each for each in profiles if each.kind is SubjectKind.CHILD]
    found = verdict(asked, children, matching=matching, too_many=crowded)
    alike = [each for each in children if _shares_a_token(asked, each, matching)]
    one = alike[0] if len(alike) == 1 else None
    if found.state is MatchState.KNOWN:
        one = next(each for each in children if each.subject == found.subject)
    if one is not None and _is_this_child(asked, one, matching):
        return Answer.KNOWN, one.subject
    doubtful = alike or found.state is not MatchState.NEW
    return (Answer.COULD_NOT_CHECK if doubtful else Answer.NOT_KNOWN), None


def _shares_a_token(asked: Appearance, held: Profile, matching: Matching) -> bool:
    shared = held_tokens(held, matching.names).intersection(asked_tokens(asked, matching.names))
    return any(not held.twin or is_of_a_whole_name(each) for each in shared)


def _is_this_child(asked: Appearance, held: Profile, matching: Matching) -> bool:
    """Asked of everybody before they are known, by whatever way."""
    found = weighed(asked, held, matching)
    against = found.identifier in {DIFFERS, RETIRED} or "other_number" in found.guards
    return found.forename >= 1 and found.birth >= 1 and not held.provisional and not against
