"""
An acceptance case as it is written down: who is concerned, what is said when, tables of extents.

`tables` are those of the partnership's own text, in its order, cell for cell; `further_tables` say
what that text says in words. A step decides concerns at an instant and names the table that must
then hold: `table: 1` is the first of `tables`, `further: [1]` the first of `further_tables`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from broker.casefile.text import shaped, value_in
from broker.casefile.written import WrittenKnown
from broker.domain.words import Category, Extent, Level, Role

HERE = Path(__file__).parent
CODES = {
    "ID": Category.IDENTITY,
    "LOC": Category.PROTECTED_LOCATION,
    "STAT": Category.CARE_STATUS,
    "NARR": Category.NARRATIVE,
    "VOICE": Category.CHILDS_VOICE,
    "H1": Category.CHILD_HEALTH,
    "H2": Category.SENSITIVE_HEALTH,
    "H3": Category.ADULT_HEALTH,
    "P1": Category.POLICE_INCIDENT,
    "P2": Category.POLICE_INTELLIGENCE,
    "OFF": Category.OFFENCES,
    "EDU": Category.EDUCATION,
    "FAM": Category.FAMILY,
    "REF": Category.REFERRER,
}
LETTERS = {
    "F": Extent.FULL,
    "S": Extent.SUMMARY,
    "X": Extent.EXISTENCE,
    "–": Extent.NOTHING,
}
Table = dict[str, dict[Category, Extent]]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Concerned(_Written):
    concern: dict[str, Any]
    known: WrittenKnown
    subject: str | None = None  # the subject of another concern, if it is the same


class Target(_Written):
    about: str
    recipient: str


Targets = str | Target | tuple[Target, ...]


class Recalled(_Written):
    categories: tuple[str, ...]
    ground: str


class Step(_Written):
    at: AwareDatetime
    decide: tuple[str, ...] = ()  # else the only concern
    say: tuple[dict[str, Any], ...] = ()
    known: Mapping[str, WrittenKnown] = {}  # what is known from now on
    recipients: Mapping[str, Targets] = {}
    policies: Literal["available", "unavailable"] = "available"
    why: str | None = None
    table: int | None = None
    rows: tuple[str, ...] = ()  # else all of the table
    further: tuple[int, ...] = ()
    also: tuple[str, ...] = ()  # asked as well, and in no table
    nobody: tuple[str, ...] = ()  # not even asked
    nobody_about: Mapping[str, tuple[str, ...]] = {}
    waiting: tuple[str, ...] = ()  # what they are told has not left
    does_not_leave: Mapping[str, str] = {}
    recalls: Mapping[str, Recalled] = {}
    grounds: Mapping[str, str] = {}
    grounds_of: Mapping[str, str] = {}
    ring: Mapping[str, str] = {}
    bases: Mapping[str, tuple[str, str, str]] = {}
    blind: Mapping[str, tuple[str, ...]] = {}
    cover_says_refused: tuple[str, ...] = ()
    told_nothing_new: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    as_if_absent: tuple[str, ...] = ()
    as_if_related: Mapping[Role, Literal["nothing"]] = {}
    level: Mapping[str, Level] = {}
    good_until: Mapping[str, AwareDatetime] = {}


class Story(_Written):
    concerns: dict[str, Concerned]
    recipients: dict[str, Targets]
    tables: tuple[str, ...] = ()
    further_tables: tuple[str, ...] = ()
    both_wishes: Any = Field(default=None, exclude=True)  # where a case keeps what it repeats
    steps: tuple[Step, ...]


def stories() -> list[Path]:
    """Every case, in the order of its number."""
    return sorted(HERE.glob("[0-9][0-9]-*.yaml"))


def read_story(path: Path) -> Story:
    """Raises Malformed: file, line, place."""
    text = path.read_text(encoding="utf-8")
    return shaped(Story, value_in(text, path.name), text, path.name)


def table_in(lines: str) -> Table:
    """A table as Markdown writes it: a row for each recipient, a letter for each category."""
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in lines.strip().splitlines()
        if not set(line) <= set("|-: ")
    ]
    head, *body = rows
    columns = [CODES[code] for code in head[1:]]
    return {
        row[0]: dict(zip(columns, (LETTERS[letter] for letter in row[1:]), strict=True))
        for row in body
    }
