"""
CSV products by profile: a YAML file that a council's analyst writes says which column becomes what.
No product's name stands in code (FORMATS.md 7, 7a.17).

Each row ends as one Item. A fault in what a concern cannot do without quarantines the row; a fault
anywhere else costs that value, is noted, and lets the concern pass.
"""

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.contract import Event, Item, Nothing, Quarantined, Site
from adapters.dates import is_adult
from adapters.levels import urgency
from adapters.natives import native_part, protect, pruned
from adapters.sources import Aside, Reading, Row, filled, listed, mapped, section
from broker.domain.words import EventType, Lane

_MOST_BYTES, _MOST_ROWS, _MOST_WORDS, _FIELD = 10_000_000, 20_000, 32_000, 80
_OURS = "Broker reference"  # the first column of everything that the broker sends as a sheet
_TELEPHONE = re.compile(r"[0-9+() -]{6,30}")


def read_csv(native: bytes, site: Site) -> Sequence[Item]:
    """Every row of the file, as its profile says."""
    profile = site.profile
    try:
        rows = list(_rows(native, profile))
    except Aside as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    if not rows:
        return [Nothing(reason="no_row")]
    file = _File(native, site, columns_read(profile) | _never_read(profile) | {_OURS})
    return [_item(row, whole, file) for row, whole in rows]


@dataclass(frozen=True, slots=True)
class _File:
    """What every row of a file shares."""

    native: bytes = field(repr=False)
    site: Site
    known: Collection[str]  # columns


def _rows(native: bytes, profile: Mapping[str, Any]) -> Iterator[tuple[Row, bool]]:
    """(row, whether it is whole). Raises Aside for what makes the whole file unreadable."""
    limits = profile.get("file", {})
    if len(native) > limits.get("max_bytes", _MOST_BYTES):
        raise Aside("too_large", "file")
    text = _decoded(native, limits.get("encodings", ["utf-8-sig", "cp1252"]))
    if native.startswith((b"PK\x03\x04", b"%PDF", b"<?xml", b"{")):
        raise Aside("not_this_format", "not CSV")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=limits.get("delimiter", ","))
    try:
        header = [name.strip() for name in next(reader, [])]
        if _OURS not in header:  # a sheet of the broker's own has other columns
            _check_header(header, profile)
        for count, cells in enumerate(reader):
            if count >= limits.get("max_rows", _MOST_ROWS):
                raise Aside("too_large", "rows")
            row = dict(zip(header, cells, strict=False))
            if _OURS in header and cells and not row.get(_OURS, "").strip():
                _check_header(header, profile)
            if cells:
                yield row, len(cells) == len(header)
    except csv.Error as error:
        raise Aside("not_this_format", str(error)[:80]) from None


def _decoded(native: bytes, encodings: Sequence[str]) -> str:
    """Strict UTF-8 first; most exports that are not are cp1252."""
    for encoding in encodings:
        try:
            return native.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Aside("bad_encoding", " or ".join(encodings))


def _check_header(header: Sequence[str], profile: Mapping[str, Any]) -> None:
    missing = [name for name in profile["columns"]["required"] if name not in header]
    if missing:
        raise Aside("missing_column", ", ".join(missing))
    if profile["columns"].get("unknown") != "quarantine":
        return
    unknown = sorted(set(header) - columns_read(profile) - _never_read(profile) - {_OURS})
    if unknown:
        raise Aside("missing_column", f"not in the profile: {', '.join(unknown)}")


def columns_of(native: bytes, profile: Mapping[str, Any]) -> dict[str, list[str]]:
    """A file's columns by what becomes of them: read, never read, kept as they are, or missing."""
    try:
        text = _decoded(native, profile.get("file", {}).get("encodings", ["utf-8-sig", "cp1252"]))
        delimiter = profile.get("file", {}).get("delimiter", ",")
        header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except (Aside, csv.Error):
        return {}
    there, never = [name.strip() for name in header], _never_read(profile)
    read = columns_read(profile)
    return {
        "columns read": [name for name in there if name in read],
        "never read": [name for name in there if name in never],
        "kept beside the words": [name for name in there if name not in read | never],
        "missing": [name for name in profile["columns"]["required"] if name not in there],
        "read where it is there": sorted(read - set(there) - set(profile["columns"]["required"])),
    }


def _never_read(profile: Mapping[str, Any]) -> set[str]:
    return set(profile["columns"].get("never_read", []))


def columns_read(profile: Mapping[str, Any]) -> set[str]:
    """Every column that the profile names."""
    found = set(profile["columns"]["required"])

    def walk(spec: Any) -> None:
        if isinstance(spec, dict):
            for name, value in spec.items():
                if name in {"column", "postcode", "native"} and isinstance(value, str):
                    found.add(value)
                elif name in {"columns", "lines", "same"} and isinstance(value, list):
                    found.update(value)
                elif name in {"reference", "version", "correlation", "subject_key"}:
                    found.update(re.findall(r"\{([^}]*)\}", str(value)))
                walk(value)
        elif isinstance(spec, list):
            for each in spec:
                walk(each)

    walk({name: part for name, part in profile.items() if name not in {"file", "columns"}})
    return found


def _item(row: Row, whole: bool, file: _File) -> Item:  # noqa: FBT001 - one caller
    profile = file.site.profile
    reading = Reading(row=row, profile=profile, publisher=file.site.organisation)
    if row.get(_OURS, "").strip():
        return Nothing(reason="echo")
    if not whole:
        return _aside(Aside("not_this_format", "the row is cut off"), reading)
    reading.unread = [(name, row[name]) for name in row if name not in file.known]
    try:
        if _listed(row, _rule(profile, "ignore_when")):
            return Nothing(reason="ignored_by_profile")
        return _event(reading, file.native)
    except Aside as why:
        return _aside(why, reading)


def _aside(why: Aside, reading: Reading) -> Quarantined:
    """A person is shown the row, not the file of thousands that it stands in."""
    sheet = io.StringIO()
    rows = csv.writer(sheet)
    rows.writerow(reading.row)
    rows.writerow(reading.row.values())
    return Quarantined(
        reason=why.reason,
        detail=why.detail,
        lane=_lane_of(reading),
        excerpt=sheet.getvalue().encode("utf-8", "surrogatepass"),
    )


def _event(reading: Reading, native: bytes) -> Event:
    row, profile = reading.row, reading.profile
    names = profile["identity_of_row"]
    reference, version = filled(names["reference"], row), filled(names["version"], row)
    subject_key = _subject_key(names["subject_key"], row)
    if not reference or not subject_key:
        raise Aside("no_subject", "no reference, or nobody is named")
    common: dict[str, Any] = {
        "reference": reference,
        "version": version or "1",
        "subject_key": subject_key,
        "correlation_key": filled(names.get("correlation", ""), row) or None,
    }
    if _listed(row, _rule(profile, "retract_when")):
        return _retraction(reading, native, common)
    raising = _rule(profile, "raise_when")
    if raising and not _listed(row, raising):
        raise Aside("unlisted_value", raising["column"])  # never guessed
    return _concern(reading, native, common)


def _retraction(reading: Reading, native: bytes, common: Mapping[str, Any]) -> Event:
    spec = reading.profile["categories"].get("narrative.full.words", {})
    words = reading.row.get(spec.get("column", ""), "")
    return Event(
        type=EventType.CONCERN_RETRACTED,
        plain={"reason": "entered_in_error"},
        facts={"words": words} if words.strip() else {},
        native=_native(reading, native),
        **common,
    )


def _concern(reading: Reading, native: bytes, common: Mapping[str, Any]) -> Event:
    profile = reading.profile
    plain = section(reading, profile["plain"])
    plain.setdefault("urgency", urgency(str(plain.get("level"))))
    if plain.get("level") == "emergency":
        plain["urgency"] = "immediate"
    plain.setdefault("level_state", "proposed")
    reading.placed |= plain
    categories = section(reading, profile["categories"])
    narrative = categories.setdefault("narrative", {}).setdefault("summary", {})
    narrative.setdefault("occurred", "unknown")
    _check_words(categories, profile)
    _check_reply(categories, reading)
    _check_subject(categories, narrative)
    routing = section(reading, profile["routing"])
    if routing.get("location_protected") is True:
        categories = protect(categories)
    return Event(
        type=EventType.CONCERN_RAISED,
        plain=plain,
        routing=routing,
        native=_native(reading, native),
        categories=pruned(categories),
        unseen=tuple(dict.fromkeys(name[:_FIELD] for name, _ in reading.unread if name)),
        **common,
    )


def _native(reading: Reading, native: bytes) -> dict[str, Any]:
    profile = reading.profile
    return native_part(
        native,
        made_by=profile.get("made_by", "person"),
        form="csv-profile",
        profile=profile["profile"],
        faults=reading.faults,
        unread=reading.unread,
    )


def _check_words(categories: Mapping[str, Any], profile: Mapping[str, Any]) -> None:
    words = categories["narrative"].get("full", {}).get("words", "")
    if profile.get("made_by", "person") == "person" and not words.strip():
        raise Aside("no_words", "narrative.full.words")
    for category, parts in categories.items():
        if len(str(parts.get("full", {}).get("words", ""))) > _MOST_WORDS:
            raise Aside("too_long", f"{category}.full.words")  # never cut


def _check_reply(categories: dict[str, Any], reading: Reading) -> None:
    full = categories["narrative"].get("full", {})
    reply = full.get("reply")
    if isinstance(reply, dict) and not _TELEPHONE.fullmatch(str(reply.get("telephone", ""))):
        del full["reply"]
        reading.faults.append(("reply", "unreadable"))


def _check_subject(categories: Mapping[str, Any], narrative: Mapping[str, Any]) -> None:
    identity = categories.get("identity", {})
    summary = identity.get("summary", {})
    named = {"given_name", "family_name", "birth_date"} & set(summary)
    if not named and not identity.get("full", {}).get("identifiers"):
        raise Aside("no_subject", "identity")
    if is_adult(summary.get("birth_date"), str(narrative["occurred"])):
        raise Aside("over_18", "identity.summary.birth_date")


def _lane_of(reading: Reading) -> Lane:
    """Quarantine keeps its lane: what might be an emergency calls a person at once."""
    level = reading.profile.get("plain", {}).get("level", {})
    value = mapped(level, reading.row) if "map" in level else None
    urgent = reading.profile.get("plain", {}).get("urgency", {})
    soon = mapped(urgent, reading.row) if "map" in urgent else None
    return Lane.EMERGENCY if value == "emergency" or soon == "immediate" else Lane.ROUTINE


def _rule(profile: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    rule = profile.get(name)
    return rule if isinstance(rule, dict) else None


def _listed(row: Row, rule: Mapping[str, Any] | None) -> bool:
    return rule is not None and listed(row, rule)


def _subject_key(templates: Sequence[str], row: Row) -> str:
    """The first whose every column is there."""
    for template in templates:
        names = re.findall(r"\{([^}]*)\}", template)
        if all(row.get(name, "").strip() for name in names):
            return filled(template, row)
    return ""
