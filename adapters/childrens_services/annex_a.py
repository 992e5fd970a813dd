"""
Ofsted's Annex A workbook: contacts and referrals as concerns, enquiries and plans as case facts.

Councils fill it by hand and by macro: a label may be `Female` or `b) Female`, a date a date or
text, a cell a formula, of which the value that was stored is read. Each row ends as one Item at
least.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from math import isfinite
from typing import Any

import yaml
from openpyxl.utils.datetime import from_excel

from adapters.childrens_services.record import FACTS_ONLY, items_of
from adapters.childrens_services.workbook import sheets
from adapters.contract import Item, Nothing, Quarantined, Site
from broker.errors import Malformed

_LIST = re.compile(r"list\s*([0-9]{1,2})\b", re.IGNORECASE)
_CODE = re.compile(r"\b(10|[1-9][A-F]?)\b\s*[:\-–]|^\s*(10|[1-9][A-F]?)\s*$")
_MARK = re.compile(r"^\s*[a-z]{1,2}\)\s*")  # `q) ` before a label
_LOOKS_EXCEL = range(1, 2_958_466)  # serial days to 9999-12-31
_FORMATS = ("%d/%m/%Y", "%Y-%m-%d", "%d/%m/%y", "%d-%m-%Y", "%d %b %Y", "%d %B %Y")
_NOTHING = frozenset({"", "#n/a", "n/a", "none", "null", "-"})
_HEADINGS_WITHIN = 10  # rows above which a sheet says what its columns are


@cache
def _known() -> Mapping[str, Any]:
    text = files("adapters.childrens_services").joinpath("annex_a.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def plain(text: object) -> str:
    """A heading or label without case, punctuation and repeated space."""
    return re.sub(r"[^0-9a-z]+", " ", str(text).casefold()).strip()


def read(native: bytes, site: Site) -> Sequence[Item]:
    """Every row of the lists that are read; of another list, that it is not needed."""
    try:
        found = sheets(native)
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    items = [item for title, rows in found for item in _sheet(title, rows, native, site)]
    return items or [Nothing(reason="no_list")]


def _sheet(title: str, rows: list[tuple[Any, ...]], native: bytes, site: Site) -> Iterator[Item]:
    number = _LIST.search(title)
    listed = _known()["lists"].get(number[1].lstrip("0")) if number is not None else None
    if listed is None:
        yield from (Nothing(reason="not_needed") for _ in rows)
        return
    at, columns = _columns(rows)
    missing = [name for name in listed["needs"] if name not in columns]
    if missing:
        headings = ", ".join(_known()["columns"][name][0] for name in missing)
        yield Quarantined(reason="missing_column", detail=f"{title[:20]}: {headings}")
        return
    unseen = _unseen(rows[at])
    for row in rows[at + 1 :]:
        line = _Row(row=row, columns=columns, listed=listed["name"], native=native, site=site)
        for item in line.items():
            yield replace(item, unseen=unseen) if unseen else item


def _columns(rows: list[tuple[Any, ...]]) -> tuple[int, dict[str, int]]:
    """(the row of headings, where each known column stands)."""
    names = {
        plain(heading): name
        for name, headings in _known()["columns"].items()
        for heading in headings
    }
    best: tuple[int, dict[str, int]] = (0, {})
    for at, row in enumerate(rows[:_HEADINGS_WITHIN]):
        found: dict[str, int] = {}
        for place, cell in enumerate(row):
            if cell is not None and plain(cell) in names:
                found.setdefault(names[plain(cell)], place)
        if len(found) > len(best[1]):
            best = (at, found)
    return best


def _unseen(headings: tuple[Any, ...]) -> tuple[str, ...]:
    known = {plain(each) for several in _known()["columns"].values() for each in several}
    known |= {plain(each) for each in _known()["not_needed"]}
    named = {str(each).strip()[:80] for each in headings if each is not None}
    return tuple(sorted(each for each in named if plain(each) and plain(each) not in known))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One row of one list, on its way to the shape of a child's record."""

    row: tuple[Any, ...] = field(repr=False)
    columns: Mapping[str, int]
    listed: str
    native: bytes = field(repr=False)
    site: Site

    def items(self) -> Iterator[Item]:
        unknown = [
            name
            for name, group in (("contact_source", "sources"), ("referral_source", "sources"),
                                ("category", "abuse"), ("sex", "sexes"))
            if self._text(name) and self._label(name, group) is None
        ]  # fmt: skip
        if unknown:
            headings = ", ".join(_known()["columns"][name][0] for name in unknown)
            yield Quarantined(reason="unknown_code", detail=headings, excerpt=self._excerpt())
            return
        for item in items_of(self._record(), self.native, self.site, "annex-a-xlsx"):
            yield replace(item, excerpt=self._excerpt()) if isinstance(item, Quarantined) else item

    def _record(self) -> dict[str, Any]:
        key = self._text("child")
        return {
            "la_child_id": key,
            "child_details": {
                "date_of_birth": self._day("born"),
                "sex": self._label("sex", "sexes") or "U",
            },
            "social_care_episodes": [self._episode(key)],
        }

    def _episode(self, key: str) -> dict[str, Any]:
        worker = self._text("worker")
        made: dict[str, Any] = {"care_worker_details": [{"worker_id": worker}] if worker else []}
        if self.listed in {"contacts", "referrals"}:
            kind = self.listed.removesuffix("s")
            day = self._day(f"{kind}_date")
            nfa = self._text("no_further_action").casefold() in _known()["agreed"]
            return made | {
                "social_care_episode_id": f"{key}/{kind}/{day}",
                "referral_date": day,
                "referral_source": self._label(f"{kind}_source", "sources") or "",
                "referral_no_further_action_flag": nfa,
                "contact": kind == "contact",
            }
        return made | {FACTS_ONLY: True} | self._case(key)

    def _case(self, key: str) -> dict[str, Any]:
        """An enquiry or a plan; its referral stands in another list."""
        if self.listed == "section_47_assessments":
            since, until, own = "enquiry_start", "conference", "section_47_assessment_id"
        else:
            since, until, own = "plan_start", "plan_end", "child_protection_plan_id"
        begins = self._day(since)
        case = {
            own: f"{key}/{self.listed}/{begins}",
            "start_date": begins,
            "end_date": self._day(until),
        }
        return {"social_care_episode_id": f"{key}/{self.listed}/{begins}", self.listed: [case]}

    def _cell(self, name: str) -> Any:
        at = self.columns.get(name, len(self.row))
        return self.row[at] if at < len(self.row) else None

    def _text(self, name: str) -> str:
        """A cell as text: a whole number without its `.0`, a hard space as a space."""
        cell = self._cell(name)
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        if cell is None or isinstance(cell, bool | datetime | date):
            return ""
        written = str(cell).replace("\xa0", " ").strip()
        return "" if written.casefold() in _NOTHING else written

    def _day(self, name: str) -> str:
        """A date as ISO 8601; what is no date stays as it was written, and is then a fault."""
        cell = self._cell(name)
        if isinstance(cell, datetime):
            return cell.date().isoformat()
        if isinstance(cell, date):
            return cell.isoformat()
        if isinstance(cell, int | float) and isfinite(cell) and int(cell) in _LOOKS_EXCEL:
            return _from_serial(cell)
        written = self._text(name)
        for form in _FORMATS:
            try:
                return datetime.strptime(written, form).date().isoformat()  # noqa: DTZ007 - a date
            except ValueError:
                continue
        return written

    def _label(self, name: str, group: str) -> str | None:
        """The code of a label: by the code in it, else by its words; None for one nobody listed."""
        written = self._text(name)
        found = _CODE.search(written) if group == "sources" else None
        if found is not None:
            return found[1] or found[2]
        words = plain(_MARK.sub("", written.casefold()))
        for code, labels in _known()[group].items():
            if words in {plain(each) for each in labels} or words == plain(code):
                return str(code)
        return None

    def _excerpt(self) -> bytes:
        """The row as a person can read it."""
        cells = ["" if cell is None else str(cell)[:500] for cell in self.row]
        return "\t".join(cells).encode("utf-8", "replace")


def _from_serial(cell: float) -> str:
    try:
        made = from_excel(cell)
    except (ValueError, OverflowError, TypeError):
        return str(cell)
    return made.date().isoformat() if isinstance(made, datetime) else str(cell)
