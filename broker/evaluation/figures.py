"""The figures of IDENTITY.md 12, counted."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from broker.evaluation.judged import Judged, Outcome

CONFIDENCE = 0.95
UNEVEN = 1.25
_INFANT = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of rows. `distinct`: the subjects of the automatic joins; `wrongly`: of the wrong."""

    rows: int
    known: int
    outcomes: Mapping[str, int]
    reviewed: int
    first: int
    distinct: int
    wrongly: int

    def share(self, outcome: Outcome) -> float:
        """Of the rows whose child the register held."""
        return self.outcomes[outcome] / self.known if self.known else 0.0

    @property
    def joined(self) -> int:
        return self.outcomes[Outcome.RIGHT] + self.outcomes[Outcome.WRONG]

    @property
    def wrong_at_most(self) -> float:
        """Of automatic joins, with 95 of 100; errors come in families, so subjects count once."""
        return bound(self.wrongly, self.distinct)


def tally(found: Sequence[Judged]) -> Tally:
    counted = Counter(each.outcome for each in found)
    joined = [each for each in found if each.outcome in {Outcome.RIGHT, Outcome.WRONG}]
    return Tally(
        rows=len(found),
        known=sum(each.met for each in found),
        outcomes={outcome.value: counted[outcome] for outcome in Outcome},
        reviewed=sum(each.reviewed for each in found),
        first=sum(each.place == 1 and each.reviewed for each in found),
        distinct=len({each.subject for each in joined}),
        wrongly=len({each.subject for each in joined if each.outcome is Outcome.WRONG}),
    )


def bound(errors: int, among: int) -> float:
    """
    The upper end of the 95 % interval for a chance of which `errors` were seen: 3 / n for none (the
    rule of three), else the Poisson mean at which so few errors would be one case in twenty.
    """
    if among <= 0:
        return 1.0
    low, high = 0.0, 10.0 * (errors + 1)
    for _ in range(60):
        mean = (low + high) / 2
        chance = sum(math.exp(-mean) * mean**n / math.factorial(n) for n in range(errors + 1))
        low, high = (mean, high) if chance > 1 - CONFIDENCE else (low, mean)
    return min(1.0, high / among)


Group = Callable[[Judged], str]


def groups_of(found: Sequence[Judged], today: date) -> Sequence[tuple[str, Tally]]:
    """By whatever may be treated unevenly; rows that a group does not fit are in none."""
    every: Mapping[str, Group] = {
        "origin": lambda each: each.sample.origin,
        "forename": lambda each: _band(_name(each)[0]),
        "surname": lambda each: _band(_name(each)[1]),
        "age": lambda each: _age(each.sample.asked.birth, today),
        "postcode": lambda each: (
            "" if any(p.postcode for p in each.sample.asked.places) else "none"
        ),
        "number": lambda each: "" if each.sample.asked.numbers else "none",
    }
    made = []
    for title, of in every.items():
        by: dict[str, list[Judged]] = {}
        for each in found:
            if name := of(each):
                by.setdefault(name, []).append(each)
        made += [(f"{title}: {name}", tally(by[name])) for name in sorted(by)]
    return made


def uneven(group: Tally, whole: Tally) -> Sequence[str]:
    """In which a group fares worse than the whole by a quarter and more."""
    said = []
    pairs = (
        ("reviewed", _part(group.reviewed, group.rows), _part(whole.reviewed, whole.rows)),
        ("missed", group.share(Outcome.MISSED), whole.share(Outcome.MISSED)),
    )
    for word, theirs, all_ in pairs:
        if theirs > UNEVEN * all_ and theirs > 0:
            said.append(word)
    return said


def _part(some: int, of: int) -> float:
    return some / of if of else 0.0


def _name(each: Judged) -> tuple[str, str]:
    names = each.sample.asked.names
    return (names[0].forename or "", names[0].surname or "") if names else ("", "")


def _band(name: str) -> str:
    if not name:
        return "missing"
    short, usual = 3, 7
    if len(name) <= short:
        return "1 to 3 letters"
    return "4 to 7 letters" if len(name) <= usual else "8 letters and more"


def _age(birth: str | None, today: date) -> str:
    if not birth or len(birth) < len("2012-04-03"):
        return ""
    return "under one" if today - _INFANT < date.fromisoformat(birth) <= today else ""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Of rows: `truth` pairs of one child, `joined` pairs under one subject, `right` of both."""

    truth: int
    joined: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.joined if self.joined else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.truth if self.truth else 1.0

    @property
    def f1(self) -> float:
        both = self.truth + self.joined
        return 2 * self.right / both if both else 1.0


def pairs_of(rows: Iterable[tuple[str, str]]) -> Pairs:
    """`rows`: of each the truth and the subject."""
    listed = list(rows)
    truth, joined, right = (
        Counter(each[0] for each in listed),
        Counter(each[1] for each in listed),
        Counter(listed),
    )
    return Pairs(_pairs(truth.values()), _pairs(joined.values()), _pairs(right.values()))


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)
