"""
What a source in a profile gives: the value of one target path, from the columns of one row
(FORMATS.md 7). A fault here costs the value, never the concern; what a concern cannot do without
raises Aside.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from adapters.dates import birth_date
from adapters.identifiers import nhs_number_assurance, upn_assurance

OMIT = object()
_ASSURANCE = {"nhs_number": nhs_number_assurance, "upn": upn_assurance}

Row = Mapping[str, str]


class Aside(Exception):
    """This row goes to a person."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(slots=True)
class Reading:
    """One row on its way: what has been placed, and what was wrong in it."""

    row: Row
    profile: Mapping[str, Any]
    publisher: str
    placed: dict[str, Any] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)  # columns that nobody has mapped


def filled(template: str, row: Row) -> str:
    return re.sub(r"\{([^}]*)\}", lambda found: row.get(found[1], "").strip(), template)


def section(reading: Reading, specs: Mapping[str, Any]) -> dict[str, Any]:
    """Every target path of a section with its value; those that wait for another come last."""
    made: dict[str, Any] = {}
    later = [path for path, spec in specs.items() if isinstance(spec, dict) and "with" in spec]
    for path in [*(path for path in specs if path not in later), *reversed(later)]:
        spec = specs[path]
        waits_for = spec.get("with") if isinstance(spec, dict) else None
        if waits_for is not None and waits_for not in reading.placed:
            continue
        value = _value(spec, reading, path)
        if value is not OMIT:
            reading.placed[path] = value
            _place(made, path, value)
    return made


def _place(made: dict[str, Any], path: str, value: Any) -> None:
    *steps, last = path.split(".")
    for step in steps:
        made = made.setdefault(step, {})
    made[last] = value


def _value(spec: Any, reading: Reading, path: str) -> Any:  # noqa: PLR0911, PLR0912 - a table
    if isinstance(spec, list):
        found = [_value(each, reading, path) for each in spec]
        kept = [one for each in found if each is not OMIT for one in each]
        return kept or OMIT
    row = reading.row
    if "when" in spec and not listed(row, spec["when"]):
        return OMIT
    if "first" in spec:
        given = (_value(each, reading, path) for each in spec["first"])
        return next((each for each in given if each is not OMIT), OMIT)
    if "same" in spec:
        return spec["then"] if _same(spec["same"], row) else OMIT
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
        return [{"system": system, "code": value[:200]}] if value else OMIT
    if "column" not in spec:
        nested = {name: _value(each, reading, f"{path}.{name}") for name, each in spec.items()}
        kept_parts = {name: value for name, value in nested.items() if value is not OMIT}
        return kept_parts or OMIT
    if "map" in spec:
        return _split(spec, row) if "split" in spec else _mapped_or_aside(spec, row)
    text = row.get(spec["column"], "")
    if "present" in spec:
        return spec["present"] if text.strip() else _absent(spec)
    if not text.strip():
        return OMIT
    if "format" in spec:
        return _date(text.strip(), spec, reading)
    if spec.get("integer"):
        return _integer(text.strip(), spec["column"], reading)
    if "pattern" in spec:
        return _pattern(text.strip(), spec, reading)
    return _text(text, path)


def listed(row: Row, rule: Mapping[str, Any]) -> bool:
    """Whether the row's column holds one of the rule's values, whatever its case."""
    value = row.get(rule["column"], "").strip().casefold()
    return value in {
        str(each).strip().casefold() for each in rule["values" if "values" in rule else "map"]
    }


def _same(columns: Sequence[str], row: Row) -> bool:
    """Whether all of these columns say the same, and something; punctuation aside."""
    said = {re.sub(r"[^0-9a-z]", "", row.get(name, "").casefold()) for name in columns}
    return len(said) == 1 and said != {""}


def _text(text: str, path: str) -> str:
    """Words stay byte for byte; names and short values lose outer white space."""
    if path.endswith((".words", ".action_taken", ".place")):
        return text
    plain = text.strip()
    return plain.replace("\x00", "\ufffd") if ".summary." in path else plain


def _absent(spec: Mapping[str, Any]) -> Any:
    absent = spec.get("absent", "omit")
    return OMIT if absent == "omit" else absent


def mapped(spec: Mapping[str, Any], row: Row) -> Any:
    value = row.get(spec["column"], "").strip().casefold()
    for name, target in spec["map"].items():
        if str(name).strip().casefold() == value:
            return target
    return OMIT


def _split(spec: Mapping[str, Any], row: Row) -> Any:
    """A cell of several labels, each looked up by itself; every value once, in its order."""
    found: dict[Any, None] = {}
    for label in row.get(spec["column"], "").split(spec["split"]):
        if label.strip():
            value = _mapped_or_aside(spec, {spec["column"]: label})
            several = value if isinstance(value, list) else [value]
            found |= dict.fromkeys(each for each in several if each is not OMIT)
    return list(found) or OMIT


def _mapped_or_aside(spec: Mapping[str, Any], row: Row) -> Any:
    found = mapped(spec, row)
    if found is not OMIT:
        return found
    unlisted = spec.get("unlisted", "omit")
    if unlisted == "quarantine":
        raise Aside("unlisted_value", spec["column"])
    return OMIT if unlisted == "omit" else unlisted


def _flags(spec: Mapping[str, Any], row: Row) -> Any:
    ticked = str(spec.get("true", "Y")).strip().casefold()
    found = [
        target
        for name, target in spec["flags"].items()
        if row.get(name, "").strip().casefold() == ticked
    ]
    return found or OMIT


def _identifier(spec: Mapping[str, Any], reading: Reading) -> Any:
    system, value = spec["identifier"], reading.row.get(spec["column"], "").strip()
    if not value:
        return OMIT
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
    return made or OMIT


def _date(text: str, spec: Mapping[str, Any], reading: Reading) -> Any:
    try:
        made = datetime.strptime(text, spec["format"]).date().isoformat()  # noqa: DTZ007 - a date
    except ValueError:
        reading.faults.append((spec["column"], "bad_date"))
        return OMIT
    return birth_date(made) or OMIT


def _moment(spec: Mapping[str, Any], reading: Reading, path: str) -> Any:
    """An instant with its offset in the profile's zone, or a date alone where no time is given."""
    parts = [reading.row.get(name, "").strip() for name in spec["columns"]]
    if not any(parts):
        return OMIT
    only_date = "date_only" in spec and not all(parts)
    text = parts[0] if only_date else " ".join(parts)
    try:
        moment = datetime.strptime(text, spec["date_only" if only_date else "format"])  # noqa: DTZ007
    except ValueError:
        reading.faults.append((spec["columns"][0], "bad_date"))
        return "unknown" if path.endswith("occurred") else OMIT
    if only_date:
        return date(moment.year, moment.month, moment.day).isoformat()
    zone = ZoneInfo(reading.profile.get("file", {}).get("timezone", "Europe/London"))
    return moment.replace(tzinfo=zone).isoformat()


def _integer(text: str, column: str, reading: Reading) -> Any:
    try:
        return int(text.removesuffix("%"))
    except ValueError:
        reading.faults.append((column, "unreadable"))
        return OMIT


def _pattern(text: str, spec: Mapping[str, Any], reading: Reading) -> Any:
    found = re.match(spec["pattern"], text)
    if not found:
        reading.faults.append((spec["column"], "unreadable"))
        return OMIT
    return found.groupdict()
