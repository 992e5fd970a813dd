"""
CSV products by profile: a YAML file that a council's analyst writes says which column becomes what.
No product's name stands in code (FORMATS.md 7, 7a.17).

Each row ends as one Item. A fault in what a concern cannot do without quarantines the row; a fault
anywhere else costs that value, is noted, and lets the concern pass.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from adapters.contract import Event, Item, Nothing, Quarantined, Site
from adapters.dates import birth_date, is_adult
from adapters.identifiers import nhs_number_assurance, upn_assurance
from adapters.levels import urgency
from adapters.natives import native_part, protect, pruned
from broker.domain.words import EventType, Lane

_OMIT = object()
_ASSURANCE = {"nhs_number": nhs_number_assurance, "upn": upn_assurance}
_MOST_BYTES, _MOST_ROWS, _MOST_WORDS = 10_000_000, 20_000, 32_000
_TELEPHONE = re.compile(r"[0-9+() -]{6,30}")

Row = Mapping[str, str]


class _Aside(Exception):
    """This row goes to a person."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(slots=True)
class _Reading:
    """One row on its way: what has been placed, and what was wrong in it."""

    row: Row
    profile: Mapping[str, Any]
    publisher: str
    placed: dict[str, Any] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)


def read_csv(native: bytes, site: Site) -> Sequence[Item]:
    """Every row of the file, as its profile says."""
    profile = site.profile
    try:
        rows = list(_rows(native, profile))
    except _Aside as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    return [_item(row, whole, native, site) for row, whole in rows]


def _rows(native: bytes, profile: Mapping[str, Any]) -> Iterator[tuple[Row, bool]]:
    """(row, whether it is whole). Raises _Aside for what makes the whole file unreadable."""
    limits = profile.get("file", {})
    if len(native) > limits.get("max_bytes", _MOST_BYTES):
        raise _Aside("too_large", "file")
    text = _decoded(native, limits.get("encodings", ["utf-8-sig", "cp1252"]))
    if native.startswith((b"PK\x03\x04", b"%PDF", b"<?xml", b"{")):
        raise _Aside("not_this_format", "not CSV")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=limits.get("delimiter", ","))
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header, profile)
        for count, cells in enumerate(reader):
            if count >= limits.get("max_rows", _MOST_ROWS):
                raise _Aside("too_large", "rows")
            if cells:
                yield dict(zip(header, cells, strict=False)), len(cells) == len(header)
    except csv.Error as error:
        raise _Aside("not_this_format", str(error)[:80]) from None


def _decoded(native: bytes, encodings: Sequence[str]) -> str:
    """Strict UTF-8 first; most exports that are not are cp1252."""
    for encoding in encodings:
        try:
            return native.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _Aside("bad_encoding", " or ".join(encodings))


def _check_header(header: Sequence[str], profile: Mapping[str, Any]) -> None:
    missing = [name for name in profile["columns"]["required"] if name not in header]
    if missing:
        raise _Aside("missing_column", ", ".join(missing))
    if profile["columns"].get("unknown") != "quarantine":
        return
    unknown = sorted(set(header) - columns_read(profile) - _never_read(profile))
    if unknown:
        raise _Aside("missing_column", f"not in the profile: {', '.join(unknown)}")


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
                elif name in {"columns", "lines"} and isinstance(value, list):
                    found.update(value)
                elif name in {"reference", "version", "correlation", "subject_key"}:
                    found.update(re.findall(r"\{([^}]*)\}", str(value)))
                walk(value)
        elif isinstance(spec, list):
            for each in spec:
                walk(each)

    walk({name: part for name, part in profile.items() if name not in {"file", "columns"}})
    return found


def _item(row: Row, whole: bool, native: bytes, site: Site) -> Item:  # noqa: FBT001 - one caller
    profile = site.profile
    reading = _Reading(row=row, profile=profile, publisher=site.organisation)
    if not whole:
        detail = "the row is cut off"
        return Quarantined(reason="not_this_format", detail=detail, lane=_lane_of(reading))
    try:
        if _listed(row, _rule(profile, "ignore_when")):
            return Nothing(reason="ignored_by_profile")
        return _event(reading, native)
    except _Aside as why:
        return Quarantined(reason=why.reason, detail=why.detail, lane=_lane_of(reading))


def _event(reading: _Reading, native: bytes) -> Event:
    row, profile = reading.row, reading.profile
    names = profile["identity_of_row"]
    reference, version = _filled(names["reference"], row), _filled(names["version"], row)
    subject_key = _subject_key(names["subject_key"], row)
    if not reference or not subject_key:
        raise _Aside("no_subject", "no reference, or nobody is named")
    common: dict[str, Any] = {
        "reference": reference,
        "version": version or "1",
        "subject_key": subject_key,
        "correlation_key": _filled(names.get("correlation", ""), row) or None,
    }
    if _listed(row, _rule(profile, "retract_when")):
        return _retraction(reading, native, common)
    raising = _rule(profile, "raise_when")
    if raising and not _listed(row, raising):
        raise _Aside("unlisted_value", raising["column"])  # never guessed
    return _concern(reading, native, common)


def _retraction(reading: _Reading, native: bytes, common: Mapping[str, Any]) -> Event:
    spec = reading.profile["categories"].get("narrative.full.words", {})
    words = reading.row.get(spec.get("column", ""), "")
    return Event(
        type=EventType.CONCERN_RETRACTED,
        plain={"reason": "entered_in_error"},
        facts={"words": words} if words.strip() else {},
        native=_native(reading, native),
        **common,
    )


def _concern(reading: _Reading, native: bytes, common: Mapping[str, Any]) -> Event:
    profile = reading.profile
    plain = _section(reading, profile["plain"])
    plain.setdefault("urgency", urgency(str(plain.get("level"))))
    if plain.get("level") == "emergency":
        plain["urgency"] = "immediate"
    plain.setdefault("level_state", "proposed")
    reading.placed |= plain
    categories = _section(reading, profile["categories"])
    narrative = categories.setdefault("narrative", {}).setdefault("summary", {})
    narrative.setdefault("occurred", "unknown")
    _check_words(categories, profile)
    _check_reply(categories, reading)
    _check_subject(categories, narrative)
    _keep_unknown(categories, reading)
    routing = _section(reading, profile["routing"])
    if routing.get("location_protected") is True:
        categories = protect(categories)
    return Event(
        type=EventType.CONCERN_RAISED,
        plain=plain,
        routing=routing,
        native=_native(reading, native),
        categories=pruned(categories),
        **common,
    )


def _native(reading: _Reading, native: bytes) -> dict[str, Any]:
    profile = reading.profile
    return native_part(
        native,
        made_by=profile.get("made_by", "person"),
        form="csv-profile",
        profile=profile["profile"],
        faults=reading.faults,
    )


def _check_words(categories: Mapping[str, Any], profile: Mapping[str, Any]) -> None:
    words = categories["narrative"].get("full", {}).get("words", "")
    if profile.get("made_by", "person") == "person" and not words.strip():
        raise _Aside("no_words", "narrative.full.words")
    for category, parts in categories.items():
        if len(str(parts.get("full", {}).get("words", ""))) > _MOST_WORDS:
            raise _Aside("too_long", f"{category}.full.words")  # never cut


def _check_reply(categories: dict[str, Any], reading: _Reading) -> None:
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
        raise _Aside("no_subject", "identity")
    if is_adult(summary.get("birth_date"), str(narrative["occurred"])):
        raise _Aside("over_18", "identity.summary.birth_date")


def _keep_unknown(categories: dict[str, Any], reading: _Reading) -> None:
    """A column that nobody has mapped survives beside the words."""
    known = columns_read(reading.profile) | _never_read(reading.profile)
    extra = [
        {"system": f"{reading.profile['profile']}:{name}"[:200], "code": value[:200]}
        for name, value in reading.row.items()
        if name not in known and value.strip()
    ]
    if extra:
        full = categories["narrative"].setdefault("full", {})
        full["native_codes"] = [*full.get("native_codes", []), *extra][:20]


def _lane_of(reading: _Reading) -> Lane:
    """Quarantine keeps its lane: what might be an emergency calls a person at once."""
    level = reading.profile.get("plain", {}).get("level", {})
    value = _mapped(level, reading.row) if "map" in level else None
    urgent = reading.profile.get("plain", {}).get("urgency", {})
    soon = _mapped(urgent, reading.row) if "map" in urgent else None
    return Lane.EMERGENCY if value == "emergency" or soon == "immediate" else Lane.ROUTINE


def _rule(profile: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    rule = profile.get(name)
    return rule if isinstance(rule, dict) else None


def _listed(row: Row, rule: Mapping[str, Any] | None) -> bool:
    if not rule:
        return False
    value = row.get(rule["column"], "").strip().casefold()
    return value in {
        str(each).strip().casefold() for each in rule["values" if "values" in rule else "map"]
    }


def _filled(template: str, row: Row) -> str:
    return re.sub(r"\{([^}]*)\}", lambda found: row.get(found[1], "").strip(), template)


def _subject_key(templates: Sequence[str], row: Row) -> str:
    """The first whose every column is there."""
    for template in templates:
        names = re.findall(r"\{([^}]*)\}", template)
        if all(row.get(name, "").strip() for name in names):
            return _filled(template, row)
    return ""


# What a source in the profile gives -----------------------------------------------------------


def _section(reading: _Reading, specs: Mapping[str, Any]) -> dict[str, Any]:
    """Every target path of a section with its value; those that wait for another come last."""
    made: dict[str, Any] = {}
    later = [path for path, spec in specs.items() if isinstance(spec, dict) and "with" in spec]
    for path in [*(path for path in specs if path not in later), *reversed(later)]:
        spec = specs[path]
        waits_for = spec.get("with") if isinstance(spec, dict) else None
        if waits_for is not None and waits_for not in reading.placed:
            continue
        value = _value(spec, reading, path)
        if value is not _OMIT:
            reading.placed[path] = value
            _place(made, path, value)
    return made


def _place(made: dict[str, Any], path: str, value: Any) -> None:
    *steps, last = path.split(".")
    for step in steps:
        made = made.setdefault(step, {})
    made[last] = value


def _value(spec: Any, reading: _Reading, path: str) -> Any:  # noqa: PLR0911, PLR0912 - a table
    if isinstance(spec, list):
        found = [_value(each, reading, path) for each in spec]
        kept = [one for each in found if each is not _OMIT for one in each]
        return kept or _OMIT
    row = reading.row
    if "const" in spec:
        return spec["const"]
    if "identifier" in spec:
        return _identifier(spec, reading)
    if "flags" in spec:
        return _flags(spec, row)
    if "lines" in spec:
        return _address(spec, row)
    if "columns" in spec:
        return _moment(spec, reading, path)
    if "native" in spec:
        value = row.get(spec["native"], "").strip()
        system = f"{reading.profile['profile']}:{spec['native'].lower()}"
        return [{"system": system, "code": value[:200]}] if value else _OMIT
    if "column" not in spec:
        nested = {name: _value(each, reading, f"{path}.{name}") for name, each in spec.items()}
        kept_parts = {name: value for name, value in nested.items() if value is not _OMIT}
        return kept_parts or _OMIT
    if "map" in spec:
        return _mapped_or_aside(spec, row)
    text = row.get(spec["column"], "")
    if "present" in spec:
        return spec["present"] if text.strip() else _absent(spec)
    if not text.strip():
        return _OMIT
    if "format" in spec:
        return _date(text.strip(), spec, reading)
    if spec.get("integer"):
        return _integer(text.strip(), spec["column"], reading)
    if "pattern" in spec:
        return _pattern(text.strip(), spec, reading)
    return _text(text, path)


def _text(text: str, path: str) -> str:
    """Words stay byte for byte; names and short values lose outer white space."""
    if path.endswith((".words", ".action_taken", ".place")):
        return text
    plain = text.strip()
    return plain.replace("\x00", "\ufffd") if ".summary." in path else plain


def _absent(spec: Mapping[str, Any]) -> Any:
    absent = spec.get("absent", "omit")
    return _OMIT if absent == "omit" else absent


def _mapped(spec: Mapping[str, Any], row: Row) -> Any:
    value = row.get(spec["column"], "").strip().casefold()
    for name, target in spec["map"].items():
        if str(name).strip().casefold() == value:
            return target
    return _OMIT


def _mapped_or_aside(spec: Mapping[str, Any], row: Row) -> Any:
    found = _mapped(spec, row)
    if found is not _OMIT:
        return found
    unlisted = spec.get("unlisted", "omit")
    if unlisted == "quarantine":
        raise _Aside("unlisted_value", spec["column"])
    return _OMIT if unlisted == "omit" else unlisted


def _flags(spec: Mapping[str, Any], row: Row) -> Any:
    ticked = str(spec.get("true", "Y")).strip().casefold()
    found = [
        target
        for name, target in spec["flags"].items()
        if row.get(name, "").strip().casefold() == ticked
    ]
    return found or _OMIT


def _identifier(spec: Mapping[str, Any], reading: _Reading) -> Any:
    system, value = spec["identifier"], reading.row.get(spec["column"], "").strip()
    if not value:
        return _OMIT
    assurance = spec.get("assurance", "unverified")
    if assurance == "check":
        assurance = _ASSURANCE[system](value)
        if assurance in {"invalid", "unverified"}:
            reading.faults.append((spec["column"], "bad_identifier"))
    made = {"system": system, "value": value[:40], "assurance": assurance}
    if spec.get("issuer"):
        made["issuer"] = reading.publisher if spec["issuer"] == "publisher" else spec["issuer"]
    return [made]


def _address(spec: Mapping[str, Any], row: Row) -> Any:
    lines = [row.get(name, "").strip()[:120] for name in spec["lines"]]
    made: dict[str, Any] = {"lines": kept} if (kept := [line for line in lines if line]) else {}
    postcode = row.get(spec.get("postcode", ""), "").strip()
    if postcode:
        made["postcode"] = postcode[:10]
    return made or _OMIT


def _date(text: str, spec: Mapping[str, Any], reading: _Reading) -> Any:
    try:
        made = datetime.strptime(text, spec["format"]).date().isoformat()  # noqa: DTZ007 - a date
    except ValueError:
        reading.faults.append((spec["column"], "bad_date"))
        return _OMIT
    return birth_date(made) or _OMIT


def _moment(spec: Mapping[str, Any], reading: _Reading, path: str) -> Any:
    """An instant with its offset in the profile's zone, or a date alone where no time is given."""
    parts = [reading.row.get(name, "").strip() for name in spec["columns"]]
    if not any(parts):
        return _OMIT
    only_date = "date_only" in spec and not all(parts)
    text = parts[0] if only_date else " ".join(parts)
    try:
        moment = datetime.strptime(text, spec["date_only" if only_date else "format"])  # noqa: DTZ007
    except ValueError:
        reading.faults.append((spec["columns"][0], "bad_date"))
        return "unknown" if path.endswith("occurred") else _OMIT
    if only_date:
        return date(moment.year, moment.month, moment.day).isoformat()
    zone = ZoneInfo(reading.profile.get("file", {}).get("timezone", "Europe/London"))
    return moment.replace(tzinfo=zone).isoformat()


def _integer(text: str, column: str, reading: _Reading) -> Any:
    try:
        return int(text.removesuffix("%"))
    except ValueError:
        reading.faults.append((column, "unreadable"))
        return _OMIT


def _pattern(text: str, spec: Mapping[str, Any], reading: _Reading) -> Any:
    found = re.match(spec["pattern"], text)
    if not found:
        reading.faults.append((spec["column"], "unreadable"))
        return _OMIT
    return found.groupdict()
