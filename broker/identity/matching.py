"""
One frozen working point: the weights, the tables of names, and how many subjects the register is
meant for. It is the same whatever has arrived, so no answer depends on the order of arrival.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from broker.domain.identity import Appearance, Keys, Line, Profile
from broker.domain.notification import Json
from broker.identity.appearance import appearance_from
from broker.identity.compare import weigh
from broker.identity.keys import asked_keys, hashed, keys_of, lock_keys
from broker.identity.names import Names
from broker.identity.weights import Model, bits_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """What a verdict needs beside the notification and the register."""

    model: Model
    names: Names
    population: int
    hash64: Callable[[bytes], int] = field(repr=False)  # keyed: 64 bits, signed
    switchboards: frozenset[str] = field(default=frozenset(), repr=False)  # of many: nobody's own
    test_numbers: bool = True  # whether NHS numbers kept for tests count

    def appearance(self, claims: Mapping[str, Json], today: date) -> Appearance:
        """What a notification says of its subject."""
        return appearance_from(
            claims, today, switchboards=self.switchboards, test_range=self.test_numbers
        )

    def keys(self, asked: Appearance, now: datetime) -> Keys:
        """By which its subject is found. Each key is made and hashed once."""
        looked_up = hashed(asked_keys(asked, self.names, year=now.year), self.hash64)
        held = hashed(keys_of(asked, self.names), self.hash64)
        return Keys(
            asked=frozenset(each.value for each in looked_up),
            held={each.value: each.restricted for each in held},
            locked=frozenset(each.value for each in lock_keys(held)),
        )

    def held_under(self, profile: Profile) -> Mapping[int, bool]:
        """The same of a whole profile: of every name with every place."""
        made = hashed(keys_of(profile, self.names), self.hash64)
        return {each.value: each.restricted for each in made}

    def weighed(self, asked: Appearance, held: Profile) -> tuple[tuple[Line, ...], float]:
        """Each comparison with its bits, and their sum with the prior."""
        lines = weigh(asked, held, self.model, self.names)
        return lines, bits_of(lines, self.model, self.population)

    @property
    def enough(self) -> float:
        """From how many bits on the evidence suffices for rule B: T of IDENTITY.md 3."""
        return self.model.thresholds.join

    @property
    def doubtful(self) -> float:
        """
        From how many bits on somebody might be meant. In a larger register than the one trained on
        it falls with the prior, so that the same evidence suffices, and T does not. In a smaller
        one it falls as well: few resemble anybody there, so weaker evidence can be shown.
        """
        at_training = self.model.thresholds.person
        return at_training - abs(self.model.person_at(self.population) - at_training)

    @property
    def margin(self) -> float:
        """How far the best must be above the next."""
        return self.model.thresholds.margin
