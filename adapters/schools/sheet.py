"""
A disclosure as a school is given it: a sheet with fixed columns that its safeguarding product
imports and a person reads (FORMATS.md 5, "Out"). One subject a file, one row a category.

What begins like a formula is quoted. Coming back from the product it is an echo, by its first
column.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.contract import Disclosed, Site
from adapters.outward import WORDS, by_category, cell, from_cell, parts_from, text_of
from broker.errors import Malformed

COLUMNS = (
    "Broker reference", "Level", "Pupil", "Date of birth", "Category", "Extent", "Summary",
    "Words", "Who to ring", "Duties",
)  # fmt: skip
_ABOUT = "concern"  # the first row: what is said of the concern as a whole
_MOST_BYTES = 16 * 1024 * 1024


def write(disclosed: Disclosed, site: Site) -> bytes:
    """The sheet in UTF-8 with a byte order mark, for spreadsheets that would else read cp1252."""
    del site
    sheet = io.StringIO()
    rows = csv.writer(sheet, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    summary = disclosed.claims.get("identity.summary", {})
    pupil = " ".join(filter(None, (_text(summary, "given_name"), _text(summary, "family_name"))))
    begins = [disclosed.disclosure, _text(disclosed.plain, "level"), pupil,
              _text(summary, "birth_date")]  # fmt: skip
    ends = [_ring(disclosed.cover), _duties(disclosed.cover)]
    about = text_of({"plain": disclosed.plain, "cover": disclosed.cover})
    _row(rows, [*begins, _ABOUT, "", about, "", *ends])
    for category, parts in by_category(disclosed.claims).items():
        words = {part: value[WORDS] for part, value in parts.items() if _has_words(value)}
        last = next(reversed(words), None)
        kept = {
            part: {
                name: each for name, each in value.items() if not (part == last and name == WORDS)
            }
            for part, value in parts.items()
        }
        extent = "full" if "full" in parts else "summary"
        spoken = str(words[last]) if last is not None else ""
        marked = f"{category}.{last}" if last is not None else category
        _row(rows, [*begins, marked, extent, text_of(kept), spoken, *ends])
    return b"\xef\xbb\xbf" + sheet.getvalue().encode()


def told(native: bytes) -> Disclosed:
    """What `write` was given. Raises Malformed."""
    first, *rest = _rows(native)
    about = parts_from(first["Summary"])
    if first["Category"] != _ABOUT or set(about) != {"plain", "cover"}:
        raise Malformed("not_this_format", "the first row")
    claims: dict[str, Mapping[str, Any]] = {}
    for row in rest:
        category, _, worded = row["Category"].partition(".")
        for part, value in parts_from(row["Summary"]).items():
            words = {WORDS: row["Words"]} if part == worded else {}
            claims[f"{category}.{part}"] = {**value, **words}
    return Disclosed(
        disclosure=first["Broker reference"],
        cover=about["cover"],
        plain=about["plain"],
        claims=claims,
    )


def _rows(native: bytes) -> list[dict[str, str]]:
    if len(native) > _MOST_BYTES:
        raise Malformed("too_large", "sheet")
    try:
        text = native.decode("utf-8-sig")
        read = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise Malformed("not_this_format", "sheet") from None
    if len(read) <= 1 or tuple(read[0]) != COLUMNS or any(len(r) != len(COLUMNS) for r in read):
        raise Malformed("not_this_format", "columns")
    return [dict(zip(COLUMNS, map(from_cell, row), strict=True)) for row in read[1:]]


def _row(rows: Any, cells: Sequence[str]) -> None:
    rows.writerow([cell(each) for each in cells])


def _has_words(part: Mapping[str, Any]) -> bool:
    return isinstance(part.get(WORDS), str) and bool(part[WORDS])


def _text(part: Mapping[str, Any], name: str) -> str:
    found = part.get(name)
    return found if isinstance(found, str) else ""


def _ring(cover: Mapping[str, Any]) -> str:
    ring = cover.get("ring")
    known = ring if isinstance(ring, Mapping) else {}
    parts = [known.get(name) for name in ("name", "role", "organisation", "telephone", "hours")]
    return ", ".join(each for each in parts if isinstance(each, str) and each)


def _duties(cover: Mapping[str, Any]) -> str:
    duties = cover.get("duties")
    return "; ".join(map(str, duties)) if isinstance(duties, list) else ""
