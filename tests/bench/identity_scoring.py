"""The verdicts beside the truth: outcomes, wrong joins by class, groups (IDENTITY.md 12)."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from broker.domain.known import MatchState
from broker.evaluation.figures import UNEVEN, bound
from broker.evaluation.judged import Outcome

TODAY = date(2026, 9, 1)
_INFANT = timedelta(days=365)

Figures = dict[str, Any]
Row = Mapping[str, str]


@dataclass(slots=True)
class Tally:
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    reviewed: int = 0
    first: int = 0

    @property
    def rows(self) -> int:
        return self.outcomes.total()

    def figures(self, known: int) -> Figures:
        counted = {outcome.value: self.outcomes[outcome] for outcome in Outcome}
        people = self.outcomes[Outcome.PERSON]
        return {
            "notifications": self.rows,
            "about_registered": known,
            **counted,
            "automatic_per_cent": _per_cent(self.outcomes[Outcome.RIGHT], known),
            "missed_per_cent": _per_cent(self.outcomes[Outcome.MISSED], known),
            "reviewed_per_cent": _per_cent(self.reviewed, self.rows),
            "right_first_per_cent": _per_cent(self.first, people),
        }


def scored(verdicts: Path, truth: Path) -> Figures:
    """The truth is opened here for the first time."""
    whole, known = Tally(), 0
    groups: dict[str, Tally] = defaultdict(Tally)
    known_in: Counter[str] = Counter()
    joined: set[str] = set()
    wrong: list[Figures] = []
    for said, true in _beside(verdicts, truth):
        outcome, first = _outcome(said, true["subject"])
        known += bool(true["subject"])
        if outcome in {Outcome.RIGHT, Outcome.WRONG}:
            joined.add(true["household"])
        if outcome is Outcome.WRONG:
            wrong.append({**true, "joined": said["subject"], "why": said["why"]})
        for name in ("", *_groups(said, true)):
            into = groups[name] if name else whole
            into.outcomes[outcome] += 1
            into.reviewed += said["state"] == MatchState.NEEDS_PERSON
            into.first += first and outcome is Outcome.PERSON
            known_in[name] += bool(true["subject"])
    households = len({each["household"] for each in wrong})
    return {
        **whole.figures(known),
        "distinct_households_joined": len(joined),
        "wrong_households": households,
        "wrong_at_most": bound(households, len(joined)),
        "wrong_by_kind_and_class": dict(
            Counter(f"{each['kind']} {each['class']}".strip() for each in wrong)
        ),
        "wrong": wrong[:100],
        "groups": {
            name: groups[name].figures(known_in[name])
            | {"worse": _worse(groups[name], known_in[name], whole, known)}
            for name in sorted(groups)
        },
    }


def _beside(verdicts: Path, truth: Path) -> Iterator[tuple[Row, Row]]:
    with (
        verdicts.open(encoding="utf-8", newline="") as said,
        truth.open(encoding="utf-8", newline="") as true,
    ):
        for one, other in zip(csv.DictReader(said), csv.DictReader(true), strict=True):
            if one["notification"] != other["notification"]:
                raise ValueError(f"{one['notification']} stands beside {other['notification']}")
            yield one, other


def _outcome(said: Row, about: str) -> tuple[Outcome, bool]:
    """And whether the right subject was shown first."""
    state = MatchState(said["state"])
    shown = said["shown"].split("|")
    if state is MatchState.KNOWN:
        return (Outcome.RIGHT if about and said["subject"] == about else Outcome.WRONG), False
    if state is MatchState.NEW:
        return (Outcome.MISSED if about else Outcome.NEW), False
    if not about:
        return Outcome.NEEDLESS, False
    return (Outcome.PERSON if about in shown else Outcome.MISSED), shown[0] == about


def _groups(said: Row, true: Row) -> Iterable[str]:
    yield f"kind: {true['kind']}"
    yield f"origin: {true['origin']}"
    if true["class"]:
        yield f"class: {true['class']}"
    birth = said["birth"]
    if len(birth) == len("2012-04-03") and date.fromisoformat(birth) > TODAY - _INFANT:
        yield "under one"
    if not said["postcode"]:
        yield "without postcode"
    if not said["number"]:
        yield "without number"


def _worse(group: Tally, known: int, whole: Tally, known_whole: int) -> list[str]:
    missed = Outcome.MISSED
    shares = {
        "reviewed": (group.reviewed, group.rows, whole.reviewed, whole.rows),
        "missed": (group.outcomes[missed], known, whole.outcomes[missed], known_whole),
    }
    return [
        word
        for word, (some, of, all_, of_all) in shares.items()
        if some * of_all > UNEVEN * all_ * of and some
    ]


def _per_cent(some: int, of: int) -> float:
    return round(100 * some / of, 3) if of else 0.0
