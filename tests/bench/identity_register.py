"""
A register of a million children in memory (IDENTITY.md 5): sorted keys of 64 bits with the row of
each, and every profile as one line of text, which is read again when somebody asks for it.

It is a cache of what PostgreSQL holds, kept here to be measured; a broker that used one would ask
the database again before it called a child new.
"""

import csv
import hashlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from broker.domain.identity import (
    Appearance,
    Assurance,
    Carer,
    Name,
    Number,
    Place,
    Profile,
    SubjectKind,
)
from broker.domain.ids import SubjectId
from broker.evaluation.rows import profile_from_row
from broker.identity.keys import asked_keys, hashed, keys_of
from broker.identity.matching import Matching
from broker.matching_files import read_matching

TODAY = date(2026, 9, 1)
CROWD = 400  # of one key, above which nobody is looked at, and the notification goes to a person
CHUNK = 50_000
WORKERS = 2

_ASSURANCES = {"+": Assurance.CHECKSUM_OK, "!": Assurance.VERIFIED, "?": Assurance.UNVERIFIED}
_SIGNS = {assurance: sign for sign, assurance in _ASSURANCES.items()}


def hash64(text: bytes) -> int:
    digest = hashlib.blake2b(text, key=b"a bench holds no secrets", digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def matching(population: int, model: Path | None = None) -> Matching:
    return read_matching(model, population=population, hash64=hash64)


@dataclass(frozen=True, slots=True)
class Register:
    """`keys` are in order, each beside the row that is stored under it in `rows`."""

    matching: Matching
    keys: NDArray[np.int64] = field(repr=False)
    rows: NDArray[np.int32] = field(repr=False)
    texts: bytes = field(repr=False)
    starts: NDArray[np.int64] = field(repr=False)
    twins: frozenset[int] = field(repr=False)
    apart: Mapping[SubjectId, tuple[frozenset[SubjectId], frozenset[SubjectId]]]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def candidates(self, asked: Appearance) -> tuple[list[Profile], bool]:
        """Whoever answers to a key of it, and whether a key has so many that nobody was looked."""
        names = self.matching.names
        keys = hashed(asked_keys(asked, names, year=TODAY.year), hash64)
        wanted = np.array([key.value for key in keys], dtype=np.int64)
        from_, to = np.searchsorted(self.keys, wanted), np.searchsorted(self.keys, wanted, "right")
        found: set[int] = set()
        crowded = False
        for start, end in zip(from_.tolist(), to.tolist(), strict=True):
            if end - start > CROWD:
                crowded = True
            elif end > start:
                found.update(self.rows[start:end].tolist())
        return [self.profile(row) for row in sorted(found)], crowded

    def profile(self, row: int) -> Profile:
        text = self.texts[self.starts[row] : self.starts[row + 1]].decode()
        profile = read(text, twin=row in self.twins)
        apart = self.apart.get(profile.subject)
        if apart is None:
            return profile
        return replace(profile, apart=apart[0], hidden_from=apart[1])


def built(register: Path, edges: Path, working_point: Matching) -> Register:
    """From the CSV files of tests/families, by two processes."""
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as workers:
        parts = list(workers.map(_stored, *zip(*_chunks(register), strict=True)))
    keys = np.concatenate([np.frombuffer(part.keys, dtype=np.int64) for part in parts])
    counts = np.concatenate([np.frombuffer(part.counts, dtype=np.int32) for part in parts])
    lengths = np.concatenate([np.frombuffer(part.lengths, dtype=np.int32) for part in parts])
    rows = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    order = np.argsort(keys)
    return Register(
        matching=working_point,
        keys=keys[order],
        rows=rows[order],
        texts=b"".join(part.texts for part in parts),
        starts=np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]),
        twins=_twins([home for part in parts for home in part.born]),
        apart=_apart(edges),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    keys: bytes
    counts: bytes
    lengths: bytes
    texts: bytes
    born: Sequence[int]  # household and birth date of each, hashed


def _chunks(register: Path) -> Iterator[tuple[list[str], list[str]]]:
    with register.open(encoding="utf-8", newline="") as file:
        heading = next(file).rstrip("\n").split(",")
        while lines := list(islice(file, CHUNK)):
            yield heading, lines


def _stored(heading: list[str], lines: list[str]) -> _Part:
    names = matching(1).names
    keys, counts, lengths, born = array("q"), array("i"), array("i"), array("q")
    texts = []
    for row in csv.DictReader(lines, heading):
        profile = profile_from_row(row, TODAY)
        found = {key.value for key in hashed(keys_of(profile, names), hash64)}
        keys.extend(found)
        counts.append(len(found))
        texts.append(written(profile).encode())
        lengths.append(len(texts[-1]))
        lives = row["household"] and profile.birth
        born.append(hash64(f"{row['household']}|{profile.birth}".encode()) if lives else 0)
    return _Part(keys.tobytes(), counts.tobytes(), lengths.tobytes(), b"".join(texts), born)


def _twins(born: Sequence[int]) -> frozenset[int]:
    """Rows that share a household and a birth date with another."""
    homes = np.array(born, dtype=np.int64)
    _, at, times = np.unique(homes, return_inverse=True, return_counts=True)
    return frozenset(np.flatnonzero((times[at] > 1) & (homes != 0)).tolist())


def _apart(
    edges: Path,
) -> dict[SubjectId, tuple[frozenset[SubjectId], frozenset[SubjectId]]]:
    """Of each subject, whom it is kept apart from, and of these beside whom it is never shown."""
    found: dict[SubjectId, tuple[frozenset[SubjectId], frozenset[SubjectId]]] = {}
    with edges.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for one, other in ((row["a"], row["b"]), (row["b"], row["a"])):
                pair = frozenset({SubjectId(other)})
                apart, hidden = found.get(SubjectId(one), (frozenset(), frozenset()))
                hides = pair if row["restricted"] == "true" else frozenset[SubjectId]()
                found[SubjectId(one)] = apart | pair, hidden | hides
    return found


def written(profile: Profile) -> str:
    """One line. Places, carers and numbers of a register's row, of which each has few."""
    names = ";".join(
        ",".join((each.forename or "", " ".join(each.later), each.surname or ""))
        for each in profile.names
    )
    places = ";".join(f"{each.postcode or ''},{each.uprn or ''}" for each in profile.places)
    mothers = ";".join(f"{each.forename or ''},{each.surname or ''}" for each in profile.carers)
    return "\t".join(
        (
            profile.subject,
            profile.kind.value,
            "provisional" if profile.provisional else "",
            names,
            profile.birth or "",
            profile.sex or "",
            places,
            ";".join(profile.telephones),
            mothers,
            ";".join(map(_number, profile.numbers)),
            ";".join(map(_number, profile.retired)),
        )
    )


def read(text: str, *, twin: bool) -> Profile:
    """The profile again, from what `written` made."""
    subject, kind, state, names, birth, sex, places, telephones, mothers, numbers, retired = (
        text.split("\t")
    )
    return Profile(
        subject=SubjectId(subject),
        kind=SubjectKind(kind),
        provisional=state == "provisional",
        names=tuple(map(_read_name, _each(names))),
        birth=birth or None,
        sex=sex or None,
        places=tuple(map(_read_place, _each(places))),
        telephones=_each(telephones),
        carers=tuple(map(_read_mother, _each(mothers))),
        numbers=tuple(map(_read_number, _each(numbers))),
        retired=tuple(map(_read_number, _each(retired))),
        twin=twin,
    )


def _each(text: str) -> tuple[str, ...]:
    return tuple(text.split(";")) if text else ()


def _read_name(text: str) -> Name:
    forename, later, surname = text.split(",")
    return Name(forename=forename or None, later=tuple(later.split()), surname=surname or None)


def _read_place(text: str) -> Place:
    postcode, uprn = text.split(",")
    return Place(postcode=postcode or None, uprn=uprn or None)


def _read_mother(text: str) -> Carer:
    forename, surname = text.split(",")
    return Carer(relation="mother", forename=forename or None, surname=surname or None)


def _number(number: Number) -> str:
    return f"{_SIGNS[number.assurance]}{number.system},{number.issuer},{number.value}"


def _read_number(text: str) -> Number:
    system, issuer, value = text[1:].split(",")
    return Number(system=system, issuer=issuer, value=value, assurance=_ASSURANCES[text[0]])


def notifications(path: Path) -> Iterable[Mapping[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
