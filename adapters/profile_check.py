"""
What is wrong with a profile before a single row is read: a key nobody knows, a target that the
schema does not have, a value that it does not allow, each with its line and what to write.

For the analyst who writes it (FORMATS.md 7); the same schema judges what comes out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

import jsonschema_rs
import yaml

from broker.schemas import schema

_KEYS = frozenset({
    "profile", "agency", "publisher", "source", "made_by", "reply", "zone", "file", "columns",
    "identity_of_row", "retract_when", "ignore_when", "raise_when", "plain", "routing",
    "categories",
})  # fmt: skip
_NEEDED = ("profile", "agency", "publisher", "source", "columns", "identity_of_row", "plain",
           "routing", "categories")  # fmt: skip
_SOURCES = frozenset({
    "const", "column", "map", "unlisted", "format", "columns", "date_only", "flags", "true",
    "identifier", "issuer", "assurance", "lines", "postcode", "pattern", "present", "absent",
    "integer", "native", "with", "split", "when", "first", "same", "then",
})  # fmt: skip
_ROW = frozenset({"reference", "version", "correlation", "subject_key"})
_SECTIONS = ("plain", "routing", "categories")
_FIXED = frozenset({"quarantine", "omit"})

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right."""

    line: int
    where: str
    told: str


def problems(text: str) -> list[Problem]:
    """Everything that is wrong with a profile, in the order of its lines."""
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        profile = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        return [Problem(line, "", f"not YAML: {getattr(error, 'problem', None) or error}")]
    if tree is None or not isinstance(profile, dict):
        return [Problem(1, "", "a profile is a mapping: write profile, agency, publisher, …")]
    found = [
        Problem(_line(tree, path), ".".join(map(str, path)), told) for path, told in _wrong(profile)
    ]
    return sorted(found, key=lambda each: each.line)


def _wrong(profile: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for name in profile:
        if name not in _KEYS:
            yield (name,), _unknown(str(name), _KEYS)
    for name in _NEEDED:
        if name not in profile:
            yield (), f"write {name}: a profile cannot do without it"
    yield from _columns(profile)
    yield from _row(profile)
    for name in ("retract_when", "ignore_when", "raise_when"):
        rule = profile.get(name)
        if rule is not None and not (isinstance(rule, dict) and {"column", "values"} <= set(rule)):
            yield (name,), "write {column: …, values: […]}"
    for section in _SECTIONS:
        specs = profile.get(section)
        for target, spec in specs.items() if isinstance(specs, dict) else ():
            yield from _target(section, str(target), spec)


def _columns(profile: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    columns = profile.get("columns")
    if not isinstance(columns, dict) or not isinstance(columns.get("required"), list):
        yield ("columns",), "write required: [column names]"
        return
    both = set(columns["required"]) & set(columns.get("never_read") or [])
    for name in sorted(map(str, both)):
        yield ("columns", "never_read"), f"{name} is required and never read: choose one"


def _row(profile: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    row = profile.get("identity_of_row")
    if not isinstance(row, dict):
        return
    for name in row:
        if name not in _ROW:
            yield ("identity_of_row", name), _unknown(str(name), _ROW)
    for name in ("reference", "version", "subject_key"):
        if name not in row:
            yield ("identity_of_row",), f"write {name}: without it a row has no name of its own"


def _target(section: str, target: str, spec: Any) -> Iterator[tuple[Path, str]]:
    at: Path = (section, target)
    node = _node(section, target)
    if isinstance(node, str):
        yield at, node
        return
    yield from _spec(spec, node, at)


def _spec(spec: Any, node: Mapping[str, Any], at: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(spec, list):
        for number, each in enumerate(spec):
            yield from _spec(each, node, (*at, number))
        return
    if not isinstance(spec, dict):
        yield at, "write a source: {const: …}, {column: …}, …"
        return
    if not set(spec) & _SOURCES:  # an object put together of several sources
        inner = _resolved(node).get("properties", {})
        for name, each in spec.items():
            if name not in inner:
                yield (*at, name), _unknown(str(name), inner)
            else:
                yield from _spec(each, inner[name], (*at, name))
        return
    for name in spec:
        if name not in _SOURCES:
            yield (*at, name), _unknown(str(name), _SOURCES)
    several = spec.get("first")
    for number, each in enumerate(several if isinstance(several, list) else []):
        yield from _spec(each, node, (*at, "first", number))
    if "same" in spec and "then" not in spec:
        yield at, "write then: the value that is meant if the columns say the same"
    yield from _values(spec, node, at)
    yield from _formats(spec, at)


def _values(
    spec: Mapping[str, Any], node: Mapping[str, Any], at: Path
) -> Iterator[tuple[Path, str]]:
    """Every value that a source can give is one that the schema allows there."""
    given: list[tuple[Path, Any]] = [((*at, "const"), spec["const"])] if "const" in spec else []
    mapped = spec.get("map")
    if isinstance(mapped, dict):
        given += [((*at, "map", str(name)), value) for name, value in mapped.items()]
    flags = spec.get("flags")
    if isinstance(flags, dict):
        given += [((*at, "flags", str(name)), [value]) for name, value in flags.items()]
    for name in ("unlisted", "present", "absent", "then"):
        if name in spec and not (isinstance(spec[name], str) and spec[name] in _FIXED):
            given.append(((*at, name), spec[name]))
    allows = _allows(node)
    for where, value in given:
        several = [value] if spec.get("split") and not isinstance(value, list) else value
        if not allows(several):
            yield where, f"{value!r} is not allowed here{_allowed(node)}"


def _formats(spec: Mapping[str, Any], at: Path) -> Iterator[tuple[Path, str]]:
    for name in ("format", "date_only"):
        written = spec.get(name)
        if isinstance(written, str) and date(2026, 1, 2).strftime(written) == written:
            yield (*at, name), "write the parts of a date, as %d/%m/%Y"
    if "pattern" in spec:
        try:
            re.compile(str(spec["pattern"]))
        except re.error as error:
            yield (*at, "pattern"), f"not a pattern: {error}"
    if ("map" in spec or "pattern" in spec or "format" in spec) and not (
        "column" in spec or "columns" in spec
    ):
        yield at, "write column: which column it reads"


def _node(section: str, target: str) -> Mapping[str, Any] | str:
    """The schema of a target, or what is wrong with its name."""
    node: Mapping[str, Any] = _definitions()["claim_properties"]
    steps = target.split(".") if section == "plain" else [section, *target.split(".")]
    for step in steps:
        inner = _resolved(node).get("properties", {})
        if step not in inner:
            return _unknown(step, inner)
        node = inner[step]
    return node


def _definitions() -> Mapping[str, Any]:
    found: Any = schema("concern.raised-1.0")["$defs"]
    return dict(found)


def _resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        node = _definitions()[str(node["$ref"]).rpartition("/")[2]]
    return node


def _allows(node: Mapping[str, Any]) -> Any:
    written = {"allOf": [node], "$defs": _definitions()}
    return jsonschema_rs.validator_for(written).is_valid


def _allowed(node: Mapping[str, Any]) -> str:
    known = _resolved(node)
    listed = known.get("enum") or _resolved(known.get("items", {})).get("enum")
    return f"; write one of {', '.join(map(str, listed))}" if listed else ""


def _unknown(name: str, known: Any) -> str:
    close = get_close_matches(name, list(map(str, known)), 1)
    return f"no such key; did you mean {close[0]}?" if close else "no such key"


def _line(tree: yaml.Node, path: Path) -> int:
    """The line of the nearest key that is there."""
    line = tree.start_mark.line + 1
    node = tree
    for step in path:
        found = None
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if str(key.value) == str(step)]
            found = pairs[0] if pairs else None
        elif (
            isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value)
        ):
            found = (node.value[step], node.value[step])
        if found is None:
            return line
        line, node = found[0].start_mark.line + 1, found[1]
    return line
