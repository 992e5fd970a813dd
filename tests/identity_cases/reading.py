"""The cases of a folder, judged: each notification alone against the register beside it."""

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from broker.domain.identity import Profile
from broker.domain.ids import SubjectId
from broker.domain.known import MatchState
from broker.evaluation.rows import appearance_from_row, profile_from_row
from broker.identity.contacts import postcode_from, telephone_from
from broker.identity.dates import birth_from
from broker.identity.matching import Matching
from broker.identity.normal import name_from
from broker.identity.numbers import nhs_number_from, upn_from
from broker.identity.reading import Fault, Reading
from broker.identity.verdict import Verdict, verdict

Row = Mapping[str, str]
TODAY = date(2026, 11, 24)


def rows(folder: Path, name: str) -> Sequence[Row]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def register(folder: Path) -> Mapping[SubjectId, Profile]:
    """Everybody, each with who is kept apart from them and whether they are one of twins."""
    listed = rows(folder, "register.csv")
    held = {each.subject: each for each in (profile_from_row(row, TODAY) for row in listed)}
    for edge in rows(folder, "edges.csv"):
        for one, other in ((edge["a"], edge["b"]), (edge["b"], edge["a"])):
            pair = frozenset({SubjectId(other)})
            hidden = pair if edge["restricted"] == "true" else frozenset()
            held[SubjectId(one)] = replace(held[SubjectId(one)], apart=pair, hidden_from=hidden)
    living = defaultdict(list)
    for row in listed:
        living[row["household"], row["birth_date"]].append(SubjectId(row["subject"]))
    for (_, born), subjects in living.items():
        for each in subjects if born and len(subjects) > 1 else ():
            held[each] = replace(held[each], twin=True)
    return held


def judged(case: Row, held: Mapping[SubjectId, Profile], matching: Matching) -> Verdict:
    return verdict(appearance_from_row(case, TODAY), held.values(), matching=matching)


def fault_in(case: Row, found: Verdict) -> str:
    """What is not as the case expects; empty if all is."""
    known = found.state is MatchState.KNOWN
    said = f"known:{found.subject}" if known else found.state.value
    if said not in case["expected"].split("|"):
        return f"{case['case']}: {said}, not {case['expected']}: {case['why']}"
    if known and found.subject in case["never_automatically"].split("|"):
        return f"{case['case']}: {said}, never automatically"
    return ""


READERS: Mapping[str, Callable[[str], Reading]] = {
    "name": lambda text: Reading(name_from("", text).surname),
    "birth_date": lambda text: birth_from(text, TODAY),
    "nhs_number (test environment)": nhs_number_from,
    "upn": upn_from,
    "postcode": postcode_from,
    "telephone": telephone_from,
}


def read_as(field: str, text: str, expected: str) -> tuple[Reading, Reading]:
    """(what it was read as, what it should be)."""
    read = READERS[field](text)
    match expected:
        case "missing" | "refused":
            return read, Reading(None, Fault(expected))
        case "warn":
            return read, Reading(text.upper(), Fault.CHECK_LETTER)
        case "valid":
            return read, Reading(text.upper())
        case _:
            return read, Reading(expected.partition(" (")[0] or None)
