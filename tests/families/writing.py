"""
The files: register.csv and notifications.csv with the columns of the visible cases and a few after
them, truth.csv that a matcher never opens, edges.csv with what must never be joined.
"""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from tests.families.forms import Forms
from tests.families.names import ORIGINS
from tests.families.places import telephone, uprn
from tests.families.population import CLASSES, KINDS, NEWBORN, day_written
from tests.families.reports import Reports
from tests.families.schooling import AGENCIES
from tests.families.world import ADOPTION, World

REGISTER = (
    "subject",
    "kind",
    "state",
    "household",
    "forename",
    "surname",
    "birth_date",
    "expected_birth_date",
    "sex",
    "postcode",
    "uprn",
    "telephone",
    "mother_forename",
    "nhs_number",
    "nhs_state",
    "confirmed_aliases",
    "upn",
    "local_ids",
)
NOTIFICATION = (
    "case",
    "class",
    "subject_kind",
    "known",
    "forename",
    "surname",
    "birth_date",
    "expected_birth_date",
    "approximate_age",
    "sex",
    "postcode",
    "uprn",
    "telephone",
    "mother_forename",
    "mother_surname",
    "mother_birth_date",
    "nhs_number",
    "upn",
    "expected",
    "never_automatically",
    "why",
    "day",
    "agency",
    "school",
    "organisation",
    "local_id",
)
TRUTH = ("notification", "subject", "kind", "class", "household", "origin", "noise")
CHUNK = 50_000


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def subject_id(number: int) -> str:
    return f"S{number:07}" if number else ""


def write_register(path: Path, world: World) -> None:
    rows = np.flatnonzero(world.held)
    rows = rows[np.argsort(world.subject[rows], kind="stable")]
    codes = world.places.written()
    _write(path, REGISTER, _register_rows(world, rows.tolist(), codes))


def _register_rows(world: World, rows: Sequence[int], codes: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(rows), CHUNK):
        chunk = np.array(rows[start : start + CHUNK], dtype=np.int64)
        yield from _some_rows(world, chunk, codes)


def _some_rows(world: World, rows: np.ndarray, codes: Sequence[str]) -> Iterator[list[str]]:
    children, text, given = world.children, world.names.text, world.furnished
    home = children.household[rows]
    retired = (children.made[rows] == ADOPTION) & (rows < children.partner[rows])
    retired &= world.held[np.maximum(children.partner[rows], 0)]
    unnamed = (children.made[rows] == CLASSES.index("newborn")) & (children.birth[rows] > -NEWBORN)
    columns = zip(
        rows.tolist(),
        world.subject[rows].tolist(),
        children.adult[rows].tolist(),
        home.tolist(),
        children.forename[rows].tolist(),
        children.surname[rows].tolist(),
        children.birth[rows].tolist(),
        children.sex[rows].tolist(),
        given.now.postcode[home].tolist(),
        given.now.uprn[home].tolist(),
        given.now.telephone[home].tolist(),
        given.mother_forename[home].tolist(),
        world.nhs_number[rows].tolist(),
        retired.tolist(),
        unnamed.tolist(),
        strict=True,
    )
    for (
        row,
        subject,
        adult,
        house,
        fore,
        sur,
        born,
        sex,
        code,
        urn,
        phone,
        mother,
        nhs,
        old,
        new,
    ) in columns:
        yield [
            subject_id(subject),
            "adult_of_concern" if adult else "child",
            "confirmed",
            f"H{house + 1:07}",
            _newborns_name(world, row) if new else text[fore],
            text[sur],
            day_written(born),
            "",
            "FM"[sex],
            codes[code],
            uprn(urn),
            telephone(phone),
            "" if adult else text[mother],
            str(nhs) if nhs else "",
            ("retired" if old else "current") if nhs else "",
            "",
            world.schooling.upn(row),
            _local_ids(world, row),
        ]


def _newborns_name(world: World, row: int) -> str:
    """What stands in a birth notification: of twins, which of the two."""
    partner = int(world.children.partner[row])
    if world.children.birth[partner] == world.children.birth[row]:
        return "Twin 1" if row < partner else "Twin 2"
    return "Baby" if row % 4 else ""


def _local_ids(world: World, row: int) -> str:
    schooling = world.schooling
    return ";".join(
        f"{schooling.organisation(agency, row)}={schooling.local_id(agency, row)}"
        for agency in range(len(AGENCIES))
        if schooling.met[agency][row]
    )


def write_notifications(path: Path, forms: Forms, *, letter: str = "N") -> None:
    count = len(forms.notes)
    fixed = {"subject_kind": "child", "known": "identified"}
    columns: list[Iterable[str]] = []
    for name in NOTIFICATION:
        if name == "case":
            columns.append(f"{letter}{number:07}" for number in range(1, count + 1))
        else:
            columns.append(forms.columns.get(name) or [fixed.get(name, "")] * count)
    _write(path, NOTIFICATION, zip(*columns, strict=True))


def write_truth(path: Path, world: World, reports: Reports, forms: Forms) -> None:
    child = reports.child
    kind = world.kind[child].tolist()
    home = world.children.household[child]
    rows = zip(
        (f"N{number:07}" for number in range(1, len(reports) + 1)),
        map(subject_id, world.subject[child].tolist()),
        (KINDS[k] for k in kind),
        (CLASSES[c] for c in world.children.made[child].tolist()),
        (f"H{h + 1:07}" for h in home.tolist()),
        (ORIGINS[o] for o in world.homes.origin[home].tolist()),
        forms.notes,
        strict=True,
    )
    _write(path, TRUTH, rows)


def write_edges(path: Path, world: World) -> None:
    """The two identities of an adopted child, where the register holds both."""
    children = world.children
    pairs = [
        (subject_id(int(world.subject[row])), subject_id(int(world.subject[other])))
        for row in np.flatnonzero((children.made == ADOPTION) & world.held).tolist()
        if row < (other := int(children.partner[row])) and world.held[other]
    ]
    _write(
        path,
        ("a", "b", "edge", "reason", "restricted"),
        ((a, b, "do_not_link", "adoption", "true") for a, b in pairs),
    )


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
