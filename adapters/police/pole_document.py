"""
A JSON:API document as things with names: members in any spelling, relations by role, what is
included by type and id.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.contract import Site
from adapters.dates import moment
from adapters.names import Faults
from adapters.sites import zone_of
from adapters.walk import Object, dicts, one, text

Named = tuple[str, str]  # type and id
_TIME = re.compile(
    r"(?P<time>[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)(?P<offset>Z|[+-][0-9:]{5})?"
)
_DAY = 10


def plain(name: str) -> str:
    """A member's name without case and dashes: `dateofBirthKnown`, `date-of-birth-known`."""
    return name.casefold().replace("-", "").replace("_", "")


@dataclass(frozen=True, slots=True)
class Thing:
    """A resource object: its type, its id, its attributes, what it is related to."""

    kind: str
    id: str
    attributes: Mapping[str, Any] = field(repr=False)
    relations: Mapping[str, tuple[Named, ...]] = field(repr=False)
    spelt: Mapping[str, str] = field(repr=False)  # attributes as the sender spells them

    def get(self, name: str) -> Any:
        return self.attributes.get(plain(name))

    def text(self, *names: str) -> str:
        """The first of these members that is text, a number, or an object's value of that sort."""
        for name in names:
            found = self.get(name)
            written = text(found) or text(one(found).get("value") or one(found).get("code"))
            if written:
                return written
        return ""

    def words(self, *names: str) -> str:
        """As it was written, nothing trimmed."""
        found = [self.get(name) for name in names]
        return next((each for each in found if isinstance(each, str) and each.strip()), "")

    def is_true(self, *names: str) -> bool | None:
        """Yes, no, or not said; true comes as a word as often as as a value."""
        for name in names:
            found = self.get(name)
            said = text(found).casefold() if not isinstance(found, bool) else str(found).casefold()
            if said in {"true", "yes", "y", "1"}:
                return True
            if said in {"false", "no", "n", "0"}:
                return False
        return None

    def related(self, role: str) -> tuple[Named, ...]:
        return self.relations.get(plain(role), ()) + self.relations.get(f"{plain(role)}s", ())

    def beyond(self, known: frozenset[str]) -> list[tuple[str, str]]:
        """(member, value) of what nobody has mapped."""
        return [
            (self.spelt[name], value if isinstance(value, str) else json.dumps(value))
            for name, value in self.attributes.items()
            if name not in known and value not in (None, "", [], {})
        ]


@dataclass(frozen=True, slots=True)
class Document:
    """One incident with all that is included beside it."""

    whole: Object = field(repr=False)
    incident: Thing
    things: Mapping[Named, Thing] = field(repr=False)

    def included(self, named: Named) -> Thing | None:
        return self.things.get(named)

    def of(self, role: str, *, on: Thing | None = None) -> Iterator[Thing]:
        """What stands in a role to the incident, or to another thing."""
        for named in (on or self.incident).related(role):
            found = self.things.get(named)
            if found is not None:
                yield found

    def people(self) -> Iterator[Thing]:
        yield from (each for each in self.things.values() if each.kind == "person")
        if self.incident.kind == "person":
            yield self.incident

    def happened(self, site: Site, faults: Faults | None = None) -> str:
        """When it began, as exactly as it is said; `unknown` if nobody says."""
        for name in ("incidentStartDateTime", "incidentDateTime", "startDateTime", "incidentDate"):
            written = _when(self.incident.get(name))
            found = moment(written, zone_of(site)) if written else None
            if written and faults is not None and (found is None or not found.exact):
                faults.append((name, "bad_date"))
            if found is not None:
                return found.text
        return "unknown"


def _when(value: Any) -> str:
    """A date-time, a date, or an object with a date from and a time from."""
    if isinstance(value, str):
        return value.strip()
    parts = {plain(name): text(each) for name, each in one(value).items()}
    day = parts.get("datefrom") or parts.get("date") or ""
    time = _TIME.fullmatch(parts.get("timefrom") or parts.get("time") or "")
    if time is None or len(day) != _DAY:
        return day
    return f"{day}T{time['time']}{time['offset'] or ''}"


def documents_in(payload: Any) -> list[Document] | None:
    """Each incident of a document, or of a list of documents; None for what is none of it."""
    wholes = payload if isinstance(payload, list) else [payload]
    if not wholes or not all(isinstance(each, dict) and _is_document(each) for each in wholes):
        return None
    found = []
    for whole in wholes:
        things = {(each.kind, each.id): each for each in map(_thing, dicts(whole.get("included")))}
        for data in dicts(whole.get("data")):
            found.append(Document(whole, _thing(data), things))
    return found


def _is_document(whole: Object) -> bool:
    return bool({"data", "errors", "meta"} & set(whole)) and not whole.get("resourceType")


def _thing(value: Object) -> Thing:
    attributes = one(value.get("attributes"))
    relations: dict[str, tuple[Named, ...]] = {}
    for role, relation in one(value.get("relationships")).items():
        data = one(relation).get("data")
        named = tuple((_kind(each), text(each.get("id"))) for each in dicts(data))
        relations[plain(role)] = relations.get(plain(role), ()) + named
    return Thing(
        kind=_kind(value),
        id=text(value.get("id")),
        attributes={plain(name): each for name, each in attributes.items()},
        relations=relations,
        spelt={plain(name): name for name in attributes},
    )


def _kind(value: Object) -> str:
    """`people` and `persons` are person: JSON:API lets a type be plural."""
    kind = plain(text(value.get("type")))
    return "person" if kind in {"people", "persons"} else kind.removesuffix("s")
