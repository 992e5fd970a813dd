"""Questions for tests of the policies: any of them, from hypothesis or from a seed."""

from collections.abc import Mapping
from random import Random

from hypothesis import strategies as st

from broker.domain.decision import Question
from broker.domain.words import (
    Agency,
    Category,
    ConsentState,
    Gateway,
    Level,
    LevelState,
    RelationshipKind,
    Role,
)
from broker.policy.facts import closed, sets

SOME = st.frozensets(st.sampled_from(Category), max_size=4) | st.just(frozenset(Category))
QUESTIONS = st.builds(
    Question,
    role=st.sampled_from(Role),
    agency=st.sampled_from(Agency),
    publisher=st.sampled_from(Agency),
    level=st.sampled_from(Level),
    level_state=st.sampled_from(LevelState),
    gateway=st.sampled_from(Gateway),
    relationship=st.sampled_from(RelationshipKind),
    consent_stated=st.sampled_from(ConsentState),
    agreed=SOME,
    refused=SOME,
    young_person_refused=SOME,
    override=SOME,
    sealed=st.booleans(),
    conflict=st.booleans(),
    location_barred=st.booleans(),
    outside_area=st.booleans(),
    detriment=st.booleans(),
    necessity=st.booleans(),
    own=st.booleans(),
    jurisdiction=st.sampled_from(["GB-ENG", "GB-SCT"]),
)


def seeded(seed: int) -> Random:
    """The same draws in every run."""
    return Random(seed)  # noqa: S311


def a_question(random: Random, **fixed: object) -> Question:
    """Any question; flags that stop everything are rare, so that most answers say something."""
    drawn: Mapping[str, object] = {
        **{name: random.choice(list(words)) for name, words in closed().items()},
        **{name: _some(random) for name in sets()},
        **{flag: random.random() < 0.1 for flag in ("sealed", "conflict", "own")},
        **{flag: random.random() < 0.4 for flag in ("location_barred", "outside_area")},
        **{flag: random.random() < 0.4 for flag in ("detriment", "necessity")},
        "jurisdiction": random.choice(["GB-ENG", "GB-ENG", "GB-SCT"]),
    }
    return Question(**{**drawn, **fixed})  # type: ignore[arg-type]


def _some(random: Random) -> frozenset[Category]:
    often = random.choice((0.0, 0.1, 0.5, 1.0))
    return frozenset(category for category in Category if random.random() < often)
