"""
Hit or no-hit over two noisy copies of one town (IDENTITY.md 10, 13): who of the second copy is
known by the first, asked by name and birth date, and asked blind.

    python -m tests.families --town --seed 77 --subjects 10000 --into DIR
    python -m tests.bench.hits DIR
"""

import argparse
import csv
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from broker.domain.identity import Appearance, Profile
from broker.domain.ids import SubjectId
from broker.domain.inquiry import Answer
from broker.evaluation.rows import appearance_from_row
from broker.identity.matching import Matching
from broker.identity.profile import registered
from broker.identity.tokens import asked_tokens, held_tokens
from broker.inquiring import oprf
from broker.inquiring.recognising import recognised
from broker.matching_files import read_matching
from tests.world import NOW, hash64

TODAY = date(2026, 11, 24)
Finds = Callable[[Appearance], Sequence[SubjectId]]
"""Whom a question finds: one is a hit, several are a doubt."""
_DOUBT = (SubjectId("somebody"), SubjectId("else"))


def main(arguments: Sequence[str]) -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("town", type=Path)
    town = asked.parse_args(arguments).town
    matching = read_matching(None, population=10_000, hash64=hash64)
    held = {
        SubjectId(row["case"]): registered(SubjectId(row["case"]), appearance_from_row(row, TODAY))
        for row in _rows(town / "a.csv")
    }
    truth = {row["notification"]: row["subject"] for row in _rows(town / "truth.csv")}
    questions = [
        (truth[row["case"]], appearance_from_row(row, TODAY)) for row in _rows(town / "b.csv")
    ]
    say = sys.stdout.write
    both = sum(bool(each) for each, _ in questions)
    say(f"{len(held):,} held, {len(questions):,} asked, {both:,} in both\n\n")
    say(f"{'asked':<28}{'hit %':>8}{'doubt %':>9}{'false':>7}{'of':>8}\n")
    for name, answer in (
        ("blind", blind(held, matching)),
        ("in clear, names and date", in_clear(held, matching, bare=True)),
        ("in clear, all that is said", in_clear(held, matching, bare=False)),
    ):
        _line(name, questions, answer)
    _speed()
    return 0


def blind(held: Mapping[SubjectId, Profile], matching: Matching) -> Finds:
    """Digests are equal where their texts are, so the texts are compared."""
    index: dict[str, set[SubjectId]] = defaultdict(set)
    for profile in held.values():
        for token in held_tokens(profile, matching.names):
            index[token].add(profile.subject)

    def answer(asked: Appearance) -> Sequence[SubjectId]:
        return list({one for each in asked_tokens(asked, matching.names) for one in index[each]})

    return answer


def in_clear(held: Mapping[SubjectId, Profile], matching: Matching, *, bare: bool) -> Finds:
    """`bare`: nothing but what a blind question holds: the address and numbers are left out."""
    index: dict[int, set[SubjectId]] = defaultdict(set)
    for profile in held.values():
        for key in matching.held_under(profile):
            index[key].add(profile.subject)

    def answer(said: Appearance) -> Sequence[SubjectId]:
        asked = Appearance(kind=said.kind, names=said.names, birth=said.birth) if bare else said
        keys = matching.keys(asked, NOW).asked
        found = {each for key in keys for each in index[key]}
        profiles = [held[each] for each in sorted(found)]
        said_so, subject = recognised(asked, profiles, matching=matching, crowded=False)
        if subject is not None:
            return [subject]
        return _DOUBT if said_so is Answer.COULD_NOT_CHECK and found else ()

    return answer


def _line(name: str, questions: Sequence[tuple[str, Appearance]], answer: Finds) -> None:
    counted: Counter[str] = Counter()
    for truth, asked in questions:
        found = answer(asked)
        if len(found) == 1:
            counted["hit" if found[0] == truth else "false"] += 1
        elif found:
            counted["doubt"] += 1
    both = sum(bool(truth) for truth, _ in questions)
    hit, doubt = (100 * counted[each] / both for each in ("hit", "doubt"))
    sys.stdout.write(
        f"{name:<28}{hit:>8.1f}{doubt:>9.1f}{counted['false']:>7}{len(questions):>8,}\n"
    )


def _speed() -> None:
    """Of one element, on this machine."""
    key = oprf.derived_key(bytes(32), b"bench")
    by = oprf.scalar_from(bytes(range(48)))
    element = oprf.blind(b"somebody", by)
    timed: dict[str, Callable[[], bytes]] = {
        "a digest by the broker": lambda: oprf.digest(b"somebody", key),
        "an element evaluated": lambda: key.times(element),
        "an element blinded": lambda: oprf.blind(b"somebody", by),
    }
    for name, once in timed.items():
        begun = time.perf_counter()
        for _ in range(100):
            once()
        each = (time.perf_counter() - begun) * 1e4
        sys.stdout.write(f"{name:<28}{each:>8.0f} us\n")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
