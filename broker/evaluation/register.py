"""A register in memory that grows as notifications arrive, decided and learned from as live."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from broker.domain.identity import Appearance, Profile
from broker.domain.ids import SubjectId
from broker.domain.known import Match, MatchState
from broker.identity.matching import Matching
from broker.identity.profile import first, learned
from broker.identity.verdict import Verdict, verdict

CROWD = 400
"""Of one key, above which nobody is looked at, and the notification goes to a person."""


@dataclass(slots=True)
class Register:
    matching: Matching
    now: datetime
    profiles: dict[SubjectId, Profile] = field(default_factory=dict, repr=False)
    _found: dict[int, set[SubjectId]] = field(default_factory=lambda: defaultdict(set), repr=False)

    def hold(self, profiles: Iterable[Profile]) -> None:
        """From now on, and under every key that they have now."""
        for profile in profiles:
            self.profiles[profile.subject] = profile
            for key in self.matching.held_under(profile):
                self._found[key].add(profile.subject)

    def candidates(self, asked: Appearance) -> tuple[list[Profile], bool]:
        """Whoever answers to a key of it, and whether a key has too many."""
        subjects: set[SubjectId] = set()
        crowded = False
        for key in self.matching.keys(asked, self.now).asked:
            found = self._found.get(key, ())
            crowded = crowded or len(found) > CROWD
            subjects.update(found if len(found) <= CROWD else ())
        return [self.profiles[each] for each in sorted(subjects)], crowded

    def judge(self, asked: Appearance) -> Verdict:
        candidates, crowded = self.candidates(asked)
        return verdict(asked, candidates, matching=self.matching, too_many=crowded)

    def learn(self, found: Verdict, asked: Appearance, unused: SubjectId) -> SubjectId:
        """The subject that it has now: the one it joined, or a new one, under `unused`."""
        if found.state is MatchState.KNOWN and found.subject is not None:
            held = self.profiles[found.subject]
            grown = learned(held, asked, disputed=self._disputed(asked, found.subject))
            if grown is not held:
                self.hold([grown])
            return found.subject
        if found.subject is not None:  # asked already: the same doubt, about the same subject
            return found.subject
        twins = found.twins
        match = Match(
            subject=unused, state=found.state, why=found.why, doubted=found.doubted, twins=twins
        )
        self.hold(
            [first(match, asked), *(replace(self.profiles[each], twin=True) for each in twins)]
        )
        return unused

    def _disputed(self, asked: Appearance, subject: SubjectId) -> frozenset[str]:
        """Systems of which another subject has the number that this row carries."""
        candidates, _ = self.candidates(asked)
        theirs = {
            number for each in candidates if each.subject != subject for number in each.numbers
        }
        return frozenset(each.system for each in asked.numbers if each in theirs)
