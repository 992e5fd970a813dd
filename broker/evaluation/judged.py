"""
What the broker said of each row, and what became of it (IDENTITY.md 12): rows in an order drawn
from a seed, each decided with what the rows before it have taught, as live.

No person answers here: what is for a person stays so, and the next row about that child meets a
provisional subject. A broker whose reviews are answered joins more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from broker.domain.identity import Appearance, Profile
from broker.domain.ids import SubjectId
from broker.domain.known import MatchState
from broker.evaluation.register import Register
from broker.identity.verdict import SHOWN, Verdict


@dataclass(frozen=True, slots=True)
class Sample:
    """One row: `about` is the truth, `group` a name's origin if the file says so."""

    asked: Appearance = field(repr=False)
    about: str
    origin: str = ""


class Outcome(StrEnum):
    RIGHT = "automatic_right"
    WRONG = "automatic_wrong"
    PERSON = "right_before_a_person"
    MISSED = "missed"
    NEW = "rightly_new"
    NEEDLESS = "new_before_a_person"


@dataclass(frozen=True, slots=True)
class Judged:
    """
    `met`: the register held its child. `subject`: whom the row has now. `place`: where the right
    subject stands among those shown, from 1; 0 if it does not.
    """

    sample: Sample
    met: bool
    outcome: Outcome
    state: MatchState
    why: str
    subject: SubjectId
    place: int

    @property
    def reviewed(self) -> bool:
        return self.state is MatchState.NEEDS_PERSON


def order_of(count: int, seed: int) -> list[int]:
    order = list(range(count))
    Random(seed).shuffle(order)  # noqa: S311 an order, no secret
    return order


def growing(samples: Sequence[Sample], register: Register, seed: int) -> Iterator[Judged]:
    """Each decided once, and learned from."""
    truths: dict[SubjectId, str] = {}
    met: set[str] = set()
    for row in order_of(len(samples), seed):
        sample = samples[row]
        found = register.judge(sample.asked)
        subject = register.learn(found, sample.asked, SubjectId(f"row-{row + 1}"))
        shown = [truths[each.subject] for each in found.weighed[:SHOWN]]
        joined = truths[subject] if found.state is MatchState.KNOWN else ""
        yield judged(sample, found, subject, shown, joined=joined, met=sample.about in met)
        truths.setdefault(subject, sample.about)
        met.add(sample.about)


def standing(
    samples: Sequence[Sample], register: Register, held: Sequence[Profile]
) -> Iterator[Judged]:
    """Each decided alone, against a register that does not change."""
    subjects = {str(each.subject) for each in held}
    for sample in samples:
        found = register.judge(sample.asked)
        shown = [str(each.subject) for each in found.weighed[:SHOWN]]
        known = found.state is MatchState.KNOWN
        subject = found.subject if known and found.subject else SubjectId("")
        yield judged(
            sample, found, subject, shown, joined=str(subject), met=sample.about in subjects
        )


def judged(
    sample: Sample,
    found: Verdict,
    subject: SubjectId,
    shown: Sequence[str],
    *,
    joined: str,
    met: bool,
) -> Judged:
    """`shown` and `joined`: who they are in truth."""
    place = shown.index(sample.about) + 1 if met and sample.about in shown else 0
    if found.state is MatchState.KNOWN:
        outcome = Outcome.RIGHT if met and joined == sample.about else Outcome.WRONG
    elif found.state is MatchState.NEEDS_PERSON:
        seen = Outcome.PERSON if place else Outcome.MISSED
        outcome = seen if met else Outcome.NEEDLESS
    else:
        outcome = Outcome.MISSED if met else Outcome.NEW
    return Judged(sample, met, outcome, found.state, found.why, subject, place)
