"""
What is known of forenames in general: which are established, and which is short for which.

Two established names that differ are two children (IDENTITY.md 3). A nickname is a directed
relation: Bob is short for Robert, and that makes neither Robert short for Bob, nor Bob the same as
Rob. `canonical` reduces a name to one form all the same, for keys only: never compare by it.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field

_ESTABLISHED = 10  # births in England and Wales
_OFTEN = 10  # one in so many as bear the long form
_COMMON = 2_000  # one in so many
_USUAL = 5_000  # births by that name alone: everybody has heard it


@dataclass(frozen=True, slots=True)
class Names:
    """Folded forenames. `births` of each; `long_forms` of each short one; `nicks`: canonical."""

    births: Mapping[str, int] = field(repr=False)
    long_forms: Mapping[str, frozenset[str]] = field(repr=False)
    nicks: Mapping[str, str] = field(repr=False)
    total: int = 0  # births in all

    def is_established(self, forename: str) -> bool:
        return self.births.get(forename, 0) >= _ESTABLISHED

    def is_nickname(self, short: str, long: str) -> bool:
        """Whether the first is short for the second."""
        return long in self.long_forms.get(short, ())

    def related(self, a: str, b: str) -> bool:
        """Whether either is short for the other."""
        return self.is_nickname(a, b) or self.is_nickname(b, a)

    def stands_for_more(self, forename: str) -> bool:
        """Whether it is short for names that more children bear: Betty, who may be Elizabeth."""
        longs = self.long_forms.get(forename, ())
        return sum(self.births.get(each, 0) for each in longs) > self.births.get(forename, 0)

    def is_common(self, forename: str) -> bool:
        """Whether more than one in 2,000 bears it: two mothers of that name say little."""
        return self.births.get(forename, 0) * _COMMON > self.total

    def is_usual(self, short: str, long: str) -> bool:
        """
        Whether a nickname is what children of that name are called: Danny. Not Ben, which is many a
        child's own name, and not Gabby, of which nobody can say how usual it is.
        """
        often = self.births.get(short, 0)
        return often >= _USUAL and often * _OFTEN < self.births.get(long, 0)

    def canonical(self, forename: str) -> str:
        """One name for all that are short for the same: for keys, and for nothing else."""
        return self.nicks.get(forename, forename)

    def others(self, forename: str) -> frozenset[str]:
        """Further canonical names of one that is short for several: Charlie for Charlotte too."""
        longs = self.long_forms.get(forename)
        if not longs:
            return frozenset()
        return frozenset(map(self.canonical, longs)) - {self.canonical(forename)}


def names_from(forenames: str, nicknames: str) -> Names:
    """From the text of two tables: `name,births` and `short,long`."""
    births = {row["name"]: int(row["births"]) for row in csv.DictReader(forenames.splitlines())}
    longs: dict[str, set[str]] = {}
    for row in csv.DictReader(nicknames.splitlines()):
        longs.setdefault(row["short"], set()).add(row["long"])
    return Names(
        births=births,
        long_forms={short: frozenset(found) for short, found in longs.items()},
        nicks=_nicks(births, longs),
        total=sum(births.values()),
    )


def _nicks(births: Mapping[str, int], longs: Mapping[str, set[str]]) -> dict[str, str]:
    """
    Each short name belongs to its most borne long form, and that to its own. All that meet in one
    are called by the shortest among them. A name belongs to one family only, or Al would make one
    name of Albert and Alexandra.
    """
    families: dict[str, list[str]] = {}
    for name in longs.keys() | {long for found in longs.values() for long in found}:
        families.setdefault(_root(name, births, longs), []).append(name)
    return {
        name: min(family, key=lambda each: (len(each), each))
        for family in families.values()
        for name in family
    }


def _root(name: str, births: Mapping[str, int], longs: Mapping[str, set[str]]) -> str:
    seen = {name}
    while further := longs.get(name, set()) - seen:
        name = max(further, key=lambda each: (births.get(each, 0), each))
        seen.add(name)
    return name
