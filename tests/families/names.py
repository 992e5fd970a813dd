"""
What the families are called: six origins, each with forenames by sex and surnames, by frequency.

English forenames are those of the broker's own table of births in England and Wales. It does not
say whose they are: `pools/forename_sexes.csv` does for the usual ones, their last letters for the
rest. English surnames are the usual ones and a long tail made of parts (Ash + combe), so that most
are rare, as surnames are. All other pools are beside this file, written for it.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from tests.families.draws import Draws, Flags, Ints

ORIGINS = (
    "english",
    "south_asian",
    "african",
    "eastern_european",
    "east_asian",
    "arabic_somali",
)
ORIGIN_WEIGHTS = np.array([75, 9, 5, 5, 2, 4], dtype=np.int64)  # 25 of 100 not English
FEMALE, MALE = 0, 1
SEXES = "FM"
ESTABLISHED_BIRTHS = 1000
_GIRLS_END = re.compile(
    ".*(a|ah|ie|ee|i|y|elle|ele|ette|ine|yn|ynn|een|leigh|ice|ise|anne|enne|beth|ith)"
)
_USUAL_SHARE = 45  # of 100 English people bear one of the usual surnames
_TAIL_FLATNESS = 400


@dataclass(frozen=True)
class Pool:
    """Names of one origin and one use, by their number in the list of all."""

    ids: Ints
    weights: Ints

    def drawn(self, draws: Draws, count: int) -> Ints:
        return self.ids[draws.weighted(self.weights, count)]

    def common(self, most: int) -> "Pool":
        best = np.argsort(-self.weights, kind="stable")[:most]
        return Pool(self.ids[best], self.weights[best])


class Names:
    """All pools, read once. A name is a number everywhere but where it is written."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self.text: list[str] = []
        self.births = _births()
        self.nicknames, longs = _nicknames(self.births)
        self._forenames = self._read_forenames()
        self._surnames = self._read_surnames()
        self.variants = _variants()
        self._nickname_pairs = [
            (self.number(long), self.number(short), births) for long, short, births in longs
        ]

    def number(self, name: str) -> int:
        if name not in self._number:
            self._number[name] = len(self.text)
            self.text.append(name)
        return self._number[name]

    def forename_pool(self, origin: int, sex: int) -> Pool:
        return self._forenames[origin, sex]

    def surname_pool(self, origin: int) -> Pool:
        return self._surnames[origin]

    def forenames(self, draws: Draws, origin: Ints, sex: Ints) -> Ints:
        drawn = np.zeros(len(origin), dtype=np.int64)
        for (one, other), pool in self._forenames.items():
            here = np.flatnonzero((origin == one) & (sex == other))
            drawn[here] = pool.drawn(draws, len(here))
        return drawn

    def surnames(self, draws: Draws, origin: Ints) -> Ints:
        drawn = np.zeros(len(origin), dtype=np.int64)
        for one, pool in self._surnames.items():
            here = np.flatnonzero(origin == one)
            drawn[here] = pool.drawn(draws, len(here))
        return drawn

    def nickname_twins(self, draws: Draws, count: int) -> tuple[Ints, Ints, Ints]:
        """A forename, a nickname of it, and the sex of both."""
        table = np.array(self._nickname_pairs, dtype=np.int64)
        chosen = table[draws.weighted(table[:, 2], count)]
        return chosen[:, 0], chosen[:, 1], self.sex_of(chosen[:, 0])

    def lookalikes(self, draws: Draws, count: int) -> tuple[Ints, Ints, Ints]:
        """Two usual English forenames within two edits, of one sex."""
        pairs = self._lookalike_pairs
        chosen = pairs[draws.below(len(pairs), count)]
        return chosen[:, 0], chosen[:, 1], self.sex_of(chosen[:, 0])

    def sex_of(self, forename: Ints) -> Ints:
        return np.where(np.isin(forename, self._forenames[0, FEMALE].ids), FEMALE, MALE)

    @cached_property
    def _lookalike_pairs(self) -> Ints:
        found: list[tuple[int, int]] = []
        for sex in (FEMALE, MALE):
            ids = self._forenames[0, sex].ids.tolist()
            usual = [
                i
                for i in ids
                if len(self.text[i]) >= 4
                and self.births[self.text[i].lower()] >= ESTABLISHED_BIRTHS
            ]
            words = [self.text[i].lower() for i in usual]
            edits = cdist(words, words, scorer=Levenshtein.distance, score_cutoff=2)
            left, right = np.nonzero(np.triu(edits <= 2, k=1))
            found += [
                (usual[a], usual[b]) for a, b in zip(left.tolist(), right.tolist(), strict=True)
            ]
        return np.array(found, dtype=np.int64)

    def initials(self, forename: Ints) -> Ints:
        return self._letters[forename]

    @cached_property
    def _letters(self) -> Ints:
        return np.array([ord(name[0]) for name in self.text], dtype=np.int64)

    def having(self, forename: Ints, table: Mapping[str, Sequence[str]]) -> Flags:
        """Which of these forenames are in a table of other forms."""
        has = np.array([name in table for name in self.text], dtype=np.bool_)
        return has[forename]

    def _read_forenames(self) -> dict[tuple[int, int], Pool]:
        rows: dict[tuple[int, int], list[tuple[str, int]]] = defaultdict(list)
        for name, sex in _sexes(self.births):
            rows[0, sex].append((name.title(), self.births[name]))
        for row in _pool("forenames.csv"):
            key = ORIGINS.index(row["origin"]), SEXES.index(row["sex"])
            rows[key].append((row["name"], int(row["weight"])))
        return {key: self._pooled(found) for key, found in rows.items()}

    def _read_surnames(self) -> dict[int, Pool]:
        rows: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for row in _pool("surnames.csv"):
            rows[ORIGINS.index(row["origin"])].append((row["name"], int(row["weight"])))
        rows[0] += _tail(rows[0])
        return {key: self._pooled(found) for key, found in rows.items()}

    def _pooled(self, rows: Sequence[tuple[str, int]]) -> Pool:
        ids = np.array([self.number(name) for name, _ in rows], dtype=np.int64)
        return Pool(ids, np.array([weight for _, weight in rows], dtype=np.int64))


def _tail(usual: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Surnames of two parts, in an order that is always the same, falling off slowly."""
    parts: dict[str, list[str]] = {"first": [], "last": []}
    for row in _pool("surname_parts.csv"):
        parts[row["place"]].append(row["part"])
    taken = {name for name, _ in usual}
    made = {a + b: None for a in parts["first"] for b in parts["last"] if a[-3:].lower() != b[:3]}
    names = [name for name in made if name not in taken]
    order = Draws(0, "the tail of the surnames").order(len(names)).tolist()
    shares = [1_000_000_000 // (rank + _TAIL_FLATNESS) for rank in range(len(names))]
    wanted = sum(weight for _, weight in usual) * (100 - _USUAL_SHARE) // _USUAL_SHARE
    total = sum(shares)
    return [
        (names[position], share * wanted // total)
        for position, share in zip(order, shares, strict=True)
    ]


def _pool(name: str) -> Iterator[dict[str, str]]:
    with files("tests.families").joinpath("pools", name).open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def _births() -> dict[str, int]:
    with files("broker.identity.tables").joinpath("forenames.csv").open(encoding="utf-8") as lines:
        return {row["name"]: int(row["births"]) for row in csv.DictReader(lines)}


def _nicknames(
    births: Mapping[str, int],
) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, str, int]]]:
    """Short forms by the forename they stand for; and all pairs, with the births of the longer."""
    forms: dict[str, list[str]] = defaultdict(list)
    pairs: list[tuple[str, str, int]] = []
    with files("broker.identity.tables").joinpath("nicknames.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            long, short = row["long"].title(), row["short"].title()
            forms[long].append(short)
            if row["long"] in births:
                pairs.append((long, short, births[row["long"]]))
    return {long: tuple(shorts) for long, shorts in forms.items()}, pairs


def _sexes(births: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    known = {row["name"].lower(): row["sex"] for row in _pool("forename_sexes.csv")}
    for row in _pool("forenames.csv"):
        known.setdefault(row["name"].lower(), row["sex"])
    for name in births:
        if len(name) > 1:
            girl = known[name] == "F" if name in known else bool(_GIRLS_END.fullmatch(name))
            yield name, FEMALE if girl else MALE


def _variants() -> dict[str, tuple[str, ...]]:
    forms: dict[str, list[str]] = defaultdict(list)
    for row in _pool("variants.csv"):
        if row["variant"] not in forms[row["name"]]:
            forms[row["name"]].append(row["variant"])
    return {name: tuple(found) for name, found in forms.items()}
